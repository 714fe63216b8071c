"""Connections to PostgreSQL: how they are made, kept, and taken through BEGIN and COMMIT."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextBinaryLoader, TextLoader

from confid.errors import CommitOutcomeUnknownError, Secret, StoreError
from confid.store.base import UNREADABLE
from confid.store.postgres.errors import (
    explain,
    explain_refusal,
    unknown_outcome,
)
from confid.store.postgres.place import malformed_dsn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

# A role that may create functions or operators in a schema of the search path could have confid
# run them. Said in each transaction: behind a pooler a session's settings are those of others.
SEARCH_PATH = "SET LOCAL search_path = pg_catalog, pg_temp;"

BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
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


class Connection(psycopg.Connection[Any]):
    """A connection that keeps to itself where it goes, and is closed without a word when lost."""

    slot: Any = None
    """What the pool counts for it."""

    def __repr__(self) -> str:
        return "<a connection of confid>"

    # Libpq closes it, in the process that has made it. Not a function of Python's: an interrupt
    # that comes in a finalizer is lost.
    __del__: Any = object.__hash__


def conninfo_of(place: Place) -> tuple[Secret, int]:
    """What libpq is told of a place, and how many hosts it is to try.

    Raises `StoreError` for what libpq doesn't understand.
    """
    options = _options_of(place.conninfo)
    if options is None:
        raise malformed_dsn()
    defaults = dict(DEFAULTS)
    hosts = _hosts_of(options)
    if len(hosts) > 1 and not os.environ.get("PGTARGETSESSIONATTRS"):
        # Of a primary and its standbys, the one that takes writes. Not `read-write`: that one
        # goes by the role's default_transaction_read_only, which confid overrules.
        defaults["target_session_attrs"] = "primary"
    return Secret(make_conninfo(**{**defaults, **options, "client_encoding": "utf8"})), len(hosts)


def _options_of(conninfo: Secret) -> dict[str, Any] | None:
    try:
        return dict(conninfo_to_dict(conninfo.reveal()))
    except (psycopg.Error, UnicodeError, ValueError):
        return None


def _hosts_of(options: dict[str, Any]) -> list[str]:
    """The hosts that libpq is to try, named by the DSN or its environment."""
    for option, variable in (("hostaddr", "PGHOSTADDR"), ("host", "PGHOST")):
        if named := options.get(option) or os.environ.get(variable):
            return str(named).split(",")
    return []


def connect(place: Place, options: Secret) -> Connection:
    """A new connection; raises `StoreError` that says why there is none."""
    try:
        return Connection.connect(options.reveal(), autocommit=True, context=ADAPTERS)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        refused = explain_refusal(error, place)
    raise refused


def is_piped(connection: psycopg.Connection[Any]) -> bool:
    """Whether a pipeline was left before its end, as by an interrupt."""
    return connection.info.pipeline_status != pq.PipelineStatus.OFF


def is_busy(connection: psycopg.Connection[Any]) -> bool:
    """Whether a question was left before its answer."""
    return is_piped(connection) or (
        connection.info.transaction_status == pq.TransactionStatus.ACTIVE
    )


def commit(
    connection: psycopg.Connection[Any],
    place: Place,
    send: Callable[[], psycopg.Cursor[Any]] | None = None,
) -> None:
    """Commit, by `send` if given.

    Raises `CommitOutcomeUnknownError` where nobody can say what became of it.
    """
    severities: list[str | None] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        # Read here and now: it is gone when the notice has been handled.
        severities.append(diagnostic.severity_nonlocalized)

    connection.add_notice_handler(note)
    try:
        done = (send or partial(connection.execute, b"COMMIT", prepare=False))().statusmessage
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
    begin = f"{BEGIN_WRITE if write else BEGIN_READ}; {SEARCH_PATH}"
    connection.execute(begin.encode(), prepare=False)
    try:
        yield
        if write:
            commit(connection, place)
    finally:
        roll_back(connection)
