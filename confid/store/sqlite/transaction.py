"""What one transaction on SQLite does."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import UNREADABLE
from confid.store.sql import SQLTransaction
from confid.store.sqlite.errors import explain, is_busy, translated
from confid.store.sqlite.schema import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from confid.store.base import Claim, Get, Kind
    from confid.store.sql import Statement
    from confid.store.sqlite.connections import Connection

FEW = 8
"""Up to so many values of a condition are bound one by one."""

CLAIM = """
INSERT INTO ledger
    (conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by)
VALUES (?, ?, 1 + coalesce((SELECT max(serial) FROM ledger WHERE owner = ?), 0), ?, ?, ?, ?, ?)
ON CONFLICT (conference_id) DO NOTHING
"""

TAKEN = """
SELECT conference_id FROM json_each(?) CROSS JOIN ledger WHERE conference_id = value
"""

HAVE_LIVING = """
SELECT 1 FROM json_each(?) CROSS JOIN ledger WHERE retired_at IS NULL AND owner = value LIMIT 1
"""

RETIRE_ONE = """
UPDATE ledger SET retired_at = ?, retired_by = ? WHERE retired_at IS NULL AND owner = ?
"""

GET_ONE = "SELECT key, body FROM documents WHERE kind = ? AND key = ?"

GET_TWO = f"{GET_ONE} UNION ALL {GET_ONE}"
"""Twice as fast as IN, for which SQLite makes a table of its own."""

LIVING_ONE = """
SELECT owner, conference_id, serial FROM ledger WHERE retired_at IS NULL AND owner = ?
"""

PUT = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

FIND = "SELECT key, body FROM documents WHERE kind = '{kind}' AND {field} = ?"

FIND_MANY = """
SELECT documents.key, body FROM json_each(?) AS wanted CROSS JOIN documents
WHERE kind = '{kind}' AND {field} = wanted.value
"""
"""A join in this order: SQLite's planner uses no index on an expression for IN."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SQLiteTransaction(SQLTransaction):
    """What `SQLiteStore.transaction` gives, on a connection that has begun one."""

    mark = "?"
    _place: Path

    def __init__(
        self,
        connection: Connection,
        path: Path,
        kinds: Mapping[str, Kind],
        *,
        write: bool,
    ) -> None:
        super().__init__(path, kinds, write=write)
        self._connection = connection

    def demand_whole(self) -> None:
        """Refuse a transaction that SQLite has ended by itself, too."""
        super().demand_whole()
        self._demand_open()

    def _check(self, *, write: bool = False) -> None:
        super()._check(write=write)
        if not self._connection.in_transaction:
            self._demand_open()

    def _demand_open(self) -> None:
        # After a full or failing disk SQLite may have rolled back by itself; what follows
        # would be committed statement by statement.
        if not self._connection.in_transaction:
            raise StoreError(f"{self._place}: SQLite has rolled this transaction back.")

    def _execute(self, statement: str, values: Sequence[object]) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            if is_busy(error) and not self._write:
                return self._ask_again(statement, values)
            raise explain(error, self._place) from error

    def _change(self, statement: str, values: Sequence[object]) -> int:
        """How many rows a statement has changed."""
        try:
            return self._connection.execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise explain(error, self._place) from error

    def _change_many(self, statement: str, rows: Iterable[Sequence[object]]) -> int:
        """How many rows a statement has changed, run with each of these."""
        try:
            return self._connection.executemany(statement, rows).rowcount
        except BaseException as error:
            # Some rows are changed. A savepoint of its own would double the time of the others.
            self._half_undone = True
            if isinstance(error, sqlite3.Error):
                raise explain(error, self._place) from error
            raise

    def _ask_again(self, statement: str, values: Sequence[object]) -> list[Any]:
        """The first statement reads; another program may have the file locked just then."""
        with translated(self._place):
            return self._connection.ask(statement, values)

    def _among(self, values: Sequence[str] | Sequence[int]) -> tuple[str, Sequence[object]]:
        # A few values one by one, which is faster.
        if len(values) <= FEW:
            return f"IN ({', '.join('?' * len(values))})", values
        return "IN (SELECT value FROM json_each(?))", [json.dumps(values)]

    def _get(self, question: Get) -> Statement:
        # A text of its own would have to be looked up by its parts.
        kind, keys, _ = question
        if len(keys) == 1:
            return GET_ONE, (kind, keys[0])
        if len(keys) == 2 and keys[0] != keys[1]:  # noqa: PLR2004 - two
            return GET_TWO, (kind, keys[0], kind, keys[1])
        return super()._get(question)

    def _living(self, owners: Sequence[str]) -> Statement:
        return (LIVING_ONE, owners) if len(owners) == 1 else super()._living(owners)

    def _find(self, kind: str, field: str, values: Sequence[str]) -> Statement:
        if len(values) == 1:
            return self._sql(FIND, values[0], kind=kind, field=expression(field))
        return self._sql(FIND_MANY, json.dumps(values), kind=kind, field=expression(field))

    def _put(self, kind: Kind, rows: Sequence[tuple[str, str]], *, indexed: bool) -> None:
        if len(rows) == 1:
            self._execute(PUT, (kind.name, *rows[0]))
        elif kind.unique and indexed:
            with self.savepoint():
                # A document may take over what another one of the call gives up: those go first.
                self.delete(kind.name, [key for key, _ in rows])
                self._change_many(PUT, [(kind.name, *row) for row in rows])
        else:
            self._change_many(PUT, [(kind.name, *row) for row in rows])

    def _claim(
        self,
        proposals: Sequence[tuple[int, str]],
        claim: Claim,
        facts: tuple[object, ...],
    ) -> set[int]:
        # Without RETURNING, which costs as much as the insert.
        if len(proposals) == 1:
            ((conference_id, owner),) = proposals
            entered = self._change(CLAIM, (int(conference_id), owner, owner, *facts))
            return {int(conference_id)} if entered else set()
        asked = json.dumps([int(conference_id) for conference_id, _ in proposals])
        taken = {conference_id for (conference_id,) in self._execute(TAKEN, (asked,))}
        free = [(int(i), owner, owner) for i, owner in proposals if i not in taken]
        owners = json.dumps([owner for _, owner, _ in free])
        if not claim.retired and self._execute(HAVE_LIVING, (owners,)):
            raise DuplicateKeyError("ledger", "owner")
        if self._change_many(CLAIM, [(*row, *facts) for row in free]) != len(free):
            self._half_undone = True
            raise StoreError(f"{self._place} refuses an ID that it doesn't hold; check() it.")
        return {conference_id for conference_id, _, _ in free}

    def _retire(self, owners: Sequence[str], at: object, by: str | None) -> None:
        if len(owners) == 1:
            self._change(RETIRE_ONE, (at, by, owners[0]))
            return
        self._change_many(RETIRE_ONE, [(at, by, owner) for owner in owners])

    def _to_column(self, moment: datetime) -> int:
        return (moment - _EPOCH) // _MICROSECOND

    def _from_column(self, value: Any) -> datetime:
        try:
            return _EPOCH + timedelta(microseconds=value)
        except (OverflowError, TypeError, ValueError):  # SQLite keeps anything in any column
            return UNREADABLE

    def damage(self) -> Iterator[str]:
        """What SQLite's integrity check finds."""
        lines = (line for (line,) in self._run("PRAGMA integrity_check"))
        return (f"{self._place}: {line}." for line in lines if line != "ok")
