"""The primary is killed under load and its standby promoted, many times, under the same writers.

`python -m tests.faults.promoted [--count 20] [--processes 3] [--threads 2] [--people 20]
[--seed N] [--asynchronous] [--witness]`

Two PostgreSQL servers, streaming. Writers connect once, through a URL that
names both, and go on whatever happens. When the primary dies the standby may
lack commits that are under way, or have some that nobody knows of. After each
promotion every writer has to be issued IDs again, and what was acknowledged
is in the ledger with its mail, nothing was issued twice, and of a call of
unknown outcome all is there or nothing. Then the dead server follows the new
primary, and is the next to be promoted.

`--asynchronous` shows what happens when the primary doesn't wait for its
standby, which lags behind: acknowledged IDs are lost, and some of them issued
again; with `--witness` none is.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs

import confid
from confid.host import SilentHost
from confid.ids.dice import Space
from tests.servers import CARELESS, Pair, running_pair, wait_until, with_schema

from .told import FAILED, ISSUED, SPACE, UNKNOWN, Line, audit, fill, line_of, start_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMEOUT = 2
"""The seconds that a call waits for a connection; some failovers take longer."""

PROMPT, LAGGING, MUTE = "prompt", "lagging", "mute"
HOW = (PROMPT, LAGGING, MUTE)
"""How the standby follows before the primary dies: as it should; with commits under way that it
never gets; with commits under way that it has, though the primary never hears so."""

SMALL_SPACE = Space(1_000_000, 1_029_999)
"""A space in which lost IDs are soon issued again."""

SHOWN = 20
"""The most problems that are printed; without a synchronous standby there are hundreds."""


@attrs.frozen(kw_only=True)
class Run:
    """The options of a run."""

    count: int
    processes: int = 3
    threads: int = 2
    people: int = 20
    synchronous: bool = True
    witness: str | None = None


@attrs.define
class Outcome:
    """The result of a run. `pauses` are the seconds from a promotion to new IDs for all writers."""

    told: list[Line] = attrs.field(factory=list)
    kills: int = 0
    lost: int = 0
    pauses: list[float] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def count(self, what: str) -> int:
        """How many times that was reported."""
        return sum(line.what == what for line in self.told)

    @property
    def repeated(self) -> int:
        """How many IDs were issued again."""
        issued = Counter(line.conference_id for line in self.told if line.what == ISSUED)
        return sum(issued.values()) - len(issued)


class Writer:
    """A writing process and its lines so far."""

    def __init__(self, run: Run, store: str, seed: int) -> None:
        self.told: list[Line] = []
        arguments = (store, run.witness or "-", str(run.threads), str(seed))
        self.process = start_program("lasting_writer", *arguments, stdin=subprocess.PIPE)
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self.told.append(line_of(text))

    def wait_for_more(self) -> None:
        """Wait until it got another ID or ended."""
        before = self.issued
        wait_until(lambda: self.issued > before or self.process.poll() is not None)

    @property
    def issued(self) -> int:
        """How many IDs it got."""
        return sum(line.what == ISSUED for line in list(self.told))

    def end(self) -> bool:
        """Let it end; return whether it ended without an error."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._listening.join()
        self.process.stdout.close()
        return self.process.wait() == 0


def promoted(run: Run, pair: Pair, dice: random.Random) -> Outcome:
    """Fail over an empty pair many times, until a problem is found."""
    store = with_schema(pair.dsn, "promoted", timeout=TIMEOUT)
    space = SPACE if run.synchronous else SMALL_SPACE
    outcome = Outcome(fill(store, run.people, space=space, witness=run.witness))
    if not run.synchronous:
        pair.replicate(synchronous=False)
    with _writers(run, store, outcome, dice) as writers:
        while outcome.kills < run.count and not outcome.problems:
            _fail_over(run, pair, dice)
            outcome.kills += 1
            outcome.pauses.append(_seconds_until_all_are_issued_ids(writers))
            if run.synchronous:
                told = outcome.told + [line for writer in writers for line in list(writer.told)]
                outcome.problems += _audit(run, store, told, untold=None)
            if outcome.kills < run.count:
                pair.replicate(synchronous=run.synchronous)
    outcome.problems += _audit(run, store, outcome.told, untold=0)
    outcome.lost = _lost(run, store, outcome.told)
    return outcome


def _fail_over(run: Run, pair: Pair, dice: random.Random) -> None:
    """Kill the primary at a random moment, and promote its standby at another."""
    time.sleep(dice.uniform(0.1, 1))
    how = dice.choice(HOW) if run.synchronous else LAGGING
    if how == LAGGING:
        pair.lag()
    elif how == MUTE:
        pair.mute()
    if how != PROMPT:
        time.sleep(dice.uniform(0, 0.5))
    if how == PROMPT and dice.random() < 1 / 2:
        pair.primary.stop("immediate")
    else:
        pair.primary.kill()
    time.sleep(dice.choice([0, dice.uniform(0, 1.5 * TIMEOUT)]))
    pair.fail_over()


def _seconds_until_all_are_issued_ids(writers: list[Writer]) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(Writer.wait_for_more, writers))
    return time.monotonic() - began


@contextmanager
def _writers(run: Run, store: str, outcome: Outcome, dice: random.Random) -> Iterator[list[Writer]]:
    """Running writers; at the end the outcome has all their lines."""
    writers: list[Writer] = []
    try:
        # One by one, so that those which were started are ended if another one can't be.
        for _ in range(run.processes):
            writers.append(Writer(run, store, dice.randrange(10**6)))  # noqa: PERF401 - as said
        _seconds_until_all_are_issued_ids(writers)
        yield writers
    finally:
        for writer in writers:
            if not writer.end():
                outcome.problems.append("A writer ended with an error; it stands above.")
            outcome.told += writer.told


def _audit(run: Run, store: str, told: list[Line], *, untold: int | None) -> list[str]:
    with confid.connect(store, witness=run.witness, create=False, host=SilentHost()) as session:
        return audit(session, told, untold=untold)


def _lost(run: Run, store: str, told: list[Line]) -> int:
    """How many acknowledged IDs are not in the ledger."""
    with (
        confid.connect(store, witness=run.witness, create=False, host=SilentHost()) as session,
        session.unit(write=False) as tenant,
    ):
        held = set(tenant.transaction.issued_ids())
    return len({line.conference_id for line in told if line.what == ISSUED} - held)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="how many are killed")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--asynchronous", action="store_true", help="lose what a standby hasn't")
    parser.add_argument("--witness", action="store_true", help="have a SQLite file witness the IDs")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="confid-faults-")))
        run = Run(
            count=options.count,
            processes=options.processes,
            threads=options.threads,
            people=options.people,
            synchronous=not options.asynchronous,
            witness=str(folder / "witness.db") if options.witness else None,
        )
        pair = stack.enter_context(running_pair(*CARELESS, "max_connections=200"))
        outcome = promoted(run, pair, random.Random(options.seed))
    sys.stdout.write(
        f"{outcome.kills} primaries killed; {outcome.count(ISSUED)} IDs acknowledged, "
        f"{outcome.lost} of them lost, {outcome.repeated} issued again; "
        f"{outcome.count(UNKNOWN)} unknown outcomes, {outcome.count(FAILED)} calls failed; issued "
        f"again {max(outcome.pauses):.1f} s after a promotion at the latest; "
        f"{len(outcome.problems)} problems\n"
    )
    sys.stdout.writelines(f"  - {problem}\n" for problem in outcome.problems[:SHOWN])
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
