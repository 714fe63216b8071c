"""The plain values in CLIXML: what the text of each element stands for.

Source: clixmlread.json, the rows of the real engine, and MS-PSRP, 2.2.5.1.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from confid.powershell.formats.clixml import INTEGERS
from confid.powershell.language.values import is_net_decimal

if TYPE_CHECKING:
    from collections.abc import Callable

_WHITE: Final = " \t\r\n"
_ESCAPE: Final = re.compile("_[xX]([0-9A-Fa-f]{4})_")
_INTEGER: Final = re.compile("[+-]?[0-9]{1,40}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?P<exponent>[eE][+-]?[0-9]+)?")
_DOUBLE: Final = re.compile(rf"-?INF|NaN|{_NUMBER.pattern}")
_BOOLEAN: Final = re.compile("true|false|1|0")
_GUID: Final = re.compile(
    r"(?:(\{)|(\())?[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}(?(1)\})(?(2)\))"
)
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:T(?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DURATION: Final = re.compile(
    r"(?P<sign>-)?P(?=.)(?:(?P<years>\d{1,9})Y)?(?:(?P<months>\d{1,9})M)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9}(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_VERSION: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10}){1,3}")
_MICROSECONDS: Final = 6


def decoded(text: str) -> str:
    """Return a text without CLIXML's escapes. Half a character is U+FFFD."""
    if "_x" not in text and "_X" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    try:
        plain.encode()
    except UnicodeEncodeError:  # the halves of characters beyond the first 65,536
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return plain


def _integer(tag: str) -> Callable[[str], int]:
    lowest, highest = INTEGERS[tag]

    def read(text: str) -> int:
        digits = text.strip(_WHITE)
        if not _INTEGER.fullmatch(digits) or not lowest <= (number := int(digits)) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return number

    return read


def _matching(
    pattern: re.Pattern[str], make: Callable[[str], Any], expected: str
) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        word = text.strip(_WHITE)
        if not pattern.fullmatch(word):
            raise ValueError(expected)
        return make(word)

    return read


def _decimal(text: str) -> Decimal:
    word = text.strip(_WHITE)
    match = _NUMBER.fullmatch(word)
    try:
        number = Decimal(word) if match and not match["exponent"] else None
    except InvalidOperation:
        number = None
    if number is None or not is_net_decimal(number):
        raise ValueError("a number of at most 28 digits, without an exponent")
    return number


def _moment(text: str) -> datetime:
    """Read a moment; Python's has microseconds, what is finer is cut off."""
    match = _MOMENT.fullmatch(text.strip(_WHITE))
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - said once, below
        fraction = (match["fraction"] or "")[: 1 + _MICROSECONDS]
        if fraction:
            fraction = fraction.ljust(1 + _MICROSECONDS, "0")
        clock = (match["time"] or "00:00:00") + fraction
        when = datetime.fromisoformat(f"{match['day']}T{clock}{match['zone'] or ''}")
    except ValueError:
        raise ValueError("a date and time, as 2026-11-23T09:05:07Z") from None
    return when


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text.strip(_WHITE))
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - said once, below
        count = {unit: number or "0" for unit, number in match.groupdict().items()}
        seconds, _, fraction = count["seconds"].partition(".")
        size = timedelta(
            # .NET takes a year for 365 days and a month for 30.
            days=365 * int(count["years"]) + 30 * int(count["months"]) + int(count["days"]),
            hours=int(count["hours"]),
            minutes=int(count["minutes"]),
            seconds=int(seconds),
            microseconds=int(fraction[:_MICROSECONDS].ljust(_MICROSECONDS, "0")),
        )
    except (ValueError, OverflowError):
        raise ValueError("a length of time, as P1DT2H") from None
    return -size if match["sign"] else size


def _character(text: str) -> str:
    code = _integer("U16")(text)
    return decoded(f"_x{code:04X}_")


def _bytes(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("bytes in Base64") from None


_double = _matching(_DOUBLE, float, "a number")

SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "S": decoded,
    "B": _matching(_BOOLEAN, lambda word: word in ("true", "1"), "true or false"),
    **{tag: _integer(tag) for tag in INTEGERS},
    "Db": _double,
    "Sg": _double,
    "D": _decimal,
    "DT": _moment,
    "TS": _duration,
    "G": _matching(_GUID, lambda word: UUID(word.strip("{}()")), "a GUID"),
    "C": _character,
    "BA": _bytes,
    "URI": decoded,
    "Version": _matching(_VERSION, str, "a version, as 7.6.9"),
    "SemanticVersion": str.strip,
    "XD": decoded,
    "SBK": decoded,
}
"""What turns the text of an element into its value, by tag. Each raises ValueError with what
is expected. A block of script, a document and an address come out as text: nothing is run,
opened or looked up."""
