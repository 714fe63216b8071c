"""The ends of transactions: on SQLite, in memory, and what a session keeps of them."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import time
import weakref
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.opening import open_session
from confid.engine.session import current_session
from confid.errors import CommitOutcomeUnknownError, ConfidError, StoreError
from confid.host import SilentHost
from confid.ids import issuer
from confid.ids.dice import Space
from confid.store import FIRST_ID, Claim, Kind, MemoryStore, SQLiteStore
from confid.store.sqlite import connections
from confid.store.sqlite import store as sqlite_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.store import Store

# ruff: noqa: SIM117 - an error that leaves the inner block is the point
# ruff: noqa: PT012 - what happens in a block before it fails is the point of most

AT = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = (Kind("plain"),)
NAMES = [f"person{number:03}@contoso.com" for number in range(12)]
KEN = NAMES[0]


class Failing(connections.Connection):
    """Fails where a statement begins so, with that error of SQLite's."""

    failing: tuple[str, str] | None = None

    def execute(self, sql: str, values: object = (), /) -> sqlite3.Cursor:
        """Run it, or fail."""
        if self.failing is not None and sql.startswith(self.failing[0]):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = self.failing[1]
            raise error
        return super().execute(sql, values)  # type: ignore[arg-type]  # as sqlite3's own


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStore]:
    """A store whose statements can fail."""
    monkeypatch.setattr(connections, "Connection", Failing)
    monkeypatch.setattr(Failing, "failing", None)
    with SQLiteStore(tmp_path / "tenant.db", timeout=0.2) as store:
        store.open(KINDS)
        yield store


def claim(store: Store, number: int = 0) -> None:
    """Enter one ID."""
    with store.transaction(write=True) as tx:
        tx.claim([(FIRST_ID + number, f"{number}")], Claim(at=AT))


def count(store: Store) -> int:
    """How many IDs there are."""
    with store.transaction(write=False) as tx:
        return tx.count()


@pytest.mark.parametrize(
    ("name", "expected", "category"),
    [
        ("SQLITE_FULL", StoreError, "LimitsExceeded"),
        ("SQLITE_BUSY", StoreError, "ResourceBusy"),
        ("SQLITE_READONLY_DBMOVED", StoreError, "PermissionDenied"),
        ("SQLITE_IOERR_FSYNC", CommitOutcomeUnknownError, None),
    ],
)
def test_a_commit_that_failed_left_nothing(
    store: SQLiteStore,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    expected: type[ConfidError],
    category: str | None,
) -> None:
    """And says so, or that it can't know; the connection is fit for the next transaction."""
    monkeypatch.setattr(Failing, "failing", ("COMMIT", name))
    with pytest.raises(expected) as raised:
        claim(store)
    assert isinstance(raised.value, CommitOutcomeUnknownError) == (category is None)
    assert category in (None, raised.value.category)
    monkeypatch.setattr(Failing, "failing", None)
    assert count(store) == 0
    claim(store)
    assert count(store) == 1


def test_a_transaction_that_sqlite_ended_by_itself_is_no_commit(store: SQLiteStore) -> None:
    """Every call in it is refused, or it would be committed by itself; and so is its end."""
    with pytest.raises(StoreError, match="rolled this transaction back"):
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            tx._connection.execute("ROLLBACK")  # type: ignore[attr-defined]  # as a full disk does
            for use in (tx.count, lambda: tx.claim([(FIRST_ID, "bob")], Claim(at=AT))):
                with pytest.raises(StoreError, match="rolled this transaction back"):
                    use()
    assert count(store) == 0


@pytest.mark.parametrize("failed", ["COMMIT", "nothing"])
def test_a_connection_that_cant_roll_back_is_not_used_again(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, failed: str
) -> None:
    """What the next transaction does would be a part of the former one."""
    monkeypatch.setattr(Failing, "failing", ("ROLLBACK", "SQLITE_IOERR"))
    with pytest.raises(ZeroDivisionError), store.transaction(write=True) as tx:
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        raise ZeroDivisionError
    monkeypatch.setattr(Failing, "failing", None)
    if failed == "nothing":
        claim(store, 1)
    with store.transaction(write=False) as tx:
        assert FIRST_ID not in set(tx.issued_ids())


def test_what_could_not_be_undone_is_not_committed(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A savepoint's rollback that failed ends the transaction, though the error was caught."""
    with pytest.raises(StoreError, match="could not be undone"):
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            monkeypatch.setattr(Failing, "failing", ("ROLLBACK TO", "SQLITE_IOERR"))
            with suppress(ZeroDivisionError), tx.savepoint():
                tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
                raise ZeroDivisionError
            monkeypatch.setattr(Failing, "failing", None)
            with pytest.raises(StoreError, match="could not be undone"):
                tx.count()
    assert count(store) == 0


def test_an_outer_savepoint_undoes_what_an_inner_one_could_not(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the transaction is whole again."""
    with store.transaction(write=True) as tx:
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        with suppress(ZeroDivisionError), tx.savepoint():
            monkeypatch.setattr(Failing, "failing", ("ROLLBACK TO s1", "SQLITE_IOERR"))
            with tx.savepoint():
                tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
                raise ZeroDivisionError
        assert tx.count() == 1
    assert count(store) == 1


# The free IDs that a session keeps.


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[confid.Session]:
    """A tenant that issues from the free set always."""
    monkeypatch.setattr(issuer, "BATCHES", ())
    monkeypatch.setattr(issuer, "BULK", 1)
    space = Space(FIRST_ID, FIRST_ID + 99)
    with open_session(tmp_path / "tenant.db", space=space, host=SilentHost()) as session:
        confid.import_users([{"UserPrincipalName": n, "Licenses": "MCOMEETADV"} for n in NAMES])
        enable_cs_online_dial_in_conferencing_user(NAMES)
        with session.unit(write=False) as tenant:
            session._free_ids.scan(tenant.transaction, space)
        reset(NAMES)
        yield session


def reset(names: list[str]) -> None:
    """Issue a new ID for each."""
    set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)


def free(session: confid.Session) -> list[int]:
    """What the session takes for free."""
    kept = session._free_ids.set
    assert kept is not None
    return sorted(kept._free)


def really_free(session: confid.Session) -> list[int]:
    """What the ledger doesn't hold."""
    with session.store.transaction(write=False) as tx:
        taken = set(tx.issued_ids())
    return [i for i in range(FIRST_ID, FIRST_ID + 100) if i not in taken]


def _one_call(session: confid.Session) -> None:
    with session.unit(write=True) as tenant:
        people = [tenant.user(name).owner for name in NAMES[:3]]
        tenant.ledger.retire(people)
        tenant.ledger.issue(people)
        raise ZeroDivisionError


def _joint(session: confid.Session) -> None:
    with session.transaction():
        reset(NAMES[:3])
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        raise ZeroDivisionError


def _a_call_and_then_the_joint(session: confid.Session) -> None:
    with session.transaction():
        reset(NAMES[:3])
        with suppress(ZeroDivisionError):
            _one_call(session)
        raise ZeroDivisionError


@pytest.mark.parametrize("undone", [_one_call, _joint, _a_call_and_then_the_joint])
def test_what_was_drawn_and_not_issued_is_free_again(
    session: confid.Session, undone: Callable[[confid.Session], None]
) -> None:
    """Once, however many rollbacks there are: neither lost nor proposed twice."""
    assert free(session) == really_free(session)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            undone(session)
        assert free(session) == really_free(session)
    reset(NAMES[:2])
    assert free(session) == really_free(session)


# Callbacks that use the store they are called from.


@pytest.fixture(params=["memory", "sqlite"])
def tenant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[confid.Session]:
    """A tenant with people."""
    place: Store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "t.db")
    with confid.connect(place, host=SilentHost()) as session:
        confid.import_users([{"UserPrincipalName": n, "Licenses": "MCOMEETADV"} for n in NAMES])
        enable_cs_online_dial_in_conferencing_user(NAMES)
        yield session


def test_a_callback_that_writes_is_told_at_once_why_it_cant(tenant: confid.Session) -> None:
    """Progress, on a store with one writer; it doesn't wait for itself."""
    began = time.monotonic()

    def progress(_done: int, _of: int | None) -> None:
        reset([KEN])

    with pytest.raises(StoreError, match="this very thread"):
        set_cs_online_dial_in_conferencing_user(
            NAMES, reset_conference_id=True, progress=progress, session=tenant
        )
    assert time.monotonic() - began < 5
    reset([KEN])


def test_a_callback_that_reads(tenant: confid.Session) -> None:
    """SQLite shows what was committed before; in memory there is no such thing."""
    seen = []

    def progress(_done: int, _of: int | None) -> None:
        seen.append(get_cs_online_dial_in_conferencing_user(KEN).conference_id)

    before = get_cs_online_dial_in_conferencing_user(KEN).conference_id
    with ExitStack() as refused:
        if isinstance(tenant.store, MemoryStore):
            refused.enter_context(pytest.raises(StoreError, match="this very thread"))
        set_cs_online_dial_in_conferencing_user(
            NAMES, reset_conference_id=True, progress=progress, session=tenant
        )
    assert set(seen) <= {before}


def test_a_task_from_before_the_block_is_told_at_once(tenant: confid.Session) -> None:
    """It is no part of the block, and the thread that it would wait for is its own."""
    errors = []

    async def other(begun: asyncio.Event) -> None:
        await begun.wait()
        try:
            reset([KEN])
        except StoreError as error:
            errors.append(str(error))

    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(other(begun))
        await asyncio.sleep(0)
        with tenant.transaction():
            reset(NAMES[1:2])
            begun.set()
            await task

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 5
    assert len(errors) == 1
    assert "this very thread" in errors[0]
    reset([KEN])


# Connections and sessions that nobody uses.


def test_idle_connections_become_few_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a cache of its own; after a rush most of them are closed."""
    with SQLiteStore(tmp_path / "tenant.db") as store:
        store.open(KINDS)
        with ExitStack() as rush:
            for _ in range(3 * sqlite_store.MOST_IDLE):
                rush.enter_context(store.transaction(write=False)).count()
        assert len(store._idle) <= sqlite_store.MOST_IDLE
        monkeypatch.setattr(sqlite_store, "LONG_IDLE", 0.0)
        for _ in range(2 * sqlite_store.MOST_IDLE):
            count(store)
        assert len(store._idle) <= sqlite_store.FEW_IDLE


def test_sessions_that_nobody_closes_are_let_go(tmp_path: Path) -> None:
    """All but the last two, with their connections; a session that somebody holds stays."""
    held = confid.connect(tmp_path / "held.db", host=SilentHost())
    stores, idle = [], []
    for number in range(5):
        session = confid.connect(tmp_path / f"{number}.db", host=SilentHost())
        assert isinstance(session.store, SQLiteStore)
        stores.append(weakref.ref(session.store))
        idle.append(session.store._idle)
    del session
    gc.collect()
    assert [store() is None for store in stores] == [True, True, True, False, False]
    assert [bool(connections) for connections in idle] == [False, False, False, True, True]
    with held.transaction():
        pass
    held.close()


def test_sessions_within_sessions_come_back_in_turn(tmp_path: Path) -> None:
    """However deep; the `with` statements hold them."""
    stacks = []
    for number in range(5):
        session = confid.connect(tmp_path / f"{number}.db", host=SilentHost())
        stacks.append((session, ExitStack()))
        stacks[-1][1].enter_context(session)
    for session, stack in reversed(stacks):
        assert current_session() is session
        stack.close()


def test_a_thread_waits_for_anothers_turn(tenant: confid.Session) -> None:
    """It is another thread's transaction that is waited for, and it ends."""
    begun = threading.Event()
    ids = []

    def work() -> None:
        begun.wait(10)
        user = set_cs_online_dial_in_conferencing_user(
            KEN, reset_conference_id=True, session=tenant
        )
        ids.append(user.conference_id)

    thread = threading.Thread(target=work)
    thread.start()
    with tenant.transaction():
        reset(NAMES[1:2])
        begun.set()
        time.sleep(0.02)
        assert ids == []
    thread.join(30)
    assert len(ids) == 1
