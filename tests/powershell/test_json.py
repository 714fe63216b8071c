"""JSON is written as the engine writes it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import InvalidArgumentError
from confid.powershell.formats.json_text import to_json
from tests.powershell.odd_values import Announcements, ConferenceNumber, Level, Plain, names, values
from tests.powershell.rows import Record, params, value
from tests.tables import each_row


def python_options(options: dict[str, Any]) -> dict[str, Any]:
    """Turn a cmdlet's options into ours."""
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): given for name, given in options.items()}


@each_row(("case", "answer"), params("json"))
def test_json_is_what_the_engine_writes(case: Any, answer: Any) -> None:
    """Each row of json.json comes out to the character; no output is an empty text."""
    text = to_json(value(case["objects"]), **python_options(case["options"]))
    assert text == (answer["text"] or "")


@pytest.mark.parametrize(
    ("given_value", "text"),
    [
        (ConferenceNumber(3542699), "3542699"),
        (Level.High, "7"),
        (Announcements.TONE_ONLY, "1"),
        (Plain.Second, "1"),
        (100.0, "100.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1E+15"),
        (float("nan"), '"NaN"'),
        (float("-inf"), '"-Infinity"'),
        (Decimal(2), "2.0"),
        (Decimal("2.50"), "2.50"),
        (date(2026, 11, 23), '"2026-11-23T00:00:00"'),
        (
            datetime(2026, 11, 23, 9, 5, 7, 120000, timezone(timedelta(hours=-5))),
            '"2026-11-23T09:05:07.12-05:00"',
        ),
        (timedelta(days=1, seconds=2), '"1.00:00:02"'),
        (None, "null"),
        ((1, "a"), '[1,"a"]'),
        (Record({"A": 1}), '{"A":1}'),
    ],
    ids=repr,
)
def test_value_as_json(given_value: Any, text: str) -> None:
    """Each kind of Python value is written as the engine writes its own of that kind."""
    assert to_json([given_value], compress=True) == text


def test_enumerations_as_strings() -> None:
    """With enums_as_strings a member is its name as PowerShell shows it."""
    members = [Level.High, Announcements.TONE_ONLY, Plain.Second]
    text = to_json(members, compress=True, enums_as_strings=True)
    assert text == '["High","ToneOnly","Second"]'


def test_single_object_is_an_array_only_as_array() -> None:
    """One object comes without brackets, unless they are asked for; none gives nothing."""
    assert to_json([{"A": 1}], compress=True) == '{"A":1}'
    assert to_json({"A": 1}, compress=True) == '{"A":1}'
    assert to_json([{"A": 1}], compress=True, as_array=True) == '[{"A":1}]'
    assert to_json([], as_array=True) == ""


def test_array_around_the_objects_counts_as_a_level() -> None:
    """What lies deeper than `depth` is text, in the invariant culture."""
    deep = {"a": {"b": {"c": [1, 2]}}}
    assert to_json([deep], compress=True) == '{"a":{"b":{"c":"1 2"}}}'
    assert to_json([deep], compress=True, as_array=True) == '[{"a":{"b":"@{c=System.Object[]}"}}]'
    assert to_json([{"a": {"b": date(2026, 1, 2)}}], compress=True, depth=0) == (
        '{"a":"@{b=01/02/2026 00:00:00}"}'
    )


@pytest.mark.parametrize(
    ("handling", "text"),
    [
        ("Default", '"<\'é\\"\\\\😀\\u0085>\x7f"'),
        ("EscapeNonAscii", '"<\'\\u00e9\\"\\\\\\ud83d\\ude00\\u0085>\x7f"'),
        ("escape_html", '"\\u003c\\u0027é\\u0022\\\\😀\\u0085\\u003e\x7f"'),
    ],
)
def test_escape_handling(handling: str, text: str) -> None:
    """Each handling escapes what its name says, and all of them what JavaScript can't read."""
    assert to_json(["<'é\"\\😀\x85>\x7f"], escape_handling=handling) == text


@pytest.mark.parametrize("depth", [-1, 101, 2.0, "2", True, None])
def test_depth_that_the_engine_refuses(depth: Any) -> None:
    """A depth outside 0 to 100 is refused with PowerShell's identity."""
    with pytest.raises(InvalidArgumentError, match=r"depth: .* 0 to 100") as caught:
        to_json([], depth=depth)
    assert caught.value.category == "InvalidData"
    assert caught.value.error_id == "ParameterArgumentValidationError"


def test_escape_handling_that_there_is_not() -> None:
    """An unknown escape handling is refused with the allowed ones."""
    with pytest.raises(InvalidArgumentError, match="Default, EscapeNonAscii, EscapeHtml"):
        to_json([], escape_handling="Some")


def test_endless_value_ends_at_the_depth() -> None:
    """A list that holds itself is written as far as the depth goes."""
    endless: list[Any] = []
    endless.append(endless)
    assert to_json([endless], compress=True) == '[[["System.Object[]"]]]'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    st.lists(json_values, min_size=2, max_size=4),
    st.booleans(),
    st.sampled_from(["Default", "EscapeNonAscii", "EscapeHtml"]),
)
def test_json_says_what_was_given(shown: list[Any], compress: bool, handling: str) -> None:
    """Deep enough, any JSON reader gets the values back, whatever the layout."""
    text = to_json(shown, depth=100, compress=compress, escape_handling=handling)
    assert json.loads(text) == shown


@settings(deadline=None)
@given(st.lists(values, min_size=1, max_size=4), st.integers(0, 100), st.booleans())
def test_any_value_is_valid_json(shown: list[Any], depth: int, named: bool) -> None:
    """Arbitrary Python values give JSON that can be read."""
    json.loads(to_json(shown, depth=depth, enums_as_strings=named, as_array=True))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_double_keeps_all_its_digits(number: float) -> None:
    """A double is read back as the very same, the ones between two roundings too."""
    assert json.loads(to_json([number])) == number
    assert json.loads(to_json([2.0**-24])) == 2.0**-24
