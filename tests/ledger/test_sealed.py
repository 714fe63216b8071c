"""Backups, restoring and moving: there is never a second living copy of a tenant."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from contextlib import closing, nullcontext, suppress
from pathlib import Path  # noqa: TC003 - pytest hands it to tests that say so
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import meetings
from confid.engine.session import current_session
from confid.errors import CommitOutcomeUnknownError, SealedError, StoreError, WitnessError
from confid.host import RecordingHost
from confid.mail import MemoryTransport, deliver
from confid.store import MemoryStore, SQLiteStore
from confid.store.base import SEAL, TENANT, Claim
from confid.store.seal import FACTS, Reason, Seal, put_seal
from confid.tenant.documents import KINDS
from confid.testing import ModelStore
from tests.faults.moved import CuttableStore, Scissors
from tests.faulty import FAULTS, FaultyStore
from tests.tenants import (
    NOON,
    add,
    contents,
    disable,
    enable,
    get,
    get_settings,
    lines,
    register,
    set_settings,
    set_user,
    tenant,
    undone,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session
    from confid.store import Store
    from confid.store.base import Transaction

KEN, PILAR = upn("ken"), upn("pilar")


def lived_in(store: Any, **options: Any) -> Session:
    """A tenant with some history."""
    session = tenant("ken", "pilar", store=store, **options)
    meetings.schedule(KEN, subject="x", start=NOON.replace(year=2030))
    confid.attendant.dial("+14255550100", caller="+14255550199").enter_conference_id("1000001#")
    for _ in range(3):
        set_user([KEN, PILAR], reset_conference_id=True, reset_leader_pin=True)
    disable(PILAR)
    enable(PILAR)
    set_user(KEN, reset_conference_id=True)
    return session


def everything(session: Session) -> dict[str, Any]:
    """All that a store holds but its seal."""
    held = contents(session)
    held[TENANT.name].pop(SEAL, None)
    return held


def restored(path: Path, **options: Any) -> list[str]:
    """What restoring says."""
    host = RecordingHost()
    confid.restore(path, host=host, **options)
    return host.lines


# A sealed store.

REFUSED: list[Callable[[], object]] = [
    lambda: set_user(KEN, reset_conference_id=True),
    lambda: set_user(KEN, allow_toll_free_dial_in=True, error_action="continue"),
    lambda: enable(PILAR),
    lambda: disable(KEN),
    lambda: confid.remove_users(KEN),
    lambda: confid.import_users([{"UserPrincipalName": "li@contoso.com"}]),
    lambda: add(current_session(), "li"),
    lambda: set_settings(pin_length=7),
    lambda: register("+14255550123", bridge_name="Conference Bridge"),
    lambda: confid.add_bridge("other", numbers=["+442079460100"]),
    lambda: meetings.schedule(KEN, subject="y", start=NOON.replace(year=2030)),
    lambda: confid.attendant.dial("+14255550100"),
]
ALONE: list[Callable[[], object]] = [
    lambda: deliver(MemoryTransport()),
    lambda: confid.ledger.merge(confid.ledger.export()),
]


@pytest.mark.parametrize("refused", REFUSED + ALONE)
@pytest.mark.parametrize("reason", [Reason.BACKUP, Reason.MOVING, Reason.MOVED])
def test_a_sealed_store_refuses_every_change_call_and_delivery(
    refused: Callable[[], object], reason: Reason
) -> None:
    """It says why, changes nothing, and can still be read and audited."""
    store = MemoryStore()
    with lived_in(store) as session:
        records = get()
        before = everything(session)
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=reason))
        with pytest.raises(SealedError, match="sealed") as raised:
            refused()
        assert raised.value.category == "InvalidOperation"
        assert not session.in_transaction
        if refused not in ALONE:
            with pytest.raises(SealedError), session.transaction():
                refused()
        assert get() == records
        assert get_settings()
        assert confid.check().problems == ()
        assert everything(session) == before


def test_a_call_under_way_goes_no_further_once_the_store_is_sealed() -> None:
    """Every step of a call asks the store."""
    with lived_in(MemoryStore()) as session:
        call = confid.attendant.dial("+14255550100")
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=Reason.MOVED))
        with pytest.raises(SealedError):
            call.enter_conference_id(str(get(KEN).conference_id))


def test_a_sealed_store_with_nothing_to_deliver_says_so_too() -> None:
    """A delivery there is a mistake, even without mail to deliver."""
    with tenant("ken") as session:
        assert deliver(MemoryTransport()).sent == 0
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=Reason.BACKUP))
        with pytest.raises(SealedError):
            deliver(MemoryTransport())


def test_an_unknown_seal_seals() -> None:
    """One of a later confid is not taken for none."""
    with lived_in(MemoryStore()) as session:
        with session.unit(write=True) as unit:
            unit.transaction.put(TENANT.name, {SEAL: {"reason": "something new"}})
        with pytest.raises(StoreError, match="Upgrade"):
            set_user(KEN, reset_conference_id=True)


# Backups.


def test_a_backup_is_the_tenant_sealed(tmp_path: Path) -> None:
    """Everything is in it, as of one moment, and nothing can be changed in it."""
    with lived_in(tmp_path / "tenant.db") as session:
        before = everything(session)
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
        set_user(KEN, reset_conference_id=True)
    with confid.connect(tmp_path / "backup.db") as copy:
        assert everything(copy) == before
        assert confid.check().problems == ()
        with pytest.raises(SealedError, match="backup"):
            set_user(KEN, reset_conference_id=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["backup.db", "tenant.db"]


def test_a_backup_is_taken_while_somebody_writes(tmp_path: Path) -> None:
    """It waits for nobody, and shows what was committed."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        before = contents(session)["ledger"]
        with session.transaction():
            set_user(KEN, reset_conference_id=True)
            SQLiteStore(tmp_path / "tenant.db", timeout=0.2).open(KINDS)
            with SQLiteStore(tmp_path / "tenant.db", timeout=0.2) as other:
                other.open(KINDS)
                other.backup(tmp_path / "backup.db")
    with confid.connect(tmp_path / "backup.db") as copy:
        assert contents(copy)["ledger"] == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_backup_is_its_owners_only(tmp_path: Path) -> None:
    """It holds names and PIN digests, as the tenant does."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600


def test_a_backup_replaces_nothing(tmp_path: Path) -> None:
    """A file, the tenant itself, a folder that isn't there: refused, and nothing is left over."""
    (tmp_path / "backup.db").write_text("mine")
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        for name in ("backup.db", "tenant.db", "missing/backup.db"):
            with pytest.raises(StoreError):
                session.store.backup(tmp_path / name)  # type: ignore[attr-defined]  # a SQLiteStore
        assert (tmp_path / "backup.db").read_text() == "mine"
        left = {file.name for file in tmp_path.iterdir()}
        assert left <= {"backup.db", "tenant.db", "tenant.db-wal", "tenant.db-shm"}
        (tmp_path / "again.db.partial").write_text("left by a crash")
        session.store.backup(tmp_path / "again.db")  # type: ignore[attr-defined]  # a SQLiteStore
    with confid.connect(tmp_path / "again.db"):
        assert len(get()) == 1


def test_the_seal_is_in_the_file_itself(tmp_path: Path) -> None:
    """Not in a WAL beside it, which a copy could leave behind."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
    shutil.copy(tmp_path / "backup.db", tmp_path / "alone.db")
    with confid.connect(tmp_path / "alone.db"), pytest.raises(SealedError):
        set_user(KEN, reset_conference_id=True)


@pytest.mark.parametrize("reason", Reason)
def test_a_backup_of_anything_is_sealed_as_a_backup(reason: Reason, tmp_path: Path) -> None:
    """Taken in mid-move too: it is no source of a move, and opens with the warning only."""
    path = tmp_path / "backup.db"
    with lived_in(tmp_path / "tenant.db") as session:
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=reason, move="m"))
        session.store.backup(path)  # type: ignore[attr-defined]  # a SQLiteStore
    with confid.connect(path) as copy:
        assert contents(copy)[TENANT.name][SEAL] == {"reason": "backup"}
    with pytest.raises(SealedError, match="backup"):
        confid.move_tenant(path, "memory:")
    (said,) = restored(path)
    assert "0.11" in said
    with confid.connect(path):
        set_user(KEN, reset_conference_id=True)


# Restoring.


def test_restoring_opens_a_backup_and_says_the_odds(tmp_path: Path) -> None:
    """From then on it is the tenant."""
    with lived_in(tmp_path / "tenant.db") as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
    (said,) = restored(tmp_path / "backup.db")
    assert "0.11" in said
    with confid.connect(tmp_path / "backup.db"):
        set_user(KEN, reset_conference_id=True)
        assert confid.check().problems == ()


OPENED = {None: "0.11", Reason.BACKUP: "0.11", Reason.MOVING: "", Reason.MOVED: None}


@pytest.mark.parametrize("reason", [None, *Reason])
def test_what_restoring_opens(reason: Reason | None) -> None:
    """A backup, with the warning, and the source of a move; neither what has moved nor a target."""
    store, host = MemoryStore(), RecordingHost()
    with lived_in(store) as session:
        before = everything(session)
        if reason:
            with session.unit(write=True) as unit:
                put_seal(unit.transaction, Seal(reason=reason, move="m"))
    said = OPENED.get(reason)
    with nullcontext() if said is not None else pytest.raises(SealedError):
        confid.restore(store, host=host)
    assert (said or "") in "".join(host.lines)
    assert len(host.lines) == bool(said)
    with confid.connect(store) as session:
        assert everything(session) == before
    assert issuing(store) == ([] if said is None else [store])


def test_the_odds_are_as_said() -> None:
    """1,000 forgotten and 1,000 new ones among 9,000,000: 0.11 repeats expected."""
    assert f"{1000 * 1000 / 9_000_000:.2f}" == "0.11"


def test_a_restored_tenant_with_a_witness_is_told_to_connect_with_it(tmp_path: Path) -> None:
    """The witness knows what the copy has forgotten."""
    path, place = tmp_path / "backup.db", tmp_path / "witness.db"
    with tenant("ken", store=tmp_path / "tenant.db", witness=place) as session:
        session.store.backup(path)  # type: ignore[attr-defined]  # a SQLiteStore
    (said,) = restored(path)
    assert "witness=" in said
    with confid.connect(path, witness=place):
        set_user(KEN, reset_conference_id=True)


def test_a_witness_is_backed_up_and_restored_too(tmp_path: Path) -> None:
    """Sealed it accepts nothing; opened, the tenants' ledgers make good what it has forgotten."""
    path, place, copy = (tmp_path / name for name in ("tenant.db", "witness.db", "copy.db"))
    with tenant("ken", store=path, witness=place):
        with SQLiteStore(place) as witness:
            witness.open([TENANT])
            witness.backup(copy)
        set_user(KEN, reset_conference_id=True)
    with pytest.raises(WitnessError, match="backup"):
        confid.connect(path, witness=copy)
    (said,) = restored(copy)
    assert "witness" in said
    with confid.connect(path, witness=copy):
        assert confid.check().problems
    assert restored(path, witness=copy) == []
    with confid.connect(path, witness=copy):
        assert confid.check().problems == ()
        set_user(KEN, reset_conference_id=True)


def test_a_lost_witness_is_replaced_on_purpose_only(tmp_path: Path) -> None:
    """The new one starts with the tenant's ledger; the old one is no longer its witness."""
    path, old, new = (tmp_path / name for name in ("tenant.db", "old.db", "new.db"))
    tenant("ken", store=path, witness=old).close()
    with confid.connect(tmp_path / "other.db", witness=new):
        pass
    with pytest.raises(WitnessError, match="restore"):
        confid.connect(path, witness=new)
    assert restored(path, witness=new) == []
    with confid.connect(path, witness=new):
        set_user(KEN, reset_conference_id=True)
        assert confid.check().problems == ()
    with pytest.raises(WitnessError):
        confid.connect(path, witness=old)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_witness_that_cant_be_attached_leaves_the_store_sealed(
    fault: str, tmp_path: Path
) -> None:
    """Restoring with a witness is all or nothing."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
    witness = FaultyStore(MemoryStore())
    witness.fault = fault
    with pytest.raises(WitnessError):
        confid.restore(tmp_path / "backup.db", witness=witness)
    with confid.connect(tmp_path / "backup.db"), pytest.raises(SealedError):
        set_user(KEN, reset_conference_id=True)


def test_only_a_tenant_or_a_witness_is_restored(tmp_path: Path) -> None:
    """A store that is empty, or not there, is a StoreError."""
    SQLiteStore(tmp_path / "empty.db").open([])
    for name in ("empty.db", "missing.db"):
        with pytest.raises(StoreError):
            confid.restore(tmp_path / name)
    assert not (tmp_path / "missing.db").exists()


# Moving.

MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SQLiteStore(folder / "moved.db"),
    "model": lambda _: ModelStore(),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_tenant_moves_to_any_other_store(kind: str, tmp_path: Path) -> None:
    """Everything is there, goes on there, and the source never issues again."""
    source, target = tmp_path / "tenant.db", MAKERS[kind](tmp_path)
    with lived_in(source) as session:
        confid.import_users([{"UserPrincipalName": "li@contoso.com"}])
        before = everything(session)
    moved = confid.move_tenant(source, target)
    assert moved.conference_ids == len(before["ledger"])
    assert moved.documents == sum(len(v) for v in before.values()) - moved.conference_ids
    assert str(moved.conference_ids) in str(moved)
    with confid.connect(target) as session:
        assert everything(session) == before
        set_user(KEN, reset_conference_id=True)
        assert confid.check().problems == ()
    with confid.connect(source) as session:
        assert everything(session) == before
        with pytest.raises(SealedError, match="moved"):
            set_user(KEN, reset_conference_id=True)
    for again in (lambda: confid.restore(source), lambda: confid.move_tenant(source, "memory:")):
        with pytest.raises(SealedError, match="moved"):
            again()


def test_a_ledger_with_every_kind_of_line_moves(tmp_path: Path) -> None:
    """Imported ones, ones retired from the start beside a living one, many of one owner."""
    rows = [
        {"UserPrincipalName": upn(name), "Licenses": licence, "ConferenceId": conference_id}
        for name, licence, conference_id in (
            ("ken", "MCOMEETADV", "1234567"),
            ("li", "", "1234568"),
        )
    ]
    source = MemoryStore()
    with confid.connect(source) as session:
        confid.import_users(rows)
        with session.unit(write=True) as unit:
            (ken,) = unit.find_users([KEN])
            unit.ledger.import_ids([(1_234_569, ken)], retired=True)  # type: ignore[list-item]  # found
        for _ in range(30):
            set_user(KEN, reset_conference_id=True)
        before = everything(session)
    confid.move_tenant(source, tmp_path / "new.db")
    with confid.connect(tmp_path / "new.db") as session:
        assert everything(session) == before


def issuing(*stores: Store) -> list[Store]:
    """Those of the stores in which a reset goes through; undone again."""
    able = []
    for store in stores:
        with suppress(StoreError), confid.connect(store, create=False) as session, undone(session):
            set_user(KEN, reset_conference_id=True)
            able.append(store)
    return able


def cut_short(source: Any, target: Store, *, after: int) -> None:
    """A move that has written so much to its target, and no more."""
    with pytest.raises(StoreError, match="Cut short"):
        confid.move_tenant(source, CuttableStore(target, Scissors(after + 1)))


def test_a_move_can_be_given_up(tmp_path: Path) -> None:
    """While it is not complete: the source opens again, the target never does."""
    source, target = tmp_path / "tenant.db", MemoryStore()
    lived_in(source).close()
    cut_short(source, target, after=20)
    with pytest.raises(SealedError, match="being moved"):
        confid.connect(target)
    assert restored(source) == []
    with confid.connect(source):
        set_user(KEN, reset_conference_id=True)
    for use in (confid.restore, confid.connect, lambda store: confid.move_tenant(store, "memory:")):
        with pytest.raises(StoreError):
            use(target)
    with pytest.raises(StoreError, match="holds something"):
        confid.move_tenant(source, target)
    with confid.connect(source):
        set_user(KEN, reset_conference_id=True)
    confid.move_tenant(source, tmp_path / "new.db")


def test_a_backup_of_an_incomplete_copy_is_no_tenant(tmp_path: Path) -> None:
    """It can neither be restored nor moved."""
    source, target, backup = (tmp_path / f"{name}.db" for name in ("a", "b", "backup"))
    lived_in(source).close()
    cut_short(source, SQLiteStore(target), after=20)
    with SQLiteStore(target) as store:
        store.open(KINDS)
        store.backup(backup)
    for use in (confid.restore, lambda store: confid.move_tenant(store, "memory:")):
        with pytest.raises(StoreError):
            use(backup)


def test_a_tenant_that_is_being_moved_has_one_target(tmp_path: Path) -> None:
    """No other store takes its place: no copy of it, and not the source itself."""
    source, target, copy = (tmp_path / f"{name}.db" for name in ("source", "target", "copy"))
    lived_in(source).close()
    cut_short(source, SQLiteStore(target), after=20)
    for other in ("memory:", tmp_path / "other.db", source):
        with pytest.raises(SealedError, match=r"being moved to .*target\.db"):
            confid.move_tenant(source, other)
    shutil.copy(target, copy)
    confid.move_tenant(source, target)
    for other in (target, copy, source, "memory:"):
        with pytest.raises(SealedError, match=r"moved to .*target\.db"):
            confid.move_tenant(source, other)
    assert issuing(SQLiteStore(copy)) == []


def test_a_move_that_only_marked_its_target_has_not_begun() -> None:
    """The tenant goes on, and may move there later; another tenant may not."""
    source, another, target = MemoryStore(), MemoryStore(), MemoryStore()
    for store in (source, another):
        lived_in(store).close()
    with pytest.raises(StoreError, match="Cut short"):
        confid.move_tenant(CuttableStore(source, Scissors(1)), target)
    assert issuing(source, target) == [source]
    with pytest.raises(StoreError, match="holds something"):
        confid.move_tenant(another, target)
    confid.move_tenant(source, target)
    assert issuing(source, another, target) == [another, target]


def test_of_two_moves_at_once_one_opens_the_target(tmp_path: Path) -> None:
    """The slower one writes nothing more to it; nor does one that was given up meanwhile."""
    source, target = SQLiteStore(tmp_path / "source.db"), SQLiteStore(tmp_path / "target.db")
    with lived_in(source) as session:
        before = everything(session)
    meanwhile: list[Callable[[], object]] = [lambda: confid.move_tenant(source.path, target.path)]

    class Slow(CuttableStore):
        def exclusive(self) -> Any:
            if self.scissors.passed > 5 and meanwhile:
                meanwhile.pop()()
            return super().exclusive()

    with pytest.raises(StoreError, match="has been opened"):
        confid.move_tenant(source, Slow(target, Scissors(1000)))
    with confid.connect(target) as session:
        assert everything(session) == before
    another, second = tmp_path / "another.db", SQLiteStore(tmp_path / "second.db")
    lived_in(another).close()
    meanwhile.append(lambda: restored(another))
    with pytest.raises(StoreError, match="given up"):
        confid.move_tenant(another, Slow(second, Scissors(1000)))
    assert issuing(second) == []


def test_of_two_moves_that_begin_at_once_one_goes_on(tmp_path: Path) -> None:
    """The other one finds the source sealed for another target, though it wasn't a moment ago."""
    source, first, second = (SQLiteStore(tmp_path / f"{n}.db") for n in ("source", "one", "two"))
    lived_in(source).close()

    def begin_another() -> None:
        with pytest.raises(CommitOutcomeUnknownError):
            confid.move_tenant(CuttableStore(SQLiteStore(source.path), Scissors(4)), first)

    meanwhile = [begin_another]

    class Slow(CuttableStore):
        def exclusive(self) -> Any:
            if meanwhile:
                meanwhile.pop()()
            return super().exclusive()

    with pytest.raises(StoreError, match="Another move of this tenant has begun"):
        confid.move_tenant(source, Slow(second, Scissors(1000)))
    confid.move_tenant(source, first)
    assert issuing(source, first, second) == [first]


def test_a_session_that_is_open_notices_the_move(tmp_path: Path) -> None:
    """It is sealed for those who are connected already, too."""
    with lived_in(tmp_path / "tenant.db"):
        confid.move_tenant(tmp_path / "tenant.db", tmp_path / "new.db")
        with pytest.raises(SealedError):
            set_user(KEN, reset_conference_id=True)


def test_a_tenant_moves_into_an_empty_store_only(tmp_path: Path) -> None:
    """Not onto itself, another tenant, a witness; and only a tenant moves."""
    one, two, witness = (tmp_path / name for name in ("one.db", "two.db", "witness.db"))
    lived_in(one, witness=witness).close()
    lived_in(two).close()
    for target in (one, two, witness):
        with pytest.raises(StoreError, match="holds something"):
            confid.move_tenant(one, target)
    for source in (witness, tmp_path / "missing.db"):
        with pytest.raises(StoreError):
            confid.move_tenant(source, "memory:")
    with confid.connect(two) as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
    with pytest.raises(SealedError, match="backup"):
        confid.move_tenant(tmp_path / "backup.db", "memory:")
    with confid.connect(one, witness=witness):
        set_user(KEN, reset_conference_id=True)


HELD: list[Callable[[Transaction], object]] = [
    lambda t: t.put(TENANT.name, {FACTS: {"tenant_id": "x"}}),
    lambda t: t.put(TENANT.name, {"x": {}}),
    lambda t: t.put(KINDS[-1].name, {"x": {}}),
    lambda t: t.claim([(1_234_567, "x")], Claim(at=NOON)),
    lambda t: put_seal(t, Seal(reason=Reason.BACKUP)),
    lambda t: put_seal(t, Seal(reason=Reason.INCOMPLETE, move="x/y")),
]


@pytest.mark.parametrize("hold", HELD)
def test_anything_in_the_target_is_something(hold: Callable[[Transaction], object]) -> None:
    """Each alone: a document, a line of a ledger, a seal."""
    source, target = MemoryStore(), MemoryStore()
    lived_in(source).close()
    target.open(KINDS)
    with target.transaction(write=True) as transaction:
        hold(transaction)
    with pytest.raises(StoreError, match="holds something"):
        confid.move_tenant(source, target)
    assert issuing(source) == [source]


@pytest.mark.parametrize("reason", [Reason.BACKUP, Reason.INCOMPLETE])
def test_a_seal_alone_keeps_a_source_from_moving(reason: Reason) -> None:
    """Whatever else the store holds."""
    source = MemoryStore()
    with lived_in(source) as session, session.unit(write=True) as unit:
        put_seal(unit.transaction, Seal(reason=reason))
    with pytest.raises(SealedError):
        confid.move_tenant(source, "memory:")


def test_a_move_given_up_does_not_finish_in_the_place_of_the_next(tmp_path: Path) -> None:
    """Its source is sealed again, and for another target."""
    source, target, third = (SQLiteStore(tmp_path / f"{name}.db") for name in "abc")
    lived_in(source).close()

    class Slow(CuttableStore):
        calls = 0

        def exclusive(self) -> Any:
            self.calls += 1
            if self.calls == 4:  # marking, documents, ledger; now it would finish
                restored(source.path)
                cut_short(source.path, third, after=20)
            return super().exclusive()

    with pytest.raises(StoreError, match="given up"):
        confid.move_tenant(source.path, Slow(target, Scissors(1000)))
    confid.move_tenant(source.path, third.path)
    assert issuing(source, target, third) == [third]


def test_a_moved_tenant_keeps_its_witness(tmp_path: Path) -> None:
    """It issues nothing without it, there as here."""
    source, target, witness = (tmp_path / f"{name}.db" for name in ("a", "b", "witness"))
    tenant("ken", store=source, witness=witness).close()
    confid.move_tenant(source, target)
    with confid.connect(target), pytest.raises(WitnessError):
        set_user(KEN, reset_conference_id=True)
    with confid.connect(target, witness=witness):
        set_user(KEN, reset_conference_id=True)
        assert confid.check().problems == ()


def test_a_copy_that_differs_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever went wrong between the stores, it is noticed before the target opens."""
    source, target = MemoryStore(), MemoryStore()
    lived_in(source).close()
    spoil = target.transaction

    def spoiling(*, write: bool) -> Any:
        claims = target._contents.claims
        claims |= {i: (*claim[:2], "somebody else") for i, claim in claims.items()}
        return spoil(write=write)

    monkeypatch.setattr(target, "transaction", spoiling)
    with pytest.raises(StoreError, match="differs"):
        confid.move_tenant(source, target)
    monkeypatch.undo()
    assert issuing(source, target) == []


# A file that was copied by hand.


def test_a_file_copied_without_its_wal_is_an_older_tenant(tmp_path: Path) -> None:
    """Its witness knows what it has forgotten; every ID stays unique."""
    path, place, copy = (tmp_path / name for name in ("tenant.db", "witness.db", "copy.db"))
    seen: set[int] = set()
    with tenant("ken", store=path, witness=place, ids=60):
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        seen |= {int(set_user(KEN, reset_conference_id=True).conference_id) for _ in range(30)}
        shutil.copy(path, copy)
    with confid.connect(copy, witness=place):
        assert len(confid.ledger.entries()) < 30
        again = {int(set_user(KEN, reset_conference_id=True).conference_id) for _ in range(29)}
    assert not seen & again


def test_the_warnings_of_a_restore_go_to_the_console_by_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody restores a backup without having been told."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        session.store.backup(tmp_path / "backup.db")  # type: ignore[attr-defined]  # a SQLiteStore
        assert lines(session) == []
    confid.restore(tmp_path / "backup.db")
    assert "forgotten" in capsys.readouterr().err
