"""The loop between the dice, which propose, and the ledger, which disposes.

Every conference ID that confid issues passes `Issuer._claim`, and nothing
else proposes one. If the tenant has a witness, it is asked first.
"""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING

from confid.errors import ConferenceIdsExhaustedError, StoreError
from confid.ids.conference_id import ConferenceId
from confid.ids.dice import FreeSet, draw, draw_distinct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confid.ids.dice import Dice, Space
    from confid.ids.witness import Witness
    from confid.store.base import Claim, Transaction

BULK = 32
"""A call for at least so many owners uses the free IDs when most proposals are refused."""

ROUNDS = 64
"""Rounds of proposals before a call uses the free IDs in any case."""

BATCHES = (1, 1, 8, 64, 512, 4096, 4096, 4096)
"""How many proposals are drawn for a single owner in each round, before free IDs are scanned."""


NEARLY_FULL = 0.1
"""A warning is given when a smaller part of the space is left."""


class FreeIds:
    """The free set that a session keeps between calls; the first call that needs it makes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set: FreeSet | None = None

    def scan(
        self, transaction: Transaction, space: Space, witness: Witness | None = None
    ) -> FreeSet:
        """Make the free set again, from the ledger and the witness."""
        with self._lock:
            self.set = free_ids(transaction, space, witness)
            return self.set


def free_ids(transaction: Transaction, space: Space, witness: Witness | None) -> FreeSet:
    """The IDs that neither the ledger nor the witness holds."""
    held = witness.issued_ids() if witness else ()
    return FreeSet(chain(transaction.issued_ids(), held), space)


class Issuer:
    """Issues IDs within one transaction; the witness, if there is one, must accept them too."""

    def __init__(
        self,
        transaction: Transaction,
        *,
        space: Space,
        dice: Dice,
        free_ids: FreeIds,
        witness: Witness | None = None,
    ) -> None:
        self._transaction = transaction
        self._space = space
        self._dice = dice
        self._free_ids = free_ids
        self._witness = witness
        self._retires = False
        self._drawn: list[tuple[FreeSet, list[int]]] = []
        self.nearly_full: bool = False

    def issue(
        self, owners: Sequence[str], claim: Claim, *, retire: bool = False
    ) -> dict[str, ConferenceId]:
        """A new ID for each owner; none of them may have a living one, unless `retire` ends it.

        Raises `ConferenceIdsExhaustedError` when a fresh scan of the ledger
        found no free ID for one of them.
        """
        self._retires = retire
        try:
            if len(owners) == 1:
                return self._issue_one(owners[0], claim)
            return self._issue_many(list(owners), claim)
        finally:
            self._retires = False

    def enter(
        self, proposals: Sequence[tuple[int, str]], claim: Claim, *, names: Mapping[str, str]
    ) -> set[int]:
        """Enter IDs already in use elsewhere. Returns those accepted. `names` are the witness's."""
        return {int(i) for i in self._claim(proposals, claim, names=names).values()}

    def _claim(
        self,
        proposals: Sequence[tuple[int, str]],
        claim: Claim,
        *,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, ConferenceId]:
        """Claim proposals: the only place that does. Sorted by ID, so that there is no deadlock."""
        ordered = sorted(proposals)
        if self._witness is not None:
            # The witness comes first. An ID that only the witness holds is spent; an ID that only
            # the ledger held could be issued again after a backup was restored.
            named = [(i, (names or {}).get(owner, owner)) for i, owner in ordered]
            allowed = self._witness.accept(named, claim)
            ordered = [proposal for proposal in ordered if proposal[0] in allowed]
        if self._retires:
            accepted = self._transaction.exchange(ordered, claim)
        else:
            accepted = self._transaction.claim(ordered, claim)
        return {owner: ConferenceId(i) for i, owner in ordered if i in accepted}

    def _taken(self, proposals: Sequence[int]) -> set[int]:
        held = self._witness.holds(proposals) if self._witness else set()
        return held.union(self._transaction.lookup(proposals))

    def _issue_one(self, owner: str, claim: Claim) -> dict[str, ConferenceId]:
        for batch in BATCHES:
            proposals = draw(batch, self._space, self._dice)
            if batch > 1:
                taken = self._taken(proposals)
                self.nearly_full = len(taken) > (1 - NEARLY_FULL) * len(set(proposals))
                proposals = [proposal for proposal in proposals if proposal not in taken][:1]
            for proposal in proposals:
                if issued := self._claim([(proposal, owner)], claim):
                    return issued
        return self._issue_free([owner], claim)

    def _issue_many(self, owners: list[str], claim: Claim) -> dict[str, ConferenceId]:
        issued: dict[str, ConferenceId] = {}
        waiting = owners
        # Once a call has needed the free set, most drawn proposals would be refused.
        rounds = 0 if self._free_ids.set and len(owners) >= BULK else ROUNDS
        for _ in range(rounds):
            if not waiting:
                return issued
            if 2 * len(waiting) > len(self._space):
                break
            # The proposals are in random order, so each owner gets a random one.
            proposals = draw_distinct(len(waiting), self._space, self._dice)
            accepted = self._claim(list(zip(proposals, waiting, strict=False)), claim)
            issued |= accepted
            refused = len(waiting) - len(accepted)
            waiting = [owner for owner in waiting if owner not in accepted]
            if refused > len(accepted) and refused >= BULK:
                break
        return issued | self._issue_free(waiting, claim)

    def _issue_free(self, owners: list[str], claim: Claim) -> dict[str, ConferenceId]:
        """Issue from the free set. A scan of the ledger that finds nothing free ends it."""
        issued: dict[str, ConferenceId] = {}
        waiting = owners
        free = self._free_ids.set
        scans = 0
        while waiting:
            if not free:
                free = self._free_ids.scan(self._transaction, self._space, self._witness)
                scans += 1
                if not free:
                    raise ConferenceIdsExhaustedError(len(self._space))
                if scans > ROUNDS:
                    raise StoreError("The ledger refuses IDs that it doesn't hold; check() it.")
            # Another thread may have emptied it: another scan follows.
            proposals = free.draw(len(waiting), self._dice)
            self._drawn.append((free, proposals))
            self.nearly_full = len(free) < NEARLY_FULL * len(self._space)
            accepted = self._claim(list(zip(proposals, waiting, strict=False)), claim)
            issued |= accepted
            waiting = [owner for owner in waiting if owner not in accepted]
            if 2 * len(accepted) < len(proposals) and not scans:
                free = None  # Others have issued most of it.
        return issued

    def put_back(self) -> None:
        """After a rollback: IDs drawn from the free set are free again, unless there is a witness.

        With a witness the next scan finds those that it does not hold.
        """
        while self._drawn:
            free, proposals = self._drawn.pop()
            if self._witness is None:
                free.put_back(proposals)
