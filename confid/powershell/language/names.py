"""Names that are nearly right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The question with the three names nearest to a word, behind a space; empty if none is near.

    Casing, hyphens and underscores make no difference.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only an error asks

    def plain(text: str) -> str:
        return text.replace("_", "").replace("-", "").casefold()

    known = {plain(name): name for name in names}
    near = [known[name] for name in get_close_matches(plain(word), known, 3, 0.4)]
    if not near:
        return ""
    *others, last = near
    return f" Did you mean {', '.join(others)} or {last}?" if others else f" Did you mean {last}?"
