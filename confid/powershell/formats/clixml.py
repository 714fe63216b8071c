"""Objects as CLIXML, as `Export-Clixml` writes it.

Source: clixml.json, the rows of the real engine, and MS-PSRP, 2.2.5, which says how
values are serialized.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from confid.errors import ConversionError, InvalidArgumentError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.text_files import replacing, target_of
from confid.powershell.language.values import (
    EN_US,
    LIST_TYPE,
    OBJECT_TYPE,
    ValueKind,
    double_text,
    enum_number,
    enum_text,
    in_range,
    int_text,
    iso_moment,
    items_of,
    kind_of,
    net_decimal_text,
    properties,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import Enum
    from os import PathLike

    Scalar = Callable[[Any], tuple[str, str]]
    """Turns a value into the tag and the text of its element."""

NAMESPACE: Final = "http://schemas.microsoft.com/powershell/2004/04"
VERSION: Final = "1.1.0.1"
DEEPEST: Final = 49
"""So many objects may stand within one another; the engine reads no more."""

INTEGERS: Final = {
    "I32": (-(2**31), 2**31 - 1),
    "I64": (-(2**63), 2**63 - 1),
    "U64": (0, 2**64 - 1),
    "U32": (0, 2**32 - 1),
    "I16": (-(2**15), 2**15 - 1),
    "U16": (0, 2**16 - 1),
    "SB": (-(2**7), 2**7 - 1),
    "By": (0, 2**8 - 1),
}
"""The tags of whole numbers and the range of each."""

_ROOT: Final = "System.Object"
_ENUM_TYPES: Final = ("System.Enum", "System.ValueType", _ROOT)
_LIST_TYPES: Final = (LIST_TYPE, "System.Array", _ROOT)
_WIDER: Final = ("I64", "U64")

# What XML can't hold or would change is escaped: controls, UTF-16's halves of a
# character, and the escape's own beginning.
_ESCAPED: Final = re.compile("[\x00-\x1f\x7f-\x9f\U00010000-\U0010ffff]|_(?=[xX])")
_HALF: Final = re.compile("[\ud800-\udfff]")
_SPECIAL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\U00010000-\U0010ffff\ud800-\udfff\ufffe\uffff<>&]|_[xX]"
)
_NO_CHARACTER: Final = re.compile("[\ufffe\uffff]")


@ends_at_caller
def to_clixml(value: Any, *, depth: int = 2) -> str:
    """Return a value as the text that `Export-Clixml` writes.

    In: a record, a mapping, a list or a plain value; what stands in it twice is written
    once and referred to. `depth` (1 or more) is the engine's: it counts no level of
    lists and of objects made of notes, which are all that there are here, so everything
    is written. Raises InvalidArgumentError for a depth that the engine refuses, for
    U+FFFE and U+FFFF, and for a property without a name or with that of another one;
    ConversionError for a number beyond .NET's and for more than 49 levels.
    """
    in_range("depth", depth, 1, None)
    writer = _Writer()
    writer.write(value, "", "\n  ", 0)
    return writer.text()


@ends_at_caller
def export_clixml(
    objects: Iterable[Any], path: str | PathLike[str], *, no_clobber: bool = False
) -> None:
    """Write the file that `Export-Clixml` writes of what a pipeline hands it one by one.

    The file is replaced when all has been written. Raises InvalidArgumentError for a path
    that can't be, and as to_clixml does.
    """
    writer = _Writer()
    for each in items_of(objects):
        writer.write(each, "", "\n  ", 0)
    target = target_of(path, no_clobber=no_clobber)
    with replacing(target, None, "utf-8", b"", exclusive=no_clobber) as file:
        file.write(writer.text())


class _Writer:
    """Writes one text, and knows what of it has been written already."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        # Each object with its number; holding it keeps its id from meaning another one.
        self._objects: dict[int, tuple[int, object]] = {}
        self._count = 0
        self._types: dict[tuple[str, ...], int] = {}
        self._layouts: dict[tuple[str, ...], list[str]] = {}

    def text(self) -> str:
        """All that was written."""
        return f'<Objs Version="{VERSION}" xmlns="{NAMESPACE}">{"".join(self.parts)}\n</Objs>'

    def write(self, value: Any, name: str, newline: str, level: int) -> None:
        """Write one value; `name` is its attribute, `newline` a line's end with indentation."""
        cls = type(value)
        scalar = _SCALARS.get(cls)
        if scalar is None:
            scalar = _SCALARS[cls] = _scalar_of(cls)
        if scalar is not _not_scalar:
            tag, text = scalar(value)
            self.parts.append(
                f"{newline}<{tag}{name}>{text}</{tag}>"
                if tag != "Nil"
                else f"{newline}<Nil{name} />"
            )
        elif level == DEEPEST:
            raise ConversionError(f"CLIXML holds no more than {DEEPEST} levels of objects.")
        else:
            self._write_object(value, name, newline, level + 1)

    def _write_object(self, value: Any, name: str, newline: str, level: int) -> None:
        parts = self.parts
        known = self._objects.get(id(value))
        if known is not None:
            parts.append(f'{newline}<Ref{name} RefId="{known[0]}" />')
            return
        number, self._count = self._count, self._count + 1
        if type(value) is not tuple:  # an empty one is the same everywhere
            self._objects[id(value)] = (number, value)
        parts.append(f'{newline}<Obj{name} RefId="{number}">')
        inner = f"{newline}  "
        kind = kind_of(type(value))
        if kind is ValueKind.ENUM:
            self._write_enum(value, inner)
        elif kind is ValueKind.LIST:
            self._write_list(value, inner, level)
        else:
            self._write_notes(value, inner, level)
        parts.append(f"{newline}</Obj>")

    def _write_enum(self, member: Enum, newline: str) -> None:
        self._write_types((type(member).__qualname__, *_ENUM_TYPES), newline)
        tag, number = _integer(enum_number(member))
        self.parts.append(
            f"{newline}<ToString>{encoded(enum_text(member))}</ToString>"
            f"{newline}<{tag}>{number}</{tag}>"
        )

    def _write_list(self, value: Any, newline: str, level: int) -> None:
        self._write_types(_LIST_TYPES, newline)
        if not value:
            self.parts.append(f"{newline}<LST />")
            return
        self.parts.append(f"{newline}<LST>")
        inner = f"{newline}  "
        for element in value:
            self.write(element, "", inner, level)
        self.parts.append(f"{newline}</LST>")

    def _write_notes(self, value: Any, newline: str, level: int) -> None:
        own = type_name(value)
        self._write_types(
            (OBJECT_TYPE, _ROOT) if own == OBJECT_TYPE else (own, OBJECT_TYPE, _ROOT), newline
        )
        found = properties(value)
        if not found:
            return
        key = tuple(found)
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = _attributes(key)
        parts = self.parts
        parts.append(f"{newline}<MS>")
        inner = f"{newline}  "
        for name, element in zip(layout, found.values(), strict=True):
            if type(element) is str:
                text = element if _is_plain(element) else encoded(element)
                parts.append(f"{inner}<S{name}>{text}</S>")
            else:
                self.write(element, name, inner, level)
        parts.append(f"{newline}</MS>")

    def _write_types(self, names: tuple[str, ...], newline: str) -> None:
        number = self._types.get(names)
        if number is not None:
            self.parts.append(f'{newline}<TNRef RefId="{number}" />')
            return
        number = self._types[names] = len(self._types)
        listed = "".join(f"{newline}  <T>{encoded(name)}</T>" for name in names)
        self.parts.append(f'{newline}<TN RefId="{number}">{listed}{newline}</TN>')


def _attributes(names: tuple[str, ...]) -> list[str]:
    """Return the attributes for the names of an object's properties."""
    seen: set[str] = set()
    for name in names:
        if not name or name.lower() in seen:
            raise InvalidArgumentError(
                f"A property has the name {name!r}, which another one has too (casing makes no "
                "difference)."
                if name
                else "A property has no name.",
                target=name,
            )
        seen.add(name.lower())
    return [f' N="{encoded(name).replace(chr(34), "&quot;")}"' for name in names]


def _is_plain(text: str) -> bool:
    """Say at a glance, of most texts, that there is nothing in it to escape."""
    return (
        text.isascii()
        and text.isprintable()
        and "<" not in text
        and ">" not in text
        and "&" not in text
        and "_" not in text
    )


def encoded(text: str) -> str:
    """Return a text as the content of an element: escaped as CLIXML does, and then as XML does.

    Half a character becomes U+FFFD. Raises InvalidArgumentError for U+FFFE and U+FFFF.
    """
    if not _SPECIAL.search(text):
        return text
    if _NO_CHARACTER.search(text):
        raise InvalidArgumentError(
            "U+FFFE and U+FFFF are no characters; XML can't hold them.",
            target=text,
            error_id="ArgumentException",
            category="NotSpecified",
        )
    return escape(_ESCAPED.sub(_escape, _HALF.sub("\ufffd", text)))


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"_x{units[at : at + 2].hex().upper()}_" for at in range(0, len(units), 2))


# --- scalars: the tag and the text of each


def _not_scalar(_: object) -> tuple[str, str]:
    raise NotImplementedError  # the mark of an object, a list or an enumeration; never called


def _integer(value: int) -> tuple[str, str]:
    if -(2**31) <= value < 2**31:  # by far the most
        return "I32", f"{value:d}"
    for tag in _WIDER:
        lowest, highest = INTEGERS[tag]
        if lowest <= value <= highest:
            return tag, int_text(value)
    return _decimal(Decimal(int_text(value)))


def _double(value: float) -> tuple[str, str]:
    return "Db", double_text(value, digits=None, infinity="INF")


def _decimal(value: Decimal) -> tuple[str, str]:
    if not value.is_finite():
        return _double(math.nan if value.is_nan() else float(value))
    return "D", net_decimal_text(value)


def _other(value: object) -> tuple[str, str]:
    if isinstance(value, timedelta):
        return "TS", _duration(value)
    return "S", encoded(EN_US[type(value)](value))


def _duration(value: timedelta) -> str:
    """Write a length of time as XML Schema does: P1DT2H3M4.5S."""
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{size.microseconds:06}".rstrip("0").rstrip(".")
    days = f"{size.days}D" if size.days else ""
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or fraction or not (days or clock):
        clock += f"{seconds}{fraction}S"
    return f"{'-' if value < timedelta(0) else ''}P{days}{f'T{clock}' if clock else ''}"


_BY_KIND: Final[dict[ValueKind, Scalar]] = {
    ValueKind.NULL: lambda _: ("Nil", ""),
    ValueKind.BOOL: lambda value: ("B", "true" if value else "false"),
    ValueKind.TEXT: lambda value: ("S", encoded(value)),
    ValueKind.INT: _integer,
    ValueKind.DOUBLE: _double,
    ValueKind.DECIMAL: _decimal,
    ValueKind.MOMENT: lambda value: ("DT", iso_moment(value)),
    ValueKind.GUID: lambda value: ("G", str(value)),
    ValueKind.OTHER: _other,
}

_SCALARS: Final[dict[type, Scalar]] = {}
"""What writes the values of a type, found once."""


def _scalar_of(cls: type) -> Scalar:
    if issubclass(cls, (bytes, bytearray)):
        return lambda value: ("BA", b64encode(value).decode())
    return _BY_KIND.get(kind_of(cls), _not_scalar)
