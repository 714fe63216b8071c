"""MemoryStore keeps the contract; and what is its own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from confid.errors import StoreError
from confid.store import MemoryStore, memory
from confid.testing import StoreContract

if TYPE_CHECKING:
    from pathlib import Path


class TestMemoryStore(StoreContract):
    """The contract."""

    def make_store(self, tmp_path: Path) -> MemoryStore:  # noqa: ARG002 - it has no place
        """A new store."""
        return MemoryStore()


def test_a_transaction_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction inside another one of the same thread ends with an error, not never."""
    monkeypatch.setattr(memory, "LOCK_TIMEOUT", 0.05)
    store = MemoryStore()
    store.open([])
    with store.transaction(write=True):
        with pytest.raises(StoreError) as raised, store.transaction(write=False):
            pass
        assert raised.value.category == "ResourceBusy"
    with store.transaction(write=True) as transaction:
        assert transaction.count() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")
def test_a_forked_child_is_refused() -> None:
    """It would be another tenant of the same name, issuing the same IDs."""
    store = MemoryStore()
    store.open([])
    child = os.fork()
    if not child:
        try:
            with store.transaction(write=False):
                os._exit(1)
        except StoreError:
            os._exit(0)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with store.transaction(write=True) as transaction:
        assert transaction.count() == 0
