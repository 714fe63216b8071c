"""ReadOnlyStore: whatever it wraps can be read, and nothing else."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest hands it to tests that say so

import pytest

import confid
from confid.errors import StoreError
from confid.store import MemoryStore, ReadOnlyStore, SQLiteStore
from confid.tenant.documents import KINDS
from tests.tenants import disable, get, set_user, tenant, upn

KEN = upn("ken")


def test_a_tenant_can_be_read_and_not_changed(tmp_path: Path) -> None:
    """Reading cmdlets, the ledger and the audit work; a change is a StoreError, and none."""
    path = tmp_path / "tenant.db"
    with tenant("ken", store=path):
        before = get(KEN)
    reading = ReadOnlyStore(SQLiteStore(path))
    with confid.connect(reading) as session:
        assert get(KEN) == before
        assert confid.whois(before.conference_id) is not None
        assert confid.check().problems == ()
        with pytest.raises(StoreError, match="ReadOnlyStore") as raised:
            set_user(KEN, reset_conference_id=True)
        assert raised.value.category == "PermissionDenied"
        with pytest.raises(StoreError):
            disable(KEN)
        with pytest.raises(StoreError), session.transaction():
            pass
        assert get(KEN) == before


def test_nothing_is_created(tmp_path: Path) -> None:
    """On a place that holds nothing it doesn't open, whatever `create` says."""
    for store in (SQLiteStore(tmp_path / "missing.db"), MemoryStore()):
        with pytest.raises(StoreError):
            confid.connect(ReadOnlyStore(store))
    assert list(tmp_path.iterdir()) == []


def test_nothing_moves_out_of_it_and_it_is_no_witness() -> None:
    """Both would have to write: nothing happens to the tenant."""
    store = MemoryStore()
    with tenant("ken", store=store):
        pass
    with pytest.raises(StoreError):
        confid.move_tenant(ReadOnlyStore(store), "memory:")
    with pytest.raises(confid.WitnessError):
        tenant(store=MemoryStore(), witness=ReadOnlyStore(MemoryStore()))
    with confid.connect(store):
        set_user(KEN, reset_conference_id=True)


def test_what_the_store_refuses_it_refuses() -> None:
    """Its transactions are the store's own."""
    store = MemoryStore()
    store.open(KINDS)
    with ReadOnlyStore(store) as reading:
        reading.open(KINDS)
        with reading.transaction(write=False) as transaction, pytest.raises(StoreError):
            transaction.put("plain", {})
    with pytest.raises(StoreError), store.transaction(write=False):
        pass
