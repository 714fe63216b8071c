"""What one transaction on PostgreSQL does."""

# ruff: noqa: D102 - confid.store.base says what the methods do

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confid.errors import DuplicateKeyError
from confid.store.base import Find, Get
from confid.store.postgres.schema import expression
from confid.store.sql import GET, SQLTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.store.base import Body, Claim, Kind, Question
    from confid.store.postgres.pipeline import Pipeline
    from confid.store.postgres.place import Place
    from confid.store.sql import Statement

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
        self, pipeline: Pipeline, place: Place, kinds: Mapping[str, Kind], *, write: bool
    ) -> None:
        super().__init__(place, kinds, write=write, schema=f"{place.quoted}.")
        self.pipeline = pipeline

    def _execute(self, statement: str, values: Sequence[object]) -> list[Any]:
        return self._answers([(statement, values)])[0]

    def _answers(self, statements: Sequence[Statement]) -> list[list[Any]]:
        try:
            return self.pipeline.ask(*statements)
        except Exception:
            raise
        except BaseException:
            # What was told before may be lost. A savepoint's undoing finds out.
            self._half_undone = True
            raise

    def _tell(self, statement: str, *values: object, **parts: str) -> None:
        self._check(write=True)
        self.pipeline.tell(self._sql(statement, *values, **parts))

    def _begin_savepoint(self, name: str) -> tuple[int, int]:
        self._check()
        return self.pipeline.begin_savepoint(name)

    def _undo_savepoint(self, name: str, begun: Any) -> None:
        self.pipeline.undo_savepoint(name, begun)

    def _end_savepoint(self, name: str, begun: Any) -> None:
        self._check()
        self.pipeline.end_savepoint(name, begun)

    def _among(self, values: Sequence[str] | Sequence[int]) -> tuple[str, Sequence[object]]:
        if values and isinstance(values[0], int):
            return "= ANY(%b::int4[])", [values]
        return ("= %s", values) if len(values) == 1 else ("= ANY(%b::text[])", [values])

    # Documents.

    def read(self, *questions: Question) -> list[dict[str, Any]]:
        answers = super().read(*questions)
        missing = [
            (question.kind, key)
            for question, answer in zip(questions, answers, strict=True)
            if isinstance(question, Get) and question.lock and self._write
            for key in question.keys
            if key not in answer
        ]
        if not missing:
            return answers
        self._lock_absent(missing)
        # Another transaction that had the lock before may have made them.
        return super().read(*questions)

    def foresee(self, *questions: Question) -> None:
        for question in questions:
            if isinstance(question, (Get, Find)):
                self.pipeline.foresee(question.kind, self._asked(question))

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        super().put(kind, documents)
        self.pipeline.forget(kind)

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        super().delete(kind, keys)
        self.pipeline.forget(kind)

    def _get(self, question: Get) -> Statement:
        among, bound = self._among(question.keys)
        lock = question.lock if self._write else False
        locking = f" ORDER BY key FOR {'SHARE' if lock == 'shared' else 'UPDATE'}" if lock else ""
        return self._sql(GET + locking, *bound, kind=question.kind, among=among)

    def _lock_absent(self, keys: Iterable[tuple[str, str]]) -> None:
        """Have others who lock these wait, as far as they look for what isn't there either."""
        place = self._place
        names = {f"{kind}/{place.lock_id(key) % BUCKETS}" for kind, key in keys}
        locks = sorted(place.lock_id(name) for name in names)
        self._tell("SELECT pg_advisory_xact_lock(id) FROM unnest(%b::int8[]) AS id", locks)

    def _find(self, kind: str, field: str, values: Sequence[str]) -> Statement:
        among, bound = self._among(values)
        return self._sql(FIND, *bound, field=expression(kind, field), among=among)

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
            self._tell(PUT, *rows[0], kind=kind.name)
        else:
            self._tell(PUT_MANY, *map(list, zip(*rows, strict=True)), kind=kind.name)

    def _give_up(self, kind: Kind, rows: Sequence[tuple[str, str]]) -> None:
        values = [f"#>> '{{index,{field}}}'" for field in kind.unique]
        changed = " OR ".join(
            f"d.body {value} <> coalesce(new.body::json {value}, '')" for value in values
        )
        columns = map(list, zip(*rows, strict=True))
        self._tell(GIVE_UP, *columns, kind=kind.name, changed=changed)

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
