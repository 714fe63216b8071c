""".NET's regular expressions for `-match`, carried over to Python and kept on a leash.

A pattern is read piece by piece; only what means the same in both worlds is handed on, the
rest is refused with its position. Matching is the `regex` package's, for its `timeout`; the
standard library's `re` has none, and RE2 would need no timeout but knows no lookaround and no
word boundary beyond ASCII. `regex` writes out repetitions when it compiles, so nested ones
multiply: they are counted here first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NoReturn

from confid.errors import InvalidArgumentError
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

    source = _Translation(utf16_units(pattern)).source()
    try:
        compiled = regex.compile(source, 0 if case_sensitive else regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError) as error:
        raise _wrong(pattern, f"{error}") from error

    def matches(text: str) -> bool:
        try:
            return compiled.search(utf16_units(text), timeout=TIMEOUT) is not None
        except TimeoutError as error:
            raise InvalidArgumentError(
                f"The pattern {_shown(pattern)} takes more than {TIMEOUT} s to match a text. "
                "It repeats what repeats; write it plainer.",
                target=pattern,
                error_id="System.Text.RegularExpressions.RegexMatchTimeoutException",
                category="OperationStopped",
            ) from error

    return matches


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 60 else pattern[:59] + "…")  # noqa: PLR2004 - a line


def _wrong(pattern: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"The regular expression {_shown(pattern)} can't be used: {why}.",
        target=pattern,
        error_id="System.Text.RegularExpressions.RegexParseException",
        category="OperationStopped",
    )


_QUANTIFIER: Final = re.compile(r"([*+?]|\{(?P<low>[0-9]+)(?P<range>,(?P<high>[0-9]*))?\})\??")
_GROUP: Final = re.compile(
    r"\((?:\?(?:(?P<plain>:|=|!|<=|<!|>)"
    r"|(?P<flags>(?:[ims]+(?:-[ims]+)?|-[ims]+):)"
    r"|<(?P<angled>[^\W\d]\w*)>|'(?P<quoted>[^\W\d]\w*)'))?"
)
_COMMENT: Final = re.compile(r"\(\?#[^)]*\)")
_LEADING_FLAGS: Final = re.compile(r"\(\?((?:[ims]+(?:-[ims]+)?|-[ims]+))\)")
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<same>[dDwWsSbBA])|(?P<end>[Zz])|(?P<control>[trnfvae])|x(?P<x>[0-9a-fA-F]{2})"
    r"|u(?P<u>[0-9a-fA-F]{4})|c(?P<c>[A-Za-z@\[\]\\^_])|(?P<octal>0[0-7]{0,2})"
    r"|(?P<category>[pP]\{[A-Z][a-z]?\})|(?P<number>[1-9][0-9]?)"
    r"|k(?:<(?P<angled>[^\W\d]\w*)>|'(?P<quoted>[^\W\d]\w*)')|(?P<itself>[^\w]))"
)
_CONTROLS: Final = dict(zip("trnfvae", "\t\r\n\f\v\a\x1b", strict=True))


@dataclass(slots=True)
class _Frame:
    """A group that is open: the work of what it holds, and the start of its text."""

    begins: int
    work: int = 0


class _Translation:
    """One pass over a pattern, which collects the Python pattern in pieces."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._pieces: list[str] = []
        self._frames = [_Frame(0)]
        self._item = 0  # the work of what a quantifier would repeat, 0 if nothing
        self._groups = 0
        self._names: set[str] = set()

    def source(self) -> str:
        """Return the pattern as the regex package takes it."""
        if len(self._pattern) > _LONGEST:
            self._fail(f"it is longer than {_LONGEST} characters")
        flags = _LEADING_FLAGS.match(self._pattern)
        if flags:
            self._place = flags.end()
        while self._place < len(self._pattern):
            self._step()
        if len(self._frames) > 1:
            self._place = self._frames[-1].begins
            self._fail("a group is not closed")
        translated = "".join(self._pieces)
        return f"(?{flags[1]}:{translated})" if flags else translated

    def _fail(self, why: str) -> NoReturn:
        raise _wrong(self._pattern, f"{why} (at its position {self._place + 1})")

    def _step(self) -> None:
        character = self._pattern[self._place]
        match character:
            case "(":
                self._open()
            case ")":
                self._close()
            case "[":
                self._class()
            case "\\":
                self._escape()
            case "|":
                self._emit("|", 1, 0)
            case "*" | "+" | "?":
                self._quantifier()
            case "{" if _QUANTIFIER.match(self._pattern, self._place):
                self._quantifier()
            case "." | "^" | "$":
                self._emit(character, 1, 1 if character == "." else 0)
            case _:
                self._emit(_literal(character), 1)

    def _emit(self, piece: str, length: int, item: int = 1) -> None:
        """Add a piece for the next so many characters; `item` is 0 where nothing may repeat it."""
        self._pieces.append(piece)
        self._place += length
        self._item = item
        self._frames[-1].work += max(item, 1)

    def _open(self) -> None:
        if comment := _COMMENT.match(self._pattern, self._place):
            self._place = comment.end()
            return
        found = _GROUP.match(self._pattern, self._place)
        if found is None or self._pattern.startswith("?", found.end()):
            self._fail(
                "there is no such group here; of .NET's, (?:…), (?=…), (?!…), (?<=…), "
                "(?<!…), (?>…), (?<name>…), (?i:…) and, at the start, (?i) are known"
            )
        if len(self._frames) > _DEEPEST:
            self._fail(f"more than {_DEEPEST} groups are inside one another")
        name = found["angled"] or found["quoted"]
        if name:
            self._names.add(name)
        elif found[0] == "(":
            self._groups += 1
        piece = f"(?P<{name}>" if name else found[0]
        self._pieces.append(piece)
        self._frames.append(_Frame(self._place, 1))
        self._place = found.end()
        self._item = 0

    def _close(self) -> None:
        if len(self._frames) == 1:
            self._fail("a ) has no (")
        work = self._frames.pop().work
        self._frames[-1].work += work
        self._pieces.append(")")
        self._place += 1
        self._item = work

    def _quantifier(self) -> None:
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None or not self._item:
            self._fail("there is nothing that could be repeated")
        low, high = 0, None
        if found["low"]:
            low = int(found["low"][:6])
            high = low if not found["range"] else int(found["high"][:6]) if found["high"] else None
            if high is not None and high < low:
                self._fail("the repetition runs backwards")
            if max(low, high or 0) > _MOST_WORK:
                self._fail("it repeats too much")
        elif found[0][0] == "+":
            low = 1
        # The package writes out what must be there, and once more what may go on.
        copies = max(low + (high is None or high > low) * (low > 0), 1)
        self._frames[-1].work += self._item * (copies - 1)
        if copies > 1 and sum(frame.work for frame in self._frames) > _MOST_WORK:
            self._fail("it repeats too much")
        self._pieces.append(found[0])
        self._place = found.end()
        self._item = 0

    def _escape(self) -> None:
        found = _ESCAPE.match(self._pattern, self._place)
        if found is None:
            self._fail("there is no such escape, or it can't be carried over")
        length = len(found[0])
        name = found["angled"] or found["quoted"]
        if found["same"]:
            self._emit(found[0], length, 0 if found["same"] in "bBA" else 1)
        elif found["end"]:
            self._emit(r"(?=\n?\Z)" if found["end"] == "Z" else r"\Z", length, 0)
        elif found["number"]:
            if self._names or int(found["number"]) > self._groups:
                self._fail("it refers to a group that isn't there, or that has a name")
            self._emit(f"(?:{found[0]})", length)
        elif name:
            if name not in self._names:
                self._fail("it refers to a group that isn't there")
            self._emit(f"(?P={name})", length)
        else:
            self._emit(found[0] if found["category"] else _literal(_character(found)), length)

    def _class(self) -> None:
        """Read a bracket. `[` and `[:alpha:]` are nothing special inside one in .NET."""
        end = self._place + 1
        negated = self._pattern.startswith("^", end)
        end += negated
        start = end
        members: list[str] = []
        while not self._pattern.startswith("]", end) or end == start:
            low, after = self._member(end)
            taken = end if low == "-" and end > start else after
            if self._pattern.startswith("-[", taken):
                self._place = taken
                self._fail("one class taken from another can't be carried over")
            if self._pattern.startswith("-", after) and not self._pattern.startswith("-]", after):
                high, after = self._member(after + 1)
                if len(low) != 1 or len(high) != 1 or low > high:
                    self._fail("a range of a class runs backwards or has no ends")
                members.append(f"{_literal(low)}-{_literal(high)}")
            else:
                members.append(low if low.startswith("\\") and len(low) > 1 else _literal(low))
            end = after
        piece = "[" + "^" * negated + "".join(members) + "]"
        self._emit(piece, end + 1 - self._place)

    def _member(self, place: int) -> tuple[str, int]:
        """Read one member: a character, or an escape that stands for many; and where it ends."""
        if place >= len(self._pattern):
            self._fail("a class is not closed")
        if self._pattern[place] != "\\":
            return self._pattern[place], place + 1
        if self._pattern.startswith("\\b", place):
            return "\b", place + 2
        found = _ESCAPE.match(self._pattern, place)
        if found is None or found["angled"] or found["quoted"] or found["end"] or found["number"]:
            self._place = place
            self._fail("there is no such escape in a class, or it can't be carried over")
        if found["same"] in ("B", "A"):
            self._fail("there is no such escape in a class")
        many = found["same"] or found["category"]
        return (found[0] if many else _character(found)), found.end()


def _character(found: re.Match[str]) -> str:
    if found["control"]:
        return _CONTROLS[found["control"]]
    if found["x"] or found["u"]:
        return chr(int(found["x"] or found["u"], 16))
    if found["c"]:
        return chr(ord(found["c"].upper()) - 64)
    if found["octal"]:
        return chr(int(found["octal"], 8))
    return str(found["itself"])


def _literal(character: str) -> str:
    """Write a character so that it is nothing but itself, in a class and out of one."""
    if character.isalnum() or character == "_":
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"  # noqa: PLR2004 - of a byte
