"""`confid.invoke` runs one command as typed, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid.command.lookup import bind
from confid.command.typed import bind_command
from confid.errors import ConfidError, LineError, ParameterBindingError, StaticConferenceIdError
from confid.powershell import quote
from confid.powershell.lines.parser import parse_line
from confid.tenant.records import MASKED_PIN
from confid.tenant.results import Results
from tests.tenants import add, contents, enable, get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session

KEN, PILAR, LI = upn("ken"), upn("pilar"), upn("li")
NAME = "Set-CsOnlineDialInConferencingUser"


@pytest.fixture
def session() -> Iterator[Session]:
    """A tenant with three people, enabled."""
    with tenant() as opened:
        for who in ("ken", "pilar", "li"):
            add(opened, who)
            enable(upn(who))
        yield opened


def test_a_line_does_what_the_function_does(session: Session) -> None:
    """Names by prefix, a switch with a colon, quotes: the ID is a new one, of the record too."""
    before = get(KEN).conference_id
    after = confid.invoke(f'{NAME} -Ident "{KEN}" -ResetConf -Confirm:$false')
    assert after == get(KEN) or after.conference_id == get(KEN).conference_id
    assert after.conference_id != before
    line = confid.ledger.entry(before)
    assert line is not None
    assert line.retired_at is not None
    assert confid.invoke(f"{NAME.lower()} {KEN} -wi", session=session) is None


def test_several_identities_are_an_array() -> None:
    """One transaction, and `Results`, as the function has it."""
    with tenant() as session:
        for who in ("ken", "pilar"):
            add(session, who)
            enable(upn(who))
        after = confid.invoke(f"{NAME} {KEN},{PILAR} -ResetConferenceId")
        assert isinstance(after, Results)
        assert [user.sip_address for user in after] == [f"sip:{KEN}", f"sip:{PILAR}"]


@pytest.mark.usefixtures("session")
def test_a_line_goes_on_behind_a_bar() -> None:
    """Records stay records, chosen properties are dicts, views and JSON are text."""
    listed = "Get-CsOnlineDialInConferencingUser | where { $_.DisplayName -like '*i*' }"
    out = confid.invoke(f"{listed} | sort DisplayName")
    assert isinstance(out, Results)
    assert [user.display_name for user in out] == ["Li", "Pilar"]
    assert confid.invoke(f"{listed} | select DisplayName | sort DisplayName") == [
        {"DisplayName": "Li"},
        {"DisplayName": "Pilar"},
    ]
    assert "Pilar" in confid.invoke(f"{listed} | ft DisplayName")
    assert confid.invoke(f"{listed} | select -First 1 | ConvertTo-Json").startswith("{")
    (one,) = confid.invoke(f"Get-CsOnlineDialInConferencingUser {KEN} | sort DisplayName")
    assert one == get(KEN)


@pytest.mark.usefixtures("session")
def test_nothing_comes_out_behind_what_gives_nothing() -> None:
    """A rehearsal, and a file."""
    assert not confid.invoke(f"{NAME} {KEN} -ResetConferenceId -WhatIf | sort DisplayName")


def test_a_wrong_line_changes_nothing(session: Session) -> None:
    """It is read to its end before the cmdlet is called."""
    before = contents(session)
    for wrong in (
        "| nope",
        "| where",
        "| select -First -1",
        "| ft | fl",
        "; ls",
        "> x",
        "-AsJob | ft",
    ):
        with pytest.raises(ConfidError):
            confid.invoke(f"{NAME} {KEN} -ResetConferenceId {wrong}")
    assert contents(session) == before


def test_a_conference_id_is_never_chosen(session: Session) -> None:
    """By no name, prefix or alias, in no place, and with no value."""
    before = contents(session)
    for argument in (
        *("-ConferenceId 1234567", "-Conf 1234567", "-Passcode 1234567", "-ConferenceId:$null"),
        *("1234567", "'1234567'", "-ConferenceId 1234567 -Nope", "-Nope 1234567"),
    ):
        with pytest.raises(StaticConferenceIdError) as refused:
            confid.invoke(f"{NAME} {KEN} {argument}")
        assert refused.value.fully_qualified_error_id == f"StaticConferenceId,{NAME}"
    for other in ("Get-CsOnlineUser", "Enable-CsOnlineDialInConferencingUser"):
        with pytest.raises(StaticConferenceIdError):
            confid.invoke(f"{other} {KEN} -ConferenceId 1234567")
    assert contents(session) == before


@pytest.mark.usefixtures("session")
def test_a_pin_stays_masked() -> None:
    """However it is chosen, from a record that was read."""
    listed = f"Get-CsOnlineDialInConferencingUser {KEN}"
    assert confid.invoke(f"{listed} | select -exp LeaderPin") == [MASKED_PIN]


@pytest.mark.usefixtures("session")
def test_null_binds_what_it_becomes() -> None:
    """Empty text, an error, or what None means in Python."""
    service_number = "-ServiceNumber $null"
    with pytest.raises(ConfidError):
        confid.invoke(f"{NAME} {KEN} {service_number}")
    with pytest.raises(ParameterBindingError) as refused:
        confid.invoke(f"{NAME} {KEN} -BridgeId $null")
    assert refused.value.error_id == "ParameterArgumentTransformationError"
    (command,) = parse_line("Grant-CsTeamsAudioConferencingPolicy ken -PolicyName $null")
    call = bind_command(command)
    assert call.arguments["policy_name"] is None
    assert call.binding.bound["PolicyName"] == ""


@pytest.mark.parametrize(
    ("arguments", "bound"),
    [
        ("-ServiceNumber 14255550100", {"ServiceNumber": "14255550100"}),
        ("-ServiceNumber 0123", {"ServiceNumber": "0123"}),
        ("-ServiceNumber +14255550100", {"ServiceNumber": "+14255550100"}),
        ("-ServiceNumber -Nope", {"ServiceNumber": "-Nope"}),
        ("-SendEmail", {"SendEmail": True}),
        ("-SendEmail:$false", {"SendEmail": False}),
        ("-AllowTollFree $true", {"AllowTollFreeDialIn": True}),
        ("-AllowTollFree 0", {"AllowTollFreeDialIn": False}),
    ],
)
def test_values_are_what_the_parameter_takes(arguments: str, bound: dict[str, Any]) -> None:
    """A bare number is text as typed; what isn't a name is text behind one that waits."""
    (command,) = parse_line(f"{NAME} ken {arguments}")
    assert bind_command(command).binding.bound == {"Identity": "ken", **bound}


@pytest.mark.usefixtures("session")
def test_common_parameters() -> None:
    """ErrorAction and Verbose are passed on, variables and what asks are refused."""
    out = confid.invoke(f"{NAME} {KEN},nobody -ResetConf -EA Continue -vb")
    assert len(out) == len(out.errors) == 1
    for refused in (
        "-ErrorVariable x",
        "-OutVariable x",
        "-PipelineVariable x",
    ):
        with pytest.raises(LineError):
            confid.invoke(f"{NAME} {KEN} {refused}")
    (command,) = parse_line(f"{NAME} {KEN} -WarningA:sil -Debug")
    assert bind_command(command).arguments["warning_action"] == "SilentlyContinue"
    with pytest.raises(ParameterBindingError) as wrong:
        confid.invoke(f"{NAME} {KEN} -ErrorAction Nope")
    assert wrong.value.error_id == "CannotConvertArgumentNoMessage"


def test_without_a_session_the_line_is_read_first() -> None:
    """A wrong line is told as one; a right one needs a tenant."""
    with pytest.raises(LineError):
        confid.invoke("Get-CsOnlineUser $x")
    with pytest.raises(ParameterBindingError):
        confid.invoke("Get-CsOnlineUser -Nope")
    with pytest.raises(confid.NotConnectedError):
        confid.invoke("Get-CsOnlineUser")


TEXTS = ("Identity", "ServiceNumber", "TollFreeServiceNumber", "BridgeName", "SendEmailToAddress")
VALUES = st.fixed_dictionaries(
    {"Identity": st.text(min_size=1)},
    optional={name: st.text(min_size=1) for name in TEXTS[1:]}
    | {"ResetLeaderPin": st.booleans(), "AllowTollFreeDialIn": st.booleans()},
)


@settings(deadline=2000)
@given(VALUES)
def test_a_quoted_call_binds_as_the_python_call(arguments: dict[str, Any]) -> None:
    """Any text between quotes, and `$true` or `$false` behind a colon."""
    words = [
        f"-{name}:${value}" if isinstance(value, bool) else f"-{name} {quote(value)}"
        for name, value in arguments.items()
    ]
    (command,) = parse_line(f"{NAME} {' '.join(words)}")
    assert bind_command(command).binding == bind(NAME, arguments)


PIECES = st.sampled_from(
    [
        *(NAME, "Get-CsOnlineUser", "-Identity", "-Id", "-ResetConf", "-WhatIf", ":", "$true"),
        *("'x'", KEN, "|", "where", "select", "DisplayName", "-First", "1", ",", "{", "}"),
        *("$_.A", "(", ")", "@(", "\n"),
    ]
)


@settings(deadline=2000)
@given(st.text() | st.lists(PIECES).map(" ".join))
def test_any_line_is_run_or_refused(line: str) -> None:
    """Nothing but confid's own errors."""
    with tenant() as session:
        add(session, "ken")
        try:
            confid.invoke(line, session=session)
        except ConfidError as error:
            assert error.message  # noqa: PT017 - most texts are no lines


@pytest.mark.parametrize("unit", ["x ", "-a ", "a,", "-Identity ", "{a} "])
def test_a_long_line_is_refused_in_time(unit: str) -> None:
    """100 kB of arguments that no parameter takes."""
    start = time.perf_counter()
    with pytest.raises(ConfidError) as refused:
        confid.invoke(f"{NAME} -ResetConferenceId -Nope {unit * (100_000 // len(unit))}")
    assert len(str(refused.value)) < 1000
    assert time.perf_counter() - start < 10  # quadratic time would be minutes


def test_a_function_and_a_line_agree_on_the_record(session: Session) -> None:
    """The same call, typed and in Python, leaves the same settings."""
    typed = confid.invoke(f"{NAME} {PILAR} -AllowToll $false", session=session)
    called = set_user(LI, allow_toll_free_dial_in=False)
    assert typed.allow_toll_free_dial_in is called.allow_toll_free_dial_in is False
