"""Try a change on a tenant without touching it, see what it does, and hand over the script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.rehearsal.calls import RehearsedCall as RehearsedCall
    from confid.rehearsal.rehearsals import Rehearsal as Rehearsal
    from confid.rehearsal.rehearsals import rehearse as rehearse
    from confid.tenant.property_changes import Changes as Changes
    from confid.tenant.property_changes import PropertyChange as PropertyChange
else:
    __getattr__, __dir__ = names_on_demand(__name__)
