"""Files with oddities of every kind: what each gives, and that nobody loses anything by them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid.errors import ConfidError, RosterError
from confid.roster import import_tenant, import_users, remove_users
from confid.store.memory import MemoryStore
from tests.tenants import contents, enable, get, lines, tenant
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session

EXPORTS = Path(__file__).parents[1] / "data" / "tenant"
KIM, LEE = "kim@fabrikam.com", "lee@fabrikam.com"
MCOMEETADV = "3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40"
PEOPLE = [
    {
        "UserPrincipalName": name,
        "ObjectId": f"11111111-2222-4333-8444-55555555555{number}",
        "SipAddress": f"sip:{name}",
        "Mail": name,
        "Alias": name[:3],
        "UsageLocation": "DE",
        "AssignedPlan": "MCOMEETADV",
    }
    for number, name in enumerate([KIM, LEE])
]


@pytest.fixture
def session() -> Iterator[Session]:
    """Two people on file, licensed and enabled."""
    with tenant() as opened:
        import_users(PEOPLE)
        enable([KIM, LEE])
        yield opened


def kept(session: Session) -> list[object]:
    """What nobody may lose: licences, addresses, and IDs."""
    users = session.cmdlets.get_cs_online_user()
    facts = [(u.user_principal_name, u.license_state, u.mail, u.usage_location) for u in users]
    ids = [entry for entry in contents(session)["ledger"] if entry.retired_at is None]
    return [sorted(facts), ids]


def graph(**facts: Any) -> str:
    """A user as Graph's JSON has it."""
    return json.dumps([{"userPrincipalName": KIM, **facts}])


UNCHANGED = {
    "a blank licence alone.csv": "UserPrincipalName,Licenses\nkim@fabrikam.com,\n",
    "a product of their own.csv": "UserPrincipalName,Licenses\n"
    "kim@fabrikam.com,OWN\nlee@fabrikam.com,\n",
    "a type in place of a list.csv": "UserPrincipalName,AssignedPlan\n"
    "kim@fabrikam.com,System.Object[]\nlee@fabrikam.com,\n",
    "the type of one item.csv": "UserPrincipalName,AssignedPlans\nkim@fabrikam.com,"
    "Microsoft.Graph.PowerShell.Models.MicrosoftGraphAssignedPlan\n",
    "a list that was cut.csv": "UserPrincipalName,AssignedPlan\n"
    'kim@fabrikam.com,"{MCOEV, TEAMS1...}"\n',
    "plans that broke off.csv": "UserPrincipalName,AssignedPlan\n"
    "kim@fabrikam.com,MCOEV;MCOMEE...\n",
    "a number of licences.csv": "UserPrincipalName,Licenses\nkim@fabrikam.com,3\n",
    "a truth.csv": "UserPrincipalName,Licenses\nkim@fabrikam.com,FALSE\n",
    "whether licensed.csv": "UserPrincipalName,IsLicensed\nkim@fabrikam.com,False\n",
    "null as text.csv": "UserPrincipalName,AssignedPlan\nkim@fabrikam.com,$null\n",
    "plans not asked for.json": graph(assignedPlans=None, assignedLicenses=None),
    "no plans at all.json": graph(assignedPlans=[]),
    "a product by an unknown GUID.json": graph(assignedLicenses=[{"skuId": MCOMEETADV[::-1]}]),
    "a state of the future.json": graph(
        assignedPlans=[{"servicePlanId": MCOMEETADV, "capabilityStatus": "unknownFutureValue"}]
    ),
    "columns of others.json": json.dumps(
        [
            {"UserPrincipalName": KIM, "Licenses": "SPE_E5", "Mail": KIM},
            {"UserPrincipalName": LEE, "AssignedPlan": "", "PrimarySmtpAddress": ""},
        ]
    ),
    "no primary address.csv": "UserPrincipalName,ProxyAddresses\nkim@fabrikam.com,smtp:k@x.com\n",
    "an unknown place.csv": "UserPrincipalName,UsageLocation\nkim@fabrikam.com,Deutschland\n",
    "deleted never.csv": "UserPrincipalName,SoftDeletionTimestamp\n"
    "kim@fabrikam.com,1/1/0001 12:00:00 AM\n",
    "not deleted.csv": "UserPrincipalName,deletedDateTime\nkim@fabrikam.com,null\n",
    "no provider.csv": "UserPrincipalName,AcpProvider\nkim@fabrikam.com,None\n",
    "a hidden number.csv": "UserPrincipalName,ConferenceId\nkim@fabrikam.com,#######\n",
    "one cell too many.csv": "UserPrincipalName,DisplayName\nkim@fabrikam.com,Kim,,\n",
    "a formula.csv": 'UserPrincipalName,DisplayName\n"=""kim@fabrikam.com""",Kim\n',
    "by alias.csv": "Alias,DisplayName\nKIM,Kim\n",
    "braces.csv": "UserPrincipalName,ProxyAddresses\n"
    'kim@fabrikam.com,"{smtp:k@x.com, SMTP:kim@fabrikam.com}"\n',
}
REFUSED = {
    "an error of Excel.csv": ("UserPrincipalName,City\nkim@fabrikam.com,#REF!\n", "error of Excel"),
    "quotes of a typist.csv": ("UserPrincipalName\n“kim@fabrikam.com”\n", "in quotes"),
    "quotes of SQL.csv": ("UserPrincipalName,City\n'kim@fabrikam.com','Ulm'\n", "in quotes"),
    "no header.csv": ("kim@fabrikam.com,Kim,kim@fabrikam.com\n", "no header"),
    "a title.csv": ("Users of Fabrikam\nUserPrincipalName\nkim@fabrikam.com\n", "no UserPrincipal"),
    "a total.csv": ("UserPrincipalName,City\nkim@fabrikam.com,Ulm\nTotal: 1,\n", "no @"),
    "two addresses.csv": (
        "UserPrincipalName,Mail\nkim@fabrikam.com,k@x.com;l@x.com\n",
        "no e-mail",
    ),
    "an address with a name.csv": (
        "UserPrincipalName,Mail\nkim@fabrikam.com,K <k@x.com>\n",
        "no e-mail",
    ),
    "not available.csv": ("UserPrincipalName,Mail\nkim@fabrikam.com,#N/A\n", "no e-mail"),
    "twice in two casings.csv": (
        "UserPrincipalName\nkim@fabrikam.com\nKIM@fabrikam.com\n",
        "already",
    ),
    "a wide @.csv": ("UserPrincipalName\nkim\uff20fabrikam.com\n", "no @"),
    "a soft hyphen.csv": ("UserPrincipalName\nki\u00adm@fabrikam.com\n", "invisible"),
    "a row too short.csv": ("UserPrincipalName,City,Title\nkim@fabrikam.com,Ulm\n", "2 cells"),
    "a quote left open.csv": (
        'UserPrincipalName,City\nkim@fabrikam.com,"Ulm\nx,y\n',
        "never closed",
    ),
    "an unknown alias.csv": ("Alias\nnobody\n", "nobody"),
    "a page.csv": ("<html><table><tr><td>UserPrincipalName</td></tr></table></html>", "no CSV"),
    "a property twice.json": (
        '[{"UserPrincipalName": "kim@fabrikam.com", "Licenses": "SPE_E5", "Licenses": "SPE_E3"}]',
        "stands twice",
    ),
    "lines of JSON.json": ('{"id": 1}\n{"id": 2}\n', "no JSON"),
    "a rounded ID.csv": (
        "UserPrincipalName,ConferenceId\nnew@x.com,3.54E+06\n",
        "Excel has rounded",
    ),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_nobody_loses_by_what_says_nothing(session: Session, tmp_path: Path, name: str) -> None:
    """The file is taken, and licences, addresses, places and IDs are as they were."""
    before = kept(session)
    path = tmp_path / name
    path.write_text(UNCHANGED[name], encoding="utf-8")
    assert import_users(path)
    assert kept(session) == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_single_meaning_is_refused(session: Session, tmp_path: Path, name: str) -> None:
    """With a sentence that says what it is, and no trace."""
    content, why = REFUSED[name]
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    before = contents(session)
    with pytest.raises(RosterError, match=why):
        import_users(path)
    assert contents(session) == before


@pytest.mark.parametrize("cell", ["3.542.699", "3,542,699", '="3542699"', "3'542'699", 3542699.0])
def test_an_id_with_one_meaning_is_read(cell: object) -> None:
    """However a spreadsheet groups or wraps it."""
    with tenant():
        import_users([{**PEOPLE[0], "ConferenceId": cell}])
        assert [user.conference_id for user in get()] == [3_542_699]


# Rows at fault.

BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"UserPrincipalName": "new.fabrikam.com"}, "no @"),
    ({"UserPrincipalName": KIM, "City": "Ulm"}, "stands in item 1 already"),
    ({"UserPrincipalName": "new@x.com", "Mail": "x"}, "no e-mail address"),
    ({"UserPrincipalName": "new@x.com", "ConferenceId": 3_542_699}, "Dynamic Only"),
    ({"UserPrincipalName": LEE, "ObjectId": PEOPLE[0]["ObjectId"][::-1]}, "no object ID"),
    ({"UserPrincipalName": LEE, "ObjectId": "22222222-2222-4333-8444-555555555555"}, "inherit"),
    ({"SipAddress": "sip:nobody@x.com", "City": "Ulm"}, "nobody with"),
    ({"ObjectId": "22222222-2222-4333-8444-555555555555"}, "isn't in the directory"),
    ({"Mail": "x@x.com"}, "no UserPrincipalName"),
]


@pytest.mark.parametrize(("bad", "why"), BAD_ROWS, ids=[why for _, why in BAD_ROWS])
def test_bad_rows_are_skipped_if_the_caller_wants_that(
    session: Session, bad: dict[str, Any], why: str
) -> None:
    """The others come in; the report and a warning name the row and the reason."""
    good = {"UserPrincipalName": KIM, "DisplayName": "Kim"}
    last = {"UserPrincipalName": "zoe@fabrikam.com"}
    with pytest.raises(ConfidError):
        import_users([good, bad, last])
    users = import_users([good, bad, last], bad_rows="skip")
    assert [user.user_principal_name for user in users] == [KIM, "zoe@fabrikam.com"]
    assert list(users.report.skipped) == ["item 2"]
    assert why in users.report.skipped["item 2"]
    assert why in lines(session)[-1]
    assert users.report.skipped["item 2"] in str(users.report)


def test_skipping_a_row_can_make_others_wrong(session: Session) -> None:
    """Whoever would take the name that a skipped row gives up is skipped too."""
    before = kept(session)
    rename = {"ObjectId": PEOPLE[0]["ObjectId"], "UserPrincipalName": "new@x.com", "Mail": "x"}
    heir = {"ObjectId": "22222222-2222-4333-8444-555555555555", "UserPrincipalName": KIM}
    assert import_users([{**rename, "Mail": "k@x.com"}, {**heir, "Mail": "h@x.com"}], what_if=True)
    users = import_users([rename, heir], bad_rows="skip")
    assert not users
    assert set(users.report.skipped) == {"item 1", "item 2"}
    assert kept(session) == before


def test_a_file_that_breaks_off_is_refused_all_the_same(session: Session, tmp_path: Path) -> None:
    """Nobody knows what its other rows said. A row of too few cells is skipped."""
    path = tmp_path / "users.csv"
    path.write_text('UserPrincipalName,City\nnew@x.com,"Ulm\nzoe@x.com,Bern\n')
    with pytest.raises(RosterError, match="never closed"):
        import_users(path, bad_rows="skip")
    path.write_text("UserPrincipalName,City\nnew@x.com\nzoe@x.com,Bern\n")
    assert [user.city for user in import_users(path, bad_rows="skip")] == ["Bern"]
    assert len(session.cmdlets.get_cs_online_user()) == 3


def test_items_of_json_that_are_no_people_are_skipped(session: Session, tmp_path: Path) -> None:
    """Whatever stands in the list."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps([None, {"userPrincipalName": KIM}, 7, {"x": 1}, [LEE]]))
    with pytest.raises(RosterError, match="item 1: A NoneType is no object"):
        import_users(path, session=session)
    users = import_users(path, bad_rows="skip")
    assert [user.user_principal_name for user in users] == [KIM]
    assert list(users.report.skipped) == ["item 1", "item 3", "item 4", "item 5"]


def test_another_word_for_bad_rows_is_refused(session: Session) -> None:
    """Before anything is read."""
    with pytest.raises(ConfidError, match="'refuse' and 'skip'"):
        import_users([], bad_rows="ignore", session=session)  # type: ignore[arg-type]  # on purpose


ROWS = st.lists(
    st.fixed_dictionaries(
        {"UserPrincipalName": st.sampled_from([KIM, LEE, "new@x.com", "x", "", "new2@x.com"])},
        optional={
            "ObjectId": st.sampled_from([PEOPLE[0]["ObjectId"], PEOPLE[1]["ObjectId"], "", "x"]),
            "Mail": st.sampled_from(["a@x.com", "", "a"]),
            "ConferenceId": st.sampled_from([3_542_699, 3_542_700, "", "x", "1E+06"]),
            "AssignedPlan": st.sampled_from(["MCOMEETADV", "", "System.Object[]"]),
        },
    ),
    max_size=4,
)


@settings(max_examples=examples(10))
@given(ROWS, st.booleans())
def test_skipping_never_fails_and_leaves_what_the_good_rows_alone_would(
    rows: list[dict[str, Any]], has_issued: bool
) -> None:
    """And under `what_if` the same rows are skipped, and nothing changes."""
    outcomes = []
    for given_rows in (rows, None):
        with tenant() as session:
            import_users(PEOPLE)
            if has_issued:
                enable([KIM])
            if given_rows is not None:
                before = contents(session)
                trial = import_users(rows, bad_rows="skip", what_if=True)
                assert contents(session) == before
                users = import_users(rows, bad_rows="skip")
                assert users.report.skipped == trial.report.skipped
                assert len(trial) == len(users)
                good = [
                    row
                    for number, row in enumerate(rows, 1)
                    if f"item {number}" not in users.report.skipped
                ]
            else:
                users = import_users(good)
            outcomes.append([(u.user_principal_name, u.mail, u.license_state) for u in users])
    assert outcomes[0] == outcomes[1]


# A trial.


def test_what_if_says_what_would_become_of_whom(session: Session) -> None:
    """It changes nothing; the host is told, and the people come back as they would be."""
    import_users([{"UserPrincipalName": "zoe@x.com", "DisplayName": "Zoe"}])
    before = contents(session)
    rows = [
        {"UserPrincipalName": KIM, "Licenses": "SPE_E3"},
        {"UserPrincipalName": LEE, "Licenses": "SPE_E5"},
        {"UserPrincipalName": "zoe@x.com", "Licenses": "OWN"},
        {"UserPrincipalName": "new@x.com", "Licenses": "SPE_E5"},
    ]
    users = import_users(rows, what_if=True)
    assert contents(session) == before
    assert users.report.outcomes == {
        KIM: "changes AssignedPlan; loses the licence",
        LEE: "changes AssignedPlan",
        "zoe@x.com": "as before",
        "new@x.com": "new, licensed",
    }
    assert [user.is_licensed for user in users] == [False, True, False, True]
    assert f"What if: {KIM}: changes AssignedPlan; loses the licence." in lines(session)
    again = import_users(rows)
    assert [u.license_state for u in again] == [u.license_state for u in users]
    assert not again.report.outcomes


def test_what_if_spends_no_id_of_a_witness() -> None:
    """An ID that comes in is named, and is entered nowhere."""
    witness = MemoryStore()
    with tenant(witness=witness) as session:
        rows = [{**PEOPLE[0], "ConferenceId": 3_542_699}]
        before = contents(session)
        report = import_users(rows, what_if=True).report
        assert report.outcomes == {KIM: "new, licensed; conference ID 3542699 comes in"}
        assert contents(session) == before
        with witness.transaction(write=False) as transaction:
            assert transaction.count() == 0
        import_users(rows)
        with witness.transaction(write=False) as transaction:
            assert transaction.count() == 1


def test_a_tenant_can_be_tried_too() -> None:
    """Bridges, settings and policies as well; what comes out is what the import gives."""
    with tenant() as session:
        before = contents(session)
        trial = import_tenant(EXPORTS, what_if=True)
        assert contents(session) == before
        done = import_tenant(EXPORTS)
        assert not done.outcomes
        assert {user.user_principal_name for user in done.users} == set(trial.outcomes)
        assert {**done.counts, "conference IDs": 0} == {**trial.counts, "conference IDs": 0}
        new = [what for what in trial.outcomes.values() if "comes in" in what]
        assert len(new) == done.counts["conference IDs"]
        assert str(trial).count("comes in") == len(new)
        assert set(import_tenant(EXPORTS, what_if=True).outcomes.values()) == {"as before"}


def test_removing_can_be_tried(session: Session) -> None:
    """It names the IDs that would be retired; inside a transaction too."""
    before = contents(session)
    (living,) = (u.conference_id for u in get() if u.sip_address == f"sip:{KIM}")
    with session.transaction():
        users = remove_users([KIM], what_if=True)
    assert contents(session) == before
    assert users.report.outcomes == {
        KIM: f"leaves the directory; conference ID {living} is retired"
    }
    assert remove_users([KIM]) == users
    assert contents(session) != before


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_nobody_is_removed_by_an_empty_variable(session: Session, nothing: object) -> None:
    """None is everybody in PowerShell, and NaN is a data frame's None."""
    before = contents(session)
    with pytest.raises(confid.ParameterBindingError, match="identity is None") as raised:
        remove_users(nothing)
    assert raised.value.error_id == "ParameterArgumentValidationErrorEmptyStringNotAllowed"
    assert raised.value.category == "InvalidData"
    assert contents(session) == before


# Aliases.


PERSON = {"id": PEOPLE[0]["ObjectId"], "userPrincipalName": KIM}
PAGE = {"@odata.context": "x", "value": [PERSON], "@odata.nextLink": "https://x"}


@pytest.mark.parametrize(
    ("content", "is_cut"),
    [
        (PAGE, True),
        ([PAGE, {"@odata.context": "x", "value": []}], False),
        ([PAGE], True),
        ({"value": PERSON, "Count": 1}, False),
        ({"@odata.context": "x", "@odata.count": 1, "value": [PERSON]}, False),
    ],
)
def test_pages_of_graph_are_read_and_the_next_one_is_asked_for(
    session: Session, tmp_path: Path, content: object, is_cut: bool
) -> None:
    """A page alone would leave people out in silence, in a folder too."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    for users in (import_users(path), import_tenant(tmp_path).users):
        (user,) = users
        assert user.user_principal_name == KIM
        assert any("nextLink" in line for line in lines(session)) is is_cut


def test_an_alias_is_an_identity(session: Session) -> None:
    """For cmdlets, for removing, and in a roster that says nothing else; in any casing."""
    assert get("KIM").sip_address == f"sip:{KIM}"
    assert session.cmdlets.get_cs_online_user(filter="Alias -eq 'kim'")[0].alias == "kim"
    import_users([{"UserPrincipalName": "zoe@x.com", "Alias": "kim2", "DisplayName": "lee"}])
    assert get("lee").sip_address == f"sip:{LEE}"  # an alias is unique, a display name is not
    (zoe,) = import_users([{"MailNickname": "Kim2", "City": "Ulm"}])
    assert (zoe.user_principal_name, zoe.city) == ("zoe@x.com", "Ulm")
    import_users([{"UserPrincipalName": LEE, "Alias": "kim"}])
    with pytest.raises(confid.AmbiguousIdentityError):
        get("kim")
    with pytest.raises(RosterError, match="Several people"):
        import_users([{"Alias": "kim", "City": "Ulm"}])
    remove_users("kim2")
    assert confid.check(session).problems == ()
    with pytest.raises(confid.UserNotFoundError):
        get("kim2")
