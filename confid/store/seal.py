"""Seals: what keeps a backup, or one side of a move, from becoming a second living tenant."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from confid.errors import SealedError, StoreError
from confid.store.base import BACKUP, SEAL, TENANT

if TYPE_CHECKING:
    from confid.store.base import Body, Transaction


FACTS = "tenant"
"""The key of the document that makes a store a tenant."""


class Reason(enum.Enum):
    """Why a store is sealed."""

    BACKUP = BACKUP
    MOVING = "moving"
    MOVED = "moved"
    INCOMPLETE = "incomplete"


_WHY = {
    Reason.BACKUP: "it is a backup. confid.restore(store) opens it, once the tenant that it was "
    "taken from is gone.",
    Reason.MOVING: "its tenant is being moved{to}. confid.move_tenant(source, target) goes on with "
    "it; confid.restore(source) gives the move up.",
    Reason.MOVED: "its tenant has moved{to}, for good. Connect to the store that it was moved to.",
    Reason.INCOMPLETE: "a tenant is being moved to it and has not arrived. "
    "confid.move_tenant(source, target) goes on with it.",
}


@attrs.frozen(kw_only=True)
class Seal:
    """A store's seal.

    `move` is the identity of a move. Its source and its one target both bear
    it, so no other store can become the target. `to` describes the target to
    people.
    """

    reason: Reason
    move: str | None = None
    to: str | None = None

    def error(self) -> SealedError:
        """What a sealed store answers."""
        return SealedError(_WHY[self.reason].format(to=f" to {self.to}" if self.to else ""))


def read_seal(body: Body | None) -> Seal | None:
    """The seal in the document at `SEAL`; None without one.

    Raises `StoreError` for one that can't be read: an unknown seal seals.
    """
    if body is None:
        return None
    try:
        return Seal(reason=Reason(body["reason"]), move=body.get("move"), to=body.get("to"))
    except (KeyError, ValueError):
        raise StoreError(
            "The store is sealed in a way that this confid doesn't know. Upgrade confid.",
            category="InvalidData",
        ) from None


def seal_of(transaction: Transaction) -> Seal | None:
    """The store's seal; None for one that is open."""
    return read_seal(transaction.get(TENANT.name, [SEAL]).get(SEAL))


def put_seal(transaction: Transaction, seal: Seal) -> None:
    """Seal the store."""
    body = {"reason": seal.reason.value, "move": seal.move, "to": seal.to}
    transaction.put(TENANT.name, {SEAL: body})


def break_seal(transaction: Transaction) -> None:
    """Open the store."""
    transaction.delete(TENANT.name, [SEAL])
