"""A store that can be read and nothing else, whatever it wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.errors import StoreError
from confid.store.base import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from confid.store.base import Body, Kind, Moment, Transaction


class ReadOnlyStore(Store):
    """`store` for reading: to look at a tenant with code that isn't trusted to leave it alone.

    A writing transaction is a `StoreError`, and nothing is created. Opening
    may still upgrade an older schema, as opening `store` itself would.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"ReadOnlyStore({self._store!r})"

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:  # noqa: ARG002 - it never creates
        """Open what is there."""
        self._store.open(kinds, create=False)

    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A reading transaction of the store."""
        if write:
            raise StoreError(f"{self!r} can't be written.", category="PermissionDenied")
        return self._store.transaction(write=False)

    def holder(
        self,
        conference_id: int,
        *,
        owned: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, list[Body | None]] | None:
        """As the store does."""
        return self._store.holder(conference_id, owned=owned, beside=beside)

    def moment(self, kinds: Iterable[Kind]) -> Moment | None:
        """The store's own."""
        return self._store.moment(kinds)

    def close(self) -> None:
        """Close the store."""
        self._store.close()
