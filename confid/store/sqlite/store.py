"""A tenant in one SQLite file: durable, for one machine and any number of its processes."""

from __future__ import annotations

import sqlite3
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from confid.errors import StoreError
from confid.errors.tracebacks import ends_at_caller
from confid.store import process
from confid.store.base import Body, Kind, Store, Transaction
from confid.store.blocks import Block
from confid.store.holder import holder_answer, holder_query
from confid.store.locks import OwnedLock
from confid.store.logger import INFO, log
from confid.store.process import refuse_fork
from confid.store.sqlite.backup import write_backup
from confid.store.sqlite.connections import (
    Connection,
    all_or_nothing,
    close_all,
    commit,
    connect,
    inherited,
    roll_back,
    set_wal,
)
from confid.store.sqlite.errors import absent, explain, translated
from confid.store.sqlite.file import TenantFile
from confid.store.sqlite.moment import SQLiteMoment
from confid.store.sqlite.schema import (
    SCHEMA_VERSION,
    create_indexes,
    create_schema,
    missing_indexes,
    read_version,
    upgrade_schema,
)
from confid.store.sqlite.transaction import SQLiteTransaction

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from confid.store.sqlite.file import Identity

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

MOST_IDLE = 16
"""Connections that are kept for the next transactions, at most."""

FEW_IDLE = 2
"""Connections that are kept when the others have not been used for `LONG_IDLE` seconds."""

LONG_IDLE = 1.0


class SQLiteStore(Store):
    """A tenant in the SQLite file at `path`.

    Durable to the disk at every commit (WAL, `synchronous=FULL`). A writer
    waits up to `timeout` seconds for another one, in this process or any
    other. The file is readable by its owner only. It has to stay where it is,
    under this one name, as long as the store is open.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0) -> None:
        self._file = TenantFile(path)
        self.path: Path = self._file.path
        self.timeout = timeout
        self.kinds: dict[str, Kind] = {}
        self.writer: OwnedLock = OwnedLock()
        self._idle: list[Connection] = []
        self._identity: Identity | None = None
        self._pid = process.pid
        self._opened = False
        # For a store that nobody closes.
        weakref.finalize(self, close_all, self._idle, self._pid)

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    @ends_at_caller
    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Create the file and its schema where they are missing, and check them."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(
                f"confid needs SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer; this Python "
                f"brings {sqlite3.sqlite_version}. A newer Python has it."
            )
        self._file.make(create=create)
        self._leave_parent()
        # One that was opened earlier may have had another file of this name.
        close_all(self._idle, self._pid)
        self._identity = None
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
        # A thread that does not exist in this child may have held the lock.
        if self._pid != process.pid:
            close_all(self._idle, self._pid)
            self.writer, self._pid = OwnedLock(), process.pid
            weakref.finalize(self, close_all, self._idle, self._pid)

    def _prepare(self, connection: Connection, *, create: bool) -> None:
        kinds = list(self.kinds.values())
        with all_or_nothing(connection, "BEGIN"):
            version = read_version(connection, self.path)
            complete = version == SCHEMA_VERSION and not missing_indexes(connection, kinds)
        if complete:
            return
        if not version:
            if not create:
                raise absent(self.path)
            set_wal(connection)
        with all_or_nothing(connection, "BEGIN IMMEDIATE"):
            # Looked at again: another process may have been faster.
            version = read_version(connection, self.path)
            if not version:
                create_schema(connection)
            elif version != SCHEMA_VERSION:
                upgrade_schema(connection)
                log(INFO, "%r was brought from schema %s up to date.", self, version)
            create_indexes(connection, kinds)

    def close(self) -> None:
        """Close the idle connections; one in use closes when its transaction ends."""
        self._opened = False
        close_all(self._idle, self._pid)

    @ends_at_caller
    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the store, as it is at one moment, to a new file; others write meanwhile.

        The copy is sealed: it can be read, and `confid.restore` opens it when
        it is to take the store's place. Raises `StoreError` for a path where
        there is something already.
        """
        connection = self.take_connection()
        try:
            with translated(self.path):
                write_backup(connection, TenantFile(path).path)
        finally:
            self.give_back(connection)

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A deferred reading transaction, or an immediate writing one."""
        return _Turn(self, write=write)

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
            rows = connection.ask(statement, values)
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self.give_back(connection)
        return holder_answer(rows, self.path)

    def moment(self, kinds: Iterable[Kind]) -> SQLiteMoment:
        """The file as it is now, held in a read transaction."""
        return SQLiteMoment(self._file, kinds, timeout=self.timeout)

    def take_connection(self) -> Connection:
        """A connection of this process, to be given back."""
        refuse_fork(self._pid, self.path)
        if not self._opened:
            raise StoreError(f"The store {self.path} is closed.")
        try:
            return self._idle.pop()
        except IndexError:
            connection = connect(self._file, self.timeout, expected=self._identity)
            self._identity = connection.identity
            return connection

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next transaction, or close it."""
        if not self._opened or connection.in_transaction or len(self._idle) >= MOST_IDLE:
            connection.close()
            return
        connection.used_at = time.monotonic()
        self._idle.append(connection)
        with suppress(IndexError):  # another thread may take the last one just now
            if len(self._idle) > FEW_IDLE and (
                self._idle[0].used_at < connection.used_at - LONG_IDLE
            ):
                self._idle.pop(0).close()

    def demand_same_file(self, connection: Connection) -> None:
        """Raise `StoreError` when the path names another file than the connection's, or none."""
        if self._file.identity() != connection.identity:
            raise self._file.replaced()


class _Turn(Block[Transaction]):
    """A transaction from BEGIN to COMMIT."""

    _connection: Connection | None = None
    _transaction: SQLiteTransaction | None = None

    def __init__(self, store: SQLiteStore, *, write: bool) -> None:
        self._store = store
        self._write = write
        self._pid = process.pid

    def __enter__(self) -> Transaction:
        store = self._store
        try:
            if self._write:
                # SQLite's own waiting polls; between the threads of a process a lock is faster.
                store.writer.acquire(self, timeout=store.timeout, what=store.path)
            self._connection = connection = store.take_connection()
            if self._write:
                connection.ask("BEGIN IMMEDIATE")
                store.demand_same_file(connection)
            else:
                connection.execute("BEGIN")
        except sqlite3.Error as error:
            self.abandon()
            raise explain(error, store.path) from error
        except BaseException:
            self.abandon()
            raise
        self._transaction = transaction = SQLiteTransaction(
            connection, store.path, store.kinds, write=self._write
        )
        return transaction

    def leave(self, error: BaseException | None) -> None:
        transaction, connection = self._transaction, self._connection
        assert transaction is not None  # noqa: S101 - it was entered
        assert connection is not None  # noqa: S101 - it was entered
        try:
            if error is None:
                transaction.demand_whole()
                if self._write:
                    self._store.demand_same_file(connection)
                transaction.over = True
                commit(connection, self._store.path)
        finally:
            self.abandon()

    def abandon(self) -> None:
        store, connection = self._store, self._connection
        if self._transaction is not None:
            self._transaction.over = True
        # Forgotten first: once it is given back, it may be another's.
        self._connection = None
        if connection is not None and self._pid != process.pid:
            inherited.append(connection)
        elif connection is not None:
            roll_back(connection)
            store.give_back(connection)
        store.writer.release(self)
