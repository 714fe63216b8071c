"""For other people's tests: tenants, a clock, a mailbox; the store contract; strategies.

`demo_tenant`, `Clock` and `Mailbox` need nothing else; what needs the extra
`confid[testing]` (pytest, hypothesis) imports it when its name is used. The
fixtures of the pytest plugin are `confid_session`, `confid_empty_session`,
`confid_mailbox`, `confid_clock` and `confid_demo`.
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
    from confid.testing.tenants import Clock as Clock
    from confid.testing.tenants import Mailbox as Mailbox
    from confid.testing.tenants import demo_tenant as demo_tenant
else:
    __getattr__, __dir__ = names_on_demand(__name__)
