"""Views look as the console shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

from confid.errors import InvalidArgumentError
from confid.ids.conference_id import ConferenceId
from confid.powershell.formats.views import format_list, format_table, out_string
from confid.tenant.records import Whois
from tests.powershell.odd_values import ConferenceNumber, Level, objects, values
from tests.powershell.rows import Record, load, params, value
from tests.tables import each_row

USER = {"DisplayName": "Ken Myer", "ConferenceId": 3542699, "DefaultTollNumber": "14255550100"}


@each_row(("case", "answer"), params("format"))
def test_view_is_what_the_engine_shows(case: Any, answer: Any) -> None:
    """Each row of format.json comes out to the character."""
    shown = value(load("format")["objects"][case["label"]])
    names, width = case.get("properties", ()), case["width"]
    match case["view"]:
        case "list":
            text = format_list(shown, *names, width=width)
        case "default":
            text = out_string(shown, width=width)
        case view:
            text = format_table(shown, *names, width=width, auto_size=view == "autosize")
    assert text == answer["text"]


# --- which properties


@pytest.mark.parametrize(
    "name", ["DisplayName", "displayname", "display_name", "DISPLAY_NAME", "Display*", "display_n*"]
)
def test_property_is_named_in_either_spelling(name: str) -> None:
    """A property's PowerShell name, its Python name and a pattern mean the same one."""
    assert format_list([USER], name) == "\nDisplayName : Ken Myer\n\n"
    assert format_table([USER], name) == "\nDisplayName\n-----------\nKen Myer\n\n"


def test_asterisk_means_every_property() -> None:
    """`Format-List *` shows all there is, `Format-Table *` does not stop at ten columns."""
    many = {f"P{number}": number for number in range(12)}
    assert format_list([many], "*") == format_list([many])
    assert "P11" in format_table([many], "*")
    assert "P10" not in format_table([many])


def test_unknown_property_is_an_empty_column_in_a_table_and_nothing_in_a_list() -> None:
    """A name that the object doesn't have is kept by a table, as it was given."""
    assert format_table([USER], "ConferenceId", "nope") == (
        "\nConferenceId nope\n------------ ----\n     3542699 \n\n"
    )
    assert format_list([USER], "nope") == "\n\n"


def test_later_object_may_write_its_names_in_another_casing() -> None:
    """The first object decides on the columns; casing makes no difference in the others."""
    table = format_table([{"A": "x"}, {"a": "y"}, {"b": "z"}])
    assert table == "\nA\n-\nx\ny\n\n\n"


@pytest.mark.parametrize("name", ["", None, 5])
def test_property_name_must_be_text(name: Any) -> None:
    """What can't be the name of a property is an error that says so."""
    with pytest.raises(InvalidArgumentError, match="properties: "):
        format_table([USER], name)


# --- which objects


def test_record_is_shown_by_its_powershell_properties() -> None:
    """A record with __powershell__() and a mapping of the same properties look alike."""
    assert format_list([Record(USER)]) == format_list([USER])
    assert format_table([Record(USER)]) == format_table([USER])


def test_single_object_needs_no_list_around_it() -> None:
    """An object given alone is shown like a list of one."""
    assert format_table(USER) == format_table([USER])
    assert out_string(Record(USER)) == out_string([USER])  # type: ignore[arg-type] # as people do


def test_objects_may_come_from_a_generator() -> None:
    """An iterable is read once."""
    assert out_string(user for user in [USER, USER]) == out_string([USER, USER])


def test_plain_values_stand_as_lines_where_they_came() -> None:
    """What is no object is a line of its own: before the view it starts, or within it."""
    assert out_string(["a", {"X": 1}, 2.5, None, {"X": 2}, True]) == (
        "a\n\nX\n-\n1\n2.5\n2\nTrue\n\n"
    )
    assert format_list(["a", {"X": 1}, "b", {"X": 2}]) == "a\n\nX : 1\n\nb\nX : 2\n\n"


@pytest.mark.parametrize("count", [4, 5])
def test_default_view_is_a_table_up_to_four_properties(count: int) -> None:
    """Four properties make a table, five a list."""
    shown = [{f"P{number}": number for number in range(count)}]
    assert out_string(shown) == (format_table if count == 4 else format_list)(shown)


# --- which text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (ConferenceNumber(3542699), "3542699"),
        (Level.High, "High"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1E+15"),
        (0.00001, "1E-05"),
        (float("inf"), "∞"),
        ([1, [2, 3], [], None, 4], "{1, 2 3, System.Object[], $null…}"),
        ({"A": 1, "B": [1], "C": {"D": 1}}, "@{A=1; B=System.Object[]; C=}"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_value_in_a_list(shown: Any, text: str) -> None:
    """Numbers, enumerations and nested values read as they do in the console."""
    assert format_list([{"V": shown}]) == f"\nV : {text}\n\n"


def test_table_cuts_at_a_line_end_and_list_breaks_there() -> None:
    """A line end in a value shows as an ellipsis in a table, as a new line in a list."""
    assert format_table([{"V": "a\r\nb"}]) == "\nV\n-\na…\n\n"
    assert format_list([{"V": "a\r\nb"}]) == "\nV : a\n    b\n\n"


def test_wide_character_is_not_torn_apart() -> None:
    """Where a wide character doesn't fit it is left out, and a blank keeps the column."""
    shown = [{"V": "😀😀😀😀", "W": "x"}]
    assert format_table(shown, width=6) == "\nV\n-     \n😀😀… \n\n"


# --- width


@pytest.mark.parametrize("width", [1, 0, -5, 80.0, "80", True, None])
def test_width_that_the_engine_refuses(width: Any) -> None:
    """A width below 2, or no whole number, is refused with PowerShell's identity."""
    for view in (format_list, format_table, out_string):
        with pytest.raises(InvalidArgumentError, match=r"width: .* 2 or more") as caught:
            view([USER], width=width)
        assert caught.value.category == "InvalidData"
        assert caught.value.error_id == "ParameterArgumentValidationError"


def terminal_cells(text: str) -> int:
    """Count the cells of a text as a terminal does."""
    return sum(max(0, wcwidth(char)) for char in text)


@settings(deadline=None)
@given(st.lists(objects, max_size=4), st.integers(2, 60))
def test_no_line_is_wider_than_the_view(shown: list[dict[str, Any]], width: int) -> None:
    """Whatever the objects hold, no line takes more terminal cells than there are."""
    for text in (format_list(shown, width=width), format_table(shown, width=width)):
        assert max(map(terminal_cells, text.split("\n"))) <= width


@settings(deadline=None)
@given(st.lists(values, max_size=4), st.lists(st.text(), max_size=3), st.integers())
def test_views_raise_nothing_but_their_own_error(
    shown: list[Any], names: list[str], width: int
) -> None:
    """Arbitrary values, names and widths give a text or an InvalidArgumentError."""
    for view in (format_list, format_table):
        try:
            text = view(shown, *names, width=width)
        except InvalidArgumentError:
            continue
        assert text == "" or text.endswith("\n")
    if width > 1:
        assert isinstance(out_string(shown, width=width), str)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (UTC, "+00:00"),
        (timezone(timedelta(hours=-3, minutes=-30)), "-03:30"),
        (timezone(timedelta(hours=5, minutes=45)), "+05:45"),
    ],
)
def test_a_record_shows_its_moments_with_their_zone(zone: timezone, shown: str) -> None:
    """As .NET shows a DateTimeOffset, in every view; a naive one has none."""
    noon = datetime(2026, 3, 2, 12, tzinfo=zone)
    record = Whois(
        conference_id=ConferenceId(3542699),
        is_current=True,
        user_principal_name="ken.myer@contoso.com",
        display_name="Ken Myer",
        since=noon,
        until=noon.replace(tzinfo=None),
        meetings=(),
    )
    names = ("Since", "Until")
    table = format_table([record], *names)
    for text in (format_list([record]), table, str(record), record._repr_html_()):
        plain = text.replace("\u202f", " ")
        assert f"3/2/2026 12:00:00 PM {shown}" in plain
        assert plain.count(" PM") == plain.count(f" PM {shown}") + 1
