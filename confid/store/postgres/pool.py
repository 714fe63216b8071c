"""The connections of one store in one process, and how a transaction begins on one.

An interrupt (KeyboardInterrupt) may come between any two steps, so nothing here has to be undone:
a connection counts for as long as somebody holds it, and one that is lost is closed by libpq.
psycopg's own pool has locks and counters that an interrupt leaves locked and wrong.
"""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from confid.errors import StoreError
from confid.store.logger import INFO, WARNING, log
from confid.store.postgres.connections import BEGIN_READ, BEGIN_WRITE, connect, is_piped
from confid.store.postgres.errors import exhausted, explain, gone, is_standby

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confid.errors import Secret
    from confid.store.postgres.connections import Connection
    from confid.store.postgres.place import Place
    from confid.store.sql import Statement

RETRY = 0.5
"""Seconds between two attempts at a connection that somebody waits for; less for a short wait."""

LOOK = 0.1
"""Seconds after which one who waits looks for a free connection, though nobody has told of one."""

IDLE = 600.0
"""Seconds after which a connection that nobody has used is closed."""

CANCEL = 2.0
"""Seconds to wait for the server to hear that a statement is canceled."""

# Every row is found by an index, but for what reads a whole table in the order of one; the
# planner, which knows nothing yet of a table just filled, would guess otherwise. Without bitmaps
# rows are locked in the order of the index.
SETTINGS = {
    "search_path": "pg_catalog, pg_temp",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}

# Writers share it; who has to be alone takes it from them all.
LOCK = "SELECT pg_advisory_xact_lock{shared}({writers})"


def _set(settings: Mapping[str, str]) -> Statement:
    """The statement that sets these until the transaction ends."""
    each = (f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in settings.items())
    return f"SELECT {', '.join(each)}", ()


READ: Sequence[Statement] = ((BEGIN_READ, ()), _set(SETTINGS))


class _Slot:
    """A connection's room in the pool, from before it is made."""

    is_taken = True


class Pool:
    """Up to `place.pool_size` connections."""

    def __init__(self, place: Place, conninfo: Secret, *, synchronous_commit: str) -> None:
        self.place = place
        self._conninfo = conninfo
        settings = {
            **SETTINGS,
            "lock_timeout": str(max(1, int(place.timeout * 1000))),
            # Else the server could keep to itself that a standby has not got the commit.
            "client_min_messages": "warning",
            "synchronous_commit": synchronous_commit,
        }
        self._write = ((BEGIN_WRITE, ()), _set(settings))
        self._writers = place.lock_id("writers")
        self._lock = threading.Lock()
        self._slots: list[weakref.ref[_Slot]] = []
        self._idle: list[tuple[Connection, float]] = []
        # Released when a connection is free. No queue: where several wait for one with a timeout,
        # Python's C code can take the time that is left as negative, which is for ever.
        self._freed = threading.Lock()
        self._freed.acquire()
        self._refused_at = float("-inf")
        self._is_closed = False

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        self._is_closed = True
        self._close_idle(float("inf"))

    def _close_idle(self, before: float) -> None:
        with suppress(IndexError):
            while self._idle[0][1] < before:
                self._idle.pop(0)[0].close()

    # Connections.

    def take(self) -> Connection:
        """A connection, to be given back; waits for one up to the place's timeout."""
        began = time.monotonic()
        until = began + self.place.timeout
        while True:
            with suppress(IndexError):
                return self._idle.pop()[0]
            if slot := self._new_slot():
                return self._connect(slot, until)
            if time.monotonic() > until:
                if self._refused_at < began:
                    raise exhausted(self.place)
                # None could be made meanwhile: another attempt says why, or the server is back.
                connect(self.place, self._conninfo).close()
                began = until = time.monotonic() + 2 * RETRY
            self._freed.acquire(timeout=min(LOOK, self.place.timeout))

    def _new_slot(self) -> _Slot | None:
        """Room for one more connection, if there is."""
        with self._lock:
            self._slots = [ref for ref in self._slots if (slot := ref()) and slot.is_taken]
            if len(self._slots) >= self.place.pool_size:
                return None
            slot = _Slot()
            self._slots.append(weakref.ref(slot))
            return slot

    def _connect(self, slot: _Slot, until: float) -> Connection:
        """A new connection; of a server that is away, tried again for as long as there is time."""
        pace = min(RETRY, self.place.timeout / 4)
        try:
            while True:
                try:
                    connection = connect(self.place, self._conninfo)
                except StoreError:
                    self._refused_at = time.monotonic()
                    log(WARNING, "No connection to schema %s; waiting for one.", self.place.schema)
                    if self._refused_at + pace > until:
                        raise
                    time.sleep(pace)
                else:
                    connection.slot = slot
                    # One transaction at a time has it. An interrupt can leave psycopg's lock held,
                    # and then its next statement would wait for ever.
                    connection.lock = nullcontext()  # type: ignore[assignment]  # it is one that holds nobody
                    return connection
        except BaseException:
            slot.is_taken = False
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next transaction, unless it is none to be used again."""
        status = connection.info.transaction_status
        if status != pq.TransactionStatus.IDLE or is_piped(connection):
            self.drop(connection)
            return
        now = time.monotonic()
        self._idle.append((connection, now))
        self._close_idle(float("inf") if self._is_closed else now - IDLE)
        self._tell()

    def drop(self, connection: Connection) -> None:
        """Close a connection, whatever it was doing; the server rolls back."""
        if connection.info.transaction_status == pq.TransactionStatus.ACTIVE:
            # Else the server would finish the statement, and hold its locks for as long.
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=CANCEL)
        connection.slot.is_taken = False
        connection.close()
        self._tell()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # it is released already, and nobody waits
            self._freed.release()

    # Transactions.

    def beginning(self, *, write: bool, alone: bool = False) -> Sequence[Statement]:
        """How a transaction begins: its isolation is said, and not left to defaults.

        One that is to be `alone` begins when no other one writes, and none
        that writes begins before it has ended.
        """
        if not write:
            return READ
        lock = LOCK.format(shared="" if alone else "_shared", writers=self._writers)
        return *self._write, (lock, ())

    def ask(self, statement: str, values: Sequence[object]) -> list[Any]:
        """The rows of a statement that is a transaction of its own: there and back once.

        It has whatever search path the session has, so it names schemas, operators' too.
        """
        # Each connection that lay idle may have died since, as after a restart of the server.
        for _ in range(self.place.pool_size + 1):
            connection = self.take()
            try:
                cursor = connection.execute(statement.encode(), values, prepare=False, binary=True)
                rows = cursor.fetchall()
            except psycopg.Error as error:
                died = connection.closed
                # The name or the proxy that led here may lead to the primary by now.
                (self.drop if is_standby(error) else self.give_back)(connection)
                if not died:
                    raise explain(error, self.place) from error
                log(
                    INFO,
                    "A connection to schema %s was lost; another one is made.",
                    self.place.schema,
                )
            except BaseException:
                self.drop(connection)
                raise
            else:
                self.give_back(connection)
                return rows
        raise gone(self.place)
