"""The script with small counts; the large ones are run by hand (docs/explanation/guarantee.md)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .mixed_load import Load, main, mixed_load
from .told import DISABLED, ISSUED, READ

if TYPE_CHECKING:
    import pytest

SMALL = Load(seconds=0.5, processes=2, threads=2, people=6)


def test_processes_and_threads_on_the_same_people_agree(store: str) -> None:
    """The ledger, users and mails have what was acknowledged, and nothing else."""
    outcome = mixed_load(store, SMALL, random.Random(7))
    assert outcome.problems == []
    assert outcome.count(ISSUED) > SMALL.people
    assert outcome.count(DISABLED)
    assert outcome.count(READ)


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """It returns 0 if it found nothing wrong."""
    assert main(["--count", "0.3", "--processes", "2", "--threads", "2", "--people", "3"]) == 0
    assert "2 processes of 2 threads for 0.3 s" in capsys.readouterr().out
