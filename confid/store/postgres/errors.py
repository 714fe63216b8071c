"""The one place where the errors of PostgreSQL's driver become confid's."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from confid.errors import (
    CommitOutcomeUnknownError,
    ConfidError,
    DuplicateKeyError,
    StoreError,
    TransactionConflictError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confid.store.postgres.place import Place

SENTENCES = {
    "25006": "PermissionDenied: can't be written: it is a replica, or read-only. Connect to the "
    "primary; a URL that names every host (postgresql://db1,db2/…) finds it",
    "25P02": "InvalidOperation: takes nothing more in this transaction: a statement failed",
    "25P03": "OperationTimeout: ended the session: its transaction was idle for too long",
    "28": "AuthenticationError: can't be opened: the server refuses the user or the password",
    "3D": "ObjectNotFound: can't be opened: the server has no such database",
    "3F": "ObjectNotFound: is gone; connect anew, or restore a backup",
    "42P01": "ObjectNotFound: has lost a table; restore a backup, with the ledger's export",
    "42501": "PermissionDenied: doesn't allow this to the role that you connect as. It needs USAGE "
    "on the schema and SELECT, INSERT, UPDATE and DELETE on its tables; to make a new tenant also "
    "CREATE on the database, or a schema of its own that an administrator has made",
    "53100": "LimitsExceeded: can't grow: the server's disk is full. Nothing was changed",
    "53300": "LimitsExceeded: can't be opened: the server has no connection left. Lower pool_size, "
    "or raise the server's max_connections",
    "53": "ResourceUnavailable: can't be used: the server is short of memory or the like",
    "54000": "LimitsExceeded: can't keep so long a key or index value: PostgreSQL indexes up to "
    "some 2,600 bytes",
    "55P03": "ResourceBusy: is locked: another transaction has held what this one needs for longer "
    "than the timeout. Try again, or find out who holds it (pg_stat_activity)",
    "57014": "OperationTimeout: was too slow: the server canceled a statement (statement_timeout, "
    "or an administrator). Nothing was changed; raise the role's statement_timeout",
    "XX": "InvalidData: is damaged; restore a backup, with the ledger's export",
}
"""What an SQLSTATE says, or a class of them: the category, and what follows the place's name."""

GONE = ("08", "57P")
"""Classes of SQLSTATE with which a server takes its leave."""

CONFLICTS = ("40001", "40P01")

_REASONS = {
    r"password|authentication|no pg_hba\.conf entry|role .* does not exist": SENTENCES["28"],
    r"database .* does not exist": SENTENCES["3D"],
    r"too many (connections|clients)|remaining connection slots": SENTENCES["53300"],
    r"session is (not )?read-only|server is (not )?in hot standby": "ResourceUnavailable: can't be "
    "opened: none of the servers is what target_session_attrs asks for, which is the primary where "
    "several hosts are named and nothing else is said. Promote a standby, and try again",
    r"starting up|shutting down|recovery|not (yet )?accepting connections": "ResourceUnavailable: "
    "can't be opened: the server is starting up or shutting down. Try again",
    r"translate host name|resolve": "OpenError: can't be opened: no such host is known. Check the "
    "URL",
    r"SSL|certificate": "SecurityError: can't be opened: no TLS connection that the URL's sslmode "
    "accepts",
}
"""What libpq's words mean, for a refused connection has no SQLSTATE; in the same form."""


def _said_of(place: Place, sentence: str) -> StoreError:
    category, _, words = sentence.partition(": ")
    return StoreError(f"{place} {words}.", category=category)


def explain(
    error: psycopg.Error, place: Place, indexes: Mapping[str, tuple[str, str]] | None = None
) -> ConfidError:
    """What an error of a statement is in confid's words; `indexes` are kind and field by name."""
    state = error.sqlstate or ""
    constraint = error.diag.constraint_name or ""
    if state == "23505" and constraint in (indexes or {}):
        return DuplicateKeyError(*(indexes or {})[constraint])
    if state in CONFLICTS:
        return conflict(place)
    if state == "23505" and constraint.startswith("ledger_"):
        # A claim looks before it enters, so somebody was faster.
        return conflict(place)
    if is_standby(error):
        state = "25006"
    if not state or state.startswith(GONE):
        return gone(place)
    for known in (state, state[:2]):
        if known in SENTENCES:
            return _said_of(place, SENTENCES[known])
    said = error.diag.message_primary
    return StoreError(f"{place}: PostgreSQL says {state}: {said}.", category="InvalidData")


def is_standby(error: psycopg.Error) -> bool:
    """Whether a statement was refused as a primary wouldn't."""
    return "during recovery" in (error.diag.message_primary or "")


def explain_refusal(error: Exception, place: Place) -> StoreError:
    """Why no connection was made. libpq's own words may show parts of a mistyped URL."""
    said = str(error)
    for pattern, sentence in _REASONS.items():
        if re.search(pattern, said):
            return _said_of(place, sentence)
    return StoreError(
        f"{place} can't be reached: the server doesn't run, doesn't listen there, or didn't "
        "answer in time. Check host and port.",
        category="OpenError",
    )


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """A block whose driver errors leave it as confid's."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(error, place) from error


def absent(place: Place) -> StoreError:
    """The error for a place that holds no tenant."""
    return StoreError(
        f"{place} holds no tenant. Check the URL, or connect with create=True to make one.",
        category="ObjectNotFound",
    )


def conflict(place: Place) -> TransactionConflictError:
    """The error for a transaction that another one was in the way of."""
    return TransactionConflictError(
        f"{place}: another transaction was in the way (a deadlock, or both changed the same). "
        "Nothing was changed; try again."
    )


def gone(place: Place) -> StoreError:
    """The error for a connection that was lost before COMMIT."""
    return StoreError(
        f"{place}: the connection to the server was lost. Nothing of this transaction was "
        "changed; try again when the server is back."
    )


def exhausted(place: Place) -> StoreError:
    """The error for a connection that was waited for in vain."""
    return StoreError(
        f"{place}: all {place.pool_size} connections of this process have been in use for longer "
        f"than {place.timeout:g} seconds. Raise pool_size, or hold transactions shorter.",
        category="ResourceBusy",
    )


def unknown_outcome(place: Place, why: str) -> CommitOutcomeUnknownError:
    """The error for a COMMIT of which nobody can say what became of it."""
    return CommitOutcomeUnknownError(
        f"{place}: {why}. Whether the commit happened, and will last, is unknown. Look before "
        "you try again: the user's conference ID and confid.ledger.entries() tell."
    )
