"""The floor: hand-written SQL on bare `sqlite3`, with the durability that confid promises.

It opens a file that confid made, so tables, indexes and triggers are the
same; it reads and writes the same documents and ledger rows (a person is
looked for by both names, and their meetings are asked for); it checks nothing,
and returns no records.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from zlib import crc32

from confid.store.base import FIRST_ID, LAST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SPACE = LAST_ID - FIRST_ID + 1
CHUNK = 1000


def _find_one(kind: str, field: str) -> str:
    return (
        f"SELECT key, body FROM documents WHERE kind = '{kind}' "  # noqa: S608 - constants
        f"AND json_extract(body, '$.index.{field}') = ?"
    )


def _find_many(kind: str, field: str) -> str:
    return (
        "SELECT documents.key, body "  # noqa: S608 - constants
        "FROM json_each(?) AS wanted CROSS JOIN documents "
        f"WHERE kind = '{kind}' AND json_extract(body, '$.index.{field}') = wanted.value"
    )


FIND_ONE = (_find_one("user", "sip"), _find_one("user", "upn"))
FIND_MANY = (_find_many("user", "sip"), _find_many("user", "upn"))
MEETINGS_OF_ONE = _find_one("meeting", "owner")
MEETINGS_OF_MANY = _find_many("meeting", "owner")
GET_ONE = "SELECT body FROM documents WHERE kind = 'conferencing' AND key = ?"
GET_MANY = (
    "SELECT key, body FROM documents "
    "WHERE kind = 'conferencing' AND key IN (SELECT value FROM json_each(?))"
)
USERS = "SELECT key, body FROM documents WHERE kind = 'user'"
SETTINGS = "SELECT key, body FROM documents WHERE kind = 'conferencing'"
OWN = "SELECT body FROM documents WHERE kind = 'tenant' AND key IN ('tenant', 'settings')"
BRIDGES = "SELECT body FROM documents WHERE kind = 'bridge'"
NUMBERS = "SELECT body FROM documents WHERE kind = 'service_number'"
RETIRE = "UPDATE ledger SET retired_at = ?, retired_by = ? WHERE owner = ? AND retired_at IS NULL"
CLAIM = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, issued_by)
VALUES (?, ?, 1 + (SELECT coalesce(max(serial), 0) FROM ledger WHERE owner = ?), 'issued', ?, ?)
ON CONFLICT (conference_id) DO NOTHING
RETURNING serial
"""
PUT = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection as durable, and with as large a cache, as confid's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def reset_one(db: sqlite3.Connection, upn: str) -> int:
    """Reset one user's conference ID."""
    db.execute("BEGIN IMMEDIATE")
    ((owner, text),) = (row for find in FIND_ONE for row in db.execute(find, (upn.lower(),)))
    user = json.loads(text)
    (text,) = db.execute(GET_ONE, (owner,)).fetchone()
    settings = json.loads(text)
    numbers = _tenant(db)
    at = time.time_ns() // 1000
    db.execute(RETIRE, (at, "root", owner))
    while True:
        (conference_id,) = _draw(1)
        if claimed := db.execute(CLAIM, (conference_id, owner, owner, at, "root")).fetchone():
            break
    now = datetime.now(UTC)
    key, entry = entry_of(user, settings, (conference_id, *claimed), numbers, now)
    db.execute(PUT, ("outbox", key, json.dumps(entry, ensure_ascii=False)))
    assert not db.execute(MEETINGS_OF_ONE, (owner,)).fetchall()
    db.execute("COMMIT")
    return conference_id


def reset_many(db: sqlite3.Connection, upns: Sequence[str]) -> None:
    """Reset the conference IDs of many users, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    numbers = _tenant(db)
    at = time.time_ns() // 1000
    now = datetime.now(UTC)
    for start in range(0, len(upns), CHUNK):
        _reset_chunk(db, upns[start : start + CHUNK], numbers, at, now)
    db.execute("COMMIT")


def _reset_chunk(
    db: sqlite3.Connection, upns: Sequence[str], numbers: list[Any], at: int, now: datetime
) -> None:
    wanted = json.dumps([upn.lower() for upn in upns])
    found = (row for find in FIND_MANY for row in db.execute(find, (wanted,)))
    users = {owner: json.loads(body) for owner, body in found}
    kept = db.execute(GET_MANY, (json.dumps(list(users)),))
    settings = {owner: json.loads(body) for owner, body in kept}
    db.executemany(RETIRE, [(at, "root", owner) for owner in users])
    issued = _claim_many(db, list(users), at)
    entries = [
        entry_of(user, settings[owner], issued[owner], numbers, now)
        for owner, user in users.items()
    ]
    db.executemany(
        PUT, [("outbox", key, json.dumps(body, ensure_ascii=False)) for key, body in entries]
    )
    assert not db.execute(MEETINGS_OF_MANY, (json.dumps(list(users)),)).fetchall()


def _claim_many(db: sqlite3.Connection, owners: list[str], at: int) -> dict[str, tuple[int, int]]:
    issued: dict[str, tuple[int, int]] = {}
    while len(issued) < len(owners):
        waiting = [owner for owner in owners if owner not in issued]
        proposals = sorted(zip(_draw(len(waiting)), waiting, strict=True))
        db.executemany(
            CLAIM.replace("RETURNING serial", ""),
            [(i, owner, owner, at, "root") for i, owner in proposals],
        )
        found = db.execute(
            "SELECT owner, conference_id, serial FROM ledger WHERE retired_at IS NULL "
            "AND owner IN (SELECT value FROM json_each(?))",
            (json.dumps(waiting),),
        )
        issued.update((owner, (i, serial)) for owner, i, serial in found)
    return issued


def listing(db: sqlite3.Connection) -> list[tuple[Any, Any, int]]:
    """Everybody's directory and dial-in documents and conference ID."""
    users = {key: json.loads(body) for key, body in db.execute(USERS)}
    ids = dict(db.execute("SELECT owner, conference_id FROM ledger WHERE retired_at IS NULL"))
    return [(users[owner], json.loads(body), ids[owner]) for owner, body in db.execute(SETTINGS)]


def _tenant(db: sqlite3.Connection) -> list[Any]:
    """Reads what belongs to the tenant as a whole; its numbers."""
    for (body,) in [*db.execute(OWN), *db.execute(BRIDGES)]:
        json.loads(body)
    return [json.loads(body) for (body,) in db.execute(NUMBERS)]


def _draw(count: int) -> Iterator[int]:
    dice = os.urandom(8 * count)
    for place in range(0, len(dice), 8):
        word = int.from_bytes(dice[place : place + 8], "little")
        yield FIRST_ID + (word * SPACE >> 64)


_places = count()


def entry_of(
    user: Any, settings: Any, issued: tuple[int, int], numbers: list[Any], now: datetime
) -> tuple[str, dict[str, Any]]:
    """The key and body of a user's message in the outbox; the ID comes with its serial."""
    owner, conference_id = user["owner"], issued[0]
    serial = settings["revision"] + issued[1]
    key = f"{int(now.timestamp() * 1000):011x}{next(_places) % 0x100000:05x}:{owner}:{serial:08d}"
    shown = [n for n in numbers if n["number"] == settings["service_number"]]
    return key, {
        "key": key,
        "to": user["mail"],
        "events": ["conference_id_reset"],
        "created_at": now.isoformat(),
        "facts": {
            "display_name": user["display_name"],
            "conference_id": conference_id,
            "numbers": [{"number": n["number"], "city": n["city"]} for n in shown],
        },
        "owner": owner,
        "serial": serial,
        "index": {"state": "pending", "owner": owner, "lane": f"{crc32(owner.encode()) % 64:02d}"},
    }
