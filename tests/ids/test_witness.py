"""The witness: a second ledger that has to accept an ID too, and what happens without it."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path  # noqa: TC003 - pytest hands it to tests that say so
from typing import Any

import pytest

import confid
from confid.errors import (
    ConferenceIdsExhaustedError,
    RosterError,
    StaticConferenceIdError,
    StoreError,
    WitnessError,
)
from confid.store import Claim, MemoryStore, SQLiteStore, Store
from confid.store.base import TENANT
from tests.faulty import FAULTS, FaultyStore
from tests.tenants import NOON, add, disable, enable, get, lines, set_user, tenant, undone, upn

KEN, PILAR = upn("ken"), upn("pilar")


@pytest.fixture(params=["memory", "sqlite"])
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store that can be a witness; memory beside SQLite, SQLite beside memory, all the same."""
    return MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "witness.db")


def held(witness: Store) -> list[int]:
    """Every ID that a witness holds."""
    with witness:
        witness.open([TENANT], create=False)
        with witness.transaction(write=False) as transaction:
            return list(transaction.issued_ids())


def ledger() -> list[int]:
    """Every ID in the current session's ledger."""
    return [int(line.conference_id) for line in confid.ledger.entries()]


def reset(name: str = KEN) -> int:
    """A new ID for somebody."""
    return int(set_user(name, reset_conference_id=True).conference_id)


def forked(store: MemoryStore) -> MemoryStore:
    """A copy of a tenant, for going back to it later."""
    older = MemoryStore()
    older._contents = copy.deepcopy(store._contents)
    return older


def imported(name: str, conference_id: int) -> dict[str, Any]:
    """A roster's row with an ID in use."""
    return {
        "UserPrincipalName": upn(name),
        "Licenses": "MCOMEETADV",
        "ConferenceId": str(conference_id),
    }


# Attaching.


def test_the_witness_holds_every_id(witness: Store) -> None:
    """IDs issued before it was attached, retired ones, and every ID issued since."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store):
        reset()
        disable(PILAR)
        before = ledger()
    with confid.connect(store, witness=witness):
        assert held(witness) == before
        enable(PILAR)
        set_user([KEN, PILAR], reset_conference_id=True)
        after = ledger()
    assert len(after) == len(before) + 3
    assert held(witness) == after


def test_a_new_tenant_may_be_made_with_its_witness(tmp_path: Path) -> None:
    """Both by their paths; a URL is as good."""
    with tenant("ken", store=tmp_path / "tenant.db", witness=tmp_path / "witness.db"):
        issued = ledger()
    url = f"sqlite:///{tmp_path / 'witness.db'}"
    with confid.connect(tmp_path / "tenant.db", witness=url):
        issued.append(reset())
    assert held(SQLiteStore(tmp_path / "witness.db")) == sorted(issued)


def test_attaching_again_changes_nothing(witness: Store) -> None:
    """A session with a witness that is attached reads it, no more."""
    with tenant("ken", store=(store := MemoryStore()), witness=witness):
        pass
    before = held(witness)
    for _ in range(2):
        with confid.connect(store, witness=witness):
            pass
    assert held(witness) == before


@pytest.mark.parametrize("fault", FAULTS)
def test_a_witness_that_fails_while_it_is_attached_is_not_attached(fault: str) -> None:
    """The connection fails, the tenant goes on without one, and may attach it later."""
    witness = FaultyStore(MemoryStore())
    with tenant("ken", store=(store := MemoryStore())):
        reset()
    witness.fault = fault
    with pytest.raises(WitnessError):
        confid.connect(store, witness=witness)
    with confid.connect(store):
        reset()
        issued = ledger()
    witness.fault = None
    with confid.connect(store, witness=witness):
        assert held(witness.store) == issued


def test_a_store_is_a_tenant_or_a_witness_for_life(tmp_path: Path) -> None:
    """Neither can be opened as the other, and a tenant is not its own witness."""
    one, two, witness = (tmp_path / name for name in ("one.db", "two.db", "witness.db"))
    tenant("ken", store=one, witness=witness).close()
    tenant("ken", store=two).close()
    for other in (one, two):
        with pytest.raises(WitnessError, match="holds a tenant"):
            confid.connect(two, witness=other)
    for create in (True, False):
        with pytest.raises(StoreError, match="is a witness"):
            confid.connect(witness, create=create)
    with confid.connect(two, create=False):
        reset()


def test_a_session_that_is_open_asks_for_the_witness_once_it_is_attached() -> None:
    """Another session attaches it: from then on this one issues nothing."""
    store = MemoryStore()
    with tenant("ken", store=store) as before:
        with confid.connect(store, witness=MemoryStore()):
            pass
        store.open([TENANT])
        with before, pytest.raises(WitnessError, match="witness="):
            reset()


def test_living_ids_that_two_tenants_have_are_said_before_they_share_a_witness(
    witness: Store,
) -> None:
    """The error names the users; once they are reset the witness is attached."""
    first, second = MemoryStore(), MemoryStore()
    for store in (first, second):
        with tenant(store=store) as session:
            confid.import_users([imported("ken", 1_234_567), imported("pilar", 1_234_568)])
            if store is second:
                disable(PILAR, session=session)
    confid.connect(first, witness=witness).close()
    with pytest.raises(WitnessError, match=KEN) as raised:
        confid.connect(second, witness=witness)
    assert PILAR not in str(raised.value)
    with confid.connect(second):
        assert reset() != 1_234_567
    with confid.connect(second, witness=witness):
        assert 1_234_567 in held(witness)


# Without it.


@pytest.mark.parametrize("kind", ["none", "missing", "another", "tenant", "backup"])
def test_without_its_witness_a_tenant_issues_nothing(kind: str, tmp_path: Path) -> None:
    """Left out, missing, foreign, or no witness: nothing changes, and the error says why."""
    path, place = tmp_path / "tenant.db", tmp_path / "witness.db"
    with tenant("ken", "pilar", store=path, witness=place):
        before = ledger()
        disable(PILAR)
    others: dict[str, Any] = {"none": None, "missing": tmp_path / "gone.db", "tenant": path}
    others["another"] = tmp_path / "another.db"
    tenant(store=tmp_path / "other.db", witness=others["another"]).close()
    with SQLiteStore(place) as witness:
        witness.open([TENANT])
        witness.backup(tmp_path / "backup.db")
    others["backup"] = tmp_path / "backup.db"
    with pytest.raises(WitnessError, match="witness"), confid.connect(path, witness=others[kind]):
        reset()
    assert not (tmp_path / "gone.db").exists()
    with confid.connect(path) as session:
        for issue in (
            lambda: enable(PILAR),
            lambda: set_user([KEN, PILAR], reset_conference_id=True, error_action="continue"),
            confid.ledger.remaining,
        ):
            with pytest.raises(WitnessError):
                issue()
        assert ledger() == before
        add(session, "li")
        assert [user.display_name for user in get()] == ["Ken"]
        disable(KEN)
    with confid.connect(path, witness=place):
        enable([KEN, PILAR])


def test_a_witness_that_is_away_stops_the_issuing_only() -> None:
    """The session opens with a warning; once the witness is back the same session issues."""
    witness = FaultyStore(MemoryStore())
    tenant("ken", store=(store := MemoryStore()), witness=witness).close()
    witness.fault = "opening"
    host = confid.host.RecordingHost()
    with confid.connect(store, witness=witness, host=host) as session:
        assert "can't be reached" in lines(session)[0]
        with pytest.raises(WitnessError, match="can't be reached"):
            reset()
        disable(KEN)
        witness.fault = None
        enable(KEN)
        assert held(witness.store) == ledger()


@pytest.mark.parametrize("fault", FAULTS[1:])
@pytest.mark.parametrize("size", [1, 2])
def test_a_witness_that_fails_spends_ids_and_nothing_else(fault: str, size: int) -> None:
    """Before, during or after its commit: the tenant is as it was, and goes on afterwards."""
    witness = FaultyStore(MemoryStore())
    people = [KEN, PILAR][:size]
    with tenant("ken", "pilar", witness=witness):
        before, records = ledger(), get()
        witness.fault = fault
        for _ in range(3):
            with pytest.raises(WitnessError):
                set_user(people, reset_conference_id=True)
        witness.fault = None
        assert (ledger(), get()) == (before, records)
        spent = set(held(witness.store)) - set(before)
        assert len(spent) == (3 * size if fault == "committed" else 0)
        new = {int(user.conference_id) for user in set_user(people, reset_conference_id=True)}
        assert not new & spent
        assert confid.check().problems == ()


def test_the_tenant_that_fails_after_its_witness_spends_ids(witness: Store) -> None:
    """An ID that was rolled back was never issued, and won't be."""
    with tenant("ken", ids=12, witness=witness) as session:
        for _ in range(5):
            with undone(session):
                reset()
        assert len(ledger()) == 1
        assert confid.ledger.remaining() == 6
        assert len({reset() for _ in range(6)}) == 6
        with pytest.raises(ConferenceIdsExhaustedError):
            reset()
        assert confid.ledger.remaining() == 0
        assert confid.check().problems == ()


def test_the_witness_costs_one_more_commit() -> None:
    """For one reset, and for many in one call."""
    witness = FaultyStore(MemoryStore())
    store = FaultyStore(MemoryStore())
    with tenant("ken", "pilar", store=store, witness=witness):
        for people in (KEN, [KEN, PILAR]):
            before = store.commits, witness.commits
            set_user(people, reset_conference_id=True)
            assert (store.commits, witness.commits) == (before[0] + 1, before[1] + 1)
        disable(KEN)
        assert witness.commits == before[1] + 1


# A ledger that forgets.


def test_a_tenant_wound_back_repeats_no_id(witness: Store) -> None:
    """Whatever the older copy has forgotten, the witness hasn't; down to the last ID."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store, ids=60, witness=witness):
        older = forked(store)
        seen = {reset() for _ in range(40)}
    with confid.connect(older, witness=witness):
        again = {reset() for _ in range(18)}
        assert not seen & again
        with pytest.raises(ConferenceIdsExhaustedError):
            reset()


def test_a_copy_from_before_the_witness_is_opened_with_it(witness: Store) -> None:
    """It learns the IDs issued since; IDs that it holds for other owners are reset."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store, ids=60):
        older = forked(store)
    with confid.connect(store, witness=witness):
        seen = {reset() for _ in range(50)}
    with confid.connect(older, witness=witness):
        again = {reset() for _ in range(8)}
    assert not seen & again
    assert len(again) == 8


def test_a_witness_wound_back_is_made_good_by_the_ledger(tmp_path: Path) -> None:
    """One of the two may forget, because each ID is looked up in both."""
    path, place, older = (tmp_path / name for name in ("tenant.db", "witness.db", "older.db"))
    with tenant("ken", store=path, witness=place, ids=40):
        pass
    shutil.copy(place, older)
    with confid.connect(path, witness=place):
        seen = {reset() for _ in range(30)}
    shutil.copy(older, place)
    with confid.connect(path, witness=place):
        assert not seen & {reset() for _ in range(9)}
        with pytest.raises(ConferenceIdsExhaustedError):
            reset()
        assert [p for p in confid.check().problems if "witness" in p]


def test_tenants_share_a_witness_until_it_is_full(witness: Store) -> None:
    """Their IDs are unique together, and the end comes for both at once."""
    first, second = MemoryStore(), MemoryStore()
    issued: list[int] = []
    for store in (first, second):
        tenant("ken", store=store, ids=50, witness=witness).close()
    while len(issued) < 48:
        for store in (first, second):
            with confid.connect(store, witness=witness):
                issued.append(reset())
    assert len(set(issued)) == 48
    for store in (first, second):
        with confid.connect(store, witness=witness):
            assert confid.ledger.remaining() == 0
            with pytest.raises(ConferenceIdsExhaustedError):
                reset()
            assert confid.check().problems == ()


def test_sessions_share_one_store_object_as_their_witness(witness: Store) -> None:
    """The first to close doesn't take it away from the other."""
    with tenant("ken", witness=witness) as one:
        with tenant("pilar", witness=witness):
            reset(PILAR)
        with one:
            reset()
            assert len(ledger()) == 2
    assert len(held(witness)) == 4


# IDs from outside.


def test_an_import_that_failed_can_be_made_again(witness: Store) -> None:
    """The witness takes the same imported claim again; for another person it does not."""
    with tenant(witness=witness) as session:
        with undone(session):
            confid.import_users([imported("ken", 1_234_567)])
        assert held(witness) == [1_234_567]
        with pytest.raises(RosterError, match="1234567"):
            confid.import_users([imported("pilar", 1_234_567)])
        confid.import_users([imported("ken", 1_234_567)])
        assert ledger() == [1_234_567]


def test_has_issued_looks_at_the_witness_too(witness: Store) -> None:
    """A tenant wound back to before its first issue takes no IDs from a roster any more."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store, enabled=False, witness=witness):
        older = forked(store)
        enable(KEN)
    with confid.connect(older, witness=witness):
        with pytest.raises(StaticConferenceIdError):
            confid.import_users([imported("pilar", 1_234_567)])
        assert ledger() == []
    with tenant(store=MemoryStore(), witness=witness):
        confid.import_users([imported("li", 1_234_567)])


def test_a_witness_holds_no_names(tmp_path: Path) -> None:
    """Only keys and digests: it can be kept where the directory may not."""
    place = tmp_path / "witness.db"
    with tenant("pilar", store=tmp_path / "tenant.db", enabled=False, witness=place):
        confid.import_users([imported("ken", 1_234_567)])
        enable(PILAR)
    content = place.read_bytes().lower()
    assert b"1234567" in content
    for name in (b"ken", b"pilar", b"contoso"):
        assert name not in content


def test_a_store_that_was_not_made_by_confid_as_a_witness_is_refused() -> None:
    """A ledger without a tenant and without a witness's mark is neither."""
    stranger = MemoryStore()
    stranger.open([TENANT])
    with stranger.transaction(write=True) as transaction:
        transaction.claim([(1_234_567, "somebody")], Claim(at=NOON))
    with pytest.raises(WitnessError):
        tenant(witness=stranger)
