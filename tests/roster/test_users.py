"""Rosters: what comes in, what is refused, and that a refused one leaves no trace."""

from __future__ import annotations

import csv
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confid.errors import (
    AmbiguousIdentityError,
    ConfidError,
    InvalidArgumentError,
    NotConnectedError,
    NotFoundError,
    RosterError,
    SeveralErrors,
    StaticConferenceIdError,
    UserNotFoundError,
)
from confid.powershell.formats import text_files
from confid.powershell.formats.csv_text import from_csv
from confid.roster import cells, import_users, remove_users
from confid.roster.files import Table
from confid.start import connect
from confid.tenant.mail_address import checked
from confid.tenant.records import DirectoryUser, LicenseState
from tests.tenants import add, contents, disable, enable, get, lines, set_user, tenant, undone, upn
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.engine.session import Session
    from confid.tenant.results import Results

HERE = Path(__file__).parents[1]
EXPORTS = HERE / "data" / "tenant"
CONTOSO = HERE.parent / "docs" / "examples" / "contoso.csv"

GUID = "00001ef0-0001-4001-8007-00000001991{}"
ZOE = "zoe@contoso.com"


def row(name: str = ZOE, /, **cells: Any) -> dict[str, Any]:
    """A row of a roster."""
    return {"UserPrincipalName": name, **cells}


def one(**cells: Any) -> DirectoryUser:
    """The person that a roster of one row makes."""
    (user,) = import_users([row(**cells)])
    return user


def text_of(rows: Sequence[Sequence[str]], **options: Any) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, **options).writerows(rows)
    return out.getvalue()


def refused(source: Any, session: Session, error: type[ConfidError] = RosterError) -> Any:
    """The error of a roster; the tenant is as it was before."""
    before = contents(session)
    with pytest.raises(error) as raised:
        import_users(source, session=session)
    assert contents(session) == before
    return raised.value


def problems(source: Any, session: Session) -> tuple[str, ...]:
    """What is wrong with a roster."""
    found: tuple[str, ...] = refused(source, session).problems
    return found


def ledger(session: Session) -> list[tuple[int, str, bool]]:
    """The ledger: each ID, its origin, and whether it is living."""
    entries = contents(session)["ledger"]
    return [(e.conference_id, e.origin, e.retired_at is None) for e in entries]


def without_keys(users: Results[DirectoryUser]) -> list[DirectoryUser]:
    """People without what a tenant makes up for them."""
    return [attrs.evolve(user, owner="", identity="") for user in users]


# The exports of the real engine, and the example.


@pytest.mark.usefixtures("session")
def test_the_real_export_comes_in_whole() -> None:
    """24 people as Get-CsOnlineUser exports them, names in any script."""
    users = import_users(EXPORTS / "users.csv")
    assert len(users) == 24
    second = users[1]
    assert second.identity == "00001ef0-0001-4001-8007-000000019919"
    assert (second.display_name, second.department) == ("Zoë 李", "Human, Resources")
    assert second.on_premises_sam_account_name == "user1"
    assert (second.mail, second.sip_address) == ("user1@contoso.com", "sip:user1@contoso.com")
    assert get([]) == []


def test_the_export_of_windows_powershell_says_the_same(session: Session) -> None:
    """UTF-16, `;` and a `#TYPE` line change nothing; taken over again, nothing is written."""
    users = import_users(EXPORTS / "users.csv")
    before = contents(session)
    assert import_users(EXPORTS / "users.unicode.csv") == users
    assert contents(session) == before


def test_a_list_that_is_the_name_of_its_type_says_nothing_of_a_licence(fresh: Session) -> None:
    """The cell is neither a licence nor none, and one warning says how to export it right."""
    users = import_users(EXPORTS / "users.csv")
    assert {user.license_state for user in users} == {LicenseState.UNKNOWN}
    (warning,) = lines(fresh)
    assert "AssignedPlan" in warning
    assert "Export-Csv users.csv -NoTypeInformation" in warning
    assert "Where-Object CapabilityStatus -eq 'Enabled'" in warning


def test_the_example_is_a_roster_without_a_flaw(fresh: Session) -> None:
    """44 people, one of another provider, one with an ID, one without a mail address."""
    users = import_users(CONTOSO)
    assert len(users) == 44
    assert lines(fresh) == []
    assert sum(user.department == "Finance" for user in users) == 8
    assert sum(user.has_other_provider for user in users) == 1
    assert [user.user_principal_name for user in users if user.mail is None] == [
        "aroha.ngata@contoso.com"
    ]
    assert [user.conference_id for user in get()] == [3542699]
    ready = [user for user in users if user.is_licensed and not user.has_other_provider]
    assert len(enable(ready, notify=False)) == len(ready) > 30


# Files.


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("type_line", ["", "#TYPE Selected.System.Management.Automation.X"])
def test_encoding_delimiter_and_line_ends_make_no_difference(
    tmp_path: Path, encoding: str, delimiter: str, newline: str, type_line: str
) -> None:
    """Whatever Export-Csv writes in any of its editions is read."""
    rows = [["UserPrincipalName", "Title"], [ZOE, "One,\ntwo; three"], [upn("amy"), "李"]]
    text = text_of(rows, delimiter=delimiter, lineterminator=newline)
    text = f"{type_line}{newline}{text}" if type_line else text
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = tmp_path / "roster.csv"
    path.write_bytes((mark + text).encode(encoding))
    assert [user.title for user in import_users(path)] == ["One,\ntwo; three", "李"]
    assert [user.title for user in import_users(str(path))] == ["One,\ntwo; three", "李"]


@pytest.mark.usefixtures("fresh")
def test_a_delimiter_in_the_quotes_of_the_header_does_not_count() -> None:
    """The header decides between `,` and `;` by what stands outside of its quotes."""
    users = import_users(io.StringIO(f'"a;b;c;d",UserPrincipalName,Title\nx,{ZOE},Chef\n'))
    assert users[0].title == "Chef"


@pytest.mark.usefixtures("fresh")
def test_columns_go_by_name_in_any_casing_and_order() -> None:
    """Extra columns and blank lines are passed over."""
    text = f"title,Shoe Size,USERPRINCIPALNAME\r\n\r\nChef,44,{ZOE}\r\n\r\n"
    assert import_users(io.StringIO(text, newline=""))[0].title == "Chef"


@pytest.mark.usefixtures("fresh")
def test_an_open_file_stays_open_and_a_path_is_closed(tmp_path: Path) -> None:
    """Whoever opened a file closes it; that the other is closed, the warnings filter sees."""
    path = tmp_path / "roster.csv"
    path.write_text(f"\ufeffUserPrincipalName\n{ZOE}\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        assert len(import_users(file)) == 1
        assert not file.closed
    assert len(import_users(path)) == 1


@pytest.mark.usefixtures("fresh")
def test_a_source_is_read_once() -> None:
    """So a generator is as good as a list."""
    assert len(import_users(row(upn(name)) for name in ("amy", "ben"))) == 2


@pytest.mark.parametrize("ending", ["csv", "json", "xml"])
def test_only_regular_files_of_a_bounded_size_are_read(
    fresh: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """A pipe or a device would be waited for; a huge file would fill the memory."""
    path = tmp_path / f"roster.{ending}"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        assert "a named pipe, not a regular" in str(refused(path, fresh, InvalidArgumentError))
        path.unlink()
        device = tmp_path / f"device.{ending}"
        device.symlink_to("/dev/zero")
        assert "a device, not a regular" in str(refused(device, fresh, InvalidArgumentError))
    monkeypatch.setattr(text_files, "MOST_BYTES", 1000)
    path.write_bytes(b"U" * 1001)
    error = refused(path, fresh, InvalidArgumentError)
    assert str(path) in str(error)
    assert "1,001 bytes" in str(error)
    assert "at most 1,000" in str(error)


DAMAGED = {
    "nothing": (b"", "empty"),
    "a mark alone": (b"\xef\xbb\xbf", "empty"),
    "a type line alone": (b"#TYPE X\r\n", "empty"),
    "no user principal name": (b"Name,Mail\na,b\n", "no UserPrincipalName"),
    "a column twice": (b"UserPrincipalName,Mail,MAIL\n", "'MAIL' stands twice"),
    "an open quote": (
        b'UserPrincipalName,Title\na@x.com,"Che',
        "line 2: The row is damaged: a quote is opened and never closed",
    ),
    "an open quote in the header": (
        b'"UserPrincipalName',
        "line 1: The row is damaged: a quote is",
    ),
    "text behind a quote": (
        b'UserPrincipalName\n"a"@x.com\n',
        "line 2: The row is damaged: text stands behind",
    ),
    "too few cells": (b"UserPrincipalName,Title\n\na@x.com", "line 3: It has 1 cells"),
    "too many cells": (b"UserPrincipalName\na@x.com,b\n", "line 2: It has 2 cells"),
    "a NUL": (b"UserPrincipalName,x\na@x.com,\0\n", "line 2: There is a NUL"),
    "UTF-16 without a mark": ("UserPrincipalName\n".encode("utf-16-le"), "UTF-16"),
    "Latin-1": (b"UserPrincipalName,x\na@x.com,y\nb@x.com,\xe9\n", "line 3: Its bytes are no text"),
    "half of UTF-16": (b"\xff\xfeU\0s\0\0\xd8\n\0", "line 1"),
    "an odd byte of UTF-16": ("\ufeffUserPrincipalName\n".encode("utf-16-le") + b"a", "line 2"),
    "a cell of 10 MB": (b"UserPrincipalName\n" + b"x" * 10_000_000, "line 2: A cell is longer"),
    "a cell of many lines": (b'UserPrincipalName\n"' + b"x\n" * 5_000_000 + b'"\n', "longer than"),
    "a long cell": (
        b"UserPrincipalName\n" + b"x" * 200_000,
        "line 2: A cell is longer than 131,072",
    ),
}


@pytest.mark.parametrize(("content", "says"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused_with_the_line(
    tmp_path: Path, fresh: Session, content: bytes, says: str
) -> None:
    """It was cut off, or it isn't what it seems: nothing of it comes in."""
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    error = refused(path, fresh)
    assert says in str(error)
    assert str(path) in str(error)
    assert len(str(error)) < 1000


@pytest.mark.usefixtures("fresh")
def test_a_header_alone_is_a_roster_of_nobody() -> None:
    """Results without rows; so is an iterable without items."""
    assert import_users(io.StringIO("UserPrincipalName\n")) == []
    assert import_users([]) == []


@settings(deadline=None)
@given(st.text(st.sampled_from('ab,," \r\n')))
@example('"a" b,c')
@example('a,"b')
@example("a,")
@example('"a,b","c"')
@example('"a""","c"\n')
def test_a_file_is_read_as_import_csv_and_python_read_it_or_refused(text: str) -> None:
    """What the one reader reads over is refused here; cells of blanks are blank."""
    table = Table("roster", f"A,B\n{text}")
    rows = [[cell.strip() for cell in cells] for _, cells in table.rows()]
    if table.problems:
        return
    lenient = [[cell or "" for cell in row.values()] for row in from_csv(f"A,B\n{text}")]
    strict = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    readings = [lenient]
    with suppress(csv.Error):
        readings.append([row[:2] for row in strict])
    for reading in readings:
        stripped = [[cell.strip() for cell in row] for row in reading]
        assert rows == [row for row in stripped if any(row)]


def test_what_is_no_roster_is_refused_with_a_hint(tmp_path: Path, fresh: Session) -> None:
    """A missing file, a folder, a text, bytes, a binary file, one mapping, a DataFrame."""
    frame = type("DataFrame", (), {"columns": ()})()
    assert "no file" in str(refused(tmp_path / "gone.csv", fresh, NotFoundError))
    for source, hint in (
        (tmp_path, "import_tenant"),
        ("UserPrincipalName\nken\n", "io.StringIO"),
        ("x" * 5000, "can't be read"),
        ("a\0b", "can't be read"),
        (b"UserPrincipalName\n", "io.StringIO"),
        (io.BytesIO(b"UserPrincipalName\n"), "text file"),
        (row(), "[row]"),
        (frame, "to_dict"),
        (7, "int is no roster"),
        (None, "NoneType"),
    ):
        assert hint in str(refused(source, fresh, InvalidArgumentError))
    closed = io.StringIO()
    closed.close()
    assert "closed" in str(refused(closed, fresh, InvalidArgumentError))


def test_items_that_are_no_mappings_are_named(fresh: Session) -> None:
    """By their number, along with whatever else is wrong."""
    found = problems([row(), "ken", row(upn("amy"), MAIL="a@x.com", mail="b@x.com"), {}], fresh)
    assert [problem.partition(":")[0] for problem in found] == [
        "item 2",
        "item 3",
        "item 4, UserPrincipalName",
    ]


# Cells.


def test_every_row_and_column_at_fault_is_named_and_no_cell_is_quoted_at_length(
    fresh: Session,
) -> None:
    """One error for all of them, with lines as an editor counts them."""
    text = text_of(
        [
            ["UserPrincipalName", "DisplayName", "ObjectId", "Mail", "SipAddress"],
            [upn("good"), "Two\nlines"[:3], "", "", ""],
            ["", "Ken", "42", "", "sip:ken"],
            [upn("amy"), "Amy\r\nBcc: x", "", "m" * 1000, ""],
            ["\x07@x.com", "D" * 1000, "", "ken@", "a b@c"],
            ["ken" * 100, "", "", "", ""],
        ]
    )
    found = problems(io.StringIO(text, newline=""), fresh)
    assert [problem.partition(":")[0] for problem in found] == [
        "line 3, UserPrincipalName",
        "line 3, ObjectId",
        "line 3, SipAddress",
        "line 4, DisplayName",
        "line 4, Mail",
        "line 6, DisplayName",
        "line 6, UserPrincipalName",
        "line 6, SipAddress",
        "line 6, Mail",
        "line 7, UserPrincipalName",
    ]
    assert all(len(problem) < 150 for problem in found)
    assert all(problem.isprintable() for problem in found)


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\x1b", "\x85", "\u2028", "\0", "\ud800", "\x7f"]
)
@pytest.mark.parametrize("column", ["DisplayName", "UserPrincipalName", "Groups", "SamAccountName"])
def test_what_names_somebody_is_one_line_without_control_characters(
    fresh: Session, character: str, column: str
) -> None:
    """A line break in a name could forge a header of a message."""
    cells = {**row(), column: f"a{character}b@x.com"}
    assert problems([cells], fresh)[0].startswith(f"item 1, {column}:")


@pytest.mark.usefixtures("fresh")
def test_names_in_any_script_come_in_as_they_are() -> None:
    """Joiners and direction marks, which some scripts need, are no control characters."""
    for name in ("\u0645\u06cc\u200c\u062e", "क्\u200dष", "\u200fדנ", "Jean\u00a0Luc", "👩\u200d🚀"):
        assert one(DisplayName=f" {name} ").display_name == name


@pytest.mark.parametrize("name", ["ken", "sip:ken@x.com", "x\\ken@x.com"])
def test_a_user_principal_name_is_one_that_can_be_asked_for(fresh: Session, name: str) -> None:
    """It has an @, and doesn't read as another kind of identity."""
    assert problems([row(name)], fresh)


def test_object_ids_are_guids_under_any_of_their_names(fresh: Session) -> None:
    """Stored in lower case without braces; two different ones in a row are an error."""
    for name in ("ObjectId", "Identity", "ExternalDirectoryObjectId"):
        user = one(**{name: "{" + GUID.format("a").upper() + "}"})
        assert user.identity == GUID.format("a")
        remove_users(ZOE)
    assert problems([row(ObjectId=GUID.format(1), Identity=GUID.format(2))], fresh)
    assert problems([row(Identity="Ken Myer")], fresh)
    assert problems([row(ObjectId="CN=Ken,DC=x")], fresh)


@pytest.mark.usefixtures("fresh")
def test_an_identity_that_is_a_distinguished_name_counts_as_one() -> None:
    """As exports of 2019 have it."""
    user = one(Identity="CN=Ken,OU=x,DC=contoso", ObjectId=GUID.format(3))
    assert user.distinguished_name == "CN=Ken,OU=x,DC=contoso"
    assert user.identity == GUID.format(3)
    assert one(Identity="").distinguished_name == "CN=Ken,OU=x,DC=contoso"
    assert one(DistinguishedName="").distinguished_name is None


def test_a_mail_address_is_the_first_of_its_columns_that_has_one(fresh: Session) -> None:
    """Of the proxy addresses it is the primary one, marked with capitals."""
    assert one(Mail="", WindowsEmailAddress="w@X.com").mail == "w@x.com"
    assert one(PrimarySmtpAddress="p@x.com", WindowsEmailAddress="w@x.com").mail == "p@x.com"
    assert one(ProxyAddresses="smtp:a@x.com; SMTP:b@x.com;sip:c@x.com").mail == "b@x.com"
    assert one(ProxyAddresses=["smtp:a@x.com", "SMTP:c@x.com"]).mail == "c@x.com"
    assert one(ProxyAddresses="System.Object[]").mail == "c@x.com"
    assert one(ProxyAddresses="smtp:a@x.com").mail == "c@x.com"
    assert problems([row(ProxyAddresses="SMTP:nobody")], fresh)


@given(st.from_regex(r"\A[A-Za-z0-9._+-]{1,12}@[A-Za-z0-9.-]{1,12}\.(com|test)\Z"))
def test_the_short_way_to_check_an_address_says_what_the_library_says(address: str) -> None:
    """Plain addresses pass without the library; none passes, or reads, otherwise."""
    complaints: list[str] = []
    found = cells.checked_mail("Mail", address, lambda _, what: complaints.append(what))
    try:
        expected: str | None = checked(address, parameter="Mail")
    except InvalidArgumentError:
        expected = None
    assert found == expected
    assert bool(complaints) == (expected is None)


@pytest.mark.usefixtures("fresh")
def test_a_sip_address_is_kept_with_its_scheme() -> None:
    """Given with or without `sip:`."""
    assert one(SipAddress="ken@x.com").sip_address == "sip:ken@x.com"
    assert one(SipAddress="SIP:Ken@x.com").sip_address == "sip:Ken@x.com"
    assert one(SipAddress="").sip_address is None


@pytest.mark.usefixtures("fresh")
def test_a_logon_is_an_account_and_its_domain() -> None:
    """In two columns, or in one with a backslash."""

    def logon(**cells: str) -> tuple[str | None, str | None]:
        user = one(**cells)
        return user.on_premises_domain_name, user.on_premises_sam_account_name

    assert logon(OnPremSamAccountName="CONTOSO\\ken") == ("CONTOSO", "ken")
    assert logon(SamAccountName="amy") == ("CONTOSO", "amy")
    assert logon(OnPremisesSamAccountName="ben", OnPremisesDomainName="X") == ("X", "ben")
    assert logon(OnPremisesSamAccountName="", OnPremisesDomainName="") == (None, None)


@pytest.mark.usefixtures("fresh")
def test_groups_stand_between_semicolons() -> None:
    """Or in a list; a name that repeats counts once."""
    assert one(Groups="Sales; EMEA, North;;Sales").groups == ("Sales", "EMEA, North")
    assert one(Groups=("A", "B")).groups == ("A", "B")
    assert one(Groups="").groups == ()


def test_values_as_data_frames_have_them_are_blank_or_text(fresh: Session) -> None:
    """NaN and None are blank, whole numbers are digits; a list is no text."""
    user = one(Title=float("nan"), City=None, Department=12, ConferenceId=3542699.0)
    assert (user.title, user.city, user.department) == (None, None, "12")
    assert [user.conference_id for user in get()] == [3542699]
    assert problems([row(Title=["x"])], fresh) == ("item 1, Title: A list is no text.",)
    assert problems([row(Title="x" * 10_000_000)], fresh)
    assert problems([row(Title="a\0")], fresh)
    assert one(Extra=object(), **{"": "\0"}).user_principal_name == ZOE


# Licences and providers.


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("cell", "licensed"),
    [
        ("MCOMEETADV", True),
        ("mcomeetadv", True),
        ("MCOEV;MCOMEETADV", True),
        ("MCOEV, contoso:McoMeetAdv", True),
        ("MCOEV MCOMEETADV", True),
        ("contoso:ENTERPRISEPREMIUM", True),
        ("spe_e5", True),
        ("ENTERPRISEPREMIUM_NOPSTNCONF", False),
        ("MCOMEETADV_GOV2", False),
        ("MCOEV", False),
        ("", False),
        (["MCOEV", "MCOMEETADV"], True),
        ([{"Capability": "MCOMEETADV", "CapabilityStatus": "Enabled"}], True),
        ([{"capability": "MCOMEETADV", "capabilitystatus": "enabled"}], True),
        ([{"Capability": "MCOMEETADV", "CapabilityStatus": "Deleted"}], False),
        ([{"Capability": "MCOMEETADV", "CapabilityStatus": "Suspended"}], False),
        ([], False),
    ],
)
@pytest.mark.parametrize("column", ["Licenses", "ASSIGNEDLICENSES", "AssignedPlan"])
def test_a_licence_is_the_plan_or_a_bundle_that_contains_it(
    column: str, cell: object, licensed: bool
) -> None:
    """In any of the columns, casings and separators, and of objects only those enabled."""
    assert one(**{column: cell}).is_licensed is licensed


@pytest.mark.parametrize(
    "cell",
    ["System.Object[]", "System.Collections.Generic.List`1[System.Object]", "System.String[]"],
)
def test_a_list_without_its_items_leaves_the_licence_on_file(fresh: Session, cell: str) -> None:
    """A column that says nothing is as good as absent, also beside an empty one."""
    one(AssignedPlan="MCOMEETADV")
    assert one(AssignedPlan=cell).is_licensed
    assert one(AssignedPlan=cell, Licenses="").is_licensed
    assert len(lines(fresh)) == 2


@pytest.mark.usefixtures("session")
def test_an_absent_column_leaves_what_is_on_file_and_an_empty_cell_clears_it() -> None:
    """For every column; one for mail or licences only where another row fills the column."""
    facts = {
        "DisplayName": "Zoë",
        "SipAddress": "sip:z@x.com",
        "Mail": "z@x.com",
        "UsageLocation": "CH",
        "Country": "Switzerland",
        "City": "Zürich",
        "Department": "IT",
        "Title": "Chef",
        "Groups": "A;B",
        "PreferredLanguage": "de-CH",
        "DistinguishedName": "CN=z",
        "OnPremisesSamAccountName": "zoe",
        "OnPremisesDomainName": "CONTOSO",
        "Licenses": "MCOMEETADV",
        "Provider": "Microsoft",
    }
    full = one(**facts)
    assert one() == full
    assert full == attrs.evolve(full, display_name="Zoë", city="Zürich", groups=("A", "B"))
    alone = one(**dict.fromkeys(facts, ""))
    assert (alone.mail, alone.assigned_plan) == ("z@x.com", ("MCOMEETADV",))
    empty, _ = import_users(
        [row(**dict.fromkeys(facts, "")), row(upn("amy"), **{**facts, "SipAddress": ""})]
    )
    assert empty == DirectoryUser(
        owner=full.owner,
        identity=full.identity,
        user_principal_name=ZOE,
        license_state=LicenseState.UNLICENSED,
    )


@pytest.mark.usefixtures("fresh")
def test_the_provider_is_not_the_hosting_provider() -> None:
    """Every export has a HostingProvider, which is somebody else's affair."""
    assert one(HostingProvider="sipfed.online.lync.com").provider is None
    assert one(AcpProvider="InterCall").has_other_provider
    assert not one(AudioConferencingProvider="microsoft").has_other_provider


# Who is who.


@pytest.mark.usefixtures("session")
def test_an_object_id_on_file_with_another_name_is_a_rename() -> None:
    """The person keeps their key, so their conference ID."""
    before = one(ObjectId=GUID.format(1), Licenses="MCOMEETADV")
    issued = enable(ZOE, notify=False).conference_id
    (after,) = import_users([row("zoe.m@contoso.com", ObjectId=GUID.format(1).upper())])
    assert after == attrs.evolve(before, user_principal_name="zoe.m@contoso.com")
    assert get("zoe.m@contoso.com").conference_id == issued
    with pytest.raises(UserNotFoundError):
        get(ZOE)


def test_a_name_is_matched_in_any_casing(fresh: Session) -> None:
    """And takes over the casing of the roster."""
    assert import_users([row(ZOE.upper())])[0].owner == import_users([row()])[0].owner
    assert len(contents(fresh)["user"]) == 1


def test_a_new_hire_does_not_inherit_an_id(session: Session) -> None:
    """The same name with another object ID is an error that says the way out."""
    one(ObjectId=GUID.format(1))
    (problem,) = problems([row(ObjectId=GUID.format(2))], session)
    assert "item 1, ObjectId" in problem
    assert f"import {GUID.format(1)} under a new name first" in problem
    assert "remove" not in problem  # it would retire a living ID
    import_users([row("zoe.former@contoso.com", ObjectId=GUID.format(1))])
    assert one(ObjectId=GUID.format(2)).identity == GUID.format(2)


def test_a_rename_to_a_name_that_somebody_else_has_is_refused(session: Session) -> None:
    """Unless that person's own row gives the name up."""
    import_users([row(upn("a"), ObjectId=GUID.format(1)), row(upn("b"), ObjectId=GUID.format(2))])
    assert problems([row(upn("b"), ObjectId=GUID.format(1))], session)


def test_names_can_be_swapped_passed_on_and_taken_by_somebody_new(session: Session) -> None:
    """In one roster of any order; everybody keeps their key."""
    names = ["a", "b", "c"]
    before = import_users([row(upn(n), ObjectId=GUID.format(i)) for i, n in enumerate(names)])
    after = import_users(
        [
            row(upn("c"), ObjectId=GUID.format(7)),
            row(upn("b"), ObjectId=GUID.format(0)),
            row(upn("a"), ObjectId=GUID.format(1)),
            row(upn("d"), ObjectId=GUID.format(2)),
        ]
    )
    assert [user.owner for user in after[1:]] == [user.owner for user in before]
    assert [user.user_principal_name for user in get_directory(session)] == sorted(map(upn, "abcd"))


def get_directory(session: Session) -> list[DirectoryUser]:
    """Everybody in the directory by name."""
    with session.unit(write=False) as unit:
        people = [person.user for person in unit.all_people()]
    return sorted(people, key=lambda user: user.user_principal_name)


def test_names_can_be_swapped_over_any_distance(session: Session) -> None:
    """Also when the two stand further apart than what is written at once."""
    count = 2500
    import_users([row(upn(f"u{i}"), ObjectId=guid(i)) for i in range(count)])
    users = import_users([row(upn(f"u{count - 1 - i}"), ObjectId=guid(i)) for i in range(count)])
    assert users[0].user_principal_name == upn(f"u{count - 1}")
    assert len(contents(session)["user"]) == count


def guid(number: int) -> str:
    """An object ID."""
    return f"00000000-0000-4000-8000-{number:012x}"


def test_whoever_stands_twice_in_a_roster_is_named_with_both_rows(fresh: Session) -> None:
    """By name, object ID or conference ID."""
    found = problems(
        [
            row(upn("a"), ObjectId=GUID.format(1), ConferenceId="1234567"),
            row(upn("b"), ObjectId=GUID.format(2), ConferenceId=1234567),
            row(upn("A"), ObjectId=GUID.format(3)),
            row(upn("d"), ObjectId=GUID.format("1").upper()),
        ],
        fresh,
    )
    assert [problem.partition(":")[0] for problem in found] == [
        "item 2, ConferenceId",
        "item 3, UserPrincipalName",
        "item 4, ObjectId",
    ]
    assert all("stands in item 1 already" in problem for problem in found)


def test_whoever_is_missing_stays_and_results_are_in_the_order_of_the_rows(
    session: Session,
) -> None:
    """A roster adds and changes; it never removes."""
    import_users([row(upn(name)) for name in "abc"])
    users = import_users([row(upn(name)) for name in "cxa"])
    assert [user.user_principal_name for user in users] == [upn(name) for name in "cxa"]
    assert len(contents(session)["user"]) == 4


# Conference IDs already in use.


def test_an_id_in_use_comes_in_with_its_person_enabled(session: Session) -> None:
    """With the settings of somebody newly enabled, no PIN and no mail; unknown licence included."""
    import_users(
        [
            row(Licenses="SPE_E5", ConferenceId="354 269 9#"),
            row(upn("amy"), ConferenceId="1234567", Provider="Microsoft"),
        ]
    )
    assert ledger(session) == [(1234567, "imported", True), (3542699, "imported", True)]
    user = get(ZOE)
    assert user.conference_id == 3542699
    assert user.service_number == user.default_toll_number == "14255550100"
    (one, _) = contents(session)["conferencing"].values()
    assert "pin_digest" not in one
    assert contents(session)["outbox"] == {}


@pytest.mark.parametrize("cell", ["", "0", "0000000", 0, None])
def test_nought_and_blank_are_no_conference_id(fresh: Session, cell: object) -> None:
    """As users with an ID per meeting read back."""
    one(ConferenceId=cell)
    assert ledger(fresh) == []
    assert lines(fresh) == []


@pytest.mark.parametrize("cell", ["123456", "0123456", "12345678", "none", "-1234567", "1e6"])
def test_what_is_no_conference_id_stays_behind_with_a_warning(fresh: Session, cell: str) -> None:
    """The person comes in without one."""
    one(ConferenceId=cell)
    assert ledger(fresh) == []
    (warning,) = lines(fresh)
    assert "item 1" in warning
    assert cell in warning


@pytest.mark.parametrize(
    "cells", [{"Licenses": "MCOEV"}, {"Licenses": "SPE_E5", "Provider": "InterCall"}]
)
def test_the_id_of_somebody_who_may_not_have_one_is_retired(
    session: Session, cells: dict[str, str]
) -> None:
    """It is nobody's to draw, and its person isn't enabled; a warning says so."""
    one(ConferenceId="1234567", **cells)
    assert ledger(session) == [(1234567, "imported", False)]
    assert get() == []
    assert "retired" in lines(session)[0]
    one(ConferenceId="1234567", Licenses="SPE_E5", Provider="")
    assert ledger(session) == [(1234567, "imported", False)]


def test_an_id_that_stands_in_the_ledger_changes_nothing_or_fails(session: Session) -> None:
    """Nothing under the same owner, whenever; under another one it fails the import."""
    one(ConferenceId="1234567")
    before = contents(session)
    one(ConferenceId="1234567")
    assert contents(session) == before
    (problem,) = problems([row(upn("amy"), ConferenceId="1234567")], session)
    assert "another person" in problem
    set_user(ZOE, reset_conference_id=True, notify=False)
    before = contents(session)
    one(ConferenceId="1234567")
    assert contents(session) == before


def test_a_second_living_id_is_refused(session: Session) -> None:
    """One person, one ID."""
    one(ConferenceId="1234567")
    (problem,) = problems([row(ConferenceId="1234568")], session)
    assert "1234567" in problem


def test_no_id_comes_in_once_the_tenant_has_issued_its_first(session: Session) -> None:
    """Dynamic Only: the error names the row; all that was wrong besides goes with it."""
    import_users([row(upn("ken"), Licenses="MCOMEETADV", ConferenceId="1234567")])
    set_user(upn("ken"), reset_conference_id=True, notify=False)
    error = refused(
        [row(), row(upn("amy"), ConferenceId=2345678), row(upn("ben"), ConferenceId=1234567)],
        session,
        StaticConferenceIdError,
    )
    assert error.target == "item 2"
    assert "item 2, ConferenceId" in str(error)
    assert isinstance(error.also[0], RosterError)
    assert len(import_users([row(), row(upn("ken"), ConferenceId=1234567)])) == 2


@pytest.mark.usefixtures("session")
def test_nothing_in_a_roster_takes_an_id_away() -> None:
    """Not a lost licence, another provider, an empty cell nor an absent column."""
    one(ConferenceId="1234567", Licenses="MCOMEETADV")
    for values in ({"Licenses": ""}, {"Provider": "InterCall"}, {"ConferenceId": "0"}, {}):
        one(**values)
        assert get(ZOE).conference_id == 1234567


def test_somebody_disabled_comes_in_anew_with_a_new_id(session: Session) -> None:
    """As long as the tenant has issued none, and never with the old one."""
    one(ConferenceId="1234567")
    disable(ZOE, notify=False)
    one(ConferenceId="1234568")
    assert ledger(session) == [(1234567, "imported", False), (1234568, "imported", True)]
    assert get(ZOE).conference_id == 1234568


# One transaction.


def test_an_import_is_part_of_a_larger_transaction(session: Session) -> None:
    """It is undone with it, and a refused one inside it is undone alone."""
    before = contents(session)
    with undone(session):
        import_users([row(ConferenceId="1234567")])
    assert contents(session) == before
    with session.transaction():
        import_users([row(ConferenceId="1234567")])
        with pytest.raises(RosterError):
            import_users([row(upn("amy"), ConferenceId="1234567")])
    assert [user.user_principal_name for user in get_directory(session)] == [ZOE]


def test_without_a_session_nothing_is_read() -> None:
    """The source is as it was."""
    source = iter([row()])
    with pytest.raises(NotConnectedError):
        import_users(source)
    assert next(source) == row()


# Removing.


def test_people_removed_leave_their_ids_in_the_ledger_and_nothing_else(session: Session) -> None:
    """Personal data is erased, IDs are retired, and nobody gets them again."""
    import_users([row(Title="Chef", ConferenceId="1234567"), row(upn("amy"))])
    (gone,) = remove_users(ZOE)
    assert (gone.user_principal_name, gone.title) == (ZOE, "Chef")
    assert ledger(session) == [(1234567, "imported", False)]
    held = contents(session)
    assert "zoe" not in str({kind: held[kind] for kind in held if kind != "ledger"}).lower()
    assert problems([row(ConferenceId="1234567")], session)


@pytest.mark.usefixtures("session")
def test_removing_takes_identities_as_cmdlets_do() -> None:
    """One, or an iterable of texts and records, in which a repeated one counts once."""
    users = import_users([row(upn(name)) for name in "abc"])
    assert remove_users(iter([users[0], upn("a"), upn("B")])) == users[:2]
    assert remove_users(users[2]) == users[2:]
    assert remove_users([]) == []


def test_nobody_is_removed_unless_all_can_be(session: Session) -> None:
    """The error names every one that failed."""
    import_users([row(upn(name), DisplayName="Ken") for name in "ab"])
    before = contents(session)
    with pytest.raises(SeveralErrors) as raised:
        remove_users([upn("a"), "nobody@x.com", "Ken", 7])
    assert [type(error) for error in raised.value.errors] == [
        InvalidArgumentError,
        UserNotFoundError,
        AmbiguousIdentityError,
    ]
    assert contents(session) == before
    with pytest.raises(InvalidArgumentError, match="mapping"):
        remove_users(row())


# Properties.

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"]), max_size=20
).map(str.strip)
FORMATS = st.tuples(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from([",", ";"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.booleans(),
)
PEOPLE = st.lists(
    st.tuples(WORDS, WORDS, st.lists(st.sampled_from(["MCOEV", "MCOMEETADV"]), unique=True)),
    max_size=5,
)


@settings(deadline=None)  # files: the disk may be busy
@given(PEOPLE, FORMATS, st.permutations(["UserPrincipalName", "DISPLAYNAME", "city", "Licenses"]))
def test_a_roster_reads_back_the_same_people_from_any_format(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[tuple[str, str, list[str]]],
    written: tuple[str, str, str, Any, bool],
    header: list[str],
) -> None:
    """Encoding, delimiter, line ends, quotes, the type line, the order of columns."""
    encoding, delimiter, newline, quoting, type_line = written
    rows = [
        {
            "UserPrincipalName": upn(f"u{i}"),
            "DISPLAYNAME": name,
            "city": city,
            "Licenses": ";".join(plans),
        }
        for i, (name, city, plans) in enumerate(people)
    ]
    cells = [header, *([values[name] for name in header] for values in rows)]
    text = text_of(cells, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    path = tmp_path_factory.getbasetemp() / "roster.csv"
    path.write_bytes((("#TYPE X" + newline if type_line else "") + text).encode(encoding))
    with connect("memory:") as session:
        users = import_users(path, session=session)
    assert [user.display_name for user in users] == [name for name, _, _ in people]
    assert [user.city for user in users] == [city or None for _, city, _ in people]
    assert [list(user.assigned_plan) for user in users] == [plans for _, _, plans in people]
    with connect("memory:") as session:
        assert without_keys(import_users(rows, session=session)) == without_keys(users)


def assert_readable(error: RosterError) -> None:
    """A line for each problem, and not a long one."""
    assert error.problems
    assert all("\n" not in problem and len(problem) < 400 for problem in error.problems)


HEADERS = st.sampled_from(
    [
        "",
        "UserPrincipalName\n",
        "UserPrincipalName,DisplayName,Mail,ConferenceId\n",
        'UserPrincipalName;"Identity";Licenses;ConferenceId\r\n',
        "#TYPE X\nUserPrincipalName,AssignedPlan,SipAddress,Groups\n",
    ]
)
SCRAPS = st.lists(
    st.one_of(
        st.text(max_size=10),
        st.sampled_from(
            [
                "ken@contoso.com",
                "amy@contoso.com",
                ",",
                ";",
                "\n",
                "\r\n",
                '"',
                "1234567",
                "7654321",
            ]
        ),
        st.sampled_from(
            ["SPE_E5", "System.Object[]", GUID.format(1), GUID.format(2), "sip:", "\0"]
        ),
    ),
    max_size=24,
).map("".join)


@given(HEADERS, SCRAPS, st.sampled_from(["utf-8", "utf-16", "latin-1"]), st.booleans())
@settings(max_examples=examples(100), deadline=None)
def test_any_file_gives_people_or_an_error_that_leaves_no_trace(
    tmp_path_factory: pytest.TempPathFactory,
    header: str,
    scraps: str,
    encoding: str,
    issued: bool,
) -> None:
    """A RosterError or a StaticConferenceIdError, nothing else; one line a problem."""
    path = tmp_path_factory.getbasetemp() / "scraps.csv"
    path.write_bytes((header + scraps).encode(encoding, "replace"))
    with tenant("amy", enabled=issued) as session:
        add(session, "ken", identity=GUID.format(1))
        before = contents(session)
        try:
            users = import_users(path)
        except RosterError as error:
            assert contents(session) == before
            assert_readable(error)
        except StaticConferenceIdError:
            assert issued
            assert contents(session) == before
        else:
            with session.unit(write=False) as unit:
                kept = unit.users([user.owner for user in users])
            assert [kept[user.owner] for user in users] == list(users)
            assert contents(session)["ledger"] == before["ledger"] or not issued


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_people_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever the file is."""
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(content)
    with connect("memory:") as session:
        before = contents(session)
        try:
            import_users(path)
        except RosterError:
            assert contents(session) == before
