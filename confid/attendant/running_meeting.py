"""Running meetings: their participants, their lobbies and their announcements.

A meeting is a document under its organizer's key, from its first caller to
its last.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from confid.tenant.documents import RUNNING_MEETING, DocumentType
from confid.tenant.records import EntryExitAnnouncements, MaskedNumbers

if TYPE_CHECKING:
    from confid.tenant.records import TenantSettings
    from confid.tenant.unit_of_work import UnitOfWork

ANNOUNCEMENTS_KEPT = 100
"""The last ones, for calls that haven't listened yet."""

ABANDONED_AFTER = timedelta(hours=24)
"""A participant who was not heard for so long has left: the process of the call may be dead."""

STAMPED_EVERY = timedelta(hours=1)
"""How often it is written down that a participant was heard."""

LOBBY_LIMIT = 1000
"""Calls that a lobby holds; when one more comes the oldest leaves."""


class Style(enum.Enum):
    """How entries and exits are announced."""

    QUIET = "quiet"
    TONES = "tones"
    NAMES = "names"


def style_of(settings: TenantSettings) -> Style:
    """How the tenant has entries and exits announced."""
    if not settings.enable_entry_exit_notifications:
        return Style.QUIET
    tones = settings.entry_exit_announcements_type is EntryExitAnnouncements.TONE_ONLY
    return Style.TONES if tones else Style.NAMES


def asks_for_names(settings: TenantSettings) -> bool:
    """Whether callers record their names: only where names are announced."""
    return settings.enable_name_recording and style_of(settings) is Style.NAMES


def shows_numbers(settings: TenantSettings) -> bool:
    """Whether a caller without a recorded name is announced by their telephone number."""
    shows = settings.mask_pstn_numbers_type is MaskedNumbers.NO_MASKING
    return shows and style_of(settings) is Style.NAMES


@attrs.frozen(kw_only=True)
class Participant:
    """A call in a meeting or its lobby.

    Others hear its `name`; it hears the announcements from `hears_from` on.
    Older documents have no `heard_at`: such a call was never heard.
    """

    call: str
    name: str = ""
    hears_from: int = 0
    heard_at: datetime | None = None

    def was_heard(self, now: datetime, *, within: timedelta) -> bool:
        """Whether it was; after it too, as a clock may have been turned back."""
        return self.heard_at is not None and abs(now - self.heard_at) < within


@attrs.frozen(kw_only=True)
class Announcement:
    """A prompt that participants hear, and the name in it."""

    prompt: str
    name: str = ""


@attrs.frozen(kw_only=True)
class RunningMeeting:
    """A meeting, or a lobby that waits for it. `announced` counts all announcements ever."""

    started: bool = False
    participants: tuple[Participant, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    announced: int = 0

    def participant(self, call: str) -> Participant | None:
        """The call with that key, in the meeting or its lobby."""
        return next((p for p in self.participants if p.call == call), None)

    def heard_from(self, number: int) -> tuple[Announcement, ...]:
        """The announcements from that number on that are still kept."""
        first = self.announced - len(self.announcements)
        return self.announcements[max(0, number - first) :]

    def without_abandoned(self, now: datetime) -> RunningMeeting:
        """With those who were heard of late; a meeting without anybody is over."""
        heard = tuple(p for p in self.participants if p.was_heard(now, within=ABANDONED_AFTER))
        return attrs.evolve(self, participants=heard) if heard else RunningMeeting()

    def heard(self, call: str, now: datetime) -> RunningMeeting:
        """With the stamp of a participant renewed."""
        return attrs.evolve(
            self,
            participants=tuple(
                attrs.evolve(p, heard_at=now) if p.call == call else p for p in self.participants
            ),
        )

    def joined(self, newcomer: Participant, *, start: bool, style: Style) -> RunningMeeting:
        """With another caller: in the lobby, or in the meeting, which `start` starts.

        The lobby then joins too, each caller announced to those before.
        """
        others = tuple(p for p in self.participants if p.call != newcomer.call)
        if self.started:
            return _with(attrs.evolve(self, participants=others), newcomer, style)
        if not start:
            waiting = (*others, newcomer)[-LOBBY_LIMIT:]
            return attrs.evolve(self, participants=waiting)
        meeting = RunningMeeting(started=True, participants=(newcomer,))
        for participant in others:
            meeting = _with(meeting, participant, style)
        return meeting

    def left(self, call: str, *, style: Style) -> RunningMeeting:
        """Without that call; the others in the meeting hear that it left."""
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
    """An organizer's running meeting, without participants if there is none.

    `lock` it to change it.
    """
    found = RUNNING_MEETINGS.get(tenant.transaction, [owner], lock=lock)
    return found.get(owner, RunningMeeting()).without_abandoned(tenant.now)


def keep(tenant: UnitOfWork, owner: str, meeting: RunningMeeting) -> None:
    """Keep a running meeting; without participants it has ended."""
    if meeting.participants:
        body = RUNNING_MEETINGS.body(meeting)
        tenant.transaction.put(RUNNING_MEETING.name, {owner: body})
    else:
        tenant.transaction.delete(RUNNING_MEETING.name, [owner])
