"""The attendant's look-up, ID to organizer: the store is asked once, and nobody is waited for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.attendant import PROMPTS, Call, CallState, dial, wrong_entries
from confid.attendant.fast_path import find_organizer
from confid.store.seal import Reason, Seal, put_seal
from confid.tenant.documents import CONFERENCING, USER
from confid.tenant.unit_of_work import UnitOfWork
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


def settings_off(session: Session) -> None:
    """Ken's settings say that he is disabled; his ID lives."""
    with session.unit(write=True) as unit:
        ((owner, body),) = unit.transaction.scan(CONFERENCING.name)
        unit.transaction.put(CONFERENCING.name, {owner: {**body, "enabled": False}})


def id_retired(session: Session) -> None:
    """Ken's ID is retired; his settings say that he is enabled."""
    with session.unit(write=True) as unit:
        unit.ledger.retire([unit.user(KEN).owner])


def id_replaced(session: Session) -> None:
    """Ken has another ID."""
    id_retired(session)
    with session.unit(write=True) as unit:
        unit.ledger.issue([unit.user(KEN).owner])


def user_gone(session: Session) -> None:
    """Ken is not in the directory; his ID lives, and his settings say that he is enabled."""
    with session.unit(write=True) as unit:
        unit.transaction.delete(USER.name, [unit.user(KEN).owner])


def settings_gone(session: Session) -> None:
    """Ken has no settings; his ID lives."""
    with session.unit(write=True) as unit:
        unit.transaction.delete(CONFERENCING.name, [unit.user(KEN).owner])


@pytest.mark.parametrize("path", ["fast", "slow"])
@pytest.mark.parametrize("fault", [settings_off, id_retired, id_replaced, user_gone, settings_gone])
@pytest.mark.parametrize("when", ["before the ID", "before star or pound", "before the PIN"])
def test_each_check_of_an_organizer_holds_alone(
    when: str, fault: Callable[[Session], None], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disabling changes settings and ledger at once: either of them is enough to refuse."""
    with tenant("ken") as session:
        keys = keyed()
        pin = set_user(KEN, reset_leader_pin=True, notify=False).leader_pin
        if path == "slow":
            monkeypatch.setattr("confid.attendant.calls.find_organizer", lambda *_: None)
        call = dial(NUMBER)
        if when != "before the ID":
            call.press(keys)
        if when == "before the PIN":
            call.press("*")
        fault(session)
        answers = {"before the ID": keys, "before star or pound": "#", "before the PIN": pin}
        said = "wrong_id" if when == "before the ID" else "id_changed"
        assert call.press(answers[when]) is CallState.ASKING_CONFERENCE_ID
        assert (call.organizer, call.prompts[-1]) == (None, PROMPTS[said])


def test_an_id_reset_while_a_step_waits_for_its_lock_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ID is compared behind the lock, whatever the ledger said before."""
    with tenant("ken") as session:
        keys = keyed()
        monkeypatch.setattr("confid.attendant.calls.find_organizer", lambda *_: None)
        people = UnitOfWork.people

        def meanwhile(unit: UnitOfWork, users: list[Any], *, lock: bool = False) -> list[Any]:
            unit.ledger.retire([user.owner for user in users])
            unit.ledger.issue([user.owner for user in users])
            return people(unit, users, lock=lock)

        monkeypatch.setattr(UnitOfWork, "people", meanwhile)
        call = dial(NUMBER, session=session)
        assert call.press(keys) is CallState.ASKING_CONFERENCE_ID
        assert (call.organizer, call.prompts[-1]) == (None, PROMPTS["wrong_id"])


def test_a_right_pin_after_ten_wrong_entries_on_other_lines_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The count is looked at behind the lock, and before the PIN."""
    with tenant("ken"):
        pin = set_user(KEN, reset_leader_pin=True, notify=False).leader_pin
        call = dial(NUMBER)
        call.press(keyed())
        call.press("*")
        closed = Call._starts_closed

        def meanwhile(self: Call, unit: UnitOfWork) -> bool:
            for _ in range(wrong_entries.CALLER_LIMIT):
                wrong_entries.note_caller(unit, wrong_entries.WITHHELD)
            return closed(self, unit)

        monkeypatch.setattr(Call, "_starts_closed", meanwhile)
        assert call.press(pin) is CallState.ENDED
        assert call.prompts[-1] == PROMPTS["blocked"]


def blocked(session: Session) -> None:
    """The caller has made ten wrong entries."""
    with session.unit(write=True) as unit:
        for _ in range(wrong_entries.CALLER_LIMIT):
            wrong_entries.note_caller(unit, wrong_entries.WITHHELD)


def sealed(session: Session) -> None:
    """The store has been sealed."""
    with session.unit(write=True) as unit:
        put_seal(unit.transaction, Seal(reason=Reason.BACKUP))


def running_already(session: Session) -> None:
    """A caller is in the lobby."""
    call = dial(NUMBER, session=session)
    call.press(keyed())
    call.press("#")


def open_to_callers(_: Session) -> None:
    """The first caller may start the meeting."""
    set_user(KEN, allow_pstn_only_meetings=True)


@pytest.mark.parametrize(
    "state",
    [
        *(settings_off, id_retired, id_replaced, user_gone, settings_gone),
        *(blocked, sealed, running_already, open_to_callers),
    ],
)
def test_the_fast_path_leaves_all_else_to_the_slow_one(state: Callable[[Session], None]) -> None:
    """Where more is to be said or written it says nothing."""
    with tenant("ken") as session:
        keys = keyed()
        assert find_organizer(session, keys, wrong_entries.WITHHELD) is not None
        state(session)
        assert find_organizer(session, keys, wrong_entries.WITHHELD) is None


@pytest.mark.parametrize("path", ["fast", "slow"])
def test_a_blocked_caller_hears_nothing_of_a_right_id(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever path looks."""
    if path == "slow":
        monkeypatch.setattr("confid.attendant.calls.find_organizer", lambda *_: None)
    with tenant("ken") as session:
        call, keys = dial(NUMBER), keyed()
        blocked(session)
        assert call.press(keys) is CallState.ENDED
        assert (call.organizer, call.prompts[-1]) == (None, PROMPTS["blocked"])
