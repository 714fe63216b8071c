"""Rosters as people have them: each file of `tests/data/rosters` gives what its README says."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, InvalidArgumentError, RosterError
from confid.roster import folder, import_tenant, import_users, remove_users
from confid.roster.columns import COLUMNS
from confid.roster.licences import Licences, known_licences
from confid.tenant import phone_number
from confid.tenant.records import LicenseState
from tests.powershell.test_odd_arguments import SHAPES
from tests.tenants import contents, enable, get, lines, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session

ROSTERS = Path(__file__).parents[1] / "data" / "rosters"
KIM = "kim@fabrikam.com"
KIMS_ID = "11111111-2222-4333-8444-555555555555"


def licence_names() -> list[tuple[str, bool | None]]:
    """Every name of a plan or product, as it is written, and whether it has the plan."""
    text = files("confid.roster").joinpath("licences.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(name, row[0] in ("plan", "product")) for row in rows for name in row[1:4] if name]


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty tenant."""
    with tenant() as opened:
        yield opened


def plan(name: str = "MCOMEETADV", status: str | None = "Enabled") -> dict[str, str | None]:
    """A plan as PowerShell's JSON has it."""
    return {"Capability": name, "CapabilityStatus": status}


def kim(**cells: Any) -> Any:
    """The person of a roster of one row."""
    (user,) = import_users([{"UserPrincipalName": KIM, **cells}])
    return user


def test_the_admin_center_export(session: Session) -> None:
    """Headings with blanks, licences by their portal names, everything joined with plus signs."""
    users = import_users(ROSTERS / "admin-center.csv")
    assert [user.mail for user in users] == [
        "aline.roux@contoso.fr",
        "paul.petit@contoso.fr",
        "old@contoso.fr",
    ]
    assert [user.license_state.name for user in users] == ["LICENSED", "LICENSED", "UNLICENSED"]
    assert {user.usage_location for user in users} == {"FR"}
    assert users[0].identity == "1c0a6b6e-52ef-4f2e-8a2d-0e1c5a3f0001"
    assert (users[0].display_name, users[0].city, users[0].country) == (
        "Aline Roux",
        "Lyon",
        "France",
    )
    (warning,) = lines(session)
    for name in ("Block credential", "First name", "Last name", "When created"):
        assert name in warning
        assert name in users.report.unused
    assert users.report.read["Display name"] == "display name"
    assert "Licenses: read as licences" in str(users.report)


@pytest.mark.parametrize("name", ["proxy-plus.csv", "proxy-comma.csv"])
def test_proxy_addresses_joined_by_anything(session: Session, name: str) -> None:
    """The primary one is behind SMTP: in capitals; a cell without one says nothing."""
    (user,) = import_users(ROSTERS / name)
    assert user.mail == "kim.lee@fabrikam.com"
    assert kim(ProxyAddresses="smtp:k@fabrikam.com+x500:/o=X").mail == "kim.lee@fabrikam.com"
    assert "no primary address" in lines(session)[-1]
    assert kim(ProxyAddresses="k@fabrikam.com").mail == "kim.lee@fabrikam.com"


@pytest.mark.parametrize(
    "name",
    ["plans-as-xml.json", "graph-users.json", "wrapped-by-5.1.json", "one-plan-unwrapped.json"],
)
@pytest.mark.usefixtures("session")
def test_plans_in_every_shape(name: str) -> None:
    """XML texts, GUIDs, a wrapped list, a list of one that became the one."""
    (user,) = import_users(ROSTERS / name)
    assert (user.user_principal_name, user.identity, user.is_licensed) == (KIM, KIMS_ID, True)
    assert "MCOMEETADV" in user.assigned_plan or "SPE_E5" in user.assigned_plan


def test_an_old_export_brings_its_conference_id(session: Session) -> None:
    """As imported and living."""
    import_users(ROSTERS / "plans-as-xml.json")
    (entry,) = contents(session)["ledger"]
    assert (entry.conference_id, entry.origin, entry.retired_at) == (3542699, "imported", None)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.usefixtures("session")
def test_graph_and_teams_name_one_person(order: int) -> None:
    """`Id` is the object ID."""
    first, second = ("get-mguser.csv", "get-csonlineuser.csv")[::order]
    (before,) = import_users(ROSTERS / first)
    (after,) = import_users(ROSTERS / second)
    assert before.owner == after.owner
    assert after.identity == KIMS_ID


def test_a_report_by_sip_address(session: Session) -> None:
    """People are found by it; the unknown ones are named in one sentence."""
    import_users([{"UserPrincipalName": "k@x.com", "SipAddress": KIM, "Licenses": "SPE_E5"}])
    with pytest.raises(RosterError) as refused:
        import_users(ROSTERS / "report-by-sip-address.csv")
    (problem,) = refused.value.problems
    assert "lee@fabrikam.com" in problem
    assert "kim@fabrikam.com" not in problem
    assert "remove" not in problem
    import_users([{"UserPrincipalName": "lee@fabrikam.com", "Licenses": "SPE_E5"}])
    users = import_users(ROSTERS / "report-by-sip-address.csv")
    assert [user.user_principal_name for user in users] == ["k@x.com", "lee@fabrikam.com"]
    assert sorted(user.conference_id for user in get(session=session)) == [3542699, 3542700]


def test_settings_beside_a_user_principal_name(session: Session) -> None:
    """They come in with a conference ID."""
    import_users(ROSTERS / "upn-and-settings.csv")
    (user,) = get(session=session)
    assert (user.conference_id, user.allow_toll_free_dial_in) == (3542699, False)
    assert user.allow_pstn_only_meetings is True
    assert "+14255550101" in lines(session)[-1]


def test_a_column_of_numbers_alone_is_not_used(session: Session) -> None:
    """A warning says so, and which cmdlet sets the numbers."""
    (user,) = import_users(ROSTERS / "new-numbers.csv")
    assert user.user_principal_name == "ken.myer@contoso.com"
    (warning,) = lines(session)
    assert "ServiceNumber" in warning
    assert "Set-CsOnlineDialInConferencingUser -ServiceNumber" in warning


def test_invisible_characters_are_refused_and_shown(session: Session) -> None:
    """They would make a second person of the same name."""
    with pytest.raises(RosterError) as refused:
        import_users(ROSTERS / "invisible-characters.csv", session=session)
    first, second = refused.value.problems
    assert r"\u200b" in first
    assert r"\u200e" in second


@pytest.mark.parametrize("name", ["blank-rows.csv", "sep-line.csv", "tabs.csv"])
@pytest.mark.usefixtures("session")
def test_csv_as_excel_leaves_it(name: str) -> None:
    """Blank rows, a line with the separator, tabs."""
    (user,) = import_users(ROSTERS / name)
    assert (user.user_principal_name, user.display_name) == (KIM, "Kim")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line", ["", "sep={}\r\n", '"sep={}"\n'])
@pytest.mark.usefixtures("session")
def test_every_delimiter_is_found(delimiter: str, line: str) -> None:
    """With and without Excel's line."""
    rows = [["UserPrincipalName", "DisplayName"], [KIM, "Kim"]]
    text = line.format(delimiter) + "\n".join(map(delimiter.join, rows))
    (user,) = import_users(io.StringIO(text))
    assert user.display_name == "Kim"


def test_a_backup_of_text_files(session: Session) -> None:
    """They are read as what they hold."""
    found = import_tenant(ROSTERS / "backup")
    assert [user.user_principal_name for user in found.users] == [KIM]
    assert [user.conference_id for user in get(session=session)] == [3542699]
    assert len(found.taken) == 2


@pytest.mark.parametrize("inner", ["", "backup/", "a\\b\\"])
def test_a_tenant_comes_from_a_zip_too(session: Session, tmp_path: Path, inner: str) -> None:
    """Whatever folders are in it; files that hold no export are named."""
    path = tmp_path / "backup.zip"
    with ZipFile(path, "w") as archive:
        for file in (ROSTERS / "backup").iterdir():
            archive.write(file, inner + file.name)
        archive.writestr(inner + "notes.txt", "Dear all,\nthis is, a, letter\n")
        archive.writestr(inner + "logo.png", b"x")
        archive.writestr(inner + "__MACOSX/logo.png", b"x")
        archive.writestr(inner + "nothing.csv", b"")
    found = import_tenant(path)
    assert [user.user_principal_name for user in found.users] == [KIM]
    assert set(found.left_out) == {"notes.txt", "logo.png", "nothing.csv"}
    assert found.folder == str(path)
    assert [user.conference_id for user in get(session=session)] == [3542699]


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_zip_is_refused(session: Session, tmp_path: Path, content: bytes) -> None:
    """And so is one that unpacks to more than is read of a file."""
    path = tmp_path / "backup.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidArgumentError, match="no ZIP archive"):
        import_tenant(path, session=session)


def test_an_archive_that_unpacks_to_too_much_is_refused(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is counted as it is unpacked, not believed."""
    path = tmp_path / "backup.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"x" * 5000)
        archive.writestr("b.csv", b"x" * 5000)
    monkeypatch.setattr(folder, "MOST_BYTES", 9000)
    with pytest.raises(InvalidArgumentError, match="more than 9,000 bytes"):
        import_tenant(path, session=session)


@pytest.mark.parametrize("content", ["[{}]", '[{"UserPrincipalName": "kim@fabrikam.com"}]'])
@pytest.mark.usefixtures("session")
def test_a_text_file_holds_what_it_holds(tmp_path: Path, content: str) -> None:
    """JSON or CSV."""
    path = tmp_path / "users.txt"
    path.write_text(content)
    if "Principal" in content:
        assert len(import_users(path)) == 1
    path.write_text("UserPrincipalName\nkim@fabrikam.com\n")
    assert len(import_users(path)) == 1


def test_a_deleted_account_is_left_out(session: Session) -> None:
    """It has no licence and gets no ID; the living one of its name comes in."""
    assert len(import_users(ROSTERS / "soft-deleted.csv")) == 0
    assert "gone@fabrikam.com" in lines(session)[-1]
    (user,) = import_users(ROSTERS / "deleted-and-made-again.csv")
    assert (user.identity, user.is_licensed) == (KIMS_ID[:-1] + "6", True)
    kim(ObjectId=user.identity, SoftDeletionTimestamp="1/10/2026 9:00")
    assert get(session=session) == []
    (user,) = import_users([{"ObjectId": user.identity, "City": "Ulm"}])
    assert (user.license_state, user.city) == (LicenseState.UNLICENSED, "Ulm")


@pytest.mark.parametrize("name", ["deleted-and-made-again.csv", "admin-center.csv"])
def test_a_folder_has_rosters_of_these_shapes_too(
    session: Session, tmp_path: Path, name: str
) -> None:
    """With deleted accounts, and with headings of the portal."""
    shutil.copy(ROSTERS / name, tmp_path)
    alone = import_users(ROSTERS / name)
    found = import_tenant(tmp_path)
    assert list(found.users) == list(alone)
    assert sum(user.is_licensed for user in found.users) == len(alone) - (name[0] == "a")
    assert len(contents(session)["user"]) == len(alone)


def test_what_excel_has_mangled(session: Session) -> None:
    """Where a number is lost it is refused, with a word on how to export again."""
    with pytest.raises(RosterError, match=r"ServiceNumber: .*Excel"):
        import_users(ROSTERS / "excel-mangled.csv", session=session)


@pytest.mark.parametrize(
    "cell",
    ["3,542,699", '="3542699"', "'3542699", "3542699.0", 3542699.0, "3542699,0", "3542699.00"],
)
def test_what_excel_has_wrapped_is_unwrapped(session: Session, cell: object) -> None:
    """Where there is one meaning."""
    kim(ConferenceId=cell, Licenses="SPE_E5", AllowTollFreeDialIn='="FALSCH"')
    (user,) = get(session=session)
    assert (user.conference_id, user.allow_toll_free_dial_in) == (3542699, False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04xx", "an Excel workbook or a ZIP archive"),
        (b"\xd0\xcf\x11\xe0xx", "an old Excel workbook"),
        (b"\x1f\x8b\x08xx", "a gzip archive"),
        (b'[{"UserPrincipalName": "kim@fabrikam.com"}]', "This is JSON"),
        (b"version:v1.0\r\nName [displayName] Required\r\n", "template for bulk operations"),
        (b"ClassId2e4f51ef21dd47e99d3c952918aff9cd,pageHeaderEntry\r\n1,2\r\n", "Format-Table"),
    ],
)
def test_what_is_no_roster_is_said_in_one_sentence(
    session: Session, tmp_path: Path, content: bytes, says: str
) -> None:
    """With what to do."""
    path = tmp_path / "users.csv"
    path.write_bytes(content)
    with pytest.raises(RosterError, match=says) as refused:
        import_users(path, session=session)
    assert len(refused.value.problems) == 1


def test_a_message_speaks_of_no_header_where_there_is_none(session: Session) -> None:
    """Objects have none."""
    with pytest.raises(RosterError) as refused:
        import_users([{"Name": "Kim"}], session=session)
    assert "header" not in str(refused.value)


# Licences.

YES = (
    *("MCOMEETADV", "mcomeetadv", "MCOEV MCOMEETADV", "MCOEV;MCOMEETADV", "MCOEV+MCOMEETADV"),
    *("contoso:MCOMEETADV", "contoso:SPE_E5", "Microsoft 365 E5", "MICROSOFT 365 E5+Other"),
    *("Enterprise Mobility + Security E3+Microsoft 365 E5", "Contoso Bundle,Office 365 E5"),
    *("3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40", "06EBC4EE-1BB5-47DD-8120-11324BC54E06"),
    '{"skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "disabledPlans": []}',
    '[{"skuPartNumber": "SPE_E5"}]',
    "@{Capability=MCOMEETADV; CapabilityStatus=Enabled}",
    *([plan()], [plan(status="Warning")], [plan(status=None)], plan(), {"value": [plan()]}),
    *("{MCOMEETADV, MCOEV}", "3e26ee1f8a5f4d52aee2b81ce45c8f40", {"value": plan(), "Count": 1}),
    "<Plan CapabilityStatus='Enabled'><Capability Plan='MCOMEETADV'/></Plan>",
    [
        {
            "skuPartNumber": "SPE_E3",
            "servicePlans": [
                {"servicePlanName": "MCOMEETADV", "provisioningStatus": "Success"},
                {"servicePlanName": "TEAMS1", "provisioningStatus": "Disabled"},
            ],
        }
    ],
    [{"servicePlanId": "3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40", "capabilityStatus": "Enabled"}],
)
NO = (
    *("SPE_E3", "Microsoft 365 E3", "MCOSTANDARD;MCOEV", "Unlicensed", "MCOEV MCOSTANDARD"),
    *("Enterprise Mobility + Security E3+Office 365 E3", [plan("MCOEV")], [plan(status="Deleted")]),
    "6fd2c87f-b296-42f0-b197-1e91e994b900",
    "Windows 365 Business 16 vCPU, 64 GB, 1 TB, SPE_E3",
    {"skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "disabledPlans": "{MCOEV, MCOMEETADV}"},
    [{"skuPartNumber": "SPE_E5", "servicePlans": [{"servicePlanName": "TEAMS1"}]}],
    [
        {
            "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
            "disabledPlans": ["3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40"],
        }
    ],
)
UNKNOWN: tuple[Any, ...] = (
    *("CONTOSO_BUNDLE", "Contoso Bundle", "SPE_E3;CONTOSO_BUNDLE", "Microsoft 365 E9", "{broken"),
    *("System.Object[]", "[[[", "<Plan", "11111111-2222-4333-8444-000000000000", [object()]),
    *([{"skuId": "11111111-2222-4333-8444-000000000000"}], [{}, {"x": 1}], 5, [[[]]]),
    *([plan(status="Elsewise")], "{MCOEV, TEAMS1...}", "{MCOEV, TEAMS1…}"),
    "Microsoft.Graph.PowerShell.Models.MicrosoftGraphAssignedLicense",
    [{"skuPartNumber": "SPE_E5", "servicePlans": [plan(status="PendingInput")]}],
)


@pytest.mark.parametrize("column", ["Licenses", "assignedLicenses", "License Skus"])
@pytest.mark.parametrize("start", list(LicenseState))
@pytest.mark.usefixtures("session")
def test_products_say_yes_no_or_nothing(column: str, start: LicenseState) -> None:
    """What isn't understood leaves the licence as it was; somebody new is unknown."""
    first = {
        LicenseState.LICENSED: {"Licenses": "SPE_E5"},
        LicenseState.UNLICENSED: {"Licenses": "SPE_E3"},
    }
    for number, cell in enumerate((*YES, *NO, *UNKNOWN)):
        name = upn(f"person{number}")
        import_users([{"UserPrincipalName": name, **first.get(start, {})}])
        (user,) = import_users([{"UserPrincipalName": name, column: cell}])
        expected = (
            LicenseState.LICENSED
            if number < len(YES)
            else LicenseState.UNLICENSED
            if number < len(YES) + len(NO)
            else start
        )
        assert user.license_state is expected, cell


@pytest.mark.usefixtures("session")
def test_a_list_of_plans_is_complete() -> None:
    """So one of other plans says no, be they known or not."""
    cell: Any
    for cell in ("MCOEV", "NEW_PLAN;MCOEV", [plan("NEW_PLAN")], [{"servicePlanId": KIMS_ID}]):
        kim(Licenses="SPE_E5")
        assert kim(AssignedPlan=cell).license_state is LicenseState.UNLICENSED, cell
    kim(Licenses="SPE_E5")
    for cell in ("", None, [], "System.Object[]", [object()], "N/A?", [{"x": 1}]):
        assert kim(AssignedPlans=cell).is_licensed, cell
    # What doesn't look like a plan, and what looks like one for audio conferencing, says nothing.
    for cell in ("Yes", "True", True, 0, [1, 2], "E5", "null", "MCOMEETADVV", "mcomeetadv_2"):
        assert kim(AssignedPlans=cell).is_licensed, cell


def test_products_that_the_list_lacks_can_be_named(session: Session) -> None:
    """And the warning says so."""
    source = [{"UserPrincipalName": KIM, "Licenses": "CONTOSO_BUNDLE"}]
    assert import_users(source)[0].license_state is LicenseState.UNKNOWN
    (warning,) = lines(session)
    assert "'CONTOSO_BUNDLE' (item 1)" in warning
    assert import_users(source, licences={"contoso_bundle"})[0].is_licensed


@pytest.mark.usefixtures("session")
def test_nothing_is_lost_by_what_could_not_be_read() -> None:
    """No licence, no ID, no migration, no address."""
    kim(Licenses="SPE_E5", Mail="k@x.com", ConferenceId=3542699)
    before = contents_of()
    cells: dict[str, Any]
    for cells in (
        {"Licenses": "Contoso Bundle", "ProxyAddresses": "smtp:a@x.com"},
        {"Licenses": "", "Mail": ""},
        {"AssignedPlan": "System.Object[]", "ProxyAddresses": "System.Object[]"},
        {"AssignedLicenses": [], "ProxyAddresses": []},
    ):
        kim(**cells)
        assert contents_of() == before


def contents_of() -> Any:
    """People, entries and migrations."""
    from confid.engine.session import current_session  # noqa: PLC0415 - the fixture's

    found = contents(current_session(None))
    return json.dumps(found, default=str, sort_keys=True)


def test_whoever_moves_from_e5_to_e3_loses_the_licence(session: Session) -> None:
    """It is known that it has none."""
    kim(Licenses="Microsoft 365 E5")
    issued = enable(KIM, notify=False).conference_id
    assert kim(Licenses="Microsoft 365 E3").license_state is LicenseState.UNLICENSED
    assert [user.conference_id for user in get(session=session)] == [issued]


def test_every_known_name_says_yes_or_no() -> None:
    """Some 570 products are known to have none."""
    known = known_licences()
    assert sum(bool(licence.plans) for licence in known.values()) > 100
    assert sum(not licence.plans for licence in known.values()) > 2000


NAMES = st.sampled_from([*licence_names(), ("Contoso Bundle", None), ("Unlicensed", False)])


@given(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(["+", ",", ";", "|", "\n", ", "]))
@example([("8330dae3-d349-44f7-9cad-1b23c64baabe", True), ("Talent: Attract", None)], ",")
@example([("SPE_E5", True), ("Dynamics 365 Talent: Attract", False)], "+")
def test_names_in_one_cell_are_told_apart(
    names: list[tuple[str, bool | None]], separator: str
) -> None:
    """Whatever joins them: one that has it says yes; else one that isn't known says nothing."""
    said = Licences().read(separator.join(name for name, _ in names), is_complete=False)
    answers = {answer for _, answer in names}
    assert said.licensed is (True if True in answers else None if None in answers else False)


# Columns.


@pytest.mark.usefixtures("session")
def test_headings_of_another_language_are_translated() -> None:
    """By the caller, in any spelling."""
    names = {"Benutzerprinzipalname": "UserPrincipalName", "Anzeigename": "display name"}
    rows = [{"Benutzerprinzipalname": KIM, "Anzeigename": "Kim"}]
    (user,) = import_users(rows, columns=names)
    assert user.display_name == "Kim"
    for wrong in ({"a": "UserPrincpalName"}, {"a": 5}, 5, "ab", {5: "Mail"}):
        with pytest.raises(InvalidArgumentError):
            import_users(rows, columns=wrong)  # type: ignore[arg-type]  # the point


def test_a_translation_of_no_heading_is_named(session: Session) -> None:
    """It was misspelt, or another file's, so its column would be lost in silence."""
    names = {"Anzeigename": "DisplayName", "Nom d'affichage": "DisplayName"}
    users = import_users([{"UserPrincipalName": KIM, "Nom d\u2019affichage": "Kim"}], columns=names)
    assert users[0].display_name == ""
    assert "no heading 'Anzeigename', \"Nom d'affichage\"" in lines(session)[-1]


@pytest.mark.parametrize("heading", ["UPN", "Username", "User name", "userPrincipalName"])
@pytest.mark.usefixtures("session")
def test_the_name_of_a_person_has_several_headings(heading: str) -> None:
    """As portals and people have them."""
    (user,) = import_users([{heading: KIM, "Email": "k@x.com", "Assigned Products": "SPE_E5"}])
    assert (user.user_principal_name, user.mail, user.is_licensed) == (KIM, "k@x.com", True)


@pytest.mark.parametrize(
    "name", ["kim@", "@x.com", "a@b@x.com", "kim lee@x.com", "a@x.com;b@x.com", "<kim@x.com>"]
)
def test_a_name_that_nobody_can_have_is_refused(session: Session, name: str) -> None:
    """It would make a second person beside the one who is meant."""
    with pytest.raises(RosterError, match="not one name and one domain"):
        kim(UserPrincipalName=name)
    assert not contents(session)["user"]


@pytest.mark.parametrize(
    ("when", "is_deleted"),
    [
        *(("2026-10-01", True), ("1.10.2026 09:00", True), ("True", True), ("WAHR", True)),
        *(("Never", False), ("N/A", False), ("False", False), ("0001-01-01", False), ("0", False)),
        *(("x", None), ("{}", None)),
    ],
)
@pytest.mark.parametrize("column", ["SoftDeletionTimestamp", "Is Deleted", "Deleted Date"])
@pytest.mark.usefixtures("session")
def test_an_account_is_deleted_where_the_cell_says_so(
    column: str, when: str, is_deleted: bool | None
) -> None:
    """What is neither a date nor a yes or no is refused."""
    rows = [{"UserPrincipalName": KIM, column: when}]
    if is_deleted is None:
        with pytest.raises(RosterError, match="neither"):
            import_users(rows)
    else:
        assert len(import_users(rows)) == (not is_deleted)


def test_a_misspelt_column_is_named(session: Session) -> None:
    """With the one that it looks like."""
    users = import_users([{"UserPrincipalName": KIM, "Departement": "IT", "Shoe size": "40"}])
    (warning,) = lines(session)
    assert "looks like Department" in warning
    assert set(users.report.unused) == {"Departement", "Shoe size"}
    kim(**{"Conferencing ID": "3542699", "Licences": "SPE_E5"})
    assert "looks like ConferenceId" in lines(session)[-1]
    assert kim(EmailAddresses="smtp:a@x.com SMTP:b@x.com").is_licensed
    assert kim().mail == "b@x.com"


@pytest.mark.parametrize(
    ("location", "read"), [("Germany", "DE"), ("XX", "XX"), ("D", "D"), ("united KINGDOM", "GB")]
)
def test_a_usage_location_that_is_no_code_is_warned_about(
    session: Session, location: str, read: str
) -> None:
    """It is read as the code of the country that it names."""
    assert kim(UsageLocation=location).usage_location == read
    assert f"'{location}' (item 1" in lines(session)[-1]
    for code in ("de", "GB", "AQ", "XK"):
        assert kim(UsageLocation=code).usage_location == code
    assert len(lines(session)) == 1


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+44 (0)20 7946 0019", "442079460019"),
        ("+49 (0) 30 23125001", "493023125001"),
        ("tel:+14255550100", "14255550100"),
        ("+39 06 1234 5678", "390612345678"),
        ("(425) 555-0199", None),
        ("+999 1234567", None),
        ("020 7946 0019", None),
    ],
)
def test_a_number_is_read_as_the_numbering_plan_reads_it(text: str, digits: str | None) -> None:
    """Or refused; never stored with the 0 inside."""
    if digits is None:
        with pytest.raises(InvalidArgumentError):
            phone_number.parse(text)
    else:
        assert phone_number.parse(text) == digits


JUNK = st.text("abcé +;,:{}[]<>\"'=@\u200b0159", max_size=12)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["Licenses", "AssignedLicenses"]), JUNK), max_size=3))
def test_whatever_a_cell_for_products_holds_nobody_loses_by_it(
    cells: list[tuple[str, str]],
) -> None:
    """Unless every item is known to have none."""
    known = known_licences()
    if any(word.casefold() in known for _, text in cells for word in text.split()):
        return
    with tenant():
        kim(Licenses="SPE_E5")
        assert kim(**dict(cells)).is_licensed


def test_the_page_lists_every_column() -> None:
    """So it can't be out of date."""
    page = (ROSTERS.parents[2] / "docs" / "reference" / "rosters.md").read_text(encoding="utf-8")
    for names in COLUMNS.values():
        for name in names:
            assert f"`{name}`" in page


# One tenant in every shape.

SAYS_YES = ("MCOMEETADV", "SPE_E5", "Microsoft 365 E5", "3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40")
SAYS_NO = ("SPE_E3", "Microsoft 365 E3", "MCOSTANDARD", "6fd2c87f-b296-42f0-b197-1e91e994b900")
HEADINGS = {
    "PowerShell": "UserPrincipalName ObjectId DisplayName Mail Licenses UsageLocation",
    "Graph": "userPrincipalName id displayName mail assignedLicenses usageLocation",
    "portal": "User_principal_name Object_Id Display_name Proxy_addresses Licenses Usage_location",
}
PERSON = st.fixed_dictionaries(
    {
        "name": st.text("abcäß李 ,;|\t\"'", max_size=8).map(str.strip),
        "licensed": st.booleans(),
        "licence": st.integers(0, 3),
        "location": st.sampled_from(["DE", "FR", ""]),
    }
)


def row_of(number: int, person: dict[str, Any], style: str) -> list[str]:
    """A person as a row, in the order of the headings."""
    mail = f"person{number}@contoso.com"
    names = SAYS_YES if person["licensed"] else SAYS_NO
    plus = "MCOEV;" if style == "PowerShell" else ""
    return [
        upn(f"person{number}"),
        f"00000000-0000-4000-8000-{number:012d}",
        person["name"].replace("\t", " "),
        f"smtp:x@contoso.com+SMTP:{mail}" if style == "portal" else mail,
        plus + names[person["licence"]],
        person["location"],
    ]


def as_csv(rows: list[list[str]], draw: Any) -> Any:
    """A file as Excel or PowerShell writes it."""
    delimiter = draw(st.sampled_from(",;\t|"))
    out = io.StringIO()
    if draw(st.booleans()):
        out.write(f"sep={delimiter}\r\n")
    writer = csv.writer(out, delimiter=delimiter, quoting=draw(st.sampled_from([0, 1])))
    blank = [[""] * len(rows[0])] * draw(st.integers(0, 2))
    writer.writerows([*rows, *blank])
    return io.StringIO(out.getvalue(), newline="")


@settings(max_examples=40, deadline=None)
@given(st.lists(PERSON, min_size=1, max_size=4), st.sampled_from(sorted(HEADINGS)), st.data())
def test_one_tenant_in_every_shape_is_the_same_people(
    people: list[dict[str, Any]], style: str, data: st.DataObject
) -> None:
    """Whatever the headings, the delimiters, the licences' names and the format."""
    header = [name.replace("_", " ") for name in HEADINGS[style].split()]
    rows = [row_of(number, person, style) for number, person in enumerate(people)]
    source: Any
    if data.draw(st.booleans()):
        source = as_csv([header, *rows], data.draw)
    else:
        source = [dict(zip(header, row, strict=True)) for row in rows]
    with tenant() as session:
        users = import_users(source)
        assert len(contents(session)["user"]) == len(people)
        for number, (user, person) in enumerate(zip(users, people, strict=True)):
            assert user.user_principal_name == upn(f"person{number}")
            assert user.identity == f"00000000-0000-4000-8000-{number:012d}"
            assert user.display_name == person["name"].replace("\t", " ").strip()
            assert user.mail == f"person{number}@contoso.com"
            assert user.is_licensed is person["licensed"]
            assert user.license_state is not LicenseState.UNKNOWN
            assert user.usage_location == (person["location"] or None)


CELLS = [name for names in COLUMNS.values() for name in names]


def test_arguments_and_cells_of_every_shape_are_taken_or_an_error_of_confid() -> None:
    """Whatever their type."""
    person = {"UserPrincipalName": KIM, "ConferenceId": "", "Licenses": "SPE_E3"}

    def tried() -> Iterator[Any]:
        for odd in SHAPES:
            yield lambda odd=odd: import_users(odd)
            yield lambda odd=odd: import_users([odd])
            yield lambda odd=odd: import_tenant(odd)
            yield lambda odd=odd: import_users([person], columns=odd)
            yield lambda odd=odd: import_users([person], licences=odd)
        for cell in CELLS:
            rows = [
                {**person, "UserPrincipalName": upn(f"a{number}"), cell: odd}
                for number, odd in enumerate(SHAPES)
            ]
            yield lambda rows=rows: import_users(rows)
            yield from (lambda row=row: import_users([row]) for row in rows[:: len(CELLS) // 6])

    with tenant():
        for call in tried():
            with suppress(ConfidError):
                call()


def test_somebody_is_not_found_by_the_sip_address_of_another(session: Session) -> None:
    """A user principal name is no SIP address, and an address of two people is nobody's."""
    (before,) = import_users([{"UserPrincipalName": KIM, "SipAddress": "k@x.com"}])
    with pytest.raises(RosterError, match="nobody with these"):
        import_users([{"SipAddress": KIM, "City": "Ulm"}], session=session)
    assert import_users([{"SipAddress": "K@x.com", "City": "Ulm"}])[0].owner == before.owner
    import_users([{"UserPrincipalName": upn("amy"), "SipAddress": "k@x.com"}])
    with pytest.raises(RosterError, match="Several people"):
        import_users([{"SipAddress": "k@x.com", "City": "Ulm"}], session=session)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_an_open_file_is_a_list_of_identities(session: Session, mark: str) -> None:
    """One a line; blank lines and a byte order mark are left out."""
    for name in ("amy", "ben"):
        import_users([{"UserPrincipalName": upn(name), "Licenses": "SPE_E5"}])
    text = f"{mark}{upn('amy')}\n\n  \n{upn('ben')}\n"
    enabled = enable(io.StringIO(text), notify=False)
    assert len(enabled) == 2
    assert len(remove_users(io.StringIO(text))) == 2
    assert get(session=session) == []
