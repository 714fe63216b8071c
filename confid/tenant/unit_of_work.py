"""The unit of work: one tenant in one transaction of its store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from confid.errors import ConfidError, StoreError
from confid.ids.dice import draw_identity, draw_owner, draw_uuid
from confid.ids.witness import WITNESS
from confid.store.base import TENANT
from confid.tenant.bridges import Bridges
from confid.tenant.changes import Changes
from confid.tenant.directory import foresee, identity_text
from confid.tenant.documents import (
    CONFERENCING,
    GRANT,
    MEETING,
    MIGRATION,
    RUNNING_MEETING,
    TENANT_SETTINGS,
    USER,
    WRONG_ENTRIES,
)
from confid.tenant.grants import Policies
from confid.tenant.ledger import TenantLedger
from confid.tenant.migrations import MigrationQueue
from confid.tenant.outbox import Outbox
from confid.tenant.people import People
from confid.tenant.pins import Pins
from confid.tenant.setup import SetupKeeper, TenantFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from confid.errors import Secret
    from confid.ids.dice import Dice, Space
    from confid.ids.issuer import FreeIds
    from confid.ids.witness import Witness
    from confid.store.base import Transaction
    from confid.tenant.changes import Change
    from confid.tenant.documents import Conferencing
    from confid.tenant.notices import MailOptions
    from confid.tenant.numbers import Placed
    from confid.tenant.people import Person
    from confid.tenant.pins import PinKey
    from confid.tenant.records import (
        ConferencingUser,
        DialInNumber,
        DirectoryUser,
        TenantSettings,
    )
    from confid.tenant.setup import LastSetup, Setup


class UnitOfWork:
    """One transaction's view of the tenant."""

    def __init__(
        self,
        transaction: Transaction,
        *,
        now: datetime,
        dice: Dice,
        free_ids: FreeIds,
        last_setup: LastSetup,
        actor: str | None,
        witness: Witness | None = None,
        pin_key: PinKey | None = None,
    ) -> None:
        self.transaction = transaction
        self.now = now
        self.actor = actor
        self.warnings: list[str] = []
        self._dice = dice
        self._pin_key = pin_key
        self._setup = setup = SetupKeeper(transaction, last=last_setup, dice=dice)
        self._people = people = People(transaction, setup)
        self.ledger: TenantLedger = TenantLedger(
            transaction,
            setup,
            people,
            now=now,
            dice=dice,
            free_ids=free_ids,
            actor=actor,
            witness=witness,
        )
        self.policies: Policies = Policies(transaction, setup, people)
        self.migrations: MigrationQueue = MigrationQueue(
            transaction, setup, people, now=now, dice=dice
        )
        self.outbox: Outbox = Outbox(transaction, setup, now=now, dice=dice, warnings=self.warnings)
        self.changes: Changes = Changes(
            transaction,
            people,
            ledger=self.ledger,
            policies=self.policies,
            outbox=self.outbox,
            migrations=self.migrations,
        )

    @cached_property
    def bridges(self) -> Bridges:
        """The bridges and their numbers; few calls change them."""
        return Bridges(self.transaction, self._setup, self._people, dice=self._dice)

    @cached_property
    def pins(self) -> Pins:
        """The PINs; few calls draw or compare one."""
        return Pins(self.transaction, self._setup, dice=self._dice, key=self._pin_key)

    def warn(self, text: str) -> None:
        """Warn the caller after the commit."""
        self.warnings.append(text)

    # The tenant as a whole.

    def demand_open(self, *, about: object = None) -> None:
        """Raise `SealedError` in a sealed store. `about` is whom the call will look for."""
        if about is not None:
            foresee(self.transaction, about)
        self._setup.demand_open()

    @property
    def exists(self) -> bool:
        """Whether the store holds a tenant yet."""
        return self._setup.body is not None

    def demand_tenant(self) -> None:
        """Raise `StoreError` when the store holds no tenant."""
        if not self.exists:
            self._demand_no_witness()
            raise StoreError(
                "The store holds no tenant yet; connect with create=True.",
                category="ObjectNotFound",
            )

    def create(self, space: Space) -> None:
        """Make a new tenant: its ID and key, and one bridge with one number.

        Raises `StoreError` for a store that is a witness.
        """
        self._demand_no_witness()
        facts = TenantFacts(tenant_id=self.new_uuid(), pin_key=self._dice(32), space=space)
        self._setup.create(facts, at=self.now)
        self.bridges.add_first_bridge()

    def _demand_no_witness(self) -> None:
        if self.transaction.get(TENANT.name, [WITNESS]):
            raise StoreError(
                "The store is a witness, so it can't be a tenant: a store is one or the other for "
                "life. Connect to another store, with this one as its witness=.",
                category="InvalidArgument",
            )

    @property
    def setup(self) -> Setup:
        """Settings, bridges, numbers, policies and what the tenant and groups are granted."""
        return self._setup.current

    def read_setup(self) -> Setup:
        """The set-up read anew."""
        return self._setup.read()

    def lock_setup(self, *, shared: bool = False) -> None:
        """Let nobody else change the set-up before this call is over, as `SetupKeeper.lock`."""
        self._setup.lock(shared=shared)

    @property
    def facts(self) -> TenantFacts:
        """The tenant's ID, key and space of IDs."""
        return self.setup.facts

    @property
    def settings(self) -> TenantSettings:
        """The tenant's dial-in settings."""
        return self.setup.settings

    def put_settings(self, settings: TenantSettings) -> None:
        """Keep the tenant's dial-in settings."""
        self._setup.put(TENANT, TENANT_SETTINGS.bodies([settings]))

    def new_uuid(self) -> UUID:
        """A random UUID from the tenant's dice."""
        return draw_uuid(self._dice)

    def new_identity(self) -> str:
        """A random object ID from the tenant's dice."""
        return draw_identity(self._dice)

    def new_owner(self) -> str:
        """A key for a new person."""
        return draw_owner(self._dice)

    # People.

    def find_users(self, identities: Sequence[str]) -> list[DirectoryUser | ConfidError]:
        """For each identity its user, or the error."""
        return self._people.find(identities)

    def user(self, identity: object) -> DirectoryUser:
        """The user of an identity. Raises the error that `find_users` would return."""
        (found,) = self.find_users([identity_text(identity)])
        if isinstance(found, ConfidError):
            raise found
        return found

    def users(self, owners: Iterable[str]) -> dict[str, DirectoryUser]:
        """Users by their keys; removed users are absent."""
        return self._people.users(owners)

    def put_users(self, users: Iterable[DirectoryUser]) -> None:
        """Keep directory users."""
        self._people.put_users(users)

    def people(self, users: Sequence[DirectoryUser], *, lock: bool = False) -> list[Person]:
        """Users with their dial-in settings and IDs, as `People.of`."""
        return self._people.of(users, lock=lock)

    def all_people(self, *, enabled: bool = False) -> Iterator[Person]:
        """Everybody in the directory, or everybody enabled, in the order of their keys."""
        return self._people.all(enabled=enabled)

    def put_conferencing(self, settings: Mapping[str, Conferencing]) -> None:
        """Keep people's dial-in settings, by their owners."""
        self._people.put_settings(settings)

    def conferencing_user(self, person: Person, *, pin: Secret | None = None) -> ConferencingUser:
        """The record of an enabled person, as cmdlets return it."""
        assert person.conferencing is not None  # noqa: S101 - callers have an enabled person
        return self.setup.conferencing_user(
            person.user, person.conferencing, person.conference_id, pin=pin
        )

    def dial_in_numbers(self, person: Person) -> tuple[DialInNumber, ...]:
        """The numbers that an enabled person's invitations show now."""
        assert person.conferencing is not None  # noqa: S101 - callers have an enabled person
        policy = self.policies.audio_of([person.user])[person.user.owner]
        return self.setup.dial_in_numbers(person.conferencing, policy)

    # Changes.

    def apply(self, changes: Sequence[Change]) -> list[Person]:
        """Carry out changes, as `Changes.apply`."""
        return self.changes.apply(changes)

    def take_off(self, placed: Placed, options: MailOptions) -> None:
        """Take a number off its bridge, and off the people who had it, as `Bridges.take_off`.

        The meetings of everybody whose invitations show it are queued for migration.
        """
        left = 0
        for changes in self.bridges.take_off(placed, options):
            left += sum(c.after.enabled and c.after.service_number is None for c in changes)
            self.apply(changes)
        self.migrations.ask_where_shown(placed.number.number)
        if placed.bridge.default_number is None:
            self.warn(
                f"The bridge {placed.bridge.name!r} has no toll number left, and {left} of its "
                "users have none. Register another one, and set it as theirs."
            )

    def remove(self, people: Sequence[Person]) -> None:
        """Take people out of the directory: personal data erased, IDs retired, the ledger whole."""
        owners = [person.user.owner for person in people]
        self.ledger.retire(owners)
        for kind in (USER, CONFERENCING, GRANT, MIGRATION):
            self.transaction.delete(kind.name, owners)
        self.outbox.remove(owners)
        meetings = list(self.transaction.find(MEETING.name, "owner", owners))
        self.transaction.delete(MEETING.name, meetings)
        self.transaction.delete(RUNNING_MEETING.name, owners)
        self.transaction.delete(WRONG_ENTRIES.name, [f"organizer:{owner}" for owner in owners])
