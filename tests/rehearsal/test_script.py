"""The script of a rehearsal: it does what the calls did, and no text gets out of its quotes."""

from __future__ import annotations

import enum
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_bridge,
    get_cs_online_dial_in_conferencing_service_number,
    get_cs_online_dial_in_conferencing_tenant_settings,
    get_cs_online_user,
    grant_cs_dialout_policy,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    register_cs_online_dial_in_conferencing_service_number,
    remove_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_bridge,
    set_cs_online_dial_in_conferencing_service_number,
    set_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user_default_number,
    set_cs_teams_audio_conferencing_policy,
    start_cs_ex_meeting_migration,
    unregister_cs_online_dial_in_conferencing_service_number,
)
from confid.engine.binder import registry
from confid.host import SilentHost
from confid.rehearsal.script import comment
from tests.rehearsal import scripts
from tests.rehearsal.test_apply import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from confid import Session
    from confid.rehearsal import RehearsedCall

KEN, PILAR, LI = "ken.myer@contoso.com", "pilar.ackerman@contoso.com", "li.lei@contoso.com"
OLEG = "oleg.petrov@contoso.com"
SECOND = "+14255550199"


@pytest.fixture
def tenant() -> Iterator[Session]:
    """The tenant to rehearse on, with a second number."""
    with confid.demo() as session:
        session.host = SilentHost()
        register_cs_online_dial_in_conferencing_service_number("+14255550199")
        yield session


def everything() -> None:
    """A call of each cmdlet that changes something, with every type of parameter."""
    finance = get_cs_online_user(filter="Department -eq 'Finance'")
    disable_cs_online_dial_in_conferencing_user(LI, send_email=False)
    enable_cs_online_dial_in_conferencing_user(
        [LI, OLEG], allow_pstn_only_meetings=True, error_action="continue", notify=False
    )
    set_cs_online_dial_in_conferencing_user(
        [*finance, KEN], service_number="+14255550199", allow_toll_free_dial_in=False
    )
    set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True, reset_leader_pin=False)
    set_cs_online_dial_in_conferencing_user([PILAR], reset_leader_pin=True, force=True)
    set_cs_online_dial_in_conferencing_user(LI, what_if=True)
    set_cs_online_dial_in_conferencing_user_default_number(
        bridge_name="Conference Bridge",
        from_number=None,
        to_number="14255550199",
        number_type="Toll",
    )
    set_cs_online_dial_in_conferencing_tenant_settings(
        pin_length=7,
        entry_exit_announcements_type="ToneOnly",
        enable_name_recording=False,
        allowed_dial_out_external_domains=["a.example", "b.example"],
    )
    remove_cs_online_dial_in_conferencing_tenant_settings("Global")
    bridge = get_cs_online_dial_in_conferencing_bridge(name="Conference Bridge")
    set_cs_online_dial_in_conferencing_bridge(bridge, default_service_number="14255550199")
    set_cs_online_dial_in_conferencing_bridge(name="Conference Bridge", set_default=True)
    number = get_cs_online_dial_in_conferencing_service_number("+14255550199")
    set_cs_online_dial_in_conferencing_service_number(
        number, primary_language="de-DE", secondary_languages=["en-US", "ja-JP"]
    )
    set_cs_online_dial_in_conferencing_service_number(number, secondary_languages=[])
    register_cs_online_dial_in_conferencing_service_number(
        "+14255550188", bridge_id=bridge.identity
    )
    unregister_cs_online_dial_in_conferencing_service_number("+14255550188")
    policy = new_cs_teams_audio_conferencing_policy("EMEA", allow_toll_free_dialin=False)
    set_cs_teams_audio_conferencing_policy(
        policy, meeting_invite_phone_numbers=["+14255550199", number]
    )
    set_cs_teams_audio_conferencing_policy("EMEA", meeting_invite_phone_numbers=None)
    in_memory = new_cs_teams_audio_conferencing_policy("APAC", in_memory=True)
    set_cs_teams_audio_conferencing_policy(instance=in_memory, allow_toll_free_dialin=False)
    set_cs_online_dial_in_conferencing_tenant_settings(
        instance=attrs.evolve(get_cs_online_dial_in_conferencing_tenant_settings(), pin_length=9)
    )
    grant_cs_teams_audio_conferencing_policy(finance, policy_name=policy)
    grant_cs_teams_audio_conferencing_policy(KEN, policy_name=None)
    grant_cs_teams_audio_conferencing_policy(group="Sales", policy_name="EMEA", rank=1)
    grant_cs_teams_audio_conferencing_policy(global_=True, policy_name="EMEA")
    grant_cs_dialout_policy(KEN, policy_name="DialoutCPCandPSTNDisabled")
    start_cs_ex_meeting_migration([KEN, PILAR], source_meeting_type="All")
    confid.add_bridge("EMEA", numbers=["+442071838750"])
    confid.import_users([{"UserPrincipalName": "new@contoso.com"}])


def expected(calls: Iterable[RehearsedCall], era: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that `.calls` says, one for each person, with what that era has."""
    found = []
    for call in calls:
        info = registry.get(call.name.lower())
        if info is None or not call.writes or era not in info.eras:
            continue
        eras = {p.name: p.eras for p in info.parameters}
        given = {n: v for n, v in call.parameters.items() if era in eras[n]}
        if given.keys() <= {"Identity"} and not call.parameters.keys() <= {"Identity"}:
            continue
        identity = given.get("Identity")
        found += [
            (call.name, given | ({"Identity": one} if identity else {}))
            for one in (identity if isinstance(identity, list) else [identity])
        ]
    return found


def as_read(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments as PowerShell's text has them."""
    return {name: _as_read(name, value) for name, value in arguments.items()}


def _as_read(name: str, value: Any) -> Any:
    if name == "Instance":
        return "$instance"
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, enum.Enum):
        return value.name
    return value if value is None or isinstance(value, bool | int) else str(value)


@pytest.mark.parametrize("era", ["2019", "2026"])
@pytest.mark.parametrize("guard", [True, False])
def test_the_calls_in_it_are_the_calls(tenant: Session, era: str, guard: bool) -> None:
    """The same ones, with the same arguments, each behind ShouldProcess."""
    with confid.rehearse(tenant) as rehearsal:
        everything()
    script, made = scripts.perform(rehearsal.script(era=era, guard=guard))
    found = [(n, plain(given)) for n, given in made if not n.startswith("Get-")]
    assert found == [(name, as_read(a)) for name, a in expected(rehearsal.calls, era)]
    assert len(found) > 15
    assert not any(warning.startswith("Left alone") for warning in script.warnings)


def plain(given: dict[str, Any]) -> dict[str, Any]:
    """Parameters without ErrorAction, which each call has, and without the instance itself."""
    given = {n: "$instance" if n == "Instance" else value for n, value in given.items()}
    assert given.pop("ErrorAction") == "Stop"
    return given


def test_todays_module_has_no_reset(tenant: Session) -> None:
    """Such calls are comments, which say why and what to do instead; so are the warnings."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        set_cs_online_dial_in_conferencing_user(
            PILAR, reset_conference_id=True, service_number="+14255550199"
        )
        disable_cs_online_dial_in_conferencing_user(LI)
        confid.add_bridge("EMEA", numbers=["+442071838750"])
    script = rehearsal.script()
    ((name, arguments),) = scripts.calls(rehearsal.script(guard=False))
    assert name == "Set-CsOnlineDialInConferencingUser"
    assert plain(arguments) == {"Identity": PILAR, "ServiceNumber": "+14255550199"}
    assert f"#   {KEN}" in script
    assert script.startswith("#Requires -Modules MicrosoftTeams\n")
    assert ["licence" in warning for warning in rehearsal.warnings] == [True, True, False]
    assert "SkypeOnlineConnector" in rehearsal.script(era="2019")
    with pytest.raises(confid.InvalidArgumentError, match="2019"):
        rehearsal.script(era="2020")


def test_a_failure_is_no_warning(tenant: Session) -> None:
    """It stands among the errors; also where the call has no other form in a script."""
    with confid.rehearse(tenant) as rehearsal:
        for changes in ({"reset_conference_id": True}, {"service_number": SECOND, "notify": False}):
            set_cs_online_dial_in_conferencing_user(
                [KEN, "x\0y", OLEG], error_action="continue", **changes
            )
    assert len(rehearsal.warnings) == 3
    assert not any("failed" in warning for warning in rehearsal.warnings)


def test_what_failed_or_was_undone_is_a_comment(tenant: Session) -> None:
    """A call that did nothing is not made."""
    with confid.rehearse(tenant) as rehearsal:
        with pytest.raises(confid.NotEnabledError):
            set_cs_online_dial_in_conferencing_user(OLEG, reset_leader_pin=True)
        with pytest.raises(ZeroDivisionError), rehearsal.session.transaction():  # noqa: PT012 - the block is undone
            set_cs_online_dial_in_conferencing_user(KEN, reset_leader_pin=True)
            _ = 1 / 0
    script = rehearsal.script()
    assert not scripts.calls(script)
    assert "failed in the rehearsal" in script
    assert "rolled back in the rehearsal" in script


def test_no_id_and_no_pin_is_in_it(tenant: Session) -> None:
    """Neither those of before nor those that the rehearsal drew."""
    with confid.rehearse(tenant) as rehearsal:
        ken = set_cs_online_dial_in_conferencing_user(
            KEN, reset_conference_id=True, reset_leader_pin=True
        )
        set_cs_online_dial_in_conferencing_user(ken, allow_toll_free_dial_in=False)
        ids = [str(entry.conference_id) for entry in confid.ledger.entries()]
        used = next(i for i in ids if i != str(ken.conference_id))
        with suppress(confid.RosterError):
            confid.import_users([{"UserPrincipalName": "x@x.org", "ConferenceId": used}])
        assert used in str(rehearsal.errors[0])
    for era in ("2019", "2026"):
        script = rehearsal.script(era=era)
        assert not [secret for secret in (*ids, ken.leader_pin) if secret in script]


def test_a_guard_looks_at_each_thing_once(tenant: Session) -> None:
    """At what the calls change, before the first of them; whatever names the calls give it."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, service_number=SECOND)
        set_cs_online_dial_in_conferencing_user(
            [f"sip:{KEN}", "nobody", PILAR], allow_toll_free_dial_in=False, error_action="continue"
        )
        new_cs_teams_audio_conferencing_policy("EMEA")
        set_cs_teams_audio_conferencing_policy("EMEA", allow_toll_free_dialin=False)
        for name in ("14255550199", f"tel:{SECOND}"):
            set_cs_online_dial_in_conferencing_service_number(name, primary_language="de-DE")
    script = rehearsal.script()
    looks, calls = script.split("PercentComplete", 1)
    lines = [line for line in looks.splitlines() if "Name = " in line]
    keys = [line.partition("Key = ")[2][:1] for line in lines]
    assert keys == ["1", "1", "0", "2", "3", "4", "4"]
    assert ["Seen" in line for line in lines] == [True, False, False, True, True, True, False]
    assert "ServiceNumber = '14255550100'" in lines[0]
    assert "AllowTollFreeDialIn = $true" in lines[0]
    assert "Get-CsOnlineDialInConferencingUser -Identity $target.Name" in looks
    assert "Get-" not in calls
    unguarded = rehearsal.script(guard=False)
    assert "Get-" not in unguarded.replace("but Get-", "").replace("Get- cmdlets", "")


def test_a_guard_looks_at_what_the_calls_set(tenant: Session) -> None:
    """Also where a person has the value already, or gets it back."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user([KEN, PILAR], allow_toll_free_dial_in=True)
        set_cs_online_dial_in_conferencing_user(PILAR, allow_pstn_only_meetings=True)
        set_cs_online_dial_in_conferencing_user(f"sip:{PILAR}", allow_pstn_only_meetings=False)
        set_cs_online_dial_in_conferencing_user(LI, reset_leader_pin=True)
    seen = [
        line.partition("Seen = ")[2]
        for line in rehearsal.script().splitlines()
        if "Seen = " in line
    ]
    assert seen == [
        "@{ AllowTollFreeDialIn = $true } }",
        "@{ AllowPstnOnlyMeetings = $false; AllowTollFreeDialIn = $true } }",
        "@{ BridgeName = 'Conference Bridge'; ServiceNumber = '14255550100' } }",
    ]


def test_who_needs_a_licence_first_is_not_looked_at(tenant: Session) -> None:
    """The licence sets what a look would compare; the module of 2019 enables people itself."""
    disable_cs_online_dial_in_conferencing_user(LI)
    with confid.rehearse(tenant) as rehearsal:
        enable_cs_online_dial_in_conferencing_user(LI)
        set_cs_online_dial_in_conferencing_user(
            [LI, OLEG], service_number=SECOND, error_action="continue"
        )
    (line,) = [text for text in rehearsal.script().splitlines() if "Seen = " in text]
    assert OLEG in line
    assert "ServiceNumber = $null" in rehearsal.script(era="2019")


def test_what_the_rehearsal_drew_is_pointed_at(tenant: Session) -> None:
    """A bridge or a person that is new has another ID in reality."""
    with confid.rehearse(tenant) as rehearsal:
        bridge = confid.add_bridge("EMEA", numbers=["+442071838750"])
        set_cs_online_dial_in_conferencing_user(KEN, bridge_id=bridge.identity)
        set_cs_online_dial_in_conferencing_bridge(bridge, set_default=True)
        set_cs_online_dial_in_conferencing_user(PILAR, bridge_name="EMEA")
    drawn = f"another one in reality: {bridge.identity}"
    assert [drawn in warning for warning in rehearsal.warnings] == [False, True, True]
    assert rehearsal.script().replace("\n# ", " ").count(drawn) == 2


def test_an_instance_sets_what_an_earlier_call_changed(tenant: Session) -> None:
    """Also what it says as the rehearsal saw it at first."""
    settings = get_cs_online_dial_in_conferencing_tenant_settings()
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_tenant_settings(pin_length=9)
        set_cs_online_dial_in_conferencing_tenant_settings(instance=settings)
    assert f"$instance.PinLength = {settings.pin_length}" in rehearsal.script()
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_tenant_settings(
            instance=attrs.evolve(settings, pin_length=9)
        )
    assert rehearsal.script().count("$instance.") == 1


def test_a_script_is_saved_as_windows_powershell_reads_it(tenant: Session, tmp_path: Path) -> None:
    """In UTF-8 with a mark."""
    with confid.rehearse(tenant) as rehearsal:
        new_cs_teams_audio_conferencing_policy("Zürich")
    rehearsal.save_script(tmp_path / "change.ps1")
    data = (tmp_path / "change.ps1").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == rehearsal.script()


@pytest.mark.parametrize("name", ["x\ud800y", "x\0y", "\udfff"])
@pytest.mark.parametrize("guard", [True, False])
def test_what_no_file_can_hold_is_left_out(tenant: Session, name: str, guard: bool) -> None:
    """Half a character or a NUL, which names nobody; the others stay."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(
            [name, KEN], allow_toll_free_dial_in=False, error_action="continue"
        )
        with suppress(confid.ConfidError):
            disable_cs_online_dial_in_conferencing_user(name)
    for era in ("2019", "2026"):
        script = rehearsal.script(era=era, guard=guard)
        ran, _ = scripts.perform(script, what_if=True)
        assert ran.asked == [KEN]
        assert "Left out" in script


@pytest.mark.parametrize(
    "name",
    [
        "SIG # Begin signature block",
        "sig#BEGIN SIGNATURE BLOCK",
        "SlG Begin the signature block",
        "My SIG # Begin signature blocks",
    ],
)
def test_no_comment_is_taken_for_a_signature(tenant: Session, name: str) -> None:
    """PowerShell reads nothing behind a line that looks like one."""
    assert comment(KEN) == f"# {KEN}\n"
    with confid.rehearse(tenant) as rehearsal:
        confid.add_bridge(name, numbers=["+442071838750"])
        set_cs_online_dial_in_conferencing_user_default_number(
            bridge_name=name, from_number=None, to_number="+442071838750", number_type="Toll"
        )
    (line,) = [text for text in rehearsal.script().splitlines() if name in text]
    assert len("".join(line.split())) > 2 * len("sig#beginsignatureblock") + 1


PEOPLE = (KEN, PILAR, LI, OLEG, "nobody@contoso.com")
THIRD = "+14255550188"
STEPS: list[Callable[[list[str]], object]] = [
    lambda who: enable_cs_online_dial_in_conferencing_user(who, error_action="continue"),
    lambda who: disable_cs_online_dial_in_conferencing_user(who, error_action="continue"),
    lambda who: set_cs_online_dial_in_conferencing_user(
        who, reset_conference_id=True, service_number=SECOND, error_action="continue"
    ),
    lambda who: set_cs_online_dial_in_conferencing_user(who[0], allow_toll_free_dial_in=False),
    lambda who: grant_cs_dialout_policy(
        who, policy_name="DialoutCPCandPSTNDisabled", error_action="continue"
    ),
    lambda _: set_cs_online_dial_in_conferencing_tenant_settings(pin_length=8),
    lambda _: set_cs_online_dial_in_conferencing_tenant_settings(
        instance=attrs.evolve(get_cs_online_dial_in_conferencing_tenant_settings(), pin_length=9)
    ),
    lambda _: set_cs_online_dial_in_conferencing_bridge(
        get_cs_online_dial_in_conferencing_bridge(name="Conference Bridge"),
        default_service_number=SECOND,
    ),
    lambda _: register_cs_online_dial_in_conferencing_service_number(THIRD),
    lambda _: set_cs_online_dial_in_conferencing_service_number(THIRD, primary_language="de-DE"),
    lambda _: unregister_cs_online_dial_in_conferencing_service_number(SECOND),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(STEPS),
            st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
        ),
        max_size=6,
    )
)
def test_running_it_does_what_was_rehearsed(plan: list[tuple[Any, list[str]]]) -> None:
    """All of it, but for what was drawn; it takes nothing of its own for a foreign change."""
    with confid.demo() as session:
        session.host = SilentHost()
        register_cs_online_dial_in_conferencing_service_number(SECOND)
        with confid.rehearse(session) as rehearsal:
            for step, who in plan:
                with suppress(confid.ConfidError):
                    step(who)
            promised = shown(rehearsal.session)
        before = shown(session)
        script, made = scripts.perform(rehearsal.script(era="2019"), what_if=True)
        assert all(name.startswith("Get-") for name, _ in made)
        assert shown(session) == before
        asked = script.asked
        script, _ = scripts.perform(rehearsal.script(era="2019"))
        assert script.asked == asked
        assert not [line for line in script.warnings if line.startswith("Left alone")]
        assert bool(script.code) == bool(script.warnings)
        assert not script.warnings or rehearsal.errors
        after = shown(session)
        assert after.keys() == promised.keys()
        differing = {name for name in after if after[name] != promised[name]}
        assert all(name in ("ConferenceId", "Invitation") for _, name in differing)


def test_it_leaves_alone_what_has_changed_and_goes_on_after_a_failure(tenant: Session) -> None:
    """It names both, and its exit code says so; the others get what was rehearsed."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user([PILAR, LI, KEN], allow_pstn_only_meetings=True)
        set_cs_online_dial_in_conferencing_tenant_settings(pin_length=8)
    set_cs_online_dial_in_conferencing_user(PILAR, allow_pstn_only_meetings=True)
    confid.remove_users(LI)
    script, made = scripts.perform(rehearsal.script())
    changed = [given.get("Identity") for name, given in made if name.startswith("Set-")]
    assert changed == [KEN, None]
    left, gone = script.warnings
    assert left.startswith(f"Left alone: {PILAR}, Set-CsOnlineDialInConferencingUser: ")
    assert "AllowPstnOnlyMeetings is 'True', and was 'False' in the rehearsal" in left
    assert LI in gone
    assert script.code == 1
    script, made = scripts.perform(rehearsal.script(guard=False))
    assert [line.partition(",")[0] for line in script.warnings] == [f"Failed: {LI}"]
    assert get_cs_online_dial_in_conferencing_tenant_settings().pin_length == 8


HOSTILE = st.text(
    st.sampled_from(
        "'\"‘’‚‛“”„`$(){}[]@#<>;&|,-–—―\\ aZ9\u00a0İß李\u200d\u2028\x85\t\n\r"  # noqa: RUF001 - the point
        "\u202e\u2066\u200f\U000e0041"
    ),
    min_size=1,
    max_size=40,
).filter(str.strip)


@given(HOSTILE, HOSTILE)
def test_no_text_gets_out_of_its_quotes(name: str, other: str) -> None:
    """Names of people, policies, groups and bridges; those in errors too, which are comments."""
    with confid.demo(seed=1) as session:
        session.host = SilentHost()
        with suppress(confid.RosterError):
            confid.import_users([{"UserPrincipalName": "x@contoso.com", "DisplayName": name}])
        with confid.rehearse(session) as rehearsal:
            for call in (
                lambda: grant_cs_dialout_policy(
                    [name, KEN, other],
                    policy_name="DialoutCPCandPSTNDisabled",
                    error_action="continue",
                ),
                lambda: disable_cs_online_dial_in_conferencing_user(
                    [name, KEN, other], error_action="continue"
                ),
                lambda: new_cs_teams_audio_conferencing_policy(other),
                lambda: grant_cs_teams_audio_conferencing_policy(
                    group=name, policy_name=other, rank=1
                ),
                lambda: set_cs_online_dial_in_conferencing_user(
                    KEN,
                    send_email=True,
                    send_email_from_address="a@b.example",
                    send_email_from_display_name=name,
                ),
                lambda: set_cs_online_dial_in_conferencing_user(KEN, bridge_name=other),
                lambda: confid.add_bridge(name, numbers=["+442071838750"]),
                lambda: set_cs_online_dial_in_conferencing_bridge(name=name, set_default=True),
            ):
                with suppress(confid.ConfidError):
                    call()
    succeeded = [call for call in rehearsal.calls if not call.failed]
    for era in ("2019", "2026"):
        scripts.parsed(rehearsal.script(era=era))
        made = scripts.calls(rehearsal.script(era=era, guard=False))
        assert [(n, plain(g)) for n, g in made] == [
            (n, as_read(a)) for n, a in expected(succeeded, era)
        ]
