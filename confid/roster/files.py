"""Rosters as files: opened, decoded and cut into rows of cells; nothing of people in it.

What Export-Csv writes is read in all its encodings and delimiters. Nothing is
guessed: what `confid.powershell.import_csv` reads over is an error here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from confid.errors import ConfidError, InvalidArgumentError, RosterError, shown
from confid.powershell.formats.csv_text import records
from confid.powershell.formats.text_files import MOST_BYTES, not_readable, read_bytes, split_mark
from confid.roster.cells import MAX_CELL, quoted, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATOR_LINE = re.compile(r"\"?sep=(.)?\"?", re.IGNORECASE)
"""The line with which Excel says the delimiter; a tab at its end was cut off as a blank."""
_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
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


NOTHING = "The file is empty: it has no header."

_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
)
_SAVE_AS_CSV = "Save a workbook as CSV UTF-8; unpack an archive, and import what is in it."


def open_table(source: str | os.PathLike[str] | LineSource) -> Table:
    """The table in a file: one that is given open, or the one at a path.

    Raises `NotFoundError` or `InvalidArgumentError` for a path that can't be
    read, `RosterError` for a file without a usable header.
    """
    if not isinstance(source, (str, os.PathLike)):
        name = getattr(source, "name", None)
        named = str(name) if isinstance(name, (str, os.PathLike)) else "The roster"
        return Table(named, _text_of_open(source, named))
    path = path_of(source)
    return Table(str(path), text_of(path))


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
        raise RosterError(str(path), [f"line {line}: {_NOT_ENCODED}"]) from error


def _text_of_open(file: LineSource, name: str) -> str:
    lines: list[str] = []
    left = MOST_BYTES
    try:
        while left > 0 and (line := file.readline(left)):
            if not isinstance(line, str):
                raise InvalidArgumentError(
                    'import_users takes a text file; open it with newline="" and its encoding, or '
                    "give its path.",
                    target=name,
                )
            lines.append(line)
            left -= len(line)
    except UnicodeDecodeError as error:
        # Decoders work ahead: the bytes may stand further down.
        raise RosterError(name, [f"line {len(lines) + 1} or below: {_NOT_ENCODED}"]) from error
    except ConfidError:
        raise
    except (OSError, ValueError) as error:  # a closed file is a ValueError
        raise InvalidArgumentError(
            f"{name} can't be read: {error}.", target=name, category="ReadError"
        ) from error
    if left <= 0:
        raise not_readable(name, f"it has more than {MOST_BYTES:,} characters")
    return "".join(lines)


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

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.problems: list[tuple[str, str]] = []
        for pattern, what in _DAMAGE:
            if found := pattern.search(text):
                line = text.count("\n", 0, found.start()) + 1
                raise RosterError(name, [f"line {line}: {what}"])
        text = text.removeprefix("\ufeff")
        place, line, delimiter = 0, 1, ""
        for found in _LINE.finditer(text):
            first = found[0].strip()
            if first.startswith("version:v"):
                raise RosterError(name, [_TEMPLATE])
            if first.startswith(tuple("[{<")):
                raise RosterError(name, [f"line {line}: {_NO_CSV}"])
            if separator := _SEPARATOR_LINE.fullmatch(first):
                delimiter = separator[1] or "\t"
            elif first and not (line == 1 and first[:5].upper() == "#TYPE"):
                break
            place, line = found.end(), line + 1
        else:
            raise RosterError(name, [NOTHING])
        rest = text[place:]
        # A line end closes a last row that ends with a delimiter.
        rest = rest if rest[-1] in "\r\n" else f"{rest}\n"
        self._records = records(rest, delimiter or _delimiter(first), line)
        header = next(self._records)
        if why := _damage_of(*header):
            raise RosterError(name, [why])
        self.header: list[str] = [cell.strip() for cell in header[1]]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row's cells, with the number of the line in the file where it begins."""
        width = len(self.header)
        for line, cells, damage in self._records:
            text = "".join(cells)
            if (damage or len(text) > MAX_CELL) and (why := _damage_of(line, cells, damage)):
                self.problems.append(("", why))
                return
            if '="' in text:
                cells = [unwrapped(cell) for cell in cells]  # noqa: PLW2901 - as they were
            if not text or text.isspace():
                continue  # a row of blank cells is no row
            if len(cells) == width or (len(cells) > width and not any(cells[width:])):
                yield line, cells[:width]
            else:
                sentence = (
                    f"line {line}: It has {len(cells)} cells where the header has {width}; the "
                    "file is cut off, or a delimiter stands in a cell without quotes."
                )
                self.problems.append((f"line {line}", sentence))


def _damage_of(line: int, cells: list[str], damage: str) -> str:
    """What is wrong with a record beyond its own cells, or with a cell that has no end."""
    if damage:
        return f"line {line}: The row is damaged: {damage}."
    if any(len(cell) > MAX_CELL for cell in cells):
        return f"line {line}: A cell is longer than {MAX_CELL:,} characters."
    return ""


_NO_CSV = (
    "This is JSON, XML or HTML and no CSV. import_users(path) reads JSON from a path that ends in "
    ".json, CLIXML from one that ends in .xml."
)
_TEMPLATE = (
    "This is a template for bulk operations (version:v1.0), which lists nobody. Download the users "
    "instead, or export them: Get-CsOnlineUser | Export-Csv."
)


_NOT_ENCODED = (
    "Its bytes are no text in the file's encoding; save the file as UTF-8 (Export-Csv -Encoding "
    'UTF8), or give it opened, as open(path, encoding="cp1252", newline="").'
)
_NUL = (
    "There is a NUL in it, so the file is damaged, or it is UTF-16 without a byte order mark; save "
    "it as UTF-8."
)
_DAMAGE = (
    (re.compile("\0"), _NUL),
    (re.compile("[\ud800-\udfff]"), _NOT_ENCODED),
)


def _delimiter(header: str) -> str:
    """The one of `,` `;` tab and `|` that the header has most of, names in quotes left out."""
    bare = _IN_QUOTES.sub("", header)
    return max(",;\t|", key=bare.count)
