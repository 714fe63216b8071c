"""The unit of work: typed records over one store transaction. Issue, retire and notify live here.

A `Change` says what is to become of one person; `Tenant.apply` carries out
any number of them: retire, issue, keep, notify, queue the migration of their
meetings, in that order, all in the transaction that the tenant was made for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.errors import (
    ConfidError,
    StoreError,
    TransactionConflictError,
    WitnessError,
    listed,
)
from confid.ids.conference_id import ConferenceId
from confid.ids.dice import Space, draw_pin
from confid.ids.issuer import FreeIds, Issuer, free_ids
from confid.ids.witness import NOTHING_ISSUED, WITNESS, name_of_person
from confid.store.base import IMPORTED, SEAL, TENANT, Claim
from confid.store.seal import FACTS, read_seal
from confid.tenant import directory, outbox
from confid.tenant.bridges import Bridges
from confid.tenant.documents import (
    CONFERENCING,
    GRANT,
    MEETING,
    MIGRATION,
    OUTBOX,
    RUNNING_MEETING,
    USER,
    WRONG_ENTRIES,
    Conferencing,
    converter,
)
from confid.tenant.grants import Granting
from confid.tenant.migrations import MigrationQueue
from confid.tenant.notices import outbox_index
from confid.tenant.people import CHUNK, Change, Person
from confid.tenant.records import (
    FAILED,
    PENDING,
    ConferencingUser,
    DirectoryUser,
    Event,
    Facts,
    OutboxEntry,
    TenantSettings,
)
from confid.tenant.setup import SETTINGS, read_setup
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from confid.ids.dice import Dice
    from confid.ids.witness import Witness
    from confid.store.base import Body, Kind, Lock, Transaction
    from confid.tenant.notices import Notice
    from confid.tenant.policies import TeamsAudioConferencingPolicy
    from confid.tenant.records import DialInNumber
    from confid.tenant.setup import LastSetup, Setup, TenantFacts


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
    ) -> None:
        self.transaction = transaction
        self.now = now
        self.dice = dice
        self.actor = actor
        self.warnings: list[str] = []
        self.mails_queued = 0
        self.pins_drawn = 0
        self._free_ids = free_ids
        self._last_setup = last_setup
        self._witness = witness

    # What belongs to the tenant as a whole.

    @cached_property
    def _body(self) -> Body | None:
        return self.transaction.get(TENANT.name, [FACTS]).get(FACTS)

    def demand_open(self) -> None:
        """Raise `SealedError` in a sealed store."""
        found = self.transaction.get(TENANT.name, [FACTS, SEAL])
        self.__dict__.setdefault("_body", found.get(FACTS))
        if seal := read_seal(found.get(SEAL)):
            raise seal.error()

    @property
    def exists(self) -> bool:
        """Whether the store holds a tenant yet."""
        return self._body is not None

    @cached_property
    def setup(self) -> Setup:
        """Settings, bridges and numbers: the ones read last, if nobody has changed them since."""
        body = self._body
        assert body is not None  # noqa: S101 - a session on a store without a tenant isn't opened
        last = self._last_setup.setup
        while last is None or last.mark != body.get("mark", ""):
            last = self._last_setup.setup = self.read_setup()
            # Where writers don't wait for each other, it may have changed in the midst of this.
            self.__dict__.pop("_body")
            body = self._body
            assert body is not None  # noqa: S101 - as above
        return last

    def read_setup(self) -> Setup:
        """The set-up read anew."""
        assert self._body is not None  # noqa: S101 - as above
        return read_setup(self.transaction, self._body)

    @property
    def facts(self) -> TenantFacts:
        """The tenant's ID, key and space of IDs."""
        return self.setup.facts

    @property
    def settings(self) -> TenantSettings:
        """The tenant's dial-in settings."""
        return self.setup.settings

    def _put_setup(
        self, kind: Kind, documents: Mapping[str, Body], *, gone: Iterable[str] = ()
    ) -> None:
        """Write documents of the set-up, delete those `gone`, and renew the mark that tells so."""
        (body,) = self.transaction.get(TENANT.name, [FACTS], lock=True).values()
        self.transaction.put(kind.name, documents)
        self.transaction.delete(kind.name, gone)
        # Random, not counted: what a rollback took back must not come up again as another's.
        self.transaction.put(TENANT.name, {FACTS: {**body, "mark": self.dice(9).hex()}})
        self.__dict__.pop("_body", None)
        self.__dict__.pop("setup", None)

    def lock_setup(self, *, shared: bool = False) -> None:
        """Read the set-up as it stands, and let nobody else change it before this call is over.

        `shared` is for those who only take something from it that they keep
        with a person, a bridge or a number: they don't wait for each other.
        A reset takes nothing, so it waits for nobody.
        """
        lock: Lock = "shared" if shared else True
        for name in ("_body", "setup"):
            self.__dict__.pop(name, None)
        self.__dict__["_body"] = self.transaction.get(TENANT.name, [FACTS], lock=lock).get(FACTS)

    # The witness.

    @property
    def witness_id(self) -> str | None:
        """The identity of the witness that the tenant is attached to."""
        witness_id: str | None = (self._body or {}).get("witness")
        return witness_id

    @property
    def has_witness_at_hand(self) -> bool:
        """Whether there is a witness to ask."""
        return self._witness is not None

    @property
    def witness(self) -> Witness | None:
        """The witness, if the tenant has one. Raises `WitnessError` where it is not at hand."""
        if self._witness is None and self.witness_id is not None:
            raise WitnessError(
                "This tenant has a witness that has to accept every conference ID, and this "
                f"session was opened without it. {NOTHING_ISSUED} Connect with witness=, where "
                "it is kept."
            )
        return self._witness

    def attach(self, witness: Witness) -> None:
        """Make this the tenant's witness. The ledger is copied into it first.

        Raises `WitnessError` when the tenant has got another one meanwhile,
        and when this one holds an ID that lives here for somebody else.
        """
        if self.witness_id not in (None, witness.identity):
            raise WitnessError("The tenant has been given another witness. Connect with that one.")
        entries = self.transaction.entries()
        others = [e for e in witness.copy(entries, at=self.now) if e.retired_at is None]
        if others:
            users = self.users({entry.owner for entry in others})
            names = sorted(users[e.owner].user_principal_name for e in others if e.owner in users)
            raise WitnessError(
                f"The witness holds {len(others)} of this tenant's living conference IDs for "
                f"somebody else, those of {listed(names)}. Reset them first, without witness=."
            )
        (body,) = self.transaction.get(TENANT.name, [FACTS], lock=True).values()
        self.transaction.put(TENANT.name, {FACTS: {**body, "witness": witness.identity}})
        self.__dict__.pop("_body", None)
        self._witness = witness

    def put_settings(self, settings: TenantSettings) -> None:
        """Keep the tenant's dial-in settings."""
        self._put_setup(TENANT, {SETTINGS: converter().unstructure(settings)})

    def create(self, space: Space) -> None:
        """Make a new tenant: its ID and key, and one bridge with one number.

        Raises `StoreError` for a store that is a witness.
        """
        self._demand_no_witness()
        tenant_id = self.new_uuid()
        body = {
            "tenant_id": str(tenant_id),
            "pin_key": self.dice(32).hex(),
            "space": [space.first, space.last],
            "created_at": self.now.isoformat(),
            "mark": "",
        }
        self.transaction.put(TENANT.name, {FACTS: body})
        del self.__dict__["_body"]
        self.bridges.add_first_bridge()

    def _demand_no_witness(self) -> None:
        if self.transaction.get(TENANT.name, [WITNESS]):
            raise StoreError(
                "The store is a witness, so it can't be a tenant: a store is one or the other for "
                "life. Connect to another store, with this one as its witness=.",
                category="InvalidArgument",
            )

    def new_uuid(self) -> UUID:
        """A random UUID from the tenant's dice."""
        return UUID(bytes=self.dice(16), version=4)

    def new_owner(self) -> str:
        """A key for a person who is new to the directory."""
        return base64.urlsafe_b64encode(self.dice(12)).decode()

    @cached_property
    def bridges(self) -> Bridges:
        """The tenant's bridges and service numbers."""
        return Bridges(self, self._put_setup)

    @cached_property
    def granting(self) -> Granting:
        """The tenant's policies, and who is granted which."""
        return Granting(self, self._put_setup)

    @cached_property
    def migrations(self) -> MigrationQueue:
        """The migrations of people's meetings."""
        return MigrationQueue(self)

    # People.

    def find_users(self, identities: Sequence[str]) -> list[DirectoryUser | ConfidError]:
        """For each identity its user, or the error that says why there is none."""
        return directory.resolve(self.transaction, identities)

    def user(self, identity: object) -> DirectoryUser:
        """The one user of an identity; raises the error that `find_users` would give."""
        (found,) = self.find_users([directory.identity_text(identity)])
        if isinstance(found, ConfidError):
            raise found
        return found

    def users(self, owners: Iterable[str]) -> dict[str, DirectoryUser]:
        """Users by their keys; one who was removed is absent."""
        bodies = self.transaction.get(USER.name, owners)
        return {owner: directory.from_document(body) for owner, body in bodies.items()}

    def put_users(self, users: Iterable[DirectoryUser]) -> None:
        """Keep directory users."""
        self.transaction.put(USER.name, {u.owner: directory.to_document(u) for u in users})

    def people(self, users: Sequence[DirectoryUser], *, lock: bool = False) -> list[Person]:
        """Users with their dial-in settings and IDs; `lock` for those about to be changed.

        Raises `TransactionConflictError` for one who was removed while this
        call waited for the lock.
        """
        owners = [user.owner for user in users]
        bodies = self.transaction.get(CONFERENCING.name, owners, lock=lock)
        if lock:
            self._demand_still_there([owner for owner in owners if owner not in bodies])
        self._renew_setup({body["bridge_id"] for body in bodies.values()})
        current = self.transaction.current(owners)
        return [
            Person(
                user=user,
                conferencing=_conferencing(bodies.get(user.owner)),
                conference_id=_conference_id(current.get(user.owner)),
            )
            for user in users
        ]

    def _demand_still_there(self, owners: Sequence[str]) -> None:
        # Whoever removes a person takes their settings along: without any they may be gone.
        if owners and len(self.transaction.get(USER.name, owners)) < len(owners):
            raise TransactionConflictError(
                "A user was removed from the directory while this call was under way. "
                "Nothing was changed; try again."
            )

    def _renew_setup(self, bridges: Iterable[str]) -> None:
        # A bridge may be newer than the set-up which this call read at first.
        if any(UUID(bridge) not in self.setup.bridges for bridge in bridges):
            for name in ("_body", "setup"):
                self.__dict__.pop(name, None)

    def all_people(self, *, enabled: bool = False) -> Iterator[Person]:
        """Everybody in the directory, or everybody enabled, in the order of their keys."""
        after = ""
        kind = CONFERENCING if enabled else USER
        while bodies := dict(self.transaction.scan(kind.name, after=after, limit=CHUNK)):
            after = max(bodies)
            if not enabled:
                users = [directory.from_document(body) for body in bodies.values()]
                yield from self.people(users)
                continue
            found = self.users(owner for owner, body in bodies.items() if body["enabled"])
            current = self.transaction.current(found)
            for owner, user in sorted(found.items()):
                yield Person(
                    user=user,
                    conferencing=_conferencing(bodies[owner]),
                    conference_id=_conference_id(current.get(owner)),
                )

    def conferencing_user(self, person: Person, *, pin: str | None = None) -> ConferencingUser:
        """The record of an enabled person, as cmdlets return it."""
        assert person.conferencing is not None  # noqa: S101 - callers have an enabled person
        return self.setup.conferencing_user(
            person.user, person.conferencing, person.conference_id, pin=pin
        )

    def dial_in_numbers(self, person: Person) -> tuple[DialInNumber, ...]:
        """The numbers that an enabled person's invitations show now."""
        assert person.conferencing is not None  # noqa: S101 - as above
        policy = self.granting.audio_of([person.user])[person.user.owner]
        return self.setup.dial_in_numbers(person.conferencing, policy)

    # PINs.

    def new_pin(self) -> str:
        """A PIN of the length that the tenant's settings say."""
        return draw_pin(self.settings.pin_length, self.dice)

    def pin_digest(self, owner: str, pin: str) -> str:
        """What is kept of a PIN: a digest under the tenant's key, bound to its owner."""
        message = f"{owner}:{pin}".encode()
        return hashlib.blake2b(message, key=self.facts.pin_key, digest_size=32).hexdigest()

    def is_pin(self, person: Person, pin: str) -> bool:
        """Whether this is the person's PIN; the same time for every answer."""
        kept = (person.conferencing and person.conferencing.pin_digest) or ""
        return hmac.compare_digest(kept, self.pin_digest(person.user.owner, pin))

    # Changes.

    @cached_property
    def issuer(self) -> Issuer:
        """Issues this transaction's conference IDs."""
        return Issuer(
            self.transaction,
            space=self.facts.space,
            dice=self.dice,
            free_ids=self._free_ids,
            witness=self.witness,
        )

    @property
    def is_nearly_full(self) -> bool:
        """Whether issuing in this transaction met a space of IDs that is nearly used up."""
        return "issuer" in self.__dict__ and self.issuer.nearly_full

    @property
    def has_issued(self) -> bool:
        """Whether the tenant has issued an ID, as far as its ledger or its witness knows."""
        if self.transaction.has_issued():
            return True
        witness = self.witness
        return witness is not None and witness.has_issued()

    @property
    def remaining(self) -> int:
        """How many IDs neither the ledger nor the witness holds."""
        space, witness = self.facts.space, self.witness
        if witness is None:
            return len(space) - self.transaction.count()
        return len(free_ids(self.transaction, space, witness))

    def put_back(self) -> None:
        """After a rollback: what the issuer drew and did not issue is free again."""
        if "issuer" in self.__dict__:
            self.issuer.put_back()

    def apply(self, changes: Sequence[Change]) -> list[Person]:
        """Carry out changes, one a person; the people as they are afterwards."""
        claim = Claim(at=self.now, by=self.actor)
        self.transaction.retire(
            [c.person.user.owner for c in changes if c.retire], at=self.now, by=self.actor
        )
        owners = [c.person.user.owner for c in changes if c.issue]
        issued = self.issuer.issue(owners, claim) if owners else {}
        after = [self._after(change, issued) for change in changes]
        self._keep(after, changes)
        self._notify(after, changes)
        self.migrations.ask([c.person.user.owner for c in changes if c.asks_for_migration()])
        return after

    @staticmethod
    def _after(change: Change, issued: dict[str, ConferenceId]) -> Person:
        kept = None if change.retire else change.person.conference_id
        before = change.person.conferencing
        return Person(
            user=change.user or change.person.user,
            conferencing=attrs.evolve(
                change.after, revision=1 + (before.revision if before else 0)
            ),
            conference_id=issued.get(change.person.user.owner, kept),
        )

    def _keep(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        unstructure = converter().unstructure
        self.transaction.put(
            CONFERENCING.name, {p.user.owner: unstructure(p.conferencing) for p in after}
        )
        if users := [change.user for change in changes if change.user]:
            self.put_users(users)
        if owners := [change.person.user.owner for change in changes if change.pin]:
            self.pins_drawn += len(owners)
            # A new PIN opens phone starts again (behaviour: attendant).
            self.transaction.delete(WRONG_ENTRIES.name, [f"organizer:{o}" for o in owners])

    def _notify(self, after: Sequence[Person], changes: Sequence[Change]) -> None:
        told = [(p, c) for p, c in zip(after, changes, strict=True) if c.notice]
        policies = self.granting.audio_of(person.user for person, _ in told)
        entries = [
            self._entry(person, change.notice, change.pin, policies[person.user.owner])
            for person, change in told
            if change.notice
        ]
        if entries:
            self.put_outbox(outbox.sealed(self.transaction, entries, dice=self.dice))
            self.mails_queued += sum(entry.state == PENDING for entry in entries)

    def _entry(
        self,
        person: Person,
        notice: Notice,
        pin: str | None,
        policy: TeamsAudioConferencingPolicy,
    ) -> OutboxEntry:
        conferencing, user = person.conferencing, person.user
        assert conferencing is not None  # noqa: S101 - a changed person has settings
        to = notice.to or user.mail or None
        if notice.ignored_to:
            self.warn(
                f"The message to {user.user_principal_name} carries a PIN, so it goes to the "
                f"primary address and not to {notice.ignored_to}."
            )
        if to is None:
            self.warn(
                f"{user.user_principal_name} has no e-mail address, so the change was made and "
                "nobody was told; the message is parked in the outbox."
            )
        disabled = Event.DISABLED in notice.events
        facts = Facts(
            display_name=user.display_name,
            conference_id=None if disabled else person.conference_id,
            numbers=() if disabled else self.setup.dial_in_numbers(conferencing, policy),
            pin=pin if notice.with_pin and to is not None else None,
            language=user.preferred_language,
        )
        return OutboxEntry(
            key=f"{user.owner}:{conferencing.revision:08d}",
            owner=user.owner,
            serial=conferencing.revision,
            to=to,
            events=notice.events,
            state=PENDING if to is not None else FAILED,
            reason=None if to is not None else "the user has no e-mail address",
            created_at=self.now,
            sender=notice.sender,
            facts=facts,
            to_primary=notice.to is None,
        )

    def put_outbox(self, entries: Iterable[OutboxEntry]) -> None:
        """Keep outbox entries."""
        documents = {}
        for entry in entries:
            body: dict[str, Any] = converter().unstructure(entry)
            body["index"] = outbox_index(entry)
            documents[entry.key] = body
        self.transaction.put(OUTBOX.name, documents)

    def warn(self, text: str) -> None:
        """Have the caller warned when the transaction has committed."""
        self.warnings.append(text)

    # IDs that come from outside, before the tenant has issued any.

    def import_ids(self, ids: Sequence[tuple[int, DirectoryUser]], *, retired: bool) -> set[int]:
        """Enter IDs already in use elsewhere; those accepted. The roster checks before."""
        if not ids:
            return set()
        claim = Claim(at=self.now, by=self.actor, origin=IMPORTED, retired=retired)
        key = self.facts.pin_key
        names = {u.owner: name_of_person(fold(u.user_principal_name), key) for _, u in ids}
        return self.issuer.enter([(i, u.owner) for i, u in ids], claim, names=names)

    def put_conferencing(self, settings: Mapping[str, Conferencing]) -> None:
        """Keep the dial-in settings of people who come in with an ID, by their owners."""
        unstructure = converter().unstructure
        documents = {owner: unstructure(kept) for owner, kept in settings.items()}
        self.transaction.put(CONFERENCING.name, documents)

    def remove(self, people: Sequence[Person]) -> None:
        """Take people out of the directory: personal data erased, IDs retired, the ledger whole."""
        owners = [person.user.owner for person in people]
        self.transaction.retire(owners, at=self.now, by=self.actor)
        for kind in (USER.name, CONFERENCING.name, GRANT.name, MIGRATION.name):
            self.transaction.delete(kind, owners)
        for kind in (OUTBOX.name, MEETING.name):
            keys = list(self.transaction.find(kind, "owner", owners))
            self.transaction.delete(kind, keys)
            if kind == OUTBOX.name:
                outbox.erase(self.transaction, keys)
        self.transaction.delete(RUNNING_MEETING.name, owners)
        self.transaction.delete(WRONG_ENTRIES.name, [f"organizer:{owner}" for owner in owners])

    def demand_tenant(self) -> None:
        """Raise `StoreError` when the store holds no tenant."""
        if not self.exists:
            self._demand_no_witness()
            raise StoreError(
                "The store holds no tenant yet; connect with create=True.",
                category="ObjectNotFound",
            )


def _conferencing(body: Body | None) -> Conferencing | None:
    return None if body is None else converter().structure(body, Conferencing)


def _conference_id(number: int | None) -> ConferenceId | None:
    return None if number is None else ConferenceId(number)
