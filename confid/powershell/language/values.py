"""How a Python value looks to the PowerShell engine, and how it is written as text.

An *object* is a mapping, or a record: anything with a method `__powershell__()` that
returns its PowerShell property names and values, in order (and, if it likes, a class
attribute `__powershell_type__`, its type name). A list is any other collection that
is not text. Everything else is a scalar.

Source: format.json, csv.json and json.json, the rows of the real engine (culture
en-US), and what is documented of .NET's number and date formats.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum, Flag, auto
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from confid.errors import ConversionError, InvalidArgumentError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[[Any], str]
    """Writes one value as text."""

ELLIPSIS: Final = "\u2026"
LIST_TYPE: Final = "System.Object[]"
OBJECT_TYPE: Final = "System.Management.Automation.PSCustomObject"

_ENUMERATION_LIMIT = 4
"""$FormatEnumerationLimit: a view shows so many elements of a list."""
_LARGEST_DECIMAL: Final = Decimal(2**96 - 1)
_DECIMAL_PLACES: Final = 28
_LARGEST_DECIMAL_EXPONENT = 400
"""Far beyond .NET's Decimal (28); it keeps Decimal("1E+999999999") from filling memory."""


class ValueKind(Enum):
    """What a value is to the engine."""

    NULL = auto()
    BOOL = auto()
    ENUM = auto()
    TEXT = auto()
    INT = auto()
    DOUBLE = auto()
    DECIMAL = auto()
    MOMENT = auto()
    GUID = auto()
    OBJECT = auto()
    LIST = auto()
    OTHER = auto()


# In this order: a bool is an int, a member of an IntEnum too, a datetime is a date.
_KINDS: Final = (
    (type(None), ValueKind.NULL),
    (bool, ValueKind.BOOL),
    (Enum, ValueKind.ENUM),
    (str, ValueKind.TEXT),
    (Integral, ValueKind.INT),
    (float, ValueKind.DOUBLE),
    (Decimal, ValueKind.DECIMAL),
    (date, ValueKind.MOMENT),
    (UUID, ValueKind.GUID),
    (Mapping, ValueKind.OBJECT),
    (Collection, ValueKind.LIST),
)


_known: dict[type, ValueKind] = {}


def kind_of(cls: type) -> ValueKind:
    """Say what the values of a type are to the engine. A subclass is what its base is."""
    kind = _known.get(cls)
    if kind is None:
        if hasattr(cls, "__powershell__"):
            kind = ValueKind.OBJECT
        else:
            kind = next((each for base, each in _KINDS if issubclass(cls, base)), ValueKind.OTHER)
        _known[cls] = kind
    return kind


class Writers(dict[type, "Writer"]):
    """A table of functions by type: `writers[type(value)](value)` is the value's text.

    It is made from a function for each ValueKind; a type met for the first time is entered
    under its own name, so that finding the function costs one look-up.
    """

    def __init__(self, by_kind: Mapping[ValueKind, Writer]) -> None:
        super().__init__()
        self._by_kind = dict(by_kind)

    def __missing__(self, cls: type) -> Writer:
        writer = self[cls] = self._by_kind[kind_of(cls)]
        return writer

    def but(self, changes: Mapping[ValueKind, Writer]) -> Writers:
        """Return a table like this one, but with these functions for these kinds."""
        return Writers({**self._by_kind, **changes})


def is_object(value: object) -> bool:
    """Say whether a value has properties: a mapping or a record."""
    cls = type(value)
    return cls is dict or kind_of(cls) is ValueKind.OBJECT


def properties(obj: object) -> Mapping[str, Any]:
    """Return the properties of an object, by their PowerShell names and in order.

    In: a mapping or a record. Out: a mapping, perhaps the object itself: not to be
    changed. Raises InvalidArgumentError if it is neither.
    """
    read = getattr(type(obj), "__powershell__", None)
    if read is not None:
        return read(obj)  # type: ignore[no-any-return] # that is the protocol
    if isinstance(obj, Mapping):
        for name in obj:
            if type(name) is not str:
                break
        else:
            return obj
        return {_name(name): value for name, value in obj.items()}
    raise InvalidArgumentError(
        f"A {type(obj).__name__} has no properties. Give a record or a mapping of "
        "property names to values.",
        target=obj,
    )


def _name(key: object) -> str:
    return key if isinstance(key, str) else EN_US[type(key)](key)


def type_name(obj: object) -> str:
    """Return the PowerShell type name of an object; a mapping's is PSCustomObject."""
    return str(getattr(type(obj), "__powershell_type__", OBJECT_TYPE))


def items_of(objects: object) -> Iterator[Any]:
    """Return what a pipeline would hand on one by one: the elements of an iterable.

    A single object, text or other value counts as one element, None as one None.
    """
    if isinstance(objects, (str, bytes)) or is_object(objects) or not isinstance(objects, Iterable):
        return iter((objects,))
    return iter(objects)


def fold(name: str) -> str:
    """Bring a name to the one spelling in which `display_name` is `DisplayName`."""
    return name.replace("_", "").lower()


def in_any_casing(name: str, found: Iterable[str]) -> str | None:
    """Return the property of an object with that name, in any casing, or None."""
    if name in found:
        return name
    lower = name.lower()
    return next((key for key in found if key.lower() == lower), None)


def property_named(name: str, found: Iterable[str]) -> str | None:
    """Return the property that a name means, in either spelling and any casing, or None."""
    folded = fold(name)
    return in_any_casing(name, found) or next((key for key in found if fold(key) == folded), None)


def choice(option: str, given: object, allowed: tuple[str, ...]) -> str:
    """Return the allowed value that was given, in any casing, with or without underscores.

    Raises InvalidArgumentError, with the id PowerShell has for it, if it is none of them.
    """
    name = enum_text(given) if isinstance(given, Enum) else given
    if isinstance(name, str):
        for value in allowed:
            if fold(name) == fold(value):
                return value
    raise InvalidArgumentError(
        f"{option}: {shown(given)} is not one of {', '.join(allowed)}.",
        target=given,
        error_id="CannotConvertArgumentNoMessage",
    )


def text_given(option: str, given: object) -> str:
    """Return the text that was given. Raises InvalidArgumentError for anything else."""
    if isinstance(given, str):
        return given
    raise InvalidArgumentError(
        f"{option}: {shown(given)} is no text.",
        target=given,
    )


def in_range(option: str, given: object, lowest: int, highest: int | None) -> int:
    """Return a whole number that was given, if it is within its range, both ends included.

    Raises InvalidArgumentError, with the id PowerShell has for it, if it is not.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        number = int(given)
        if lowest <= number and (highest is None or number <= highest):
            return number
    limits = f"{lowest} to {highest}" if highest is not None else f"{lowest} or more"
    raise InvalidArgumentError(
        f"{option}: {shown(given)} is not a whole number of {limits}.",
        target=given,
        error_id="ParameterArgumentValidationError",
        category="InvalidData",
    )


# --- scalars as text


def enum_text(member: Enum) -> str:
    """Return the name of a member as PowerShell shows it.

    That is its value where the value is text (a StrEnum), else its name; the names of
    a combined flag are listed.
    """
    if isinstance(member.value, str):
        return str(member.value)
    if isinstance(member, Flag) and member.name is None:
        return str(member.value)
    return str(member.name).replace("|", ", ")


def enum_number(member: Enum) -> int:
    """Return the number of a member: its value if that is one, else its place, from 0."""
    if isinstance(member.value, int):
        return int(member.value)
    return list(type(member)).index(member)


def int_text(value: int) -> str:
    """Write a whole number, a subclass of int like an int, in digits.

    Raises ConversionError for one that Python refuses to write (over 4,300 digits).
    """
    try:
        return f"{value:d}"
    except ValueError as error:
        raise ConversionError("A whole number has too many digits to be written.") from error


def double_text(value: float, *, infinity: str = "\u221e", digits: int | None = 15) -> str:
    """Write a double as .NET does: with that many digits, None for all that it takes.

    1.5, 1E+21, 1E-05: an exponent from 15 on and below -4. `infinity` is the culture's
    sign for it (en-US has the symbol, the invariant culture the word).
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return infinity if value > 0 else f"-{infinity}"
    if digits is not None:
        return f"{value:.{digits}G}"
    # Python's own digits: to format with as many of them can round to other ones.
    exact = Decimal(float.__repr__(value))
    exponent = exact.adjusted()
    if -5 < exponent < 15:  # noqa: PLR2004 - where .NET's exponents begin
        text = f"{exact:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = f"{exact.scaleb(-exponent):f}"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}E{'+' if exponent >= 0 else '-'}{abs(exponent):02}"


def decimal_text(value: Decimal) -> str:
    """Write a decimal with all its digits, trailing zeros too, and no exponent."""
    if not value.is_finite():
        return double_text(float(value)) if not value.is_snan() else "NaN"
    if abs(value.adjusted()) > _LARGEST_DECIMAL_EXPONENT:
        return str(value)
    return f"{value:f}"


def is_net_decimal(value: Decimal) -> bool:
    """Say whether .NET's Decimal holds a finite number, with all its digits."""
    _, digits, exponent = value.as_tuple()
    return (
        value.copy_abs() <= _LARGEST_DECIMAL
        and -int(exponent) <= _DECIMAL_PLACES
        and Decimal((0, digits, 0)) <= _LARGEST_DECIMAL
    )


def net_decimal_text(value: Decimal) -> str:
    """Write a finite decimal that .NET can hold. Raises ConversionError for another one."""
    if not is_net_decimal(value):
        raise ConversionError(
            "A number is beyond .NET's Decimal: 96 bits, 28 places behind the point.", target=value
        )
    return decimal_text(value) if int(value.as_tuple().exponent) <= 0 else str(int(value))


def moment(value: date) -> datetime:
    """Return a date as the moment that .NET has for it, midnight; a datetime as it is."""
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def iso_moment(value: date) -> str:
    """Write a moment in ISO 8601: no zeros behind its fraction, UTC as Z."""
    when = moment(value)
    offset = when.utcoffset()
    if offset and offset % timedelta(minutes=1):  # .NET's offsets are whole minutes
        try:
            when, offset = when.astimezone(UTC), timedelta(0)
        except OverflowError:
            offset = None
    text = when.replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    if offset is None:
        return text
    return text + (when.isoformat()[-len("+00:00") :] if offset else "Z")


def _en_us_moment(value: date) -> str:
    when = moment(value)
    half = "AM" if when.hour < 12 else "PM"  # noqa: PLR2004 - noon
    hour = when.hour % 12 or 12
    # The narrow no-break space before AM and PM is ICU's; the rows have it too.
    return (
        f"{when.month}/{when.day}/{when.year:04} "
        f"{hour}:{when.minute:02}:{when.second:02}\u202f{half}"
    )


def _duration(value: timedelta) -> str:
    days, rest = divmod(abs(value), timedelta(days=1))
    minutes, seconds = divmod(rest.seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if days:
        text = f"{days}.{text}"
    if rest.microseconds:
        text = f"{text}.{rest.microseconds:06}0"
    return f"-{text}" if value < timedelta(0) else text


def _fixed_decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_DECIMAL_EXPONENT:
        return decimal_text(value)
    exact = Context(prec=2 * _LARGEST_DECIMAL_EXPONENT)
    return f"{value.quantize(Decimal('0.001'), ROUND_HALF_UP, exact):f}"


# --- any value as text


class _Culture(Writers):
    """The text of any value, as ToString() and a conversion to string give it.

    An object is `@{A=1; B=x}`, a list its elements with spaces between; further in, an
    object is nothing and a list just its type's name.
    """

    def __init__(self, infinity: str, moment: Writer) -> None:
        scalars: dict[ValueKind, Writer] = {
            ValueKind.NULL: lambda _: "",
            ValueKind.BOOL: str,
            ValueKind.ENUM: enum_text,
            ValueKind.TEXT: str,
            ValueKind.INT: int_text,
            ValueKind.DOUBLE: lambda value: double_text(value, infinity=infinity),
            ValueKind.DECIMAL: decimal_text,
            ValueKind.MOMENT: moment,
            ValueKind.GUID: str,
            ValueKind.OTHER: lambda v: _duration(v) if isinstance(v, timedelta) else str(v),
        }
        inner = Writers(
            {**scalars, ValueKind.OBJECT: lambda _: "", ValueKind.LIST: lambda _: LIST_TYPE}
        )

        def of_object(value: object) -> str:
            parts = [f"{name}={inner[type(v)](v)}" for name, v in properties(value).items()]
            return f"@{{{'; '.join(parts)}}}" if parts else ""

        def of_list(value: Collection[Any]) -> str:
            return " ".join([inner[type(v)](v) for v in value])

        super().__init__({**scalars, ValueKind.OBJECT: of_object, ValueKind.LIST: of_list})


EN_US: Final = _Culture("\u221e", _en_us_moment)
"""The text of a value in en-US: what ToString() gives in the console."""

INVARIANT: Final = _Culture(
    "Infinity", lambda value: f"{moment(value):%m/%d/}{value.year:04}{moment(value): %H:%M:%S}"
)
"""The text of a value in the invariant culture: what a conversion to string gives."""

CSV_FIELD: Final = EN_US.but(
    {
        ValueKind.DOUBLE: lambda value: double_text(value, digits=None),
        ValueKind.LIST: lambda _: LIST_TYPE,
    }
)
"""The text of a value in a CSV field. (None is no field at all; that is for CSV to see.)"""


def _braced(value: Collection[Any]) -> str:
    """Write a list as a view shows it: `{a, b, $null, d…}`."""
    names: list[str] = []
    for element in value:
        if len(names) == _ENUMERATION_LIMIT:
            return f"{{{', '.join(names)}{ELLIPSIS}}}"
        names.append(_element(element))
    return f"{{{', '.join(names)}}}"


def _element(value: object) -> str:
    if value is None:
        return "$null"
    text = EN_US[type(value)](value)
    return LIST_TYPE if not text and kind_of(type(value)) is ValueKind.LIST else text


LIST_VALUE: Final = EN_US.but({ValueKind.LIST: _braced})
"""The text of a value in a list view."""

TABLE_CELL: Final = LIST_VALUE.but(
    {
        ValueKind.DOUBLE: lambda value: (
            f"{value:.3f}" if math.isfinite(value) else double_text(value)
        ),
        ValueKind.DECIMAL: _fixed_decimal,
    }
)
"""The text of a value in a table: numbers with a fraction have en-US's three decimals."""
