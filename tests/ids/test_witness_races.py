"""Witnesses that are made, or attached, by two at once, on SQLite."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.errors import WitnessError
from confid.host import SilentHost
from confid.store import SQLiteStore
from confid.store.base import TENANT
from tests.faults.told import fill
from tests.thorough import examples

if TYPE_CHECKING:
    from pathlib import Path

KEN = "person000@contoso.com"
ROUNDS = 3


def held(path: Path) -> set[int]:
    """What a witness holds."""
    with SQLiteStore(path) as store:
        store.open([TENANT], create=False)
        with store.transaction(write=False) as tx:
            return set(tx.issued_ids())


def connect_at_once(pairs: list[tuple[Path, Path]]) -> list[object]:
    """The IDs that each got after it had attached its witness, or the error."""
    barrier = threading.Barrier(len(pairs))

    def work(tenant: Path, witness: Path) -> object:
        barrier.wait(30)
        try:
            with confid.connect(tenant, witness=witness, host=SilentHost()) as session:
                user = set_cs_online_dial_in_conferencing_user(
                    KEN, reset_conference_id=True, session=session
                )
                return user.conference_id
        except WitnessError as error:
            return error

    with ThreadPoolExecutor(len(pairs)) as pool:
        jobs = [pool.submit(work, *pair) for pair in pairs]
        return [job.result(timeout=60) for job in jobs]


@pytest.mark.parametrize("number", range(examples(ROUNDS)))
def test_two_attach_one_witness_at_once(tmp_path: Path, number: int) -> None:
    """Both work with it, and it holds every ID."""
    del number
    tenant, witness = tmp_path / "tenant.db", tmp_path / "witness.db"
    told = fill(str(tenant), 2)
    outcomes = connect_at_once([(tenant, witness)] * 2)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    with confid.connect(tenant, witness=witness, host=SilentHost()) as session:
        assert confid.check(session).problems == ()
    assert held(witness) == {line.conference_id for line in told} | set(outcomes)


@pytest.mark.parametrize("number", range(examples(ROUNDS)))
def test_two_attach_a_witness_each_at_once(tmp_path: Path, number: int) -> None:
    """The tenant has one of them for life, and the other one is told so, if it was made at all."""
    del number
    tenant = tmp_path / "tenant.db"
    told = fill(str(tenant), 2)
    witnesses = [tmp_path / "first.db", tmp_path / "second.db"]
    outcomes = connect_at_once([(tenant, witness) for witness in witnesses])
    errors = [isinstance(outcome, WitnessError) for outcome in outcomes]
    assert sorted(errors) == [False, True]
    winner, issued = witnesses[errors.index(False)], outcomes[errors.index(False)]
    assert held(winner) == {line.conference_id for line in told} | {issued}
    loser = witnesses[errors.index(True)]
    with pytest.raises(WitnessError), confid.connect(tenant, witness=loser, host=SilentHost()):
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)


@pytest.mark.parametrize("number", range(examples(ROUNDS)))
def test_two_tenants_make_one_witness_at_once(tmp_path: Path, number: int) -> None:
    """It is one witness, for both: their IDs are unique together from then on."""
    del number
    tenants, witness = [tmp_path / "one.db", tmp_path / "two.db"], tmp_path / "witness.db"
    for tenant in tenants:
        with confid.connect(tenant, host=SilentHost()) as session:
            confid.import_users(
                [{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}], session=session
            )
            session.cmdlets.enable_cs_online_dial_in_conferencing_user(KEN)
    outcomes = connect_at_once([(tenant, witness) for tenant in tenants])
    issued = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    # One chance in nine million that both tenants had the same ID before.
    assert len(set(issued)) == 2
    assert held(witness) >= set(issued)
    for tenant in tenants:
        with confid.connect(tenant, witness=witness, host=SilentHost()) as session:
            assert confid.check(session).problems == ()
