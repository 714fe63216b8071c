"""OverlayStore keeps the whole contract, whatever it lies on; and the base is never written to."""

from __future__ import annotations

import itertools
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from confid.errors import StoreError
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

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of one


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

    stories = examples(20)

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

    stories = examples(20)

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


def in_lockstep(
    make_base: Callable[[], Store], count: int, *, look: Callable[[], object] = dict
) -> None:
    """Overlays on many bases behave as stores that hold base and overlay together.

    `look` gives what an overlay must leave as it was.
    """
    seeds = itertools.count()
    opened: list[Store] = []
    seen: list[object] = []

    def end() -> None:
        for store in opened:
            store.close()
        assert [look()] == seen or not opened

    def make_stores() -> tuple[Store, Store]:
        end()
        opened[:] = union, overlay = overlay_and_union(make_base(), next(seeds))
        seen[:] = [look()]
        return union, overlay

    run_in_lockstep(make_stores, examples=examples(count))
    end()


def test_it_is_base_and_overlay_together_over_sqlite(tmp_path: Path) -> None:
    """Unique fields, find, scan, counts and claims; and the file is what it was."""
    path = tmp_path / "tenant.db"

    def make_base() -> SQLiteStore:
        path.unlink(missing_ok=True)
        return SQLiteStore(path)

    def look() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    in_lockstep(make_base, 25, look=look)


@pytest.mark.parametrize("make", [MemoryStore, Foreign, lambda: OverlayStore(MemoryStore())])
def test_it_is_base_and_overlay_together(make: Callable[[], Store]) -> None:
    """In memory, on a foreign store, on another overlay."""
    in_lockstep(make, 25)


def test_it_is_base_and_overlay_together_over_postgresql(new_schema: Callable[[], str]) -> None:
    """On a server."""
    in_lockstep(lambda: PostgresStore(new_schema()), 10)


# When the base changes.

CHANGES: dict[str, Callable[[Transaction], object]] = {
    "a new document": lambda tx: tx.put("plain", {"new": {}}),
    "another body": lambda tx: tx.put("plain", {"there": {"x": 2}}),
    "a document fewer": lambda tx: tx.delete("plain", ["there"]),
    "a claim": lambda tx: tx.claim([(FIRST_ID + 30, "new")], Claim(at=AT)),
    "a retirement": lambda tx: tx.retire(["dan"], at=AT),
}


def act(store: Store, do: Callable[[Transaction], object]) -> None:
    """Do something in a transaction of its own."""
    with store.transaction(write=True) as tx:
        do(tx)


@pytest.fixture(params=[MemoryStore, Foreign])
def base(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A base that can't hold a moment, with something in it."""
    with request.param() as store:
        store.open(KINDS)
        act(store, lambda tx: tx.put("plain", {"there": {"x": 1}}))
        act(store, lambda tx: tx.claim([(FIRST_ID + 20, "dan")], Claim(at=AT)))
        yield store


def look(tx: Transaction) -> None:
    """Read everything, in every way."""
    list(tx.scan("plain"))
    tx.get("plain", ["there", "new"])
    tx.find("thing", "name", ["a"])
    tx.current(["dan", "new"])
    tx.lookup(tx.issued_ids())
    tx.history("dan")
    assert (tx.count(), tx.has_issued()) == (1, True)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_base_ends_the_overlay(base: Store, change: str) -> None:
    """The next transaction says so, and so does each after it; a new overlay sees it."""
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        act(overlay, look)
        act(base, CHANGES[change])
        for write in (True, False, True):
            with pytest.raises(StoreError, match="has changed") as raised:
                overlay.transaction(write=write).__enter__()
            assert raised.value.category == "OperationStopped"
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        seen = []
        for store in (overlay, base):
            act(store, lambda tx: seen.append([list(tx.scan("plain")), list(tx.entries())]))
        assert seen[0] == seen[1]


def test_what_was_undone_is_no_change(base: Store) -> None:
    """Nor is reading, or writing nothing. The base stays open for others."""
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        act(overlay, look)
        act(base, look)
        act(base, lambda tx: tx.delete("plain", []))
        for change in CHANGES.values():
            with pytest.raises(ZeroDivisionError), base.transaction(write=True) as tx:
                change(tx)
                raise ZeroDivisionError
        act(overlay, look)
    act(base, look)


def test_a_base_that_was_closed_is_closed_again(base: Store) -> None:
    """Only an overlay that has opened it closes it."""
    base.close()
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        act(overlay, look)
    with pytest.raises(StoreError), base.transaction(write=False):
        pass


WRITES: dict[str, tuple[Callable[[Transaction], object], Callable[[Transaction], object]]] = {
    "a unique value": (
        lambda tx: tx.put("thing", {"x": {"index": {"name": "x"}}}),
        lambda tx: tx.put("thing", {"y": {"index": {"name": "x"}}}),
    ),
    "an ID": (
        lambda tx: tx.claim([(FIRST_ID + 30, "new")], Claim(at=AT)),
        lambda tx: tx.claim([(FIRST_ID + 30, "other")], Claim(at=AT)),
    ),
    "an owner": (
        lambda tx: tx.claim([(FIRST_ID + 30, "new")], Claim(at=AT)),
        lambda tx: tx.claim([(FIRST_ID + 31, "new")], Claim(at=AT)),
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_writes_that_no_longer_fit_keep_it_from_opening(base: Store, write: str) -> None:
    """Both the base and the overlay would have it then."""
    mine, others = WRITES[write]
    overlay = OverlayStore(base)
    overlay.open(KINDS)
    act(overlay, mine)
    overlay.close()
    act(base, others)
    for _ in range(2):
        with pytest.raises(StoreError, match="don't fit together"):
            overlay.open(KINDS)
        with pytest.raises(StoreError), overlay.transaction(write=False):
            pass


def test_opened_again_it_sees_the_base_anew(base: Store) -> None:
    """Under the writes of its own."""
    overlay = OverlayStore(base)
    overlay.open(KINDS)
    act(overlay, lambda tx: tx.put("plain", {"mine": {}}))
    act(overlay, lambda tx: tx.exchange([(FIRST_ID + 21, "dan")], Claim(at=AT, by="me")))
    act(overlay, lambda tx: tx.living(["dan"]))
    overlay.close()
    act(base, lambda tx: tx.put("plain", {"theirs": {}}))
    act(base, lambda tx: tx.claim([(FIRST_ID + 22, "dan")], Claim(at=AT, retired=True)))
    with overlay:
        overlay.open(KINDS, create=False)
        with overlay.transaction(write=False) as tx:
            assert [key for key, _ in tx.scan("plain")] == ["mine", "theirs", "there"]
            assert tx.living(["dan"]) == {"dan": (FIRST_ID + 21, 3)}
            assert tx.history("dan")[0].retired_by == "me"


def test_it_says_what_was_written(base: Store) -> None:
    """And gives both sides at once."""
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        nothing = overlay.changes()
        assert (nothing.documents, nothing.owners) == ({"thing": set(), "plain": set()}, set())
        act(overlay, lambda tx: tx.put("plain", {"new": {"x": 1}}))
        act(overlay, lambda tx: tx.delete("plain", ["there"]))
        act(overlay, lambda tx: tx.retire(["dan"], at=AT))
        changes = overlay.changes()
        assert changes.documents == {"thing": set(), "plain": {"new", "there"}}
        assert changes.owners == {"dan"}
        with overlay.before_and_after() as (before, after):
            assert before.get("plain", ["new", "there"]) == {"there": {"x": 1}}
            assert after.get("plain", ["new", "there"]) == {"new": {"x": 1}}
            assert (len(before.current(["dan"])), after.current(["dan"])) == (1, {})


def test_it_says_which_ids_were_drawn(base: Store) -> None:
    """Not those that it retired of the base's, nor those that were imported."""
    with OverlayStore(base) as overlay:
        overlay.open(KINDS)
        act(overlay, lambda tx: tx.retire(["dan"], at=AT))
        act(overlay, lambda tx: tx.claim([(FIRST_ID + 21, "dan")], Claim(at=AT)))
        act(overlay, lambda tx: tx.exchange([(FIRST_ID + 22, "dan")], Claim(at=AT)))
        act(overlay, lambda tx: tx.claim([(FIRST_ID + 23, "eve")], Claim(at=AT, origin=IMPORTED)))
        assert overlay.changes().drawn == {FIRST_ID + 21, FIRST_ID + 22}
