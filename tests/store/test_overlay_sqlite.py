"""OverlayStore over a SQLite file: it holds one moment of it, and writes nothing to it."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import sys
import tempfile
import tracemalloc
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.errors import StoreError
from confid.store import MemoryStore, OverlayStore, ReadOnlyStore, SQLiteStore
from confid.store.sqlite import connections, moment
from confid.store.sqlite.schema import SCHEMA_VERSION
from confid.tenant.documents import KINDS
from tests.tenants import get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.store import Store

NOBODY = 65534
KEN, LI = upn("ken"), upn("li")
STORES = Path(__file__).parents[1] / "data" / "stores"
OLD = [STORES / f"schema-{version}.db" for version in range(1, SCHEMA_VERSION)]

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of one

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file in place")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A tenant of two that is closed."""
    folder = tmp_path / "place"
    folder.mkdir()
    with tenant("ken", "li", store=folder / "tenant.db"):
        pass
    return folder / "tenant.db"


def files(path: Path) -> dict[str, bytes]:
    """What is in the folder, but for the index of the log, in which readers note where they are."""
    return {
        file.name: b"" if file.name.endswith("-shm") else file.read_bytes()
        for file in path.parent.iterdir()
    }


def crashed(path: Path, *, index: bool) -> None:
    """Leave the file as a process that was killed does: with a log that was not copied back."""
    kept = path.parent.parent / "kept"
    kept.mkdir()
    with confid.connect(path):
        set_user(KEN, reset_conference_id=True)
        for file in path.parent.iterdir():
            shutil.copyfile(file, kept / file.name)
    for file in kept.iterdir():
        if index or not file.name.endswith("-shm"):
            shutil.copyfile(file, path.parent / file.name)
    assert path.with_name("tenant.db-wal").stat().st_size


def change_much() -> None:
    """A bit of everything."""
    set_user([KEN, LI], reset_conference_id=True, reset_leader_pin=True)
    confid.import_users([{"UserPrincipalName": "new@contoso.com", "DisplayName": "New"}])
    confid.remove_users(LI)
    assert confid.check().problems == ()


@pytest.mark.parametrize("place", ["closed", "open", "crashed", "crashed, without the index"])
def test_file_and_log_stay_byte_for_byte(path: Path, place: str) -> None:
    """Whatever is done to the overlay, and wherever the base stands."""
    if place.startswith("crashed"):
        crashed(path, index=place == "crashed")
    with confid.connect(path) if place == "open" else nullcontext():
        if place == "open":
            set_user(KEN, reset_conference_id=True)
        rehearse(path)


def rehearse(path: Path) -> None:
    """Change much on an overlay, and look at the files during it and afterwards."""
    before = files(path)
    with confid.rehearse(path) as rehearsal:
        change_much()
        during = files(path)
    assert len(rehearsal.changes) > 5
    after = files(path)
    for found in (during, after):
        assert {name: found[name] for name in before} == before
    # The index of the log is made where it is missing. Only SQLite may take one away.
    left = after.keys() - before.keys()
    assert left == ({"tenant.db-shm"} if before.keys() == {"tenant.db", "tenant.db-wal"} else set())


def stays_at_its_moment(place: Callable[[], Store]) -> None:
    """Write beside an overlay on this place."""
    with confid.connect(OverlayStore(place())) as rehearsal, confid.connect(place()) as base:
        before = get(KEN, session=rehearsal)
        for _ in range(3):
            set_user(KEN, reset_conference_id=True, session=base)
            confid.remove_users(LI, session=base)
            confid.import_users([{"UserPrincipalName": LI}], session=base)
        assert get(KEN, session=rehearsal) == before
        assert get(LI, session=rehearsal).conference_id
        with confid.connect(OverlayStore(place())) as later:
            assert get(KEN, session=later) == get(KEN, session=base)
        set_user(KEN, reset_conference_id=True, session=rehearsal)
        assert get(KEN, session=rehearsal).conference_id != before.conference_id
    with confid.connect(place()) as again:
        assert confid.check(session=again).problems == ()


def test_writers_are_neither_seen_nor_held_up(path: Path) -> None:
    """The overlay stays at its moment; one that is opened later sees what they did."""
    stays_at_its_moment(lambda: SQLiteStore(path))


def test_a_log_that_was_held_is_emptied_afterwards(path: Path) -> None:
    """Closing lets the transaction go: SQLite takes log and index away with its last connection."""
    overlay = OverlayStore(SQLiteStore(path))
    overlay.open(KINDS)
    with confid.connect(path):
        set_user(KEN, reset_conference_id=True)
    assert path.with_name("tenant.db-wal").exists()
    overlay.close()
    with confid.connect(path):
        pass
    assert [file.name for file in path.parent.iterdir()] == ["tenant.db"]


def test_several_at_once_leave_nothing_either(path: Path) -> None:
    """Whichever ends last."""
    before = files(path)
    with confid.rehearse(path), confid.rehearse(path) as inner:
        change_much()
    assert len(inner.changes) > 5
    assert files(path) == before
    first, second = (SQLiteStore(path).moment(KINDS) for _ in range(2))
    first.close()
    second.close()
    assert files(path) == before


def test_one_that_nobody_closes_leaves_nothing(path: Path) -> None:
    """It ends with the last that knows it."""
    before = files(path)
    overlay = OverlayStore(SQLiteStore(path))
    overlay.open(KINDS)
    assert files(path) != before
    del overlay
    gc.collect()
    assert files(path) == before


def test_a_checkpoint_waits_for_what_is_held(path: Path) -> None:
    """The log stays until the overlay is closed, and what it shows stays too."""
    with confid.connect(path) as base, confid.connect(OverlayStore(SQLiteStore(path))):
        seen = get(KEN)
        set_user([KEN, LI], reset_conference_id=True, session=base)
        with closing(sqlite3.connect(path, timeout=0)) as other:
            ((busy, *_),) = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            other.execute("VACUUM")
        assert busy
        assert get(KEN) == seen
        assert confid.check().problems == ()


def test_the_store_itself_may_be_open_or_closed(path: Path) -> None:
    """It is left as it was."""
    store = SQLiteStore(path)
    with confid.connect(store) as base, confid.connect(OverlayStore(store)):
        set_user(KEN, reset_conference_id=True)
        rehearsed = get(KEN)
        assert get(KEN, session=base) != rehearsed
    with pytest.raises(StoreError), store.transaction(write=False):
        pass
    with OverlayStore(ReadOnlyStore(store)) as overlay:
        overlay.open(KINDS)
        with pytest.raises(StoreError), store.transaction(write=False):
            pass


def test_it_costs_what_is_changed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what the base holds: opening it, resetting one, and all that came of it."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    def counted(*arguments: Any, **options: Any) -> connections.Connection:
        connection = connections.connect(*arguments, **options)
        connection.set_progress_handler(step, 1)
        return connection

    monkeypatch.setattr(moment, "connect", counted)
    large = tmp_path / "large.db"
    with tenant(*(f"p{number}" for number in range(1_000)), "ken", store=large):
        pass
    costs = []
    for base in (path, large, path, large):
        steps = 0
        tracemalloc.start()
        with confid.rehearse(base) as rehearsal:
            set_user(KEN, reset_conference_id=True)
        assert len(rehearsal.changes)
        costs.append((steps, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    (_, _, *(small, big)) = costs
    assert big[0] < 1.2 * small[0]
    assert big[1] < 1.2 * small[1]


def test_nothing_moves_out_of_it_or_into_it(path: Path, tmp_path: Path) -> None:
    """There would be two of the same tenant, or none."""
    before = files(path)
    overlay = OverlayStore(SQLiteStore(path))
    for source, target in ((overlay, tmp_path / "new.db"), (path, OverlayStore(MemoryStore()))):
        with pytest.raises(StoreError, match="is a rehearsal"):
            confid.move_tenant(source, target)
    assert files(path) == before
    assert not (tmp_path / "new.db").exists()


# Places.


def test_a_backup_can_be_rehearsed_on(path: Path, tmp_path: Path) -> None:
    """It is sealed, for the base; what breaks the seal is the overlay's alone."""
    backup = tmp_path / "backup.db"
    with SQLiteStore(path) as store:
        store.open(KINDS)
        store.backup(backup)
    before = backup.read_bytes()
    overlay = OverlayStore(SQLiteStore(backup))
    confid.restore(overlay)
    with confid.connect(overlay):
        change_much()
    assert backup.read_bytes() == before
    with confid.connect(backup), pytest.raises(confid.SealedError):
        set_user(KEN, reset_conference_id=True)


@pytest.mark.parametrize("name", ["missing.db", "missing/tenant.db", "empty.db"])
def test_an_absent_base_is_empty_or_refused(tmp_path: Path, name: str) -> None:
    """Nothing is made, whichever it is."""
    (tmp_path / "empty.db").touch()
    before = list(tmp_path.iterdir())
    overlay = OverlayStore(SQLiteStore(tmp_path / name))
    with pytest.raises(StoreError) as raised:
        confid.connect(overlay, create=False)
    assert raised.value.category == "ObjectNotFound"
    assert list(tmp_path.iterdir()) == before
    with confid.connect(overlay):
        confid.import_users([{"UserPrincipalName": KEN}])
    assert list(tmp_path.iterdir()) == before


@pytest.mark.parametrize("old", OLD, ids=lambda old: old.stem)
def test_an_older_schema_has_to_be_opened_once(path: Path, old: Path) -> None:
    """The error says so, and the file stays as it is."""
    shutil.copyfile(old, path)
    before = files(path)
    with pytest.raises(StoreError, match="Open it once with confid"):
        confid.connect(OverlayStore(SQLiteStore(path)))
    assert files(path) == before
    with confid.connect(path):
        pass
    with confid.connect(OverlayStore(SQLiteStore(path))):
        assert confid.check().problems == ()


@pytest.mark.parametrize("content", [b"Alias,ConferenceId\r\n", b"x" * 100_000, b"\0" * 8192])
def test_a_file_that_is_no_tenant_is_refused(path: Path, content: bytes) -> None:
    """As the store itself refuses it."""
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        confid.connect(OverlayStore(SQLiteStore(path)))
    assert raised.value.category == "InvalidData"
    assert files(path) == {"tenant.db": content}


def test_a_file_that_somebody_keeps_to_themselves_is_busy(path: Path) -> None:
    """The overlay waits as long as the store does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE documents SET body = body")
        with pytest.raises(StoreError) as raised:
            confid.connect(OverlayStore(SQLiteStore(path, timeout=0.1)))
        assert raised.value.category == "ResourceBusy"
        other.execute("ROLLBACK")


@posix
def test_a_base_that_is_deleted_or_replaced_is_still_seen(path: Path) -> None:
    """What is held is the file, not its name."""
    with confid.connect(OverlayStore(SQLiteStore(path))) as rehearsal:
        before = get(KEN)
        for file in list(path.parent.iterdir()):
            file.unlink()
        change_much()
        with tenant("zoe", store=path):
            pass
        assert get(KEN, session=rehearsal).identity == before.identity
    with confid.connect(path):
        assert get(upn("zoe"))
        assert confid.check().problems == ()


# Where SQLite can hold nothing.


@posix
def test_a_file_that_may_only_be_read_gets_nothing_beside_it() -> None:
    """As a backup that is protected from writing: SQLite's own files could not be taken away."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "tenant.db"
        with tenant("ken", "li", store=path):
            rehearse(path)
        path.chmod(0o444)
        path.parent.chmod(0o777)
        before = files(path)
        child = os.fork()
        if not child:
            # Permissions don't bind root: then the child is somebody else.
            if os.getuid() == 0:
                os.setuid(NOBODY)
            with suppress(BaseException):
                with confid.rehearse(path) as rehearsal:
                    change_much()
                os._exit(0 if rehearsal.changes else 2)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert files(path) == before


@pytest.fixture
def without_log(path: Path) -> Path:
    """A file that somebody has taken the log from: a reader would hold up its writers."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    return path


def test_a_file_without_a_log_holds_nobody_up(without_log: Path) -> None:
    """It is read without a lock; as soon as it has changed, the rehearsal is over."""
    before = files(without_log)
    with confid.connect(OverlayStore(SQLiteStore(without_log))) as rehearsal:
        change_much()
        assert files(without_log) == before
        with confid.connect(SQLiteStore(without_log, timeout=0.5)):
            set_user(KEN, reset_conference_id=True)
        for _ in range(2):
            with pytest.raises(StoreError, match="has changed") as raised:
                get(KEN, session=rehearsal)
            assert raised.value.category == "OperationStopped"


def test_a_change_while_a_transaction_reads_is_noticed_at_its_end(without_log: Path) -> None:
    """So nothing is built on a half of it."""
    with OverlayStore(SQLiteStore(without_log)) as overlay:
        overlay.open(KINDS)
        transaction = overlay.transaction(write=True)
        with pytest.raises(StoreError, match="has changed"), transaction as tx:
            tx.put("tenant", {"x": {}})
            with confid.connect(without_log):
                set_user(KEN, reset_conference_id=True)
