"""Whole rosters: from a source to rows that are sound by themselves and beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confid.errors import InvalidArgumentError, RosterError, listed
from confid.roster.cells import quoted
from confid.roster.columns import CONFERENCE_ID, UPN
from confid.roster.exports import (
    PEOPLE,
    ExportKind,
    Format,
    Item,
    csv_items,
    format_of,
    heading,
    kind_of,
    read_export,
)
from confid.roster.files import open_table
from confid.roster.report import Remark, Remarks, RosterReport
from confid.roster.rows import Columns, Reading, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.roster.files import Table


class Roster:
    """The rows of a roster, checked by themselves and against one another.

    `problems` has what is wrong, each with its row, or with "" for the whole.
    """

    def __init__(self, name: str, reading: Reading) -> None:
        self.name = name
        self.reading: Reading = reading
        self.rows: list[Row] = []
        self.problems: list[tuple[str, str]] = []
        self.remarks: Remarks = Remarks()
        self.report: RosterReport = RosterReport()
        self._place = ""
        self._seen: dict[str, dict[object, str]] = {UPN: {}, "ObjectId": {}, CONFERENCE_ID: {}}

    def complain(self, place: str, what: str) -> None:
        """Note what is wrong with a row."""
        self.problems.append((place, f"{place}, {what}"))

    def columns_of(self, header: Iterable[object]) -> Columns:
        """The columns of a header, for rows of this roster."""
        columns = Columns(header, self.reading, self._complain_here, self.remarks)
        self.report = self.report.also(columns.report)
        return columns

    def _complain_here(self, column: str, what: str) -> None:
        self.complain(self._place, f"{column}: {what}")

    def add(self, place: str, columns: Columns, values: Sequence[Any], *, is_mapping: bool) -> None:
        """Take a row in, or note what is wrong with it."""
        before, self._place = len(self.problems), place
        row = columns.read(place, columns.plain(values) if is_mapping else values)
        if row.is_deleted and len(self.problems) == before:
            self.rows.append(row)
            return
        if self.reading.skips and len(self.problems) > before:
            return
        for column, key in (
            (UPN, row.key),
            ("ObjectId", row.object_id),
            (CONFERENCE_ID, row.conference_id),
        ):
            if key and (first := self._seen[column].setdefault(key, place)) != place:
                shown = row.user_principal_name if column == UPN else str(key)
                self._complain_here(column, f"{quoted(shown)} stands in {first} already.")
        if len(self.problems) == before:
            self.rows.append(row)

    def settle(self) -> None:
        """Let a blank cell for mail or licences say nothing where no row fills its column.

        Raises as `skip_bad_rows` does.
        """
        if self.skip_bad_rows():
            return
        filled = {column for row in self.rows for column in row.filled}
        for row in self.rows:
            for attributes, columns in row.blank:
                for attribute in attributes if columns.isdisjoint(filled) else ():
                    row.values.pop(attribute, None)

    def skip_bad_rows(self) -> bool:
        """Leave out the rows at fault, if the caller wants that; whether there were any.

        Raises `RosterError` when anything else is wrong.
        """
        if not self.problems:
            return False
        bad: dict[str, list[str]] = {}
        for place, sentence in self.problems:
            bad.setdefault(place, []).append(sentence)
        if not self.reading.skips or "" in bad:
            raise RosterError(self.name, [sentence for _, sentence in self.problems])
        self.rows = [row for row in self.rows if row.place not in bad]
        for place, sentences in bad.items():
            why = " ".join(sentence.removeprefix(place).lstrip(":, ") for sentence in sentences)
            self.report.skipped[place] = why
            self.remarks.note(Remark.SKIPPED, f"{place}, {why}".rstrip("."))
        self.problems.clear()
        self.settle()  # what they filled is filled no more
        return True

    def warnings(self) -> tuple[str, ...]:
        """What is to be said of a roster that was taken over."""
        for name, why in self.report.surprising.items():
            self.remarks.note(Remark.UNUSED, f"{quoted(name)}: {why}")
        there = set(map(heading, (*self.report.read, *self.report.unused)))
        for name in self.reading.translated if there else ():
            if heading(name) not in there:
                self.remarks.note(Remark.NO_HEADING, quoted(name))
        return tuple(self.remarks.warnings())


def read_source(source: object, reading: Reading) -> Roster | list[Item]:
    """The people of a source, or the bridges of an export of bridges.

    Raises `RosterError` for all that is wrong with it.
    """
    source = _rows_of_frame(source)
    if isinstance(source, (bytes, Mapping)) or hasattr(type(source), "columns"):
        raise _no_source(source)
    file_format = format_of(source)
    if file_format in (Format.JSON, Format.CLIXML):
        export = read_export(source, file_format, strict=not reading.skips)  # type: ignore[arg-type]  # a path
        if export.kind is ExportKind.BRIDGES:
            return read_export(export.path, file_format).items  # nothing of them is skipped
        roster = roster_of(str(export.path), export.items, reading)
        if export.next_page:
            roster.remarks.note(Remark.NEXT_PAGE, export.path.name)
    elif isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "readline"):
        table = open_table(source)  # type: ignore[arg-type]  # by what it can do
        if kind_of(table.header) is ExportKind.BRIDGES:
            return csv_items(table)
        roster = _of_table(table, reading)
    elif isinstance(source, Iterable):
        rows = (Item(f"item {number}", item) for number, item in enumerate(source, 1))
        roster = roster_of("The roster", rows, reading)
    else:
        raise _no_source(source)
    roster.settle()
    return roster


def _rows_of_frame(source: Any) -> object:
    """The rows of a data frame as mappings; anything else as it is.

    Frames of pandas, with a named index too, of polars, lazy ones too, and tables of pyarrow.
    """
    if not hasattr(type(source), "columns"):
        return source
    if hasattr(source, "collect"):
        source = source.collect()
    if hasattr(source, "reset_index"):
        frame = source.reset_index() if any(source.index.names) else source
        names = list(frame.columns)
        if len(set(names)) < len(names):
            raise RosterError("The data frame", ["A column stands twice."])
        return (dict(zip(names, row, strict=True)) for row in frame.itertuples(False, None))
    to_rows = getattr(source, "to_dicts", None) or getattr(source, "to_pylist", None)
    return to_rows() if to_rows else source


def _no_source(source: object) -> InvalidArgumentError:
    kind = type(source).__name__
    hint = ""
    if isinstance(source, Mapping):
        hint = ': [row] for one row, page["value"] for a page of Microsoft Graph'
    elif isinstance(source, bytes):
        hint = ": io.StringIO(source.decode()) for the text of a file"
    elif hasattr(type(source), "columns"):
        hint = ': frame.to_dict("records") for a DataFrame'
    return InvalidArgumentError(
        f"A {kind} is no roster. Give a path, an open text file or an iterable of mappings{hint}.",
        target=kind,
    )


def _of_table(table: Table, reading: Reading) -> Roster:
    roster = Roster(table.name, reading)
    if any("@" in name for name in table.header):
        raise RosterError(table.name, [_NO_HEADER])
    try:
        columns = roster.columns_of(table.header)
    except ValueError as error:
        raise RosterError(table.name, [f"The header: {error}"]) from None
    if columns.kind not in PEOPLE:
        raise RosterError(table.name, [_without_people(columns, "The header has")])
    roster.problems = table.problems  # one list, in the order of the lines
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
    names = listed([quoted(name) for name in columns.names])
    return (
        f"{it_has} no {UPN}, which names the people, nor their object IDs, SIP addresses or "
        f"aliases; the columns are {names}. columns={{…: {UPN!r}}} translates a heading."
    )


_NO_HEADER = (
    f"The first line names a person, so the file has no header; put {UPN} on a line of its own in "
    "front. A list of addresses goes to a cmdlet, as open(path)."
)
_FORMATTED = "classid2e4f51ef21dd47e99d3c952918aff9cd"


def roster_of(name: str, items: Iterable[Item], reading: Reading) -> Roster:
    """The roster of objects, each with its place."""
    roster = Roster(name, reading)
    known: dict[tuple[object, ...], Columns] = {}
    for place, facts in ((item.place, item.facts) for item in items):
        if not isinstance(facts, Mapping):
            text = f"{place}: A {type(facts).__name__} is no mapping of columns to values."
            roster.problems.append((place, text))
            continue
        names = tuple(facts)
        columns = known.get(names)
        if columns is None:
            try:
                columns = known[names] = roster.columns_of(names)
            except ValueError as error:
                roster.problems.append((place, f"{place}: {error}"))
                continue
        if columns.kind not in PEOPLE:
            roster.complain(place, f"{UPN}: {_without_people(columns, 'It has')}")
            continue
        roster.add(place, columns, [facts[name] for name in names], is_mapping=True)
    return roster
