"""What a terminal and a notebook show of records and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Row = dict[str, object]

HTML_ROWS = 60
"""Rows of a table in a notebook."""
HTML_WIDTH = 112
"""Characters of a row in a notebook, with the room between its columns."""
ECHO_LINES = 120
"""Lines of an echo. `print` shows all of them."""
NO_TERMINAL_WIDTH = 120

_FIRST = (
    *("DisplayName", "Name", "Subject", "To", "ConferenceId", "ServiceNumber"),
    *("TollFreeServiceNumber", "DefaultTollNumber", "DefaultTollFreeNumber", "TollNumber"),
    *("DefaultTollFreeNumbers", "TollFreeNumbers", "Number", "UserPrincipalName"),
    *("SipAddress", "Organizer"),
)
"""The columns that people look for, in this order."""
_LAST = ("LeaderPin", "MeetingId", "Identity", "ObjectId", "BridgeId", "TenantId")
_RANK = {name: place for place, name in enumerate(_FIRST)}
_RANK |= {name: len(_FIRST) + 1 + place for place, name in enumerate(_LAST)}


class Shown:
    """An object whose echo in IPython is what `print` shows of it."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython goes through the classes: a class's own __repr__ would hide its base's echo.
        cls._repr_pretty_ = cls._repr_pretty_  # type: ignore[method-assign]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else self._echo())

    def _echo(self) -> str:
        return str(self)


def view(objects: Sequence[object]) -> str:
    """The default view at the terminal's width: a table up to 4 properties, else a list."""
    from shutil import get_terminal_size  # noqa: PLC0415 - few records print themselves

    from confid.powershell import out_string  # noqa: PLC0415 - few records print themselves

    width = get_terminal_size((NO_TERMINAL_WIDTH, 24)).columns
    return out_string(objects, width=width)


def echo(objects: Sequence[object]) -> str:
    """The beginning of the default view, and how many records there are."""
    from confid.powershell.formats.views import MOST_TABLE_PROPERTIES  # noqa: PLC0415 - few records are shown

    properties = len(_row(objects[0])) if objects else 0
    lines = properties + 2 if properties > MOST_TABLE_PROPERTIES else 1
    most = max(ECHO_LINES // lines, 1)
    if len(objects) <= most:
        return view(objects)
    return f"{view(objects[:most])}\n{len(objects):,} records, {most} shown; print() shows all"


def html_view(objects: Sequence[object]) -> str:
    """A table in HTML, all values escaped: what people look for comes first.

    A single record stands in two columns. Where rows or columns are cut off,
    the text below says which.
    """
    from html import escape  # noqa: PLC0415 - only a notebook needs it

    if not objects:
        return "<p>0 rows</p>"
    if len(objects) == 1:
        return _two_columns(_row(objects[0]))
    rows = [_row(each) for each in objects[:HTML_ROWS]]
    names = _in_order(name for row in rows for name in row)
    filled = [name for name in names if any(row.get(name) not in (None, "", ()) for row in rows)]
    text = _texts(rows[0])
    columns = {name: [text(row.get(name)) for row in rows] for name in filled or names}
    shown = _that_fit(columns)
    head = "".join(f"<th>{escape(name)}</th>" for name in shown)
    lines = zip(*(columns[name] for name in shown), strict=True)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    below = []
    if len(objects) > HTML_ROWS:
        below.append(f"{len(objects)} rows, {HTML_ROWS} shown")
    if left := [name for name in names if name not in shown]:
        below.append(f"Not shown: {', '.join(left)}")
    note = f"<p>{escape('. '.join(below))}</p>" if below else ""
    return f"{_TABLE}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"


def _that_fit(columns: dict[str, list[str]]) -> list[str]:
    """The first columns, as far as they fit beside each other; two in any case."""
    room, shown = HTML_WIDTH, list[str]()
    for name, cells in columns.items():
        room -= max(map(len, (name, *cells))) + len("   ")
        if room < 0 and len(shown) > 1:
            break
        shown.append(name)
    return shown


def html_text(text: str) -> str:
    """A text with its lines in HTML, escaped."""
    from html import escape  # noqa: PLC0415 - only a notebook needs it

    return f'<pre style="white-space:pre-wrap">{escape(text)}</pre>'


_TABLE = '<div style="overflow-x:auto"><table>'


def _two_columns(row: Row) -> str:
    from html import escape  # noqa: PLC0415 - only a notebook needs it

    text = _texts(row)
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{text(row[name])}</td></tr>" for name in _in_order(row)
    )
    return f"{_TABLE}<tbody>{body}</tbody></table></div>"


def _texts(row: Row) -> Callable[[object], str]:
    """How values read, as in the list or the table that the default view of a row is."""
    from html import escape  # noqa: PLC0415 - only a notebook needs it

    from confid.powershell.formats.views import MOST_TABLE_PROPERTIES  # noqa: PLC0415 - few records are shown
    from confid.powershell.language.values import LIST_VALUE, TABLE_CELL  # noqa: PLC0415 - few records are shown

    table = TABLE_CELL if len(row) <= MOST_TABLE_PROPERTIES else LIST_VALUE

    def text(value: object) -> str:
        values = value if isinstance(value, tuple) else (value,)
        if values and hasattr(type(values[0]), "__powershell__"):
            return html_view(values)
        return escape(table[type(value)](value))

    return text


def _in_order(names: Iterable[str]) -> list[str]:
    """Names once each: what people look for first, what only programs need last."""
    return sorted(dict.fromkeys(names), key=lambda name: _RANK.get(name, len(_FIRST)))


def _row(item: Any) -> Row:
    from confid.powershell.formats.views import with_zones  # noqa: PLC0415 - few records are shown

    return dict(with_zones(item.__powershell__()))
