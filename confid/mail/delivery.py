"""The outbox: what is in it, and handing over what is pending.

A message leaves at least once, and exactly once while nothing fails. The
store is asked in small transactions and none is open while a transport works:
entries are leased, handed over, and marked. After a crash in between, the
lease ends and the messages leave again, with the Message-IDs they had.
"""

from __future__ import annotations

import secrets
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import ConfidError, InvalidArgumentError
from confid.mail.headers import one_line
from confid.mail.messages import compose
from confid.mail.transports import PermanentRefusal
from confid.records import FAILED, MASKED_PIN, OUTBOX, PENDING, SENT, OutboxEntry, converter
from confid.results import Results
from confid.session import current_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from confid.mail.transports import Transport
    from confid.records import DirectoryUser, Event
    from confid.session import Session
    from confid.store.base import Body
    from confid.tenant import Tenant

STATES = (PENDING, SENT, FAILED)

BATCH = 50
"""Messages between two marks in the store: as many may leave twice after a crash."""

LEASE = timedelta(minutes=10)
"""How long a delivery has its batch to itself. Longer than any transport takes for a message."""

LONGEST_REASON = 500


@attrs.frozen(kw_only=True)
class Failure:
    """A message that did not leave, and why. `parked`: it will not be tried again."""

    to: str | None
    events: tuple[Event, ...]
    reason: str
    parked: bool


@attrs.frozen(kw_only=True)
class Report:
    """What a delivery did.

    `sent` counts the messages that the transport took, `failed` those that it
    or their own address refused (each is in `failures`), `held_back` those
    that wait behind a failed one of the same user, or behind another delivery
    that has the user's messages in hand.
    """

    sent: int = 0
    failed: int = 0
    held_back: int = 0
    failures: tuple[Failure, ...] = ()

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.failed} failed, {self.held_back} held back"


def outbox(*, state: str | None = PENDING, session: Session | None = None) -> Results[OutboxEntry]:
    """The notifications in a state: `"pending"`, `"sent"` or `"failed"` (parked); None: all.

    The oldest first, those of one moment by user and in the order of the
    user's changes. A PIN that is still to be sent reads `***********`.
    Raises `InvalidArgumentError` for another state.
    """
    states = STATES if state is None else (_state(state),)
    with current_session(session).unit(write=False) as tenant:
        bodies = tenant.transaction.find(OUTBOX.name, "state", states)
    entries = [_masked(_entry(body)) for body in bodies.values()]
    return Results(sorted(entries, key=lambda e: (e.created_at, e.owner, e.serial)))


def deliver(transport: Transport, *, session: Session | None = None) -> Report:
    """Hand the pending messages over to a transport: each user's in the order of the changes.

    A message that the transport took is marked as sent and its PIN erased.
    One that it can't take now (a `ConfidError` or an `OSError`) stays pending
    with the reason, and holds back that user's later ones, nobody else's; one
    that it will never take (`PermanentRefusal`), or whose address is none, is
    parked with the reason, and its PIN erased too. Source: behaviour, mail.

    Two deliveries at once share the work. Raises `InvalidArgumentError` for
    something that is no transport and inside `session.transaction()`, which
    would keep the store waiting for the mail; `StoreError` when the store
    fails, `SealedError` when it is sealed. Any other exception of the
    transport ends the delivery; what had left by then is marked.
    """
    if not callable(transport) or isinstance(transport, type):
        raise InvalidArgumentError(
            "deliver() takes a transport, such as MaildirTransport(path) or MemoryTransport(), or "
            f"a function of one message; {transport!r:.80} is neither.",
            target=transport,
        )
    here = current_session(session)
    if here.in_transaction:
        raise InvalidArgumentError(
            "deliver() can't run inside session.transaction(): what has left can't be rolled back. "
            "Call it when the block has ended.",
            category="InvalidOperation",
        )
    return _Delivery(here, transport).run()


@attrs.frozen
class _Place:
    """A pending entry's place in the queue."""

    key: str
    owner: str


@attrs.frozen
class _Batch:
    """Entries leased by this delivery, and what it takes to make messages of them."""

    entries: list[OutboxEntry]
    until: datetime
    tenant_id: UUID
    domains: dict[str, str]


@attrs.frozen
class _Outcome:
    """What became of one entry: its state from now on, and why."""

    state: str
    reason: str | None = None


class _Delivery:
    """One call of `deliver`."""

    def __init__(self, session: Session, transport: Transport) -> None:
        self._session = session
        self._transport = transport
        self._name = secrets.token_hex(8)
        self._held: set[str] = set()
        self._sent = 0
        self._held_back = 0
        self._failures: list[Failure] = []

    def run(self) -> Report:
        waiting = deque(_queue(self._session))
        while waiting:
            places = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
            batch = self._lease(places)
            outcomes: dict[str, _Outcome] = {}
            try:
                left = self._hand_over(batch, outcomes)
            finally:
                self._settle(batch, outcomes)
            waiting.extendleft(_Place(entry.key, entry.owner) for entry in reversed(left))
        return Report(
            sent=self._sent,
            failed=len(self._failures),
            held_back=self._held_back,
            failures=tuple(self._failures),
        )

    def _lease(self, places: Sequence[_Place]) -> _Batch:
        """Lease what can leave: still pending, in nobody else's hands, nothing before it held."""
        with self._session.unit(write=True) as tenant:
            until = tenant.now + LEASE
            lease = {"by": self._name, "until": until.isoformat()}
            keys = [place.key for place in places]
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            leased: dict[str, Body] = {}
            for place in places:
                body = bodies.get(place.key)
                # Gone with its user, or another delivery was faster.
                if body is None or body["index"]["state"] != PENDING:
                    continue
                if self._leased_elsewhere(body, tenant.now):
                    self._held.add(place.owner)
                if place.owner in self._held:
                    self._held_back += 1
                    continue
                leased[place.key] = {**body, "lease": lease}
            if leased:
                tenant.transaction.put(OUTBOX.name, leased)
            entries = [_entry(body) for body in leased.values()]
            return _Batch(entries, until, tenant.facts.tenant_id, _domains(tenant, entries))

    def _leased_elsewhere(self, body: Body, now: datetime) -> bool:
        lease: dict[str, Any] | None = body.get("lease")
        if lease is None or lease["by"] == self._name:
            return False
        return datetime.fromisoformat(lease["until"]) > now

    def _hand_over(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> list[OutboxEntry]:
        """Hand over entry by entry; what is left when the lease ran out first."""
        for count, entry in enumerate(batch.entries):
            if entry.owner in self._held:
                self._held_back += 1
                continue
            if outcomes and self._session.now() >= batch.until:
                return batch.entries[count:]
            outcome = outcomes[entry.key] = self._attempt(batch, entry)
            if outcome.state == SENT:
                self._sent += 1
                continue
            if outcome.state == PENDING:
                self._held.add(entry.owner)
            self._failures.append(
                Failure(
                    to=entry.to,
                    events=entry.events,
                    reason=outcome.reason or "",
                    parked=outcome.state == FAILED,
                )
            )
        return []

    def _attempt(self, batch: _Batch, entry: OutboxEntry) -> _Outcome:
        try:
            message = compose(
                entry, tenant_id=batch.tenant_id, domain=batch.domains.get(entry.owner)
            )
        except InvalidArgumentError as error:
            return _Outcome(FAILED, _reason(error, entry))
        try:
            self._transport(message)
        except PermanentRefusal as error:
            return _Outcome(FAILED, _reason(error, entry))
        except (ConfidError, OSError) as error:
            return _Outcome(PENDING, _reason(error, entry))
        return _Outcome(SENT)

    def _settle(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> None:
        """Write down what became of a batch, and end its leases."""
        keys = [entry.key for entry in batch.entries]
        if not keys:
            return
        with self._session.unit(write=True) as tenant:
            # Who was removed meanwhile is gone, with the entry: nothing writes it again.
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            settled = []
            for key, body in bodies.items():
                outcome = outcomes.get(key)
                entry = _entry(body)
                ours = body.get("lease", {}).get("by") == self._name
                # What has left has left, even if it took so long that another one has the lease.
                if entry.state == PENDING and (ours or (outcome and outcome.state == SENT)):
                    settled.append(_after(entry, outcome))
            if settled:
                tenant.put_outbox(settled)


def _after(entry: OutboxEntry, outcome: _Outcome | None) -> OutboxEntry:
    """An entry as it is kept afterwards, without a lease; the PIN stays in a pending one only."""
    if outcome is None:
        return entry
    pin = entry.facts.pin if outcome.state == PENDING else None
    return attrs.evolve(
        entry,
        state=outcome.state,
        reason=outcome.reason,
        facts=attrs.evolve(entry.facts, pin=pin),
    )


def _queue(session: Session) -> list[_Place]:
    """What is pending: user by user, the one who waits longest first, each in serial order."""
    with session.unit(write=False) as tenant:
        tenant.demand_open()
        bodies = tenant.transaction.find(OUTBOX.name, "state", [PENDING])
    # Of the documents no more is kept than their order: there can be 100,000. Dates are all in
    # UTC, so their texts sort as they do.
    rows = [(b["owner"], b["serial"], key, b["created_at"]) for key, b in bodies.items()]
    del bodies
    since: dict[str, str] = {}
    for owner, _, _, created_at in rows:
        since[owner] = min(created_at, since.get(owner, created_at))
    rows.sort(key=lambda row: (since[row[0]], row[0], row[1]))
    return [_Place(key, owner) for owner, _, key, _ in rows]


def _domains(tenant: Tenant, entries: Sequence[OutboxEntry]) -> dict[str, str]:
    """The domain of each owner's own address, for entries that name no sender."""
    owners = {entry.owner for entry in entries if not entry.sender.address}
    users = tenant.users(sorted(owners)) if owners else {}
    return {owner: domain for owner, user in users.items() for domain in _domain(user)}


def _domain(user: DirectoryUser) -> Iterator[str]:
    domain = (user.mail or user.user_principal_name).strip().rpartition("@")[2]
    if domain:
        yield domain


def _reason(error: Exception, entry: OutboxEntry) -> str:
    """An error in one line that can be kept and shown: no control characters, and no PIN."""
    text = one_line(str(error)) or type(error).__name__
    if entry.facts.pin:
        text = text.replace(entry.facts.pin, MASKED_PIN)
    return text[:LONGEST_REASON]


def _entry(body: Body) -> OutboxEntry:
    return converter().structure(body, OutboxEntry)


def _masked(entry: OutboxEntry) -> OutboxEntry:
    if entry.facts.pin is None:
        return entry
    return attrs.evolve(entry, facts=attrs.evolve(entry.facts, pin=MASKED_PIN))


def _state(state: object) -> str:
    for known in STATES:
        if isinstance(state, str) and state.strip().lower() == known:
            return known
    raise InvalidArgumentError(
        f"state={state!r:.80}: there are 'pending', 'sent' and 'failed', and None for all of them.",
        target=state,
    )
