"""Figures on a PostgreSQL server that forces every commit to the disk: resets, one and many."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from confid.store import PostgresStore
from tests.servers import sql

from . import look_up_figures, reset_figures
from . import postgres_floor as floor
from .tenants import fill, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Server

    from .measure import Figure
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
        yield from reset_figures.figures(
            scale,
            "PostgreSQL",
            session,
            reset_one=partial(floor.reset_one, db),
            reset_many=partial(floor.reset_many, db),
            target_of_many=2,
        )
        select = look_up_figures.SELECT.format(mark="%s").encode()
        yield from look_up_figures.figures(
            scale,
            "PostgreSQL",
            session,
            lambda i: db.execute(select, (i,)).fetchone(),
            [conference_id for (conference_id,) in db.execute(look_up_figures.LIVING.encode())],
        )
