"""PowerShell's manners over plain values: views, files, conversion, quoting, filters, lines.

An object is a record or a mapping of property names to values; nothing in here knows of
conferencing. Each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.powershell.formats.clixml import to_clixml as to_clixml
    from confid.powershell.formats.clixml_reader import from_clixml as from_clixml
    from confid.powershell.formats.csv_files import export_csv as export_csv
    from confid.powershell.formats.csv_text import csv_lines as csv_lines
    from confid.powershell.formats.csv_text import from_csv as from_csv
    from confid.powershell.formats.csv_text import import_csv as import_csv
    from confid.powershell.formats.csv_text import to_csv as to_csv
    from confid.powershell.formats.json_text import to_json as to_json
    from confid.powershell.formats.views import format_list as format_list
    from confid.powershell.formats.views import format_table as format_table
    from confid.powershell.formats.views import out_string as out_string
    from confid.powershell.language.conversion import convert as convert
    from confid.powershell.language.filters import where as where
    from confid.powershell.language.wildcard import like as like
    from confid.powershell.lines.pipeline import pipe as pipe
    from confid.powershell.lines.quoting import quote as quote
else:
    __getattr__, __dir__ = names_on_demand(__name__)
