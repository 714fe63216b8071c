"""A SQLite tenant is one file under one name, as long as it is open; and its backups."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.errors import SealedError, StoreError, WitnessError
from confid.store import FIRST_ID, Claim, Kind, SQLiteStore
from confid.store.sqlite import backup, connections, file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = (Kind("plain"),)
KEN = "ken@contoso.com"

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file in place")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a tenant may be made."""
    return tmp_path / "tenant.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    """An opened store with one ID."""
    with SQLiteStore(path, timeout=5) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        yield store


def claim(store: SQLiteStore, conference_id: int) -> None:
    """Enter one ID."""
    with store.transaction(write=True) as tx:
        assert tx.claim([(conference_id, f"{conference_id}")], Claim(at=AT)) == {conference_id}


# One place.


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that changes the working directory goes on with the same tenant."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with SQLiteStore("tenant.db") as store:
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.open(KINDS)
        with store.transaction(write=False), store.transaction(write=False) as second:
            assert second.count() == 0
        claim(store, FIRST_ID)
        store.backup("backup.db")
        assert store.path == tmp_path / "tenant.db"
    assert sorted(p.name for p in tmp_path.rglob("*.db")) == ["backup.db", "tenant.db"]


@posix
def test_a_working_directory_that_is_gone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means nothing there."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(StoreError):
        SQLiteStore("tenant.db")


def _something_else(path: Path) -> None:
    path.unlink()
    path.write_text("no tenant")


TAKEN_AWAY: dict[str, Callable[[Path], object]] = {
    "removed": lambda path: path.unlink(),
    "moved": lambda path: path.rename(path.with_suffix(".old")),
    "replaced": lambda path: path.with_suffix(".restored").replace(path),
    "replaced by something else": _something_else,
}


@posix
@pytest.mark.parametrize("how", TAKEN_AWAY)
@pytest.mark.parametrize("when", ["before", "within"])
def test_a_file_taken_away_under_an_open_store_is_noticed(
    path: Path, store: SQLiteStore, how: str, when: str
) -> None:
    """Nothing more is written to it; opened again, the store has what is there now."""
    shutil.copy(path, path.with_suffix(".restored"))
    if when == "before":
        TAKEN_AWAY[how](path)
        with pytest.raises(StoreError, match="removed or replaced"):
            claim(store, FIRST_ID + 1)
    else:
        transaction = store.transaction(write=True)
        tx = transaction.__enter__()
        tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
        TAKEN_AWAY[how](path)
        with pytest.raises(StoreError, match="removed or replaced"):
            transaction.__exit__(None, None, None)
    for exclusive in (store.exclusive, lambda: store.transaction(write=True)):
        with pytest.raises(StoreError), exclusive():
            pass
    if how == "replaced":
        store.close()
        store.open(KINDS)
        claim(store, FIRST_ID + 1)


@posix
def test_a_new_connection_goes_to_the_same_file(path: Path, store: SQLiteStore) -> None:
    """Also to read: of two at once the second would see another tenant."""
    shutil.copy(path, path.with_suffix(".restored"))
    restored = path.read_bytes()
    with store.transaction(write=False) as first:
        path.with_suffix(".restored").replace(path)
        with pytest.raises(StoreError, match="removed or replaced"), store.transaction(write=False):
            pass
        assert first.count() == 1
    assert path.read_bytes() == restored


def test_where_the_system_knows_no_inodes_nothing_is_compared(
    path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems on Windows say 0 for every file."""
    store.close()
    really_stat = os.stat

    def stat(*args: object, **kw: object) -> os.stat_result:
        facts = list(really_stat(*args, **kw))  # type: ignore[arg-type]  # as given
        facts[1] = 0
        return os.stat_result(facts)

    monkeypatch.setattr(os, "stat", stat)
    store.open(KINDS)
    shutil.copy(path, path.with_suffix(".restored"))
    claim(store, FIRST_ID + 1)


@posix
def test_a_file_replaced_just_when_a_connection_is_made_is_noticed(
    path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was opened is not what the path names."""
    store.close()
    shutil.copy(path, path.with_suffix(".restored"))

    class Slow(connections.Connection):
        def execute(self, *args: str) -> sqlite3.Cursor:  # type: ignore[override]  # as PRAGMAs
            if path.with_suffix(".restored").exists():
                path.with_suffix(".restored").replace(path)
            return super().execute(*args)

    monkeypatch.setattr(connections, "Connection", Slow)
    with pytest.raises(StoreError, match="removed or replaced"):
        store.open(KINDS)


# With a session and a witness.


@pytest.fixture
def people(path: Path) -> Iterator[confid.Session]:
    """A tenant with a witness, and Ken."""
    with confid.connect(path, witness=path.with_name("witness.db")) as session:
        confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}])
        enable_cs_online_dial_in_conferencing_user(KEN)
        yield session


def reset() -> None:
    """A call that issues."""
    set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)


@posix
@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("how", TAKEN_AWAY)
def test_a_witness_taken_away_stops_the_issuing(path: Path, how: str) -> None:
    """An older copy in its place is not asked instead: it has forgotten what was issued since."""
    witness = path.with_name("witness.db")
    shutil.copy(witness, witness.with_suffix(".restored"))
    reset()
    TAKEN_AWAY[how](witness)
    for _ in range(2):
        with pytest.raises(WitnessError):
            reset()


@posix
@pytest.mark.usefixtures("people")
def test_a_tenant_taken_away_issues_nothing(path: Path) -> None:
    """And the error of the call is a StoreError."""
    path.unlink()
    with pytest.raises(StoreError):
        reset()


# Hard links.


def test_a_second_name_is_refused(path: Path, store: SQLiteStore) -> None:
    """When the file is opened, and when it gets one while it is open; without it all is well."""
    other = path.with_name("other.db")
    os.link(path, other)
    with pytest.raises(StoreError, match="hard link"):
        claim(store, FIRST_ID + 1)
    for name in (path, other):
        with SQLiteStore(name) as again, pytest.raises(StoreError, match="hard link"):
            again.open(KINDS)
    other.unlink()
    claim(store, FIRST_ID + 1)


def test_a_second_name_within_a_transaction_is_noticed(path: Path, store: SQLiteStore) -> None:
    """Before it is committed."""
    transaction = store.transaction(write=True)
    transaction.__enter__().claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
    os.link(path, path.with_name("other.db"))
    with pytest.raises(StoreError, match="hard link"):
        transaction.__exit__(None, None, None)
    path.with_name("other.db").unlink()
    with store.transaction(write=False) as tx:
        assert tx.count() == 1


# Backups.


def test_a_backup_killed_between_its_names_heals(path: Path, store: SQLiteStore) -> None:
    """Opening it takes away the second name; a foreign second name stays."""
    target = path.with_name("backup.db")
    store.backup(target)
    os.link(target, file.partial_name(target))
    with confid.store.SQLiteStore(target) as copy:
        copy.open(KINDS)
        with copy.transaction(write=False) as tx:
            assert tx.count() == 1
    assert not file.partial_name(target).exists()
    file.partial_name(target).write_text("another file")
    os.link(target, path.with_name("other.db"))
    with SQLiteStore(target) as copy, pytest.raises(StoreError, match="hard link"):
        copy.open(KINDS)
    assert file.partial_name(target).read_text() == "another file"


def test_a_backup_that_was_opened_before_its_end_is_whole(
    path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may open it between its two names, and takes the second one away."""
    target = path.with_name("backup.db")
    really_link = os.link

    def link(source: Path, there: Path) -> None:
        really_link(source, there)
        with SQLiteStore(there) as copy:
            copy.open(KINDS)

    monkeypatch.setattr(os, "link", link)
    store.backup(target)
    assert [p.name for p in path.parent.glob("backup*")] == ["backup.db"]


def seal_in(path: Path) -> object:
    """The seal that a file holds by itself, without what may be beside it."""
    alone = path.with_name("alone.db")
    shutil.copy(path, alone)
    with closing(sqlite3.connect(alone)) as connection:
        return connection.execute("SELECT body FROM documents WHERE key = 'seal'").fetchone()


def test_the_seal_is_in_the_file_itself(
    path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the backup has its name: a killed process leaves its WAL behind, perhaps."""
    target = path.with_name("backup.db")
    seen = []

    class NeverClosed:
        """A connection that is killed, so that SQLite brings nothing into the file at its end."""

        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection
            kept.append(connection)

        def __enter__(self) -> sqlite3.Connection:
            return self._connection

        def __exit__(self, *_: object) -> None:
            seen.append(seal_in(file.partial_name(target)))

    kept: list[sqlite3.Connection] = []
    monkeypatch.setattr(backup, "closing", NeverClosed)
    store.backup(target)
    for connection in kept:
        connection.close()
    assert seen == [('{"reason": "backup"}',)]


@pytest.mark.parametrize("log", ["-wal", "-shm", "-journal"])
def test_a_log_left_beside_is_never_taken_for_the_backups_own(
    path: Path, store: SQLiteStore, log: str
) -> None:
    """SQLite would write it into the backup: beside the target it is refused, else removed."""
    target = path.with_name("backup.db")
    left = Path(f"{target}{log}")
    left.write_bytes(b"of another database")
    with pytest.raises(StoreError) as raised:
        store.backup(target)
    assert raised.value.category == "ResourceExists"
    assert left.read_bytes() == b"of another database"
    left.unlink()
    Path(f"{file.partial_name(target)}{log}").write_bytes(b"of another database")
    store.backup(target)
    assert [p.name for p in path.parent.glob("backup*")] == ["backup.db"]
    with SQLiteStore(target) as copy:
        copy.open(KINDS)
        with copy.transaction(write=False) as tx:
            assert list(tx.damage()) == []
            assert tx.count() == 1


@pytest.mark.parametrize("failing", ["_copy", "_publish", "_make"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, sqlite3.OperationalError])
def test_a_backup_that_fails_half_way_leaves_nothing(
    path: Path,
    store: SQLiteStore,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    error: type[BaseException],
) -> None:
    """Neither the file nor a part of it; the next one works."""
    target = path.with_name("backup.db")
    really = getattr(backup, failing)

    def fail(*args: object) -> None:
        if failing != "_publish":
            really(*args)
        raise error

    monkeypatch.setattr(backup, failing, fail)
    with pytest.raises((error, StoreError)):
        store.backup(target)
    assert list(path.parent.glob("backup*")) == []
    monkeypatch.undo()
    store.backup(target)
    claim(store, FIRST_ID + 1)


def test_a_backup_of_a_tenant_is_sealed(path: Path, people: confid.Session) -> None:
    """It can be read, and nobody gets an ID from it."""
    assert isinstance(people.store, SQLiteStore)
    target = path.with_name("backup.db")
    people.store.backup(target)
    with confid.connect(target, create=False), pytest.raises(SealedError):
        reset()
