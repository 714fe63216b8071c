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


@attrs.frozen(kw_only=True)
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

    @property
    def keeps_settings(self) -> bool:
        """Whether the settings are written. A reset alone leaves them as they are."""
        before, after = self.person.conferencing, self.after
        return not self.issue or (before is not after and before != after)

    def outcome(self, issued: ConferenceId | None, serial: int | None) -> Person:
        """The person after the change, with the ID issued to them and its serial."""
        before = self.person
        settings = self.after
        if self.keeps_settings:
            revision = before.conferencing.revision if before.conferencing else 0
            settings = attrs.evolve(settings, revision=revision + (not self.issue))
        return Person(
            user=self.user or before.user,
            conferencing=settings,
            conference_id=issued or (None if self.retire else before.conference_id),
            # The last ID's where none was issued: what is told now comes behind what was told.
            serial=before.serial if serial is None else serial,
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
        self._migrations.foresee([c.owner for c in changes if c.asks_for_migration()])
        self._ledger.retire([c.owner for c in changes if c.retire and not c.issue])
        issued = self._ledger.issue([c.owner for c in changes if c.issue and not c.retire])
        issued |= self._ledger.exchange([c.owner for c in changes if c.issue and c.retire])
        serials = self._serials(changes)
        after = [c.outcome(issued.get(c.owner), serials.get(c.owner)) for c in changes]
        self._keep(after, changes)
        self._supersede(changes)
        self._notify(after, changes)
        self._migrations.ask([c.owner for c in changes if c.asks_for_migration()])
        return after

    def _serials(self, changes: Sequence[Change]) -> dict[str, int]:
        """The serials of the IDs that were issued, each one more than that of the ID before it."""
        serials = {c.owner: c.person.serial + 1 for c in changes if c.issue}
        # Of a person without a living ID, the last serial isn't known.
        if first := [c.owner for c in changes if c.issue and not c.person.serial]:
            living = self._transaction.living(first)
            serials |= {owner: serial for owner, (_, serial) in living.items()}
        return serials

    def _keep(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        kept = {
            change.owner: person.conferencing
            for person, change in zip(after, changes, strict=True)
            if person.conferencing and change.keeps_settings
        }
        if kept:
            self._people.put_settings(kept)
        if users := [change.user for change in changes if change.user]:
            self._people.put_users(users)
        if disabled := [c.owner for c in changes if c.person.is_enabled and not c.after.enabled]:
            # Their meetings end at once (behaviour: attendant).
            self._transaction.delete(RUNNING_MEETING.name, disabled)
        if owners := [change.owner for change in changes if change.pin]:
            self.pins_drawn += len(owners)
            # A new PIN opens phone starts again (behaviour: attendant).
            self._transaction.delete(WRONG_ENTRIES.name, [f"organizer:{o}" for o in owners])

    def _supersede(self, changes: Sequence[Change]) -> None:
        """No message tells a dead PIN. A person without settings has no message yet."""
        known = [change for change in changes if change.person.conferencing]
        reset = [change.owner for change in known if change.pin]
        self._outbox.supersede_pins(reset, reason="the PIN was reset")
        disabled = [c.owner for c in known if c.person.is_enabled and not c.after.enabled]
        self._outbox.supersede_pins(disabled, reason="the user was disabled")

    def _notify(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        users = (p.user for p, c in zip(after, changes, strict=True) if c.notice)
        policies = self._policies.audio_of(users)
        self._outbox.add(
            ((p, c.notice, c.pin) for p, c in zip(after, changes, strict=True) if c.notice),
            policies,
        )
