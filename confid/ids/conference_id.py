"""`ConferenceId`: the number that a caller keys in."""

from __future__ import annotations

import operator
import re
from typing import Self

from confid.errors import shown
from confid.store.base import FIRST_ID, LAST_ID

_TYPED = re.compile(r"[0-9](?:[ \-\u00a0]*[0-9]){6}[ \-\u00a0]*#?")
_NOT_A_DIGIT = re.compile(r"[^0-9]")


class ConferenceId(int):
    """The number a caller keys in: 7 digits, 1000000 to 9999999.

    Made from an integer, numpy's and pandas' too, or from text as people
    write it (`"354 269 9#"`).
    Raises `ValueError` for anything else. Behaves as an int; `str()` is the
    7 digits.
    """

    __slots__ = ()

    def __new__(cls, value: object) -> Self:
        """Check `value` and make it a conference ID."""
        if type(value) is cls:
            return value
        number = value if type(value) is int else _number(value)
        if not FIRST_ID <= number <= LAST_ID:
            raise ValueError(
                f"{shown(value, 40)} is no conference ID: that is 7 digits, "
                f"{FIRST_ID} to {LAST_ID}."
            )
        return int.__new__(cls, number)

    def __repr__(self) -> str:
        return f"ConferenceId({int(self)})"

    def __str__(self) -> str:
        return int.__repr__(self)

    @property
    def spoken(self) -> str:
        """As invitations show it: grouped, with the hash that ends it, `354 269 9#`."""
        digits = str(self)
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}#"


def _number(value: object) -> int:
    """The number in `value`, an integer or a text; 0 for anything else."""
    if isinstance(value, str):
        return int(_NOT_A_DIGIT.sub("", value)) if _TYPED.fullmatch(value.strip()) else 0
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the error is the answer
    except TypeError:
        return 0
