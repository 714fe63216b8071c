"""A tenant wound back to an older copy at any moment, and still no ID is seen twice.

Two tenants share a witness; each is wound back to any of its older copies,
also to one from before the witness, while the witness fails now and then and
transactions are undone. The space is small: the last ID is within reach.
"""

from __future__ import annotations

import copy
import random
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

import confid
from confid.engine.opening import open_session
from confid.errors import ConferenceIdsExhaustedError, WitnessError
from confid.host import SilentHost
from confid.store.memory import MemoryStore
from confid.store.sqlite.store import SQLiteStore
from tests.faulty import FAULTS, FaultyStore
from tests.tenants import disable, enable, get, set_user, tenant, upn
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.engine.session import Session
    from confid.store.base import Store

IDS = 60
NAMES = ("ken", "pilar", "li")
TENANTS = (0, 1)

which = st.sampled_from(TENANTS)
names = st.sampled_from(NAMES)


class _UndoError(Exception):
    pass


class WoundBackMachine(RuleBasedStateMachine):
    """Drives two tenants; the subclasses say where they are, and how one is copied."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.witness = FaultyStore(self.make_store("witness"))
        self.stores = [self.make_store(f"tenant{n}") for n in TENANTS]
        self.copies: list[list[Any]] = [[], []]
        self.dice = random.Random(0).randbytes
        self.sessions: list[Session | None] = [None, None]
        self.seen: set[int] = set()

    def make_store(self, name: str) -> Store:
        raise NotImplementedError

    def copy_of(self, n: int) -> Any:
        raise NotImplementedError

    def put_back(self, n: int, older: Any) -> None:
        raise NotImplementedError

    @initialize(enabled=st.booleans(), seed=st.integers(0, 2**32))
    def make(self, enabled: bool, seed: int) -> None:
        self.dice = random.Random(seed).randbytes
        for n in TENANTS:
            with self.new_tenant(n):
                # What both issue before they share a witness may be the same, so one does.
                if enabled and n == 0:
                    self.note(enable([upn("ken")], notify=False))
            self.copies[n].append(self.copy_of(n))
            self.session(n)

    def new_tenant(self, n: int) -> Session:
        return tenant(
            *NAMES,
            store=self.stores[n],
            ids=IDS,
            enabled=False,
            host=SilentHost(),
            dice=self.dice,
        )

    def session(self, n: int) -> Session:
        session = self.sessions[n]
        if session is None:
            session = self.sessions[n] = open_session(
                self.stores[n], witness=self.witness, host=SilentHost(), dice=self.dice
            )
        return session

    def close(self, n: int) -> None:
        if session := self.sessions[n]:
            session.close()
        self.sessions[n] = None

    def teardown(self) -> None:
        for n in TENANTS:
            self.close(n)
        self.witness.close()
        self.folder.cleanup()

    def note(self, users: Iterable[Any]) -> None:
        """Note IDs that a call returned: no call has returned any of them before."""
        for user in users:
            assert user.conference_id not in self.seen, "issued twice"
            self.seen.add(int(user.conference_id))

    def is_full(self) -> bool:
        """Whether fewer IDs are left than one call may want."""
        with self.witness.store.transaction(write=False) as transaction:
            return transaction.count() > IDS - len(NAMES)

    # What happens.

    @rule(n=which, chosen=st.lists(names, min_size=1, max_size=3, unique=True))
    def reset(self, n: int, chosen: list[str]) -> None:
        self.issue(n, chosen)

    @rule(n=which, chosen=st.lists(names, min_size=1, max_size=3, unique=True))
    def undo(self, n: int, chosen: list[str]) -> None:
        with suppress(_UndoError), self.working(n) as session, session.transaction():
            self.call(session, chosen)
            raise _UndoError

    def issue(self, n: int, chosen: list[str]) -> None:
        with self.working(n) as session:
            self.note(self.call(session, chosen))

    @contextmanager
    def working(self, n: int) -> Iterator[Session]:
        """A session to issue with; the end of the space is fine when it is the end."""
        try:
            yield self.session(n)
        except ConferenceIdsExhaustedError:
            assert self.is_full()

    def call(self, session: Session, chosen: list[str]) -> list[Any]:
        """New IDs for people, enabled or not."""
        people = [upn(name) for name in chosen]
        current = get(session=session)
        has = {user.display_name.lower() for user in current}
        issued: list[Any] = []
        with session.transaction():
            if new := [p for p, name in zip(people, chosen, strict=True) if name not in has]:
                issued += enable(new, session=session)
            if old := [p for p, name in zip(people, chosen, strict=True) if name in has]:
                issued += set_user(old, reset_conference_id=True, session=session)
        return issued

    @rule(n=which, name=names)
    def disable(self, n: int, name: str) -> None:
        with self.working(n) as session:
            disable(upn(name), error_action="silently_continue", session=session)

    @rule(n=which)
    def take_a_copy(self, n: int) -> None:
        self.close(n)
        self.copies[n].append(self.copy_of(n))

    @precondition(lambda self: any(self.copies))
    @rule(data=st.data(), n=which)
    def wind_back(self, data: st.DataObject, n: int) -> None:
        if self.copies[n]:
            older = data.draw(st.sampled_from(range(len(self.copies[n]))))
            self.close(n)
            self.put_back(n, self.copies[n][older])

    @rule(fault=st.sampled_from(FAULTS), n=which, chosen=st.lists(names, min_size=1, unique=True))
    def fail(self, fault: str, n: int, chosen: list[str]) -> None:
        told = len(self.seen)
        self.witness.fault = fault
        with suppress(WitnessError):
            self.issue(n, chosen)
        self.witness.fault = None
        assert len(self.seen) == told

    # What must hold.

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        for session in self.sessions:
            if session is not None:
                assert confid.check(session).problems == ()


class MemoryMachine(WoundBackMachine):
    """In memory."""

    def make_store(self, _: str) -> Store:
        return MemoryStore()

    def copy_of(self, n: int) -> Any:
        store = self.stores[n]
        assert isinstance(store, MemoryStore)
        return copy.deepcopy(store._contents)

    def put_back(self, n: int, older: Any) -> None:
        store = MemoryStore()
        store._contents = copy.deepcopy(older)
        self.stores[n] = store


class SQLiteMachine(WoundBackMachine):
    """On SQLite files, copied whole."""

    def make_store(self, name: str) -> Store:
        return SQLiteStore(Path(self.folder.name) / f"{name}.db")

    def copy_of(self, n: int) -> Any:
        older = Path(self.folder.name) / f"{n}.{len(self.copies[n])}"
        shutil.copy(self.path(n), older)
        return older

    def path(self, n: int) -> Path:
        store = self.stores[n]
        assert isinstance(store, SQLiteStore)
        return store.path

    def put_back(self, n: int, older: Any) -> None:
        shutil.copy(older, self.path(n))


def _bounded(machine: type[WoundBackMachine], count: int) -> type:
    case = machine.TestCase
    case.settings = settings(
        max_examples=examples(count),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return case


TestWoundBackInMemory = _bounded(MemoryMachine, 25)
TestWoundBackOnSQLite = _bounded(SQLiteMachine, 10)
