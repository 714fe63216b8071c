"""Runs of the queued meeting migrations.

A run leases migrations in small transactions. It settles each in one
transaction that writes the meetings and the outcome together, so a meeting
has its new block exactly when its migration says so. After a crash the lease
ends, and another run takes the migration up again.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidArgumentError, shown
from confid.meetings import invitations
from confid.meetings.invitations import ToCome
from confid.store.logger import INFO, log
from confid.tenant.display import Shown
from confid.tenant.documents import MEETINGS
from confid.tenant.lease import Lease
from confid.tenant.migrations import MOST_TRIES, SFB, UNDER_WAY, Counts, Migration, MigrationState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from confid.engine.session import Session
    from confid.tenant.records import Meeting
    from confid.tenant.unit_of_work import UnitOfWork

BATCH = 50
"""Migrations that are leased and settled together."""

LONGEST_MESSAGE = 500


@attrs.frozen(kw_only=True)
class MigrationReport(Shown):
    """What a run did.

    `succeeded` counts finished migrations, `to_retry` those that the next run
    tries again, `failed` those given up, `busy` those leased by another run;
    `invitations` counts invitations with a new block.
    """

    succeeded: int = 0
    to_retry: int = 0
    failed: int = 0
    busy: int = 0
    invitations: int = 0

    def __str__(self) -> str:
        return (
            f"{self.succeeded} succeeded, {self.to_retry} to be tried again, {self.failed} failed, "
            f"{self.busy} leased by another run; {self.invitations} invitations renewed"
        )


@own_function("confid.meetings.run_migrations", writes=True, without=("update",))
def run_migrations(
    *, update: Callable[[Meeting], object] | None = None, session: Session | None = None
) -> MigrationReport:
    """Run the queued migrations: future meetings get today's dial-in block.

    The oldest migrations come first, and each is tried once. Only the block
    changes, not the text around it. Past meetings, and meetings with more
    than 250 attendees, stay as they are. If your meetings live in another
    calendar, pass `update=`: it is called with each changed meeting, before
    the change is kept. When it raises a `ConfidError` or an `OSError`, that
    meeting has failed and stays as it was; a meeting that can't be read has
    failed too. Then the migration is pending again, with the reason; after 9
    tries it has failed.

    Two runs at once share the work. After a crash, a run that starts 10
    minutes later by the session's clock takes the work up again; `update` may
    then see a meeting twice. Any other exception of `update` ends the run,
    and its migrations are pending again. Raises `InvalidArgumentError` for an
    `update` that can't be called, and for one inside `session.transaction()`.
    """
    here = current_session(session)
    if update is not None and not callable(update):
        raise InvalidArgumentError(
            f"update={shown(update)} is no function of one meeting.", target="update"
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
    """What `update` made of one migration's meetings: told, or refused with a reason."""

    meetings: dict[UUID, Meeting] = attrs.Factory(dict)
    refused: dict[UUID, str] = attrs.Factory(dict)
    is_over: bool = False


@attrs.frozen
class _Work:
    """The meetings of one migration, each as it is and as it should be."""

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
        self._ended = dict.fromkeys(
            (MigrationState.SUCCEEDED, MigrationState.PENDING, MigrationState.FAILED), 0
        )

    def run(self) -> MigrationReport:
        waiting = deque(self._queue())
        # `update` can take long, so each migration then has a lease of its own.
        at_once = BATCH if self._update is None else 1
        while waiting:
            owners = [waiting.popleft() for _ in range(min(at_once, len(waiting)))]
            taken = self._take(owners)
            told = {migration.owner: _Told() for migration in taken}
            try:
                self._tell(taken, told)
            finally:
                self._settle(taken, told)
        report = MigrationReport(
            succeeded=self._ended[MigrationState.SUCCEEDED],
            to_retry=self._ended[MigrationState.PENDING],
            failed=self._ended[MigrationState.FAILED],
            busy=self._busy,
            invitations=self._invitations,
        )
        log(INFO, "Meeting migrations: %s", report)
        return report

    def _queue(self) -> list[str]:
        """Owners of the migrations that wait or were left behind, the oldest first."""
        with self._session.unit(write=False) as tenant:
            # Only their order is kept: there can be 100,000.
            waiting = [
                (migration.created_at, migration.owner)
                for migration in tenant.migrations.in_states(
                    [MigrationState.PENDING, MigrationState.IN_PROGRESS]
                )
            ]
        return [owner for _, owner in sorted(waiting)]

    def _take(self, owners: Sequence[str]) -> list[Migration]:
        """Lease the migrations that still wait and that no other run has."""
        with self._session.unit(write=True) as tenant:
            lease = Lease.begun(self._name, tenant.now)
            kept = tenant.migrations.of(owners, lock=True)
            taken = []
            for migration in (kept[owner] for owner in owners if owner in kept):
                if migration.state not in UNDER_WAY:
                    continue  # Another run was faster.
                if migration.lease and migration.lease.keeps_out(self._name, tenant.now):
                    self._busy += 1
                    continue
                taken.append(
                    attrs.evolve(
                        migration,
                        state=MigrationState.IN_PROGRESS,
                        modified_at=tenant.now,
                        lease=lease,
                    )
                )
            tenant.migrations.put(taken)
        return taken

    def _tell(self, taken: Sequence[Migration], told: dict[str, _Told]) -> None:
        """Call `update` with each meeting that changes, outside any transaction."""
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
        """Write the meetings and the outcomes of migrations in one transaction."""
        if not taken:
            return
        with self._session.unit(write=True) as tenant:
            kept = tenant.migrations.of([migration.owner for migration in taken], lock=True)
            # A migration that was requested anew meanwhile is another one, with a turn of its own.
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
            MEETINGS.put(tenant.transaction, meetings)
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
            return attrs.evolve(after, state=MigrationState.FAILED, message=message), []
        good = [
            m for m in work.changed if self._update is None or told.meetings.get(m.meeting_id) == m
        ]
        if not told.is_over:
            return attrs.evolve(after, state=MigrationState.PENDING), good
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
        state = MigrationState.SUCCEEDED
        if reasons:
            state = MigrationState.FAILED if tries >= MOST_TRIES else MigrationState.PENDING
        said = " ".join([*reasons, *_left_alone(work.to_come)])[:LONGEST_MESSAGE]
        after = attrs.evolve(after, state=state, tries=tries, counts=counts, message=said or None)
        return after, good


def _works(
    tenant: UnitOfWork, migrations: Iterable[Migration], *, lock: bool = False
) -> dict[str, _Work]:
    """The work of each migration, by its owner; one whose owner was removed is absent."""
    by_owner = {migration.owner: migration for migration in migrations}
    people = tenant.people(list(tenant.users(by_owner).values()))
    # confid has no meetings of Skype for Business: a migration of those alone has no work.
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
    return f"{shown(meeting.subject, 60)}: {refused}"


def _left_alone(to_come: ToCome) -> list[str]:
    if not to_come.large:
        return []
    have = "meeting has" if to_come.large == 1 else "meetings have"
    most = invitations.MOST_ATTENDEES
    return [f"{to_come.large} {have} more than {most} attendees and stayed as before."]
