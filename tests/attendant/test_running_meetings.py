"""Running meetings: who counts as present, when they end, and how many a lobby holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.attendant import ABANDONED_AFTER, LOBBY_LIMIT, CallError, CallState, dial
from confid.attendant.running_meeting import Participant, RunningMeeting, Style
from confid.store import MemoryStore
from confid.store.seal import Reason, Seal, put_seal
from confid.tenant.documents import RUNNING_MEETING
from tests.faulty import FaultyStore
from tests.tenants import NOON, Clock, contents, disable, enable, get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.attendant import Call
    from confid.engine.session import Session

KEN = upn("ken")
NUMBER = "+1 425-555-0100"
IN_LOBBY, IN_MEETING = CallState.IN_LOBBY, CallState.IN_MEETING
DAY = timedelta(hours=24)


def spoken() -> str:
    """Ken's conference ID as an invitation shows it."""
    conference_id: confid.ConferenceId = get(KEN).conference_id
    return conference_id.spoken


def waiting() -> Call:
    """A guest in Ken's lobby, or in the meeting if it has started."""
    call = dial(NUMBER)
    if call.press(spoken()) is CallState.ASKING_ORGANIZER:
        call.press("#")
    return call


def started() -> Call:
    """A call that has started Ken's meeting."""
    pin = set_user(KEN, reset_leader_pin=True, notify=False).leader_pin
    call = dial(NUMBER)
    call.press(spoken())
    call.press("*")
    assert call.press(pin) is IN_MEETING
    return call


def kept(session: Session) -> list[dict[str, Any]]:
    """The participants in the document of the one running meeting."""
    ((_, body),) = contents(session)["running_meeting"].items()
    participants: list[dict[str, Any]] = body["participants"]
    return participants


def use_prompts(call: Call) -> object:
    """Look at the prompts."""
    return call.prompts


def use_press(call: Call) -> object:
    """Press a key that nobody asked for."""
    with pytest.raises(CallError):
        call.press("#")
    return None


def use_pin(call: Call) -> object:
    """Enter a PIN that nobody asked for."""
    with pytest.raises(CallError):
        call.enter_pin("12345")
    return None


USES: list[Callable[[Call], object]] = [lambda call: call.state, use_prompts, use_press, use_pin]


def test_a_day_is_a_day() -> None:
    """As the documentation says."""
    assert DAY == ABANDONED_AFTER


def test_a_meeting_whose_callers_are_gone_has_ended() -> None:
    """Nobody gets in without a PIN afterwards; the calls, if they still are there, have ended."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        calls = [started(), waiting()]
        clock.now += DAY - timedelta(seconds=1)
        assert waiting().state is IN_MEETING
        clock.now += timedelta(seconds=1)
        assert waiting().state is IN_MEETING, "the guest of a second ago is still there"
        clock.now += DAY
        assert waiting().state is IN_LOBBY
        assert [call.state for call in calls] == [CallState.ENDED] * 2
        calls[0].hang_up()
        assert len(kept(session)) == 1


def test_nor_does_anything_since_then_open_it() -> None:
    """A reset of ID and PIN, disabling and enabling: a year later the guest waits."""
    clock = Clock()
    with tenant("ken", clock=clock):
        started()
        set_user(KEN, reset_conference_id=True, reset_leader_pin=True)
        clock.now += 365 * DAY
        assert waiting().state is IN_LOBBY


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("meet", [waiting, started])
def test_somebody_who_is_heard_stays_however_long(
    meet: Callable[[], Call], use: Callable[[Call], object]
) -> None:
    """Any use of the call is heard."""
    clock = Clock()
    with tenant("ken", clock=clock):
        call = meet()
        state = call.state
        for _ in range(5):
            clock.now += DAY - timedelta(seconds=1)
            use(call)
        assert call.state is state


@pytest.mark.parametrize("meet", [waiting, started])
def test_a_stamp_is_written_once_an_hour(meet: Callable[[], Call]) -> None:
    """Looking is not writing, however often."""
    clock, store = Clock(), FaultyStore(MemoryStore())
    with tenant("ken", clock=clock, store=store) as session:
        call = meet()
        for _ in range(3):
            before = store.commits
            clock.forward(minutes=59, seconds=59)
            _ = call.state, call.prompts
            assert store.commits == before
            clock.forward(seconds=1)
            _ = call.state, call.prompts
            assert store.commits == before + 1
        assert kept(session)[0]["heard_at"] == clock.now.isoformat()


def test_a_clock_turned_back_keeps_nobody() -> None:
    """A stamp from a day ahead is as old as one of a day ago."""
    clock = Clock()
    with tenant("ken", clock=clock):
        started()
        clock.now -= DAY
        assert waiting().state is IN_LOBBY


def test_a_sealed_store_can_still_be_looked_at() -> None:
    """The caller is where they were; nothing is written."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        call = waiting()
        with session.unit(write=True) as unit:
            put_seal(unit.transaction, Seal(reason=Reason.BACKUP))
        clock.forward(hours=2)
        assert call.state is IN_LOBBY
        assert kept(session)[0]["heard_at"] == NOON.isoformat()


@pytest.mark.parametrize("how", ["disabled", "disabled and enabled", "removed"])
@pytest.mark.parametrize("meet", [waiting, started])
def test_without_its_organizer_a_meeting_ends_at_once(how: str, meet: Callable[[], Call]) -> None:
    """The calls have ended, and the next caller finds nothing."""
    with tenant("ken") as session:
        calls = [meet(), waiting()]
        if how == "removed":
            confid.remove_users(KEN)
        else:
            disable(KEN)
        assert contents(session)["running_meeting"] == {}
        if how == "disabled and enabled":
            enable(KEN)
            assert waiting().state is IN_LOBBY
        assert [call.state for call in calls] == [CallState.ENDED] * 2
        for call in calls:
            call.hang_up()


def test_others_meetings_go_on() -> None:
    """When one of two organizers is disabled, or changed."""
    with tenant("ken", "pilar"):
        call = started()
        disable(upn("pilar"))
        set_user(KEN, allow_toll_free_dial_in=False, reset_conference_id=True)
        assert call.state is IN_MEETING


def test_from_a_full_lobby_the_oldest_leaves() -> None:
    """It holds a thousand, so its document doesn't grow without bound."""
    with tenant("ken") as session:
        oldest, second = waiting(), waiting()
        ((owner, body),) = contents(session)["running_meeting"].items()
        one = body["participants"][1]
        crowd = [{**one, "call": f"call{number}"} for number in range(LOBBY_LIMIT - 2)]
        body["participants"] += crowd
        with session.unit(write=True) as unit:
            unit.transaction.put(RUNNING_MEETING.name, {owner: body})
        assert oldest.state is IN_LOBBY
        newest = waiting()
        assert [call.state for call in (oldest, second, newest)] == [
            CallState.ENDED,
            IN_LOBBY,
            IN_LOBBY,
        ]
        assert len(kept(session)) == LOBBY_LIMIT
        assert started().state is IN_MEETING
        assert (second.state, newest.state) == (IN_MEETING, IN_MEETING)


def test_a_started_meeting_holds_more() -> None:
    """Only a lobby is bounded: its callers have shown nothing."""
    crowd = tuple(Participant(call=str(number), heard_at=NOON) for number in range(LOBBY_LIMIT))
    meeting = RunningMeeting(started=True, participants=crowd)
    joined = meeting.joined(Participant(call="x"), start=False, style=Style.QUIET)
    assert len(joined.participants) == LOBBY_LIMIT + 1


def test_an_older_document_is_read() -> None:
    """Its calls were never heard, so it has ended; a new meeting takes its place."""
    with tenant("ken") as session:
        call = started()
        ((owner, body),) = contents(session)["running_meeting"].items()
        del body["participants"][0]["heard_at"]
        with session.unit(write=True) as unit:
            unit.transaction.put(RUNNING_MEETING.name, {owner: body})
        assert confid.check().problems == ()
        assert waiting().state is IN_LOBBY
        assert call.state is CallState.ENDED
