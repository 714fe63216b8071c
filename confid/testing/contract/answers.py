"""The contract's part on answers: they are whole, up to date, and the caller's own."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from confid.store.base import FIRST_ID, IMPORTED, LAST_ID, Body, Claim, Find, Get, LedgerEntry
from confid.testing.contract.common import (
    AT,
    KINDS,
    LATER,
    ContractBase,
    Undo,
    change,
    contents,
    fill,
    same,
    thing,
)
from confid.testing.model import ModelStore

if TYPE_CHECKING:
    from confid.store.base import Store, Transaction

# ruff: noqa: S101 - the tests of the contract assert

# ruff: noqa: PT012 - what happens in a block before it is undone is the point of some

PAGES = 2_500
"""More rows than two pages of a thousand, and not a whole number of pages."""


def spoil(answer: Any) -> None:
    """Change everything in an answer that can be changed."""
    if isinstance(answer, dict):
        spoil(list(answer.values()))
        answer.clear()
        answer["spoilt"] = "yes"
    elif isinstance(answer, list | tuple):
        for item in answer:
            spoil(item)
        if isinstance(answer, list):
            answer[:] = ["spoilt"]
    elif isinstance(answer, set):
        answer.clear()


def empty(transaction: Transaction) -> None:
    """Delete every document and retire every ID."""
    for kind in KINDS:
        transaction.delete(kind.name, [key for key, _ in transaction.scan(kind.name)])
    transaction.retire({entry.owner for entry in transaction.entries()}, at=LATER)


class AnswersContract(ContractBase):
    """What a store promises of its answers."""

    # The caller's own.

    @pytest.mark.parametrize("write", [True, False])
    def test_no_answer_is_a_live_object(self, store: Store, write: bool) -> None:
        """Whatever a caller does to an answer, the store's next answers are the same."""
        self.in_transaction(store, fill)
        before = copy.deepcopy(self.shown(store))
        with store.transaction(write=write) as tx:
            inside = copy.deepcopy(contents(tx))
            for _ in range(2):
                for way in inside:
                    spoil(contents(tx)[way])
                    assert contents(tx) == inside, f"{way} gave a live object"
        for _ in range(2):
            for way in before:
                spoil(self.shown(store)[way])
                assert self.shown(store) == before, f"{way} gave a live object"

    @pytest.mark.parametrize("count", [1, 2])
    def test_what_was_put_is_no_live_object(self, store: Store, count: int) -> None:
        """Changing a document after `put` changes nothing, before or after COMMIT."""
        given: dict[str, Body] = {str(i): thing(f"n{i}", data={"a": [1]}) for i in range(count)}
        written = copy.deepcopy(given)
        with store.transaction(write=True) as tx:
            tx.put("thing", given)
            spoil(given)
            assert dict(tx.scan("thing")) == tx.get("thing", list("01")) == written
        with store.transaction(write=False) as tx:
            assert dict(tx.scan("thing")) == tx.find("thing", "name", ["n0", "n1"]) == written

    # Up to date.

    def test_every_answer_is_up_to_date(self, store: Store) -> None:
        """Nothing that was read earlier is answered after a change, a rollback or a deletion."""
        model = ModelStore()
        model.open(KINDS)
        for act in (fill, change, empty):
            for each in (model, store):
                with pytest.raises(Undo), each.transaction(write=True) as tx:
                    self._read_around(tx, act)
                    raise Undo
                assert self.shown(store) == self.shown(store)
            assert self.shown(store) == self.shown(model)
            inside = []
            for each in (model, store):
                with each.transaction(write=True) as tx:
                    inside.append(self._read_around(tx, act))
            assert inside[0] == inside[1]
            for _ in range(2):
                assert self.shown(store) == self.shown(model)

    def test_what_was_foreseen_is_up_to_date(self, tx: Transaction) -> None:
        """What is changed before it is asked is answered as it is then."""
        fill(tx)
        questions = Get("plain", ["1"]), Find("thing", "colour", ["red"])

        def answers() -> list[dict[str, Any]]:
            tx.foresee(*questions)
            assert tx.count()
            with pytest.raises(Undo), tx.savepoint():
                change(tx)
                tx.foresee(*questions)
                assert tx.count()
                raise Undo
            tx.foresee(*questions)
            return tx.read(*questions)

        before = answers()
        assert before == [tx.get("plain", ["1"]), tx.find("thing", "colour", ["red"])]
        tx.foresee(*questions)
        assert tx.count()
        change(tx)
        assert tx.read(*questions) == [{"1": {"x": 2}}, tx.find("thing", "colour", ["red"])]
        tx.foresee(*questions)
        assert tx.count()
        tx.delete("plain", ["1"])
        assert tx.get("plain", ["1"]) == {}
        assert answers() != before

    @staticmethod
    def _read_around(tx: Transaction, act: Any) -> list[dict[str, Any]]:
        """What a transaction shows before an act, after it was undone, and after it."""
        before = contents(tx)
        with pytest.raises(Undo), tx.savepoint():
            act(tx)
            contents(tx)
            raise Undo
        undone = contents(tx)
        act(tx)
        return [before, undone, contents(tx)]

    # Whole.

    def test_a_long_ledger_comes_whole(self, store: Store) -> None:
        """Thousands of entries: all of them, from any start, with all their facts."""
        entries = [
            LedgerEntry(
                conference_id=FIRST_ID + 3 * n,
                owner=f"owner {n}",
                serial=1,
                origin=IMPORTED,
                issued_at=AT,
                issued_by="importer",
                retired_at=LATER if n % 2 else None,
                retired_by="admin" if n % 2 else None,
            )
            for n in range(PAGES)
        ]
        ids = [entry.conference_id for entry in entries]
        with store.transaction(write=True) as tx:
            proposals = [(entry.conference_id, entry.owner) for entry in entries]
            same(tx.claim(proposals, Claim(at=AT, by="importer", origin=IMPORTED)), set(ids))
            odd = {entry.owner: entry.conference_id for entry in entries[1::2]}
            same(tx.retire(list(odd), at=LATER, by="admin"), odd)
        with store.transaction(write=False) as tx:
            same(list(tx.entries()), entries)
            same(list(tx.issued_ids()), ids)
            for start in (0, 998, 999, 1_000, 1_999, PAGES - 2, PAGES - 1):
                same(list(tx.entries(after=ids[start])), entries[start + 1 :])
            same(tx.lookup([*ids, LAST_ID]), dict(zip(ids, entries, strict=True)))
            same(
                tx.current(entry.owner for entry in entries),
                {entry.owner: entry.conference_id for entry in entries[::2]},
            )
            same((tx.count(), tx.has_issued()), (PAGES, False))
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID + 1, "new")], Claim(at=AT))
            assert tx.has_issued()

    def test_a_long_history_comes_whole(self, tx: Transaction) -> None:
        """An owner may have had more than a thousand IDs; serials go on, and one is living."""
        ids = [FIRST_ID + (n * 7_919) % 20_000 for n in range(1_050)]
        same(tx.claim([(LAST_ID, "ann")], Claim(at=AT)), {LAST_ID})
        for conference_id in ids:
            claim = Claim(at=LATER, by="importer", origin=IMPORTED, retired=True)
            same(tx.claim([(conference_id, "ann")], claim), {conference_id})
        history = tx.history("ann")
        same([entry.conference_id for entry in history], [LAST_ID, *ids])
        same([entry.serial for entry in history], list(range(1, len(ids) + 2)))
        same(tx.current(["ann"]), {"ann": LAST_ID})
        same(tx.retire(["ann"], at=LATER), {"ann": LAST_ID})
        same(
            tx.history("ann"),
            [
                attrs.evolve(history[0], retired_at=LATER, retired_by=None),
                *history[1:],
            ],
        )

    def test_thousands_of_documents_come_whole(self, store: Store) -> None:
        """By key, by index field and in order; in pages of any size, from any start."""
        keys = [f"{n:05}" for n in range(PAGES)]
        documents = {key: thing(f"name {key}", colour="red", data=key) for key in keys}
        names = [f"name {key}" for key in keys]
        self.in_transaction(store, lambda tx: tx.put("thing", documents))
        with store.transaction(write=False) as tx:
            same(tx.get("thing", [*keys, "absent"]), documents)
            same(tx.find("thing", "name", [*names, "absent"]), documents)
            same(tx.find("thing", "colour", ["red"]), documents)
            same(list(tx.scan("thing")), list(documents.items()))
            for start in (998, 999, 1_000, PAGES - 1):
                rest = list(tx.scan("thing", after=keys[start]))
                same([key for key, _ in rest], keys[start + 1 :])
            for limit in (999, 1_000, 1_001, 2_001, PAGES, PAGES + 1):
                same([key for key, _ in tx.scan("thing", limit=limit)], keys[:limit])
        with store.transaction(write=True) as tx:
            tx.put("thing", {key: thing(f"new {key}", colour="blue") for key in keys})
            assert tx.find("thing", "colour", ["red"]) == tx.find("thing", "name", names) == {}
            assert len(tx.find("thing", "colour", ["blue"])) == PAGES
            tx.delete("thing", keys[1:])
            same([key for key, _ in tx.scan("thing")], keys[:1])
            same(tx.find("thing", "colour", ["blue"]).keys(), set(keys[:1]))
