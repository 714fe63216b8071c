"""PINs in the outbox: sealed, each with a one-time pad that stands in a document of its own.

A store may leave a copy of a row that it moved in the unused part of a page,
where nothing erases it. One half tells nothing; both are erased together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.tenant.documents import PIN_PAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confid.ids.dice import Dice
    from confid.store.base import Body, Transaction
    from confid.tenant.records import OutboxEntry


def sealed(
    transaction: Transaction, entries: Iterable[OutboxEntry], *, dice: Dice
) -> list[OutboxEntry]:
    """The entries with their PINs sealed; the pads are kept."""
    pads: dict[str, Body] = {}
    kept = []
    for entry in entries:
        pin = entry.facts.pin
        if pin is None:
            kept.append(entry)
            continue
        pad = dice(len(pin))
        pads[entry.key] = {"pad": pad.hex()}
        kept.append(_with_pin(entry, _xor(pin.encode(), pad).hex()))
    if pads:
        transaction.put(PIN_PAD.name, pads)
    return kept


def unsealed(transaction: Transaction, entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
    """Pending entries with their PINs in clear: to be sent, not to be kept."""
    keys = [entry.key for entry in entries if entry.facts.pin]
    pads = transaction.get(PIN_PAD.name, keys) if keys else {}
    return [
        _with_pin(entry, _opened(entry, pads[entry.key])) if entry.key in pads else entry
        for entry in entries
    ]


def erase(transaction: Transaction, keys: Iterable[str]) -> None:
    """Forget how to open the PINs of these entries."""
    transaction.delete(PIN_PAD.name, keys)


def _with_pin(entry: OutboxEntry, pin: str) -> OutboxEntry:
    return attrs.evolve(entry, facts=attrs.evolve(entry.facts, pin=pin))


def _opened(entry: OutboxEntry, pad: Body) -> str:
    return _xor(bytes.fromhex(entry.facts.pin or ""), bytes.fromhex(pad["pad"])).decode()


def _xor(text: bytes, pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))
