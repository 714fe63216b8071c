"""How often a call waits for the PostgreSQL server, counted where its bytes pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import get_cs_online_user
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as set_user
from confid.mail import outbox
from tests.servers import CuttingProxy
from tests.tenants import tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session

PEOPLE = ("ken", "ann", "bob")


@pytest.fixture
def proxy(new_schema: Callable[[], str]) -> Iterator[CuttingProxy]:
    """It counts."""
    proxy = CuttingProxy(new_schema())
    yield proxy
    proxy.close()


@pytest.fixture
def session(proxy: CuttingProxy) -> Iterator[Session]:
    """A tenant behind the proxy, whose set-up the session has read."""
    with tenant(*PEOPLE, store=proxy.dsn) as session:
        set_user(upn("ann"), reset_conference_id=True)
        yield session


NAMES = {
    "user principal name": lambda: upn("ken"),
    "SIP address": lambda: f"sip:{upn('ken')}",
    "object ID": lambda: str(get_cs_online_user(upn("ken")).identity),
    "record": lambda: get_cs_online_user(upn("ken")),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_reset_waits_four_times(
    proxy: CuttingProxy, session: Session, name: Callable[[], str]
) -> None:
    """For the person, for what is theirs, for the new ID, and for COMMIT."""
    identity = name()
    before, mails = proxy.round_trips, len(outbox(session=session))
    old = confid.ledger.entries(upn("ken"))[-1]
    trips = proxy.round_trips
    record = set_user(identity, reset_conference_id=True)
    assert proxy.round_trips - trips <= 4
    assert trips > before
    first, second = confid.ledger.entries(upn("ken"))[-2:]
    assert (first.conference_id, second.conference_id) == (old.conference_id, record.conference_id)
    assert first.retired_at is not None
    assert len(outbox(session=session)) == mails + 1


def test_many_at_once_wait_once_more(proxy: CuttingProxy, session: Session) -> None:
    """However many they are, up to a thousand."""
    names = list(map(upn, PEOPLE))
    for some in (names[:2], names):
        trips = proxy.round_trips
        set_user(some, reset_conference_id=True, session=session)
        assert proxy.round_trips - trips <= 5
