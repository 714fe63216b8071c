"""Handing over what is pending.

A message leaves at least once, and exactly once while nothing fails. The
store is asked in small transactions and none is open while a transport works:
entries are leased, handed over, and marked. After a crash in between, the
lease ends and the messages leave again, with the Message-IDs they had.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from confid.engine.progress import advancing
from confid.engine.session import current_session
from confid.errors import ConfidError, InvalidArgumentError
from confid.mail.headers import one_line
from confid.mail.messages import compose
from confid.mail.outbox_queue import Place, count, entry_of, line_up, places, places_of, state_of
from confid.mail.report import DeliveryReport, Failure, Retry
from confid.mail.transports import PermanentRefusal, TransportUnavailable
from confid.mail.web_links import Links, links_of
from confid.mail.wording import worded
from confid.tenant.documents import OUTBOX, converter
from confid.tenant.lease import Lease
from confid.tenant.notices import LANES
from confid.tenant.outbox import erase, unsealed
from confid.tenant.records import FAILED, MASKED_PIN, PENDING, SENT, OutboxEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from confid.engine.progress import ProgressOption
    from confid.engine.session import Session
    from confid.mail.templates import TemplateSource
    from confid.mail.transports import Transport
    from confid.mail.wording import Wording
    from confid.store.base import Body
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork

BATCH = 50
"""Messages between two marks in the store: as many may leave twice after a crash."""

LONGEST_MESSAGE = timedelta(minutes=5)
"""A message isn't begun when less is left of the lease: longer than any transport takes for one."""

SOON = timedelta(minutes=1)
"""A wait shorter than this ends with the call: whoever calls again at once has put it right."""

LONGEST_REASON = 500


def deliver(
    transport: Transport,
    *,
    session: Session | None = None,
    retry: Retry | None = None,
    templates: TemplateSource | None = None,
    languages: Mapping[str, Mapping[str, str]] | None = None,
    progress: ProgressOption = None,
) -> DeliveryReport:
    """Hand the pending messages over to a transport: each user's in the order of the changes.

    A message that the transport took is marked as sent and its PIN erased.
    One that it can't take now (a `ConfidError` or an `OSError`) stays pending
    with the reason, and holds back that user's later ones, nobody else's; it
    is tried again as `retry` says, by this call or a later one, and parked
    when there were attempts enough. One that it will never take
    (`PermanentRefusal`), or whose address is none, is parked with the reason.
    A parked one's PIN is erased too. A transport that can't be used at all
    (`TransportUnavailable`) ends the call; nothing is held against the
    messages. Source: behaviour, mail.

    `templates` is a folder of Jinja2 templates, or a mapping of their names
    to their texts, and `languages` a mapping of language tags to sentences:
    docs/how-to/send-mails.md. `progress` is True for a bar (tqdm), or a
    function of how many messages are done with, and of all.

    Any number of deliveries at once share the work, in threads, processes and
    on hosts. Raises `InvalidArgumentError` for something that is no transport
    or no languages and inside `session.transaction()`, which would keep the
    store waiting for the mail; `TemplateError` for a template that can't be
    used; `StoreError` when the store fails,
    `SealedError` when it is sealed. Any other exception of the
    transport ends the delivery; what had left by then is marked.
    """
    if not callable(transport) or isinstance(transport, type):
        raise InvalidArgumentError(
            "deliver() takes a transport, such as SmtpTransport(host, port), MaildirTransport(path)"
            f" or MemoryTransport(), or a function of one message; {transport!r:.80} is neither.",
            target=transport,
        )
    here = current_session(session)
    if here.in_transaction:
        raise InvalidArgumentError(
            "deliver() can't run inside session.transaction(): what has left can't be rolled back. "
            "Call it when the block has ended.",
            category="InvalidOperation",
        )
    wording = worded(templates=templates, languages=languages)
    line_up(here)
    try:
        total = None if progress in (None, False) else count(here)
        with advancing(progress, total=total, what="Mails") as advance:
            return _Delivery(here, transport, retry or Retry(), wording, advance).run()
    finally:
        rest = getattr(transport, "rest", None)
        if callable(rest):
            rest()


@attrs.frozen
class _Batch:
    """Entries leased by this delivery, and what it takes to make messages of them."""

    places: dict[str, Place]
    entries: list[OutboxEntry]
    until: datetime
    tenant_id: UUID
    domains: dict[str, str]
    links: Links


@attrs.frozen
class _Outcome:
    """What became of one entry: its state from now on, and why."""

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
    ) -> None:
        self._session = session
        self._transport = transport
        self._retry = retry
        self._wording = wording
        self._advance = advance
        self._name = secrets.token_hex(8)
        self._held: set[str] = set()
        self._held_back: dict[str, str] = {}
        self._due: dict[str, float] = {}
        self._waited: set[str] = set()
        self._sent = 0
        self._failures: dict[str, Failure] = {}
        self._stopped: str | None = None

    def run(self) -> DeliveryReport:
        # Deliveries that start at different lanes seldom meet.
        first = int(self._name, 16) % len(LANES)
        waiting: list[Place] = []
        for found in places(self._session, first_lane=first, at_least=BATCH):
            waiting = sorted(waiting + found)
            while len(waiting) >= BATCH:
                waiting = self._work(waiting)
        self._work_off(waiting)
        while self._due and self._stopped is None:
            self._work_off(sorted(places_of(self._session, self._wait())))
        return DeliveryReport(
            sent=self._sent,
            failed=len(self._failures),
            held_back=len(self._held_back),
            failures=tuple(self._failures.values()),
            stopped=self._stopped,
        )

    def _work_off(self, waiting: list[Place]) -> None:
        while waiting:
            waiting = self._work(waiting)

    def _work(self, waiting: list[Place]) -> list[Place]:
        """Deliver a batch from the head of the queue; what is still waiting then."""
        if self._stopped is not None:
            self._held_back |= {place.key: place.owner for place in waiting}
            return []
        batch = self._lease(waiting[:BATCH])
        outcomes: dict[str, _Outcome] = {}
        try:
            left = self._hand_over(batch, outcomes)
        finally:
            self._settle(batch, outcomes)
        return [*left, *waiting[BATCH:]]

    def _wait(self) -> list[str]:
        """Sleep until a user's next attempt is due; whose are, and nothing of theirs is held."""
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

    def _lease(self, waiting: Sequence[Place]) -> _Batch:
        """Lease what can leave: still pending, in nobody else's hands, nothing before it held."""
        held_back = self._held_back

        def work(tenant: UnitOfWork) -> _Batch:
            self._held_back = held_back
            lease = Lease.begun(self._name, tenant.now)
            keys = [place.key for place in waiting]
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            leased: dict[str, Body] = {}
            for place in waiting:
                body = bodies.get(place.key)
                # Gone with its user, or another delivery was faster.
                if body is None or state_of(body) != PENDING:
                    continue
                if self._leased_elsewhere(body, tenant.now) or self._too_early(body, tenant.now):
                    self._held.add(place.owner)
                if place.owner in self._held:
                    self._held_back[place.key] = place.owner
                    continue
                leased[place.key] = {**body, "lease": converter().unstructure(lease)}
            if leased:
                tenant.transaction.put(OUTBOX.name, leased)
            entries = unsealed(tenant.transaction, [entry_of(body) for body in leased.values()])
            return _Batch(
                places={place.key: place for place in waiting},
                entries=entries,
                until=lease.until,
                tenant_id=tenant.facts.tenant_id,
                domains=_domains(tenant, entries),
                links=links_of(tenant),
            )

        return self._session.call(work, write=True)

    def _leased_elsewhere(self, body: Body, now: datetime) -> bool:
        lease = body.get("lease")
        return bool(lease) and converter().structure(lease, Lease).keeps_out(self._name, now)

    def _too_early(self, body: Body, now: datetime) -> bool:
        retry_at = body.get("retry_at")
        if retry_at is None or body["owner"] in self._waited:
            return False
        return datetime.fromisoformat(retry_at) > now

    def _hand_over(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> list[Place]:
        """Hand over entry by entry; what is left when the lease is about to run out."""
        for at, entry in enumerate(batch.entries):
            if entry.owner in self._held or self._stopped is not None:
                self._held_back[entry.key] = entry.owner
                continue
            if outcomes and self._session.now() >= batch.until - LONGEST_MESSAGE:
                return [batch.places[entry.key] for entry in batch.entries[at:]]
            outcome = outcomes[entry.key] = self._attempt(batch, entry)
            self._note(entry, outcome)
        return []

    def _note(self, entry: OutboxEntry, outcome: _Outcome) -> None:
        """Count what became of an entry, and hold back what waits behind it."""
        self._failures.pop(entry.key, None)
        if outcome.state != PENDING:
            self._advance(1)
        if outcome.state == SENT:
            self._sent += 1
            return
        if outcome.state == PENDING:
            self._held.add(entry.owner)
            if outcome.retry_in is not None and outcome.retry_in <= self._retry.patience:
                self._due[entry.owner] = time.monotonic() + outcome.retry_in.total_seconds()
        self._failures[entry.key] = Failure(
            to=entry.to,
            events=entry.events,
            reason=outcome.reason or "",
            parked=outcome.state == FAILED,
        )

    def _attempt(self, batch: _Batch, entry: OutboxEntry) -> _Outcome:
        try:
            message = compose(
                entry,
                tenant_id=batch.tenant_id,
                domain=batch.domains.get(entry.owner),
                links=batch.links,
                wording=self._wording,
            )
        except InvalidArgumentError as error:
            return _Outcome(FAILED, _reason(error, entry))
        pauses = self._retry.pauses()
        while True:
            try:
                self._transport(message)
            except PermanentRefusal as error:
                return _Outcome(FAILED, _reason(error, entry))
            except TransportUnavailable as error:
                pause = next(pauses, None) if error.temporary else None
                if pause is None:
                    self._stopped = _reason(error, entry)
                    return _Outcome(PENDING, self._stopped)
                time.sleep(pause.total_seconds())
            except (ConfidError, OSError) as error:
                return self._refused(entry, _reason(error, entry))
            else:
                return _Outcome(SENT)

    def _refused(self, entry: OutboxEntry, reason: str) -> _Outcome:
        """A temporary refusal: to be tried again, or parked where that was done often enough."""
        attempts = entry.attempts + 1
        if attempts >= self._retry.attempts:
            given_up = f"Given up after {attempts} attempts: {reason}"
            return _Outcome(FAILED, given_up[:LONGEST_REASON])
        return _Outcome(PENDING, reason, self._retry.after(attempts))

    def _settle(self, batch: _Batch, outcomes: dict[str, _Outcome]) -> None:
        """Write down what became of a batch, and end its leases."""
        keys = [entry.key for entry in batch.entries]
        if not keys:
            return

        def work(tenant: UnitOfWork) -> None:
            # Who was removed meanwhile is gone, with the entry: nothing writes it again.
            bodies = tenant.transaction.get(OUTBOX.name, keys, lock=True)
            settled = []
            for key, body in bodies.items():
                outcome = outcomes.get(key)
                entry = entry_of(body)
                ours = body.get("lease", {}).get("by") == self._name
                # What has left has left, even if it took so long that another one has the lease.
                if entry.state == PENDING and (ours or (outcome and outcome.state == SENT)):
                    settled.append(_after(entry, outcome, tenant.now))
            if settled:
                tenant.put_outbox(settled)
                erase(tenant.transaction, [e.key for e in settled if e.state != PENDING])

        self._session.call(work, write=True)


def _after(entry: OutboxEntry, outcome: _Outcome | None, now: datetime) -> OutboxEntry:
    """An entry as it is kept afterwards, without a lease; the PIN stays in a pending one only."""
    if outcome is None:
        return entry
    pin = entry.facts.pin if outcome.state == PENDING else None
    wait = outcome.retry_in
    return attrs.evolve(
        entry,
        state=outcome.state,
        reason=outcome.reason,
        attempts=entry.attempts + (wait is not None),
        retry_at=now + wait if wait is not None and wait >= SOON else None,
        facts=attrs.evolve(entry.facts, pin=pin),
    )


def _domains(tenant: UnitOfWork, entries: Sequence[OutboxEntry]) -> dict[str, str]:
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
