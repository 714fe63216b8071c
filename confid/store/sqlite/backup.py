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

SEALING = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body
"""


def write_backup(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database behind `connection` to `target`, a file that isn't there yet.

    Until the copy is whole and sealed it goes by another name, so that a
    crash leaves nothing that could be taken for a tenant.
    """
    partial = Path(f"{target}.partial")
    _refuse_existing(target)
    with suppress(FileNotFoundError):
        partial.unlink()
    try:
        _make(partial)
        with translated(partial):
            _copy(connection, partial)
        _publish(partial, target)
    except BaseException:
        for left in (partial, Path(f"{partial}-wal"), Path(f"{partial}-shm")):
            with suppress(OSError):
                left.unlink()
        raise


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(
            f"{target} is there already, and a backup replaces nothing; give another path.",
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
    partial.unlink()
