"""The plain floor: the program that somebody writes who wants a reset and nothing else.

Three plain tables on bare `sqlite3`, as durable as confid. A reset reads the
person, retires the old ID, enters the new one, keeps it with the person, and
queues a message, in one transaction. It draws from a list, checks nothing,
and has no settings, no licences, no records.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from itertools import islice
from typing import TYPE_CHECKING

from confid.store.base import FIRST_ID, LAST_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = """
CREATE TABLE people (upn TEXT PRIMARY KEY, conference_id INTEGER, facts TEXT NOT NULL);
CREATE TABLE ids (conference_id INTEGER PRIMARY KEY, upn TEXT NOT NULL, issued REAL, retired REAL);
CREATE TABLE mails (serial INTEGER PRIMARY KEY, message TEXT NOT NULL);
"""

PERSON = {"name": "n" * 40, "mail": "m" * 40, "plans": ["MCOMEETADV"], "other": "o" * 250}

RETIRE = "UPDATE ids SET retired = ? WHERE conference_id = ?"
ISSUE = "INSERT INTO ids (conference_id, upn, issued) VALUES (?, ?, ?)"
KEEP = "UPDATE people SET conference_id = ? WHERE upn = ?"
QUEUE = "INSERT INTO mails (message) VALUES (?)"


class PlainFloor:
    """A tenant of people with a conference ID each, in a file or in `:memory:`."""

    def __init__(self, place: str, upns: Sequence[str], *, resets: int) -> None:
        self._db = sqlite3.connect(place, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(TABLES)
        free = random.sample(range(FIRST_ID, LAST_ID + 1), len(upns) + resets)
        self._free = iter(free)
        facts = json.dumps(PERSON)
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO people (upn, facts) VALUES (?, ?)", [(upn, facts) for upn in upns]
            )
        self.reset_many(upns)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def reset_one(self, upn: str) -> int:
        """Reset one person's ID; the new one."""
        db, now, new = self._db, time.time(), next(self._free)
        db.execute("BEGIN IMMEDIATE")
        found = db.execute("SELECT conference_id, facts FROM people WHERE upn = ?", (upn,))
        ((old, facts),) = found
        json.loads(facts)
        db.execute(RETIRE, (now, old))
        db.execute(ISSUE, (new, upn, now))
        db.execute(KEEP, (new, upn))
        db.execute(QUEUE, (_message(upn, new),))
        db.execute("COMMIT")
        return new

    def reset_many(self, upns: Sequence[str]) -> list[int]:
        """Reset everybody's ID in one transaction; the new ones."""
        db, now = self._db, time.time()
        db.execute("BEGIN IMMEDIATE")
        people = db.execute("SELECT conference_id, facts FROM people").fetchall()
        for _, facts in people:
            json.loads(facts)
        new = list(zip(islice(self._free, len(upns)), upns, strict=True))
        db.executemany(RETIRE, [(now, old) for old, _ in people])
        db.executemany(ISSUE, [(number, upn, now) for number, upn in new])
        db.executemany(KEEP, new)
        db.executemany(QUEUE, [(_message(upn, number),) for number, upn in new])
        db.execute("COMMIT")
        return [number for number, _ in new]


def _message(upn: str, conference_id: int) -> str:
    return json.dumps(
        {
            "to": upn,
            "events": ["conference_id_reset"],
            "conference_id": conference_id,
            "numbers": ["14255550100"],
            "text": "t" * 260,
        }
    )
