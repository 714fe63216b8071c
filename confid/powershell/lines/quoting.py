"""A value as an argument in PowerShell's text.

Source: literal.json, the rows of the real engine.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from confid.errors import ConversionError, InvalidArgumentError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.literals import SINGLE_QUOTES
from confid.powershell.language.values import (
    INVARIANT,
    ValueKind,
    Writers,
    enum_text,
    int_text,
    iso_moment,
    kind_of,
    net_decimal_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

_DOUBLED: Final = str.maketrans({quote: quote * 2 for quote in SINGLE_QUOTES})
_LARGEST_BARE: Final = 2**96 - 1
"""A whole number beyond it would be read as a double, and lose digits."""
_DEEPEST: Final = 50


@ends_at_caller
def quote(value: Any) -> str:
    """Return an argument that PowerShell reads back as that very value.

    In: None, a bool, a number, text, a date, a GUID, an enumeration, or a list of them. Text
    comes out between single quotes, where nothing is expanded or run, and every quote within
    it, typographic ones too, stands twice. A date, a GUID, a length of time, a member of an
    enumeration, and a number that is none or without end come out as text, which a parameter
    of that type takes. Raises InvalidArgumentError for a record, a mapping and what has no
    form in PowerShell.
    """
    return _argument(value, 0)


def _argument(value: Any, level: int) -> str:
    if kind_of(type(value)) is not ValueKind.LIST:
        return _SCALARS[type(value)](value)
    if level == _DEEPEST:
        raise ConversionError(f"A list holds lists more than {_DEEPEST} deep.")
    return _list(value, level + 1)


def _list(value: Collection[Any], level: int) -> str:
    parts = [_argument(element, level) for element in value]
    # A list that holds one list would be taken for that one; the comma in front keeps it.
    alone = len(parts) == 1 and parts[0].startswith("@(")
    return f"@({',' if alone else ''}{','.join(parts)})"


def _text(value: object) -> str:
    return f"'{INVARIANT[type(value)](value).translate(_DOUBLED)}'"


def _number(text: str) -> str:
    return f"({text})" if text.startswith("-") else text  # without, it would be text


def _integer(value: int) -> str:
    # The suffix n stands for a whole number of any size.
    return _number(int_text(value) + ("n" if abs(value) > _LARGEST_BARE else ""))


def _double(value: float) -> str:
    return _number(float.__repr__(value)) if math.isfinite(value) else _text(value)


def _decimal(value: Decimal) -> str:
    return _number(f"{net_decimal_text(value)}d") if value.is_finite() else _text(value)


def _refuse(value: object) -> str:
    raise InvalidArgumentError(
        f"A {type(value).__name__} has no form as an argument; give text, a number, a date or a "
        "list of them.",
        target=value,
        error_id="ParameterArgumentTransformationError",
    )


_SCALARS: Final = Writers(
    {
        ValueKind.NULL: lambda _: "$null",
        ValueKind.BOOL: lambda value: "$true" if value else "$false",
        ValueKind.ENUM: lambda member: _text(enum_text(member)),
        ValueKind.TEXT: _text,
        ValueKind.INT: _integer,
        ValueKind.DOUBLE: _double,
        ValueKind.DECIMAL: _decimal,
        ValueKind.MOMENT: lambda when: _text(iso_moment(when)),
        ValueKind.GUID: _text,
        ValueKind.OBJECT: _refuse,
        ValueKind.LIST: _refuse,
        ValueKind.OTHER: lambda value: (
            _text(value) if isinstance(value, timedelta) else _refuse(value)
        ),
    }
)
