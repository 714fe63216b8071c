"""Empty tenants to import into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tenants import tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confid.engine.session import Session


@pytest.fixture(params=["memory", "sqlite"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """An empty tenant, in memory and in a file."""
    store = "memory:" if request.param == "memory" else str(tmp_path / "tenant.db")
    with tenant(store=store) as opened:
        yield opened


@pytest.fixture
def fresh() -> Iterator[Session]:
    """An empty tenant in memory, where the store makes no difference."""
    with tenant() as opened:
        yield opened
