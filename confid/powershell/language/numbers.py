"""Numbers as PowerShell reads them: `0x1F`, `1kb`, `1,000`, `1e3`.

The rules of the engine's number scanner, used for text that becomes a number and for the
bare numbers of a filter.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, DecimalException

_MULTIPLIERS = {"": 1, **{f"{c}b": 1 << 10 * n for n, c in enumerate("kmgtp", 1)}}
_SUFFIXES = r"(?P<suffix>y|uy|s|us|l|ul|u|n)?"
_MULTIPLIER = r"(?P<multiplier>[kmgtp]b)?"
_WHOLE = re.compile(
    rf"(?P<sign>[+-]?)0(?:x(?P<hex>[0-9a-f]+)|b(?P<bits>[01]+)){_SUFFIXES}{_MULTIPLIER}",
    re.IGNORECASE,
)
_REAL = re.compile(
    rf"(?P<number>[+-]?(?:[0-9]+(?P<point>\.[0-9]*)?|(?P<bare>\.[0-9]+))(?P<power>e[+-]?[0-9]+)?)"
    rf"(?:{_SUFFIXES}|(?P<decimal>d)){_MULTIPLIER}",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?", re.IGNORECASE)
_LONGEST = 400
"""More characters than any number of .NET's types needs."""

Number = int | float | Decimal


def parse_number(
    text: str, *, thousands: bool = False, signed: tuple[int, ...] = (32, 64)
) -> Number | None:
    """Read a number in any form that the engine's scanner knows; None if it isn't one.

    Blank text is 0. With `thousands`, commas may stand in the whole part, as they may where
    text is converted to a number. Hexadecimal and binary digits of one of the widths in
    `signed` (bits) may mean a negative number: 0xFFFFFFFF is -1.
    """
    text = text.strip()
    if not text:
        return 0
    if len(text) > _LONGEST:
        return None
    if found := _WHOLE.fullmatch(text):
        return _whole(found, signed)
    if found := _REAL.fullmatch(text):
        return _real(found)
    if thousands and _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    return None


def _whole(found: re.Match[str], signed: tuple[int, ...]) -> int:
    digits, base = (found["hex"], 16) if found["hex"] else (found["bits"], 2)
    number = int(digits, base)
    width = len(digits) * (4 if base == 16 else 1)  # noqa: PLR2004 - bits of a hex digit
    if width in signed and number >> (width - 1) and "u" not in (found["suffix"] or "").lower():
        number -= 1 << width  # two's complement
    number *= _MULTIPLIERS[(found["multiplier"] or "").lower()]
    return -number if found["sign"] == "-" else number


def _real(found: re.Match[str]) -> Number | None:
    factor = _MULTIPLIERS[(found["multiplier"] or "").lower()]
    if found["decimal"]:
        return _decimal(found["number"], factor)
    if not (found["point"] or found["bare"] or found["power"]):
        return int(found["number"]) * factor
    return float(found["number"]) * factor


def _decimal(text: str, factor: int) -> Decimal | None:
    """Read a decimal; None for one beyond .NET's, as the engine reads it as no number."""
    try:
        number = Decimal(text) * factor
    except DecimalException:  # an exponent beyond Python's
        return None
    return number if abs(number) < _DECIMALS_END else None


_DECIMALS_END = 2**96


def parse_double(text: str) -> float | None:
    """Read what becomes a Double: any number, `NaN`, `Infinity`; None if it isn't one."""
    number = parse_number(text, thousands=True)
    if number is not None:
        return _as_double(number)
    return _NAMED.get(text.strip().lower())


_NAMED = {"nan": math.nan, "infinity": math.inf, "∞": math.inf}
_NAMED |= {"-infinity": -math.inf, "-∞": -math.inf}


def parse_decimal(text: str) -> Decimal | None:
    """Read what becomes a Decimal; None if it isn't one."""
    number = parse_number(text, thousands=True)
    try:
        return (
            None
            if number is None
            else Decimal(repr(number) if isinstance(number, float) else number)
        )
    except DecimalException:
        return None


def _as_double(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
