"""A restored backup that nobody noticed: resets, a restore, more resets, killed in between.

`python -m tests.faults.wound_back [--resets 1000] [--kills 20] [--store URL] [--witness URL]`

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
from confid import moving
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user
from confid.conference_id import Space
from confid.host import SilentHost
from confid.records import KINDS
from confid.session import as_store, open_session
from confid.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
KEN = "ken@contoso.com"


@attrs.frozen(kw_only=True)
class Run:
    """One run: how much, and where. `store` and `witness` are paths or URLs of empty stores."""

    resets: int
    kills: int
    store: str
    witness: str
    folder: Path


@attrs.define
class Outcome:
    """What a run has seen."""

    told: list[int] = attrs.field(factory=list)
    kills: int = 0
    problems: tuple[str, ...] = ()

    @property
    def repeated(self) -> int:
        """How many IDs somebody was told who was not the first."""
        return len(self.told) - len(set(self.told))


def wound_back(run: Run, dice: random.Random) -> Outcome:
    """Resets, a copy at a random moment, more resets; the copy restored; as many again."""
    space = Space(1_000_000, 1_000_000 + 8 * run.resets)
    outcome = Outcome()
    with open_session(run.store, space=space, witness=run.witness, host=SilentHost()) as session:
        row = {"UserPrincipalName": KEN, "Mail": KEN, "Licenses": "MCOMEETADV"}
        confid.import_users([row], session=session)
        enable_cs_online_dial_in_conferencing_user(KEN, session=session)
    before = dice.randrange(run.resets)
    _reset(run, run.store, before, outcome, dice)
    backup = run.folder / "backup.db"
    _copy(run.store, backup)
    _reset(run, run.store, run.resets - before, outcome, dice)
    confid.restore(backup, host=SilentHost())
    _reset(run, str(backup), run.resets, outcome, dice)
    with confid.connect(backup, witness=run.witness, host=SilentHost()) as session:
        outcome.problems = confid.check(session).problems
    return outcome


def _copy(store: str, backup: Path) -> None:
    """A backup, as SQLite takes one; of any other store what a move would bring over."""
    with as_store(store) as source:
        source.open(KINDS)
        if isinstance(source, SQLiteStore):
            source.backup(backup)
        else:
            moving.copy_sealed(source, SQLiteStore(backup))


def _reset(run: Run, store: str, count: int, outcome: Outcome, dice: random.Random) -> None:
    """So many resets that were told, by processes some of which are killed at random moments."""
    goal = len(outcome.told) + count
    kills = run.kills // 3
    while len(outcome.told) < goal:
        left = goal - len(outcome.told)
        some = dice.randint(1, max(1, 2 * left // (kills + 1))) if kills else left
        told = _process(run, store, min(some, left), dice if kills else None)
        outcome.told += told
        if kills:
            kills -= 1
            outcome.kills += 1


def _process(run: Run, store: str, count: int, dice: random.Random | None) -> list[int]:
    """The IDs that a process has told; with dice, it is killed at a moment of theirs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.resetter", store, run.witness, KEN, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    if dice is None:
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0
        return [int(line) for line in output.split()]
    lines = []
    for line in process.stdout:
        lines.append(line)
        if dice.random() < 2 / (count + 1):
            break
    process.kill()
    # What it had written when it was killed is in the pipe still; a half line was not told.
    lines += process.stdout.readlines()
    process.wait(timeout=60)
    process.stdout.close()
    return [int(line) for line in lines if line.endswith("\n")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it as the command line says; 0 when no ID was told twice and the audit is clean."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resets", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--store", help="path or URL of an empty store; default: a SQLite file")
    parser.add_argument("--witness", help="likewise")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="confid-faults-") as name:
        run = Run(
            resets=options.resets,
            kills=options.kills,
            store=options.store or f"{name}/tenant.db",
            witness=options.witness or f"{name}/witness.db",
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
