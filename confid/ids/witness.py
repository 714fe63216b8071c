"""The witness: a second ledger, kept elsewhere, that has to accept an ID too.

A tenant whose store was wound back has forgotten IDs that people still hold;
its witness has not. Any store can be a witness: its ledger has an entry for
every ID, entered by the tenant, and it holds nothing else. An accepted ID is
committed before the tenant's own ledger is asked, and stays when the tenant's
transaction is rolled back: that spends the ID, nothing else.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from confid.errors import StoreError, WitnessError
from confid.ids.dice import draw_identity
from confid.store.base import IMPORTED, ISSUED, SEAL, TENANT, Claim
from confid.store.batches import batched
from confid.store.blocks import block
from confid.store.seal import FACTS, read_seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from confid.ids.dice import Dice
    from confid.store.base import LedgerEntry, Store, Transaction

WITNESS = "witness"
"""The key of the document that makes a store a witness, as `FACTS` makes one a tenant."""

COPIED_AT_ONCE = 10_000
"""Entries of a ledger that are copied in one commit."""

NOTHING_ISSUED = "Nothing is issued without it."


class UnreachableWitnessError(WitnessError):
    """The witness does not answer; it may do so later."""

    def __init__(self, store: Store, error: StoreError) -> None:
        missing = error.category == "ObjectNotFound"
        why = "there is no witness there" if missing else error.message
        super().__init__(
            f"The tenant's witness, {store!r}, can't be reached: {why.rstrip('.')}. "
            f"{NOTHING_ISSUED} Bring it back, or connect with witness= where it is now. One that "
            "is lost for good is replaced by confid.restore(store, witness=another)."
        )


class Witness:
    """One tenant's view of its witness. `expected` is the identity of the attached witness."""

    def __init__(self, store: Store, tenant_id: UUID, *, expected: str | None, dice: Dice) -> None:
        self.identity = expected
        self._store = store
        self._tenant = str(tenant_id)
        self._dice = dice
        self._opening = threading.Lock()
        self._opened = False

    def __repr__(self) -> str:
        return f"<witness on {self._store!r}>"

    def open(self) -> None:
        """Open the store, and make it a witness if the tenant has none yet.

        Raises `WitnessError` for a tenant, another tenant's witness or a
        sealed one; `UnreachableWitnessError` for one that can't be opened.
        """
        try:
            self._store.open([TENANT], create=self.identity is None)
            with self._store.transaction(write=False) as transaction:
                identity = self._identify(transaction)
            if identity is None:
                with self._store.exclusive() as transaction:
                    identity = self._identify(transaction) or self._make(transaction)
        except StoreError as error:
            raise UnreachableWitnessError(self._store, error) from error
        self.identity = identity
        self._opened = True

    def _identify(self, transaction: Transaction) -> str | None:
        """The store's identity as a witness; None for an empty store."""
        documents = transaction.get(TENANT.name, [FACTS, WITNESS, SEAL])
        if FACTS in documents or (WITNESS not in documents and transaction.count()):
            raise WitnessError(
                f"{self._store!r} holds a tenant, so it can't be a witness: a store is one or the "
                f"other for life. {NOTHING_ISSUED} Give the witness a store of its own."
            )
        identity: str | None = documents.get(WITNESS, {}).get("witness_id")
        if self.identity not in (None, identity):
            raise WitnessError(
                f"{self._store!r} is not this tenant's witness. {NOTHING_ISSUED} Connect with the "
                "one that the tenant was attached to; one that is lost for good is replaced by "
                "confid.restore(store, witness=another)."
            )
        if read_seal(documents.get(SEAL)) is not None:
            raise WitnessError(
                f"{self._store!r} is a backup of a witness. {NOTHING_ISSUED} Connect with the "
                "witness itself; if it is lost, confid.restore() opens its backup."
            )
        return identity

    def _make(self, transaction: Transaction) -> str:
        identity = draw_identity(self._dice)
        transaction.put(TENANT.name, {WITNESS: {"witness_id": identity}})
        return identity

    def close(self) -> None:
        """Let go of the store; another tenant's view of it opens it again."""
        self._opened = False
        self._store.close()

    @block
    def _asking(self, *, write: bool) -> Iterator[Transaction]:
        """A transaction of the witness; a failure in it stops the issuing."""
        try:
            with self._begin(write=write) as transaction:
                yield transaction
        except StoreError as error:
            raise UnreachableWitnessError(self._store, error) from error

    @block
    def _begin(self, *, write: bool) -> Iterator[Transaction]:
        if not self._opened:
            self._reopen()
        begun = False
        try:
            with self._store.transaction(write=write) as transaction:
                begun = True
                yield transaction
        except StoreError as error:
            # Another file in its place may be an older one, so it is not opened instead.
            if begun or error.category in ("ResourceBusy", "OperationStopped"):
                raise
        if not begun:
            # Closed with another session that shares it, or gone and come back.
            self._reopen()
            with self._store.transaction(write=write) as transaction:
                yield transaction

    def _reopen(self) -> None:
        with self._opening:
            self.open()

    # What the tenant asks.

    def accept(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        """Enter (ID, owner) proposals in a commit of their own. Returns the accepted IDs.

        An ID that the witness holds for any owner is refused, except for the
        same imported claim: a failed import can be repeated.
        """
        with self._asking(write=True) as transaction:
            accepted = self._enter(transaction, proposals, claim.at, claim.origin)
            if claim.origin == IMPORTED:
                refused = {i: owner for i, owner in proposals if i not in accepted}
                for i, line in transaction.lookup(refused).items():
                    if self._is_ours(line) and line.owner == _line_owner(i, refused[i]):
                        accepted.add(i)
        return accepted

    def copy(self, entries: Iterable[LedgerEntry], *, at: datetime) -> Iterator[LedgerEntry]:
        """Enter a ledger's entries. Yields those that the witness holds for another owner."""
        for some in batched(entries, COPIED_AT_ONCE):
            yield from self._copy(some, at)

    def _copy(self, entries: Sequence[LedgerEntry], at: datetime) -> Iterator[LedgerEntry]:
        with self._asking(write=True) as transaction:
            accepted: set[int] = set()
            for origin in (ISSUED, IMPORTED):
                lines = [(e.conference_id, e.owner) for e in entries if e.origin == origin]
                accepted |= self._enter(transaction, lines, at, origin)
            refused = [entry for entry in entries if entry.conference_id not in accepted]
            held = transaction.lookup(entry.conference_id for entry in refused)
        for entry in refused:
            line = held[entry.conference_id]
            imported = entry.origin == line.origin == IMPORTED
            same = line.owner == _line_owner(entry.conference_id, entry.owner)
            if not (self._is_ours(line) and (same or imported)):
                yield entry

    def _enter(
        self,
        transaction: Transaction,
        proposals: Sequence[tuple[int, str]],
        at: datetime,
        origin: str,
    ) -> set[int]:
        # As retired: the witness doesn't know which IDs live, and an owner may have many.
        claim = Claim(at=at, by=self._tenant, origin=origin, retired=True)
        return transaction.claim([(i, _line_owner(i, owner)) for i, owner in proposals], claim)

    def _is_ours(self, line: LedgerEntry) -> bool:
        return line.issued_by == self._tenant

    def holds(self, conference_ids: Iterable[int]) -> set[int]:
        """The given IDs that the witness holds, for any owner."""
        with self._asking(write=False) as transaction:
            return set(transaction.lookup(conference_ids))

    def issued_ids(self) -> Iterator[int]:
        """Every ID that the witness holds, in order."""
        with self._asking(write=False) as transaction:
            yield from transaction.issued_ids()

    def has_issued(self) -> bool:
        """Whether the witness has accepted an ID that this tenant issued."""
        with self._asking(write=False) as transaction:
            return transaction.has_issued() and any(
                self._is_ours(line) and line.origin == ISSUED for line in transaction.entries()
            )


def _line_owner(conference_id: int, owner: str) -> str:
    """The owner of a witness's entry has the ID in it, so that many of one owner go in at once."""
    return f"{owner}:{conference_id}"


def name_of_person(user_principal_name: str, key: bytes) -> str:
    """The owner of an imported ID in a witness: the same when a failed import is repeated."""
    digest = hashlib.blake2b(user_principal_name.encode(), key=key, digest_size=12)
    return f"imported {digest.hexdigest()}"
