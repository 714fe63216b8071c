"""Whole rosters: from a source to rows that are sound by themselves and beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confid.errors import InvalidArgumentError, RosterError
from confid.roster.cells import quoted
from confid.roster.columns import CONFERENCE_ID, PROXIES, UPN, RosterReport
from confid.roster.exports import (
    PEOPLE,
    ExportKind,
    Format,
    csv_items,
    format_of,
    heading,
    kind_of,
    read_export,
)
from confid.roster.files import open_table
from confid.roster.rows import Columns, Reading, Remarks, Row

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

    def __init__(self, name: str, reading: Reading | None = None) -> None:
        self.name = name
        self.reading = reading or Reading()
        self.rows: list[Row] = []
        self.problems: list[str] = []
        self.remarks = Remarks()
        self.report = RosterReport()
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
        if row.is_deleted:
            return
        for column, key, shown in (
            (UPN, row.key, row.user_principal_name),
            ("ObjectId", row.object_id, row.object_id),
            (CONFERENCE_ID, row.conference_id, str(row.conference_id)),
        ):
            if key and (first := self._seen[column].setdefault(key, place)) != place:
                complain(column, f"{quoted(shown)} stands in {first} already.")

    def settle(self) -> None:
        """Let a blank cell for mail or licences say nothing where no row fills the column.

        Raises `RosterError` when anything is wrong.
        """
        self.demand_sound()
        for row in self.rows:
            for what in row.blank - self.remarks.filled:
                for attribute in _FILLED_BY[what]:
                    row.values.pop(attribute, None)

    def demand_sound(self) -> None:
        """Raise `RosterError` when anything is wrong."""
        if self.problems:
            raise RosterError(self.name, self.problems)


_FILLED_BY = {"mail": ("mail",), "licences": ("assigned_plan", "license_state")}


def read_source(source: object, reading: Reading) -> Roster | list[Item]:
    """The people of a source, or the bridges of an export of bridges.

    Raises `RosterError` for all that is wrong with it.
    """
    source = _rows_of_frame(source)
    if isinstance(source, (bytes, Mapping)) or hasattr(source, "columns"):
        raise _no_source(source, _hint(source))
    file_format = format_of(source)
    read: Roster | list[Item]
    if file_format in (Format.JSON, Format.CLIXML):
        read = _read_export(read_export(source, file_format), reading)  # type: ignore[arg-type]  # a path
    elif isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "readline"):
        read = _read_file(source, reading)  # type: ignore[arg-type]  # by what it can do
    elif isinstance(source, Iterable):
        read = _read_mappings(source, reading)
    else:
        raise _no_source(source, "")
    if isinstance(read, Roster):
        read.settle()
    return read


def _rows_of_frame(source: Any) -> object:
    """The rows of a data frame of pandas or polars as mappings; anything else as it is."""
    if not hasattr(source, "columns"):
        return source
    if callable(getattr(source, "to_dicts", None)):
        return source.to_dicts()
    return source.to_dict("records") if callable(getattr(source, "to_dict", None)) else source


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


def _read_file(
    source: str | os.PathLike[str] | LineSource, reading: Reading
) -> Roster | list[Item]:
    table = open_table(source)
    if kind_of(table.header) is ExportKind.BRIDGES:
        return csv_items(table)
    roster = Roster(table.name, reading)
    try:
        columns = Columns(table.header, reading)
    except ValueError as error:
        raise RosterError(table.name, [f"The header: {error}"]) from None
    if columns.kind not in PEOPLE:
        raise RosterError(table.name, [_without_people(columns, "The header has")])
    roster.problems = table.problems  # one list, in the order of the lines
    roster.report = columns.report
    for line, cells in table.rows():
        roster.add(f"line {line}", columns, cells, is_mapping=False)
    return roster


def _without_people(columns: Columns, it_has: str) -> str:
    if columns.kind is not None:
        return (
            f"This looks like an export of {columns.kind.value}, which names no people. "
            "confid.import_tenant(folder) takes it, from a folder with other exports."
        )
    if _FORMATTED in map(heading, columns.names):
        return (
            "These are the objects that Format-Table or Format-List make for the screen. Export "
            "without them: Get-CsOnlineUser | Export-Csv users.csv."
        )
    names = ", ".join(quoted(name) for name in columns.names[:NAMED])
    return (
        f"{it_has} no {UPN}, which names the people, nor their object IDs or SIP addresses; the "
        f"columns begin with {names}. columns={{…: {UPN!r}}} translates a heading."
    )


_FORMATTED = "classid2e4f51ef21dd47e99d3c952918aff9cd"


def _read_export(export: Export, reading: Reading) -> Roster | list[Item]:
    """The people, or bridges, in a file of objects."""
    if export.kind is ExportKind.BRIDGES:
        return export.items
    roster = Roster(str(export.path), reading)
    add_items(roster, [(item.place, item.facts) for item in export.items])
    return roster


def _read_mappings(source: Iterable[object], reading: Reading) -> Roster:
    roster = Roster("The roster", reading)
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
        columns = known.get(names)
        if columns is None:
            try:
                columns = known[names] = Columns(names, roster.reading)
            except ValueError as error:
                roster.problems.append(f"{place}: {error}")
                continue
            roster.report = roster.report.also(columns.report)
        if columns.kind not in PEOPLE:
            roster.problems.append(f"{place}, {UPN}: {_without_people(columns, 'It has')}")
            continue
        roster.add(place, columns, [item[name] for name in names], is_mapping=True)


def warnings(roster: Roster) -> Iterator[str]:
    """What is to be said of a roster that was taken over."""
    remarks = roster.remarks
    if remarks.saying_nothing:
        yield (
            f"{', '.join(remarks.saying_nothing)}: Export-Csv wrote the name of a type in place of "
            "a list, which says neither that there is a licence nor that there is none, so what "
            f"was on file stays. This exports the plans: {EXPORT}"
        )
    if remarks.unknown_licences:
        named = [
            f"{quoted(name)} ({some(places, limit=3)})"
            for name, places in remarks.unknown_licences.items()
        ]
        yield (
            f"Licences that aren't known here say neither yes nor no, so what was on file stays: "
            f"{some(named)}. licences={{…}} names products that contain audio conferencing."
        )
    if remarks.without_primary:
        yield (
            f"{PROXIES}: There is no primary address (SMTP: in capitals), so the one on file "
            f"stays: {some(remarks.without_primary)}."
        )
    if remarks.locations:
        named = [f"{quoted(text)} ({place})" for text, place in remarks.locations.items()]
        yield (
            "UsageLocation is to be an ISO 3166 code of two letters, as DE for Germany: "
            f"{some(named)}."
        )
    if remarks.deleted:
        yield (
            "Deleted accounts (SoftDeletionTimestamp) have no licence and were left out: "
            f"{some(remarks.deleted)}."
        )
    if unused := roster.report.surprising:
        named = [f"{quoted(name)}: {why}" for name, why in unused.items()]
        yield f"Columns that were not used: {some(named)}."
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


def some(items: Sequence[str], *, limit: int = NAMED) -> str:
    """The first of many, and how many more there are."""
    more = f"; and {len(items) - limit} more" if len(items) > limit else ""
    return "; ".join(items[:limit]) + more
