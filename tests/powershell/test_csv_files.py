"""A CSV file is what Export-Csv writes, and is replaced as a whole or not at all."""

from __future__ import annotations

import codecs
import tracemalloc
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import InvalidArgumentError
from confid.powershell import export_csv, import_csv, to_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE: list[dict[str, Any]] = [{"Name": "Zoë 李", "Id": 3542699}, {"Name": "Ken", "Id": None}]


@pytest.mark.parametrize(
    ("encoding", "codec", "mark"),
    [
        ("utf8NoBOM", "utf-8", b""),
        ("utf8", "utf-8", b""),
        ("utf8BOM", "utf-8", codecs.BOM_UTF8),
        ("UTF8_BOM", "utf-8", codecs.BOM_UTF8),
        ("unicode", "utf-16-le", codecs.BOM_UTF16_LE),
        ("BigEndianUnicode", "utf-16-be", codecs.BOM_UTF16_BE),
        ("utf32", "utf-32-le", codecs.BOM_UTF32_LE),
        ("ascii", "ascii", b""),
        ("ansi", "cp1252", b""),
    ],
)
def test_encodings_by_their_powershell_names(
    tmp_path: Path, encoding: str, codec: str, mark: bytes
) -> None:
    """Each name gives that encoding with its mark; a character that it lacks becomes `?`."""
    path = tmp_path / "people.csv"
    export_csv(PEOPLE, path, encoding=encoding)
    lines = "".join(f"{line}\n" for line in to_csv(PEOPLE))
    assert path.read_bytes() == mark + lines.encode(codec, "replace")


def test_encoding_that_there_is_not(tmp_path: Path) -> None:
    """An unknown encoding is refused with the known ones, and nothing is made."""
    with pytest.raises(InvalidArgumentError, match="utf8BOM"):
        export_csv(PEOPLE, tmp_path / "people.csv", encoding="latin-7")
    assert list(tmp_path.iterdir()) == []


def failing() -> Iterator[dict[str, Any]]:
    """Objects, and then none."""
    yield PEOPLE[0]
    raise KeyError("the source went away")


@pytest.mark.parametrize("append", [False, True])
def test_failed_export_leaves_the_old_file(tmp_path: Path, append: bool) -> None:
    """When the objects fail half-way, the file is as it was and nothing lies about."""
    path = tmp_path / "people.csv"
    export_csv(PEOPLE, path)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        export_csv(failing(), path, append=append)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["people.csv"]


def test_no_clobber_keeps_the_file(tmp_path: Path) -> None:
    """A file that exists is refused with PowerShell's identity, a new one is made."""
    path = tmp_path / "people.csv"
    export_csv(PEOPLE, path, no_clobber=True)
    with pytest.raises(InvalidArgumentError, match="exists") as caught:
        export_csv([], path, no_clobber=True)
    assert (caught.value.error_id, caught.value.category) == ("NoClobber", "ResourceExists")
    assert len(import_csv(path)) == 2


def test_no_clobber_holds_against_a_race(tmp_path: Path) -> None:
    """A file that is made meanwhile is kept, too."""
    path = tmp_path / "people.csv"

    def meanwhile() -> Iterator[dict[str, Any]]:
        path.write_text("theirs", encoding="utf-8")
        yield PEOPLE[0]

    with pytest.raises(InvalidArgumentError, match="exists"):
        export_csv(meanwhile(), path, no_clobber=True)
    assert path.read_text(encoding="utf-8") == "theirs"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("encoding", ["utf8NoBOM", "utf8BOM", "unicode", "bigendianutf32"])
def test_append_goes_on_in_the_encoding_and_columns_of_the_file(
    tmp_path: Path, encoding: str
) -> None:
    """The header is not repeated, its order and the file's mark decide, in any casing."""
    path = tmp_path / "people.csv"
    export_csv(PEOPLE[:1], path, encoding=encoding)
    export_csv([{"ID": 7, "NAME": "Lei", "More": 1}], path, append=True, encoding="utf8BOM")
    assert import_csv(path) == [
        {"Name": "Zoë 李", "Id": "3542699"},
        {"Name": "Lei", "Id": "7"},
    ]


def test_append_to_nothing_writes_the_header(tmp_path: Path) -> None:
    """Without a file, or with an empty one, append is a plain export."""
    for name in ("new.csv", "empty.csv"):
        path = tmp_path / name
        if name == "empty.csv":
            path.touch()
        export_csv(PEOPLE, path, append=True)
        assert path.read_text(encoding="utf-8").splitlines() == to_csv(PEOPLE)


def test_append_ends_the_last_line_first(tmp_path: Path) -> None:
    """A file whose last line isn't ended gets a line end, not a longer row."""
    path = tmp_path / "people.csv"
    path.write_bytes(b'"Name";"Id"\r\n"A";"1"')
    export_csv([{"Name": "B", "Id": 2}], path, append=True, delimiter=";")
    assert path.read_bytes() == b'"Name";"Id"\r\n"A";"1"\n"B";"2"\n'


def test_append_of_an_object_that_lacks_a_column(tmp_path: Path) -> None:
    """It is refused with PowerShell's identity; with force the field is empty."""
    path = tmp_path / "people.csv"
    export_csv(PEOPLE[:1], path)
    before = path.read_bytes()
    with pytest.raises(InvalidArgumentError, match="'Id'") as caught:
        export_csv([{"Name": "B"}], path, append=True)
    assert caught.value.error_id == "CannotAppendCsvWithMismatchedPropertyNames"
    assert path.read_bytes() == before
    export_csv([{"Name": "B"}], path, append=True, force=True)
    assert import_csv(path)[1] == {"Name": "B", "Id": ""}


@pytest.mark.parametrize("name", ["", "missing/people.csv", "nul\0.csv"])
def test_path_that_cannot_be(tmp_path: Path, name: str) -> None:
    """A folder, a path through a missing one and a NUL are refused as PowerShell's open error."""
    with pytest.raises(InvalidArgumentError, match="can't be written") as caught:
        export_csv(PEOPLE, f"{tmp_path}/{name}")
    assert (caught.value.error_id, caught.value.category) == ("FileOpenFailure", "OpenError")


def test_link_and_mode_stay(tmp_path: Path) -> None:
    """A link is followed, and the file keeps who may read it."""
    path, link = tmp_path / "people.csv", tmp_path / "link.csv"
    path.touch()
    path.chmod(0o600)
    link.symlink_to(path)
    export_csv(PEOPLE, link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(import_csv(path)) == 2


def test_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    """Who may read a new file is for the process to say, as with any file."""
    (tmp_path / "other").touch()
    export_csv(PEOPLE, tmp_path / "people.csv")
    modes = {each.stat().st_mode for each in tmp_path.iterdir()}
    assert len(modes) == 1


def test_nothing_to_export_is_an_empty_file(tmp_path: Path) -> None:
    """No objects make a file without a line."""
    export_csv([], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_bytes() == b""


@given(st.text(max_size=5), st.sampled_from("=+-@\t\r\n＝＋－＠"))  # noqa: RUF001 - a spreadsheet takes them
def test_no_text_is_a_formula(text: str, start: str) -> None:
    """With escape_formulas, text that starts like a formula starts with a quote; numbers don't."""
    from confid.powershell import csv_lines  # noqa: PLC0415 - to_csv has no such option

    harmless = list(csv_lines([{start + text: start + text}], escape_formulas=True))
    assert "".join(harmless).startswith(f"\"'{start}")
    assert all(line.startswith("\"'") for line in [harmless[-1]]) or "\n" in text


def test_numbers_are_no_formulas(tmp_path: Path) -> None:
    """A negative number stays one, and plain text is left alone."""
    rows = [{"A": -1, "B": Decimal("-2.5"), "C": "plain", "D": None, "E": ["=x"]}]
    export_csv(rows, tmp_path / "x.csv", escape_formulas=True)
    (read,) = import_csv(tmp_path / "x.csv")
    assert list(read.values()) == ["-1", "-2.5", "plain", "", "System.Object[]"]


def peak(rows: int, path: Path) -> int:
    """The most memory that exporting so many rows takes."""
    tracemalloc.start()
    try:
        export_csv(({"Name": f"user{n}@contoso.com", "Id": n} for n in range(rows)), path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_rows_take_no_more_memory_than_few(tmp_path: Path) -> None:
    """Objects are taken one by one: a hundred times the rows, the same memory."""
    path = tmp_path / "people.csv"
    peak(10, path)  # what is made once
    few = peak(200, path)
    assert peak(20_000, path) < few + 100_000
    assert path.stat().st_size > 500_000


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=8)


@settings(deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"A": cells, "b c": cells}), min_size=1, max_size=4),
    st.sampled_from(["utf8", "utf8BOM", "unicode", "utf32"]),
)
def test_what_was_exported_is_imported(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], encoding: str
) -> None:
    """Text comes back from the file as it was, in any encoding that holds it."""
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    export_csv(rows, path, encoding=encoding)
    assert import_csv(path) == rows
