"""Threads and processes at once: no ID twice, none lost, the last committed one is current."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.opening import open_session
from confid.errors import ConferenceIdsExhaustedError
from confid.ids.dice import Space
from confid.store import from_url
from confid.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confid.engine.session import Session
    from confid.store.base import LedgerEntry, Store

PEOPLE = [f"person{i}@contoso.com" for i in range(8)]
THREADS = 8
PROCESSES = 4
SMALL = Space(2_000_000, 2_000_199)

RESETTER = """
import sys, confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as reset
from confid.errors import ConferenceIdsExhaustedError
path, person, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
class Undo(Exception): pass
with confid.connect(path, create=False) as session:
    for i in range(count):
        try:
            with session.transaction():
                user = reset(person, reset_conference_id=True)
                if i % 5 == 4:
                    raise Undo
        except Undo:
            continue
        except ConferenceIdsExhaustedError:
            print("exhausted")
            break
        print(user.conference_id)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place that processes can share: a path or a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "tenant.db")
    new_schema: Callable[[], str] = request.getfixturevalue("new_schema")
    return new_schema()


def fill(session: Session) -> None:
    """Import and enable the people."""
    confid.import_users(
        ({"UserPrincipalName": p, "Mail": p, "Licenses": "MCOMEETADV"} for p in PEOPLE),
        session=session,
    )
    enable_cs_online_dial_in_conferencing_user(PEOPLE, session=session)


def ledger(session: Session) -> list[LedgerEntry]:
    """Everything the ledger holds."""
    with session.unit(write=False) as tenant:
        return list(tenant.transaction.entries())


def living(session: Session) -> dict[str, int]:
    """Each person's current ID, as the cmdlet shows it."""
    return {
        user.identity: int(user.conference_id or 0)
        for user in session.cmdlets.get_cs_online_dial_in_conferencing_user()
    }


def start(place: str, person: str, count: int) -> subprocess.Popen[str]:
    """Start a process that resets one person's ID over and over, undoing every fifth."""
    return subprocess.Popen(
        [sys.executable, "-c", RESETTER, place, person, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> list[str]:
    """What a process printed, once it has ended well."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return output.split()


def test_eight_threads_reset_at_once_in_memory() -> None:
    """Eight threads reset the same people: every ID was returned once, all are in the ledger."""
    eight_threads_reset_at_once(MemoryStore())


def test_eight_threads_reset_at_once(place: str) -> None:
    """The same on the stores that processes can share."""
    eight_threads_reset_at_once(from_url(place))


def eight_threads_reset_at_once(store: Store) -> None:
    """Each thread resets a person of its own, then people that other threads reset too."""
    with confid.connect(store) as session:
        fill(session)
        first = {entry.conference_id for entry in ledger(session)}

        def reset(number: int) -> list[int]:
            one = PEOPLE[number % len(PEOPLE)]
            many = [PEOPLE[0], *PEOPLE[number % 3 :: 2]]
            ids = []
            for _ in range(10):
                alone = set_cs_online_dial_in_conferencing_user(one, reset_conference_id=True)
                ids.append(int(alone.conference_id or 0))
                together = set_cs_online_dial_in_conferencing_user(many, reset_conference_id=True)
                ids.extend(int(user.conference_id or 0) for user in together)
            return ids

        with ThreadPoolExecutor(THREADS) as pool:
            returned = [i for ids in pool.map(reset, range(THREADS)) for i in ids]
        entries = ledger(session)
        assert len(returned) == len(set(returned))
        assert {entry.conference_id for entry in entries} == first | set(returned)
        last = {e.owner: e for e in sorted(entries, key=lambda e: e.serial)}
        assert {e.conference_id for e in last.values()} == set(living(session).values())
        assert not confid.check(session).problems


def test_four_processes_reset_at_once(place: str) -> None:
    """Four processes reset one person: the ledger holds what they printed, in one order."""
    with confid.connect(place) as session:
        fill(session)
        first = {entry.conference_id for entry in ledger(session)}
        processes = [start(place, PEOPLE[0], 20) for _ in range(PROCESSES)]
        returned = [int(word) for process in processes for word in finished(process)]
        assert len(returned) == len(set(returned)) == PROCESSES * 20 * 4 // 5
        entries = ledger(session)
        assert {entry.conference_id for entry in entries} == first | set(returned)
        history = confid.ledger.entries(PEOPLE[0], session=session)
        assert [line.serial for line in history] == list(range(1, len(history) + 1))
        assert [line.is_current for line in history] == [False] * (len(history) - 1) + [True]
        assert not confid.check(session).problems


def test_four_processes_walk_a_small_space_to_its_last_id(place: str) -> None:
    """Four processes use up a small space, rolling back on the way: each ID exactly once."""
    with open_session(place, space=SMALL) as session:
        fill(session)
        processes = [start(place, PEOPLE[i], 10_000) for i in range(PROCESSES)]
        printed = [finished(process) for process in processes]
        assert all(words[-1] == "exhausted" for words in printed)
        ids = [int(word) for words in printed for word in words[:-1]]
        assert len(ids) == len(set(ids)) == len(SMALL) - len(PEOPLE)
        assert sorted(e.conference_id for e in ledger(session)) == list(
            range(SMALL.first, SMALL.last + 1)
        )
        with pytest.raises(ConferenceIdsExhaustedError):
            set_cs_online_dial_in_conferencing_user(PEOPLE[0], reset_conference_id=True)
        assert confid.ledger.remaining(session=session) == 0
        assert not confid.check(session).problems


def test_two_copies_of_one_file_draw_differently(tmp_path: Path) -> None:
    """Nothing in a tenant's file decides which ID comes next: its copies draw apart."""
    path = tmp_path / "tenant.db"
    with confid.connect(path) as session:
        fill(session)
        source = sqlite3.connect(path)
        for copy in ("one.db", "two.db"):
            target = sqlite3.connect(tmp_path / copy)
            source.backup(target)
            target.close()
        source.close()
    drawn = []
    for copy in ("one.db", "two.db"):
        with confid.connect(tmp_path / copy):
            users = set_cs_online_dial_in_conferencing_user(PEOPLE, reset_conference_id=True)
            drawn.append({user.conference_id for user in users})
    assert not drawn[0] & drawn[1]
