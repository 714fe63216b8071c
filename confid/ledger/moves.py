"""Moves of a tenant from one store to another; there are never two living copies.

A move has an identity of its own, which the seals of its source and of its
target bear. First the target is marked with it, then the source is sealed for
it, so nothing that is copied changes any more. The target opens in the very
transaction that has compared it with the source, and after the source has
been sealed for good. A move that was cut short goes on when it is called again.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING
from uuid import uuid4

import attrs

from confid.engine.own_function import own_function
from confid.errors import StoreError
from confid.store.base import SEAL, TENANT
from confid.store.batches import batched
from confid.store.blocks import block
from confid.store.entries import enter
from confid.store.overlay import OverlayStore
from confid.store.seal import FACTS, Reason, Seal, break_seal, put_seal, seal_of
from confid.store.urls import as_store, hidden
from confid.tenant.display import Shown
from confid.tenant.documents import KINDS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from confid.store.base import Body, Store, Transaction


@attrs.frozen(kw_only=True)
class Moved(Shown):
    """What a move has brought to the target."""

    documents: int
    conference_ids: int

    def __str__(self) -> str:
        return f"{self.documents} documents and {self.conference_ids} conference IDs moved"


@own_function("confid.move_tenant", writes=True, on_stores=True)
def move_tenant(
    source: str | os.PathLike[str] | Store, target: str | os.PathLike[str] | Store
) -> Moved:
    """Move the tenant in `source` to `target`, ledger included, and seal `source` for good.

    Both are stores, paths or URLs, and closed afterwards. `target` must be
    empty. The source is sealed for this one target, then copied, the copy is
    compared with it and opened. When a move fails nobody can write to either
    store: call it again to go on, or `confid.restore(source)` to give it up.
    A tenant with a witness keeps it.

    Raises `SealedError` for a source that is a backup, has moved already or
    is being moved to another target; `StoreError` for an overlay, for a target
    that holds something, for a copy that differs, and when a store fails.
    """
    places = hidden(source), hidden(target)
    del source, target  # so that no traceback shows them
    with as_store(places[0]) as old, as_store(places[1]) as new:
        for store in (old, new):
            if isinstance(store, OverlayStore):
                # What it lies on would live on, and the copy issue the same IDs.
                raise StoreError(
                    f"{store!r} is a rehearsal, so nothing moves out of it or into it. Move the "
                    "tenant itself.",
                    category="InvalidOperation",
                )
        old.open(KINDS, create=False)
        new.open(KINDS)
        move = _begin(old, new)
        _copy_documents(old, new, move)
        _copy_ledger(old, new, move)
        return _finish(old, new, move)


def _begin(old: Store, new: Store) -> str:
    """The move's identity, which the source and the target bear from now on."""
    with old.transaction(write=False) as transaction:
        seal = _seal_of_source(transaction)
        tenant_id = transaction.get(TENANT.name, [FACTS])[FACTS]["tenant_id"]
    if seal is not None:
        with new.transaction(write=False) as transaction:
            if seal.move is None or not _is_target(transaction, seal.move):
                raise seal.error()
        return seal.move
    move = f"{tenant_id}/{uuid4()}"
    with new.exclusive() as transaction:
        _demand_room(transaction, tenant_id)
        put_seal(transaction, Seal(reason=Reason.INCOMPLETE, move=move))
    with old.exclusive() as transaction:
        if _seal_of_source(transaction) is not None:
            raise StoreError("Another move of this tenant has begun.", category="ResourceBusy")
        put_seal(transaction, Seal(reason=Reason.MOVING, move=move, to=repr(new)))
    return move


def _seal_of_source(transaction: Transaction) -> Seal | None:
    """The seal of a move that has begun; None for a tenant that is not being moved."""
    seal = seal_of(transaction)
    if seal is not None and seal.reason in (Reason.BACKUP, Reason.INCOMPLETE):
        raise seal.error()
    if not transaction.get(TENANT.name, [FACTS]):
        raise StoreError("The source holds no tenant.", category="ObjectNotFound")
    return seal


def _is_target(transaction: Transaction, move: str) -> bool:
    seal = seal_of(transaction)
    return seal is not None and seal.reason is Reason.INCOMPLETE and seal.move == move


def _demand_room(transaction: Transaction, tenant_id: str) -> None:
    """Refuse a target that holds something; a mark of this tenant's alone is nothing."""
    seal = seal_of(transaction)
    if (
        (seal is not None and not f"{seal.move}".startswith(f"{tenant_id}/"))
        or transaction.count()
        or transaction.get(TENANT.name, [FACTS])
        or any(_all_documents(transaction))
    ):
        raise StoreError(
            "The target holds something already, and a tenant moves into an empty store only. "
            "Give another one.",
            category="ResourceExists",
        )


@block
def _writing(new: Store, move: str) -> Iterator[Transaction]:
    """A transaction on the target, as long as it is this move's.

    Two calls can go on with one move. The slower one must not write to a
    tenant that the other one has opened.
    """
    with new.exclusive() as transaction:
        if not _is_target(transaction, move):
            raise StoreError(
                "The target belongs to another move now, or has been opened.",
                category="OperationStopped",
            )
        yield transaction


def _all_documents(transaction: Transaction) -> Iterator[tuple[str, str, Body]]:
    """What is copied: everything but the seal, and the facts, which make the target a tenant."""
    for kind in KINDS:
        for key, body in transaction.scan(kind.name):
            if kind != TENANT or key not in (FACTS, SEAL):
                yield kind.name, key, body


def _copy_documents(old: Store, new: Store, move: str) -> None:
    with old.transaction(write=False) as reading:
        for chunk in batched(_all_documents(reading)):
            kinds: dict[str, dict[str, Body]] = {}
            for kind, key, body in chunk:
                kinds.setdefault(kind, {})[key] = body
            with _writing(new, move) as writing:
                for kind, documents in kinds.items():
                    writing.put(kind, documents)


def _copy_ledger(old: Store, new: Store, move: str) -> None:
    """Owner by owner, in the order of serials: each owner has exactly one first entry."""
    with old.transaction(write=False) as reading:
        owners = (entry.owner for entry in reading.entries() if entry.serial == 1)
        for chunk in batched(owners):
            entries = [entry for owner in chunk for entry in reading.history(owner)]
            with _writing(new, move) as writing:
                there = writing.lookup(entry.conference_id for entry in entries)
                enter(writing, [e for e in entries if e.conference_id not in there])


def _finish(old: Store, new: Store, move: str) -> Moved:
    """Compare the copy with the source, seal the source for good, and open the target."""
    with _writing(new, move) as target:
        with old.transaction(write=False) as source:
            facts = source.get(TENANT.name, [FACTS])
            moved = _verified(source, target)
        with old.exclusive() as source:
            seal = seal_of(source)
            if seal is None or seal.move != move:
                raise StoreError("The move was given up meanwhile.", category="OperationStopped")
            put_seal(source, attrs.evolve(seal, reason=Reason.MOVED))
        target.put(TENANT.name, facts)
        break_seal(target)
    # The tenant has moved, whether or not this is written: a copy of the marked target, made by
    # hand, is no target any more.
    with suppress(StoreError), old.exclusive() as source:
        put_seal(source, Seal(reason=Reason.MOVED, to=seal.to))
    return moved


def _verified(source: Transaction, target: Transaction) -> Moved:
    """How much the target holds; raises `StoreError` if it differs from the source."""
    counts = []
    pairs: tuple[Iterator[tuple[object, object]], ...] = (
        zip_longest(_all_documents(source), _all_documents(target)),
        zip_longest(source.entries(), target.entries()),
    )
    for stream in pairs:
        counts.append(0)
        for before, after in stream:
            if before != after:
                raise StoreError(
                    "The copy differs from the source, so the move goes no further. Run "
                    "confid.check() on the source; confid.restore(source) gives the move up.",
                    category="InvalidResult",
                )
            counts[-1] += 1
    documents, conference_ids = counts
    return Moved(documents=1 + documents, conference_ids=conference_ids)
