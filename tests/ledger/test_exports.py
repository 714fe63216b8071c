"""`confid.ledger.export` and `merge`: what a restored ledger has forgotten comes back."""

from __future__ import annotations

import copy
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid.engine.session import current_session
from confid.errors import (
    InvalidArgumentError,
    NotFoundError,
    SealedError,
    StaticConferenceIdError,
    WitnessError,
)
from confid.store import MemoryStore
from confid.store.seal import Reason, Seal, put_seal
from confid.tenant.notices import Event
from tests.tenants import Clock, contents, disable, enable, get, outbox, set_user, tenant, upn
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session
    from confid.store.base import LedgerEntry

NAMES = ("ken", "pilar", "li", "zoe")
KEN, PILAR = upn("ken"), upn("pilar")


def forked(store: MemoryStore) -> MemoryStore:
    """A copy of the tenant as it is, to go back to later."""
    older = MemoryStore()
    older._contents = copy.deepcopy(store._contents)
    return older


def reset(name: str = KEN) -> int:
    """A new ID for somebody."""
    return int(set_user(name, reset_conference_id=True).conference_id)


def lines_of(session: Session) -> dict[int, LedgerEntry]:
    """The ledger by ID."""
    return {entry.conference_id: entry for entry in contents(session)["ledger"]}


def living(session: Session) -> dict[str, int]:
    """Everybody's current ID."""
    return {
        user.display_name: int(user.conference_id)
        for user in get(session=session)
        if user.conference_id
    }


# As it was.


def test_what_was_forgotten_comes_back_as_it_was() -> None:
    """IDs, owners, serials, moments and names: the ledger is the one that was exported."""
    store, clock = MemoryStore(), Clock()
    with tenant(*NAMES, store=store, clock=clock) as session:
        disable(upn("zoe"))
        older = forked(store)
        for _ in range(3):
            clock.forward(hours=1)
            session.actor = f"admin {clock.now.hour}"
            set_user([KEN, PILAR], reset_conference_id=True)
        before, ids = lines_of(session), living(session)
        exported = confid.ledger.export()
    with confid.connect(older, clock=clock) as session:
        report = confid.ledger.merge(exported)
        assert lines_of(session) == before
        assert living(session) == ids
        assert report.entered == 6
        assert report.collisions == ()
        assert set(report.adopted) == {KEN, PILAR}
        assert report.reissued == {}
        assert "6 forgotten" in str(report)
        assert KEN in str(report)
        assert confid.check().problems == ()


def test_merging_again_changes_nothing() -> None:
    """Nor does merging one's own export."""
    with tenant(*NAMES) as session:
        reset()
        before = contents(session)
        for _ in range(2):
            report = confid.ledger.merge(confid.ledger.export())
            assert (report.entered, report.retired, report.adopted) == (0, (), {})
            assert contents(session) == before


def test_an_export_is_read_from_a_text_a_path_or_a_file(tmp_path: Path) -> None:
    """With either system's line ends, and the mark that Windows' editors put in front."""
    with tenant("ken"):
        text = confid.ledger.export()
        path = tmp_path / "ledger.jsonl"
        path.write_text(text, encoding="utf-8-sig", newline="\r\n")
        for source in (text, path, str(path), io.StringIO(text), text.replace("\n", "\r\n")):
            assert confid.ledger.merge(source).entered == 0
        with pytest.raises(NotFoundError):
            confid.ledger.merge(tmp_path / "missing.jsonl")


def test_an_export_holds_no_names(tmp_path: Path) -> None:
    """Owners are confid's own keys; who issued it is there."""
    with tenant("ken", "pilar", store=tmp_path / "t.db", actor="ada"):
        text = confid.ledger.export()
    assert "ada" in text
    assert "contoso" not in text
    assert "Ken" not in text


# Refusals.


def tampered(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """An export whose lines somebody has changed."""
    return lambda text: "".join(f"{line}\n" for line in change(text.splitlines()))


def retired(line: str) -> str:
    """An entry that somebody has retired by hand."""
    row = json.loads(line)
    row[6] = row[4]
    return json.dumps(row)


@pytest.mark.parametrize(
    "change",
    [
        tampered(lambda lines: lines[:-1]),
        tampered(lambda lines: lines[:1] + lines[2:]),
        tampered(lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]),
        tampered(lambda lines: [lines[0], retired(lines[1]), *lines[2:]]),
        tampered(lambda lines: [lines[0].replace("2026", "2027"), *lines[1:]]),
        tampered(lambda lines: [*lines[:-1], '{"digest":"é"}']),
        tampered(lambda lines: [*lines[:-1], '{"digest":null}']),
        tampered(lambda lines: [*lines, lines[-1]]),
        tampered(lambda lines: [lines[0].replace('"confid_ledger":1', '"confid_ledger":2')]),
        lambda text: text[: len(text) // 2],
        lambda _: "\n",
        lambda _: "{}\n{}\n",
        lambda _: "[1]\n",
        lambda _: "[" * 100_000 + "\n",
        lambda text: text + '{"digest":' * 1000 + "1" + "}" * 1000,
        lambda text: text + '{"digest":' + "1" * 5000 + "}",
        tampered(lambda lines: [*lines[:-1], '{"digest":"\\ud800"}']),
    ],
)
def test_a_changed_export_is_refused(change: Callable[[str], str]) -> None:
    """Nothing of it is merged."""
    with tenant(*NAMES) as session:
        reset()
        before = contents(session)
        text = change(confid.ledger.export())
        with pytest.raises(InvalidArgumentError, match="Nothing was merged"):
            confid.ledger.merge(text)
        assert contents(session) == before


def test_another_tenants_export_is_refused() -> None:
    """Even with the digest made by somebody who knows this one's tenant ID."""
    with tenant("ken"):
        foreign = confid.ledger.export()
    with tenant("ken") as session:
        mine = confid.ledger.export().splitlines()[0]
        before = contents(session)
        with pytest.raises(InvalidArgumentError, match="another tenant"):
            confid.ledger.merge(foreign)
        with pytest.raises(InvalidArgumentError, match="changed"):
            confid.ledger.merge("\n".join([mine, *foreign.splitlines()[1:]]))
        assert contents(session) == before


def closed() -> io.StringIO:
    """A file that nobody can read any more."""
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize(
    "source", [5, None, b"x", ["x"], "x" * 5000, "\ud800", "\0", closed(), io.BytesIO(b"{}\n")]
)
def test_what_cant_be_read_is_refused(source: Any) -> None:
    """With an error of confid's."""
    with tenant("ken"), pytest.raises(InvalidArgumentError):
        confid.ledger.merge(source)


def pipe(path: Path) -> None:
    """A named pipe that nobody writes to."""
    os.mkfifo(path)


def huge(path: Path) -> None:
    """A file of 20 GB, all of it holes."""
    with path.open("wb") as file:
        file.truncate(20 * 10**9)


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name, and files with holes")
@pytest.mark.parametrize(
    "make", [pipe, huge, Path.mkdir, lambda path: path.symlink_to("/dev/zero")]
)
def test_only_regular_files_of_a_bounded_size_are_read(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    """Nobody waits for a pipe or reads a device."""
    make(tmp_path / "ledger.jsonl")
    with tenant("ken"), pytest.raises(InvalidArgumentError, match="can't be read"):
        confid.ledger.merge(tmp_path / "ledger.jsonl")


def test_a_merge_is_no_part_of_a_transaction_and_none_of_a_sealed_store() -> None:
    """It is alone on the store."""
    with tenant("ken") as session:
        text = confid.ledger.export()
        with pytest.raises(InvalidArgumentError), session.transaction():
            confid.ledger.merge(text)
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=Reason.BACKUP))
        with pytest.raises(SealedError):
            confid.ledger.merge(text)


# The rules.


def test_retirement_always_wins() -> None:
    """Retired on either side is retired; who is enabled gets a new ID and a mail."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store, enabled=False) as session:
        enable([KEN, PILAR], notify=False)
        older, ids = forked(store), living(session)
        disable(KEN, notify=False)
        exported = confid.ledger.export()
    with confid.connect(older) as session:
        disable(PILAR, notify=False)
        report = confid.ledger.merge(exported)
        assert report.retired == (ids["Ken"],)
        assert list(report.reissued) == [KEN]
        now = living(session)
        assert now.keys() == {"Ken"}
        assert now["Ken"] not in ids.values()
        (mail,) = outbox(session)
        assert mail.events == (Event.CONFERENCE_ID_RESET,)
        assert mail.facts.conference_id == now["Ken"]
        assert confid.check().problems == ()


def test_the_newest_living_id_by_serial_becomes_current() -> None:
    """Whichever side it is on; the clock has no say."""
    store, clock = MemoryStore(), Clock()
    with tenant("ken", "pilar", store=store, clock=clock):
        older = forked(store)
        clock.forward(days=10)
        kens = [reset() for _ in range(3)]
        pilars = reset(PILAR)
        exported = confid.ledger.export()
    clock.forward(days=-20)
    with confid.connect(older, clock=clock) as session:
        other = reset()
        others = [reset(PILAR) for _ in range(2)]
        report = confid.ledger.merge(exported, notify=False)
        assert living(session) == {"Ken": kens[-1], "Pilar": others[-1]}
        assert set(report.retired) == {other, pilars}
        assert report.adopted == {KEN: kens[-1]}
        assert lines_of(session).keys() >= {*kens, pilars, other, *others}
        assert confid.check().problems == ()
        again = confid.ledger.merge(exported, notify=False)
        assert (again.entered, again.retired) == (0, ())


def test_an_id_that_two_owners_hold_is_retired_and_both_get_new_ones() -> None:
    """The guarantee was broken outside of confid's sight; it doesn't stay so."""
    store = MemoryStore()
    with tenant("ken", "pilar", store=store, ids=9, enabled=False) as session:
        older = forked(store)
        enable(KEN)
        shared = living(session)["Ken"]
        exported = confid.ledger.export()
    older._contents.kept["conferencing"].texts |= store._contents.kept["conferencing"].texts
    with confid.connect(older) as session:
        for _ in range(200):
            before = forked(older)
            if int(enable(PILAR, notify=False).conference_id) == shared:
                break
            older._contents = before._contents
        assert living(session)["Pilar"] == shared
        report = confid.ledger.merge(exported)
        assert report.collisions == report.retired == (shared,)
        assert set(report.reissued) == {KEN, PILAR}
        assert shared not in living(session).values()
        assert living(session).keys() == {"Ken", "Pilar"}
        assert confid.check().problems == ()


def test_ids_of_people_who_may_have_none_here_go_in_as_retired() -> None:
    """People imported or enabled after the backup: their IDs are never issued again."""
    store = MemoryStore()
    with tenant("ken", store=store, enabled=False):
        older = forked(store)
        confid.import_users([{"UserPrincipalName": PILAR, "Licenses": "MCOMEETADV"}])
        enable([KEN, PILAR])
        ids = sorted(int(user.conference_id) for user in get())
        exported = confid.ledger.export()
    with confid.connect(older) as session:
        report = confid.ledger.merge(exported)
        assert report.retired == tuple(ids)
        assert (report.adopted, report.reissued) == ({}, {})
        assert living(session) == {}
        assert enable(KEN).conference_id not in ids
        assert confid.check().problems == ()
        with pytest.raises(StaticConferenceIdError):
            confid.import_users([{"UserPrincipalName": PILAR, "ConferenceId": "1234567"}])


def test_a_merge_tells_the_witness() -> None:
    """And takes nothing that the witness holds for somebody else."""
    store, witness = MemoryStore(), MemoryStore()
    with tenant("ken", "pilar", store=store):
        older = forked(store)
        kens, pilars = reset(), reset(PILAR)
        exported = confid.ledger.export()
    with tenant("zoe", witness=witness) as other, other.unit(write=True) as unit:
        (zoe,) = unit.find_users([upn("zoe")])
        unit.ledger.import_ids([(pilars, zoe)], retired=True)  # type: ignore[list-item]  # found
    with confid.connect(older, witness=witness) as session:
        report = confid.ledger.merge(exported)
        assert living(session)["Ken"] == kens
        assert living(session)["Pilar"] != pilars
        assert report.collisions == (pilars,)
        assert list(report.reissued) == [PILAR]
        assert confid.check().problems == ()
    with confid.connect(older), pytest.raises(WitnessError):
        confid.ledger.merge(exported)


# Imported IDs: nobody chooses one by way of a merge.


def roster(**ids: int) -> list[dict[str, str]]:
    """People with IDs already in use elsewhere."""
    return [
        {"UserPrincipalName": upn(name), "Licenses": "MCOMEETADV", "ConferenceId": str(number)}
        for name, number in ids.items()
    ]


def chosen_in_a_copy(store: MemoryStore) -> str:
    """The export of a copy in which somebody has imported another ID for Ken."""
    with confid.connect(forked(store), clock=Clock()):
        disable(KEN)
        confid.import_users(roster(ken=7_654_321))
        assert int(get(KEN).conference_id) == 7_654_321
        return confid.ledger.export()


def test_an_imported_id_that_is_new_here_comes_in_as_retired() -> None:
    """Once the tenant has issued: its owner gets a drawn one, and the report says so."""
    store = MemoryStore()
    with tenant("pilar", store=store, enabled=False) as session:
        confid.import_users(roster(ken=1_234_567))
        exported = chosen_in_a_copy(store)
        enable(PILAR)
        report = confid.ledger.merge(exported)
        assert lines_of(session)[7_654_321].retired_at is not None
        assert set(map(int, report.retired)) == {1_234_567, 7_654_321}
        assert report.adopted == {}
        assert report.reissued == {KEN: get(KEN).conference_id}
        assert lines_of(session)[int(get(KEN).conference_id)].origin == "issued"
        assert confid.check().problems == ()
        assert confid.ledger.merge(exported).retired == ()


def test_what_the_witness_has_seen_issued_counts_too() -> None:
    """A restored ledger that knows of no issue takes no imported ID either."""
    store, witness = MemoryStore(), MemoryStore()
    with tenant("pilar", store=store, enabled=False):
        confid.import_users(roster(ken=1_234_567))
    exported = chosen_in_a_copy(store)
    with confid.connect(store, witness=witness):
        older = forked(store)
        enable(PILAR)
    with confid.connect(older, witness=witness):
        assert confid.ledger.merge(exported).adopted == {}


def test_before_the_first_issue_a_merge_imports_as_an_import_does() -> None:
    """A backup from before it gets back the IDs that people have."""
    store = MemoryStore()
    with tenant("pilar", store=store, enabled=False):
        confid.import_users(roster(ken=1_234_567))
        exported = chosen_in_a_copy(store)
        assert confid.ledger.merge(exported).adopted == {KEN: 7_654_321}
        assert int(get(KEN).conference_id) == 7_654_321


# Whatever has happened.

STEP = st.tuples(st.sampled_from(["reset", "enable", "disable", "both"]), st.sampled_from(NAMES))


def step(verb: str, name: str) -> None:
    """One thing that happens in a tenant, if it can."""
    if verb == "both":
        set_user(map(upn, NAMES), reset_conference_id=True, error_action="silently_continue")
    elif verb == "enable":
        enable([upn(name)], notify=False)
    else:
        act = {"reset": lambda p: set_user(p, reset_conference_id=True), "disable": disable}[verb]
        results: Any = get([upn(name)], error_action="silently_continue")
        if results:
            act(upn(name))


@settings(max_examples=examples(40))
@given(
    common=st.lists(STEP, max_size=4),
    lost=st.lists(STEP, max_size=8),
    since=st.lists(STEP, max_size=8),
)
def test_whatever_was_lost_the_merged_tenant_is_sound(
    common: list[tuple[str, str]], lost: list[tuple[str, str]], since: list[tuple[str, str]]
) -> None:
    """Two stories with one beginning: no ID lives twice, none of either is ever issued again."""
    store = MemoryStore()
    with tenant(*NAMES, store=store, ids=150):
        for verb, name in common:
            step(verb, name)
        older = forked(store)
        for verb, name in lost:
            step(verb, name)
        exported = confid.ledger.export()
        there = lines_of(current_session())
    with confid.connect(older) as session:
        for verb, name in since:
            step(verb, name)
        here, had = lines_of(session), living(session)
        report = confid.ledger.merge(exported, notify=False)
        merged, now = lines_of(session), living(session)
        assert confid.check().problems == ()
        assert merged.keys() >= here.keys() | there.keys()
        assert now.keys() == had.keys()
        for number in now.values():
            for story in (here, there):
                assert number not in story or story[number].retired_at is None
                assert number not in story or story[number].owner == merged[number].owner
        assert merged.keys() - here.keys() - there.keys() == set(report.reissued.values())
        assert report.entered == len(there.keys() - here.keys())
        again = confid.ledger.merge(exported)
        assert (again.entered, again.retired, again.reissued) == (0, (), {})
