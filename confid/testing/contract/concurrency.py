"""The contract's part on several at once: locks, threads, exclusive transactions."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from confid.errors import StoreError
from confid.store.base import FIRST_ID, Claim
from confid.testing.contract.common import (
    AT,
    LATER,
    ContractBase,
    Undo,
    change,
    contents,
    fill,
    thing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.store.base import Lock, Store, Transaction

# ruff: noqa: S101 - the tests of the contract assert

# ruff: noqa: PT012 - what happens in a block before it is undone is the point of many

A_WHILE = 0.05
"""Seconds after which a call that still waits is taken to be waiting for a lock."""


class ConcurrencyContract(ContractBase):
    """What a store promises when several use it at once."""

    # Exclusive transactions.

    def test_an_exclusive_transaction_is_a_writing_one(self, store: Store) -> None:
        """It commits when its block ends, and is rolled back when an exception leaves it."""
        with store.exclusive() as tx:
            fill(tx)
            inside = contents(tx)
        with pytest.raises(Undo), store.exclusive() as tx:
            change(tx)
            raise Undo
        with store.transaction(write=False) as tx:
            assert contents(tx) == inside

    @pytest.mark.parametrize("first", ["exclusive", "writing"])
    def test_an_exclusive_transaction_is_alone(self, store: Store, first: str) -> None:
        """It waits for a writer that has begun, and a writer that comes later waits for it.

        What the first one read before, on documents that are not even there,
        still holds when it writes: nothing came in between.
        """
        begun, seen = threading.Event(), []

        def come_later() -> None:
            begun.wait(30)
            with store.transaction(write=True) if first == "exclusive" else store.exclusive() as tx:
                seen.append(tx.get("plain", ["first"]))
                tx.put("plain", {"second": {}})

        with ThreadPoolExecutor(1) as pool:
            later = pool.submit(come_later)
            with store.exclusive() if first == "exclusive" else store.transaction(write=True) as tx:
                assert tx.get("plain", ["first", "second"]) == {}
                begun.set()
                threading.Event().wait(A_WHILE)
                assert tx.get("plain", ["second"]) == {}
                assert not seen
                tx.put("plain", {"first": {}})
            later.result(timeout=30)
        assert seen == [{"first": {}}]

    # Locks.

    def test_the_later_of_two_who_lock_waits(self, store: Store) -> None:
        """Whether or not the document is there, for the end of the earlier transaction."""
        locks: list[tuple[Lock, Lock]] = [(True, True), ("shared", True), (True, "shared")]
        for (first, second), undo in itertools.product(locks, (False, True)):
            for key in ("there", "absent"):
                self._the_later_waits(store, key, first, second, undo=undo)

    def _the_later_waits(
        self, store: Store, key: str, first: Lock, second: Lock, *, undo: bool
    ) -> None:
        self.in_transaction(store, lambda tx: tx.put("plain", {"there": {"x": 0}}))
        self.in_transaction(store, lambda tx: tx.delete("plain", ["absent"]))
        before = {"there": {"x": 0}} if key == "there" else {}

        def read() -> object:
            with store.transaction(write=True) as tx:
                return tx.get("plain", [key, "other"], lock=second)

        with ThreadPoolExecutor(1) as pool:
            with suppress(Undo), store.transaction(write=True) as tx:
                assert tx.get("plain", ["other", key], lock=first) == before
                later = pool.submit(read)
                assert wait([later], timeout=A_WHILE).not_done, "it didn't wait"
                tx.put("plain", {key: {"x": 1}})
                if undo:
                    raise Undo
            assert later.result(timeout=30) == (before if undo else {key: {"x": 1}})

    @pytest.mark.parametrize("lock", [True, "shared"])
    def test_nobody_writes_what_is_locked(self, store: Store, lock: Lock) -> None:
        """Not even without a lock of their own: what was read holds until the end."""
        documents = {"1": thing("a"), "2": thing("b")}
        writes: list[Callable[[Transaction], object]] = [
            lambda tx: tx.put("thing", {"1": thing("c")}),
            lambda tx: tx.put("thing", {"2": thing("c"), "3": thing("d")}),
            lambda tx: tx.delete("thing", ["2"]),
        ]
        for write in writes:
            self.in_transaction(store, lambda tx: tx.put("thing", documents))
            with ThreadPoolExecutor(1) as pool:
                with store.transaction(write=True) as tx:
                    assert tx.get("thing", ["1", "2"], lock=lock) == documents
                    later = pool.submit(self.in_transaction, store, write)
                    assert wait([later], timeout=A_WHILE / 2).not_done, "it didn't wait"
                    assert tx.get("thing", ["1", "2"]) == documents
                later.result(timeout=30)
            self.in_transaction(store, lambda tx: tx.delete("thing", ["1", "2", "3"]))

    @pytest.mark.parametrize("undo", [False, True])
    def test_a_claim_waits_for_an_earlier_one(self, store: Store, undo: bool) -> None:
        """An ID that was committed meanwhile is refused; one that was rolled back is free."""

        def claim() -> set[int]:
            with store.transaction(write=True) as tx:
                return tx.claim([(FIRST_ID, "bob"), (FIRST_ID + 1, "cyd")], Claim(at=AT))

        with ThreadPoolExecutor(1) as pool:
            with suppress(Undo), store.transaction(write=True) as tx:
                assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == {FIRST_ID}
                later = pool.submit(claim)
                assert wait([later], timeout=A_WHILE).not_done, "it didn't wait"
                if undo:
                    raise Undo
            accepted = later.result(timeout=30)
        assert accepted == ({FIRST_ID, FIRST_ID + 1} if undo else {FIRST_ID + 1})
        with store.transaction(write=False) as tx:
            assert tx.lookup([FIRST_ID])[FIRST_ID].owner == ("bob" if undo else "ann")

    # Threads.

    def test_several_at_once_are_as_one_after_the_other(self, store: Store) -> None:
        """One living ID per owner, one document per unique value, one retirement per ID."""
        self.in_transaction(store, fill)
        barrier = threading.Barrier(4)

        def at_once(act: Callable[[Transaction, int], object]) -> list[object]:
            def run(n: int) -> object:
                barrier.wait(30)
                try:
                    with store.transaction(write=True) as tx:
                        return act(tx, n)
                except StoreError:
                    return None

            return [answer for answer in pool.map(run, range(4)) if answer]

        with ThreadPoolExecutor(4) as pool:
            for turn in range(5):
                first = FIRST_ID + 100 + 10 * turn

                def claim(tx: Transaction, n: int, first: int = first) -> object:
                    return tx.claim([(first + n, "new")], Claim(at=AT))

                def put(tx: Transaction, n: int, turn: int = turn) -> object:
                    tx.put("thing", {f"{turn}/{n}": thing(f"name {turn}")})
                    return n + 1

                assert len(at_once(claim)) == 1
                assert len(at_once(put)) == 1
                assert len(at_once(lambda tx, _: tx.retire(["new"], at=LATER))) == 1
        with store.transaction(write=False) as tx:
            assert [entry.serial for entry in tx.history("new")] == [1, 2, 3, 4, 5]
            assert len(tx.find("thing", "name", [f"name {turn}" for turn in range(5)])) == 5  # noqa: PLR2004 - turns

    def test_read_then_write_loses_nothing(self, store: Store) -> None:
        """Of two who read one document with `lock` and write it, the later one waits."""
        self.in_transaction(store, lambda tx: tx.put("plain", {"n": {"x": 0}}))

        def count_on(_: int) -> None:
            with store.transaction(write=True) as tx:
                body = tx.get("plain", ["n"], lock=True)["n"]
                tx.put("plain", {"n": {"x": body["x"] + 1}})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count_on, range(40)))
        with store.transaction(write=False) as tx:
            assert tx.get("plain", ["n"]) == {"n": {"x": 40}}

    def test_locks_are_taken_in_key_order(self, store: Store) -> None:
        """Two who name the same documents in other orders don't wait for each other for ever."""
        keys = [f"{i:02}" for i in range(20)]
        self.in_transaction(store, lambda tx: tx.put("plain", {key: {} for key in keys}))

        def lock(n: int) -> None:
            with store.transaction(write=True) as tx:
                got = tx.get("plain", keys if n % 2 else keys[::-1], lock=True)
                tx.put("plain", got)

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(lock, n) for n in range(40)]:
                done.result(timeout=60)

    def test_one_id_goes_to_one_thread(self, store: Store) -> None:
        """Threads that all propose the same IDs share them out; none is accepted twice."""
        ids = range(FIRST_ID, FIRST_ID + 100)
        barrier = threading.Barrier(4)

        def claim(n: int) -> list[int]:
            accepted: list[int] = []
            with suppress(threading.BrokenBarrierError):
                for i in ids:
                    barrier.wait()  # at each, for a thread that is ahead meets nobody
                    try:
                        with store.transaction(write=True) as tx:
                            accepted += tx.claim([(i, f"{n}-{i}")], Claim(at=AT))
                    except BaseException:
                        barrier.abort()
                        raise
            return accepted

        with ThreadPoolExecutor(4) as pool:
            accepted = list(itertools.chain(*pool.map(claim, range(4))))
        assert sorted(accepted) == list(ids)
