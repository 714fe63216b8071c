"""Connections to a SQLite file: how they are made, begin, wait and end."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from confid.errors import CommitOutcomeUnknownError
from confid.store import process
from confid.store.sqlite.errors import explain, is_busy, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TypeVar

    from confid.store.sqlite.file import Identity, TenantFile

    T = TypeVar("T")

CACHE_KIB = 64 * 1024
"""Page cache of a connection: the ledger's upper pages and the hot leaves fit."""

READ_WRITE = "mode=rw"

STEP = 0.1
"""Seconds that SQLite waits for a lock by itself; no interrupt is noticed meanwhile."""

PAUSE = 0.01
"""Seconds between two attempts, for what SQLite doesn't wait for at all."""


class Connection(sqlite3.Connection):
    """A connection that knows which file it has opened, and when it was last used."""

    identity: Identity | None
    patience: float
    used_at: float = 0.0

    def ask(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of a statement; waits while another program has the file locked."""
        return patiently(self.patience, lambda: self.execute(statement, values).fetchall())


inherited: list[Connection] = []
"""Connections of a parent process, which a forked child may neither use nor close."""


def patiently(seconds: float, run: Callable[[], T]) -> T:
    """What `run` returns; it is run again while the file is locked, as long as that."""
    deadline = 0.0
    while True:
        try:
            return run()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            now = time.monotonic()
            deadline = deadline or now + seconds - STEP
            if now >= deadline:
                raise
        time.sleep(PAUSE)


def connect(
    file: TenantFile, patience: float, *, expected: Identity | None, access: str = READ_WRITE
) -> Connection:
    """A new connection to the expected file, or to any; `access` is in SQLite's words.

    Raises `StoreError` when another one is there, or is put there just now.
    """
    identity = file.identity()
    # Before it is opened: SQLite would bring a log of the former one into it.
    if expected not in (None, identity):
        raise file.replaced()
    with translated(file.path):
        connection = sqlite3.connect(
            f"{file.path.as_uri()}?{access}",
            uri=True,
            timeout=min(patience, STEP),
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=Connection,
        )
    connection.patience = patience
    try:
        with translated(file.path):
            if access == READ_WRITE:
                _prepare_to_write(connection)
        connection.identity = file.identity()
    except BaseException:
        connection.close()
        raise
    if connection.identity != identity:
        connection.close()
        raise file.replaced()
    return connection


def _prepare_to_write(connection: Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    # What is erased, a PIN, is overwritten; not every build of SQLite does so by itself.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def close_all(connections: list[Connection], pid: int) -> None:
    """Close connections; in another process than theirs only put them aside."""
    while connections:
        connection = connections.pop()
        if pid == process.pid:
            connection.close()
        else:
            inherited.append(connection)


@contextmanager
def all_or_nothing(connection: Connection, begin: str) -> Iterator[None]:
    """A transaction while the store is opened, from `begin` on."""
    connection.ask(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        roll_back(connection)


def roll_back(connection: Connection) -> None:
    """End a transaction, where there is one."""
    # A connection that can't even roll back is still in its transaction, so nobody reuses it.
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def set_wal(connection: Connection) -> None:
    """Have the file written through a write-ahead log."""
    connection.ask("PRAGMA journal_mode = WAL")


def commit(connection: Connection, path: Path) -> None:
    """Commit, or say what became of it."""
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        roll_back(connection)
        explained = explain(error, path)
        # Only a failing disk leaves it open: the commit may be in the WAL though its sync failed.
        if error.sqlite_errorname.startswith("SQLITE_IOERR"):
            raise CommitOutcomeUnknownError(
                f"{explained} Whether the commit happened is unknown; once the disk is sound, "
                "the user's conference ID tells.",
            ) from error
        raise explained from error
