"""How PowerShell sees text: equal, before or behind, and what a character is.

The engine compares with ICU's root collation. `equality_key` keeps what people notice of
it (casing and the way an accent is encoded don't matter, a `ß` isn't `ss`). `order_key` is
plainer than ICU's order: it knows ranks of characters, not weights of letters.
"""

from __future__ import annotations

import unicodedata
from array import array


def equality_key(text: str) -> str:
    """Return what two texts have in common exactly when `-eq` calls them equal."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text).replace("ẞ", "ß").split("ß")
    return "ß".join(part.casefold() for part in parts)  # casefold alone makes it ss


def exact_key(text: str) -> str:
    """Return what two texts have in common exactly when `-ceq` calls them equal."""
    return text if text.isascii() else unicodedata.normalize("NFD", text)


def order_key(text: str) -> str:
    """Return what texts are ordered by, casing ignored.

    Each character counts by its rank (space, punctuation, symbol, digit, letter, mark), then
    by its code point, after NFD and casefolding.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    return text.lower().translate(_RANKED)


class _Ranked(dict[int, str]):
    """Each character behind its rank, by code point; each is looked at once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        rank = _RANKS.find(unicodedata.category(character)[0])
        ranked = self[code] = chr(max(rank, 0)) + character
        return ranked


_RANKS = "ZPSNLM"
_RANKED = _Ranked()


def starts_with(key: str, prefix: str) -> bool:
    """Tell whether a text starts with another, both as keys of equality.

    An accent belongs to its letter: `José` doesn't start with `Jose`.
    """
    if not key.startswith(prefix):
        return False
    rest = key[len(prefix) : len(prefix) + 1]
    return not prefix or not rest or not unicodedata.combining(rest)


def utf16_units(text: str) -> str:
    """Write a text as .NET counts it: a character beyond U+FFFF becomes its two surrogates."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    units = array("H")
    units.frombytes(text.encode("utf-16", "surrogatepass"))
    return "".join(map(chr, units[1:]))  # the first is the byte order mark
