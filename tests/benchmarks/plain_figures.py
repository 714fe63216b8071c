"""Figures beside the plainest program: what confid costs whoever wants just a reset."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from confid.store import MemoryStore

from . import reset_figures
from .plain_floor import PlainFloor
from .reset_figures import Floor
from .tenants import fill, identities, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .measure import Figure
    from .scale import Scale

_HERE = "/dev/shm"  # noqa: S108 - a file system without a disk, on Linux
SHARED_MEMORY = _HERE if os.access(_HERE, os.W_OK) else None
"""Where files need no disk, if there is such a place."""


def figures(scale: Scale) -> Iterator[Figure]:
    """Resets in memory, and on a file without a disk behind it."""
    with (
        opened(MemoryStore()) as session,
        plain_floor(scale, ":memory:", "in memory", 2.5) as floor,
    ):
        fill(session, scale.users)
        yield from reset_figures.figures(scale, session, floor)
    if SHARED_MEMORY:
        with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as name:
            place = str(Path(name) / "plain.db")
            with (
                opened(Path(name) / "confid.db") as session,
                plain_floor(scale, place, "on a file without a disk", 3) as floor,
            ):
                fill(session, scale.users)
                yield from reset_figures.figures(scale, session, floor, many=False)


@contextmanager
def plain_floor(scale: Scale, place: str, where: str, one: float) -> Iterator[Floor]:
    """The floor in a file or in `:memory:`, with as many people as the tenant has."""
    resets = scale.singles + scale.rounds * scale.users
    with closing(PlainFloor(place, identities(scale.users), resets=resets)) as floor:
        yield Floor(
            one=floor.reset_one,
            many=floor.reset_many,
            row_of_one=f"one reset {where}, to the plain floor",
            row_of_many=f" {where}, a user, to the plain floor",
            target_of_one=one,
            target_of_many=3,
        )
