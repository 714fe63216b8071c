"""One moment of a SQLite file, which is read and not written."""

from __future__ import annotations

import os
import sqlite3
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from confid.errors import StoreError
from confid.store import process
from confid.store.base import Moment
from confid.store.blocks import block
from confid.store.moments import let_go, opened_once_first, passed
from confid.store.sqlite.connections import close_all, connect
from confid.store.sqlite.errors import absent, is_busy, translated
from confid.store.sqlite.schema import SCHEMA_VERSION, missing_indexes, read_version
from confid.store.sqlite.transaction import SQLiteTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.store.base import Kind, Transaction
    from confid.store.sqlite.connections import Connection
    from confid.store.sqlite.file import TenantFile

READ_ONLY = "mode=ro"

IMMUTABLE = "mode=ro&immutable=1"
"""SQLite makes no file beside the database then, takes no lock and notices no change."""

HEADER = 100
"""Bytes at the beginning of a database; a counter of changes is among them."""


class SQLiteMoment(Moment):
    """The file as it was when this was made, whoever writes to it meanwhile.

    One read transaction holds the moment, and the log of the file grows for
    as long. Where SQLite can't keep the index of its log (a read-only medium,
    a full disk), or the file has no log, nothing is held, and the moment is
    over when the file changes.
    """

    def __init__(self, file: TenantFile, kinds: Iterable[Kind], *, timeout: float) -> None:
        file.make(create=False)
        self._file = file
        self._pid = process.pid
        self._kinds = {kind.name: kind for kind in kinds}
        had_log = _is_kept(_log(file.path))
        self._unchanged: object = None
        self._held: list[Connection] = []
        # For one that nobody closes, too.
        self._end = weakref.finalize(self, _let_go, self._held, self._pid, file, had_log=had_log)
        try:
            with translated(file.path):
                # Who may not write to the file can't take away either what SQLite makes beside it.
                leaves_nothing = had_log or os.access(file.path, os.W_OK)
                if not (leaves_nothing and self._begin(READ_ONLY, timeout)):
                    _let_go(self._held, self._pid, file, had_log=had_log)
                    self._begin_immutable(timeout)
                self._check_schema()
        except BaseException:
            self.close()
            raise

    def _begin(self, access: str, timeout: float) -> bool:
        """Begin the read transaction; whether it holds the moment."""
        connection = connect(self._file, timeout, expected=None, access=access)
        self._held.append(connection)
        try:
            connection.ask("BEGIN")
            connection.ask("SELECT count(*) FROM sqlite_master")
            ((mode,),) = connection.ask("PRAGMA journal_mode")
        except sqlite3.OperationalError as error:
            if is_busy(error) or access == IMMUTABLE:
                raise
            return False
        # Without a log a reader that holds on keeps every writer waiting.
        return str(mode) == "wal"

    def _begin_immutable(self, timeout: float) -> None:
        self._unchanged = self._stamp()
        if self._unchanged is None:
            raise StoreError(
                f"{self._file.path} can't be read without being written: what was written to it "
                "last is in a log beside it. Copy both files to a folder that can be written to.",
                category="OpenError",
            )
        self._begin(IMMUTABLE, timeout)

    def _check_schema(self) -> None:
        (connection,), path = self._held, self._file.path
        version = read_version(connection, path)
        if not version:
            raise absent(path)
        if version != SCHEMA_VERSION or missing_indexes(connection, list(self._kinds.values())):
            raise opened_once_first(path)

    @block
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that reads in the one that holds the moment."""
        if not (self._held and self._held[0].in_transaction):
            raise let_go(self._file.path)
        self._demand_unchanged()
        transaction = SQLiteTransaction(self._held[0], self._file.path, self._kinds, write=False)
        try:
            yield transaction
            # Of a change under way part may have been read.
            self._demand_unchanged()
        finally:
            transaction.over = True

    def _demand_unchanged(self) -> None:
        if self._unchanged is not None and self._stamp() != self._unchanged:
            raise passed(self._file.path)

    def _stamp(self) -> object:
        """What is another one as soon as the file is written to; None when it has a log."""
        path = self._file.path
        try:
            if _is_kept(_log(path)) or _is_kept(_log(path, "journal")):
                return None
            facts = path.stat()
            with path.open("rb") as file:
                header = file.read(HEADER)
        except OSError:
            return None
        return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, header

    def close(self) -> None:
        """End the transaction."""
        self._end()


def _let_go(held: list[Connection], pid: int, file: TenantFile, *, had_log: bool) -> None:
    """Close the connection, and take away the empty log that SQLite made for it to read.

    SQLite does so itself, when the last connection that may write is closed.
    """
    ours = bool(held) and pid == process.pid
    close_all(held, pid)
    log = _log(file.path)
    with suppress(StoreError, sqlite3.Error, OSError):
        if ours and not had_log and log.exists() and not _is_kept(log):
            held.append(connect(file, 0.0, expected=None))
            held[0].execute("SELECT count(*) FROM sqlite_master").fetchall()
    close_all(held, pid)


def _log(path: Path, name: str = "wal") -> Path:
    return Path(f"{path}-{name}")


def _is_kept(log: Path) -> bool:
    """Whether a log holds something. An empty one is what readers leave."""
    return log.exists() and log.stat().st_size > 0
