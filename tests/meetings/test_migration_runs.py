"""Meeting migration: what asks for one, what a run makes of invitations, and what fails."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import cmdlets, meetings
from confid.errors import (
    InvalidArgumentError,
    ParameterBindingError,
    StoreError,
    UserNotFoundError,
)
from confid.tenant.documents import MEETING, MIGRATION
from confid.tenant.lease import Lease
from confid.tenant.migrations import MOST_TRIES
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    grant_policy,
    lines,
    new_policy,
    set_settings,
    set_user,
    start_migration,
    tenant,
    undone,
    unregister,
    upn,
)
from tests.tenants import get_migration as status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confid.engine.session import Session
    from confid.tenant.records import Meeting

KEN, PILAR, LI = upn("ken"), upn("pilar"), upn("li")
LONDON, FREE = "442079460100", "18005550100"
TOMORROW = NOON + timedelta(days=1)
HOUR = timedelta(hours=1)
CROWD = [f"guest{i}@contoso.com" for i in range(251)]

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


def bridged(*names: str, **options: Any) -> Session:
    """A tenant with these people on its first bridge, and another bridge."""
    session = tenant(*names, **{"clock": Clock(), **options})
    add_bridge(session, "other", LONDON, FREE)
    return session


def meet(who: str = KEN, *, start: datetime = TOMORROW, **facts: Any) -> Meeting:
    """A meeting of somebody's."""
    return meetings.schedule(who, subject="Figures", start=start, **facts)


def queued(session: Session) -> set[str]:
    """Whose migrations are pending, by user principal name."""
    return {row.user_principal_name for row in status(state="Pending", session=session)}


def reset(who: Any = KEN) -> Any:
    """Another conference ID."""
    return set_user(who, reset_conference_id=True)


class Calendar:
    """An `update` that keeps what it is told, and fails when it is to."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.told: list[Meeting] = []

    def __call__(self, meeting: Meeting) -> None:
        """Take a meeting over, or not."""
        if self.failure is not None:
            raise self.failure
        self.told.append(meeting)


# What a run makes of invitations.

CHANGES: dict[str, Callable[[], object]] = {
    "reset": reset,
    "other bridge": lambda: set_user(KEN, bridge_name="other"),
    "first bridge": lambda: set_user(KEN, bridge_name="Conference Bridge"),
    "disable": lambda: disable(KEN) if list(get()) else None,
    "enable": lambda: enable(KEN),
    "toll-free off": lambda: set_user(KEN, allow_toll_free_dial_in=False),
    "start": lambda: start_migration(KEN),
    "run": meetings.run_migrations,
}
NEEDS_ENABLED = {"reset", "other bridge", "first bridge", "toll-free off"}


@given(body=texts, changes=st.lists(st.sampled_from(sorted(CHANGES)), max_size=5))
def test_the_text_around_the_block_is_kept_to_the_letter(body: str, changes: list[str]) -> None:
    """Whatever changed, a run gives today's block, and the rest of the meeting stays."""
    with bridged("ken") as session:
        before = meet(body=body, attendees=[PILAR])
        for change in changes:
            if change not in NEEDS_ENABLED or list(get()):
                CHANGES[change]()
        start_migration(KEN)
        meetings.run_migrations()
        (kept,) = meetings.scheduled()
        assert kept.body == body
        assert kept.invitation == "\n\n".join(part for part in (body, kept.dial_in) if part)
        for same in ("meeting_id", "subject", "organizer", "start", "end", "attendees", "owner"):
            assert getattr(kept, same) == getattr(before, same)
        assert list(meetings.outdated()) == []
        assert meetings.reschedule(kept) == kept
        assert confid.check(session).problems == ()


@given(body=texts, changes=st.lists(st.sampled_from(sorted(CHANGES)), max_size=4))
def test_running_twice_changes_nothing_more(body: str, changes: list[str]) -> None:
    """A second run finds nothing to do and writes nothing, however late it is."""
    clock = Clock()
    with bridged("ken", clock=clock) as session:
        meet(body=body)
        for change in changes:
            if change not in NEEDS_ENABLED or list(get()):
                CHANGES[change]()
        meetings.run_migrations()
        after = contents(session)
        clock.forward(hours=1)
        assert meetings.run_migrations() == meetings.Report()
        assert contents(session) == after


def test_a_body_that_looks_like_a_block_is_the_organizers() -> None:
    """A block that the organizer pasted is their text: it stays as it is."""
    with bridged("ken"):
        pasted = meet().invitation
        mine = meet(body=f"{pasted}\n\nSee you\r\n")
        reset()
        meetings.run_migrations()
        kept = {meeting.meeting_id: meeting for meeting in meetings.scheduled()}
        assert kept[mine.meeting_id].body == f"{pasted}\n\nSee you\r\n"
        assert kept[mine.meeting_id].invitation.count(get(KEN).conference_id.spoken) == 1


def test_past_and_large_meetings_stay_as_they_are() -> None:
    """Over or begun, and those with more than 250 attendees; one with 250 is renewed."""
    clock = Clock()
    with bridged("ken", clock=clock):
        now = meet(start=NOON + HOUR)
        large = meet(attendees=CROWD)
        full = meet(attendees=CROWD[:250])
        clock.forward(hours=1)
        user = reset()
        assert str(meetings.run_migrations()) == (
            "1 succeeded, 0 to be tried again, 0 failed, 0 leased by another run; "
            "1 invitations renewed"
        )
        shown = {meeting.meeting_id: meeting for meeting in meetings.scheduled()}
        assert shown[now.meeting_id] == now
        assert shown[large.meeting_id] == large
        assert shown[full.meeting_id].conference_id == user.conference_id
        row = status(KEN)
        assert (row.state, row.total_meeting, row.succeeded_meeting) == ("Succeeded", 1, 1)
        assert "1 meeting has more than 250 attendees" in row.last_message


def test_everybodys_meetings_in_one_run() -> None:
    """More than one batch, each with their own ID; counts for each in their own row."""
    names = [f"person{i:03}" for i in range(120)]
    with bridged(*names):
        for name in names:
            meet(upn(name))
        meet(upn(names[7]))
        users = {user.identity: user for user in reset(get())}
        report = meetings.run_migrations()
        assert (report.succeeded, report.invitations) == (120, 121)
        assert list(meetings.outdated()) == []
        rows = status()
        assert {row.user_id for row in rows} == set(users)
        seven = next(row for row in rows if row.user_principal_name == upn(names[7]))
        assert (seven.total_meeting, seven.invites_update, seven.failed_meeting) == (2, 2, 0)


def test_a_run_joins_a_transaction() -> None:
    """Without `update` it can be one with other calls, and is undone with them."""
    with bridged("ken") as session:
        meet()
        before = contents(session)
        with undone(session):
            user = reset()
            meetings.run_migrations()
            (kept,) = meetings.scheduled()
            assert kept.conference_id == user.conference_id
        assert contents(session) == before


# What asks for a migration.


def lose_licence() -> object:
    """The roster says that Ken has no licence any more."""
    return confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOEV"}])


def take_number_off() -> object:
    """Ken's number leaves its bridge."""
    return unregister("14255550100", remove_default_service_number=True)


ASKS: dict[str, Callable[[], object]] = {
    "reset": reset,
    "reset in bulk": lambda: reset([KEN, PILAR]),
    "disabled": lambda: disable(KEN),
    "enabled": lambda: (disable(KEN), meetings.run_migrations(), enable(KEN)),
    "another bridge": lambda: set_user(KEN, bridge_name="other"),
    "licence lost": lose_licence,
    "started": lambda: start_migration(KEN),
}
ASKS_NOT: dict[str, Callable[[], object]] = {
    "PIN reset": lambda: set_user(KEN, reset_leader_pin=True),
    "info on demand": lambda: set_user(KEN, send_email=True),
    "the same bridge": lambda: set_user(KEN, bridge_name="Conference Bridge"),
    "enabled already": lambda: enable(KEN),
    "the same roster": lambda: confid.import_users(
        [{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}]
    ),
    "a roster without licences": lambda: confid.import_users([{"UserPrincipalName": KEN}]),
    "under WhatIf": lambda: (
        set_user(KEN, reset_conference_id=True, what_if=True),
        start_migration(KEN, what_if=True),
    ),
}


@pytest.mark.parametrize("change", ASKS)
def test_a_change_that_outdates_invitations_asks_for_a_migration(change: str) -> None:
    """In the same transaction: undone with it; and one row, pending."""
    with bridged("ken", "pilar") as session:
        meet()
        before = contents(session)
        with undone(session):
            ASKS[change]()
            assert queued(session) == {KEN}
        assert contents(session) == before
        ASKS[change]()
        row = status(KEN)
        assert (row.state, row.retry_count, row.migration_type) == ("Pending", 0, "ToSameType")
        assert (row.create_date, row.modified_date) == (NOON, NOON)
        assert confid.check().problems == ()


@pytest.mark.parametrize("change", ASKS_NOT)
def test_a_change_that_does_not(change: str) -> None:
    """A PIN, mail on demand, what changes nothing: nothing is queued."""
    with bridged("ken") as session:
        meet()
        ASKS_NOT[change]()
        assert contents(session)[MIGRATION.name] == {}


def test_a_changed_number_does_not() -> None:
    """Another number of the same bridge, for one user or for all, queues nothing."""
    with bridged("ken") as session:
        add_bridge(session, "third", "34910000100", "34910000101")
        set_user(KEN, bridge_name="third")
        meet()
        set_user(KEN, service_number="34910000101")
        cmdlets.set_cs_online_dial_in_conferencing_user_default_number(
            bridge_name="third", number_type="Toll", to_number="34910000100"
        )
        assert queued(session) == set()


def test_who_has_nothing_to_come_is_not_queued() -> None:
    """Nothing would be rewritten: no meeting, or past ones alone. Start- queues all the same."""
    with bridged("ken", "pilar") as session:
        meet(start=NOON - HOUR)
        reset([KEN, PILAR])
        assert queued(session) == set()
        assert [row.state for row in start_migration([KEN, PILAR])] == ["Pending"] * 2
        meetings.run_migrations()
        assert [(row.state, row.total_meeting) for row in status()] == [("Succeeded", 0)] * 2


def test_a_tenant_that_wants_none_gets_those_started_by_hand() -> None:
    """With AutomaticallyMigrateUserMeetings off changes queue nothing; Start- does."""
    with bridged("ken") as session:
        set_settings(automatically_migrate_user_meetings=False)
        meet()
        for change in (reset, lambda: disable(KEN), lambda: enable(KEN), lose_licence):
            change()
        take_number_off()
        assert queued(session) == set()
        start_migration(KEN)
        meetings.run_migrations()
        (kept,) = meetings.scheduled()
        assert kept.conference_id == get(KEN).conference_id


def test_a_number_unregistered_asks_for_those_it_moved() -> None:
    """The users who had it: their invitations then show the bridge's default number."""
    with bridged("ken", "pilar") as session:
        add_bridge(session, "third", "34910000100", "34910000101")
        set_user(KEN, bridge_name="third", service_number="34910000101")
        for who in (KEN, PILAR):
            meet(who)
        unregister("34910000101")
        assert queued(session) == {KEN}
        meetings.run_migrations()
        kept = {meeting.organizer: meeting for meeting in meetings.scheduled()}
        assert "+34 910 00 01 00" in kept[KEN].invitation


def test_a_number_unregistered_asks_for_its_users_whatever_their_invitations_show() -> None:
    """Sent before they had the number, invitations show an older one: they are renewed too."""
    with bridged("ken") as session:
        add_bridge(session, "third", "34910000100", "34910000101")
        set_user(KEN, bridge_name="third")
        meet()
        set_user(KEN, service_number="34910000101")
        unregister("34910000101")
        assert queued(session) == {KEN}


def test_a_number_unregistered_asks_for_all_whose_invitations_show_it() -> None:
    """The bridge's toll-free number, which is nobody's own, and a policy's number too."""
    with bridged("ken", "pilar", "li") as session:
        set_user(KEN, bridge_name="other")
        new_policy("Travel", meeting_invite_phone_numbers=[FREE])
        grant_policy(PILAR, policy_name="Travel")
        for who in (KEN, PILAR, LI):
            meet(who)
        unregister(FREE)
        assert queued(session) == {KEN, PILAR}
        meetings.run_migrations()
        assert not [m for m in meetings.scheduled() if "800" in m.invitation]


def test_a_licence_got_back_asks_too() -> None:
    """Losing and getting it are changes; learning of it for the first time is not."""
    with bridged("ken") as session:
        meet()
        row = {"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}
        lose_licence()
        meetings.run_migrations()
        confid.import_users([row])
        assert queued(session) == {KEN}
        confid.import_users([{**row, "UserPrincipalName": LI}])
        assert queued(session) == {KEN}


def test_one_is_queued_once() -> None:
    """More changes keep the pending one; it is told that it was asked for again."""
    clock = Clock()
    with bridged("ken", clock=clock):
        meet()
        reset()
        first = status(KEN)
        clock.forward(minutes=5)
        reset()
        (again,) = status()
        assert again.correlation_id == first.correlation_id
        assert again.create_date == NOON
        assert again.modified_date == clock.now
        meetings.run_migrations()
        reset()
        assert status(KEN).correlation_id != first.correlation_id


def test_a_pending_one_takes_in_what_both_were_asked_for() -> None:
    """SfB meetings alone, of which there are none, and then all: all. Teams wins over Current."""
    with bridged("ken"):
        meet()
        row = start_migration(KEN, source_meeting_type="SfB")
        assert row.migration_type == "SfbToSfb"
        assert start_migration(KEN, source_meeting_type="sfb") == row
        user = reset()
        assert status(KEN).migration_type == "ToSameType"
        wider = start_migration(KEN, source_meeting_type="TEAMS", target_meeting_type="teams")
        assert wider.migration_type == "AllToTeams"
        assert start_migration(KEN).migration_type == "AllToTeams"
        meetings.run_migrations()
        (kept,) = meetings.scheduled()
        assert kept.conference_id == user.conference_id


def test_meetings_of_another_kind_are_not_there() -> None:
    """A migration of Skype for Business meetings alone has nothing to do."""
    with bridged("ken"):
        set_settings(automatically_migrate_user_meetings=False)
        before = meet()
        reset()
        start_migration(KEN, source_meeting_type="SfB", target_meeting_type="Teams")
        meetings.run_migrations()
        row = status(KEN)
        assert (row.state, row.total_meeting) == ("Succeeded", 0)
        assert list(meetings.scheduled()) == [before]


def test_who_leaves_takes_their_migration_along() -> None:
    """A removed user's queue entry is gone, and a run doesn't mind."""
    with bridged("ken", "pilar") as session:
        meet()
        meet(PILAR)
        reset([KEN, PILAR])
        confid.remove_users(KEN)
        assert queued(session) == {PILAR}
        assert meetings.run_migrations().succeeded == 1
        assert confid.check().problems == ()


# Failures.


@pytest.mark.parametrize("failure", [StoreError("calendar full"), OSError("no route to host")])
def test_a_failure_is_recorded_and_tried_again(failure: Exception) -> None:
    """The meeting stays as it was, the reason shows, and the next run tries again: 9 times."""
    clock = Clock()
    with bridged("ken", clock=clock):
        before = meet()
        reset()
        refusing = Calendar(failure)
        for tries in range(1, MOST_TRIES):
            clock.forward(minutes=1)
            assert meetings.run_migrations(update=refusing).to_retry == 1
            row = status(KEN)
            assert (row.state, row.retry_count, row.failed_meeting) == ("Pending", tries, 1)
            assert str(failure) in row.last_message
            assert row.modified_date == clock.now
        assert meetings.run_migrations(update=refusing).failed == 1
        row = status(KEN)
        assert (row.state, row.retry_count, row.total_meeting) == ("Failed", 9, 1)
        assert list(meetings.scheduled()) == [before]
        assert meetings.run_migrations() == meetings.Report()
        assert confid.check().problems == ()
        assert start_migration(status(state="Failed"))[0].retry_count == 0
        assert meetings.run_migrations().succeeded == 1
        assert list(meetings.outdated()) == []


def test_what_can_be_done_is_done() -> None:
    """One meeting fails, the others get their block; the next try is for that one alone."""
    with bridged("ken"):
        made = [meet(start=TOMORROW + n * HOUR) for n in range(3)]
        user = reset()
        told: list[object] = []

        def update(meeting: Meeting) -> None:
            told.append(meeting.meeting_id)
            assert meeting.conference_id == user.conference_id
            if meeting.meeting_id == made[1].meeting_id and len(told) <= 3:
                raise TimeoutError

        report = meetings.run_migrations(update=update)
        assert (report.to_retry, report.invitations) == (1, 2)
        assert list(meetings.outdated()) == [made[1]]
        row = status(KEN)
        assert (row.total_meeting, row.succeeded_meeting, row.failed_meeting) == (3, 2, 1)
        assert row.last_message == "'Figures': TimeoutError"
        assert meetings.run_migrations(update=update).succeeded == 1
        assert told[3:] == [made[1].meeting_id]
        row = status(KEN)
        assert (row.state, row.succeeded_meeting, row.invites_update) == ("Succeeded", 3, 3)
        assert (row.retry_count, row.last_message) == (1, None)


@pytest.mark.parametrize("damage", [{"start": "soon"}, {"attendees": 5}])
def test_a_damaged_meeting_fails_and_stops_no_change(damage: dict[str, Any]) -> None:
    """A reset goes on; the run says which meeting can't be read, and does the others."""
    with bridged("ken") as session:
        broken, sound = meet(), meet()
        with session.unit(write=True) as unit:
            key = str(broken.meeting_id)
            (body,) = unit.transaction.get(MEETING.name, [key]).values()
            unit.transaction.put(MEETING.name, {key: {**body, **damage}})
        reset()
        report = meetings.run_migrations()
        assert (report.to_retry, report.invitations) == (1, 1)
        row = status(KEN)
        assert (row.failed_meeting, row.succeeded_meeting) == (1, 1)
        assert key in row.last_message
        with session.unit(write=False) as unit:
            shown = unit.transaction.get(MEETING.name, [str(sound.meeting_id)])
        assert [body["conference_id"] for body in shown.values()] == [get(KEN).conference_id]


def test_a_bug_in_update_ends_the_run_and_loses_nothing() -> None:
    """What was told before is kept, the rest is pending again, and no try is counted."""
    clock = Clock()
    with bridged("ken", "pilar", clock=clock) as session:
        first, second = meet(), meet(start=TOMORROW + HOUR)
        meet(PILAR)
        for who in (KEN, PILAR):
            reset(who)
            clock.forward(minutes=1)
        told: list[Meeting] = []

        def update(meeting: Meeting) -> None:
            if told:
                raise KeyError(meeting.subject)
            told.append(meeting)

        with pytest.raises(KeyError):
            meetings.run_migrations(update=update)
        assert queued(session) == {KEN, PILAR}
        assert {row.retry_count for row in status()} == {0}
        assert len(meetings.outdated()) == 2
        calendar = Calendar()
        assert meetings.run_migrations(update=calendar).succeeded == 2
        everybody = [m.meeting_id for m in meetings.scheduled()]
        assert sorted(m.meeting_id for m in [*told, *calendar.told]) == sorted(everybody)
        assert {first.meeting_id, second.meeting_id} <= set(everybody)


def test_update_is_called_for_invitations_that_change_alone() -> None:
    """With the meeting as it will be kept; never for one that is right already."""
    with bridged("ken"):
        meet()
        start_migration(KEN)
        calendar = Calendar()
        assert meetings.run_migrations(update=calendar).succeeded == 1
        assert calendar.told == []
        reset()
        meetings.run_migrations(update=calendar)
        assert calendar.told == list(meetings.scheduled())


def test_an_update_that_can_not_be() -> None:
    """Something that can't be called, and anything inside a transaction."""
    with bridged("ken") as session:
        with pytest.raises(InvalidArgumentError, match="no function"):
            meetings.run_migrations(update="calendar")  # type: ignore[arg-type]  # the point
        with pytest.raises(InvalidArgumentError, match="rolled back"), session.transaction():
            meetings.run_migrations(update=Calendar())


# Several at once.


def test_what_changes_during_a_run_waits_for_the_next() -> None:
    """A reset while the calendar is told: the old result is not kept, a new one is pending."""
    with bridged("ken") as session:
        before = meet()
        reset()
        first = status(KEN)

        def update(_: Meeting) -> None:
            assert status(KEN).state == "InProgress"
            reset()

        assert meetings.run_migrations(update=update) == meetings.Report()
        assert list(meetings.scheduled()) == [before]
        assert queued(session) == {KEN}
        assert status(KEN).correlation_id != first.correlation_id
        assert meetings.run_migrations().succeeded == 1
        assert list(meetings.outdated()) == []


def test_a_run_asked_for_less_meanwhile_still_does_it_all() -> None:
    """All is in hand and SfB is started: what follows takes in both."""
    with bridged("ken"):
        meet()
        reset()
        meetings.run_migrations(update=lambda _: start_migration(KEN, source_meeting_type="SfB"))
        assert status(KEN).migration_type == "ToSameType"
        assert meetings.run_migrations().invitations == 1


def test_a_meeting_moved_during_a_run_is_not_moved_back() -> None:
    """Rescheduled while the calendar was told of the old time: it keeps its new one."""
    with bridged("ken"):
        made = meet()
        reset()

        def update(meeting: Meeting) -> None:
            meetings.reschedule(made, start=meeting.start + HOUR)

        assert meetings.run_migrations(update=update).succeeded == 1
        (kept,) = meetings.scheduled()
        assert (kept.start, kept.conference_id) == (TOMORROW + HOUR, get(KEN).conference_id)


def test_a_run_leaves_alone_what_another_has_in_hand() -> None:
    """It is busy until its lease ends; then it is taken up again."""
    clock = Clock()
    with bridged("ken", clock=clock):
        meet()
        reset()
        reports = []
        meetings.run_migrations(update=lambda _: reports.append(meetings.run_migrations()))
        assert reports == [meetings.Report(busy=1)]
        reset()
        late = []

        def update(_: Meeting) -> None:
            clock.forward(minutes=11)
            late.append(meetings.run_migrations())

        assert meetings.run_migrations(update=update) == meetings.Report()
        assert [report.succeeded for report in late] == [1]
        assert status(KEN).state == "Succeeded"


def test_a_run_whose_lease_is_anothers_keeps_nothing() -> None:
    """It took too long and another one has it in hand: that one's outcome counts."""
    clock = Clock()
    with bridged("ken", clock=clock) as session:
        before = meet()
        reset()

        def update(_: Meeting) -> None:
            clock.forward(minutes=11)
            with session.unit(write=True) as unit:
                owner = unit.user(KEN).owner
                (mine,) = unit.migrations.of([owner], lock=True).values()
                lease = Lease(by="another", until=unit.now + HOUR)
                unit.migrations.put([attrs.evolve(mine, lease=lease)])

        assert meetings.run_migrations(update=update) == meetings.Report()
        assert status(KEN).state == "InProgress"
        assert list(meetings.scheduled()) == [before]


def test_what_another_run_has_finished_meanwhile_is_not_done_again() -> None:
    """It was in the queue when this run began, and is over when its turn comes."""
    clock = Clock()
    with bridged("ken", "pilar", clock=clock):
        for who in (KEN, PILAR):
            meet(who)
            reset(who)
            clock.forward(minutes=1)
        others: list[meetings.Report] = []
        report = meetings.run_migrations(
            update=lambda _: others.append(meetings.run_migrations()),
        )
        assert others == [meetings.Report(succeeded=1, busy=1, invitations=1)]
        assert report == meetings.Report(succeeded=1, invitations=1)


def test_an_invitation_that_was_told_otherwise_is_told_again() -> None:
    """The number changed while the calendar was told: that try has failed, the next is right."""
    with bridged("ken") as session:
        add_bridge(session, "third", "34910000100", "34910000101")
        set_user(KEN, bridge_name="third")
        before = meet()
        reset()
        told: list[Meeting] = []

        def update(meeting: Meeting) -> None:
            told.append(meeting)
            set_user(KEN, service_number="34910000101")

        assert meetings.run_migrations(update=update).to_retry == 1
        assert status(KEN).last_message == "'Figures': it was changed meanwhile"
        assert list(meetings.scheduled()) == [before]
        assert meetings.run_migrations(update=update).succeeded == 1
        assert list(meetings.scheduled()) == told[1:]
        assert "+34 910 00 01 01" in told[1].invitation


RUNNER = """
import os, sys, time, confid
from confid import meetings
path, dies = sys.argv[1], sys.argv[2] == "dies"
def update(meeting):
    if dies:
        os._exit(9)
    print(meeting.meeting_id, flush=True)
    time.sleep(0.002)
with confid.connect(path, create=False):
    print("#", meetings.run_migrations(update=update))
"""


def runner(path: Path, *, dies: bool = False) -> subprocess.Popen[str]:
    """A process that runs the migrations, or dies in the middle of one."""
    command = [sys.executable, "-c", RUNNER, str(path), "dies" if dies else ""]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Each invitation is told to one of them, once; all are done."""
    path = tmp_path / "tenant.db"
    names = [f"person{i}" for i in range(30)]
    with tenant(*names, store=path):
        made = {str(meet(upn(n), start=datetime(2100, 1, 1, tzinfo=UTC)).meeting_id) for n in names}
        reset(get())
        outputs = [process.communicate() for process in [runner(path), runner(path)]]
        told = [line for out, _ in outputs for line in out.splitlines() if line[0] != "#"]
        assert sorted(told) == sorted(made)
        assert list(meetings.outdated()) == []
        assert {row.state for row in status()} == {"Succeeded"}
        assert confid.check().problems == ()


def test_a_process_killed_in_between_leaves_what_is_taken_up_again(tmp_path: Path) -> None:
    """In progress when it dies, busy until the lease ends, then done by the next run."""
    path = tmp_path / "tenant.db"
    with tenant("ken", "pilar", store=path):
        start = datetime(2100, 1, 1, tzinfo=UTC)
        for who in (KEN, PILAR):
            meet(who, start=start)
        reset([KEN, PILAR])
        with runner(path, dies=True) as process:
            assert process.wait() == 9
        assert sorted(row.state for row in status()) == ["InProgress", "Pending"]
        assert confid.check().problems == ()
        report = meetings.run_migrations()
        assert (report.succeeded, report.busy) == (1, 1)
    with confid.connect(path, clock=Clock(datetime.now(UTC) + timedelta(minutes=11))):
        assert meetings.run_migrations().succeeded == 1
        assert list(meetings.outdated()) == []
        assert confid.check().problems == ()


# The cmdlets.


def test_a_status_shows_the_documented_properties_in_order() -> None:
    """Its dates in UTC, whose it is by object ID and by name."""
    with bridged("ken") as session:
        user = add(session, "li")
        row = start_migration(LI)
        assert list(row.__powershell__()) == [
            "CorrelationId",
            "CreateDate",
            "FailedMeeting",
            "InvitesUpdate",
            "LastMessage",
            "MigrationType",
            "ModifiedDate",
            "RetryCount",
            "State",
            "SucceededMeeting",
            "TotalMeeting",
            "UserId",
            "UserPrincipalName",
        ]
        assert (row.user_id, row.user_principal_name) == (user.identity, LI)
        assert status(row) == row


def test_a_summary_counts_users_by_state() -> None:
    """State and UserCount, of everybody or of those named and filtered."""
    with bridged("ken", "pilar", "li"):
        start_migration([KEN, PILAR])
        meetings.run_migrations()
        start_migration(LI)

        def counted(*args: Any, **filters: Any) -> list[dict[str, object]]:
            return [row.__powershell__() for row in status(*args, summary_only=True, **filters)]

        pending, done = (
            {"State": state, "UserCount": count}
            for state, count in (("Pending", 1), ("Succeeded", 2))
        )
        assert counted() == [pending, done]
        assert counted(state="Succeeded") == [done]
        assert counted([KEN, LI]) == [pending, {**done, "UserCount": 1}]
        assert counted(KEN) == [{**done, "UserCount": 1}]
        assert counted(state="Failed") == counted(KEN, state="Failed") == []


def test_a_status_is_found_by_state_and_time() -> None:
    """Any casing; a range with its ends, without a time zone in UTC, as text too."""
    clock = Clock()
    with bridged("ken", "pilar", "li", clock=clock):
        rows = []
        for who in (PILAR, KEN, LI):
            rows.append(start_migration(who))
            clock.forward(hours=1)
        zone = timezone(timedelta(hours=5))
        assert list(status()) == rows
        assert list(status(start_time=NOON + HOUR)) == rows[1:]
        assert list(status(start_time="3/2/2026 1:00 PM", EndTime="3/2/2026 1:00 PM")) == [rows[1]]
        assert list(status(end_time=(NOON + HOUR).astimezone(zone))) == rows[:2]
        assert status(KEN, end_time=NOON) is None
        assert list(status([KEN, PILAR], end_time=NOON)) == [rows[0]]
        assert list(status(state="inprogress")) == []
        assert list(status(state=0)) == rows
        with pytest.raises(InvalidArgumentError, match="before"):
            status(start_time=NOON, end_time=NOON - HOUR)


def test_who_never_had_a_migration_has_no_status() -> None:
    """None for one, nothing in a list; somebody who isn't there is an error."""
    with bridged("ken"):
        assert status(KEN) is None
        assert list(status([KEN])) == []
        for cmdlet in (status, start_migration):
            with pytest.raises(UserNotFoundError):
                cmdlet("nobody")


def test_starting_is_all_or_nothing_unless_it_may_continue() -> None:
    """Under Stop nobody is queued; under Continue those that are there."""
    with bridged("ken", "pilar") as session:
        with pytest.raises(UserNotFoundError):
            start_migration([KEN, "nobody", PILAR])
        assert queued(session) == set()
        outcome = start_migration([PILAR, "nobody", KEN, PILAR], error_action="continue")
        assert [row.user_principal_name for row in outcome] == [PILAR, KEN]
        assert len(outcome.errors) == 1


def test_what_if_and_as_job() -> None:
    """Start- says what it would do; both give a job."""
    with bridged("ken") as session:
        assert start_migration(KEN, what_if=True) is None
        (line,) = lines(session)
        assert f'"Start-CsExMeetingMigration" on target "{KEN}"' in line
        assert start_migration(KEN, as_job=True).receive().state == "Pending"
        (row,) = status(as_job=True).receive()
        assert status(what_if=True, confirm=True)[0] == row
        assert len(lines(session)) == 1


@pytest.mark.parametrize(
    ("cmdlet", "arguments"),
    [
        (start_migration, {}),
        (start_migration, {"identity": KEN, "source_meeting_type": "Zoom"}),
        (start_migration, {"identity": KEN, "target_meeting_type": "SfB"}),
        (status, {"state": "Done"}),
        (status, {"start_time": "soon"}),
        (status, {"end_time": object()}),
    ],
)
def test_arguments_that_are_refused(cmdlet: Any, arguments: dict[str, Any]) -> None:
    """A missing identity, and what is no type, state or time."""
    with bridged("ken") as session:
        before = contents(session)
        with pytest.raises((ParameterBindingError, InvalidArgumentError)):
            cmdlet(**arguments)
        assert contents(session) == before
