"""A tenant in one SQLite file: durable, for one machine and any number of its processes."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confid.errors import (
    CommitOutcomeUnknownError,
    StoreError,
)
from confid.store.base import (
    ISSUED,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Lock,
    Store,
    Transaction,
    check_proposals,
    check_text,
    holder_statement,
    index_of,
    to_json,
    unknown_kind,
    utc,
)
from confid.store.sqlite_backup import write_backup
from confid.store.sqlite_errors import SENTENCES, absent, busy, explain, translated
from confid.store.sqlite_schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    create_indexes,
    create_schema,
    expression,
    missing_indexes,
    upgrade_schema,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

CACHE_KIB = 64 * 1024
"""Page cache of a connection: the ledger's upper pages and the hot leaves fit."""

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
        self._kinds: dict[str, Kind] = {}
        self._writer = threading.Lock()
        self._pid = os.getpid()
        self._parents: list[sqlite3.Connection] = []
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
        self._leave_parent()
        self._kinds = {kind.name: kind for kind in kinds}
        self._opened = True
        try:
            connection = self.take_connection()
            try:
                with translated(self.path):
                    self._prepare(connection, create=create)
            finally:
                self.give_back(connection)
        except BaseException:
            self.close()
            raise

    def _leave_parent(self) -> None:
        # In a forked child the parent's connections may be neither used nor closed, and its
        # lock may be held by a thread that does not exist here.
        if self._pid != os.getpid():
            self._parents += self._idle
            self._idle, self._writer, self._pid = [], threading.Lock(), os.getpid()

    def _make_file(self, *, create: bool) -> None:
        if self.path.is_dir():
            raise StoreError(
                f"{self.path} is a folder; a tenant is a file in it.", category="InvalidArgument"
            )
        if not create:
            if not self.path.exists():
                raise absent(self.path)
            return
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreError(
                f"{self.path} can't be created: {error.strerror}.", category="OpenError"
            ) from error

    def _prepare(self, connection: sqlite3.Connection, *, create: bool) -> None:
        kinds = list(self._kinds.values())
        with _all_or_nothing(connection, "BEGIN"):
            version = self._version(connection)
            complete = version == SCHEMA_VERSION and not missing_indexes(connection, kinds)
        if complete:
            return
        if not version:
            if not create:
                raise absent(self.path)
            _set_wal(connection, self.timeout)
        with _all_or_nothing(connection, "BEGIN IMMEDIATE"):
            # Looked at again: another process may have been faster.
            version = self._version(connection)
            if not version:
                create_schema(connection)
            elif version != SCHEMA_VERSION:
                upgrade_schema(connection)
            create_indexes(connection, kinds)

    def _version(self, connection: sqlite3.Connection) -> int:
        """The schema's version, 0 for an empty file; raises for what is no tenant."""
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
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

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the store, as it stands at one moment, to a new file; others write meanwhile.

        The copy is sealed: it can be read, and `confid.restore` opens it when
        it is to take the store's place. Raises `StoreError` for a path where
        there is something already.
        """
        connection = self.take_connection()
        try:
            with translated(self.path):
                write_backup(connection, Path(path))
        finally:
            self.give_back(connection)

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A deferred reading transaction, or an immediate writing one."""
        return _Block(self, write=write)

    def holder(
        self,
        conference_id: int,
        *,
        owned: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, list[Body | None]] | None:
        """Whose living ID that is, with documents; one statement, which is a transaction too."""
        named = [text for document in beside for text in document]
        for name in (*owned, *named[::2]):
            self.kind(name)
        check_text(*named)
        statement = holder_statement(len(owned), len(beside), mark="?")
        connection = self.take_connection()
        try:
            rows = connection.execute(statement, (*owned, *named, int(conference_id))).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self.give_back(connection)
        for owner, *texts in rows:
            return owner, [None if text is None else self.body(text) for text in texts]
        return None

    def body(self, text: str) -> Body:
        """The document that a text says."""
        try:
            return _from_json(text)
        except ValueError as error:
            category, sentence = SENTENCES["SQLITE_CORRUPT"]
            raise StoreError(f"{self.path} {sentence}.", category=category) from error

    def kind(self, name: str, field: str | None = None) -> Kind:
        """The kind of that name, which has that field; raises where there is none."""
        kind = self._kinds.get(name)
        if kind is None:
            raise unknown_kind(name)
        if field is not None and field not in kind.fields:
            raise StoreError(f"The kind {name!r} has no index field {field!r}.")
        return kind

    def enter_writer(self) -> None:
        """Wait for the place of the one writer in this process."""
        # SQLite's own waiting polls; between threads of one process a lock is fairer and faster.
        if not self._writer.acquire(timeout=self.timeout):
            raise busy(self.path)

    def leave_writer(self) -> None:
        """Give the writer's place to the next one."""
        self._writer.release()

    def take_connection(self) -> sqlite3.Connection:
        """A connection of this process, to be given back."""
        if self._pid != os.getpid():
            raise StoreError(
                f"{self.path} was opened before this process was forked; connect anew in the child."
            )
        if not self._opened:
            raise StoreError(f"The store {self.path} is closed.")
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Keep a connection for the next transaction, unless it is none to be used again."""
        if self._opened and not connection.in_transaction:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        with translated(self.path):
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=self.timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            connection.execute("PRAGMA synchronous = FULL")
            # What is erased, a PIN, is overwritten; not every build of SQLite does so by itself.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            return connection


class _Block:
    """A transaction from BEGIN to COMMIT; a class, for generators cost more here than SQL does."""

    def __init__(self, store: SQLiteStore, *, write: bool) -> None:
        self._store = store
        self._write = write

    def __enter__(self) -> Transaction:
        store = self._store
        self._connection = store.take_connection()
        try:
            if self._write:
                store.enter_writer()
            try:
                self._connection.execute("BEGIN IMMEDIATE" if self._write else "BEGIN")
            except sqlite3.Error as error:
                if self._write:
                    store.leave_writer()
                raise explain(error, store.path) from error
        except BaseException:
            store.give_back(self._connection)
            raise
        self._transaction = _SQLiteTransaction(self._connection, store, write=self._write)
        return self._transaction

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._transaction.end()
            if kind is None:
                _commit(self._connection, self._store.path)
            else:
                _roll_back(self._connection)
        finally:
            if self._write:
                self._store.leave_writer()
            self._store.give_back(self._connection)


@contextmanager
def _all_or_nothing(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        _roll_back(connection)


def _roll_back(connection: sqlite3.Connection) -> None:
    # A connection that can't even roll back still is in its transaction, and so is not reused.
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _set_wal(connection: sqlite3.Connection, timeout: float) -> None:
    # This one statement doesn't wait by itself where another process does the same just now.
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _commit(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        explained = explain(error, path)
        # Only a failing disk leaves it open: the commit may be in the WAL though its sync failed.
        if error.sqlite_errorname.startswith("SQLITE_IOERR"):
            raise CommitOutcomeUnknownError(
                f"{explained} Whether the commit happened is unknown; once the disk is sound, "
                "the user's conference ID tells.",
            ) from error
        raise explained from error


class _SQLiteTransaction(Transaction):
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


def _from_json(text: str) -> Body:
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
