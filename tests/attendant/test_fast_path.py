"""The attendant's look-up, ID to organizer: the store is asked once, and nobody is waited for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import confid
from confid.attendant import CallState, dial
from tests.servers import CuttingProxy
from tests.tenants import add_bridge, get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.engine.session import Session

KEN = upn("ken")
NUMBER = "+1 425-555-0100"


@pytest.fixture
def proxy(new_schema: Callable[[], str]) -> Iterator[CuttingProxy]:
    """A line to a PostgreSQL server that counts."""
    between = CuttingProxy(new_schema())
    yield between
    between.close()


def keyed(who: str = KEN) -> str:
    """Somebody's conference ID, as callers key it in."""
    conference_id: confid.ConferenceId = get(who).conference_id
    return conference_id.spoken


def test_an_id_keyed_in_is_one_round_trip_to_postgresql(proxy: CuttingProxy) -> None:
    """From the ID to the organizer, the caller's guesses and the seal looked at too."""
    with tenant("ken", store=proxy.dsn):
        keys = keyed()
        for _ in range(8):
            call = dial(NUMBER)
            before = proxy.round_trips
            assert call.enter_conference_id(keys) is CallState.ASKING_ORGANIZER
            assert proxy.round_trips - before == 1
            assert call.organizer is not None
            assert call.organizer.display_name == get(KEN).display_name


def test_whose_an_id_is_waits_for_no_writer(tmp_path: Path) -> None:
    """On SQLite too, while a reset is under way; the step after it sees what that has committed."""
    writing, written = threading.Event(), threading.Event()

    def reset(session: Session) -> None:
        with session.transaction():
            set_user(KEN, reset_conference_id=True, session=session)
            writing.set()
            written.wait(10)

    with tenant("ken", store=tmp_path / "tenant.db") as session:
        keys = keyed()
        thread = threading.Thread(target=reset, args=[session])
        thread.start()
        assert writing.wait(10)
        call = dial(NUMBER)
        assert call.enter_conference_id(keys) is CallState.ASKING_ORGANIZER
        written.set()
        thread.join()
        assert call.say_organizer(False) is CallState.ASKING_CONFERENCE_ID


def test_a_bridge_changed_by_another_session_is_read_anew(tmp_path: Path) -> None:
    """The organizer's record shows it as it is now."""
    place = tmp_path / "tenant.db"
    with tenant("ken", store=place) as session, confid.connect(place) as other:
        add_bridge(session, "Oslo", "4721405000", "4721405001")
        set_user(KEN, bridge_name="Oslo", session=session)
        call, keys = dial(NUMBER, session=session), keyed()
        other.cmdlets.set_cs_online_dial_in_conferencing_bridge(
            name="Oslo", default_service_number="4721405001"
        )
        call.enter_conference_id(keys)
        assert call.organizer is not None
        assert call.organizer.default_toll_number == "4721405001"


def test_both_paths_say_the_same_of_an_organizer() -> None:
    """By the fast path, and inside a transaction, which takes the slow one."""
    with tenant("ken") as session:
        keys = keyed()
        set_user(KEN, allow_toll_free_dial_in=False)
        short, long = dial(NUMBER), dial(NUMBER)
        short.enter_conference_id(keys)
        with session.transaction():
            long.enter_conference_id(keys)
        assert short.organizer == long.organizer
        assert short.prompts == long.prompts
