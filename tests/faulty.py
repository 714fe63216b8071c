"""A store that fails on demand: before, during or after its commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from confid.errors import CommitOutcomeUnknownError, StoreError
from confid.store.base import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.store.base import Kind, Transaction

FAULTS = ("opening", "beginning", "claiming", "committing", "committed")


class FaultyStore(Store):
    """Passes everything on to `store`, but for the fault that `fault` names, while it does.

    "committing" rolls back and says so, "committed" commits and says that
    the outcome is unknown.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.fault: str | None = None
        self.commits = 0

    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """As the store does."""
        self._fail("opening")
        self.store.open(kinds, create=create)

    def close(self) -> None:
        """As the store does."""
        self.store.close()

    def _fail(self, at: str) -> None:
        if self.fault == at:
            raise StoreError(f"It failed {at}.")

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """As the store does; a fault in a commit hits writing ones only."""
        if self.fault == "opening":
            raise StoreError("This store is closed.")
        self._fail("beginning")
        with self.store.transaction(write=write) as transaction:
            yield _FaultyTransaction(transaction, self)  # type: ignore[misc]  # as good as one
            if write:
                self._fail("committing")
        self.commits += write
        if write and self.fault == "committed":
            raise CommitOutcomeUnknownError("The connection was lost.")


class _FaultyTransaction:
    def __init__(self, transaction: Transaction, store: FaultyStore) -> None:
        self._transaction = transaction
        self._store = store

    def claim(self, *arguments: Any) -> set[int]:
        accepted = self._transaction.claim(*arguments)
        self._store._fail("claiming")
        return accepted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)
