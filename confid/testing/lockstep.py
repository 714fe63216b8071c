"""A machine that drives two stores with the same operations and compares every answer and error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Current,
    Find,
    Get,
    Kind,
    Living,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from confid.store.base import Store, Transaction

THING = Kind("thing", indexes=("colour",), unique=("name",))
PLAIN = Kind("plain")
KINDS = (THING, PLAIN)

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

GOOD_TEXT = st.sampled_from(
    ["a", "b", "c", "B", "é", "e\u0301", "\uffee", "\U0001f4de", "'", '"', "\\u0000", "%", "a b"]
)
BAD_TEXT = st.sampled_from(["\0", "a\0", "\ud800", "a\udfff"])
# Mostly good: bad text ends an operation before it gets interesting.
TEXT = st.integers(0, 19).flatmap(lambda dice: GOOD_TEXT if dice else BAD_TEXT)
TEXTS = st.lists(TEXT, max_size=4)
VALUE = st.none() | GOOD_TEXT
BODY: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {"index": st.fixed_dictionaries({}, optional={"colour": VALUE, "name": VALUE})},
    optional={"data": st.sampled_from([None, 1.5, 10**30, [], {"a": ["\\", "\x01"]}])},
)
DOCUMENTS = st.dictionaries(TEXT, BODY, max_size=4)
KIND = st.sampled_from(["thing", "thing", "plain", "stranger"])

IDS = st.integers(FIRST_ID, FIRST_ID + 12) | st.sampled_from(
    [LAST_ID, 0, LAST_ID + 1, FIRST_ID - 1]
)
OWNER = st.sampled_from(["ann", "bob", "cyd", "\U0001f600"])
PROPOSALS = st.lists(st.tuples(IDS, OWNER), max_size=4, unique_by=lambda pair: pair[1])
CLAIMS = st.builds(
    Claim,
    at=st.just(AT),
    by=st.sampled_from([None, "importer"]),
    origin=st.sampled_from([ISSUED, IMPORTED]),
    retired=st.booleans(),
)


class _Undo(Exception):  # noqa: N818 - it is no error, it rolls back
    """Leaves a block to have it undone."""


def outcome(act: Callable[[], object]) -> tuple[object, ...]:
    """What an operation answered, or which error it raised."""
    try:
        return "answer", act()
    except DuplicateKeyError as error:
        return "duplicate", error.kind, error.field
    except StoreError as error:
        return "error", type(error)


class LockStep(RuleBasedStateMachine):
    """Two stores side by side, through transactions, savepoints, rollbacks and misuse."""

    def __init__(self, make_stores: Callable[[], Sequence[Store]]) -> None:
        super().__init__()
        self.stores: Sequence[Store] = make_stores()
        self.blocks: list[list[AbstractContextManager[Any]]] = []
        self.transactions: list[Transaction] = []

    @initialize()
    def open(self) -> None:
        """Open both."""
        for store in self.stores:
            store.open(KINDS)

    def same(self, act: Callable[[Transaction], object]) -> None:
        """Do it on both sides; what comes of it is the same."""
        first, second = (outcome(lambda t=t: act(t)) for t in self.transactions)  # type: ignore[misc]  # mypy can't type a default of a lambda
        assert first == second  # noqa: S101 - this is a test

    # Blocks.

    @precondition(lambda self: not self.blocks)
    @rule(write=st.integers(0, 4).map(bool))
    def begin(self, write: bool) -> None:
        """Begin a transaction, more often to write."""
        self.blocks.append([store.transaction(write=write) for store in self.stores])
        self.transactions = [block.__enter__() for block in self.blocks[0]]

    @precondition(lambda self: self.blocks)
    @rule()
    def savepoint(self) -> None:
        """Begin a savepoint."""
        self.blocks.append([transaction.savepoint() for transaction in self.transactions])
        for block in self.blocks[-1]:
            block.__enter__()

    @precondition(lambda self: self.blocks)
    @rule(undo=st.booleans())
    def leave(self, undo: bool) -> None:
        """Leave the innermost block, well or with an exception."""
        error = _Undo() if undo else None
        for block in self.blocks.pop():
            swallowed = block.__exit__(type(error) if error else None, error, None)
            assert not swallowed  # noqa: S101 - this is a test

    # Documents. Outside of a block these meet a transaction that is over.

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, documents=DOCUMENTS)
    def put(self, kind: str, documents: dict[str, Body]) -> None:
        """Write documents."""
        self.same(lambda t: t.put(kind, documents))

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, keys=TEXTS)
    def delete(self, kind: str, keys: list[str]) -> None:
        """Remove documents."""
        self.same(lambda t: t.delete(kind, keys))

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, keys=TEXTS, lock=st.booleans())
    def get(self, kind: str, keys: list[str], lock: bool) -> None:
        """Read documents by key."""
        self.same(lambda t: t.get(kind, keys, lock=lock))

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, field=st.sampled_from(["colour", "name", "stranger"]), values=TEXTS)
    def find(self, kind: str, field: str, values: list[str]) -> None:
        """Read documents by an index field."""
        self.same(lambda t: t.find(kind, field, values))

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, keys=TEXTS, owners=st.lists(OWNER, max_size=3), lock=st.booleans())
    def read(self, kind: str, keys: list[str], owners: list[str], lock: bool) -> None:
        """Ask several questions at once."""
        questions = Get("plain", keys, lock), Find("thing", "name", keys), Current(owners)
        self.same(lambda t: t.read(*questions, Get(kind, keys), Living(owners)))

    @precondition(lambda self: self.transactions)
    @rule(key=GOOD_TEXT)
    def foresee(self, key: str) -> None:
        """Say what may be asked; what is answered afterwards is the same."""
        for transaction in self.transactions:
            transaction.foresee(Get("plain", [key]), Find("thing", "name", [key]))

    @precondition(lambda self: self.transactions)
    @rule(kind=KIND, after=st.just("") | TEXT, limit=st.none() | st.integers(0, 3))
    def scan(self, kind: str, after: str, limit: int | None) -> None:
        """Read documents in order."""
        self.same(lambda t: list(t.scan(kind, after=after, limit=limit)))

    # The ledger.

    @precondition(lambda self: self.transactions)
    @rule(proposals=PROPOSALS, claim=CLAIMS)
    def claim(self, proposals: list[tuple[int, str]], claim: Claim) -> None:
        """Claim IDs."""
        self.same(lambda t: t.claim(proposals, claim))

    @precondition(lambda self: self.transactions)
    @rule(proposals=PROPOSALS, claim=CLAIMS)
    def exchange(self, proposals: list[tuple[int, str]], claim: Claim) -> None:
        """Retire and claim IDs."""
        self.same(lambda t: t.exchange(proposals, claim))

    @precondition(lambda self: self.transactions)
    @rule(owners=st.lists(OWNER, max_size=3))
    def retire(self, owners: list[str]) -> None:
        """Retire IDs."""
        self.same(lambda t: t.retire(owners, at=AT, by="somebody"))

    @precondition(lambda self: self.transactions)
    @rule(owners=st.lists(OWNER, max_size=3), ids=st.lists(IDS, max_size=3), after=IDS)
    def look(self, owners: list[str], ids: list[int], after: int) -> None:
        """Read the ledger in every way."""
        self.same(lambda t: t.current(owners))
        self.same(lambda t: t.lookup(ids))
        self.same(lambda t: [t.history(owner) for owner in owners])
        self.same(lambda t: list(t.entries(after=after)))
        self.same(lambda t: (t.count(), t.has_issued()))

    def teardown(self) -> None:
        """Commit what is open; in the end both hold the same."""
        while self.blocks:
            self.leave(undo=False)
        everything = [_contents(store) for store in self.stores if self.transactions]
        for store in self.stores:
            store.close()
        assert not everything or everything[0] == everything[1]  # noqa: S101 - this is a test


def _contents(store: Store) -> object:
    with store.transaction(write=False) as transaction:
        documents = [list(transaction.scan(kind.name)) for kind in KINDS]
        return documents, list(transaction.entries()), list(transaction.issued_ids())


def run_in_lockstep(make_stores: Callable[[], Sequence[Store]], *, examples: int = 50) -> None:
    """Drive two new stores a number of times; fails with the shortest story that parts them."""
    run_state_machine_as_test(
        lambda: LockStep(make_stores),  # type: ignore[arg-type]  # a factory is fine too
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
