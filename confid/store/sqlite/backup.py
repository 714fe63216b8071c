"""Backups of a SQLite store: a copy taken while others write, sealed before it has its name."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from confid.errors import StoreError
from confid.store.base import BACKUP, SEAL, TENANT
from confid.store.sqlite.errors import translated
from confid.store.sqlite.file import partial_name

SEALING = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""


def write_backup(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database behind `connection` to `target`, a file that isn't there yet.

    Until the copy is whole and sealed it goes by another name, so that a
    crash leaves nothing that could be taken for a tenant.
    """
    partial = partial_name(target)
    _refuse_existing(target)
    _remove(partial)
    try:
        _make(partial)
        with translated(partial):
            _copy(connection, partial)
        _publish(partial, target)
    except BaseException:
        _remove(partial)
        raise


def _with_logs(path: Path) -> list[Path]:
    """A database's file and those that SQLite may have left beside it."""
    return [path, *(Path(f"{path}-{log}") for log in ("wal", "shm", "journal"))]


def _remove(path: Path) -> None:
    for left in _with_logs(path):
        with suppress(OSError):
            left.unlink()


def _refuse_existing(target: Path) -> None:
    for path in _with_logs(target):
        # A log of another database would be taken for the backup's own, and written into it.
        if os.path.lexists(path):
            raise StoreError(
                f"{path} is there already, and a backup replaces nothing; give another path.",
                category="ResourceExists",
            )


def _make(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"{path} can't be created: {error.strerror}.", category="OpenError"
        ) from error


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = FULL")
        connection.backup(copy)
        # The seal must be in the file itself: a WAL may be left behind when that gets its name.
        copy.execute("PRAGMA journal_mode = DELETE")
        # In the place of any other seal: the copy of a store that is in a move belongs to no move.
        seal = json.dumps({"reason": BACKUP}, separators=(", ", ": "))
        copy.execute(SEALING, (TENANT.name, SEAL, seal))
        copy.execute("PRAGMA journal_mode = WAL")


def _publish(partial: Path, target: Path) -> None:
    try:
        # A link, unlike a renaming, replaces nothing that has come there meanwhile.
        os.link(partial, target)
    except FileExistsError:
        _refuse_existing(target)
    except (OSError, NotImplementedError):
        _refuse_existing(target)
        partial.rename(target)
        return
    # Opening the target has removed it already, perhaps: see TenantFile.
    partial.unlink(missing_ok=True)
