"""The schema of a SQLite tenant: its tables, the triggers that guard the ledger, its indexes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confid.errors import StoreError
from confid.store.base import FIRST_ID, LAST_ID, Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from confid.store.sqlite.connections import Connection

SCHEMA_VERSION = 2
"""2: triggers that hold against OR REPLACE and SET rowid too; indexes that no two kinds share."""

APPLICATION_ID = 0x636F6E66
"""`conf` in ASCII: how `file` and confid tell a tenant from any other SQLite file."""

TABLES = f"""
CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE ledger (
    conference_id INTEGER PRIMARY KEY
        CHECK (conference_id BETWEEN {FIRST_ID} AND {LAST_ID}),
    owner TEXT NOT NULL,
    serial INTEGER NOT NULL CHECK (serial > 0),
    origin TEXT NOT NULL CHECK (origin IN ('issued', 'imported')),
    issued_at INTEGER NOT NULL,
    issued_by TEXT,
    retired_at INTEGER,
    retired_by TEXT,
    UNIQUE (owner, serial)
);
CREATE UNIQUE INDEX ledger_living ON ledger (owner) WHERE retired_at IS NULL;
"""

TRIGGERS = """
CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger never forgets'); END;

CREATE TRIGGER ledger_replaces_nothing BEFORE INSERT ON ledger
BEGIN
    SELECT RAISE(IGNORE)
    WHERE EXISTS (SELECT 1 FROM ledger WHERE conference_id = NEW.conference_id);
    SELECT RAISE(ABORT, 'ledger.owner has a living ID, or that serial')
    WHERE EXISTS (SELECT 1 FROM ledger WHERE owner = NEW.owner AND serial = NEW.serial)
        OR NEW.retired_at IS NULL
        AND EXISTS (SELECT 1 FROM ledger WHERE owner = NEW.owner AND retired_at IS NULL);
END;

CREATE TRIGGER ledger_keeps_facts BEFORE UPDATE ON ledger
WHEN OLD.conference_id IS NOT NEW.conference_id OR OLD.owner IS NOT NEW.owner
    OR OLD.serial IS NOT NEW.serial OR OLD.origin IS NOT NEW.origin
    OR OLD.issued_at IS NOT NEW.issued_at OR OLD.issued_by IS NOT NEW.issued_by
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger never changes'); END;

CREATE TRIGGER ledger_retires_once
BEFORE UPDATE OF retired_at, retired_by ON ledger WHEN OLD.retired_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an ID is retired once'); END;
"""
"""The triggers hold against a stranger's SQL too. OR REPLACE would delete the rows it conflicts
with without asking `ledger_keeps_rows`, and SET rowid would pass a trigger on columns, so one
trigger looks before an insert and another one compares whole rows."""


def read_version(connection: Connection, path: Path) -> int:
    """The schema's version, 0 for an empty file; raises for what is no tenant or newer."""
    ((tables,),) = connection.ask("SELECT count(*) FROM sqlite_master")
    ((application,),) = connection.ask("PRAGMA application_id")
    ((version,),) = connection.ask("PRAGMA user_version")
    if not application and not version and not tables:
        return 0
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a SQLite file, but no confid tenant; give another path.",
            category="InvalidData",
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer confid (schema {version}; this one knows up to "
            f"{SCHEMA_VERSION}). Upgrade confid to open it.",
            category="InvalidData",
        )
    return int(version)


def create_schema(connection: sqlite3.Connection) -> None:
    """Make the tables and triggers in an empty file, inside the caller's transaction."""
    _run(connection, TABLES + TRIGGERS)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def upgrade_schema(connection: sqlite3.Connection) -> None:
    """Bring an older schema up to date, inside the caller's transaction; no row is touched."""
    # Of version 1 there are files with fewer triggers and with other names of indexes.
    there = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type = 'trigger' OR name GLOB 'documents_*'"
    ).fetchall()
    for kind, name in there:
        connection.execute(f'DROP {kind} "{name}"')
    _run(connection, TRIGGERS)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in re.split(r";\n(?=\n|CREATE|$)", script):
        if statement.strip():
            connection.execute(statement)


def _index_names(kinds: Iterable[Kind]) -> Iterator[tuple[str, Kind, str]]:
    for kind in kinds:
        for field in kind.fields:
            # A dot, which no name holds: kind a_b with field c is not kind a with field b_c.
            yield f"documents.{kind.name}.{field}", kind, field


def missing_indexes(connection: sqlite3.Connection, kinds: Sequence[Kind]) -> bool:
    """Whether a field of these kinds has no index yet."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return any(name not in there for name, _, _ in _index_names(kinds))


def create_indexes(connection: sqlite3.Connection, kinds: Sequence[Kind]) -> None:
    """Make the indexes that are missing."""
    for name, kind, field in _index_names(kinds):
        unique = "UNIQUE" if field in kind.unique else ""
        connection.execute(
            f'CREATE {unique} INDEX IF NOT EXISTS "{name}" '
            f"ON documents ({expression(field)}) WHERE kind = '{kind.name}'"
        )


def expression(field: str) -> str:
    """What an index on the field is made of; a query finds it by the very same text."""
    return f"json_extract(body, '$.index.{field}')"
