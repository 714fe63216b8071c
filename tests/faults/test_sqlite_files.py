"""A file without room, cut, damaged or wound back: an error says so, and no ID is repeated."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.errors import StoreError
from confid.host import SilentHost
from confid.store import SQLiteStore

from .told import Line, audit, fill, issued_to

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the tenant."""
    return tmp_path / "tenant.db"


@pytest.fixture
def told(path: Path) -> list[Line]:
    """The IDs of its people; all of it is in the file, none in the WAL."""
    told = fill(str(path), PEOPLE)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return told


def reset(store: SQLiteStore | Path, told: list[Line]) -> list[Line]:
    """Reset everybody; returns their new IDs."""
    names = [line.who for line in told[:PEOPLE]]
    with confid.connect(store, create=False, host=SilentHost()):
        users = set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)
        return [issued_to(user) for user in users]


def problems(path: Path, told: list[Line]) -> list[str]:
    """What the audit finds."""
    with confid.connect(path, create=False, host=SilentHost()) as session:
        return audit(session, told, untold=0)


@pytest.mark.parametrize("room", [0, 3, 8])
def test_a_reset_that_the_disk_has_no_room_for_leaves_nothing(
    path: Path, told: list[Line], room: int
) -> None:
    """The file has all of the reset or nothing of it; with room again it works."""
    with confid.connect(path, create=False, host=SilentHost()) as session:
        names = [line.who for line in told]
        store = session.store
        assert isinstance(store, SQLiteStore)
        pages = limit(store, None)
        limit(store, pages + room)
        failed = 0
        for _ in range(12):
            try:
                users = set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)
            except StoreError as error:
                assert error.category == "LimitsExceeded"  # noqa: PT017 - some are done first
                failed += 1
            else:
                told.extend(map(issued_to, users))
        assert failed
        assert audit(session, told, untold=0) == []
        limit(store, pages + 10_000)
        users = set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)
        told.extend(map(issued_to, users))
        assert audit(session, told, untold=0) == []


def limit(store: SQLiteStore, pages: int | None) -> int:
    """Let the file grow to this many pages; returns its present number."""
    connection = store.take_connection()
    if pages is not None:
        connection.execute(f"PRAGMA max_page_count = {pages}")
    (count,) = connection.execute("PRAGMA page_count").fetchone()
    store.give_back(connection)
    return int(count)


def page_size(path: Path) -> int:
    """The size of a page of the file."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(size)


def refused_or_right(path: Path, told: list[Line]) -> bool:
    """A damaged tenant refuses the reset or issues only new IDs; returns whether it refused."""
    try:
        new = reset(path, told)
    except StoreError as error:
        assert error.category == "InvalidData"  # noqa: PT017 - either is fine
        return True
    assert not {line.conference_id for line in new} & {line.conference_id for line in told}
    return False


def test_a_page_of_noise_anywhere_repeats_no_id(path: Path, told: list[Line]) -> None:
    """With each page damaged in turn, the call reports the damage or works."""
    whole, size = path.read_bytes(), page_size(path)
    refused = 0
    for start in range(0, len(whole), size):
        noise = bytes(255 - byte for byte in whole[start : start + size])
        # Each has a name of its own: SQLite never sees a file change under it.
        damaged = path.with_name(f"{start}.db")
        damaged.write_bytes(whole[:start] + noise + whole[start + size :])
        refused += refused_or_right(damaged, told)
    assert refused > 1
    assert problems(path, told) == []


def test_an_audit_notices_a_page_of_noise_anywhere(path: Path, told: list[Line]) -> None:
    """With each page damaged in turn, the audit reports it or can't read it."""
    whole, size = path.read_bytes(), page_size(path)
    for start in range(0, len(whole), size):
        noise = bytes(255 - byte for byte in whole[start : start + size])
        damaged = path.with_name(f"{start}.db")
        damaged.write_bytes(whole[:start] + noise + whole[start + size :])
        try:
            found = problems(damaged, told)
        except StoreError as error:
            assert error.category == "InvalidData"  # noqa: PT017 - either is fine
        else:
            assert found, start


def test_an_audit_notices_a_retired_id_that_the_ledger_lost_to_a_bit(tmp_path: Path) -> None:
    """No mail and no living ID shows it, only the file itself."""
    path, damaged = tmp_path / "tenant.db", tmp_path / "damaged.db"
    (ken,) = fill(str(path), 1)
    with confid.connect(path, host=SilentHost()) as session:
        set_cs_online_dial_in_conferencing_user(ken.who, reset_conference_id=True, notify=False)
        with session.unit(write=True) as tenant:
            tenant.transaction.delete("outbox", dict(tenant.transaction.scan("outbox")))
    assert ken.conference_id
    # As SQLite writes a row's number: seven bits a byte, the highest first.
    kept = bytes(ken.conference_id >> shift & 127 | 128 * bool(shift) for shift in (21, 14, 7, 0))
    kept = kept.lstrip(b"\x80")
    whole = path.read_bytes()
    assert kept in whole
    damaged.write_bytes(whole.replace(kept, kept[:-1] + bytes([kept[-1] ^ 1])))
    with confid.connect(damaged, host=SilentHost()) as session:
        assert confid.check(session).problems
    with confid.connect(path, host=SilentHost()) as session:
        assert confid.check(session).problems == ()


def test_a_file_cut_anywhere_is_refused(path: Path, told: list[Line]) -> None:
    """Cut after each page in turn: the call reports it and issues nothing."""
    whole, size = path.read_bytes(), page_size(path)
    for end in range(size, len(whole), size):
        damaged = path.with_name(f"{end}.db")
        damaged.write_bytes(whole[:end])
        assert refused_or_right(damaged, told), end
    assert problems(path, told) == []
