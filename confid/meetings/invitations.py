"""Invitations: the dial-in block of an organizer's meetings, and its renewal.

The organizer's text and the dial-in block are kept apart, so a new block
never changes the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.tenant import phone_number
from confid.tenant.documents import MEETING, MEETINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from confid.tenant.people import Person
    from confid.tenant.records import DirectoryUser, Meeting
    from confid.tenant.unit_of_work import UnitOfWork

RULE = "_" * 72

MOST_ATTENDEES = 250
"""Meetings with more attendees are not renewed."""


@attrs.define
class ToCome:
    """An organizer's future meetings: those to renew, too large ones, and damaged ones."""

    meetings: list[Meeting] = attrs.Factory(list)
    large: int = 0
    unreadable: list[str] = attrs.Factory(list)


def to_come(
    tenant: UnitOfWork, owners: Collection[str], *, lock: bool = False
) -> dict[str, ToCome]:
    """The future meetings of organizers, by their keys; `lock` when they are to be changed."""
    bodies = tenant.transaction.find(MEETING.name, "owner", owners)
    if lock:
        bodies = tenant.transaction.get(MEETING.name, bodies, lock=True)
    found = {owner: ToCome() for owner in owners}
    for key, body in sorted(bodies.items()):
        # The index, because the document itself may be damaged.
        its = found[body["index"]["owner"]]
        try:
            meeting = MEETINGS.read(body)
        except (AttributeError, LookupError, TypeError, ValueError):
            its.unreadable.append(key)
            continue
        if meeting.start <= tenant.now:
            continue
        if len(meeting.attendees) > MOST_ATTENDEES:
            its.large += 1
        else:
            its.meetings.append(meeting)
    return found


def renew_future(tenant: UnitOfWork, users: Sequence[DirectoryUser]) -> None:
    """Give the future meetings of these organizers today's dial-in block."""
    people = tenant.people(users)
    found = to_come(tenant, [user.owner for user in users], lock=True)
    MEETINGS.put(
        tenant.transaction,
        [m for p in people for m in renewed(tenant, p, found[p.user.owner].meetings)],
    )


def renewed(tenant: UnitOfWork, person: Person, meetings: Iterable[Meeting]) -> list[Meeting]:
    """A person's meetings with today's dial-in block; without one if the person is disabled."""
    if not person.is_enabled:
        return [attrs.evolve(meeting, conference_id=None, dial_in="") for meeting in meetings]
    block = dial_in_block(tenant, person)
    shown = person.conference_id
    return [attrs.evolve(meeting, conference_id=shown, dial_in=block) for meeting in meetings]


def dial_in_block(tenant: UnitOfWork, person: Person) -> str:
    """The bottom of an invitation: how to join by phone."""
    assert person.conference_id is not None  # noqa: S101 - callers have an enabled person
    lines = [RULE, "Join by phone"]
    for number in tenant.dial_in_numbers(person):
        place = phone_number.country(number.number)
        where = f", {place}" if place else ""
        lines.append(f"{phone_number.display(number.number)}{where} ({number.type})")
    lines += [f"Conference ID: {person.conference_id.spoken}", RULE]
    return "\n".join(lines)
