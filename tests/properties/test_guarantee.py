"""The guarantee as a state machine: whatever is done, no conference ID is ever seen twice.

A model beside the tenant knows what each call owes. The space is small, so
that the dice collide all the time and the last ID is within reach.
"""

from __future__ import annotations

import copy
import tempfile
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import confid
from confid.attendant import CallState, dial
from confid.engine.opening import open_session
from confid.errors import (
    ConferenceIdsExhaustedError,
    ConfidError,
    LicenseError,
    NotEnabledError,
    StaticConferenceIdError,
    UserNotFoundError,
)
from confid.ids.conference_id import ConferenceId
from confid.ids.dice import Space
from confid.store.memory import MemoryStore
from confid.store.postgres.store import PostgresStore
from confid.store.sqlite.store import SQLiteStore
from confid.tenant.documents import OUTBOX
from confid.tenant.notices import Event
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confid.engine.session import Session
    from confid.store.base import Store

SPACE = Space(1_000_000, 1_000_047)
NAMES = [f"person{i}" for i in range(6)]
BRIDGE_NUMBER = "+14255550100"

names = st.sampled_from(NAMES)
several = st.lists(names, min_size=1, max_size=5)


def upn(name: str) -> str:
    """The user principal name of a person."""
    return f"{name}@contoso.com"


def in_turns(chosen: Sequence[str]) -> Iterator[str]:
    """Identities, some as in the roster and some in capitals; one that repeats counts once."""
    for place, name in enumerate(chosen):
        yield upn(name).upper() if place % 2 else upn(name)


def roster_row(name: str, *, licensed: bool) -> dict[str, str]:
    """A row of a roster."""
    return {
        "UserPrincipalName": upn(name),
        "DisplayName": name,
        "Mail": upn(name),
        "Licenses": "MCOMEETADV" if licensed else "MCOEV",
    }


@attrs.define
class ModelUser:
    """What a person should be."""

    licensed: bool
    conference_id: int | None = None
    had: set[int] = attrs.Factory(set)
    owed: list[tuple[Event, int | None]] = attrs.Factory(list)


@attrs.define
class Model:
    """What the tenant should hold."""

    people: dict[str, ModelUser] = attrs.Factory(dict)
    seen: set[int] = attrs.Factory(set)
    has_issued: bool = False

    @property
    def left(self) -> int:
        return len(SPACE) - len(self.seen)

    def issue(self, conference_id: object) -> int:
        assert type(conference_id) is ConferenceId
        assert len(str(conference_id)) == 7
        assert conference_id not in self.seen, "issued twice"
        self.seen.add(int(conference_id))
        self.has_issued = True
        return int(conference_id)


class _AbortError(Exception):
    pass


class GuaranteeMachine(RuleBasedStateMachine):
    """Drives one tenant; the subclasses say on which store."""

    @staticmethod
    def make_store(path: str) -> Store:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.new_store()
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.model = Model()
        self.calls = 0
        self.session = self.open()

    def new_store(self) -> Store:
        return self.make_store(f"{self.folder.name}/tenant.db")

    def again(self) -> Store:
        """Another store on the same place."""
        return self.new_store()

    def open(self) -> Session:
        return open_session(
            self.store, space=SPACE, clock=lambda: self.time, host=confid.host.SilentHost()
        )

    def teardown(self) -> None:
        self.session.close()
        self.folder.cleanup()

    # What can be done.

    @initialize(licensed=st.lists(st.booleans(), min_size=3, max_size=3))
    def some_people(self, licensed: list[bool]) -> None:
        for name, has_licence in zip(NAMES, licensed, strict=False):
            self.do_import(name, has_licence)

    @rule(name=names, licensed=st.booleans())
    def import_person(self, name: str, licensed: bool) -> None:
        self.do_import(name, licensed)

    @rule(name=names, conference_id=st.integers(SPACE.first, SPACE.last))
    def import_an_id(self, name: str, conference_id: int) -> None:
        row = {**roster_row(name, licensed=True), "ConferenceId": str(conference_id)}
        known = self.model.people.get(name)
        if known and conference_id in known.had:
            # Theirs already, living or retired: nothing changes but the licence.
            confid.import_users([row], session=self.session)
            known.licensed = True
            return
        refused = self.model.has_issued or conference_id in self.model.seen
        if refused or (known and known.conference_id is not None):
            with pytest.raises(ConfidError):
                confid.import_users([row], session=self.session)
            return
        confid.import_users([row], session=self.session)
        person = self.model.people.setdefault(name, ModelUser(licensed=True))
        person.licensed = True
        person.conference_id = conference_id
        person.had.add(conference_id)
        self.model.seen.add(conference_id)

    @rule(chosen=several)
    def enable(self, chosen: list[str]) -> None:
        self.do_enable(chosen)

    @rule(chosen=several)
    def reset(self, chosen: list[str]) -> None:
        self.do_reset(chosen)

    @rule(name=names)
    def reset_one(self, name: str) -> None:
        self.do_reset([name])

    @rule(chosen=several)
    def disable(self, chosen: list[str]) -> None:
        self.do_disable(chosen)

    @rule(name=names)
    def remove(self, name: str) -> None:
        self.do_remove(name)

    @rule(chosen=several)
    def reset_each_on_its_own(self, chosen: list[str]) -> None:
        wanted = [name for name in dict.fromkeys(chosen) if self.is_enabled(name)]
        if len(wanted) > self.model.left:
            return
        results = self.session.cmdlets.set_cs_online_dial_in_conferencing_user(
            map(upn, chosen), reset_conference_id=True, error_action="silently_continue"
        )
        assert len(results) == len(wanted)
        assert len(results.errors) == len(set(chosen)) - len(wanted)
        for name, record in zip(wanted, results, strict=True):
            self.note_reset(name, record.conference_id)

    @rule(
        steps=st.lists(
            st.tuples(st.sampled_from(["enable", "reset", "disable", "remove"]), several),
            min_size=1,
            max_size=4,
        ),
        abort=st.booleans(),
        nested=st.booleans(),
    )
    def in_one_transaction(
        self, steps: list[tuple[str, list[str]]], abort: bool, nested: bool
    ) -> None:
        before = copy.deepcopy(self.model)
        try:
            with self.session.transaction():
                for verb, chosen in steps:
                    self.step(verb, chosen)
                if nested:
                    self.nested_and_undone(steps)
                if abort:
                    raise _AbortError
        except _AbortError:
            self.model = before

    def nested_and_undone(self, steps: list[tuple[str, list[str]]]) -> None:
        before = copy.deepcopy(self.model)
        with pytest.raises(_AbortError), self.session.transaction():
            for verb, chosen in steps:
                self.step(verb, chosen)
            raise _AbortError
        self.model = before

    def step(self, verb: str, chosen: list[str]) -> None:
        if verb == "remove":
            self.do_remove(chosen[0])
        else:
            getattr(self, f"do_{verb}")(chosen)

    @rule(name=names)
    def rehearse(self, name: str) -> None:
        if name in self.model.people and self.is_enabled(name):
            nothing = self.session.cmdlets.set_cs_online_dial_in_conferencing_user(
                upn(name), reset_conference_id=True, what_if=True
            )
            assert nothing is None

    @rule(name=names, value=st.one_of(st.integers(), st.text(), st.booleans(), st.floats()))
    def choose_an_id(self, name: str, value: object) -> None:
        for cmdlet in ("set", "enable"):
            function = getattr(
                self.session.cmdlets, f"{cmdlet}_cs_online_dial_in_conferencing_user"
            )
            with pytest.raises(StaticConferenceIdError):
                function(upn(name), conference_id=value)

    @rule(minutes=st.integers(-10_000, 10_000))
    def turn_the_clock(self, minutes: int) -> None:
        self.time += timedelta(minutes=minutes)

    @rule()
    def close_and_reopen(self) -> None:
        self.session.close()
        if not isinstance(self.store, MemoryStore):
            self.store = self.again()
        self.session = self.open()

    # What must hold, always.

    @invariant()
    def who_is_enabled_has_one_id_and_nobody_else_has_any(self) -> None:
        records = self.session.cmdlets.get_cs_online_dial_in_conferencing_user()
        found = {record.sip_address or record.display_name: record for record in records}
        assert {name: int(record.conference_id or 0) for name, record in found.items()} == {
            name: person.conference_id
            for name, person in self.model.people.items()
            if person.conference_id is not None
        }

    @invariant()
    def the_attendant_admits_the_current_ids_and_no_other(self) -> None:
        current = {person.conference_id for person in self.model.people.values()}
        retired = sorted(self.model.seen - current)[-3:]
        for conference_id in [*filter(None, current), *retired]:
            self.calls += 1
            call = dial(BRIDGE_NUMBER, caller=f"+1425{self.calls:07d}", session=self.session)
            state = call.enter_conference_id(f"{conference_id}#")
            admitted = state is CallState.ASKING_ORGANIZER
            assert admitted == (conference_id in current), (conference_id, state)

    @invariant()
    def the_outbox_holds_exactly_the_mails_owed(self) -> None:
        held: dict[str, list[tuple[Event, int | None]]] = {}
        with self.session.unit(write=False) as tenant:
            bodies = dict(tenant.transaction.scan(OUTBOX.name)).values()
            for body in sorted(bodies, key=itemgetter("serial")):
                facts = body["facts"]
                (event,) = body["events"]
                held.setdefault(facts["display_name"], []).append(
                    (Event(event), facts.get("conference_id"))
                )
        assert held == {
            name: person.owed for name, person in self.model.people.items() if person.owed
        }

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        report = confid.check(self.session)
        assert not report.problems, report
        assert report.issued == len(self.model.seen)

    # How the model follows.

    def is_enabled(self, name: str) -> bool:
        person = self.model.people.get(name)
        return person is not None and person.conference_id is not None

    def do_import(self, name: str, licensed: bool) -> None:
        confid.import_users([roster_row(name, licensed=licensed)], session=self.session)
        self.model.people.setdefault(name, ModelUser(licensed=licensed)).licensed = licensed

    def may_be_enabled(self, name: str) -> bool:
        return self.model.people[name].licensed

    def errors(
        self, chosen: Sequence[str], passes: Callable[[str], bool], error: type[ConfidError]
    ) -> list[type[ConfidError]]:
        """The errors of the identities that fail, in their order, each once."""
        return [
            UserNotFoundError if name not in self.model.people else error
            for name in dict.fromkeys(chosen)
            if name not in self.model.people or not passes(name)
        ]

    def expect(
        self, chosen: Sequence[str], errors: list[type[ConfidError]], call: str, **kw: bool
    ) -> None:
        with pytest.raises(ConfidError) as raised:
            getattr(self.session.cmdlets, f"{call}_cs_online_dial_in_conferencing_user")(
                [upn(name) for name in chosen], **kw
            )
        assert [type(error) for error in raised.value.errors] == errors

    def do_enable(self, chosen: list[str]) -> None:
        people = self.model.people
        wanted = [n for n in dict.fromkeys(chosen) if not self.is_enabled(n)]
        if errors := self.errors(wanted, self.may_be_enabled, LicenseError):
            return self.expect(chosen, errors, "enable")
        if len(wanted) > self.model.left:
            return self.expect(chosen, [ConferenceIdsExhaustedError], "enable")
        results = self.session.cmdlets.enable_cs_online_dial_in_conferencing_user(
            list(in_turns(chosen))
        )
        by_name = {record.display_name: record for record in results}
        assert len(results) == len(set(chosen))
        for name in wanted:
            conference_id = self.model.issue(by_name[name].conference_id)
            people[name].conference_id = conference_id
            people[name].had.add(conference_id)
            people[name].owed.append((Event.ENABLED, conference_id))
        return None

    def do_reset(self, chosen: list[str]) -> None:
        wanted = list(dict.fromkeys(chosen))
        if errors := self.errors(chosen, self.is_enabled, NotEnabledError):
            return self.expect(chosen, errors, "set", reset_conference_id=True)
        if len(wanted) > self.model.left:
            return self.expect(
                chosen, [ConferenceIdsExhaustedError], "set", reset_conference_id=True
            )
        results = self.session.cmdlets.set_cs_online_dial_in_conferencing_user(
            in_turns(chosen), reset_conference_id=True
        )
        assert [record.display_name for record in results] == wanted
        for name, record in zip(wanted, results, strict=True):
            self.note_reset(name, record.conference_id)
        return None

    def note_reset(self, name: str, conference_id: object) -> None:
        person = self.model.people[name]
        person.conference_id = self.model.issue(conference_id)
        person.had.add(person.conference_id)
        person.owed.append((Event.CONFERENCE_ID_RESET, person.conference_id))

    def do_disable(self, chosen: list[str]) -> None:
        people = self.model.people
        if errors := self.errors(chosen, self.is_enabled, NotEnabledError):
            return self.expect(chosen, errors, "disable")
        self.session.cmdlets.disable_cs_online_dial_in_conferencing_user(list(map(upn, chosen)))
        for name in dict.fromkeys(chosen):
            people[name].conference_id = None
            people[name].owed.append((Event.DISABLED, None))
        return None

    def do_remove(self, name: str) -> None:
        if name not in self.model.people:
            with pytest.raises(UserNotFoundError):
                confid.remove_users(upn(name), session=self.session)
            return
        confid.remove_users(upn(name), session=self.session)
        del self.model.people[name]


class MemoryMachine(GuaranteeMachine):
    """On a memory store."""

    @staticmethod
    def make_store(_: str) -> Store:
        return MemoryStore()


class SQLiteMachine(GuaranteeMachine):
    """On a SQLite file."""

    @staticmethod
    def make_store(path: str) -> Store:
        return SQLiteStore(path)


class PostgresMachine(GuaranteeMachine):
    """On a PostgreSQL server, each tenant in a schema of its own."""

    schemas: ClassVar[Iterator[str]]

    def new_store(self) -> Store:
        self.url = next(self.schemas)
        return PostgresStore(self.url)

    def again(self) -> Store:
        return PostgresStore(self.url)


def _bounded(machine: type[GuaranteeMachine], count: int) -> type:
    case = machine.TestCase
    case.settings = settings(
        max_examples=examples(count),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return case


TestGuaranteeInMemory = _bounded(MemoryMachine, 40)
TestGuaranteeOnSQLite = _bounded(SQLiteMachine, 20)


@pytest.mark.usefixtures("_schemas")
class TestGuaranteeOnPostgreSQL(_bounded(PostgresMachine, 6)):  # type: ignore[misc]  # a class that is made
    """The same rules."""

    @pytest.fixture
    def _schemas(self, new_schema: Callable[[], str]) -> None:
        PostgresMachine.schemas = iter(new_schema, "")
