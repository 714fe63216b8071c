"""What one transaction on PostgreSQL does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from confid.errors import DuplicateKeyError, StoreError
from confid.store.postgres.connections import commit as commit_now
from confid.store.postgres.connections import roll_back
from confid.store.postgres.errors import explain
from confid.store.postgres.schema import expression
from confid.store.sql import GET, SQLTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.store.base import Body, Claim, Kind, Lock
    from confid.store.postgres.place import Place

BUCKETS = 256
"""Advisory locks that stand for the absent documents of a kind."""

FIND = "SELECT key, body FROM {schema}documents WHERE {field} {among}"

PUT = """
INSERT INTO {schema}documents (kind, key, body) VALUES ('{kind}', %s, %s::json)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

PUT_MANY = """
INSERT INTO {schema}documents (kind, key, body)
SELECT '{kind}', key, body::json FROM unnest(%b::text[], %b::text[]) AS new (key, body)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

GIVE_UP = """
UPDATE {schema}documents AS d SET body = '{{}}'
FROM unnest(%b::text[], %b::text[]) AS new (key, body)
WHERE d.kind = '{kind}' AND d.key = new.key AND ({changed})
"""

CLAIM = """
WITH proposed AS MATERIALIZED (
    SELECT conference_id, owner, coalesce(
        (SELECT max(serial) FROM {schema}ledger l WHERE l.owner = p.owner), 0
    ) AS last FROM unnest(%b::int4[], %b::text[]) AS p (conference_id, owner)
), living AS MATERIALIZED (
    SELECT owner FROM {schema}ledger WHERE NOT %s AND retired_at IS NULL
    AND owner = ANY(ARRAY(SELECT owner FROM proposed WHERE last > 0))
), taken AS MATERIALIZED (
    SELECT FROM proposed p WHERE owner IN (SELECT owner FROM living) AND NOT EXISTS (
        SELECT FROM {schema}ledger l WHERE l.conference_id = p.conference_id
    ) LIMIT 1
), entered AS (
    INSERT INTO {schema}ledger
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


class PostgresTransaction(SQLTransaction):
    """One transaction on a connection that is in one."""

    mark = "%s"
    _place: Place

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        place: Place,
        kinds: Mapping[str, Kind],
        indexes: Mapping[str, tuple[str, str]],
        *,
        write: bool,
    ) -> None:
        super().__init__(place, kinds, write=write, schema=f"{place.quoted}.")
        self._connection = connection
        self._indexes = indexes

    def end(self, *, commit: bool) -> None:
        """Commit or roll back, and refuse whatever comes."""
        try:
            if commit:
                self.demand_whole()
        except StoreError:
            roll_back(self._connection)
            raise
        finally:
            self.over = True
        if commit and self._write:
            commit_now(self._connection, self._place)
        else:
            # What was only read needs no answer to a COMMIT.
            roll_back(self._connection)

    def _execute(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        try:
            cursor = self._connection.execute(statement.encode(), values or None, binary=True)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise explain(error, self._place, self._indexes) from error

    def _among(self, values: Sequence[str] | Sequence[int]) -> tuple[str, Sequence[object]]:
        if values and isinstance(values[0], int):
            return "= ANY(%b::int4[])", [values]
        return ("= %s", values) if len(values) == 1 else ("= ANY(%b::text[])", [values])

    # Documents.

    def _get(self, kind: str, keys: Sequence[str], *, lock: Lock) -> dict[str, Body]:
        found = self._read(kind, keys, lock=lock)
        if lock and (missing := set(keys) - found.keys()):
            self._lock_absent(kind, missing)
            # Another transaction that had the lock before may have made them.
            found |= self._read(kind, list(missing), lock=lock)
        return found

    def _read(self, kind: str, keys: Sequence[str], *, lock: Lock) -> dict[str, Body]:
        among, bound = self._among(keys)
        locking = f" ORDER BY key FOR {'SHARE' if lock == 'shared' else 'UPDATE'}" if lock else ""
        return self._documents(self._run(GET + locking, *bound, kind=kind, among=among))

    def _lock_absent(self, kind: str, keys: Iterable[str]) -> None:
        """Have others who lock these wait, as far as they look for what isn't there either."""
        place = self._place
        names = {f"{kind}/{place.lock_id(key) % BUCKETS}" for key in keys}
        locks = sorted(place.lock_id(name) for name in names)
        self._run("SELECT pg_advisory_xact_lock(id) FROM unnest(%b::int8[]) AS id", locks)

    def _find(self, kind: str, field: str, values: Sequence[str]) -> list[Any]:
        among, bound = self._among(values)
        return self._run(FIND, *bound, field=expression(kind, field), among=among)

    def _put(self, kind: Kind, rows: Sequence[tuple[str, str]], *, indexed: bool) -> None:  # noqa: ARG002 - for SQLite, which deletes first
        if not kind.unique:
            self._write_rows(kind, rows)
            return
        # A value that is taken fails a statement, which would end the whole transaction.
        with self.savepoint():
            if len(rows) > 1:
                # A document may take over what another one of the call gives up: those go first.
                self._give_up(kind, rows)
            self._write_rows(kind, rows)

    def _write_rows(self, kind: Kind, rows: Sequence[tuple[str, str]]) -> None:
        if len(rows) == 1:
            self._run(PUT, *rows[0], write=True, kind=kind.name)
        else:
            columns = map(list, zip(*rows, strict=True))
            self._run(PUT_MANY, *columns, write=True, kind=kind.name)

    def _give_up(self, kind: Kind, rows: Sequence[tuple[str, str]]) -> None:
        values = [f"#>> '{{index,{field}}}'" for field in kind.unique]
        changed = " OR ".join(
            f"d.body {value} <> coalesce(new.body::json {value}, '')" for value in values
        )
        columns = map(list, zip(*rows, strict=True))
        self._run(GIVE_UP, *columns, write=True, kind=kind.name, changed=changed)

    # The ledger.

    def _claim(
        self, proposals: Sequence[tuple[int, str]], claim: Claim, facts: tuple[object, ...]
    ) -> set[int]:
        ids = [int(conference_id) for conference_id, _ in proposals]
        owners = [owner for _, owner in proposals]
        rows = self._run(CLAIM, ids, owners, claim.retired, *facts, write=True)
        accepted = {conference_id for (conference_id,) in rows}
        if None in accepted:
            raise DuplicateKeyError("ledger", "owner")
        return accepted
