"""Exports as files: CSV, JSON or CLIXML, read whole into items, and told apart by properties.

Nothing of what the items mean for a tenant is known here, but which cmdlet gave them.
"""

from __future__ import annotations

import enum
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import ConfidError, RosterError, shown
from confid.roster.cells import wrapped_items
from confid.roster.files import open_table, path_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.roster.files import Table


class ExportKind(enum.Enum):
    """What an export holds; the value is the cmdlet that gave it."""

    USERS = "Get-CsOnlineUser"
    CONFERENCING = "Get-CsOnlineDialInConferencingUser"
    USER_INFO = "Get-CsOnlineDialInConferencingUserInfo"
    BRIDGES = "Get-CsOnlineDialInConferencingBridge"
    NUMBERS = "Get-CsOnlineDialInConferencingServiceNumber"
    SETTINGS = "Get-CsOnlineDialInConferencingTenantSettings"
    POLICIES = "Get-CsTeamsAudioConferencingPolicy"


PEOPLE = (ExportKind.USERS, ExportKind.CONFERENCING, ExportKind.USER_INFO)

_TOLD_BY = (
    (ExportKind.USERS, {"userprincipalname"}),
    (ExportKind.BRIDGES, {"defaultservicenumber", "isdefault"}),
    (ExportKind.NUMBERS, {"number", "primarylanguage"}),
    (ExportKind.SETTINGS, {"pinlength", "entryexitannouncementstype"}),
    (ExportKind.POLICIES, {"meetinginvitephonenumbers"}),
    (ExportKind.CONFERENCING, {"conferenceid", "bridgeid"}),
    (ExportKind.CONFERENCING, {"conferenceid", "servicenumber"}),
    (ExportKind.USER_INFO, {"conferenceid", "identity"}),
)
"""The properties, in lower casing, by which each is known; the first that fits."""


class Format(enum.IntEnum):
    """How a file is written; the higher, the more of an object it keeps."""

    CSV = 1
    JSON = 2
    CLIXML = 3


_ENDINGS = {".csv": Format.CSV, ".json": Format.JSON, ".xml": Format.CLIXML}
_ENDINGS[".clixml"] = Format.CLIXML


@attrs.frozen
class Item:
    """One object of an export, and where it stands."""

    place: str
    facts: Any
    """Its properties, a mapping; anything in a file that isn't read strictly."""


@attrs.frozen
class Export:
    """A file that was read: what it holds, if that is known, and its items."""

    path: Path
    format: Format
    kind: ExportKind | None
    items: list[Item]
    next_page: bool = False
    """Whether it is a page of Microsoft Graph that another one follows."""


def heading(name: str) -> str:
    """A column's name as it is looked up: `Display name` and `displayName` are `DisplayName`."""
    return _BETWEEN_WORDS.sub("", name).casefold()


_BETWEEN_WORDS = re.compile(r"[\s_/-]+")


def kind_of(names: Iterable[object]) -> ExportKind | None:
    """Which cmdlet gives objects with these properties; None if none that is known here."""
    have = {heading(name) for name in names if isinstance(name, str)}
    return next((kind for kind, marks in _TOLD_BY if marks <= have), None)


def format_of(source: object) -> Format | None:
    """How a file is written, by the end of its name; None for what is no path or another file.

    In a `.txt` file it is the content that tells. Raises what reading it raises.
    """
    if not isinstance(source, (str, os.PathLike)):
        return None
    name = os.fspath(source)
    if not isinstance(name, str) or "\n" in name:
        return None
    ending = Path(name).suffix.lower()
    if ending != ".txt":
        return _ENDINGS.get(ending)
    start = text_of(Path(name)).lstrip()[:1]
    return {"[": Format.JSON, "{": Format.JSON, "<": Format.CLIXML}.get(start, Format.CSV)


def read_export(
    source: str | os.PathLike[str], file_format: Format, *, strict: bool = True
) -> Export:
    """Read a file whole; one that is not `strict` may hold items at fault.

    Raises `RosterError` that names the lines or items at fault, `NotFoundError`
    or `InvalidArgumentError` for a path that can't be opened.
    """
    path = path_of(source)
    next_page = False
    if file_format is Format.CSV:
        items = csv_items(open_table(path))
    else:
        values = _clixml_values(path) if file_format is Format.CLIXML else _json_values(path)
        if values and isinstance(values[-1], Mapping):
            next_page = "@odata.nextLink" in values[-1]
        values = [each for value in values for each in _unwrapped(value)]
        items = [Item(f"item {number}", value) for number, value in enumerate(values, 1)]
    if strict and (problems := _problems_of(items)):
        raise RosterError(str(path), problems)
    kinds = (kind_of(item.facts) for item in items if isinstance(item.facts, Mapping))
    return Export(path, file_format, next(kinds, None), items, next_page)


def _problems_of(items: list[Item]) -> list[str]:
    """What is wrong with objects by themselves, else how one differs from the first."""
    problems = []
    for item in items:
        if not isinstance(item.facts, Mapping):
            problems.append(f"{item.place}: A {type(item.facts).__name__} is no object.")
        elif len({name.lower() for name in item.facts}) < len(item.facts):
            problems.append(f"{item.place}: A property stands twice; casing is no difference.")
    if not problems:
        first = kind_of(items[0].facts) if items else None
        for item in items:
            if kind_of(item.facts) is not first:
                return [f"{item.place}: It is another kind of object than {items[0].place}."]
    return problems


def csv_items(table: Table) -> list[Item]:
    """The rows of a CSV file as objects. Raises `RosterError` for what is wrong with them."""
    lower = [name.lower() for name in table.header]
    twice = next((n for n in table.header if n and lower.count(n.lower()) > 1), None)
    if twice:
        why = f"The header: The column {shown(twice, 40)} stands twice; casing is no difference."
        raise RosterError(table.name, [why])
    items = [
        Item(f"line {line}", dict(zip(table.header, cells, strict=True)))
        for line, cells in table.rows()
    ]
    if table.problems:
        raise RosterError(table.name, [sentence for _, sentence in table.problems])
    return items


def _json_values(path: Path) -> list[Any]:
    text = text_of(path)
    try:
        found = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        # Or a number of thousands of digits, or brackets in brackets without end.
        at, why = "", str(error)
        if isinstance(error, json.JSONDecodeError):
            at, why = f"line {error.lineno}, column {error.colno}: ", error.msg
        raise RosterError(str(path), [f"{at}This is no JSON of an export: {why}."]) from error
    return found if isinstance(found, list) else [found]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a property stands twice in one object")
    return found


def _unwrapped(value: object) -> list[Any]:
    inside = wrapped_items(value) if isinstance(value, Mapping) else None
    return [value] if inside is None else inside


def _clixml_values(path: Path) -> list[Any]:
    from confid.powershell import from_clixml  # noqa: PLC0415 - few imports are of CLIXML

    text = text_of(path)
    try:
        found = from_clixml(text)
    except ConfidError as error:
        raise RosterError(str(path), [error.message]) from error
    # `Export-Clixml -InputObject $users` writes one list of all.
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found
