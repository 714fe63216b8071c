"""Meeting migrations: as they are kept, and as the cmdlets show them.

A person has one migration: the waiting or running one, else the last one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID  # noqa: TC003 - the codec reads the annotations

import attrs

from confid.ids.dice import draw_uuid
from confid.store.base import Find
from confid.store.batches import AT_ONCE, batched
from confid.tenant import phone_number
from confid.tenant.documents import MEETING, MIGRATION, DocumentType
from confid.tenant.lease import Lease  # noqa: TC001 - the codec reads the annotations
from confid.tenant.records import LicenseState, MeetingMigrationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confid.ids.dice import Dice
    from confid.store.base import Body, Transaction
    from confid.tenant.people import People
    from confid.tenant.records import DirectoryUser
    from confid.tenant.setup import SetupKeeper


class MigrationState:
    """The states of a migration."""

    PENDING: Final = "Pending"
    IN_PROGRESS: Final = "InProgress"
    FAILED: Final = "Failed"
    SUCCEEDED: Final = "Succeeded"


UNDER_WAY = (MigrationState.PENDING, MigrationState.IN_PROGRESS)
STATES = (*UNDER_WAY, MigrationState.FAILED, MigrationState.SUCCEEDED)

ALL, SFB, TEAMS, CURRENT = "All", "SfB", "Teams", "Current"
SOURCES = (ALL, SFB, TEAMS)
TARGETS = (CURRENT, TEAMS)

MOST_TRIES = 9
"""How many times a migration is tried before it has failed."""

_TO_TEAMS = {ALL: "AllToTeams", SFB: "SfbToTeams", TEAMS: "TeamsToTeams"}
_TO_CURRENT = {ALL: "ToSameType", SFB: "SfbToSfb", TEAMS: "TeamsToTeams"}


@attrs.frozen(kw_only=True)
class Counts:
    """What a try did with the organizer's meetings; `updated` are the invitations rewritten."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    updated: int = 0


@attrs.frozen(kw_only=True)
class Migration:
    """A person's migration as it is kept; `tries` counts those that failed."""

    owner: str
    correlation_id: UUID
    created_at: datetime
    modified_at: datetime
    source: str = ALL
    target: str = CURRENT
    state: str = MigrationState.PENDING
    tries: int = 0
    counts: Counts = Counts()
    message: str | None = None
    lease: Lease | None = None

    @property
    def type(self) -> str:
        """The source and the target in one word."""
        return (_TO_TEAMS if self.target == TEAMS else _TO_CURRENT)[self.source]


def status_of(user: DirectoryUser, migration: Migration) -> MeetingMigrationStatus:
    """A person's migration as cmdlets return it."""
    counts = migration.counts
    return MeetingMigrationStatus(
        correlation_id=migration.correlation_id,
        create_date=migration.created_at,
        failed_meeting=counts.failed,
        invites_update=counts.updated,
        last_message=migration.message,
        migration_type=migration.type,
        modified_date=migration.modified_at,
        retry_count=migration.tries,
        state=migration.state,
        succeeded_meeting=counts.succeeded,
        total_meeting=counts.total,
        user_id=user.identity,
        user_principal_name=user.user_principal_name,
    )


MIGRATIONS = DocumentType(
    kind=MIGRATION,
    record=Migration,
    key=lambda migration: migration.owner,
    index=lambda migration: {"state": migration.state},
)


class MigrationQueue:
    """The migrations of a tenant, within one transaction."""

    def __init__(
        self,
        transaction: Transaction,
        setup: SetupKeeper,
        people: People,
        *,
        now: datetime,
        dice: Dice,
    ) -> None:
        self._transaction = transaction
        self._setup = setup
        self._people = people
        self._now = now
        self._dice = dice

    def ask(self, owners: Sequence[str]) -> None:
        """Queue a migration for each person after a change, if the tenant's settings say so.

        A person without a future meeting gets none: there is nothing to rewrite.
        """
        if not owners or not self._asks:
            return
        for some in batched(owners):
            if organizers := self._with_meetings_to_come(some):
                self.add(organizers)

    def foresee(self, owners: Sequence[str]) -> None:
        """Say that `ask` comes; for more people than one batch it is not worth it."""
        if 0 < len(owners) <= AT_ONCE and self._asks:
            self._transaction.foresee(Find(MEETING.name, "owner", owners))

    @property
    def _asks(self) -> bool:
        return self._setup.current.settings.automatically_migrate_user_meetings

    def ask_where_shown(self, number: str) -> None:
        """`ask` for the organizers whose invitations show a number, their own or a policy's."""
        shown = phone_number.display(number)
        bodies = self._transaction.scan(MEETING.name)
        self.ask(sorted({b["index"]["owner"] for _, b in bodies if shown in b.get("dial_in", "")}))

    def add(
        self, owners: Sequence[str], *, source: str = ALL, target: str = CURRENT
    ) -> list[Migration]:
        """Queue a migration for each of these people, in their order.

        A pending migration is kept, and its tries start at 0 again. A running
        one is replaced. Both also do what was asked for before. A finished
        one is replaced.
        """
        added: list[Migration] = []
        for some in batched(owners):
            kept = self._transaction.get(MIGRATION.name, some, lock=True)
            migrations = [self._queued(kept.get(o), o, source, target) for o in some]
            self.put(migrations)
            added += migrations
        return added

    def _queued(self, body: Body | None, owner: str, source: str, target: str) -> Migration:
        waits = body is not None and body["index"]["state"] in UNDER_WAY
        kept = MIGRATIONS.read(body) if body is not None and waits else None
        now = self._now
        if kept is not None:
            source = source if source == kept.source else ALL
            target = max(target, kept.target, key=TARGETS.index)
            if kept.state == MigrationState.PENDING:
                return attrs.evolve(kept, source=source, target=target, modified_at=now, tries=0)
        return Migration(
            owner=owner,
            correlation_id=draw_uuid(self._dice),
            created_at=now,
            modified_at=now,
            source=source,
            target=target,
        )

    def _with_meetings_to_come(self, owners: Sequence[str]) -> list[str]:
        found = self._transaction.find(MEETING.name, "owner", owners)
        now = self._now
        return sorted({b["index"]["owner"] for b in found.values() if _is_to_come(b, now)})

    def put(self, migrations: Iterable[Migration]) -> None:
        """Keep migrations."""
        MIGRATIONS.put(self._transaction, migrations)

    def of(self, owners: Iterable[str], *, lock: bool = False) -> dict[str, Migration]:
        """People's migrations by their keys; a person who never had one is absent."""
        return MIGRATIONS.get(self._transaction, owners, lock=lock)

    def in_states(self, states: Iterable[str]) -> Iterator[Migration]:
        """The migrations in one of these states."""
        return iter(MIGRATIONS.find(self._transaction, "state", states).values())

    def with_users(
        self, migrations: Iterable[Migration]
    ) -> Iterator[tuple[DirectoryUser, Migration]]:
        """Migrations, each with its user."""
        by_owner = {migration.owner: migration for migration in migrations}
        for owners in batched(by_owner):
            for owner, user in self._people.users(owners).items():
                yield user, by_owner[owner]


def _is_to_come(body: Body, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(body["start"]) > now
    except (LookupError, TypeError, ValueError):
        # A damaged meeting stops no change; the migration will name it.
        return True


def is_licence_change(before: DirectoryUser | None, after: DirectoryUser) -> bool:
    """Whether a person got a licence, or lost it; an unknown one is no change."""
    if before is None or before.license_state is after.license_state:
        return False
    return LicenseState.UNKNOWN not in (before.license_state, after.license_state)
