"""Calls interrupted by signals at random moments, an audit after each.

`python -m tests.faults.interrupted [--count 1000] [--store memory|sqlite|postgres] [--seed N]`

Resets, enables, imports, blocks, merges and moves. After each: it is done or
not done, never half; what was told is in the ledger; `confid.check()` finds
nothing; and the next call on the same session works.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.opening import open_session
from confid.errors import (
    CommitOutcomeUnknownError,
    ConfidError,
    NotEnabledError,
    SealedError,
    StoreError,
)
from confid.host import SilentHost
from confid.store import MemoryStore, SQLiteStore
from confid.store.urls import as_store

from .told import SPACE, Line, audit, fill, is_new, issued_to, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType
    from typing import Self

    from confid.engine.session import Session
    from confid.store import Store
    from confid.tenant.records import ConferencingUser

PEOPLE = 12
LATE = 1.2
"""How late a signal may come, in times that the call took before: some come too late."""
AUDITED = 5
"""Every so many interrupts everything is compared with everything."""
LARGEST = 200
"""Signals on one tenant; then comes a new one, for an audit takes longer with each ID."""
BUSY = 5.0
"""Seconds in which the call after an interrupt has to be through: no lock was lost."""


@attrs.define
class Outcome:
    """What a run has seen."""

    told: list[Line] = attrs.field(factory=list)
    signals: int = 0
    interrupted: int = 0
    untold: int = 0
    problems: list[str] = attrs.field(factory=list)

    def add(self, other: Outcome) -> None:
        """Count what another run has seen."""
        self.told += other.told
        self.signals += other.signals
        self.interrupted += other.interrupted
        self.problems += other.problems


class Interrupts:
    """Interrupts this thread; outside of a call a signal that comes late does nothing."""

    def __init__(self) -> None:
        self.armed = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGALRM, self._raise)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        if self.armed:
            self.armed = False
            raise KeyboardInterrupt

    def after(self, seconds: float) -> None:
        """Interrupt what follows, until `armed` is put back."""
        self.armed = True
        signal.setitimer(signal.ITIMER_REAL, seconds)


class Run:
    """A tenant, and calls on it that are interrupted."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self.store = store
        self.dice = dice
        self.outcome = Outcome(fill(store, PEOPLE))
        self.session: Session = open_session(store, space=SPACE, host=SilentHost())
        self.names = [f"person{number:03}@contoso.com" for number in range(PEOPLE)]
        self.imported = 0
        # Imported now: Python itself is in no good state when its import is interrupted.
        self.move_tenant = confid.move_tenant
        self.export = confid.ledger.export(session=self.session)
        self.took: defaultdict[str, float] = defaultdict(lambda: 0.05)

    # The calls; each returns what it tells.

    def reset(self) -> list[ConferencingUser]:
        """One or several people, in one call or in a block."""
        some = sorted(self.dice.sample(self.names, self.dice.randint(1, 4)))
        if len(some) == 1:
            return [self._reset(some[0])]
        if self.dice.random() < 0.5:
            return list(
                set_cs_online_dial_in_conferencing_user(
                    some, reset_conference_id=True, session=self.session
                )
            )
        with self.session.transaction():
            return [self._reset(name) for name in some]

    def _reset(self, name: str) -> ConferencingUser:
        user = set_cs_online_dial_in_conferencing_user(
            name, reset_conference_id=True, session=self.session
        )
        assert user is not None
        return user

    def patient_block(self) -> list[ConferencingUser]:
        """A block that goes on after an interrupt: what was interrupted is undone alone."""
        users = []
        with self.session.transaction():
            for name in self.names[:3]:
                try:
                    users.append(self._reset(name))
                except KeyboardInterrupt:
                    self.outcome.interrupted += 1
        return users

    def enable(self) -> list[ConferencingUser]:
        """Somebody who is enabled or not; now and then somebody is disabled first."""
        name = self.dice.choice(self.names)
        disable_cs_online_dial_in_conferencing_user(name, session=self.session)
        user = enable_cs_online_dial_in_conferencing_user(name, session=self.session)
        return [user] if is_new(user) else []

    def add(self) -> list[ConferencingUser]:
        """New people from a roster."""
        first = self.imported
        self.imported += 3
        confid.import_users(
            [
                {"UserPrincipalName": f"new{n}@contoso.com", "Licenses": "MCOMEETADV"}
                for n in range(first, first + 3)
            ],
            session=self.session,
        )
        return []

    def merge(self) -> list[ConferencingUser]:
        """An export of the ledger from the beginning."""
        confid.ledger.merge(self.export, session=self.session)
        return []

    # Interrupts.

    def once(self, interrupts: Interrupts) -> None:
        """One call, interrupted perhaps, and what came of it."""
        calls = (self.reset, self.reset, self.patient_block, self.enable, self.add, self.merge)
        call = self.dice.choice(calls)
        name, began = call.__name__, time.perf_counter()
        users: list[ConferencingUser] = []
        self.outcome.signals += 1
        try:
            interrupts.after(self.dice.uniform(1e-5, LATE * self.took[name]))
            users = call()
            interrupts.armed = False
            self.took[name] = time.perf_counter() - began
        except KeyboardInterrupt:
            self.outcome.interrupted += 1
            self.outcome.untold += 4
        except (NotEnabledError, StoreError, CommitOutcomeUnknownError):
            # A block that went on after an interrupt may have to be undone as a whole.
            self.outcome.untold += 4
        finally:
            interrupts.armed = False
        self.outcome.told += map(issued_to, users)
        self._look()

    def _look(self) -> None:
        began = time.perf_counter()
        try:
            name = self.dice.choice(self.names)
            enable_cs_online_dial_in_conferencing_user(name, session=self.session)
            self.outcome.told.append(issued_to(self._reset(name)))
        except ConfidError as error:
            self.outcome.problems.append(f"The next call: {type(error).__name__}: {error}")
        if time.perf_counter() - began > BUSY:
            self.outcome.problems.append("The next call had to wait.")
        # The enabling may have issued one more.
        self.outcome.untold += 1
        if self.outcome.signals % AUDITED == 0:
            problems = audit(self.session, self.outcome.told, untold=self.outcome.untold)
            self.outcome.problems += problems

    def move(self, interrupts: Interrupts, target: Store) -> None:
        """Move the tenant, interrupted again and again; the last time it arrives."""
        self.session.close()
        took, arrived = 0.02, False
        while not arrived:
            self.outcome.signals += 1
            try:
                interrupts.after(self.dice.uniform(1e-5, took))
                self.move_tenant(self.store, target)
                arrived = True
            except KeyboardInterrupt:
                self.outcome.interrupted += 1
                took *= 1.1
            except SealedError:
                # The interrupt came behind the last commit.
                arrived = True
            finally:
                interrupts.armed = False
            living = [self._is_living(store) for store in (self.store, target)]
            if living.count(True) > 1:
                self.outcome.problems.append("Two stores live after a move.")
        self.store = target
        self.session = open_session(target, create=False, host=SilentHost())
        self._look()

    def _is_living(self, store: Store) -> bool:
        try:
            with open_session(store, create=False, host=SilentHost()) as session:
                set_cs_online_dial_in_conferencing_user(
                    self.names[0], allow_toll_free_dial_in=True, session=session
                )
        except ConfidError:
            return False
        return True


def interrupted(
    store: Store, count: int, dice: random.Random, targets: Sequence[Store] = ()
) -> Outcome:
    """So many signals on an empty store, until something is wrong; then a move to each target."""
    run = Run(store, dice)
    with Interrupts() as interrupts:
        while run.outcome.signals < count and not run.outcome.problems:
            run.once(interrupts)
        for target in targets:
            if not run.outcome.problems:
                run.move(interrupts, target)
    problems = audit(run.session, run.outcome.told, untold=run.outcome.untold)
    run.outcome.problems += problems
    run.session.close()
    return run.outcome


@contextmanager
def stores(name: str) -> Iterator[tuple[Store, list[Store]]]:
    """An empty store of that name, and two that its tenant moves to."""
    if name == "memory":
        yield MemoryStore(), [MemoryStore(), MemoryStore()]
        return
    with tempfile.TemporaryDirectory(prefix="confid-faults-") as folder, place(name) as url:
        yield as_store(url), [SQLiteStore(Path(folder) / "one.db"), MemoryStore()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it as the command line says; 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="how many signals")
    parser.add_argument("--store", default="sqlite", choices=("memory", "sqlite", "postgres"))
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    dice, outcome = random.Random(options.seed), Outcome()
    while outcome.signals < options.count and not outcome.problems:
        count = min(options.count - outcome.signals, LARGEST)
        with stores(options.store) as (store, targets):
            outcome.add(interrupted(store, count, dice, targets))
    sys.stdout.write(
        f"{outcome.signals} signals, {outcome.interrupted} calls interrupted, "
        f"{len(outcome.told)} IDs told, {len(outcome.problems)} problems\n"
    )
    sys.stdout.writelines(f"  - {problem}\n" for problem in outcome.problems[:100])
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
