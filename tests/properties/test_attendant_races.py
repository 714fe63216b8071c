"""Callers of one meeting from several processes: one lobby, one meeting, one count of guesses."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.attendant import PROMPTS, CallState, dial
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.store.memory import MemoryStore
from confid.store.sqlite.store import SQLiteStore
from confid.tenant.documents import RUNNING_MEETING

if TYPE_CHECKING:
    from pathlib import Path

    from confid.engine.session import Session

KEN = "ken@contoso.com"
NUMBER = "+14255550100"
GUESSER = "+14255550199"
CALLS = 12

CALLERS = """
import sys, confid
from confid.attendant import dial
path, number, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
with confid.connect(path, create=False) as session:
    waiting = []
    for i in range(calls):
        call = dial(number, name=f"{sys.argv[4]}{i}")
        call.press(sys.argv[5])
        call.press("#")
        print(call.state.value, flush=True)
        waiting.append(call)
    sys.stdin.readline()
    for call in waiting:
        print(call.state.value)
        call.hang_up()
"""

GUESSES = """
import sys, confid
from confid.attendant import CallState, dial
path, number, guesser = sys.argv[1:4]
with confid.connect(path, create=False) as session:
    made = 0
    while (call := dial(number, caller=guesser)).state is CallState.ASKING_CONFERENCE_ID:
        before = len(call.prompts)
        call.press("0")
        made += call.prompts[before] == sys.argv[4]
        call.hang_up()
    print(made)
"""


def kens(store: Any) -> Session:
    """A tenant with Ken, enabled."""
    session = confid.connect(store)
    confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}], session=session)
    enable_cs_online_dial_in_conferencing_user(KEN, session=session)
    return session


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs that code."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str], last_words: str = "") -> list[str]:
    """What a process printed, once it has ended well."""
    output, _ = process.communicate(last_words, timeout=120)
    assert process.returncode == 0
    return output.split()


def spoken(session: Session) -> str:
    """Ken's ID."""
    ken = session.cmdlets.get_cs_online_dial_in_conferencing_user(KEN)
    return str(ken.conference_id)


def test_callers_of_two_processes_meet(tmp_path: Path) -> None:
    """All wait in one lobby, get in with the organizer of a third, are heard there, and leave."""
    path = tmp_path / "tenant.db"
    with kens(path) as session:
        pin = set_cs_online_dial_in_conferencing_user(KEN, reset_leader_pin=True).leader_pin
        two = [started(CALLERS, path, NUMBER, CALLS, name, spoken(session)) for name in "AB"]
        for process in two:
            assert process.stdout is not None
            assert [process.stdout.readline().strip() for _ in range(CALLS)] == ["in_lobby"] * CALLS
        organizer = dial(NUMBER)
        organizer.press(spoken(session))
        organizer.press("*")
        assert organizer.press(pin) is CallState.IN_MEETING
        for process in two:
            assert finished(process, "\n") == ["in_meeting"] * CALLS
        heard = organizer.prompts
        for name in [f"{process}{i}" for process in "AB" for i in range(CALLS)]:
            came, went = (PROMPTS[key].format(name=name) for key in ("entered_name", "left_name"))
            assert (heard.count(came), heard.count(went)) == (1, 1)
            assert heard.index(came) < heard.index(went)
        organizer.hang_up()
        with session.unit(write=False) as tenant:
            assert not dict(tenant.transaction.scan(RUNNING_MEETING.name))


def test_guesses_of_two_processes_add_up(tmp_path: Path) -> None:
    """Both together have ten, in any order."""
    path = tmp_path / "tenant.db"
    with kens(path):
        two = [started(GUESSES, path, NUMBER, GUESSER, PROMPTS["wrong_id"]) for _ in range(2)]
        assert sum(int(finished(process)[0]) for process in two) == 10
        assert dial(NUMBER, caller=GUESSER).prompts == [PROMPTS["blocked"]]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_threads_that_come_and_go_leave_an_empty_meeting(kind: str, tmp_path: Path) -> None:
    """First callers at once, last callers at once: nobody is lost, nobody stays."""
    store = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "tenant.db")
    with kens(store) as session:
        set_cs_online_dial_in_conferencing_user(KEN, allow_pstn_only_meetings=True)
        keys = spoken(session)

        def come_and_go(_: int) -> CallState:
            with dial(NUMBER, session=session) as call:
                state = call.press(keys)
                with session.unit(write=False) as tenant:
                    (body,) = dict(tenant.transaction.scan(RUNNING_MEETING.name)).values()
                assert any(each["call"] == call._id for each in body["participants"])
            return state

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(come_and_go, range(80))) == {CallState.IN_MEETING}
        with session.unit(write=False) as tenant:
            assert not dict(tenant.transaction.scan(RUNNING_MEETING.name))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_reset_and_its_callers_at_once(kind: str, tmp_path: Path) -> None:
    """Once a reset has returned, nobody gets in with the ID before it."""
    store = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "tenant.db")
    with kens(store) as session:

        def reset(_: int) -> None:
            old = spoken(session)
            session.cmdlets.set_cs_online_dial_in_conferencing_user(
                KEN, reset_conference_id=True, notify=False
            )
            call = dial(NUMBER, session=session, caller=f"+1206555{int(old) % 10000:04d}")
            assert call.press(old) is CallState.ASKING_CONFERENCE_ID

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(reset, range(24)))
