"""Places for a tenant: each kind of store, which can be opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from confid.store import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty place of each kind of store."""
    if request.param == "memory":
        return MemoryStore()
    if request.param == "sqlite":
        return tmp_path / "tenant.db"
    return request.getfixturevalue("new_schema")()
