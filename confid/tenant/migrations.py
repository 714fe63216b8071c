"""Meeting migrations: as they are kept, and as the cmdlets show them.

A person has one migration: the one that waits or runs, else the last one.
Source: behaviour, meeting migration; the cmdlets' pages for the names of
states and meeting types.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 - the converter reads the annotations

import attrs

from confid.tenant import phone_number
from confid.tenant.documents import MEETING, MIGRATION, converter
from confid.tenant.lease import Lease  # noqa: TC001 - the converter reads the annotations
from confid.tenant.records import LicenseState, Record, prop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confid.store.base import Body
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork

PENDING, IN_PROGRESS, FAILED, SUCCEEDED = "Pending", "InProgress", "Failed", "Succeeded"
STATES = (PENDING, IN_PROGRESS, FAILED, SUCCEEDED)

ALL, SFB, TEAMS, CURRENT = "All", "SfB", "Teams", "Current"
SOURCES = (ALL, SFB, TEAMS)
TARGETS = (CURRENT, TEAMS)

MOST_TRIES = 9
"""How often a migration is tried before it has failed."""

_TO_TEAMS = {ALL: "AllToTeams", SFB: "SfbToTeams", TEAMS: "TeamsToTeams"}
_TO_CURRENT = {ALL: "ToSameType", SFB: "SfbToSfb", TEAMS: "TeamsToTeams"}


@attrs.frozen(kw_only=True)
class Counts:
    """What a try made of the organizer's meetings; `updated` are the invitations rewritten."""

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
    state: str = PENDING
    tries: int = 0
    counts: Counts = Counts()
    message: str | None = None
    lease: Lease | None = None

    @property
    def type(self) -> str:
        """Which meetings become what, in one word."""
        return (_TO_TEAMS if self.target == TEAMS else _TO_CURRENT)[self.source]


@attrs.frozen(kw_only=True, str=False)
class MeetingMigrationStatus(Record):
    """How far the migration of a person's meetings is; dates are in UTC."""

    correlation_id: UUID = prop("CorrelationId")
    create_date: datetime = prop("CreateDate")
    failed_meeting: int = prop("FailedMeeting")
    invites_update: int = prop("InvitesUpdate")
    last_message: str | None = prop("LastMessage")
    migration_type: str = prop("MigrationType")
    modified_date: datetime = prop("ModifiedDate")
    retry_count: int = prop("RetryCount")
    state: str = prop("State")
    succeeded_meeting: int = prop("SucceededMeeting")
    total_meeting: int = prop("TotalMeeting")
    user_id: str = prop("UserId")
    user_principal_name: str = prop("UserPrincipalName")


@attrs.frozen(kw_only=True, str=False)
class MeetingMigrationSummary(Record):
    """How many people's migrations are in a state."""

    state: str = prop("State")
    user_count: int = prop("UserCount")


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


def to_document(migration: Migration) -> Body:
    """A migration as it is kept."""
    body: Body = converter().unstructure(migration)
    body["index"] = {"state": migration.state}
    return body


def from_document(body: Body) -> Migration:
    """A migration as it was kept."""
    return converter().structure(body, Migration)


AT_ONCE = 1000
"""Migrations read or written at once."""


class MigrationQueue:
    """The migrations of one unit of work."""

    def __init__(self, tenant: UnitOfWork) -> None:
        self._tenant = tenant

    def ask(self, owners: Sequence[str]) -> None:
        """Queue a migration for each, because of a change; not in a tenant that wants none.

        Who has no meeting to come gets none: there is nothing to rewrite.
        """
        if not owners or not self._tenant.settings.automatically_migrate_user_meetings:
            return
        for start in range(0, len(owners), AT_ONCE):
            self.add(self._with_meetings_to_come(owners[start : start + AT_ONCE]))

    def ask_where_shown(self, number: str) -> None:
        """`ask` for the organizers whose invitations show a number, their own or a policy's."""
        shown = phone_number.display(number)
        bodies = self._tenant.transaction.scan(MEETING.name)
        self.ask(sorted({b["index"]["owner"] for _, b in bodies if shown in b.get("dial_in", "")}))

    def add(
        self, owners: Sequence[str], *, source: str = ALL, target: str = CURRENT
    ) -> list[Migration]:
        """Queue a migration for each of these people, in their order.

        Whoever has one pending keeps it, with its tries counted anew, and one
        that is being run gives way to a new one; both take in what was asked
        for before. One that is over gives way too.
        """
        added: list[Migration] = []
        for start in range(0, len(owners), AT_ONCE):
            chunk = owners[start : start + AT_ONCE]
            kept = self._tenant.transaction.get(MIGRATION.name, chunk, lock=True)
            migrations = [self._queued(kept.get(o), o, source, target) for o in chunk]
            self.put(migrations)
            added += migrations
        return added

    def _queued(self, body: Body | None, owner: str, source: str, target: str) -> Migration:
        waits = body is not None and body["index"]["state"] in (PENDING, IN_PROGRESS)
        kept = from_document(body) if body is not None and waits else None
        now = self._tenant.now
        if kept is not None:
            source = source if source == kept.source else ALL
            target = max(target, kept.target, key=TARGETS.index)
            if kept.state == PENDING:
                return attrs.evolve(kept, source=source, target=target, modified_at=now, tries=0)
        return Migration(
            owner=owner,
            correlation_id=self._tenant.new_uuid(),
            created_at=now,
            modified_at=now,
            source=source,
            target=target,
        )

    def _with_meetings_to_come(self, owners: Sequence[str]) -> list[str]:
        found = self._tenant.transaction.find(MEETING.name, "owner", owners)
        now = self._tenant.now
        return sorted({b["index"]["owner"] for b in found.values() if _is_to_come(b, now)})

    def put(self, migrations: Iterable[Migration]) -> None:
        """Keep migrations."""
        documents = {migration.owner: to_document(migration) for migration in migrations}
        self._tenant.transaction.put(MIGRATION.name, documents)

    def of(self, owners: Iterable[str], *, lock: bool = False) -> dict[str, Migration]:
        """People's migrations by their keys; who never had one is absent."""
        bodies = self._tenant.transaction.get(MIGRATION.name, owners, lock=lock)
        return {owner: from_document(body) for owner, body in bodies.items()}

    def in_states(self, states: Iterable[str]) -> Iterator[Migration]:
        """The migrations in one of these states."""
        found = self._tenant.transaction.find(MIGRATION.name, "state", states)
        return map(from_document, found.values())

    def with_users(
        self, migrations: Iterable[Migration]
    ) -> Iterator[tuple[DirectoryUser, Migration]]:
        """Migrations with the users whose they are."""
        by_owner = {migration.owner: migration for migration in migrations}
        owners = list(by_owner)
        for start in range(0, len(owners), AT_ONCE):
            users = self._tenant.users(owners[start : start + AT_ONCE])
            for owner, user in users.items():
                yield user, by_owner[owner]


def _is_to_come(body: Body, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(body["start"]) > now
    except (LookupError, TypeError, ValueError):
        # A damaged meeting stops no change; the migration says which one it is.
        return True


def is_licence_change(before: DirectoryUser | None, after: DirectoryUser) -> bool:
    """Whether somebody got a licence, or lost it; one that is unknown is no news."""
    states = {before.license_state if before else LicenseState.UNKNOWN, after.license_state}
    return states == {LicenseState.LICENSED, LicenseState.UNLICENSED}
