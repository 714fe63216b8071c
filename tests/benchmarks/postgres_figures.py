"""Figures on a PostgreSQL server that forces every commit to the disk: resets, one and many."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from servers import sql

from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.store import PostgresStore

from . import look_up_figures
from . import postgres_floor as floor
from .measure import Figure, in_turns, ratio
from .tenants import fill, identities, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import Server

    from .scale import Scale


def figures(scale: Scale, server: Server) -> Iterator[Figure]:
    """Confid and the floor work on two tenants alike, in two schemas of one server."""
    with ExitStack() as stack:
        session = stack.enter_context(opened(PostgresStore(server.dsn, schema="ours")))
        fill(session, scale.users)
        with opened(PostgresStore(server.dsn, schema="theirs")) as other:
            fill(other, scale.users)
        sql(server.dsn, "VACUUM ANALYZE", "CHECKPOINT")
        db = stack.enter_context(floor.connect(server.dsn, "theirs"))
        names = identities(scale.users)
        turns = (cycle(names), cycle(names))
        one, one_floor = in_turns(
            scale.singles,
            lambda: set_cs_online_dial_in_conferencing_user(
                next(turns[0]), reset_conference_id=True, session=session
            ),
            lambda: floor.reset_one(db, next(turns[1])),
        )
        yield ratio("one durable reset, PostgreSQL", one, one_floor, target=1.5)
        many, many_floor = in_turns(
            scale.rounds,
            partial(
                set_cs_online_dial_in_conferencing_user,
                names,
                reset_conference_id=True,
                session=session,
            ),
            partial(floor.reset_many, db, names),
        )
        yield ratio(
            f"a reset of {scale.users}, PostgreSQL, a user",
            many,
            many_floor,
            target=2,
            per=scale.users,
        )
        select = look_up_figures.SELECT.format(mark="%s").encode()
        yield from look_up_figures.figures(
            scale,
            "PostgreSQL",
            session,
            lambda i: db.execute(select, (i,)).fetchone(),
            [conference_id for (conference_id,) in db.execute(look_up_figures.LIVING.encode())],
        )
