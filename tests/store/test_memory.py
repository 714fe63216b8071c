"""MemoryStore keeps the contract; and what is its own."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.errors import StoreError
from confid.store import MemoryStore, memory
from confid.store.base import TENANT
from confid.store.checks import encoder
from confid.testing import StoreContract
from tests.thorough import examples

if TYPE_CHECKING:
    from pathlib import Path


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)


class TestMemoryStore(StoreContract):
    """The contract."""

    stories = examples(20)

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


def test_a_body_within_itself_is_refused() -> None:
    """So is one that is too deep to be written."""
    body: dict[str, object] = {}
    body["again"] = [body]
    store = MemoryStore()
    store.open([TENANT])
    with store.transaction(write=True) as transaction:
        with pytest.raises(StoreError, match="must be JSON"):
            transaction.put("tenant", {"facts": body})
        assert transaction.get("tenant", ["facts"]) == {}


@given(st.dictionaries(st.text(), st.recursive(VALUES, lambda inner: st.lists(inner, max_size=2))))
def test_a_body_is_written_as_json_writes_it(body: dict[str, object]) -> None:
    """With the encoder of C as without it."""
    plain = json.dumps(body, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        texts = [encoder()(body)]
        patch.setattr(json.encoder, "c_make_encoder", None)
        texts.append(encoder()(body))
    assert texts == [plain, plain]
