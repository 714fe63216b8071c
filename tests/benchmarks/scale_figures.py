"""Figures on size: a reset in tenants of several sizes, their room, and a move from one store."""

from __future__ import annotations

import random
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.engine.opening import open_session
from confid.host import SilentHost
from confid.store import PostgresStore
from tests.servers import sql, with_schema

from . import process_figures
from .large_tenants import large_postgres_tenant, large_sqlite_tenant
from .measure import Figure, in_turns, plain, ratio, room, spread, timed
from .tenants import copied, identities, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from confid.engine.session import Session
    from confid.store.base import Store
    from tests.servers import Server

    from .scale import Scale

REHEARSED = 100
"""People of a rehearsal, among all."""


def figures(scale: Scale, folder: Path, server: Server) -> Iterator[Figure]:
    """Tenants of every size, each in a file, and in a schema of the server."""
    files = [folder / f"{users}.db" for users in scale.sizes]
    schemas = [PostgresStore(server.dsn, schema=f"of_{users}") for users in scale.sizes]
    for file, store, users in zip(files, schemas, scale.sizes, strict=True):
        large_sqlite_tenant(file, users)
        large_postgres_tenant(store, server.dsn, users)
    sql(server.dsn, "VACUUM ANALYZE", "CHECKPOINT")
    yield _sizes("SQLite", files, scale)
    yield _rehearsed(files[-1], scale)
    yield from _growth(copied(files[0], "growing.db"), scale.sizes[0])
    yield _sizes("PostgreSQL", schemas, scale)
    yield from process_figures.figures(server, schemas[0].schema, scale)
    yield from _moves(files[0], with_schema(server.dsn, "moved"), scale.sizes[0])


def _sizes(kind: str, stores: Sequence[Path | Store], scale: Scale) -> Figure:
    """A reset of somebody at random in each tenant, in turns."""
    with ExitStack() as stack:
        calls = [
            _reset_somebody(stack.enter_context(opened(store)), users)
            for store, users in zip(stores, scale.sizes, strict=True)
        ]
        in_turns(max(1, scale.singles // 10), *calls)  # a first call reads what is then at hand
        seconds = in_turns(scale.singles, *calls)
    sizes = ", ".join(f"{users:,}" for users in scale.sizes)
    return spread(f"a reset at {sizes} users, {kind}", *seconds, target=1.5)


def _reset_somebody(session: Session, users: int) -> Callable[[], object]:
    names, dice = identities(users), random.Random(users)
    return lambda: set_cs_online_dial_in_conferencing_user(
        dice.choice(names), reset_conference_id=True, session=session
    )


def _rehearsed(file: Path, scale: Scale) -> Figure:
    """Resets of some among all, from opening to closing, rehearsed and made."""
    users = scale.sizes[-1]
    names, count, dice = identities(users), min(REHEARSED, users), random.Random(users)

    def reset() -> None:
        set_cs_online_dial_in_conferencing_user(dice.sample(names, count), reset_conference_id=True)

    def rehearse() -> None:
        with confid.rehearse(file) as rehearsal:
            reset()
        assert len(rehearsal.changes) >= count

    def make() -> None:
        with confid.connect(file, host=SilentHost()):
            reset()

    seconds = in_turns(scale.rounds, rehearse, make)
    name = f"a reset of {count} among {users} rehearsed, SQLite"
    return ratio(name, *seconds, target=3, per=count)


def _growth(file: Path, users: int) -> Iterator[Figure]:
    """Bytes that a reset adds for good: a row of the ledger, a message, a row of the witness."""
    witness = file.with_name("room-witness.db")
    for name, grows, notify in (
        ("room for an ID more in the ledger", file, False),
        ("room for an ID more and its mail", file, True),
        ("room for an ID more in the witness", witness, False),
    ):
        sizes = []
        for _ in range(2):
            with open_session(file, witness=witness, host=SilentHost()) as session:
                set_cs_online_dial_in_conferencing_user(
                    identities(users), reset_conference_id=True, notify=notify, session=session
                )
            sizes.append(grows.stat().st_size)
        yield room(f"{name}, SQLite", sizes[1] - sizes[0], users)


def _moves(file: Path, url: str, users: int) -> Iterator[Figure]:
    """From a file to the server, and back to a new file; once, for a move seals its source."""
    back = file.with_name("back.db")
    for kinds, source, target in (
        ("SQLite to PostgreSQL", str(file), url),
        ("PostgreSQL to SQLite", url, str(back)),
    ):
        taken = timed(partial(confid.move_tenant, source, target))
        yield plain(f"moving {users} users, {kinds}, a user", [taken], per=users)
