"""The contract's part on the ledger: claim, retire, and the ways to read it."""

from __future__ import annotations

import itertools
from datetime import timedelta, timezone

import attrs
import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    ISSUED,
    LAST_ID,
    Claim,
    LedgerEntry,
    Store,
    Transaction,
)
from confid.testing.contract.common import AT, LATER, ContractBase, Undo, contents, fill, same

# ruff: noqa: S101 - the tests of the contract assert
# ruff: noqa: PLR2004 - and a number in them is their point
# ruff: noqa: PT012 - what happens in a block before it is undone is the point of many


MOMENTS = tuple(AT + timedelta(days=days) for days in (-3_650, 0, 1, 366, 36_500))
"""Clocks of callers: a ledger forgets nothing after years, nor before."""


class LedgerContract(ContractBase):
    """What a store promises of the ledger."""

    # The ledger: claim.

    def test_a_new_ledger_is_empty(self, tx: Transaction) -> None:
        """Nobody has an ID, no ID has an owner."""
        assert (tx.count(), tx.has_issued(), list(tx.entries())) == (0, False, [])
        assert (tx.history("ann"), tx.current(["ann"]), tx.lookup([FIRST_ID])) == ([], {}, {})

    def test_claim_enters_all_facts(self, tx: Transaction) -> None:
        """Each entry says what, whose, where from, when and by whom, to the microsecond, in UTC."""
        every = itertools.product((ISSUED, IMPORTED), ("admin", None), (False, True), (1, 3))
        large = [(ISSUED, "admin", False, 1_100), (IMPORTED, None, True, 1_100)]
        for origin, by, retired, count in self._anew(tx, [*every, *large]):
            elsewhere = AT.astimezone(timezone(timedelta(hours=-8)))
            entries = [
                LedgerEntry(
                    conference_id=FIRST_ID + n,
                    owner=f"owner {n}",
                    serial=1,
                    origin=origin,
                    issued_at=AT,
                    issued_by=by,
                    retired_at=AT if retired else None,
                    retired_by=by if retired else None,
                )
                for n in range(count)
            ]
            rows = {entry.conference_id: entry for entry in entries}
            living = {} if retired else {entry.owner: entry.conference_id for entry in entries}
            claim = Claim(at=elsewhere, by=by, origin=origin, retired=retired)
            same(
                tx.claim([(entry.conference_id, entry.owner) for entry in entries], claim),
                set(rows),
            )
            same(tx.lookup([*rows, LAST_ID]), rows)
            same(list(tx.entries()), entries)
            same(tx.lookup([FIRST_ID])[FIRST_ID].issued_at.utcoffset(), timedelta(0))
            same([tx.history(entry.owner) for entry in entries[:3]], [[e] for e in entries[:3]])
            same(tx.current([entry.owner for entry in entries]), living)
            assert tx.has_issued() is (origin == ISSUED)

    @pytest.mark.parametrize("others", [0, 3, 1_100])
    def test_an_id_in_the_ledger_is_refused(self, tx: Transaction, others: int) -> None:
        """Living or retired, issued or imported, whoever proposes it, and whenever.

        The rows stay as they are, and the free ones beside it are accepted.
        """
        fill(tx)
        tx.claim([(FIRST_ID + 4, "eve"), (FIRST_ID + 5, "flo")], Claim(at=AT, origin=IMPORTED))
        tx.retire(["flo"], at=LATER, by="admin")
        before = list(tx.entries())
        rest = [(FIRST_ID + 10 + n, f"other {n}") for n in range(others)]
        claims = [
            Claim(at=at, by="second", origin=origin, retired=retired)
            for at in MOMENTS
            for origin in (ISSUED, IMPORTED)
            for retired in (False, True)
        ]
        for claim in claims if not others else claims[-1:]:
            for entry in before:
                for owner in {entry.owner, "bob", "new"} if not others else {entry.owner}:
                    with pytest.raises(Undo), tx.savepoint():
                        accepted = tx.claim([(entry.conference_id, owner), *rest], claim)
                        same(accepted, {i for i, _ in rest})
                        same(list(tx.entries())[: len(before)], before)
                        raise Undo
            every = [(entry.conference_id, f"new {n}") for n, entry in enumerate(before)]
            same(tx.claim(every, claim), set())
        same(list(tx.entries()), before)

    def test_an_owner_has_one_living_id(self, tx: Transaction) -> None:
        """A second one is a DuplicateKeyError, and nothing of the call is entered."""
        for others in self._anew(tx, (0, 3)):
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            before = contents(tx)
            rest = [(FIRST_ID + 10 + i, f"other {i}") for i in range(others)]
            with pytest.raises(DuplicateKeyError) as raised:
                tx.claim([*rest, (FIRST_ID + 20, "ann")], Claim(at=AT))
            assert (raised.value.kind, raised.value.field) == ("ledger", "owner")
            assert contents(tx) == before

    def test_a_refused_proposal_is_no_second_living_id(self, tx: Transaction) -> None:
        """An owner with a living ID whose proposal stands in the ledger is just refused."""
        tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT))
        assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == set()
        assert tx.claim([(FIRST_ID, "bob"), (FIRST_ID + 2, "cyd")], Claim(at=AT)) == {FIRST_ID + 2}

    def test_a_retired_claim_is_history_from_the_start(self, tx: Transaction) -> None:
        """It may stand beside a living ID and gives the owner none."""
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        claim = Claim(at=LATER, by="importer", origin=IMPORTED, retired=True)
        proposals = [(FIRST_ID + 1, "ann"), (FIRST_ID + 2, "bob")]
        assert tx.claim(proposals, claim) == {FIRST_ID + 1, FIRST_ID + 2}
        assert tx.current(["ann", "bob"]) == {"ann": FIRST_ID}
        entry = tx.lookup([FIRST_ID + 1])[FIRST_ID + 1]
        assert (entry.retired_at, entry.retired_by, entry.serial) == (LATER, "importer", 2)
        tx.claim([(FIRST_ID + 3, "bob")], Claim(at=LATER))
        assert tx.current(["bob"]) == {"bob": FIRST_ID + 3}

    def test_an_id_outside_the_range_is_refused(self, tx: Transaction) -> None:
        """With an error, and nothing of the call is entered; the range's ends are inside."""
        outside = (0, -1, FIRST_ID - 1, LAST_ID + 1, 2**31, 10**20)
        for conference_id in self._anew(tx, outside):
            for rest in ([], [(FIRST_ID, "ann"), (LAST_ID, "bob")]):
                with pytest.raises(StoreError):
                    tx.claim([*rest, (conference_id, "cyd")], Claim(at=AT))
                assert tx.count() == 0
            assert tx.claim([(FIRST_ID, "ann"), (LAST_ID, "bob")], Claim(at=AT)) == {
                FIRST_ID,
                LAST_ID,
            }

    def test_an_id_or_owner_twice_in_a_call_is_refused(self, tx: Transaction) -> None:
        """`claim` answers with IDs: two owners of one ID would both think that it is theirs."""
        for proposals in (
            [(FIRST_ID, "ann"), (FIRST_ID, "bob")],
            [(FIRST_ID, "ann"), (FIRST_ID + 1, "ann")],
            [(FIRST_ID, "ann"), (FIRST_ID, "ann")],
        ):
            for retired in (False, True):
                with pytest.raises(StoreError):
                    tx.claim(proposals, Claim(at=AT, retired=retired))
        assert tx.count() == 0

    def test_serials_count_an_owners_ids(self, tx: Transaction) -> None:
        """One more than the owner's last, whatever the clock or the IDs say."""
        for n, conference_id in enumerate((FIRST_ID + 50, FIRST_ID + 10, FIRST_ID + 90)):
            at = AT - timedelta(days=n)
            tx.retire(["ann"], at=at)
            tx.claim([(conference_id, "ann"), (conference_id + 1, f"other {n}")], Claim(at=at))
        history = tx.history("ann")
        assert [entry.conference_id - FIRST_ID for entry in history] == [50, 10, 90]
        assert [entry.serial for entry in history] == [1, 2, 3]
        assert [entry.retired_at is None for entry in history] == [False, False, True]
        assert [entry.serial for entry in tx.history("other 2")] == [1]

    def test_serials_go_on_after_a_rollback(self, store: Store) -> None:
        """What was rolled back was never issued: its serial is given again, and its ID too."""
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            with pytest.raises(Undo), tx.savepoint():
                tx.retire(["ann"], at=AT)
                tx.claim([(FIRST_ID + 1, "ann")], Claim(at=AT))
                raise Undo
            tx.retire(["ann"], at=LATER)
            assert tx.claim([(FIRST_ID + 1, "ann")], Claim(at=LATER)) == {FIRST_ID + 1}
            assert [entry.serial for entry in tx.history("ann")] == [1, 2]

    def test_a_naive_moment_is_refused(self, tx: Transaction) -> None:
        """Nobody knows when it is."""
        naive = AT.replace(tzinfo=None)
        with pytest.raises(StoreError):
            Claim(at=naive)
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        with pytest.raises(StoreError):
            tx.retire(["ann"], at=naive)
        assert tx.current(["ann"]) == {"ann": FIRST_ID}

    # The ledger: retire, and the ways to read it.

    def test_retire_ends_living_ids(self, tx: Transaction) -> None:
        """The answer says which; who has none is absent; the entry says when and by whom."""
        tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT, by="first"))
        before = tx.lookup([FIRST_ID])[FIRST_ID]
        elsewhere = LATER.astimezone(timezone(timedelta(hours=9)))
        assert tx.retire(["ann", "nobody", "ann"], at=elsewhere, by="admin") == {"ann": FIRST_ID}
        assert tx.current(["ann", "bob"]) == {"bob": FIRST_ID + 1}
        after = attrs.evolve(before, retired_at=LATER, retired_by="admin")
        assert tx.lookup([FIRST_ID]) == {FIRST_ID: after}
        assert tx.history("ann") == [after]
        assert tx.lookup([FIRST_ID + 1])[FIRST_ID + 1].retired_at is None

    @pytest.mark.parametrize(("by", "count"), [("last", 1), (None, 1), (None, 2), ("last", 1_100)])
    def test_retire_touches_living_entries_only(
        self, store: Store, by: str | None, count: int
    ) -> None:
        """Older and newer entries of the same owner stay as they are, and so do other owners.

        The living ID is neither the newest nor the largest nor the smallest.
        """
        owners = [f"owner {n}" for n in range(count)]
        step = 2_000
        with store.transaction(write=True) as tx:
            for n, retired in enumerate((False, True, False, True, True)):
                first = FIRST_ID + step * (3, 5, 2, 1, 4)[n]
                at = AT + timedelta(hours=n)
                proposals = [(first + i, owner) for i, owner in enumerate([*owners, "other"])]
                tx.retire([*owners, "other"] if n == 2 else [], at=at, by=f"retired {n}")
                tx.claim(proposals, Claim(at=at, by=f"claimed {n}", retired=retired))
            before = list(tx.entries())
            living = {owner: FIRST_ID + step * 2 + i for i, owner in enumerate(owners)}
            other = FIRST_ID + step * 2 + count
            same(tx.current([*owners, "other"]), {**living, "other": other})
            same(tx.living([*owners, "nobody"]), {o: (i, 3) for o, i in living.items()})
            same(tx.retire([*owners, "nobody"], at=LATER, by=by), living)
            after = [
                attrs.evolve(entry, retired_at=LATER, retired_by=by)
                if entry.conference_id in living.values()
                else entry
                for entry in before
            ]
            same(list(tx.entries()), after)
            same(tx.current([*owners, "other"]), {"other": other})
            same(tx.living([*owners, "other"]), {"other": (other, 3)})
        with store.transaction(write=False) as tx:
            same(list(tx.entries()), after)
            same(tx.current(owners), {})
        same([store.holder(i) for i in (living[owners[0]], other)], [None, ("other", [])])

    def test_exchange_retires_and_claims(self, tx: Transaction) -> None:
        """Living IDs are retired, those of owners whose proposal is refused too; no other is."""
        for by, count in self._anew(tx, [("last", 1), (None, 1), ("last", 2), (None, 1_100)]):
            owners = [f"owner {n}" for n in range(count)]
            tx.claim(
                [(FIRST_ID + n, owner) for n, owner in enumerate([*owners, "other"])], Claim(at=AT)
            )
            tx.claim([(LAST_ID, "first")], Claim(at=AT, by="admin", retired=True))
            claim = Claim(at=LATER, by=by)
            proposals = [(FIRST_ID + 5_000 + n, owner) for n, owner in enumerate([*owners, "new"])]
            refused = [(LAST_ID, owner) for _, owner in proposals[:1]]
            same(tx.exchange(refused + proposals[1:], claim), {i for i, _ in proposals[1:]})
            same(tx.lookup([LAST_ID])[LAST_ID].owner, "first")
            living = {"other": FIRST_ID + count, **{owner: i for i, owner in proposals[1:]}}
            same(tx.current([*owners, "other", "new", "first"]), living)
            same(tx.exchange(proposals[:1], claim), {i for i, _ in proposals[:1]})
            ended = [
                tx.lookup([FIRST_ID])[FIRST_ID],
                tx.lookup([FIRST_ID + count - 1]).popitem()[1],
            ]
            same([(entry.retired_at, entry.retired_by) for entry in ended], [(LATER, by)] * 2)
            history = tx.history(owners[-1])
            same(
                [(entry.serial, entry.issued_by, entry.retired_by) for entry in history],
                [(1, None, by), (2, by, None)],
            )

    def test_an_exchange_that_is_refused_does_nothing(self, tx: Transaction) -> None:
        """No living ID is retired for a proposal that can't be."""
        fill(tx)
        before = contents(tx)
        for wrong in ((LAST_ID + 1, "ann"), (FIRST_ID + 50, "a\0b"), (FIRST_ID + 50, "bob")):
            with pytest.raises(StoreError):
                tx.exchange([(FIRST_ID + 50, "ann"), wrong], Claim(at=LATER))
        with pytest.raises(StoreError):
            tx.exchange([(FIRST_ID + 50, "ann")], Claim(at=LATER, by="\0"))
        assert tx.exchange([], Claim(at=LATER)) == set()
        assert contents(tx) == before

    def test_retiring_twice_changes_nothing(self, tx: Transaction) -> None:
        """A retired ID stays retired, and when and by whom stays as it was."""
        fill(tx)
        tx.retire(["ann"], at=AT, by="first")
        before = contents(tx)
        for owners in (["ann"], ["ann", "cyd"], ["nobody"]):
            assert tx.retire(owners, at=LATER, by="second") == {}
        assert contents(tx) == before

    def test_the_holder_of_a_living_id(self, store: Store) -> None:
        """The owner, their documents of some kinds, and others, in the order asked for."""
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT))
            tx.put("thing", {"ann": {"a": 1}, "bob": {"b": 1}})
            tx.put("plain", {"ann": {"a": 2}, "x": {"é'": [None]}})
        beside = [("plain", "x"), ("thing", "nothing"), ("thing", "bob")]
        assert store.holder(FIRST_ID) == ("ann", [])
        assert store.holder(FIRST_ID, owned=["plain", "thing"], beside=beside) == (
            "ann",
            [{"a": 2}, {"a": 1}, {"é'": [None]}, None, {"b": 1}],
        )
        assert store.holder(FIRST_ID + 1, owned=["plain"]) == ("bob", [None])

    def test_an_id_that_nobody_holds(self, store: Store) -> None:
        """Never issued, retired, or no conference ID at all."""
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            tx.put("plain", {"ann": {}})
            tx.retire(["ann"], at=LATER)
        for conference_id in (FIRST_ID, FIRST_ID + 1, LAST_ID, 0, -1, 10**9):
            assert store.holder(conference_id, owned=["plain"]) is None

    def test_a_holder_is_asked_of_an_open_store(self, store: Store) -> None:
        """With kinds that it was opened with, and text that can be stored."""
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        with pytest.raises(StoreError, match="opened with the kind"):
            store.holder(FIRST_ID, owned=["stranger"])
        with pytest.raises(StoreError, match="opened with the kind"):
            store.holder(FIRST_ID, beside=[("stranger", "ann")])
        with pytest.raises(StoreError, match="stored"):
            store.holder(FIRST_ID, beside=[("plain", "a\0b")])
        store.close()
        with pytest.raises(StoreError):
            store.holder(FIRST_ID)

    def test_entries_come_in_the_order_of_their_ids(self, tx: Transaction) -> None:
        """The whole ledger, retired ones too, from behind `after`; `issued_ids` has them all."""
        ids = [LAST_ID, FIRST_ID, FIRST_ID + 7, 5_000_000, FIRST_ID + 2]
        for n, conference_id in enumerate(ids):
            tx.claim([(conference_id, f"owner {n}")], Claim(at=AT))
        tx.retire(["owner 1", "owner 3"], at=LATER)
        assert [entry.conference_id for entry in tx.entries()] == sorted(ids)
        assert list(tx.issued_ids()) == sorted(ids)
        assert [e.conference_id for e in tx.entries(after=FIRST_ID + 2)] == sorted(ids)[2:]
        assert [e.conference_id for e in tx.entries(after=FIRST_ID + 3)] == sorted(ids)[2:]
        assert list(tx.entries(after=LAST_ID)) == []
        assert tx.lookup(ids) == {entry.conference_id: entry for entry in tx.entries()}
        assert tx.count() == len(ids)

    def test_has_issued_tells_issued_from_imported(self, tx: Transaction) -> None:
        """Imports leave it False; an issued one turns it True, and its retirement leaves it."""
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT, origin=IMPORTED))
        assert not tx.has_issued()
        with pytest.raises(Undo), tx.savepoint():
            tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
            assert tx.has_issued()
            raise Undo
        assert not tx.has_issued()
        tx.claim([(FIRST_ID + 2, "bob")], Claim(at=AT))
        tx.retire(["bob"], at=AT)
        assert tx.has_issued()

    def test_ids_come_out_as_plain_numbers(self, tx: Transaction) -> None:
        """Whatever subclass of int went in."""

        class Number(int):
            __slots__ = ()

        assert {type(i) for i in tx.claim([(Number(FIRST_ID), "ann")], Claim(at=AT))} == {int}
        assert [type(i) for i in tx.issued_ids()] == [int]
        assert [type(i) for i in tx.current(["ann"]).values()] == [int]
        assert [type(i) for i in tx.lookup([Number(FIRST_ID)])] == [int]
