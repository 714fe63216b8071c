"""Writers killed with SIGKILL at random moments, an audit after each.

`python -m tests.faults.killed_writers [--count 200] [--store sqlite|postgres|URL] [--seed N]`

After each: what was acknowledged is in the ledger with its mail, no ID has two
owners or was issued twice, at most the call that was under way is there
unheard of, `confid.check()` finds nothing, and the next call works.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.host import SilentHost

from .told import ISSUED, Line, audit, fill, is_new, issued_to, lines, place, start
from .writer import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE = 10
LONGEST_LIFE = 0.3
"""The seconds after which a writer is killed at the latest."""
EARLY = 0.2
"""The share of writers that are killed while they connect, or soon after."""


@attrs.define
class Outcome:
    """The result of a run. `silent` counts writers that died before their first line."""

    told: list[Line] = attrs.field(factory=list)
    kills: int = 0
    silent: int = 0
    problems: list[str] = attrs.field(factory=list)


def killed_writers(store: str, count: int, dice: random.Random) -> Outcome:
    """Run writers on an empty store, one after the other, until a problem is found."""
    outcome = Outcome(fill(store, PEOPLE))
    while outcome.kills < count and not outcome.problems:
        told, alive = _killed(store, dice)
        outcome.told += told
        if not alive:
            outcome.problems.append("A writer ended by itself; its error stands above.")
        outcome.kills += 1
        outcome.silent += not told
        with confid.connect(store, create=False, host=SilentHost()) as session:
            untold = outcome.kills * MOST_AT_ONCE
            outcome.problems += audit(session, outcome.told, untold=untold)
        outcome.told += _next_call(store, dice)
    return outcome


def _killed(store: str, dice: random.Random) -> tuple[list[Line], bool]:
    """The lines of a writer until it was killed, and whether it was alive until then."""
    writer = start(store, seconds=600, threads=1, seed=dice.randrange(10**6))
    assert writer.stdout is not None
    output = writer.stdout.readline()
    if dice.random() >= EARLY:
        output += writer.stdout.readline()
    time.sleep(dice.uniform(0, LONGEST_LIFE))
    alive = writer.poll() is None
    writer.kill()
    output += writer.stdout.read()
    writer.stdout.close()
    writer.wait(timeout=60)
    return lines(output), alive


def _next_call(store: str, dice: random.Random) -> list[Line]:
    """A reset by a new session."""
    who = f"person{dice.randrange(PEOPLE):03}@contoso.com"
    with confid.connect(store, create=False, host=SilentHost()):
        first = enable_cs_online_dial_in_conferencing_user(who)
        second = set_cs_online_dial_in_conferencing_user(who, reset_conference_id=True)
    return [*([issued_to(first)] if is_new(first) else []), issued_to(second)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="how many are killed")
    parser.add_argument("--store", default="sqlite", help="sqlite, postgres, or an empty one's URL")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    with place(options.store) as store:
        outcome = killed_writers(store, options.count, random.Random(options.seed))
    issued = sum(line.what == ISSUED for line in outcome.told)
    sys.stdout.write(
        f"{outcome.kills} writers killed, {outcome.silent} before their first answer; "
        f"{issued} IDs acknowledged, {len(outcome.problems)} problems\n"
    )
    sys.stdout.writelines(f"  - {problem}\n" for problem in outcome.problems)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
