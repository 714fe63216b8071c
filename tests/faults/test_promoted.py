"""The script with a small count; the large one is run by hand (docs/explanation/guarantee.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .promoted import main

if TYPE_CHECKING:
    import pytest


def test_a_promoted_standby_has_all_that_was_acknowledged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The writers find it without help, and the script prints what happened."""
    assert main(["--count", "1", "--processes", "2", "--people", "5", "--seed", "4"]) == 0
    said = capsys.readouterr().out
    assert "1 primaries killed" in said
    assert "0 of them lost, 0 issued again" in said
