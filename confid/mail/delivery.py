"""Delivery of pending messages.

A message leaves at least once, and exactly once if nothing fails. Entries are
leased, handed over, and marked, in small transactions; none is open while a
transport works. After a crash in between the lease ends, and the messages
leave again with the same Message-IDs.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from confid.engine.own_function import own_function
from confid.engine.progress import advancing
from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidArgumentError, InvalidOperationError, shown
from confid.mail.departures import departure, is_in_hand, leased_by
from confid.mail.headers import one_line
from confid.mail.masking import masked
from confid.mail.messages import compose, read_wording, redirection
from confid.mail.outbox_queue import (
    Position,
    assign_lanes,
    count,
    positions,
    positions_of,
    state_of,
)
from confid.mail.previews import say_what_would_leave
from confid.mail.report import DeliveryReport, Failure, Retry
from confid.mail.transports import PermanentRefusal, TransportUnavailable
from confid.store.logger import INFO, WARNING, log
from confid.tenant.codec import codec
from confid.tenant.documents import OUTBOX
from confid.tenant.lease import Lease
from confid.tenant.outbox import (
    LANES,
    LONGEST_REASON,
    MESSAGES,
    PIN_IS_LOST,
    MessageState,
    OutboxEntry,
    erase_pins,
    parked,
)
from confid.tenant.web_links import Links, links_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from confid.engine.progress import ProgressOption
    from confid.engine.session import Session
    from confid.errors import Secret
    from confid.mail.departures import Departure
    from confid.mail.headers import Mailbox
    from confid.mail.messages import Wording
    from confid.mail.templates import TemplateSource
    from confid.mail.transports import Transport
    from confid.store.base import Body
    from confid.tenant.unit_of_work import UnitOfWork

BATCH = 50
"""Messages between two marks in the store: after a crash so many can leave twice."""

LONGEST_MESSAGE = timedelta(minutes=5)
"""No message is begun when less is left of the lease: no transport takes longer for one."""

SOON = timedelta(seconds=5)
"""A wait of up to this long ends with the call: a caller who tries again has a reason."""


@own_function("confid.mail.deliver", writes=True, says_itself=True)
def deliver(
    transport: Transport,
    *,
    session: Session | None = None,
    retry: Retry | None = None,
    templates: TemplateSource | None = None,
    languages: Mapping[str, Mapping[str, str]] | None = None,
    redirect_to: str | None = None,
    progress: ProgressOption = None,
) -> DeliveryReport:
    """Hand the pending messages to a transport, each user's in the order of the changes.

    A message that the transport takes is marked as sent. After a temporary
    refusal (a `ConfidError` or an `OSError`) it stays pending with the
    reason, holds back the same user's later messages, and is tried again as
    `retry` says, by this call or a later one. After `retry.attempts`, after a
    `PermanentRefusal`, and without a usable address it is parked with the
    reason. The PIN of a sent or parked message is erased. A transport that
    can't be used (`TransportUnavailable`) ends the call, and counts for no
    message as an attempt.

    A message leaves to the address that is on file then. If its conference ID
    was reset since the change, a later message to the same address supersedes
    it; otherwise it leaves with the ID of today.

    `templates` is a folder of Jinja2 templates, or a mapping of their names
    to their texts; `languages` maps language tags to sentences:
    docs/how-to/send-mails.md. `redirect_to` is an address that gets every
    message instead of its user: the subject names the true address, a PIN is
    masked, and the Message-ID is another one. A redirected message counts as
    sent; `preview` shows messages and leaves them pending. `progress` is True
    for a bar (tqdm), or a function of two numbers: the messages done, and all
    messages.

    Any number of deliveries share the work, in threads, processes and on
    hosts. Raises `InvalidArgumentError` for a wrong argument, and inside
    `session.transaction()`, because the store would wait for the mail;
    `InvalidOperationError` in a rehearsal without `redirect_to`;
    `TemplateError` for a template that can't be used; `StoreError` when the
    store fails, `SealedError` when it is sealed. Any other exception of the
    transport ends the delivery; the messages that left are marked.
    """
    if not callable(transport) or isinstance(transport, type):
        raise InvalidArgumentError(
            "deliver() takes a transport, such as SmtpTransport(host, port), MaildirTransport(path)"
            f" or MemoryTransport(), or a function of one message, not {shown(transport)}.",
            target=transport,
        )
    here = current_session(session)
    if here.in_transaction:
        raise InvalidArgumentError(
            "deliver() can't run inside session.transaction(): a mail can't be rolled back. "
            "Call it after the block.",
            category="InvalidOperation",
        )
    if here.recorder is not None and redirect_to is None:
        raise InvalidOperationError(
            "These are the mails of a rehearsal, and nobody is to get them: the true tenant did "
            "not change. deliver(…, redirect_to=…) sends them all to one address of yours; "
            "preview() shows them.",
            error_id="RehearsalNotDelivered",
        )
    if not isinstance(retry, Retry | None):
        raise InvalidArgumentError(f"retry={shown(retry)}: give a Retry, or None.", target=retry)
    wording = read_wording(templates=templates, languages=languages)
    redirect = None if redirect_to is None else redirection(redirect_to)
    if here.preferences.what_if:
        say_what_would_leave(here)
        return DeliveryReport()
    assign_lanes(here)
    try:
        total = None if progress in (None, False) else count(here)
        with advancing(progress, total=total, what="Mails") as advance:
            return _Delivery(
                here, transport, retry or Retry(), wording, advance, redirect=redirect
            ).run()
    finally:
        rest = getattr(transport, "rest", None)
        if callable(rest):
            rest()


@attrs.frozen
class _Batch:
    """Messages leased by this delivery, and what is the same for all of them."""

    positions: list[Position]
    until: datetime
    tenant_id: UUID
    links: Links


@attrs.frozen
class _Outcome:
    """The result for a message: the entry's new state, the reason, and what it told to whom."""

    entry: OutboxEntry
    state: str
    reason: str | None = None
    retry_in: timedelta | None = None


class _Delivery:
    """One call of `deliver`."""

    def __init__(
        self,
        session: Session,
        transport: Transport,
        retry: Retry,
        wording: Wording,
        advance: Callable[[int], None],
        *,
        redirect: Mailbox | None,
    ) -> None:
        self._session = session
        self._transport = transport
        self._retry = retry
        self._wording = wording
        self._advance = advance
        self._redirect = redirect
        self._name = secrets.token_hex(8)
        self._held: set[str] = set()
        self._held_back: dict[str, str] = {}
        self._due: dict[str, float] = {}
        self._waited: set[str] = set()
        self._sent = self._superseded = 0
        self._failures: dict[str, Failure] = {}
        self._stopped: str | None = None

    def run(self) -> DeliveryReport:
        # Deliveries that start at different lanes seldom meet.
        first = int(self._name, 16) % len(LANES)
        waiting: list[Position] = []
        for found in positions(self._session, first_lane=first, at_least=BATCH):
            waiting = sorted(waiting + found)
            while len(waiting) >= BATCH:
                waiting = self._work(waiting)
        self._work_off(waiting)
        while self._due and self._stopped is None:
            self._work_off(sorted(positions_of(self._session, self._wait())))
        report = DeliveryReport(
            sent=self._sent,
            failed=sum(failure.parked for failure in self._failures.values()),
            pending=sum(not failure.parked for failure in self._failures.values()),
            held_back=len(self._held_back),
            superseded=self._superseded,
            failures=tuple(self._failures.values()),
            stopped=self._stopped,
        )
        log(WARNING if report.stopped else INFO, "Mails: %s", report)
        return report

    def _work_off(self, waiting: list[Position]) -> None:
        while waiting:
            waiting = self._work(waiting)

    def _work(self, waiting: list[Position]) -> list[Position]:
        """Deliver a batch from the head of the queue. Returns the rest of the queue."""
        if self._stopped is not None:
            self._held_back |= {position.key: position.owner for position in waiting}
            return []
        batch = self._lease(waiting[:BATCH])
        outcomes: dict[str, _Outcome] = {}
        try:
            left = self._hand_over(batch, outcomes)
        finally:
            self._settle(batch, outcomes)
        return [*left, *waiting[BATCH:]]

    def _wait(self) -> list[str]:
        """Sleep until the next attempt is due. Returns its users, who are no longer held."""
        first = min(self._due.values())
        time.sleep(max(0.0, first - time.monotonic()))
        now = max(first, time.monotonic())
        owners = [owner for owner, due in self._due.items() if due <= now]
        for owner in owners:
            del self._due[owner]
        self._waited.update(owners)
        self._held.difference_update(owners)
        self._held_back = {k: o for k, o in self._held_back.items() if o in self._held}
        return owners

    def _lease(self, waiting: Sequence[Position]) -> _Batch:
        """Lease the messages that can leave now; the others of their users are held back."""
        held_back = self._held_back

        def work(tenant: UnitOfWork) -> _Batch:
            self._held_back = held_back
            lease = Lease.begun(self._name, tenant.now)
            keys = [position.key for position in waiting]
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            leased: dict[str, Body] = {}
            for position in waiting:
                body = bodies.get(position.key)
                # The user was removed, or another delivery was faster.
                if body is None or state_of(body) != MessageState.PENDING:
                    continue
                in_hand = is_in_hand(body, tenant.now, besides=self._name)
                if in_hand or self._too_early(body, tenant.now):
                    self._held.add(position.owner)
                if position.owner in self._held:
                    self._held_back[position.key] = position.owner
                    continue
                leased[position.key] = {**body, "lease": codec(Lease).body(lease)}
            if leased:
                tenant.transaction.put(OUTBOX.name, leased)
            return _Batch(
                positions=[position for position in waiting if position.key in leased],
                until=lease.until,
                tenant_id=tenant.facts.tenant_id,
                links=links_of(tenant),
            )

        return self._session.call(work, write=True)

    def _too_early(self, body: Body, now: datetime) -> bool:
        retry_at = body.get("retry_at")
        if retry_at is None or body["owner"] in self._waited:
            return False
        return datetime.fromisoformat(retry_at) > now

    def _hand_over(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> list[Position]:
        """Hand the messages over. Returns those for which the lease is too short."""
        for at, position in enumerate(batch.positions):
            if position.owner in self._held or self._stopped is not None:
                self._held_back[position.key] = position.owner
                continue
            if outcomes and self._session.now() >= batch.until - LONGEST_MESSAGE:
                return batch.positions[at:]
            with self._session.unit(write=False) as tenant:
                leaving = departure(tenant, position.key, self._name)
            if leaving is not None:
                outcome = outcomes[position.key] = self._attempt(batch, leaving)
                self._note(outcome)
        return []

    def _note(self, outcome: _Outcome) -> None:
        """Count an outcome; after a failure hold back the user's later messages."""
        entry, state = outcome.entry, outcome.state
        self._failures.pop(entry.key, None)
        if state == MessageState.PENDING:
            self._held.add(entry.owner)
            if outcome.retry_in is not None and outcome.retry_in <= self._retry.patience:
                self._due[entry.owner] = time.monotonic() + outcome.retry_in.total_seconds()
        else:
            self._advance(1)
        if state == MessageState.SENT:
            self._sent += 1
        elif state == MessageState.SUPERSEDED:
            self._superseded += 1
        else:
            log(WARNING, "The mail %s is %s: %s", entry.key, state, outcome.reason)
            self._failures[entry.key] = Failure(
                to=entry.to,
                events=entry.events,
                reason=outcome.reason or "",
                parked=state == MessageState.FAILED,
            )

    def _attempt(self, batch: _Batch, leaving: Departure) -> _Outcome:
        entry, pin = leaving.entry, leaving.pin
        if entry.state != MessageState.PENDING:
            return _Outcome(entry, entry.state, entry.reason)
        try:
            message = compose(
                entry,
                pin=pin,
                tenant_id=batch.tenant_id,
                domain=leaving.domain,
                links=batch.links,
                wording=self._wording,
                redirect=self._redirect,
            )
        except InvalidArgumentError as error:
            return _parked(entry, _reason(error, pin))
        pauses = self._retry.pauses()
        while True:
            try:
                self._transport(message)
            except PermanentRefusal as error:
                return _parked(entry, _reason(error, pin))
            except TransportUnavailable as error:
                pause = next(pauses, None) if error.temporary else None
                if pause is None:
                    self._stopped = _reason(error, pin)
                    return _Outcome(entry, MessageState.PENDING, self._stopped)
                time.sleep(pause.total_seconds())
            except (ConfidError, OSError) as error:
                return self._refused(entry, _reason(error, pin))
            else:
                return _Outcome(entry, MessageState.SENT, self._redirected(pin))

    def _redirected(self, pin: Secret | None) -> str | None:
        """What a sent message says of its redirection."""
        if self._redirect is None:
            return None
        masked = f", the PIN masked. {PIN_IS_LOST}" if pin is not None else "."
        return f"Redirected to {self._redirect.address}{masked}"

    def _refused(self, entry: OutboxEntry, reason: str) -> _Outcome:
        """The outcome of a temporary refusal: another attempt, or parked after the last."""
        attempts = entry.attempts + 1
        if attempts >= self._retry.attempts:
            return _parked(entry, f"Given up after {attempts} attempts: {reason}")
        return _Outcome(entry, MessageState.PENDING, reason, self._retry.after(attempts))

    def _settle(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> None:
        """Write the outcomes of a batch, and end its leases."""
        keys = [position.key for position in batch.positions]
        if not keys:
            return

        def work(tenant: UnitOfWork) -> None:
            # A user who was removed took the entries along; they are not written again.
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            settled = []
            for key, body in bodies.items():
                outcome = outcomes.get(key)
                entry = MESSAGES.read(body)
                if outcome is not None and outcome.state == MessageState.SENT:
                    # A message that was sent was sent, whatever happened to it meanwhile.
                    settled.append(_after(entry, outcome, tenant.now))
                elif entry.state == MessageState.PENDING and leased_by(self._name, body):
                    settled.append(_after(entry, outcome, tenant.now))
            if settled:
                tenant.outbox.put(settled)
                erase_pins(
                    tenant.transaction, [e.key for e in settled if e.state != MessageState.PENDING]
                )

        self._session.call(work, write=True)


def _parked(entry: OutboxEntry, reason: str) -> _Outcome:
    return _Outcome(entry, MessageState.FAILED, parked(entry, reason).reason)


def _after(entry: OutboxEntry, outcome: _Outcome | None, now: datetime) -> OutboxEntry:
    """The entry after an attempt, without a lease; it keeps its PIN only while it is pending."""
    if outcome is None:
        return entry
    told, wait = outcome.entry, outcome.retry_in
    pin = entry.facts.pin if outcome.state == MessageState.PENDING else None
    return attrs.evolve(
        entry,
        state=outcome.state,
        to=told.to,
        reason=outcome.reason,
        attempts=entry.attempts + (wait is not None),
        retry_at=_later(now, wait) if wait is not None and wait > SOON else None,
        facts=attrs.evolve(entry.facts, conference_id=told.facts.conference_id, pin=pin),
    )


def _later(now: datetime, wait: timedelta) -> datetime:
    return now + min(wait, datetime.max.replace(tzinfo=now.tzinfo) - now)


def _reason(error: Exception, pin: Secret | None) -> str:
    """An error in one line, without control characters and PINs."""
    text = str(error) if pin is None else masked(str(error), pin)
    return (one_line(text) or type(error).__name__)[:LONGEST_REASON]
