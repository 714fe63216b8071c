"""Many processes with many threads change the same people; a full audit follows.

`python -m tests.faults.mixed_load [--count 60] [--store sqlite|postgres|URL]
[--processes 8] [--threads 4] [--people 40] [--seed N]`

Resets, enables, disables and reads for `--count` seconds. Then ledger, users
and outbox agree, and hold what was acknowledged and no ID besides; no ID was
acknowledged twice.
"""

from __future__ import annotations

import argparse
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import attrs

import confid
from confid.host import SilentHost

from .told import DISABLED, ISSUED, READ, REFUSED, Line, audit, fill, lines, place, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

LONGEST_END = 120
"""The seconds that a process may take to start and for its last call."""


@attrs.frozen(kw_only=True)
class Load:
    """The options of a run."""

    seconds: float
    processes: int = 8
    threads: int = 4
    people: int = 40


@attrs.define
class Outcome:
    """The result of a run."""

    told: list[Line] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def count(self, what: str) -> int:
        """How many times that was reported."""
        return sum(line.what == what for line in self.told)


def mixed_load(store: str, load: Load, dice: random.Random) -> Outcome:
    """Run the load on an empty store and audit it."""
    outcome = Outcome(fill(store, load.people))
    writers = [
        start(store, seconds=load.seconds, threads=load.threads, seed=dice.randrange(10**6))
        for _ in range(load.processes)
    ]

    def output_of(writer: subprocess.Popen[str]) -> str:
        return writer.communicate(timeout=load.seconds + LONGEST_END)[0]

    with ThreadPoolExecutor(load.processes) as pool:
        for writer, output in zip(writers, pool.map(output_of, writers), strict=True):
            outcome.told += lines(output)
            if writer.returncode:
                outcome.problems.append("A process ended with an error; it stands above.")
    with confid.connect(store, create=False, host=SilentHost()) as session:
        outcome.problems += audit(session, outcome.told, untold=0)
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=float, default=60, help="for how many seconds")
    parser.add_argument("--store", default="sqlite", help="sqlite, postgres, or an empty one's URL")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    load = Load(
        seconds=options.count,
        processes=options.processes,
        threads=options.threads,
        people=options.people,
    )
    with place(options.store) as store:
        outcome = mixed_load(store, load, random.Random(options.seed))
    counted = ", ".join(f"{outcome.count(w)} {w}" for w in (ISSUED, DISABLED, READ, REFUSED))
    sys.stdout.write(
        f"{load.processes} processes of {load.threads} threads for {load.seconds:g} s: "
        f"{counted}; {len(outcome.problems)} problems\n"
    )
    sys.stdout.writelines(f"  - {problem}\n" for problem in outcome.problems)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
