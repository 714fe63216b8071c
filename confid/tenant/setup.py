"""How a tenant is set up: what every call reads and few change. Settings, numbers, policies.

A session keeps the set-up that it read last. The tenant's own document
carries a stamp that each change of the set-up renews, so one look at that
document says whether the set-up in memory is still the tenant's.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.errors import InvalidArgumentError, NotFoundError, StaticConferenceIdError
from confid.ids.dice import Space
from confid.powershell.language.values import choice
from confid.store.base import SEAL, TENANT
from confid.store.seal import FACTS, read_seal
from confid.tenant import phone_number
from confid.tenant.documents import (
    AUDIO_POLICY,
    BRIDGE,
    BRIDGES,
    NUMBERS,
    SERVICE_NUMBER,
    SETTINGS_KEY,
    TENANT_SETTINGS,
    BridgeSettings,
    Conferencing,
)
from confid.tenant.mail_address import checked, checked_display_name
from confid.tenant.policies import (
    AUDIO_POLICIES,
    GLOBAL,
    TENANT_GRANTS,
    Family,
    Grants,
    TeamsAudioConferencingPolicy,
)
from confid.tenant.records import (
    Bridge,
    ConferencingUser,
    DialInNumber,
    DirectoryUser,
    EntryExitAnnouncements,
    MaskedNumbers,
    ServiceNumber,
    TenantSettings,
)
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from confid.errors import Secret
    from confid.ids.conference_id import ConferenceId
    from confid.ids.dice import Dice
    from confid.store.base import Body, Kind, Lock, Transaction
    from confid.tenant.notices import Notice


@attrs.frozen(kw_only=True)
class TenantFacts:
    """What never changes about a tenant. `pin_key` keys the digests of PINs."""

    tenant_id: UUID
    pin_key: bytes = attrs.field(repr=False)
    space: Space


@attrs.define(eq=False)
class LastSetup:
    """The set-up that a session read last."""

    setup: Setup | None = None


class Setup:
    """A tenant's set-up as one transaction read it; nothing in it ever changes."""

    def __init__(
        self,
        *,
        stamp: str,
        facts: TenantFacts,
        settings: TenantSettings,
        bridges: dict[UUID, BridgeSettings],
        numbers: dict[str, ServiceNumber],
        audio_policies: dict[str, TeamsAudioConferencingPolicy],
        grants: dict[Family, Grants],
    ) -> None:
        self.stamp = stamp
        self.facts = facts
        self.settings = settings
        self.bridges = bridges
        self.numbers = numbers
        self.audio_policies = audio_policies
        self.grants = grants
        self._shown: dict[tuple[object, ...], tuple[DialInNumber, ...]] = {}
        self.last_form: tuple[Notice, tuple[DialInNumber, ...], Body] | None = None
        """What the outbox made last: a notice that shows these numbers, as a document."""

    @cached_property
    def default_bridge(self) -> BridgeSettings:
        """The tenant's default bridge."""
        return next(bridge for bridge in self.bridges.values() if bridge.is_default)

    def find_bridge(
        self, *, identity: UUID | None = None, name: str | None = None
    ) -> BridgeSettings | None:
        """The bridge with that ID or name; None if neither is given.

        Raises `NotFoundError` that lists the tenant's bridges.
        """
        if identity is None and name is None:
            return None
        for bridge in self.bridges.values():
            if bridge.identity == identity or (
                name is not None and fold(bridge.name) == fold(name)
            ):
                return bridge
        names = ", ".join(sorted(repr(bridge.name) for bridge in self.bridges.values()))
        raise NotFoundError(
            f"There is no bridge {str(identity or name)!r}; this tenant has {names}.",
            target=str(identity or name),
            error_id="BridgeNotFound",
        )

    def numbers_of(self, bridge: BridgeSettings) -> list[ServiceNumber]:
        """The numbers of a bridge, in order."""
        return [number for number in self.numbers.values() if number.bridge_id == bridge.identity]

    def bridge_record(self, bridge: BridgeSettings) -> Bridge:
        """A bridge with its numbers, as cmdlets return it."""
        return Bridge(
            identity=bridge.identity,
            name=bridge.name,
            default_service_number=self.numbers.get(bridge.default_number or ""),
            is_default=bridge.is_default,
            is_shared=bridge.is_shared,
            region=bridge.region,
            service_numbers=tuple(self.numbers_of(bridge)),
            tenant_id=self.facts.tenant_id,
        )

    def conferencing_user(
        self,
        user: DirectoryUser,
        conferencing: Conferencing,
        conference_id: ConferenceId | None,
        *,
        pin: Secret | None = None,
    ) -> ConferencingUser:
        """The record of an enabled person, as cmdlets return it."""
        bridge = self.bridges[conferencing.bridge_id]
        return ConferencingUser(
            allow_pstn_only_meetings=conferencing.allow_pstn_only_meetings,
            allow_toll_free_dial_in=conferencing.allow_toll_free_dial_in,
            bridge_id=bridge.identity,
            bridge_name=bridge.name,
            conference_id=conference_id,
            default_toll_free_number="",
            default_toll_number=bridge.default_number or "",
            display_name=user.display_name,
            identity=user.identity,
            leader_pin=pin,
            service_number=conferencing.service_number,
            sip_address=user.sip_address,
            tenant_id=self.facts.tenant_id,
            toll_free_service_number=conferencing.toll_free_service_number,
        )

    def default_toll_number(self, bridge: BridgeSettings, user: DirectoryUser) -> str | None:
        """A user's default number: the bridge's for their country, else the bridge's default."""
        if user.usage_location:
            for number in self.numbers_of(bridge):
                if (
                    not number.is_toll_free
                    and phone_number.country(number.number) == user.usage_location.upper()
                ):
                    return number.number
        return bridge.default_number

    def dial_in_numbers(
        self, conferencing: Conferencing, policy: TeamsAudioConferencingPolicy
    ) -> tuple[DialInNumber, ...]:
        """The numbers that a person's invitations and messages show.

        `policy` is the one in force for the person. It lists numbers by rank.
        If none of them can be shown, the person's own numbers are, the
        default one first.
        """
        key = (
            policy.identity,
            conferencing.bridge_id.int,  # a UUID's own hash is slow
            conferencing.service_number,
            conferencing.toll_free_service_number,
            conferencing.allow_toll_free_dial_in,
        )
        shown = self._shown.get(key)
        if shown is None:
            shown = self._shown[key] = self._dial_in_numbers(conferencing, policy)
        return shown

    def _dial_in_numbers(
        self, conferencing: Conferencing, policy: TeamsAudioConferencingPolicy
    ) -> tuple[DialInNumber, ...]:
        toll_free = conferencing.allow_toll_free_dial_in and policy.allow_toll_free_dialin
        named = [self.numbers.get(digits) for digits in policy.meeting_invite_phone_numbers]
        shown = [
            number
            for number in named
            # A number without a bridge can't be called.
            if number and number.bridge_id and (toll_free or not number.is_toll_free)
        ]
        return tuple(
            DialInNumber(number=number.number, type=number.type, city=number.city)
            for number in shown or self._own_numbers(conferencing, toll_free=toll_free)
        )

    def _own_numbers(self, conferencing: Conferencing, *, toll_free: bool) -> list[ServiceNumber]:
        own = [self.numbers.get(conferencing.service_number or "")]
        if toll_free:
            free = conferencing.toll_free_service_number
            bridge = self.bridges[conferencing.bridge_id]
            own.append(
                self.numbers.get(free)
                if free
                else next((n for n in self.numbers_of(bridge) if n.is_toll_free), None)
            )
        return [number for number in own if number]


def grants_key(family: Family) -> str:
    """The key of the document with the grants of a family to the tenant and to groups."""
    return f"grants:{family.value}"


def read_setup(transaction: Transaction, body: Body) -> Setup:
    """The set-up in the store; `body` is the tenant's own document."""
    own = transaction.get(TENANT.name, [SETTINGS_KEY, *map(grants_key, Family)])
    bridges = [BRIDGES.read(kept) for _, kept in transaction.scan(BRIDGE.name)]
    numbers = transaction.scan(SERVICE_NUMBER.name)
    policies = transaction.scan(AUDIO_POLICY.name)
    return Setup(
        stamp=stamp_of(body),
        facts=TenantFacts(
            tenant_id=UUID(body["tenant_id"]),
            pin_key=bytes.fromhex(body["pin_key"]),
            space=Space(*body["space"]),
        ),
        settings=TENANT_SETTINGS.read(own.get(SETTINGS_KEY, {})),
        bridges={bridge.identity: bridge for bridge in bridges},
        numbers={digits: NUMBERS.read(kept) for digits, kept in numbers},
        audio_policies={
            fold(GLOBAL): TeamsAudioConferencingPolicy(),
            **{key: AUDIO_POLICIES.read(kept) for key, kept in policies},
        },
        grants={family: TENANT_GRANTS.read(own.get(grants_key(family), {})) for family in Family},
    )


def stamp_of(body: Body) -> str:
    """The stamp in the tenant's own document."""
    stamp: str = body.get("mark", "")
    return stamp


class SetupKeeper:
    """Reads, locks and changes a tenant's own document and its set-up, in one transaction.

    `last` is the set-up that the session read last.
    """

    def __init__(self, transaction: Transaction, *, last: LastSetup, dice: Dice) -> None:
        self._transaction = transaction
        self._last = last
        self._dice = dice
        self._found: dict[str, Body] | None = None
        self._current: Setup | None = None

    @property
    def body(self) -> Body | None:
        """The tenant's own document; None where the store holds no tenant."""
        if self._found is None:
            self._found = self._transaction.get(TENANT.name, [FACTS])
        return self._found.get(FACTS)

    def demand_open(self) -> None:
        """Raise `SealedError` in a sealed store."""
        found = self._transaction.get(TENANT.name, [FACTS, SEAL])
        if self._found is None:
            self._found = found
        if seal := read_seal(found.get(SEAL)):
            raise seal.error()

    @property
    def current(self) -> Setup:
        """The set-up: the one in memory, if nobody has changed the tenant's since."""
        if self._current is None:
            last = self._last.setup
            while last is None or last.stamp != stamp_of(self._own()):
                last = self._last.setup = self.read()
                # Where writers don't wait for each other, one may have changed it meanwhile.
                self._found = None
            self._current = last
        return self._current

    def read(self) -> Setup:
        """The set-up read anew."""
        return read_setup(self._transaction, self._own())

    def _own(self) -> Body:
        assert self.body is not None  # noqa: S101 - no session opens on a store without a tenant
        return self.body

    def forget(self) -> None:
        """Read the tenant's own document again when it is needed next."""
        self._found = self._current = None

    def lock(self, *, shared: bool = False) -> None:
        """Let nobody else change the set-up before this call is over; it is read again.

        `shared` is for a call that only takes something from the set-up and
        keeps it with a person, a bridge or a number: such calls don't wait
        for each other. A reset takes nothing, so it waits for nobody.
        """
        self.forget()
        lock: Lock = "shared" if shared else True
        self._found = self._transaction.get(TENANT.name, [FACTS], lock=lock)

    def put(self, kind: Kind, documents: Mapping[str, Body], *, gone: Iterable[str] = ()) -> None:
        """Write documents of the set-up, delete those `gone`, and renew the stamp."""
        (body,) = self._transaction.get(TENANT.name, [FACTS], lock=True).values()
        self._transaction.put(kind.name, documents)
        self._transaction.delete(kind.name, gone)
        # Random, not counted: a stamp that was rolled back must not come up for another change.
        self._transaction.put(TENANT.name, {FACTS: {**body, "mark": self._dice(9).hex()}})
        self.forget()

    def put_own(self, **fields: object) -> None:
        """Change fields of the tenant's own document that are no part of the set-up."""
        (body,) = self._transaction.get(TENANT.name, [FACTS], lock=True).values()
        self._transaction.put(TENANT.name, {FACTS: {**body, **fields}})
        self._found = None

    def create(self, facts: TenantFacts, *, at: datetime) -> None:
        """Make the tenant's own document."""
        body = {
            "tenant_id": str(facts.tenant_id),
            "pin_key": facts.pin_key.hex(),
            "space": [facts.space.first, facts.space.last],
            "created_at": at.isoformat(),
            "mark": "",
        }
        self._transaction.put(TENANT.name, {FACTS: body})
        self.forget()


PIN_LENGTHS = range(4, 13)


def checked_settings(settings: TenantSettings) -> TenantSettings:
    """The settings as they are kept: names in their casing, the address in its normal form.

    Raises `StaticConferenceIdError` where IDs would not be unique, and
    `InvalidArgumentError` for anything else that can't be.
    """
    if not settings.use_unique_conference_ids:
        raise StaticConferenceIdError("use_unique_conference_ids=False")
    if settings.pin_length not in PIN_LENGTHS:
        raise InvalidArgumentError(
            f"PinLength: {settings.pin_length} is not 4 to 12 digits.",
            target=settings.pin_length,
            error_id="PinLengthOutOfRange",
        )
    address, name = settings.send_email_from_address, settings.send_email_from_display_name
    if settings.send_email_from_override and not (address and name):
        raise InvalidArgumentError(
            "SendEmailFromOverride needs SendEmailFromAddress and SendEmailFromDisplayName.",
            error_id="SenderIncomplete",
        )
    changes: dict[str, Any] = {
        attribute: words(choice(name, getattr(settings, attribute), tuple(words)))
        for name, attribute, words in (
            ("EntryExitAnnouncementsType", "entry_exit_announcements_type", EntryExitAnnouncements),
            ("MaskPstnNumbersType", "mask_pstn_numbers_type", MaskedNumbers),
        )
    }
    if address:
        changes["send_email_from_address"] = checked(address, parameter="SendEmailFromAddress")
    if name:
        checked_display_name(name, parameter="SendEmailFromDisplayName")
    return attrs.evolve(settings, **changes)
