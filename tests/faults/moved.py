"""Moves that are interrupted at every write, between any two kinds of stores.

    python -m tests.faults.moved --source sqlite --target postgres

Whatever happens next (the same move again, a move to another store, the move
given up), one store is a living tenant at the end, and it has everything.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import attrs

import confid
from confid import cmdlets
from confid.errors import CommitOutcomeUnknownError, StoreError
from confid.host import SilentHost
from confid.store import MemoryStore, batches
from confid.store.base import SEAL, TENANT, Store
from confid.store.urls import as_store
from confid.tenant.documents import KINDS
from tests.faults.told import fill, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from confid.store.base import Kind, Transaction

AT_ONCE = 3
"""Documents or owners in one commit: few, so that there are many moments to fail."""

NEXT = ("again", "elsewhere", "given up")
KINDS_OF_STORES = ("memory", "sqlite", "postgres")


@attrs.define
class Scissors:
    """Counts the writes of a process and fails from one of them on, like a killed process."""

    at: int
    passed: int = 0

    @property
    def have_cut(self) -> bool:
        """Whether the move had enough writes to reach the cut."""
        return self.passed >= self.at

    def snip(self, error: StoreError | None = None) -> None:
        """Count a write."""
        self.passed += 1
        if self.have_cut:
            raise error or StoreError("Cut short.")


class CuttableStore(Store):
    """Passes everything on to a store until the scissors cut.

    They can cut where a writing transaction begins, behind each of its
    writes, before its commit, and behind it, when nobody hears of it.
    """

    def __init__(self, store: Store, scissors: Scissors) -> None:
        self.store = store
        self.scissors = scissors

    def __repr__(self) -> str:
        return repr(self.store)

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """As the store does."""
        self.store.open(kinds, create=create)

    def close(self) -> None:
        """As the store does."""
        self.store.close()

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """As the store does."""
        block = self.store.transaction(write=write)
        return self._cuttable(block) if write else block

    def exclusive(self) -> AbstractContextManager[Transaction]:
        """As the store does."""
        return self._cuttable(self.store.exclusive())

    @contextmanager
    def _cuttable(self, block: AbstractContextManager[Transaction]) -> Iterator[Transaction]:
        self.scissors.snip()
        with block as transaction:
            yield _CuttableTransaction(transaction, self.scissors)  # type: ignore[misc]  # as good as one
            self.scissors.snip()
        self.scissors.snip(CommitOutcomeUnknownError("Nobody has heard of the commit."))


class _CuttableTransaction:
    def __init__(self, transaction: Transaction, scissors: Scissors) -> None:
        self._transaction = transaction
        self._scissors = scissors

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._transaction, name)
        if name not in ("put", "delete", "claim", "retire"):
            return method

        def write(*arguments: Any, **options: Any) -> Any:
            result = method(*arguments, **options)
            self._scissors.snip()
            return result

        return write


def live_in(store: Any) -> None:
    """A small tenant with some of everything that a move copies."""
    fill(store, 4)
    with confid.connect(store, host=SilentHost(), clock=lambda: NOON) as session:
        people = [f"person{number:03}@contoso.com" for number in range(4)]
        for count in (1, 3):
            cmdlets.set_cs_online_dial_in_conferencing_user(
                people[:count], reset_conference_id=True, session=session
            )
        cmdlets.disable_cs_online_dial_in_conferencing_user(people[3], session=session)
        confid.meetings.schedule(people[0], subject="x", start=NOON, session=session)


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def is_living(store: Any) -> bool:
    """Whether a call can write to the store."""
    try:
        with (
            confid.connect(store, create=False, host=SilentHost()) as session,
            session.unit(write=True),
        ):
            return True
    except StoreError:
        return False


def held(store: Any) -> dict[str, Any]:
    """Everything in a store except its seal."""
    with as_store(store) as opened:
        opened.open(KINDS)
        with opened.transaction(write=False) as transaction:
            found: dict[str, Any] = {k.name: dict(transaction.scan(k.name)) for k in KINDS}
            found["ledger"] = list(transaction.entries())
    found[TENANT.name].pop(SEAL, None)
    return found


def trial(new: Callable[[str], Any], kinds: tuple[str, str], at: int, then: str) -> Outcome:
    """One move, interrupted at its write number `at`; `then` is what follows."""
    source, target, other = new(kinds[0]), new(kinds[1]), new(kinds[1])
    live_in(source)
    before = held(source)
    scissors = Scissors(at)
    with suppress(StoreError):
        confid.move_tenant(
            CuttableStore(as_store(source), scissors), CuttableStore(as_store(target), scissors)
        )
    stores = {"the source": source, "the target": target, "another store": other}
    problems = [*_problems(stores, before, at_least=0)]
    moved = [] if then == "again" else _tried(confid.move_tenant, source, other)
    if then == "given up":
        moved = []
        if _tried(_restore, source):
            moved = _tried(confid.move_tenant, source, other)
    _tried(confid.move_tenant, source, target)
    if moved and is_living(target):
        problems.append("The target was opened after the tenant had moved elsewhere.")
    problems += _problems(stores, before, at_least=1)
    moment = f"cut at write {at}, then {then}"
    return Outcome([f"{moment}: {problem}" for problem in problems], reached=scissors.have_cut)


@attrs.frozen
class Outcome:
    """The problems after one trial, and whether the move reached the cut."""

    problems: list[str]
    reached: bool = attrs.field(kw_only=True)


def _restore(store: Any) -> None:
    confid.restore(store, host=SilentHost())


def _tried(act: Callable[..., object], *stores: Any) -> list[str]:
    """Empty if a store refuses it."""
    try:
        act(*stores)
    except StoreError:
        return []
    return [act.__name__]


def _problems(stores: dict[str, Any], before: dict[str, Any], *, at_least: int) -> Iterator[str]:
    living = [name for name, store in stores.items() if is_living(store)]
    if not at_least <= len(living) <= 1:
        yield f"Living tenants: {', '.join(living) or 'none'}."
    for name in living:
        if held(stores[name]) != before:
            yield f"In {name} something is missing."


@contextmanager
def places() -> Iterator[Callable[[str], Any]]:
    """Makes new stores of a kind; the first PostgreSQL one starts the server."""
    numbers = itertools.count()
    with tempfile.TemporaryDirectory(prefix="confid-faults-") as folder:
        server: list[AbstractContextManager[str]] = []
        dsn: list[str] = []

        def new(kind: str) -> Any:
            if kind == "memory":
                return MemoryStore()
            if kind == "sqlite":
                return Path(folder) / f"tenant{next(numbers)}.db"
            from tests.servers import with_schema  # noqa: PLC0415 - only where a server is asked for

            if not server:
                server.append(place(kind))
                dsn.append(server[0].__enter__())
            return with_schema(dsn[0], f"moved_{next(numbers)}")

        try:
            yield new
        finally:
            for running in server:
                running.__exit__(None, None, None)


def cut_everywhere(
    new: Callable[[str], Any], kinds: tuple[str, str], *, step: int = 1, first: int = 1
) -> tuple[int, list[str]]:
    """A trial for each write of a move and each sequel; returns their number and all problems."""
    problems: list[str] = []
    trials = 0
    for at in itertools.count(first, step):
        for then in NEXT:
            outcome = trial(new, kinds, at, then)
            problems += outcome.problems
            if not outcome.reached:
                return trials, problems
            trials += 1
    raise AssertionError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for side in ("source", "target"):
        parser.add_argument(f"--{side}", choices=[*KINDS_OF_STORES, "all"], default="all")
    parser.add_argument("--step", type=int, default=1, help="cut at every so many writes")
    options = parser.parse_args(arguments)
    sides = [
        KINDS_OF_STORES if kind == "all" else (kind,) for kind in (options.source, options.target)
    ]
    wrong = 0
    with mock.patch.object(batches, "AT_ONCE", AT_ONCE), places() as new:
        for source, target in itertools.product(*sides):
            trials, problems = cut_everywhere(new, (source, target), step=options.step)
            sys.stdout.write(
                f"{source} to {target}: {trials} moves cut short, {len(problems)} problems\n"
            )
            sys.stdout.writelines(f"  {problem}\n" for problem in problems)
            wrong += len(problems)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
