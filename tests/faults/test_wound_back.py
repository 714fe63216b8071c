"""The script with a small count; the large one is run by hand (docs/explanation/guarantee.md)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from .wound_back import Run, main, wound_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("mixed", ["PostgreSQL beside SQLite", "SQLite beside PostgreSQL"])
def test_a_restore_that_nobody_noticed_repeats_no_id(
    tmp_path: Path, new_schema: Callable[[], str], mixed: str
) -> None:
    """Resets, a restored backup, more resets, and killed processes: every ID is new."""
    file, schema = str(tmp_path / "file.db"), new_schema()
    witness, store = (schema, file) if mixed.startswith("PostgreSQL") else (file, schema)
    run = Run(resets=15, kills=2, store=store, witness=witness, folder=tmp_path)
    outcome = wound_back(run, random.Random(5))
    assert len(outcome.told) >= 30
    assert outcome.kills >= 1
    assert outcome.repeated == 0
    assert outcome.problems == ()


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """It returns 0 if it found nothing wrong."""
    assert main(["--resets", "5", "--kills", "0"]) == 0
    assert "0 IDs repeated, 0 problems" in capsys.readouterr().out
