"""The audit of a tenant, `confid.check()`: the ledger is compared with users and outbox."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import attrs

from confid.attendant.running_meeting import RUNNING_MEETINGS
from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import StoreError, WitnessError
from confid.ids.conference_id import ConferenceId
from confid.store.base import IMPORTED, ISSUED, UNREADABLE
from confid.store.batches import batched
from confid.store.entries import is_damaged, readable
from confid.tenant.directory import USERS
from confid.tenant.display import Shown
from confid.tenant.documents import KINDS, MEETINGS, SETTINGS, WRONG_ENTRIES, DocumentType, Index
from confid.tenant.migrations import MIGRATIONS, MOST_TRIES, STATES, MigrationState
from confid.tenant.outbox import MESSAGE_STATES, MESSAGES, MessageState
from confid.tenant.policies import DIAL_OUT_POLICIES, PERSON_GRANTS, Family, name_of
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session
    from confid.store.base import Body, Kind, LedgerEntry
    from confid.tenant.records import DirectoryUser
    from confid.tenant.setup import Setup
    from confid.tenant.unit_of_work import UnitOfWork

Document = TypeVar("Document")

MOST_PROBLEMS = 1000
"""A report stops here: a tenant with more problems needs another tool."""

DAMAGED = "InvalidData"
"""The category of a store's errors about what it keeps."""

UNREADABLE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
"""What values of wrong types raise; strangers put them into documents."""

LATER = {"lane", "alias"}
"""Index fields that older documents may lack."""


@attrs.frozen(kw_only=True)
class CheckReport(Shown):
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


@own_function("confid.check")
def check(session: Session | None = None) -> CheckReport:
    """Audit the tenant: ledger, users, bridges, meetings, migrations, outbox and indexes.

    They are compared with each other, and with the witness if the session has
    one. A SQLite file is checked page by page. Reads everything in one
    transaction and changes nothing. A sealed store can be audited too.
    """
    with current_session(session).unit(write=False) as tenant:
        try:
            setup = tenant.read_setup()
        except (StoreError, *UNREADABLE_ERRORS) as error:
            if isinstance(error, StoreError) and error.category != DAMAGED:
                raise
            problem = "The tenant's set-up can't be read: its settings, bridges or policies."
            return CheckReport(problems=(problem,), users=0, enabled=0, issued=0, living=0)
        return _Audit(tenant, setup).report()


class _Audit:
    def __init__(self, tenant: UnitOfWork, setup: Setup) -> None:
        self.tenant = tenant
        # Read anew: an audit doesn't trust what the session remembers.
        self.setup = setup
        self.users: dict[str, DirectoryUser] = {}
        self.enabled: set[str] = set()
        self.revisions = Counter[str]()
        self.owners: dict[int, str] = {}
        self.living: dict[str, int] = {}
        self.issued = 0
        self.has_issued = False
        self.indexed: defaultdict[tuple[str, str], dict[str, set[str]]] = defaultdict(dict)
        self.noted: list[str] = []

    def report(self) -> CheckReport:
        problems: list[str] = []
        for part in (
            self._users,
            self._bridges,
            self._conferencing,
            self._policies,
            self._grants,
            self._ledger,
            self._ledger_indexes,
            self._witness,
            self._ids,
            self._meetings,
            self._running,
            self._outbox,
            self._migrations,
            self._wrong_entries,
            self._indexes,
            self.tenant.transaction.damage,
        ):
            problems.extend(_as_far_as_it_goes(part))
        problems.extend(self.noted)
        return CheckReport(
            problems=tuple(problems[:MOST_PROBLEMS]),
            users=len(self.users),
            enabled=len(self.enabled),
            issued=self.issued,
            living=len(self.living),
        )

    def _name(self, owner: str) -> str:
        user = self.users.get(owner)
        return user.user_principal_name if user else "a removed user"

    def _documents(self, type_: DocumentType[Document]) -> Iterator[tuple[str, Document]]:
        """The records of a type that can be read; what is wrong with their documents is noted."""
        kind = type_.kind
        for key, body in self._scan(kind):
            try:
                document = type_.read(body)
                index = type_.index(document) if type_.index else {}
                kept = _today(body["index"]) if kind.fields else {}
                index = {f: v for f, v in index.items() if f in kept or f not in LATER}
                sound = kept == index
            except UNREADABLE_ERRORS:
                self.noted.append(f"The {kind.name} document {key} can't be read.")
                continue
            if not sound:
                self.noted.append(f"The {kind.name} document {key}: its index differs from it.")
            for field, value in index.items():
                if value is not None:
                    self.indexed[kind.name, field].setdefault(value, set()).add(key)
            yield key, document

    def _scan(self, kind: Kind) -> Iterator[tuple[str, Body]]:
        try:
            yield from self.tenant.transaction.scan(kind.name)
        except StoreError as error:
            if error.category != DAMAGED:
                raise
            self.noted.append(f"The {kind.name} documents can't be read to the end: {error}")
        except RecursionError:
            self.noted.append(f"A {kind.name} document is nested too deep.")

    def _users(self) -> Iterator[str]:
        for owner, user in self._documents(USERS):
            self.users[owner] = user
            if user.owner != owner:
                yield f"{user.user_principal_name}: the document has another key."

    def _bridges(self) -> Iterator[str]:
        bridges = self.setup.bridges
        default = [bridge.name for bridge in bridges.values() if bridge.is_default]
        if len(default) != 1:
            yield f"A tenant has one default bridge; this one has {len(default)}."
        for bridge in bridges.values():
            numbers = [number.number for number in self.setup.numbers_of(bridge)]
            if bridge.default_number is not None and bridge.default_number not in numbers:
                yield f"{bridge.name}: the default number +{bridge.default_number} is not on it."
        for number in self.setup.numbers.values():
            if number.bridge_id is not None and number.bridge_id not in bridges:
                yield f"+{number.number}: the bridge {number.bridge_id} is not there."

    def _conferencing(self) -> Iterator[str]:
        numbers = self.setup.numbers
        for owner, settings in self._documents(SETTINGS):
            self.revisions[owner] += settings.revision
            if owner not in self.users:
                yield f"Dial-in settings without a user: {owner}."
            if settings.enabled:
                self.enabled.add(owner)
            if settings.bridge_id not in self.setup.bridges:
                yield f"{self._name(owner)}: the bridge {settings.bridge_id} is not there."
            for digits in (settings.service_number, settings.toll_free_service_number):
                number = numbers.get(digits) if digits else None
                if digits and (number is None or number.bridge_id != settings.bridge_id):
                    yield f"{self._name(owner)}: the number +{digits} is not on their bridge."

    def _policies(self) -> Iterator[str]:
        for key, policy in self.setup.audio_policies.items():
            if fold(name_of(policy)) != key:
                yield f"The policy {policy.identity} has another key."
        for family, grants in self.setup.grants.items():
            named = [grant.policy for grant in grants.groups]
            for name in filter(self._is_missing(family), [*named, grants.tenant]):
                yield f"The tenant or a group is granted {name!r}, which is not there."

    def _grants(self) -> Iterator[str]:
        for owner, granted in self._documents(PERSON_GRANTS):
            if owner not in self.users:
                yield f"Granted policies without a user: {owner}."
            for family in Family:
                for name in filter(self._is_missing(family), [getattr(granted, family.value)]):
                    yield f"{self._name(owner)}: granted {name!r}, which is not there."

    def _is_missing(self, family: Family) -> Callable[[str | None], bool]:
        there = {
            Family.AUDIO_CONFERENCING: set(self.setup.audio_policies),
            Family.DIAL_OUT: {fold(name_of(policy)) for policy in DIAL_OUT_POLICIES},
        }[family]
        return lambda name: name is not None and fold(name) not in there

    def _ledger(self) -> Iterator[str]:
        serials: dict[str, set[int]] = {}
        previous = 0
        for entry in self.tenant.transaction.entries():
            self.issued += 1
            line = readable(entry)
            if is_damaged(entry):
                yield f"The ledger's entry for {entry.conference_id} is damaged."
            self.owners[line.conference_id] = line.owner
            self.has_issued |= line.origin == ISSUED
            yield from _line_problems(entry, previous)
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
            self.revisions[owner] += max(seen)
            if len(seen) != max(seen):
                yield f"{self._name(owner)}: the ledger has lost some of their entries."
        if self.tenant.transaction.count() != self.issued:
            yield "The ledger's count differs from its entries."

    def _ids(self) -> Iterator[str]:
        for owner in sorted(self.enabled - self.living.keys()):
            yield f"{self._name(owner)}: enabled, without a living conference ID."
        for owner in sorted(self.living.keys() - self.enabled):
            yield f"{self._name(owner)}: a living conference ID, and not enabled."

    def _ledger_indexes(self) -> Iterator[str]:
        """Whether look-ups by owner and by ID find what reading the whole ledger found."""
        transaction = self.tenant.transaction
        owners = sorted(set(self.owners.values()))
        for some in batched(owners):
            current = transaction.current(some)
            for owner in some:
                if current.get(owner) != self.living.get(owner):
                    yield f"{self._name(owner)}: the ledger's index of living IDs is wrong."
        for ids in batched(sorted(self.owners)):
            if missing := set(ids) - set(transaction.lookup(ids)):
                yield f"The ledger does not find {len(missing)} of its own IDs."
        if transaction.has_issued() != self.has_issued:
            yield "The ledger is wrong about whether an ID was issued."

    def _witness(self) -> Iterator[str]:
        """IDs that the witness lacks; a session without a witness compares nothing."""
        if not self.tenant.ledger.has_witness_at_hand:
            return
        try:
            held = (
                set(self.tenant.ledger.witness.issued_ids())
                if self.tenant.ledger.witness
                else set()
            )
        except WitnessError as error:
            yield error.message
            return
        if forgotten := self.owners.keys() - held:
            yield (
                f"The witness does not hold {len(forgotten)} of the ledger's IDs: it was wound "
                "back. confid.restore(store, witness=…) copies the ledger into it again."
            )

    def _running(self) -> Iterator[str]:
        for key, meeting in self._documents(RUNNING_MEETINGS):
            if key not in self.users:
                yield f"A running meeting without an organizer: {key}."
            if not meeting.participants:
                yield f"{self._name(key)}: a running meeting without a call in it."

    def _indexes(self) -> Iterator[str]:
        """Whether every index finds all documents that it should."""
        for kind in KINDS:
            for field in kind.fields:
                values = self.indexed[kind.name, field]
                found = self.tenant.transaction.find(kind.name, field, values)
                keys = set[str]().union(*values.values())
                if missing := len(keys - found.keys()):
                    yield f"The index {field} does not find {missing} of the {kind.name}s."
                if field in kind.unique:
                    twice = [v for v, owners in values.items() if len(owners) > 1]
                    if twice:
                        yield f"{len(twice)} values of {kind.name}.{field} occur twice."

    def _meetings(self) -> Iterator[str]:
        for key, meeting in self._documents(MEETINGS):
            if meeting.owner not in self.users:
                yield f"The meeting {key} has no organizer in the directory."
            shown = meeting.conference_id
            if shown is not None and self.owners.get(shown) != meeting.owner:
                yield f"The meeting {key} shows an ID that was never its organizer's."

    def _outbox(self) -> Iterator[str]:
        for key, entry in self._documents(MESSAGES):
            said = entry.facts.conference_id
            if entry.owner not in self.users:
                yield f"The message {key} has no user in the directory."
            if entry.state not in MESSAGE_STATES:
                yield f"The message {key} has an unknown state."
            if entry.state != MessageState.PENDING and entry.facts.pin is not None:
                yield f"The message {key} is {entry.state} and still holds a PIN."
            if said is not None and self.owners.get(said) != entry.owner:
                yield f"The message {key} tells an ID that was never its user's."
            if not key.endswith(f"{entry.owner}:{entry.serial:08d}"):
                yield f"The message {key} has another key."
            if entry.serial > self.revisions[entry.owner]:
                yield f"The message {key} tells of a change that was not made."

    def _migrations(self) -> Iterator[str]:
        for key, migration in self._documents(MIGRATIONS):
            name = self._name(key)
            if key not in self.users:
                yield f"A meeting migration without a user: {key}."
            if migration.owner != key:
                yield f"{name}: the meeting migration has another key."
            if migration.state not in STATES or not 0 <= migration.tries <= MOST_TRIES:
                yield f"{name}: the meeting migration has an unknown state."
            if (migration.lease is None) is (migration.state == MigrationState.IN_PROGRESS):
                yield f"{name}: the lease of the meeting migration contradicts its state."

    def _wrong_entries(self) -> Iterator[str]:
        for key, body in self._scan(WRONG_ENTRIES):
            try:
                moments = [datetime.fromisoformat(at) for at in body["at"]]
            except UNREADABLE_ERRORS:
                moments = [UNREADABLE.replace(tzinfo=None)]
            if any(moment.tzinfo is None for moment in moments):
                yield f"The count of wrong entries {key} can't be read."


def _as_far_as_it_goes(part: Callable[[], Iterator[str]]) -> Iterator[str]:
    try:
        yield from part()
    except UNREADABLE_ERRORS as error:
        yield f"{part.__name__.strip('_')} can't be checked to the end: {error!s:.200}"


def _today(index: Index) -> Index:
    """An index as it is made today; older ones hold a SIP address that equals the UPN."""
    doubled = index.get("sip") is not None and index.get("sip") == index.get("upn")
    return {**index, "sip": None} if doubled else index


def _line_problems(line: LedgerEntry, previous: int) -> Iterator[str]:
    try:
        ConferenceId(line.conference_id)
    except ValueError:
        yield f"{line.conference_id} in the ledger is no conference ID."
    if line.conference_id <= previous:
        yield f"{line.conference_id} is in the ledger twice."
    if isinstance(line.serial, int) and line.serial < 1:
        yield f"{line.conference_id} has the serial {line.serial}."
    if line.origin not in (ISSUED, IMPORTED):
        yield f"{line.conference_id} has an unknown origin."
    if line.retired_at is None and line.retired_by is not None:
        yield f"{line.conference_id} is living and says by whom it was retired."
