"""Running the meeting migrations that are queued.

Migrations are taken in small transactions, and each is settled in one that
writes the meetings and the outcome together: a meeting has its new block
exactly when its migration says so. After a crash in between, the lease ends
and the migration is taken up again.
"""

from __future__ import annotations

import secrets
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidArgumentError
from confid.meetings import invitations
from confid.meetings.invitations import ToCome
from confid.tenant.migrations import (
    FAILED,
    IN_PROGRESS,
    MOST_TRIES,
    PENDING,
    SFB,
    SUCCEEDED,
    Counts,
    Lease,
    Migration,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from confid.engine.session import Session
    from confid.tenant.records import Meeting
    from confid.tenant.unit_of_work import UnitOfWork

BATCH = 50
"""Migrations between two marks in the store."""

LEASE = timedelta(minutes=10)
"""How long a run has a migration to itself."""

LONGEST_MESSAGE = 500


@attrs.frozen(kw_only=True)
class MigrationReport:
    """What a run did.

    `succeeded` counts the migrations that are done, `to_retry` those that the
    next run tries again, `failed` those given up, `busy` those that another
    run has in hand; `invitations` the invitations that got a new block.
    """

    succeeded: int = 0
    to_retry: int = 0
    failed: int = 0
    busy: int = 0
    invitations: int = 0

    def __str__(self) -> str:
        return (
            f"{self.succeeded} succeeded, {self.to_retry} to be tried again, {self.failed} failed, "
            f"{self.busy} in other hands; {self.invitations} invitations renewed"
        )


def run_migrations(
    *, update: Callable[[Meeting], object] | None = None, session: Session | None = None
) -> MigrationReport:
    """Run the queued migrations: future meetings get today's dial-in block.

    The longest waiting ones come first, each is tried once. The text around
    the block stays to the letter; past meetings, and those with more than 250
    attendees, stay as they are. `update` is called with each meeting whose
    invitation changes, before the change is kept: for whoever keeps them in a
    calendar of their own. When it raises a `ConfidError` or an `OSError` that
    meeting has failed, and stays as it was. So has one that can't be read. A
    migration with such a meeting is pending again with the reason, and has
    failed after 9 tries. Source: behaviour, meeting migration.

    Two runs at once share the work. After a crash, what the run had in hand
    is taken up again by one that starts 10 minutes later by the session's
    clock; `update` may then see a meeting twice. Raises
    `InvalidArgumentError` for an `update` that can't be called, and for one
    inside `session.transaction()`. Any other exception of `update` ends the
    run, and what it had in hand is pending again.
    """
    here = current_session(session)
    if update is not None and not callable(update):
        raise InvalidArgumentError(
            f"update={update!r:.80} is no function of one meeting.", target="update"
        )
    if update is not None and here.in_transaction:
        raise InvalidArgumentError(
            "run_migrations(update=…) can't run inside session.transaction(): what update has "
            "told can't be rolled back. Call it when the block has ended.",
            category="InvalidOperation",
        )
    return _Run(here, update).run()


@attrs.define
class _Told:
    """What became of one migration's meetings at `update`: as told, or why it refused."""

    meetings: dict[UUID, Meeting] = attrs.Factory(dict)
    refused: dict[UUID, str] = attrs.Factory(dict)
    is_over: bool = False


@attrs.frozen
class _Work:
    """What one migration is to do: the meetings as they are and as they should be."""

    pairs: list[tuple[Meeting, Meeting]]
    to_come: ToCome

    @property
    def changed(self) -> list[Meeting]:
        return [after for before, after in self.pairs if before != after]


class _Run:
    """One call of `run_migrations`."""

    def __init__(self, session: Session, update: Callable[[Meeting], object] | None) -> None:
        self._session = session
        self._update = update
        self._name = secrets.token_hex(8)
        self._busy = 0
        self._invitations = 0
        self._ended = dict.fromkeys((SUCCEEDED, PENDING, FAILED), 0)

    def run(self) -> MigrationReport:
        waiting = deque(self._queue())
        # Whoever is told of meetings can take long: then one by one, each with a lease of its own.
        at_once = BATCH if self._update is None else 1
        while waiting:
            owners = [waiting.popleft() for _ in range(min(at_once, len(waiting)))]
            taken = self._take(owners)
            told = {migration.owner: _Told() for migration in taken}
            try:
                self._tell(taken, told)
            finally:
                self._settle(taken, told)
        return MigrationReport(
            succeeded=self._ended[SUCCEEDED],
            to_retry=self._ended[PENDING],
            failed=self._ended[FAILED],
            busy=self._busy,
            invitations=self._invitations,
        )

    def _queue(self) -> list[str]:
        """Whose migrations wait, or were left behind; the longest waiting ones first."""
        with self._session.unit(write=False) as tenant:
            # No more is kept of them than their order: there can be 100,000.
            waiting = [
                (migration.created_at, migration.owner)
                for migration in tenant.migrations.in_states([PENDING, IN_PROGRESS])
            ]
        return [owner for _, owner in sorted(waiting)]

    def _take(self, owners: Sequence[str]) -> list[Migration]:
        """Take in hand what still waits and nobody else has."""
        with self._session.unit(write=True) as tenant:
            lease = Lease(by=self._name, until=tenant.now + LEASE)
            kept = tenant.migrations.of(owners, lock=True)
            taken = []
            for migration in (kept[owner] for owner in owners if owner in kept):
                if migration.state not in (PENDING, IN_PROGRESS):
                    continue  # another run was faster
                if migration.lease is not None and migration.lease.until > tenant.now:
                    self._busy += 1
                    continue
                taken.append(
                    attrs.evolve(migration, state=IN_PROGRESS, modified_at=tenant.now, lease=lease)
                )
            tenant.migrations.put(taken)
        return taken

    def _tell(self, taken: Sequence[Migration], told: dict[str, _Told]) -> None:
        """Tell `update` of each meeting that is to change; no transaction is open meanwhile."""
        if self._update is None or not taken:
            for its in told.values():
                its.is_over = True
            return
        with self._session.unit(write=False) as tenant:
            works = _works(tenant, taken)
        for owner, work in works.items():
            its = told[owner]
            for meeting in work.changed:
                try:
                    self._update(meeting)
                except (ConfidError, OSError) as error:
                    its.refused[meeting.meeting_id] = str(error) or type(error).__name__
                else:
                    its.meetings[meeting.meeting_id] = meeting
            its.is_over = True

    def _settle(self, taken: Sequence[Migration], told: dict[str, _Told]) -> None:
        """Write the meetings of migrations together with what became of these."""
        if not taken:
            return
        with self._session.unit(write=True) as tenant:
            kept = tenant.migrations.of([migration.owner for migration in taken], lock=True)
            # One that was asked for anew meanwhile is another one, and waits for its own turn.
            ours = [
                migration
                for migration in kept.values()
                if migration.lease is not None and migration.lease.by == self._name
            ]
            works = _works(tenant, ours, lock=True)
            settled: list[Migration] = []
            meetings: list[Meeting] = []
            for migration in ours:
                its = told[migration.owner]
                after, good = self._outcome(tenant, migration, works.get(migration.owner), its)
                settled.append(after)
                meetings += good
            invitations.put(tenant, meetings)
            tenant.migrations.put(settled)
        self._invitations += len(meetings)
        for migration in settled:
            if told[migration.owner].is_over:
                self._ended[migration.state] += 1

    def _outcome(
        self, tenant: UnitOfWork, migration: Migration, work: _Work | None, told: _Told
    ) -> tuple[Migration, list[Meeting]]:
        """A migration after a try, and the meetings to keep."""
        after = attrs.evolve(migration, lease=None, modified_at=tenant.now)
        if work is None:
            message = "The organizer is not in the directory."
            return attrs.evolve(after, state=FAILED, message=message), []
        good = [
            m for m in work.changed if self._update is None or told.meetings.get(m.meeting_id) == m
        ]
        if not told.is_over:
            return attrs.evolve(after, state=PENDING), good
        reasons = [f"The meeting {key} can't be read." for key in work.to_come.unreadable]
        kept = {meeting.meeting_id for meeting in good}
        reasons += [_why(m, told) for m in work.changed if m.meeting_id not in kept]
        total = len(work.pairs) + len(work.to_come.unreadable)
        counts = Counts(
            total=total,
            succeeded=total - len(reasons),
            failed=len(reasons),
            updated=migration.counts.updated + len(good),
        )
        tries = migration.tries + bool(reasons)
        state = SUCCEEDED
        if reasons:
            state = FAILED if tries >= MOST_TRIES else PENDING
        said = " ".join([*reasons, *_left_alone(work.to_come)])[:LONGEST_MESSAGE]
        after = attrs.evolve(after, state=state, tries=tries, counts=counts, message=said or None)
        return after, good


def _works(
    tenant: UnitOfWork, migrations: Iterable[Migration], *, lock: bool = False
) -> dict[str, _Work]:
    """What each migration has to do, by its owner; one of nobody's is absent."""
    by_owner = {migration.owner: migration for migration in migrations}
    people = tenant.people(list(tenant.users(by_owner).values()))
    # confid has no meetings of Skype for Business, so who asks for those alone asks for none.
    asked = [owner for owner, migration in by_owner.items() if migration.source != SFB]
    found = invitations.to_come(tenant, asked, lock=lock)
    works = {}
    for person in people:
        its = found.get(person.user.owner, ToCome())
        after = invitations.renewed(tenant, person, its.meetings)
        works[person.user.owner] = _Work(list(zip(its.meetings, after, strict=True)), its)
    return works


def _why(meeting: Meeting, told: _Told) -> str:
    refused = told.refused.get(meeting.meeting_id, "it was changed meanwhile")
    return f"{meeting.subject!r:.60}: {refused}"


def _left_alone(to_come: ToCome) -> list[str]:
    if not to_come.large:
        return []
    have = "meeting has" if to_come.large == 1 else "meetings have"
    most = invitations.MOST_ATTENDEES
    return [f"{to_come.large} {have} more than {most} attendees and stayed as before."]
