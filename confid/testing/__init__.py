"""For other people's tests: the store contract, machines that compare stores, strategies.

Needs the extra `confid[testing]` (pytest, hypothesis), which is imported when
a name of this package is used and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.testing.contract import StoreContract as StoreContract
    from confid.testing.lockstep import LockStep as LockStep
    from confid.testing.lockstep import run_in_lockstep as run_in_lockstep
    from confid.testing.model import ModelStore as ModelStore
    from confid.testing.strategies import conference_ids as conference_ids
    from confid.testing.strategies import phone_numbers as phone_numbers
    from confid.testing.strategies import rosters as rosters
else:
    __getattr__, __dir__ = names_on_demand(__name__)
