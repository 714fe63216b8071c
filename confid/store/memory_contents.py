"""What a memory store holds: documents as text, indexes, the ledger; and how a change is undone."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, cast

from confid.errors import DuplicateKeyError
from confid.store.base import IMPORTED, ISSUED, LedgerEntry
from confid.store.checks import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from confid.store.base import Claim, Kind

_DECODE = json.JSONDecoder().raw_decode

Row = tuple[str | None, ...]
"""A document's text (no live object leaves the store), then its values of the index fields."""

Rows = dict[str, Row | None]


class Kept:
    """One kind's documents and its indexes.

    An index is value to the keys of documents, those as a dict of no values.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.indexes: dict[str, dict[str, dict[str, None]]] = {f: {} for f in kind.fields}

    def text(self, key: str) -> str:
        """The text of a document that is there."""
        return cast("str", self.rows[key][0])

    def swap(self, old: Rows, new: Rows) -> None:
        """Put new rows in the place of the old ones; None is no row.

        Wherever an interrupt ends it, the rows can be swapped back.
        """
        for place, index in enumerate(self.indexes.values(), start=1):
            for key, row in new.items():
                was = old[key]
                before = was[place] if was else None
                after = row[place] if row else None
                if before == after:
                    continue
                if before is not None and before in index:
                    index[before].pop(key, None)
                if after is not None:
                    index.setdefault(after, {})[key] = None
        for key, row in new.items():
            if row:
                self.rows[key] = row
            else:
                self.rows.pop(key, None)


class Contents:
    """What a memory store holds, and how to undo what the open transaction has changed in it.

    The ledger has (owner, serial, origin, when, by whom) for each ID, and (when, by whom) for each
    retired one.
    """

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.ledger: dict[int, tuple[str, int, str, datetime, str | None]] = {}
        self.retired: dict[int, tuple[datetime, str | None]] = {}
        self.owned: dict[str, dict[int, None]] = {}
        self.living: dict[str, int] = {}
        self.counts: dict[str, int] = {ISSUED: 0, IMPORTED: 0}
        self.version: int = 0
        # Each is written down before its change, and can undo a part of it, or nothing, or twice.
        self.before: list[Callable[[], None]] = []

    def undo(self, mark: int = 0) -> None:
        """Take back what was changed since `before` was so long; it may be called again."""
        while len(self.before) > mark:
            self.before[-1]()
            self.before.pop()

    def keep(self) -> None:
        """Commit."""
        self.version += bool(self.before)
        self.before = []

    def write(self, kept: Kept, rows: Rows) -> None:
        """Replace documents, or remove them."""
        old: Rows = {key: kept.rows.get(key) for key in rows}
        self.before.append(partial(kept.swap, rows, old))
        kept.swap(old, rows)

    def enter(self, owners: Mapping[int, str], claim: Claim) -> None:
        """Enter new IDs in the ledger."""
        self.before.append(partial(self._remove, owners, claim.origin, self.counts[claim.origin]))
        moment = claim.at, claim.by
        for conference_id, owner in owners.items():
            owned = self.owned.setdefault(owner, {})
            self.ledger[conference_id] = (owner, len(owned) + 1, claim.origin, *moment)
            owned[conference_id] = None
            if claim.retired:
                self.retired[conference_id] = moment
            else:
                self.living[owner] = conference_id
        self.counts[claim.origin] += len(owners)

    def _remove(self, owners: Mapping[int, str], origin: str, count: int) -> None:
        self.counts[origin] = count
        for conference_id, owner in owners.items():
            if self.living.get(owner) == conference_id:
                del self.living[owner]
            self.retired.pop(conference_id, None)
            self.owned.get(owner, {}).pop(conference_id, None)
            self.ledger.pop(conference_id, None)

    def retire(self, living: Mapping[str, int], moment: tuple[datetime, str | None]) -> None:
        """Retire living IDs, given by their owners."""
        self.before.append(partial(self._revive, living))
        for owner, conference_id in living.items():
            self.retired[conference_id] = moment
            self.living.pop(owner, None)

    def _revive(self, living: Mapping[str, int]) -> None:
        for owner, conference_id in living.items():
            self.living[owner] = conference_id
            self.retired.pop(conference_id, None)

    def entry(self, conference_id: int) -> LedgerEntry:
        """The ledger's entry of an ID that is in it."""
        owner, serial, origin, issued_at, issued_by = self.ledger[conference_id]
        retired_at, retired_by = self.retired.get(conference_id, (None, None))
        return LedgerEntry(
            conference_id=conference_id,
            owner=owner,
            serial=serial,
            origin=origin,
            issued_at=issued_at,
            issued_by=issued_by,
            retired_at=retired_at,
            retired_by=retired_by,
        )


def decoded(text: str) -> Any:
    """`json.loads` without its search for white space, of which documents have none around them."""
    return _DECODE(text)[0]


def reindexed(old: Kept, kind: Kind) -> Kept:
    """The same documents under a kind that has got other index fields."""
    again = Kept(kind)
    texts = ((key, old.text(key)) for key in old.rows)
    rows: Rows = {k: (text, *index_of(kind, decoded(text)).values()) for k, text in texts}
    again.swap(dict.fromkeys(rows), rows)
    for field in kind.unique:
        if any(len(keys) > 1 for keys in again.indexes[field].values()):
            raise DuplicateKeyError(kind.name, field)
    return again
