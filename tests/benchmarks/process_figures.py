"""Many processes against one on PostgreSQL, and pgbench's clients on the same server beside them.

How far the resets of many processes get beyond those of one is a matter of
the machine's cores and disk too; pgbench, which is PostgreSQL's own yardstick
(TPC-B-like, a client for each process), says what these would allow.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import with_schema

from .measure import Figure, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers import Server

    from .scale import Scale

ROOT = Path(__file__).parents[2]

TRANSACTIONS = 400
"""Of each of pgbench's clients, for every second that confid's processes have."""


ROUNDS = 3


def figures(server: Server, schema: str, scale: Scale) -> Iterator[Figure]:
    """Resets a second of `scale.processes` processes to those of one, in turns with pgbench's."""
    # Its scale is twice its clients, which otherwise queue for one row.
    _pgbench(server, "-i", "-q", "-s", str(2 * scale.processes))
    ours: tuple[list[float], list[float]] = ([], [])
    theirs: tuple[list[float], list[float]] = ([], [])
    busy: list[float] = []
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_worker(with_schema(server.dsn, schema), scale.sizes[0]))
            for _ in range(scale.processes)
        ]
        for worker in workers:
            assert _line(worker) == "ready"
        for _ in range(min(ROUNDS, scale.rounds)):
            for count, rates, tps in zip((1, scale.processes), ours, theirs, strict=True):
                answers = _resets(workers[:count], scale.seconds)
                rates.append(sum(rate for rate, _ in answers))
                if count == 1:
                    busy.append(answers[0][1])
                tps.append(_transactions_a_second(server, count, scale.seconds))
    each = [many / one for one, many in zip(*ours, strict=True)]
    yield Figure(
        name=f"{scale.processes} processes to one, PostgreSQL, resets a second",
        value=_scaling(*ours),
        low=min(each),
        high=max(each),
        unit="x",
        confid=_shown(*ours),
        floor=f"pgbench {_scaling(*theirs):.2f} x: {_shown(*theirs)}",
    )
    yield plain("processor time of a reset in its process, PostgreSQL", busy)


def _scaling(one: Sequence[float], many: Sequence[float]) -> float:
    return statistics.median(many) / statistics.median(one)


def _shown(one: Sequence[float], many: Sequence[float]) -> str:
    return f"{statistics.median(one):.0f}/s, {statistics.median(many):.0f}/s"


def _worker(store: str, users: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.resetting", store, str(users)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def _resets(workers: Sequence[subprocess.Popen[str]], seconds: float) -> list[tuple[float, float]]:
    """Of all of them at the same time, each's resets a second and processor time for one."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{seconds}\n")
        worker.stdin.flush()
    answers = [_line(worker).split() for worker in workers]
    return [(float(rate), float(busy)) for rate, busy in answers]


def _transactions_a_second(server: Server, clients: int, seconds: float) -> float:
    each = max(1, round(TRANSACTIONS * seconds))
    output = _pgbench(server, "-n", "-c", str(clients), "-j", str(clients), "-t", str(each))
    found = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    assert found, output
    return float(found[1])


def _pgbench(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [server.programs / "pgbench", *arguments, server.dsn],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PGOPTIONS": "-c search_path=public"},
    )
    return done.stdout
