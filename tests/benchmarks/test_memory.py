"""A call's memory does not grow with those it is about, beyond the records that it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.store import batches

from .memory import trace
from .sqlite_figures import BEYOND_RECORDS
from .tenants import sqlite_tenant

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FEW, MANY = 1_200, 4_900
"""Just before a set grows to four times its size: a user takes as much of it in both calls."""


def test_a_reset_of_many_needs_128_bytes_a_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small batches, for what a batch needs would hide what a user does."""
    monkeypatch.setattr(batches, "AT_ONCE", 50)
    tenant = sqlite_tenant(tmp_path / "tenant.db", MANY)
    few, many = trace(tenant, FEW)["beyond"], trace(tenant, MANY)["beyond"]
    assert (many - few) / (MANY - FEW) <= BEYOND_RECORDS
