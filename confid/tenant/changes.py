"""Changes of people: planned one by one, carried out together in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.tenant.documents import RUNNING_MEETING, WRONG_ENTRIES
from confid.tenant.people import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.errors import Secret
    from confid.ids.conference_id import ConferenceId
    from confid.store.base import Transaction
    from confid.tenant.documents import Conferencing
    from confid.tenant.grants import Policies
    from confid.tenant.ledger import TenantLedger
    from confid.tenant.migrations import MigrationQueue
    from confid.tenant.notices import Notice
    from confid.tenant.outbox import Outbox
    from confid.tenant.people import People
    from confid.tenant.records import DirectoryUser


@attrs.define(kw_only=True)  # nobody changes one; frozen takes twice as long
class Change:
    """A change of one person.

    `after` are the settings to keep. `retire` ends the living ID, `issue`
    draws a new one; a reset is both. `pin` is a new PIN in clear, for the
    message and the returned record. `user` is the directory user, if that changes too.
    `migrate` queues a migration of their meetings, which enabling, disabling,
    a reset and another bridge do anyway.
    """

    person: Person
    after: Conferencing
    retire: bool = False
    issue: bool = False
    pin: Secret | None = None
    notice: Notice | None = None
    user: DirectoryUser | None = None
    migrate: bool = False

    @property
    def owner(self) -> str:
        """The person's key."""
        return self.person.user.owner

    def asks_for_migration(self) -> bool:
        """Whether invitations that were sent are out of date now."""
        before, after = self.person.conferencing, self.after
        return (
            self.migrate
            or self.retire
            or self.issue
            or self.person.is_enabled != after.enabled
            or (before is not None and before.bridge_id != after.bridge_id)
        )

    def outcome(self, issued: ConferenceId | None, living: tuple[int, int] | None) -> Person:
        """The person after the change, with the ID issued to them.

        `living` is what the ledger holds of it, where that isn't known. The settings are `after`
        itself, unless they are to be kept.
        """
        before = self.person
        settings = self.after
        # A reset alone leaves the settings as they are.
        if not (
            self.issue and (before.conferencing is settings or before.conferencing == settings)
        ):
            revision = before.conferencing.revision if before.conferencing else 0
            settings = attrs.evolve(settings, revision=revision + (not self.issue))
        return Person(
            user=self.user or before.user,
            conferencing=settings,
            conference_id=issued or (None if self.retire else before.conference_id),
            # The last ID's where none was issued: what is told now comes behind what was told.
            serial=living[1] if living else before.serial + self.issue,
        )


class Changes:
    """Carries out changes: IDs, settings, messages and migrations, in that order."""

    def __init__(
        self,
        transaction: Transaction,
        people: People,
        *,
        ledger: TenantLedger,
        policies: Policies,
        outbox: Outbox,
        migrations: MigrationQueue,
    ) -> None:
        self._transaction = transaction
        self._people = people
        self._ledger = ledger
        self._policies = policies
        self._outbox = outbox
        self._migrations = migrations
        self.pins_drawn: int = 0

    def apply(self, changes: Sequence[Change]) -> list[Person]:
        """Carry out changes, at most one for each person. Returns the people afterwards."""
        asking = [c.owner for c in changes if c.asks_for_migration()]
        self._migrations.foresee(asking)
        after = self._with_ids(changes)
        self._keep(after, changes)
        self._notify(after, changes)
        self._migrations.ask(asking)
        return after

    def _with_ids(self, changes: Sequence[Change]) -> list[Person]:
        """The people with the IDs that are issued to them."""
        losing: list[str] = []
        getting: list[str] = []
        exchanging: list[str] = []
        for change in changes:
            if change.issue:
                (exchanging if change.retire else getting).append(change.owner)
            elif change.retire:
                losing.append(change.owner)
        self._ledger.retire(losing)
        issued = self._ledger.issue(getting) | self._ledger.exchange(exchanging)
        # Of a person without a living ID, the last serial isn't known.
        first = [c.owner for c in changes if c.issue and not c.person.serial]
        living = self._transaction.living(first) if first else {}
        return [c.outcome(issued.get(c.owner), living.get(c.owner)) for c in changes]

    def _keep(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        settings: dict[str, Conferencing] = {}
        users: list[DirectoryUser] = []
        disabled: list[str] = []
        reset: list[str] = []
        for person, change in zip(after, changes, strict=True):
            if person.conferencing is not None and person.conferencing is not change.after:
                settings[change.owner] = person.conferencing
            if change.user is not None:
                users.append(change.user)
            if change.pin is not None:
                reset.append(change.owner)
            if not change.after.enabled and change.person.is_enabled:
                disabled.append(change.owner)
        if settings:
            self._people.put_settings(settings)
        if users:
            self._people.put_users(users)
        if disabled:
            # Their meetings end at once (behaviour: attendant).
            self._transaction.delete(RUNNING_MEETING.name, disabled)
            self._outbox.supersede_pins(disabled, reason="the user was disabled")
        if reset:
            self.pins_drawn += len(reset)
            # A new PIN opens phone starts again (behaviour: attendant).
            self._transaction.delete(WRONG_ENTRIES.name, [f"organizer:{o}" for o in reset])
            # A person without settings has no message yet, so none that tells a dead PIN.
            known = [c.owner for c in changes if c.pin is not None and c.person.conferencing]
            self._outbox.supersede_pins(known, reason="the PIN was reset")

    def _notify(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        users = (p.user for p, c in zip(after, changes, strict=True) if c.notice)
        policies = self._policies.audio_of(users)
        self._outbox.add(
            ((p, c.notice, c.pin) for p, c in zip(after, changes, strict=True) if c.notice),
            policies,
        )
