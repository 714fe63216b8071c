"""How a transaction on PostgreSQL may end: by a fork, an interrupt, a COMMIT that is none."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import confid
from confid.errors import StoreError
from confid.store import FIRST_ID, Claim, Kind, PostgresStore
from confid.store.postgres import pipeline
from tests.tenants import set_user, tenant, upn
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from confid.store import Transaction

AT = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = (Kind("plain"),)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of some


@pytest.fixture
def store(new_schema: Callable[[], str]) -> Iterator[PostgresStore]:
    """An opened store with two connections, of which a lost one is missed soon."""
    with PostgresStore(new_schema(), pool_size=2, timeout=2) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            tx.put("plain", {"1": {"id": FIRST_ID}})
        yield store


def sessions(store: PostgresStore) -> list[str]:
    """What the server says of this store's sessions, another one's excepted."""
    with psycopg.connect(store.place.conninfo.reveal(), autocommit=True) as admin:
        rows = admin.execute(
            "SELECT state FROM pg_stat_activity WHERE application_name = 'confid'"
        ).fetchall()
    return [state for (state,) in rows]


# Forks.


def in_child(act: Callable[[], object]) -> str:
    """What comes of an act in a forked child: "fine", or the name of an error."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(20)
        try:
            act()
            said = "fine"
        except BaseException as error:  # noqa: BLE001 - it is told
            said = type(error).__name__
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


USES: dict[str, Callable[[Transaction], object]] = {
    "get": lambda tx: tx.get("plain", ["1"]),
    "get locked": lambda tx: tx.get("plain", ["1"], lock=True),
    "scan": lambda tx: list(tx.scan("plain")),
    "put": lambda tx: tx.put("plain", {"1": {}}),
    "delete": lambda tx: tx.delete("plain", ["1"]),
    "claim": lambda tx: tx.claim([(FIRST_ID + 9, "eve")], Claim(at=AT)),
    "retire": lambda tx: tx.retire(["ann"], at=AT),
    "current": lambda tx: tx.current(["ann"]),
    "lookup": lambda tx: tx.lookup([FIRST_ID]),
    "history": lambda tx: tx.history("ann"),
    "entries": lambda tx: list(tx.entries()),
    "issued_ids": lambda tx: list(tx.issued_ids()),
    "count": lambda tx: tx.count(),
    "has_issued": lambda tx: tx.has_issued(),
    "savepoint": lambda tx: tx.savepoint().__enter__(),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python's own, of forks beside threads
def test_an_open_transaction_is_refused_in_a_forked_child(store: PostgresStore) -> None:
    """At once, whatever is asked of it, COMMIT too; and the parent's goes on undisturbed."""
    with store.transaction(write=True) as tx:
        stream = tx.entries()
        for use in USES.values():
            assert in_child(lambda use=use: use(tx)) == "StoreError"  # type: ignore[misc]
        assert in_child(lambda: next(stream)) == "StoreError"
        block = store.transaction(write=True)
        joint = block.__enter__()
        assert in_child(lambda: block.__exit__(None, None, None)) == "StoreError"
        assert in_child(lambda: block.__exit__(KeyError, KeyError(), None)) == "fine"
        joint.put("plain", {"2": {}})
        block.__exit__(None, None, None)
        tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
    with store.transaction(write=False) as tx:
        assert tx.current(["ann", "bob"]) == {"ann": FIRST_ID, "bob": FIRST_ID + 1}
        assert dict(tx.scan("plain")) == {"1": {"id": FIRST_ID}, "2": {}}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_is_told_no_id(new_schema: Callable[[], str]) -> None:
    """A cmdlet in a block that was open when the process was forked."""
    with tenant("ken", "ann", store=new_schema()) as session:
        with session.transaction():
            set_user(upn("ken"), reset_conference_id=True)
            said = in_child(lambda: set_user(upn("ann"), reset_conference_id=True))
            assert said in ("StoreError", "NotConnectedError")
            issued = set_user(upn("ann"), reset_conference_id=True)
        assert confid.whois(issued.conference_id)
        assert confid.check().problems == ()


# Interrupts.


def interrupted(act: Callable[[], object], after: float) -> None:
    """Do something into which a KeyboardInterrupt comes after so many seconds, if it takes as long.

    A real signal: Python raises between two instructions, or in a wait for the server.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        act()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGALRM, former)


def interrupted_at(act: Callable[[], object], step: int, *, file: str = "") -> bool:
    """Do something into which a KeyboardInterrupt comes at a step; whether it takes as many.

    A step is where Python looks for signals: as a function begins, and as a built-in one returns;
    of all files or of one.
    """
    steps = itertools.count()

    def look(frame: FrameType, event: str, _: object) -> None:
        here = not file or frame.f_code.co_filename == file
        if here and event in ("call", "c_return") and next(steps) == step:
            raise KeyboardInterrupt

    try:
        sys.setprofile(look)
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def change(store: PostgresStore, number: int) -> None:
    """Ann gets a new ID, which a document names too."""
    with store.transaction(write=True) as tx:
        tx.get("plain", ["1"], lock=True)
        with tx.savepoint():
            tx.retire(["ann"], at=AT)
            tx.claim([(number, "ann")], Claim(at=AT))
        tx.put("plain", {"1": {"id": number}})


def check(store: PostgresStore, number: int) -> bool:
    """See that all connections are free, and a change is whole; whether that number was issued."""
    with store.transaction(write=True) as one, store.transaction(write=False) as tx:
        one.get("plain", ["1"], lock=True)
        shown = tx.get("plain", ["1"])["1"]["id"]
        assert tx.current(["ann"]) == {"ann": shown}
        serials = [entry.serial for entry in tx.history("ann")]
        assert serials == list(range(1, len(serials) + 1))
        return bool(shown == number)


@pytest.mark.usefixtures("no_sweep")
def test_an_interrupt_leaves_a_commit_or_a_rollback(store: PostgresStore) -> None:
    """At whatever moment; and the store can be used at once, with all its connections."""
    dice = random.Random(14)
    began = time.perf_counter()
    change(store, FIRST_ID + 1)
    whole = time.perf_counter() - began
    committed = 0
    for n in range(2, examples(100)):
        after = max(1e-5, dice.uniform(0, 1.2 * whole))
        interrupted(lambda n=n: change(store, FIRST_ID + n), after)  # type: ignore[misc]
        interrupted(lambda n=n: store.holder(FIRST_ID + n), after / 4)  # type: ignore[misc]
        committed += check(store, FIRST_ID + n)
    assert committed
    assert "idle in transaction" not in sessions(store)


@pytest.mark.usefixtures("no_sweep")
def test_an_interrupt_at_each_step(store: PostgresStore) -> None:
    """From the wait for a connection until it is free again; every few steps in the suite."""
    for act in (change, lambda store, number: store.holder(number)):
        stride = max(1, 23 // examples(1))
        for n in itertools.count(1):
            number = FIRST_ID + 10_000 * (act is change) + n
            if not interrupted_at(lambda: act(store, number), n * stride):  # noqa: B023 - called at once
                break
            check(store, number)
        assert n > 3
    assert "idle in transaction" not in sessions(store)


def test_a_lock_that_an_interrupt_left_held_holds_nobody_up(store: PostgresStore) -> None:
    """Between psycopg's taking of its lock and its `with` block; it looks for signals there."""
    connection = store.pool().take()
    connection.lock.__enter__()
    store.pool().give_back(connection)
    changing = threading.Thread(target=change, args=(store, FIRST_ID + 1), daemon=True)
    changing.start()
    changing.join(timeout=10)
    assert not changing.is_alive()


@pytest.mark.parametrize("undone", [True, False])
def test_a_transaction_that_goes_on_after_an_interrupt_loses_nothing(
    store: PostgresStore, *, undone: bool
) -> None:
    """Nothing is committed without what was written before; where it isn't undone nothing is."""

    def change(number: int) -> None:
        with store.transaction(write=True) as tx:
            tx.put("plain", {"before": {"n": number}})
            try:
                with tx.savepoint() if undone else nullcontext():
                    tx.get("plain", ["1"], lock=True)
            except KeyboardInterrupt:
                caught.add(number)
            tx.put("plain", {"after": {"n": number}})
        committed.add(number)

    caught: set[int] = set()
    committed: set[int] = set()
    for n in itertools.count(1):
        torn = True
        with suppress(StoreError):
            torn = interrupted_at(lambda: change(n), n, file=pipeline.__file__)  # noqa: B023 - called at once
        with store.transaction(write=False) as tx:
            found = tx.get("plain", ["before", "after"])
        written = [body["n"] for body in found.values()].count(n)
        assert written == 2 or (written == 0 and n not in committed)
        if not torn and n not in caught:
            break
    assert caught - committed
    assert bool(caught & committed) == undone


@pytest.mark.usefixtures("no_sweep")
def test_a_statement_that_was_interrupted_holds_no_lock(store: PostgresStore) -> None:
    """The server is told to give it up."""
    with store.transaction(write=True) as first:
        first.get("plain", ["1"], lock=True)
        interrupted(lambda: change(store, FIRST_ID + 1), 0.1)
    change(store, FIRST_ID + 2)
    with store.transaction(write=False) as tx:
        assert tx.current(["ann"]) == {"ann": FIRST_ID + 2}


def test_an_interrupt_before_the_end_has_begun(store: PostgresStore) -> None:
    """What nobody ended is rolled back as soon as nobody holds it."""
    for _ in range(5):
        block = store.transaction(write=True)
        leave = block.__exit__
        block.__enter__().put("plain", {"lost": {}})
        del leave
    with store.transaction(write=True) as tx:
        assert tx.get("plain", ["lost"], lock=True) == {}


@pytest.mark.usefixtures("no_sweep")
def test_a_wait_for_a_connection_is_interrupted(store: PostgresStore) -> None:
    """The pool has all its connections afterwards."""
    with store.transaction(write=False), store.transaction(write=False):
        interrupted(lambda: change(store, FIRST_ID + 1), 0.1)
    with store.transaction(write=True) as one, store.transaction(write=False) as other:
        assert one.count() == other.count() == 1


# COMMIT and ROLLBACK.


def connection_of(tx: Transaction) -> psycopg.Connection[Any]:
    """The connection of a transaction."""
    connection: psycopg.Connection[Any] = vars(tx)["pipeline"].connection
    return connection


def test_a_commit_that_is_answered_by_rollback_is_an_error(store: PostgresStore) -> None:
    """Somebody has swallowed a failed statement: nothing was changed, and nothing else is said."""
    with (
        pytest.raises(StoreError, match="rolled back") as raised,
        store.transaction(write=True) as tx,
    ):
        tx.put("plain", {"2": {}})
        tx.count()
        with suppress(psycopg.Error):
            connection_of(tx).execute("SELECT 1/0")
    assert type(raised.value) is StoreError
    with store.transaction(write=False) as tx:
        assert [key for key, _ in tx.scan("plain")] == ["1"]


def test_a_connection_in_mid_transaction_is_not_used_again(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that comes back as it is: the next transaction begins on another."""
    monkeypatch.setattr(pipeline, "roll_back", lambda _: None)
    with pytest.raises(KeyError), store.transaction(write=True) as tx:
        tx.put("plain", {"2": {}})
        tx.count()
        used = connection_of(tx)
        raise KeyError
    monkeypatch.undo()
    assert used.closed
    for _ in range(2):
        with store.transaction(write=True) as tx:
            assert connection_of(tx) is not used
            assert [key for key, _ in tx.scan("plain")] == ["1"]


def test_a_rollback_that_fails_costs_a_connection_and_nothing_else(store: PostgresStore) -> None:
    """The error of the block goes on its way."""
    for _ in range(3):
        with pytest.raises(KeyError), store.transaction(write=True) as tx:
            tx.put("plain", {"2": {}})
            tx.count()
            connection_of(tx).close()
            raise KeyError
    with store.transaction(write=True) as tx:
        assert [key for key, _ in tx.scan("plain")] == ["1"]
