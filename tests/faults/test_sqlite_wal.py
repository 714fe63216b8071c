"""A WAL that is damaged, lost or half merged leaves an earlier state, or an error."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.errors import StoreError
from confid.host import SilentHost
from tests.tenants import set_user, tenant, upn

from .told import Line, audit, fill, issued_to

PEOPLE = 5
COMMITS = 4
HEADER, FRAME_HEADER, PAGE = 32, 24, 4096
"""The sizes of a WAL's header, of a frame's header and of a page."""
FRAME = FRAME_HEADER + PAGE


@attrs.frozen
class Left:
    """What a crash leaves. `states` has the IDs after each commit in the WAL."""

    file: bytes
    wal: bytes
    states: list[list[Line]]

    def put(self, path: Path, wal: bytes) -> Path:
        """A tenant with this file and another WAL."""
        path.write_bytes(self.file)
        Path(f"{path}-wal").write_bytes(wal)
        return path

    def commits_before(self, offset: int) -> int:
        """How many commits of the WAL end before that offset."""
        starts = range(HEADER, offset - FRAME + 1, FRAME)
        return sum(self.wal[start + 4 : start + 8] != bytes(4) for start in starts)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A tenant whose last commits are only in its WAL."""
    path = tmp_path_factory.mktemp("crashed") / "tenant.db"
    told = fill(str(path), PEOPLE)
    names = [line.who for line in told]
    states = [told]
    with confid.connect(path, host=SilentHost()):
        for _ in range(COMMITS):
            users = set_cs_online_dial_in_conferencing_user(names, reset_conference_id=True)
            states.append(states[-1] + [issued_to(user) for user in users])
        left = Left(path.read_bytes(), Path(f"{path}-wal").read_bytes(), states)
    assert left.commits_before(len(left.wal)) == COMMITS
    return left


def problems(path: Path, told: list[Line]) -> list[str]:
    """What the audit finds before and after another reset."""
    with confid.connect(path, create=False, host=SilentHost()) as session:
        before = audit(session, told, untold=0)
        again = set_cs_online_dial_in_conferencing_user(told[0].who, reset_conference_id=True)
        return before + audit(session, [*told, issued_to(again)], untold=0)


def test_a_wal_cut_anywhere_keeps_the_commits_before(left: Left, tmp_path: Path) -> None:
    """The tenant has every whole commit, and nothing of the next."""
    for end in range(0, len(left.wal), FRAME * 5 // 2):
        path = left.put(tmp_path / f"{end}.db", left.wal[:end])
        assert problems(path, left.states[left.commits_before(end)]) == [], end


def test_a_wal_with_a_flipped_bit_keeps_the_commits_before(left: Left, tmp_path: Path) -> None:
    """The checksums fail from there on, so later commits don't count."""
    for place in range(16, len(left.wal), FRAME * 5 // 2):
        flipped = bytearray(left.wal)
        flipped[place] ^= 1
        path = left.put(tmp_path / f"{place}.db", bytes(flipped))
        assert problems(path, left.states[left.commits_before(place)]) == [], place


def test_a_file_without_its_wal_is_an_older_tenant(left: Left, tmp_path: Path) -> None:
    """The tenant looks sound: without a witness nothing shows what it has forgotten."""
    path = left.put(tmp_path / "tenant.db", b"")
    assert problems(path, left.states[0]) == []


def test_a_wal_lost_while_it_was_brought_over_repeats_no_id(tmp_path: Path) -> None:
    """A mixture of old and new pages is refused as damaged, or its witness checks every ID."""
    path, witness = tmp_path / "tenant.db", tmp_path / "witness.db"
    names = [f"person{number}" for number in range(20)]
    with tenant(*names, store=path, witness=witness, ids=400):
        old = brought_over(path)
        seen = reset(names)
        new = brought_over(path)
    # In the order of their pages, as SQLite brings them over.
    changed = [n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]]
    ends = sorted({n // PAGE * PAGE for n in changed})
    refused = 0
    for end in ends:
        mixed = tmp_path / f"{end}.db"
        mixed.write_bytes(new[:end] + old[end:])
        try:
            with confid.connect(mixed, create=False, witness=witness, host=SilentHost()):
                again = reset(names)
        except StoreError as error:
            assert error.category == "InvalidData"  # noqa: PT017 - either is fine
            refused += 1
        else:
            assert not seen & again, end
            seen |= again
    assert 0 < refused < len(ends)


def brought_over(path: Path) -> bytes:
    """The file with everything from its WAL."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def reset(names: list[str]) -> set[int]:
    """Reset everybody without mails; returns their new IDs."""
    people = [upn(name) for name in names]
    users = set_user(people, reset_conference_id=True, notify=False)
    return {int(user.conference_id) for user in users}
