"""Meetings: schedule and reschedule them, and find outdated invitations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError, NotEnabledError, NotFoundError, demand, shown
from confid.meetings.invitations import dial_in_block, renewed
from confid.tenant.documents import MEETING, MEETINGS
from confid.tenant.mail_address import checked
from confid.tenant.records import Meeting
from confid.tenant.results import Results
from confid.tenant.text import is_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session
    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork


@own_function("confid.meetings.schedule", writes=True)
def schedule(
    organizer: object,
    *,
    subject: str,
    start: datetime,
    end: datetime | None = None,
    attendees: Iterable[str] = (),
    body: str = "",
    session: Session | None = None,
) -> Meeting:
    """Schedule a meeting; its invitation ends with the numbers and the organizer's ID.

    `organizer` is any identity of an enabled user. `start` and `end` are aware
    datetimes, `attendees` e-mail addresses. Raises `NotEnabledError`, and
    `InvalidArgumentError` for a naive or reversed time or a bad address.
    """
    demand("start", start, datetime, "a datetime with a time zone")
    _check_times(start, end)
    _check_text("subject", subject, one_line=True)
    _check_text("body", body, one_line=False)
    demand("attendees", attendees, Iterable, "a list of e-mail addresses")
    addresses = tuple(checked(address, parameter="attendees") for address in attendees)

    def work(tenant: UnitOfWork) -> Meeting:
        person = _organizer(tenant, organizer)
        if not person.is_enabled:
            raise NotEnabledError(str(person))
        meeting = Meeting(
            meeting_id=tenant.new_uuid(),
            subject=subject,
            organizer=person.user.user_principal_name,
            start=start,
            end=end,
            attendees=addresses,
            conference_id=person.conference_id,
            body=body,
            dial_in=dial_in_block(tenant, person),
            owner=person.user.owner,
        )
        MEETINGS.put(tenant.transaction, [meeting])
        return meeting

    return current_session(session).call(work, write=True)


@own_function("confid.meetings.reschedule", writes=True)
def reschedule(
    meeting: Meeting,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    session: Session | None = None,
) -> Meeting:
    """Give a meeting another time, and its invitation today's numbers and ID.

    A new start alone keeps the length. Without start and end the meeting keeps
    its time and is only renewed. The organizer's text doesn't change.
    Raises `NotFoundError` for a meeting that isn't in this tenant.
    """
    _check_moments(start, end)
    demand("meeting", meeting, Meeting, "a meeting that confid.meetings returned")
    key = str(meeting.meeting_id)

    def work(tenant: UnitOfWork) -> Meeting:
        kept = MEETINGS.get(tenant.transaction, [key], lock=True).get(key)
        if kept is None:
            raise NotFoundError(f"There is no meeting {key} in this tenant.", target=key)
        moved = start or kept.start
        until = end
        if until is None and kept.end is not None:
            until = kept.end + (moved - kept.start)
        _check_times(moved, until)
        person = tenant.people([tenant.users([kept.owner])[kept.owner]])[0]
        (updated,) = renewed(tenant, person, [attrs.evolve(kept, start=moved, end=until)])
        MEETINGS.put(tenant.transaction, [updated])
        return updated

    return current_session(session).call(work, write=True)


@own_function("confid.meetings.outdated")
def outdated(organizer: object = None, *, session: Session | None = None) -> Results[Meeting]:
    """The future meetings that still show a retired ID, of one organizer or of all, by start."""
    with current_session(session).unit(write=False) as tenant:
        meetings = [m for m in _of(tenant, organizer) if m.start > tenant.now]
        current = tenant.transaction.current({meeting.owner for meeting in meetings})
        stale = [m for m in meetings if m.conference_id not in (None, current.get(m.owner))]
    return Results(sorted(stale, key=_by_start))


@own_function("confid.meetings.scheduled")
def scheduled(organizer: object = None, *, session: Session | None = None) -> Results[Meeting]:
    """All meetings, of one organizer or of everybody, by start."""
    with current_session(session).unit(write=False) as tenant:
        return Results(sorted(_of(tenant, organizer), key=_by_start))


def showing(tenant: UnitOfWork, conference_id: int) -> list[Meeting]:
    """The future meetings whose invitations show an ID, by start."""
    found = MEETINGS.find(tenant.transaction, "conference_id", [str(conference_id)])
    return sorted((m for m in found.values() if m.start > tenant.now), key=_by_start)


def _organizer(tenant: UnitOfWork, organizer: object) -> Person:
    return tenant.people([tenant.user(organizer)])[0]


def _of(tenant: UnitOfWork, organizer: object) -> Iterator[Meeting]:
    if organizer is None:
        return (MEETINGS.read(body) for _, body in tenant.transaction.scan(MEETING.name))
    owner = tenant.user(organizer).owner
    return iter(MEETINGS.find(tenant.transaction, "owner", [owner]).values())


def _by_start(meeting: Meeting) -> tuple[datetime, str]:
    return meeting.start, str(meeting.meeting_id)


def _check_times(start: datetime, end: datetime | None) -> None:
    _check_moments(start, end)
    if end is not None and end < start:
        raise InvalidArgumentError(f"The meeting ends ({end}) before it starts ({start}).")


def _check_moments(start: datetime | None, end: datetime | None) -> None:
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
            raise InvalidArgumentError(
                f"{name}={shown(moment, 60)} is not a datetime with a time zone. Pass one, such as "
                "datetime(2026, 12, 1, 9, tzinfo=ZoneInfo('Europe/Berlin')).",
                target=name,
            )


def _check_text(name: str, text: str, *, one_line: bool) -> None:
    demand(name, text, str, "a text")
    if "\0" in text or (one_line and not is_one_line(text)):
        shape = "one line without control characters" if one_line else "text without NUL"
        raise InvalidArgumentError(f"{name}: {shown(text, 60)} is not {shape}.", target=name)
