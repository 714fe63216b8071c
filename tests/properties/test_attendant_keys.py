"""The attendant as a state machine: whatever is pressed, a call is where the rules say.

A model beside the tenant applies the page on the attendant to every key,
with lower limits for guessing, so that they are within reach.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from confid.attendant import TRIES, WINDOW, Call, CallError, CallState, dial, wrong_entries
from tests.tenants import (
    Clock,
    add_bridge,
    contents,
    disable,
    enable,
    set_number,
    set_user,
    tenant,
    upn,
)
from tests.thorough import examples

if TYPE_CHECKING:
    from datetime import datetime

TOLL, BERLIN, FREE = "14255550100", "493099990100", "18005550100"
CALLERS = [None, "+442079460999", "+442079460998"]
CALLER_LIMIT, ORGANIZER_LIMIT = 6, 4
ASKING_ID, ASKING_ORGANIZER = CallState.ASKING_CONFERENCE_ID, CallState.ASKING_ORGANIZER
ASKING_PIN, ENDED = CallState.ASKING_PIN, CallState.ENDED
LOBBY, MEETING = CallState.IN_LOBBY, CallState.IN_MEETING

whose = st.sampled_from(["ken", "pilar"])
which = st.integers(0, 4)
random_keys = st.text("0123456789*# -", max_size=9) | st.sampled_from(
    ["1", "#", "*", "", "\uff11\uff12"]
)


@attrs.define
class Organizer:
    """What the model knows of an organizer, and their meeting."""

    name: str
    conference_id: str = ""
    pin: str = ""
    retired: list[str] = attrs.Factory(list)
    pstn_only: bool = False
    toll_free: bool = True
    started: bool = False
    present: list[OnePhone] = attrs.Factory(list)
    wrong: list[datetime] = attrs.Factory(list)


@attrs.define(eq=False)
class OnePhone:
    """A call, and its state in the model."""

    call: Call
    number: str
    caller: str | None
    state: CallState
    organizer: Organizer | None = None
    conference_id: str = ""
    wrong_ids: int = 0
    wrong_pins: int = 0


class Attendant(RuleBasedStateMachine):
    """Callers, and an administrator who changes settings during their calls."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(wrong_entries, "CALLER_LIMIT", CALLER_LIMIT)
        self.patch.setattr(wrong_entries, "ORGANIZER_LIMIT", ORGANIZER_LIMIT)
        self.clock = Clock()
        self.session = tenant("ken", "pilar", clock=self.clock)
        add_bridge(self.session, "Berlin", BERLIN, FREE)
        set_number(BERLIN, primary_language="de-DE", secondary_languages="fr-FR")
        self.people = {name: Organizer(name) for name in ("ken", "pilar")}
        self.pins: set[str] = set()
        self.phones: list[OnePhone] = []
        self.wrong: dict[str | None, list[datetime]] = {caller: [] for caller in CALLERS}
        for name in self.people:
            self.change(name, reset_conference_id=True, reset_leader_pin=True)

    def teardown(self) -> None:
        """Close what was opened."""
        self.patch.undo()
        self.session.close()

    # What an administrator does.

    def change(self, name: str, **changes: Any) -> None:
        """Change a user, in the model too."""
        self.note(name, set_user(upn(name), notify=False, **changes))

    def note(self, name: str, record: Any) -> None:
        """Update the model from a record that a cmdlet returned."""
        person = self.people[name]
        new = str(record.conference_id)
        if person.conference_id not in ("", new):
            person.retired.append(person.conference_id)
        person.conference_id = new
        person.pstn_only = record.allow_pstn_only_meetings
        person.toll_free = record.allow_toll_free_dial_in
        if record.leader_pin.isdigit():
            person.pin = record.leader_pin
            person.wrong.clear()
            self.pins.add(record.leader_pin)

    @rule(name=whose)
    def reset_the_id(self, name: str) -> None:
        self.change(name, reset_conference_id=True)

    @rule(name=whose)
    def reset_the_pin(self, name: str) -> None:
        self.change(name, reset_leader_pin=True)

    @rule(name=whose)
    def disable_and_enable(self, name: str) -> None:
        disable(upn(name), notify=False)
        person = self.people[name]
        for phone in person.present:
            phone.state = ENDED
        person.present.clear()
        person.started = False
        self.note(name, enable(upn(name), notify=False))

    @rule(name=whose, on=st.booleans())
    def let_callers_start(self, name: str, on: bool) -> None:
        self.change(name, allow_pstn_only_meetings=on)

    @rule(name=whose, on=st.booleans())
    def let_toll_free_in(self, name: str, on: bool) -> None:
        self.change(name, allow_toll_free_dial_in=on)

    @rule(minutes=st.integers(1, 61))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    # What callers do.

    @precondition(lambda self: len(self.phones) < 5)
    @rule(number=st.sampled_from([TOLL, BERLIN, FREE]), caller=st.sampled_from(CALLERS))
    def somebody_calls(self, number: str, caller: str | None) -> None:
        state = ENDED if self.blocked(caller) else ASKING_ID
        self.phones.append(OnePhone(dial(number, caller=caller), number, caller, state))

    @rule(at=which, keys=random_keys)
    def they_press_anything(self, at: int, keys: str) -> None:
        digits = re.sub(r"[^0-9]", "", keys)
        assume(not any(digits in (p.conference_id, p.pin) for p in self.people.values()))
        self.press(at, keys)

    @rule(at=which, name=whose)
    def they_press_a_living_id(self, at: int, name: str) -> None:
        self.press(at, self.people[name].conference_id + "#")

    @rule(at=which, name=whose)
    def they_press_a_retired_id(self, at: int, name: str) -> None:
        if retired := self.people[name].retired:
            self.press(at, retired[-1])

    @rule(at=which)
    def they_press_star(self, at: int) -> None:
        self.press(at, "*")

    @rule(at=which, name=whose)
    def they_press_a_pin(self, at: int, name: str) -> None:
        self.press(at, self.people[name].pin)

    @rule(at=which)
    def they_hang_up(self, at: int) -> None:
        if at < len(self.phones):
            phone = self.phones.pop(at)
            phone.call.hang_up()
            assert phone.call.state is ENDED
            for person in self.people.values():
                if phone in person.present:
                    person.present.remove(phone)
                person.started = person.started and bool(person.present)

    def press(self, at: int, keys: str) -> None:
        """Press keys, in the model too."""
        if at >= len(self.phones):
            return
        phone = self.phones[at]
        heard = len(phone.call.prompts)
        if phone.state in (LOBBY, MEETING, ENDED):
            with pytest.raises(CallError) as refusal:
                phone.call.press(keys)
            assert not re.search("[0-9]", str(refusal.value))
            return
        self.step(phone, keys)
        assert phone.call.press(keys) is phone.state
        assert len(phone.call.prompts) > heard

    # The rules.

    def blocked(self, caller: str | None) -> bool:
        """Whether a caller has guessed too much."""
        return self.recent(self.wrong[caller]) >= CALLER_LIMIT

    def recent(self, moments: list[datetime]) -> int:
        """How many were within the last hour."""
        return sum(self.clock.now - moment < WINDOW for moment in moments)

    def step(self, phone: OnePhone, keys: str) -> None:
        """One step of a call."""
        if self.blocked(phone.caller):
            phone.state = ENDED
        elif phone.state is ASKING_ID:
            self.take_id(phone, keys)
        else:
            self.take_answer(phone, keys)

    def take_id(self, phone: OnePhone, keys: str) -> None:
        """A language, or an ID."""
        if phone.number == BERLIN and keys == "1":
            return
        digits = re.sub("[^0-9]", "", keys)
        found = [p for p in self.people.values() if p.conference_id == digits]
        if not found:
            phone.wrong_ids += 1
            self.wrong[phone.caller].append(self.clock.now)
            phone.state = ENDED if phone.wrong_ids == TRIES else ASKING_ID
        elif phone.number == FREE and not found[0].toll_free:
            phone.state = ENDED
        else:
            phone.organizer, phone.conference_id = found[0], digits
            if not self.joins_unasked(phone, found[0]):
                phone.state = ASKING_ORGANIZER

    def take_answer(self, phone: OnePhone, keys: str) -> None:
        """Star or not, or a PIN."""
        person = phone.organizer
        assert person is not None
        if person.conference_id != phone.conference_id:
            phone.organizer, phone.state = None, ASKING_ID
        elif phone.number == FREE and not person.toll_free:
            phone.organizer, phone.state = None, ENDED
        elif self.joins_unasked(phone, person):
            pass
        elif self.recent(person.wrong) >= ORGANIZER_LIMIT or (
            phone.state is ASKING_ORGANIZER and not keys.strip().startswith("*")
        ):
            self.join(phone, person, start=False)
        elif phone.state is ASKING_ORGANIZER:
            phone.state = ASKING_PIN
        elif keys == person.pin:
            self.join(phone, person, start=True)
        else:
            phone.wrong_pins += 1
            self.wrong[phone.caller].append(self.clock.now)
            person.wrong.append(self.clock.now)
            phone.state = ENDED if phone.wrong_pins == TRIES else ASKING_PIN

    def joins_unasked(self, phone: OnePhone, person: Organizer) -> bool:
        """Whether the caller joins without a question."""
        if person.started or person.pstn_only:
            self.join(phone, person, start=True)
            return True
        return False

    @staticmethod
    def join(phone: OnePhone, person: Organizer, *, start: bool) -> None:
        """Lobby or meeting; one who starts it lets everybody in."""
        person.started = person.started or start
        person.present.append(phone)
        for each in person.present:
            each.state = MEETING if person.started else LOBBY

    # What must hold, always.

    @invariant()
    def calls_are_where_the_rules_say(self) -> None:
        for phone in self.phones:
            assert phone.call.state is phone.state
            organizer = phone.call.organizer
            assert (organizer and organizer.display_name.lower()) == (
                phone.organizer and phone.organizer.name
            )

    @invariant()
    def no_prompt_has_a_secret(self) -> None:
        for phone in self.phones:
            said = " ".join([*phone.call.prompts, repr(phone.call).replace(phone.number, "")])
            assert not re.search("[0-9]{4}", said)
            assert not self.pins & set(vars(phone.call).values())

    @invariant()
    def a_meeting_runs_as_long_as_somebody_is_there(self) -> None:
        held = contents(self.session)["running_meeting"].values()
        kept = [(body.get("started", False), self.keys_of(body["participants"])) for body in held]
        meant = [(p.started, sorted(c.call._id for c in p.present)) for p in self.people.values()]
        assert sorted(kept) == sorted(each for each in meant if each[1])

    @staticmethod
    def keys_of(participants: list[dict[str, str]]) -> list[str]:
        """The calls in a meeting."""
        return sorted(each["call"] for each in participants)


Attendant.TestCase.settings = settings(
    max_examples=examples(30), stateful_step_count=40, deadline=None
)
TestAttendant = Attendant.TestCase
