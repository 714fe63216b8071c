"""PowerShell's comparison operators over plain values.

The left side decides: the right one is converted to its type, a list on the left is searched
for the elements that fit, `$null` has its own rules. `reference/powershell/filter.json`
holds the engine's answers. Text is ordered as `confid.powershell.language.collation` says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from operator import ge, gt, le, lt
from typing import Any, Final
from uuid import UUID

from confid.errors import ConfidError, ConversionError, shown
from confid.powershell.language.collation import equality_key, exact_key, order_key
from confid.powershell.language.conversion import (
    IS_ARRAY,
    is_array,
    text_of,
    to_datetime,
    to_decimal,
    to_double,
    to_enum,
    to_guid,
    to_int,
    to_long,
)
from confid.powershell.language.numbers import parse_number
from confid.powershell.language.regex import matcher as regex_matcher
from confid.powershell.language.values import enum_number
from confid.powershell.language.wildcard import matcher as wildcard_matcher

Test = Callable[[Any], bool]
Operator = Callable[[Any], object]
"""Takes the left side; gives a bool, or the elements that fit if it is a list."""

_NUMBERS: Final = (int, float, Decimal)
_INT32: Final = range(-(2**31), 2**31)


def operator(name: str, right: object, *, case_sensitive: bool = False) -> Operator:
    """Return the function that compares a left side with this right side.

    `name`: eq, ne, gt, ge, lt, le, like, notlike, match, notmatch, contains, notcontains, in
    or notin. Raises InvalidArgumentError if the right side is a pattern that can't be read;
    the function raises ConversionError where the engine can't compare the two.
    """
    if name in ("contains", "notcontains"):
        return _contains(equal_to(right, case_sensitive=case_sensitive), name == "contains")
    if name in ("in", "notin"):
        return _in(right, case_sensitive, name == "in")
    test = _test(name, right, case_sensitive)

    def compare(left: Any) -> object:
        return [item for item in left if test(item)] if IS_ARRAY[type(left)] else test(left)

    return compare


def _test(name: str, right: object, case_sensitive: bool) -> Test:
    if name in ("eq", "ne"):
        equal = equal_to(right, case_sensitive=case_sensitive)
        return equal if name == "eq" else lambda left: not equal(left)
    if name in _ORDER:
        return _ordered(name, right, case_sensitive)
    compiler = wildcard_matcher if name.endswith("like") else regex_matcher
    matches = compiler(text_of(right), case_sensitive=case_sensitive)
    if name.startswith("not"):
        return lambda left: not matches(left if type(left) is str else text_of(left))
    return lambda left: matches(left if type(left) is str else text_of(left))


def _contains(equal: Test, positive: bool) -> Operator:
    def compare(left: object) -> bool:
        return any(map(equal, left if is_array(left) else (left,))) is positive

    return compare


def _in(right: object, case_sensitive: bool, positive: bool) -> Operator:
    items = list(right) if is_array(right) else [right]

    def compare(left: object) -> bool:
        equal = equal_to(left, case_sensitive=case_sensitive)
        return any(map(equal, items)) is positive

    return compare


def equal_to(right: object, *, case_sensitive: bool = False) -> Test:
    """Return the test whether a left side equals this right side.

    What can't be converted to the type of the left side is not equal to it.
    """
    if right is None:
        return lambda left: left is None
    key = exact_key if case_sensitive else equality_key
    wanted: str | None = None
    simple = type(right) in (bool, int, float)

    def equal(left: object) -> bool:
        nonlocal wanted
        if type(left) is str:
            if wanted is None:
                wanted = key(text_of(right))
            return left == wanted or key(left) == wanted
        if simple and type(left) is type(right):
            return left == right
        return left is not None and _equal(left, right)

    return equal


def _equal(left: object, right: object) -> bool:
    if isinstance(left, bool):
        return left is is_true(right)
    try:
        if not (_is_number(left) and _is_number(right)):
            right = _like_left(left, right)
        return bool(_comparable(left) == _comparable(right))
    except (ConfidError, ArithmeticError):  # a signalling NaN won't be compared
        return False


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {"gt": gt, "ge": ge, "lt": lt, "le": le}


def _ordered(name: str, right: Any, case_sensitive: bool) -> Test:
    holds = _ORDER[name]
    key = str if case_sensitive else order_key
    wanted: str | None = None
    simple = type(right) is int or type(right) is float

    def test(left: object) -> bool:
        nonlocal wanted
        if type(left) is str and right is not None:
            if wanted is None:
                wanted = key(text_of(right))
            return holds(key(left), wanted)
        if simple and (type(left) is int or type(left) is float):
            return holds(left, right)
        if left is None:
            return holds(0, 0 if right is None else _against_null(right))
        try:
            return holds(_against_null(left) if right is None else _order(left, right), 0)
        except _OutOfRangeError:
            return False

    return test


def order(left: object, right: object, *, case_sensitive: bool = False) -> int:
    """Order any two values as Sort-Object does: below 0, 0, or above 0.

    What can't be compared is ordered by the texts it becomes.
    """
    if left is None or right is None:
        if left is right:
            return 0
        return -_against_null(right) if left is None else _against_null(left)
    key = str if case_sensitive else order_key
    if not isinstance(left, str) and not is_array(left):
        try:
            return _order(left, right)
        except ConversionError:
            pass
    return _order_of(key(text_of(left)), key(text_of(right)))


def _against_null(value: object) -> int:
    """Order a value and `$null`: only a negative number is less."""
    if isinstance(value, Decimal):
        return -1 if value.is_signed() and not (value.is_zero() or value.is_nan()) else 1
    return -1 if _is_number(value) and value < 0 else 1  # type: ignore[operator] # it is a number


def _order(left: object, right: object) -> int:
    if isinstance(left, bool):
        return _order_of(left, is_true(right))
    if not (_is_number(left) and _is_number(right)):
        try:
            right = _like_left(left, right)
        except ConversionError as error:
            if isinstance(left, int) and isinstance(right, str) and parse_number(right) is not None:
                raise _OutOfRangeError(f"{shown(right)} is too large.", target=right) from error
            raise _incomparable(left, right) from error
    try:
        return _order_of(_comparable(left), _comparable(right))
    except (TypeError, ArithmeticError) as error:
        raise _incomparable(left, right) from error


class _OutOfRangeError(ConversionError):
    """A number in text that the integer beside it can't be compared with: no comparison is true."""


def _order_of(left: Any, right: Any) -> int:
    return 0 if left == right else 1 if left > right else -1


def _like_left(left: object, right: object) -> object:
    """Convert the right side to the type of the left one; ConversionError if that can't be."""
    if isinstance(left, Enum):
        return to_enum(right, type(left))
    if isinstance(left, str):
        return text_of(right)
    if isinstance(left, int):
        # int(): a subclass would be searched for in the range, number by number.
        return (to_int if int(left) in _INT32 else to_long)(right)
    for kind, converter in _CONVERTERS:
        if isinstance(left, kind):
            return converter(right)
    if type(left) is type(right):
        return right
    raise ConversionError(f"Nothing can be converted to {type(left).__name__}.", target=right)


_CONVERTERS: Final[tuple[tuple[type, Callable[[object], object]], ...]] = (
    (float, to_double),
    (Decimal, to_decimal),
    (date, to_datetime),
    (UUID, to_guid),
)


def _comparable(value: object) -> object:
    """Return what values of one type are compared by; a moment's zone doesn't count in .NET."""
    if isinstance(value, Enum):
        return enum_number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return to_datetime(value) if isinstance(value, date) else value


_CAST_ERRORS: Final = (
    (int, "InvalidCastFromStringToInteger"),
    (float, "InvalidCastFromStringToDoubleOrSingle"),
    (Decimal, "InvalidCastFromStringToDecimal"),
)


def _incomparable(left: object, right: object) -> ConversionError:
    error_id, category = "ComparisonFailure", "InvalidOperation"
    if isinstance(right, str) and not isinstance(left, Enum):
        for kind, cast_error in _CAST_ERRORS:
            if isinstance(left, kind):
                error_id, category = cast_error, "InvalidArgument"
    return ConversionError(
        f"A {type(left).__name__} can't be compared with a {type(right).__name__} "
        "that can't be converted to one.",
        target=right,
        error_id=error_id,
        category=category,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool | Enum)


def is_true(value: object) -> bool:  # noqa: PLR0911 - one line for each type
    """Tell whether PowerShell takes a value for true.

    False are `$null`, 0, empty text, an empty list and a list of one that is false.
    """
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, Enum):
        return enum_number(value) != 0
    if isinstance(value, str):
        return value != ""
    if isinstance(value, Decimal):
        return not value.is_zero()
    if isinstance(value, int | float):
        return value != 0
    if is_array(value):
        return len(value) > 1 or any(map(_is_true_inside, value))
    return True


def _is_true_inside(value: object) -> bool:
    return len(value) > 0 if is_array(value) else is_true(value)
