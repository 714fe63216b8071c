"""Large tenants: one person's rows, again and again, with no index until all of them are there."""

from __future__ import annotations

import json
import random
from base64 import urlsafe_b64encode
from contextlib import closing
from typing import TYPE_CHECKING

from confid.store import FIRST_ID, LAST_ID

from . import floor, postgres_floor
from .tenants import fill, opened, sqlite_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from confid.store import PostgresStore

    Row = tuple[object, ...]

INDEXES = "SELECT name FROM sqlite_master WHERE name GLOB 'documents.*'"
INDEXES_POSTGRES = """
SELECT indexname FROM pg_indexes
WHERE schemaname = current_schema AND starts_with(indexname, 'documents.')
"""
DROP = 'DROP INDEX "{}"'
PERSON = """
SELECT kind, key, CAST(body AS text) FROM documents WHERE kind IN ('conferencing', 'user')
ORDER BY kind
"""
ENTRY = "SELECT * FROM ledger"
SPACE = range(FIRST_ID, LAST_ID + 1)


def large_sqlite_tenant(path: Path, count: int) -> None:
    """A SQLite tenant of so many enabled people."""
    sqlite_tenant(path, 1)
    with closing(floor.connect(path)) as db:
        more = _More(db.execute(PERSON).fetchall(), db.execute(ENTRY).fetchone(), count - 1)
        db.execute("BEGIN")
        for (name,) in db.execute(INDEXES).fetchall():
            db.execute(DROP.format(name))
        db.executemany("INSERT INTO documents VALUES (?, ?, ?)", more.documents())
        db.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", more.entries())
        db.execute("COMMIT")
    with opened(path):
        """Makes the indexes."""


def large_postgres_tenant(store: PostgresStore, dsn: str, count: int) -> None:
    """The same in the schema of a store in the database `dsn`."""
    with opened(store) as session:
        fill(session, 1)
    with postgres_floor.connect(dsn, store.schema) as db, db.transaction():
        (entry,) = db.execute(ENTRY.encode()).fetchall()
        more = _More(db.execute(PERSON.encode()).fetchall(), entry, count - 1)
        for (name,) in db.execute(INDEXES_POSTGRES.encode()).fetchall():
            db.execute(DROP.format(name).encode())
        postgres_floor.copy(db, "documents", more.documents())
        postgres_floor.copy(db, "ledger", more.entries())
    with opened(store):
        """Makes the indexes."""


class _More:
    """The rows of more people, each like those of the first one, in the order of their keys."""

    def __init__(self, person: Sequence[tuple[str, str, str]], entry: Row, count: int) -> None:
        dice = random.SystemRandom()
        self._person = person
        self._entry = entry
        self._numbers = dice.sample(range(1, count + 1), count)
        self._owners = sorted(urlsafe_b64encode(dice.randbytes(12)).decode() for _ in range(count))
        self._ids = sorted({*dice.sample(SPACE, count + 1)} - {entry[0]})[:count]

    def documents(self) -> Iterator[Row]:
        """Their documents, of one kind after the other."""
        for kind, first, body in self._person:
            identity = json.loads(body).get("identity", first)
            for number, owner in zip(self._numbers, self._owners, strict=True):
                own = body.replace(first, owner).replace("erson.0@", f"erson.{number}@")
                own = own.replace("erson 0", f"erson {number}")
                yield kind, owner, own.replace(identity, f"{identity[:-12]}{number:012x}")

    def entries(self) -> Iterator[Row]:
        """Their living IDs."""
        owners = random.sample(self._owners, len(self._owners))
        for conference_id, owner in zip(self._ids, owners, strict=True):
            yield conference_id, owner, *self._entry[2:]
