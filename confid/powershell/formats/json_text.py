"""Objects as JSON, as the engine writes it.

Source: json.json, the rows of the real engine.
"""

from __future__ import annotations

import math
import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.values import (
    INVARIANT,
    ValueKind,
    Writers,
    choice,
    decimal_text,
    double_text,
    enum_number,
    enum_text,
    in_range,
    int_text,
    iso_moment,
    items_of,
    kind_of,
    properties,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

ESCAPE_HANDLING: Final = ("Default", "EscapeNonAscii", "EscapeHtml")

_DEEPEST: Final = 100
_FIRST_PLANE: Final = 0xFFFF
_ALWAYS_ESCAPED: Final = re.compile("[\x85\u2028\u2029]")
_NON_ASCII: Final = re.compile("[^\x00-\x7f]")
_HTML: Final = re.compile(r"\\.|[<>&']")


@ends_at_caller
def to_json(
    objects: Iterable[Any],
    *,
    depth: int = 2,
    compress: bool = False,
    enums_as_strings: bool = False,
    as_array: bool = False,
    escape_handling: str = "Default",
) -> str:
    """Return objects as the text that `ConvertTo-Json` gives.

    In: records, mappings, lists and plain values; several make an array, a single one
    only `as_array`, none at all an empty text, as the engine gives nothing. `depth`
    (0 to 100) says how far into them it goes; what lies deeper is written as text.
    `escape_handling` is Default, EscapeNonAscii or EscapeHtml, in any casing. Raises
    InvalidArgumentError for an option that the engine refuses.
    """
    levels = in_range("depth", depth, 0, _DEEPEST)
    escapes = choice("escape_handling", escape_handling, ESCAPE_HANDLING)
    items = list(items_of(objects))
    if not items:
        return ""
    writer = _Writer(
        levels, quote=_QUOTES[escapes], indent=not compress, named_enums=enums_as_strings
    )
    return writer.write(items if as_array or len(items) > 1 else items[0], 0, writer.newline)


class _Writer:
    """Writes values, with the options of one call."""

    def __init__(
        self, depth: int, *, quote: Callable[[str], str], indent: bool, named_enums: bool
    ) -> None:
        self.newline = "\n" if indent else ""
        self._depth = depth
        self._quote = quote
        self._step = "  " if indent else ""
        self._colon = ": " if indent else ":"
        self._keys: dict[str, str] = {}
        self._scalars = _scalars(quote, named_enums=named_enums)

    def write(self, value: Any, level: int, newline: str) -> str:
        """Return a value as JSON; `newline` is a line's end with its indentation."""
        writer = self._scalars[type(value)]
        if writer is not _not_scalar:
            return writer(value)
        if level > self._depth:
            return self._quote(INVARIANT[type(value)](value))
        inner = newline + self._step
        if kind_of(type(value)) is ValueKind.LIST:
            parts = [self.write(element, level + 1, inner) for element in value]
            return f"[{inner}{f',{inner}'.join(parts)}{newline}]" if parts else "[]"
        keys = self._keys
        parts = [
            (keys.get(name) or self._key(name)) + self.write(element, level + 1, inner)
            for name, element in properties(value).items()
        ]
        return f"{{{inner}{f',{inner}'.join(parts)}{newline}}}" if parts else "{}"

    def _key(self, name: str) -> str:
        key = self._keys[name] = self._quote(name) + self._colon
        return key


def _not_scalar(_: object) -> str:
    raise NotImplementedError  # the mark of an object or a list; never called


def _scalars(quote: Callable[[str], str], *, named_enums: bool) -> Writers:
    def quoted(value: object) -> str:
        return quote(INVARIANT[type(value)](value))

    return Writers(
        {
            ValueKind.NULL: lambda _: "null",
            ValueKind.BOOL: lambda value: "true" if value else "false",
            ValueKind.ENUM: (
                (lambda member: quote(enum_text(member)))
                if named_enums
                else (lambda member: str(enum_number(member)))
            ),
            ValueKind.TEXT: quote,
            ValueKind.INT: int_text,
            ValueKind.DOUBLE: _double,
            ValueKind.DECIMAL: _decimal,
            ValueKind.MOMENT: lambda when: f'"{iso_moment(when)}"',
            ValueKind.GUID: quoted,
            ValueKind.OTHER: quoted,
            ValueKind.OBJECT: _not_scalar,
            ValueKind.LIST: _not_scalar,
        }
    )


def _double(value: float) -> str:
    text = double_text(value, digits=None, infinity="Infinity")
    if not math.isfinite(value):
        return f'"{text}"'
    return text if "." in text or "E" in text else f"{text}.0"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return f'"{INVARIANT[type(value)](value)}"'
    text = decimal_text(value)
    return text if "." in text or "E" in text else f"{text}.0"


# --- strings


def _default(text: str) -> str:
    quoted = encode_basestring(text)
    return quoted if quoted.isascii() else _ALWAYS_ESCAPED.sub(_escape, quoted)


def _escape_for_html(match: re.Match[str]) -> str:
    found = match[0]
    if found == '\\"':
        return "\\u0022"
    return found if len(found) > 1 else f"\\u{ord(found):04x}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= _FIRST_PLANE:
        return f"\\u{code:04x}"
    high, low = divmod(code - _FIRST_PLANE - 1, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


_QUOTES: Final = {
    "Default": _default,
    "EscapeNonAscii": lambda text: _NON_ASCII.sub(_escape, encode_basestring(text)),
    "EscapeHtml": lambda text: f'"{_HTML.sub(_escape_for_html, _default(text)[1:-1])}"',
}
