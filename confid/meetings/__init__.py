"""Meetings: schedule and reschedule them, find outdated invitations, and migrate them."""

from confid.meetings.calendar import outdated, reschedule, schedule, scheduled, showing
from confid.meetings.migration_runs import MigrationReport, run_migrations

Report = MigrationReport
"""Its name in 0.1, kept until 0.3."""

__all__ = [
    "MigrationReport",
    "Report",
    "outdated",
    "reschedule",
    "run_migrations",
    "schedule",
    "scheduled",
    "showing",
]
