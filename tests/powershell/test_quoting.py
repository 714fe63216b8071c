"""A quoted value is read back as itself, and nothing in it can run."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.errors import ConfidError, ConversionError, InvalidArgumentError
from confid.powershell import quote
from confid.powershell.lines.parser import Argument, parse_line
from tests.powershell.odd_values import Announcements, ConferenceNumber, Level, values
from tests.powershell.rows import Record, load
from tests.tables import each_row

QUOTES = "'‘’‚‛"  # noqa: RUF001 - what the engine takes for a single quote


def read(source: str) -> str:
    """What the engine makes of one text between single quotes; ValueError if it is not just that.

    Any quote begins and ends it; two within stand for the second of them.
    """
    text = ""
    place = 1
    if source[:1] not in QUOTES:
        raise ValueError("no quote in front")
    while True:
        character = source[place : place + 1]
        following = source[place + 1 : place + 2]
        if not character:
            raise ValueError("not closed")
        if character not in QUOTES:
            text += character
            place += 1
        elif following and following in QUOTES:
            text += following
            place += 2
        elif following:
            raise ValueError("something follows")
        else:
            return text


def single_quoted() -> list[Any]:
    """The rows of literal.json in which the engine read a quoted text back as it was."""
    return [
        pytest.param(row["case"]["python"], row["case"]["source"], id=f"{number:03}")
        for number, row in enumerate(load("literal"))
        if row["case"]["source"].startswith("'")
        and row["answer"].get("elements")
        == [{"constant": {"type": "string", "value": row["case"].get("python")}}]
    ]


def test_there_are_such_rows() -> None:
    """Most of the quoted rows are read back."""
    assert len(single_quoted()) > 30


@each_row(("text", "source"), single_quoted())
def test_quoted_text_is_what_the_engine_read_back(text: str, source: str) -> None:
    """Each text of literal.json is quoted as in the row that read back as that text."""
    assert quote(text) == source
    assert read(source) == text


@given(st.text() | st.text(st.sampled_from("'‘’‚‛\"“`$(){};|&@#-–—\r\n\0 a")))  # noqa: RUF001 - the dangerous ones
def test_any_text_is_read_back(text: str) -> None:
    """Quoting and reading is the identity, whatever is in the text."""
    assert read(quote(text)) == text


@each_row(
    ("given_value", "argument"),
    [
        (None, "$null"),
        (True, "$true"),
        (False, "$false"),
        (7, "7"),
        (-7, "(-7)"),
        (ConferenceNumber(3542699), "3542699"),
        (2**63, "9223372036854775808"),
        (2**96, "79228162514264337593543950336n"),
        (1.5, "1.5"),
        (100.0, "100.0"),
        (1e21, "1e+21"),
        (-0.5, "(-0.5)"),
        (float("nan"), "'NaN'"),
        (float("-inf"), "'-Infinity'"),
        (Decimal("2.50"), "2.50d"),
        (Decimal(-2), "(-2d)"),
        (Level.High, "'High'"),
        (Announcements.TONE_ONLY, "'ToneOnly'"),
        (date(2026, 11, 23), "'2026-11-23T00:00:00'"),
        (datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC), "'2026-11-23T09:05:07Z'"),
        (timedelta(days=1, seconds=2), "'1.00:00:02'"),
        (
            UUID("72dfe128-d079-46f8-80c2-5c8b6d4c1a2b"),
            "'72dfe128-d079-46f8-80c2-5c8b6d4c1a2b'",
        ),
        ([], "@()"),
        (["a"], "@('a')"),
        (("it's", 1, None), "@('it''s',1,$null)"),
        ([["a"]], "@(,@('a'))"),
        ([["a"], []], "@(@('a'),@())"),
    ],
)
def test_value_as_an_argument(given_value: Any, argument: str) -> None:
    """Each kind of value has one form, which is a literal."""
    assert quote(given_value) == argument


@pytest.mark.parametrize(
    "unfit",
    [{"A": 1}, Record({"A": 1}), object(), [{"A": 1}]],
    ids=["mapping", "record", "object", "list"],
)
def test_what_has_no_form_is_refused(unfit: Any) -> None:
    """A record, a mapping or anything unknown is refused rather than written somehow."""
    with pytest.raises(InvalidArgumentError, match="no form as an argument"):
        quote(unfit)


def test_list_without_end_is_refused() -> None:
    """A list that holds itself ends in an error of confid's own."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConversionError, match="50 deep"):
        quote(endless)


LITERAL = re.compile(
    r"""\$null|\$true|\$false
      | '(?:[^'‘’‚‛]|['‘’‚‛]{2})*'
      | \(?-?\d+(?:\.\d+)?(?:e[+-]?\d+)?[dn]?\)?
      | @\(,? | \) | ,""",  # noqa: RUF001 - the quotes are what is tested
    re.VERBOSE,
)


@given(values)
def test_any_value_is_literals_and_nothing_else(given_value: Any) -> None:
    """Whatever is quoted, it is made of literals, brackets of lists and commas, or refused."""
    try:
        argument = quote(given_value)
    except ConfidError:
        return
    assert LITERAL.sub("", argument) == ""


plain = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text()


@given(plain | st.lists(st.text()))
def test_a_line_reads_back_what_was_quoted(given_value: Any) -> None:
    """Quoted and then parsed, a text is that very text, and so is what else has a literal."""
    (command,) = parse_line(f"Get-Thing {quote(given_value)}")
    (argument,) = command.elements
    assert isinstance(argument, Argument)
    assert argument.value == given_value
    assert type(argument.value) is type(given_value)
