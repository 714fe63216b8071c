"""What a memory store holds: documents as text, indexes, the ledger; and how a change is undone."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from confid.errors import DuplicateKeyError
from confid.store.base import IMPORTED, ISSUED, LedgerEntry
from confid.store.checks import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from confid.store.base import Claim, Kind

    Index = Mapping[str, str | None]

_SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # it has one

Texts = dict[str, str | None]
"""Documents by their keys; None is for one that isn't there."""


class Kept:
    """One kind's documents as text (no live object leaves the store), and its indexes.

    An index is value to the keys of documents, those as a dict of no values.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.texts: dict[str, str] = {}
        self.indexes: dict[str, dict[str, dict[str, None]]] = {f: {} for f in kind.fields}

    def swap(self, old: Texts, new: Texts, indexed: Mapping[str, Index] | None = None) -> None:
        """Put new documents in the place of the old ones; `indexed` are their index values.

        Wherever an interrupt ends it, the documents can be swapped back.
        """
        for key, text in new.items():
            if self.indexes:
                after = indexed[key] if indexed else self._index(text)
                self._reindex(key, self._index(old[key]), after)
            if text is None:
                self.texts.pop(key, None)
            else:
                self.texts[key] = text

    def _index(self, text: str | None) -> Index:
        return {} if text is None else index_of(self.kind, decoded(text))

    def _reindex(self, key: str, before: Index, after: Index) -> None:
        for field, index in self.indexes.items():
            old, new = before.get(field), after.get(field)
            if old == new:
                continue
            if old is not None and old in index:
                index[old].pop(key, None)
            if new is not None:
                index.setdefault(new, {})[key] = None


class Contents:
    """What a memory store holds, and how to undo what the open transaction has changed in it.

    The ledger has the owner of each ID, `claims` where it is from, when it was issued and by whom,
    `retired` the latter two of its end; `owned` has the serials of each owner's IDs.
    """

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.ledger: dict[int, str] = {}
        self.claims: dict[int, tuple[str, datetime, str | None]] = {}
        self.retired: dict[int, tuple[datetime, str | None]] = {}
        self.owned: dict[str, dict[int, int]] = {}
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

    def _do(self, *steps: tuple[Callable[[], None], Callable[[], None]]) -> None:
        """Take steps, each given behind its undoing: all of them or none."""
        mark = len(self.before)
        try:
            for undo, do in steps:
                self.before.append(undo)
                do()
        except BaseException:
            self.undo(mark)
            raise

    def keep(self) -> None:
        """Commit."""
        self.version += bool(self.before)
        self.before = []

    def write(self, kept: Kept, new: Texts, indexed: Mapping[str, Index] | None = None) -> None:
        """Replace documents, or remove them."""
        old: Texts = {key: kept.texts.get(key) for key in new}
        self._do((partial(kept.swap, new, old), partial(kept.swap, old, new, indexed)))

    def exchange(self, ending: Mapping[str, int], owners: dict[int, str], claim: Claim) -> None:
        """Retire living IDs, given by their owners, and enter new ones in the ledger."""
        steps: list[tuple[Callable[[], None], Callable[[], None]]] = []
        if ending:
            retire = partial(self._retire, ending, (claim.at, claim.by))
            steps.append((partial(self._revive, ending), retire))
        if owners:
            remove = partial(self._remove, owners, claim.origin, self.counts[claim.origin])
            steps.append((remove, partial(self._enter, owners, claim)))
        self._do(*steps)

    def _enter(self, owners: dict[int, str], claim: Claim) -> None:
        # One for all: an object for each ID would be one more for the collector.
        facts = claim.origin, claim.at, claim.by
        self.ledger |= owners
        self.claims |= dict.fromkeys(owners, facts)
        if claim.retired:
            self.retired |= dict.fromkeys(owners, facts[1:])
        else:
            self.living |= {owner: conference_id for conference_id, owner in owners.items()}
        for conference_id, owner in owners.items():
            owned = self.owned.setdefault(owner, {})
            owned[conference_id] = len(owned) + 1
        self.counts[claim.origin] += len(owners)

    def _remove(self, owners: Mapping[int, str], origin: str, count: int) -> None:
        self.counts[origin] = count
        for conference_id, owner in owners.items():
            if self.living.get(owner) == conference_id:
                del self.living[owner]
            self.retired.pop(conference_id, None)
            self.owned.get(owner, {}).pop(conference_id, None)
            self.claims.pop(conference_id, None)
            self.ledger.pop(conference_id, None)

    def _retire(self, living: Mapping[str, int], moment: tuple[datetime, str | None]) -> None:
        self.retired |= dict.fromkeys(living.values(), moment)
        for owner in living:
            self.living.pop(owner, None)

    def _revive(self, living: Mapping[str, int]) -> None:
        self.living |= living
        for conference_id in living.values():
            self.retired.pop(conference_id, None)

    def entry(self, conference_id: int) -> LedgerEntry:
        """The ledger's entry of an ID that is in it."""
        owner = self.ledger[conference_id]
        origin, issued_at, issued_by = self.claims[conference_id]
        retired_at, retired_by = self.retired.get(conference_id, (None, None))
        return LedgerEntry(
            conference_id=conference_id,
            owner=owner,
            serial=self.owned[owner][conference_id],
            origin=origin,
            issued_at=issued_at,
            issued_by=issued_by,
            retired_at=retired_at,
            retired_by=retired_by,
        )


def decoded(text: str) -> Any:
    """`json.loads` without its search for white space, of which documents have none around them."""
    return _SCAN(text, 0)[0]


def reindexed(old: Kept, kind: Kind) -> Kept:
    """The same documents under a kind that has got other index fields."""
    again = Kept(kind)
    texts: Texts = {**old.texts}
    again.swap(dict.fromkeys(texts), texts)
    for field in kind.unique:
        if any(len(keys) > 1 for keys in again.indexes[field].values()):
            raise DuplicateKeyError(kind.name, field)
    return again
