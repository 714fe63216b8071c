"""Objects as the console shows them: as a list, as a table, or as the default of the two.

Source: format.json, the rows of the real engine. A view starts with an empty line and
shows what comes in as it comes: an object by its properties, anything else as a line of
text, None not at all. Lines end with a line feed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confid.errors import InvalidArgumentError, shown
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.cells import cells, fit, head, is_plain, without_escapes, wrap
from confid.powershell.language.values import (
    EN_US,
    LIST_VALUE,
    TABLE_CELL,
    ValueKind,
    in_any_casing,
    in_range,
    is_object,
    items_of,
    kind_of,
    properties,
    property_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_TABLE_PROPERTIES: Final = 4
"""The default view of an object of more properties is a list."""
_MOST_COLUMNS: Final = 10
"""A table of all properties shows so many of them."""
_NARROWEST_TABLE: Final = 5
"""In fewer cells a table shows nothing."""
_RIGHT: Final = {ValueKind.BOOL, ValueKind.ENUM, ValueKind.INT, ValueKind.DOUBLE, ValueKind.DECIMAL}
"""The kinds of value that stand at the right of their column."""


@ends_at_caller
def format_list(objects: Iterable[Any], *properties: str, width: int = 80) -> str:
    """Return objects as `Format-List | Out-String` shows them, a property a line.

    In: records, mappings or plain values; the properties to show, in either spelling
    and any casing, wildcards allowed (none given: all). A property that an object
    doesn't have is left out. Raises InvalidArgumentError for a width below 2 and for a
    property name that is empty or no text.
    """
    in_range("width", width, 2, None)
    return _list(items_of(objects), _checked(properties), width)


@ends_at_caller
def format_table(
    objects: Iterable[Any],
    *properties: str,
    width: int = 80,
    auto_size: bool = False,  # noqa: ARG001 - see the docstring
) -> str:
    """Return objects as `Format-Table | Out-String` shows them, an object a line.

    In and raised: as format_list. The first object decides on the columns (none given:
    its first ten properties) and on which side their values stand; a column is as wide
    as its widest value; the last one that still fits is cut, those behind it are left
    out. `auto_size` changes nothing: the engine, without it, sizes the columns by what
    arrives within 0.3 seconds, and here everything does.
    """
    in_range("width", width, 2, None)
    return _table(items_of(objects), _checked(properties), width)


@ends_at_caller
def out_string(objects: Iterable[Any], width: int = 80) -> str:
    """Return objects as the console shows them unasked.

    In and raised: as format_list. A first object of up to four properties makes it a
    table, one of more a list.
    """
    in_range("width", width, 2, None)
    seen: list[Any] = []
    rest = items_of(objects)
    for item in rest:
        seen.append(item)
        if is_object(item) and (found := properties(item)):
            view = _table if len(found) <= MOST_TABLE_PROPERTIES else _list
            return view(chain(seen, rest), (), width)
    return _list(iter(seen), (), width)


# --- what is shown


class ZonedMoment:
    """An aware datetime as .NET shows a DateTimeOffset: with its zone."""

    def __init__(self, value: datetime) -> None:
        self._value = value

    def __str__(self) -> str:
        offset = self._value.utcoffset() or timedelta(0)
        hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
        sign = "-" if offset < timedelta(0) else "+"
        return f"{EN_US[datetime](self._value)} {sign}{hours:02}:{minutes:02}"


def with_zones(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a record as views show them: a moment with its zone.

    A mapping's moments are .NET's DateTimes, which the engine shows without one.
    """
    return {
        name: ZonedMoment(value) if type(value) is datetime and value.tzinfo else value
        for name, value in found.items()
    }


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str) or not name:
            raise InvalidArgumentError(
                f"properties: {shown(name)} is not the name of a property.", target=name
            )
    return names


def _shown(items: Iterator[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what there is to show: an object's properties, or else (then empty) a text."""
    for item in items:
        if item is None:
            continue
        found = properties(item) if is_object(item) else {}
        if hasattr(type(item), "__powershell__"):
            found = with_zones(found)
        yield ("", found) if found else (EN_US[type(item)](item), {})


def _resolved(names: Sequence[str], found: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Return each name asked for with the property that it means, None if there is none.

    A wildcard pattern means each property that is like it, perhaps none.
    """
    from confid.powershell.language.wildcard import has_wildcards  # noqa: PLC0415 - names need it, few views have any

    means: list[tuple[str, str | None]] = []
    for name in names:
        if has_wildcards(name):
            means.extend((name, key) for key in _like(name, found))
        else:
            means.append((name, property_named(name, found)))
    return means


def _like(pattern: str, found: Mapping[str, Any]) -> list[str]:
    from confid.powershell.language.wildcard import like  # noqa: PLC0415 - only where there are wildcards

    patterns = {pattern, pattern.replace("_", "")}
    return [key for key in found if any(like(key, each) for each in patterns)]


# --- lists


def _list(items: Iterator[Any], names: Sequence[str], width: int) -> str:
    lines: list[str] = []
    started = False
    layouts: dict[tuple[str, ...], list[_Field]] = {}
    for text, found in _shown(items):
        if not found:
            lines.append(text)
            continue
        if not started:
            started = True
            lines.append("")
        shape = tuple(found)
        if (layout := layouts.get(shape)) is None:
            layout = layouts[shape] = _list_layout(names, found, width)
        for name, label, room in layout:
            value = found[name]
            shown = LIST_VALUE[type(value)](value)
            if len(shown) <= room and shown.isascii() and shown.isprintable():
                lines.append(label + shown)
            else:
                lines.extend(_list_lines(label, without_escapes(shown), room))
        lines.append("")
    return "".join([f"{line}\n" for line in lines])


class _Field(NamedTuple):
    """A property in a list: its name, its label up to the value, the cells of the value."""

    name: str
    label: str
    room: int


def _list_layout(names: Sequence[str], found: Mapping[str, Any], width: int) -> list[_Field]:
    shown = [key for _, key in _resolved(names, found) if key] if names else list(found)
    room = width - len(" : ") - 1
    if not shown or room < 1:
        return []
    label_width = min(max(map(cells, shown)), room)
    return [
        _Field(name, f"{_to_width(name, label_width)} : ", width - label_width - len(" : "))
        for name in shown
    ]


def _to_width(name: str, width: int) -> str:
    cut = head(name, width)
    return cut + " " * (width - cells(cut))


def _list_lines(label: str, text: str, room: int) -> Iterator[str]:
    indent = " " * cells(label)
    for line in wrap(text, room):
        yield label + line
        label = indent


# --- tables


class _Column(NamedTuple):
    """A column of a table: its header, the property, the side of its values."""

    header: str
    name: str | None
    right: bool


def _table(items: Iterator[Any], names: Sequence[str], width: int) -> str:
    rows: list[Mapping[str, Any]] = []
    asides: list[tuple[int, str]] = []  # a text, and before which row it stands
    for text, found in _shown(items):
        if found:
            rows.append(found)
        else:
            asides.append((len(rows), text))
    if not rows:
        return "".join([f"{text}\n" for _, text in asides])
    header, body = _table_lines(rows, _columns(names, rows[0]), width)
    lines = [text for place, text in asides if not place]
    lines += ["", *header]
    start = 0
    for place, text in asides:
        if place:
            lines += [*body[start:place], text]
            start = place
    lines += [*body[start:], ""]
    return "".join([f"{line}\n" for line in lines])


def _columns(names: Sequence[str], first: Mapping[str, Any]) -> list[_Column]:
    asked = _resolved(names, first) if names else [(name, name) for name in first][:_MOST_COLUMNS]
    return [
        _Column(key or name, key, key is not None and kind_of(type(first[key])) in _RIGHT)
        for name, key in asked
    ]


def _table_lines(
    rows: list[Mapping[str, Any]], columns: list[_Column], width: int
) -> tuple[list[str], list[str]]:
    """Return the lines of the header and of the rows; none without room or columns."""
    if width < _NARROWEST_TABLE or not columns:
        return [], []
    texts = [_column_texts(rows, column.name) for column in columns]
    widths = [
        max(1, *map(len if "".join(column).isascii() else cells, column))
        for column in ([c.header, *each] for c, each in zip(columns, texts, strict=True))
    ]
    widths = _trimmed(widths, width)
    shown = columns[: len(widths)]
    header = _header_lines(shown, widths, all_shown=len(shown) == len(columns))
    padded = [
        _padded(column_texts, size, right=column.right, pad=number < len(columns) - 1)
        for number, (column, size, column_texts) in enumerate(
            zip(shown, widths, texts, strict=False)  # the columns left out have no width
        )
    ]
    return header, list(map(" ".join, zip(*padded, strict=True)))


def _column_texts(rows: list[Mapping[str, Any]], name: str | None) -> list[str]:
    if name is None:
        return [""] * len(rows)
    try:
        values = [row[name] for row in rows]
    except KeyError:  # not every object has it, or not in this casing
        keys = [in_any_casing(name, row) for row in rows]
        values = [row[key] if key else None for row, key in zip(rows, keys, strict=True)]
    texts = [v if type(v) is str else TABLE_CELL[type(v)](v) for v in values]
    return [without_escapes(text) for text in texts] if "\x1b" in "".join(texts) else texts


def _trimmed(widths: list[int], width: int) -> list[int]:
    """Return the widths of the columns that fit, the last of them cut if need be."""
    excess = sum(widths) + len(widths) - 1 - width
    kept = list(widths)
    while excess > 0:
        last = kept.pop()
        if last > excess:
            kept.append(last - excess)
            break
        excess -= last + 1
    return kept


def _padded(texts: list[str], width: int, *, right: bool, pad: bool) -> list[str]:
    if is_plain("".join(texts)) and max(map(len, texts)) <= width:
        if right:
            return [text.rjust(width) for text in texts]
        return [text.ljust(width) for text in texts] if pad else texts
    return [fit(text, width, right=right, pad=pad) for text in texts]


def _header_lines(columns: list[_Column], widths: list[int], *, all_shown: bool) -> list[str]:
    """Return the header, wrapped within its columns, and the dashes under it."""
    last = len(columns) - 1
    blocks = [
        [
            fit(line, width, right=column.right, pad=number < last)
            for line in wrap(column.header, width)
        ]
        for number, (column, width) in enumerate(zip(columns, widths, strict=True))
    ]
    height = max(map(len, blocks))
    lines = []
    for row in range(height):
        parts = [
            block[row] if row < len(block) else " " * width
            for block, width in zip(blocks, widths, strict=True)
        ]
        while row >= len(blocks[len(parts) - 1]):
            parts.pop()  # no blanks behind the last column that still has text
        lines.append(" ".join(parts) if height == 1 else " ".join(parts).rstrip())
    dashes = [
        fit("-" * min(width, cells(column.header)), width, right=column.right, pad=pad)
        for column, width, pad in zip(columns, widths, [True] * last + [not all_shown], strict=True)
    ]
    lines.append(" ".join(dashes))
    return lines
