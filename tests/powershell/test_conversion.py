"""Values are converted as the engine's parameter binder converts them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, ConversionError, InvalidArgumentError
from confid.powershell.language.conversion import convert, to_enum
from tests.powershell.rows import EntryExitAnnouncementsType, Record, params, value
from tests.tables import each_row

bounded = settings(deadline=2000)  # milliseconds an example may take

TYPES = [
    *("bool", "switch", "int", "uint32", "long", "double", "decimal", "string", "guid"),
    *("datetime", "object", "EntryExitAnnouncementsType", "Nullable[bool]", "Nullable[int]"),
    *("string[]", "int[]", "datetime[]", "guid[]"),
]


def from_case(case: Any) -> Any:
    """Turn a value of a case into Python: an `object` into a record, a bare {} into a dict."""
    if isinstance(case, dict) and case.get("$type") == "object":
        return Record(dict(case["properties"]))
    return value(case)


def described(bound: object) -> Any:
    """Describe a converted value as the rows do."""
    kinds: tuple[tuple[Any, str | None, Any], ...] = (
        (type(None), None, lambda _: None),
        (bool, "bool", bool),
        (Enum, "enum", lambda member: member.name),
        (int, "int", int),
        (float | Decimal, "float", float),
        (str, "string", str),
        (UUID, "guid", str),
        (datetime, "datetime", _moment),
        (list, "list", lambda items: [described(item) for item in items]),
        (dict, _DICTIONARY, lambda _: _DICTIONARY),
        (Record, "System.Management.Automation.PSCustomObject", lambda _: ""),
    )
    for kind, name, show in kinds:
        if isinstance(bound, kind):
            return {"type": name, "value": show(bound)}
    raise AssertionError(bound)


_DICTIONARY = "System.Collections.Specialized.OrderedDictionary"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0" + ("+00:00" if moment.tzinfo else "")


@each_row(("case", "answer"), params("convert"))
def test_converts_as_the_engine_does(case: Any, answer: Any) -> None:
    """Each row of convert.json: the value and its type, or the error's id and category."""
    try:
        bound = described(convert(from_case(case["value"]), case["target"]))
    except ConfidError as error:
        failed = {"category": error.category, "id": error.fully_qualified_error_id}
        assert failed | {"parameter": "P"} == answer["error"]
    else:
        if case["target"] == "switch":
            bound["type"] = "switch"  # a switch is a bool in Python
        assert bound == answer["bound"]


anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.text(),
        st.text(alphabet="0123456789+-.,eExXkKmbBdD: /TZ", max_size=24),
        st.datetimes(),
        st.datetimes(timezones=st.just(UTC)),
        st.uuids(),
        st.binary(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.tuples(inner)),
    max_leaves=5,
)


@bounded
@given(anything, st.one_of(st.sampled_from(TYPES), st.text()))
def test_anything_is_converted_or_refused_with_a_confid_error(given_: Any, type_name: str) -> None:
    """Any value to any type name: a value, ConversionError or InvalidArgumentError."""
    try:
        convert(given_, type_name)
    except ConversionError as error:
        assert error.error_id == "ParameterArgumentTransformationError"  # noqa: PT017 - most raise
    except InvalidArgumentError as error:
        assert error.error_id == "TypeNotFound"  # noqa: PT017 - an answer is as good


@bounded
@given(st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_survives_the_way_to_text_and_back(number: int) -> None:
    """Int64 to string to Int64 is the same number."""
    assert convert(convert(number, "string"), "long") == number


@bounded
@given(st.uuids())
def test_a_guid_survives_the_way_to_text_and_back(guid: UUID) -> None:
    """Guid to string to Guid is the same one, in braces and in capitals too."""
    text = convert(guid, "string")
    assert convert(text, "guid") == guid
    assert convert(f"{{{text}}}".upper(), "guid") == guid


@bounded
@given(st.datetimes().map(lambda moment: moment.replace(microsecond=0)))
def test_a_moment_survives_the_way_to_text_and_back(moment: datetime) -> None:
    """DateTime to string (to the second) to DateTime is the same moment."""
    assert convert(convert(moment, "string"), "datetime") == moment


class Announcements(StrEnum):
    """An enumeration as a record of confid may have it."""

    TONE_ONLY = "ToneOnly"


class Colour(Enum):
    """An enumeration that has nothing to do with any other."""

    Red = 7


@each_row(
    ("given_", "type_name", "expected"),
    [
        ("1.5kb", "int", 1536),
        ("0xFFFFFFFF", "int", -1),
        ("0xFFFFFFFF", "uint32", 4294967295),
        ("0b101", "long", 5),
        ("1,000.5", "double", 1000.5),
        ("NaN", "double", math.nan),
        (1e15, "string", "1E+15"),
        (True, "SwitchParameter", True),
        (5, "UserIdParameter", "5"),
        (None, "Fqdn", ""),
        ("14255551234", "ConferencingBridge", "14255551234"),
        (date(2026, 11, 23), "DateTime", datetime(2026, 11, 23)),  # noqa: DTZ001 - naive it is
        ("Mon, 23 Nov 2026 10:00:00 +0200", "datetime", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("23 Nov 26 5 pm", "datetime", datetime(2026, 11, 23, 17)),  # noqa: DTZ001 - naive it is
        (10_000_000, "datetime", datetime(1, 1, 1, 0, 0, 1)),  # noqa: DTZ001 - ticks
        (Colour.Red, "int", 7),
        (Colour.Red, "bool", True),
        (("a", 1), "String[]", ["a", "1"]),
        (["a", ["b", "c"]], "object", ["a", ["b", "c"]]),
    ],
)
def test_what_the_rows_leave_open(given_: Any, type_name: str, expected: Any) -> None:
    """.NET's and the module's type names in any casing, and Python's own kinds of values."""
    assert repr(convert(given_, type_name)) == repr(expected)


@pytest.mark.parametrize("given_", [Announcements.TONE_ONLY, "toneonly", "Tone", 1, ["ToneOnly"]])
def test_an_enumeration_takes_members_names_beginnings_and_numbers(given_: Any) -> None:
    """All of these are ToneOnly."""
    member = convert(given_, "entryexitannouncementstype")
    assert isinstance(member, Enum)
    assert (member.name, member.value) == ("ToneOnly", 1)


def test_a_refusal_says_what_was_given_and_what_it_takes() -> None:
    """The sentence names the value, its type and the allowed names."""
    with pytest.raises(ConversionError, match=r"'beep' \(str\).*UseNames, ToneOnly"):
        convert("beep", "EntryExitAnnouncementsType")


@pytest.mark.parametrize("text", ["1,000", "1,0", "0,UseNames", "UseNames,0"])
def test_numbers_between_commas_are_no_enumeration(text: str) -> None:
    """A number stands alone; names may be combined."""
    with pytest.raises(ConversionError):
        to_enum(text, EntryExitAnnouncementsType)
    assert to_enum(" 1 ", EntryExitAnnouncementsType) is EntryExitAnnouncementsType.ToneOnly
