"""Texts that people type: how they are compared, and which are one line."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, TypeGuard

from confid.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HALF = re.compile("[\ud800-\udfff]")


def fold(text: str) -> str:
    """Text as index values and comparisons have it: NFC, casefolded."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def is_one_line(text: str) -> bool:
    """Whether a text is fit for a header: no control or half characters, no line ends."""
    # Not str.isprintable: that refuses the joiners of Persian and the wide space of Japanese.
    return text.isprintable() or not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, text))


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text without lone surrogates, which nothing can encode."""
    return isinstance(value, str) and (value.isascii() or not _HALF.search(value))


def comma_list(given: Iterable[object] | None) -> list[object]:
    """The items of a list, each text split at its commas; a text alone is a list too."""
    return list(_split([given] if isinstance(given, str) else given or ()))


def _split(items: Iterable[object]) -> Iterator[object]:
    for item in items:
        if isinstance(item, str):
            yield from (part.strip() for part in item.split(",") if part.strip() or "," not in item)
        else:
            yield item


def actor_name(name: object) -> str:
    """A name that can stand in the ledger. Raises `InvalidArgumentError` for any other."""
    if not isinstance(name, str) or not name.strip() or not is_one_line(name):
        raise InvalidArgumentError(f"actor={shown(name)}: give a text of one line.", target="actor")
    return name
