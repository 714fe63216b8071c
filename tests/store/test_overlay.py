"""OverlayStore keeps the whole contract, whatever it lies on; and the base is never written to."""

from __future__ import annotations

import itertools
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from confid.store import (
    FIRST_ID,
    IMPORTED,
    Claim,
    MemoryStore,
    OverlayStore,
    PostgresStore,
    SQLiteStore,
    Store,
    enter,
)
from confid.store.locks import OwnedLock
from confid.testing import StoreContract, run_in_lockstep
from confid.testing.lockstep import AT, KINDS
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from confid.store import Kind, Transaction


class Foreign(Store):
    """Another package's store: of what isn't abstract it has nothing of its own."""

    def __init__(self) -> None:
        self.inner = MemoryStore()

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Open what it wraps."""
        self.inner.open(kinds, create=create)

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """What it wraps gives."""
        return self.inner.transaction(write=write)

    def close(self) -> None:
        """Close what it wraps."""
        self.inner.close()


class TestOverNothing(StoreContract):
    """The contract, over a file that isn't there and isn't made: all is the overlay's own."""

    @pytest.fixture(autouse=True)
    def nothing_is_made(self, tmp_path: Path) -> Iterator[None]:
        """Whatever is written."""
        yield
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def make_store(self, tmp_path: Path) -> OverlayStore:
        """An overlay on it."""
        return OverlayStore(SQLiteStore(tmp_path / "tenant.db"))


class Carried(Store):
    """An overlay whose every commit is then made in the base: each transaction reads through."""

    def __init__(self, base: Store) -> None:
        self.base = base
        self.overlay = OverlayStore(base)
        self.kinds: tuple[Kind, ...] = ()
        self.lock = OwnedLock()

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Open the base, then the overlay."""
        self.kinds = tuple(kinds)
        self.base.open(self.kinds, create=create)
        self.overlay.open(self.kinds, create=False)

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One of the overlay."""
        turn = object()
        self.lock.acquire(turn, timeout=30, what=self)
        try:
            with self.overlay.transaction(write=write) as tx:
                yield tx
            if write:
                self.carry()
        finally:
            self.lock.release(turn)

    def carry(self) -> None:
        """Make the overlay's changes in the base, and begin with a new overlay."""
        changes = self.overlay.changes()
        with (
            self.overlay.before_and_after() as (before, after),
            self.base.transaction(write=True) as tx,
        ):
            for kind, keys in changes.documents.items():
                there = after.get(kind, keys)
                tx.delete(kind, keys - there.keys())
                tx.put(kind, there)
            for owner in changes.owners:
                entries = after.history(owner)
                known = before.lookup(entry.conference_id for entry in entries)
                for entry in entries:
                    was = known.get(entry.conference_id)
                    if was and entry.retired_at and not was.retired_at:
                        tx.retire([owner], at=entry.retired_at, by=entry.retired_by)
                enter(tx, [entry for entry in entries if entry.conference_id not in known])
        self.overlay.close()
        self.overlay = OverlayStore(self.base)
        self.overlay.open(self.kinds, create=False)

    def close(self) -> None:
        """Close both."""
        self.overlay.close()
        self.base.close()


class TestOverWhatWasWrittenBefore(StoreContract):
    """The contract, over a base that holds all that earlier transactions wrote."""

    def make_store(self, tmp_path: Path) -> Carried:
        """An overlay on a new file."""
        return Carried(SQLiteStore(tmp_path / "tenant.db"))


# Over a base that holds something.

TEXTS = ("a", "b", "c", "B", "é", "e\u0301", "\uffee", "\U0001f4de", "a b")


def fill(tx: Transaction, seed: int) -> None:
    """What the operations of the lock-step meet: documents, living IDs, retired ones."""
    dice = random.Random(seed)
    names = dice.sample(TEXTS, 4)
    for number, name in enumerate(names):
        colour = dice.choice(TEXTS)
        tx.put("thing", {dice.choice(TEXTS): {"index": {"name": name, "colour": colour}}})
        tx.put("plain", {dice.choice(TEXTS): {"number": number}})
    for conference_id in dice.sample(range(FIRST_ID, FIRST_ID + 12), 5):
        claim = Claim(
            at=AT,
            by=dice.choice((None, "admin")),
            origin=dice.choice(("issued", IMPORTED)),
            retired=dice.random() < 0.2,
        )
        owner = dice.choice(("ann", "bob", "cyd"))
        tx.retire([owner] if not claim.retired else [], at=AT, by="admin")
        tx.claim([(conference_id, owner)], claim)


def overlay_and_union(base: Store, seed: int) -> tuple[Store, Store]:
    """A store of what the base holds, and an overlay on it."""
    union = MemoryStore()
    for store in (union, base):
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            fill(tx, seed)
    union.close()
    base.close()
    return union, OverlayStore(base)


def in_lockstep(make_base: Callable[[], Store], count: int) -> None:
    """Overlays on many bases behave as stores that hold base and overlay together."""
    seeds = itertools.count()
    opened: list[Store] = []

    def make_stores() -> tuple[Store, Store]:
        for store in opened:
            store.close()
        opened[:] = overlay_and_union(make_base(), next(seeds))
        return opened[0], opened[1]

    run_in_lockstep(make_stores, examples=examples(count))
    for store in opened:
        store.close()


def test_it_is_base_and_overlay_together_over_sqlite(tmp_path: Path) -> None:
    """Unique fields, find, scan, counts and claims."""
    names = itertools.count()
    in_lockstep(lambda: SQLiteStore(tmp_path / f"{next(names)}.db"), 25)


@pytest.mark.parametrize("make", [MemoryStore, Foreign, lambda: OverlayStore(MemoryStore())])
def test_it_is_base_and_overlay_together(make: Callable[[], Store]) -> None:
    """In memory, on a foreign store, on another overlay."""
    in_lockstep(make, 25)


def test_it_is_base_and_overlay_together_over_postgresql(new_schema: Callable[[], str]) -> None:
    """On a server."""
    in_lockstep(lambda: PostgresStore(new_schema()), 10)
