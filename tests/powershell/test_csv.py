"""CSV is written and read as the engine does."""

from __future__ import annotations

import base64
import re
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, InvalidArgumentError, NotFoundError
from confid.powershell.formats.csv_text import csv_lines, from_csv, import_csv, to_csv
from tests.powershell.odd_values import Announcements, ConferenceNumber, objects, values
from tests.powershell.rows import Record, params, record_type, value
from tests.tables import each_row

if TYPE_CHECKING:
    from pathlib import Path


def python_options(options: dict[str, Any]) -> dict[str, Any]:
    """Turn a cmdlet's options into ours; -NoTypeInformation has no effect in the engine."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): given
        for name, given in options.items()
        if name != "NoTypeInformation"
    }


def answer_of(rows: list[dict[str, str | None]]) -> dict[str, Any]:
    """Write what was read as an answer does."""
    return {"rows": [[list(item) for item in row.items()] for row in rows]}


# --- writing


@each_row(("case", "answer"), params("csv"))
def test_csv_is_what_the_engine_writes(case: Any, answer: Any) -> None:
    """Each row of csv.json comes out line by line."""
    assert to_csv(value(case["objects"]), **python_options(case["options"])) == answer["lines"]


def test_record_and_mapping_give_the_same_csv() -> None:
    """A record is written by its PowerShell properties."""
    user = {"Name": "Ken", "ConferenceId": ConferenceNumber(3542699)}
    assert to_csv([Record(user)]) == to_csv([user]) == ['"Name","ConferenceId"', '"Ken","3542699"']


def test_type_line_names_the_type_of_the_first_object() -> None:
    """-IncludeTypeInformation writes the record's type name, unless there is no header."""
    bridge = record_type("confid.Bridge")({"Name": "B"})
    assert to_csv([bridge], include_type_information=True)[0] == "#TYPE confid.Bridge"
    assert to_csv([{"A": 1}], include_type_information=True)[0].endswith(".PSCustomObject")
    assert to_csv([bridge], include_type_information=True, no_header=True) == ['"B"']


def test_empty_line_is_left_out() -> None:
    """An object of a single property without a value writes nothing, and None is no object."""
    assert to_csv([{"A": None}, None, {"A": 1}]) == ['"A"', '"1"']
    assert to_csv([]) == []


def test_names_that_are_no_text_become_text() -> None:
    """A mapping from numbers is written under the numbers' digits."""
    assert to_csv([{1: "a", 2: None}, {2: "b"}]) == ['"1","2"', '"a",', ',"b"']


def test_quote_fields_take_either_spelling() -> None:
    """The fields to quote may be named as in Python; a single name needs no list."""
    user = {"DisplayName": "Ken", "City": "Seattle"}
    expected = ['"DisplayName",City', '"Ken",Seattle']
    assert to_csv([user], quote_fields=["display_name"]) == expected
    assert to_csv([user], quote_fields="displayNAME") == expected


@pytest.mark.parametrize("quotes", ["AsNeeded", "asneeded", "as_needed", "ASNEEDED"])
def test_use_quotes_takes_any_casing(quotes: str) -> None:
    """The name of the option's value may be written in any casing, or as in Python."""
    assert to_csv([{"A": 1, "B": "x,y"}], use_quotes=quotes) == ["A,B", '1,"x,y"']


def test_delimiter_may_be_a_quote() -> None:
    """Any single character is taken, even one that no one could read back."""
    assert to_csv([{"A": 1, "B": 2}], delimiter='"') == ['"A"""B"', '"1"""2"']


@pytest.mark.parametrize(
    ("options", "names", "error_id"),
    [
        ({"use_quotes": "Sometimes"}, "use_quotes.*Never, Always, AsNeeded", "CannotConvert"),
        ({"use_quotes": Announcements.TONE_ONLY}, "use_quotes", "CannotConvert"),
        ({"use_quotes": None}, "use_quotes", "CannotConvert"),
        ({"delimiter": ";;"}, "delimiter.*single character", "CannotConvert"),
        ({"delimiter": ""}, "delimiter", "CannotConvert"),
        ({"delimiter": 5}, "delimiter", "CannotConvert"),
        ({"quote_fields": [5]}, "quote_fields", "InvalidArgument"),
        (
            {"quote_fields": ["A"], "use_quotes": "Never"},
            "quote_fields and use_quotes",
            "CannotSpecifyQuoteFieldsAndUseQuotes",
        ),
    ],
)
def test_option_that_the_engine_refuses(options: Any, names: str, error_id: str) -> None:
    """An option that can't be is an error at once, naming the option and what it takes."""
    with pytest.raises(InvalidArgumentError, match=names) as caught:
        csv_lines([{"A": 1}], **options)
    assert caught.value.error_id.startswith(error_id)


def test_value_without_properties_is_refused() -> None:
    """A number is no row of a table."""
    with pytest.raises(InvalidArgumentError, match="int has no properties"):
        to_csv([5])


def test_writing_many_rows_takes_no_more_memory_than_writing_few() -> None:
    """The streaming form holds one object at a time."""

    def peak(count: int) -> int:
        rows = ({"Name": f"user {number}", "Id": number} for number in range(count))
        tracemalloc.start()
        try:
            for _ in csv_lines(rows):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # whatever is set up once
    assert peak(100_000) < peak(1_000) + 20_000


# --- reading


@each_row(("case", "answer"), params("csvread"))
def test_csv_text_is_read_as_the_engine_reads_it(case: Any, answer: Any) -> None:
    """Each row of csvread.json gives the engine's objects, or its error."""
    if "error" not in answer:
        assert answer_of(from_csv(case["text"])) == answer
        return
    with pytest.raises(InvalidArgumentError) as caught:
        from_csv(case["text"])
    assert {"id": caught.value.error_id, "category": caught.value.category} == answer["error"]


@pytest.mark.parametrize(("case", "answer"), params("csvfile"))
def test_csv_file_is_read_by_the_mark_at_its_beginning(
    case: Any, answer: Any, tmp_path: Path
) -> None:
    """Each row of csvfile.json: UTF-8 unless a mark says otherwise, bad bytes replaced."""
    file = tmp_path / "users.csv"
    file.write_bytes(base64.b64decode(case["bytes"]))
    assert answer_of(import_csv(file)) == answer
    assert answer_of(import_csv(str(file))) == answer


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("A,B\n1, 2", [{"A": "1", "B": "2"}]),
        ("A,B\nx  ,y z ", [{"A": "x ", "B": "y z "}]),
        ('A,B\n"x"  ,"y" z', [{"A": "x", "B": "y z"}]),
        ('A,B\n1,""', [{"A": "1", "B": ""}]),
        ("A,B\n1,", [{"A": "1", "B": None}]),
        ("A,B\n1,\n", [{"A": "1", "B": ""}]),
        ("\ufeffA\n1", [{"A": "1"}]),
        ("#TYPE confid.Bridge\r\nA\r\n1", [{"A": "1"}]),
        ("#Software: x\n#Fields: A,B\n1,2", [{"A": "1", "B": "2"}]),
        ("A,,C\n1,2,3", [{"A": "1", "H1": "2", "C": "3"}]),
    ],
)
def test_irregular_text_is_read_leniently(text: str, rows: list[dict[str, str | None]]) -> None:
    """Blanks around fields, empty ends, comments and unnamed columns, as the engine's reader."""
    assert from_csv(text) == rows


def test_unnamed_column_may_not_take_a_name_that_is_there() -> None:
    """A column named H1 and one without a name can't both be H1."""
    with pytest.raises(InvalidArgumentError, match="name 'H1'"):
        from_csv("H1,,A\n1,2,3")


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file and an unreadable one are confid's own errors, with PowerShell's id."""
    with pytest.raises(NotFoundError, match=r"nobody\.csv") as missing:
        import_csv(tmp_path / "nobody.csv")
    with pytest.raises(InvalidArgumentError) as folder:
        import_csv(tmp_path)
    assert missing.value.error_id == folder.value.error_id == "FileOpenFailure"


column_names = st.text(min_size=1).filter(lambda name: not name.startswith("#"))


@settings(deadline=None)
@given(
    st.lists(column_names, min_size=2, max_size=5, unique_by=str.lower).flatmap(
        lambda names: st.lists(
            st.fixed_dictionaries({name: st.text() for name in names}), min_size=1, max_size=5
        )
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@example([{"A": ' "x" ', "B": "\r\n,"}], "\n")
def test_what_was_written_is_read_back(rows: list[dict[str, str]], line_end: str) -> None:
    """Texts of any kind, quotes, blanks and line ends included, survive the round trip."""
    assert from_csv(line_end.join(to_csv(rows))) == rows


@settings(deadline=None)
@given(st.text(st.sampled_from('ab,"# \t\r\n日\xa0')) | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Arbitrary text gives rows of one shape, or an InvalidArgumentError."""
    try:
        rows = from_csv(text)
    except InvalidArgumentError:
        return
    assert len({tuple(row) for row in rows}) <= 1


@settings(deadline=None)
@given(
    st.lists(objects | values, max_size=4),
    st.sampled_from(["Always", "AsNeeded", "Never"]) | st.text(max_size=3),
    st.characters() | st.text(max_size=2),
    st.lists(st.text(), max_size=2),
)
def test_any_objects_are_written_or_refused(
    shown: list[Any], quotes: str, delimiter: str, fields: list[str]
) -> None:
    """Arbitrary values and options give lines, or one of confid's errors."""
    try:
        lines = to_csv(shown, use_quotes=quotes, delimiter=delimiter, quote_fields=fields)
    except ConfidError:
        return
    assert all(lines)
