"""Figures on a SQLite file: resets, one and many, their memory, and the listing."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.opening import open_session
from confid.host import SilentHost

from . import floor, look_up_figures, reset_figures
from .measure import Figure, in_turns, ratio, room
from .plain_figures import plain_floor
from .reset_figures import Floor
from .tenants import copied, identities, opened, sqlite_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session

    from .scale import Scale

BEYOND_RECORDS = 128
"""Bytes a user that a call may need beside the records it returns."""

ENOUGH = 20_000
"""Users from which on the steps in which sets and lists grow no longer hide what a user costs."""


def figures(scale: Scale, folder: Path) -> Iterator[Figure]:
    """Confid and the floor with its schema work on copies of one tenant."""
    ours = sqlite_tenant(folder / "confid.db", scale.users)
    yield room(f"room for {scale.users} users, SQLite", ours.stat().st_size, scale.users)
    theirs = copied(ours, "floor.db")
    watched = copied(ours, "watched.db")
    with (
        opened(ours) as session,
        closing(floor.connect(theirs)) as db,
        plain_floor(scale, str(folder / "plain.db"), "on a file", 1.6) as plain,
    ):
        by_hand = Floor(
            one=partial(floor.reset_one, db),
            many=partial(floor.reset_many, db),
            row_of_one="one durable reset, SQLite",
            row_of_many=", SQLite, a user",
            target_of_one=1.5,
            target_of_many=3,
        )
        yield from reset_figures.figures(scale, session, plain, by_hand)
        listed, listed_floor = in_turns(
            scale.rounds,
            lambda: get_cs_online_dial_in_conferencing_user(session=session),
            partial(floor.listing, db),
        )
        yield ratio(
            f"listing {scale.users}, a user", listed, listed_floor, target=3, per=scale.users
        )
        select = look_up_figures.SELECT.format(mark="?")
        yield from look_up_figures.figures(
            scale,
            "SQLite",
            session,
            lambda i: db.execute(select, (i,)).fetchone(),
            [conference_id for (conference_id,) in db.execute(look_up_figures.LIVING)],
            target=4,
        )
        yield _witnessed(session, watched, scale)
    yield _memory_growth(ours, scale)


def _witnessed(session: Session, watched: Path, scale: Scale) -> Figure:
    """A reset with a witness beside one without: two commits for one."""
    names = identities(scale.users)
    witness = watched.with_name("witness.db")
    with open_session(watched, witness=witness, host=SilentHost()) as with_witness:
        turns = (cycle(names), cycle(names))
        two, one = in_turns(
            scale.singles,
            lambda: set_cs_online_dial_in_conferencing_user(
                next(turns[0]), reset_conference_id=True, session=with_witness
            ),
            lambda: set_cs_online_dial_in_conferencing_user(
                next(turns[1]), reset_conference_id=True, session=session
            ),
        )
    return ratio("one durable reset with a witness, to one without", two, one, target=2)


def _memory_growth(tenant: Path, scale: Scale) -> Figure:
    """Bytes a user that resetting more users needs beside their records."""
    few, all_of_them = _traced(tenant, scale.few_users, scale.users)
    more = scale.users - scale.few_users
    growth = (all_of_them["beyond"] - few["beyond"]) / more
    records = all_of_them["records"] / scale.users
    each = [traced["beyond"] / traced["users"] for traced in (few, all_of_them)]
    return Figure(
        name=f"memory beyond the records, {scale.few_users} to {scale.users}",
        value=growth,
        low=min(growth, *each),
        high=max(growth, *each),
        unit="B/user",
        target=BEYOND_RECORDS if scale.users >= ENOUGH else None,
        confid=f"peak +{all_of_them['beyond'] / 2**20:.1f} MiB",
        floor=f"records {records:.0f} B",
    )


def _traced(tenant: Path, *counts: int) -> list[dict[str, int]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(tenant), *map(str, counts)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    traced: list[dict[str, int]] = json.loads(done.stdout)
    return traced
