"""What every cmdlet does: bind, act on errors, say what it would do."""

from __future__ import annotations

import re
from typing import Any

import pytest

import confid
from confid.errors import (
    ConferenceIdsExhaustedError,
    ConfidError,
    InvalidArgumentError,
    NotEnabledError,
    ParameterBindingError,
    SeveralErrors,
    StoreError,
    UserNotFoundError,
)
from confid.store.memory import _MemoryTransaction
from confid.tenant.notices import Event
from tests.tenants import (
    add,
    contents,
    enable,
    get,
    get_bridge,
    get_settings,
    lines,
    outbox,
    set_user,
    tenant,
    upn,
)

KEN, PILAR, LI, NOBODY = upn("ken"), upn("pilar"), upn("li"), upn("nobody")


# Binding.


@pytest.mark.parametrize("name", ["reset_conference_id", "ResetConferenceId", "RESETPASSCODE"])
def test_parameters_go_by_either_name_and_by_alias(name: str) -> None:
    """Python names, PowerShell names and aliases, in any casing, are one parameter."""
    with tenant("ken"):
        old = get(KEN).conference_id
        assert set_user(KEN, **{name: True}).conference_id != old


@pytest.mark.parametrize(
    ("cmdlet", "arguments", "error_id"),
    [
        (set_user, {"identity": KEN, "bogus": 1}, "NamedParameterNotFound"),
        (get, {"identity": KEN, "notify": True}, "NamedParameterNotFound"),
        (get, {"identity": KEN, "what_if": True}, "NamedParameterNotFound"),
        (set_user, {"identity": KEN, "Identity": KEN}, "ParameterAlreadyBound"),
        (set_user, {"identity": KEN, "wi": True, "what_if": True}, "ParameterAlreadyBound"),
        (set_user, {"reset_conference_id": True}, "MissingMandatoryParameter"),
        (get_bridge, {"identity": "x", "name": "y"}, "ParameterArgumentTransformationError"),
        (
            get_bridge,
            {"identity": "00000000-0000-0000-0000-000000000000", "name": "y"},
            "AmbiguousParameterSet",
        ),
        (
            set_user,
            {"identity": KEN, "reset_leader_pin": "maybe"},
            "ParameterArgumentTransformationError",
        ),
        (
            set_user,
            {
                "identity": KEN,
                "tenant": "00000000-0000-0000-0000-000000000000",
                "TenantDomain": "x",
            },
            "AmbiguousParameterSet",
        ),
    ],
)
def test_what_powershell_would_not_bind(
    cmdlet: Any, arguments: dict[str, Any], error_id: str
) -> None:
    """A call that does not bind is a TypeError with PowerShell's own id, and does nothing."""
    with tenant("ken") as session:
        before = contents(session)
        with pytest.raises(ParameterBindingError) as caught:
            cmdlet(**arguments)
        assert isinstance(caught.value, TypeError)
        assert caught.value.error_id == error_id
        assert caught.value.fully_qualified_error_id.startswith(f"{error_id},")
        assert contents(session) == before


def test_a_parameter_by_its_place_and_its_name_is_given_twice() -> None:
    """Whatever the two say; and the cmdlet is named."""
    with tenant("ken"), pytest.raises(ParameterBindingError) as caught:
        set_user(KEN, identity=KEN, reset_conference_id=True)
    assert caught.value.error_id == "ParameterAlreadyBound"
    assert caught.value.cmdlet == "Set-CsOnlineDialInConferencingUser"


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: set_user(KEN, reset_confrence_id=True), ["reset_conference_id"]),
        (lambda: set_user(KEN, ResetConference=True), ["reset_conference_id"]),
        (lambda: set_user(KEN, notfy=False), ["notify"]),
        (lambda: get(KEN, erroraktion="stop"), ["error_action", "error_variable"]),
        (lambda: get(KEN, sesion=None), ["session"]),
        (lambda: confid.get_command("Set-CsOnlineDialInUser"), ["Set-CsOnlineDialIn"]),
        (lambda: confid.get_command("get_cs_online_usr"), ["get_cs_online_user"]),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(call: Any, meant: list[str]) -> None:
    """Three at most, of parameters those of every cmdlet too."""
    with tenant("ken"), pytest.raises(ParameterBindingError) as caught:
        call()
    question = re.search(r"Did you mean (.*?)\?", str(caught.value))
    assert question is not None
    near = re.split(", | or ", question[1])
    assert len(near) <= 3
    assert all(any(name in other for other in near) for name in meant), near


def test_an_unknown_parameter_is_answered_with_all_there_are() -> None:
    """Those of the cmdlet and those of every cmdlet."""
    with tenant("ken"), pytest.raises(ParameterBindingError) as caught:
        set_user(KEN, qqqqqq=1)
    assert "mean" not in str(caught.value)
    for name in ("reset_conference_id", "notify", "session", "error_action"):
        assert f" {name}," in str(caught.value)


def test_a_cmdlet_goes_by_its_python_name_too() -> None:
    """In any casing, as in `get_help`."""
    for info in confid.get_command():
        python = info.function.__name__
        assert confid.get_command(python) is confid.get_command(python.upper()) is info


def test_bind_says_what_a_call_would_bind() -> None:
    """`bind` gives the parameter set and the converted values, and runs nothing."""
    arguments = {"identity": KEN, "ResetPasscode": True, "wi": False}
    binding = confid.command.bind("set-csonlinedialinconferencinguser", arguments)
    assert binding.parameter_set == "TenantIdParams"
    assert binding.bound == {"Identity": KEN, "ResetConferenceId": True, "WhatIf": False}
    with pytest.raises(ParameterBindingError) as caught:
        confid.command.bind("Get-Nothing", {})
    assert caught.value.category == "ObjectNotFound"


def test_an_accepted_parameter_says_so_once() -> None:
    """A parameter without effect is named in one warning of the call that gives it."""
    with tenant("ken", "pilar") as session:
        warned: list[str] = []
        set_user([KEN, PILAR], force=True, domain_controller="dc1", warning_variable=warned)
        (line,) = lines(session)
        assert line == f"WARNING: {warned[0]}"
        assert "Force" in line
        assert "DomainController" in line
        get(KEN)
        assert len(lines(session)) == 1


# Errors.


def test_stop_is_all_or_nothing_and_names_everyone() -> None:
    """One wrong item undoes the call, and the error says who was wrong, not just the first."""
    with tenant("ken", "pilar") as session:
        add(session, "li")
        before = contents(session)
        caught: list[ConfidError] = []
        with pytest.raises(SeveralErrors) as raised:
            set_user([KEN, NOBODY, PILAR, LI, 7], reset_conference_id=True, error_variable=caught)
        assert contents(session) == before
        kinds = [type(error) for error in raised.value.errors]
        assert kinds == [UserNotFoundError, NotEnabledError, InvalidArgumentError]
        assert all(name in str(raised.value) for name in (NOBODY, LI, "int"))
        assert caught == list(raised.value.errors)


def test_stop_names_everyone_across_chunks() -> None:
    """Also where thousands are named, the error names every wrong one and nothing is done."""
    with tenant("ken", "pilar") as session:
        before = contents(session)
        wrong = [f"nobody{number}@contoso.com" for number in range(2500)]
        with pytest.raises(UserNotFoundError) as raised:
            set_user([KEN, *wrong, PILAR], reset_conference_id=True)
        assert len(raised.value.also) == 2499
        assert contents(session) == before


@pytest.mark.parametrize(
    "action", ["continue", "Continue", "CONTINUE", "silently_continue", "SilentlyContinue"]
)
def test_continue_lets_the_others_through(action: str) -> None:
    """The others are changed; Results.errors and the error variable hold the errors."""
    with tenant("ken", "pilar") as session:
        old = {user.display_name: user.conference_id for user in get()}
        caught: list[Any] = ["old"]
        changed = set_user(
            [KEN, NOBODY, 7, PILAR],
            reset_conference_id=True,
            error_action=action,
            error_variable=caught,
        )
        assert [user.display_name for user in changed] == ["Ken", "Pilar"]
        assert all(user.conference_id != old[user.display_name] for user in changed)
        assert ["old", *changed.errors] == caught
        assert {type(error) for error in changed.errors} == {
            UserNotFoundError,
            InvalidArgumentError,
        }
        names = [error.fully_qualified_error_id for error in changed.errors]
        assert all(name.endswith("ConferencingUser") for name in names)
        shown = [line for line in lines(session) if line.startswith("ERROR: ")]
        assert len(shown) == (2 if action.casefold() == "continue" else 0)


def test_ignore_keeps_no_error() -> None:
    """Under Ignore an error leaves no trace, as PowerShell has it; one in gives None."""
    with tenant("ken") as session:
        caught: list[Any] = ["old"]
        found = get([NOBODY, KEN], error_action="ignore", error_variable=caught)
        assert (len(found), found.errors, caught) == (1, (), ["old"])
        assert get(NOBODY, error_action="Ignore") is None
        assert lines(session) == []


@pytest.mark.parametrize("action", ["", "stop!", "Inquire", 7, "S", "conti nue"])
def test_an_unknown_error_action_is_refused(action: object) -> None:
    """A misspelt `error_action` is an error before anything happens."""
    with tenant("ken") as session:
        before = contents(session)
        with pytest.raises(ParameterBindingError, match="SilentlyContinue"):
            set_user(KEN, reset_conference_id=True, error_action=action)
        assert contents(session) == before


@pytest.mark.parametrize(
    "wrong", [{"error_variable": "errs"}, {"warning_variable": ()}, {"notify": "no"}]
)
def test_what_would_fail_behind_the_commit_is_refused_before(wrong: dict[str, Any]) -> None:
    """A variable that is no list, a misspelt preference: an error before anything is done."""
    with tenant("ken") as session:
        before = contents(session)
        with pytest.raises(ConfidError):
            set_user(KEN, reset_conference_id=True, **wrong)
        with pytest.raises(InvalidArgumentError, match=r"preferences\.warning"):
            session.preferences.warning = "Never"  # type: ignore[assignment]
        assert contents(session) == before


@pytest.mark.parametrize("action", ["continue", "silently_continue", "ignore"])
def test_exhaustion_ends_the_call(action: str) -> None:
    """With no ID left the call ends and nothing of it was done, whatever `error_action` says."""
    with tenant("ken", "pilar", ids=3) as session:
        before = contents(session)
        caught: list[ConfidError] = []
        with pytest.raises(ConferenceIdsExhaustedError) as raised:
            set_user(
                [KEN, PILAR], reset_conference_id=True, error_action=action, error_variable=caught
            )
        assert raised.value.category == "LimitsExceeded"
        assert caught == [raised.value]
        assert contents(session) == before


@pytest.mark.parametrize("action", ["continue", "silently_continue", "ignore"])
def test_a_store_error_ends_the_call(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails half-way undoes the call, whatever `error_action` says."""

    def fail(*_: object, **__: object) -> None:
        raise StoreError("The disk is gone.")

    with tenant("ken", "pilar") as session:
        before = contents(session)
        monkeypatch.setattr(_MemoryTransaction, "put", fail)
        with pytest.raises(StoreError):
            set_user([KEN, PILAR], reset_conference_id=True, error_action=action)
        assert contents(session) == before


def test_more_than_nine_tenths_issued_is_worth_a_warning() -> None:
    """A nearly full space is said by the call that met it, in one line."""
    with tenant(*"abcdefghij", ids=11) as session:
        (line,) = lines(session)
        assert line.startswith("WARNING: More than 90 %")
        assert confid.ledger.remaining() == 1


def test_verbose_says_what_was_done() -> None:
    """`verbose` is a line to the host for each target, as the engine has it."""
    with tenant("ken") as session:
        enable(KEN, verbose=True)
        operation = 'Performing the operation "Enable-CsOnlineDialInConferencingUser"'
        assert lines(session) == [f'VERBOSE: {operation} on target "{KEN}".']


def test_verbose_false_silences_the_preference() -> None:
    """As `-Verbose:$false` does under `$VerbosePreference`; and a target is said once."""
    with tenant("ken") as session:
        session.preferences.verbose = True
        set_user(KEN, reset_conference_id=True, notify=False, verbose=False)
        assert not lines(session)
        set_user(KEN, reset_conference_id=True, notify=False)
        assert len(lines(session)) == 1


def test_a_mail_owed_is_of_the_same_commit() -> None:
    """A reset and its message appear together."""
    with tenant("ken") as session:
        user = set_user(KEN, reset_conference_id=True)
        (entry,) = outbox(session)
        assert entry.events == (Event.CONFERENCE_ID_RESET,)
        assert entry.facts.conference_id == user.conference_id
        assert get_settings().automatically_send_emails_to_users
