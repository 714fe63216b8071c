"""The outbox: notifications committed with the change that they tell of, delivered afterwards.

A PIN that waits in it is encrypted with a one-time pad in a document of its
own. A store may leave a copy of a row that it moved in the unused part of a
page, where nothing erases it: one of the two documents alone tells nothing,
and both are erased together.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - the codec reads the annotations
from typing import TYPE_CHECKING, Final
from zlib import crc32

import attrs

from confid.errors import Secret, listed
from confid.ids.conference_id import ConferenceId  # noqa: TC001 - the codec reads it
from confid.tenant.documents import OUTBOX, PIN_PAD, DocumentType, Index
from confid.tenant.notices import Event, Sender
from confid.tenant.records import DialInNumber, Record, prop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.ids.dice import Dice
    from confid.store.base import Body, Transaction
    from confid.tenant.notices import Notice
    from confid.tenant.people import Person
    from confid.tenant.policies import TeamsAudioConferencingPolicy
    from confid.tenant.setup import SetupKeeper

LANES = tuple(f"{number:02d}" for number in range(64))
"""The lanes of the outbox: pending messages are read lane by lane, however many there are."""


LONGEST_REASON = 500

NO_ADDRESS = "the user has no e-mail address"
PIN_IS_LOST = "Its PIN is erased: reset_leader_pin=True sends a new one."


class MessageState:
    """The states of a message."""

    PENDING: Final = "pending"
    SENT: Final = "sent"
    FAILED: Final = "failed"
    SUPERSEDED: Final = "superseded"
    CANCELLED: Final = "cancelled"


MESSAGE_STATES = (
    MessageState.PENDING,
    MessageState.SENT,
    MessageState.FAILED,
    MessageState.SUPERSEDED,
    MessageState.CANCELLED,
)


@attrs.frozen(kw_only=True)
class MessageFacts:
    """The facts in a message, as of the change.

    While the message is in the outbox its `pin` is encrypted.
    """

    display_name: str
    conference_id: ConferenceId | None = None
    numbers: tuple[DialInNumber, ...] = ()
    pin: str | None = attrs.field(default=None, repr=False)
    language: str | None = None


@attrs.frozen(kw_only=True, str=False)
class OutboxEntry(Record):
    """A notification: `pending`, `sent`, parked (`failed`), `superseded` or `cancelled`.

    `attempts` counts the temporary refusals, and before `retry_at` no
    delivery tries again. `to_primary`: it goes to the user's own address,
    not to one that the call named.
    """

    key: str = attrs.field(repr=False)
    to: str | None = prop("To")
    events: tuple[Event, ...] = prop("Events")
    state: str = prop("State", default=MessageState.PENDING)
    created_at: datetime = prop("CreatedAt")
    reason: str | None = prop("Reason", default=None)
    attempts: int = prop("Attempts", default=0)
    retry_at: datetime | None = prop("RetryAt", default=None)
    sender: Sender = Sender()
    facts: MessageFacts
    owner: str = attrs.field(repr=False)
    serial: int
    to_primary: bool = True

    def with_pin(self, pin: str) -> OutboxEntry:
        """The entry with its PIN written otherwise."""
        return attrs.evolve(self, facts=attrs.evolve(self.facts, pin=pin))

    def ended(self, state: str, reason: str) -> OutboxEntry:
        """The entry in a state in which it is not delivered, and so without its PIN."""
        facts = self.facts if self.facts.pin is None else attrs.evolve(self.facts, pin=None)
        return attrs.evolve(self, facts=facts, state=state, reason=reason)


def _index(state: str, owner: str) -> Index:
    pending = state == MessageState.PENDING
    lane = LANES[crc32(owner.encode()) % len(LANES)] if pending else None
    return {"state": state, "owner": owner, "lane": lane}


MESSAGES = DocumentType(
    kind=OUTBOX,
    record=OutboxEntry,
    key=lambda entry: entry.key,
    index=lambda entry: _index(entry.state, entry.owner),
)
"""All messages that are pending for a user have one lane."""


class Outbox:
    """The outbox of a tenant, within one transaction. `warnings` is what the caller is told."""

    def __init__(
        self,
        transaction: Transaction,
        setup: SetupKeeper,
        *,
        now: datetime,
        dice: Dice,
        warnings: list[str],
    ) -> None:
        self._transaction = transaction
        self._setup = setup
        self._now = now
        self._dice = dice
        self._warnings = warnings
        self._added = 0
        self.queued: int = 0
        """How many pending messages this transaction has put in the outbox."""

    def put(self, entries: Iterable[OutboxEntry]) -> None:
        """Keep entries."""
        MESSAGES.put(self._transaction, entries)

    def add(
        self,
        told: Iterable[tuple[Person, Notice, Secret | None]],
        policies: Mapping[str, TeamsAudioConferencingPolicy],
    ) -> None:
        """Put a message about each change in the outbox, with the person's new PIN, if any.

        People are as the change left them; `policies` are those in force, by owner.
        """
        documents: dict[str, Body] = {}
        pads: dict[str, Body] = {}
        unreached: dict[str, Secret | None] = {}
        primary: dict[str, list[str]] = {}
        at, milliseconds = self._now.isoformat(), f"{int(self._now.timestamp() * 1000):011x}"
        for person, notice, pin in told:
            self._added += 1
            # In the order of time, so that a store adds it behind the others; once it was without.
            prefix = f"{milliseconds}{self._added:05x}"
            body = self._message(person, notice, policies[person.user.owner], prefix, at)
            place = body["key"]
            pin_told = pin if notice.with_pin else None
            if notice.ignored_to:
                primary.setdefault(notice.ignored_to, []).append(str(person))
            if body["to"] is None:
                unreached[str(person)] = pin_told
                body["state"] = MessageState.FAILED
                body["reason"] = _with_lost_pin(NO_ADDRESS, pin_told)
            else:
                self.queued += 1
                if pin_told is not None:
                    pad = self._dice(len(pin_told.reveal()))
                    pads[place] = {"pad": pad.hex()}
                    body["facts"]["pin"] = _xor(pin_told.reveal().encode(), pad).hex()
            documents[place] = body
        if pads:
            self._transaction.put(PIN_PAD.name, pads)
        if documents:
            self._transaction.put(OUTBOX.name, documents)
        self._warnings += [_to_primary(people, to) for to, people in primary.items()]
        if unreached:
            self._warnings.append(_nobody_told(list(unreached), any(unreached.values())))

    def _message(
        self,
        person: Person,
        notice: Notice,
        policy: TeamsAudioConferencingPolicy,
        prefix: str,
        at: str,
    ) -> Body:
        """The document of a message, which has everything but a PIN; its key has the prefix."""
        conferencing, user = person.conferencing, person.user
        assert conferencing is not None  # noqa: S101 - a changed person has settings
        disabled = Event.DISABLED in notice.events
        numbers = () if disabled else self._setup.current.dial_in_numbers(conferencing, policy)
        form = self._form(notice, numbers)
        facts = {**form["facts"], "display_name": user.display_name}
        if not disabled and (conference_id := person.conference_id) is not None:
            facts["conference_id"] = int(conference_id)
        if user.preferred_language is not None:
            facts["language"] = user.preferred_language
        owner, serial = user.owner, conferencing.revision + person.serial
        to = notice.to or user.mail or None
        return {
            **form,
            "key": f"{prefix}:{owner}:{serial:08d}",
            "created_at": at,
            "owner": owner,
            "serial": serial,
            "to": to,
            "facts": facts,
            "index": _index(MessageState.PENDING if to else MessageState.FAILED, owner),
        }

    def _form(self, notice: Notice, numbers: tuple[DialInNumber, ...]) -> Body:
        """The document of which all messages are copies that tell the same under one set-up."""
        setup = self._setup.current
        last = setup.last_form
        if last is None or last[:2] != (notice, numbers):
            shared = OutboxEntry(
                key="",
                owner="",
                serial=0,
                to=None,
                events=notice.events,
                created_at=self._now,
                sender=notice.sender,
                facts=MessageFacts(display_name="", numbers=numbers),
                to_primary=notice.to is None,
            )
            last = setup.last_form = (notice, numbers, MESSAGES.body(shared))
        return last[2]

    def supersede_pins(self, owners: Sequence[str], *, reason: str) -> None:
        """Supersede the waiting messages to these people that carry a PIN, and erase the PIN."""
        if not owners:
            return
        found = self._transaction.find(OUTBOX.name, "owner", owners)
        locked = MESSAGES.get(
            self._transaction,
            [k for k, body in found.items() if body["facts"].get("pin")],
            lock=True,
        )
        superseded = [
            entry.ended(MessageState.SUPERSEDED, reason)
            for entry in locked.values()
            if entry.state == MessageState.PENDING and entry.facts.pin
        ]
        self.put(superseded)
        erase_pins(self._transaction, [entry.key for entry in superseded])

    def remove(self, owners: Sequence[str]) -> None:
        """Erase all messages to these people."""
        keys = list(self._transaction.find(OUTBOX.name, "owner", owners))
        self._transaction.delete(OUTBOX.name, keys)
        erase_pins(self._transaction, keys)


def parked(entry: OutboxEntry, reason: str) -> OutboxEntry:
    """The entry parked for this reason, which says so when it loses its PIN."""
    return entry.ended(MessageState.FAILED, _with_lost_pin(reason, entry.facts.pin))


def _to_primary(people: list[str], ignored: str) -> str:
    if len(people) == 1:
        goes = f"The message to {people[0]} carries a PIN, so it goes to the primary address"
    else:
        goes = f"{len(people)} messages carry a PIN, so they go to the primary addresses"
    return f"{goes} and not to {ignored}."


def _nobody_told(people: list[str], lost_pins: bool) -> str:
    if len(people) == 1:
        parked = "the message is parked in the outbox."
        return (
            f"{people[0]} has no e-mail address, so the change was made and nobody was told; "
            + _with_lost_pin(parked, lost_pins or None)
        )
    lost = " Their PINs are erased: reset_leader_pin=True sends new ones." if lost_pins else ""
    return (
        f"{len(people)} people have no e-mail address, so the changes were made and nobody was "
        f"told; the messages are parked in the outbox: {listed(people)}.{lost}"
    )


def _with_lost_pin(reason: str, lost_pin: object | None) -> str:
    if lost_pin is None:
        return reason
    return f"{reason[: LONGEST_REASON - len(PIN_IS_LOST) - 2].rstrip('.')}. {PIN_IS_LOST}"


def decrypt_pins(transaction: Transaction, entries: Iterable[OutboxEntry]) -> dict[str, Secret]:
    """The PINs of pending entries, by the entries' keys."""
    kept = {entry.key: entry.facts.pin for entry in entries if entry.facts.pin}
    pads = transaction.get(PIN_PAD.name, kept) if kept else {}
    # Without a pad the PIN is from before there were any.
    return {
        key: Secret(_xor(bytes.fromhex(pin), bytes.fromhex(pads[key]["pad"])).decode())
        if key in pads
        else Secret(pin)
        for key, pin in kept.items()
    }


def erase_pins(transaction: Transaction, keys: Iterable[str]) -> None:
    """Erase the pads of the entries with these keys, so that nobody can read their PINs."""
    transaction.delete(PIN_PAD.name, keys)


def _xor(text: bytes, pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))
