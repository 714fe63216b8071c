"""The end of a line: objects as a list, a table, JSON, or a CSV file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from confid.errors import InvalidArgumentError, LineError
from confid.powershell.lines.stage_options import (
    Given,
    Option,
    as_count,
    as_text,
    as_texts,
    read_options,
)

if TYPE_CHECKING:
    from confid.powershell.lines.parser import CommandText

Output = Callable[[list[Any]], list[Any]]
"""Takes the objects; gives the text that they became, or nothing."""

_NO_TERMINAL: Final = (120, 24)


def _width() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415 - views are rare

    return max(2, get_terminal_size(_NO_TERMINAL).columns)


def _checked(command: CommandText, given: Given, refused: tuple[str, ...]) -> None:
    for name in refused:
        if name in given.values:
            raise LineError(
                command.line, command.position, f"-{name} isn't known here; do that in Python"
            )


def _format_list(command: CommandText) -> Output:
    given = read_options(command, "Format-List", (Option("Property", as_texts, place=0),))
    names = given.values.get("Property", ())

    def show(items: list[Any]) -> list[Any]:
        from confid.powershell.formats.views import format_list  # noqa: PLC0415 - few lines need it

        return [format_list(items, *names, width=_width())]

    return show


_TABLE: Final = (
    Option("Property", as_texts, place=0),
    Option("AutoSize"),
    Option("Wrap"),
    Option("HideTableHeaders"),
    Option("GroupBy", as_text),
)


def _format_table(command: CommandText) -> Output:
    given = read_options(command, "Format-Table", _TABLE)
    _checked(command, given, ("Wrap", "HideTableHeaders", "GroupBy"))
    names = given.values.get("Property", ())

    def show(items: list[Any]) -> list[Any]:
        from confid.powershell.formats.views import format_table  # noqa: PLC0415 - few lines need it

        size = given.switch("AutoSize")
        return [format_table(items, *names, width=_width(), auto_size=size)]

    return show


_JSON: Final = (
    Option("Depth", as_count),
    Option("Compress"),
    Option("EnumsAsStrings"),
    Option("AsArray"),
    Option("EscapeHandling", as_text),
)


def _keywords(given: Given, *names: str) -> dict[str, Any]:
    """The parameters of these names that are given, as arguments of the function in Python."""
    return {
        re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower(): given.values[name]
        for name in names
        if name in given.values
    }


def _convert_to_json(command: CommandText) -> Output:
    from confid.powershell.formats.json_text import to_json  # noqa: PLC0415 - few lines need it

    given = read_options(command, "ConvertTo-Json", _JSON)
    options = _keywords(given, *(option.name for option in _JSON))
    to_json([], **options)  # wrong options are told before anything is done

    def show(items: list[Any]) -> list[Any]:
        text = to_json(items, **options)
        return [text] if text else []

    return show


_CSV: Final = (
    Option("Path", as_text, ("FullName",), place=0),
    Option("LiteralPath", as_text, ("PSPath", "LP")),
    Option("Delimiter", as_text, place=1),
    Option("UseQuotes", as_text, ("UQ",)),
    Option("QuoteFields", as_texts, ("QF",)),
    Option("IncludeTypeInformation", None, ("ITI",)),
    Option("NoTypeInformation", None, ("NTI",)),
    Option("NoHeader"),
    Option("NoClobber", None, ("NoOverwrite",)),
    Option("Force"),
    Option("Encoding", as_text),
    Option("Append"),
    Option("UseCulture", None, ("UC",)),
)


def _export_csv(command: CommandText) -> Output:
    from confid.powershell.formats.csv_files import ENCODINGS, export_csv  # noqa: PLC0415 - few lines need it
    from confid.powershell.formats.csv_text import csv_lines  # noqa: PLC0415 - few lines need it
    from confid.powershell.language.values import choice  # noqa: PLC0415 - few lines need it

    given = read_options(command, "Export-Csv", _CSV)
    _checked(command, given, ("UseCulture",))
    values = given.values
    path = values.get("Path", values.get("LiteralPath"))
    if not path or {"Path", "LiteralPath"} <= values.keys():
        raise InvalidArgumentError(
            "Export-Csv: give one path.", error_id="CannotSpecifyPathAndLiteralPath"
        )
    options = _keywords(
        given, "Delimiter", "UseQuotes", "QuoteFields", "IncludeTypeInformation", "NoHeader"
    )
    path = path.replace("\\", "/")  # a separator too, in PowerShell on any system
    csv_lines([], **options)  # wrong options are told before anything is done
    choice("-Encoding", values.get("Encoding", "utf8NoBOM"), ENCODINGS)

    def write(items: list[Any]) -> list[Any]:
        how = _keywords(given, "Encoding", "Append", "NoClobber", "Force")
        export_csv(items, path, **how, **options)
        return []

    return write


OUTPUTS: Final[dict[str, tuple[str, Callable[[CommandText], Output]]]] = {
    **dict.fromkeys(("format-list", "fl"), ("Format-List", _format_list)),
    **dict.fromkeys(("format-table", "ft"), ("Format-Table", _format_table)),
    **dict.fromkeys(("export-csv", "epcsv"), ("Export-Csv", _export_csv)),
    "convertto-json": ("ConvertTo-Json", _convert_to_json),
}
"""What may end a line, by name and alias: its full name, and what reads its arguments."""
