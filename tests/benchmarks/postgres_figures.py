"""Figures on a PostgreSQL server that forces every commit to the disk: resets, one and many."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from confid.store import PostgresStore
from tests.servers import sql

from . import look_up_figures, reset_figures
from . import postgres_floor as floor
from .measure import Figure, room
from .reset_figures import Floor
from .tenants import fill, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Server

    from .scale import Scale


ROOM = """
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE relnamespace = 'ours'::regnamespace AND relkind = 'r'
"""


def figures(scale: Scale, server: Server) -> Iterator[Figure]:
    """Confid and the floor work on two tenants alike, in two schemas of one server."""
    with ExitStack() as stack:
        session = stack.enter_context(opened(PostgresStore(server.dsn, schema="ours")))
        fill(session, scale.users)
        with opened(PostgresStore(server.dsn, schema="theirs")) as other:
            fill(other, scale.users)
        sql(server.dsn, "VACUUM ANALYZE", "CHECKPOINT")
        with psycopg.connect(server.dsn) as connection:
            ((size,),) = connection.execute(ROOM).fetchall()
        yield room(f"room for {scale.users} users, PostgreSQL", size, scale.users)
        db = stack.enter_context(floor.connect(server.dsn, "theirs"))
        yield from reset_figures.figures(
            scale,
            session,
            Floor(
                one=partial(floor.reset_one, db),
                many=partial(floor.reset_many, db),
                row_of_one="one durable reset, PostgreSQL",
                row_of_many=", PostgreSQL, a user",
                target_of_one=1.5,
                target_of_many=2,
            ),
        )
        select = look_up_figures.SELECT.format(mark="%s").encode()
        yield from look_up_figures.figures(
            scale,
            "PostgreSQL",
            session,
            lambda i: db.execute(select, (i,)).fetchone(),
            [conference_id for (conference_id,) in db.execute(look_up_figures.LIVING.encode())],
        )
