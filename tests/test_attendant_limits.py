"""Guessing at the attendant: the limits by caller and by organizer, on the session's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tenants import Clock, get, set_user, tenant, upn

import confid
from confid.attendant import PROMPTS, CallState, dial

if TYPE_CHECKING:
    from pathlib import Path

    from confid.session import Session

KEN, PILAR = upn("ken"), upn("pilar")
NUMBER, LONDON, FREE = "+1 425-555-0100", "442079460100", "18005550100"
CALLER = "+44 20 7946 0999"
ASKING_ID, ASKING_PIN = CallState.ASKING_CONFERENCE_ID, CallState.ASKING_PIN


def spoken(who: str = KEN) -> str:
    """Somebody's conference ID as an invitation shows it."""
    conference_id: confid.ConferenceId = get(who).conference_id
    return conference_id.spoken


def new_pin(who: str = KEN) -> str:
    """A new PIN of somebody's."""
    pin: str = set_user(who, reset_leader_pin=True, notify=False).leader_pin
    return pin


def wrong_pin(pin: str) -> str:
    """Another PIN of that length."""
    return pin[:-1] + ("1" if pin[-1] == "0" else "0")


def unknown(session: Session, count: int = 1) -> list[str]:
    """IDs that were never issued."""
    with session.unit(write=False) as unit:
        issued = set(unit.transaction.issued_ids())
    return [str(i) for i in range(1_000_000, 1_000_100) if i not in issued][:count]


def wrong_entries(session: Session, count: int, *, caller: str | None = CALLER) -> None:
    """That many wrong IDs, in as many calls as it takes."""
    (wrong,) = unknown(session)
    while count:
        call = dial(NUMBER, caller=caller)
        for _ in range(min(count, 2)):
            assert call.enter_conference_id(wrong) is ASKING_ID
            count -= 1


@pytest.mark.parametrize("caller", [CALLER, None])
def test_ten_wrong_entries_within_an_hour_block_a_caller(
    caller: str | None, tmp_path: Path
) -> None:
    """Counted over calls and sessions, until the hour is over; withheld numbers count as one."""
    clock = Clock()
    path = tmp_path / "tenant.db"
    with tenant("ken", store=path, clock=clock) as one:
        waiting = dial(NUMBER, caller=caller)
        wrong_entries(one, 6, caller=caller)
        clock.forward(minutes=30)
        with confid.connect(path, clock=clock) as two:
            wrong_entries(two, 3, caller=caller)
            call = dial(NUMBER, caller=caller)
            assert call.enter_conference_id(unknown(two)[0]) is ASKING_ID
            assert call.press(spoken()) is CallState.ENDED
        assert waiting.press(spoken()) is CallState.ENDED
        blocked = dial(NUMBER, caller=caller)
        assert blocked.prompts == [PROMPTS["blocked"]]
        assert dial(NUMBER, caller="+14255550142").state is ASKING_ID
        clock.forward(minutes=29, seconds=59)
        assert dial(NUMBER, caller=caller).state is CallState.ENDED
        clock.forward(seconds=1)
        assert dial(NUMBER, caller=caller).press(spoken()) is CallState.ASKING_ORGANIZER


def test_wrong_pins_count_against_the_caller_too() -> None:
    """IDs and PINs add up."""
    with tenant("ken") as session:
        pin = new_pin()
        wrong_entries(session, 8)
        call = dial(NUMBER, caller=CALLER)
        call.press(spoken())
        call.press("*")
        call.press(wrong_pin(pin))
        call.press(wrong_pin(pin))
        assert call.press(pin) is CallState.ENDED
        assert call.prompts[-1] == PROMPTS["blocked"]


def exhaust_pins(pin: str, count: int = 100) -> None:
    """That many wrong PINs for Ken, from many callers."""
    for number in range(count // 2):
        call = dial(NUMBER, caller=f"4420794{number:05d}")
        call.press(spoken())
        call.press("*")
        call.press(wrong_pin(pin))
        call.press(wrong_pin(pin))


@pytest.mark.parametrize("ends", ["hour", "pin"])
def test_a_hundred_wrong_pins_close_phone_starts(ends: str) -> None:
    """From then on the right PIN isn't asked for, until the hour is over or the PIN is reset."""
    clock = Clock()
    with tenant("ken", "pilar", clock=clock) as session:
        pin = new_pin()
        exhaust_pins(pin, 98)
        asked = dial(NUMBER, caller=CALLER)
        asked.press(spoken())
        asked.press("*")
        exhaust_pins(pin, 2)
        call = dial(NUMBER, caller=CALLER)
        call.press(spoken())
        assert call.press("*") is CallState.IN_LOBBY
        assert PROMPTS["pin_closed"] in call.prompts
        assert asked.press(pin) is CallState.IN_LOBBY
        other = dial(NUMBER, caller=CALLER)
        other.press(spoken(PILAR))
        assert other.press("*") is ASKING_PIN
        if ends == "hour":
            clock.forward(hours=1)
        else:
            pin = new_pin()
        again = dial(NUMBER, caller=CALLER)
        again.press(spoken())
        again.press("*")
        assert again.press(pin) is CallState.IN_MEETING
        assert call.state is CallState.IN_MEETING
        assert session.closed is False
