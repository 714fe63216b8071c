"""Winds a tenant back with its database's own tools, without telling confid."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from confid.errors import Secret
from confid.store import SQLiteStore
from confid.store.postgres.place import place_of
from confid.store.urls import as_store
from tests.servers import installed, sql

if TYPE_CHECKING:
    from collections.abc import Callable


def take(store: str, folder: Path) -> Callable[[], None]:
    """Copy a store (a path or a PostgreSQL URL); the function returned puts the copy back."""
    place = as_store(store)
    if isinstance(place, SQLiteStore):
        return _take_file(place.path, folder / "snapshot.db")
    return _take_schema(store, folder / "snapshot.dump")


def _take_file(path: Path, copy: Path) -> Callable[[], None]:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)

    def put_back() -> None:
        for left in (f"{path}-wal", f"{path}-shm"):
            Path(left).unlink(missing_ok=True)
        shutil.copy(copy, path)

    return put_back


def _take_schema(url: str, dump: Path) -> Callable[[], None]:
    place = place_of(Secret(url))
    _run(
        "pg_dump",
        "--format=custom",
        f"--schema={place.schema}",
        f"--file={dump}",
        place.conninfo.reveal(),
    )

    def put_back() -> None:
        sql(place.conninfo.reveal(), f"DROP SCHEMA {place.quoted} CASCADE")
        _run("pg_restore", "--exit-on-error", f"--dbname={place.conninfo.reveal()}", str(dump))

    return put_back


def _run(program: str, *arguments: str) -> None:
    subprocess.run([installed() / program, *arguments], check=True)
