"""Whole rosters: from a source to rows that are sound by themselves and beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confid.errors import InvalidArgumentError, RosterError
from confid.roster.cells import quoted
from confid.roster.files import opened
from confid.roster.rows import CONFERENCE_ID, UPN, Columns, Remarks, Row

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from confid.roster.files import TextFile

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


def read_roster(source: object) -> Roster:
    """The rows of a source. Raises `RosterError` for all that is wrong with them."""
    if isinstance(source, (bytes, Mapping)) or hasattr(source, "columns"):
        raise _no_source(source, _hint(source))
    if isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "readline"):
        roster = _read_file(source)  # type: ignore[arg-type]  # by what it can do, not by its type
    elif isinstance(source, Iterable):
        roster = _read_mappings(source)
    else:
        raise _no_source(source, "")
    roster.demand_sound()
    return roster


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


def _read_file(source: str | os.PathLike[str] | TextFile) -> Roster:
    with opened(source) as table:
        roster = Roster(table.name)
        try:
            columns = Columns(table.header)
        except ValueError as error:
            raise RosterError(table.name, [f"The header: {error}"]) from None
        if not columns.has_upn:
            raise RosterError(table.name, [_without_upn(columns)])
        roster.problems = table.problems  # one list, in the order of the lines
        for line, cells in table.rows():
            roster.add(f"line {line}", columns, cells, is_mapping=False)
    return roster


def _without_upn(columns: Columns) -> str:
    if columns.is_conferencing_export:
        return (
            f"The header has no {UPN}: this looks like an export of "
            "Get-CsOnlineDialInConferencingUser, which doesn't say who people are. Put it in a "
            "folder with the export of Get-CsOnlineUser, for confid.import_tenant(folder)."
        )
    names = ", ".join(quoted(name) for name in columns.names[:NAMED])
    return f"The header has no {UPN}, which names the people; it begins with {names}."


def _read_mappings(source: Iterable[object]) -> Roster:
    roster = Roster("The roster")
    known: dict[tuple[object, ...], Columns] = {}
    for number, item in enumerate(source, 1):
        if not isinstance(item, Mapping):
            kind = type(item).__name__
            roster.problems.append(f"item {number}: A {kind} is no mapping of columns to values.")
            continue
        names = tuple(item)
        try:
            columns = known.get(names) or known.setdefault(names, Columns(names))
        except ValueError as error:
            roster.problems.append(f"item {number}: {error}")
            continue
        roster.add(f"item {number}", columns, [item[name] for name in names], is_mapping=True)
    return roster


def warnings(remarks: Remarks) -> Iterator[str]:
    """What is to be said of a roster that was taken over."""
    if remarks.saying_nothing:
        yield (
            f"{', '.join(remarks.saying_nothing)}: Export-Csv wrote the name of a type in place of "
            "a list, which says neither that there is a licence nor that there is none, so what "
            f"was on file stays. This exports the plans: {EXPORT}"
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
