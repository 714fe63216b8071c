"""Guessing at the attendant: the limits by caller and by organizer, on the session's clock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest

import confid
from confid.attendant import PROMPTS, CallState, dial
from tests.attendant.callers import (
    ASKING_ID,
    ASKING_PIN,
    CALLER,
    KEN,
    NUMBER,
    PILAR,
    new_pin,
    spoken,
    unknown,
    wrong_pin,
)
from tests.tenants import Clock, add_bridge, contents, set_number, tenant

if TYPE_CHECKING:
    from pathlib import Path

    from confid.attendant import Call
    from confid.engine.session import Session

BERLIN = "493099990100"


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


LINES = 20


@pytest.mark.parametrize("store", ["memory", "sqlite", "postgresql"])
@pytest.mark.parametrize("entry", ["ID", "PIN"])
def test_a_caller_on_twenty_lines_at_once_has_ten_entries(
    store: str, entry: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The limit is looked at behind the lock: guesses at the same moment count too."""
    places = {"memory": "memory:", "sqlite": tmp_path / "tenant.db", "postgresql": None}
    place = places[store] or request.getfixturevalue("new_schema")()
    with tenant("ken", "pilar", store=place) as session:
        pins = {who: new_pin(who) for who in (KEN, PILAR)}
        (wrong,) = unknown(session)
        calls = [dial(NUMBER, caller=CALLER) for _ in range(LINES)]
        keys = [wrong] * LINES
        if entry == "PIN":
            for number, call in enumerate(calls):
                who = (KEN, PILAR)[number % 2]
                call.press(spoken(who))
                call.press("*")
                keys[number] = wrong_pin(pins[who])
        at_once = threading.Barrier(LINES)

        def guess(call: Call, keys: str) -> int:
            before = len(call.prompts)
            at_once.wait(30)
            while call.state is not CallState.ENDED:
                call.press(keys)
            said = call.prompts[before:]
            return said.count(PROMPTS["wrong_id"]) + said.count(PROMPTS["wrong_pin"])

        with ThreadPoolExecutor(LINES) as pool:
            assert sum(pool.map(guess, calls, keys)) == 10
        assert dial(NUMBER, caller=CALLER).prompts == [PROMPTS["blocked"]]


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


def test_callers_whose_hour_is_over_are_forgotten() -> None:
    """Each wrong entry erases a few that no longer count: numbers don't pile up."""
    clock = Clock()
    numbers = Random(1)
    with tenant("ken", clock=clock) as session:
        for _ in range(20):
            for _ in range(10):
                wrong_entries(session, 1, caller=f"1{numbers.randrange(10**9, 10**10)}")
            wrong_entries(session, 1)
            clock.forward(minutes=61)
            assert dial(NUMBER, caller=CALLER).state is ASKING_ID
        assert len(contents(session)["wrong_entries"]) < 30


def test_a_caller_who_still_counts_is_not_forgotten() -> None:
    """Whatever others enter meanwhile, ten within the hour are ten."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        wrong_entries(session, 10)
        clock.forward(minutes=59)
        for number in range(20):
            wrong_entries(session, 1, caller=f"442079460{number:03d}")
        assert dial(NUMBER, caller=CALLER).prompts == [PROMPTS["blocked"]]


def test_a_clock_turned_back_blocks_nobody_for_longer_than_an_hour() -> None:
    """Entries that lie an hour ahead don't count, as those an hour ago don't."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        wrong_entries(session, 10)
        assert dial(NUMBER, caller=CALLER).state is CallState.ENDED
        clock.forward(hours=-1)
        assert dial(NUMBER, caller=CALLER).state is ASKING_ID


def test_the_tenth_wrong_entry_ends_the_callers_other_calls() -> None:
    """At their first prompt: also a right PIN, and a choice of language, come too late."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        set_number(BERLIN, secondary_languages="de-DE")
        pin = new_pin()
        at_pin, choosing = dial(NUMBER, caller=CALLER), dial(BERLIN, caller=CALLER)
        at_pin.press(spoken())
        at_pin.press("*")
        wrong_entries(session, 10)
        assert at_pin.press(pin) is CallState.ENDED
        assert choosing.press("1") is CallState.ENDED
        for call in (at_pin, choosing):
            assert call.prompts[-1] == PROMPTS["blocked"]
        assert dial(BERLIN, caller=CALLER).prompts == [PROMPTS["blocked"]]
