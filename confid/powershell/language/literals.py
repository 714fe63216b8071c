"""Text between quotes, as PowerShell reads it in a filter and on a line.

Typographic quotes and dashes count as the plain ones, as they do there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NoReturn

Refuse = Callable[[int, str], NoReturn]
"""Raises the error of what is wrong at a position."""

DASHES: Final = "-–—―"  # noqa: RUF001 - PowerShell takes typographic dashes for plain ones
SINGLE_QUOTES: Final = "'‘’‚‛"  # noqa: RUF001 - and typographic quotes
DOUBLE_QUOTES: Final = '"“”„'
CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}

_SINGLE: Final = re.compile(f"(?:[^{SINGLE_QUOTES}]|[{SINGLE_QUOTES}]{{2}})*+[{SINGLE_QUOTES}]")
_SINGLE_TWICE: Final = re.compile(f"[{SINGLE_QUOTES}]([{SINGLE_QUOTES}])")
_DOUBLE: Final = re.compile(
    f"(?:[^{DOUBLE_QUOTES}`]|`.|[{DOUBLE_QUOTES}]{{2}})*+[{DOUBLE_QUOTES}]", re.DOTALL
)
_ESCAPE: Final = r"`u\{(?P<code>[0-9a-f]{1,6})\}|`(?P<escaped>.)|(?P<variable>\$[\w{(:$?^])"
_DOUBLE_PART: Final = re.compile(
    f"[{DOUBLE_QUOTES}](?P<quote>[{DOUBLE_QUOTES}])|{_ESCAPE}", re.DOTALL | re.IGNORECASE
)
_HERE_PART: Final = re.compile(rf"(?P<quote>(?!))|{_ESCAPE}", re.DOTALL | re.IGNORECASE)
_ESCAPES: Final = dict(zip("0abefnrtv", "\0\a\b\x1b\f\n\r\t\v", strict=True))
_LAST_CHARACTER: Final = 0x10FFFF


def single_quoted(source: str, place: int, end: int) -> tuple[str, int] | None:
    """Read text whose single quote was opened just before `place`.

    Returns the text and the place behind its closing quote; None if that is missing.
    """
    found = _SINGLE.match(source, place, end)
    if found is None:
        return None
    return _SINGLE_TWICE.sub(r"\1", source[place : found.end() - 1]), found.end()


def double_quoted(source: str, place: int, end: int, refuse: Refuse) -> tuple[str, int] | None:
    """Read text whose double quote was opened just before `place`.

    Returns the text and the place behind its closing quote; None if that is missing.
    A variable inside is refused.
    """
    found = _DOUBLE.match(source, place, end)
    if found is None:
        return None
    return expanded(source[place : found.end() - 1], place, refuse), found.end()


def expanded(inside: str, place: int, refuse: Refuse, *, here: bool = False) -> str:
    """Return the text that stands at `place` with its escapes read; a variable is refused.

    In a here-string (`here`) two quotes are two quotes.
    """
    part = _HERE_PART if here else _DOUBLE_PART
    return part.sub(lambda found: _part(place, found, refuse), inside)


def escaped(source: str, place: int, refuse: Refuse) -> tuple[str, int] | None:
    """Read the escape whose backtick is at `place`; None if nothing follows it."""
    found = _HERE_PART.match(source, place)
    return None if found is None else (_part(0, found, refuse), found.end())


def _part(place: int, part: re.Match[str], refuse: Refuse) -> str:
    if part["variable"]:
        refuse(
            place + part.start(),
            "a variable in text isn't known here; put the text between ' or a ` before the $",
        )
    if part["quote"]:
        return part["quote"]
    if part["code"]:
        code = int(part["code"], 16)
        if code > _LAST_CHARACTER:
            refuse(place + part.start(), "there is no such character")
        return chr(code)
    return _ESCAPES.get(part["escaped"], part["escaped"])
