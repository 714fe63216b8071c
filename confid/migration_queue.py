"""The queue of meeting migrations: who is put in it, by which changes, and what is in it.

A migration is a document under its organizer's key, written in the same
transaction as the change that asks for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from confid import phone_number
from confid.migration import (
    ALL,
    CURRENT,
    IN_PROGRESS,
    PENDING,
    TARGETS,
    Migration,
    from_document,
    to_document,
)
from confid.records import MEETING, MIGRATION, LicenseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confid.records import DirectoryUser
    from confid.store.base import Body
    from confid.tenant import Tenant

AT_ONCE = 1000
"""Migrations read or written at once."""


class MigrationQueue:
    """The migrations of one unit of work."""

    def __init__(self, tenant: Tenant) -> None:
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
