"""PowerShell's wildcards: `*`, `?`, `[…]` and the backtick that takes their meaning away.

The rules are those of the engine's WildcardPattern, as `reference/powershell/wildcard.json`
shows them: a pattern covers the whole text, casing is ignored letter by letter, and a
character is a UTF-16 code unit, so a text beyond the Basic Multilingual Plane counts double.
A pattern without anything special in it is compared as `-eq` compares, and one with nothing
but an asterisk at its end as the beginning of a text; so the engine, and so accents may be
encoded either way there and nowhere else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from confid.errors import InvalidArgumentError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.collation import equality_key, exact_key, starts_with, utf16_units
from confid.powershell.language.values import text_given

if TYPE_CHECKING:
    from collections.abc import Callable

    Matcher = Callable[[str], bool]

_SHORT = 64
"""A segment of up to so many characters is left to `re`, which takes their number times
the length of the text at worst."""


@ends_at_caller
def like(text: str, pattern: str) -> bool:
    """Tell whether a text matches a wildcard pattern, casing ignored: `text -like pattern`.

    The time is proportional to the length of the text, whatever the pattern. A pattern
    with a bracket that isn't closed or a range that runs backwards (`[c-a]`) raises
    InvalidArgumentError with the engine's error id, RuntimeException.
    """
    return matcher(text_given("pattern", pattern))(text_given("text", text))


def has_wildcards(pattern: str) -> bool:
    """Tell whether a pattern holds a character that stands for others: `*`, `?`, `[` or `]`.

    One behind a backtick doesn't count. The engine's ContainsWildcardCharacters.
    """
    return _SPECIAL.match(pattern) is not None


_SPECIAL = re.compile(r"(?:[^`*?\[\]]|`.)*+[*?\[\]]", re.DOTALL)


@lru_cache(maxsize=512)
def matcher(pattern: str, *, case_sensitive: bool = False) -> Matcher:
    """Compile a wildcard pattern into a function that takes a text and says yes or no.

    Raises what `like` raises. The last 512 patterns are kept.
    """
    plain = pattern.removesuffix("*")
    if not _MARKS.intersection(plain):
        return _plain(plain, case_sensitive=case_sensitive, prefix=plain != pattern)
    fold = utf16_units if case_sensitive else _fold
    segments = [_Segment(part, case_sensitive) for part in _split(pattern, fold)]
    if len(segments) == 1:
        return _exact(segments[0], fold)
    first, *inner, last = segments
    inner = [segment for segment in inner if segment.length]

    def matches(text: str) -> bool:
        text = fold(text)
        end = len(text) - last.length
        place = first.length
        if place > end or not (first.stands_at(text, 0) and last.stands_at(text, end)):
            return False
        for segment in inner:
            place = segment.end_of_first(text, place, end)
            if place < 0:
                return False
        return True

    return matches


_MARKS = frozenset("*?[]`")


def _plain(pattern: str, *, case_sensitive: bool, prefix: bool) -> Matcher:
    key = exact_key if case_sensitive else equality_key
    wanted = key(pattern)
    if prefix:
        return lambda text: starts_with(key(text), wanted)
    return lambda text: key(text) == wanted


def _exact(segment: _Segment, fold: Callable[[str], str]) -> Matcher:
    literal = segment.literal
    if literal is not None:
        return lambda text: fold(text) == literal

    def matches(text: str) -> bool:
        text = fold(text)
        return len(text) == segment.length and segment.stands_at(text, 0)

    return matches


def _fold(text: str) -> str:
    """Lower each UTF-16 unit by itself, as .NET's `char` does.

    `str.lower` looks at the neighbours of a sigma and makes two characters of a dotted I.
    """
    if text.isascii():
        return text.lower()
    return (
        utf16_units(text)
        .replace("\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
        .replace("İ", "i")
        .lower()
    )


Element: TypeAlias = str | re.Pattern[str] | None
"""A part of a pattern: a literal character, a compiled bracket, or None for any character."""


class _Segment:
    """What stands between two asterisks: so many characters, neither more nor fewer."""

    def __init__(self, elements: list[Element], case_sensitive: bool) -> None:
        self.length = len(elements)
        self._elements = elements
        literals = [element for element in elements if isinstance(element, str)]
        self.literal = "".join(literals) if len(literals) == len(elements) else None
        flags = re.DOTALL if case_sensitive else re.DOTALL | re.IGNORECASE
        self._flags = flags
        source = "".join(map(_source, elements)) if self.literal is None else ""
        # Casing is ignored inside brackets only: literal text is folded already.
        self._regex = re.compile(source, re.DOTALL)

    def stands_at(self, text: str, place: int) -> bool:
        """Tell whether the text has this segment at that place."""
        if self.literal is not None:
            return text.startswith(self.literal, place)
        return self._regex.match(text, place) is not None

    def end_of_first(self, text: str, start: int, end: int) -> int:
        """Return where the first occurrence between start and end is over, or -1."""
        if self.literal is not None:
            place = text.find(self.literal, start, end)
            return place if place < 0 else place + self.length
        if self.length > _SHORT:
            return self._scan(text, start, end)
        found = self._regex.search(text, start, end)
        return found.end() if found else -1

    def _scan(self, text: str, start: int, end: int) -> int:
        """Search with one bit per element (Shift-And): no element is looked at twice."""
        masks: dict[str, int] = {}
        goal = 1 << (self.length - 1)
        state = 0
        for place in range(start, end):
            character = text[place]
            mask = masks.get(character)
            if mask is None:
                mask = masks[character] = self._mask(character)
            state = (state << 1 | 1) & mask
            if state & goal:
                return place + 1
        return -1

    def _mask(self, character: str) -> int:
        bits = [
            "1" if element is None or element == character or _in(element, character) else "0"
            for element in reversed(self._elements)
        ]
        return int("".join(bits), 2)


def _in(element: str | re.Pattern[str], character: str) -> bool:
    return not isinstance(element, str) and element.match(character) is not None


def _source(element: Element) -> str:
    if element is None:
        return "."
    return re.escape(element) if isinstance(element, str) else element.pattern


def _split(pattern: str, fold: Callable[[str], str]) -> list[list[Element]]:
    """Cut a pattern at its asterisks and read each part into elements."""
    text = utf16_units(pattern)
    segments: list[list[Element]] = [[]]
    place = 0
    while place < len(text):
        character = text[place]
        place += 1
        if character == "*":
            segments.append([])
        elif character == "?":
            segments[-1].append(None)
        elif character == "[":
            bracket, place = _bracket(text, place, pattern, fold)
            segments[-1].append(bracket)
        elif character == "`" and (place < len(text) or text == "`"):
            # The character behind it stands for itself; a backtick alone stands for nothing,
            # one at the end of a longer pattern for itself.
            segments[-1].extend(fold(text[place : place + 1]))
            place += 1
        else:
            segments[-1].append(fold(character))
    return segments


def _bracket(
    text: str, start: int, pattern: str, fold: Callable[[str], str]
) -> tuple[re.Pattern[str], int]:
    """Read a bracket whose content begins at `start`; return it and the place behind it.

    A `]` right behind the `[` stands for itself; there is no negation, `^` and `!` do too.
    """
    members: list[tuple[str, bool]] = []  # each character, and whether it makes a range
    place = start
    while place < len(text):
        character = text[place]
        if character == "]" and place > start:
            return _members(members, pattern, fold), place + 1
        escaped = character == "`"
        if escaped:
            place += 1
            if place == len(text):
                break
            character = text[place]
        members.append((character, character == "-" and not escaped))
        place += 1
    raise _bad(pattern, "a bracket is not closed")


def _members(
    members: list[tuple[str, bool]], pattern: str, fold: Callable[[str], str]
) -> re.Pattern[str]:
    parts = []
    place = 0
    while place < len(members):
        low = high = members[place][0]
        if place + 2 < len(members) and members[place + 1][1]:
            high = members[place + 2][0]
            place += 2
        place += 1
        if low > high:
            raise _bad(pattern, f"the range {low}-{high} runs backwards")
        parts.append(f"\\u{ord(low):04x}-\\u{ord(high):04x}")
    inside = "[" + "".join(parts) + "]"
    return re.compile(inside if fold is utf16_units else f"(?i:{inside})", re.DOTALL)


def _bad(pattern: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"The wildcard pattern {pattern!r} is not valid: {why}. "
        "A backtick takes the meaning of the character behind it away.",
        target=pattern,
        error_id="RuntimeException",
        category="NotSpecified",
    )
