""".NET's regular expressions for `-match`, carried over to Python and kept on a leash.

A pattern is read piece by piece; only what means the same in both worlds is handed on, the
rest is refused with its position. Matching is the `regex` package's, for its `timeout`; the
standard library's `re` has none, and RE2 would need no timeout but knows no lookaround and no
word boundary beyond ASCII. `regex` writes out repetitions when it compiles, so nested ones
multiply: they are counted here first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from confid.errors import InvalidArgumentError, shown
from confid.powershell.language.collation import utf16_units

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT: Final = 0.5
"""Seconds of processor time that one match may take."""
_LONGEST: Final = 2000
_DEEPEST: Final = 50
_MOST_WORK: Final = 1200
"""Items of a pattern, each counted as often as its repetitions write it out: compiling stays
below 50 ms."""


@lru_cache(maxsize=256)
def matcher(pattern: str, *, case_sensitive: bool = False) -> Callable[[str], bool]:
    """Compile a .NET pattern into a function that says whether a text has a match.

    Raises InvalidArgumentError with .NET's error id (RegexParseException) for a pattern that
    is wrong or that can't be carried over; the function raises one with
    RegexMatchTimeoutException if a text takes longer than TIMEOUT.
    """
    import regex  # type: ignore[import-untyped] # noqa: PLC0415 - few filters have -match, and it takes 15 ms; it has no types

    try:
        source = _translated(pattern)
        compiled = regex.compile(source, 0 if case_sensitive else regex.IGNORECASE)
    except (ValueError, regex.error, RecursionError, OverflowError) as error:
        raise _error(
            f"The regular expression {shown(pattern, 60)} can't be used: {error}.",
            pattern,
            "RegexParseException",
        ) from None

    def matches(text: str) -> bool:
        try:
            return compiled.search(utf16_units(text), timeout=TIMEOUT) is not None
        except TimeoutError:
            raise _error(
                f"The pattern {shown(pattern, 60)} takes more than {TIMEOUT} s to match a text. "
                "It repeats what repeats; write it plainer.",
                pattern,
                "RegexMatchTimeoutException",
            ) from None

    return matches


def _error(message: str, pattern: str, name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        message,
        target=pattern,
        error_id=f"System.Text.RegularExpressions.{name}",
        category="OperationStopped",
    )


_FLAGS: Final = r"(?:[ims]+(?:-[ims]+)?|-[ims]+)"
_ESCAPE: Final = r"""\\(?:(?P<many>[dDwWsS]|[pP]\{[A-Z][a-z]?\})
    | (?P<control>[trnfvae]) | x(?P<x>[0-9a-fA-F]{2}) | u(?P<u>[0-9a-fA-F]{4}) | (?P<itself>\W)"""
_PIECE: Final = re.compile(
    rf"""(?P<comment>\(\?\#[^)]*\))
    | (?P<open>\((?:\?(?:[:=!>]|<[=!]|{_FLAGS}:|<(?P<name>[^\W\d]\w*)>))?)(?!\?)
    | (?P<close>\))
    | (?P<repeat>(?:[*+?]|\{{(?P<low>[0-9]+)(?P<more>,(?P<high>[0-9]*))?\}})\??)
    | (?P<class>\[\^?)
    | (?P<escape>{_ESCAPE} | (?P<place>[bBAZz]) | (?P<number>[1-9][0-9]?)
        | k<(?P<named>[^\W\d]\w*)>))
    | (?P<mark>[.^$|])
    | (?P<literal>[^()\\*+?])""",
    re.VERBOSE | re.DOTALL,
)
_MEMBER: Final = re.compile(rf"{_ESCAPE} | (?P<b>b)) | (?P<literal>[^\\])", re.VERBOSE | re.DOTALL)
_CONTROLS: Final = dict(zip("trnfvaeb", "\t\r\n\f\v\a\x1b\b", strict=True))
_WRONG: Final = {
    "(": "there is no such group here; of .NET's, (?:…), (?=…), (?!…), (?<=…), (?<!…), (?>…), "
    "(?<name>…), (?i:…) and, at the start, (?i) are known",
    "\\": "there is no such escape, or it can't be carried over",
}


def _translated(pattern: str) -> str:
    """The pattern as the regex package takes it. Raises ValueError for one that it can't take."""
    if len(pattern) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    pattern = utf16_units(pattern)
    flags = re.match(rf"\(\?({_FLAGS})\)", pattern)
    reader = _Reader(pattern, flags.end() if flags else 0)
    while reader.place < len(pattern):
        reader.step()
    if len(reader.work) > 1:
        raise reader.wrong("a group is not closed")
    translated = "".join(reader.pieces)
    return f"(?{flags[1]}:{translated})" if flags else translated


class _Reader:
    """One pass over a pattern, which collects what becomes of its pieces."""

    def __init__(self, pattern: str, place: int) -> None:
        self.pattern = pattern
        self.place = place
        self.pieces: list[str] = []
        self.work = [0]
        """The work of what each open group holds, the whole first."""
        self._item = 0
        """The work of what a quantifier would repeat; 0 if there is nothing."""
        self._groups: list[str | None] = []

    def wrong(self, why: str) -> ValueError:
        """The error of what stands at the place."""
        return ValueError(f"{why} (at its position {self.place + 1})")

    def step(self) -> None:
        """Read one piece."""
        found = _PIECE.match(self.pattern, self.place)
        if found is None:
            raise self.wrong(_WRONG.get(self.pattern[self.place], "nothing could be repeated"))
        getattr(self, f"_{found.lastgroup}")(found)
        self.place = max(self.place, found.end())

    def _comment(self, _: re.Match[str]) -> None:
        """Nothing becomes of it."""

    def _emit(self, piece: str, item: int = 1) -> None:
        """Add a piece; `item` is 0 where nothing may repeat it."""
        self.pieces.append(piece)
        self._item = item
        self.work[-1] += max(item, 1)

    def _open(self, found: re.Match[str]) -> None:
        if len(self.work) > _DEEPEST:
            raise self.wrong(f"more than {_DEEPEST} groups are inside one another")
        if found["name"] or found[0] == "(":
            self._groups.append(found["name"])
        self.pieces.append(f"(?P<{found['name']}>" if found["name"] else found[0])
        self.work.append(1)
        self._item = 0

    def _close(self, _: re.Match[str]) -> None:
        if len(self.work) == 1:
            raise self.wrong("a ) has no (")
        self._emit(")", self.work.pop())

    def _repeat(self, found: re.Match[str]) -> None:
        if not self._item:
            raise self.wrong("there is nothing that could be repeated")
        low = int((found["low"] or ("1" if found[0][0] == "+" else "0"))[:6])
        high = low if found["low"] and not found["more"] else int((found["high"] or "")[:6] or -1)
        if -1 < high < low:
            raise self.wrong("the repetition runs backwards")
        # The package writes out what must be there, and once more what may go on.
        copies = max(low + (high != low and low > 0), 1)
        self.work[-1] += self._item * (copies - 1)
        if max(low, high, sum(self.work) if copies > 1 else 0) > _MOST_WORK:
            raise self.wrong("it repeats too much")
        self.pieces.append(found[0])
        self._item = 0

    def _escape(self, found: re.Match[str]) -> None:
        number, name = found["number"], found["named"]
        if number and (any(self._groups) or int(number) > len(self._groups)):
            raise self.wrong("it refers to a group that isn't there, or that has a name")
        if name and name not in self._groups:
            raise self.wrong("it refers to a group that isn't there")
        if found["place"]:
            self._emit({"\\Z": r"(?=\n?\Z)", "\\z": r"\Z"}.get(found[0], found[0]), 0)
        elif number or name:
            self._emit(f"(?:{found[0]})" if number else f"(?P={name})")
        else:
            self._emit(_escaped(found))

    def _class(self, found: re.Match[str]) -> None:
        """Read a bracket. `[` and `[:alpha:]` are nothing special inside one in .NET."""
        start = self.place = found.end()
        members = [found[0]]
        while not self.pattern.startswith("]", self.place) or self.place == start:
            member = _MEMBER.match(self.pattern, self.place)
            if member is None:
                missing = self.place >= len(self.pattern)
                raise self.wrong("a class is not closed" if missing else _WRONG["\\"])
            if member[0] == "-" and self.pattern.startswith("[", member.end()):
                raise self.wrong("one class taken from another can't be carried over")
            members.append("-" if member[0] == "-" else _escaped(member))
            self.place = member.end()
        self.place += 1
        self._emit("".join([*members, "]"]))

    def _mark(self, found: re.Match[str]) -> None:
        self._emit(found[0], 1 if found[0] == "." else 0)

    def _literal(self, found: re.Match[str]) -> None:
        self._emit(_escaped(found))


def _escaped(found: re.Match[str]) -> str:
    """A character, however it is written, so that it is nothing but itself; or a class of many."""
    if found["many"]:
        return found[0]
    if code := found["x"] or found["u"]:
        character = chr(int(code, 16))
    elif control := found["control"] or found.groupdict().get("b"):
        character = _CONTROLS[control]
    else:
        character = found["itself"] or found["literal"]
    if character.isalnum() or character == "_":
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"  # noqa: PLR2004 - of a byte
