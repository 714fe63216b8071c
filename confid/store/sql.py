"""What SQL stores share: documents, the ledger and savepoints, in statements that both run.

Statements have places for names that `Kind` has checked: `{schema}` before a
table, `{kind}` and `{field}`; `{mark}` for a bound value, and `{among}` for a
comparison with many values.
"""

# ruff: noqa: D102 - confid.store.base says what the methods do
# ruff: noqa: S608 - every name in a statement has been checked

from __future__ import annotations

import functools
import json
from abc import abstractmethod
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from confid.errors import StoreError
from confid.store import process
from confid.store.base import (
    FIRST_ID,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Current,
    Find,
    Get,
    Kind,
    LedgerEntry,
    Living,
    Lock,
    Question,
    Transaction,
    check_proposals,
    check_text,
    utc,
)
from confid.store.blocks import block
from confid.store.checks import index_of, known_kind, to_json
from confid.store.process import refuse_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    Statement = tuple[str, Sequence[object]]
    """A statement, with what is bound to it."""

T = TypeVar("T")

PAGE = 1000
"""Rows that a stream reads at once."""

IDS_PAGE = 50_000
"""IDs that `issued_ids` reads at once."""

GET = "SELECT key, body FROM {schema}documents WHERE kind = '{kind}' AND key {among}"

SCAN = """
SELECT key, body FROM {schema}documents
WHERE kind = '{kind}' AND key > {mark} ORDER BY key LIMIT {mark}
"""

DELETE = "DELETE FROM {schema}documents WHERE kind = '{kind}' AND key {among}"

RETIRE = """
UPDATE {schema}ledger SET retired_at = {mark}, retired_by = {mark}
WHERE retired_at IS NULL AND owner {among}
RETURNING owner, conference_id
"""

LIVING = """
SELECT owner, conference_id, serial FROM {schema}ledger WHERE retired_at IS NULL AND owner {among}
"""

ENTRY = "conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by"

LOOKUP = f"SELECT {ENTRY} FROM {{schema}}ledger WHERE conference_id {{among}}"

HISTORY = f"SELECT {ENTRY} FROM {{schema}}ledger WHERE owner = {{mark}} ORDER BY serial"

ENTRIES = """
SELECT {columns} FROM {schema}ledger
WHERE conference_id > {mark} ORDER BY conference_id LIMIT {mark}
"""

COUNT = "SELECT count(*) FROM {schema}ledger"

HAS_ISSUED = "SELECT EXISTS (SELECT 1 FROM {schema}ledger WHERE origin = {mark})"

_DECODE = json.JSONDecoder().raw_decode


class SQLTransaction(Transaction):
    """A transaction on a SQL store. A subclass runs the statements, and has those of its own."""

    mark: ClassVar[str]

    def __init__(
        self, place: object, kinds: Mapping[str, Kind], *, write: bool, schema: str = ""
    ) -> None:
        self.over = False
        self._place = place
        self._kinds = kinds
        self._write = write
        self._schema = schema
        self._savepoints = 0
        self._half_undone = False
        self._pid = process.pid

    # What a subclass brings.

    @abstractmethod
    def _execute(self, statement: str, values: Sequence[object]) -> list[Any]:
        """The rows of a statement; none where it gives none. Driver errors are translated."""

    def _answers(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """The rows of several statements."""
        return [self._execute(statement, values) for statement, values in statements]

    def _tell(self, statement: str, *values: object, **parts: str) -> None:
        """Run a statement that writes, and whose answer nobody needs."""
        self._run(statement, *values, write=True, **parts)

    @abstractmethod
    def _among(self, values: Sequence[str] | Sequence[int]) -> tuple[str, Sequence[object]]:
        """How a column is compared with these values, and what is bound for it."""

    @abstractmethod
    def _find(self, kind: str, field: str, values: Sequence[str]) -> Statement:
        """For the keys and bodies whose index field has one of the values."""

    @abstractmethod
    def _put(self, kind: Kind, rows: Sequence[tuple[str, str]], *, indexed: bool) -> None:
        """Write (key, JSON) rows, all or none; `indexed` says whether any has an index value."""

    @abstractmethod
    def _claim(
        self, proposals: Sequence[tuple[int, str]], claim: Claim, facts: tuple[object, ...]
    ) -> set[int]:
        """`claim`, when everything has been checked; `facts` are the columns from origin on."""

    def _to_column(self, moment: datetime) -> object:
        """A moment as the ledger keeps it."""
        return moment

    def _from_column(self, value: Any) -> datetime:
        """The moment that the ledger keeps."""
        moment: datetime = value
        return moment

    # How statements are run.

    def _check(self, *, write: bool = False) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        if self._half_undone or self._pid != process.pid:
            self.demand_whole()
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")

    def demand_whole(self) -> None:
        """Raise `StoreError` for a transaction that can't be committed: half undone, or forked."""
        refuse_fork(self._pid, self._place)
        if self._half_undone:
            raise StoreError(
                "A part of this transaction could not be undone, so all of it will be."
            )

    def _run(self, statement: str, *values: object, write: bool = False, **parts: str) -> list[Any]:
        self._check(write=write)
        return self._execute(*self._sql(statement, *values, **parts))

    def _sql(self, statement: str, *values: object, **parts: str) -> Statement:
        return _sql(statement, self._schema, self.mark, **parts), values

    def _pages(
        self, statement: str, start: object, *, size: int = PAGE, limit: int | None = None
    ) -> Iterator[list[Any]]:
        """Rows in the order of their first column, in pages, from behind `start`.

        Each page is a statement of its own, so nothing is open between two of
        them that the end of a savepoint or of the transaction would close.
        """
        while True:
            size = size if limit is None else min(size, limit)
            rows = self._run(statement, start, size)
            yield rows
            limit = None if limit is None else limit - len(rows)
            if len(rows) < size or limit == 0:
                break
            start = rows[-1][0]
        self._check()

    def _still_here(self, rows: list[T]) -> Iterator[T]:
        """The rows of a page, as long as the transaction goes on in this process."""
        for row in rows:
            if self.over or self._half_undone or self._pid != process.pid:
                self._check()
            yield row

    # Documents.

    def read(self, *questions: Question) -> list[dict[str, Any]]:
        statements = [self._asked(question) for question in questions]
        self._check()
        answers = self._answers(statements)
        return [self._read(q, rows) for q, rows in zip(questions, answers, strict=True)]

    def _asked(self, question: Question) -> Statement:
        """The statement of a question."""
        if isinstance(question, Get):
            known_kind(self._kinds, question.kind)
            check_text(*question.keys)
            return self._get(question)
        if isinstance(question, Find):
            known_kind(self._kinds, question.kind, question.field)
            check_text(*question.values)
            return self._find(*question)
        check_text(*question.owners)
        return self._living(question.owners)

    def _living(self, owners: Sequence[str]) -> Statement:
        among, bound = self._among(owners)
        return self._sql(LIVING, *bound, among=among)

    def _read(self, question: Question, rows: list[Any]) -> dict[str, Any]:
        """The answer to a question."""
        if isinstance(question, Current):
            return {owner: conference_id for owner, conference_id, _ in rows}
        if isinstance(question, Living):
            return {owner: (conference_id, serial) for owner, conference_id, serial in rows}
        return {key: from_json(text, self._place) for key, text in rows}

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:
        return self.read(Get(kind, list(keys), lock))[0]

    def _get(self, question: Get) -> Statement:
        among, bound = self._among(question.keys)
        return self._sql(GET, *bound, kind=question.kind, among=among)

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        return self.read(Find(kind, field, list(values)))[0]

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        known_kind(self._kinds, kind)
        check_text(after)
        statement = SCAN.replace("{kind}", kind)
        for page in self._pages(statement, after, limit=limit):
            for key, text in self._still_here(page):
                yield key, from_json(text, self._place)

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        self._check(write=True)
        known = known_kind(self._kinds, kind)
        texts = to_json(documents)
        indexed = [any(index_of(known, body).values()) for body in documents.values()]
        if texts:
            self._put(known, sorted(texts.items()), indexed=any(indexed))

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        known_kind(self._kinds, kind)
        keys = list(keys)
        check_text(*keys)
        among, bound = self._among(keys)
        self._tell(DELETE, *bound, kind=kind, among=among)

    # The ledger.

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        return self._claimed(proposals, claim)

    def _claimed(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        if not proposals:
            return set()
        at = self._to_column(claim.at)
        retired = (at, claim.by) if claim.retired else (None, None)
        return self._claim(proposals, claim, (claim.origin, at, claim.by, *retired))

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        owners = list(owners)
        check_text(*owners, by or "")
        among, bound = self._among(owners)
        moment = self._to_column(utc(at))
        return dict(self._run(RETIRE, moment, by, *bound, write=True, among=among))

    def exchange(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        try:
            self._retire([owner for _, owner in proposals], self._to_column(claim.at), claim.by)
            return self._claimed(proposals, claim)
        except BaseException:
            self._half_undone = True  # a savepoint for it would take as long as the rest
            raise

    def _retire(self, owners: Sequence[str], at: object, by: str | None) -> None:
        """`retire` without an answer."""
        among, bound = self._among(owners)
        self._tell(RETIRE, at, by, *bound, among=among)

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        return self.read(Current(list(owners)))[0]

    def living(self, owners: Iterable[str]) -> dict[str, tuple[int, int]]:
        return self.read(Living(list(owners)))[0]

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        ids = [int(i) for i in conference_ids if FIRST_ID <= i <= LAST_ID]
        if not ids:
            self._check()
            return {}
        among, bound = self._among(ids)
        return {row[0]: self._entry(row) for row in self._run(LOOKUP, *bound, among=among)}

    def history(self, owner: str) -> list[LedgerEntry]:
        check_text(owner)
        return [self._entry(row) for row in self._run(HISTORY, owner)]

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        statement = ENTRIES.replace("{columns}", ENTRY)
        pages = self._pages(statement, min(max(after, 0), LAST_ID))
        return map(self._entry, chain.from_iterable(map(self._still_here, pages)))

    def issued_ids(self) -> Iterator[int]:
        statement = ENTRIES.replace("{columns}", "conference_id")
        pages = self._pages(statement, 0, size=IDS_PAGE)
        # A loop of its own: a call of each row's would double the time of a scan for free IDs.
        for page in pages:
            for (number,) in page:
                if self.over or self._half_undone or self._pid != process.pid:
                    self._check()
                yield number

    def count(self) -> int:
        return int(self._run(COUNT)[0][0])

    def has_issued(self) -> bool:
        return bool(self._run(HAS_ISSUED, ISSUED)[0][0])

    def _entry(self, row: tuple[Any, ...]) -> LedgerEntry:
        conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by = row
        return LedgerEntry(
            conference_id=conference_id,
            owner=owner,
            serial=serial,
            origin=origin,
            issued_at=self._from_column(issued_at),
            issued_by=issued_by,
            retired_at=None if retired_at is None else self._from_column(retired_at),
            retired_by=retired_by,
        )

    # Savepoints.

    @block
    def savepoint(self) -> Iterator[None]:
        name = f"s{self._savepoints}"
        begun = self._begin_savepoint(name)
        self._savepoints += 1
        try:
            yield
            self._end_savepoint(name, begun)
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already.
            if not self.over:
                self._half_undone = True
                with suppress(StoreError):
                    self._undo_savepoint(name, begun)
                    self._half_undone = False
            raise
        finally:
            self._savepoints -= 1

    def _begin_savepoint(self, name: str) -> object:
        """Begin a savepoint; what its end needs to know."""
        self._run(f"SAVEPOINT {name}")
        return None

    def _undo_savepoint(self, name: str, begun: object) -> None:  # noqa: ARG002 - for PostgreSQL
        self._execute(f"ROLLBACK TO {name}", ())
        self._execute(f"RELEASE {name}", ())

    def _end_savepoint(self, name: str, begun: object) -> None:  # noqa: ARG002 - for PostgreSQL
        self._run(f"RELEASE {name}")


@functools.lru_cache(1000)
def _sql(statement: str, schema: str, mark: str, **parts: str) -> str:
    """The statement with its names and marks put in; the same few come again and again."""
    return statement.format(schema=schema, mark=mark, **parts)


def from_json(text: str, place: object) -> Body:
    """`json.loads` without its search for white space, of which documents have none around them."""
    try:
        body: Body
        body, end = _DECODE(text)
        if end == len(text):
            return body
    except ValueError:
        pass
    raise StoreError(
        f"{place} is damaged; restore a backup, with the ledger's export.", category="InvalidData"
    )
