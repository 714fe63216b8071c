"""Whole rosters: from a source to rows that are sound by themselves and beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confid.errors import InvalidArgumentError, RosterError
from confid.roster.cells import quoted
from confid.roster.exports import (
    PEOPLE,
    ExportKind,
    Format,
    csv_items,
    format_of,
    kind_of,
    read_export,
)
from confid.roster.files import open_table
from confid.roster.rows import CONFERENCE_ID, UPN, Columns, Remarks, Row

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from confid.roster.exports import Export, Item
    from confid.roster.files import LineSource

NAMED = 10
"""Rows or columns that a sentence names before it counts the rest."""

EXPORT = (
    "Get-CsOnlineUser | Select-Object UserPrincipalName, DisplayName, Identity, SipAddress, "
    "WindowsEmailAddress, UsageLocation, Department, @{n='AssignedPlan';e={($_.AssignedPlan | "
    "Where-Object CapabilityStatus -eq 'Enabled').Capability -join ';'}} | "
    "Export-Csv users.csv -NoTypeInformation"
)
"""The line of PowerShell that exports a roster with its plans."""


class Roster:
    """The rows of a roster, checked by themselves and against one another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []
        self.problems: list[str] = []
        self.remarks = Remarks()
        self._seen: dict[str, dict[object, str]] = {UPN: {}, "ObjectId": {}, CONFERENCE_ID: {}}

    def add(self, place: str, columns: Columns, values: Sequence[Any], *, is_mapping: bool) -> None:
        """Take a row in, or note what is wrong with it."""
        before = len(self.problems)

        def complain(column: str, what: str) -> None:
            self.problems.append(f"{place}, {column}: {what}")

        cells = columns.plain(values, complain) if is_mapping else values
        row = columns.read(place, cells, complain, self.remarks)
        if len(self.problems) == before:
            self.rows.append(row)
        for column, key, shown in (
            (UPN, row.key, row.user_principal_name),
            ("ObjectId", row.object_id, row.object_id),
            (CONFERENCE_ID, row.conference_id, str(row.conference_id)),
        ):
            if key and (first := self._seen[column].setdefault(key, place)) != place:
                complain(column, f"{quoted(shown)} stands in {first} already.")

    def demand_sound(self) -> None:
        """Raise `RosterError` when anything is wrong."""
        if self.problems:
            raise RosterError(self.name, self.problems)


def read_source(source: object) -> Roster | list[Item]:
    """The people of a source, or the bridges of an export of bridges.

    Raises `RosterError` for all that is wrong with it.
    """
    if isinstance(source, (bytes, Mapping)) or hasattr(source, "columns"):
        raise _no_source(source, _hint(source))
    file_format = format_of(source)
    read: Roster | list[Item]
    if file_format in (Format.JSON, Format.CLIXML):
        read = _read_export(read_export(source, file_format))  # type: ignore[arg-type]  # a path
    elif isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "readline"):
        read = _read_file(source)  # type: ignore[arg-type]  # by what it can do, not by its type
    elif isinstance(source, Iterable):
        read = _read_mappings(source)
    else:
        raise _no_source(source, "")
    if isinstance(read, Roster):
        read.demand_sound()
    return read


def _no_source(source: object, hint: str) -> InvalidArgumentError:
    kind = type(source).__name__
    return InvalidArgumentError(
        f"A {kind} is no roster. Give a path, an open text file or an iterable of mappings{hint}.",
        target=kind,
    )


def _hint(source: object) -> str:
    if isinstance(source, Mapping):
        return ": [row] for one row"
    if isinstance(source, bytes):
        return ": io.StringIO(source.decode()) for the text of a file"
    return ': frame.to_dict("records") for a DataFrame'


def _read_file(source: str | os.PathLike[str] | LineSource) -> Roster | list[Item]:
    table = open_table(source)
    if kind_of(table.header) is ExportKind.BRIDGES:
        return csv_items(table)
    roster = Roster(table.name)
    try:
        columns = Columns(table.header)
    except ValueError as error:
        raise RosterError(table.name, [f"The header: {error}"]) from None
    if columns.kind not in PEOPLE:
        raise RosterError(table.name, [_without_upn(columns)])
    roster.problems = table.problems  # one list, in the order of the lines
    for line, cells in table.rows():
        roster.add(f"line {line}", columns, cells, is_mapping=False)
    return roster


def _without_upn(columns: Columns) -> str:
    if columns.kind is not None:
        return (
            f"This looks like an export of {columns.kind.value}, which names no people. "
            "confid.import_tenant(folder) takes it, from a folder with other exports."
        )
    names = ", ".join(quoted(name) for name in columns.names[:NAMED])
    return f"The header has no {UPN}, which names the people; it begins with {names}."


def _read_export(export: Export) -> Roster | list[Item]:
    """The people, or bridges, in a file of objects."""
    if export.kind is ExportKind.BRIDGES:
        return export.items
    roster = Roster(str(export.path))
    if export.items and export.kind not in PEOPLE:
        raise RosterError(roster.name, [_without_upn(Columns(export.items[0].facts))])
    add_items(roster, [(item.place, item.facts) for item in export.items])
    return roster


def _read_mappings(source: Iterable[object]) -> Roster:
    roster = Roster("The roster")
    add_items(roster, ((f"item {number}", item) for number, item in enumerate(source, 1)))
    return roster


def add_items(roster: Roster, items: Iterable[tuple[str, object]]) -> None:
    """Take mappings into a roster, each with its place."""
    known: dict[tuple[object, ...], Columns] = {}
    for place, item in items:
        if not isinstance(item, Mapping):
            kind = type(item).__name__
            roster.problems.append(f"{place}: A {kind} is no mapping of columns to values.")
            continue
        names = tuple(item)
        try:
            columns = known.get(names) or known.setdefault(names, Columns(names))
        except ValueError as error:
            roster.problems.append(f"{place}: {error}")
            continue
        roster.add(place, columns, [item[name] for name in names], is_mapping=True)


def warnings(remarks: Remarks) -> Iterator[str]:
    """What is to be said of a roster that was taken over."""
    if remarks.saying_nothing:
        yield (
            f"{', '.join(remarks.saying_nothing)}: Export-Csv wrote the name of a type in place of "
            "a list, which says neither that there is a licence nor that there is none, so what "
            f"was on file stays. This exports the plans: {EXPORT}"
        )
    if remarks.by_sip_address:
        yield (
            "The export doesn't say the user principal names of people who are new here; they came "
            f"in under their SIP addresses: {some(remarks.by_sip_address)}. An export of "
            "Get-CsOnlineUser puts that right."
        )
    if remarks.elsewhere:
        yield (
            "People are on a bridge, or have a number, that this tenant has not, and got the "
            f"default one: {some(remarks.elsewhere)}. confid.import_tenant(folder) takes the "
            "bridges along."
        )
    if remarks.impossible_ids:
        yield (
            "A conference ID is 7 digits, 1000000 to 9999999; people came in without one where "
            f"the roster has another: {some(remarks.impossible_ids)}."
        )


def some(items: Sequence[str]) -> str:
    """The first of many, and how many more there are."""
    more = f"; and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return "; ".join(items[:NAMED]) + more
