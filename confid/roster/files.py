"""Rosters as files: opened, decoded and cut into rows of cells; nothing of people in it.

What Export-Csv writes is read in all its encodings and delimiters. Nothing is
guessed: a damaged file is an error. (`confid.powershell.import_csv` is lenient.)
"""

from __future__ import annotations

import csv
import io
import os
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from confid.errors import InvalidArgumentError, RosterError, shown
from confid.powershell.formats.text_files import not_readable, read_bytes, split_mark
from confid.roster.cells import quoted, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RECORD = 1_048_576
"""Characters of one row with all its cells. A cell's own bound is the csv module's, 131,072
unless the process has another: it is one setting for everybody, so it stays as it is."""

_SEPARATOR_LINE = re.compile(r"\"?sep=(.)?\"?", re.IGNORECASE)
"""The line with which Excel says the delimiter; a tab at its end was cut off as a blank."""
_IN_QUOTES = re.compile(r'"[^"]*"?')


class LineSource(Protocol):
    """An open text file, as far as a roster needs it."""

    def readline(self, size: int = ..., /) -> str:
        """Return the next line, up to `size` characters of it; empty at the end."""


class DataFrame(Protocol):
    """A data frame, as far as a roster needs it."""

    @property
    def columns(self) -> Any:
        """The names of its columns."""


_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)
_SAVE_AS_CSV = "Save a workbook as CSV UTF-8; unpack an archive, and import what is in it."


class _UnreadableError(Exception):
    """The rest of the file can't be read; the text says where and why."""


def open_table(source: str | os.PathLike[str] | LineSource) -> Table:
    """The table in a file: one that is given open, or the one at a path.

    Raises `NotFoundError` or `InvalidArgumentError` for a path that can't be
    read, `RosterError` for a file without a usable header.
    """
    if not isinstance(source, (str, os.PathLike)):
        return Table(source, getattr(source, "name", None))
    path = path_of(source)
    return Table(io.StringIO(text_of(path), newline=""), path)


def text_of(path: Path) -> str:
    """The text of a file. Raises `RosterError` with the line whose bytes are no text."""
    try:
        if os.path.isdir(path):  # noqa: PTH112 - for a path with NUL in it this is False
            raise not_readable(
                path, "it is a folder; confid.import_tenant takes a folder of exports"
            )
        encoding, content = split_mark(read_bytes(path))
        if what := next((what for start, what in _NO_TEXT if content.startswith(start)), None):
            raise RosterError(str(path), [f"This is {what}, not a text file. {_SAVE_AS_CSV}"])
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(error.encoding, "replace")
        line = before.count("\n") + 1
        raise RosterError(str(path), [str(_undecodable(line))]) from error


def path_of(source: str | os.PathLike[str]) -> Path:
    """A path that was given. Raises `InvalidArgumentError` for anything else."""
    if isinstance(source, str) and "\n" in source:
        raise InvalidArgumentError(
            "A text with line breaks is no path; import_users takes the text of a file as "
            "io.StringIO(text).",
            target=quoted(source),
        )
    try:
        return Path(source)
    except TypeError:
        raise InvalidArgumentError(f"{shown(source)} is no path.", target=source) from None


class Table:
    """A CSV file: its header, and its rows as they are read, once.

    `problems` collects what is wrong, each with its row, or with "" for the rest
    of the file. A row at fault is not among `rows()`.
    """

    def __init__(self, file: LineSource, name: object) -> None:
        self.name = str(name) if isinstance(name, (str, os.PathLike)) else "The roster"
        self.problems: list[tuple[str, str]] = []
        self._file = file
        self._line = 0
        self._pending = 0
        try:
            self.header, self._reader = self._read_header()
        except (_UnreadableError, csv.Error) as error:
            raise RosterError(self.name, [self._sentence(error, 1)]) from error

    def _read_header(self) -> tuple[list[str], Iterator[list[str]]]:
        lines = self._lines()
        delimiter = ""
        for line in lines:
            first = line.removeprefix("\ufeff") if self._line == 1 else line
            if first.startswith("version:v"):
                raise _UnreadableError(
                    "This is a template for bulk operations (version:v1.0), which lists nobody. "
                    "Download the users instead, or export them: Get-CsOnlineUser | Export-Csv."
                )
            if separator := _SEPARATOR_LINE.fullmatch(first.strip()):
                delimiter = separator[1] or "\t"
            elif first.strip() and not (self._line == 1 and first[:5].upper() == "#TYPE"):
                break
        else:
            raise _UnreadableError("The file is empty: it has no header.")
        reader = csv.reader(
            chain([first], lines),
            delimiter=delimiter or _delimiter(first),
            strict=True,
            skipinitialspace=True,
        )
        header = [name.strip() for name in next(reader)]
        self._pending = 0
        return header, reader

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row's cells, with the number of the line in the file where it begins."""
        width, reader = len(self.header), self._reader
        start = self._line + 1
        try:
            for cells in reader:
                text = "".join(cells)
                if '="' in text:
                    cells = [unwrapped(cell) for cell in cells]  # noqa: PLW2901 - as they were
                if not text.strip():
                    pass  # a row of blank cells is no row
                elif len(cells) == width or (len(cells) > width and not any(cells[width:])):
                    yield start, cells[:width]
                else:
                    self._miscounted(start, len(cells))
                start = self._line + 1
                self._pending = 0
        except (_UnreadableError, csv.Error) as error:
            self.problems.append(("", self._sentence(error, start)))

    def _lines(self) -> Iterator[str]:
        while line := self._read_line():
            self._line += 1
            self._pending += len(line)
            if self._pending > MAX_RECORD:
                raise _UnreadableError(
                    f"line {self._line}: The row is longer than {MAX_RECORD:,} characters."
                )
            if "\0" in line:
                raise _UnreadableError(
                    f"line {self._line}: There is a NUL in it, so the file is damaged, or it is "
                    "UTF-16 without a byte order mark; save it as UTF-8."
                )
            if not line.isascii() and not _is_text(line):
                raise _undecodable(self._line)
            yield line

    def _read_line(self) -> str:
        try:
            line = self._file.readline(MAX_RECORD + 1)
        except UnicodeDecodeError as error:
            # Decoders work ahead: the bytes may stand further down.
            raise _undecodable(f"{self._line + 1} or below") from error
        except (OSError, ValueError) as error:  # a closed file is a ValueError
            raise InvalidArgumentError(
                f"{self.name} can't be read: {error}.", target=self.name, category="ReadError"
            ) from error
        if not isinstance(line, str):
            raise InvalidArgumentError(
                'import_users takes a text file; open it with newline="" and its encoding, or '
                "give its path.",
                target=self.name,
            )
        return line

    def _miscounted(self, line: int, cells: int) -> None:
        sentence = (
            f"line {line}: It has {cells} cells where the header has {len(self.header)}; the file "
            "is cut off, or a delimiter stands in a cell without quotes."
        )
        self.problems.append((f"line {line}", sentence))

    @staticmethod
    def _sentence(error: Exception, line: int) -> str:
        if isinstance(error, _UnreadableError):
            return str(error)
        if "unexpected end" in str(error):
            return f"line {line}: The row is cut off: a quote is opened and never closed."
        if "field limit" in str(error):
            limit = csv.field_size_limit()
            return f"line {line}: A cell is longer than {limit:,} characters."
        return f"line {line}: The row is no CSV: {error}."


def _undecodable(line: object) -> _UnreadableError:
    return _UnreadableError(
        f"line {line}: Its bytes are no text in the file's encoding; save the file as UTF-8 "
        "(Export-Csv -Encoding UTF8)."
    )


def _is_text(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _delimiter(header: str) -> str:
    """The one of `,` `;` tab and `|` that the header has most of, names in quotes left out."""
    bare = _IN_QUOTES.sub("", header)
    return max(",;\t|", key=bare.count)
