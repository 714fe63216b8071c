"""Entries of a ledger as they are: into another ledger, as plain JSON, and damaged ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    ISSUED,
    LAST_ID,
    UNREADABLE,
    Claim,
    LedgerEntry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.store.base import Transaction


def enter(transaction: Transaction, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Enter entries with all their facts; those whose ID the ledger holds already come back.

    Each owner's go in in the order of their serials, and are numbered behind
    what the ledger has of theirs.
    """
    waves: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        waves[entry.serial].append(entry)
    refused: list[LedgerEntry] = []
    for _, wave in sorted(waves.items()):
        accepted = _claim(transaction, wave)
        refused.extend(entry for entry in wave if entry.conference_id not in accepted)
        _retire(transaction, [entry for entry in wave if entry.conference_id in accepted])
    return refused


def _claim(transaction: Transaction, wave: Iterable[LedgerEntry]) -> set[int]:
    claims: defaultdict[Claim, list[tuple[int, str]]] = defaultdict(list)
    for entry in wave:
        claim = Claim(
            at=entry.issued_at,
            by=entry.issued_by,
            origin=entry.origin,
            retired=_was_never_living(entry),
        )
        claims[claim].append((entry.conference_id, entry.owner))
    return {
        conference_id
        for claim, proposals in claims.items()
        for conference_id in transaction.claim(sorted(proposals), claim)
    }


def _retire(transaction: Transaction, wave: Iterable[LedgerEntry]) -> None:
    retirements: defaultdict[tuple[object, str | None], list[LedgerEntry]] = defaultdict(list)
    for entry in wave:
        if entry.retired_at is not None and not _was_never_living(entry):
            retirements[entry.retired_at, entry.retired_by].append(entry)
    for retired in retirements.values():
        first, owners = retired[0], [entry.owner for entry in retired]
        assert first.retired_at is not None  # noqa: S101 - as chosen above
        transaction.retire(owners, at=first.retired_at, by=first.retired_by)


def _was_never_living(entry: LedgerEntry) -> bool:
    """Whether it was entered as retired, beside a living one perhaps."""
    return entry.retired_at == entry.issued_at and entry.retired_by == entry.issued_by


def is_damaged(entry: LedgerEntry) -> bool:
    """Whether an entry holds values that no store writes."""
    return not (
        FIRST_ID <= entry.conference_id <= LAST_ID
        and isinstance(entry.owner, str)
        and isinstance(entry.serial, int)
        and entry.origin in (ISSUED, IMPORTED)
        and isinstance(entry.issued_by, _TEXT)
        and isinstance(entry.retired_by, _TEXT)
        and UNREADABLE not in (entry.issued_at, entry.retired_at)
    )


def readable(entry: LedgerEntry) -> LedgerEntry:
    """An entry whose values are of their types, though it may be damaged."""
    if not is_damaged(entry):
        return entry
    return attrs.evolve(
        entry,
        owner=entry.owner if isinstance(entry.owner, str) else repr(entry.owner),
        serial=entry.serial if isinstance(entry.serial, int) else 0,
        origin=entry.origin if entry.origin in (ISSUED, IMPORTED) else ISSUED,
        issued_by=entry.issued_by if isinstance(entry.issued_by, _TEXT) else None,
        retired_by=entry.retired_by if isinstance(entry.retired_by, _TEXT) else None,
    )


_TEXT = (str, type(None))


def as_row(entry: LedgerEntry) -> list[Any]:
    """An entry as a JSON array."""
    values = attrs.astuple(entry)
    return [value.isoformat() if isinstance(value, datetime) else value for value in values]


def from_row(row: list[Any]) -> LedgerEntry:
    """The entry that `as_row` made this of."""
    conference_id, owner, serial, origin, issued_at, issued_by, retired_at, retired_by = row
    return LedgerEntry(
        conference_id=conference_id,
        owner=owner,
        serial=serial,
        origin=origin,
        issued_at=datetime.fromisoformat(issued_at),
        issued_by=issued_by,
        retired_at=None if retired_at is None else datetime.fromisoformat(retired_at),
        retired_by=retired_by,
    )
