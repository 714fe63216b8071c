"""PowerShell's manners over plain values: views, files, conversion, quoting, filters, lines.

An object is a record or a mapping of property names to values; nothing in here knows of
conferencing. Each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confid.powershell.clixml import to_clixml
    from confid.powershell.clixml_reading import from_clixml
    from confid.powershell.conversion import convert
    from confid.powershell.csv_files import export_csv
    from confid.powershell.csv_text import csv_lines, from_csv, import_csv, to_csv
    from confid.powershell.filters import where
    from confid.powershell.json_text import to_json
    from confid.powershell.quoting import quote
    from confid.powershell.tail import pipe
    from confid.powershell.views import format_list, format_table, out_string
    from confid.powershell.wildcard import like

__all__ = [
    "convert",
    "csv_lines",
    "export_csv",
    "format_list",
    "format_table",
    "from_clixml",
    "from_csv",
    "import_csv",
    "like",
    "out_string",
    "pipe",
    "quote",
    "to_clixml",
    "to_csv",
    "to_json",
    "where",
]

_MODULES = {
    "convert": "conversion",
    "csv_lines": "csv_text",
    "export_csv": "csv_files",
    "format_list": "views",
    "format_table": "views",
    "from_clixml": "clixml_reading",
    "from_csv": "csv_text",
    "import_csv": "csv_text",
    "like": "wildcard",
    "out_string": "views",
    "pipe": "tail",
    "quote": "quoting",
    "to_clixml": "clixml",
    "to_csv": "csv_text",
    "to_json": "json_text",
    "where": "filters",
}
"""In which module of this package a name is at home."""


def __getattr__(name: str) -> Any:
    if (module := _MODULES.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
