"""Results print and export themselves as PowerShell does, in notebooks and data frames too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import attrs
import pandas as pd
import pytest

from confid.ids.conference_id import ConferenceId
from confid.powershell import from_clixml, import_csv, out_string, to_clixml
from confid.tenant.records import Record, prop
from confid.tenant.results import Results

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)


class Kind(Enum):
    """Toll or not."""

    Toll = "Toll"


@attrs.frozen(kw_only=True, str=False)
class Issued(Record):
    """A record with every kind of value that confid's records have."""

    name: str = prop("Name")
    conference_id: ConferenceId | None = prop("ConferenceId", default=None)
    since: datetime | None = prop("Since", default=None)
    numbers: tuple[str, ...] = prop("Numbers", default=())
    kind: Kind = prop("Kind", default=Kind.Toll)


@attrs.frozen(kw_only=True, str=False)
class Small(Record):
    """A record with so few properties that it is shown in a table."""

    name: str = prop("Name")
    share: float = prop("Share")


def issued(count: int) -> Results[Issued]:
    """That many records."""
    return Results(
        Issued(
            name=f"<b>&\"{n}'",
            conference_id=ConferenceId(3_542_699 + n),
            since=MOMENT + timedelta(days=n),
            numbers=("1", "2"),
        )
        for n in range(count)
    )


class Printer:
    """What IPython hands to `_repr_pretty_`."""

    def __init__(self) -> None:
        self.shown = ""

    def text(self, text: str) -> None:
        """Take text."""
        self.shown += text


def test_a_notebook_shows_html_escaped() -> None:
    """No value is taken for markup."""
    html = issued(1)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;&quot;0&#x27;" in html


@pytest.mark.parametrize(
    "results", [issued(2), Results([Small(name="x", share=2 / 3)])], ids=["list", "table"]
)
def test_html_shows_the_values_of_the_default_view(results: Results[Any]) -> None:
    """Dates, lists and numbers read as in the list or the table that `str()` gives."""
    cells = results._repr_html_().split("<td>")[1:]
    for cell in cells:
        value = cell.partition("</td>")[0]
        plain = value.replace("&lt;b&gt;&amp;&quot;", '<b>&"').replace("&#x27;", "'")
        assert plain in out_string(results, width=200)


def test_html_is_cut_with_a_count() -> None:
    """Long results show their beginning and say how many rows there are."""
    html = issued(5000)._repr_html_()
    assert "5000 rows" in html
    assert html.count("<tr>") < 1000
    assert Results([])._repr_html_() == "<p>0 rows</p>"


def test_ipython_shows_the_default_view() -> None:
    """`_repr_pretty_` is `str()`."""
    printer = Printer()
    issued(2)._repr_pretty_(printer, cycle=False)
    assert printer.shown == str(issued(2))


@pytest.mark.parametrize("gap", [False, True])
def test_pandas_keeps_ids_whole_and_dates_dates(gap: bool) -> None:
    """IDs are Int64 and dates datetime64, with a gap too."""
    records = [*issued(2), *([Issued(name="none")] if gap else [])]
    frame = Results(records).to_pandas()
    assert frame["ConferenceId"].dtype == pd.Int64Dtype()
    assert frame["ConferenceId"][0] == 3_542_699
    assert isinstance(frame["Since"].dtype, pd.DatetimeTZDtype)
    assert frame["Since"][0] == pd.Timestamp(MOMENT)
    if gap:
        assert frame["ConferenceId"][2] is pd.NA
        assert frame["Since"][2] is pd.NaT


def test_export_csv_writes_what_to_csv_gives(tmp_path: Path) -> None:
    """The file holds the lines of `to_csv`, and goes through the options of Export-Csv."""
    path = tmp_path / "issued.csv"
    results = issued(3)
    results.export_csv(path)
    assert path.read_text(encoding="utf-8") == results.to_csv()
    results.export_csv(path, append=True)
    assert len(import_csv(path)) == 6
    Results([Small(name="=1+1", share=1.0)]).export_csv(path, escape_formulas=True, delimiter=";")
    assert path.read_text(encoding="utf-8").splitlines()[1] == '"\'=1+1";"1"'


def test_clixml_of_results_has_the_type_of_the_records() -> None:
    """Records are written under their PowerShell type and read back with their values."""
    text = to_clixml(issued(1))
    (read,) = from_clixml(text)
    assert read[0]["ConferenceId"] == 3_542_699
    assert read[0]["Since"] == MOMENT
    assert json.loads(issued(1).to_json())[0]["ConferenceId"] == 3_542_699
