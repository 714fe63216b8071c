"""What stands behind a `|` chooses, sorts and selects as the engine does."""

from __future__ import annotations

import json
import math
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, LineError
from confid.powershell import format_list, import_csv, pipe, to_json
from confid.powershell.language.introsort import introsort
from tests.powershell.odd_values import objects
from tests.powershell.rows import Record, params, people
from tests.tables import each_row

if TYPE_CHECKING:
    from pathlib import Path

bounded = settings(deadline=2000)  # milliseconds an example may take

COLLATED = {
    "Sort-Object DisplayName -CaseSensitive": "ICU puts small letters before capitals",
}
"""Rows whose order hangs on ICU's collation, by what stands behind the bar, and why."""


def shown(value: Any) -> Any:
    """Write a value as the answers have it."""
    if isinstance(value, dict):
        return [[name, shown(inner)] for name, inner in value.items()]
    if isinstance(value, list):
        return {"type": "list", "value": [shown(item) for item in value]}
    if isinstance(value, datetime):
        zone = "Z" if value.tzinfo else ""
        return {"type": "datetime", "value": f"{value:%Y-%m-%dT%H:%M:%S}.0000000{zone}"}
    kind = None if value is None else "string" if isinstance(value, str) else type(value).__name__
    return {"type": kind, "value": value}


@each_row(("case", "answer"), params("tail"))
def test_comes_out_as_from_the_engine(case: Any, answer: Any) -> None:
    """Each row of tail.json over the people: the objects in order, or the error."""
    error = None
    found: list[Any] = []
    try:
        found = [shown(item) for item in pipe(people(), case["tail"])]
    except ConfidError as failed:
        error = {"category": failed.category, "id": failed.error_id}
        if parameter := getattr(failed, "parameter", None):
            error["parameter"] = parameter
    assert error == answer["error"]
    if case["tail"] in COLLATED:
        assert found != answer["objects"]
        found.sort(key=repr)
        answer = {"objects": sorted(answer["objects"], key=repr)}
    assert found == answer["objects"]


def levels(tail: str) -> list[Any]:
    """Return the levels of the people that come out."""
    return pipe(people(), f"{tail} | select -exp Level")


@pytest.mark.parametrize(
    ("block", "simple"),
    [
        ("{ $_.Level -gt 2 }", "Level -gt 2"),
        ("-FilterScript { $_.Level -gt 2 }", "Level -gt 2"),
        ("{ $_.Department -like 'S*' }", "Department -Like S*"),
        ("{ -not $_.Enabled }", "-Not Enabled"),
        ("{ $_.Level -in 1,2 }", "Level -in @(1,2)"),
        ("{ $_.Level -ne $null }", "Level -ne $null"),
        ("{ $PSItem.DisplayName -ceq '}' }", "DisplayName -ceq '}'"),
    ],
)
def test_a_block_is_a_filter(block: str, simple: str) -> None:
    """Comparisons between braces choose what the form without braces does."""
    assert pipe(people(), f"where {block}") == pipe(people(), f"where {simple}")


def test_objects_come_out_as_they_are() -> None:
    """Choosing and sorting give the very objects, records too; chosen properties are dicts."""
    records = [Record(person) for person in people()]
    out = pipe(records, "where Level -gt 2 | sort Level | select -First 3")
    assert all(any(item is record for record in records) for item in out)
    assert pipe(records, "select level -First 1") == [{"Level": 2}]
    assert pipe([], "sort Level") == []
    assert pipe(["b", "a"], "sort") == ["a", "b"]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("select -Last 1 -Skip 1", [2]),
        ("select -SkipIndex 0,1 | select -First 1", [9]),
        ("select -Index 2,0", [2, 9]),
        ("select -First 2 -Last 0", [2]),
        ("sort Level -Top 2 -Descending", [10, 10]),
        ("sort Level -Unique", [-1, 1, 2, 9, 10]),
        ("sort Level -Unique -Bottom 2", [9, 10]),
        ("sort L* -Unique -Descending -Top 1", [10]),
    ],
)
def test_what_the_rows_leave_open(tail: str, expected: list[int]) -> None:
    """Windows from both ends, and sorting with several switches; `$null` expands to nothing."""
    assert levels(tail) == expected


def test_null_stands_between_the_negative_numbers_and_zero() -> None:
    """And what has no such property behind everything, in both directions."""
    items = [{"A": 0}, {"A": -1}, {}, {"A": None}, {"A": 1.5}]
    up, down = pipe(items, "sort A"), pipe(items, "sort A -Descending")
    assert up == [{"A": -1}, {"A": None}, {"A": 0}, {"A": 1.5}, {}]
    assert down == [{"A": 1.5}, {"A": 0}, {"A": None}, {"A": -1}, {}]


def test_expanding_keeps_the_properties_of_objects() -> None:
    """What -Property names stands beside those of the object that is expanded."""
    items = [{"Name": "a", "Inner": [{"X": 1}, {"X": 2}]}]
    assert pipe(items, "select Name -ExpandProperty Inner") == [
        {"X": 1, "Name": "a"},
        {"X": 2, "Name": "a"},
    ]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 16, 17, 100, 1000])
def test_the_sort_sorts(size: int) -> None:
    """Whatever the order before: up, down, all alike, saw teeth, and one that defeats the pivot."""
    for keys in (
        list(range(size)),
        list(range(size, 0, -1)),
        [7] * size,
        [number * 7919 % 31 for number in range(size)],
        [number if number % 2 else size - number for number in range(size)],
        killer(size),
    ):
        places = introsort(keys)
        assert sorted(places) == list(range(size))
        assert [keys[at] for at in places] == sorted(keys)


class Adversary:
    """A key that is given its place when it is compared: so that each pivot is a poor one.

    Source: M. D. McIlroy, A Killer Adversary for Quicksort (1999).
    """

    candidate: Adversary | None

    def __init__(self, all_solid: list[Adversary]) -> None:
        self.place: int | None = None
        self.all_solid = all_solid

    def freeze(self) -> None:
        """Give it the next place."""
        self.place = len(self.all_solid)
        self.all_solid.append(self)

    def __lt__(self, other: Adversary) -> bool:
        if self.place is None and other.place is None:
            (self if self is Adversary.candidate else other).freeze()
        if self.place is None:
            Adversary.candidate = self
        elif other.place is None:
            Adversary.candidate = other
        left = math.inf if self.place is None else self.place
        return left < (math.inf if other.place is None else other.place)


def killer(size: int) -> list[int]:
    """Return keys that send the quicksort as deep as it goes."""
    solid: list[Adversary] = []
    Adversary.candidate = None
    keys = [Adversary(solid) for _ in range(size)]
    introsort(keys)
    return [size if key.place is None else key.place for key in keys]


def test_a_sort_that_goes_too_deep_takes_time_all_the_same() -> None:
    """Then Python sorts, which no order slows down: some dozens of comparisons for each key."""
    keys = killer(2000)
    counted = 0

    class Counting(int):
        def __lt__(self, other: int) -> bool:
            nonlocal counted
            counted += 1
            return int(self) < int(other)

    assert [keys[at] for at in introsort([Counting(key) for key in keys])] == sorted(keys)
    assert counted < 100 * len(keys)


@pytest.mark.parametrize(
    ("tail", "error_id"),
    [
        ("where Level -gt -lt 5", "AmbiguousParameterSet"),
        ("where Level 5", "OperatorNotSpecified"),
        ("where", "MissingMandatoryParameter"),
        ("where { $_.A } B", "AmbiguousParameterSet"),
        ("where Level -is nonsense", "OperatorFailed"),
        ("select -First 1 -Index 2", "AmbiguousParameterSet"),
        ("select -Skip", "MissingArgument"),
        ("select -S 1", "AmbiguousParameter"),
        ("select Level -Property Level", "PositionalParameterNotFound"),
        ("select -First 1 -First 2", "ParameterAlreadyBound"),
        ("sort Level -Top x", "CannotConvertArgumentNoMessage"),
        ("ConvertTo-Json -Depth 999", "ParameterArgumentValidationError"),
        ("Export-Csv x.csv -Encoding nonsense", "CannotConvertArgumentNoMessage"),
        ("Export-Csv", "CannotSpecifyPathAndLiteralPath"),
    ],
)
def test_wrong_arguments_have_the_ids_of_the_engine(tail: str, error_id: str) -> None:
    """And are told before an object is looked at."""
    with pytest.raises(ConfidError) as refused:
        pipe(iter([]), tail)
    assert refused.value.error_id == error_id
    assert refused.value.cmdlet


@pytest.mark.parametrize(
    "tail",
    [
        "% { $_.Level }",
        "foreach Level",
        "Set-CsOnlineDialInConferencingUser -ResetConferenceId",
        "Invoke-Expression 'x'",
        "where { Get-Date }",
        "where { Level -gt 1 }",
        "where { $_.Level.ToString() -eq '1' }",
        "where { $(Get-Date) }",
        "select @{n='A'; e={1}}",
        "select { $_.A }",
        "sort { $_.A }",
        "sort Level -OutVariable x",
        "ft Level | sort Level",
        "ft Level -Wrap",
        "Out-File x",
        "where Level -eq $level",
        "",
    ],
)
def test_anything_else_is_refused_where_it_stands(tail: str) -> None:
    """With a position in the line, and no object looked at."""
    with pytest.raises(LineError) as refused:
        pipe(iter([]), tail)
    assert 0 <= refused.value.position <= len(tail)


def test_a_view_or_json_at_the_end_is_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the terminal, 120 where there is none."""
    monkeypatch.setenv("COLUMNS", "60")
    items = [{"A": 1, "B": "x" * 200}]
    assert pipe(items, "fl B") == [format_list(items, "B", width=60)]
    (table,) = pipe(items, "Format-Table -AutoSize")
    assert max(map(len, table.splitlines())) <= 60
    assert pipe(items, "ConvertTo-Json -Compress") == [to_json(items, compress=True)]
    assert json.loads(pipe(items, "select A | ConvertTo-Json -AsArray")[0]) == [{"A": 1}]


def test_export_csv_writes_the_file_or_leaves_the_old_one(tmp_path: Path) -> None:
    """It gives nothing; what can't be written whole isn't written at all."""
    file = tmp_path / "it's.csv"
    where = "'" + str(file).replace("'", "''") + "'"
    assert pipe([{"A": "x,y"}, {"A": "é"}], f"Export-Csv {where} -NoTypeInformation") == []
    assert import_csv(file) == [{"A": "x,y"}, {"A": "é"}]
    before = file.read_bytes()
    with pytest.raises(ConfidError):
        pipe([{"A": 1}, 5], f"Export-Csv -Path {where}")
    with pytest.raises(ConfidError) as kept:
        pipe([{"A": 1}], f"epcsv {where} -NoClobber")
    assert kept.value.error_id == "NoClobber"
    with pytest.raises(ConfidError):
        pipe([{"A": 1}], f"Export-Csv '{tmp_path}/none/x.csv'")
    assert file.read_bytes() == before
    pipe([{"A": "ü"}], f"Export-Csv {where} -Append")
    assert [row["A"] for row in import_csv(file)] == ["x,y", "é", "ü"]
    pipe([{"A": "ü"}], f"Export-Csv {where} -Encoding unicode -Delimiter ';'")
    assert file.read_text(encoding="utf-16") == '"A"\n"ü"\n'
    assert list(tmp_path.iterdir()) == [file]


TAILS = st.sampled_from(
    [
        *("sort", "sort A -Descending", "select A*, B -Unique", "select -exp A", "select *"),
        *("where A", "where A -gt 2", "where A -like '*'", "where A -is string", "where -Not A"),
        "sort A, B -Unique",
    ]
)


@bounded
@given(st.lists(objects, max_size=20), TAILS)
def test_any_objects_go_through_or_are_refused(items: list[Any], tail: str) -> None:
    """Whatever stands in them: no more come out of choosing and sorting, or a ConfidError."""
    try:
        out = pipe(items, tail)
    except ConfidError as error:
        assert error.message  # noqa: PT017 - most objects will do
    else:
        assert tail == "select -exp A" or len(out) <= len(items)


WORDS = st.sampled_from(
    [
        *("where", "?", "select", "sort", "ft", "fl", "ConvertTo-Json", "A", "B", "-eq", "-gt"),
        *("-First", "-Unique", "-Property", "1", "'x'", "$null", "$true", "a,b", "*", "|"),
        *("{ $_.A }", "-Top", "-exp"),
    ]
)


@bounded
@given(st.text() | st.lists(WORDS).map(" ".join))
def test_any_tail_is_read_or_refused(tail: str) -> None:
    """Nothing but confid's own errors."""
    try:
        assert isinstance(pipe([{"A": 1, "B": "x"}, {"A": 2}], tail), list)
    except ConfidError as error:
        assert error.message  # noqa: PT017 - most texts are no tails


def test_a_hundred_thousand_objects_take_seconds() -> None:
    """Equal or not, in order or not."""
    items = [{"A": number * 7919 % 1000, "B": "x"} for number in range(100_000)]
    start = time.perf_counter()
    assert len(pipe(items, "sort A, B")) == len(items)
    assert len(pipe(items, "select A -Unique")) == 1000
    assert time.perf_counter() - start < 20
