"""What is decided when a message leaves: its address, its conference ID, and whether it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.ids.conference_id import ConferenceId
from confid.tenant.codec import codec
from confid.tenant.documents import OUTBOX
from confid.tenant.lease import Lease
from confid.tenant.outbox import MESSAGES, NO_ADDRESS, MessageState, decrypt_pins, parked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from confid.errors import Secret
    from confid.store.base import Body
    from confid.tenant.outbox import OutboxEntry
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork

REPLACED = "the conference ID was reset, and a later message tells the new one"
DISABLED = "the user was disabled, so there is no conference ID to tell"


@attrs.frozen(kw_only=True)
class Departure:
    """A message with the address and the conference ID of now; it leaves if it is pending.

    `domain` is the domain of the user's own address.
    """

    entry: OutboxEntry
    pin: Secret | None = None
    domain: str | None = None


def departure(tenant: UnitOfWork, key: str, worker: str) -> Departure | None:
    """The message as it leaves now; None if it is gone, or no longer this worker's."""
    body = tenant.transaction.get(OUTBOX.name, [key]).get(key)
    if body is None or not leased_by(worker, body):
        return None
    leaving = as_of_now(tenant, MESSAGES.read(body))
    if leaving is None:
        return None
    pin = decrypt_pins(tenant.transaction, [leaving.entry]).get(key)
    return attrs.evolve(leaving, pin=pin)


def as_of_now(tenant: UnitOfWork, entry: OutboxEntry) -> Departure | None:
    """A message as it leaves now, without its PIN; None if it isn't pending or its user is gone."""
    return next(iter(all_as_of_now(tenant, [entry])), None)


def all_as_of_now(tenant: UnitOfWork, entries: Sequence[OutboxEntry]) -> Iterator[Departure]:
    """The messages that are pending, each `as_of_now`, in their order."""
    owners = {entry.owner for entry in entries if entry.state == MessageState.PENDING}
    users, current = tenant.users(owners), tenant.transaction.current(owners)
    for entry in entries:
        user = users.get(entry.owner)
        if entry.state == MessageState.PENDING and user is not None:
            now = attrs.evolve(entry, to=address(entry, user))
            domain = (user.mail or user.user_principal_name).strip().rpartition("@")[2]
            now = _as_of_today(tenant, now, current.get(entry.owner))
            yield Departure(entry=now, domain=domain or None)


def leased_by(worker: str, body: Body) -> bool:
    """Whether a message is in a worker's hands."""
    lease = body.get("lease")
    return lease is not None and codec(Lease).read(lease).by == worker


def is_in_hand(body: Body, now: datetime, *, besides: str = "") -> bool:
    """Whether a delivery, another one than `besides`, has a message in hand."""
    lease = body.get("lease")
    return lease is not None and codec(Lease).read(lease).keeps_out(besides, now)


def address(entry: OutboxEntry, user: DirectoryUser) -> str | None:
    """Where a message goes now: the address on file, or the one that the call named."""
    return (user.mail or None) if entry.to_primary else entry.to


def _as_of_today(tenant: UnitOfWork, entry: OutboxEntry, current: int | None) -> OutboxEntry:
    """The message with the conference ID of today; parked or superseded if it can't leave."""
    if entry.to is None:
        return parked(entry, NO_ADDRESS)
    told = entry.facts.conference_id
    if told is None or told == current:
        return entry
    if current is None:
        return entry.ended(MessageState.SUPERSEDED, DISABLED)
    if entry.facts.pin is None and _is_told_later(tenant, entry):
        return entry.ended(MessageState.SUPERSEDED, REPLACED)
    return attrs.evolve(entry, facts=attrs.evolve(entry.facts, conference_id=ConferenceId(current)))


def _is_told_later(tenant: UnitOfWork, entry: OutboxEntry) -> bool:
    """Whether a later message goes, or went, to the same address."""
    user = tenant.users([entry.owner])[entry.owner]
    return any(
        later.serial > entry.serial
        and later.state in (MessageState.PENDING, MessageState.SENT)
        and (address(later, user) if later.state == MessageState.PENDING else later.to) == entry.to
        for later in MESSAGES.find(tenant.transaction, "owner", [entry.owner]).values()
    )
