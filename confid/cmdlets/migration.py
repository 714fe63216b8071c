"""Meeting migration: start it, and look how far it is; `meetings.run_migrations` does the work."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Literal, Unpack, cast

from confid.cmdlets.parameters import ASKS, JOB, TENANT, ListedUserId, MandatoryUserId
from confid.engine.cmdlet import listing_cmdlet, user_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import InvalidArgumentError
from confid.powershell.language.values import choice
from confid.tenant.migrations import ALL, CURRENT, SOURCES, STATES, TARGETS, Migration, status_of
from confid.tenant.people import Person
from confid.tenant.records import MeetingMigrationStatus, MeetingMigrationSummary
from confid.tenant.results import Results
from confid.tenant.unit_of_work import UnitOfWork

ONLY_2019 = ("Tenant", "WhatIf", "Confirm", "AsJob")


@user_cmdlet(
    "Start-CsExMeetingMigration", writes=True, only_2019=ONLY_2019, also=TENANT | JOB | ASKS
)
def start_cs_ex_meeting_migration(
    command: Invocation,
    /,
    identity: MandatoryUserId = None,
    *,
    source_meeting_type: Annotated[
        Literal["All", "SfB", "Teams"] | Enum | None,
        P("SourceMeetingType", "MmsSourceMeetingTypes"),
        "All (the default), SfB, of which confid has none, or Teams",
    ] = None,
    target_meeting_type: Annotated[
        Literal["Current", "Teams"] | Enum | None,
        P("TargetMeetingType", "MmsTargetMeetingTypes"),
        "Current (the default) or Teams, which all meetings are here",
    ] = None,
    **common: Unpack[CommonParameters],
) -> Output[MeetingMigrationStatus]:
    """Queue the migration of users' meetings, enabled or not; it is done by a call.

    `confid.meetings.run_migrations()` then gives their future meetings
    today's dial-in block. A pending migration of the user is widened
    to what both calls ask for.

    PowerShell: `Start-CsExMeetingMigration -Identity ken.myer@contoso.com`

    Returns: how far it is: pending; `Results` for an iterable.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for another type.

    Example, in `confid.demo()`:
        >>> start_cs_ex_meeting_migration("ken.myer@contoso.com").state
        'Pending'
        >>> _ = confid.meetings.run_migrations()
        >>> get_cs_meeting_migration_status("ken.myer@contoso.com").state
        'Succeeded'
    """
    source = choice("SourceMeetingType", source_meeting_type or ALL, SOURCES)
    target = choice("TargetMeetingType", target_meeting_type or CURRENT, TARGETS)
    users = command.users(identity)
    owners = [user.owner for user in users]
    queued = command.tenant.migrations.add(owners, source=source, target=target)
    return command.output(identity, list(map(status_of, users, queued)))


@listing_cmdlet("Get-CsMeetingMigrationStatus", only_2019=ONLY_2019, also=TENANT | JOB | ASKS)
def get_cs_meeting_migration_status(
    command: Invocation,
    /,
    identity: ListedUserId = None,
    *,
    state: Annotated[
        Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None,
        P("State", "StateType"),
        "only those that are Pending, InProgress, Failed or Succeeded",
    ] = None,
    start_time: Annotated[
        datetime | str | None,
        P("StartTime", "DateTime"),
        "only those asked for then or later; without a time zone in UTC",
    ] = None,
    end_time: Annotated[
        datetime | str | None,
        P("EndTime", "DateTime"),
        "only those asked for then or earlier; without a time zone in UTC",
    ] = None,
    summary_only: Annotated[
        bool, P("SummaryOnly", "SwitchParameter"), "how many users are in each state instead"
    ] = False,
    **common: Unpack[CommonParameters],
) -> Output[MeetingMigrationStatus | MeetingMigrationSummary]:
    """How far the migrations of users' meetings are, the oldest first; each user's last one.

    Without an identity: of everybody who ever had one. It reads only, so
    `what_if` and `confirm` change nothing.

    PowerShell: `Get-CsMeetingMigrationStatus -SummaryOnly`

    Returns: the status, None for a user without one or whom the filters leave out; `Results`
        for an iterable, without an identity and of a summary.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for another state and for an end
        before the start.

    Example, in `confid.demo()`:
        >>> _ = start_cs_ex_meeting_migration("ken.myer@contoso.com")
        >>> [row] = get_cs_meeting_migration_status(summary_only=True)
        >>> row.state, row.user_count
        ('Pending', 1)
    """
    unit = command.tenant
    asked = STATES if state is None else (choice("State", state, STATES),)
    first, last = _moment(start_time), _moment(end_time)
    if first and last and last < first:
        raise InvalidArgumentError(
            f"EndTime ({last}) is before StartTime ({first}).", target="EndTime"
        )

    def keep(migration: Migration) -> bool:
        since = migration.created_at
        return (
            migration.state in asked
            and (first is None or first <= since)
            and (last is None or since <= last)
        )

    def show(person: Person) -> MeetingMigrationStatus | None:
        owner = person.user.owner
        migration = unit.migrations.of([owner]).get(owner)
        return status_of(person.user, migration) if migration and keep(migration) else None

    if is_given(identity):
        shown = command.read(identity, show)
    else:
        shown = _statuses(unit, filter(keep, unit.migrations.in_states(asked)))
    # One or the other, which the type of a cmdlet's output can't say.
    return cast(
        "Output[MeetingMigrationStatus | MeetingMigrationSummary]",
        _summary(shown) if summary_only else shown,
    )


def _statuses(unit: UnitOfWork, migrations: Iterable[Migration]) -> Results[MeetingMigrationStatus]:
    rows = [status_of(user, each) for user, each in unit.migrations.with_users(migrations)]
    return Results(sorted(rows, key=lambda row: (row.create_date, row.user_principal_name)))


def _summary(shown: Output[MeetingMigrationStatus]) -> Results[MeetingMigrationSummary]:
    rows = shown if isinstance(shown, Results) else [shown] if shown else []
    counted = Counter(row.state for row in rows)
    errors = shown.errors if isinstance(shown, Results) else ()
    return Results(
        [
            MeetingMigrationSummary(state=state, user_count=counted[state])
            for state in STATES
            if counted[state]
        ],
        errors,
    )


def _moment(given: datetime | str | None) -> datetime | None:
    """A date in UTC; binding has made it one."""
    if given is None:
        return None
    assert isinstance(given, datetime)  # noqa: S101 - the binder converts it
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
