"""The stores in lock-step: the same operations, the same answers, the same errors."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from confid.store import MemoryStore, PostgresStore, SQLiteStore
from confid.testing import run_in_lockstep
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_memory_and_sqlite_agree(tmp_path: Path) -> None:
    """After any sequence of transactions, savepoints, rollbacks and misuse."""
    names = itertools.count()
    run_in_lockstep(
        lambda: (MemoryStore(), SQLiteStore(tmp_path / f"{next(names)}.db")), examples=examples(50)
    )


def test_memory_and_postgresql_agree(new_schema: Callable[[], str]) -> None:
    """The same sequences on PostgreSQL."""
    run_in_lockstep(lambda: (MemoryStore(), PostgresStore(new_schema())), examples=examples(25))
