"""A tenant in one SQLite file: durable, for one machine and any number of its processes."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confid.errors import (
    CommitOutcomeUnknownError,
    ConfidError,
    DuplicateKeyError,
    StoreError,
)
from confid.store.base import (
    FIRST_ID,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Store,
    Transaction,
    check_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SCHEMA_VERSION = 1
APPLICATION_ID = 0x636F6E66
"""`conf` in ASCII: how `file` and confid tell a tenant from any other SQLite file."""

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

CACHE_KIB = 64 * 1024
"""Page cache of a connection: the ledger's upper pages and the hot leaves fit."""

SCHEMA = f"""
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

CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger never forgets'); END;
CREATE TRIGGER ledger_keeps_facts
BEFORE UPDATE OF conference_id, owner, serial, origin, issued_at, issued_by ON ledger
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger never changes'); END;
CREATE TRIGGER ledger_retires_once
BEFORE UPDATE OF retired_at, retired_by ON ledger WHEN OLD.retired_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an ID is retired once'); END;
"""

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
UPDATE ledger SET retired_at = ?2, retired_by = ?3
WHERE retired_at IS NULL AND owner {condition}
RETURNING owner, conference_id
"""

PUT = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _to_microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _to_datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


class SQLiteStore(Store):
    """A tenant in the SQLite file at `path`.

    Durable to the disk at every commit (WAL, `synchronous=FULL`). A writer
    waits up to `timeout` seconds for another one, in this process or any
    other. The file is readable by its owner only.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0) -> None:
        self.path = Path(path)
        self.timeout = timeout
        self._idle: list[sqlite3.Connection] = []
        self._busy: set[sqlite3.Connection] = set()
        self._writer = threading.Lock()
        self._pid = os.getpid()
        self._opened = False

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Create the file and its schema where they are missing, and check them."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(
                f"confid needs SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer; this Python "
                f"brings {sqlite3.sqlite_version}. A newer Python has it."
            )
        if "\0" in str(self.path):
            raise StoreError("A path can't hold a NUL character.", category="InvalidArgument")
        self._make_file(create=create)
        self._pid = os.getpid()
        self._opened = True
        try:
            with self._connection() as connection, _translated(self.path):
                self._prepare(connection, list(kinds))
        except BaseException:
            self.close()
            raise

    def _make_file(self, *, create: bool) -> None:
        if self.path.is_dir():
            raise StoreError(
                f"{self.path} is a folder; a tenant is a file in it.", category="InvalidArgument"
            )
        if not create:
            if not self.path.exists():
                raise StoreError(
                    f"There is no tenant at {self.path}. Check the path, or connect with "
                    "create=True to make one.",
                    category="ObjectNotFound",
                )
            return
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreError(
                f"{self.path} can't be created: {error.strerror}.", category="OpenError"
            ) from error

    def _prepare(self, connection: sqlite3.Connection, kinds: Sequence[Kind]) -> None:
        if self._version(connection) == SCHEMA_VERSION:
            if _missing_indexes(connection, kinds):
                connection.execute("BEGIN IMMEDIATE")
                _create_indexes(connection, kinds)
                connection.execute("COMMIT")
            return
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if self._version(connection) != SCHEMA_VERSION:
            _create_schema(connection)
        _create_indexes(connection, kinds)
        connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        """The schema's version, 0 for an empty file; raises for what is no tenant."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not application and not version and not tables:
            return 0
        if application != APPLICATION_ID:
            raise StoreError(
                f"{self.path} is a SQLite file, but no confid tenant; give another path.",
                category="InvalidData",
            )
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} was written by a newer confid (schema {version}; this one knows "
                f"up to {SCHEMA_VERSION}). Upgrade confid to open it.",
                category="InvalidData",
            )
        return int(version)

    def close(self) -> None:
        """Close the idle connections; one in use closes when its transaction ends."""
        self._opened = False
        if self._pid == os.getpid():
            while self._idle:
                self._idle.pop().close()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """A deferred reading transaction, or an immediate writing one."""
        with self._connection() as connection:
            if write:
                self._enter_writer()
            try:
                with _transaction(connection, self.path, write=write) as transaction:
                    yield transaction
            finally:
                if write:
                    self._writer.release()

    def _enter_writer(self) -> None:
        # SQLite's own waiting polls; between threads of one process a lock is fairer and faster.
        if not self._writer.acquire(timeout=self.timeout):
            raise _busy(self.path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if self._pid != os.getpid():
            raise StoreError(
                f"{self.path} was opened before this process was forked; connect anew in the child."
            )
        if not self._opened:
            raise StoreError(f"The store {self.path} is closed.")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if self._opened and not connection.in_transaction:
                self._idle.append(connection)
            else:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        with _translated(self.path):
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=self.timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            return connection


@contextmanager
def _transaction(
    connection: sqlite3.Connection, path: Path, *, write: bool
) -> Iterator[_SQLiteTransaction]:
    with _translated(path):
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    transaction = _SQLiteTransaction(connection, path, write=write)
    try:
        yield transaction
    except BaseException:
        transaction.over = True
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    transaction.over = True
    _commit(connection, path)


def _commit(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        explained = _explain(error, path)
        # Only a failing disk leaves it open: the commit may be in the WAL though its sync failed.
        if error.sqlite_errorname.startswith("SQLITE_IOERR"):
            raise CommitOutcomeUnknownError(
                f"{explained} Whether the commit happened is unknown; once the disk is sound, "
                "the user's conference ID tells.",
            ) from error
        raise explained from error


def _create_schema(connection: sqlite3.Connection) -> None:
    for statement in re.split(r";\n(?=\n|CREATE|$)", SCHEMA):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _index_names(kinds: Iterable[Kind]) -> Iterator[tuple[str, Kind, str]]:
    for kind in kinds:
        for field in kind.fields:
            yield f"documents_{kind.name}_{field}", kind, field


def _missing_indexes(connection: sqlite3.Connection, kinds: Sequence[Kind]) -> bool:
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return any(name not in there for name, _, _ in _index_names(kinds))


def _create_indexes(connection: sqlite3.Connection, kinds: Sequence[Kind]) -> None:
    for name, kind, field in _index_names(kinds):
        unique = "UNIQUE" if field in kind.unique else ""
        connection.execute(
            f"CREATE {unique} INDEX IF NOT EXISTS {name} "
            f"ON documents ({_expression(field)}) WHERE kind = '{kind.name}'"
        )


def _expression(field: str) -> str:
    if not re.fullmatch("[a-z_]+", field):
        raise StoreError(f"{field!r} is no name of an index field.", category="InvalidArgument")
    return f"json_extract(body, '$.index.{field}')"


class _SQLiteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
        self._connection = connection
        self._path = path
        self._write = write
        self._savepoints = 0
        self.over = False

    def _run(self, statement: str, *values: object, write: bool = False) -> sqlite3.Cursor:
        if self.over:
            raise StoreError("This transaction is over.")
        if write and not self._write:
            raise StoreError("A reading transaction can't write.", category="InvalidOperation")
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error

    def _rows(self, statement: str, *values: object, write: bool = False) -> Iterator[Any]:
        cursor = self._run(statement, *values, write=write)
        while True:
            try:
                rows = cursor.fetchmany(1000)
            except sqlite3.Error as error:
                raise _explain(error, self._path) from error
            if not rows:
                return
            yield from rows
            if self.over:
                raise StoreError("This transaction is over.")

    def get(self, kind: str, keys: Iterable[str], *, lock: bool = False) -> dict[str, Body]:  # noqa: ARG002 - BEGIN IMMEDIATE has locked everything
        keys = list(keys)
        if len(keys) == 1:
            statement = "SELECT key, body FROM documents WHERE kind = ? AND key = ?"
            rows = self._rows(statement, kind, keys[0])
        else:
            statement = (
                "SELECT key, body FROM documents "
                "WHERE kind = ? AND key IN (SELECT value FROM json_each(?))"
            )
            rows = self._rows(statement, kind, json.dumps(keys))
        return {key: json.loads(body) for key, body in rows}

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        values = list(values)
        where = f"FROM documents WHERE kind = '{kind}' AND {_expression(field)}"
        if len(values) == 1:
            rows = self._rows(f"SELECT key, body {where} = ?", values[0])
        else:
            statement = f"SELECT key, body {where} IN (SELECT value FROM json_each(?))"
            rows = self._rows(statement, json.dumps(values))
        return {key: json.loads(body) for key, body in rows}

    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        statement = (
            "SELECT key, body FROM documents WHERE kind = ? AND key > ? ORDER BY key LIMIT ?"
        )
        for key, body in self._rows(statement, kind, after, -1 if limit is None else limit):
            yield key, json.loads(body)

    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        rows = [
            (kind, key, json.dumps(documents[key], ensure_ascii=False)) for key in sorted(documents)
        ]
        for _, key, body in rows:
            check_text(key, body)
            if "\\u0000" in body:
                check_text("\0")
        if len(rows) == 1:
            self._run(PUT, *rows[0], write=True)
            return
        with self.savepoint():
            # A document may take over what another one of the call gives up: those go first.
            self._give_up(kind, documents)
            self._run_many(PUT, rows)

    def _give_up(self, kind: str, documents: Mapping[str, Body]) -> None:
        if any(body.get("index") for body in documents.values()):
            self.delete(kind, documents)

    def _run_many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._run("SELECT 1", write=True)
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        statement = (
            "DELETE FROM documents WHERE kind = ? AND key IN (SELECT value FROM json_each(?))"
        )
        self._run(statement, kind, json.dumps(list(keys)), write=True)

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        at = _to_microseconds(claim.at)
        retired = (at, claim.by) if claim.retired else (None, None)
        facts = (claim.origin, at, claim.by, *retired)
        check_text(*(owner for _, owner in proposals))
        with self.savepoint():
            if len(proposals) == 1:
                (conference_id, owner) = proposals[0]
                rows = self._rows(CLAIM_ONE, int(conference_id), owner, *facts, write=True)
            else:
                rows = self._rows(CLAIM, json.dumps(proposals), *facts, write=True)
            return {conference_id for (conference_id,) in rows}

    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        owners = list(owners)
        if len(owners) == 1:
            statement, value = RETIRE.format(condition="= ?1"), owners[0]
        else:
            condition = "IN (SELECT value FROM json_each(?1))"
            statement, value = RETIRE.format(condition=condition), json.dumps(owners)
        return dict(self._rows(statement, value, _to_microseconds(at), by, write=True))

    def current(self, owners: Iterable[str]) -> dict[str, int]:
        owners = list(owners)
        select = "SELECT owner, conference_id FROM ledger WHERE retired_at IS NULL AND owner"
        if len(owners) == 1:
            return dict(self._rows(f"{select} = ?", owners[0]))
        statement = f"{select} IN (SELECT value FROM json_each(?))"
        return dict(self._rows(statement, json.dumps(owners)))

    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        ids = [int(i) for i in conference_ids]
        if len(ids) == 1:
            rows = self._rows("SELECT * FROM ledger WHERE conference_id = ?", ids[0])
        else:
            rows = self._rows(
                "SELECT * FROM ledger WHERE conference_id IN (SELECT value FROM json_each(?))",
                json.dumps(ids),
            )
        return {row[0]: _entry(row) for row in rows}

    def history(self, owner: str) -> list[LedgerEntry]:
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

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self._savepoints += 1
        name = f"s{self._savepoints}"
        self._run(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._run(f"ROLLBACK TO {name}")
                self._run(f"RELEASE {name}")
            raise
        else:
            self._run(f"RELEASE {name}")
        finally:
            self._savepoints -= 1


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


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error


def _busy(path: Path) -> StoreError:
    return StoreError(
        f"{path} is locked: another process or thread has been writing to it for longer than the "
        "timeout. Try again, or find out who holds it.",
        category="ResourceBusy",
    )


_SENTENCES = {
    "SQLITE_READONLY": ("PermissionError", "can't be written: the file or its folder is read-only"),
    "SQLITE_FULL": ("LimitsExceeded", "can't grow: the disk is full. Nothing was changed"),
    "SQLITE_CORRUPT": ("InvalidData", "is damaged; restore a backup, with the ledger's export"),
    "SQLITE_NOTADB": ("InvalidData", "is no SQLite file, so no confid tenant; give another path"),
    "SQLITE_CANTOPEN": ("OpenError", "can't be opened: missing, or not allowed"),
    "SQLITE_IOERR": ("ReadError", "can't be read or written: the disk reports an error"),
}


def _explain(error: sqlite3.Error, path: Path) -> ConfidError:
    """The one place where the driver's errors become confid's."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return _busy(path)
    if isinstance(error, sqlite3.IntegrityError):
        return _explain_integrity(str(error), path)
    for prefix, (category, sentence) in _SENTENCES.items():
        if name.startswith(prefix):
            return StoreError(f"{path} {sentence}.", category=category)
    return StoreError(f"{path}: SQLite says: {error}.")


def _explain_integrity(message: str, path: Path) -> ConfidError:
    if found := re.search(r"index 'documents_(\w+?)_(\w+)'", message):
        return DuplicateKeyError(found[1], found[2])
    if "ledger.owner" in message or "ledger_living" in message:
        return DuplicateKeyError("ledger", "owner")
    return StoreError(f"{path}: SQLite refused the row: {message}.", category="InvalidData")
