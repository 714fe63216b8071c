"""OverlayStore over PostgreSQL: it holds one moment of a tenant, and writes nothing to it."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import confid
from confid.errors import StoreError
from confid.store import OverlayStore, PostgresStore
from confid.store.postgres.moment import PostgresMoment
from confid.tenant.documents import KINDS
from tests.servers import sql
from tests.store.test_overlay_sqlite import stays_at_its_moment
from tests.tenants import get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# ruff: noqa: S608 - the names of schemas are our own
# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of one

KEN, LI = upn("ken"), upn("li")


@pytest.fixture
def url(new_schema: Callable[[], str]) -> str:
    """A tenant of two."""
    url = new_schema()
    with tenant("ken", "li", store=PostgresStore(url)):
        pass
    return url


def schema_of(url: str) -> str:
    """The schema that a URL names."""
    return url.rpartition("schema=")[2]


def asked(postgres: str, query: str) -> Any:
    """The one value that a query gives."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()[0][0]


@pytest.fixture
def reader(postgres: str, url: str) -> Iterator[str]:
    """The URL of a role that may read the tenant, and nothing else."""
    name, schema = f"reader_{os.getpid()}", schema_of(url)
    sql(
        postgres,
        f"CREATE ROLE {name} LOGIN PASSWORD 'hunter2'",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}",
    )
    yield url.replace("//postgres@", f"//{name}:hunter2@")
    sql(postgres, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_role_that_may_only_read_can_rehearse(postgres: str, url: str, reader: str) -> None:
    """Nothing is written, and no transaction gets a number, which each that writes has."""
    numbers = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    written = (
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables "
        f"WHERE schemaname = '{schema_of(url)}'"
    )
    before = asked(postgres, numbers), asked(postgres, written)
    with confid.connect(OverlayStore(PostgresStore(reader)), create=False):
        set_user([KEN, LI], reset_conference_id=True, reset_leader_pin=True)
        confid.import_users([{"UserPrincipalName": upn("new")}])
        confid.remove_users(LI)
        assert confid.check().problems == ()
    assert (asked(postgres, numbers), asked(postgres, written)) == before


def test_writers_are_neither_seen_nor_held_up(url: str) -> None:
    """The overlay stays at its moment; one that is opened later sees what they did."""
    stays_at_its_moment(lambda: PostgresStore(url))


def sessions(postgres: str) -> int:
    """How many sessions are inside a transaction."""
    said = asked(
        postgres, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    )
    return int(said)


def test_closing_lets_the_transaction_go(postgres: str, url: str) -> None:
    """And so does an opening that fails."""
    overlay = OverlayStore(PostgresStore(url))
    overlay.open(KINDS)
    assert sessions(postgres) == 1
    overlay.close()
    assert sessions(postgres) == 0
    sql(postgres, f"UPDATE {schema_of(url)}.confid SET version = 1")
    with pytest.raises(StoreError, match="Open it once with confid"):
        overlay.open(KINDS)
    assert sessions(postgres) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")
def test_an_interrupt_keeps_the_moment(url: str) -> None:
    """The statement is given up; what the overlay sees is the same afterwards."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with confid.connect(OverlayStore(PostgresStore(url))) as rehearsal:
            seen = get(KEN)
            with confid.connect(PostgresStore(url)):
                set_user(KEN, reset_conference_id=True)
            assert isinstance(rehearsal.store, OverlayStore)
            with pytest.raises(KeyboardInterrupt), rehearsal.store.before_and_after() as (base, _):
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                base._execute("SELECT pg_catalog.pg_sleep(30)", ())  # type: ignore[attr-defined]
            assert get(KEN, session=rehearsal) == seen
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_lost_connection_ends_the_rehearsal(postgres: str, url: str) -> None:
    """It never goes on at another moment; what it would say then is worth nothing."""
    with confid.connect(OverlayStore(PostgresStore(url))) as rehearsal:
        get(KEN)
        sql(
            postgres,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE state LIKE 'idle in transaction%'",
        )
        with pytest.raises(StoreError, match="lost"):
            get(KEN)
        for _ in range(2):
            with pytest.raises(StoreError, match="Begin again"):
                get(KEN)
    assert rehearsal.closed


def test_an_absent_base_is_empty_or_refused(postgres: str, new_schema: Callable[[], str]) -> None:
    """Nothing is made, whichever it is."""
    url = new_schema()
    overlay = OverlayStore(PostgresStore(url))
    with pytest.raises(StoreError) as raised:
        confid.connect(overlay, create=False)
    assert raised.value.category == "ObjectNotFound"
    with confid.connect(overlay):
        confid.import_users([{"UserPrincipalName": KEN}])
    made = f"SELECT count(*) FROM pg_namespace WHERE nspname = '{schema_of(url)}'"
    assert asked(postgres, made) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")
def test_a_forked_child_lets_the_moment_be(url: str) -> None:
    """It may neither read nor end the transaction of its parent."""
    overlay = OverlayStore(PostgresStore(url))
    with confid.connect(overlay):
        before = get(KEN)
        child = os.fork()
        if not child:
            try:
                get(KEN)
            except StoreError:
                overlay.close()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert get(KEN) == before


def test_it_is_a_moment_of_the_store(postgres: str, url: str) -> None:
    """Which is a transaction that can write nothing."""
    moment = PostgresStore(url).moment(KINDS)
    assert isinstance(moment, PostgresMoment)
    with moment.transaction() as tx, pytest.raises(StoreError):
        tx.put("tenant", {"x": {}})
    moment.close()
    assert sessions(postgres) == 0
    with pytest.raises(StoreError, match="no longer held"), moment.transaction():
        pass
