"""The store of docs/how-to/write-a-store.md, as the page has it, keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.testing import StoreContract
from tests.tenants import set_user, tenant, upn
from tests.thorough import examples

if TYPE_CHECKING:
    from confid.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-store.md"
(CODE, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
MADE: dict[str, Any] = {}
exec(CODE, MADE)  # noqa: S102 - the page's own code


class TestJsonFileStore(StoreContract):
    """The contract."""

    stories = examples(20)

    def make_store(self, tmp_path: Path) -> Store:
        """A new store."""
        store: Store = MADE["JsonFileStore"](tmp_path / "tenant.json")
        return store

    def make_again(self, store: Any) -> Store:
        """Another one on the same file."""
        again: Store = MADE["JsonFileStore"](store.path)
        return again


def test_it_is_a_complete_store_in_under_60_lines() -> None:
    """Imports and all."""
    assert len(CODE.splitlines()) < 60


def test_a_tenant_lives_in_it(tmp_path: Path) -> None:
    """Resets, a witness of the same kind, a move to another kind."""
    path, make = tmp_path / "tenant.json", MADE["JsonFileStore"]
    witness = make(tmp_path / "witness.json")
    with tenant("ken", store=make(path), witness=witness):
        set_user(upn("ken"), reset_conference_id=True)
    with confid.connect(make(path), create=False) as session:
        assert confid.check().problems == ()
        with pytest.raises(confid.WitnessError):
            set_user(upn("ken"), reset_conference_id=True, session=session)
    confid.move_tenant(make(path), tmp_path / "tenant.db")
    with confid.connect(tmp_path / "tenant.db", witness=witness):
        set_user(upn("ken"), reset_conference_id=True)
        assert confid.check().problems == ()
