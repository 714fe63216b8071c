"""Parameters of one kind take the same things, on whatever cmdlet they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.command import bind, get_command
from confid.errors import ConfidError, InvalidArgumentError, LineError, ParameterBindingError
from confid.powershell import pipe
from confid.tenant.records import ServiceNumber
from tests.tenants import (
    add,
    enable,
    get,
    get_bridge,
    get_number,
    grant_dial_out,
    grant_policy,
    new_policy,
    register,
    set_bridge,
    set_number,
    set_policy,
    set_settings,
    set_user,
    tenant,
    unregister,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.engine.session import Session

KEN, LI = upn("ken"), upn("li")
MAIN, TOLL, FREE = "14255550100", "14255550177", "18005550199"
BRIDGE = "Conference Bridge"
online: Any = confid.cmdlets.get_cs_online_user
info: Any = confid.cmdlets.get_cs_online_dial_in_conferencing_user_info
state: Any = confid.cmdlets.get_cs_online_dial_in_conferencing_user_state
default_number: Any = confid.cmdlets.set_cs_online_dial_in_conferencing_user_default_number
WITH_IDENTITY = [
    command.name
    for command in confid.get_command()
    if any(parameter.python_name == "identity" for parameter in command.parameters)
]


@pytest.fixture(autouse=True)
def session() -> Iterator[Session]:
    """Ken and Li, enabled, Ann, not enabled, and two numbers more."""
    with tenant("ken", "li") as opened:
        add(opened, "ann")
        register(TOLL)
        register(FREE)
        yield opened


@pytest.mark.parametrize("name", WITH_IDENTITY)
def test_an_identity_of_none_is_refused(name: str) -> None:
    """By the function, with its name or by place, and by `bind`; the reason is said."""
    function: Any = get_command(name).function
    calls: list[Callable[[], object]] = [
        lambda: function(None),
        lambda: function(identity=None),
        lambda: bind(name, {"Identity": None}),
    ]
    for call in calls:
        with pytest.raises(ParameterBindingError, match="means everybody") as refused:
            call()
        assert refused.value.error_id == "ParameterArgumentValidationErrorEmptyStringNotAllowed"
        assert refused.value.category == "InvalidData"
        assert refused.value.parameter == "Identity"


NUMBERS: dict[tuple[str, str], Callable[[Any, Any], object]] = {
    ("Enable-CsOnlineDialInConferencingUser", "ServiceNumber"): (
        lambda toll, _: enable(upn("ann"), service_number=toll).service_number == TOLL
    ),
    ("Enable-CsOnlineDialInConferencingUser", "TollFreeServiceNumber"): (
        lambda _, free: (
            enable(upn("ann"), toll_free_service_number=free).toll_free_service_number == FREE
        )
    ),
    ("Get-CsOnlineDialInConferencingUser", "ServiceNumber"): (
        lambda toll, _: (
            len(set_user([KEN, LI], service_number=toll)) == len(get(service_number=toll))
        )
    ),
    ("Set-CsOnlineDialInConferencingUser", "ServiceNumber"): (
        lambda toll, _: set_user(KEN, service_number=toll).service_number == TOLL
    ),
    ("Set-CsOnlineDialInConferencingUser", "TollFreeServiceNumber"): (
        lambda _, free: (
            set_user(KEN, toll_free_service_number=free).toll_free_service_number == FREE
        )
    ),
    ("Set-CsOnlineDialInConferencingUserDefaultNumber", "FromNumber"): (
        lambda toll, _: (
            set_user(KEN, service_number=toll)
            and len(
                default_number(
                    bridge_name=BRIDGE, from_number=toll, to_number=MAIN, number_type="Toll"
                )
            )
            == 1
        )
    ),
    ("Set-CsOnlineDialInConferencingUserDefaultNumber", "ToNumber"): (
        lambda toll, _: (
            len(default_number(bridge_name=BRIDGE, to_number=toll, number_type="Toll")) == 2
        )
    ),
    ("Set-CsOnlineDialInConferencingBridge", "DefaultServiceNumber"): (
        lambda toll, _: (
            set_bridge(name=BRIDGE, default_service_number=toll).default_service_number.number
            == TOLL
        )
    ),
    ("Set-CsTeamsAudioConferencingPolicy", "MeetingInvitePhoneNumbers"): (
        lambda toll, free: (
            set_policy("Global", meeting_invite_phone_numbers=[free, toll])
            and set_policy("Global", meeting_invite_phone_numbers=toll).meeting_invite_phone_numbers
            == (TOLL,)
        )
    ),
    ("Get-CsOnlineDialInConferencingServiceNumber", "Identity"): (
        lambda toll, _: get_number(toll).number == TOLL
    ),
    ("Set-CsOnlineDialInConferencingServiceNumber", "Identity"): (
        lambda toll, _: set_number(toll, primary_language="de-DE").number == TOLL
    ),
    ("Unregister-CsOnlineDialInConferencingServiceNumber", "Identity"): (
        lambda toll, _: register(unregister(toll)).number == TOLL
    ),
}
"""What takes a number of the tenant, and whether it does what it should with it."""


@pytest.mark.parametrize("parameter", NUMBERS, ids=" ".join)
@pytest.mark.parametrize("by_record", [False, True], ids=["text", "record"])
def test_a_number_is_given_as_text_or_as_its_record(
    parameter: tuple[str, str], by_record: bool
) -> None:
    """Wherever a number of the tenant is wanted; a bridge's default number is such a record."""
    toll, free = (get_number(TOLL), get_number(FREE)) if by_record else (f"+{TOLL}", f"tel:+{FREE}")
    assert NUMBERS[parameter](toll, free)


def test_the_table_of_numbers_is_whole() -> None:
    """Every parameter that takes a number's record is in it, but for those of an instance."""
    declared = {
        (command.name, p.name)
        for command in confid.get_command()
        for p in command.declared.values()
        if ServiceNumber in p.as_is
    }
    registered = ("Register-CsOnlineDialInConferencingServiceNumber", "Identity")
    assert declared - set(NUMBERS) == {registered}


def test_a_bridge_has_its_default_number_as_a_record() -> None:
    """So a user gets it without a word on digits; `add_bridge` takes records as well."""
    default = get_bridge(name=BRIDGE).default_service_number
    assert set_user(KEN, service_number=default).service_number == MAIN
    moved = confid.add_bridge("Berlin", numbers=unregister(TOLL))
    assert moved.default_service_number is not None
    assert moved.default_service_number.number == TOLL


def test_no_toll_free_number_is_none() -> None:
    """Given as None to the Set- cmdlet, on a line as `$null`, it is taken away; else it stays."""
    roads: list[Callable[[], Any]] = [
        lambda: set_user(KEN, toll_free_service_number=None),
        lambda: confid.invoke(f"Set-CsOnlineDialInConferencingUser {KEN} -TollFreeServiceN $null"),
    ]
    for none in roads:
        set_user(KEN, toll_free_service_number=FREE)
        assert set_user(KEN, reset_leader_pin=True).toll_free_service_number == FREE
        assert none().toll_free_service_number is None
        assert get(KEN).toll_free_service_number is None


LISTS: dict[str, Callable[[Any], object]] = {
    "MeetingInvitePhoneNumbers": lambda numbers: (
        new_policy("X", meeting_invite_phone_numbers=numbers).meeting_invite_phone_numbers
        == (FREE, TOLL)
    ),
    "SecondaryLanguages": lambda codes: (
        set_number(TOLL, secondary_languages=codes).secondary_languages == ("de-DE", "fr-FR")
    ),
    "Properties": lambda names: (
        list(online(properties=names)[0].__powershell__())[3:] == ["City", "Title"]
    ),
    "LicenseState": lambda states: len(state(license_state=states)) == 3,
    "AllowedDialOutExternalDomains": lambda domains: (
        set_settings(allowed_dial_out_external_domains=domains).allowed_dial_out_external_domains
        == ("a.org", "b.org")
    ),
    "numbers": lambda numbers: len(confid.add_bridge("Oslo", numbers=numbers).service_numbers) == 2,
}
ITEMS = {
    "MeetingInvitePhoneNumbers": (f"+{FREE}", f"+{TOLL}"),
    "SecondaryLanguages": ("de-de", "fr-FR"),
    "Properties": ("City", "title"),
    "LicenseState": ("Licensed", "Unknown"),
    "AllowedDialOutExternalDomains": ("a.org", "b.org"),
    "numbers": ("+14255550111", "+14255550112"),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", ["{0},{1}", " {0} , {1} ", None])
def test_a_list_may_be_one_text_with_commas(name: str, form: str | None) -> None:
    """With or without blanks, and as a list."""
    assert LISTS[name](list(ITEMS[name]) if form is None else form.format(*ITEMS[name]))


def test_a_filter_names_properties_that_users_have() -> None:
    """A misspelt one is told with the nearest, wherever people are filtered; `where` takes it."""
    for call in (online, info):
        with pytest.raises(InvalidArgumentError, match="Did you mean DisplayName") as wrong:
            call(filter="-not ((Provider -eq 5) -or DisplyName -like 'K*')")
        assert wrong.value.error_id == "PropertyNotFound"
        assert call(filter="display_name -eq 'Ken' -and $_.CITY -eq $null")[0].display_name == "Ken"
    assert pipe([{"A": 1}], "where { $_.Nothing -eq $null }") == [{"A": 1}]
    assert confid.invoke("Get-CsOnlineUser | where Nothing -ne $null") == []


def test_users_show_the_policies_granted_to_them() -> None:
    """Those granted to the user, not to the tenant; and what they are licensed for."""
    new_policy("EMEA")
    grant_policy(KEN, "Tag:EMEA")
    grant_policy(policy_name="EMEA", global_=True)
    granted = grant_dial_out([KEN, LI], "DialoutCPCandPSTNDisabled", pass_thru=True)
    assert granted[0].teams_audio_conferencing_policy == "EMEA"
    assert online(LI).__powershell__() | {"OnlineDialOutPolicy": "DialoutCPCandPSTNDisabled"} == (
        granted[1].__powershell__()
    )
    by_filter = "TeamsAudioConferencingPolicy -eq 'emea' -and FeatureTypes -contains 'Teams'"
    assert [user.display_name for user in online(filter=by_filter)] == ["Ken"]
    assert [u.display_name for u in online([LI, KEN], filter=by_filter)] == ["Ken"]
    grant_policy(KEN, None)
    assert online(filter="teamsaudioconferencingpolicy -ne $null") == []
    assert online(KEN).feature_types == ("Teams", "AudioConferencing")


def test_grants_are_by_place_in_python_and_as_the_engine_binds_on_a_line() -> None:
    """Identity and policy in Python; on one cmdlet's line the policy stands first."""
    new_policy("EMEA")
    out = "DialoutCPCandPSTNDisabled"
    for python, place, line in (
        (grant_policy, ("EMEA", KEN), "Grant-CsTeamsAudioConferencingPolicy"),
        (grant_dial_out, (KEN, out), "Grant-CsDialoutPolicy"),
    ):
        policy = "EMEA" if python is grant_policy else out
        right = python(KEN, policy, pass_thru=True)
        assert confid.invoke(f"{line} {place[0]} {place[1]} -PassThru") == right
        with pytest.raises(
            ConfidError, match=f"{KEN} is a person: on a line of {line} the"
        ) as swap:
            confid.invoke(f"{line} {place[1]} {place[0]}")
        assert "-Identity and -PolicyName" in str(swap.value)
        with pytest.raises(ParameterBindingError, match="takes identity and policy_name without"):
            python(KEN, policy, True)


BLOCKS = {
    "Get-CsOnlineUser -Filter {DisplayName -eq 'Ken'}": 1,
    'Get-CsOnlineUser -Filter:{ $_.DisplayName -like "K*" -or DisplayName -eq "Li" }': 2,
    "Get-CsOnlineDialInConferencingUser -LdapFilter {(displayName=Ken)}": 1,
    "Get-CsOnlineUser {Ken},Li": None,
    f"Get-CsOnlineUser {{{KEN}}} | where {{ $_.City -eq $null }}": 1,
    "Get-CsOnlineUser -Properties {City} -ResultSize 2": 2,
    "Get-CsOnlineUser -ResultSize {2}": LineError,
    "Get-CsOnlineDialInConferencingUser -ResultSize {2}": "ParameterArgumentTransformationError",
    "Get-CsOnlineDialInConferencingUser -BridgeId {2}": "ParameterArgumentTransformationError",
    "Get-CsOnlineDialInConferencingUser -Force:{2}": "ParameterArgumentTransformationError",
    "Get-CsOnlineUser | Export-Csv {x.csv}": LineError,
}


@pytest.mark.parametrize("line", BLOCKS)
def test_a_script_block_is_text_for_a_text_parameter(line: str) -> None:
    """As the example of the documentation has it; for other types it is refused."""
    expected = BLOCKS[line]
    if isinstance(expected, int):
        found = confid.invoke(line)
        assert len(found if isinstance(found, list | confid.Results) else [found]) == expected
        return
    with pytest.raises(LineError if expected in (LineError, None) else ParameterBindingError) as no:
        confid.invoke(line)
    assert expected in (LineError, None) or no.value.error_id == expected


def test_a_display_name_with_an_asterisk_lists_users() -> None:
    """Of Get-CsOnlineUser only; alone or among others, each user once, by display name."""
    assert [user.display_name for user in online("*N*")] == ["Ann", "Ken"]
    assert [user.display_name for user in online([LI, "*n", KEN, "A*"])] == ["Li", "Ann", "Ken"]
    assert online("*n", result_size=1)[0].display_name == "Ann"
    assert online("K[e]*") == online("No?e*") == []
    assert type(online("Ken*")) is confid.Results
    for function, name in ((online, "*@contoso.com"), (get, "Ken*"), (set_user, "*n")):
        with pytest.raises(confid.UserNotFoundError):
            function(name)


def test_a_path_on_a_line_means_the_same_everywhere(tmp_path: Path) -> None:
    """A backslash parts folders, as in a script of PowerShell, on whatever system."""
    (tmp_path / "out").mkdir()
    for name, parameter in (("a.csv", "-Path"), ("b.csv", "-LiteralPath"), ("c.csv", "")):
        confid.invoke(f"Get-CsOnlineUser | Export-Csv {parameter} '{tmp_path}\\.\\out\\{name}'")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv", "c.csv"]
