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
        """Whether there is a witness to ask."""
        return self._witness is not None

    @property
    def witness(self) -> Witness | None:
        """The witness, if the tenant has one. Raises `WitnessError` where it is not at hand."""
        if self._witness is None and self.witness_id is not None:
            raise WitnessError(
                "This tenant has a witness that has to accept every conference ID, and this "
                f"session was opened without it. {NOTHING_ISSUED} Connect with witness=, where "
                "it is kept."
            )
        return self._witness

    def attach(self, witness: Witness) -> None:
        """Make this the tenant's witness. The ledger is copied into it first.

        Raises `WitnessError` when the tenant has got another one meanwhile,
        and when this one holds an ID that lives here for somebody else.
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

    def retire(self, owners: Sequence[str]) -> None:
        """Retire the living IDs of these owners."""
        self._transaction.retire(owners, at=self._now, by=self._actor)

    def import_ids(self, ids: Sequence[tuple[int, DirectoryUser]], *, retired: bool) -> set[int]:
        """Enter IDs already in use elsewhere; those accepted. The roster checks them before."""
        if not ids:
            return set()
        claim = Claim(at=self._now, by=self._actor, origin=IMPORTED, retired=retired)
        key = self._setup.current.facts.pin_key
        names = {u.owner: name_of_person(fold(u.user_principal_name), key) for _, u in ids}
        return self._issuer().enter([(i, u.owner) for i, u in ids], claim, names=names)

    @property
    def is_nearly_full(self) -> bool:
        """Whether issuing in this transaction met a space of IDs that is nearly used up."""
        return self._issuing is not None and self._issuing.nearly_full

    @property
    def has_issued(self) -> bool:
        """Whether the tenant has issued an ID, as far as its ledger or its witness knows."""
        if self._transaction.has_issued():
            return True
        witness = self.witness
        return witness is not None and witness.has_issued()

    @property
    def remaining(self) -> int:
        """How many IDs neither the ledger nor the witness holds."""
        space, witness = self._setup.current.facts.space, self.witness
        if witness is None:
            return len(space) - self._transaction.count()
        return len(free_ids(self._transaction, space, witness))

    def put_back(self) -> None:
        """After a rollback: what the issuer drew and did not issue is free again."""
        if self._issuing is not None:
            self._issuing.put_back()
