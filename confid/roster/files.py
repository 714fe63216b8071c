"""Rosters as files: opened, decoded and cut into rows of cells; nothing of people in it.

What Export-Csv writes is read, in whatever of its encodings and delimiters,
and nothing is guessed: a file that was cut off or damaged on its way is an
error. (Import-Csv, which is lenient, is `confid.powershell.import_csv`.)
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from confid.errors import InvalidArgumentError, NotFoundError, RosterError
from confid.roster.cells import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RECORD = 1_048_576
"""Characters of one row with all its cells. A cell's own bound is the csv module's, 131,072
unless the process has another: it is one setting for everybody, so it stays as it is."""

_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_IN_QUOTES = re.compile(r'"[^"]*"?')


class TextFile(Protocol):
    """An open text file, as far as a roster needs it."""

    def readline(self, size: int = ..., /) -> str:
        """Return the next line, up to `size` characters of it; empty at the end."""


class _UnreadableError(Exception):
    """The rest of the file can't be read; the text says where and why."""


@contextmanager
def opened(source: str | os.PathLike[str] | TextFile) -> Iterator[Table]:
    """The table in a file; what was opened here is closed behind the block.

    Raises `NotFoundError` or `InvalidArgumentError` for a path that can't be
    opened, `RosterError` for a file without a usable header.
    """
    if not isinstance(source, (str, os.PathLike)):
        # An open file is its owner's to close.
        yield Table(source, getattr(source, "name", None))
        return
    path = path_of(source)
    try:
        binary = path.open("rb")
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        raise not_opened(path, error) from error
    with binary:
        mark = binary.peek(4)[:4]
        encoding = next((name for bom, name in _MARKS if mark.startswith(bom)), "utf-8-sig")
        # What can't be decoded comes out as a lone surrogate, so that the line can be named.
        text = io.TextIOWrapper(binary, encoding, errors="surrogateescape", newline="")
        with text:
            yield Table(text, path)


def path_of(source: str | os.PathLike[str]) -> Path:
    """A path that was given. Raises `InvalidArgumentError` for a text that is none."""
    if isinstance(source, str) and "\n" in source:
        raise InvalidArgumentError(
            "A text with line breaks is no path; import_users takes the text of a file as "
            "io.StringIO(text).",
            target=quoted(source),
        )
    return Path(source)


def not_opened(path: Path, error: OSError | ValueError) -> NotFoundError | InvalidArgumentError:
    """The error of a path that can't be opened."""
    if isinstance(error, FileNotFoundError):
        return NotFoundError(
            f"There is no file {str(path)!r}.", target=str(path), error_id="FileOpenFailure"
        )
    # Windows calls it a PermissionError.
    if isinstance(error, (IsADirectoryError, PermissionError)) and path.is_dir():
        return InvalidArgumentError(
            f"{str(path)!r} is a folder; confid.import_tenant takes a folder of exports.",
            target=str(path),
        )
    return InvalidArgumentError(
        f"{str(path)!r} can't be read: {getattr(error, 'strerror', None) or error}.",
        target=str(path),
        error_id="FileOpenFailure",
        category="OpenError",
    )


class Table:
    """A CSV file: its header, and its rows as they are read, once.

    `problems` collects what is wrong with rows; a row at fault is not among
    `rows()`, and where the file can't be read any further they end.
    """

    def __init__(self, file: TextFile, name: object) -> None:
        self.name = str(name) if isinstance(name, (str, os.PathLike)) else "The roster"
        self.problems: list[str] = []
        self._file = file
        self._line = 0
        self._pending = 0
        try:
            self.header, self._reader = self._read_header()
        except (_UnreadableError, csv.Error) as error:
            raise RosterError(self.name, [self._sentence(error, 1)]) from error

    def _read_header(self) -> tuple[list[str], Iterator[list[str]]]:
        lines = self._lines()
        for line in lines:
            first = line.removeprefix("\ufeff") if self._line == 1 else line
            if first.strip() and not (self._line == 1 and first[:5].upper() == "#TYPE"):
                break
        else:
            raise _UnreadableError("The file is empty: it has no header.")
        reader = csv.reader(
            chain([first], lines), delimiter=_delimiter(first), strict=True, skipinitialspace=True
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
                if len(cells) == width:
                    yield start, cells
                elif cells:  # a blank line is no row
                    self._miscounted(start, len(cells))
                start = self._line + 1
                self._pending = 0
        except (_UnreadableError, csv.Error) as error:
            self.problems.append(self._sentence(error, start))

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
                raise self._undecodable(self._line)
            yield line

    def _read_line(self) -> str:
        try:
            line = self._file.readline(MAX_RECORD + 1)
        except UnicodeDecodeError as error:
            # Decoders work ahead: the bytes may stand further down.
            raise self._undecodable(f"{self._line + 1} or below") from error
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

    @staticmethod
    def _undecodable(line: object) -> _UnreadableError:
        return _UnreadableError(
            f"line {line}: Its bytes are no text in the file's encoding; save the file as UTF-8 "
            "(Export-Csv -Encoding UTF8)."
        )

    def _miscounted(self, line: int, cells: int) -> None:
        self.problems.append(
            f"line {line}: It has {cells} cells where the header has {len(self.header)}; the file "
            "is cut off, or a delimiter stands in a cell without quotes."
        )

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


def _is_text(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _delimiter(header: str) -> str:
    """`;` where the header has more of them than commas, names in quotes left out."""
    bare = _IN_QUOTES.sub("", header)
    return ";" if bare.count(";") > bare.count(",") else ","
