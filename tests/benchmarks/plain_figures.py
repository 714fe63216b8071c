"""Figures beside the plainest program: what confid costs whoever wants just a reset."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.store import MemoryStore, SQLiteStore

from .measure import Figure, in_turns, ratio
from .plain_floor import PlainFloor
from .tenants import fill, identities, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.store import Store

    from .scale import Scale

_HERE = "/dev/shm"  # noqa: S108 - a file system without a disk, on Linux
SHARED_MEMORY = _HERE if os.access(_HERE, os.W_OK) else None
"""Where files need no disk, if there is such a place."""


def figures(scale: Scale, folder: Path) -> Iterator[Figure]:
    """Resets in memory, on a file, and on a file without a disk behind it."""
    yield from _resets(scale, "in memory", MemoryStore(), ":memory:", one=2.5, many=3)
    yield from _resets(
        scale, "on a file", SQLiteStore(folder / "c.db"), str(folder / "p.db"), one=1.6, many=3
    )
    if SHARED_MEMORY:
        with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as name:
            ours, theirs = SQLiteStore(Path(name) / "c.db"), str(Path(name) / "p.db")
            yield from _resets(scale, "on a file without a disk", ours, theirs, one=3, many=None)


def _resets(
    scale: Scale, where: str, store: Store, place: str, *, one: float, many: float | None
) -> Iterator[Figure]:
    names = identities(scale.plain_users)
    resets = scale.singles + (scale.rounds + 1) * len(names)
    with ExitStack() as stack:
        session = stack.enter_context(opened(store))
        fill(session, len(names))
        floor = stack.enter_context(closing(PlainFloor(place, names, resets=resets)))
        reset = partial(
            set_cs_online_dial_in_conferencing_user, reset_conference_id=True, session=session
        )
        ours, theirs = cycle(names), cycle(names)
        single, single_floor = in_turns(
            scale.singles, lambda: reset(next(ours)), lambda: floor.reset_one(next(theirs))
        )
        yield ratio(f"one reset {where}, to the plain floor", single, single_floor, target=one)
        if many is not None:
            bulk, bulk_floor = in_turns(
                scale.rounds, partial(reset, names), partial(floor.reset_many, names)
            )
            yield ratio(
                f"a reset of {len(names)} {where}, a user, to the plain floor",
                bulk,
                bulk_floor,
                target=many,
                per=len(names),
            )
