"""Running meetings: who is in or waits, and what those who are in hear of each other.

A meeting is a document under its organizer's key, from its first caller to
its last. Source: behaviour, attendant, 3 and 4, and tenant settings.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from confid.tenant.documents import RUNNING_MEETING, DocumentType

if TYPE_CHECKING:
    from confid.tenant.records import TenantSettings
    from confid.tenant.unit_of_work import UnitOfWork

TONE_ONLY = "ToneOnly"
NO_MASKING = "NoMasking"

ANNOUNCEMENTS_KEPT = 100
"""The last ones, for calls that haven't listened yet."""


class Style(enum.Enum):
    """How entries and exits are announced."""

    QUIET = "quiet"
    TONES = "tones"
    NAMES = "names"


def style_of(settings: TenantSettings) -> Style:
    """How the tenant has entries and exits announced."""
    if not settings.enable_entry_exit_notifications:
        return Style.QUIET
    tones = settings.entry_exit_announcements_type == TONE_ONLY
    return Style.TONES if tones else Style.NAMES


def asks_for_names(settings: TenantSettings) -> bool:
    """Whether callers record their names: only where names are announced."""
    return settings.enable_name_recording and style_of(settings) is Style.NAMES


def shows_numbers(settings: TenantSettings) -> bool:
    """Whether who recorded no name may be announced by their telephone number."""
    return settings.mask_pstn_numbers_type == NO_MASKING and style_of(settings) is Style.NAMES


@attrs.frozen(kw_only=True)
class Participant:
    """A call in a meeting or its lobby: announced by which name, hearing from which one on."""

    call: str
    name: str = ""
    hears_from: int = 0


@attrs.frozen(kw_only=True)
class Announcement:
    """What those who are in hear: a prompt, with the name that stands in it."""

    prompt: str
    name: str = ""


@attrs.frozen(kw_only=True)
class RunningMeeting:
    """A meeting, started or waited for. `announced` counts all its announcements ever."""

    started: bool = False
    participants: tuple[Participant, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    announced: int = 0

    def participant(self, call: str) -> Participant | None:
        """The call with that key, if it is in or waits."""
        return next((p for p in self.participants if p.call == call), None)

    def heard_from(self, number: int) -> tuple[Announcement, ...]:
        """The announcements from that one on, as far as they are kept."""
        first = self.announced - len(self.announcements)
        return self.announcements[max(0, number - first) :]

    def joined(self, call: str, name: str, *, start: bool, style: Style) -> RunningMeeting:
        """With another caller: in the lobby, or in the meeting, which `start` starts.

        Whoever waited gets in then, each announced to those before them.
        """
        newcomer = Participant(call=call, name=name)
        others = tuple(p for p in self.participants if p.call != call)
        if self.started:
            return _with(attrs.evolve(self, participants=others), newcomer, style)
        if not start:
            return attrs.evolve(self, participants=(*others, newcomer))
        meeting = RunningMeeting(started=True, participants=(newcomer,))
        for waiting in others:
            meeting = _with(meeting, waiting, style)
        return meeting

    def left(self, call: str, *, style: Style) -> RunningMeeting:
        """Without that call, which those who stay in the meeting hear."""
        leaving = self.participant(call)
        if leaving is None:
            return self
        remaining = tuple(p for p in self.participants if p.call != call)
        meeting = attrs.evolve(self, participants=remaining)
        return _told(meeting, "left", leaving.name, style) if self.started else meeting


RUNNING_MEETINGS = DocumentType(kind=RUNNING_MEETING, record=RunningMeeting)


def _with(meeting: RunningMeeting, newcomer: Participant, style: Style) -> RunningMeeting:
    """A started meeting with another caller, announced to the others."""
    meeting = _told(meeting, "entered", newcomer.name, style)
    newcomer = attrs.evolve(newcomer, hears_from=meeting.announced)
    return attrs.evolve(meeting, participants=(*meeting.participants, newcomer))


def _told(meeting: RunningMeeting, event: str, name: str, style: Style) -> RunningMeeting:
    if style is Style.QUIET:
        return meeting
    if style is Style.TONES:
        announcement = Announcement(prompt=f"{event}_tone")
    elif name:
        announcement = Announcement(prompt=f"{event}_name", name=name)
    else:
        announcement = Announcement(prompt=f"{event}_nameless")
    return attrs.evolve(
        meeting,
        announcements=(*meeting.announcements, announcement)[-ANNOUNCEMENTS_KEPT:],
        announced=meeting.announced + 1,
    )


def running(tenant: UnitOfWork, owner: str, *, lock: bool = False) -> RunningMeeting:
    """An organizer's running meeting; one that nobody is in when there is none.

    `lock` for one about to be changed.
    """
    found = RUNNING_MEETINGS.get(tenant.transaction, [owner], lock=lock)
    return found.get(owner, RunningMeeting())


def keep(tenant: UnitOfWork, owner: str, meeting: RunningMeeting) -> None:
    """Keep a running meeting; one that nobody is in has ended."""
    if meeting.participants:
        body = RUNNING_MEETINGS.body(meeting)
        tenant.transaction.put(RUNNING_MEETING.name, {owner: body})
    else:
        tenant.transaction.delete(RUNNING_MEETING.name, [owner])
