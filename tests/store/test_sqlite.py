"""SQLiteStore keeps the contract; and what only real files, processes and disks can show."""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import confid
from confid.errors import DuplicateKeyError, StoreError
from confid.store import FIRST_ID, LAST_ID, Claim, Kind, SQLiteStore
from confid.store.sqlite import connections
from confid.store.sqlite.schema import SCHEMA_VERSION
from confid.testing import StoreContract
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.store import Store

AT = datetime(2026, 1, 2, tzinfo=UTC)
PLAIN = Kind("plain")
THING = Kind("thing", indexes=("colour",), unique=("name",))
KINDS = (PLAIN, THING)

# ruff: noqa: PT012 - what happens in a transaction before it fails is the point of some

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these, Windows hasn't")


class TestSQLiteStore(StoreContract):
    """The contract."""

    stories = examples(20)

    def make_store(self, tmp_path: Path) -> SQLiteStore:
        """A new store."""
        return SQLiteStore(tmp_path / "tenant.db")

    def make_again(self, store: Store) -> SQLiteStore:
        """Another store on the same file."""
        assert isinstance(store, SQLiteStore)
        return SQLiteStore(store.path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a tenant may be made."""
    return tmp_path / "tenant.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    """An opened store with a document, a living ID and a retired one."""
    with SQLiteStore(path, timeout=5) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.put("plain", {"1": {"x": 1}})
            tx.put("thing", {"1": {"index": {"name": "a", "colour": "red"}}})
            tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT, by="admin"))
            tx.retire(["bob"], at=AT)
        yield store


def open_connections() -> set[int]:
    """The connections of this process that nobody has closed."""
    found = set()
    for connection in gc.get_objects():
        if isinstance(connection, sqlite3.Connection):
            with suppress(sqlite3.ProgrammingError):  # what a closed one says
                connection.total_changes  # noqa: B018 - asked only for its error
                found.add(id(connection))
    return found


def opening(path: Path, *, create: bool = True, timeout: float = 0.2) -> StoreError:
    """The error with which opening fails; it names the file, and no connection is left open."""
    before = open_connections()
    with SQLiteStore(path, timeout=timeout) as store, pytest.raises(StoreError) as raised:
        store.open(KINDS, create=create)
    assert open_connections() <= before
    assert str(path) in str(raised.value)
    return raised.value


def run(script: str, *arguments: object, uid: int | None = None) -> subprocess.Popen[str]:
    """Another process that has the usual names at hand, as another user if need be."""
    preamble = f"""
        import os, pathlib, sqlite3, sys, time, urllib.parse  # another user may not read them
        from datetime import UTC, datetime
        from confid.errors import StoreError
        from confid.store import Claim, Kind, SQLiteStore
        AT = datetime(2026, 1, 2, tzinfo=UTC)
        KINDS = (Kind("plain"), Kind("thing", indexes=("colour",), unique=("name",)))
        if {uid}:
            os.setuid({uid})
    """
    code = textwrap.dedent(preamble) + textwrap.dedent(script)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    root = str(Path(confid.__file__).parents[1])
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )


# Places that are no tenant.


def test_a_newer_schema_is_refused(path: Path, store: SQLiteStore) -> None:
    """And left as it is: the error says to upgrade confid."""
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert "newer confid" in str(opening(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (2,)


def test_a_foreign_sqlite_file_is_refused(path: Path) -> None:
    """Nothing is created in it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    assert "no confid tenant" in str(opening(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"Alias,ConferenceId\r\n", b"x" * 100_000, b"\0" * 8192])
def test_a_file_that_is_no_sqlite_file_is_refused(path: Path, content: bytes) -> None:
    """It stays as it is."""
    path.write_bytes(content)
    for create in (True, False):
        assert opening(path, create=create).category == "InvalidData"
    assert path.read_bytes() == content


def test_an_empty_file_is_taken_as_new(path: Path) -> None:
    """As `tempfile` or `touch` leaves it; but not where creating is ruled out."""
    path.touch()
    assert opening(path, create=False).category == "ObjectNotFound"
    with SQLiteStore(path) as store:
        store.open(KINDS)
        with store.transaction(write=False) as tx:
            assert tx.count() == 0


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """With a sentence that says so."""
    for create in (True, False):
        assert "folder" in str(opening(tmp_path, create=create))


def test_a_missing_parent_is_refused(tmp_path: Path) -> None:
    """Folders are not made up."""
    opening(tmp_path / "missing" / "tenant.db")
    assert not (tmp_path / "missing").exists()


def test_create_false_makes_no_file(path: Path) -> None:
    """A mistyped path is an error, not a new tenant."""
    assert opening(path, create=False).category == "ObjectNotFound"
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["a b.db", "a?mode=memory", "a#b", "100%41", "é\U0001f4de.db", "a&b=c", ":memory:"]
)
def test_any_file_name_is_fine(tmp_path: Path, name: str) -> None:
    """What means something in a URI means nothing in a path."""
    if sys.platform == "win32" and set(name) & set('?:"'):
        pytest.skip("no file name on Windows")
    path = tmp_path / name
    with SQLiteStore(path) as store:
        store.open(KINDS)
        assert path.stat().st_size
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_nul_in_the_path_is_refused() -> None:
    """With confid's error, not the operating system's."""
    with pytest.raises(StoreError):
        SQLiteStore("tenant\0.db").open(KINDS)


# Permissions and locks.


@posix
def test_the_files_are_their_owners_only(path: Path, store: SQLiteStore) -> None:
    """The database, its WAL and its shared memory: they hold names, PIN digests and IDs."""
    with store.transaction(write=True) as tx:
        tx.put("plain", {"2": {}})
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


@posix
def test_a_read_only_place_says_so() -> None:
    """An unprivileged user meets StoreErrors that name the file: reading, writing, making."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tenant.db"
        with SQLiteStore(path) as store:
            store.open(KINDS)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        script = """
            for path in sys.argv[1:]:
                try:
                    with SQLiteStore(path, timeout=0.2) as store:
                        store.open(KINDS)
                        with store.transaction(write=True) as tx:
                            tx.put("plain", {"1": {}})
                    print("written")
                except StoreError as error:
                    print(error.category, path in str(error))
        """
        # Permissions don't bind root: then the child is somebody else.
        uid = 65534 if os.getuid() == 0 else None
        out, _ = run(script, path, Path(folder) / "new.db", uid=uid).communicate(timeout=30)
        Path(folder).chmod(0o755)
        first, second = out.splitlines()
        assert first in {"PermissionDenied True", "OpenError True"}
        assert second == "OpenError True"


HOLD = """
    with SQLiteStore(sys.argv[1]) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.claim([(5_000_000, "held")], Claim(at=AT))
            print("holding", flush=True)
            sys.stdin.read()
"""


def test_a_lock_held_by_another_process_is_waited_for(path: Path, store: SQLiteStore) -> None:
    """Past the timeout it is ResourceBusy; readers don't wait; when it is gone, all is well."""
    store.timeout = 0.2
    store.close()
    with run(HOLD, path) as other:
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        store.open(KINDS)
        with pytest.raises(StoreError) as raised, store.transaction(write=True):
            pass
        assert raised.value.category == "ResourceBusy"
        with store.transaction(write=False) as tx:
            assert tx.count() == 2
        other.communicate(timeout=30)
    with store.transaction(write=True) as tx:
        assert tx.count() == 3


@posix
def test_a_killed_process_leaves_a_whole_tenant(path: Path, store: SQLiteStore) -> None:
    """Its commits in the WAL count, its open transaction never was."""
    store.close()
    script = """
        store = SQLiteStore(sys.argv[1])
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.claim([(6_000_000, "committed")], Claim(at=AT))
        first = store
    """
    with run(textwrap.dedent(script) + textwrap.dedent(HOLD), path) as other:
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        os.kill(other.pid, signal.SIGKILL)
        other.wait(timeout=30)
    assert Path(f"{path}-wal").stat().st_size
    with SQLiteStore(path) as again:
        again.open(KINDS, create=False)
        with again.transaction(write=True) as tx:
            assert list(tx.issued_ids()) == [FIRST_ID, FIRST_ID + 1, 6_000_000]
            assert tx.claim([(5_000_000, "again")], Claim(at=AT)) == {5_000_000}


def test_processes_that_create_at_once_share_one_tenant(tmp_path: Path) -> None:
    """Every one of them opens it, none sees it half made, no ID is accepted twice."""
    script = """
        folder, n = sys.argv[1:]
        print("ready", flush=True)
        start, accepted = float(sys.stdin.readline()), 0
        for k in range(20):
            time.sleep(max(0, start + k * 0.05 - time.time()))
            with SQLiteStore(f"{folder}/{k}.db") as store:
                store.open(KINDS)
                with store.transaction(write=True) as tx:
                    accepted += len(tx.claim([(7_000_000, n)], Claim(at=AT)))
        print(accepted)
    """
    others = [run(script, tmp_path, n) for n in range(4)]
    for other in others:
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
    start = f"{time.time() + 0.1}\n"
    for other in others:
        assert other.stdin
        other.stdin.write(start)
        other.stdin.flush()
    accepted = [other.communicate(timeout=60)[0] for other in others]
    assert [other.returncode for other in others] == [0] * 4
    assert sum(map(int, accepted)) == 20


# Damage.


def _damage(path: Path, store: SQLiteStore) -> None:
    with store.transaction(write=True) as tx:
        tx.put("plain", {f"{i:04}": {"x": "y" * 500} for i in range(2_000)})
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _read_all(path: Path) -> None:
    with SQLiteStore(path, timeout=0.2) as store:
        store.open(KINDS, create=False)
        with store.transaction(write=False) as tx:
            list(tx.scan("plain"))
            list(tx.entries())


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.99])
def test_a_truncated_file_is_damaged(path: Path, store: SQLiteStore, keep: float) -> None:
    """Opening or reading it says so."""
    _damage(path, store)
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * keep))
    with pytest.raises(StoreError) as raised:
        _read_all(path)
    assert raised.value.category == "InvalidData"
    assert "damaged" in str(raised.value)


def test_a_flipped_page_is_damaged(path: Path, store: SQLiteStore) -> None:
    """A page of the documents that is noise is an error, not an answer."""
    _damage(path, store)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes(255 - byte for byte in content[middle : middle + 4096])
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        _read_all(path)
    assert raised.value.category == "InvalidData"


@pytest.mark.parametrize("body", ["{", "", "\udcff{}"])
def test_a_body_that_is_no_json_is_damaged(path: Path, store: SQLiteStore, body: str) -> None:
    """A StoreError, not one of json's or the codec's."""
    text = body.encode("utf-8", "surrogateescape")
    with closing(sqlite3.connect(path)) as connection:
        statement = "UPDATE documents SET body = CAST(? AS TEXT) WHERE kind = 'plain'"
        connection.execute(statement, [text])
        connection.commit()
    with store.transaction(write=False) as tx:
        for read in (lambda: tx.get("plain", ["1"]), lambda: list(tx.scan("plain"))):
            with pytest.raises(StoreError):
                read()


def test_a_transaction_that_sqlite_gave_up_takes_nothing_more(store: SQLiteStore) -> None:
    """After a full disk SQLite rolls back by itself; no later statement may commit on its own."""
    with pytest.raises(StoreError), store.transaction(write=True) as tx:
        tx.put("plain", {"2": {}})
        (connection,) = _connections(tx)
        connection.execute("ROLLBACK")
        for write in (
            lambda: tx.put("plain", {"3": {}}),
            lambda: tx.put("plain", {"3": {}, "4": {}}),
            lambda: tx.claim([(LAST_ID, "x")], Claim(at=AT)),
            lambda: tx.get("plain", ["1"]),
        ):
            with pytest.raises(StoreError):
                write()
    with store.transaction(write=False) as tx:
        assert dict(tx.scan("plain")) == {"1": {"x": 1}}
        assert tx.count() == 2


def _connections(tx: object) -> list[sqlite3.Connection]:
    return [value for value in vars(tx).values() if isinstance(value, sqlite3.Connection)]


def test_a_full_disk_is_an_error_that_says_so(store: SQLiteStore) -> None:
    """Nothing of the transaction is there, and the store works on when there is room again."""
    with pytest.raises(StoreError) as raised, store.transaction(write=True) as tx:
        (connection,) = _connections(tx)
        connection.execute("PRAGMA max_page_count = 20")
        tx.put("plain", {f"{i}": {"x": "y" * 1000} for i in range(1_000)})
    assert raised.value.category == "LimitsExceeded"
    connection.execute("PRAGMA max_page_count = 1000000")
    with store.transaction(write=True) as tx:
        assert dict(tx.scan("plain")) == {"1": {"x": 1}}
        tx.put("plain", {"2": {}})


# Forks.


@posix
@pytest.mark.parametrize("ending", ["at once", "as Python ends"])
def test_a_store_is_refused_in_a_forked_child(path: Path, ending: str) -> None:
    """With a StoreError; opened anew there it works; and the parent goes on undisturbed."""
    script = """
        import threading
        store = SQLiteStore(sys.argv[1], timeout=5)
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            tx.claim([(1_000_000, "parent")], Claim(at=AT))
        store.writer.acquire('another thread', timeout=0, what='')
        child = os.fork()
        if child == 0:
            try:
                with store.transaction(write=False):
                    os._exit(1)
            except StoreError:
                pass
            store.close()
            store.open(KINDS)
            with store.transaction(write=True) as tx:
                assert tx.count() == 1
                tx.claim([(1_000_001, "child")], Claim(at=AT))
            if sys.argv[2] == "at once":
                os._exit(0)
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        store.writer.release('another thread')
        with store.transaction(write=True) as tx:
            assert tx.current(["parent", "child"]) == {"parent": 1_000_000, "child": 1_000_001}
            tx.claim([(1_000_002, "after")], Claim(at=AT))
        store.close()
        print("fine")
    """
    out, _ = run(script, path, ending).communicate(timeout=60)
    assert out == "fine\n"
    _check_integrity(path, 3)


def _check_integrity(path: Path, ids: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (ids,)


# A stranger with sqlite3.

ROW = "issued_at, issued_by, retired_at, retired_by"
FORBIDDEN = {
    "delete": "DELETE FROM ledger",
    "delete a retired one": "DELETE FROM ledger WHERE retired_at IS NOT NULL",
    "another ID": "UPDATE ledger SET conference_id = 2000000 WHERE owner = 'ann'",
    "another rowid": "UPDATE ledger SET rowid = 2000000 WHERE owner = 'ann'",
    "another oid": "UPDATE ledger SET _rowid_ = 2000000 WHERE owner = 'bob'",
    "another owner": "UPDATE ledger SET owner = 'eve'",
    "another serial": "UPDATE ledger SET serial = 9",
    "another origin": "UPDATE ledger SET origin = 'imported'",
    "another time": "UPDATE ledger SET issued_at = 0",
    "another author": "UPDATE ledger SET issued_by = 'eve'",
    "back to life": "UPDATE ledger SET retired_at = NULL WHERE owner = 'bob'",
    "retired later": "UPDATE ledger SET retired_at = 1 WHERE owner = 'bob'",
    "retired by another": "UPDATE ledger SET retired_by = 'eve' WHERE owner = 'bob'",
    "update or replace": "UPDATE OR REPLACE ledger SET owner = 'ann' WHERE owner = 'bob'",
    "below the range": "INSERT INTO ledger VALUES (999999, 'e', 1, 'issued', 0, '', 0, '')",
    "above the range": "INSERT INTO ledger VALUES (10000000, 'e', 1, 'issued', 0, '', 0, '')",
    "a text": "INSERT INTO ledger VALUES ('x', 'e', 1, 'issued', 0, '', 0, '')",
    "no owner": "INSERT INTO ledger VALUES (2000000, NULL, 1, 'issued', 0, '', 0, '')",
    "a serial of 0": "INSERT INTO ledger VALUES (2000000, 'e', 0, 'issued', 0, '', 0, '')",
    "a serial again": "INSERT INTO ledger VALUES (2000000, 'ann', 1, 'issued', 0, '', 0, '')",
    "another kind of origin": "INSERT INTO ledger VALUES (2000000, 'e', 1, 'x', 0, '', 0, '')",
    "a second living ID": (
        "INSERT INTO ledger VALUES (2000000, 'ann', 2, 'issued', 0, '', NULL, '')"
    ),
    "replace an ID": (
        "INSERT OR REPLACE INTO ledger VALUES (1000000, 'eve', 1, 'issued', 0, '', NULL, '')"
    ),
    "replace a living ID": (
        "REPLACE INTO ledger VALUES (2000000, 'ann', 2, 'issued', 0, '', NULL, '')"
    ),
    "replace a serial": "REPLACE INTO ledger VALUES (2000000, 'ann', 1, 'issued', 0, '', 5, '')",
    "upsert": (
        "INSERT INTO ledger VALUES (1000000, 'eve', 1, 'issued', 0, '', NULL, '') "
        "ON CONFLICT DO UPDATE SET owner = excluded.owner"
    ),
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("recursive", [0, 1])
def test_a_stranger_cant_make_the_ledger_forget(
    path: Path, store: SQLiteStore, statement: str, recursive: int
) -> None:
    """Plain SQL on the file is refused or ignored; every entry stands as it stood."""
    with store.transaction(write=False) as tx:
        before = list(tx.entries())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {recursive}")
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            pass
        else:
            # RAISE(IGNORE) is quiet: an ID that stands in the ledger is left as it is.
            assert "INTO ledger VALUES (1000000" in statement
        connection.commit()
    with store.transaction(write=False) as tx:
        assert list(tx.entries()) == before


def test_what_the_ledger_allows_by_hand(path: Path, store: SQLiteStore) -> None:
    """The triggers are no padlock: entering a new ID and retiring a living one work."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO ledger VALUES (2000000,'e',1,'issued',0,NULL,NULL,NULL)")
        connection.execute("UPDATE ledger SET retired_at = 7 WHERE owner = 'ann'")
        connection.commit()
    with store.transaction(write=False) as tx:
        assert tx.current(["ann", "e"]) == {"e": 2_000_000}


# Query plans.


class _Explaining(connections.Connection):
    """Notes the plan of every statement before it runs."""

    plans: list[str]

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        """Run a statement, and its EXPLAIN QUERY PLAN before it."""
        if sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            plan = super().execute(f"EXPLAIN QUERY PLAN {sql}", parameters)  # type: ignore[arg-type]  # as sqlite3's own
            self.plans.append("; ".join(row[3] for row in plan))
        return super().execute(sql, parameters)  # type: ignore[arg-type]  # as sqlite3's own


@pytest.mark.parametrize("count", [1, 100])
def test_every_call_goes_by_an_index(
    path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Nothing scans the documents or the ledger but what is there to scan them."""
    plans: list[str] = []
    monkeypatch.setattr(_Explaining, "plans", plans, raising=False)
    monkeypatch.setattr(connections, "Connection", _Explaining)
    keys = [f"{i:03}" for i in range(count)]
    with SQLiteStore(path) as store:
        store.open(KINDS)
        with store.transaction(write=True) as tx:
            documents = {key: {"index": {"name": key, "colour": key}} for key in keys}
            calls: dict[str, Callable[[], object]] = {
                "put": lambda: tx.put("thing", documents),
                "get": lambda: tx.get("thing", keys),
                "find unique": lambda: tx.find("thing", "name", keys),
                "find": lambda: tx.find("thing", "colour", keys),
                "page": lambda: list(tx.scan("thing", after="001", limit=2)),
                "delete": lambda: tx.delete("thing", keys),
                "claim": lambda: tx.claim(
                    [(FIRST_ID + i, key) for i, key in enumerate(keys)], Claim(at=AT)
                ),
                "current": lambda: tx.current(keys),
                "lookup": lambda: tx.lookup(range(FIRST_ID, FIRST_ID + count)),
                "history": lambda: tx.history("001"),
                "page of entries": lambda: next(tx.entries(after=FIRST_ID + 5), None),
                "retire": lambda: tx.retire(keys, at=AT),
                "holder": lambda: store.holder(
                    FIRST_ID, owned=["thing"], beside=[("thing", key) for key in keys[:10]]
                ),
            }
            for name, call in calls.items():
                plans.clear()
                call()
                plan = "; ".join(plans)
                assert "SCAN ledger" not in plan, (name, plan)
                assert "SCAN documents" not in plan, (name, plan)
                assert "TEMP B-TREE" not in plan, (name, plan)
                expected = {
                    "find unique": "documents.thing.name",
                    "find": "documents.thing.colour",
                    "current": "ledger_living",
                    "retire": "ledger_living",
                }
                assert expected.get(name, "") in plan, (name, plan)
                assert plan or name == "put", name


# Threads, snapshots, pools.


def test_eight_threads_write_at_once(path: Path) -> None:
    """Each change happens once, none is lost, nobody meets a lock."""
    with SQLiteStore(path, timeout=30) as store:
        store.open(KINDS)

        def work(n: int) -> None:
            for i in range(25):
                with store.transaction(write=True) as tx:
                    tx.claim([(FIRST_ID + n * 25 + i, f"{n}-{i}")], Claim(at=AT))
                    tx.put("thing", {f"{n}-{i}": {"index": {"name": f"{n}-{i}"}}})
                with store.transaction(write=False) as tx:
                    assert tx.find("thing", "name", [f"{n}-{i}"])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        with store.transaction(write=False) as tx:
            assert tx.count() == len(list(tx.scan("thing"))) == 200
    _check_integrity(path, 200)


def test_two_stores_on_one_file_see_each_others_commits(path: Path, store: SQLiteStore) -> None:
    """And an ID that one has accepted is refused by the other; a reader keeps its state."""
    with SQLiteStore(path) as other:
        other.open(KINDS)
        with store.transaction(write=False) as reader:
            assert reader.count() == 2
            with other.transaction(write=True) as tx:
                assert tx.claim([(2_000_000, "cyd")], Claim(at=AT)) == {2_000_000}
            assert reader.count() == 2
        with store.transaction(write=True) as tx:
            assert tx.count() == 3
            assert tx.claim([(2_000_000, "dan")], Claim(at=AT)) == set()
            with pytest.raises(DuplicateKeyError):
                tx.claim([(2_000_001, "cyd")], Claim(at=AT))


def test_a_stream_left_open_keeps_no_old_state(path: Path, store: SQLiteStore) -> None:
    """A connection goes back to the pool with nothing left in it."""
    with store.transaction(write=True) as tx:
        tx.put("plain", {f"{i}": {} for i in range(3_000)})
    with store.transaction(write=False) as tx:
        stream = tx.scan("plain")
        next(stream)
    with SQLiteStore(path) as other:
        other.open(KINDS)
        with other.transaction(write=True) as tx:
            tx.put("plain", {"new": {}})
    with store.transaction(write=False) as tx:
        assert tx.get("plain", ["new"]) == {"new": {}}
    with store.transaction(write=True) as tx:
        tx.put("plain", {"newer": {}})
    with pytest.raises(StoreError):
        next(stream)


def test_closing_while_a_transaction_is_open(path: Path, store: SQLiteStore) -> None:
    """It ends as it would have; afterwards nothing is open, and the WAL is gone."""
    with store.transaction(write=True) as tx:
        tx.put("plain", {"2": {}})
        store.close()
        tx.put("plain", {"3": {}})
    assert not Path(f"{path}-wal").exists()
    store.open(KINDS)
    with store.transaction(write=False) as tx:
        assert tx.get("plain", ["2", "3"]) == {"2": {}, "3": {}}


def test_commits_reach_the_disk(store: SQLiteStore) -> None:
    """WAL, synced at every commit: what was told to the caller survives a power cut."""
    with store.transaction(write=False) as tx:
        (connection,) = _connections(tx)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_copy_of_the_file_is_a_whole_tenant(path: Path, store: SQLiteStore) -> None:
    """A closed store is one file: nothing of it stands elsewhere."""
    store.close()
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    with SQLiteStore(copy) as again:
        again.open(KINDS, create=False)
        with again.transaction(write=False) as tx:
            assert tx.current(["ann", "bob"]) == {"ann": FIRST_ID}


def test_documents_are_readable_json(path: Path, store: SQLiteStore) -> None:
    """What stands in the file can be read with any tool."""
    assert store.path == path
    with closing(sqlite3.connect(path)) as connection:
        ((body,),) = connection.execute("SELECT body FROM documents WHERE kind = 'plain'")
    assert json.loads(body) == {"x": 1}


def test_a_writer_waits_for_one_of_its_own_process(store: SQLiteStore) -> None:
    """Past the timeout it is ResourceBusy, as between processes."""
    store.timeout = 0.1
    errors: list[StoreError] = []

    def write() -> None:
        try:
            with store.transaction(write=True):
                pass
        except StoreError as error:
            errors.append(error)

    with store.transaction(write=True):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(timeout=30)
    assert [error.category for error in errors] == ["ResourceBusy"]


def test_placeholders_have_no_numbers() -> None:
    """Python 3.12 warns where values for `?1` come in a sequence, and 3.14 refuses them."""
    folder = Path(confid.__file__).parent / "store"
    for module in [*folder.glob("*.py"), *(folder / "sqlite").glob("*.py")]:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"\?\d", node.value), (module.name, node.lineno)
