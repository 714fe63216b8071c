"""Figures of issuing in bulk into a ledger that is more and more full, on both stores.

The floor inserts the very IDs that confid has just issued, to the same owners,
into a copy of the ledger: no dice, no look at what is taken, no last serial.
The scan for free IDs, which a session makes once and keeps, is told apart.
"""

from __future__ import annotations

import gc
import secrets
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from confid.engine.opening import open_session
from confid.host import SilentHost
from confid.ids.dice import Space
from confid.store import FIRST_ID, LAST_ID, PostgresStore, SQLiteStore

from . import floor, postgres_floor
from .measure import Figure, in_turns, ratio, timed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psycopg

    from confid.engine.session import Session
    from confid.store import Store
    from confid.tenant.unit_of_work import UnitOfWork
    from tests.servers import Server

    from .scale import Scale

    Row = tuple[int, str]
    Insert = Callable[[list[Row]], None]

LEVELS = (0, 0.5, 0.75, 0.999)
"""How full the ledger is."""

LEDGERS = ("issuing", "twin")

MOST_TURNS = 9
SCANS = 2

FACTOR = 7_654_321
"""Shares no divisor with a space: times this, modulo its size, its places come in disorder."""

FILL_SQLITE = """
WITH RECURSIVE places (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM places WHERE i + 1 < :size)
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, retired_at)
SELECT :first + i, printf('%08x', i / 1000 * 2654435761 % 4294967296), 1 + i % 1000,
       'issued', 0, 0
FROM places WHERE i * :factor % :size >= :low AND i * :factor % :size < :high
ON CONFLICT (conference_id) DO NOTHING
"""
FILL_POSTGRES = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, retired_at)
SELECT %(first)s + i, lpad(to_hex(i / 1000 * 2654435761 %% 4294967296), 8, '0'), 1 + i %% 1000,
       'issued', now(), now()
FROM generate_series(0::int8, %(size)s - 1) AS i
WHERE i * %(factor)s %% %(size)s >= %(low)s AND i * %(factor)s %% %(size)s < %(high)s
ON CONFLICT (conference_id) DO NOTHING
"""
"""Of what is to be taken, some was issued in the turns at the level before."""
INSERT_SQLITE = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, issued_by)
VALUES (?, ?, 1, 'issued', 0, 'root')
"""
INSERT_POSTGRES = """
INSERT INTO ledger (conference_id, owner, serial, origin, issued_at, issued_by)
SELECT conference_id, owner, 1, 'issued', now(), 'root'
FROM unnest(%b::int4[], %b::text[]) AS new (conference_id, owner)
"""
"""Nothing plainer is faster: COPY takes as long, a statement a row three times as long."""
IDS = "SELECT conference_id FROM ledger"


class _Place(Protocol):
    """Where confid issues, and where the floor does: two ledgers that hold the same rows."""

    @property
    def name(self) -> str:
        """The store's."""

    def stores(self) -> Sequence[Store]:
        """Confid's, and one whose tables the floor uses."""

    def fill(self, **places: int) -> None:
        """Take the places from `low` to below `high`, as `FACTOR` spreads them over the space."""

    def twin(self) -> AbstractContextManager[_Bare]:
        """The driver on the floor's ledger."""


class _Bare(Protocol):
    """The bare driver."""

    def insert(self, rows: Sequence[Row]) -> None:
        """Insert the rows, known to be free, in one transaction."""

    def ids(self) -> bytearray:
        """Every ID in the ledger, each marked in a byte of its own."""


@attrs.frozen
class _SQLite:
    folder: Path
    name: str = "SQLite"

    @property
    def paths(self) -> list[Path]:
        return [self.folder / f"{name}.db" for name in LEDGERS]

    def stores(self) -> Sequence[Store]:
        return [SQLiteStore(path) for path in self.paths]

    def fill(self, **places: int) -> None:
        for path in self.paths:
            with closing(floor.connect(path)) as db:
                db.execute(FILL_SQLITE, places)

    @contextmanager
    def twin(self) -> Iterator[_Bare]:
        with closing(floor.connect(self.paths[1])) as db:
            yield _BareSQLite(db)


@attrs.frozen
class _BareSQLite:
    db: sqlite3.Connection

    def insert(self, rows: Sequence[Row]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany(INSERT_SQLITE, rows)
        self.db.execute("COMMIT")

    def ids(self) -> bytearray:
        return _marked(self.db.execute(IDS))


@attrs.frozen
class _Postgres:
    dsn: str
    name: str = "PostgreSQL"

    def stores(self) -> Sequence[Store]:
        return [PostgresStore(self.dsn, schema=schema) for schema in LEDGERS]

    def fill(self, **places: int) -> None:
        for schema in LEDGERS:
            with postgres_floor.connect(self.dsn, schema) as db:
                db.execute(FILL_POSTGRES.encode(), places)
                db.execute("VACUUM ANALYZE ledger")

    @contextmanager
    def twin(self) -> Iterator[_Bare]:
        with postgres_floor.connect(self.dsn, LEDGERS[1]) as db:
            yield _BarePostgres(db)


@attrs.frozen
class _BarePostgres:
    db: psycopg.Connection[Any]

    def insert(self, rows: Sequence[Row]) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with self.db.transaction():
            self.db.execute(INSERT_POSTGRES.encode(), columns)

    def ids(self) -> bytearray:
        with self.db.transaction(), self.db.cursor("ids", binary=True) as cursor:
            cursor.itersize = 50_000
            return _marked(cursor.execute(IDS.encode()))


def _marked(rows: Iterable[tuple[int]]) -> bytearray:
    taken = bytearray(LAST_ID - FIRST_ID + 1)
    for (conference_id,) in rows:
        taken[conference_id - FIRST_ID] = 1
    return taken


def figures(scale: Scale, folder: Path, server: Server) -> Iterator[Figure]:
    """The same in two files and in two schemas of a server."""
    for place in (_SQLite(folder), _Postgres(server.dsn)):
        yield from _figures(scale, place)


def _figures(scale: Scale, place: _Place) -> Iterator[Figure]:
    taken = 0
    scans: list[list[float]] = []
    for store in place.stores():
        with _opened(scale, store):
            """Makes the tenant."""
    for level in LEVELS:
        full = round(level * scale.space)
        place.fill(low=taken, high=full, first=FIRST_ID, size=scale.space, factor=FACTOR)
        taken = full
        with place.twin() as bare, _opened(scale, place.stores()[0]) as session:
            if level == LEVELS[-1]:
                scans = in_turns(SCANS, partial(_scan, session), bare.ids)
            elif level:
                _scan(session)
            yield _issuing(scale, place.name, level, partial(_issue, session), bare.insert)
    yield ratio(f"the scan for the free of {scale.space}, {place.name}, a row", *scans, per=taken)


@contextmanager
def _opened(scale: Scale, store: Store) -> Iterator[Session]:
    space = Space(FIRST_ID, FIRST_ID + scale.space - 1)
    with open_session(store, space=space, host=SilentHost()) as session:
        yield session


def _issuing(
    scale: Scale,
    where: str,
    level: float,
    issue: Callable[[list[str]], list[Row]],
    insert: Callable[[list[Row]], None],
) -> Figure:
    """Turn by turn, until at most half of what is free is used up."""
    free = scale.space - round(level * scale.space)
    ours, theirs = [], []
    for _ in range(max(1, min(MOST_TURNS, free // (2 * scale.bulk)))):
        owners = [secrets.token_hex(8) for _ in range(scale.bulk)]
        rows: list[Row] = []
        gc.collect()
        ours.append(timed(lambda: rows.extend(issue(owners))))  # noqa: B023 - called at once
        rows.sort()
        theirs.append(timed(partial(insert, rows)))
    taken = f"{100 * level:g} %" if level else "none"
    name = f"issuing {scale.bulk} IDs, {taken} of {scale.space} taken, {where}, an ID"
    return ratio(name, ours, theirs, target=2, per=scale.bulk)


def _issue(session: Session, owners: list[str]) -> list[Row]:
    def work(tenant: UnitOfWork) -> list[Row]:
        issued = tenant.ledger.issue(owners)
        return [(int(conference_id), owner) for owner, conference_id in issued.items()]

    return session.call(work, write=True)


def _scan(session: Session) -> None:
    with session.unit(write=False) as tenant:
        session._free_ids.scan(tenant.transaction, tenant.facts.space)
