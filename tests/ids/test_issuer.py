"""The loop between dice and ledger: every ID of the space exactly once, then an honest end."""

from __future__ import annotations

import inspect
import itertools
import random
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confid.errors import ConferenceIdsExhaustedError, StoreError
from confid.ids import issuer
from confid.ids.conference_id import ConferenceId
from confid.ids.dice import FreeSet, Space
from confid.ids.issuer import FreeIds, Issuer
from confid.store import FIRST_ID, Claim, MemoryStore, SQLiteStore, Store, Transaction
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from confid.ids.dice import Dice

    MakeStore = Callable[[], Store]

SPACE = Space(FIRST_ID, FIRST_ID + 63)
ALL = list(range(SPACE.first, SPACE.last + 1))
CLAIM = Claim(at=datetime(2026, 1, 2, tzinfo=UTC))


def seeded(seed: int) -> Dice:
    """Dice that give the same bytes again for the same seed."""
    return random.Random(seed).randbytes


def stuck(word: int) -> Dice:
    """Dice that always give the same word."""
    return lambda count: struct.pack("=Q", word) * (count // 8)


# `make_store` is a factory: every example has a store of its own.
FEW = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class _Undo(Exception):  # noqa: N818 - it is no error, it rolls back
    """Leaves a block to have it undone."""


@attrs.define
class Office:
    """Issues from a store as a session does: a transaction a call, a free set kept between."""

    store: Store
    dice: Dice
    space: Space = SPACE
    free_ids: FreeIds = attrs.field(factory=FreeIds)

    def issue(self, *owners: str, undo: bool = False) -> list[int]:
        """IDs for new owners, or None of it."""
        with self.store.transaction(write=True) as transaction:
            issuer = Issuer(transaction, space=self.space, dice=self.dice, free_ids=self.free_ids)
            try:
                issued = issuer.issue(owners, CLAIM)
                if undo:
                    raise _Undo  # noqa: TRY301 - as a caller's mistake would come
            except BaseException:
                issuer.put_back()
                raise
        assert sorted(issued) == sorted(owners)
        assert {type(i) for i in issued.values()} == {ConferenceId}
        return [int(issued[owner]) for owner in owners]

    def ledger(self) -> list[int]:
        """Every ID in the ledger."""
        with self.store.transaction(write=False) as transaction:
            return list(transaction.issued_ids())


@pytest.fixture(params=["memory", "sqlite"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Makes opened stores, each on a place of its own."""
    numbers = itertools.count()
    made: list[Store] = []

    def make() -> Store:
        store = (
            MemoryStore()
            if request.param == "memory"
            else SQLiteStore(tmp_path / f"{next(numbers)}.db")
        )
        store.open([])
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


def names() -> Iterator[str]:
    """Owners who are new every time."""
    return map("owner {}".format, itertools.count())


def take(office: Office, owners: Iterator[str], count: int, **how: Any) -> list[int]:
    """Issue to the next `count` owners."""
    return office.issue(*itertools.islice(owners, count), **how)


# To the last ID.


@pytest.mark.parametrize("seed", range(3))
def test_singly_to_the_last_id(make_store: MakeStore, seed: int) -> None:
    """Sixty-four calls give sixty-four IDs, the next one and every later one is the error."""
    office, owners = Office(make_store(), seeded(seed)), names()
    issued = [i for _ in ALL for i in take(office, owners, 1)]
    assert sorted(issued) == ALL
    for _ in range(3):
        with pytest.raises(ConferenceIdsExhaustedError):
            take(office, owners, 1)
    assert office.ledger() == ALL


@pytest.mark.parametrize("sizes", [[64], [32, 32], [33, 31], [1, 62, 1], [7] * 9 + [1], [60, 2, 2]])
def test_in_bulk_to_the_last_id(make_store: MakeStore, sizes: list[int]) -> None:
    """Whatever the calls' sizes: each ID exactly once, and nobody is left out before the end."""
    office, owners = Office(make_store(), seeded(1)), names()
    assert sorted(i for size in sizes for i in take(office, owners, size)) == ALL
    with pytest.raises(ConferenceIdsExhaustedError):
        take(office, owners, 2)


def test_more_owners_than_ids_is_all_or_nothing(make_store: MakeStore) -> None:
    """The call that can't serve everybody serves nobody; a smaller one then gets the rest."""
    office, owners = Office(make_store(), seeded(2)), names()
    take(office, owners, 50)
    before = office.ledger()
    for size in (15, 40, 1_000):
        with pytest.raises(ConferenceIdsExhaustedError):
            take(office, owners, size)
        assert office.ledger() == before
    assert len(take(office, owners, 14)) == 14


@FEW
@given(
    calls=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=30),
    seed=st.integers(0, 2**32),
)
def test_rollbacks_on_the_way_lose_nothing(
    make_store: MakeStore, calls: list[tuple[int, bool]], seed: int
) -> None:
    """A rolled-back ID was never issued: in the end every ID is issued exactly once."""
    office, owners = Office(make_store(), seeded(seed)), names()
    issued: list[int] = []
    for size, undo in calls:
        if len(issued) + size > len(ALL):
            with pytest.raises(ConferenceIdsExhaustedError):
                take(office, owners, size)
        elif undo:
            with pytest.raises(_Undo):
                take(office, owners, size, undo=True)
        else:
            issued += take(office, owners, size)
    while len(issued) < len(ALL):
        issued += take(office, owners, 1)
    assert sorted(issued) == ALL
    with pytest.raises(ConferenceIdsExhaustedError):
        take(office, owners, 1)


def test_resets_use_ids_up(make_store: MakeStore) -> None:
    """A retired ID is never issued again, not even to its former owner."""
    office = Office(make_store(), seeded(3))
    issued = []
    for _ in ALL:
        with office.store.transaction(write=True) as transaction:
            transaction.retire(["ann"], at=CLAIM.at)
        issued += office.issue("ann")
    assert sorted(issued) == ALL
    with pytest.raises(ConferenceIdsExhaustedError):
        office.issue("bob")


def test_a_rollback_gives_its_ids_back_at_once(make_store: MakeStore) -> None:
    """The drawn IDs are in the free set again, so no further scan is needed."""
    office, owners = Office(make_store(), seeded(19)), names()
    with pytest.raises(_Undo):
        take(office, owners, 40, undo=True)
    assert office.free_ids.set is not None
    assert sorted(office.free_ids.set.draw(100, seeded(1))) == ALL


@pytest.mark.parametrize("size", [1, 40])
def test_a_ledger_that_hides_ids_is_an_error(make_store: MakeStore, size: int) -> None:
    """A store that refuses IDs which its scan doesn't show ends in a StoreError, not in a hang."""
    office, owners = Office(make_store(), seeded(20)), names()
    take(office, owners, 64)
    with office.store.transaction(write=True) as transaction:
        blind = Blind(transaction)
        issuer = Issuer(blind, space=SPACE, dice=seeded(20), free_ids=FreeIds())  # type: ignore[arg-type]  # a broken one
        with pytest.raises(StoreError):
            issuer.issue([*itertools.islice(owners, size)], CLAIM)


def test_a_space_of_one(make_store: MakeStore) -> None:
    """The smallest space."""
    office = Office(make_store(), seeded(4), space=Space(FIRST_ID, FIRST_ID))
    assert office.issue("ann") == [FIRST_ID]
    with pytest.raises(ConferenceIdsExhaustedError):
        office.issue("bob")


def test_ids_outside_the_space_dont_count(make_store: MakeStore) -> None:
    """Imported IDs may be anywhere in the seven-digit range."""
    office, owners = Office(make_store(), seeded(5)), names()
    with office.store.transaction(write=True) as transaction:
        transaction.claim([(FIRST_ID + 100 + i, f"import {i}") for i in range(100)], CLAIM)
    assert sorted(take(office, owners, 64)) == ALL


# The end is honest.


def watch_scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes how many IDs each scan of the ledger has found free."""
    found: list[int] = []
    scan = FreeIds.scan

    def watched(self: FreeIds, *scanned: Any) -> FreeSet:
        free = scan(self, *scanned)
        found.append(len(free))
        return free

    monkeypatch.setattr(FreeIds, "scan", watched)
    return found


@pytest.mark.parametrize("size", [1, 2, 40])
def test_the_end_comes_after_a_fresh_scan_only(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Exhaustion is reported only after a scan by this call that found nothing."""
    office, owners = Office(make_store(), seeded(6)), names()
    take(office, owners, 64)
    found = watch_scans(monkeypatch)
    for _ in range(2):
        found.clear()
        with pytest.raises(ConferenceIdsExhaustedError):
            take(office, owners, size)
        assert found[-1] == 0


@pytest.mark.parametrize("left", [1, 3])
def test_a_stale_free_set_is_no_end(make_store: MakeStore, left: int) -> None:
    """Another session has issued what this one still believes free: the rest is still found."""
    space = Space(FIRST_ID, FIRST_ID + 299)
    store, owners = make_store(), names()
    mine, theirs = (Office(store, seeded(seed), space=space) for seed in (7, 8))
    with store.transaction(write=True) as transaction:
        mine.free_ids.scan(transaction, space)
    taken = take(theirs, owners, 300 - left)
    assert mine.free_ids.set is not None
    assert len(mine.free_ids.set) == 300
    issued = [i for _ in range(left) for i in take(mine, owners, 1)]
    assert sorted(issued + taken) == list(range(space.first, space.last + 1))
    with pytest.raises(ConferenceIdsExhaustedError):
        take(mine, owners, 1)


def store_ids(store: Store) -> list[int]:
    """Every ID in the ledger."""
    with store.transaction(write=False) as transaction:
        return list(transaction.issued_ids())


@pytest.mark.parametrize("left", [2, 40])
def test_a_stale_free_set_is_no_end_in_bulk(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """A stale free set costs one more scan, not one refusal for each of its IDs."""
    space = Space(FIRST_ID, FIRST_ID + 999)
    store, owners = make_store(), names()
    mine, theirs = (Office(store, seeded(seed), space=space) for seed in (9, 10))
    with store.transaction(write=True) as transaction:
        mine.free_ids.scan(transaction, space)
    take(theirs, owners, 1000 - left)
    found = watch_scans(monkeypatch)
    take(mine, owners, left)
    assert len(store_ids(store)) == 1000
    assert len(found) == 1


@FEW
@given(
    calls=st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.booleans()), max_size=40),
    seed=st.integers(0, 2**32),
)
def test_two_sessions_share_a_store(
    make_store: MakeStore, calls: list[tuple[bool, int, bool]], seed: int
) -> None:
    """In turn, with rollbacks, each with a free set of its own that the other makes stale."""
    store, owners = make_store(), names()
    offices = Office(store, seeded(seed)), Office(store, seeded(seed + 1))
    issued: list[int] = []
    for which, size, undo in calls:
        if len(issued) + size > len(ALL):
            break
        if undo:
            with pytest.raises(_Undo):
                take(offices[which], owners, size, undo=True)
        else:
            issued += take(offices[which], owners, size)
    for office in itertools.cycle(offices):
        if len(issued) == len(ALL):
            break
        issued += take(office, owners, 1)
    assert sorted(issued) == ALL == store_ids(store)


def test_threads_share_a_session(make_store: MakeStore) -> None:
    """Four threads, some of whose calls roll back, walk to the last ID together."""
    office = Office(make_store(), random.SystemRandom().randbytes)

    def work(n: int) -> list[int]:
        issued: list[int] = []
        for i in range(32):
            undo = i % 2 == 0
            try:
                issued += office.issue(f"{n}-{i}", undo=undo)
            except _Undo:
                assert undo
        return issued

    with ThreadPoolExecutor(4) as pool:
        issued = [i for part in pool.map(work, range(4)) for i in part]
    assert sorted(issued) == ALL == office.ledger()


def test_nearly_full_is_said(make_store: MakeStore) -> None:
    """The issuer knows from its refusals when less than a tenth is left."""
    space = Space(FIRST_ID, FIRST_ID + 999)
    store = make_store()

    def is_nearly_full(size: int) -> bool:
        with store.transaction(write=True) as transaction:
            issuer = Issuer(transaction, space=space, dice=seeded(11), free_ids=FreeIds())
            issuer.issue([f"{size}-{i}" for i in range(size)], CLAIM)
            return issuer.nearly_full

    assert not is_nearly_full(300)
    assert not is_nearly_full(2)
    assert is_nearly_full(650)


# Bad dice.


@pytest.mark.parametrize(("word", "size"), [(0, 1), (2**63, 31), (2**64 - 1, 2), (2**64 - 1, 64)])
def test_dice_that_repeat_themselves_never_issue_twice(
    make_store: MakeStore, word: int, size: int
) -> None:
    """They end in the free set, with every ID issued once, and not in a hang."""
    office, owners = Office(make_store(), stuck(word)), names()
    sizes = [size] * (64 // size) + [1] * (64 % size)
    assert sorted(i for n in sizes for i in take(office, owners, n)) == ALL
    with pytest.raises(ConferenceIdsExhaustedError):
        take(office, owners, size)


def test_dice_that_start_over_never_issue_twice(make_store: MakeStore) -> None:
    """As after a restored snapshot of a machine: the same stream again, other IDs."""
    store, owners = make_store(), names()
    space = Space(FIRST_ID, FIRST_ID + 9_999)
    issued = [i for _ in range(5) for i in take(Office(store, seeded(12), space), owners, 100)]
    assert len(set(issued)) == 500


# Proposals.


@attrs.define
class Spy:
    """A transaction that notes what is claimed."""

    transaction: Transaction
    claims: list[list[tuple[int, str]]] = attrs.field(factory=list)

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        """Note the proposals and claim them."""
        self.claims.append(list(proposals))
        return self.transaction.claim(proposals, claim)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transaction, name)


class Blind(Spy):
    """A transaction whose scans show nothing."""

    def issued_ids(self) -> Iterator[int]:
        """Nothing."""
        return iter(())


@pytest.mark.parametrize("space", [SPACE, Space()])
def test_proposals_are_claimed_in_sorted_order(make_store: MakeStore, space: Space) -> None:
    """Whether thrown or taken from the free set: two who claim at once can't deadlock."""
    store = make_store()
    with store.transaction(write=True) as transaction:
        spy = Spy(transaction)
        issuer = Issuer(spy, space=space, dice=seeded(13), free_ids=FreeIds())  # type: ignore[arg-type]  # a spy
        for n in (20, 20, 23, 1):
            issuer.issue([f"{len(spy.claims)}-{i}" for i in range(n)], CLAIM)
    assert spy.claims
    for claims in spy.claims:
        assert claims == sorted(claims)
        assert len({owner for _, owner in claims}) == len({i for i, _ in claims}) == len(claims)


def test_ids_are_dealt_at_random(make_store: MakeStore) -> None:
    """Sorted for the ledger, but not for the owners: the first of a list has no lower ID."""
    office = Office(make_store(), seeded(14), space=Space())
    issued = take(office, names(), 2_000)
    rising = sum(a < b for a, b in itertools.pairwise(issued))
    assert abs(rising - 1_000) < 6 * (2_000 / 12) ** 0.5


def test_the_free_set_is_dealt_at_random_too(make_store: MakeStore) -> None:
    """In a space that is nearly full."""
    office = Office(make_store(), seeded(15), space=Space(FIRST_ID, FIRST_ID + 1_999))
    issued = take(office, names(), 2_000)
    rising = sum(a < b for a, b in itertools.pairwise(issued))
    assert abs(rising - 1_000) < 6 * (2_000 / 12) ** 0.5


def test_the_ledger_has_the_last_word(make_store: MakeStore) -> None:
    """An ID that the free set believes free and the ledger holds is not issued."""
    office, owners = Office(make_store(), seeded(16)), names()
    held = take(office, owners, 60)
    office.free_ids.set = FreeSet([], SPACE)
    assert sorted(held + [i for _ in range(4) for i in take(office, owners, 1)]) == ALL


def test_a_failing_store_issues_nothing(make_store: MakeStore) -> None:
    """A store error goes through, and what was drawn is free again."""
    office, owners = Office(make_store(), seeded(17)), names()
    take(office, owners, 62)
    office.free_ids.set = FreeSet(office.ledger(), SPACE)
    with pytest.raises(StoreError):
        office.issue("fine", "\0")
    assert len(office.free_ids.set) == 2
    assert sorted(office.ledger() + take(office, owners, 2)) == ALL


def test_issuing_to_nobody(make_store: MakeStore) -> None:
    """No owners get no IDs, even when the space is full."""
    office, owners = Office(make_store(), seeded(18)), names()
    take(office, owners, 64)
    with office.store.transaction(write=True) as transaction:
        issuer = Issuer(transaction, space=SPACE, dice=seeded(18), free_ids=FreeIds())
        assert issuer.issue([], CLAIM) == {}


def test_there_is_one_spot_that_claims() -> None:
    """So what these tests show holds for every ID."""
    source = inspect.getsource(issuer)
    assert source.count(".claim(") == source.count(".exchange(") == 1
