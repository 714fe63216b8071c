"""PowerShell's conversions: what becomes of a value that is bound to a parameter of a type.

`convert` answers as the engine's parameter binder does; `reference/powershell/convert.json`
and `bind.json` hold its answers. The type names are .NET's, C#'s and those of the module's
own types. A Python value stands for the .NET one it resembles: int for Int32 or Int64, float
for Double, UUID for Guid, Enum for an enumeration, list or tuple for an array, a mapping for a
dictionary, and an object with `__powershell__` for a PSCustomObject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeGuard
from uuid import UUID

from confid.errors import ConversionError, InvalidArgumentError, shown
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.dates import parse_date
from confid.powershell.language.numbers import Number, parse_decimal, parse_double, parse_number
from confid.powershell.language.values import (
    INVARIANT,
    ValueKind,
    enum_number,
    enum_text,
    kind_of,
    text_given,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Converter = Callable[[Any], object]

_DICTIONARY: Final = "System.Collections.Specialized.OrderedDictionary"
"""How a mapping looks as text."""


@ends_at_caller
def convert(value: object, type_name: str) -> object:
    """Convert a value as PowerShell does when it is bound to a parameter of that type.

    `type_name`: `bool`, `switch`, `int`, `uint32`, `long`, `double`, `decimal`, `string`,
    `guid`, `datetime`, `object`, their .NET names, the types that `define_types` added,
    `Nullable[…]` and `…[]` around any of them; casing doesn't matter. None is `$null`.
    Returns the plain Python value; a member of an Enum for an enumeration, a list for an
    array. Raises ConversionError (ParameterArgumentTransformationError) where the engine
    refuses, InvalidArgumentError (TypeNotFound) for an unknown type name.
    """
    return _converter(text_given("type_name", type_name))(value)


@lru_cache(maxsize=256)
def _converter(type_name: str) -> Converter:
    found = _TYPE_NAME.fullmatch(type_name.strip())
    scalar = _scalar(found["nullable"] or found["name"]) if found else None
    if found is None or scalar is None:
        raise InvalidArgumentError(
            f"There is no type {shown(type_name)} to convert to.",
            target=type_name,
            error_id="TypeNotFound",
            category="InvalidOperation",
        )
    if found["nullable"]:
        scalar = _nullable(scalar)
    return _array(scalar) if found["array"] else scalar


_TYPE_NAME = re.compile(
    r"(?:System\.)?(?:Nullable\[(?:System\.)?(?P<nullable>\w+)\]|(?P<name>\w+))(?P<array>\[\])?",
    re.IGNORECASE,
)


@cache
def _scalars() -> dict[str, Converter]:
    table: dict[str, Converter] = {}
    for names, converter in (
        ("bool boolean", _to_bool),
        ("switch switchparameter", _to_switch),
        ("int int32", _integer("int", -(2**31), 2**31 - 1)),
        ("uint32 uint", _integer("uint32", 0, 2**32 - 1)),
        ("long int64", _integer("long", -(2**63), 2**63 - 1)),
        ("double", to_double),
        ("decimal", to_decimal),
        ("string fqdn", _to_string),
        ("guid", to_guid),
        ("datetime", to_datetime),
        ("object psobject unlimited", lambda value: value),
    ):
        table.update(dict.fromkeys(names.split(), converter))
    return table


MODULE_TYPES: Final = "confid.powershell.types"
"""The entry points under which a module's types are found: each defines them when it is loaded."""


def define_types(types: Mapping[str, str | type[Enum]]) -> None:
    """Add a module's types by their names: enumerations, and other names of types there are."""
    for name, meant in types.items():
        known = _scalars()[meant] if isinstance(meant, str) else partial(to_enum, kind=meant)
        _scalars()[name.lower()] = known


def _scalar(name: str) -> Converter | None:
    if name.lower() not in _scalars():
        from importlib.metadata import entry_points  # noqa: PLC0415 - most names are known

        for point in entry_points(group=MODULE_TYPES):
            point.load()
    return _scalars().get(name.lower())


def _nullable(scalar: Converter) -> Converter:
    return lambda value: None if value is None else scalar(value)


def _array(scalar: Converter) -> Converter:
    def to_array(value: object) -> object:
        if value is None:
            return None
        items: Iterable[Any] = value if is_array(value) else (value,)
        return [scalar(item) for item in items]

    return to_array


def is_array(value: object) -> TypeGuard[Collection[Any]]:
    """Tell whether a value is to PowerShell a collection of values: not text, not a mapping."""
    return IS_ARRAY[type(value)]


class _IsArray(dict[type, bool]):
    """What `is_array` answers, by type: each is looked at once."""

    def __missing__(self, cls: type) -> bool:
        answer = self[cls] = kind_of(cls) is ValueKind.LIST
        return answer


IS_ARRAY: Final = _IsArray()


def refuse(value: object, type_name: str, why: str = "") -> NoReturn:
    """Raise the ConversionError of a value that can't become that type."""
    raise ConversionError(
        f"{shown(value)} ({type(value).__name__}) can't be converted to {type_name}"
        + (f": {why}." if why else "."),
        target=value,
    )


# --- to truth ---


def _to_bool(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return enum_number(value) != 0
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, Decimal):
        return not value.is_zero()
    # Binding is stricter than a cast: text, "True" included, is refused.
    return refuse(value, "bool", "give True or False, 1 or 0")


def _to_switch(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    return refuse(value, "switch", "give True or False")


# --- to numbers ---


def _integer(name: str, low: int, high: int) -> Converter:
    signed = (high.bit_length() + 1,) if low else ()

    def to_integer(value: object) -> object:
        number = value if type(value) is int else _rounded(value, name, signed)
        if low <= number <= high:
            return number
        return refuse(value, name, f"it must lie between {low} and {high}")

    return to_integer


_MOST_DIGITS = 30
"""More than any of .NET's whole numbers has."""


def _rounded(value: object, name: str, signed: tuple[int, ...]) -> int:
    number: Number | None
    if value is None:
        return 0
    if isinstance(value, Enum):
        return enum_number(value)
    if isinstance(value, str):
        number = parse_number(value, thousands=True, signed=signed)
    elif isinstance(value, int | float | Decimal):
        number = value
    else:
        number = None
    if number is None:
        refuse(value, name)
    if isinstance(number, Decimal) and number.adjusted() > _MOST_DIGITS:
        refuse(value, name)  # rounding it would write out all its digits
    try:
        return round(number)  # half to even, as .NET's Convert
    except (ValueError, OverflowError, ArithmeticError):
        return refuse(value, name)


def to_int(value: object) -> object:
    """Convert to what holds the number: Int32, or Int64 if it is too large for that."""
    return _scalars()["int"](value)


def to_long(value: object) -> object:
    """Convert to Int64, or raise ConversionError."""
    return _scalars()["long"](value)


def to_double(value: object) -> object:
    """Convert to Double, or raise ConversionError."""
    if type(value) is float:
        return value
    if value is None:
        return 0.0
    if isinstance(value, Enum):
        return float(enum_number(value))
    number = parse_double(value) if isinstance(value, str) else None
    if number is not None:
        return number
    if isinstance(value, int | float | Decimal):
        try:
            return float(value)
        except (OverflowError, ValueError):
            refuse(value, "double")
    return refuse(value, "double")


def to_decimal(value: object) -> object:
    """Convert to Decimal, or raise ConversionError."""
    if value is None:
        return Decimal(0)
    number: Decimal | None = None
    if isinstance(value, Enum):
        number = Decimal(enum_number(value))
    elif isinstance(value, str):
        number = parse_decimal(value)
    elif isinstance(value, Decimal):
        number = value
    elif isinstance(value, float):
        number = parse_decimal(repr(value))
    elif isinstance(value, int):
        number = Decimal(value)
    if number is None or not number.is_finite() or abs(number) >= 2**96:
        return refuse(value, "decimal")
    return number


# --- to text ---


def _to_string(value: object) -> object:
    if type(value) is str:
        return value
    if is_array(value):
        refuse(value, "string", "it is a list")
    # An argument that is a mapping is a dictionary, not an object: the rows tell them apart.
    is_record = hasattr(type(value), "__powershell__")
    return _DICTIONARY if isinstance(value, Mapping) and not is_record else text_of(value)


def text_of(value: object) -> str:
    """Return the text that a value becomes where PowerShell wants text."""
    return INVARIANT[type(value)](value)


# --- to the rest ---


def to_guid(value: object) -> object:
    """Convert to Guid, or raise ConversionError."""
    if isinstance(value, UUID):
        return value
    found = _GUID.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return refuse(value, "guid")
    return UUID(found[0].strip("{()}"))


_GUID = re.compile(
    r"[0-9a-f]{32}|(?P<open>[{(])?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(open)[)}])",
    re.IGNORECASE,
)


def to_datetime(value: object) -> object:
    """Convert to DateTime, or raise ConversionError; a whole number counts .NET's ticks."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has no zone
    moment = None
    if isinstance(value, str) and not isinstance(value, Enum):
        moment = parse_date(value)
    elif isinstance(value, int) and not isinstance(value, bool | Enum):
        moment = _from_ticks(value)
    return refuse(value, "datetime") if moment is None else moment


def _from_ticks(ticks: int) -> datetime | None:
    try:
        return datetime(1, 1, 1) + timedelta(microseconds=ticks // 10) if ticks >= 0 else None  # noqa: DTZ001 - ticks have no zone
    except OverflowError:
        return None


# --- enumerations ---


def to_enum(value: object, kind: type[Enum]) -> Enum:
    """Convert to a member of an enumeration, or raise ConversionError.

    Takes a member (another Enum's by its name), a whole number that has a name, and text: a
    name in any casing or an unambiguous beginning of one, several of them between commas,
    whose numbers are combined, or one number. A list counts as such text.
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and (member := kind.__members__.get(value)):
        return member
    if isinstance(value, Enum):
        text = enum_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return _defined(value, kind, value)
    elif is_array(value):
        text = ",".join(map(text_of, value))
    else:
        text = text_of(value)
    if _ENUM_NUMBER.fullmatch(text.strip()):
        return _defined(int(text), kind, value)
    number = 0
    for part in text.split(","):
        number |= _enum_part(part.strip(), kind, value)
    return _defined(number, kind, value)


def _enum_part(part: str, kind: type[Enum], value: object) -> int:
    wanted = part.casefold()
    names = {name.casefold(): enum_number(member) for name, member in kind.__members__.items()}
    if wanted in names:
        return names[wanted]
    begun = {number for name, number in names.items() if wanted and name.startswith(wanted)}
    if len(begun) == 1:
        return begun.pop()
    return refuse(value, kind.__name__, "it takes " + ", ".join(kind.__members__))


_ENUM_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")


def _defined(number: int, kind: type[Enum], value: object) -> Enum:
    for member in kind:
        if enum_number(member) == number:
            return member
    return refuse(value, kind.__name__, "it takes " + ", ".join(kind.__members__))
