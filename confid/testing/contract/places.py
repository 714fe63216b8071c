"""The contract's part on opening and closing, and everything at once beside the model."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    LAST_ID,
    Body,
    Claim,
    Kind,
    Store,
)
from confid.testing.contract.common import (
    AT,
    KINDS,
    PLAIN,
    THING,
    ContractBase,
    contents,
    fill,
    thing,
)
from confid.testing.lockstep import run_in_lockstep
from confid.testing.model import ModelStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# ruff: noqa: S101 - the tests of the contract assert
# ruff: noqa: PLR2004 - and a number in them is their point


class PlacesContract(ContractBase):
    """What a store promises of the place that it keeps a tenant in."""

    stories: ClassVar[int] = 50
    """How many random stories are told to the store and to the model."""

    # Opening and closing.

    def test_making_a_store_touches_nothing(self, tmp_path: Path) -> None:
        """Only `open` does, and closing one that was never opened is fine."""
        before = sorted(tmp_path.iterdir())
        store = self.make_store(tmp_path)
        assert sorted(tmp_path.iterdir()) == before
        with pytest.raises(StoreError), store.transaction(write=False):
            pass
        store.close()

    def test_create_false_opens_only_what_is_there(self, tmp_path: Path) -> None:
        """On nothing it is a StoreError and leaves nothing; later it opens the tenant."""
        store = self.make_store(tmp_path)
        for _ in range(2):
            with pytest.raises(StoreError) as raised:
                store.open(KINDS, create=False)
            assert raised.value.category == "ObjectNotFound"
        store.open(KINDS)
        self.in_transaction(store, fill)
        store.close()
        with self.make_again(store) as again:
            again.open(KINDS, create=False)
            with again.transaction(write=False) as tx:
                assert tx.count() == 4

    def test_a_closed_store_gives_no_transactions(self, tmp_path: Path) -> None:
        """Closing twice is fine; using it is a StoreError."""
        store = self.make_store(tmp_path)
        store.open(KINDS)
        store.close()
        store.close()
        for write in (True, False):
            with pytest.raises(StoreError), store.transaction(write=write):
                pass

    def test_what_was_committed_is_there_after_opening_again(self, tmp_path: Path) -> None:
        """Documents, indexes, ledger; and what was true before is true still."""
        with self.make_store(tmp_path) as store:
            store.open(KINDS)
            self.in_transaction(store, fill)
            with store.transaction(write=False) as tx:
                before = contents(tx)
        with self.make_again(store) as again:
            again.open(KINDS)
            with again.transaction(write=True) as tx:
                assert contents(tx) == before
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"9": thing("a")})
                with pytest.raises(DuplicateKeyError):
                    tx.claim([(LAST_ID, "ann")], Claim(at=AT))
                assert tx.claim([(FIRST_ID + 1, "new")], Claim(at=AT)) == set()

    def test_documents_outlast_an_opening_without_their_kind(self, tmp_path: Path) -> None:
        """A program that knows fewer kinds takes nothing away from one that knows them all."""
        documents = {"1": {"x": 1}, "2": {}}
        with self.make_store(tmp_path) as store:
            store.open(KINDS)
            self.in_transaction(store, fill)
            self.in_transaction(store, lambda tx: tx.put("plain", documents))
            before = self.shown(store)
        with self.make_again(store) as fewer:
            fewer.open([THING])
            self.in_transaction(fewer, lambda tx: tx.put("thing", {"9": thing("z")}))
            self.in_transaction(fewer, lambda tx: tx.delete("thing", ["9"]))
        with self.make_again(fewer) as again:
            again.open(KINDS)
            assert self.shown(again) == before

    def test_opening_again_adds_kinds_and_fields(self, tmp_path: Path) -> None:
        """What is there is indexed by the new fields too."""
        with self.make_store(tmp_path) as store:
            store.open([Kind("thing", indexes=("colour",))])
            documents: Mapping[str, Body] = {"1": thing("a", colour="red"), "2": thing("b")}
            self.in_transaction(store, lambda tx: tx.put("thing", documents))
        with self.make_again(store) as again:
            again.open([THING, PLAIN])
            with again.transaction(write=True) as tx:
                assert tx.find("thing", "name", ["b"]) == {"2": thing("b")}
                assert tx.find("thing", "colour", ["red"]).keys() == {"1"}
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"3": thing("a")})
                tx.put("plain", {"1": {}})

    def test_a_new_unique_field_refuses_what_is_there_twice(self, tmp_path: Path) -> None:
        """Opening fails and the store keeps working as it was."""
        loose = Kind("thing", indexes=("colour",))
        with self.make_store(tmp_path) as store:
            store.open([loose])
            documents = {"1": thing("a"), "2": thing("a")}
            self.in_transaction(store, lambda tx: tx.put("thing", documents))
        with self.make_again(store) as again:
            with pytest.raises(DuplicateKeyError):
                again.open([THING])
            again.close()
            again.open([loose])
            with again.transaction(write=False) as tx:
                assert dict(tx.scan("thing")) == documents

    # Everything at once.

    def test_behaves_as_the_model(self, tmp_path: Path) -> None:
        """Random transactions, savepoints and rollbacks come out as in plain dicts."""
        numbers = itertools.count()

        def make_stores() -> tuple[Any, Store]:
            place = tmp_path / str(next(numbers))
            place.mkdir()
            return ModelStore(), self.make_store(place)

        run_in_lockstep(make_stores, examples=self.stories)
