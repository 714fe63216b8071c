"""Many items in batches: what bounds the memory of a large call, and its statements."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.store.base import Body, Kind, Transaction

Item = TypeVar("Item")

AT_ONCE = 250
"""Documents, or people with all that belongs to them, that are handled at once."""


def batched(items: Iterable[Item], size: int | None = None) -> Iterator[list[Item]]:
    """The items in lists of at most `size`, in their order; `AT_ONCE` unless given.

    No list is kept here while the next one is made.
    """
    iterator = iter(items)
    return iter(lambda: list(islice(iterator, size or AT_ONCE)), [])


def pages(transaction: Transaction, kind: Kind) -> Iterator[dict[str, Body]]:
    """All documents of a kind by their keys, in pages: between two of them anything may change."""
    after = ""
    # Larger than a batch: some stores look at all their keys for each page.
    while page := dict(transaction.scan(kind.name, after=after, limit=4 * AT_ONCE)):
        after = max(page)
        yield page
        del page  # the next one comes when nobody holds this one
