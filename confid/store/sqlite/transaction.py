"""What one transaction on SQLite does: documents, the ledger, savepoints."""

# ruff: noqa: D102 - confid.store.base says what the methods do

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from confid.errors import StoreError
from confid.store.base import (
    ISSUED,
    Body,
    Claim,
    LedgerEntry,
    Lock,
    Transaction,
    check_proposals,
    check_text,
    index_of,
    to_json,
    utc,
)
from confid.store.sqlite.errors import explain
from confid.store.sqlite.schema import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confid.store.sqlite.store import SQLiteStore

FEW = 8
"""Up to so many values of a condition are bound one by one."""

CLAIM = """
INSERT INTO ledger
    (conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by)
SELECT json_extract(p.value, '$[0]') AS proposal, json_extract(p.value, '$[1]') AS owner,
    1 + coalesce((SELECT max(serial) FROM ledger l
                  WHERE l.owner = json_extract(p.value, '$[1]')), 0),
    ?2, ?3, ?4, ?5, ?6
FROM json_each(?1) AS p
WHERE true
ON CONFLICT (conference_id) DO NOTHING
RETURNING conference_id
"""

CLAIM_ONE = """
INSERT INTO ledger
    (conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by)
VALUES (?1, ?2, 1 + coalesce((SELECT max(serial) FROM ledger WHERE owner = ?2), 0),
    ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (conference_id) DO NOTHING
RETURNING conference_id
"""

RETIRE = """
UPDATE ledger SET retired_at = ?, retired_by = ?
WHERE retired_at IS NULL AND owner {among}
RETURNING owner, conference_id
"""

PUT = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

_DECODE = json.JSONDecoder().raw_decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _to_microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _to_datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


class SQLiteTransaction(Transaction):
    """What `SQLiteStore.transaction` gives, on a connection that has begun one."""

    def __init__(self, connection: sqlite3.Connection, store: SQLiteStore, *, write: bool) -> None:
        self._connection = connection
        self._store = store
        self._path = store.path
        self._write = write
        self._savepoints = 0
        self._streams: set[sqlite3.Cursor] = set()
        self.over = False

    def end(self) -> None:
        """Refuse whatever comes; a stream left open would hold on to its snapshot for good."""
        self.over = True
        for cursor in self._streams:
            cursor.close()

    def _check(self, *, write: bool = False) -> None:
        if self.over:
            raise StoreError("This transaction is over.")
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")
        # After a full or failing disk SQLite may have rolled back by itself; what follows
        # would be committed statement by statement.
        if not self._connection.in_transaction:
            raise StoreError(f"{self._path}: SQLite has rolled this transaction back.")

    def _run(self, statement: str, *values: object, write: bool = False) -> sqlite3.Cursor:
        self._check(write=write)
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise explain(error, self._path) from error

    def _all(self, statement: str, *values: object, write: bool = False) -> list[Any]:
        """The rows of a statement that has no more of them than were asked for."""
        self._check(write=write)
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self._path) from error

    def _rows(self, statement: str, *values: object) -> Iterator[Any]:
        """The rows as they are read, however many."""
        cursor = self._run(statement, *values)
        self._streams.add(cursor)
        try:
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield row
                    if self.over:
                        raise StoreError("This transaction is over.")
        except sqlite3.Error as error:
            raise explain(error, self._path) from error
        finally:
            self._streams.discard(cursor)

    def _documents(self, rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Body]]:
        for key, text in rows:
            yield key, self._store.body(text)

    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:  # noqa: ARG002 - BEGIN IMMEDIATE has locked everything
        self._store.kind(kind)
        keys = list(keys)
        check_text(*keys)
        among, bound = _among(keys)
        statement = f"SELECT key, body FROM documents WHERE kind = '{kind}' AND key {among}"  # noqa: S608 - a name that Kind has checked
        return dict(self._documents(self._all(statement, *bound)))

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        self._store.kind(kind, field)
        values = list(values)
        check_text(*values)
        where = f"WHERE kind = '{kind}' AND {expression(field)}"
        if len(values) == 1:
            rows = self._all(f"SELECT key, body FROM documents {where} = ?", values[0])  # noqa: S608 - names that Kind has checked
        else:
            # As a join in this order, for the planner uses no index on an expression for IN.
            wanted = "json_each(?) AS wanted CROSS JOIN documents"
            statement = f"SELECT documents.key, body FROM {wanted} {where} = wanted.value"  # noqa: S608 - as above
            rows = self._all(statement, json.dumps(values))
        return dict(self._documents(rows))

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        self._store.kind(kind)
        check_text(after)
        statement = f"SELECT key, body FROM documents WHERE kind = '{kind}' AND key > ? ORDER BY key LIMIT ?"  # noqa: E501, S608 - a name that Kind has checked
        yield from self._documents(self._rows(statement, after, -1 if limit is None else limit))

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        self._check(write=True)
        known = self._store.kind(kind)
        texts = to_json(documents)
        indexed = [any(index_of(known, body).values()) for body in documents.values()]
        rows = [(kind, key, texts[key]) for key in sorted(texts)]
        if len(rows) == 1:
            self._run(PUT, *rows[0], write=True)
            return
        with self.savepoint():
            # A document may take over what another one of the call gives up: those go first.
            if known.unique and any(indexed):
                self.delete(kind, documents)
            self._run_many(PUT, rows)

    def _run_many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise explain(error, self._path) from error

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        self._store.kind(kind)
        keys = list(keys)
        check_text(*keys)
        among, bound = _among(keys)
        statement = f"DELETE FROM documents WHERE kind = '{kind}' AND key {among}"  # noqa: S608 - a name that Kind has checked
        self._run(statement, *bound, write=True)

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        at = _to_microseconds(claim.at)
        retired = (at, claim.by) if claim.retired else (None, None)
        facts = (claim.origin, at, claim.by, *retired)
        self._check(write=True)
        check_proposals(proposals)
        check_text(claim.by or "")
        # One statement, which SQLite undoes alone when it fails.
        if len(proposals) == 1:
            (conference_id, owner) = proposals[0]
            rows = self._all(CLAIM_ONE, int(conference_id), owner, *facts, write=True)
        else:
            rows = self._all(CLAIM, json.dumps(proposals), *facts, write=True)
        return {conference_id for (conference_id,) in rows}

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        owners = list(owners)
        check_text(*owners, by or "")
        among, bound = _among(owners)
        statement = RETIRE.format(among=among)
        return dict(self._all(statement, _to_microseconds(utc(at)), by, *bound, write=True))

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        owners = list(owners)
        check_text(*owners)
        among, bound = _among(owners)
        statement = (
            f"SELECT owner, conference_id FROM ledger WHERE retired_at IS NULL AND owner {among}"  # noqa: S608 - constants
        )
        return dict(self._all(statement, *bound))

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        ids = [int(i) for i in conference_ids]
        among, bound = _among(ids)
        rows = self._all(f"SELECT * FROM ledger WHERE conference_id {among}", *bound)  # noqa: S608 - constants
        return {row[0]: _entry(row) for row in rows}

    def history(self, owner: str) -> list[LedgerEntry]:
        check_text(owner)
        rows = self._rows("SELECT * FROM ledger WHERE owner = ? ORDER BY serial", owner)
        return [_entry(row) for row in rows]

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        statement = "SELECT * FROM ledger WHERE conference_id > ? ORDER BY conference_id"
        return map(_entry, self._rows(statement, after))

    def issued_ids(self) -> Iterator[int]:
        statement = "SELECT conference_id FROM ledger ORDER BY conference_id"
        return (conference_id for (conference_id,) in self._rows(statement))

    def count(self) -> int:
        return int(self._run("SELECT count(*) FROM ledger").fetchone()[0])

    def has_issued(self) -> bool:
        statement = "SELECT EXISTS (SELECT 1 FROM ledger WHERE origin = ?)"
        return bool(self._run(statement, ISSUED).fetchone()[0])

    def damage(self) -> Iterator[str]:
        lines = (line for (line,) in self._rows("PRAGMA integrity_check"))
        return (f"{self._path}: {line}." for line in lines if line != "ok")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        name = f"s{self._savepoints}"
        self._run(f"SAVEPOINT {name}")
        self._savepoints += 1
        try:
            yield
        except BaseException:
            # Once the transaction is over, what it did is committed or undone already.
            if not self.over and self._connection.in_transaction:
                self._run(f"ROLLBACK TO {name}")
                self._run(f"RELEASE {name}")
            raise
        else:
            self._run(f"RELEASE {name}")
        finally:
            self._savepoints -= 1


def _among(values: Sequence[str | int]) -> tuple[str, Sequence[str | int]]:
    """`IN` with what to bind to it: a few values one by one, which is faster, many as JSON."""
    if len(values) <= FEW:
        return f"IN ({', '.join('?' * len(values))})", values
    return "IN (SELECT value FROM json_each(?))", [json.dumps(values)]


def from_json(text: str) -> Body:
    """`json.loads` without its search for white space, of which documents have none around them."""
    body: Body
    body, end = _DECODE(text)
    if end < len(text):
        raise ValueError(text[end:])
    return body


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by = row
    return LedgerEntry(
        conference_id=conference_id,
        owner=owner,
        serial=serial,
        origin=origin,
        issued_at=_to_datetime(issued_at),
        issued_by=issued_by,
        retired_at=None if retired_at is None else _to_datetime(retired_at),
        retired_by=retired_by,
    )
