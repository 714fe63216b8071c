"""The store interface at its plainest: dicts that are copied whole. What other stores are held to.

It is slow, keeps nothing and knows no threads; every method is as short as
its docstring in `confid.store.base`.
"""

from __future__ import annotations

import copy
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
    utc,
)
from confid.store.checks import index_of, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime


@attrs.define
class _State:
    documents: dict[str, dict[str, Body]] = attrs.field(factory=dict)
    ledger: dict[int, LedgerEntry] = attrs.field(factory=dict)


class ModelStore(Store):
    """A store for comparison only."""

    def __init__(self) -> None:
        self.state: _State = _State()
        self.kinds: dict[str, Kind] = {}
        self._opened = False

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Keep documents of these kinds."""
        if not create and not self.kinds:
            raise StoreError("Nothing there.", category="ObjectNotFound")
        self.kinds |= {kind.name: kind for kind in kinds}
        self._opened = True

    def close(self) -> None:
        """Nothing to let go of."""
        self._opened = False

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """A copy of everything, put back when an exception leaves the block."""
        if not self._opened:
            raise StoreError("Closed.")
        transaction = _ModelTransaction(self, write=write)
        try:
            with transaction.savepoint():
                yield transaction
        finally:
            transaction.over = True


class _ModelTransaction(Transaction):
    def __init__(self, store: ModelStore, *, write: bool) -> None:
        self._store = store
        self._write = write
        self.over = False

    def _check(self, *texts: str, write: bool = False) -> _State:
        if self.over or (write and not self._write):
            raise StoreError("Not now.")
        check_text(*texts)
        return self._store.state

    def _of(self, kind: str, *texts: str, write: bool = False) -> dict[str, Body]:
        state = self._check(*texts, write=write)
        if kind not in self._store.kinds:
            raise StoreError("No such kind.")
        return state.documents.setdefault(kind, {})

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before = copy.deepcopy(self._check())
        try:
            yield
        except BaseException:
            self._store.state = before
            raise

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:  # noqa: ARG002 - knows no threads
        keys = list(keys)
        documents = self._of(kind, *keys)
        return {key: copy.deepcopy(documents[key]) for key in keys if key in documents}

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        values = list(values)
        documents = self._of(kind, *values)
        if field not in self._store.kinds[kind].fields:
            raise StoreError("No such field.")
        return {
            key: copy.deepcopy(body)
            for key, body in documents.items()
            if index_of(self._store.kinds[kind], body)[field] in values
        }

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        documents = self._of(kind, after)
        keys = sorted(key for key in documents if key > after)
        for key in keys[:limit]:
            self._check()
            yield key, copy.deepcopy(documents[key])

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        afterwards = self._of(kind, write=True) | copy.deepcopy(dict(documents))
        to_json(documents)
        for body in documents.values():
            index_of(self._store.kinds[kind], body)
        for field in self._store.kinds[kind].unique:
            values = [
                index_of(self._store.kinds[kind], body)[field] for body in afterwards.values()
            ]
            taken = [value for value in values if value is not None]
            if len(set(taken)) < len(taken):
                raise DuplicateKeyError(kind, field)
        self._store.state.documents[kind] = afterwards

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        keys = list(keys)
        documents = self._of(kind, *keys, write=True)
        for key in keys:
            documents.pop(key, None)

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        ledger = self._check(claim.by or "", write=True).ledger
        check_proposals(proposals)
        free = [(i, owner) for i, owner in proposals if i not in ledger]
        if not claim.retired and self.current(owner for _, owner in free):
            raise DuplicateKeyError("ledger", "owner")
        for conference_id, owner in free:
            ledger[conference_id] = LedgerEntry(
                conference_id=conference_id,
                owner=owner,
                serial=1 + len(self.history(owner)),
                origin=claim.origin,
                issued_at=claim.at,
                issued_by=claim.by,
                retired_at=claim.at if claim.retired else None,
                retired_by=claim.by if claim.retired else None,
            )
        return {conference_id for conference_id, _ in free}

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        ledger = self._check(by or "", write=True).ledger
        retired = self.current(owners)
        for i in retired.values():
            ledger[i] = attrs.evolve(ledger[i], retired_at=utc(at), retired_by=by)
        return retired

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        owners = list(owners)
        entries = self._check(*owners).ledger.values()
        return {e.owner: e.conference_id for e in entries if not e.retired_at and e.owner in owners}

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        ledger = self._check().ledger
        return {i: ledger[i] for i in conference_ids if i in ledger}

    def history(self, owner: str) -> list[LedgerEntry]:
        entries = self._check(owner).ledger.values()
        return sorted((e for e in entries if e.owner == owner), key=lambda entry: entry.serial)

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        ledger = self._check().ledger
        for conference_id in sorted(ledger):
            self._check()
            if conference_id > after:
                yield ledger[conference_id]

    def issued_ids(self) -> Iterator[int]:
        return (entry.conference_id for entry in self.entries())

    def count(self) -> int:
        return len(self._check().ledger)

    def has_issued(self) -> bool:
        return any(entry.origin == ISSUED for entry in self._check().ledger.values())
