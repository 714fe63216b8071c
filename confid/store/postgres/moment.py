"""One moment of a tenant on PostgreSQL, which is read and not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from confid.store import process
from confid.store.base import Moment
from confid.store.blocks import block
from confid.store.moments import let_go, opened_once_first
from confid.store.postgres.connections import connect, conninfo_of
from confid.store.postgres.errors import absent, translated
from confid.store.postgres.pipeline import Pipeline
from confid.store.postgres.pool import READ
from confid.store.postgres.schema import (
    SCHEMA_VERSION,
    check_server,
    index_names,
    missing_indexes,
    read_version,
)
from confid.store.postgres.transaction import PostgresTransaction
from confid.store.process import refuse_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.store.base import Kind, Transaction
    from confid.store.postgres.connections import Connection
    from confid.store.postgres.place import Place

BEGIN = "; ".join([*(statement for statement, _ in READ), "SAVEPOINT moment"])

AGAIN = b"ROLLBACK TO SAVEPOINT moment"
"""After a statement that was interrupted. The snapshot is the transaction's, so it stays."""


class PostgresMoment(Moment):
    """The tenant as it was when this was made, whoever writes to it meanwhile.

    One transaction, REPEATABLE READ and READ ONLY, holds the moment. VACUUM
    keeps for it what is deleted meanwhile.
    """

    _connection: Connection | None = None

    def __init__(self, place: Place, kinds: Iterable[Kind]) -> None:
        conninfo, hosts = conninfo_of(place)
        self._pid = process.pid
        self._kinds = {kind.name: kind for kind in kinds}
        self._connection = connection = connect(place, conninfo)
        host = connection.info.host or connection.info.hostaddr
        self._place = place = place.seen_as(host, connection.info.dbname, hosts=hosts)
        try:
            with translated(place):
                connection.execute(BEGIN.encode(), prepare=False)
                self._check_schema(connection)
        except BaseException:
            self.close()
            raise
        names = index_names(self._kinds.values())
        self._indexes = {name: (kind.name, field) for name, kind, field in names}

    def _check_schema(self, connection: Connection) -> None:
        place, kinds = self._place, list(self._kinds.values())
        check_server(connection, place)
        version = read_version(connection, place)
        if not version:
            raise absent(place)
        if version != SCHEMA_VERSION or missing_indexes(connection, place, kinds):
            raise opened_once_first(place)

    @block
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that reads in the one that holds the moment."""
        refuse_fork(self._pid, self._place)
        connection = self._connection
        if connection is None or connection.closed:
            raise let_go(self._place)
        with translated(self._place):
            if connection.info.transaction_status == TransactionStatus.INERROR:
                connection.execute(AGAIN, prepare=False)
        if connection.info.transaction_status != TransactionStatus.INTRANS:
            raise let_go(self._place)
        pipeline = Pipeline(connection, self._place, self._indexes)
        transaction = PostgresTransaction(pipeline, self._place, self._kinds, write=False)
        try:
            yield transaction
        finally:
            transaction.over = True

    def close(self) -> None:
        """Close the connection, and with it the transaction."""
        connection, self._connection = self._connection, None
        # A forked child neither uses nor closes its parent's connections; nor does libpq.
        if connection is not None and self._pid == process.pid:
            connection.close()
