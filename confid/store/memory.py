"""A tenant in memory: for notebooks, rehearsals and tests. Gone when the process ends."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from confid.errors import DuplicateKeyError, StoreError
from confid.store import process
from confid.store.base import (
    ISSUED,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Lock,
    Moment,
    Store,
    Transaction,
    check_proposals,
    check_text,
)
from confid.store.blocks import Block, block
from confid.store.checks import (
    index_of,
    to_json,
    unknown_field,
    unknown_kind,
)
from confid.store.locks import OwnedLock
from confid.store.memory_contents import Contents, Kept, Texts, decoded, reindexed
from confid.store.moments import opened_once_first, passed
from confid.store.process import refuse_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another thread's transaction, as SQLiteStore waits."""


def absent() -> StoreError:
    """The error for a store that holds no tenant."""
    return StoreError(
        "This memory store holds no tenant yet; connect with create=True.",
        category="ObjectNotFound",
    )


class MemoryStore(Store):
    """A store in this process's memory; one transaction at a time, the others wait."""

    def __init__(self) -> None:
        self._contents = Contents()
        self.lock: OwnedLock = OwnedLock()
        self._pid = process.pid
        self._opened = False

    def __repr__(self) -> str:
        return "MemoryStore()"

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Keep documents of these kinds; what a former session left is still there."""
        kept = self._contents.kept
        if not create and not kept:
            raise absent()
        for kind in kinds:
            if kind.name not in kept:
                kept[kind.name] = Kept(kind)
            elif kept[kind.name].kind != kind:
                kept[kind.name] = reindexed(kept[kind.name], kind)
        self._opened = True

    def close(self) -> None:
        """Nothing to let go of: a memory store can be opened again."""
        self._opened = False

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """One transaction; waits up to 30 seconds for that of another thread."""
        return _Turn(self, write=write)

    def moment(self, kinds: Iterable[Kind]) -> Moment:
        """What is there now; it is over with the next change."""
        kept = self._contents.kept
        if not kept:
            raise absent()
        for kind in kinds:
            if kind.name not in kept or not set(kind.fields) <= set(kept[kind.name].kind.fields):
                raise opened_once_first(self)
        return _MemoryMoment(self, self._contents)

    def begin(self, turn: object, *, closed: bool = False) -> Contents:
        """Wait for the turn; what the store holds. Raises `StoreError` when it is closed."""
        refuse_fork(self._pid, self)
        if not (self._opened or closed):
            raise StoreError("This memory store is closed.")
        self.lock.acquire(turn, timeout=LOCK_TIMEOUT, what="This memory store")
        return self._contents


class _Turn(Block[Transaction]):
    """A transaction from its beginning to its end."""

    _transaction: _MemoryTransaction | None = None

    def __init__(self, store: MemoryStore, *, write: bool, closed: bool = False) -> None:
        self._store = store
        self._write = write
        self._closed = closed

    def __enter__(self) -> Transaction:
        self._transaction = transaction = _MemoryTransaction(
            self._store.begin(self, closed=self._closed), write=self._write
        )
        return transaction

    def leave(self, error: BaseException | None) -> None:
        if error is None and self._transaction is not None:
            self._transaction.commit()
        self.abandon()

    def abandon(self) -> None:
        if self._transaction is not None and not self._transaction.over:
            self._transaction.roll_back()
        self._store.lock.release(self)


class _MemoryMoment(Moment):
    """What a store holds, for as long as nobody changes it; whether the store is open or closed."""

    def __init__(self, store: MemoryStore, contents: Contents) -> None:
        self._store = store
        self._contents = contents
        self._version = contents.version

    @block
    def transaction(self) -> Iterator[Transaction]:
        with _Turn(self._store, write=False, closed=True) as transaction:
            if self._contents.version != self._version:
                raise passed(self._store)
            yield transaction

    def close(self) -> None:
        """Nothing is held."""


class _MemoryTransaction(Transaction):
    """Works in place and remembers how to undo it."""

    def __init__(self, contents: Contents, *, write: bool) -> None:
        self._contents = contents
        self._write = write
        self._pid = process.pid
        self.over = False

    def commit(self) -> None:
        """Keep what was done. Raises `StoreError` in a forked child, whose memory is a copy."""
        refuse_fork(self._pid, "This transaction")
        self._contents.keep()
        self.over = True

    def roll_back(self) -> None:
        """Take back what was done."""
        self._contents.undo()
        self.over = True

    def _of(self, kind: str, *, write: bool = False) -> Kept:
        self._check(write=write)
        try:
            return self._contents.kept[kind]
        except KeyError:
            raise unknown_kind(kind) from None

    def _check(self, *, write: bool) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        if self._pid != process.pid:
            refuse_fork(self._pid, "This transaction")
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:  # noqa: ARG002 - one transaction at a time locks everything
        texts = self._of(kind).texts
        keys = list(keys)
        check_text(*keys)
        return {key: decoded(texts[key]) for key in keys if key in texts}

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        kept = self._of(kind)
        index = kept.indexes.get(field)
        if index is None:
            raise unknown_field(kind, field)
        values = list(values)
        check_text(*values)
        found = [index[value] for value in values if value in index]
        keys = sorted(set().union(*found)) if found else ()
        return {key: decoded(kept.texts[key]) for key in keys}

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        kept = self._of(kind)
        check_text(after)
        keys = sorted(kept.texts)
        start = bisect_right(keys, after)
        stop = None if limit is None else start + limit
        for key in keys[start:stop]:
            self._check(write=False)
            if key in kept.texts:
                yield key, decoded(kept.texts[key])

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        kept = self._of(kind, write=True)
        texts: Texts = {**to_json(documents)}
        indexed = {key: index_of(kept.kind, body) for key, body in documents.items()}
        self._refuse_duplicates(kept, indexed)
        self._replace(kept, texts, indexed)

    @staticmethod
    def _refuse_duplicates(kept: Kept, indexed: Mapping[str, Mapping[str, str | None]]) -> None:
        for field in kept.kind.unique:
            index = kept.indexes[field]
            values = [value for i in indexed.values() if (value := i[field]) is not None]
            others = (key for value in values for key in index.get(value, ()))
            if len(set(values)) < len(values) or any(key not in indexed for key in others):
                raise DuplicateKeyError(kept.kind.name, field)

    def _replace(
        self,
        kept: Kept,
        texts: Texts,
        indexed: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        if texts:
            self._contents.write(kept, texts, indexed)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        kept = self._of(kind, write=True)
        keys = list(keys)
        check_text(*keys)
        self._replace(kept, {key: None for key in keys if key in kept.texts})

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        return self._enter(proposals, claim)

    def exchange(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        return self._enter(proposals, claim, retire=True)

    def _enter(
        self, proposals: Sequence[tuple[int, str]], claim: Claim, *, retire: bool = False
    ) -> set[int]:
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        contents = self._contents
        ending = self.current([owner for _, owner in proposals]) if retire else {}
        owners = {int(i): owner for i, owner in proposals if i not in contents.ledger}
        if not (retire or claim.retired or contents.living.keys().isdisjoint(owners.values())):
            raise DuplicateKeyError("ledger", "owner")
        contents.exchange(ending, owners, claim)
        return set(owners)

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        self._check(write=True)
        claim = Claim(at=at, by=by)
        check_text(by or "")
        ending = self.current(owners)
        self._contents.exchange(ending, {}, claim)
        return ending

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        self._check(write=False)
        living = self._contents.living
        owners = list(owners)
        check_text(*owners)
        return {owner: living[owner] for owner in owners if owner in living}

    def living(self, owners: Iterable[str]) -> dict[str, tuple[int, int]]:
        owned = self._contents.owned
        return {owner: (i, owned[owner][i]) for owner, i in self.current(owners).items()}

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        self._check(write=False)
        contents = self._contents
        return {i: contents.entry(i) for i in map(int, conference_ids) if i in contents.ledger}

    def history(self, owner: str) -> list[LedgerEntry]:
        self._check(write=False)
        check_text(owner)
        contents = self._contents
        return [contents.entry(i) for i in contents.owned.get(owner, ())]

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        for conference_id in self.issued_ids():
            if conference_id > after:
                yield self._contents.entry(conference_id)

    def issued_ids(self) -> Iterator[int]:
        self._check(write=False)
        for conference_id in sorted(self._contents.ledger):
            self._check(write=False)
            yield conference_id

    def count(self) -> int:
        self._check(write=False)
        return len(self._contents.ledger)

    def has_issued(self) -> bool:
        self._check(write=False)
        return self._contents.counts[ISSUED] > 0

    @block
    def savepoint(self) -> Iterator[None]:
        self._check(write=False)
        mark = len(self._contents.before)
        try:
            yield
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already.
            if not self.over:
                self._contents.undo(mark)
            raise
