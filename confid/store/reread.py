"""The moment of a store that holds none: what was read of it is read again."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

from confid.errors import StoreError
from confid.store.base import Moment, Transaction
from confid.store.blocks import block
from confid.store.moments import passed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import NoReturn

    from confid.store.base import Body, Claim, Kind, LedgerEntry, Lock, Store

PAGE = 1000
"""Documents or entries of a stream that are read, and read again, at once."""

Question = tuple[Any, ...]
"""A method of a transaction and its arguments."""


class RereadMoment(Moment):
    """Over as soon as something that was read reads otherwise.

    Each answer is kept as a digest, and all the questions are asked again in
    each transaction.
    """

    def __init__(self, store: Store, kinds: Sequence[Kind]) -> None:
        self._store = store
        self._answers: dict[Question, bytes] = {}
        self._opened = False
        try:
            with store.transaction(write=False):
                pass
        except StoreError:
            store.open(kinds, create=False)
            self._opened = True

    @block
    def transaction(self) -> Iterator[Transaction]:
        """A transaction on the store, in which all that was read before reads the same."""
        with self._store.transaction(write=False) as transaction:
            for question, digest in self._answers.items():
                if _digest(_ask(transaction, question)) != digest:
                    raise passed(self._store)
            yield _Noting(transaction, self._answers)

    def close(self) -> None:
        """Close the store if it was opened for this."""
        if self._opened:
            self._opened = False
            self._store.close()


def _ask(transaction: Transaction, question: Question) -> Any:
    verb, *arguments = question
    if verb == "scan":
        kind, after, limit = arguments
        return list(transaction.scan(kind, after=after, limit=limit))
    if verb == "entries":
        return list(islice(transaction.entries(after=arguments[0]), PAGE))
    return getattr(transaction, verb)(*arguments)


def _digest(answer: Any) -> bytes:
    ordered = sorted(answer.items()) if isinstance(answer, dict) else answer
    return blake2b(repr(ordered).encode(), digest_size=16).digest()


class _Noting(Transaction):
    """A transaction that notes what it answers."""

    def __init__(self, transaction: Transaction, answers: dict[Question, bytes]) -> None:
        self._transaction = transaction
        self._answers = answers

    def _ask(self, *question: Any) -> Any:
        answer = _ask(self._transaction, question)
        self._answers.setdefault(question, _digest(answer))
        return answer

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:  # noqa: ARG002 - it only reads
        found: dict[str, Body] = self._ask("get", kind, tuple(keys))
        return found

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        found: dict[str, Body] = self._ask("find", kind, field, tuple(values))
        return found

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        size = PAGE if limit is None else min(PAGE, limit)
        while page := self._ask("scan", kind, after, size):
            yield from page
            limit = None if limit is None else limit - len(page)
            if len(page) < size or limit == 0:
                return
            after = page[-1][0]
            size = PAGE if limit is None else min(PAGE, limit)

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        living: dict[str, int] = self._ask("current", tuple(owners))
        return living

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        found: dict[int, LedgerEntry] = self._ask("lookup", tuple(conference_ids))
        return found

    def history(self, owner: str) -> list[LedgerEntry]:
        entries: list[LedgerEntry] = self._ask("history", owner)
        return entries

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        while page := self._ask("entries", after):
            yield from page
            after = page[-1].conference_id

    def issued_ids(self) -> Iterator[int]:
        return (entry.conference_id for entry in self.entries())

    def count(self) -> int:
        return int(self._ask("count"))

    def has_issued(self) -> bool:
        return bool(self._ask("has_issued"))

    def damage(self) -> Iterator[str]:
        return self._transaction.damage()

    def savepoint(self) -> AbstractContextManager[None]:
        return self._transaction.savepoint()

    def put(self, kind: str, documents: object) -> NoReturn:  # noqa: ARG002 - whatever it is
        raise _read_only()

    def delete(self, kind: str, keys: object) -> NoReturn:  # noqa: ARG002 - whatever it is
        raise _read_only()

    def claim(self, proposals: object, claim: Claim) -> NoReturn:  # noqa: ARG002 - whatever it is
        raise _read_only()

    def retire(self, owners: object, *, at: datetime, by: str | None = None) -> NoReturn:  # noqa: ARG002 - whatever it is
        raise _read_only()


def _read_only() -> StoreError:
    return StoreError("A reading transaction can't write.", category="InvalidOperation")
