"""Documented calls on meeting migration."""

from __future__ import annotations

import confid
from tests.documented.examples import KEN, Example, documented
from tests.tenants import get, get_migration, set_settings, set_user, start_migration

EXAMPLES = [
    Example(
        "Start-CsExMeetingMigration -Identity ken.myer@contoso.com -TargetMeetingType Teams",
        lambda: start_migration(identity=KEN, target_meeting_type="Teams"),
        lambda r: (r.state, r.user_principal_name) == ("Pending", KEN),
    ),
    Example(
        "Start-CsExMeetingMigration -Identity ken.myer@contoso.com -SourceMeetingType SfB "
        "-TargetMeetingType Current",
        lambda: start_migration(
            identity=KEN, source_meeting_type="SfB", target_meeting_type="Current"
        ),
        lambda r: r.state == "Pending",
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser | Start-CsExMeetingMigration -TargetMeetingType Teams",
        lambda: start_migration(get(), target_meeting_type="Teams"),
        lambda r: [row.state for row in r] == ["Pending"] * 5,
    ),
    Example(
        "Get-CsMeetingMigrationStatus -SummaryOnly",
        lambda: start_migration(KEN) and get_migration(summary_only=True),
        lambda r: sum(row.user_count for row in r) == len(get_migration()) >= 1,
    ),
    Example(
        "Get-CsMeetingMigrationStatus -Identity ken.myer@contoso.com",
        lambda: (
            set_user(KEN, reset_conference_id=True),
            confid.meetings.run_migrations(),
            get_migration(identity=KEN),
        )[-1],
        lambda r: (r.state, r.succeeded_meeting, r.total_meeting) == ("Succeeded", 1, 1),
    ),
    Example(
        "Get-CsMeetingMigrationStatus -State Pending",
        lambda: start_migration(KEN) and get_migration(state="Pending"),
        lambda r: KEN in [row.user_principal_name for row in r],
    ),
    Example(
        'Get-CsMeetingMigrationStatus -StartTime "4/1/2018" -EndTime "4/30/2018"',
        lambda: start_migration(KEN) and get_migration(start_time="4/1/2018", end_time="4/30/2018"),
        lambda r: len(r) == 0 < len(get_migration(start_time="4/1/2018")),
    ),
    Example(
        "Get-CsMeetingMigrationStatus | Where-Object {$_.State -eq 'Failed'} | "
        "Format-Table UserPrincipalName, LastMessage",
        lambda: filter(confid.powershell.where("State -eq 'Failed'"), get_migration()),
        lambda r: list(r) == [],
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -AutomaticallyMigrateUserMeetings $false",
        lambda: (
            confid.meetings.run_migrations(),
            set_settings(automatically_migrate_user_meetings=False),
            set_user(KEN, reset_conference_id=True),
        ),
        lambda _: len(get_migration(state="Pending")) == 0,
    ),
]


@documented(EXAMPLES)
def test_a_documented_example_runs(example: Example) -> None:
    """As the Python call beside it, and does what the documentation says it does."""
    assert example.holds(example.call())
