"""A folder of exports becomes a tenant, all of it or nothing, whatever its format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_bridge,
    get_cs_online_dial_in_conferencing_service_number,
    get_cs_online_dial_in_conferencing_tenant_settings,
    get_cs_online_user,
    get_cs_teams_audio_conferencing_policy,
    grant_cs_teams_audio_conferencing_policy,
)
from confid.errors import (
    ConfidError,
    InvalidArgumentError,
    NotFoundError,
    RosterError,
    StaticConferenceIdError,
)
from confid.powershell import to_clixml
from confid.roster import import_tenant, import_users
from tests.tenants import contents, get, lines, set_user, tenant
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session

EXPORTS = Path(__file__).parents[1] / "data" / "tenant"
CONFERENCING = json.loads((EXPORTS / "conferencing-users.json").read_text(encoding="utf-8"))
USERS = json.loads((EXPORTS / "users.json").read_text(encoding="utf-8"))
IDS = {row["Identity"]: row["ConferenceId"] for row in CONFERENCING}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the exports as JSON, to be changed."""
    copy = tmp_path / "exports"
    copy.mkdir()
    for path in EXPORTS.glob("*.json"):
        shutil.copy(path, copy)
    return copy


def only(tmp_path: Path, *endings: str) -> Path:
    """A copy of the exports in one format."""
    copy = tmp_path / "exports"
    copy.mkdir()
    for path in EXPORTS.iterdir():
        if path.suffix in endings:
            shutil.copy(path, copy)
    return copy


def change(folder: Path, name: str, how: Callable[[Any], Any]) -> None:
    """Change what a JSON file holds."""
    path = folder / f"{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    changed = how(rows)
    path.write_text(json.dumps(rows if changed is None else changed), encoding="utf-8")


def refused(
    folder: Path, session: Session, error: type[ConfidError] = RosterError
) -> tuple[str, ...]:
    """What is wrong with a folder; the tenant is as it was before."""
    before = contents(session)
    with pytest.raises(error) as raised:
        import_tenant(folder, session=session)
    assert contents(session) == before
    return getattr(raised.value, "problems", (str(raised.value),))


# What comes in.


def test_the_whole_tenant_comes_in(session: Session) -> None:
    """People, their IDs, numbers and switches, bridges, settings, policies and grants."""
    report = import_tenant(EXPORTS)
    assert report.counts == {
        "settings": 17,
        "bridges": 2,
        "numbers": 6,
        "policies": 2,
        "users": 24,
        "conference IDs": 18,
        "grants": 3,
    }
    assert len(get_cs_online_user()) == len(report.users) == 24
    assert confid.check().problems == ()
    assert lines(session) == []
    for row in CONFERENCING:
        user = get(row["Identity"])
        assert int(user.conference_id) == row["ConferenceId"]
        assert (user.bridge_name, user.service_number) == (row["BridgeName"], row["ServiceNumber"])
        assert user.toll_free_service_number == row["TollFreeServiceNumber"]
        assert user.allow_toll_free_dial_in is row["AllowTollFreeDialIn"]
        assert user.allow_pstn_only_meetings is row["AllowPstnOnlyMeetings"]
    assert {entry.origin for entry in contents(session)["ledger"]} == {"imported"}
    assert contents(session)["outbox"] == {}


@pytest.mark.usefixtures("fresh")
def test_bridges_and_numbers_are_those_of_the_export() -> None:
    """Their IDs, names and languages; the bridge that a new tenant is made with is gone."""
    import_tenant(EXPORTS)
    exported = json.loads((EXPORTS / "bridges.json").read_text(encoding="utf-8"))
    bridges = get_cs_online_dial_in_conferencing_bridge()
    assert len(bridges) == len(exported) == 2
    for bridge, row in zip(sorted(bridges, key=lambda b: b.name), exported, strict=True):
        assert str(bridge.identity) == row["Identity"]
        assert (bridge.is_default, bridge.region) == (row["IsDefault"], row["Region"])
        assert bridge.default_service_number is not None
        assert bridge.default_service_number.number == row["DefaultServiceNumber"]["Number"]
    rows = json.loads((EXPORTS / "service-numbers.json").read_text(encoding="utf-8"))
    numbers = get_cs_online_dial_in_conferencing_service_number()
    shown = [{**n.__powershell__(), "TenantId": "", "BridgeId": str(n.bridge_id)} for n in numbers]
    assert [
        {name: list(value) if isinstance(value, tuple) else value for name, value in n.items()}
        for n in shown
    ] == sorted(({**row, "TenantId": ""} for row in rows), key=lambda row: str(row["Number"]))


@pytest.mark.usefixtures("fresh")
def test_settings_policies_and_grants_are_those_of_the_export() -> None:
    """What was set there counts here."""
    import_tenant(EXPORTS)
    tenant_settings = get_cs_online_dial_in_conferencing_tenant_settings()
    assert (tenant_settings.pin_length, tenant_settings.entry_exit_announcements_type) == (
        6,
        "ToneOnly",
    )
    assert tenant_settings.send_email_from_address == "dialin@contoso.com"
    policy = get_cs_teams_audio_conferencing_policy("EU Toll Only")
    assert policy.meeting_invite_phone_numbers == ("493023125001", "33199001234")
    assert policy.allow_toll_free_dialin is False
    with pytest.raises(ConfidError, match=r"in use.*user0@contoso.com"):
        confid.cmdlets.remove_cs_teams_audio_conferencing_policy("EU Toll Only")


@pytest.mark.parametrize("ending", [".csv", ".json", ".xml"])
def test_every_format_gives_the_same_people(tmp_path: Path, ending: str) -> None:
    """IDs, bridges, numbers and settings are alike; what CSV can't say is told."""
    with tenant() as session:
        report = import_tenant(only(tmp_path, ending))
        assert {u.identity: int(u.conference_id or 0) for u in get()} == IDs_of(CONFERENCING)
        assert len(get_cs_online_dial_in_conferencing_service_number()) == 6
        assert get_cs_online_dial_in_conferencing_tenant_settings().pin_length == 6
        assert confid.check().problems == ()
        said = " ".join(report.remarks)
        assert ("AssignedPlan" in said) is ("EU Toll Only" in said) is (ending == ".csv")
        assert lines(session) == [f"WARNING: {remark}" for remark in report.remarks]


def IDs_of(rows: list[dict[str, Any]]) -> dict[str, int]:  # noqa: N802 - IDs is a word here
    """The conference IDs of an export by their people."""
    return {row["Identity"]: row["ConferenceId"] for row in rows}


def test_a_second_import_changes_nothing(session: Session) -> None:
    """Everything is on file already."""
    import_tenant(EXPORTS)
    before = contents(session)
    report = import_tenant(EXPORTS)
    after = contents(session)
    assert report.counts["conference IDs"] == 0
    assert after == before


def test_an_id_that_was_reset_since_stays_reset(fresh: Session) -> None:
    """An imported ID that the ledger holds for the same person is history, not news."""
    import_tenant(EXPORTS)
    (owner, old) = next(iter(IDS.items()))
    new = set_user(owner, reset_conference_id=True).conference_id
    import_tenant(EXPORTS)
    assert get(owner).conference_id == new != old
    assert confid.check().problems == ()
    assert lines(fresh) == []


@pytest.mark.usefixtures("fresh")
def test_the_report_says_what_was_left_out_and_why() -> None:
    """Every file is either taken or left out with a reason, and the report prints itself."""
    report = import_tenant(EXPORTS)
    assert {*report.taken, *report.left_out} == {path.name for path in EXPORTS.iterdir()}
    assert report.taken["users.xml"] == "Get-CsOnlineUser"
    assert "users.xml" in report.left_out["users.csv"]
    assert "README.md" in str(report)
    assert "24 users" in str(report)


@pytest.mark.usefixtures("fresh")
def test_folders_and_unknown_exports_are_left_out(folder: Path) -> None:
    """A folder within, an export of another cmdlet and an empty one do no harm."""
    (folder / "old").mkdir()
    (folder / "meetings.csv").write_text("Subject\nx\n", encoding="utf-8")
    (folder / "none.json").write_text("[]", encoding="utf-8")
    report = import_tenant(folder)
    assert {"old", "meetings.csv", "none.json"} <= report.left_out.keys()


def test_a_person_is_in_use_whatever_the_plans_say(folder: Path) -> None:
    """Who stands among the conferencing users has a living ID, with a deleted plan too."""

    def unlicensed(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["AssignedPlan"] = []

    change(folder, "users", unlicensed)
    with tenant():
        import_tenant(folder)
        assert len(get()) == len(CONFERENCING)


def test_plans_written_as_text_count(folder: Path) -> None:
    """What lies too deep for JSON is text there, and says the same."""

    def flattened(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["AssignedPlan"] = [
                "@{" + "; ".join(f"{name}={value}" for name, value in plan.items()) + "}"
                for plan in row["AssignedPlan"]
            ]

    change(folder, "users", flattened)
    with tenant():
        licensed = [user.is_licensed for user in import_tenant(folder).users]
    with tenant():
        assert licensed == [user.is_licensed for user in import_tenant(EXPORTS).users]
    assert sum(licensed) == 18


def test_split_exports_belong_together(folder: Path) -> None:
    """Two files of a kind are one export; what both say word for word is taken once."""
    rows = json.loads((folder / "users.json").read_text(encoding="utf-8"))
    (folder / "users.json").write_text(json.dumps(rows[:13]), encoding="utf-8")
    (folder / "users2.json").write_text(json.dumps(rows[10:]), encoding="utf-8")
    with tenant():
        report = import_tenant(folder)
    assert report.counts["users"] == 24
    assert {"users.json", "users2.json"} <= report.taken.keys()


# What is refused, and that it leaves no trace.


def set_to(name: str, value: Any, at: int = 0) -> Callable[[Any], None]:
    """Change one property of one object."""

    def how(rows: Any) -> None:
        (rows[at] if isinstance(rows, list) else rows)[name] = value

    return how


@pytest.mark.parametrize(
    ("name", "how", "problem"),
    [
        ("users", set_to("UserPrincipalName", "no-at", 3), "users.json, item 4, UserPrincipalName"),
        ("users", set_to("UserPrincipalName", "user1@contoso.com"), "item 2: users.json, item 1"),
        ("users", set_to("TeamsAudioConferencingPolicy", "None such"), "item 1, TeamsAudio"),
        ("conferencing-users", set_to("BridgeId", "x"), "item 1, BridgeId: 'x' is no GUID"),
        ("conferencing-users", set_to("BridgeId", "0" * 8 + "-0000" * 3 + "-" + "0" * 12), "isn't"),
        ("conferencing-users", set_to("ServiceNumber", "14255550199"), "+14255550199"),
        ("conferencing-users", set_to("ConferenceId", 5736273), "5736273"),
        ("conferencing-users", set_to("AllowTollFreeDialIn", "perhaps"), "neither True nor False"),
        ("bridges", set_to("Identity", None), "bridges.json, item 1, Identity: It is empty"),
        ("bridges", set_to("Name", "europe"), "Name"),
        ("bridges", set_to("IsDefault", True, 1), "one can be"),
        ("bridges", set_to("IsDefault", False), "one has to be"),
        ("service-numbers", set_to("City", "Elsewhere"), "service-numbers.json, item 1, City"),
        ("service-numbers", set_to("Number", "abc"), "item 1, Number"),
        ("service-numbers", set_to("PrimaryLanguage", "tlh"), "item 1, PrimaryLanguage"),
        ("tenant-settings", set_to("PinLength", 3), "PinLength: 3"),
        ("tenant-settings", set_to("UseUniqueConferenceIds", False), "Dynamic Only"),
        ("tenant-settings", set_to("EnableNameRecording", 7), "EnableNameRecording"),
        ("audio-conferencing-policies", set_to("Identity", "x" * 65, 1), "item 2, Identity"),
        (
            "audio-conferencing-policies",
            set_to("MeetingInvitePhoneNumbers", ["14255550100"], 1),
            "+14255550100 is on no bridge",
        ),
    ],
)
def test_a_folder_at_fault_is_refused_whole(
    folder: Path, fresh: Session, name: str, how: Callable[[Any], Any], problem: str
) -> None:
    """The error names file, row and property, and nothing was taken."""
    change(folder, name, how)
    assert problem in "\n".join(refused(folder, fresh))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("users.json", "[{", "users.json, line 1, column 3: This is no JSON"),
        ("users.json", "[1]", "users.json, item 1: A int is no object"),
        ("users.json", "[" * 100_000, "users.json, This is no JSON"),
        ("users.xml", "<Objs", "users.xml, This is no CLIXML that can be read: line 1"),
        ("users.csv", 'UserPrincipalName\n"x', "users.csv, line 2"),
        ("users.csv", "UserPrincipalName,userprincipalname\n", "stands twice"),
        ("more.json", '[{"UserPrincipalName":"a@b.c"},{"PinLength":1}]', "another kind of object"),
    ],
)
def test_a_damaged_file_is_named(
    folder: Path, fresh: Session, name: str, content: str, problem: str
) -> None:
    """The error says which file, and where in it."""
    (folder / name).write_text(content, encoding="utf-8")
    assert problem in "\n".join(refused(folder, fresh))


def test_all_that_is_wrong_with_files_is_told_at_once(folder: Path, fresh: Session) -> None:
    """Two damaged files are two problems of one error."""
    (folder / "users.json").write_text("{", encoding="utf-8")
    (folder / "bridges.json").write_bytes(b'[{"Name": "\xff"}]')
    assert len(refused(folder, fresh)) == 2


def test_files_of_different_days_are_refused(folder: Path, fresh: Session) -> None:
    """A person or an ID that only the lesser file has would be lost, so it is told."""
    shutil.copy(EXPORTS / "conferencing-users.csv", folder)

    def shorter(rows: list[Any]) -> list[Any]:
        return rows[1:]

    change(folder, "conferencing-users", shorter)
    (problem,) = refused(folder, fresh)
    assert "conferencing-users.csv, line 2" in problem
    assert "different days" in problem


def test_contradicting_files_of_one_format_are_refused(folder: Path, fresh: Session) -> None:
    """Two files that say different things of one person are both named."""
    shutil.copy(folder / "users.json", folder / "users-2.json")
    change(folder, "users-2", set_to("Department", "Elsewhere"))
    (problem,) = refused(folder, fresh)
    assert "users-2.json, item 1" in problem
    assert "users.json, item 1" in problem


def test_no_new_id_once_the_tenant_has_issued_its_first(folder: Path, fresh: Session) -> None:
    """From then on an ID from outside would be a static one."""
    for name in ("bridges", "service-numbers", "audio-conferencing-policies"):
        (folder / f"{name}.json").unlink()
    import_users([{"UserPrincipalName": "ken@contoso.com", "Licenses": "MCOMEETADV"}])
    confid.cmdlets.enable_cs_online_dial_in_conferencing_user("ken@contoso.com", notify=False)
    refused(folder, fresh, StaticConferenceIdError)


def test_a_bridge_in_use_does_not_give_way(fresh: Session) -> None:
    """People stay on their bridge: another one of its name is refused."""
    import_users(
        [{"UserPrincipalName": "ken@contoso.com", "ConferenceId": "3542699", "Licenses": "MCOEV"}]
    )
    import_users(
        [{"UserPrincipalName": "lei@contoso.com", "ConferenceId": "3542698", "Provider": ""}]
    )
    (problem,) = refused(EXPORTS, fresh)
    assert "people are on it" in problem


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda path: path / "missing", NotFoundError, "no folder"),
        (lambda _: EXPORTS / "users.csv", InvalidArgumentError, "import_users"),
        (lambda path: path, InvalidArgumentError, "no export that is known"),
        (lambda path: f"{path}\0", InvalidArgumentError, "can't be read"),
    ],
)
def test_what_is_no_folder_of_exports(
    tmp_path: Path, fresh: Session, make: Any, error: type[ConfidError], said: str
) -> None:
    """A missing, an empty, a wrong path: an error that says what to do."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=said):
        import_tenant(make(tmp_path / "empty"), session=fresh)


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("System.Object[]"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(
    deadline=None,
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_arbitrary_values_give_nothing_but_errors_of_confid(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in a property, the folder is taken or refused whole."""
    copy = tmp_path_factory.mktemp("exports")
    names = sorted(path.stem for path in EXPORTS.glob("*.json"))
    for name in names:
        shutil.copy(EXPORTS / f"{name}.json", copy)
    name = data.draw(st.sampled_from(names))
    rows = json.loads((EXPORTS / f"{name}.json").read_text(encoding="utf-8"))
    first = rows[0] if isinstance(rows, list) else rows
    first[data.draw(st.sampled_from(sorted(first)))] = data.draw(hostile)
    (copy / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    with tenant() as session:
        before = contents(session)
        try:
            import_tenant(copy)
        except ConfidError:
            assert contents(session) == before
        else:
            assert confid.check().problems == ()


def test_objects_that_hold_themselves_are_no_trap(folder: Path, fresh: Session) -> None:
    """CLIXML can refer to what is around it; that is read and refused like anything else."""
    bridge: dict[str, Any] = {"Identity": "x", "Name": "y", "DefaultServiceNumber": None}
    bridge |= {"IsDefault": True, "ServiceNumbers": [bridge]}
    (folder / "bridges.json").unlink()
    for name in ("a.xml", "b.xml"):
        (folder / name).write_text(to_clixml([bridge]), encoding="utf-8")
    assert refused(folder, fresh)


# One file at a time.


@pytest.mark.parametrize("ending", [".csv", ".json", ".xml"])
def test_import_users_takes_each_format(ending: str) -> None:
    """The export of Get-CsOnlineUser comes in from CSV, JSON and CLIXML."""
    with tenant():
        users = import_users(EXPORTS / f"users{ending}")
        assert [user.user_principal_name for user in users] == [
            row["UserPrincipalName"] for row in USERS
        ]
        if ending != ".csv":
            assert sum(user.is_licensed for user in users) == 18


@pytest.mark.parametrize("ending", [".csv", ".json", ".xml"])
def test_conferencing_users_bring_ids_to_people_on_file(session: Session, ending: str) -> None:
    """They are found by object ID; their bridge comes with its own export, before."""
    import_users(EXPORTS / f"bridges{ending}")
    if ending == ".csv":
        import_tenant_numbers(session)
    import_users(EXPORTS / "users.json")
    taken = import_users(EXPORTS / f"conferencing-users{ending}")
    assert len(taken) == len(CONFERENCING)
    assert {u.identity: int(u.conference_id or 0) for u in get()} == IDS
    assert get(CONFERENCING[0]["Identity"]).service_number == CONFERENCING[0]["ServiceNumber"]
    assert confid.check().problems == ()


def import_tenant_numbers(session: Session) -> None:
    """The numbers, which an export of bridges as CSV doesn't name but for the default ones."""
    copy = Path(str(EXPORTS))
    rows = json.loads((copy / "service-numbers.json").read_text(encoding="utf-8"))
    known = {n.number for n in get_cs_online_dial_in_conferencing_service_number(session=session)}
    for row in rows:
        if row["Number"] not in known:
            confid.cmdlets.register_cs_online_dial_in_conferencing_service_number(
                row["Number"], bridge_id=row["BridgeId"], session=session
            )


def test_people_who_are_new_come_in_under_their_sip_address(fresh: Session) -> None:
    """The export doesn't say their user principal name; that of Get-CsOnlineUser puts it right."""
    import_users(EXPORTS / "conferencing-users.csv")
    assert get("user2@contoso.com").conference_id == 9926884
    said = " ".join(lines(fresh))
    assert "SIP address" in said
    assert "bridge" in said
    renamed = {"UserPrincipalName": "new@contoso.com", "ObjectId": CONFERENCING[0]["Identity"]}
    import_users([renamed])
    assert get("new@contoso.com").conference_id == 9926884
    assert confid.check().problems == ()


def test_user_info_brings_ids_to_people_on_file_alone(fresh: Session) -> None:
    """It names nobody but by object ID and display name."""
    info = [
        {
            "DisplayName": row["DisplayName"],
            "Identity": row["Identity"],
            "ConferenceId": row["ConferenceId"],
            "ObjectId": row["Identity"],
            "Provider": "Microsoft",
        }
        for row in CONFERENCING
    ]
    with pytest.raises(RosterError, match="isn't in the directory"):
        import_users(info, session=fresh)
    import_users(EXPORTS / "users.json")
    import_users(info)
    assert {u.identity: int(u.conference_id or 0) for u in get()} == IDS


@pytest.mark.parametrize("ending", [".csv", ".json", ".xml"])
def test_an_export_of_bridges_brings_bridges_and_nobody(fresh: Session, ending: str) -> None:
    """import_users takes it too: bridges, their numbers, no people."""
    assert import_users(EXPORTS / f"bridges{ending}") == []
    bridges = get_cs_online_dial_in_conferencing_bridge(session=fresh)
    assert sorted(bridge.name for bridge in bridges) == ["Conference Bridge", "Europe"]
    assert confid.check().problems == ()


@pytest.mark.parametrize("name", ["tenant-settings.xml", "service-numbers.csv", "users.txt.json"])
def test_an_export_of_no_people_is_refused_with_a_hint(
    tmp_path: Path, fresh: Session, name: str
) -> None:
    """Settings and the like have their place in a folder."""
    path = EXPORTS / name
    if not path.exists():
        path = tmp_path / name
        path.write_text('[{"Some": "thing"}]', encoding="utf-8")
    before = contents(fresh)
    with pytest.raises(RosterError, match=r"import_tenant|names the people"):
        import_users(path, session=fresh)
    assert contents(fresh) == before


def test_grants_on_file_are_taken_back_by_a_blank_cell(fresh: Session) -> None:
    """The export says who is granted what; who isn't, isn't."""
    import_tenant(EXPORTS)
    grant_cs_teams_audio_conferencing_policy("user1@contoso.com", policy_name="EU Toll Only")
    import_tenant(EXPORTS)
    grants = contents(fresh)["grant"]
    assert len(grants) == 3


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00Z", "False", None])
def test_a_date_of_deletion_that_never_was_costs_nobody_a_grant(
    folder: Path, fresh: Session, never: str | None
) -> None:
    """As JSON has it for the living."""
    change(folder, "users", lambda rows: [{**r, "SoftDeletionTimestamp": never} for r in rows])
    import_tenant(folder)
    assert len(contents(fresh)["grant"]) == 3
