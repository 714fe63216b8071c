"""The contract's part on transactions and savepoints."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    LAST_ID,
    Claim,
    Current,
    Find,
    Get,
    Store,
    Transaction,
)
from confid.testing.contract.common import AT, ContractBase, Undo, change, contents, fill, thing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# ruff: noqa: S101 - the tests of the contract assert

# ruff: noqa: PT012 - what happens in a block before it is undone is the point of many


class TransactionsContract(ContractBase):
    """What a store promises of transactions."""

    # Transactions.

    def test_a_transaction_commits_when_its_block_ends(self, store: Store) -> None:
        """Others see what it did."""
        with store.transaction(write=True) as tx:
            fill(tx)
            inside = contents(tx)
        with store.transaction(write=False) as tx:
            assert contents(tx) == inside

    @pytest.mark.parametrize("error", [Undo, KeyboardInterrupt, GeneratorExit])
    def test_an_exception_rolls_everything_back(
        self, store: Store, error: type[BaseException]
    ) -> None:
        """Documents, indexes, ledger and serials; and the exception goes on its way."""
        with store.transaction(write=True) as tx:
            fill(tx)
            before = contents(tx)
        with pytest.raises(error), store.transaction(write=True) as tx:
            change(tx)
            assert contents(tx) != before
            raise error
        with store.transaction(write=True) as tx:
            assert contents(tx) == before
            change(tx)

    def test_a_reading_transaction_cant_write(self, store: Store) -> None:
        """Every writing method is a StoreError, with something to do or without."""
        with store.transaction(write=True) as tx:
            fill(tx)
        with store.transaction(write=False) as tx:
            before = contents(tx)
            free = [(FIRST_ID + 50, "x"), (FIRST_ID + 51, "y")]
            attempts: list[Callable[[], object]] = [
                lambda: tx.put("plain", {"1": {}}),
                lambda: tx.put("plain", {"1": {}, "2": {}}),
                lambda: tx.put("plain", {}),
                lambda: tx.delete("plain", ["1"]),
                lambda: tx.delete("plain", []),
                lambda: tx.claim(free[:1], Claim(at=AT)),
                lambda: tx.claim(free, Claim(at=AT)),
                lambda: tx.claim([], Claim(at=AT)),
                lambda: tx.exchange(free, Claim(at=AT)),
                lambda: tx.exchange([], Claim(at=AT)),
                lambda: tx.retire(["ann"], at=AT),
                lambda: tx.retire([], at=AT),
            ]
            for attempt in attempts:
                with pytest.raises(StoreError):
                    attempt()
            assert tx.get("plain", ["1"], lock=True) == {"1": {"x": 1}}
            assert contents(tx) == before

    def test_a_transaction_dies_with_its_block(self, store: Store) -> None:
        """Afterwards every method is a StoreError, and so is a stream that is read on."""
        with store.transaction(write=True) as tx:
            fill(tx)
            streams: list[Iterator[object]] = [tx.scan("thing"), tx.entries(), tx.issued_ids()]
            unread: list[Iterator[object]] = [tx.scan("thing"), tx.entries(), tx.issued_ids()]
            for stream in streams:
                next(stream)
        attempts: list[Callable[[], object]] = [
            lambda: tx.get("plain", ["1"]),
            lambda: tx.find("thing", "name", ["a"]),
            lambda: list(tx.scan("plain")),
            lambda: tx.put("plain", {"9": {}}),
            lambda: tx.delete("plain", ["1"]),
            lambda: tx.claim([(LAST_ID, "x")], Claim(at=AT)),
            lambda: tx.exchange([(LAST_ID, "ann")], Claim(at=AT)),
            lambda: tx.retire(["ann"], at=AT),
            lambda: tx.current(["ann"]),
            lambda: tx.read(Current(["ann"])),
            lambda: tx.read(Get("plain", ["1"], lock=True), Find("thing", "name", ["a"])),
            lambda: tx.lookup([FIRST_ID]),
            lambda: tx.history("ann"),
            lambda: list(tx.entries()),
            lambda: list(tx.issued_ids()),
            tx.count,
            tx.has_issued,
            lambda: tx.savepoint().__enter__(),
            *(lambda stream=stream: list(stream) for stream in (*streams, *unread)),
        ]
        for attempt in attempts:
            with pytest.raises(StoreError):
                attempt()

    def test_a_reading_transaction_sees_one_state(self, store: Store) -> None:
        """A writer that comes meanwhile waits or writes beside it; the next one sees it."""
        with store.transaction(write=True) as tx:
            fill(tx)
        with ThreadPoolExecutor(1) as pool:
            with store.transaction(write=False) as tx:
                before = contents(tx)
                writing = pool.submit(self.in_transaction, store, change)
                threading.Event().wait(0.1)
                for _ in range(2):
                    assert contents(tx) == before
            writing.result(timeout=30)
        with store.transaction(write=False) as tx:
            assert dict(tx.scan("plain")) == {"1": {"x": 2}, "2": {}}
            assert tx.current(["ann", "bob", "dan"]) == {"ann": FIRST_ID + 9, "dan": FIRST_ID + 8}

    # Savepoints.

    def test_a_savepoint_is_undone_alone(self, tx: Transaction) -> None:
        """What was done before it stays, and the transaction goes on."""
        fill(tx)
        before = contents(tx)
        with pytest.raises(Undo), tx.savepoint():
            change(tx)
            raise Undo
        assert contents(tx) == before
        with tx.savepoint():
            change(tx)
        assert contents(tx) != before

    def test_savepoints_nest(self, store: Store) -> None:
        """An inner one is undone alone, an outer one with what was kept inside it."""
        with store.transaction(write=True) as tx:
            with tx.savepoint():
                tx.put("plain", {"a": {}})
                with pytest.raises(Undo), tx.savepoint():
                    with tx.savepoint():
                        tx.put("plain", {"b": {}})
                    raise Undo
                with tx.savepoint():
                    tx.put("plain", {"c": {}})
            with pytest.raises(Undo), tx.savepoint():
                with tx.savepoint():
                    tx.delete("plain", ["a"])
                raise Undo
        with store.transaction(write=False) as tx:
            assert dict(tx.scan("plain")) == {"a": {}, "c": {}}

    @pytest.mark.parametrize("undone", [range(12), range(0, 12, 2), (3,), (11,), (0,)])
    def test_savepoints_nest_deeply(self, store: Store, undone: Iterable[int]) -> None:
        """Undoing one undoes what happened in it, at whatever depth, and nothing else."""
        depth = 12

        def nest(tx: Transaction, level: int) -> None:
            if level == depth:
                return
            key = f"{level:02}"
            before = contents(tx)
            with suppress(Undo), tx.savepoint():
                tx.put("plain", {key: {"level": level}, "1": {"x": key}})
                tx.put("thing", {key: thing(f"n{key}", colour="red")})
                tx.retire(["ann"], at=AT, by=key)
                tx.claim([(FIRST_ID + 20 + level, "ann")], Claim(at=AT, by=key))
                inside = contents(tx)
                nest(tx, level + 1)
                if level + 1 in undone:
                    assert contents(tx) == inside
                if level in undone:
                    raise Undo
            if level in undone:
                assert contents(tx) == before

        with store.transaction(write=True) as tx:
            fill(tx)
            nest(tx, 0)
            kept = range(min(undone))
            living = FIRST_ID + 20 + kept[-1] if kept else FIRST_ID
            assert [key for key, _ in tx.scan("plain")] == sorted({"1", *(f"{i:02}" for i in kept)})
            assert tx.current(["ann"]) == {"ann": living}
            inside = contents(tx)
        with store.transaction(write=False) as tx:
            assert contents(tx) == inside

    def test_savepoints_follow_each_other(self, store: Store) -> None:
        """However many a transaction has had, each is undone or kept."""
        with store.transaction(write=True) as tx:
            for n in range(40):
                with suppress(Undo), tx.savepoint():
                    tx.put("plain", {f"{n:02}": {}})
                    tx.claim([(FIRST_ID + n, f"{n}")], Claim(at=AT))
                    if n % 2:
                        raise Undo
        with store.transaction(write=False) as tx:
            assert [key for key, _ in tx.scan("plain")] == [f"{n:02}" for n in range(0, 40, 2)]
            assert list(tx.issued_ids()) == [FIRST_ID + n for n in range(0, 40, 2)]

    def test_kept_savepoints_fall_with_their_transaction(self, store: Store) -> None:
        """A savepoint is no commit."""
        with pytest.raises(Undo), store.transaction(write=True) as tx:
            with tx.savepoint():
                fill(tx)
            raise Undo
        with store.transaction(write=False) as tx:
            assert (tx.count(), list(tx.scan("thing"))) == (0, [])

    def test_a_failed_call_leaves_the_transaction_usable(self, store: Store) -> None:
        """A DuplicateKeyError that is caught is as if the call had not been made."""
        with store.transaction(write=True) as tx:
            fill(tx)
            for _ in range(3):
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"7": thing("a"), "8": thing("h")})
                with pytest.raises(DuplicateKeyError), tx.savepoint():
                    tx.put("plain", {"gone": {}})
                    tx.claim([(FIRST_ID + 40, "ann")], Claim(at=AT))
            tx.put("thing", {"8": thing("h")})
            inside = contents(tx)
        with store.transaction(write=False) as tx:
            assert contents(tx) == inside

    def test_a_savepoint_left_too_late_undoes_nothing(self, store: Store) -> None:
        """What the transaction committed stays committed."""
        with store.transaction(write=True) as tx:
            tx.put("plain", {"a": {}})
            block = tx.savepoint()
            block.__enter__()
            tx.put("plain", {"b": {}})
        with suppress(StoreError):
            block.__exit__(Undo, Undo(), None)
        with store.transaction(write=False) as tx:
            assert "a" in dict(tx.scan("plain"))

    def test_savepoints_in_a_reading_transaction(self, store: Store) -> None:
        """They are allowed; there is nothing to undo."""
        with store.transaction(write=False) as tx, tx.savepoint():
            assert tx.count() == 0
