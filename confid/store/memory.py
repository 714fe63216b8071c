"""A tenant in memory: for notebooks, rehearsals and tests. Gone when the process ends."""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    ISSUED,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Lock,
    Store,
    Transaction,
    check_proposals,
    check_text,
    index_of,
    known_kind,
    to_json,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

LOCK_TIMEOUT = 30.0
"""Seconds to wait for another thread's transaction, as SQLiteStore waits."""


class _Kept:
    """One kind's documents as text (no live object leaves the store), and its indexes."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.documents: dict[str, str] = {}
        self.indexes: dict[str, dict[str, set[str]]] = {field: {} for field in kind.fields}

    def write(self, key: str, text: str | None) -> None:
        """Replace a document, or remove it."""
        old = self.documents.pop(key, None)
        if old is not None:
            for field, value in self._values(old):
                self.indexes[field][value].discard(key)
        if text is not None:
            self.documents[key] = text
            for field, value in self._values(text):
                self.indexes[field].setdefault(value, set()).add(key)

    def _values(self, text: str) -> Iterator[tuple[str, str]]:
        if self.indexes:
            for field, value in index_of(self.kind, json.loads(text)).items():
                if value is not None:
                    yield field, value

    def reindexed(self, kind: Kind) -> _Kept:
        """The same documents under a kind that has got other index fields."""
        again = _Kept(kind)
        for key, text in self.documents.items():
            again.write(key, text)
        for field in kind.unique:
            if any(len(keys) > 1 for keys in again.indexes[field].values()):
                raise DuplicateKeyError(kind.name, field)
        return again


class _Contents:
    """What a memory store holds between transactions."""

    def __init__(self) -> None:
        self.kept: dict[str, _Kept] = {}
        self.ledger: dict[int, LedgerEntry] = {}
        self.owned: dict[str, list[int]] = {}
        self.living: dict[str, int] = {}
        self.issued = 0


class MemoryStore(Store):
    """A store in this process's memory; one transaction at a time, the others wait."""

    def __init__(self) -> None:
        self._contents = _Contents()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._opened = False

    def __repr__(self) -> str:
        return "MemoryStore()"

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Keep documents of these kinds; what a former session left is still there."""
        if not create and not self._contents.kept:
            raise StoreError(
                "This memory store holds no tenant yet; connect with create=True.",
                category="ObjectNotFound",
            )
        kept = self._contents.kept
        for kind in kinds:
            if kind.name not in kept:
                kept[kind.name] = _Kept(kind)
            elif kept[kind.name].kind != kind:
                kept[kind.name] = kept[kind.name].reindexed(kind)
        self._opened = True

    def close(self) -> None:
        """Nothing to let go of: a memory store can be opened again."""
        self._opened = False

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One transaction; waits up to 30 seconds for that of another thread."""
        if self._pid != os.getpid():
            raise StoreError("A memory store stays in its process; connect anew after a fork.")
        if not self._opened:
            raise StoreError("This memory store is closed.")
        if not self._lock.acquire(timeout=LOCK_TIMEOUT):
            raise StoreError(
                f"Another thread's transaction has held this store for {LOCK_TIMEOUT:.0f} seconds.",
                category="ResourceBusy",
            )
        try:
            transaction = _MemoryTransaction(self._contents, write=write)
            try:
                yield transaction
            except BaseException:
                transaction.undo(0)
                raise
            finally:
                transaction.over = True
        finally:
            self._lock.release()


class _MemoryTransaction(Transaction):
    """Works in place and remembers how to undo it."""

    def __init__(self, contents: _Contents, *, write: bool) -> None:
        self._contents = contents
        self._write = write
        self._undo: list[Callable[[], None]] = []
        self.over = False

    def undo(self, mark: int) -> None:
        """Take back what was done since `mark`, the newest first."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def _of(self, kind: str, *, write: bool = False) -> _Kept:
        self._check(write=write)
        try:
            return self._contents.kept[kind]
        except KeyError:
            raise StoreError(f"This store was not opened with the kind {kind!r}.") from None

    def _check(self, *, write: bool) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
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
        for key, text in texts.items():
            self._replace(kept, key, text)

    @staticmethod
    def _refuse_duplicates(kept: _Kept, documents: Mapping[str, Body]) -> None:
        seen: dict[str, set[str]] = {field: set() for field in kept.kind.unique}
        for body in documents.values():
            index = index_of(kept.kind, body)
            for field in kept.kind.unique:
                value = index[field]
                if value is None:
                    continue
                others = kept.indexes[field].get(value, set()) - documents.keys()
                if others or value in seen[field]:
                    raise DuplicateKeyError(kept.kind.name, field)
                seen[field].add(value)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        kept = self._of(kind, write=True)
        keys = list(keys)
        check_text(*keys)
        for key in keys:
            self._replace(kept, key, None)

    def _replace(self, kept: _Kept, key: str, text: str | None) -> None:
        old = kept.documents.get(key)
        kept.write(key, text)
        self._undo.append(lambda: kept.write(key, old))

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
        owned = contents.owned.setdefault(owner, [])
        contents.ledger[conference_id] = LedgerEntry(
            conference_id=conference_id,
            owner=owner,
            serial=len(owned) + 1,
            origin=claim.origin,
            issued_at=claim.at,
            issued_by=claim.by,
            retired_at=claim.at if claim.retired else None,
            retired_by=claim.by if claim.retired else None,
        )
        owned.append(conference_id)
        contents.issued += claim.origin == ISSUED
        if not claim.retired:
            contents.living[owner] = conference_id

        def undo() -> None:
            del contents.ledger[conference_id]
            owned.remove(conference_id)
            contents.issued -= claim.origin == ISSUED
            if not claim.retired:
                del contents.living[owner]

        self._undo.append(undo)

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        self._check(write=True)
        at = utc(at)
        check_text(by or "")
        ledger, living = self._contents.ledger, self._contents.living
        retired = self.current(owners)

        def undo() -> None:
            for conference_id in retired.values():
                ledger[conference_id] = attrs.evolve(
                    ledger[conference_id], retired_at=None, retired_by=None
                )
            living.update(retired)

        self._undo.append(undo)
        for owner, conference_id in retired.items():
            entry = ledger[conference_id]
            ledger[conference_id] = attrs.evolve(entry, retired_at=at, retired_by=by)
            del living[owner]
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
        return self._contents.issued > 0

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self._check(write=False)
        mark = len(self._undo)
        try:
            yield
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already.
            if not self.over:
                self.undo(mark)
            raise
