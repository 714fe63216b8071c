"""The tenant's ledger in one transaction: IDs issued, retired, imported, counted; its witness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.errors import WitnessError, listed
from confid.ids.issuer import FreeIds, Issuer, free_ids
from confid.ids.witness import NOTHING_ISSUED, name_of_person
from confid.store.base import IMPORTED, Claim
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from confid.ids.conference_id import ConferenceId
    from confid.ids.dice import Dice
    from confid.ids.witness import Witness
    from confid.store.base import Transaction
    from confid.tenant.people import People
    from confid.tenant.records import DirectoryUser
    from confid.tenant.setup import SetupKeeper


class TenantLedger:
    """The conference IDs of a tenant, within one transaction."""

    def __init__(
        self,
        transaction: Transaction,
        setup: SetupKeeper,
        people: People,
        *,
        now: datetime,
        dice: Dice,
        free_ids: FreeIds,
        actor: str | None,
        witness: Witness | None,
    ) -> None:
        self._transaction = transaction
        self._setup = setup
        self._people = people
        self._now = now
        self._dice = dice
        self._free_ids = free_ids
        self._actor = actor
        self._witness = witness
        self._issuing: Issuer | None = None

    @property
    def witness_id(self) -> str | None:
        """The identity of the witness that the tenant is attached to."""
        witness_id: str | None = (self._setup.body or {}).get("witness")
        return witness_id

    @property
    def has_witness_at_hand(self) -> bool:
        """Whether this session has a witness."""
        return self._witness is not None

    @property
    def witness(self) -> Witness | None:
        """The tenant's witness or None. Raises `WitnessError` if this session is without it."""
        if self._witness is None and self.witness_id is not None:
            raise WitnessError(
                "This tenant has a witness that has to accept every conference ID, and this "
                f"session was opened without it. {NOTHING_ISSUED} Connect with witness=, where "
                "it is kept."
            )
        return self._witness

    def attach(self, witness: Witness) -> None:
        """Make this the tenant's witness, after copying the ledger into it.

        Raises `WitnessError` when the tenant has another witness by now, and
        when this one holds a living ID of this tenant for another owner.
        """
        if self.witness_id not in (None, witness.identity):
            raise WitnessError("The tenant has been given another witness. Connect with that one.")
        entries = self._transaction.entries()
        others = [e for e in witness.copy(entries, at=self._now) if e.retired_at is None]
        if others:
            users = self._people.users({entry.owner for entry in others})
            names = sorted(users[e.owner].user_principal_name for e in others if e.owner in users)
            raise WitnessError(
                f"The witness holds {len(others)} of this tenant's living conference IDs for "
                f"somebody else, those of {listed(names)}. Reset them first, without witness=."
            )
        self._setup.put_own(witness=witness.identity)
        self._witness = witness

    def _issuer(self) -> Issuer:
        if self._issuing is None:
            self._issuing = Issuer(
                self._transaction,
                space=self._setup.current.facts.space,
                dice=self._dice,
                free_ids=self._free_ids,
                witness=self.witness,
            )
        return self._issuing

    def issue(self, owners: Sequence[str]) -> dict[str, ConferenceId]:
        """A new ID for each owner, as `Issuer.issue` says."""
        if not owners:
            return {}
        return self._issuer().issue(owners, Claim(at=self._now, by=self._actor))

    def exchange(self, owners: Sequence[str]) -> dict[str, ConferenceId]:
        """A new ID for each owner, whose living one is retired."""
        if not owners:
            return {}
        return self._issuer().issue(owners, Claim(at=self._now, by=self._actor), retire=True)

    def retire(self, owners: Sequence[str]) -> None:
        """Retire the living IDs of these owners."""
        if owners:
            self._transaction.retire(owners, at=self._now, by=self._actor)

    def import_ids(self, ids: Sequence[tuple[int, DirectoryUser]], *, retired: bool) -> set[int]:
        """Enter IDs already in use elsewhere, checked by the roster. Returns those accepted."""
        if not ids:
            return set()
        claim = Claim(at=self._now, by=self._actor, origin=IMPORTED, retired=retired)
        key = self._setup.current.facts.pin_key
        names = {u.owner: name_of_person(fold(u.user_principal_name), key) for _, u in ids}
        return self._issuer().enter([(i, u.owner) for i, u in ids], claim, names=names)

    @property
    def is_nearly_full(self) -> bool:
        """Whether this transaction issued an ID and found few free ones."""
        return self._issuing is not None and self._issuing.nearly_full

    @property
    def has_issued(self) -> bool:
        """Whether the ledger or the witness knows of an ID that the tenant issued."""
        if self._transaction.has_issued():
            return True
        witness = self.witness
        return witness is not None and witness.has_issued()

    @property
    def remaining(self) -> int:
        """How many IDs are in neither the ledger nor the witness."""
        space, witness = self._setup.current.facts.space, self.witness
        if witness is None:
            return len(space) - self._transaction.count()
        return len(free_ids(self._transaction, space, witness))

    def put_back(self) -> None:
        """After a rollback: the IDs that were drawn are free again."""
        if self._issuing is not None:
            self._issuing.put_back()
