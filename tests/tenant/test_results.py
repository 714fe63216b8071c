"""Results print and export themselves as PowerShell does, in notebooks and data frames too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pandas as pd
import polars as pl
import pytest
from fastapi.encoders import jsonable_encoder
from IPython.core.formatters import DisplayFormatter
from IPython.lib.pretty import pretty

import confid
from confid.ids.conference_id import ConferenceId
from confid.ledger.audit import CheckReport
from confid.ledger.exports import MergeReport
from confid.mail.report import DeliveryReport
from confid.meetings.migration_runs import MigrationReport
from confid.powershell import from_clixml, import_csv, out_string, to_clixml, to_json
from confid.roster.report import RosterReport
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
    guid: UUID | None = prop("Guid", default=None)


@attrs.frozen(kw_only=True, str=False)
class Small(Record):
    """A record with so few properties that it is shown in a table."""

    name: str = prop("Name")
    share: float = prop("Share")


def echoed(value: object) -> str:
    """What IPython shows of a value."""
    return str(pretty(value))  # type: ignore[no-untyped-call]


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


@pytest.mark.parametrize("shown", [issued(2), issued(1)[0]], ids=["results", "record"])
def test_ipython_echoes_the_default_view(shown: object) -> None:
    """The echo of a record, and of several, is what `print` shows."""
    formats, _ = DisplayFormatter().format(shown)  # type: ignore[no-untyped-call]
    assert formats["text/plain"] == str(shown) == echoed(shown)


REPORTS = (
    CheckReport(problems=(), users=1, enabled=1, issued=1, living=1),
    DeliveryReport(sent=1),
    MergeReport(entered=2),
    MigrationReport(succeeded=3),
    RosterReport({"Mail": "mail"}),
)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_a_report_is_echoed_as_it_is_printed(report: object) -> None:
    """Also where attrs gives its class a repr."""
    assert echoed(report) == str(report)


def test_a_rehearsal_is_echoed_as_it_is_printed() -> None:
    """What the calls in it would do, not the place of the tenant."""
    with confid.demo() as session, confid.rehearse(session) as rehearsal:
        confid.cmdlets.set_cs_online_dial_in_conferencing_user(
            "ken.myer@contoso.com", reset_conference_id=True
        )
    assert echoed(rehearsal) == str(rehearsal)


@pytest.mark.parametrize(("count", "most"), [(5_000, 130), (1, 20)])
def test_an_echo_is_cut_with_a_count_and_print_is_not(count: int, most: int) -> None:
    """Thousands of records don't flood a terminal."""
    results = issued(count)
    text = echoed(results)
    assert len(text.splitlines()) < most
    assert ("5,000 records" in text) == (count == 5_000)
    assert len(str(results).splitlines()) > 5 * count


def test_a_table_in_a_notebook_begins_with_what_people_look_for() -> None:
    """Names, IDs and numbers come first; GUIDs and what doesn't fit are named below."""
    with confid.demo() as session:
        users = session.cmdlets.get_cs_online_dial_in_conferencing_user()
    head = re.findall(r"<th>(\w+)</th>", users._repr_html_())
    numbers = ["ServiceNumber", "DefaultTollNumber"]
    assert head == ["DisplayName", "ConferenceId", *numbers, "SipAddress"]
    assert "BridgeId, TenantId</p>" in users._repr_html_()
    one = re.findall(r"<tr><th>(\w+)</th><td>", users[0]._repr_html_())
    assert one[:2] == ["DisplayName", "ConferenceId"]
    assert one[-2:] == ["BridgeId", "TenantId"]
    assert set(one) == set(users[0])


def test_a_meeting_in_a_notebook_shows_its_invitation() -> None:
    """And whoever asks whose an ID is sees the meetings that show it."""
    with confid.demo(seed=1) as session:
        user = session.cmdlets.get_cs_online_dial_in_conferencing_user("ken.myer@contoso.com")
        found = confid.whois(user.conference_id)
    assert found
    html = found.meetings[0]._repr_html_()
    assert escape(found.meetings[0].invitation) in html
    assert "<td>Quarterly figures</td>" in found._repr_html_()


def test_a_record_in_a_record_is_a_table_in_a_notebook() -> None:
    """Alone too, such as a bridge's default number."""
    with confid.demo() as session:
        (bridge,) = session.cmdlets.get_cs_online_dial_in_conferencing_bridge()
    html = bridge._repr_html_()
    assert html.count("<tr><th>Number</th><td>14255550100</td></tr>") == 2
    assert "@{" not in html


def test_a_demo_begins_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody asked for its PINs."""
    with confid.demo() as session:
        assert capsys.readouterr() == ("", "")
        session.host.write_warning("From here on the host is the usual one.")
    assert capsys.readouterr() != ("", "")


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


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_data_frame_takes_results_as_they_are(frame: Any) -> None:
    """The columns are the properties; IDs are whole numbers, GUIDs are text."""
    records = [attrs.evolve(r, guid=UUID(int=n)) for n, r in enumerate(issued(2))]
    made = frame(Results([*records, Issued(name="none")]))
    assert list(made.columns) == list(records[0])
    assert list(made["ConferenceId"])[:2] == [3_542_699, 3_542_700]
    assert made["Guid"][1] == str(UUID(int=1))
    assert list(made["Numbers"][0]) == ["1", "2"]
    if frame is pl.DataFrame:
        assert made.schema["ConferenceId"] == pl.Int64
        assert made["ConferenceId"][2] is None
    else:
        assert not pd.api.types.is_float_dtype(made["ConferenceId"])
        assert pd.isna(made["ConferenceId"][2])


def test_a_record_is_a_mapping_by_its_powershell_names() -> None:
    """And a mapping that isn't a record is no identity."""
    record = issued(1)[0]
    assert isinstance(record, Mapping)
    assert dict(record) == dict(record.items())
    assert [*record, len(record)] == [*record.keys(), 6]
    assert record["ConferenceId"] == record.get("ConferenceId") == 3_542_699
    assert record.get("conference_id") is None
    assert "Name" in record
    with pytest.raises(KeyError):
        record["name"]
    with confid.demo() as session:
        reset = session.cmdlets.set_cs_online_dial_in_conferencing_user
        user = session.cmdlets.get_cs_online_user("ken.myer@contoso.com")
        assert reset(user, reset_conference_id=True).identity == user.identity
        with pytest.raises(confid.ConfidError, match="no identity"):
            reset(dict(user), reset_conference_id=True)


@pytest.mark.parametrize("names", ["powershell", "python"])
def test_plain_dicts_are_json(names: Any) -> None:
    """Dates and GUIDs are text, IDs numbers, and what stands within a record is plain too."""
    with confid.demo() as session:
        bridge = session.cmdlets.get_cs_online_dial_in_conferencing_bridge()
    for results in (issued(2), bridge):
        plain = results.to_dicts(names, plain=True)
        assert (
            json.loads(json.dumps(plain))
            == plain
            == [r.to_dict(names, plain=True) for r in results]
        )
        assert jsonable_encoder(plain) == plain
    assert issued(1)[0].to_dict("python", plain=True)["since"] == "2026-11-23T09:05:07+00:00"
    assert issued(1)[0].to_dict("python")["since"] == MOMENT
    with pytest.raises(confid.InvalidArgumentError):
        bridge[0].to_dict("ruby")  # type: ignore[arg-type]  # there is no such


def test_no_export_of_a_record_shows_its_new_pin() -> None:
    """`leader_pin` alone tells it."""
    with confid.demo() as session:
        reset = session.cmdlets.set_cs_online_dial_in_conferencing_user
        user = reset("ken.myer@contoso.com", reset_leader_pin=True)
    pin = user.leader_pin
    assert pin.isdigit()
    moved = attrs.evolve(user, bridge_name="Another")
    assert moved.leader_pin == pin
    exports: list[object] = [attrs.asdict(user), attrs.astuple(user), dict(user), user.to_dict()]
    exports += [user.to_dict("python", plain=True), user._repr_html_(), echoed(user), repr(user)]
    assert not [export for export in exports if pin in str(export)]


def test_settings_that_are_words_are_string_enumerations() -> None:
    """They come back as members, equal their texts, and are taken as arguments; views show text."""
    with confid.demo() as session:
        cmdlets: Any = session.cmdlets
        change = cmdlets.set_cs_online_dial_in_conferencing_tenant_settings
        settings = change(mask_pstn_numbers_type=confid.MaskedNumbers.NO_MASKING)
        settings = change(entry_exit_announcements_type="toneonly")
        assert settings.entry_exit_announcements_type is confid.EntryExitAnnouncements.TONE_ONLY
        assert settings.mask_pstn_numbers_type is confid.MaskedNumbers.NO_MASKING
        read = cmdlets.get_cs_online_dial_in_conferencing_tenant_settings()
        assert read == settings
    assert str(settings.entry_exit_announcements_type) == "ToneOnly"
    assert type(settings.to_dict()["EntryExitAnnouncementsType"]) is str
    assert '"NoMasking"' in to_json(settings)
    assert ": ToneOnly" in str(settings)


def test_clixml_files_are_read_back(tmp_path: Path) -> None:
    """`export_clixml` writes one object after the other, as a pipeline hands them on."""
    path = tmp_path / "issued.xml"
    issued(3).export_clixml(path)
    read = from_clixml(path.read_text(encoding="utf-8"))
    assert [each["ConferenceId"] for each in read] == [3_542_699, 3_542_700, 3_542_701]
    with pytest.raises(confid.InvalidArgumentError, match="exists"):
        issued(1).export_clixml(path, no_clobber=True)
    with confid.demo() as session:
        session.cmdlets.get_cs_online_user().export_clixml(path)
    with confid.connect() as fresh:
        assert len(confid.import_users(path, session=fresh)) == 6


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
