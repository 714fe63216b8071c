"""A tenant in one SQLite file: durable, for one machine and any number of its processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from confid.errors import (
    CommitOutcomeUnknownError,
    StoreError,
)
from confid.store.base import (
    Body,
    Kind,
    Store,
    Transaction,
)
from confid.store.sql import holder_answer, holder_query
from confid.store.sqlite.backup import write_backup
from confid.store.sqlite.errors import absent, busy, explain, translated
from confid.store.sqlite.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    create_indexes,
    create_schema,
    missing_indexes,
    upgrade_schema,
)
from confid.store.sqlite.transaction import SQLiteTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

CACHE_KIB = 64 * 1024
"""Page cache of a connection: the ledger's upper pages and the hot leaves fit."""


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
        self.kinds: dict[str, Kind] = {}
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
        self.kinds = {kind.name: kind for kind in kinds}
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
        kinds = list(self.kinds.values())
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
        statement, values = holder_query(self.kinds, conference_id, owned, beside, mark="?")
        connection = self.take_connection()
        try:
            rows = connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self.give_back(connection)
        return holder_answer(rows, self.path)

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
        self._transaction = SQLiteTransaction(
            self._connection, store.path, store.kinds, write=self._write
        )
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
