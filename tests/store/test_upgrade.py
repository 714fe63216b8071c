"""A file of any schema opens; one of former times is brought up to date in one transaction."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.errors import StoreError, WitnessError
from confid.store import SQLiteStore
from confid.store.sqlite import connections
from confid.store.sqlite import store as module
from confid.store.sqlite.schema import SCHEMA_VERSION
from confid.tenant.documents import KINDS
from confid.tenant.outbox import MESSAGE_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session

FILES = sorted((Path(__file__).parents[1] / "data" / "stores").glob("schema-*.db"))

PIN = "57605"
"""Ken's, in today's file."""

STATES = "SELECT json_extract(body, '$.index.state') FROM documents WHERE kind = 'outbox'"

ROWS = (
    "SELECT * FROM ledger ORDER BY conference_id",
    "SELECT * FROM documents ORDER BY kind, key",
)


def copied(file: Path, folder: Path) -> Path:
    """A copy of a file, with its witness beside it, where it has one."""
    for kept in file.parent.glob(f"{file.stem}.*"):
        shutil.copyfile(kept, folder / f"tenant{kept.suffix}")
    return folder / "tenant.db"


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a file of any schema."""
    return copied(request.param, tmp_path)


@pytest.fixture(params=FILES[:-1], ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a file of a former schema."""
    return copied(request.param, tmp_path)


def reopened(path: Path) -> Session:
    """The tenant in a file that is there, with its witness."""
    witness = path.with_suffix(".witness")
    return confid.connect(path, create=False, witness=witness if witness.exists() else None)


def schema(path: Path) -> set[tuple[str, str]]:
    """Everything that the file's schema has, word for word."""
    with closing(sqlite3.connect(path)) as file:
        statement = "SELECT name, coalesce(sql, '') FROM sqlite_master"
        return set(file.execute(statement).fetchall())


def rows(path: Path) -> list[object]:
    """Every row of the ledger and of the documents."""
    with closing(sqlite3.connect(path)) as file:
        return [file.execute(statement).fetchall() for statement in ROWS]


def version(path: Path) -> int:
    """The version of the file's schema."""
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_file_of_every_schema() -> None:
    """The newest is today's, and holds a document of every kind and a message in every state."""
    assert [path.stem for path in FILES] == [f"schema-{n}" for n in range(1, SCHEMA_VERSION + 1)]
    assert version(FILES[-1]) == SCHEMA_VERSION
    with closing(sqlite3.connect(FILES[-1])) as file:
        kinds = {kind for (kind,) in file.execute("SELECT kind FROM documents")}
        states = {state for (state,) in file.execute(STATES)}
    assert kinds == {kind.name for kind in KINDS}
    assert states == set(MESSAGE_STATES)


def test_an_opened_file_is_as_a_new_one(kept: Path, tmp_path: Path) -> None:
    """Tables, triggers and indexes are those of today, and no row has changed."""
    before = rows(kept)
    upgrade(kept)
    with SQLiteStore(tmp_path / "new.db") as store:
        store.open(KINDS)
    assert version(kept) == SCHEMA_VERSION
    assert schema(kept) == schema(tmp_path / "new.db")
    assert rows(kept) == before


def test_the_tenant_goes_on(kept: Path) -> None:
    """Its people, IDs and messages are there, and the next reset is one like any other."""
    with reopened(kept):
        assert confid.check().problems == ()
        assert [user.display_name for user in get_cs_online_dial_in_conferencing_user()] == ["Ken"]
        before = confid.ledger.entries("ken@contoso.com")
        assert [line.serial for line in before] == [1, 2, 3, 4]
        set_cs_online_dial_in_conferencing_user("ken@contoso.com", reset_conference_id=True)
        confid.add_bridge("other", numbers=["+442079460100"])
        assert confid.check().problems == ()
    with closing(sqlite3.connect(kept)) as file, pytest.raises(sqlite3.IntegrityError):
        file.execute("UPDATE ledger SET rowid = 5000000 WHERE serial = 1")


def test_what_was_kept_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Of today's file: messages and their PIN, the meeting, the witness that has to be asked."""
    path = copied(FILES[-1], tmp_path)
    with reopened(path):
        assert {entry.state for entry in confid.mail.outbox(state=None)} == set(MESSAGE_STATES)
        confid.mail.deliver(sent := confid.mail.MemoryTransport())
        (text,) = (str(message.get_body(["plain"])) for message in sent.messages)
        ken = get_cs_online_dial_in_conferencing_user("ken@contoso.com")
        assert ken.conference_id is not None
        for told in (ken.conference_id.spoken, PIN):
            assert told in text
        (meeting,) = confid.meetings.outdated()
        first = confid.ledger.entries("ken@contoso.com")[0]
        assert meeting.conference_id == first.conference_id
        call = confid.attendant.dial(str(ken.service_number))
        call.enter_conference_id(str(ken.conference_id))
        call.say_organizer(True)
        assert call.enter_pin(PIN) is confid.attendant.CallState.IN_MEETING
    with confid.connect(path, create=False), pytest.raises(WitnessError):
        set_cs_online_dial_in_conferencing_user("ken@contoso.com", reset_conference_id=True)


def in_child(act: Callable[[], object]) -> int:
    """Do it in a forked child, whose ID is returned. Its exit status says how it went."""
    if child := os.fork():
        return child
    try:
        act()
        os._exit(0)
    finally:
        os._exit(1)


def ended_well(child: int) -> bool:
    """Whether a child came through."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def upgrade(path: Path) -> None:
    """Open the file as any session does."""
    with SQLiteStore(path) as store:
        store.open(KINDS, create=False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")
def test_an_upgrade_that_is_killed_goes_on_when_the_file_is_opened(
    old: Path, tmp_path: Path
) -> None:
    """Before any of its statements: nothing of it is there, or all of it."""
    before = rows(old)
    for moment in itertools.count(1):
        path = tmp_path / f"killed {moment}.db"
        shutil.copyfile(old, path)

        def killed() -> None:
            left = itertools.count(1)

            class Dying(connections.Connection):
                def execute(self, *arguments: Any) -> sqlite3.Cursor:
                    if next(left) == moment:  # noqa: B023 - it runs at once
                        os.kill(os.getpid(), signal.SIGKILL)
                    return super().execute(*arguments)

            connections.Connection = Dying  # type: ignore[misc]  # the child's own
            upgrade(path)  # noqa: B023 - it runs at once

        survived = ended_well(in_child(killed))
        assert rows(path) == before
        if survived:
            break
        upgrade(path)
        assert version(path) == SCHEMA_VERSION
        assert rows(path) == before
    assert moment > len(KINDS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")
def test_two_processes_upgrade_one_file(old: Path, tmp_path: Path) -> None:
    """At once: one of them does it, both have it open afterwards."""
    before = rows(old)
    for turn in range(5):
        path = tmp_path / f"raced {turn}.db"
        shutil.copyfile(old, path)
        assert all(map(ended_well, [in_child(lambda: upgrade(path)) for _ in range(2)]))  # noqa: B023 - it runs at once
        assert (version(path), rows(path)) == (SCHEMA_VERSION, before)


def test_an_upgrade_that_fails_has_changed_nothing(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one transaction: the file is still one of its former version, and sound."""
    before = schema(old), rows(old)

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setattr(module, "create_indexes", fail)
    with SQLiteStore(old) as store, pytest.raises(StoreError):
        store.open(KINDS)
    assert (schema(old), rows(old)) == before
    assert version(old) < SCHEMA_VERSION
