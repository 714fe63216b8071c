"""The one place where the errors of SQLite's driver become confid's."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confid.errors import ConfidError, DuplicateKeyError, StoreError
from confid.store.locks import busy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """A block whose driver errors leave it as confid's."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error


def absent(path: Path) -> StoreError:
    """The error for a path that holds no tenant."""
    return StoreError(
        f"There is no tenant at {path}. Check the path, or connect with create=True to make one.",
        category="ObjectNotFound",
    )


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another program, or connection, has locked what was asked for."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


SENTENCES = {
    "SQLITE_READONLY": (
        "PermissionDenied",
        "can't be written: the file or its folder is read-only",
    ),
    "SQLITE_FULL": ("LimitsExceeded", "can't grow: the disk is full. Nothing was changed"),
    "SQLITE_CORRUPT": ("InvalidData", "is damaged; restore a backup, with the ledger's export"),
    "SQLITE_NOTADB": ("InvalidData", "is no SQLite file, so no confid tenant; give another path"),
    "SQLITE_CANTOPEN": (
        "OpenError",
        "can't be opened: missing, not allowed, or in a folder that can't be written to",
    ),
    "SQLITE_IOERR": ("ReadError", "can't be read or written: the disk reports an error"),
}


def explain(error: sqlite3.Error, path: Path) -> ConfidError:
    """What a driver's error is in confid's words."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if is_busy(error):
        return busy(path)
    if isinstance(error, sqlite3.IntegrityError):
        return _explain_integrity(str(error), path)
    for prefix, (category, sentence) in SENTENCES.items():
        if name.startswith(prefix):
            return StoreError(f"{path} {sentence}.", category=category)
    return StoreError(f"{path}: SQLite says: {error}.")


def _explain_integrity(message: str, path: Path) -> ConfidError:
    if found := re.search(r"index 'documents\.(\w+)\.(\w+)'", message):
        return DuplicateKeyError(found[1], found[2])
    if "ledger.owner" in message:
        return DuplicateKeyError("ledger", "owner")
    return StoreError(f"{path}: SQLite refused the row: {message}.", category="InvalidData")
