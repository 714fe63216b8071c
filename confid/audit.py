"""`confid.check()`: an audit of the tenant, ledger against users against outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from confid import directory
from confid.conference_id import ConferenceId
from confid.meetings import from_document as meeting_of
from confid.notices import outbox_index
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
    from collections.abc import Callable, Iterator

    from confid.session import Session
    from confid.store.base import Body, Kind, LedgerEntry
    from confid.tenant import Tenant

Document = TypeVar("Document")

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
        # Not what the session read last: an audit believes nothing.
        self.setup = tenant.read_setup()
        self.users: dict[str, DirectoryUser] = {}
        self.enabled: set[str] = set()
        self.revisions: dict[str, int] = {}
        self.owners: dict[int, str] = {}
        self.living: dict[str, int] = {}
        self.issued = 0
        self.unreadable: list[str] = []

    def report(self) -> Report:
        problems: list[str] = []
        for part in (
            self._users,
            self._bridges,
            self._conferencing,
            self._ledger,
            self._ids,
            self._meetings,
            self._outbox,
        ):
            problems.extend(part())
        problems.extend(self.unreadable)
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

    def _documents(
        self, kind: Kind, read: Callable[[Body], Document]
    ) -> Iterator[tuple[str, Body, Document]]:
        """The documents of a kind that can be read; the others are noted."""
        for key, body in self.tenant.transaction.scan(kind.name):
            try:
                document = read(body)
                sound = not kind.fields or isinstance(body["index"], dict)
            except (AttributeError, LookupError, TypeError, ValueError):
                sound = False
            if sound:
                yield key, body, document
            else:
                self.unreadable.append(f"The {kind.name} document {key} can't be read.")

    def _users(self) -> Iterator[str]:
        for owner, body, user in self._documents(USER, directory.from_document):
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

    def _bridges(self) -> Iterator[str]:
        bridges = self.setup.bridges
        default = [bridge.name for bridge in bridges.values() if bridge.is_default]
        if len(default) != 1:
            yield f"There is one default bridge in a tenant, and here are {len(default)}."
        for bridge in bridges.values():
            numbers = [number.number for number in self.setup.numbers_of(bridge)]
            if bridge.default_number is not None and bridge.default_number not in numbers:
                yield f"{bridge.name}: the default number +{bridge.default_number} is not on it."
        for number in self.setup.numbers.values():
            if number.bridge_id is not None and number.bridge_id not in bridges:
                yield f"+{number.number}: the bridge {number.bridge_id} is not there."

    def _conferencing(self) -> Iterator[str]:
        numbers = self.setup.numbers
        for owner, _, settings in self._documents(CONFERENCING, _conferencing_of):
            self.revisions[owner] = settings.revision
            if owner not in self.users:
                yield f"Dial-in settings of nobody: {owner}."
            if settings.enabled:
                self.enabled.add(owner)
            if settings.bridge_id not in self.setup.bridges:
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
        for owner, seen in serials.items():
            if len(seen) != max(seen):
                yield f"{self._name(owner)}: the ledger has lost some of their entries."
        if self.tenant.transaction.count() != self.issued:
            yield "The ledger's count differs from its entries."

    def _ids(self) -> Iterator[str]:
        for owner in sorted(self.enabled - self.living.keys()):
            yield f"{self._name(owner)}: enabled, without a living conference ID."
        for owner in sorted(self.living.keys() - self.enabled):
            yield f"{self._name(owner)}: a living conference ID, and not enabled."

    def _meetings(self) -> Iterator[str]:
        for key, body, meeting in self._documents(MEETING, meeting_of):
            if meeting.owner not in self.users:
                yield f"The meeting {key} has an organizer who is not there."
            shown = meeting.conference_id
            index = {
                "owner": meeting.owner,
                "conference_id": None if shown is None else str(shown),
            }
            if body["index"] != index:
                yield f"The meeting {key}: the index differs from the document."
            if shown is not None and self.owners.get(shown) != meeting.owner:
                yield f"The meeting {key} shows an ID that never was its organizer's."

    def _outbox(self) -> Iterator[str]:
        for key, body, entry in self._documents(OUTBOX, _entry_of):
            said = entry.facts.conference_id
            if entry.owner not in self.users:
                yield f"The message {key} is to a user who is not there."
            if body["index"] != outbox_index(entry):
                yield f"The message {key}: the index differs from the document."
            if entry.state not in (PENDING, SENT, FAILED):
                yield f"The message {key} has no proper state."
            if entry.state != PENDING and entry.facts.pin is not None:
                yield f"The message {key} is {entry.state} and still holds a PIN."
            if said is not None and self.owners.get(said) != entry.owner:
                yield f"The message {key} tells an ID that never was its user's."
            if entry.serial > self.revisions.get(entry.owner, 0):
                yield f"The message {key} tells of a change that was not made."


def _conferencing_of(body: Body) -> Conferencing:
    return converter().structure(body, Conferencing)


def _entry_of(body: Body) -> OutboxEntry:
    return converter().structure(body, OutboxEntry)


def _line_problems(line: LedgerEntry, previous: int) -> Iterator[str]:
    try:
        ConferenceId(line.conference_id)
    except ValueError:
        yield f"{line.conference_id} in the ledger is no conference ID."
    if line.conference_id <= previous:
        yield f"{line.conference_id} stands twice in the ledger."
    if line.serial < 1:
        yield f"{line.conference_id} has the serial {line.serial}."
