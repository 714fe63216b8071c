"""The attendant: who gets in, who is refused, and when guessing ends."""

from __future__ import annotations

from typing import Any

import pytest

from confid.attendant import PROMPTS, CallError, CallState, dial
from confid.errors import InvalidArgumentError, NotConnectedError
from tests.attendant.callers import (
    ASKING_ID,
    ASKING_PIN,
    FREE,
    KEN,
    LONDON,
    NUMBER,
    PILAR,
    new_pin,
    spoken,
    unknown,
    wrong_pin,
)
from tests.tenants import (
    add_bridge,
    contents,
    disable,
    enable,
    get,
    grant_policy,
    new_policy,
    set_settings,
    set_user,
    tenant,
    undone,
)


def test_the_organizer_starts_and_the_lobby_follows() -> None:
    """ID, star and PIN start the meeting; who waited is in, who comes later is asked nothing."""
    with tenant("ken"):
        pin = new_pin()
        guest = dial(NUMBER)
        assert guest.state is ASKING_ID
        assert guest.enter_conference_id(spoken()) is CallState.ASKING_ORGANIZER
        assert guest.organizer == get(KEN)
        assert guest.say_organizer(False) is CallState.IN_LOBBY
        organizer = dial(NUMBER)
        organizer.press(spoken())
        assert organizer.press("*") is ASKING_PIN
        assert organizer.press(f"{pin}#") is CallState.IN_MEETING
        assert guest.state is CallState.IN_MEETING
        late = dial(NUMBER)
        assert late.press(spoken()) is CallState.IN_MEETING
        assert PROMPTS["pin"] not in late.prompts
        assert pin not in repr([organizer, organizer.prompts, vars(organizer)])


def test_a_meeting_ends_with_its_last_caller() -> None:
    """When all have hung up the next caller finds it not started."""
    with tenant("ken") as session:
        before = contents(session)["running_meeting"]
        pin = new_pin()
        calls = [dial(NUMBER), dial(NUMBER)]
        calls[0].press(spoken())
        calls[0].press("*")
        calls[0].press(pin)
        calls[1].press(spoken())
        calls[0].hang_up()
        calls[0].hang_up()
        assert dial(NUMBER).press(spoken()) is CallState.IN_MEETING
        assert calls[0].state is CallState.ENDED
        third = dial(NUMBER)
        third.press(spoken())
        for call in (calls[1], third):
            call.hang_up()
        assert contents(session)["running_meeting"] != before


def test_everybody_hung_up_means_nobody_is_in() -> None:
    """The running meeting is gone with the last one."""
    with tenant("ken") as session:
        set_user(KEN, allow_pstn_only_meetings=True)
        call = dial(NUMBER)
        assert call.press(spoken()) is CallState.IN_MEETING
        call.hang_up()
        assert contents(session)["running_meeting"] == {}


def test_with_pstn_only_nobody_is_asked() -> None:
    """AllowPstnOnlyMeetings starts the meeting with the first caller."""
    with tenant("ken"):
        set_user(KEN, allow_pstn_only_meetings=True)
        assert dial(NUMBER).press(spoken()) is CallState.IN_MEETING


def test_a_number_of_no_bridge_is_not_answered() -> None:
    """The call has ended and nothing was said; what is no number is an error."""
    with tenant("ken"):
        call = dial("+14255550199")
        assert (call.state, call.prompts) == (CallState.ENDED, [])
        with pytest.raises(InvalidArgumentError):
            dial("the office")
        with pytest.raises(InvalidArgumentError, match="caller"):
            dial(NUMBER, caller="nobody")


@pytest.mark.parametrize("kind", ["unknown", "retired", "malformed", "disabled", "empty", "silent"])
def test_a_refused_id_sounds_the_same_whatever_is_wrong(kind: str) -> None:
    """Unknown, retired and malformed get the same prompts; after three the call ends."""
    with tenant("ken", "pilar") as session:
        keys = {"malformed": "123", "empty": "#", "silent": "", "unknown": unknown(session)[0]}
        keys["retired"] = spoken()
        set_user(KEN, reset_conference_id=True)
        keys["disabled"] = spoken(PILAR)
        disable(PILAR)
        call = dial(NUMBER)
        assert [call.press(keys[kind]) for _ in range(3)] == [ASKING_ID, ASKING_ID, CallState.ENDED]
        assert call.organizer is None
        said = ["welcome", *["wrong_id"] * 3, "goodbye"]
        assert call.prompts == [PROMPTS[name] for name in said]
        with pytest.raises(CallError):
            call.press(spoken())


def test_three_wrong_pins_end_the_call() -> None:
    """The third wrong PIN of a call ends it; the meeting has not started."""
    with tenant("ken"):
        pin = new_pin()
        call = dial(NUMBER)
        call.press(spoken())
        call.press("*")
        wrong = [wrong_pin(pin), "", "*"]
        assert [call.enter_pin(each) for each in wrong][1:] == [ASKING_PIN, CallState.ENDED]
        assert dial(NUMBER).press(spoken()) is CallState.ASKING_ORGANIZER


def test_only_a_new_pin_works() -> None:
    """The PIN before a reset, and everybody else's, is wrong."""
    with tenant("ken", "pilar"):
        old, other = new_pin(), new_pin(PILAR)
        pin = new_pin()
        call = dial(NUMBER)
        call.press(spoken())
        call.press("*")
        assert call.enter_pin(other) is ASKING_PIN
        assert call.enter_pin(old) is ASKING_PIN
        assert call.enter_pin(f" {pin} # ") is CallState.IN_MEETING


def test_keys_that_nobody_asked_for() -> None:
    """A step out of turn is an error of the caller's code and changes nothing."""
    with tenant("ken"):
        call = dial(NUMBER)
        with pytest.raises(CallError):
            call.enter_pin("12345")
        with pytest.raises(CallError):
            call.say_organizer(True)
        assert (call.state, len(call.prompts)) == (ASKING_ID, 1)


@pytest.mark.parametrize("step", ["organizer", "pin"])
@pytest.mark.parametrize("how", ["reset", "disable"])
def test_an_id_reset_in_mid_call_is_asked_for_anew(step: str, how: str) -> None:
    """Until the lobby or the meeting each step checks the ID again."""
    with tenant("ken"):
        pin = new_pin()
        call = dial(NUMBER)
        call.press(spoken())
        if step == "pin":
            call.press("*")
        if how == "reset":
            set_user(KEN, reset_conference_id=True)
        else:
            disable(KEN)
            pin = enable(KEN).leader_pin
        assert call.press("*" if step == "organizer" else pin) is ASKING_ID
        assert call.organizer is None
        assert call.prompts[-1] == PROMPTS["id_changed"]
        call.press(spoken())
        call.press("*")
        assert call.press(pin) is CallState.IN_MEETING


def test_who_is_in_stays_in() -> None:
    """A reset leaves the lobby and the meeting alone, also for the one who starts it then."""
    with tenant("ken"):
        pin = new_pin()
        guest = dial(NUMBER)
        guest.press(spoken())
        guest.press("#")
        set_user(KEN, reset_conference_id=True)
        assert guest.state is CallState.IN_LOBBY
        organizer = dial(NUMBER)
        organizer.press(spoken())
        organizer.press("*")
        organizer.press(pin)
        set_user(KEN, reset_conference_id=True)
        assert (guest.state, organizer.state) == (CallState.IN_MEETING, CallState.IN_MEETING)
        assert guest.organizer is not None


@pytest.mark.parametrize("step", ["organizer", "pin"])
def test_a_meeting_started_meanwhile_asks_no_pin(step: str) -> None:
    """A caller who is being asked when it starts gets in with any answer."""
    with tenant("ken"):
        pin = new_pin()
        slow = dial(NUMBER)
        slow.press(spoken())
        if step == "pin":
            slow.press("*")
        quick = dial(NUMBER)
        quick.press(spoken())
        quick.press("*")
        quick.press(pin)
        assert slow.press("*") is CallState.IN_MEETING


def test_toll_free_is_refused_where_the_organizer_has_it_off() -> None:
    """A toll-free call for that organizer ends; a toll one goes on; others are not affected."""
    with tenant("ken", "pilar") as session:
        add_bridge(session, "other", LONDON, FREE)
        set_user(KEN, allow_toll_free_dial_in=False)
        call = dial(FREE)
        assert call.press(spoken()) is CallState.ENDED
        assert (call.organizer, call.prompts[-1]) == (None, PROMPTS["toll_free_off"])
        assert dial(LONDON).press(spoken()) is CallState.ASKING_ORGANIZER
        assert dial(FREE).press(spoken(PILAR)) is CallState.ASKING_ORGANIZER


@pytest.mark.parametrize("step", ["organizer", "pin"])
def test_toll_free_closed_in_mid_call_ends_it(step: str) -> None:
    """By the user's setting or by their policy: each step looks again, and a toll call goes on."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, FREE)
        pin = new_pin()
        calls = {number: dial(number) for number in (FREE, LONDON)}
        for call in calls.values():
            call.press(spoken())
            if step == "pin":
                call.press("*")
        if step == "pin":
            new_policy("closed", allow_toll_free_dialin=False)
            grant_policy(KEN, policy_name="closed")
        else:
            set_user(KEN, allow_toll_free_dial_in=False)
        keys = pin if step == "pin" else "#"
        assert calls[FREE].press(keys) is CallState.ENDED
        assert (calls[FREE].organizer, calls[FREE].prompts[-1]) == (None, PROMPTS["toll_free_off"])
        assert calls[LONDON].press(keys) in (CallState.IN_LOBBY, CallState.IN_MEETING)


def test_a_toll_free_refusal_is_no_wrong_entry() -> None:
    """The ID was right: however often, the caller isn't blocked."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, FREE)
        set_user(KEN, allow_toll_free_dial_in=False)
        for _ in range(11):
            assert dial(FREE).press(spoken()) is CallState.ENDED
        assert contents(session)["wrong_entries"] == {}


@pytest.mark.parametrize("step", ["organizer", "pin"])
def test_pstn_only_switched_on_in_mid_call(step: str) -> None:
    """Whatever is answered starts the meeting, also a PIN that would be wrong."""
    with tenant("ken"):
        call, waiting = dial(NUMBER), dial(NUMBER)
        call.press(spoken())
        waiting.press(spoken())
        waiting.press("#")
        if step == "pin":
            call.press("*")
        set_user(KEN, allow_pstn_only_meetings=True)
        assert PROMPTS["joining"] not in waiting.prompts
        assert call.press("#") is CallState.IN_MEETING
        assert waiting.state is CallState.IN_MEETING


def test_nobody_left_in_the_lobby_leaves_nothing() -> None:
    """Nothing is asked in the lobby; hanging up there is all there is to do, and the end."""
    with tenant("ken") as session:
        guest = dial(NUMBER)
        guest.press(spoken())
        guest.press("#")
        with pytest.raises(CallError):
            guest.press("#")
        guest.hang_up()
        assert guest.state is CallState.ENDED
        assert contents(session)["running_meeting"] == {}
        with pytest.raises(CallError):
            guest.press(spoken())


def test_a_step_that_fails_can_be_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the store leaves the call where it was."""
    with tenant("ken") as session:
        call = dial(NUMBER)
        before: dict[str, Any] = dict(vars(call))
        keys = spoken()
        with monkeypatch.context() as broken, pytest.raises(TypeError):  # noqa: PT012 - one step
            broken.setattr("confid.attendant.calls.find_organizer", lambda *_: None)
            broken.setattr("confid.attendant.calls._organizer_of", None)
            call.press(keys)
        assert vars(call) == before
        assert call.press(keys) is CallState.ASKING_ORGANIZER
        session.close()
        with pytest.raises(NotConnectedError):
            call.press("*")


def test_a_call_inside_a_transaction_sees_it() -> None:
    """A rehearsal: the new ID works inside the block, and not after it was undone."""
    with tenant("ken") as session:
        old = spoken()
        with undone(session):
            set_settings(pin_length=12)
            set_user(KEN, reset_conference_id=True)
            new = spoken()
            assert dial(NUMBER).press(new) is CallState.ASKING_ORGANIZER
            assert dial(NUMBER).press(old) is ASKING_ID
        assert dial(NUMBER).press(old) is CallState.ASKING_ORGANIZER
        assert dial(NUMBER).press(new) is ASKING_ID
