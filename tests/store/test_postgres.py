"""PostgresStore keeps the contract; and what only real servers, processes and wires can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confid.store import PostgresStore
from confid.testing import StoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confid.store import Store


class TestPostgresStore(StoreContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def _places(self, new_schema: Callable[[], str]) -> None:
        self.new_schema = new_schema

    def make_store(self, tmp_path: Path) -> PostgresStore:  # noqa: ARG002 - it lives elsewhere
        """A new store."""
        self.url = self.new_schema()
        return PostgresStore(self.url)

    def make_again(self, store: Store) -> PostgresStore:  # noqa: ARG002 - the last one made
        """Another store on the same schema."""
        return PostgresStore(self.url)
