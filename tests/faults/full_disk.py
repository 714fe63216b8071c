"""Resets on a disk that fills up: `full_disk FOLDER disk|limit` writes JSON.

`disk` fills the disk that the folder is on, which should be a small one;
`limit` says how long a file may get. Each time the room ends elsewhere: an
audit follows, and another reset once there is room again.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.errors import CommitOutcomeUnknownError, StoreError
from confid.host import SilentHost

from .told import Line, audit, fill, issued_to

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = 20
ROOMS = range(0, 120_000, 23_000)
"""Free bytes; a reset of everybody takes about 100,000."""
MOST = 200
"""The number of resets within which the disk must be full."""


def main(folder: Path, how: str) -> dict[str, object]:
    """The errors and their counts, and what the audits found."""
    path = folder / "tenant.db"
    told = fill(str(path), PEOPLE)
    names = [line.who for line in told]
    refused: Counter[str] = Counter()
    problems: list[str] = []
    with confid.connect(path, host=SilentHost()) as session:
        for room in ROOMS:
            with crowded(path, room) if how == "disk" else limited(path, room):
                told += _until_refused(names, refused)
                if how == "disk":
                    with confid.rehearse(path):
                        _reset(names)
            # A call whose outcome is unknown may have issued them.
            untold = PEOPLE * refused[CommitOutcomeUnknownError.__name__]
            problems += audit(session, told, untold=untold)
            told += _reset(names)
            problems += audit(session, told, untold=untold)
    return {"refused": refused, "problems": problems}


def _until_refused(names: list[str], refused: Counter[str]) -> list[Line]:
    told: list[Line] = []
    for _ in range(MOST):
        try:
            told += _reset(names)
        except CommitOutcomeUnknownError as error:
            refused[type(error).__name__] += 1
            return told
        except StoreError as error:
            refused[error.category] += 1
            return told
    raise AssertionError("It never got full.")


def _reset(names: list[str]) -> list[Line]:
    users = set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)
    return [issued_to(user) for user in users]


@contextmanager
def crowded(path: Path, room: int) -> Iterator[None]:
    """A disk with this much room."""
    ballast = path.with_name("ballast")
    disk = os.statvfs(path)
    with ballast.open("wb", buffering=0) as file:
        left = disk.f_bavail * disk.f_frsize - room
        assert left < 2**26, "not a small disk"
        while left > 0:
            left -= file.write(bytes(min(left, 2**20)))
    yield
    ballast.unlink()


@contextmanager
def limited(path: Path, room: int) -> Iterator[None]:
    """A limit on the size of files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    longest = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest + room, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
