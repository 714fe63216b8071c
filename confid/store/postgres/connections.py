"""Connections to PostgreSQL: how they are made, kept, and taken through BEGIN and COMMIT."""

from __future__ import annotations

import functools
import os
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import TextBinaryLoader, TextLoader
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from confid.errors import CommitOutcomeUnknownError, StoreError
from confid.store.base import UNREADABLE
from confid.store.postgres.errors import (
    exhausted,
    explain,
    explain_refusal,
    gone,
    is_standby,
    unknown_outcome,
)
from confid.store.postgres.place import malformed_dsn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.abc import Buffer

    from confid.store.postgres.place import Place

DEFAULTS: dict[str, Any] = {
    "connect_timeout": 10,
    "fallback_application_name": "confid",
    # A host that vanishes without a word is noticed, while a COMMIT waits for its answer too.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""What libpq is told where the DSN says nothing."""

RETRY = 0.5
"""Seconds between two attempts at a connection that somebody waits for; less for a short wait."""

# Every row is found by an index, but for what reads a whole table in the order of one; the
# planner, which knows nothing yet of a table just filled, would guess otherwise. Without bitmaps
# rows are locked in the order of the index.
PLANNING = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"

# A role that may create functions or operators in a schema of the search path could have confid
# run them. Said in each transaction: behind a pooler a session's settings are those of others.
SEARCH_PATH = "SET LOCAL search_path = pg_catalog, pg_temp;"

READ_ONLY = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {SEARCH_PATH}"
READ_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {SEARCH_PATH}"
READ = f"{READ_ONLY} {PLANNING}"
WRITE = (
    f"{READ_WRITE} SET LOCAL lock_timeout = {{timeout}}; "
    # Else the server could keep to itself that a standby has not got the commit.
    "SET LOCAL client_min_messages = warning; "
    f"SET LOCAL synchronous_commit = {{synchronous_commit}}; {PLANNING} "
    # Writers share it; who has to be alone takes it from them all.
    "SELECT pg_advisory_xact_lock{shared}({writers})"
)

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class _MomentLoader(Loader):
    """A timestamptz in UTC, whatever time zone or date style the server has in mind."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> datetime:
        try:
            return _EPOCH + timedelta(microseconds=int.from_bytes(data, "big", signed=True))
        except OverflowError:  # infinity, or a year without four digits
            return UNREADABLE


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_loader("json", TextLoader)
    adapters.register_loader("json", TextBinaryLoader)
    adapters.register_loader("timestamptz", _MomentLoader)
    return adapters


ADAPTERS = _adapters()


class _Connection(psycopg.Connection[Any]):
    """A connection that keeps to itself where it goes; the pool writes both of these to its log."""

    def __repr__(self) -> str:
        return "<a connection of confid>"

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> _Connection:
        try:
            return super().connect(conninfo, **options)
        except psycopg.Error:
            raise psycopg.OperationalError("no connection was made") from None


def options_of(place: Place) -> dict[str, Any]:
    """What libpq is to be told of a place; raises `StoreError` for what it doesn't understand."""
    try:
        options: dict[str, Any] = conninfo_to_dict(place.conninfo)
    except (psycopg.Error, UnicodeError, ValueError):
        raise malformed_dsn() from None
    defaults = dict(DEFAULTS)
    if len(hosts_of(options)) > 1 and not os.environ.get("PGTARGETSESSIONATTRS"):
        # Of a primary and its standbys, the one that takes writes. Not `read-write`: that one
        # goes by the role's default_transaction_read_only, which confid overrules.
        defaults["target_session_attrs"] = "primary"
    return defaults | options | {"client_encoding": "utf8", "autocommit": True}


def hosts_of(options: dict[str, Any]) -> list[str]:
    """The hosts that libpq is to try, named by the DSN or its environment."""
    for option, variable in (("hostaddr", "PGHOSTADDR"), ("host", "PGHOST")):
        if named := options.get(option) or os.environ.get(variable):
            return str(named).split(",")
    return []


def connect(place: Place, options: dict[str, Any]) -> psycopg.Connection[Any]:
    """A connection outside of the pool; raises `StoreError` that says why there is none."""
    try:
        return psycopg.Connection.connect(**options, context=ADAPTERS)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        refused = error if isinstance(error, psycopg.Error) else psycopg.OperationalError()
    raise explain_refusal(refused, place)


class Pool:
    """The connections of one store in one process."""

    def __init__(self, place: Place, options: dict[str, Any], *, synchronous_commit: str) -> None:
        self.place = place
        self._options = options
        self._begin_read = READ
        write = functools.partial(
            WRITE.format,
            timeout=max(1, int(place.timeout * 1000)),
            synchronous_commit=synchronous_commit,
            writers=place.lock_id("writers"),
        )
        self._begin_write = write(shared="_shared")
        self._begin_exclusive = write(shared="")
        self._refused_at = float("-inf")
        self._pace = min(RETRY, place.timeout / 4)
        self._pool = ConnectionPool(
            kwargs={**options, "context": ADAPTERS},
            connection_class=cast("type[psycopg.Connection[Any]]", _Connection),
            min_size=0,
            max_size=place.pool_size,
            timeout=place.timeout,
            reconnect_timeout=self._pace,
            reconnect_failed=self._go_on,
            num_workers=1,
            name="confid",
            open=True,
        )

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        self._pool.close()

    def _go_on(self, pool: ConnectionPool[Any]) -> None:
        """No connection could be made; try on, at a steady pace, for as long as somebody waits.

        The pool would give up on those who wait already, or let them wait
        twice as long each time, and miss the moment at which a server is back.
        """
        self._refused_at = time.monotonic()
        if pool.get_stats().get("requests_waiting"):
            with suppress(PoolTimeout, PoolClosed):
                # One request more has it grow again.
                pool.putconn(pool.getconn(timeout=self._pace))

    def take(self) -> psycopg.Connection[Any]:
        """A connection, to be given back; waits for one up to the place's timeout."""
        began = time.monotonic()
        with suppress(PoolTimeout):
            return self._pool.getconn()
        # Too few, or none to be had? Asking once more tells, and tells why.
        lacking = self._pool.get_stats().get("pool_size", 0) < self.place.pool_size
        if lacking or self._refused_at >= began:
            connect(self.place, self._options).close()
            # The server is back this very moment.
            with suppress(PoolTimeout):
                return self._pool.getconn(timeout=2 * RETRY)
        raise exhausted(self.place)

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """Keep a connection for the next transaction, unless it is none to be used again."""
        if connection.info.transaction_status != pq.TransactionStatus.IDLE:
            connection.close()
        self._pool.putconn(connection)

    def begin(self, *, write: bool, alone: bool = False) -> psycopg.Connection[Any]:
        """A connection in a new transaction, whose isolation is said and not left to defaults.

        One that is to be `alone` begins when no other one writes, and none
        that writes begins before it has ended.
        """
        statement = self._begin_write if write else self._begin_read
        if alone:
            statement = self._begin_exclusive
        connection, _ = self._send(statement)
        return connection

    def ask(self, statement: str, values: Sequence[object]) -> list[Any]:
        """The rows of a statement that is a transaction of its own: there and back once.

        It has whatever search path the session has, so it names schemas, operators' too.
        """
        connection, cursor = self._send(statement, values)
        try:
            return cursor.fetchall()
        finally:
            self.give_back(connection)

    def _send(
        self, statement: str, values: Sequence[object] | None = None
    ) -> tuple[psycopg.Connection[Any], psycopg.Cursor[Any]]:
        """A connection that has run the statement, not prepared, and what it answered."""
        binary = values is not None
        # Each connection that lay idle may have died since, as after a restart of the server.
        for _ in range(self.place.pool_size + 1):
            connection = self.take()
            try:
                cursor = connection.execute(
                    statement.encode(), values, prepare=False, binary=binary
                )
            except psycopg.Error as error:
                died = connection.closed
                if is_standby(error):
                    # The name or the proxy that led here may lead to the primary by now.
                    connection.close()
                self.give_back(connection)
                if not died:
                    raise explain(error, self.place) from error
            except BaseException:
                self.give_back(connection)
                raise
            else:
                return connection, cursor
        raise gone(self.place)


def commit(connection: psycopg.Connection[Any], place: Place) -> None:
    """Commit. Raises `CommitOutcomeUnknownError` where nobody can say what became of it."""
    severities: list[str | None] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        # Read here and now: it is gone when the notice has been handled.
        severities.append(diagnostic.severity_nonlocalized)

    connection.add_notice_handler(note)
    try:
        done = connection.execute(b"COMMIT", prepare=False).statusmessage
    except psycopg.Error as error:
        # An answer that the transaction was refused is one; a farewell of the server is none.
        if connection.closed or error.sqlstate is None:
            raise _lost(place) from error
        raise explain(error, place) from error
    finally:
        connection.remove_notice_handler(note)
    if done != "COMMIT":
        raise StoreError(
            f"{place}: a statement had failed, so the transaction was rolled back. Nothing of it "
            "was changed.",
            category="InvalidOperation",
        )
    if "WARNING" in severities:
        raise unknown_outcome(place, "the server warned that a standby may not have the commit")


def _lost(place: Place) -> CommitOutcomeUnknownError:
    return unknown_outcome(place, "the connection was lost while COMMIT was under way")


def roll_back(connection: psycopg.Connection[Any]) -> None:
    """Roll back what is open; a connection that can't even do that isn't used again."""
    if connection.info.transaction_status != pq.TransactionStatus.IDLE:
        with suppress(psycopg.Error):
            connection.execute(b"ROLLBACK", prepare=False)


@contextmanager
def all_or_nothing(
    connection: psycopg.Connection[Any], place: Place, *, write: bool
) -> Iterator[None]:
    """A transaction on a connection of its own, to look at the schema or to make it."""
    connection.execute((READ_WRITE if write else READ_ONLY).encode(), prepare=False)
    try:
        yield
        if write:
            commit(connection, place)
    finally:
        roll_back(connection)
