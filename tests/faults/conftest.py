"""Where the scripts of this folder have their tenants when they are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A path, or a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "tenant.db")
    new_schema: Callable[[], str] = request.getfixturevalue("new_schema")
    return new_schema()
