"""For other people's tests: the contract that every store passes, and machines that compare stores.

Needs the extra `confid[testing]` (pytest, hypothesis), which is imported when
a name of this package is used and not before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confid.testing.contract import StoreContract
    from confid.testing.lockstep import LockStep, run_in_lockstep
    from confid.testing.model import ModelStore

__all__ = ["LockStep", "ModelStore", "StoreContract", "run_in_lockstep"]

_HOMES = {
    "LockStep": "confid.testing.lockstep",
    "ModelStore": "confid.testing.model",
    "StoreContract": "confid.testing.contract",
    "run_in_lockstep": "confid.testing.lockstep",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        import pytest  # noqa: PLC0415 - see above

        # So that a failing assertion of the contract shows its values.
        pytest.register_assert_rewrite(*_HOMES.values())
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
