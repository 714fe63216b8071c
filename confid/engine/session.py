"""Sessions: a connection to a tenant's store, and which of them a call means.

The current session is the only global state of confid.
"""

from __future__ import annotations

import threading
import time
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from confid.engine.clock import Clock, moment
from confid.engine.common_parameters import Preferences
from confid.engine.completion import OfPublicNames
from confid.engine.recording import Recorder, undone_if_it_fails
from confid.errors import (
    InvalidArgumentError,
    NotConnectedError,
    TransactionConflictError,
)
from confid.host import warn
from confid.ids.issuer import FreeIds
from confid.ids.witness import UnreachableWitnessError, Witness
from confid.store.blocks import block
from confid.store.logger import INFO, log
from confid.tenant.results import Results
from confid.tenant.setup import LastSetup, stamp_of
from confid.tenant.text import actor_name
from confid.tenant.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from confid.engine.session_cmdlets import Cmdlets
    from confid.host import Host
    from confid.ids.dice import Dice
    from confid.store.base import Body, Store, Transaction
    from confid.tenant.pins import PinKey
    from confid.tenant.property_changes import WhatIfChange
    from confid.tenant.setup import Setup

T = TypeVar("T")

ATTEMPTS = 10
"""How many times a call is attempted when it conflicts with other transactions."""

FIRST_PAUSE = 0.005
"""The longest pause before the second attempt, in seconds; it doubles, up to `LONGEST_PAUSE`."""

LONGEST_PAUSE = 0.5

_current: ContextVar[Session | None] = ContextVar("confid_session", default=None)
_joints: ContextVar[tuple[_Joint, ...]] = ContextVar("confid_transactions", default=())
_acting: ContextVar[tuple[tuple[Session, str], ...]] = ContextVar("confid_actors", default=())
_open: weakref.WeakSet[Session] = weakref.WeakSet()
_opening = threading.Lock()
"""Held while `_open` is changed or walked, which threads do at will."""


@attrs.define(eq=False)
class _Joint:
    """The open transaction of `session.transaction()`, and which thread may join it."""

    session: Session
    transaction: Transaction
    thread: int
    instead: dict[str, Any] | None = None
    """What units of work get in place of the session's own, where nothing is kept."""
    tenants: list[UnitOfWork] = attrs.Factory(list)
    over: bool = False

    @block
    def savepoint(self) -> Iterator[Transaction]:
        with self.transaction.savepoint():
            yield self.transaction


class Session(OfPublicNames):
    """An open tenant, from `confid.connect`; its `with` block or `close()` closes it."""

    _public = (
        *("acting_as", "actor", "close", "closed", "cmdlets", "host", "last_what_if", "now"),
        *("preferences", "store", "transaction"),
    )
    recorder: Recorder | None = None
    """What records the calls, in the session of a rehearsal."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Raise `NotConnectedError`: a caller of this would choose the dice, so the IDs."""
        del args, kwargs
        raise NotConnectedError("Only confid.connect() and confid.demo() make a session.")

    def _set_up(
        self, store: Store, clock: Clock, host: Host, actor: str | None, dice: Dice
    ) -> None:
        self.host = host
        self.preferences: Preferences = Preferences()
        self._actor = actor
        self.closed: bool = False
        self.warned: set[str] = set()
        self.last_what_if: Results[WhatIfChange] = Results()
        """What the last call under WhatIf would have done."""
        self._store = store
        self._clock = clock
        self._dice = dice
        self._free_ids = FreeIds()
        self._last_setup = LastSetup()
        self._witness: Witness | None = None
        self._pin_key: PinKey | None = None
        self._follow(_current.get())

    def _follow(self, previous: Session | None) -> None:
        """Have `previous` current again when this session's block ends.

        The one before it is kept only if somebody else does: of the sessions
        that nobody closes, all but the last two are let go.
        """
        self.previous: Callable[[], Session | None] = lambda: previous
        if previous is not None and (older := previous.previous()) is not None:
            previous.previous = weakref.ref(older)

    def __repr__(self) -> str:
        return f"<confid session on {self._store!r}{', closed' if self.closed else ''}>"

    def __enter__(self) -> Self:
        self._demand_open()
        if _current.get() is not self:
            self._follow(_current.get())
            _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if _current.get() is self:
            _current.set(self.previous())
        self.close()

    def close(self) -> None:
        """Close the store. Twice is fine.

        Only the end of a `with` block makes the session before this one current again. After a
        bare `close()` calls raise `NotConnectedError`: they never go to another tenant.
        """
        if self.closed:
            return
        self.closed = True
        with _opening:
            _open.discard(self)
        if self._witness is not None:
            self._witness.close()
        self._store.close()

    @property
    def actor(self) -> str | None:
        """The name that stands beside what is issued and retired: that of `acting_as`, if any."""
        for session, name in reversed(_acting.get()):
            if session is self:
                return name
        return self._actor

    @actor.setter
    def actor(self, name: str | None) -> None:
        self._actor = None if name is None else actor_name(name)

    @block
    def acting_as(self, name: str) -> Iterator[None]:
        """Write down the changes of this block under another name, a user of your program.

        Other threads and tasks keep their own names. Raises `InvalidArgumentError` for a name
        that isn't a text of one line.
        """
        acting, before = (self, actor_name(name)), _acting.get()
        try:
            _acting.set((*before, acting))
            yield
        finally:
            _acting.set(before)

    @property
    def store(self) -> Store:
        """The store that this session works on."""
        return self._store

    @property
    def cmdlets(self) -> Cmdlets:
        """The cmdlets, each with this session given."""
        from confid.engine.session_cmdlets import Cmdlets  # noqa: PLC0415 - most calls need none

        return Cmdlets(self)

    def now(self) -> datetime:
        """The session's time, in UTC. Raises `InvalidArgumentError` for an unusable clock."""
        return moment(self._clock)

    @block
    def transaction(self) -> Iterator[None]:
        """Make all cmdlets of this context one: all or nothing.

        A cmdlet that fails inside is undone alone; what it raised may be caught and the others
        go on. Other threads never join. A block inside a block is a savepoint.
        """
        self._demand_open()
        joint = self._joint_here()
        if joint is not None:
            with undone_if_it_fails(self.recorder), joint.transaction.savepoint():
                yield
            return
        with (
            undone_if_it_fails(self.recorder),
            self._store.transaction(write=True) as transaction,
            self.joined(transaction),
        ):
            yield

    @block
    def joined(
        self, transaction: Transaction, *, instead: dict[str, Any] | None = None
    ) -> Iterator[None]:
        """Have the calls of this context join an open transaction; `instead` is for a trial."""
        joint = _Joint(self, transaction, threading.get_ident(), instead)
        before = _joints.get()
        try:
            _joints.set((*before, joint))
            yield
        except BaseException:
            for tenant in joint.tenants:
                tenant.ledger.put_back()
            raise
        finally:
            joint.over = True
            _joints.set(before)

    def begin(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A transaction of the store, or a savepoint of the one that this context has joined."""
        return self._begin(self._joint_here(), write=write)

    def _begin(self, joint: _Joint | None, *, write: bool) -> AbstractContextManager[Transaction]:
        self._demand_open()
        return self._store.transaction(write=write) if joint is None else joint.savepoint()

    @block
    def unit(self, *, write: bool, about: object = None) -> Iterator[UnitOfWork]:
        """The unit of work of one call: a savepoint of the joint transaction, or its own.

        `about` is whom a call that writes will look for. Raises `SealedError` in a sealed store.
        """
        joint = self._joint_here()
        with self._begin(joint, write=write) as transaction:
            tenant = self.tenant_on(transaction, joint.instead if joint else None)
            if joint is not None:
                joint.tenants.append(tenant)
            try:
                if write:
                    tenant.demand_open(about=about)
                yield tenant
            except BaseException:
                tenant.ledger.put_back()
                raise

    @block
    def exclusive_unit(self) -> Iterator[UnitOfWork]:
        """A unit of work that is alone on the store, so never part of a joint transaction."""
        self._demand_open()
        if self.on_trial:
            with self.unit(write=True) as tenant:
                yield tenant
            return
        if self.in_transaction:
            raise InvalidArgumentError(
                "This can't be done inside session.transaction(). Do it when the block has ended.",
                category="InvalidOperation",
            )
        with self._store.exclusive() as transaction:
            tenant = self.tenant_on(transaction)
            try:
                tenant.demand_open()
                yield tenant
            except BaseException:
                tenant.ledger.put_back()
                raise

    def tenant_on(
        self, transaction: Transaction, instead: dict[str, Any] | None = None
    ) -> UnitOfWork:
        """A view of the tenant for a transaction of its store."""
        now, actor, key = self.now(), self.actor, self._pin_key
        if instead is not None:
            return UnitOfWork(transaction, now=now, actor=actor, pin_key=key, **instead)
        return UnitOfWork(
            transaction,
            now=now,
            dice=self._dice,
            free_ids=self._free_ids,
            last_setup=self._last_setup,
            actor=actor,
            witness=self._witness,
            pin_key=key,
        )

    def give_pin_key(self, key: PinKey) -> None:
        """Use a key of PINs that is kept outside the store; `connect(pin_key=…)` calls this.

        The first time the digests there are are keyed with it. Raises `PinKeyError` for a wrong
        one.
        """
        with self.unit(write=False) as tenant:
            keyed = tenant.pins.have_outer_key
            if keyed:
                tenant.pins.attach(key)
        if not keyed:
            with self.exclusive_unit() as tenant:
                tenant.pins.attach(key)
        self._pin_key = key

    def attach(self, store: Store) -> None:
        """Have `store` witness every ID from now on; `connect(witness=…)` calls this.

        A witness that the tenant is attached to and that can't be reached
        only stops the issuing: it is asked again when there is something to
        issue. Raises `WitnessError` for every other one that can't be it.
        """
        with self.unit(write=False) as tenant:
            expected = tenant.ledger.witness_id
            tenant_id = tenant.facts.tenant_id
        witness = self._witness = Witness(store, tenant_id, expected=expected, dice=self._dice)
        try:
            witness.open()
        except UnreachableWitnessError as error:
            if expected is None:
                raise
            warn(self.host, error.message, self.warned)
        if expected is None:
            with self.exclusive_unit() as tenant:
                tenant.ledger.attach(witness)

    def setup_of(self, facts: Body | None) -> Setup | None:
        """The set-up that this session read last, if the tenant's own document says it holds."""
        last = self._last_setup.setup
        return last if last and facts and stamp_of(facts) == last.stamp else None

    def holder(
        self, conference_id: int, *, owned: Sequence[str], beside: Sequence[tuple[str, str]]
    ) -> tuple[str, list[Body | None]] | None:
        """What `Store.holder` says; None inside `transaction()`, whose changes it can't see."""
        self._demand_open()
        if self.in_transaction:
            return None
        return self._store.holder(conference_id, owned=owned, beside=beside)

    def call(self, work: Callable[[UnitOfWork], T], *, write: bool, about: object = None) -> T:
        """What `work` makes of a unit of work; done again when another transaction was in the way.

        A bounded number of times, after a pause at random; never inside `transaction()`, of which
        earlier parts would be lost, and never once COMMIT was sent and not refused. `work` reads
        nothing that can be read only once. Raises `TransactionConflictError` when no attempt came
        through.
        """
        attempt = 1
        while True:
            try:
                with self.unit(write=write, about=about) as tenant:
                    return work(tenant)
            except TransactionConflictError:
                if attempt == ATTEMPTS or self.in_transaction:
                    raise
            log(INFO, "Attempt %d met another transaction; it is made again.", attempt)
            longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
            time.sleep(longest * int.from_bytes(self._dice(2), "big") / 2**16)
            attempt += 1

    def _joint_here(self) -> _Joint | None:
        for joint in reversed(_joints.get()):
            if joint.session is self and not joint.over:
                return joint if joint.thread == threading.get_ident() else None
        return None

    @property
    def in_transaction(self) -> bool:
        """Whether this context is inside `transaction()`."""
        return self._joint_here() is not None

    @property
    def on_trial(self) -> bool:
        """Whether nothing lasts of what this context does."""
        joint = self._joint_here()
        return joint is not None and joint.instead is not None

    def _demand_open(self) -> None:
        if self.closed:
            raise NotConnectedError("This session is closed; call confid.connect() again.")


def make_current(session: Session) -> None:
    """Make an opened session the one that the calls of this context mean."""
    with _opening:
        _open.add(session)
    _current.set(session)


def session_on(store: Store) -> Session | None:
    """The open session that works on this very store; None if there is none."""
    with _opening:
        return next((s for s in _open if s.store is store and not s.closed), None)


def current_session(session: Session | None = None) -> Session:
    """The session that a call means: the one given, the context's own, or the only open one.

    Raises `NotConnectedError` for none, a closed one, or several to choose from.
    """
    if session is None:
        session = _current.get() or _only_one()
    elif not isinstance(session, Session):
        raise NotConnectedError(
            f"session= takes what confid.connect() returned, not a {type(session).__name__}."
        )
    if session.closed:
        raise NotConnectedError("This session is closed; call confid.connect() again.")
    return session


def _only_one() -> Session:
    with _opening:
        sessions = [session for session in _open if not session.closed]
    if len(sessions) == 1:
        return sessions[0]
    if not sessions:
        raise NotConnectedError(
            'There is no session. Open one: with confid.connect("tenant.db"): …, or confid.demo() '
            "to try things out."
        )
    raise NotConnectedError(
        f"{len(sessions)} sessions are open and none belongs to this context. Say which: "
        "session=…, or session.cmdlets."
    )
