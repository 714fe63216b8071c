"""A call: what the attendant asks and says, and how the caller gets into the meeting.

Source of the rules: behaviour, attendant.
"""

from __future__ import annotations

import enum
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from confid.attendant import wrong_entries
from confid.attendant.fast_path import find_organizer
from confid.attendant.prompts import TRANSLATIONS, say
from confid.attendant.running_meeting import (
    STAMPED_EVERY,
    Participant,
    asks_for_names,
    keep,
    running,
    shows_numbers,
    style_of,
)
from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidArgumentError, SealedError, Secret, demand, shown
from confid.errors.tracebacks import ends_at_caller
from confid.ids.conference_id import ConferenceId
from confid.tenant import phone_number
from confid.tenant.spoken_languages import DEFAULT
from confid.tenant.text import is_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.attendant.running_meeting import RunningMeeting
    from confid.engine.session import Session
    from confid.tenant.people import Person
    from confid.tenant.records import ConferencingUser, ServiceNumber
    from confid.tenant.unit_of_work import UnitOfWork

TRIES = 3
"""Wrong IDs, or wrong PINs, that one call may hold."""

LONGEST_NAME = 100

_PIN = re.compile(r"\s*([0-9]{4,12})\s*#?\s*")


class CallState(enum.Enum):
    """What a call waits for, or where its caller is."""

    ASKING_CONFERENCE_ID = "asking_conference_id"
    ASKING_ORGANIZER = "asking_organizer"
    ASKING_PIN = "asking_pin"
    IN_LOBBY = "in_lobby"
    IN_MEETING = "in_meeting"
    ENDED = "ended"


CONNECTED = (CallState.IN_LOBBY, CallState.IN_MEETING)


class CallError(ConfidError, RuntimeError):
    """A key was pressed that the call is not asking for."""

    category = "InvalidOperation"
    error_id = "CallNotAsking"


@own_function("confid.attendant.dial")
def dial(
    number: str,
    *,
    caller: str | None = None,
    name: str | None = None,
    session: Session | None = None,
) -> Call:
    """Call a dial-in number; `caller` is the caller's own, None when withheld.

    `name` is what the caller says when asked to record a name, None for
    silence. A number that is on no bridge is not answered: the call has ended
    and its `prompts` are empty. Raises `InvalidArgumentError` for a bad number
    or name, and `SealedError` in a sealed store.
    """
    digits = phone_number.parse(number, parameter="number")
    source = None if caller is None else phone_number.parse(caller, parameter="caller")
    call = Call(current_session(session), digits, caller=source, name=_checked_name(name))
    call._answer()  # noqa: SLF001 - this module's own
    return call


class Call:
    """A phone call to the attendant.

    `organizer` is the conferencing user whose ID was accepted, `language` the
    language of the prompts. As a context manager it hangs up at its end.
    """

    def __init__(self, session: Session, number: str, *, caller: str | None, name: str) -> None:
        self.language: str = DEFAULT
        self.organizer: ConferencingUser | None = None
        self._session = session
        self._number = number
        self._caller = caller
        self._name = name
        self._answered_on: ServiceNumber | None = None
        self._state = CallState.ENDED
        self._said: tuple[str, ...] = ()
        self._heard = 0
        self._wrong_ids = 0
        self._wrong_pins = 0
        self._id = ""
        self._owner = ""
        self._conference_id: ConferenceId | None = None

    def __repr__(self) -> str:
        return f"<call to +{self._number}: {self._state.value}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    @property
    def state(self) -> CallState:
        """What the call waits for, or where its caller is by now."""
        self._listen()
        return self._state

    @property
    def prompts(self) -> list[str]:
        """All that the caller has heard, with the announcements of their meeting."""
        self._listen()
        return list(self._said)

    @ends_at_caller
    def enter_conference_id(self, keys: str) -> CallState:
        """Key in a conference ID, spaces, dashes and `#` allowed; the state afterwards."""
        if self._recognizes(keys):
            return self._state

        def take(tenant: UnitOfWork) -> None:
            person = _organizer_of(tenant, keys)
            if person is None:
                self._wrong_ids += 1
                self._refuse(tenant, "wrong_id", tries=self._wrong_ids)
            elif self._lets_in_from_here(tenant, person):
                self._owner = person.user.owner
                self._conference_id = person.conference_id
                self.organizer = tenant.conferencing_user(person)
                if not self._joins_unasked(tenant, person):
                    self._say("organizer", CallState.ASKING_ORGANIZER)

        return self._step(CallState.ASKING_CONFERENCE_ID, take)

    def say_organizer(self, is_organizer: bool) -> CallState:
        """Say whether the caller is the organizer; the state afterwards."""

        def take(tenant: UnitOfWork) -> None:
            person = self._organizer_still(tenant)
            if person is None or self._joins_unasked(tenant, person):
                return
            if is_organizer and not self._starts_closed(tenant):
                self._say("pin", CallState.ASKING_PIN)
            else:
                self._join(tenant)

        return self._step(CallState.ASKING_ORGANIZER, take)

    def enter_pin(self, keys: str) -> CallState:
        """Key in the organizer's PIN; the right one starts the meeting. The state afterwards."""
        typed = Secret(keys)
        del keys  # the locals of an error's frame would show it

        def take(tenant: UnitOfWork) -> None:
            person = self._organizer_still(tenant)
            if person is None or self._joins_unasked(tenant, person):
                return
            if self._starts_closed(tenant):
                self._join(tenant)
            elif self._is_blocked(tenant, lock=True):
                return
            elif tenant.pins.is_right(person, _pin_in(typed)):
                self._join(tenant, start=True)
            else:
                self._wrong_pins += 1
                wrong_entries.note_organizer(tenant, self._owner)
                self._refuse(tenant, "wrong_pin", tries=self._wrong_pins)

        return self._step(CallState.ASKING_PIN, take)

    def press(self, keys: str) -> CallState:
        """Press keys for whatever is being asked: a language, an ID, star or pound, a PIN."""
        demand("keys", keys, str, "the keys pressed, as text")
        typed = Secret(keys)
        del keys  # it may be a PIN, which the locals of an error's frame would show
        state = self.state
        if state is CallState.ASKING_CONFERENCE_ID:
            language = dict(self._choices()).get(typed.reveal())
            if language is None:
                return self.enter_conference_id(typed.reveal())
            return self._step(state, lambda _: self._speak(language))
        if state is CallState.ASKING_ORGANIZER:
            return self.say_organizer(typed.reveal().strip().startswith("*"))
        if state is CallState.ASKING_PIN:
            return self.enter_pin(typed.reveal())
        raise CallError(f"The call is not asking for anything: it is {state.value}.")

    def hang_up(self) -> None:
        """End the call; a meeting ends with its last caller. Twice is fine."""
        if self._state in CONNECTED:
            self._catch_up(self._session.call(self._leave, write=True))
        self._state = CallState.ENDED

    # What the attendant does.

    def _leave(self, tenant: UnitOfWork) -> RunningMeeting:
        meeting = running(tenant, self._owner, lock=True)
        keep(tenant, self._owner, meeting.left(self._id, style=style_of(tenant.settings)))
        return meeting

    def _answer(self) -> None:
        with self._session.unit(write=False) as tenant:
            tenant.demand_open()
            number = tenant.setup.numbers.get(self._number)
            if number is None or number.bridge_id is None:
                return
            self._id = tenant.new_identity()
            self._answered_on = number
            self.language = number.primary_language
            if self._is_blocked(tenant):
                return
            self._say("welcome", CallState.ASKING_CONFERENCE_ID)
            for key, language in self._choices():
                self._said += (say(language, "language_choice", key=key),)

    def _recognizes(self, keys: str) -> bool:
        """Take an ID by the fast path, if it can; every later step checks the ID again."""
        number = self._answered_on
        # On a toll-free number the policies have to be read.
        if self._state is not CallState.ASKING_CONFERENCE_ID or not number or number.is_toll_free:
            return False
        seen = find_organizer(self._session, keys, self._caller_counted)
        if seen is None:
            return False
        self._owner, self.organizer = seen
        self._conference_id = self.organizer.conference_id
        self._say("organizer", CallState.ASKING_ORGANIZER)
        return True

    def _choices(self) -> Iterator[tuple[str, str]]:
        """Keys for those of the number's secondary languages that have a translation."""
        number = self._answered_on
        for key, language in enumerate(number.secondary_languages if number else (), start=1):
            if language in TRANSLATIONS:
                yield str(key), language

    def _speak(self, language: str) -> None:
        self.language = language
        self._say("welcome", CallState.ASKING_CONFERENCE_ID)

    @ends_at_caller
    def _step(self, expected: CallState, take: Callable[[UnitOfWork], None]) -> CallState:
        if self.state is not expected:
            raise CallError(
                f"The call is not {expected.value.replace('_', ' ')}: it is {self._state.value}."
            )
        before = dict(self.__dict__)

        def work(tenant: UnitOfWork) -> None:
            # An attempt that failed before this one leaves no trace.
            self.__dict__.update(before)
            if not self._is_blocked(tenant):
                take(tenant)

        try:
            self._session.call(work, write=True)
        except BaseException:
            self.__dict__.update(before)
            raise
        return self._state

    @property
    def _caller_counted(self) -> str:
        return self._caller or wrong_entries.WITHHELD

    def _say(self, prompt: str, state: CallState) -> None:
        self._said += (say(self.language, prompt),)
        self._state = state

    def _is_blocked(self, tenant: UnitOfWork, *, lock: bool = False) -> bool:
        """Whether the caller's number is blocked, which ends the call."""
        blocked = wrong_entries.is_blocked(tenant, self._caller_counted, lock=lock)
        if blocked:
            self._say("blocked", CallState.ENDED)
        return blocked

    def _refuse(self, tenant: UnitOfWork, prompt: str, *, tries: int) -> None:
        # Looked at again behind the lock: the caller may be guessing on several lines at once.
        if self._is_blocked(tenant, lock=True):
            return
        wrong_entries.note_caller(tenant, self._caller_counted)
        self._say(prompt, self._state)
        if tries >= TRIES:
            self._say("goodbye", CallState.ENDED)

    def _lets_in_from_here(self, tenant: UnitOfWork, person: Person) -> bool:
        """Whether the dialled number may join the organizer's meetings; else the call ends."""
        number = self._answered_on
        if number and number.is_toll_free and not _lets_toll_free_in(tenant, person):
            self.organizer = None
            self._say("toll_free_off", CallState.ENDED)
            return False
        return True

    def _organizer_still(self, tenant: UnitOfWork) -> Person | None:
        """The organizer, if the ID is still theirs and the number may join their meetings.

        Else None, and the call asks for the new ID, or ends.
        """
        person = _organizer_of(tenant, str(self._conference_id))
        if person is None:
            self.organizer = None
            self._say("id_changed", CallState.ASKING_CONFERENCE_ID)
        elif not self._lets_in_from_here(tenant, person):
            return None
        return person

    def _joins_unasked(self, tenant: UnitOfWork, person: Person) -> bool:
        """Join if no PIN is needed: the meeting runs, or its organizer lets callers start it."""
        assert person.conferencing is not None  # noqa: S101 - only the enabled have an ID
        start = person.conferencing.allow_pstn_only_meetings
        joins = start or running(tenant, self._owner).started
        if joins:
            self._join(tenant, start=start)
        return joins

    def _starts_closed(self, tenant: UnitOfWork) -> bool:
        closed = wrong_entries.is_closed(tenant, self._owner)
        if closed:
            self._say("pin_closed", self._state)
        return closed

    def _join(self, tenant: UnitOfWork, *, start: bool = False) -> None:
        settings = tenant.settings
        if asks_for_names(settings):
            self._say("record_name", self._state)
        newcomer = Participant(call=self._id, name=self._announced_as(tenant), heard_at=tenant.now)
        meeting = running(tenant, self._owner, lock=True).joined(
            newcomer, start=start, style=style_of(settings)
        )
        keep(tenant, self._owner, meeting)
        if meeting.started:
            self._get_in(meeting)
        else:
            self._say("lobby", CallState.IN_LOBBY)

    def _announced_as(self, tenant: UnitOfWork) -> str:
        """The name that others hear, or nothing."""
        if self._name and asks_for_names(tenant.settings):
            return self._name
        if self._caller and shows_numbers(tenant.settings):
            return phone_number.display(self._caller)
        return ""

    # What the caller hears of others.

    def _listen(self) -> None:
        """Be heard in the lobby or the meeting, and hear what has happened there."""
        if self._state not in CONNECTED or self._session.closed:
            return
        with self._session.unit(write=False) as tenant:
            meeting = running(tenant, self._owner)
            here = meeting.participant(self._id)
            is_stamped = here is None or here.was_heard(tenant.now, within=STAMPED_EVERY)
        if not is_stamped:
            with suppress(SealedError):  # a sealed store can still be read
                meeting = self._session.call(self._stamp, write=True)
        self._catch_up(meeting)

    def _stamp(self, tenant: UnitOfWork) -> RunningMeeting:
        meeting = running(tenant, self._owner, lock=True).heard(self._id, tenant.now)
        keep(tenant, self._owner, meeting)
        return meeting

    def _catch_up(self, meeting: RunningMeeting) -> None:
        if meeting.participant(self._id) is None:
            # Abandoned, pushed out of a full lobby, or the organizer was disabled or removed.
            self._state = CallState.ENDED
        elif self._state is CallState.IN_LOBBY and meeting.started:
            self._get_in(meeting)
        else:
            self._hear(meeting)

    def _get_in(self, meeting: RunningMeeting) -> None:
        self._say("joining", CallState.IN_MEETING)
        here = meeting.participant(self._id)
        self._heard = here.hears_from if here else meeting.announced
        self._hear(meeting)

    def _hear(self, meeting: RunningMeeting) -> None:
        if self._state is CallState.IN_MEETING:
            for told in meeting.heard_from(self._heard):
                self._said += (say(self.language, told.prompt, name=told.name),)
            self._heard = meeting.announced


def _checked_name(name: str | None) -> str:
    if name is None:
        return ""
    if not isinstance(name, str) or not is_one_line(name) or len(name) > LONGEST_NAME:
        raise InvalidArgumentError(
            f"name: {shown(name, 60)} is not one line of at most {LONGEST_NAME} characters.",
            target="name",
        )
    return name.strip()


def _pin_in(keys: Secret) -> Secret:
    """The PIN that was keyed in; empty if it can't be one."""
    found = _PIN.fullmatch(keys.reveal())
    return Secret(found[1] if found else "")


def _organizer_of(tenant: UnitOfWork, keys: str) -> Person | None:
    """The organizer with that living ID, locked for this step; None for any other keys."""
    try:
        number = ConferenceId(keys)
    except ValueError:
        return None
    entry = tenant.transaction.lookup([number]).get(number)
    if entry is None or entry.retired_at is not None:
        return None
    user = tenant.users([entry.owner]).get(entry.owner)
    # Locked: a reset waits for this step, or this step sees the reset.
    person = tenant.people([user], lock=True)[0] if user else None
    return person if person and person.is_enabled and person.conference_id == number else None


def _lets_toll_free_in(tenant: UnitOfWork, person: Person) -> bool:
    """Whether the organizer's own setting and their policy both allow toll-free calls."""
    assert person.conferencing is not None  # noqa: S101 - only the enabled have an ID
    policy = tenant.policies.audio_of([person.user])[person.user.owner]
    return person.conferencing.allow_toll_free_dial_in and policy.allow_toll_free_dialin
