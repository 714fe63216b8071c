"""What PostgreSQL does to a session: lines cut, conflicts, timeouts, replicas; all said clearly."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import confid
from confid.engine import session as sessions
from confid.errors import (
    CommitOutcomeUnknownError,
    ConfidError,
    StoreError,
    TransactionConflictError,
    UserNotFoundError,
)
from confid.store import FIRST_ID, Claim, Kind, PostgresStore
from confid.tenant.documents import CONFERENCING
from tests.servers import CARELESS, CuttingProxy, Server, running, sql, with_schema
from tests.tenants import (
    add,
    disable,
    enable,
    get,
    outbox,
    register,
    set_user,
    tenant,
    unregister,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session

AT = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = (Kind("plain"),)

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of some


@pytest.fixture
def url(new_schema: Callable[[], str]) -> str:
    """Where a tenant may be made."""
    return new_schema()


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    """A tenant with two enabled users."""
    with tenant("ken", "ann", store=url) as session:
        yield session


def reset(session: Session, name: str = "ken") -> int:
    """A new conference ID."""
    return int(set_user(upn(name), reset_conference_id=True, session=session).conference_id)


def state(session: Session) -> tuple[int, int, int]:
    """Ken's ID, how many IDs there are, and how many mails."""
    with session.unit(write=False) as unit:
        count = unit.transaction.count()
    return int(get(upn("ken"), session=session).conference_id), count, len(outbox(session))


def connection_of(transaction: object) -> psycopg.Connection[Any]:
    """The connection of a transaction."""
    connection: psycopg.Connection[Any] = vars(transaction)["pipeline"].connection
    return connection


def terminate(postgres: str, *pids: int) -> None:
    """End these sessions on the server, and wait until they are gone."""
    sql(postgres, *(f"SELECT pg_terminate_backend({pid}, 5000)" for pid in pids))


# Lines that are cut.


def test_a_connection_terminated_in_mid_transaction(postgres: str, session: Session) -> None:
    """Nothing of the transaction is there, and the next call works."""
    before = state(session)
    with pytest.raises(StoreError) as raised, session.transaction():
        reset(session)
        with session.unit(write=True) as unit:
            pid = connection_of(unit.transaction).info.backend_pid
        terminate(postgres, pid)
        reset(session)
    assert "connection to the server was lost" in str(raised.value)
    assert not isinstance(raised.value, CommitOutcomeUnknownError)
    assert state(session) == before
    assert reset(session) != before[0]
    assert not confid.check(session).problems


def test_connections_that_died_while_idle_are_replaced(postgres: str, session: Session) -> None:
    """As after a restart of the server: no call notices."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: reset(session, name), ["ken", "ann"] * 4))
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'confid' AND state = 'idle'"
        )
    assert reset(session) == state(session)[0]


@pytest.mark.parametrize("armed", ["before", "after"])
def test_a_line_cut_during_commit_is_an_unknown_outcome(
    postgres: str, session: Session, armed: str
) -> None:
    """Never tried again; what is found afterwards is all of it, or nothing."""
    proxy = CuttingProxy(with_schema(postgres, vars(session.store)["_place"].schema))
    before = state(session)
    try:
        with confid.connect(proxy.dsn) as remote:
            proxy.commits, proxy.armed = 0, armed
            with pytest.raises(CommitOutcomeUnknownError) as raised:
                reset(remote)
            assert proxy.commits == 1
            assert "confid.ledger.entries()" in str(raised.value)
            assert reset(remote) == state(session)[0]
    finally:
        proxy.close()
    _, ids, mails = state(session)
    lost = armed == "before"
    assert (ids, mails) == (before[1] + (1 if lost else 2), before[2] + (1 if lost else 2))
    assert not confid.check(session).problems


# Conflicts.


def test_deadlocked_calls_are_tried_again(session: Session) -> None:
    """Two who lock the same people the other way round both come through."""
    with session.unit(write=False) as unit:
        owners = [key for key, _ in unit.transaction.scan(CONFERENCING.name)]
    both = threading.Barrier(2)
    attempts: list[int] = []

    def lock(order: list[str]) -> None:
        first = True

        def work(unit: Any) -> None:
            nonlocal first
            attempts.append(1)
            unit.transaction.get(CONFERENCING.name, order[:1], lock=True)
            if first:
                first = False
                both.wait(timeout=30)
            unit.transaction.get(CONFERENCING.name, order[1:], lock=True)

        session.call(work, write=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lock, [owners, owners[::-1]]))
    assert len(attempts) > 2


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_conflict_is_tried_again_so_often_and_no_more(
    session: Session, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """The last one is raised; inside `session.transaction()` the first."""
    monkeypatch.setattr(sessions, "LONGEST_PAUSE", 0.001)
    attempts = 0

    def work(unit: Any) -> int:
        nonlocal attempts
        attempts += 1
        if attempts <= failing:
            unit.transaction._run(f"DO $$BEGIN RAISE SQLSTATE '{code}'; END$$")
        return int(unit.transaction.count())

    failing = 3
    assert session.call(work, write=True) == 2
    assert attempts == 4
    attempts, failing = 0, 1000
    with pytest.raises(TransactionConflictError):
        session.call(work, write=True)
    assert attempts == sessions.ATTEMPTS
    attempts = 0
    with pytest.raises(TransactionConflictError), session.transaction():
        session.call(work, write=True)
    assert attempts == 1


def test_one_person_enabled_twice_at_once_gets_one_id(session: Session) -> None:
    """The later call waits for the earlier one and finds them enabled."""
    for n in range(10):
        name = f"new{n}"
        add(session, name)
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(enable, upn(name), session=session) for _ in range(4)]
            assert len({call.result(timeout=30).conference_id for call in calls}) == 1
    assert not confid.check(session).problems


def test_nobody_is_enabled_who_is_being_removed(session: Session) -> None:
    """Whoever comes first wins; nobody outside of the directory has an ID."""
    for n in range(10):
        name = f"new{n}"
        add(session, name)
        with ThreadPoolExecutor(2) as pool:
            enabling = pool.submit(enable, upn(name), session=session)
            pool.submit(confid.remove_users, upn(name), session=session).result(timeout=30)
            assert isinstance(enabling.exception(timeout=30), (UserNotFoundError, type(None)))
        assert not confid.check(session).problems


def test_two_ids_for_one_owner_at_once_are_a_conflict(url: str) -> None:
    """The later claim is no refusal, after which it would be drawn again, but a conflict."""
    with PostgresStore(url) as store, ThreadPoolExecutor(1) as pool:
        store.open(KINDS)

        def claim() -> set[int]:
            with store.transaction(write=True) as tx:
                return tx.claim([(FIRST_ID + 1, "ann")], Claim(at=AT))

        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            later = pool.submit(claim)
            assert wait([later], timeout=0.3).not_done
        assert isinstance(later.exception(timeout=30), TransactionConflictError)
        with store.transaction(write=False) as tx:
            assert list(tx.issued_ids()) == [FIRST_ID]


# Who waits for whom.


def waits(call: Callable[[], object]) -> threading.Thread:
    """Start a call, and see that it is still waiting after a while."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(timeout=0.3)
    assert thread.is_alive()
    return thread


def test_a_number_isnt_taken_away_while_it_is_being_given(session: Session) -> None:
    """Unregister waits for Set-User and Enable, and then finds whom they gave it to."""
    register("+14255550101", session=session)
    add(session, "new")
    gifts: tuple[Callable[[], object], ...] = (
        lambda: set_user(upn("ken"), service_number="+14255550101", session=session),
        lambda: enable(upn("new"), service_number="+14255550101", session=session),
    )
    for give in gifts:
        with session.transaction():
            give()
            taking = waits(lambda: unregister("+14255550101", session=session))
        taking.join(timeout=30)
        assert not confid.check(session).problems
        register("+14255550101", session=session)


def test_a_reset_waits_for_no_change_of_the_set_up(session: Session) -> None:
    """Nor for another person's reset, nor does Set-User for Enable."""
    add(session, "new")
    with ThreadPoolExecutor(1) as pool:
        with session.transaction():
            register("+14255550101", session=session)
            pool.submit(reset, session).result(timeout=10)
        with session.transaction():
            reset(session, "ann")
            enable(upn("new"), session=session)
            number = "+14255550101"
            pool.submit(set_user, upn("ken"), service_number=number, session=session).result(10)
    disable(upn("new"), session=session)


def test_a_lock_held_too_long_is_resource_busy(session: Session, url: str) -> None:
    """After the URL's timeout; readers don't wait."""
    with confid.connect(f"{url}&timeout=0.3") as other, session.transaction():
        reset(session)
        with pytest.raises(StoreError) as raised:
            reset(other)
        assert raised.value.category == "ResourceBusy"
        assert get(upn("ken"), session=other)
    assert reset(session)


def test_an_exhausted_pool_says_so(url: str) -> None:
    """Who waits longer than the timeout for a connection is told to raise `pool_size`."""
    with PostgresStore(url, pool_size=1, timeout=0.3) as store:
        store.open(KINDS)
        with store.transaction(write=False):
            with pytest.raises(StoreError) as raised, store.transaction(write=False):
                pass
            assert raised.value.category == "ResourceBusy"
            assert "pool_size" in str(raised.value)
        with store.transaction(write=False) as tx:
            assert tx.count() == 0


def test_a_statement_timeout_says_so(session: Session, url: str) -> None:
    """And nothing was changed."""
    before = state(session)
    limited = f"{url}&options=-c%20statement_timeout%3D100"
    with (
        confid.connect(limited) as other,
        pytest.raises(StoreError) as raised,
        other.transaction(),
    ):
        reset(other)
        with other.unit(write=True) as unit:
            vars(unit)["transaction"]._run("SELECT pg_sleep(5)")
    assert raised.value.category == "OperationTimeout"
    assert state(session) == before


# Servers of one's own.


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that can be stopped, and made a replica."""
    with running(*CARELESS, "max_connections=12", "superuser_reserved_connections=0") as server:
        yield server


def test_a_restart_of_the_server(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """While it is down calls say so, and when it is back they work; no log says where it is."""
    caplog.set_level(logging.DEBUG)
    url = with_schema(server.dsn, "restarted", timeout="0.5")
    with tenant("ken", store=url) as session:
        before = reset(session)
        server.stop("immediate")
        try:
            with pytest.raises(StoreError) as raised:
                reset(session)
        finally:
            server.start()
        assert raised.value.category == "OpenError"
        assert state(session)[0] == before
        assert reset(session) == state(session)[0]
    assert "127.0.0.1" not in caplog.text
    assert str(server.port) not in caplog.text


def test_a_server_without_a_connection_left_says_so(server: Server) -> None:
    """And names the two settings that help."""
    url = with_schema(server.dsn, "full", timeout="0.5")
    store = PostgresStore(url)
    store.open(KINDS)
    taken: list[psycopg.Connection[Any]] = []
    try:
        with pytest.raises(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(server.dsn))
        with pytest.raises(StoreError) as raised, store.transaction(write=True):
            pass
        assert "max_connections" in str(raised.value)
    finally:
        for connection in taken:
            connection.close()
    with store.transaction(write=True) as tx:
        assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == {FIRST_ID}
    store.close()


def test_every_error_has_a_way_out_of_its_own(url: str) -> None:
    """A database that isn't there, and one that nobody answers for."""
    for wrong, category in (
        (url.replace("/postgres?", "/nowhere?"), "ObjectNotFound"),
        ("postgresql://127.0.0.1:1/postgres", "OpenError"),
    ):
        with pytest.raises(ConfidError) as raised:
            confid.connect(wrong)
        assert raised.value.category == category
