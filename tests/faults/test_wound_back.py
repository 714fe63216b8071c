"""The script with a small count; the large one is run by hand (docs/how-to/witness.md)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .wound_back import Run, main, wound_back

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_restore_that_nobody_noticed_repeats_no_id(tmp_path: Path) -> None:
    """60 resets, a backup restored, 60 more, processes killed on the way: every ID is new."""
    run = Run(
        resets=60,
        kills=6,
        store=str(tmp_path / "tenant.db"),
        witness=str(tmp_path / "witness.db"),
        folder=tmp_path,
    )
    outcome = wound_back(run, random.Random(5))
    assert len(outcome.told) >= 120
    assert outcome.kills >= 3
    assert outcome.repeated == 0
    assert outcome.problems == ()


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """And ends well when it saw nothing wrong."""
    assert main(["--resets", "5", "--kills", "0"]) == 0
    assert "0 IDs repeated, 0 problems" in capsys.readouterr().out
