"""An interrupt at any moment leaves a store as a commit or a rollback would."""

from __future__ import annotations

import contextlib
import inspect
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.errors import StoreError
from confid.host import SilentHost
from confid.store import FIRST_ID, Claim, Kind, MemoryStore, OverlayStore, SQLiteStore
from confid.store.blocks import Block, block
from confid.store.locks import OwnedLock
from tests.faults.interrupted import interrupted
from tests.faults.told import fill
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from confid.store import Store

AT = datetime(2026, 1, 2, tzinfo=UTC)
MOMENTS = 60
"""So many of a call's moments are interrupted in the suite, spread over all of them."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no setitimer")


@pytest.fixture(params=["memory", "sqlite", "overlay"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store, or an overlay on one that holds a tenant."""
    base = SQLiteStore(tmp_path / "tenant.db")
    if request.param == "overlay":
        with confid.connect(base):
            pass
        return OverlayStore(base)
    return MemoryStore() if request.param == "memory" else base


class InterruptAt:
    """Raises KeyboardInterrupt where the n-th function begins or has returned."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.seen = 0

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        """For `sys.settrace`."""
        # Where a generator yields Python would skip its `finally`, as no signal can make it.
        yields = event == "return" and frame.f_code.co_flags & inspect.CO_GENERATOR
        if event in ("call", "return") and not yields:
            self.seen += 1
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self

    def run(self, work: Callable[[], object]) -> bool:
        """Whether the work was interrupted."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            work()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False


def ledger(store: Store) -> list[int]:
    """What it holds."""
    with store.transaction(write=False) as tx:
        return list(tx.issued_ids())


# Where Python runs a finalizer it can only say that an interrupt was lost.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_moment_of_a_block_of_resets(store: Store) -> None:
    """Both resets are there or neither is; the session goes on, and nothing is wrong."""
    fill(store, 2)
    names = [f"person{number:03}@contoso.com" for number in range(2)]
    with confid.connect(store, host=SilentHost()) as session:

        def work() -> None:
            with session.transaction():
                for name in names:
                    set_cs_online_dial_in_conferencing_user(name, reset_conference_id=True)

        whole = InterruptAt(0)
        whole.run(work)
        step = max(1, whole.seen // examples(MOMENTS))
        outcomes = set()
        for moment in range(1 + whole.seen % step, whole.seen, step):
            before = ledger(store)
            InterruptAt(moment).run(work)
            after = ledger(store)
            outcomes.add(len(after) - len(before))
            assert confid.check(session).problems == (), moment
        assert outcomes <= {0, 2}
        assert 0 in outcomes
        work()


# Where Python runs a finalizer it can only say that an interrupt was lost.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@posix
def test_signals_at_random_moments(store: Store) -> None:
    """Resets, enables, imports, blocks, merges, and moves at the end; audited."""
    # Nothing moves out of an overlay.
    targets: list[Store] = [] if isinstance(store, OverlayStore) else [MemoryStore()]
    outcome = interrupted(store, examples(25), random.Random(5), targets)
    assert outcome.problems == []
    assert outcome.interrupted > 5


# Locks.


@posix
def test_an_interrupt_while_waiting_for_sqlites_lock_is_heard(tmp_path: Path) -> None:
    """Soon; and the session works as before once the other program is through."""
    path = tmp_path / "tenant.db"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    with SQLiteStore(path) as store, closing(sqlite3.connect(path)) as other:
        store.open([])
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt), store.transaction(write=True):
            pass
        assert time.monotonic() - began < 10
        other.rollback()
        for _ in range(2):
            with store.transaction(write=True) as tx:
                tx.claim([(FIRST_ID + tx.count(), f"{tx.count()}")], Claim(at=AT))
    signal.signal(signal.SIGALRM, before)


def test_a_reader_waits_for_a_lock_too(tmp_path: Path) -> None:
    """As for another program that brings the log into the file; at most its timeout."""
    path = tmp_path / "tenant.db"
    with SQLiteStore(path, timeout=0.2) as store:
        store.open([Kind("plain")])
        with store.transaction(write=False) as tx:
            assert tx.count() == 0
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            store.close()
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError) as raised:
                store.open([Kind("plain")])
            assert raised.value.category == "ResourceBusy"


def test_a_lock_is_its_owners(store: Store) -> None:
    """Nobody else frees it; freeing it twice, or never having had it, does nothing."""
    del store
    lock = OwnedLock()
    lock.acquire("one", timeout=0, what="it")
    lock.release("two")
    assert lock.is_held_by("one")
    with pytest.raises(StoreError, match="very thread"):
        lock.acquire("two", timeout=30, what="it")
    lock.release("one")
    lock.release("one")
    lock.acquire("two", timeout=0, what="it")
    assert lock.is_held_by("two")


# Blocks.


class Recorder(Block[None]):
    """Notes how it ended; its `leave` is interrupted if need be."""

    def __init__(self, *, torn: bool) -> None:
        self.torn = torn
        self.ends: list[str] = []

    def __enter__(self) -> None:
        """Nothing to get ready."""

    def leave(self, error: BaseException | None) -> None:
        """Note what went wrong."""
        if self.torn:
            raise KeyboardInterrupt
        self.ends.append("left" if error is None else type(error).__name__)

    def abandon(self) -> None:
        """Note it."""
        self.ends.append("abandoned")


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_block_ends_once(error: type[Exception] | None) -> None:
    """By `leave`, with what went wrong; or by `abandon`, though the traceback is kept."""
    for stack in (False, True):
        whole = Recorder(torn=False)
        with contextlib.suppress(ValueError):
            if stack:
                with contextlib.ExitStack() as entered:
                    entered.enter_context(whole)
                    if error:
                        raise error
            else:
                with whole:
                    if error:
                        raise error
        assert whole.ends == ["left" if error is None else "ValueError"]
    torn, kept = Recorder(torn=True), None
    try:
        with torn:
            pass
    except KeyboardInterrupt as interrupt:
        kept = interrupt.__traceback__
    assert torn.ends == ["abandoned"]
    assert kept is not None


@pytest.mark.usefixtures("no_sweep")
def test_a_generator_block_is_closed_though_its_traceback_is_kept() -> None:
    """Where an interrupt comes between the generator and the `with` statement."""
    ends: list[str] = []

    @block
    def turn() -> Iterator[int]:
        try:
            yield 7
        except BaseException as error:
            ends.append(type(error).__name__)
            raise
        finally:
            ends.append("over")

    def work() -> None:
        with turn() as seven:
            assert seven == 7

    whole = InterruptAt(0)
    whole.run(work)
    assert ends == ["over"]
    kept = []
    for moment in range(1, whole.seen):
        ends.clear()
        try:
            interrupt = InterruptAt(moment)
            before = sys.gettrace()
            sys.settrace(interrupt)
            work()
        except KeyboardInterrupt as error:
            kept.append(error)
        finally:
            sys.settrace(before)
        assert ends in ([], ["over"], ["GeneratorExit", "over"], ["KeyboardInterrupt", "over"])
    assert len(kept) == whole.seen - 1
