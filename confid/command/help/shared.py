"""What the parameters that many cmdlets share do, or why they do nothing; by PowerShell name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SHARED: Final = MappingProxyType(
    {
        "AsJob": "runs in the background; a job comes back at once, with `state`, `receive()` "
        "and `wait()`",
        "Confirm": "asks before each change; False doesn't ask, whatever the preferences say",
        "DomainController": "no effect: reserved for the vendor's internal use",
        "Force": "no effect: nothing here asks or warns but by `confirm` and the preferences",
        "LocalStore": "no effect: reserved for the vendor's internal use; there is one store",
        "MsftInternalProcessingMode": "no effect: for the vendor's internal use only",
        "Tenant": "no effect: a session is on one tenant, the one that was connected to",
        "TenantDomain": "no effect: a session is on one tenant, the one that was connected to",
        "WhatIf": "says what would be done, a line for each target, and does nothing",
    }
)
