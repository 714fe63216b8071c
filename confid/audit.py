"""`confid.check()`: an audit of the tenant, ledger against users against outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid import directory
from confid.conference_id import ConferenceId
from confid.meetings import from_document as meeting_of
from confid.records import (
    CONFERENCING,
    FAILED,
    MEETING,
    OUTBOX,
    PENDING,
    SENT,
    USER,
    Conferencing,
    DirectoryUser,
    OutboxEntry,
    converter,
)
from confid.session import current_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.session import Session
    from confid.store.base import LedgerEntry
    from confid.tenant import Tenant

MOST_PROBLEMS = 1000
"""A report stops here: a tenant that wrong needs another tool."""


@attrs.frozen(kw_only=True)
class Report:
    """What an audit found. `problems` is empty for a sound tenant."""

    problems: tuple[str, ...]
    users: int
    enabled: int
    issued: int
    living: int

    def __str__(self) -> str:
        found = "\n".join(f"  - {problem}" for problem in self.problems) or "  none"
        return (
            f"{self.users} users, {self.enabled} enabled; {self.issued} conference IDs issued, "
            f"{self.living} of them living.\nProblems:\n{found}"
        )


def check(session: Session | None = None) -> Report:
    """Audit the tenant: what the ledger, the users, the meetings and the outbox say of each other.

    Reads everything in one transaction and changes nothing.
    """
    with current_session(session).unit(write=False) as tenant:
        return _Audit(tenant).report()


class _Audit:
    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.users: dict[str, DirectoryUser] = {}
        self.enabled: set[str] = set()
        self.revisions: dict[str, int] = {}
        self.owners: dict[int, str] = {}
        self.living: dict[str, int] = {}
        self.issued = 0

    def report(self) -> Report:
        problems: list[str] = []
        for part in (self._users, self._conferencing, self._ledger, self._ids, self._meetings):
            problems.extend(part())
        problems.extend(self._outbox())
        return Report(
            problems=tuple(problems[:MOST_PROBLEMS]),
            users=len(self.users),
            enabled=len(self.enabled),
            issued=self.issued,
            living=len(self.living),
        )

    def _name(self, owner: str) -> str:
        user = self.users.get(owner)
        return user.user_principal_name if user else "a removed user"

    def _users(self) -> Iterator[str]:
        for owner, body in self.tenant.transaction.scan(USER.name):
            user = directory.from_document(body)
            self.users[owner] = user
            if user.owner != owner:
                yield f"{user.user_principal_name}: the document stands under another key."
            if body["index"] != directory.index_of(user):
                yield f"{user.user_principal_name}: the index differs from the document."
        for field in USER.fields:
            values = {
                value
                for user in self.users.values()
                if (value := directory.index_of(user)[field]) is not None
            }
            found = self.tenant.transaction.find(USER.name, field, values)
            missing = len(
                [u for u in self.users.values() if directory.index_of(u)[field] is not None]
            ) - len(found)
            if missing:
                yield f"The index {field} does not find {missing} of the users."

    def _conferencing(self) -> Iterator[str]:
        numbers = self.tenant.numbers
        for owner, body in self.tenant.transaction.scan(CONFERENCING.name):
            settings = converter().structure(body, Conferencing)
            self.revisions[owner] = settings.revision
            if owner not in self.users:
                yield f"Dial-in settings of nobody: {owner}."
            if settings.enabled:
                self.enabled.add(owner)
            if settings.bridge_id not in self.tenant.bridges:
                yield f"{self._name(owner)}: the bridge {settings.bridge_id} is not there."
            for digits in (settings.service_number, settings.toll_free_service_number):
                number = numbers.get(digits) if digits else None
                if digits and (number is None or number.bridge_id != settings.bridge_id):
                    yield f"{self._name(owner)}: the number +{digits} is not on their bridge."

    def _ledger(self) -> Iterator[str]:
        serials: dict[str, set[int]] = {}
        previous = 0
        for line in self.tenant.transaction.entries():
            self.issued += 1
            self.owners[line.conference_id] = line.owner
            yield from _line_problems(line, previous)
            previous = line.conference_id
            seen = serials.setdefault(line.owner, set())
            if line.serial in seen:
                yield f"{self._name(line.owner)}: two entries have the serial {line.serial}."
            seen.add(line.serial)
            if line.retired_at is None:
                if line.owner in self.living:
                    yield f"{self._name(line.owner)}: two living conference IDs."
                self.living[line.owner] = line.conference_id
        if self.tenant.transaction.count() != self.issued:
            yield "The ledger's count differs from its entries."

    def _ids(self) -> Iterator[str]:
        for owner in self.enabled - self.living.keys():
            yield f"{self._name(owner)}: enabled, without a living conference ID."
        for owner in self.living.keys() - self.enabled:
            yield f"{self._name(owner)}: a living conference ID, and not enabled."

    def _meetings(self) -> Iterator[str]:
        for key, body in self.tenant.transaction.scan(MEETING.name):
            meeting = meeting_of(body)
            if meeting.owner not in self.users:
                yield f"The meeting {key} has an organizer who is not there."
            shown = meeting.conference_id
            if shown is not None and self.owners.get(shown) != meeting.owner:
                yield f"The meeting {key} shows an ID that never was its organizer's."

    def _outbox(self) -> Iterator[str]:
        for key, body in self.tenant.transaction.scan(OUTBOX.name):
            entry = converter().structure(body, OutboxEntry)
            said = entry.facts.conference_id
            if entry.state not in (PENDING, SENT, FAILED) or body["index"]["state"] != entry.state:
                yield f"The message {key} has no proper state."
            if entry.state != PENDING and entry.facts.pin is not None:
                yield f"The message {key} is {entry.state} and still holds a PIN."
            if said is not None and self.owners.get(said) != entry.owner:
                yield f"The message {key} tells an ID that never was its user's."
            if entry.serial > self.revisions.get(entry.owner, 0):
                yield f"The message {key} tells of a change that was not made."


def _line_problems(line: LedgerEntry, previous: int) -> Iterator[str]:
    try:
        ConferenceId(line.conference_id)
    except ValueError:
        yield f"{line.conference_id} in the ledger is no conference ID."
    if line.conference_id <= previous:
        yield f"{line.conference_id} stands twice in the ledger."
    if line.serial < 1:
        yield f"{line.conference_id} has the serial {line.serial}."
