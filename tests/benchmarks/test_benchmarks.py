"""The benchmarks run and report every figure; how fast, no test says, for machines are noisy."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.store import PostgresStore
from confid.store.batches import AT_ONCE

from . import floor
from .__main__ import as_json, measure
from .large_tenants import large_postgres_tenant, large_sqlite_tenant
from .measure import Figure, table
from .memory import trace
from .plain_figures import SHARED_MEMORY
from .scale import TINY
from .tenants import copied, identities, opened, sqlite_tenant

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    "import confid",
    "import to first reset",
    "a call's overhead",
    "a reset under WhatIf",
    "the same as a line",
    "enabling one",
    "dial and key in an ID",
    "a reset of 40 in memory, a user, to the plain floor",
    "one reset in memory, to the plain floor",
    *(["one reset on a file without a disk, to the plain floor"] if SHARED_MEMORY else []),
    "room for 40 users, SQLite",
    "a reset of 40 on a file, a user, to the plain floor",
    "a reset of 40, SQLite",
    "one reset on a file, to the plain floor",
    "one durable reset, SQLite",
    "listing 40",
    "the look-up, ID to organizer, SQLite",
    "the look-up, with all that is checked, SQLite",
    "one durable reset with a witness",
    "memory beyond the records",
    "room for 40 users, PostgreSQL",
    "a reset of 40, PostgreSQL",
    "one durable reset, PostgreSQL",
    "the look-up, ID to organizer, PostgreSQL",
    "the look-up, with all that is checked, PostgreSQL",
    "issuing 5 IDs, none of 50000 taken, SQLite",
    "issuing 5 IDs, 50 % of 50000 taken, SQLite",
    "issuing 5 IDs, 75 % of 50000 taken, SQLite",
    "issuing 5 IDs, 99.9 % of 50000 taken, SQLite",
    "the scan for the free of 50000, SQLite",
    "issuing 5 IDs, none of 50000 taken, PostgreSQL",
    "issuing 5 IDs, 50 % of 50000 taken, PostgreSQL",
    "issuing 5 IDs, 75 % of 50000 taken, PostgreSQL",
    "issuing 5 IDs, 99.9 % of 50000 taken, PostgreSQL",
    "the scan for the free of 50000, PostgreSQL",
    "CSV of records",
    "JSON of records",
    "a record in a table",
    "a record in a list",
    "a record as CSV",
    "a record as JSON",
    "a record as CLIXML",
    "a record from CLIXML",
    "importing a roster",
    "a mail by SMTP",
    "a mail to memory",
    "a reset at 20, 40 users, SQLite",
    "a reset of 40 among 40 rehearsed, SQLite",
    "room for an ID more in the ledger",
    "room for an ID more and its mail",
    "room for an ID more in the witness",
    "a reset at 20, 40 users, PostgreSQL",
    "2 processes to one, PostgreSQL",
    "processor time of a reset in its process",
    "moving 20 users, SQLite to PostgreSQL",
    "moving 20 users, PostgreSQL to SQLite",
)


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """One run, as small as can be."""
    return measure(TINY)


def test_the_table_has_every_figure(figures: list[Figure]) -> None:
    """In its order, below the head and a rule."""
    lines = table(figures).splitlines()[2:]
    assert len(lines) == len(ROWS)
    for line, name in zip(lines, ROWS, strict=True):
        assert line.startswith(name)


def test_the_json_has_every_figure(figures: list[Figure]) -> None:
    """The same rows, with their ranges."""
    run = json.loads(as_json(TINY, figures))
    assert [figure["name"] for figure in run["figures"]] == [f.name for f in figures]
    assert all(figure["low"] <= figure["high"] for figure in run["figures"])


def test_a_large_call_needs_little_beside_its_records(tmp_path: Path) -> None:
    """At most 128 bytes more for each user more, from the second batch on."""
    few, many = 2 * AT_ONCE, 8 * AT_ONCE
    beyond = [
        trace(sqlite_tenant(tmp_path / f"{users}.db", users), users)["beyond"]
        for users in (few, many)
    ]
    assert beyond[1] - beyond[0] <= 128 * (many - few)


def test_large_tenants_are_sound(tmp_path: Path, postgres: str) -> None:
    """As if confid had put all their people in, who can all be found."""
    file, store = tmp_path / "large.db", PostgresStore(postgres, schema=f"large_{os.getpid()}")
    large_sqlite_tenant(file, 30)
    large_postgres_tenant(store, postgres, 30)
    for place in (file, store):
        with opened(place) as session:
            assert confid.check(session=session).problems == ()
            assert len(get_cs_online_dial_in_conferencing_user(session=session)) == 30
            set_cs_online_dial_in_conferencing_user(
                identities(30), reset_conference_id=True, session=session
            )


@pytest.mark.parametrize("many", [False, True])
def test_the_floor_writes_what_confid_writes(tmp_path: Path, many: bool) -> None:
    """The same documents and ledger rows, so that the ratio compares like with like."""
    ours = sqlite_tenant(tmp_path / "confid.db", 3)
    theirs = copied(ours, "floor.db")
    names = identities(3) if many else identities(1)
    with opened(ours) as session:
        set_cs_online_dial_in_conferencing_user(
            names if many else names[0], reset_conference_id=True, session=session
        )
    with closing(floor.connect(theirs)) as db:
        if many:
            floor.reset_many(db, names)
        else:
            floor.reset_one(db, names[0])
    assert _contents(theirs) == _contents(ours)


def _contents(tenant: Path) -> tuple[list[Any], list[Any]]:
    """All that a tenant holds but the IDs drawn and the moments."""
    with closing(sqlite3.connect(tenant)) as db:
        documents = [
            (kind, _without_time(kind, key), _without_dice(json.loads(body)))
            for kind, key, body in db.execute("SELECT * FROM documents ORDER BY kind, key")
        ]
        ledger = db.execute(
            "SELECT owner, serial, origin, retired_at IS NULL FROM ledger ORDER BY owner, serial"
        ).fetchall()
    return sorted(documents, key=lambda document: document[:2]), ledger


def _without_time(kind: str, key: str) -> str:
    """The key of a message without the time that it begins with."""
    return key.partition(":")[2] if kind == "outbox" else key


def _without_dice(body: dict[str, Any]) -> dict[str, Any]:
    if "facts" in body:
        body["facts"].pop("conference_id")
        body.pop("created_at")
        body.pop("key")
    return body
