"""Meeting migration: start it, and look how far it is.

Source: behaviour, meeting migration; the cmdlets' pages. The work itself is
done by `confid.meetings.run_migrations`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Unpack, cast

from confid.cmdlets.users import MandatoryUserId, UserId
from confid.engine.cmdlet import listing_cmdlet, user_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import AsJob, CommonParameters, Confirm, P, TenantId, WhatIf, is_given
from confid.errors import InvalidArgumentError
from confid.powershell.language.values import choice
from confid.tenant.migrations import (
    ALL,
    CURRENT,
    SOURCES,
    STATES,
    TARGETS,
    MeetingMigrationStatus,
    MeetingMigrationSummary,
    Migration,
    status_of,
)
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork

ONLY_2019 = ("Tenant", "WhatIf", "Confirm", "AsJob")


@user_cmdlet("Start-CsExMeetingMigration", writes=True, only_2019=ONLY_2019)
def start_cs_ex_meeting_migration(
    command: Invocation,
    /,
    identity: MandatoryUserId = None,
    *,
    source_meeting_type: Annotated[
        str | None, P("SourceMeetingType", "MmsSourceMeetingTypes")
    ] = None,
    target_meeting_type: Annotated[
        str | None, P("TargetMeetingType", "MmsTargetMeetingTypes")
    ] = None,
    tenant: TenantId = None,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> Output[MeetingMigrationStatus]:
    """Queue the migration of users' meetings, enabled or not; it is done by a call.

    `confid.meetings.run_migrations()` then gives their future meetings
    today's dial-in block. Whoever has one pending keeps it, which then takes
    in what both were asked for. Source: behaviour, meeting migration.

    PowerShell: `Start-CsExMeetingMigration -Identity ken.myer@contoso.com`

    Parameters:
        identity (str | record | iterable): who: a user principal name, SIP address, object ID,
            logon, distinguished or display name; a record; or an iterable of them
        source_meeting_type (str): All (the default), SfB, of which confid has none, or Teams
        target_meeting_type (str): Current (the default) or Teams, which all meetings are here
        Also tenant, what_if, confirm, as_job and the common ones: `confid.get_help` says what
        they do.

    Returns: how far it is: pending; `Results` for an iterable.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for another type.

    Example, in `confid.demo()`:
        >>> start_cs_ex_meeting_migration("ken.myer@contoso.com").state
        'Pending'
        >>> _ = confid.meetings.run_migrations()
        >>> get_cs_meeting_migration_status("ken.myer@contoso.com").state
        'Succeeded'

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/start-csexmeetingmigration
    """
    source = choice("SourceMeetingType", source_meeting_type or ALL, SOURCES)
    target = choice("TargetMeetingType", target_meeting_type or CURRENT, TARGETS)
    users = command.users(identity)
    owners = [user.owner for user in users]
    queued = command.tenant.migrations.add(owners, source=source, target=target)
    return command.output(identity, list(map(status_of, users, queued)))


@listing_cmdlet("Get-CsMeetingMigrationStatus", only_2019=ONLY_2019)
def get_cs_meeting_migration_status(
    command: Invocation,
    /,
    identity: UserId = None,
    *,
    state: Annotated[str | None, P("State", "StateType")] = None,
    start_time: Annotated[datetime | str | None, P("StartTime", "DateTime")] = None,
    end_time: Annotated[datetime | str | None, P("EndTime", "DateTime")] = None,
    summary_only: Annotated[bool, P("SummaryOnly", "SwitchParameter")] = False,
    tenant: TenantId = None,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> Output[MeetingMigrationStatus | MeetingMigrationSummary]:
    """How far the migrations of users' meetings are, the oldest first; each user's last one.

    Without an identity: of everybody who ever had one. It reads only, so
    `what_if` and `confirm` change nothing. Source: behaviour, meeting migration.

    PowerShell: `Get-CsMeetingMigrationStatus -SummaryOnly`

    Parameters:
        identity (str | record | iterable): who: a user principal name, SIP address, object ID,
            logon, distinguished or display name; a record; or an iterable of them
        state (str): only those that are Pending, InProgress, Failed or Succeeded
        start_time (datetime | str): only those asked for then or later; without a time zone in UTC
        end_time (datetime | str): only those asked for then or earlier; likewise
        summary_only (bool): how many users are in each state instead
        Also tenant, what_if, confirm, as_job and the common ones: `confid.get_help` says what
        they do.

    Returns: the status, None for a user without one or whom the filters leave out; `Results`
        for an iterable, without an identity and of a summary.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for another state and for an end
        before the start.

    Example, in `confid.demo()`:
        >>> _ = start_cs_ex_meeting_migration("ken.myer@contoso.com")
        >>> [row] = get_cs_meeting_migration_status(summary_only=True)
        >>> row.state, row.user_count
        ('Pending', 1)

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/get-csmeetingmigrationstatus
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
    assert isinstance(given, datetime)  # noqa: S101 - said above
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
