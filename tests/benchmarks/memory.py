"""What one large reset allocates: `python -m tests.benchmarks.memory TENANT COUNT…` writes JSON."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from pathlib import Path

from confid.cmdlets import set_cs_online_dial_in_conferencing_user

from .tenants import identities, opened


def trace(tenant: Path, count: int) -> dict[str, int]:
    """Bytes of the records that a reset of so many users returns, and of the peak above them."""
    with opened(tenant) as session:
        names = identities(count)
        # What is made once, at the first call, is no part of a user's cost.
        set_cs_online_dial_in_conferencing_user(
            names[:2], reset_conference_id=True, session=session
        )
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        done = set_cs_online_dial_in_conferencing_user(
            names, reset_conference_id=True, session=session
        )
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {"users": len(done), "records": after - before, "beyond": peak - after}


if __name__ == "__main__":
    tenant, *counts = sys.argv[1:]
    sys.stdout.write(json.dumps([trace(Path(tenant), int(count)) for count in counts]))
