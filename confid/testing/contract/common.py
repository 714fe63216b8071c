"""What the parts of the contract share: kinds, moments, odd texts, a store with something in it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    LAST_ID,
    Body,
    Claim,
    Current,
    Find,
    Get,
    Kind,
    Living,
    Store,
    Transaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Row = TypeVar("Row")


THING = Kind("thing", indexes=("colour",), unique=("name", "badge"))
PLAIN = Kind("plain")
# Their names, written one after the other with an underscore, are the same.
LEFT_HEAVY = Kind("near_thing", unique=("name",))
RIGHT_HEAVY = Kind("near", indexes=("thing_name",))
KINDS = (THING, PLAIN, LEFT_HEAVY, RIGHT_HEAVY)

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = AT + timedelta(days=1)

MANY = 5_000

UNUSUAL = (
    "é",
    "e\u0301",
    "ﬀ",
    "İ",
    "O'Neill",
    'say "hi"',
    "back\\slash",
    "\\u0000",
    "\\\\u0000",
    "$.index.name",
    "%_*?",
    "; DROP TABLE ledger; --",
    "\x01\x1f\x7f",
    "\u2028\ufeff\ufffe",
    "مرحبا",
    "電話",
    "\U0001f4de",
    "\U0010ffff",
    " leading and trailing ",
    "x" * 100_000,
)
UNKEEPABLE = ("\0", "a\0b", "\ud800", "a\udfff")


class Undo(Exception):  # noqa: N818 - it is no error, it rolls back
    """Leaves a block to have it undone."""


def same(found: object, expected: object) -> None:
    """Fail if they differ. pytest's own diff of thousands of entries takes minutes."""
    if found != expected:
        pytest.fail(f"{found!r:.300} is not {expected!r:.300}")


def thing(
    name: str | None = None,
    *,
    colour: str | None = None,
    badge: str | None = None,
    data: object = None,
) -> Body:
    """A document of the kind `THING`."""
    return {"index": {"name": name, "colour": colour, "badge": badge}, "data": data}


def contents(transaction: Transaction) -> dict[str, Any]:
    """Everything that a transaction shows, by the way in which it was read."""
    entries = list(transaction.entries())
    ids = [entry.conference_id for entry in entries]
    owners = sorted({entry.owner for entry in entries})
    return {
        "scan": {kind.name: list(transaction.scan(kind.name)) for kind in KINDS},
        "get": transaction.get("thing", ["1", "2", "3"]),
        "get one": transaction.get("plain", ["1"]),
        "get locked": transaction.get("plain", ["1", "2"], lock=True),
        "find unique": transaction.find("thing", "name", ["a", "b", "c", "d"]),
        "find": transaction.find("thing", "colour", ["red", "blue"]),
        "find one": transaction.find("thing", "colour", ["red"]),
        "read": transaction.read(
            Get("thing", ["1", "3"]),
            Get("plain", ["1", "absent"], lock=True),
            Find("thing", "colour", ["red", "blue"]),
            Current([*owners, "nobody"]),
            Living([*owners, "nobody"]),
            Get("plain", ["1"]),
        ),
        "entries": entries,
        "issued_ids": list(transaction.issued_ids()),
        "lookup": transaction.lookup([*ids, LAST_ID]),
        "current": transaction.current([*owners, "nobody"]),
        "living": transaction.living([*owners, "nobody"]),
        "history": {owner: transaction.history(owner) for owner in owners},
        "count": transaction.count(),
        "has_issued": transaction.has_issued(),
    }


def fill(transaction: Transaction) -> None:
    """Some documents, a living ID, a retired one, and one who has had two."""
    things = {"1": thing("a", colour="red", data={"deep": [1]}), "2": thing("b", colour="red")}
    transaction.put("thing", things)
    transaction.put("plain", {"1": {"x": 1}})
    transaction.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT))
    transaction.retire(["bob"], at=LATER, by="admin")
    transaction.claim([(FIRST_ID + 2, "bob")], Claim(at=LATER))
    transaction.claim([(FIRST_ID + 3, "cyd")], Claim(at=AT, origin=IMPORTED, retired=True))


def change(transaction: Transaction) -> None:
    """Something of everything that can be done to what `fill` has made."""
    transaction.put("thing", {"1": thing("c", colour="blue"), "3": thing("a", colour="red")})
    transaction.delete("thing", ["2"])
    transaction.put("plain", {"1": {"x": 2}, "2": {}})
    transaction.retire(["ann", "bob"], at=LATER, by="admin")
    transaction.claim([(FIRST_ID + 9, "ann"), (FIRST_ID + 8, "dan")], Claim(at=LATER))


class ContractBase:
    """How the parts of the contract get their stores."""

    def make_store(self, tmp_path: Path) -> Store:
        """A new store on a place that holds nothing yet, not opened."""
        raise NotImplementedError

    def make_again(self, store: Store) -> Store:
        """A store on the place of `store`, which is closed; the same one, unless you say so."""
        return store

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An opened store."""
        with self.make_store(tmp_path) as store:
            store.open(KINDS)
            yield store

    @pytest.fixture
    def tx(self, store: Store) -> Iterator[Transaction]:
        """A write transaction on an opened store."""
        with store.transaction(write=True) as transaction:
            yield transaction

    @staticmethod
    def shown(store: Store) -> dict[str, Any]:
        """Everything that a reading transaction shows, and who holds each of its IDs."""
        with store.transaction(write=False) as tx:
            shown = contents(tx)
        ids = [*shown["issued_ids"], LAST_ID]
        beside = [("plain", "1"), ("thing", "1")]
        held = {i: store.holder(i, owned=["plain", "thing"], beside=beside) for i in ids}
        return {**shown, "holder": held}

    @staticmethod
    def _anew(tx: Transaction, rows: Iterable[Row]) -> Iterator[Row]:
        """Each row of a table, in a savepoint that is undone behind it."""
        for row in rows:
            with suppress(Undo), tx.savepoint():
                yield row
                raise Undo

    @staticmethod
    def in_transaction(store: Store, act: Callable[[Transaction], object]) -> None:
        """Do something in a transaction of its own."""
        with store.transaction(write=True) as tx:
            act(tx)
