"""Meetings: the text of an invitation, what a reset makes of it, and rescheduling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import meetings
from confid.errors import InvalidArgumentError, NotEnabledError, NotFoundError, UserNotFoundError
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    set_user,
    tenant,
    undone,
    upn,
)

KEN, PILAR = upn("ken"), upn("pilar")
TOMORROW = NOON + timedelta(days=1)
NAIVE = datetime(2026, 3, 3, 12)  # noqa: DTZ001 - the point
HOUR = timedelta(hours=1)


def test_an_invitation_shows_the_numbers_and_the_id() -> None:
    """The organizer's text, then the numbers as people write them, and the ID grouped."""
    with tenant("ken", clock=Clock()) as session:
        add_bridge(session, "other", "442079460100", "18005550100")
        user = set_user(KEN, bridge_name="other")
        meeting = meetings.schedule(
            KEN, subject="Figures", start=TOMORROW, end=TOMORROW + HOUR, body="Read this."
        )
        assert meeting.conference_id == user.conference_id
        assert meeting.organizer == KEN
        shown = meeting.invitation
        assert shown.startswith("Read this.\n\n")
        for text in ("+44 20 7946 0100", "+1 800-555-0100", user.conference_id.spoken):
            assert text in shown
        off = set_user(KEN, allow_toll_free_dial_in=False)
        again = meetings.reschedule(meeting)
        assert "+1 800-555-0100" not in again.invitation
        assert off.conference_id == again.conference_id


@given(body=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_the_organizers_text_is_kept_to_the_letter(body: str) -> None:
    """The text around the block survives resets and reschedulings."""
    with tenant("ken", clock=Clock()):
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW, body=body)
        set_user(KEN, reset_conference_id=True)
        moved = meetings.reschedule(meeting, start=TOMORROW + HOUR)
        (kept,) = meetings.scheduled()
        assert moved == kept
        assert kept.body == body
        assert kept.invitation == (f"{body}\n\n{kept.dial_in}" if body else kept.dial_in)
        assert kept.invitation.count(get(KEN).conference_id.spoken) == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NAIVE, None),
        (TOMORROW, NAIVE),
        (TOMORROW, TOMORROW - HOUR),
        ("2026-03-03", None),
        (TOMORROW.date(), None),
    ],
)
def test_times_that_are_refused(start: datetime, end: datetime | None) -> None:
    """Naive, reversed and textual times are errors, in schedule and in reschedule."""
    with tenant("ken", clock=Clock()) as session:
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW, end=TOMORROW + HOUR)
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            meetings.schedule(KEN, subject="x", start=start, end=end)
        with pytest.raises(InvalidArgumentError):
            meetings.reschedule(meeting, start=start, end=end)
        assert contents(session) == before


def test_rescheduling_moves_and_keeps_the_length() -> None:
    """The start alone takes the end along; an end alone keeps the start; neither keeps both."""
    with tenant("ken", clock=Clock()):
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW, end=TOMORROW + HOUR)
        moved = meetings.reschedule(meeting, start=TOMORROW + 2 * HOUR)
        assert (moved.start, moved.end) == (TOMORROW + 2 * HOUR, TOMORROW + 3 * HOUR)
        longer = meetings.reschedule(meeting, end=TOMORROW + 5 * HOUR)
        assert (longer.start, longer.end) == (moved.start, TOMORROW + 5 * HOUR)
        assert meetings.reschedule(meeting) == longer
        with pytest.raises(InvalidArgumentError, match="before it starts"):
            meetings.reschedule(meeting, end=TOMORROW)


@pytest.mark.parametrize("subject", ["a\nb", "a\0b", "a\x1bb", "a\u2028b"])
def test_a_subject_is_one_line(subject: str) -> None:
    """Line ends and control characters are refused."""
    with tenant("ken"), pytest.raises(InvalidArgumentError, match="subject"):
        meetings.schedule(KEN, subject=subject, start=TOMORROW)


@pytest.mark.parametrize("subject", ["会議　資料", "می‌خواهم", "👨‍👩‍👧 lunch", "Zoë's", ""])
def test_a_subject_is_of_any_script(subject: str) -> None:
    """Joiners and wide spaces are letters' business, not control characters."""
    with tenant("ken"):
        assert meetings.schedule(KEN, subject=subject, start=TOMORROW).subject == subject


def test_who_can_organize() -> None:
    """Somebody enabled; attendees are addresses."""
    with tenant("ken") as session:
        add(session, "li")
        with pytest.raises(NotEnabledError):
            meetings.schedule(upn("li"), subject="x", start=TOMORROW)
        with pytest.raises(UserNotFoundError):
            meetings.schedule("nobody", subject="x", start=TOMORROW)
        with pytest.raises(InvalidArgumentError, match="attendees"):
            meetings.schedule(KEN, subject="x", start=TOMORROW, attendees=["pilar"])
        meeting = meetings.schedule(get(KEN), subject="x", start=TOMORROW, attendees=iter([PILAR]))
        assert meeting.attendees == (PILAR,)


def test_a_meeting_of_another_tenant() -> None:
    """A meeting that this tenant does not hold isn't found."""
    with tenant("ken"):
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW)
    with tenant("ken"), pytest.raises(NotFoundError):
        meetings.reschedule(meeting)


def test_outdated_lists_future_meetings_that_show_a_retired_id() -> None:
    """After a reset the future ones, by start, of one organizer or of all, until rescheduled."""
    clock = Clock()
    with tenant("ken", "pilar", clock=clock):
        late, soon = (
            meetings.schedule(KEN, subject=name, start=TOMORROW + timedelta(days=day))
            for name, day in (("late", 3), ("soon", 1))
        )
        meetings.schedule(KEN, subject="past", start=NOON + HOUR)
        other = meetings.schedule(PILAR, subject="other", start=TOMORROW)
        assert list(meetings.outdated()) == []
        clock.forward(hours=2)
        set_user([KEN, PILAR], reset_conference_id=True)
        assert list(meetings.outdated()) == [other, soon, late]
        assert list(meetings.outdated(KEN)) == [soon, late]
        meetings.reschedule(soon)
        assert list(meetings.outdated("Ken")) == [late]
        assert [meeting.subject for meeting in meetings.scheduled(KEN)] == ["past", "soon", "late"]
        clock.forward(days=365)
        assert list(meetings.outdated()) == []


def test_a_disabled_organizers_invitation_has_no_block() -> None:
    """Disabled: the old ID is outdated; a rescheduled meeting shows no ID."""
    with tenant("ken", clock=Clock()):
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW, body="Hello")
        disable(KEN)
        assert list(meetings.outdated()) == [meeting]
        bare = meetings.reschedule(meeting)
        assert (bare.conference_id, bare.invitation) == (None, "Hello")
        assert list(meetings.outdated()) == []
        enable(KEN)
        assert list(meetings.outdated()) == []
        assert meetings.reschedule(bare).conference_id == get(KEN).conference_id
        assert confid.check().problems == ()


def test_times_of_any_zone_are_one_moment() -> None:
    """The zone a start was given in is no matter for what is in the future, and is kept."""
    zone = timezone(timedelta(hours=13))
    with tenant("ken", clock=Clock()):
        just = meetings.schedule(KEN, subject="x", start=(NOON + HOUR).astimezone(zone))
        meetings.schedule(KEN, subject="y", start=(NOON - HOUR).astimezone(zone))
        set_user(KEN, reset_conference_id=True)
        assert list(meetings.outdated()) == [just]
        (_, kept) = meetings.scheduled()
        assert kept.start.utcoffset() == timedelta(hours=13)
        assert kept.start == (NOON + HOUR).astimezone(UTC)


def test_scheduling_joins_a_transaction() -> None:
    """A meeting is undone with the block it was scheduled in."""
    with tenant("ken") as session:
        before = contents(session)
        with undone(session):
            set_user(KEN, reset_conference_id=True)
            meeting = meetings.schedule(KEN, subject="x", start=TOMORROW)
            assert meeting.conference_id == get(KEN).conference_id
        assert contents(session) == before
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            meeting.subject = "y"  # type: ignore[misc]  # a record is frozen
