"""What a session records of the calls made on it, when it has a recorder."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.cmdlets import (
    get_cs_online_user,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.recording import Recorder

if TYPE_CHECKING:
    from confid import Session

KEN, OLEG = "ken.myer@contoso.com", "oleg.petrov@contoso.com"


@pytest.fixture
def session() -> Session:
    """A demo whose session records."""
    session = confid.demo()
    session.recorder = Recorder()
    return session


def names(session: Session) -> list[str]:
    """The names of the calls recorded."""
    assert session.recorder is not None
    return [call.name for call in session.recorder.calls]


def test_a_call_is_recorded_as_it_was_bound(session: Session) -> None:
    """Its arguments by name, converted; an iterator's items; its targets, errors and result."""
    result = set_cs_online_dial_in_conferencing_user(
        iter([KEN, OLEG]), reset_conference_id=True, error_action="continue"
    )
    assert session.recorder is not None
    (call,) = session.recorder.calls
    assert call.name == "Set-CsOnlineDialInConferencingUser"
    assert call.arguments == {"identity": [KEN, OLEG], "reset_conference_id": True}
    assert (call.targets, call.errors, call.failed) == ([KEN], list(result.errors), False)
    assert call.result is result


@pytest.mark.parametrize(
    "arguments", [{"reset_conference_id": 3}, {"nothing": 1}, {"conference_id": 1}, {}]
)
def test_a_call_that_fails_is_recorded_once(session: Session, arguments: dict[str, Any]) -> None:
    """Whether it could not be bound or failed when it ran."""
    with pytest.raises(confid.ConfidError) as raised:
        set_cs_online_dial_in_conferencing_user(OLEG, **arguments)
    assert session.recorder is not None
    (call,) = session.recorder.calls
    assert call.failed
    assert call.errors == [raised.value]


def test_several_errors_are_those_of_one_call(session: Session) -> None:
    """One for each person who failed."""
    with pytest.raises(confid.SeveralErrors) as raised:
        set_cs_online_dial_in_conferencing_user([OLEG, "nobody@x.org"], reset_leader_pin=True)
    assert session.recorder is not None
    (call,) = session.recorder.calls
    assert tuple(call.errors) == raised.value.errors


def test_what_a_call_calls_is_part_of_it(session: Session) -> None:
    """A function of confid's is one call, whatever cmdlets it needs."""
    confid.import_users(io.StringIO("UserPrincipalName\nnew@contoso.com\n"))
    confid.add_bridge("EMEA", numbers=iter(["+442055501234"]))
    confid.meetings.schedule(KEN, subject="x", start=session.now() + timedelta(days=1))
    get_cs_online_user(KEN)
    assert names(session) == [
        "confid.import_users",
        "confid.add_bridge",
        "confid.meetings.schedule",
        "Get-CsOnlineUser",
    ]


def test_what_was_recorded_can_be_done_again(session: Session) -> None:
    """An open file and an iterator too, on another session."""
    confid.import_users(io.StringIO("UserPrincipalName\nnew@contoso.com\n"))
    confid.add_bridge("EMEA", numbers=iter(["+442055501234"]))
    policy = new_cs_teams_audio_conferencing_policy("EMEA")
    grant_cs_teams_audio_conferencing_policy(iter([KEN]), policy_name=policy)
    assert session.recorder is not None
    with confid.demo() as other:
        for call in session.recorder.calls:
            assert call.again is not None
            call.again(other, call.arguments)
        assert get_cs_online_user("new@contoso.com")
        with pytest.raises(confid.InvalidOperationError, match="in use"):
            other.cmdlets.remove_cs_teams_audio_conferencing_policy("EMEA")


def test_a_file_that_is_no_text_is_refused_as_ever(session: Session) -> None:
    """It is read to its end, and no further."""
    with pytest.raises(confid.InvalidArgumentError, match="text file"):
        confid.import_users(io.BytesIO(b"UserPrincipalName\nnew@contoso.com\n"))  # type: ignore[arg-type]  # the point
    assert names(session) == ["confid.import_users"]


def test_calls_of_a_block_that_was_rolled_back_are_undone(session: Session) -> None:
    """Of an inner block too; those before and after it are not."""
    get_cs_online_user(KEN)
    with session.transaction():
        get_cs_online_user(KEN)
        with suppress(ZeroDivisionError), session.transaction():
            get_cs_online_user(KEN)
            raise ZeroDivisionError
        get_cs_online_user(KEN)
    assert session.recorder is not None
    assert [call.undone for call in session.recorder.calls] == [False, False, True, False]


def test_functions_on_stores_are_refused(session: Session) -> None:
    """They would touch what isn't rehearsed on; the refusals are recorded."""
    with pytest.raises(confid.InvalidOperationError, match="rehearsed"):
        confid.move_tenant(session.store, "memory:")
    with pytest.raises(confid.InvalidOperationError, match="rehearsed"):
        confid.restore(session.store)
    with pytest.raises(confid.InvalidOperationError, match="rehearsed"):
        confid.restore("postgresql://me:secret@server/db")
    assert names(session) == ["confid.move_tenant", "confid.restore", "confid.restore"]
    assert session.recorder is not None
    assert "secret" not in str([call.arguments for call in session.recorder.calls])
