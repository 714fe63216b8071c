"""Filters let through what Where-Object does, run nothing and never hang."""

from __future__ import annotations

import time
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, ConversionError, InvalidArgumentError
from confid.powershell.language.filters import where
from confid.powershell.language.regex import matcher
from tests.powershell.rows import Record, params, people
from tests.tables import each_row

if TYPE_CHECKING:
    from collections.abc import Iterable

bounded = settings(deadline=2000)  # milliseconds an example may take

ROWS = params("filter")


def matched(source: str, objects: Iterable[object]) -> list[int]:
    """Return the indexes of the objects that a filter lets through."""
    fits = where(source)
    return [index for index, record in enumerate(objects) if fits(record)]


@each_row(("case", "answer"), ROWS)
def test_lets_through_what_the_engine_does(case: Any, answer: Any) -> None:
    """Each row of filter.json over the people: the matches, or the error's id and category."""
    try:
        found: Any = {"matches": matched(case["filter"], people())}
    except ConfidError as error:
        found = {"error": {"category": error.category, "id": error.fully_qualified_error_id}}
    assert found == answer


def test_text_is_ordered_by_the_ranks_of_its_characters() -> None:
    """Space, punctuation, symbol, digit, letter, mark; casing and encoding don't matter."""
    ordered = [
        "",
        " b",
        "-a",
        "_",
        "$a",
        "0",
        "1b",
        "a",
        "A B",
        "a-",
        "aa",
        "Ab",
        "Asz",
        "Åsa",
        "z",
    ]
    for first, second in pairwise(ordered):
        assert where(f"Name -lt '{second}'")({"Name": first}), (first, second)
    for name in ("Åsa", "É!", "A B"):
        for form in ("NFC", "NFD"):
            same = unicodedata.normalize(form, name).lower()
            assert where(f"Name -le '{name}' -and Name -ge '{name}'")({"Name": same})


def test_a_record_is_filtered_like_a_mapping() -> None:
    """An object with __powershell__() gives the same answer as its properties in a dict."""
    source = "{ $_.department -eq 'finance' -and $_.Level -gt 2 }"
    records = [Record(person) for person in people()]
    assert matched(source, records) == matched(source, people()) == [4, 8, 10, 22, 23, 27]


def test_property_names_are_found_in_any_spelling() -> None:
    """Casing doesn't matter, from record to record; Python's snake_case is understood too."""
    objects = [{"ConferenceId": 5}, {"conferenceid": 5}, {"Other": 5}, {"CONFERENCEID": 5}]
    assert matched("conferenceID -eq 5", objects) == [0, 1, 3]
    assert matched("conference_id -eq 5", objects) == [0, 1, 3]


class State(Enum):
    """A state, for comparisons with its name."""

    Pending = 0
    Failed = 2


GUID = UUID("8b2a7e1c-4f0e-4b7b-9d9a-0a1b2c3d4e5f")
VALUES = {
    "State": State.Failed,
    "Guid": GUID,
    "Text": "Straße",
    "Composed": "Jos\u00e9",
    "Decomposed": "Jose\u0301",
    "Emoji": "😀",
    "Number": 5,
    "Price": Decimal("2.50"),
    "When": datetime(2026, 11, 23, 10, tzinfo=UTC),
    "Empty": [],
    "Zero": [0],
    "Line": "a\n",
}


@each_row(
    ("source", "expected"),
    [
        ("State -eq 'failed'", True),
        ("State -gt 'Pending'", True),
        ("State -eq 'beep'", False),
        ("State -like 'F*'", True),
        (f"Guid -eq '{GUID}'", True),
        ("Text -eq 'STRASSE'", False),
        ("Text -eq 'strasse' -or Text -like 'stra?e'", True),
        ("Text -ceq 'straße'", False),
        ("Text -cmatch '^S' -and Text -cnotlike 's*'", True),
        ("Composed -eq $_.Decomposed", True),
        ("Composed -match '^jos\\w$'", True),
        ("Number -eq '5.4'", True),
        ("Number -gt $_.Price", True),
        ("Number -eq 0x5 -and Number -lt 1kb -and Number –ge 5", True),  # noqa: RUF001 - an en dash
        ("Number -notin 1,2,3 -and Number -in '5'", True),
        ("Price -eq '2.5'", True),
        ("When -gt '2026-11-23 09:59' -and When -lt '11/23/2026 10:01:00'", True),
        ("Empty -or Zero", False),
        ("Empty -notcontains 1", True),
        ("Number -gt 1 -xor Number -gt 2", False),
        ("not_there -eq $null", True),
        ("-not not_there", True),
        ("Line -match '^a$' -and Line -match '\\Aa\\Z' -and Line -notmatch 'a\\z'", True),
        ("Emoji -match '^..$'", True),
        ("Text -match '(?<first>s)(?=t)' -and Text -match '[^\\d\\W]'", True),
        ("Text -match '(?-i:S)' -and Text -notmatch '(?-i:T)'", True),
        ("Text -match '(?-i)s'", False),
        ("Text -match '[[:alpha:]]'", False),
        ("Line -match '[]-a]{1,2}'", True),
        ("Text -match 'x{,3}|a#b|\\x53\\u0074'", True),
        ("Text -match '(t|s)(?#twice)t(r)a' -and Text -notmatch '(t)\\1'", True),
        ('Text -eq "Stra`u{df}e"', True),
    ],
)  # fmt: skip
def test_what_the_rows_leave_open(source: str, expected: bool) -> None:
    """Other types, typographic dashes, lists, and what .NET's regular expressions mean."""
    assert where(source)(VALUES) is expected


@each_row(
    ("source", "position"),
    [
        ("", 1),
        ("Department", None),
        ("Department -eq", 15),
        ("Department -eq Finance", 16),
        ("Department -eq true", 16),
        ("Department -eq 'Finance", 16),
        ('Department -eq "$x"', 17),
        ("Department -eq $(Get-Date)", 16),
        ("Department -eq $env:USERNAME", 16),
        ("Department -replace 'a','b'", 12),
        ("Department.Length -gt 3", 1),
        ("Department -eq 'a' Level -eq 1", 20),
        ("(Department -eq 'a'", 20),
        ("Department -eq 'a')", 19),
        ("{ Department -eq 'a'", 21),
        ("Department -eq 'a'; Remove-Item x", 19),
        ("Level -gt 5apples", 11),
        ("Level -gt 1,", 13),
        ("Level -eq -not", 15),
        ("(" * 100 + "Level" + ")" * 100, 51),
        ("-not " * 100 + "Level", 251),
        ("Level" + " -eq 1" * 100, 307),
    ],
)
def test_a_bad_filter_is_an_error_with_its_position(source: str, position: int | None) -> None:
    """What isn't a filter is refused before any record is looked at, and the place named."""
    if position is None:
        assert where(source)({"Department": "x"})
        return
    with pytest.raises(InvalidArgumentError, match=f"position {position}:") as raised:
        where(source)
    assert raised.value.target == source


@each_row(
    "pattern",
    ["[", "(", ")", "*a", "a**", "a{2,1}", "[b-a]", "\\", "\\y", "(?<n-m>a)", "(?(a)b|c)", "a(?i)b",
     "[a-z-[aeiou]]", "\\p{IsGreek}", "\\2", "(?R)", "a++", "(?x)a b", "\\k<a>",
     "(" * 99 + ")" * 99,
     "(?:" * 30 + "a" + "){1,2}" * 30, "(?:a{999}){999}", "(?:" * 40 + "a" + ")+" * 40, "a" * 3000],
)  # fmt: skip
def test_a_regular_expression_that_cannot_be_carried_over_is_refused(pattern: str) -> None:
    """Wrong ones, .NET's own ones and those that would fill memory: .NET's error id, at once."""
    start = time.process_time()
    fits = where(f"Name -match '{pattern}'")
    with pytest.raises(InvalidArgumentError) as raised:
        fits({"Name": "x"})
    assert raised.value.error_id == "System.Text.RegularExpressions.RegexParseException"
    assert raised.value.category == "OperationStopped"
    assert time.process_time() - start < 1


@pytest.mark.parametrize("levels", range(1, 13))
@pytest.mark.parametrize("group", ["({})", "(?:{})", "(?={})", "(?>{})"])
@pytest.mark.parametrize("repeated", ["{2}", "{3,}", "{30}", "+?"])
def test_repetitions_that_multiply_compile_soon_or_not_at_all(
    levels: int, group: str, repeated: str
) -> None:
    """50 ms of processor time on a quiet machine, whatever the pattern."""
    pattern = "[a-z]"
    for _ in range(levels):
        pattern = group.format(pattern + repeated)
    start = time.process_time()
    with suppress(InvalidArgumentError):
        matcher(pattern)
    assert time.process_time() - start < 0.1


def test_a_wrong_pattern_is_no_error_until_it_is_come_to() -> None:
    """As in the engine, -or doesn't look at its right side when the left one is true."""
    fits = where("Level -eq 1 -or Name -like '[' -or Name -match '('")
    assert fits({"Level": 1})
    with pytest.raises(InvalidArgumentError, match="position 22:"):
        fits({"Level": 2})


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(a?){250}a{250}!!", "(a+)+b|(.*)*c|([a-z]+)*d"])
def test_a_hostile_regular_expression_is_stopped(pattern: str) -> None:
    """A pattern made to backtrack either answers or ends with .NET's timeout error, soon."""
    start = time.process_time()
    try:
        assert not where(f"Name -match '{pattern}'")({"Name": "a" * 5000 + "!"})
    except InvalidArgumentError as error:
        assert "RegexMatchTimeout" in error.error_id  # noqa: PT017 - an answer is as good
    assert time.process_time() - start < 3


def test_a_long_filter_is_no_deep_one() -> None:
    """Thousands of terms in a row are read and evaluated without recursion."""
    source = " -or ".join(f"Level -eq {number}" for number in range(3_000))
    assert where(source)({"Level": 2_999})
    assert not where(source)({"Level": -1})


@pytest.mark.parametrize("operator", ["gt", "ge", "lt", "le"])
def test_a_number_in_text_that_is_too_large_fits_no_integer(operator: str) -> None:
    """Such a comparison is false for that object, and the filter goes on."""
    for left in (1, -1, 3542699):
        for right in ("14255551234", "-14255551234", "9" * 30):
            assert not where(f"Level -{operator} '{right}'")({"Level": left})
            assert where(f"Level -{operator} '{right}' -or Level -eq {left}")({"Level": left})
            assert where(f"-not (Level -{operator} '{right}')")({"Level": left})


def test_what_cannot_be_compared_is_an_error_when_it_is_come_to() -> None:
    """Ordering a number and a word raises ConversionError with the engine's id."""
    with pytest.raises(ConversionError) as raised:
        where("Level -gt 'abc'")({"Level": 1})
    assert raised.value.error_id == "InvalidCastFromStringToInteger"


@bounded
@given(st.text())
def test_a_quoted_text_reads_back_as_itself(text: str) -> None:
    """With each single quote of it doubled, typographic ones too, any text is its own equal."""
    quoted = "".join(c * 2 if c in "'‘’‚‛" else c for c in text)  # noqa: RUF001 - PowerShell's quotes
    assert where(f"Name -ceq '{quoted}'")({"Name": text})
    assert where(f"'{quoted}' -in $_.Name")({"Name": [text]})


words = st.sampled_from(
    ["Level", "Name", "$_.Name", "(", ")", "{", "}", "!", ",", "-eq", "-ne", "-like", "-match",
     "-gt", "-in", "-contains", "-and", "-or", "-not", "'a'", '"b"', "1", "-1.5", "1kb", "$true",
     "$null", "'['", "'(a+)+$'", "'*'", "'`'", "$x", "\u201c", "\u2013lt", "'abc"]
)  # fmt: skip
sources = st.one_of(st.text(), st.lists(words, max_size=12).map(" ".join))
things = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.dates(),
    st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.uuids(), st.sampled_from(State),
    st.lists(st.one_of(st.none(), st.text(), st.integers())), st.just({"a": 1}), st.just(object),
)  # fmt: skip


@bounded
@given(sources, things, things)
def test_any_text_is_a_filter_or_a_confid_error(source: str, level: Any, name: Any) -> None:
    """Arbitrary text and values: a bool, ConversionError or InvalidArgumentError."""
    try:
        assert where(source)({"Level": level, "Name": name}) in (True, False)
    except (InvalidArgumentError, ConversionError) as error:
        assert error.message  # noqa: PT017 - most filters are none


@bounded
@given(st.text(), st.text())
def test_any_pattern_of_match_answers_or_is_refused(pattern: str, text: str) -> None:
    """Arbitrary regular expressions: a bool or InvalidArgumentError."""
    quoted = "".join(c * 2 if c in "'‘’‚‛" else c for c in pattern)  # noqa: RUF001 - PowerShell's quotes
    try:
        assert where(f"Name -match '{quoted}'")({"Name": text}) in (True, False)
    except InvalidArgumentError as error:
        assert "RegularExpressions" in error.error_id  # noqa: PT017 - most patterns are right


@bounded
@given(
    st.sampled_from(["gt", "ge", "lt", "le", "eq", "ne", "like", "match", "contains", "in"]),
    things,
    things,
)
def test_any_two_values_are_compared_or_refused(operator: str, left: Any, right: Any) -> None:
    """Every operator over every pair of kinds: a bool, ConversionError or InvalidArgumentError."""
    try:
        fits = where(f"Left -{operator} $_.Right")({"Left": left, "Right": right})
        assert fits in (True, False)
    except (InvalidArgumentError, ConversionError) as error:
        assert error.message  # noqa: PT017 - most pairs can be compared
