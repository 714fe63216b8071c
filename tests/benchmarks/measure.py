"""Measuring in turns, and the figures that come out."""

from __future__ import annotations

import gc
import statistics
from time import perf_counter
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@attrs.frozen(kw_only=True)
class Figure:
    """One row of the table.

    `value` is what the row is about, `low` and `high` its least and greatest
    in the run; `target` is what it may be at most, None for information.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    target: float | None = None
    confid: str
    floor: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.target is None:
            return ""
        return "met" if self.value <= self.target else "MISSED"


GROUPS = 10
"""A figure's range is that of the medians of up to so many stretches of the run."""

MANY_ROUNDS = 50
"""From so many on they are short calls, which a collection before each would find cold."""


def timed(call: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    start = perf_counter()
    call()
    return perf_counter() - start


def in_turns(rounds: int, *calls: Callable[[], object], row: int = 1) -> list[list[float]]:
    """The seconds of each call, `rounds` times, one call after the other in every round.

    Every second round goes backwards: none is always behind the same other.
    With `row`, each is made so many times in a row before the next has its turn.
    """
    seconds: list[list[float]] = [[] for _ in calls]
    turns = list(zip(calls, seconds, strict=True))
    gc.collect()
    for _ in range(rounds):
        turns.reverse()
        for call, taken in turns:
            if rounds < MANY_ROUNDS:
                gc.collect()  # what earlier calls left is not this one's to clear away
            taken.extend(timed(call) for _ in range(row))
    return seconds


def _medians(values: Sequence[float]) -> list[float]:
    """The medians of the run's stretches."""
    size = max(1, len(values) // GROUPS)
    return [_median(values, i, size) for i in range(0, len(values), size)]


def _median(values: Sequence[float], start: int, size: int) -> float:
    return statistics.median(values[start : start + size])


def ratio(
    name: str,
    confid: Sequence[float],
    floor: Sequence[float],
    *,
    target: float | None = None,
    per: int = 1,
) -> Figure:
    """How many times the floor's time confid takes; `per` is how many items a time is for."""
    pairs = [o / t for o, t in zip(_medians(confid), _medians(floor), strict=True)]
    ours, theirs = statistics.median(confid), statistics.median(floor)
    return Figure(
        name=name,
        value=ours / theirs,
        low=min(pairs),
        high=max(pairs),
        unit="x",
        target=target,
        confid=show(ours / per),
        floor=show(theirs / per),
    )


def difference(
    name: str,
    confid: Sequence[float],
    floor: Sequence[float],
    *,
    target: float | None = None,
    row: int = 1,
) -> Figure:
    """How many microseconds more than the floor confid takes.

    Each row of calls is compared with the one beside it, for a machine that
    changes its speed in the midst of a run would drown so small a difference.
    """
    beside = [_median(confid, i, row) - _median(floor, i, row) for i in range(0, len(floor), row)]
    differences = [seconds * 1e6 for seconds in beside]
    stretches = _medians(differences)
    return Figure(
        name=name,
        value=statistics.median(differences),
        low=min(stretches),
        high=max(stretches),
        unit="µs",
        target=target,
        confid=show(statistics.median(confid)),
        floor=show(statistics.median(floor)),
    )


def plain(
    name: str, seconds: Sequence[float], *, target: float | None = None, per: int = 1
) -> Figure:
    """The time itself, in microseconds an item."""
    micro = [taken * 1e6 / per for taken in _medians(seconds)]
    return Figure(
        name=name,
        value=statistics.median(seconds) * 1e6 / per,
        low=min(micro),
        high=max(micro),
        unit="µs",
        target=target,
        confid=show(statistics.median(seconds) / per),
    )


def spread(name: str, *seconds: Sequence[float], target: float | None = None) -> Figure:
    """How many times what the fastest of these calls takes the slowest does."""
    stretches = zip(*map(_medians, seconds), strict=True)
    ratios = [max(medians) / min(medians) for medians in stretches]
    medians = [statistics.median(taken) for taken in seconds]
    value = max(medians) / min(medians)
    return Figure(
        name=name,
        value=value,
        low=min(value, *ratios),
        high=max(value, *ratios),
        unit="x",
        target=target,
        confid=", ".join(map(show, medians)),
    )


def room(name: str, size: int, count: int) -> Figure:
    """The bytes that each of so many takes."""
    each = size / count
    return Figure(
        name=name, value=each, low=each, high=each, unit="B", confid=f"{size / 1e6:.1f} MB"
    )


def show(seconds: float) -> str:
    """Seconds as people read them."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.2f} {unit}"
    return f"{seconds * 1e6:.1f} µs"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table."""
    head = ("figure", "value", "min-max", "target", "", "confid", "floor")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    digits = 2 if figure.unit == "x" else 1
    return (
        figure.name,
        f"{figure.value:.{digits}f} {figure.unit}",
        f"{figure.low:.{digits}f}-{figure.high:.{digits}f}",
        "" if figure.target is None else f"<= {figure.target:g}",
        figure.verdict,
        figure.confid,
        figure.floor,
    )
