"""Stores with one fault each, and the test of the contract that has to notice it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from confid.errors import StoreError
from confid.store import MemoryStore, PostgresStore
from confid.store.base import ISSUED, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from confid.store.base import Body, Claim, Kind, LedgerEntry, Transaction

FEW = 1_000
"""What a fault about pages takes for everything."""


class Sound:
    """A transaction that passes everything on; a fault overrides what it breaks."""

    postgres = False
    """Whether only a store with several writers can have the fault."""

    def __init__(self, tx: Transaction, store: BrokenStore, *, write: bool) -> None:
        self.tx = tx
        self.store = store
        self.write = write
        self.seen: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tx, name)

    @staticmethod
    def holder(store: BrokenStore, held: Any, _: int) -> Any:
        """What the store answers of whose ID that is."""
        del store
        return held


class BrokenStore(Store):
    """A store, in memory unless it is told otherwise, whose transactions have a fault."""

    def __init__(self, fault: type[Sound], store: Store | None = None) -> None:
        self.fault = fault
        self.inner = store or MemoryStore()
        self.kept: dict[Any, Any] = {}
        """What a fault remembers from one transaction to the next."""

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Open the store in which everything is kept."""
        self.inner.open(kinds, create=create)

    def close(self) -> None:
        """Close it."""
        self.inner.close()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """A transaction with the fault."""
        with self.inner.transaction(write=write) as tx:
            yield self.fault(tx, self, write=write)  # type: ignore[misc]  # as good as one

    @contextmanager
    def exclusive(self) -> Iterator[Transaction]:
        """An exclusive one with the fault."""
        with self.inner.exclusive() as tx:
            yield self.fault(tx, self, write=True)  # type: ignore[misc]  # as good as one

    def holder(self, conference_id: int, **named: Any) -> Any:
        """Whose ID that is."""
        held = self.inner.holder(conference_id, **named)
        return self.fault.holder(self, held, conference_id)


FAULTS: dict[str, tuple[type[Sound], str]] = {}
"""By what they do: the faults, and the names of the tests that notice them."""


def noticed_by(test: str) -> Callable[[type[Sound]], type[Sound]]:
    """Enter a fault in the table."""

    def enter(fault: type[Sound]) -> type[Sound]:
        assert fault.__doc__
        FAULTS[fault.__doc__] = fault, test
        return fault

    return enter


def made(does: str, test: str, **methods: Any) -> None:
    """Enter a fault that is a method or two."""
    noticed_by(test)(type("Fault", (Sound,), {"__doc__": does, **methods}))


# The ledger.


@noticed_by("test_an_id_in_the_ledger_is_refused")
class _ForgetsAfterAYear(Sound):
    """It issues a retired ID again after a year."""

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        there = self.tx.lookup(i for i, _ in proposals)
        year = timedelta(days=365)
        old = {i for i, e in there.items() if e.retired_at and claim.at - e.retired_at > year}
        return self.tx.claim(proposals, claim) | old


@noticed_by("test_an_id_in_the_ledger_is_refused")
class _TakesBackImports(Sound):
    """It takes an imported ID that is retired for a free one."""

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        there = self.tx.lookup(i for i, _ in proposals)
        gone = {i for i, e in there.items() if e.retired_at and e.origin != ISSUED}
        return self.tx.claim(proposals, claim) | gone


@noticed_by("test_an_id_in_the_ledger_is_refused")
class _AcceptsAmongMany(Sound):
    """It accepts whatever is proposed among a thousand."""

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        accepted = self.tx.claim(proposals, claim)
        return {i for i, _ in proposals} if len(proposals) > FEW else accepted


def _claims(does: str, *, among: int, **changes: Any) -> None:
    def claim(self: Sound, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        facts = attrs.evolve(claim, **changes) if len(proposals) > among else claim
        return self.tx.claim(proposals, facts)

    made(does, "test_claim_enters_all_facts", claim=claim)


_claims("It drops the origin in a claim of many.", among=1, origin=ISSUED)
_claims("It drops the author in a claim of many.", among=1, by=None)
_claims("It drops the author in a claim of a thousand.", among=FEW, by=None)
_claims("It enters many as living.", among=2, retired=False)


@noticed_by("test_retire_touches_living_entries_only")
class _StampsOlderEntries(Sound):
    """It stamps an owner's older entries when one is retired."""

    def retire(self, owners: Iterable[str], **facts: Any) -> dict[str, int]:
        retired = self.tx.retire(owners, **facts)
        for owner, living in retired.items():
            for entry in self.tx.history(owner):
                if entry.conference_id != living and entry.serial < len(self.tx.history(owner)):
                    self.store.kept[entry.conference_id] = facts
        return retired

    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        for entry in self.tx.entries(after=after):
            facts = self.store.kept.get(entry.conference_id)
            yield (
                attrs.evolve(entry, retired_at=facts["at"], retired_by=facts.get("by"))
                if facts
                else entry
            )


@noticed_by("test_retire_touches_living_entries_only")
class _DropsTheAuthor(Sound):
    """It drops the author in a retirement of many."""

    def retire(self, owners: Iterable[str], **facts: Any) -> dict[str, int]:
        owners = list(owners)
        return self.tx.retire(owners, **(facts | ({"by": None} if len(owners) > 1 else {})))


@noticed_by("test_exchange_retires_and_claims")
class _ExchangesWhatItAccepts(Sound):
    """It retires no ID for a proposal that it refuses."""

    def exchange(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        there = self.tx.lookup(i for i, _ in proposals)
        return self.tx.exchange([p for p in proposals if p[0] not in there], claim)


@noticed_by("test_an_exchange_that_is_refused_does_nothing")
class _RetiresBeforeItLooks(Sound):
    """It retires before it looks at the proposals."""

    def exchange(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        self.tx.retire([owner for _, owner in proposals], at=claim.at, by=claim.by)
        return self.tx.claim(proposals, claim)


@noticed_by("test_retire_touches_living_entries_only")
class _NumbersTheTenant(Sound):
    """It answers `living` with a serial of the tenant's, not of the owner's."""

    def living(self, owners: Iterable[str]) -> dict[str, tuple[int, int]]:
        return {owner: (i, self.tx.count()) for owner, (i, _) in self.tx.living(owners).items()}


def _newest(self: Sound, answer: dict[str, int]) -> dict[str, int]:
    return {owner: self.tx.history(owner)[-1].conference_id for owner in answer}


made(
    "It answers `retire` with an owner's newest ID.",
    "test_retire_touches_living_entries_only",
    retire=lambda self, owners, **facts: _newest(self, self.tx.retire(owners, **facts)),
)
made(
    "It answers `current` with an owner's newest ID.",
    "test_retire_touches_living_entries_only",
    current=lambda self, owners: _newest(self, self.tx.current(owners)),
)
made(
    "It answers `current` with an owner's largest ID.",
    "test_retire_touches_living_entries_only",
    current=lambda self, owners: {
        owner: max(entry.conference_id for entry in self.tx.history(owner))
        for owner in self.tx.current(owners)
    },
)

# Whole answers.


def _cut(does: str, test: str, method: str, most: int) -> None:
    def cut(self: Sound, *arguments: Any, **named: Any) -> Any:
        answer = getattr(self.tx, method)(*arguments, **named)
        if isinstance(answer, dict):
            return dict(islice(answer.items(), most))
        return answer[:most] if isinstance(answer, list) else islice(answer, most)

    made(does, test, **{method: cut})


LEDGER, DOCUMENTS = "test_a_long_ledger_comes_whole", "test_thousands_of_documents_come_whole"
HISTORY = "test_a_long_history_comes_whole"
_cut("It ends `entries` after a thousand.", LEDGER, "entries", FEW)
_cut("It ends `issued_ids` after a thousand.", LEDGER, "issued_ids", FEW)
_cut("It ends `lookup` after a thousand.", LEDGER, "lookup", FEW)
_cut("It ends `current` after a thousand.", LEDGER, "current", FEW)
_cut("It ends `history` after three.", HISTORY, "history", 3)
_cut("It ends `history` after a thousand.", HISTORY, "history", FEW)
_cut("It ends `get` after a thousand.", DOCUMENTS, "get", FEW)
_cut("It ends `find` after a thousand.", DOCUMENTS, "find", FEW)
_cut("It ends `scan` after a thousand.", DOCUMENTS, "scan", FEW)
made(
    "It counts an owner's IDs up to three.",
    HISTORY,
    history=lambda self, owner: [
        attrs.evolve(entry, serial=min(entry.serial, 3)) for entry in self.tx.history(owner)
    ],
)
made(
    "It looks at the first thousand for one that was issued.",
    LEDGER,
    has_issued=lambda self: (
        any(e.origin == ISSUED for e in islice(self.tx.entries(), FEW)) and self.tx.count() <= FEW
    ),
)

# Answers that are up to date.


def _cached(method: str, *, reading: bool, test: str = "test_every_answer_is_up_to_date") -> None:
    def cached(self: Sound, *arguments: Any, **named: Any) -> Any:
        arguments = tuple(tuple(a) if isinstance(a, list | set) else a for a in arguments)
        key = (method, *arguments, *named.items())
        if self.write and reading:
            return getattr(self.tx, method)(*arguments, **named)
        cache = self.store.kept if reading else self.seen
        if key not in cache:
            answer = getattr(self.tx, method)(*arguments, **named)
            cache[key] = answer if isinstance(answer, dict | int) else list(answer)
        return cache[key] if isinstance(cache[key], dict | int) else iter(list(cache[key]))

    where = "in reading transactions" if reading else "in a transaction"
    made(f"It remembers `{method}` {where}.", test, **{method: cached})


for _method in (
    "get",
    "find",
    "read",
    "scan",
    "current",
    "living",
    "lookup",
    "entries",
    "issued_ids",
    "count",
):
    _cached(_method, reading=True)
    _cached(_method, reading=False)
_cached("has_issued", reading=True)


def _remembered(store: BrokenStore, held: Any, conference_id: int) -> Any:
    return store.kept.setdefault(conference_id, held)


made(
    "It remembers who holds an ID.",
    "test_every_answer_is_up_to_date",
    holder=staticmethod(_remembered),
)


@noticed_by("test_what_was_foreseen_is_up_to_date")
class _ForeseesForever(Sound):
    """It answers what was foreseen as it was, whatever has changed since."""

    def foresee(self, *questions: Any) -> None:
        for question in questions:
            self.seen[str(question)] = self.tx.read(question)[0]

    def read(self, *questions: Any) -> list[dict[str, Any]]:
        return [self.seen.pop(str(q), None) or self.tx.read(q)[0] for q in questions]


# Live objects.


class _LiveObjects(Sound):
    """It keeps documents as objects until they change; each fault gives them away in one way."""

    def _live(self, kind: str, answer: Iterable[tuple[str, Body]]) -> Iterator[tuple[str, Body]]:
        for key, body in answer:
            yield key, self.store.kept.setdefault((kind, key), body)

    def put(self, kind: str, documents: dict[str, Body]) -> None:
        self.tx.put(kind, documents)
        self.store.kept.clear()

    def delete(self, kind: str, keys: Iterable[str]) -> None:
        self.tx.delete(kind, keys)
        self.store.kept.clear()


LIVE = "test_no_answer_is_a_live_object"


@noticed_by(LIVE)
class _LiveScan(_LiveObjects):
    """It hands out live objects from `scan`."""

    def scan(self, kind: str, **page: Any) -> Iterator[tuple[str, Body]]:
        return self._live(kind, self.tx.scan(kind, **page))


@noticed_by(LIVE)
class _LiveFind(_LiveObjects):
    """It hands out live objects from `find`."""

    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        return dict(self._live(kind, self.tx.find(kind, field, values).items()))


@noticed_by(LIVE)
class _LiveGet(_LiveObjects):
    """It hands out live objects from `get`."""

    def get(self, kind: str, keys: Iterable[str], **lock: Any) -> dict[str, Body]:
        return dict(self._live(kind, self.tx.get(kind, keys, **lock).items()))


made("It hands out live objects from `holder`.", LIVE, holder=staticmethod(_remembered))

# Savepoints, and kinds.


class _Savepoints(Sound):
    depth = 0
    opened = 0
    sound: ClassVar[Callable[[_Savepoints], bool]]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self.depth += 1
        self.opened += 1
        try:
            if type(self).sound(self):
                with self.tx.savepoint():
                    yield
            else:
                yield
        finally:
            self.depth -= 1


@noticed_by("test_savepoints_nest_deeply")
class _ThirdUndoesNothing(_Savepoints):
    """It lets the third nested savepoint undo nothing."""

    def sound(self) -> bool:
        return self.depth != 3


@noticed_by("test_savepoints_nest_deeply")
class _DeepUndoNothing(_Savepoints):
    """It lets savepoints undo nothing from the tenth nested one on."""

    def sound(self) -> bool:
        return self.depth < 10


@noticed_by("test_savepoints_follow_each_other")
class _LaterUndoNothing(_Savepoints):
    """It lets savepoints undo nothing from a transaction's twentieth on."""

    def sound(self) -> bool:
        return self.opened < 20


@noticed_by("test_an_unknown_kind_or_field_is_refused")
class _SwallowsKinds(Sound):
    """It swallows documents of a kind that was not opened."""

    def put(self, kind: str, documents: dict[str, Body]) -> None:
        try:
            self.tx.put(kind, documents)
        except StoreError as error:
            if "opened with the kind" not in str(error):
                raise


@noticed_by("test_documents_outlast_an_opening_without_their_kind")
class _ForgetsKinds(Sound):
    """It loses the documents of a kind that an opening didn't name."""


# Several at once.


class _ManyWriters(Sound):
    postgres = True


@noticed_by("test_the_later_of_two_who_lock_waits")
class _LocksNothingAbsent(_ManyWriters):
    """It doesn't lock what is absent."""

    def get(self, kind: str, keys: Iterable[str], *, lock: Any = False) -> dict[str, Body]:
        there = self.tx.get(kind, keys)
        return self.tx.get(kind, there, lock=lock) if there else {}


@noticed_by("test_nobody_writes_what_is_locked")
class _SharedIsNone(_ManyWriters):
    """It doesn't lock with "shared"."""

    def get(self, kind: str, keys: Iterable[str], *, lock: Any = False) -> dict[str, Body]:
        return self.tx.get(kind, keys, lock=lock is True)


@noticed_by("test_the_later_of_two_who_lock_waits")
class _AbsentIsNotShared(_ManyWriters):
    """It doesn't lock what is absent with "shared"."""

    def get(self, kind: str, keys: Iterable[str], *, lock: Any = False) -> dict[str, Body]:
        keys = list(keys)
        there = self.tx.get(kind, keys) if lock == "shared" else keys
        return self.tx.get(kind, there, lock=lock) if there else {}


@noticed_by("test_nobody_writes_what_is_locked")
class _LocksOne(_ManyWriters):
    """It locks the first of many."""

    def get(self, kind: str, keys: Iterable[str], *, lock: Any = False) -> dict[str, Body]:
        keys = list(keys)
        self.tx.get(kind, keys[:1], lock=lock)
        return self.tx.get(kind, keys)


@noticed_by("test_one_id_goes_to_one_thread")
class _LooksFirst(_ManyWriters):
    """It accepts what it has found free a moment ago."""

    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        ids = [i for i, _ in proposals]
        free = set(ids) - self.tx.lookup(ids).keys()
        self.tx.claim(proposals, claim)
        return free


@noticed_by("test_several_at_once_are_as_one_after_the_other")
class _RetiresTwice(_ManyWriters):
    """It answers `retire` with what it has found living a moment ago."""

    def retire(self, owners: Iterable[str], **facts: Any) -> dict[str, int]:
        found = self.tx.current(owners)
        self.tx.retire(found, **facts)
        return found


def broken(fault: type[Sound], url: Callable[[], str]) -> BrokenStore:
    """A store with the fault."""
    store = BrokenStore(fault, PostgresStore(url()) if fault.postgres else None)
    if fault is _ForgetsKinds:
        really_open = store.open

        def forget(kinds: Iterable[Kind], *, create: bool = True) -> None:
            kinds = list(kinds)
            really_open(kinds, create=create)
            vars(store.inner)["_contents"].kept = {
                name: kept
                for name, kept in vars(store.inner)["_contents"].kept.items()
                if name in {kind.name for kind in kinds}
            }

        store.open = forget  # type: ignore[method-assign]
    return store
