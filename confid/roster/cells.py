"""The cells of a roster: how each kind of value is written, and checked."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeGuard
from unicodedata import category
from uuid import UUID

from confid.errors import InvalidArgumentError
from confid.powershell.language.scalars import python_scalar
from confid.tenant.mail_address import checked

if TYPE_CHECKING:
    from collections.abc import Callable

    Complain = Callable[[str, str], None]
    """Takes a column's name and what is wrong with its cell."""

SAYS_NOTHING = "System.Object[]"
"""What Export-Csv writes in place of a list."""

QUOTED = 40
"""As much of a cell as an error shows."""

MAX_LENGTH = 512
"""Characters of whatever names a person: every store can index as much."""

MAX_CELL = 131_072
"""Characters of a text in a mapping; as the csv module has it for a file."""

SIMPLE_UPN = re.compile(r"[A-Za-z0-9._+-][A-Za-z0-9._'+-]*@[A-Za-z0-9.-]+")
EXCEL_ERROR = re.compile(r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)")
FULL_UPN = re.compile(r"[^\s@<>,;|\"]+@[^\s@<>,;|\"]+")
QUOTES = "'\"‘’‚“”„«»`"  # noqa: RUF001 - the quotes of many languages
NEVER = ("none", "null", "$null", "false", "0", "-", "never", "n/a")
"""What exports write for a date that never was, and for nobody."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
NO_CHARACTER = re.compile(r"[\x00\ud800-\udfff]")
GUID = re.compile(r"[{(]?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[})]?")
SIP_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")

_SIMPLE_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_TYPE_OF_ITEM = re.compile(r"(?:Deserialized\.)?(?:System|Microsoft)\.\w+(?:\.\w+)+")
_TYPE_NAMES = re.compile(
    r"(?:Deserialized\.)?(?:System\.Collections\.\S.*|(?:System|Microsoft)\.[\w.+]+\[\])"
    rf"|{_TYPE_OF_ITEM.pattern}(?:[\s,;]+{_TYPE_OF_ITEM.pattern})*"
)
_FLATTENED = re.compile(r"@\{(?P<inside>.*)\}", re.DOTALL)
_PROPERTY = re.compile(r"(?:^|; )(\w+)=(.*?)(?=; \w+=|$)", re.DOTALL)


def quoted(cell: object) -> str:
    """A cell as an error shows it: on one line, and no more than its beginning."""
    shown = repr(cell[:QUOTED] if isinstance(cell, str) else cell)
    return shown if len(shown) <= QUOTED else f"{shown[: QUOTED - 2]}…{shown[0]}"


def listed(cell: str | list[str]) -> list[str] | None:
    """The texts in a cell that holds several; None for one that says nothing.

    Source: Export-Csv, which writes a list as the name of its type.
    """
    if isinstance(cell, list):
        return cell
    text = cell.strip()
    if text[:1] in "SMD" and _TYPE_NAMES.fullmatch(text):
        return None
    return [part for part in map(str.strip, text.split(";")) if part]


def proxy_addresses(cell: str | list[str]) -> list[str] | None:
    """Proxy addresses, whatever joins them: each begins with its prefix and a colon."""
    found = listed(cell)
    if not isinstance(cell, str) or found is None:
        return found
    places = [match.start() for match in _PREFIX.finditer(cell)]
    return [
        cell[start:end].strip(' ;,+|{}[]"\t\r\n')
        for start, end in zip(places, [*places[1:], len(cell)], strict=False)
    ]


_PREFIX = re.compile(r"(?<![\w.@-])[A-Za-z][A-Za-z0-9]*:")


def from_excel(text: str) -> str:
    """A cell without what Excel, or a trick against it, put around it: `="3542699"`, `'3542699`.

    Raises `ValueError` for a number that it cut to a few digits, `4.42E+11`.
    """
    if text.isdigit():
        return text
    text = unwrapped(text.removeprefix("'"))
    if _ROUNDED.fullmatch(text):
        raise ValueError(
            f"{quoted(text)} is a number that Excel has rounded. Export again, and don't save the "
            "file in Excel, or give the column the format Text before."
        )
    if _GROUPED.fullmatch(text):
        return _SEPARATOR.sub("", text)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def unwrapped(cell: str) -> str:
    """A cell without the formula around its text: `="3542699"`."""
    is_wrapped = cell.startswith('="') and cell.endswith('"') and len(cell) > len('="')
    return cell[2:-1] if is_wrapped else cell


_ROUNDED = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+\d+")
_GROUPED = re.compile(r"\d{1,3}(?:(?:,\d{3})+|([.'’\u00a0\u202f])\d{3}(?:\1\d{3})+)")  # noqa: RUF001 - Swiss
_SEPARATOR = re.compile(r"\D")
_WHOLE = re.compile(r"(0|\d{4,})[.,]0+")
"""A column of numbers with gaps in it comes out of a data frame as `3542699.0`."""


def line_of(name: str, text: str, complain: Complain, *, identifies: bool = False) -> str:
    """A text of one line. What identifies somebody has no invisible characters either."""
    # By far the most texts are short and plain, and need no search.
    if text.isprintable() and len(text) <= MAX_LENGTH:
        return text
    if len(text) > MAX_LENGTH:
        complain(name, f"It has {len(text):,} characters; {MAX_LENGTH} is the most.")
    elif CONTROL.search(text):
        complain(name, f"{quoted(text)} is to be one line without control characters.")
    elif identifies and any(category(character) == "Cf" for character in text):
        shown = text.encode("ascii", "backslashreplace").decode()
        complain(name, f"{quoted(text)} has invisible characters: {shown:.80}.")
    return text


def text_of(name: str, text: str, complain: Complain) -> str:
    """A text of any number of lines."""
    if not text.isprintable() and NO_CHARACTER.search(text):
        complain(name, f"{quoted(text)} is to be text without NUL.")
    return text


def guid_of(name: str, text: str, complain: Complain) -> UUID | None:
    """A GUID, if the cell has one."""
    match = GUID.fullmatch(text.lower())
    if text and not match:
        complain(name, f"{quoted(text)} is no GUID.")
    return UUID(match[1]) if match else None


def switch_of(name: str, text: str, complain: Complain) -> bool | None:
    """True or False, if the cell has one."""
    if _TRUE.fullmatch(text.lower()):
        return True
    if _FALSE.fullmatch(text.lower()):
        return False
    if text:
        complain(name, f"{quoted(text)} is neither True nor False.")
    return None


_TRUE = re.compile("true|1|wahr|vrai|verdadero|vero|verdadeiro|waar|sant|sand|prawda")
_FALSE = re.compile("false|0|falsch|faux|falso|onwaar|falskt|falsk|usann|fałsz")
"""How True and False are written, also by an Excel of another language."""


def is_deletion(name: str, text: str, complain: Complain) -> bool:
    """Whether a cell says that an account was deleted: a date that was, or True."""
    if any(map(str.isdigit, text)):
        return text not in NEVER and "0001" not in text
    return bool(text) and text.lower() not in NEVER and bool(switch_of(name, text, complain))


def is_list(value: object) -> TypeGuard[Iterable[object]]:
    """Whether a mapping's value is a list of several, in whatever type."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def checked_mail(column: str, text: str, complain: Complain) -> str | None:
    """The address in its normal form.

    The library has the say on every domain (and remembers its answer), and
    on every local part that isn't plain: 100,000 rows are a few domains.
    """
    local, _, domain = text.rpartition("@")
    # A name in letters and capitals may be one of those whose casing never counts, as Postmaster.
    is_plain = (
        _SIMPLE_LOCAL.fullmatch(local)
        and len(text) <= 200  # noqa: PLR2004 - well below the limits of an address
        and len(local) <= 64  # noqa: PLR2004 - RFC 5321, 4.5.3.1.1
        and (local.islower() or not local.isalpha())
    )
    try:
        if is_plain:
            return local + checked(f"a@{domain}", parameter=column)[1:]
        if len(text) <= MAX_LENGTH:
            return checked(text, parameter=column)
    except InvalidArgumentError:
        pass
    complain(column, f"{quoted(text)} is no e-mail address.")
    return None


def plain_text(value: object) -> str:
    """A mapping's value as the text of a cell. Raises `ValueError` for what no cell holds."""
    if isinstance(value, str):
        if len(value) > MAX_CELL:
            raise ValueError(f"It has {len(value):,} characters; {MAX_CELL:,} is the most.")
        if not value.isprintable() and NO_CHARACTER.search(value):
            raise ValueError(f"{quoted(value)} holds a NUL or half a character.")
        return str(value)
    value = python_scalar(value)
    if isinstance(value, Enum):
        return str(value.name)
    if isinstance(value, float):
        return str(int(value) if value.is_integer() else value)
    if value is None or isinstance(value, (str, UUID, date, Decimal)):
        return "" if value is None else str(value)
    try:
        return str(operator.index(value))  # type: ignore[arg-type]  # a TypeError is the answer
    except TypeError:
        raise ValueError(f"A {type(value).__name__} is no text.") from None


def unflattened(value: object) -> object:
    """An object that was written as text, `@{Number=…; City=…}`, as a mapping; else the value.

    Source: ConvertTo-Json and Export-Csv, which write what lies too deep like this.
    """
    if isinstance(value, str) and (match := _FLATTENED.fullmatch(value.strip())):
        return dict(_PROPERTY.findall(match["inside"]))
    return value


def wrapped_items(value: Mapping[Any, Any]) -> list[Any] | None:
    """The items of a list that Windows PowerShell 5.1 or Microsoft Graph has wrapped, else None."""
    names = {str(name).casefold(): name for name in value}
    if "value" not in names or any(
        name not in ("value", "count") and not name.startswith("@odata.") for name in names
    ):
        return None
    inside = value[names["value"]]
    return list(inside) if isinstance(inside, list) else [inside]


def plain_list(column: str, items: Iterable[object], complain: Complain) -> list[str] | str:
    """A list of texts. One of which an export kept just names of types comes out as that name."""
    plain: list[str] = []
    for item in items:
        try:
            text = plain_text(item).strip()
        except ValueError as error:
            complain(column, str(error))
            continue
        if text:
            plain.append(text)
    if plain and all(_TYPE_OF_ITEM.fullmatch(text) for text in plain):
        return SAYS_NOTHING
    return plain
