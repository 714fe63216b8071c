"""A tenant in a PostgreSQL schema: durable, for many processes on many hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confid.errors import Secret, StoreError
from confid.errors.tracebacks import ends_at_caller
from confid.store import process
from confid.store.base import Kind, Store, Transaction
from confid.store.blocks import Block
from confid.store.holder import holder_answer, holder_query
from confid.store.postgres.place import place_of
from confid.store.process import refuse_fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    import psycopg

    from confid.store.base import Body
    from confid.store.postgres.moment import PostgresMoment
    from confid.store.postgres.pipeline import PooledPipeline
    from confid.store.postgres.place import Place
    from confid.store.postgres.pool import Pool


def _demand_driver() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415 - only whether it can be imported
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs psycopg: pip install 'confid[postgres]'.", category="NotInstalled"
        ) from error


class PostgresStore(Store):
    """A tenant in a schema of a PostgreSQL database.

    `dsn` is a URL or libpq's `key=value` words; `schema`, `timeout` (seconds
    to wait for a lock or a connection) and `pool_size` may stand in a URL's
    query too. Durable at every commit, on the server and on its synchronous
    standbys; of several hosts, the primary is found, and found again. Needs
    the extra `confid[postgres]`, imported by `open`.
    """

    def __init__(
        self,
        dsn: str | Secret,
        *,
        schema: str | None = None,
        timeout: float | None = None,
        pool_size: int | None = None,
    ) -> None:
        secret = dsn if isinstance(dsn, Secret) else Secret(dsn)
        del dsn  # which a traceback could show
        self._place = place_of(secret, schema=schema, timeout=timeout, pool_size=pool_size)
        self.kinds: dict[str, Kind] = {}
        self.indexes: dict[str, tuple[str, str]] = {}
        self._pool: Pool | None = None
        self._pid = process.pid

    def __repr__(self) -> str:
        # A debugger asks for it in mid-making too, when a DSN was refused.
        place = vars(self).get("_place")
        return f"PostgresStore(schema={place.schema!r})" if place else "PostgresStore()"

    @property
    def schema(self) -> str:
        """The schema that holds the tenant."""
        return self._place.schema

    @ends_at_caller
    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Create the schema and its tables where they are missing, and check them."""
        _demand_driver()
        from confid.store.postgres import connections  # noqa: PLC0415 - the driver is imported only when a store is opened
        from confid.store.postgres.pool import Pool  # noqa: PLC0415 - the driver is imported only when a store is opened

        self.close()
        self.kinds = {kind.name: kind for kind in kinds}
        conninfo, hosts = connections.conninfo_of(self._place)
        connection = connections.connect(self._place, conninfo)
        try:
            host = connection.info.host or connection.info.hostaddr
            self._place = self._place.seen_as(host, connection.info.dbname, hosts=hosts)
            durable = self._prepare(connection, create=create)
        finally:
            connection.close()
        self._pid = process.pid
        self._pool = Pool(self._place, conninfo, synchronous_commit=durable)

    def _prepare(self, connection: psycopg.Connection[Any], *, create: bool) -> str:
        """Make what is missing; what `synchronous_commit` is to be."""
        from confid.store.postgres import schema  # noqa: PLC0415 - the driver is imported only when a store is opened
        from confid.store.postgres.connections import all_or_nothing  # noqa: PLC0415 - the driver is imported only when a store is opened
        from confid.store.postgres.errors import absent, translated  # noqa: PLC0415 - the driver is imported only when a store is opened

        place, kinds = self._place, list(self.kinds.values())
        self.indexes = {name: (kind.name, field) for name, kind, field in schema.index_names(kinds)}
        with translated(place):
            with all_or_nothing(connection, place, write=False):
                durable = schema.check_server(connection, place)
                version = schema.read_version(connection, place)
                complete = version == schema.SCHEMA_VERSION and not schema.missing_indexes(
                    connection, place, kinds
                )
            if complete:
                return durable
            if not version and not create:
                raise absent(place)
            with all_or_nothing(connection, place, write=True):
                # Of two processes at once the second finds the tenant that the first has made.
                lock = place.lock_id("schema")
                connection.execute("SELECT pg_advisory_xact_lock(%s::int8)", [lock])
                version = schema.read_version(connection, place)
                schema.create_schema(connection, place, version)
                schema.create_indexes(connection, place, kinds)
        return durable

    def close(self) -> None:
        """Close the connections; one in a transaction when that ends."""
        pool, self._pool = self._pool, None
        # A forked child neither uses nor closes its parent's connections; nor does libpq.
        if pool is not None and self._pid == process.pid:
            pool.close()

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A transaction: read committed with row locks to write, one snapshot to read."""
        return _Block(self, write=write)

    def exclusive(self) -> AbstractContextManager[Transaction]:
        """A writing transaction that waits until nobody else writes, and lets nobody begin."""
        return _Block(self, write=True, alone=True)

    def holder(
        self,
        conference_id: int,
        *,
        owned: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, list[Body | None]] | None:
        """Whose living ID that is, with documents; there and back once.

        Not prepared: it is planned for the tables as large as they are now.
        """
        pool, schema = self.pool(), f"{self._place.quoted}."
        statement, values = holder_query(
            self.kinds,
            conference_id,
            owned,
            beside,
            mark="%s",
            schema=schema,
            equals="OPERATOR(pg_catalog.=)",
        )
        return holder_answer(pool.ask(statement, values), self._place)

    def moment(self, kinds: Iterable[Kind]) -> PostgresMoment:
        """The tenant as it is now, held in a transaction on a connection of its own."""
        _demand_driver()
        from confid.store.postgres.moment import PostgresMoment  # noqa: PLC0415 - the driver is imported only when a store is opened

        return PostgresMoment(self._place, kinds)

    @property
    def place(self) -> Place:
        """Where the tenant lives, for errors."""
        return self._place

    def pool(self) -> Pool:
        """The connections of this process."""
        if self._pool is None:
            raise StoreError(f"{self._place}: this store is closed.")
        refuse_fork(self._pid, self._place)
        return self._pool


class _Block(Block[Transaction]):
    """A transaction from BEGIN to COMMIT."""

    _pipeline: PooledPipeline | None = None

    def __init__(self, store: PostgresStore, *, write: bool, alone: bool = False) -> None:
        self._store = store
        self._write = write
        self._alone = alone
        self._pid = process.pid

    def __enter__(self) -> Transaction:
        from confid.store.postgres.pipeline import PooledPipeline  # noqa: PLC0415 - the driver is imported only when a store is opened
        from confid.store.postgres.transaction import PostgresTransaction  # noqa: PLC0415 - the driver is imported only when a store is opened

        store, pool = self._store, self._store.pool()
        begin = pool.beginning(write=self._write, alone=self._alone)
        self._pipeline = pipeline = PooledPipeline(pool, begin, store.indexes)
        if self._alone:
            self._wait_for_others(pipeline)
        self._transaction = PostgresTransaction(
            pipeline, store.place, store.kinds, write=self._write
        )
        return self._transaction

    def _wait_for_others(self, pipeline: PooledPipeline) -> None:
        try:
            pipeline.ask()
        except BaseException:
            self.abandon()
            raise

    def leave(self, error: BaseException | None) -> None:
        if self._pid != process.pid:
            # Whatever is sent on this connection, the parent's transaction would hear it.
            self._transaction.over = True
            if error is None:
                refuse_fork(self._pid, self._store.place)
            return
        try:
            self._end(commit=error is None)
        except Exception:
            self._give_back()
            raise
        except BaseException:
            self.abandon()
            raise
        self._give_back()

    def _end(self, *, commit: bool) -> None:
        """Commit or roll back, and refuse whatever comes."""
        transaction, pipeline = self._transaction, self._pipeline
        assert pipeline is not None  # noqa: S101 - it was entered
        try:
            if commit:
                transaction.demand_whole()
        except StoreError:
            pipeline.roll_back()
            raise
        finally:
            transaction.over = True
        if commit and self._write:
            pipeline.commit()
        else:
            # What was only read needs no answer to a COMMIT.
            pipeline.roll_back()

    def abandon(self) -> None:
        if self._pid == process.pid:
            pipeline, self._pipeline = self._pipeline, None
            if pipeline is not None:
                pipeline.drop()

    def _give_back(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.give_back()
