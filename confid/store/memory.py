"""A tenant in memory: for notebooks, rehearsals and tests. Gone when the process ends."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import DuplicateKeyError, StoreError
from confid.store import process
from confid.store.base import (
    IMPORTED,
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
    utc,
)
from confid.store.blocks import Block, block
from confid.store.checks import (
    index_of,
    known_kind,
    to_json,
    unknown_kind,
)
from confid.store.locks import OwnedLock
from confid.store.moments import opened_once_first, passed
from confid.store.process import refuse_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another thread's transaction, as SQLiteStore waits."""

GONE = object()
"""The value of a key that isn't there."""


class _Kept:
    """One kind's documents as text (no live object leaves the store), and its indexes.

    An index is field to value to the keys of documents, those as a dict of no values.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.documents: dict[str, str] = {}
        self.indexes: dict[str, dict[str, dict[str, None]]] = {f: {} for f in kind.fields}


class _Contents:
    """What a memory store holds, and what the open transaction has changed in it."""

    def __init__(self) -> None:
        self.kept: dict[str, _Kept] = {}
        self.ledger: dict[int, LedgerEntry] = {}
        self.owned: dict[str, dict[int, None]] = {}
        self.living: dict[str, int] = {}
        self.counts = {ISSUED: 0, IMPORTED: 0}
        self.version = 0
        self._before: list[tuple[dict[Any, Any], Any, Any]] = []

    def set(self, mapping: dict[Any, Any], key: Any, value: Any = None) -> None:
        """Change one key of one of these mappings (`GONE` removes it), so that it can be undone."""
        # Written down first, and each change is one step: an interrupt comes before or after it.
        self._before.append((mapping, key, mapping.get(key, GONE)))
        if value is GONE:
            mapping.pop(key, None)
        else:
            mapping[key] = value

    def mark(self) -> int:
        """How far the transaction has come, for `undo`."""
        return len(self._before)

    def undo(self, mark: int = 0) -> None:
        """Take back what was changed since `mark`. It may be interrupted and called again."""
        while len(self._before) > mark:
            mapping, key, value = self._before[-1]
            if value is GONE:
                mapping.pop(key, None)
            else:
                mapping[key] = value
            self._before.pop()

    def keep(self) -> None:
        """Commit."""
        self.version += bool(self._before)
        self._before = []

    def write(self, kept: _Kept, key: str, text: str | None) -> None:
        """Replace a document, or remove it."""
        old = kept.documents.get(key)
        for field, value in _values(kept.kind, old):
            self.set(kept.indexes[field][value], key, GONE)
        self.set(kept.documents, key, GONE if text is None else text)
        for field, value in _values(kept.kind, text):
            index = kept.indexes[field]
            if value not in index:
                self.set(index, value, {})
            self.set(index[value], key)


def _reindexed(old: _Kept, kind: Kind) -> _Kept:
    """The same documents under a kind that has got other index fields."""
    again = _Kept(kind)
    again.documents = dict(old.documents)
    for key, text in again.documents.items():
        for field, value in _values(kind, text):
            again.indexes[field].setdefault(value, {})[key] = None
    for field in kind.unique:
        if any(len(keys) > 1 for keys in again.indexes[field].values()):
            raise DuplicateKeyError(kind.name, field)
    return again


def _values(kind: Kind, text: str | None) -> Iterator[tuple[str, str]]:
    """The index fields of a document that have a value."""
    if text is not None and kind.fields:
        for field, value in index_of(kind, json.loads(text)).items():
            if value is not None:
                yield field, value


def absent() -> StoreError:
    """The error for a store that holds no tenant."""
    return StoreError(
        "This memory store holds no tenant yet; connect with create=True.",
        category="ObjectNotFound",
    )


class MemoryStore(Store):
    """A store in this process's memory; one transaction at a time, the others wait."""

    def __init__(self) -> None:
        self._contents = _Contents()
        self.lock = OwnedLock()
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
                kept[kind.name] = _Kept(kind)
            elif kept[kind.name].kind != kind:
                kept[kind.name] = _reindexed(kept[kind.name], kind)
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

    def begin(self, turn: object, *, closed: bool = False) -> _Contents:
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

    def __init__(self, store: MemoryStore, contents: _Contents) -> None:
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

    def __init__(self, contents: _Contents, *, write: bool) -> None:
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

    def _of(self, kind: str, *, write: bool = False) -> _Kept:
        self._check(write=write)
        try:
            return self._contents.kept[kind]
        except KeyError:
            raise unknown_kind(kind) from None

    def _check(self, *, write: bool) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        refuse_fork(self._pid, "This transaction")
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:  # noqa: ARG002 - one transaction at a time locks everything
        documents = self._of(kind).documents
        keys = list(keys)
        check_text(*keys)
        return {key: json.loads(documents[key]) for key in keys if key in documents}

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        kept = self._of(kind)
        known_kind({kind: kept.kind}, kind, field)
        index = kept.indexes[field]
        values = list(values)
        check_text(*values)
        keys = {key for value in values for key in index.get(value, ())}
        return {key: json.loads(kept.documents[key]) for key in sorted(keys)}

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        kept = self._of(kind)
        check_text(after)
        keys = sorted(kept.documents)
        start = bisect_right(keys, after)
        stop = None if limit is None else start + limit
        for key in keys[start:stop]:
            self._check(write=False)
            text = kept.documents.get(key)
            if text is not None:
                yield key, json.loads(text)

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        kept = self._of(kind, write=True)
        texts = to_json(documents)
        self._refuse_duplicates(kept, documents)
        with self.savepoint():
            for key, text in texts.items():
                self._contents.write(kept, key, text)

    @staticmethod
    def _refuse_duplicates(kept: _Kept, documents: Mapping[str, Body]) -> None:
        seen: dict[str, set[str]] = {field: set() for field in kept.kind.unique}
        for body in documents.values():
            index = index_of(kept.kind, body)
            for field in kept.kind.unique:
                value = index[field]
                if value is None:
                    continue
                others = kept.indexes[field].get(value, {}).keys() - documents.keys()
                if others or value in seen[field]:
                    raise DuplicateKeyError(kept.kind.name, field)
                seen[field].add(value)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        kept = self._of(kind, write=True)
        keys = list(keys)
        check_text(*keys)
        for key in keys:
            self._contents.write(kept, key, None)

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        accepted = set()
        with self.savepoint():
            for conference_id, owner in proposals:
                if conference_id in self._contents.ledger:
                    continue
                if not claim.retired and owner in self._contents.living:
                    raise DuplicateKeyError("ledger", "owner")
                self._enter(int(conference_id), owner, claim)
                accepted.add(int(conference_id))
        return accepted

    def _enter(self, conference_id: int, owner: str, claim: Claim) -> None:
        contents = self._contents
        if owner not in contents.owned:
            contents.set(contents.owned, owner, {})
        owned = contents.owned[owner]
        entry = LedgerEntry(
            conference_id=conference_id,
            owner=owner,
            serial=len(owned) + 1,
            origin=claim.origin,
            issued_at=claim.at,
            issued_by=claim.by,
            retired_at=claim.at if claim.retired else None,
            retired_by=claim.by if claim.retired else None,
        )
        contents.set(contents.ledger, conference_id, entry)
        contents.set(owned, conference_id)
        contents.set(contents.counts, claim.origin, contents.counts[claim.origin] + 1)
        if not claim.retired:
            contents.set(contents.living, owner, conference_id)

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        self._check(write=True)
        at = utc(at)
        check_text(by or "")
        contents = self._contents
        retired = self.current(owners)
        for owner, conference_id in retired.items():
            entry = attrs.evolve(contents.ledger[conference_id], retired_at=at, retired_by=by)
            contents.set(contents.ledger, conference_id, entry)
            contents.set(contents.living, owner, GONE)
        return retired

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        self._check(write=False)
        living = self._contents.living
        owners = list(owners)
        check_text(*owners)
        return {owner: living[owner] for owner in owners if owner in living}

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        self._check(write=False)
        ledger = self._contents.ledger
        return {entry: ledger[entry] for entry in map(int, conference_ids) if entry in ledger}

    def history(self, owner: str) -> list[LedgerEntry]:
        self._check(write=False)
        check_text(owner)
        contents = self._contents
        return [contents.ledger[i] for i in contents.owned.get(owner, ())]

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        for conference_id in self.issued_ids():
            if conference_id > after:
                yield self._contents.ledger[conference_id]

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
        mark = self._contents.mark()
        try:
            yield
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already.
            if not self.over:
                self._contents.undo(mark)
            raise
