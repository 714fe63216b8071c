"""The floor on PostgreSQL: hand-written SQL on bare psycopg, in a schema that confid made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from confid.store.postgres.schema import expression

from .floor import _draw, entry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def _find(kind: str, field: str) -> str:
    indexed = expression(kind, field)
    return f"SELECT key, body::text FROM documents WHERE {indexed} = ANY(%s)"  # noqa: S608 - constants


FIND = (_find("user", "sip"), _find("user", "upn"))
MEETINGS = _find("meeting", "owner")
LOCK = """
SELECT key, body::text FROM documents
WHERE kind = 'conferencing' AND key = ANY(%s) ORDER BY key FOR UPDATE
"""
OWN = "SELECT body::text FROM documents WHERE kind = 'tenant' AND key = ANY('{tenant,settings}')"
BRIDGES = "SELECT body::text FROM documents WHERE kind = 'bridge'"
NUMBERS = "SELECT body::text FROM documents WHERE kind = 'service_number'"
RETIRE = """
UPDATE ledger SET retired_at = %s, retired_by = 'root' WHERE owner = %s AND retired_at IS NULL
"""
CLAIM = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, issued_by)
VALUES (%s, %s, 1 + (SELECT coalesce(max(serial), 0) FROM ledger WHERE owner = %s),
        'issued', %s, 'root')
ON CONFLICT (conference_id) DO NOTHING
RETURNING serial
"""
PUT = """
INSERT INTO documents (kind, key, body) VALUES (%s, %s, %s)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""
RETIRE_MANY = """
UPDATE ledger SET retired_at = %s, retired_by = 'root'
FROM wanted WHERE ledger.owner = wanted.owner AND retired_at IS NULL
"""
CLAIM_MANY = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, issued_by)
SELECT conference_id, owner,
    1 + (SELECT coalesce(max(serial), 0) FROM ledger WHERE ledger.owner = wanted.owner),
    'issued', %s, 'root'
FROM wanted ORDER BY conference_id
ON CONFLICT (conference_id) DO NOTHING
RETURNING owner, conference_id, serial
"""


def connect(dsn: str, schema: str) -> psycopg.Connection[Any]:
    """A connection that finds the tables and commits when it is told to."""
    connection = psycopg.connect(dsn, autocommit=True, options=f"-c search_path={schema}")
    connection.execute("SET enable_seqscan = off")
    return connection


def _run(db: psycopg.Connection[Any], statement: str, *values: object) -> psycopg.Cursor[Any]:
    return db.execute(statement.encode(), values or None)


def reset_one(db: psycopg.Connection[Any], upn: str) -> int:
    """Reset one user's conference ID."""
    _run(db, "BEGIN")
    ((owner, text),) = (row for find in FIND for row in _run(db, find, [upn]))
    user = json.loads(text)
    ((_, text),) = _run(db, LOCK, [owner]).fetchall()
    settings = json.loads(text)
    numbers = _tenant(db)
    now = datetime.now(UTC)
    _run(db, RETIRE, now, owner)
    while True:
        (conference_id,) = _draw(1)
        if claimed := _run(db, CLAIM, conference_id, owner, owner, now).fetchone():
            break
    key, entry = entry_of(user, settings, (conference_id, *claimed), numbers, now)
    _run(db, PUT, "outbox", key, json.dumps(entry, ensure_ascii=False))
    assert not _run(db, MEETINGS, [owner]).fetchall()
    _run(db, "COMMIT")
    return conference_id


def reset_many(db: psycopg.Connection[Any], upns: Sequence[str]) -> None:
    """Reset many: lock, COPY the wanted, one UPDATE, one INSERT, COPY the outbox."""
    _run(db, "BEGIN")
    numbers = _tenant(db)
    now = datetime.now(UTC)
    found = (row for find in FIND for row in _run(db, find, list(upns)))
    users = {key: json.loads(body) for key, body in found}
    settings = {key: json.loads(body) for key, body in _run(db, LOCK, list(users))}
    _run(db, "CREATE TEMP TABLE wanted (conference_id int, owner text) ON COMMIT DROP")
    issued: dict[str, tuple[int, int]] = {}
    first = True
    while waiting := [owner for owner in users if owner not in issued]:
        _run(db, "TRUNCATE wanted")
        copy(db, "wanted (conference_id, owner)", zip(_draw(len(waiting)), waiting, strict=True))
        if first:
            _run(db, RETIRE_MANY, now)
        first = False
        issued |= {owner: (i, serial) for owner, i, serial in _run(db, CLAIM_MANY, now)}
    copy(
        db,
        "documents (kind, key, body)",
        _outbox(users, settings, issued, numbers, now),
    )
    assert not _run(db, MEETINGS, list(users)).fetchall()
    _run(db, "COMMIT")


def _outbox(
    users: dict[str, Any],
    settings: dict[str, Any],
    issued: dict[str, tuple[int, int]],
    numbers: list[Any],
    now: datetime,
) -> Iterator[tuple[str, str, str]]:
    for owner, user in users.items():
        key, entry = entry_of(user, settings[owner], issued[owner], numbers, now)
        yield "outbox", key, json.dumps(entry, ensure_ascii=False)


def copy(db: psycopg.Connection[Any], target: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Put rows in a table, as PostgreSQL takes most at once."""
    with db.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN".encode()) as into:
        for row in rows:
            into.write_row(row)


def _tenant(db: psycopg.Connection[Any]) -> list[Any]:
    """Reads what belongs to the tenant as a whole; its numbers."""
    for statement in (OWN, BRIDGES):
        for (body,) in _run(db, statement):
            json.loads(body)
    return [json.loads(body) for (body,) in _run(db, NUMBERS)]
