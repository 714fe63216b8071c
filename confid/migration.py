"""Meeting migrations: as they are kept, and as the cmdlets show them.

A person has one migration: the one that waits or runs, else the last one.
Source: behaviour, meeting migration; the cmdlets' pages for the names of
states and meeting types.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - the converter reads the annotations
from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 - as above

import attrs

from confid.records import Record, converter, prop

if TYPE_CHECKING:
    from confid.records import DirectoryUser
    from confid.store.base import Body

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
class Lease:
    """Which run has a migration in hand, and until when it has it to itself."""

    by: str
    until: datetime


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
