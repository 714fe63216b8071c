"""Leases: a worker has a piece of work to itself for a while, and no longer after a crash."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

DURATION = timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Lease:
    """Which worker has the work in hand, and until when."""

    by: str
    until: datetime

    @classmethod
    def begun(cls, worker: str, now: datetime) -> Lease:
        """A lease that a worker takes now."""
        return cls(by=worker, until=now + DURATION)

    def keeps_out(self, worker: str, now: datetime) -> bool:
        """Whether another worker has the work in hand."""
        return self.by != worker and self.until > now
