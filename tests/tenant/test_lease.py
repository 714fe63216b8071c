"""Leases: who keeps whom out, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from confid.tenant.lease import DURATION, Lease
from tests.tenants import NOON

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("worker", "later", "is_kept_out"),
    [
        ("another", timedelta(), True),
        ("another", DURATION - MOMENT, True),
        ("another", DURATION, False),
        ("another", DURATION + MOMENT, False),
        ("one", timedelta(), False),
        ("one", DURATION, False),
    ],
)
def test_a_lease_keeps_others_out_until_it_ends(
    worker: str, later: timedelta, is_kept_out: bool
) -> None:
    """Ten minutes, and never its own worker."""
    assert timedelta(minutes=10) == DURATION
    lease = Lease.begun("one", NOON)
    assert lease.keeps_out(worker, NOON + later) is is_kept_out
