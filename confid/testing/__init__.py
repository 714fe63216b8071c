"""For other people's tests: the store contract, machines that compare stores, strategies.

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
    from confid.testing.strategies import conference_ids, phone_numbers, rosters

__all__ = [
    "LockStep",
    "ModelStore",
    "StoreContract",
    "conference_ids",
    "phone_numbers",
    "rosters",
    "run_in_lockstep",
]

_HOMES = {
    "LockStep": "confid.testing.lockstep",
    "ModelStore": "confid.testing.model",
    "StoreContract": "confid.testing.contract",
    "conference_ids": "confid.testing.strategies",
    "phone_numbers": "confid.testing.strategies",
    "rosters": "confid.testing.strategies",
    "run_in_lockstep": "confid.testing.lockstep",
}

_ASSERTING = (
    "confid.testing.contract",
    "confid.testing.contract.common",
    "confid.testing.contract.documents",
    "confid.testing.contract.ledger",
    "confid.testing.contract.places",
    "confid.testing.contract.transactions",
    "confid.testing.lockstep",
    "confid.testing.model",
)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        import pytest  # noqa: PLC0415 - see above

        if _HOMES[name] in _ASSERTING:
            # So that a failing assertion of the contract shows its values.
            pytest.register_assert_rewrite(*_ASSERTING)
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
