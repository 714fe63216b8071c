"""A tenant from one store to another, and a backup into service: never two living copies of one.

The source is sealed first, so nothing that is copied changes any more; the
target is sealed until it has everything. A move that was cut short goes on
where it was when it is called again.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING
from uuid import uuid4

import attrs

from confid.engine.session import as_store
from confid.errors import StoreError
from confid.store.base import SEAL, TENANT
from confid.store.batches import batched
from confid.store.entries import enter
from confid.store.seal import FACTS, Reason, Seal, break_seal, put_seal, seal_of
from confid.tenant.documents import KINDS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from confid.store.base import Body, Store, Transaction


@attrs.frozen(kw_only=True)
class Moved:
    """What a move has brought to the target."""

    documents: int
    conference_ids: int

    def __str__(self) -> str:
        return f"{self.documents} documents and {self.conference_ids} conference IDs moved"


def move_tenant(
    source: str | os.PathLike[str] | Store, target: str | os.PathLike[str] | Store
) -> Moved:
    """Move the tenant in `source` to `target`, ledger included, and seal `source` for good.

    Both are stores, paths or URLs, and closed afterwards. `target` must hold
    nothing. The source is sealed first, then copied, the copy compared with
    it, and opened. When something fails on the way nobody can write to
    either: call it again to go on, or `confid.restore(source)` to give it up.
    A tenant with a witness keeps it.

    Raises `SealedError` for a source that is a backup or has moved already,
    `StoreError` for a target that holds something, or when a store fails.
    """
    with as_store(source) as old, as_store(target) as new:
        old.open(KINDS, create=False)
        new.open(KINDS)
        move = _seal_source(old, new)
        if move is not None:
            _copy_documents(old, new)
            _copy_ledger(old, new)
            _verify(old, new)
            _give_away(old, move)
        return _open_target(old, new)


def _seal_source(old: Store, new: Store) -> Seal | None:
    """Seal the source and mark the target; None where only the target is still to be opened."""
    with old.transaction(write=False) as transaction:
        move = _move_of(transaction) or Seal(reason=Reason.MOVING, move=str(uuid4()))
    with new.transaction(write=False) as transaction:
        _demand_room(transaction, move)
        if move.reason is Reason.MOVED:
            if seal_of(transaction) is None:
                raise move.error()
            return None
    with old.exclusive() as transaction:
        if _move_of(transaction) not in (None, move):
            raise StoreError("Another move of this tenant has begun.", category="ResourceBusy")
        put_seal(transaction, move)
    with new.exclusive() as transaction:
        _demand_room(transaction, move)
        put_seal(transaction, Seal(reason=Reason.INCOMPLETE, move=move.move))
    return move


def _move_of(transaction: Transaction) -> Seal | None:
    """The move that the source is in already; None for a tenant that nobody moves."""
    if not transaction.get(TENANT.name, [FACTS]):
        raise StoreError("The source holds no tenant.", category="ObjectNotFound")
    seal = seal_of(transaction)
    if seal is not None and seal.reason in (Reason.BACKUP, Reason.INCOMPLETE):
        raise seal.error()
    return seal


def _demand_room(transaction: Transaction, move: Seal) -> None:
    seal = seal_of(transaction)
    if seal == Seal(reason=Reason.INCOMPLETE, move=move.move):
        return
    if seal is not None or transaction.count() or any(_all_documents(transaction)):
        if move.reason is Reason.MOVED:
            raise move.error()
        raise StoreError(
            "The target holds something already, and a tenant moves into an empty store only. "
            "Give another one.",
            category="ResourceExists",
        )


def _all_documents(transaction: Transaction) -> Iterator[tuple[str, str, Body]]:
    """What is copied: everything but the seal, and the facts, which make the target a tenant."""
    for kind in KINDS:
        for key, body in transaction.scan(kind.name):
            if kind != TENANT or key not in (FACTS, SEAL):
                yield kind.name, key, body


def _copy_documents(old: Store, new: Store) -> None:
    with old.transaction(write=False) as reading:
        for chunk in batched(_all_documents(reading)):
            kinds: dict[str, dict[str, Body]] = {}
            for kind, key, body in chunk:
                kinds.setdefault(kind, {})[key] = body
            with new.transaction(write=True) as writing:
                for kind, documents in kinds.items():
                    writing.put(kind, documents)


def _copy_ledger(old: Store, new: Store) -> None:
    """Owner by owner, for serials go up: everybody has exactly one entry that is the first."""
    with old.transaction(write=False) as reading:
        owners = (entry.owner for entry in reading.entries() if entry.serial == 1)
        for chunk in batched(owners):
            entries = [entry for owner in chunk for entry in reading.history(owner)]
            with new.transaction(write=True) as writing:
                there = writing.lookup(entry.conference_id for entry in entries)
                enter(writing, [e for e in entries if e.conference_id not in there])


def _verify(old: Store, new: Store) -> None:
    with (
        old.transaction(write=False) as source,
        new.transaction(write=False) as target,
    ):
        pairs: tuple[Iterator[tuple[object, object]], ...] = (
            zip_longest(_all_documents(source), _all_documents(target)),
            zip_longest(source.entries(), target.entries()),
        )
        if any(before != after for stream in pairs for before, after in stream):
            raise StoreError(
                "The copy differs from the source, so the move goes no further. Run "
                "confid.check() on the source; confid.restore(source) gives the move up.",
                category="InvalidResult",
            )


def _give_away(old: Store, move: Seal) -> None:
    with old.exclusive() as transaction:
        if seal_of(transaction) != move:
            raise StoreError("The move was given up meanwhile.", category="OperationStopped")
        put_seal(transaction, attrs.evolve(move, reason=Reason.MOVED))


def _open_target(old: Store, new: Store) -> Moved:
    with old.transaction(write=False) as transaction:
        facts = transaction.get(TENANT.name, [FACTS])
    with new.exclusive() as transaction:
        transaction.put(TENANT.name, facts)
        break_seal(transaction)
        return Moved(
            documents=1 + sum(1 for _ in _all_documents(transaction)),
            conference_ids=transaction.count(),
        )
