"""`python -m tests.benchmarks [--quick] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import attrs

from tests.servers import running

from . import (
    call_figures,
    file_figures,
    issuing_figures,
    mail_figures,
    plain_figures,
    postgres_figures,
    scale_figures,
    sqlite_figures,
    start_figures,
)
from .measure import Figure, table
from .scale import FULL, QUICK, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence


def measure(scale: Scale) -> list[Figure]:
    """Every figure; its files go to the folder for temporary ones (TMPDIR), then away."""
    with (
        tempfile.TemporaryDirectory(prefix="confid-benchmarks-") as name,
        # It forces every commit to the disk.
        running("fsync=on", "shared_buffers=256MB", "max_wal_size=8GB") as server,
    ):
        folder = Path(name)
        return [
            *start_figures.figures(scale),
            *call_figures.figures(scale),
            *plain_figures.figures(scale),
            *sqlite_figures.figures(scale, folder),
            *postgres_figures.figures(scale, server),
            *issuing_figures.figures(scale, folder, server),
            *file_figures.figures(scale, folder),
            *mail_figures.figures(scale, folder),
            *scale_figures.figures(scale, folder, server),
        ]


def as_json(scale: Scale, figures: Sequence[Figure]) -> str:
    """The run for machines."""
    run = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
        "scale": attrs.asdict(scale),
        "figures": [{**attrs.asdict(f), "verdict": f.verdict} for f in figures],
    }
    return json.dumps(run, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks.json"), metavar="FILE")
    options = parser.parse_args(arguments)
    scale = QUICK if options.quick else FULL
    start = perf_counter()
    figures = measure(scale)
    sys.stdout.write(f"{table(figures)}\n\nmeasured in {perf_counter() - start:.0f} s\n")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(as_json(scale, figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
