"""A store that reads through to another one and keeps its own writes to itself."""

from __future__ import annotations

from heapq import merge
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import DuplicateKeyError, StoreError
from confid.store import process
from confid.store.base import (
    IMPORTED,
    Current,
    Find,
    Get,
    Kind,
    Living,
    Store,
    Transaction,
    check_proposals,
    check_text,
)
from confid.store.batches import batched
from confid.store.blocks import block
from confid.store.checks import index_of, known_kind
from confid.store.entries import enter
from confid.store.memory import MemoryStore
from confid.store.process import refuse_fork
from confid.store.reread import RereadMoment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from confid.store.base import Body, Claim, LedgerEntry, Lock, Moment, Question

PAGE = 1000
"""Documents of the base that `scan` reads at once."""


@attrs.frozen
class Changes:
    """What an overlay holds of its own: keys of documents by kind, and owners of ledger entries.

    A document may have been put back as it was. `drawn` are the conference IDs that the base's
    ledger doesn't hold and that were not imported.
    """

    documents: dict[str, set[str]]
    owners: set[str]
    drawn: set[int] = attrs.field(factory=set)


class OverlayStore(Store):
    """The tenant in `base` as if it could be changed: the base is never written to.

    Its own writes are kept in memory, and only they: opening it costs the
    same whatever the base holds. It is an ordinary store otherwise. Unique
    fields, `find`, `scan`, counts and claims go by base and overlay together,
    and an ID that is claimed in it is spent nowhere else.

    A base on SQLite or PostgreSQL is seen as it is when the overlay is
    opened, until it is closed; its writers are neither seen nor held up. Of a
    base in memory, or from another package, nothing is held: a change of it
    is a `StoreError` in the overlay's next transaction.

    The base need not be open, and `close` leaves it as it was. A base that
    isn't there is an empty one, or refused with `create=False`; nothing is
    created. One with an older schema is refused: it has to be opened once.

    Closed and opened again, an overlay still has its writes and sees the base
    anew; a `StoreError` says when they no longer fit.
    """

    def __init__(self, base: Store) -> None:
        self.base = base
        self._own = MemoryStore()
        self._kinds: dict[str, Kind] = {}
        self._histories: dict[str, list[LedgerEntry]] = {}
        self._moment: Moment | None = None

    def __repr__(self) -> str:
        return f"OverlayStore({self.base!r})"

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Look at the base, from now on at this moment of it."""
        kinds = tuple(kinds)
        self.close()
        moment = self._look_at_base(kinds, create=create or bool(self._kinds))
        try:
            self._own.open(kinds)
            known = {kind.name: kind for kind in kinds}
            with self._own.transaction(write=False) as own, moment.transaction() as base:
                _OverlayTransaction(own, base, known, {}).demand_fit()
        except BaseException:
            moment.close()
            raise
        self._kinds = known
        self._histories = {}
        self._moment = moment

    def _look_at_base(self, kinds: Sequence[Kind], *, create: bool) -> Moment:
        try:
            return self.base.moment(kinds) or RereadMoment(self.base, kinds)
        except StoreError as error:
            if not create or error.category != "ObjectNotFound":
                raise
        nothing = MemoryStore()
        nothing.open(kinds)
        return nothing.moment(kinds)

    def close(self) -> None:
        """Let the base go."""
        moment, self._moment = self._moment, None
        if moment is not None:
            moment.close()

    @block
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One transaction; waits up to 30 seconds for that of another thread."""
        with self.before_and_after(write=write) as (_, transaction):
            yield transaction

    @block
    def before_and_after(
        self, *, write: bool = False
    ) -> Iterator[tuple[Transaction, _OverlayTransaction]]:
        """Two transactions: one on the base as the overlay sees it, and one on the overlay."""
        moment = self._moment
        if moment is None:
            raise StoreError(f"{self!r} is closed.")
        with self._own.transaction(write=write) as own, moment.transaction() as base:
            transaction = _OverlayTransaction(own, base, self._kinds, self._histories)
            try:
                yield base, transaction
            finally:
                transaction.over = True

    def changes(self) -> Changes:
        """What was written here."""
        with self.before_and_after() as (_, transaction):
            return transaction.changes()


@block
def overlaid(base: Transaction, kinds: Iterable[Kind]) -> Iterator[_OverlayTransaction]:
    """A transaction on top of another one, which is only read; its writes are forgotten."""
    kinds = tuple(kinds)
    store = MemoryStore()
    store.open(kinds)
    with store.transaction(write=True) as own:
        transaction = _OverlayTransaction(own, base, {kind.name: kind for kind in kinds}, {})
        try:
            yield transaction
        finally:
            transaction.over = True


def _wrapped(body: Body | None) -> Body:
    """A document as the overlay keeps it: with its index, and None for one that was deleted."""
    return {"index": body.get("index") if body else None, "body": body}


class _OverlayTransaction(Transaction):
    """A transaction on the overlay's own writes that reads through to one on the base.

    Own documents are `_wrapped`, and count in the place of the base's of the
    same key. The own ledger has the entries that were claimed here, and those
    of the base that were retired here; an owner's serials begin at 1 in it.
    """

    def __init__(
        self,
        own: Transaction,
        base: Transaction,
        kinds: Mapping[str, Kind],
        histories: dict[str, list[LedgerEntry]],
    ) -> None:
        self._own = own
        self._base = base
        self._kinds = kinds
        self._histories = histories
        self._pid = process.pid
        self.over = False

    def _check(self) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        refuse_fork(self._pid, "This transaction")

    # Documents.

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:
        return self.read(Get(kind, list(keys), lock))[0]

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        return self.read(Find(kind, field, list(values)))[0]

    def read(self, *questions: Question) -> list[dict[str, Any]]:
        self._check()
        answers = zip(questions, self._base.read(*questions), strict=True)
        return [self._with_own(question, answer) for question, answer in answers]

    def _with_own(self, question: Question, base: dict[str, Any]) -> dict[str, Any]:
        """The base's answer with what the overlay knows better."""
        if isinstance(question, Get):
            own = self._own.get(question.kind, question.keys, lock=question.lock)
            return {key: body for key, body in base.items() if key not in own} | _unwrapped(own)
        if isinstance(question, Find):
            found = self._own.find(*question)
            return self._not_replaced(question.kind, base) | _unwrapped(found)
        if isinstance(question, Current):
            return self._not_retired(base) | self._own.current(*question)
        retired = self._own.lookup(number for number, _ in base.values())
        living = self._own.lookup(self._own.current(*question).values())
        return {owner: pair for owner, pair in base.items() if pair[0] not in retired} | {
            entry.owner: (number, self._numbered(entry).serial) for number, entry in living.items()
        }

    def _not_replaced(self, kind: str, found: dict[str, Body]) -> dict[str, Body]:
        """The base's documents that have none of the overlay's in their place."""
        replaced = self._own.get(kind, found)
        return {key: body for key, body in found.items() if key not in replaced}

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        self._check()
        known_kind(self._kinds, kind)
        check_text(after)
        size = PAGE if limit is None else limit + 1
        both = merge(
            self._scan_base(kind, after, size), self._own.scan(kind, after=after), key=itemgetter(0)
        )
        documents = (list(same)[-1] for _, same in groupby(both, itemgetter(0)))
        there = ((key, body["body"]) for key, body in documents if body["body"] is not None)
        for document in islice(there, limit):
            self._check()
            yield document
        self._check()

    def _scan_base(self, kind: str, after: str, size: int) -> Iterator[tuple[str, Body]]:
        """The base's documents, wrapped."""
        while True:
            self._check()
            page = dict(islice(self._base.scan(kind, after=after, limit=size), size))
            yield from ((key, _wrapped(body)) for key, body in page.items())
            if len(page) < size:
                return
            after = max(page)

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        self._check()
        with self._own.savepoint():
            self._own.put(kind, {key: _wrapped(body) for key, body in documents.items()})
            self._refuse_duplicates(kind, documents.values())

    def _refuse_duplicates(self, kind: str, bodies: Iterable[Body]) -> None:
        """Raise `DuplicateKeyError` if a document of the base has a unique value of these."""
        known = self._kinds[kind]
        indexes = [index_of(known, body) for body in bodies]
        for field in known.unique:
            values = [value for index in indexes if (value := index[field]) is not None]
            if values and self._not_replaced(kind, self._base.find(kind, field, values)):
                raise DuplicateKeyError(kind, field)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        self._check()
        keys = list(keys)
        with self._own.savepoint():
            self._own.delete(kind, keys)
            if there := self._base.get(kind, keys):
                self._own.put(kind, dict.fromkeys(there, _wrapped(None)))

    # The ledger.

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self._check()
        check_proposals(proposals)
        taken = self._base.lookup([number for number, _ in proposals])
        free = [proposal for proposal in proposals if proposal[0] not in taken]
        with self._own.savepoint():
            accepted = self._own.claim(free, claim)
            owners = [owner for number, owner in free if number in accepted]
            if not claim.retired and self._living_in_base(owners):
                raise DuplicateKeyError("ledger", "owner")
        return accepted

    def _living_in_base(self, owners: Sequence[str]) -> dict[str, int]:
        """The living IDs that the base has, and that were not retired here."""
        return self._not_retired(self._base.current(owners))

    def _not_retired(self, living: dict[str, int]) -> dict[str, int]:
        retired = self._own.lookup(living.values())
        return {owner: number for owner, number in living.items() if number not in retired}

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        self._check()
        owners = list(owners)
        with self._own.savepoint():
            living = self._living_in_base(owners)
            enter(self._own, self._base.lookup(living.values()).values())
            return self._own.retire(owners, at=at, by=by)

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        return self.read(Current(list(owners)))[0]

    def living(self, owners: Iterable[str]) -> dict[str, tuple[int, int]]:
        return self.read(Living(list(owners)))[0]

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        self._check()
        ids = list(map(int, conference_ids))
        base = self._base.lookup(ids)
        own = self._own.lookup(ids)
        return base | {i: self._numbered(entry, base.get(i)) for i, entry in own.items()}

    def _numbered(self, own: LedgerEntry, base: LedgerEntry | None = None) -> LedgerEntry:
        """An own entry with its serial; `base` is that of the same ID, which is retired here."""
        if base is not None:
            return attrs.evolve(own, serial=base.serial)
        history = self.history(own.owner)
        return next(entry for entry in history if entry.conference_id == own.conference_id)

    def history(self, owner: str) -> list[LedgerEntry]:
        self._check()
        own = {entry.conference_id: entry for entry in self._own.history(owner)}
        entries = []
        for entry in self._history_in_base(owner, keep=bool(own)):
            replaced = own.pop(entry.conference_id, None)
            entries.append(self._numbered(replaced, entry) if replaced else entry)
        last = entries[-1].serial if entries else 0
        claimed = enumerate(own.values(), last + 1)
        return [*entries, *(attrs.evolve(entry, serial=serial) for serial, entry in claimed)]

    def _history_in_base(self, owner: str, *, keep: bool) -> list[LedgerEntry]:
        """It never changes; it is kept for those who have got another ID, whose serials need it."""
        if owner in self._histories:
            return self._histories[owner]
        history = self._base.history(owner)
        if keep:
            self._histories[owner] = history
        return history

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        number = attrgetter("conference_id")
        base = ((entry, True) for entry in self._base.entries(after=after))
        own = ((entry, False) for entry in self._own.entries(after=after))
        both = merge(base, own, key=lambda side: side[0].conference_id)
        for _, sides in groupby(both, lambda side: number(side[0])):
            self._check()
            (entry, from_base), *replaced = sides
            if replaced:
                entry = self._numbered(replaced[0][0], entry)
            elif not from_base:
                entry = self._numbered(entry)
            yield entry
        self._check()

    def issued_ids(self) -> Iterator[int]:
        self._check()
        base, own = self._base.issued_ids(), list(self._own.issued_ids())
        # Of millions, most often none is the overlay's own.
        return self._merged(base, own) if own else base

    def _merged(self, base: Iterator[int], own: Sequence[int]) -> Iterator[int]:
        for number, _ in groupby(merge(base, own)):
            self._check()
            yield number
        self._check()

    def count(self) -> int:
        self._check()
        own = batched(self._own.issued_ids())
        return self._base.count() + sum(len(ids) - len(self._base.lookup(ids)) for ids in own)

    def has_issued(self) -> bool:
        self._check()
        # What the base has issued stands in the own ledger too when it is retired here.
        return self._own.has_issued() or self._base.has_issued()

    def damage(self) -> Iterator[str]:
        """What is wrong with the base."""
        self._check()
        return self._base.damage()

    def savepoint(self) -> AbstractContextManager[None]:
        return self._own.savepoint()

    # The overlay as a whole.

    def changes(self) -> Changes:
        """What stands in the overlay itself."""
        documents = {kind: {key for key, _ in self._own.scan(kind)} for kind in self._kinds}
        owners: set[str] = set()
        drawn: set[int] = set()
        for entries in batched(self._own.entries()):
            owners |= {entry.owner for entry in entries}
            issued = {e.conference_id for e in entries if e.origin != IMPORTED}
            drawn |= issued - self._base.lookup(issued).keys()
        return Changes(documents, owners, drawn)

    def demand_fit(self) -> None:
        """Raise `StoreError` where the overlay's own writes and the base contradict each other."""
        try:
            for kind in self._kinds:
                for page in batched(self._own.scan(kind)):
                    self._refuse_duplicates(kind, [body["body"] or {} for _, body in page])
            for entries in batched(self._own.entries()):
                base = self._base.lookup(entry.conference_id for entry in entries)
                living = [entry.owner for entry in entries if entry.retired_at is None]
                if self._living_in_base(living) or any(
                    _facts(base[entry.conference_id]) != _facts(entry)
                    for entry in entries
                    if entry.conference_id in base
                ):
                    raise DuplicateKeyError("ledger", "owner")  # noqa: TRY301 - one error for all of it
        except DuplicateKeyError as error:
            raise StoreError(
                "The base has changed since the overlay was written, and both don't fit together "
                "any more. Begin again with a new overlay.",
                category="InvalidOperation",
            ) from error


def _facts(entry: LedgerEntry) -> Any:
    return entry.owner, entry.origin, entry.issued_at, entry.issued_by


def _unwrapped(documents: Mapping[str, Body]) -> dict[str, Body]:
    return {key: body["body"] for key, body in documents.items() if body["body"] is not None}
