"""Statement, trigger and constraint guard SQLite's ledger, each without the others."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store import FIRST_ID, LAST_ID, Claim, Kind, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.store import Transaction

# ruff: noqa: S608 - statements by hand are the point
# ruff: noqa: PT012 - what is done before a savepoint is undone is the point of one

AT = datetime(2026, 1, 2, tzinfo=UTC)
CLAIM = Claim(at=AT)
ROW = "(conference_id, owner, serial, origin, issued_at, retired_at)"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """Ann has a living ID, Bob a retired one."""
    with SQLiteStore(tmp_path / "tenant.db") as store:
        store.open([])
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], CLAIM)
            tx.retire(["bob"], at=AT)
        yield store


def without(store: SQLiteStore, kind: str) -> None:
    """Take a kind of guard away."""
    with closing(sqlite3.connect(store.path)) as connection:
        if kind == "triggers":
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in names.fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        else:
            # Columns alone, as nobody would make them; the triggers are made again.
            script = [
                text
                for (text,) in connection.execute(
                    "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
                )
            ]
            connection.executescript(
                "CREATE TABLE bare (conference_id, owner, serial, origin, issued_at, issued_by, "
                "retired_at, retired_by); INSERT INTO bare SELECT * FROM ledger; "
                "PRAGMA foreign_keys = OFF;"
            )
            for name in re.findall(r"CREATE TRIGGER (\w+)", "\n".join(script)):
                connection.execute(f"DROP TRIGGER {name}")
            connection.executescript(
                "DROP TABLE ledger; ALTER TABLE bare RENAME TO ledger;" + ";".join(script)
            )
        connection.commit()


def rows(store: SQLiteStore) -> list[tuple[object, ...]]:
    """The ledger, by hand."""
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute("SELECT * FROM ledger ORDER BY conference_id").fetchall()


@pytest.mark.parametrize("many", [False, True])
def test_the_statement_alone_refuses_what_is_taken(store: SQLiteStore, many: bool) -> None:
    """Without any trigger: an ID that is there stays as it is, and an owner has one at a time."""
    without(store, "triggers")
    before = rows(store)
    others = [(FIRST_ID + 9, "zoe")] if many else []
    with store.transaction(write=True) as tx:
        for taken in (FIRST_ID, FIRST_ID + 1):
            with pytest.raises(ZeroDivisionError), tx.savepoint():
                assert tx.claim([(taken, "eve"), *others], CLAIM) == {i for i, _ in others}
                assert tx.lookup([taken])[taken].owner != "eve"
                raise ZeroDivisionError
        with pytest.raises(DuplicateKeyError):
            tx.claim([(FIRST_ID + 2, "ann"), *others], CLAIM)
    assert rows(store) == before
    with store.transaction(write=True) as tx:
        assert tx.claim([(FIRST_ID + 2, "bob")], CLAIM) == {FIRST_ID + 2}
        assert [entry.serial for entry in tx.history("bob")] == [1, 2]
        assert tx.retire(["bob"], at=AT) == {"bob": FIRST_ID + 2}
        assert tx.retire(["bob"], at=AT) == {}


CONSTRAINED = {
    "an ID again": f"INSERT INTO ledger {ROW} VALUES ({FIRST_ID}, 'eve', 1, 'issued', 0, 0)",
    "too small": f"INSERT INTO ledger {ROW} VALUES ({FIRST_ID - 1}, 'eve', 1, 'issued', 0, 0)",
    "too large": f"INSERT INTO ledger {ROW} VALUES ({LAST_ID + 1}, 'eve', 1, 'issued', 0, 0)",
    "a second living ID": f"INSERT INTO ledger {ROW} VALUES (2000000, 'ann', 2, 'issued', 0, NULL)",
    "a serial again": f"INSERT INTO ledger {ROW} VALUES (2000000, 'bob', 1, 'issued', 0, 0)",
    "serial 0": f"INSERT INTO ledger {ROW} VALUES (2000000, 'eve', 0, 'issued', 0, 0)",
    "an origin": f"INSERT INTO ledger {ROW} VALUES (2000000, 'eve', 1, 'found', 0, 0)",
    "no owner": f"INSERT INTO ledger {ROW} VALUES (2000000, NULL, 1, 'issued', 0, 0)",
    "no time": f"INSERT INTO ledger {ROW} VALUES (2000000, 'eve', 1, 'issued', NULL, 0)",
    "a living one again": "UPDATE ledger SET retired_at = NULL, owner = 'ann' WHERE owner = 'bob'",
}


@pytest.mark.parametrize("statement", CONSTRAINED.values(), ids=CONSTRAINED)
def test_the_constraints_alone_refuse(store: SQLiteStore, statement: str) -> None:
    """Without any trigger, and whatever the statement."""
    without(store, "triggers")
    before = rows(store)
    with closing(sqlite3.connect(store.path)) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
        connection.commit()
    assert rows(store) == before


TRIGGERED = {
    "delete": "DELETE FROM ledger",
    "another ID": "UPDATE ledger SET conference_id = 2000000 WHERE owner = 'ann'",
    "another owner": "UPDATE ledger SET owner = 'eve' WHERE owner = 'ann'",
    "another serial": "UPDATE ledger SET serial = 7 WHERE owner = 'ann'",
    "another origin": "UPDATE ledger SET origin = 'imported' WHERE owner = 'ann'",
    "another time": "UPDATE ledger SET issued_at = 7 WHERE owner = 'ann'",
    "another author": "UPDATE ledger SET issued_by = 'eve' WHERE owner = 'ann'",
    "back to life": "UPDATE ledger SET retired_at = NULL WHERE owner = 'bob'",
    "retired again": "UPDATE ledger SET retired_at = 7 WHERE owner = 'bob'",
    "by another": "UPDATE ledger SET retired_by = 'eve' WHERE owner = 'bob'",
    "replace": f"REPLACE INTO ledger {ROW} VALUES ({FIRST_ID}, 'eve', 1, 'issued', 0, 0)",
    **{name: CONSTRAINED[name] for name in ("an ID again", "a second living ID", "a serial again")},
}


@pytest.mark.parametrize("statement", TRIGGERED.values(), ids=TRIGGERED)
def test_the_triggers_alone_refuse(store: SQLiteStore, statement: str) -> None:
    """Without a key, an index or a check; an ID that is there is passed over in silence."""
    without(store, "constraints")
    before = rows(store)
    with closing(sqlite3.connect(store.path)) as connection:
        silent = f"VALUES ({FIRST_ID}," in statement
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            assert not silent
        else:
            assert silent
        connection.commit()
    assert rows(store) == before


def test_an_id_beyond_64_bits_is_no_entry(store: SQLiteStore) -> None:
    """Looked up as any other that is not in the ledger; proposed, it is refused."""
    huge = 10**30
    assert store.holder(huge) is None
    with store.transaction(write=True) as tx:
        assert tx.lookup([huge, -huge, FIRST_ID]).keys() == {FIRST_ID}
        assert list(tx.entries(after=huge)) == []
        with pytest.raises(StoreError):
            tx.claim([(huge, "eve")], CLAIM)


REFUSING = """
CREATE TRIGGER documents_refuse BEFORE INSERT ON documents WHEN NEW.key = 'c'
BEGIN SELECT RAISE(ABORT, 'not c'); END;
CREATE TRIGGER ledger_refuses BEFORE INSERT ON ledger WHEN NEW.owner IN ('eve', 'hal')
BEGIN SELECT RAISE(ABORT, 'not eve'); END;
CREATE TRIGGER ledger_ignores BEFORE INSERT ON ledger WHEN NEW.owner = 'flo'
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger WHEN OLD.owner = 'dan'
BEGIN SELECT RAISE(ABORT, 'not dan'); END;
"""
BY_HALF: dict[str, Callable[[Transaction], object]] = {
    "put": lambda tx: tx.put("thing", {key: {} for key in "abcd"}),
    "claim, refused": lambda tx: tx.claim(
        [(2000000, "cyd"), (2000001, "hal"), (2000002, "ida")], CLAIM
    ),
    "claim, left out": lambda tx: tx.claim([(2000000, "cyd"), (2000001, "flo")], CLAIM),
    "exchange, not retired": lambda tx: tx.exchange([(2000000, "ann"), (2000001, "dan")], CLAIM),
    "exchange, not entered": lambda tx: tx.exchange([(2000000, "ann"), (2000001, "eve")], CLAIM),
    "exchange of one": lambda tx: tx.exchange([(2000000, "eve")], CLAIM),
}


@pytest.mark.parametrize("change", BY_HALF.values(), ids=BY_HALF)
@pytest.mark.parametrize("saved", [False, True])
def test_half_a_change_is_never_committed(
    store: SQLiteStore, change: Callable[[Transaction], object], saved: bool
) -> None:
    """Where a row of many fails, a savepoint undoes the others; without one, nothing is kept."""
    store.open([Kind("thing")])
    with store.transaction(write=True) as tx:
        tx.claim([(FIRST_ID + 2, "dan"), (FIRST_ID + 3, "eve")], CLAIM)
    with closing(sqlite3.connect(store.path)) as connection:
        connection.executescript(REFUSING)
    before = rows(store)
    try:
        with store.transaction(write=True) as tx:
            if saved:
                with pytest.raises(StoreError), tx.savepoint():
                    change(tx)
                tx.put("thing", {"z": {}})
            else:
                with pytest.raises(StoreError):
                    change(tx)
    except StoreError:
        assert not saved
    else:
        assert saved
    assert rows(store) == before
    with store.transaction(write=False) as tx:
        assert [key for key, _ in tx.scan("thing")] == ["z"] * saved
