"""What one transaction on PostgreSQL does: documents, the ledger, savepoints."""

# ruff: noqa: D102 - confid.store.base says what the methods do

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Lock,
    Transaction,
    check_proposals,
    check_text,
    index_of,
    to_json,
    unknown_kind,
    utc,
)
from confid.store.postgres.connections import commit as commit_now
from confid.store.postgres.connections import roll_back
from confid.store.postgres.errors import explain
from confid.store.postgres.schema import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from confid.store.postgres.place import Place

PAGE = 1000
"""Rows that a stream reads at once."""

IDS_PAGE = 50_000
"""IDs that `issued_ids` reads at once."""

BUCKETS = 256
"""Advisory locks that stand for the absent documents of a kind."""

GET = "SELECT key, body FROM {schema}.documents WHERE kind = '{kind}' AND key = {among}"

FIND = "SELECT key, body FROM {schema}.documents WHERE {field} = {among}"

SCAN = """
SELECT key, body FROM {schema}.documents WHERE kind = '{kind}' AND key > %s ORDER BY key LIMIT %s
"""

PUT = """
INSERT INTO {schema}.documents (kind, key, body) VALUES ('{kind}', %s, %s::json)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

PUT_MANY = """
INSERT INTO {schema}.documents (kind, key, body)
SELECT '{kind}', key, body::json FROM unnest(%b::text[], %b::text[]) AS new (key, body)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

GIVE_UP = """
UPDATE {schema}.documents AS d SET body = '{{}}'
FROM unnest(%b::text[], %b::text[]) AS new (key, body)
WHERE d.kind = '{kind}' AND d.key = new.key AND ({changed})
"""

DELETE = "DELETE FROM {schema}.documents WHERE kind = '{kind}' AND key = {among}"

CLAIM = """
WITH proposed AS MATERIALIZED (
    SELECT conference_id, owner, coalesce(
        (SELECT max(serial) FROM {schema}.ledger l WHERE l.owner = p.owner), 0
    ) AS last FROM unnest(%b::int4[], %b::text[]) AS p (conference_id, owner)
), living AS MATERIALIZED (
    SELECT owner FROM {schema}.ledger WHERE NOT %s AND retired_at IS NULL
    AND owner = ANY(ARRAY(SELECT owner FROM proposed WHERE last > 0))
), taken AS MATERIALIZED (
    SELECT FROM proposed p WHERE owner IN (SELECT owner FROM living) AND NOT EXISTS (
        SELECT FROM {schema}.ledger l WHERE l.conference_id = p.conference_id
    ) LIMIT 1
), entered AS (
    INSERT INTO {schema}.ledger
        (conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by)
    SELECT conference_id, owner, last + 1, %s, %s, %s, %s, %s
    FROM proposed WHERE NOT EXISTS (SELECT FROM taken)
    ON CONFLICT (conference_id) DO NOTHING
    RETURNING conference_id
)
SELECT conference_id FROM entered UNION ALL SELECT NULL FROM taken
"""
"""It looks for living IDs before it enters, as an error would end the whole transaction; by an
array, for a planner that takes the ledger for small would read the living IDs of everybody."""

RETIRE = """
UPDATE {schema}.ledger SET retired_at = %s, retired_by = %s
WHERE retired_at IS NULL AND owner = {among}
RETURNING owner, conference_id
"""

CURRENT = """
SELECT owner, conference_id FROM {schema}.ledger WHERE retired_at IS NULL AND owner = {among}
"""

ENTRY = "conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by"

LOOKUP = "SELECT {columns} FROM {schema}.ledger WHERE conference_id = ANY(%b::int4[])"

HISTORY = "SELECT {columns} FROM {schema}.ledger WHERE owner = %s ORDER BY serial"

LEDGER = """
SELECT {columns} FROM {schema}.ledger WHERE conference_id > %s ORDER BY conference_id LIMIT %s
"""

COUNT = "SELECT count(*) FROM {schema}.ledger"

HAS_ISSUED = "SELECT EXISTS (SELECT FROM {schema}.ledger WHERE origin = %s)"

_DECODE = json.JSONDecoder().raw_decode


class PostgresTransaction(Transaction):
    """One transaction on a connection that is in one."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        place: Place,
        kinds: Mapping[str, Kind],
        indexes: Mapping[str, tuple[str, str]],
        *,
        write: bool,
    ) -> None:
        self._connection = connection
        self._place = place
        self._schema = place.quoted
        self._kinds = kinds
        self._indexes = indexes
        self._write = write
        self._savepoints = 0
        self.over = False

    def end(self, *, commit: bool) -> None:
        """Commit or roll back, and refuse whatever comes."""
        self.over = True
        if commit and self._write:
            commit_now(self._connection, self._place)
        else:
            # What was only read needs no answer to a COMMIT.
            roll_back(self._connection)

    # How statements are run.

    def _check(self, *, write: bool = False) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")

    def _kind(self, name: str, field: str | None = None) -> Kind:
        kind = self._kinds.get(name)
        if kind is None:
            raise unknown_kind(name)
        if field is not None and field not in kind.fields:
            raise StoreError(f"The kind {name!r} has no index field {field!r}.")
        return kind

    def _run(self, statement: str, *values: object, write: bool = False) -> psycopg.Cursor[Any]:
        self._check(write=write)
        try:
            return self._connection.execute(statement.encode(), values or None, binary=True)
        except psycopg.Error as error:
            raise explain(error, self._place, self._indexes) from error

    def _sql(self, statement: str, **parts: str) -> str:
        """A statement with names put in, all of which Place and Kind have checked."""
        return statement.format(schema=self._schema, **parts)

    def _all(self, statement: str, *values: object, write: bool = False) -> list[Any]:
        return self._run(statement, *values, write=write).fetchall()

    def _pages(
        self, statement: str, start: object, *, size: int = PAGE, limit: int | None = None
    ) -> Iterator[Any]:
        """Rows in the order of their first column, a page at a time, from behind `start`.

        Each page is a statement of its own, so nothing is open between two of
        them that a rollback to a savepoint would close.
        """
        while True:
            size = size if limit is None else min(size, limit)
            rows = self._all(statement, start, size)
            for row in rows:
                self._check()
                yield row
            limit = None if limit is None else limit - len(rows)
            if len(rows) < size or limit == 0:
                break
            start = rows[-1][0]
        self._check()

    # Documents.

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:
        self._kind(kind)
        keys = list(keys)
        check_text(*keys)
        found = self._get(kind, keys, lock=lock)
        if lock and self._write and (missing := set(keys) - found.keys()):
            self._lock_absent(kind, missing)
            # Whoever had the lock before may have made them.
            found |= self._get(kind, list(missing), lock=lock)
        return found

    def _get(self, kind: str, keys: Sequence[str], *, lock: Lock) -> dict[str, Body]:
        among, bound = _among(keys)
        statement = self._sql(GET, kind=kind, among=among)
        if lock and self._write:
            statement += f" ORDER BY key FOR {'SHARE' if lock == 'shared' else 'UPDATE'}"
        return _documents(self._all(statement, bound))

    def _lock_absent(self, kind: str, keys: Iterable[str]) -> None:
        """Have others who lock these wait, as far as they look for what isn't there either."""
        place = self._place
        names = {f"{kind}/{place.lock_id(key) % BUCKETS}" for key in keys}
        locks = sorted(place.lock_id(name) for name in names)
        self._run("SELECT pg_advisory_xact_lock(id) FROM unnest(%b::int8[]) AS id", locks)

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        self._kind(kind, field)
        values = list(values)
        check_text(*values)
        among, bound = _among(values)
        statement = self._sql(FIND, field=expression(kind, field), among=among)
        return _documents(self._all(statement, bound))

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        self._kind(kind)
        check_text(after)
        statement = self._sql(SCAN, kind=kind)
        for key, text in self._pages(statement, after, limit=limit):
            yield key, from_json(text)

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        self._check(write=True)
        known = self._kind(kind)
        texts = to_json(documents)
        for body in documents.values():
            index_of(known, body)
        rows = sorted(texts.items())
        if not rows:
            return
        if not known.unique:
            self._put(kind, rows)
            return
        # A value that is taken fails a statement, which would end the whole transaction.
        with self.savepoint():
            if len(rows) > 1:
                # A document may take over what another one of the call gives up: those go first.
                self._give_up(known, rows)
            self._put(kind, rows)

    def _put(self, kind: str, rows: Sequence[tuple[str, str]]) -> None:
        if len(rows) == 1:
            self._run(self._sql(PUT, kind=kind), *rows[0], write=True)
        else:
            columns = map(list, zip(*rows, strict=True))
            self._run(self._sql(PUT_MANY, kind=kind), *columns, write=True)

    def _give_up(self, kind: Kind, rows: Sequence[tuple[str, str]]) -> None:
        values = [f"#>> '{{index,{field}}}'" for field in kind.unique]
        changed = " OR ".join(
            f"d.body {value} <> coalesce(new.body::json {value}, '')" for value in values
        )
        statement = self._sql(GIVE_UP, kind=kind.name, changed=changed)
        self._run(statement, *map(list, zip(*rows, strict=True)), write=True)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        self._kind(kind)
        keys = list(keys)
        check_text(*keys)
        among, bound = _among(keys)
        self._run(self._sql(DELETE, kind=kind, among=among), bound, write=True)

    # The ledger.

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        if not proposals:
            return set()
        ids = [int(conference_id) for conference_id, _ in proposals]
        owners = [owner for _, owner in proposals]
        retired = (claim.at, claim.by) if claim.retired else (None, None)
        facts = (claim.origin, claim.at, claim.by, *retired)
        statement = self._sql(CLAIM)
        rows = self._all(statement, ids, owners, claim.retired, *facts, write=True)
        accepted = {conference_id for (conference_id,) in rows}
        if None in accepted:
            raise DuplicateKeyError("ledger", "owner")
        return accepted

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        owners = list(owners)
        check_text(*owners, by or "")
        among, bound = _among(owners)
        statement = self._sql(RETIRE, among=among)
        return dict(self._all(statement, utc(at), by, bound, write=True))

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        owners = list(owners)
        check_text(*owners)
        among, bound = _among(owners)
        return dict(self._all(self._sql(CURRENT, among=among), bound))

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        ids = [int(i) for i in conference_ids if FIRST_ID <= i <= LAST_ID]
        rows = self._all(self._sql(LOOKUP, columns=ENTRY), ids)
        return {row[0]: _entry(row) for row in rows}

    def history(self, owner: str) -> list[LedgerEntry]:
        check_text(owner)
        rows = self._all(self._sql(HISTORY, columns=ENTRY), owner)
        return [_entry(row) for row in rows]

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        statement = self._sql(LEDGER, columns=ENTRY)
        return map(_entry, self._pages(statement, min(max(after, 0), LAST_ID)))

    def issued_ids(self) -> Iterator[int]:
        statement = self._sql(LEDGER, columns="conference_id")
        return (number for (number,) in self._pages(statement, 0, size=IDS_PAGE))

    def count(self) -> int:
        return int(self._all(self._sql(COUNT))[0][0])

    def has_issued(self) -> bool:
        return bool(self._all(self._sql(HAS_ISSUED), ISSUED)[0][0])

    # Savepoints.

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        name = f"s{self._savepoints}"
        self._run(f"SAVEPOINT {name}")
        self._savepoints += 1
        try:
            yield
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already. A
            # connection that can't undo takes no COMMIT either.
            if not self.over:
                with suppress(StoreError):
                    self._run(f"ROLLBACK TO {name}")
                    self._run(f"RELEASE {name}")
            raise
        else:
            self._run(f"RELEASE {name}")
        finally:
            self._savepoints -= 1


def _among(values: Sequence[str]) -> tuple[str, object]:
    """What to compare a column with, and what to bind to it."""
    return ("%s", values[0]) if len(values) == 1 else ("ANY(%b::text[])", list(values))


def _documents(rows: Iterable[tuple[str, str]]) -> dict[str, Body]:
    return {key: from_json(text) for key, text in rows}


def from_json(text: str) -> Body:
    """`json.loads` without its search for white space, of which documents have none before them."""
    body: Body = _DECODE(text)[0]
    return body


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by = row
    return LedgerEntry(
        conference_id=conference_id,
        owner=owner,
        serial=serial,
        origin=origin,
        issued_at=issued_at,
        issued_by=issued_by,
        retired_at=retired_at,
        retired_by=retired_by,
    )
