"""The outbox: its messages, their order, sending a parked one again, and cancelling one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError, NotFoundError, demand, raise_together, shown
from confid.mail.departures import address, is_in_hand
from confid.store.base import TENANT
from confid.store.batches import AT_ONCE
from confid.tenant.documents import OUTBOX
from confid.tenant.notices import Event
from confid.tenant.outbox import (
    LANES,
    MESSAGE_STATES,
    MESSAGES,
    MessageState,
    OutboxEntry,
    erase_pins,
)
from confid.tenant.records import MASKED_PIN
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from confid.engine.session import Session
    from confid.errors import ConfidError
    from confid.store.base import Body
    from confid.tenant.documents import Index
    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork

LINED_UP = "outbox_lined_up"
"""The key of the tenant's document that says that every pending entry has a lane."""


@attrs.frozen(order=True)
class Position:
    """A pending entry's position: the user who waits longest comes first, in serial order."""

    since: str
    owner: str
    serial: int
    key: str


@own_function("confid.mail.outbox")
def outbox(
    *, state: str | None = MessageState.PENDING, session: Session | None = None
) -> Results[OutboxEntry]:
    """The messages in a state: pending, sent, failed (parked), superseded or cancelled.

    A superseded message is never sent, because a later change made it wrong.
    None gives all messages.

    The oldest come first; messages of the same time are ordered by user and
    change. The PIN of a pending message reads `***********`. Raises
    `InvalidArgumentError` for another state.
    """
    states = MESSAGE_STATES if state is None else (_state(state),)
    with current_session(session).unit(write=False) as tenant:
        bodies = tenant.transaction.find(OUTBOX.name, "state", states)
    entries = [_masked(MESSAGES.read(body)) for body in bodies.values()]
    return Results(sorted(entries, key=lambda e: (e.created_at, e.owner, e.serial)))


@own_function("confid.mail.requeue", writes=True)
def requeue(
    entries: OutboxEntry | Iterable[OutboxEntry], *, session: Session | None = None
) -> Results[OutboxEntry]:
    """Make parked messages pending again, and pending messages due now. Returns them.

    A message to the user's own address goes to the address that is on file
    now. All messages or none: raises `InvalidArgumentError`, which says for
    each message why it can't leave. It carried a PIN, which is erased; the
    conference ID was reset since; a later message told the user more; it was
    sent; or the user has no address.
    """
    keys = list(dict.fromkeys(entry.key for entry in _entries(entries)))
    with current_session(session).unit(write=True) as tenant:
        # People before their messages: every change locks them in this order.
        found = MESSAGES.get(tenant.transaction, keys)
        people = _people(tenant, {entry.owner for entry in found.values()})
        bodies = tenant.transaction.get(OUTBOX.name, list(found), lock=True)
        kept = [MESSAGES.read(bodies[key]) for key in keys if key in bodies]
        latest = _latest_told(tenant, people, besides=keys)
        errors: list[ConfidError] = [
            InvalidArgumentError(
                f"The message {key} can't be sent again: its user was removed.", target=key
            )
            for key in keys
            if key not in bodies
        ]
        again = []
        for entry in kept:
            person = people[entry.owner]
            to = address(entry, person.user)
            if problem := _problem(entry, person, to, latest.get(entry.owner, 0)):
                errors.append(
                    InvalidArgumentError(
                        f"The message to {entry.to or person} of {entry.created_at:%Y-%m-%d %H:%M} "
                        f"can't be sent again: {problem}",
                        target=entry.key,
                    )
                )
            again.append(
                attrs.evolve(
                    entry, state=MessageState.PENDING, to=to, reason=None, attempts=0, retry_at=None
                )
            )
        raise_together(errors)
        # A leased message is due already, and has to keep its lease.
        tenant.outbox.put(entry for entry in again if "lease" not in bodies[entry.key])
    return Results([_masked(entry) for entry in again])


@own_function("confid.mail.cancel", writes=True)
def cancel(
    keys: str | OutboxEntry | Iterable[str | OutboxEntry], *, session: Session | None = None
) -> Results[OutboxEntry]:
    """Take messages out of the queue, so that they never leave. Returns them.

    Give the keys of entries of `outbox()`, or the entries. A cancelled message
    keeps its facts and is `outbox(state="cancelled")`; its PIN is erased. All
    or none: raises `NotFoundError` for a key that no message has, and
    `InvalidArgumentError` for a message that was sent or superseded, or that a
    delivery has in hand. A message that is cancelled already stays so.
    """
    wanted = _keys(keys)
    here = current_session(session)
    entries = here.call(lambda tenant: _cancel(tenant, wanted, here.actor), write=True)
    return Results(map(_masked, entries))


def _cancel(tenant: UnitOfWork, keys: list[str], actor: str | None) -> list[OutboxEntry]:
    bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
    errors: list[ConfidError] = []
    cancelled = []
    for key in keys:
        if key not in bodies:
            errors.append(NotFoundError(f"The outbox has no message {shown(key)}.", target=key))
            continue
        entry = MESSAGES.read(bodies[key])
        if entry.state in (MessageState.SENT, MessageState.SUPERSEDED):
            errors.append(_not_cancelled(entry, f"it was {entry.state}."))
        elif is_in_hand(bodies[key], tenant.now):
            errors.append(_not_cancelled(entry, "a delivery has it in hand."))
        elif entry.state == MessageState.CANCELLED:
            cancelled.append(entry)
        else:
            why = f"cancelled by {actor}" if actor else "cancelled"
            cancelled.append(entry.ended(MessageState.CANCELLED, why))
    raise_together(errors)
    tenant.outbox.put(cancelled)
    erase_pins(tenant.transaction, [entry.key for entry in cancelled])
    return cancelled


def _not_cancelled(entry: OutboxEntry, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"The message to {entry.to} of {entry.created_at:%Y-%m-%d %H:%M} can't be cancelled: {why}",
        target=entry.key,
    )


def _keys(given: object) -> list[str]:
    keys = [one.key if isinstance(one, OutboxEntry) else one for one in _several(given)]
    for key in keys:
        demand("keys", key, str, "a key of an entry of outbox(), or the entry")
    return list(dict.fromkeys(keys))


def _entries(given: object) -> list[OutboxEntry]:
    several = _several(given)
    found = [entry for entry in several if isinstance(entry, OutboxEntry)]
    if len(found) < len(several):
        raise InvalidArgumentError(f"requeue() takes entries of outbox(), not {shown(given)}.")
    return found


def _several(given: object) -> list[Any]:
    # An entry is an iterable too: a mapping of its properties.
    one = isinstance(given, (str, OutboxEntry)) or not isinstance(given, Iterable)
    return [given] if one else list(cast("Iterable[Any]", given))


def _people(tenant: UnitOfWork, owners: Collection[str]) -> dict[str, Person]:
    """The people, locked, so that no change can put a message of theirs in the outbox."""
    users = tenant.users(sorted(owners))
    return {p.user.owner: p for p in tenant.people(list(users.values()), lock=True)}


def _latest_told(
    tenant: UnitOfWork, owners: Iterable[str], *, besides: Collection[str]
) -> dict[str, int]:
    """The serial of each owner's last message that is sent or pending."""
    latest: dict[str, int] = {}
    for key, body in tenant.transaction.find(OUTBOX.name, "owner", owners).items():
        if state_of(body) in (MessageState.PENDING, MessageState.SENT) and key not in besides:
            latest[body["owner"]] = max(body["serial"], latest.get(body["owner"], 0))
    return latest


def _problem(entry: OutboxEntry, person: Person, to: str | None, latest: int) -> str | None:
    """Why an entry can't leave, and what to do instead."""
    info = "send_email=True sends the conference info of today."
    if entry.state == MessageState.PENDING:
        return None
    if entry.state != MessageState.FAILED:
        return f"it was {entry.state}. {info}"
    if {Event.ENABLED, Event.PIN_RESET} & set(entry.events):
        return "it carried a PIN, which is erased. reset_leader_pin=True sends a new one."
    if entry.facts.conference_id != person.conference_id:
        return f"the user's conference ID was reset since. {info}"
    if latest > entry.serial:
        return f"a later message tells the user more. {info}"
    return "the user has no e-mail address. Import one first." if to is None else None


def positions(session: Session, *, first_lane: int, at_least: int) -> Iterator[list[Position]]:
    """The pending messages, in parts of whole lanes with `at_least` so many messages."""
    lanes = iter(LANES[first_lane:] + LANES[:first_lane])
    while True:
        found: list[Position] = []
        with session.unit(write=False) as tenant:
            tenant.demand_open()
            for lane in lanes:
                found += _positions(tenant.transaction.find(OUTBOX.name, "lane", [lane]))
                if len(found) >= at_least:
                    break
        if not found:
            return
        yield found


def assign_lanes(session: Session) -> None:
    """Give a lane to messages from before there were lanes; once for each tenant."""
    with session.unit(write=False) as tenant:
        tenant.demand_open()
        if tenant.transaction.get(TENANT.name, [LINED_UP]):
            return
    after = ""
    while True:
        with session.unit(write=True) as tenant:
            bodies = dict(tenant.transaction.scan(OUTBOX.name, after=after, limit=AT_ONCE))
            if not bodies:
                tenant.transaction.put(TENANT.name, {LINED_UP: {"at": tenant.now.isoformat()}})
                return
            after = max(bodies)
            without = [key for key, body in bodies.items() if "lane" not in body["index"]]
            locked = tenant.transaction.get(OUTBOX.name, without, lock=True)
            indexed = {key: {**body, "index": _index(body)} for key, body in locked.items()}
            tenant.transaction.put(OUTBOX.name, indexed)


def count(session: Session) -> int:
    """How many messages are pending."""
    return sum(len(found) for found in positions(session, first_lane=0, at_least=1))


def positions_of(session: Session, owners: Iterable[str]) -> list[Position]:
    """The pending messages of some users."""
    with session.unit(write=False) as tenant:
        bodies = tenant.transaction.find(OUTBOX.name, "owner", owners)
    return _positions(
        {key: body for key, body in bodies.items() if state_of(body) == MessageState.PENDING}
    )


def _positions(bodies: dict[str, Body]) -> list[Position]:
    # Only the order is kept of the documents. All dates are in UTC, so their texts sort as they do.
    since: dict[str, str] = {}
    for body in bodies.values():
        owner, created_at = body["owner"], body["created_at"]
        since[owner] = min(created_at, since.get(owner, created_at))
    return [
        Position(since[body["owner"]], body["owner"], body["serial"], key)
        for key, body in bodies.items()
    ]


def _index(body: Body) -> Index:
    index: Index = MESSAGES.body(MESSAGES.read(body))["index"]
    return index


def in_order(entries: Iterable[OutboxEntry]) -> list[OutboxEntry]:
    """Pending messages in the order in which a delivery sends them."""
    entries = list(entries)
    since: dict[str, datetime] = {}
    for entry in entries:
        since[entry.owner] = min(entry.created_at, since.get(entry.owner, entry.created_at))
    return sorted(entries, key=lambda e: (since[e.owner], e.owner, e.serial))


def state_of(body: Body) -> str:
    """The state of a document."""
    state: str = body["index"]["state"]
    return state


def _masked(entry: OutboxEntry) -> OutboxEntry:
    return entry if entry.facts.pin is None else entry.with_pin(MASKED_PIN)


def _state(state: object) -> str:
    for known in MESSAGE_STATES:
        if isinstance(state, str) and state.strip().lower() == known:
            return known
    raise InvalidArgumentError(
        f"state={shown(state)}: give {', '.join(map(repr, MESSAGE_STATES))}, or None for all.",
        target=state,
    )
