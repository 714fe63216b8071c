"""Text in terminal cells: how wide it is, where it is cut and where it wraps.

Source: format.json, the rows of the real engine. The engine has a table of its own, by
UTF-16 unit: a control character or a combining mark takes a cell, a character outside
the first plane two. Where a terminal gives a character more cells than the engine
counts (the emoji of the first plane), confid counts the terminal's, so that no line is
wider than it may be; and it never tears a character outside the first plane apart.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, east_asian_width

from confid.powershell.language.values import ELLIPSIS

_WIDE: Final = (
    (0x1100, 0x115F),
    (0x2329, 0x232A),
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x2E80, 0x303E),
    (0x3040, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE10, 0xFE19),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60),
    (0xFFE0, 0xFFE6),
)
"""The double-width characters of the first plane: the engine's, and the signs of the I Ching,
which terminals give two cells and Python's tables one before Unicode 16."""

_FIRST_PLANE: Final = 0xFFFF
_LINE_END: Final = re.compile("[\r\n]")
_SOFT_HYPHEN: Final = "\u00ad"

# Colours, cursor switches and links: a view leaves them out, as Out-String does.
_ESCAPES: Final = re.compile(r"\x1b\[\d*(?:;\d+)*m|\x1b\[\?\d+[hl]|\x1b\]8;;.*?\x1b\\")

# A word and what ends it. The engine breaks at a no-break space and at a hard hyphen
# too, and loses them; a soft hyphen shows only where it is needed.
_WORDS: Final = re.compile("([^ \t\u00ad\u00a0\u2011]*)([ \t\u00ad\u00a0\u2011]?)")


class _Cells(dict[str, int]):
    def __missing__(self, char: str) -> int:
        code = ord(char)
        wide = (
            code > _FIRST_PLANE
            or any(low <= code <= high for low, high in _WIDE)
            # An unassigned character takes one cell; Python 3.11 calls it full-width.
            or (east_asian_width(char) in "FW" and category(char) != "Cn")
        )
        cells = self[char] = 2 if wide else 1
        return cells


_cells_of = _Cells().__getitem__


def is_plain(text: str) -> bool:
    """Say whether a text is one line of characters of one cell each; most are."""
    return text.isascii() and text.isprintable()


def cells(text: str) -> int:
    """Return how many terminal cells a text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def without_escapes(text: str) -> str:
    """Return a text without its terminal escape sequences."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def head(text: str, width: int) -> str:
    """Return the longest beginning of a text that fits into so many cells."""
    for place, char in enumerate(text):
        width -= _cells_of(char)
        if width < 0:
            return text[:place]
    return text


def tail(text: str, width: int) -> str:
    """Return the longest end of a text that fits into so many cells."""
    return head(text[::-1], width)[::-1]


def fit(text: str, width: int, *, right: bool, pad: bool) -> str:
    """Return the first line of a text cut or padded to a width, as a table's cell.

    What was cut off shows as an ellipsis, at the left of a right-aligned text. `pad`
    False leaves a left-aligned text without blanks behind it (the last column).
    """
    if "\n" in text or "\r" in text:
        text = _LINE_END.split(text, maxsplit=1)[0] + ELLIPSIS
    size = cells(text)
    if size > width:
        if width == 1:
            text = tail(text, 1) if right else head(text, 1)
        elif right:
            text = ELLIPSIS + tail(text, width - 1)
        else:
            text = head(text, width - 1) + ELLIPSIS
        size = cells(text)
    blanks = " " * (width - size)
    if right:
        return blanks + text
    return text + blanks if pad else text


def wrap(text: str, width: int) -> list[str]:
    """Return a text in lines of at most so many cells, broken between words if it can.

    The blank behind a word stays on its line; a word wider than a line is broken
    anywhere. At least one line comes out.
    """
    lines: list[str] = []
    for line in text.replace("\r", "").split("\n"):
        if cells(line) <= width:
            lines.append(line)
        else:
            lines.extend(_wrapped(line, width))
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    lines = [""]
    room = width
    for match in _WORDS.finditer(line):
        word, end = match.groups()
        if end in (" ", "\t"):
            word += end
        elif end == _SOFT_HYPHEN and cells(word) + 1 == room:
            word += "-"
        # A word that fits into a line is kept whole, any other goes character by character.
        for piece in [word] if cells(word) <= width else word:
            size = cells(piece)
            if size > width:  # a wide character, and lines of a single cell
                piece, size = "?", 1  # noqa: PLW2901 - it stands for the character from here on
            if size > room:
                lines.append(piece)
                room = width - size
            else:
                lines[-1] += piece
                room -= size
    return lines
