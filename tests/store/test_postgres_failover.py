"""A primary and its standby: the URL that names both, what a failover does to calls, a replica."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

import confid
from confid.errors import CommitOutcomeUnknownError, StoreError
from tests.servers import CuttingProxy, Pair, running_pair, wait_until, with_schema
from tests.tenants import get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from confid.engine.session import Session


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    """A primary and its synchronous standby."""
    with running_pair() as pair:
        yield pair


@pytest.fixture
def pair(servers: Pair) -> Iterator[Pair]:
    """The same; a dead one is made the other's standby again afterwards."""
    yield servers
    if not servers.primary.is_running:
        servers.fail_over()
    if not servers.standby.is_running:
        servers.replicate()


def reset(session: Session) -> int:
    """A new conference ID for Ken."""
    return int(set_user(upn("ken"), reset_conference_id=True, session=session).conference_id)


def current(session: Session) -> int:
    """Ken's."""
    return int(get(upn("ken"), session=session).conference_id)


# Two hosts in a URL.


def test_a_url_with_two_hosts_finds_the_new_primary(pair: Pair) -> None:
    """While there is none calls say so, in good time; afterwards the same session goes on."""
    url = with_schema(pair.dsn, "failing_over", timeout=0.5, pool_size=1)
    with tenant("ken", store=url) as session, ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(reset, [session] * 20))
        pair.primary.kill()
        began = time.monotonic()
        for call in [pool.submit(reset, session) for _ in range(4)]:
            with pytest.raises(StoreError) as raised:
                call.result(timeout=30)
            assert raised.value.category == "ResourceUnavailable"
            assert "Promote a standby, and try again" in str(raised.value)
            assert "or another of its 2 hosts" in str(raised.value)
        assert time.monotonic() - began < 10
        pair.fail_over()
        assert current(session) in issued
        issued.append(reset(session))
        with session.unit(write=False) as unit:
            assert set(unit.transaction.issued_ids()) > set(issued)
        assert not confid.check(session).problems


def test_a_call_that_waits_is_served_as_soon_as_there_is_a_primary(pair: Pair) -> None:
    """Though others before it have waited in vain."""
    url = with_schema(pair.dsn, "waiting", timeout=2)
    with tenant("ken", store=url) as session, ThreadPoolExecutor(2) as pool:
        pair.primary.stop("immediate")
        early = pool.submit(reset, session)
        time.sleep(1.7)
        began = time.monotonic()
        late = pool.submit(reset, session)
        assert isinstance(early.exception(timeout=30), StoreError)
        pair.fail_over()
        assert late.result(timeout=30) == current(session)
        assert time.monotonic() - began < 2


def test_hosts_of_the_environment_are_found_too(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PGHOST` may name several; what is said about the target is left as it is."""
    monkeypatch.setenv("PGHOST", "127.0.0.1,127.0.0.1")
    monkeypatch.setenv("PGPORT", f"{pair.standby.port},{pair.primary.port}")
    url = "postgresql://postgres@/postgres?schema=environment"
    with tenant("ken", store=url) as session:
        before = reset(session)
    any_of_them = f"{url}&target_session_attrs=any"

    def has_followed() -> bool:
        try:
            confid.connect(any_of_them).close()
        except StoreError:
            return False
        return True

    wait_until(has_followed)
    with confid.connect(any_of_them) as session, pytest.raises(StoreError, match="is a replica"):
        reset(session)
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "any")
    with confid.connect(url) as session:
        with pytest.raises(StoreError, match="is a replica"):
            reset(session)
        wait_until(lambda: current(session) == before)


def test_a_primary_is_one_whatever_the_defaults_of_the_role(pair: Pair) -> None:
    """A default of read-only, which confid overrules, makes no standby of it."""
    url = with_schema(pair.dsn, "defaults", options="-c%20default_transaction_read_only%3Don")
    with tenant("ken", store=url) as session:
        assert reset(session) == current(session)


def test_only_a_host_that_has_answered_is_shown(pair: Pair) -> None:
    """What stands beside it may be the rest of a password."""
    hosts = f"127.0.0.1:{pair.primary.port}"
    url = with_schema(pair.primary.dsn.replace(hosts, f"{hosts},hunter2"), "shown")
    session = confid.connect(url)
    session.store.close()
    with pytest.raises(StoreError) as raised:
        reset(session)
    assert "on 127.0.0.1 or another of its 2 hosts" in str(raised.value)
    assert "hunter2" not in str(raised.value) + repr(session) + repr(vars(session.store))


def test_a_connection_that_leads_to_a_standby_is_not_kept(pair: Pair) -> None:
    """A name, or a proxy, may lead to the primary the next time."""
    with tenant("ken", store=with_schema(pair.primary.dsn, "led")):
        pass
    proxy = CuttingProxy(with_schema(pair.standby.dsn, "led"))
    try:
        with confid.connect(proxy.dsn) as session:
            with pytest.raises(StoreError, match="is a replica"):
                reset(session)
            proxy.lead_to(pair.primary)
            assert reset(session)
    finally:
        proxy.close()


# The standby.


def test_a_standby_can_be_read_and_says_where_to_write(pair: Pair) -> None:
    """Opened on its own; it is no primary for who asks for one, and makes no tenant."""
    url = with_schema(pair.standby.dsn, "replicated")
    with tenant("ken", store=with_schema(pair.primary.dsn, "replicated")) as session:
        before = reset(session)
    with confid.connect(url) as session:
        wait_until(lambda: current(session) == before)
        with pytest.raises(StoreError) as raised:
            reset(session)
        assert raised.value.category == "PermissionDenied"
        assert "names every host" in str(raised.value)
        assert current(session) == before
        assert not confid.check(session).problems
    with pytest.raises(StoreError, match="none of the servers"):
        confid.connect(f"{url}&target_session_attrs=read-write")
    with pytest.raises(StoreError, match="is a replica"):
        confid.connect(with_schema(pair.standby.dsn, "new_on_a_standby"))


# A commit that the standby doesn't get.


def test_a_commit_that_the_standby_may_not_have_is_an_unknown_outcome(pair: Pair) -> None:
    """The server warns and goes on when the wait is canceled; after a failover it isn't there."""
    with tenant("ken", store=with_schema(pair.dsn, "standing_by")) as session:
        before = current(session)
        pair.lag()
        with ThreadPoolExecutor(1) as pool:
            resetting = pool.submit(reset, session)
            _cancel_what_waits_for_the_standby(pair.primary.dsn, resetting)
            assert isinstance(resetting.exception(timeout=30), CommitOutcomeUnknownError)
        assert current(session) != before
        pair.primary.kill()
        pair.fail_over()
        assert current(session) == before
        assert reset(session) == current(session)
        assert not confid.check(session).problems


def _cancel_what_waits_for_the_standby(dsn: str, waiting: Future[int]) -> None:
    cancel = (
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event = 'SyncRep' AND application_name = 'confid'"
    )
    with psycopg.connect(dsn, autocommit=True) as admin:
        while not waiting.done():
            admin.execute(cancel)
            time.sleep(0.02)


# A rehearsal.


def test_a_standby_will_do_to_rehearse(pair: Pair) -> None:
    """It sees a moment of the standby, and writes nothing there or on the primary."""
    url = with_schema(pair.primary.dsn, "rehearsed")
    with tenant("ken", store=url) as session:
        issued = current(session)
        # The primary may have confirmed what the standby doesn't show yet.
        there = with_schema(pair.standby.dsn, "rehearsed")
        wait_until(lambda: _shows(there))
        with confid.rehearse(there) as rehearsal:
            rehearsed = reset(rehearsal.session)
            assert reset(session) not in (issued, rehearsed)
            assert current(rehearsal.session) == rehearsed
        assert len(rehearsal.changes)
        assert confid.check(session).problems == ()


def _shows(url: str) -> bool:
    try:
        confid.rehearse(url).session.close()
    except StoreError:
        return False
    return True
