"""The script on a small space; the whole one is run by hand (docs/explanation/guarantee.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.ids.dice import Space
from confid.store import LAST_ID

from .whole_space import main, whole_space

if TYPE_CHECKING:
    import pytest

SPACE = Space(LAST_ID - 4_321, LAST_ID)


def test_every_id_is_issued_once_and_then_none(store: str) -> None:
    """Thousands of IDs in large calls: a warning before the end, and an error at it."""
    outcome = whole_space(store, SPACE, calls=40)
    assert outcome.problems == []
    assert outcome.issued == 4_322
    assert outcome.warned
    assert outcome.refusals == 2


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """It returns 0 if it found nothing wrong."""
    assert main(["--space", "400"]) == 0
    assert "400 IDs issued, warned, 2 calls refused, 0 problems" in capsys.readouterr().out
