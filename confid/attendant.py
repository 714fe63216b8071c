"""The attendant: dial a number of a bridge, key in an ID and perhaps a PIN, and see who gets in.

Source of the rules: behaviour, attendant.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from confid import phone_number
from confid.conference_id import ConferenceId
from confid.errors import ConfidError
from confid.records import RUNNING_MEETING, WRONG_ENTRIES
from confid.session import current_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.records import ConferencingUser
    from confid.session import Session
    from confid.store.base import Body
    from confid.tenant import Person, Tenant

TRIES = 3
"""Wrong IDs, or wrong PINs, that one call may hold."""

CALLER_LIMIT = 10
"""Wrong entries of one caller within `WINDOW` that end their calls at the first prompt."""

ORGANIZER_LIMIT = 100
"""Wrong PINs for one organizer within `WINDOW` that close phone starts."""

WINDOW = timedelta(hours=1)

_PIN = re.compile(r"\s*([0-9]{4,12})\s*#?\s*")


class CallState(enum.Enum):
    """Where a call stands."""

    ASKING_CONFERENCE_ID = "asking_conference_id"
    ASKING_ORGANIZER = "asking_organizer"
    ASKING_PIN = "asking_pin"
    IN_LOBBY = "in_lobby"
    IN_MEETING = "in_meeting"
    ENDED = "ended"


class CallError(ConfidError, RuntimeError):
    """A key was pressed that the call is not asking for."""

    category = "InvalidOperation"
    error_id = "CallNotAsking"


PROMPTS = {
    "welcome": "Welcome. Enter the conference ID, followed by the pound key.",
    "wrong_id": "There is no meeting with that conference ID. Please try again.",
    "goodbye": "Goodbye.",
    "blocked": "Too many wrong entries. Please call again later.",
    "toll_free_off": "This meeting can't be joined on a toll-free number. Please dial a toll "
    "number from the invitation.",
    "organizer": "If you are the organizer, press star; otherwise press pound.",
    "pin": "Enter your PIN, followed by the pound key.",
    "wrong_pin": "That PIN is not right. Please try again.",
    "pin_closed": "This meeting can't be started by phone right now.",
    "lobby": "The meeting has not started. Please wait for the organizer.",
    "joining": "You are joining the meeting now.",
    "id_changed": "The conference ID has changed.",
}


def dial(number: str, *, caller: str | None = None, session: Session | None = None) -> Call:
    """Call a dial-in number; `caller` is the caller's own, None when withheld.

    A number of no bridge is not answered: the call has ended and its
    `prompts` are empty. Raises `InvalidArgumentError` for what is no number.
    """
    digits = phone_number.parse(number, parameter="number")
    source = "withheld" if caller is None else phone_number.parse(caller, parameter="caller")
    call = Call(current_session(session), digits, source)
    call._answer()  # noqa: SLF001 - this module's own
    return call


class Call:
    """A phone call to the attendant.

    `state` tells what it waits for, `organizer` whose ID was accepted,
    `prompts` what the caller has heard.
    """

    def __init__(self, session: Session, number: str, caller: str) -> None:
        self.prompts: list[str] = []
        self.organizer: ConferencingUser | None = None
        self._session = session
        self._number = number
        self._caller = caller
        self._state = CallState.ENDED
        self._wrong_ids = 0
        self._wrong_pins = 0
        self._id = ""
        self._owner = ""
        self._conference_id: ConferenceId | None = None

    def __repr__(self) -> str:
        return f"<call to +{self._number}: {self._state.value}>"

    @property
    def state(self) -> CallState:
        """Where the call stands now; a caller in the lobby gets in when the meeting starts."""
        if self._state is CallState.IN_LOBBY:
            with self._session.unit(write=False) as tenant:
                running = _running(tenant, self._owner)
            if running["started"]:
                self._say("joining", CallState.IN_MEETING)
        return self._state

    def enter_conference_id(self, keys: str) -> CallState:
        """Key in a conference ID, spaces, dashes and `#` allowed; the state afterwards."""

        def take(tenant: Tenant) -> None:
            person = _organizer_of(tenant, keys)
            if person is None:
                self._wrong_ids += 1
                self._refuse(tenant, "wrong_id", tries=self._wrong_ids)
            else:
                self._accept(tenant, person)

        return self._step(CallState.ASKING_CONFERENCE_ID, take)

    def say_organizer(self, is_organizer: bool) -> CallState:
        """Say whether the caller is the organizer; the state afterwards."""

        def take(tenant: Tenant) -> None:
            if self._organizer_still(tenant) is None:
                return
            if _running(tenant, self._owner)["started"]:
                self._join(tenant)
            elif is_organizer and not self._starts_closed(tenant):
                self._say("pin", CallState.ASKING_PIN)
            else:
                self._join(tenant)

        return self._step(CallState.ASKING_ORGANIZER, take)

    def enter_pin(self, keys: str) -> CallState:
        """Key in the organizer's PIN; the right one starts the meeting. The state afterwards."""

        def take(tenant: Tenant) -> None:
            person = self._organizer_still(tenant)
            if person is None:
                return
            typed = _PIN.fullmatch(keys)
            if _running(tenant, self._owner)["started"] or self._starts_closed(tenant):
                self._join(tenant)
            elif tenant.is_pin(person, typed[1] if typed else ""):
                self._join(tenant, start=True)
            else:
                self._wrong_pins += 1
                _note_wrong(tenant, f"organizer:{self._owner}")
                self._refuse(tenant, "wrong_pin", tries=self._wrong_pins)

        return self._step(CallState.ASKING_PIN, take)

    def press(self, keys: str) -> CallState:
        """Press keys for whatever is being asked: an ID, star or pound, a PIN."""
        state = self.state
        if state is CallState.ASKING_CONFERENCE_ID:
            return self.enter_conference_id(keys)
        if state is CallState.ASKING_ORGANIZER:
            return self.say_organizer(keys.strip().startswith("*"))
        if state is CallState.ASKING_PIN:
            return self.enter_pin(keys)
        raise CallError(f"The call is not asking for anything: it is {state.value}.")

    def hang_up(self) -> None:
        """End the call; a meeting ends with its last caller. Twice is fine."""
        if self._state in (CallState.IN_LOBBY, CallState.IN_MEETING):
            self._session.call(self._leave, write=True)
        self._state = CallState.ENDED

    # What the attendant does.

    def _answer(self) -> None:
        with self._session.unit(write=False) as tenant:
            number = tenant.numbers.get(self._number)
            if number is None or number.bridge_id is None:
                return
            self._id = str(tenant.new_uuid())
            if _too_many(tenant, f"caller:{self._caller}", CALLER_LIMIT):
                self._say("blocked", CallState.ENDED)
            else:
                self._say("welcome", CallState.ASKING_CONFERENCE_ID)

    def _step(self, expected: CallState, take: Callable[[Tenant], None]) -> CallState:
        if self._state is not expected:
            raise CallError(
                f"The call is not {expected.value.replace('_', ' ')}: it is {self._state.value}."
            )
        before = {**self.__dict__, "prompts": list(self.prompts)}

        def work(tenant: Tenant) -> None:
            self.__dict__.update(before, prompts=list(before["prompts"]))
            if _too_many(tenant, f"caller:{self._caller}", CALLER_LIMIT):
                self._say("blocked", CallState.ENDED)
            else:
                take(tenant)

        try:
            self._session.call(work, write=True)
        except BaseException:
            self.__dict__.update(before)
            raise
        return self._state

    def _leave(self, tenant: Tenant) -> None:
        running = _running(tenant, self._owner, lock=True)
        running["calls"] = [call for call in running["calls"] if call != self._id]
        _keep_running(tenant, self._owner, running)

    def _say(self, prompt: str, state: CallState) -> None:
        self.prompts.append(PROMPTS[prompt])
        self._state = state

    def _refuse(self, tenant: Tenant, prompt: str, *, tries: int) -> None:
        _note_wrong(tenant, f"caller:{self._caller}")
        self._say(prompt, self._state)
        if tries >= TRIES:
            self._say("goodbye", CallState.ENDED)

    def _accept(self, tenant: Tenant, person: Person) -> None:
        conferencing = person.conferencing
        assert conferencing is not None  # noqa: S101 - only the enabled have an ID
        number = tenant.numbers.get(self._number)
        if number and number.is_toll_free and not conferencing.allow_toll_free_dial_in:
            self._say("toll_free_off", CallState.ENDED)
            return
        self._owner = person.user.owner
        self._conference_id = person.conference_id
        self.organizer = tenant.conferencing_user(person)
        if conferencing.allow_pstn_only_meetings:
            self._join(tenant, start=True)
        elif _running(tenant, self._owner)["started"]:
            self._join(tenant)
        else:
            self._say("organizer", CallState.ASKING_ORGANIZER)

    def _organizer_still(self, tenant: Tenant) -> Person | None:
        """The organizer, if the ID still is theirs; else it is asked for anew."""
        person = _organizer_of(tenant, str(self._conference_id))
        if person is None:
            self.organizer = None
            self._say("id_changed", CallState.ASKING_CONFERENCE_ID)
        return person

    def _starts_closed(self, tenant: Tenant) -> bool:
        closed = _too_many(tenant, f"organizer:{self._owner}", ORGANIZER_LIMIT)
        if closed:
            self._say("pin_closed", self._state)
        return closed

    def _join(self, tenant: Tenant, *, start: bool = False) -> None:
        running = _running(tenant, self._owner, lock=True)
        running["started"] = running["started"] or start
        running["calls"].append(self._id)
        _keep_running(tenant, self._owner, running)
        if running["started"]:
            self._say("joining", CallState.IN_MEETING)
        else:
            self._say("lobby", CallState.IN_LOBBY)


def _organizer_of(tenant: Tenant, keys: str) -> Person | None:
    """Whose living ID that is; None for a wrong, retired or malformed one, all alike."""
    try:
        number = ConferenceId(keys)
    except ValueError:
        return None
    entry = tenant.transaction.lookup([number]).get(number)
    if entry is None or entry.retired_at is not None:
        return None
    user = tenant.users([entry.owner]).get(entry.owner)
    person = tenant.people([user])[0] if user else None
    return person if person and person.is_enabled else None


def _running(tenant: Tenant, owner: str, *, lock: bool = False) -> Body:
    """An organizer's running meeting: whether it has started, and the calls that are in."""
    found = tenant.transaction.get(RUNNING_MEETING.name, [owner], lock=lock)
    return found.get(owner, {"started": False, "calls": []})


def _keep_running(tenant: Tenant, owner: str, running: Body) -> None:
    if running["calls"]:
        tenant.transaction.put(RUNNING_MEETING.name, {owner: running})
    else:
        tenant.transaction.delete(RUNNING_MEETING.name, [owner])


def _too_many(tenant: Tenant, key: str, limit: int) -> bool:
    return len(_wrong_entries(tenant, key)) >= limit


def _wrong_entries(tenant: Tenant, key: str, *, lock: bool = False) -> list[str]:
    """When wrong entries were made within the window."""
    body = tenant.transaction.get(WRONG_ENTRIES.name, [key], lock=lock).get(key)
    return [at for at in body["at"] if _is_recent(at, tenant.now)] if body else []


def _is_recent(moment: str, now: datetime) -> bool:
    return abs(now - datetime.fromisoformat(moment)) < WINDOW


def _note_wrong(tenant: Tenant, key: str) -> None:
    at = [*_wrong_entries(tenant, key, lock=True), tenant.now.isoformat()]
    tenant.transaction.put(WRONG_ENTRIES.name, {key: {"at": at}})
