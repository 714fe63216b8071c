"""A restored backup that nobody noticed: resets, a restore, more resets, and kills between.

`python -m tests.faults.wound_back [--resets 1000] [--kills 20] [--seed N]
[--store sqlite|postgres|URL] [--witness sqlite|postgres|URL]`

The backup is one that the database's own tools take and put in the tenant's
place: SQLite's backup, or pg_dump and pg_restore.

Without a witness the same run is expected to repeat 0.11 IDs in 1,000 and
1,000 of nine million; with one it repeats none. In the run the space is a
small one, in which it would repeat dozens.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user
from confid.engine.opening import open_session
from confid.host import SilentHost
from confid.ids.dice import Space

from . import snapshots
from .told import ROOT, place

if TYPE_CHECKING:
    from collections.abc import Sequence

KEN = "ken@contoso.com"


@attrs.frozen(kw_only=True)
class Run:
    """The options of a run. `store` and `witness` are paths or URLs of empty stores."""

    resets: int
    kills: int
    store: str
    witness: str
    folder: Path


@attrs.define
class Outcome:
    """The result of a run."""

    told: list[int] = attrs.field(factory=list)
    kills: int = 0
    problems: tuple[str, ...] = ()

    @property
    def repeated(self) -> int:
        """How many IDs were issued again."""
        return len(self.told) - len(set(self.told))


def wound_back(run: Run, dice: random.Random) -> Outcome:
    """Reset, with a snapshot at a random moment; put it back, and reset as many times again."""
    space = Space(1_000_000, 1_000_000 + 8 * run.resets)
    outcome = Outcome()
    with open_session(run.store, space=space, witness=run.witness, host=SilentHost()) as session:
        row = {"UserPrincipalName": KEN, "Mail": KEN, "Licenses": "MCOMEETADV"}
        confid.import_users([row], session=session)
        enable_cs_online_dial_in_conferencing_user(KEN, session=session)
    before = dice.randrange(run.resets)
    some = run.kills // 3
    _reset(run, outcome, dice, count=before, kills=some)
    put_back = snapshots.take(run.store, run.folder)
    _reset(run, outcome, dice, count=run.resets - before, kills=some)
    put_back()
    _reset(run, outcome, dice, count=run.resets, kills=run.kills - 2 * some)
    with confid.connect(run.store, witness=run.witness, host=SilentHost()) as session:
        outcome.problems = confid.check(session).problems
    return outcome


def _reset(run: Run, outcome: Outcome, dice: random.Random, *, count: int, kills: int) -> None:
    """Make this many reported resets with processes, some of which are killed at random moments."""
    goal = len(outcome.told) + count
    while left := goal - len(outcome.told):
        if not kills:
            outcome.told += _process(run, left)
            continue
        some = min(left, dice.randint(1, max(1, 2 * left // (kills + 1))))
        told, killed = _killed(run, some, dice)
        outcome.told += told
        outcome.kills += killed
        kills -= killed


def _start(run: Run, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.resetter", run.store, run.witness, KEN, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _process(run: Run, count: int) -> list[int]:
    """All IDs that a process reported."""
    process = _start(run, count)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return [int(line) for line in output.split()]


def _killed(run: Run, count: int, dice: random.Random) -> tuple[list[int], bool]:
    """The IDs that a process reported until it was killed, and whether it was alive until then."""
    process = _start(run, count)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if dice.random() < 2 / (count + 1):
            break
    alive = process.poll() is None
    process.kill()
    # What it had written when it was killed is in the pipe still; a half line was not told.
    lines += process.stdout.readlines()
    process.wait(timeout=60)
    process.stdout.close()
    assert alive or process.returncode == 0
    return [int(line) for line in lines if line.endswith("\n")], alive


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if no ID was repeated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resets", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    where = "sqlite, postgres, or an empty one's URL"
    parser.add_argument("--store", default="sqlite", help=where)
    parser.add_argument("--witness", default="sqlite", help=where)
    options = parser.parse_args(arguments)
    with (
        place(options.store) as store,
        place(options.witness) as witness,
        tempfile.TemporaryDirectory(prefix="confid-faults-") as name,
    ):
        run = Run(
            resets=options.resets,
            kills=options.kills,
            store=store,
            witness=witness,
            folder=Path(name),
        )
        outcome = wound_back(run, random.Random(options.seed))
    sys.stdout.write(
        f"{len(outcome.told)} IDs told, {outcome.kills} processes killed, "
        f"{outcome.repeated} IDs repeated, {len(outcome.problems)} problems\n"
    )
    return 1 if outcome.repeated or outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
