"""Moves that are interrupted, between every two kinds of stores; the script tries every write."""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from confid.store import MemoryStore, batches
from tests.faults.moved import AT_ONCE, KINDS_OF_STORES, NEXT, main, trial
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITES = 70
"""About the number of writes in a move of the small tenant."""


@pytest.mark.parametrize("kinds", [*itertools.product(KINDS_OF_STORES, repeat=2)], ids=" to ".join)
def test_a_move_cut_short_leaves_one_living_tenant(
    kinds: tuple[str, str],
    tmp_path: Path,
    new_schema: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After an interruption at any write and any sequel, the whole tenant is there."""
    numbers = itertools.count()
    makers: dict[str, Callable[[], Any]] = {
        "memory": MemoryStore,
        "sqlite": lambda: tmp_path / f"{next(numbers)}.db",
        "postgres": new_schema,
    }
    monkeypatch.setattr(batches, "AT_ONCE", AT_ONCE)
    dice = Random(str(kinds))
    for _ in range(examples(20 if kinds == ("memory", "memory") else 2)):
        outcome = trial(
            lambda kind: makers[kind](), kinds, dice.randint(1, WRITES), dice.choice(NEXT)
        )
        assert outcome.problems == []


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """It returns 0 if it found nothing wrong."""
    assert main(["--source", "memory", "--target", "memory", "--step", "20"]) == 0
    assert "memory to memory: 12 moves cut short, 0 problems" in capsys.readouterr().out
