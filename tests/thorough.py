"""How long properties search. `CONFID_TEST_TIMES=20` tries twenty times as many examples."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("CONFID_TEST_TIMES", "1"))


def examples(count: int) -> int:
    """`count`, times `CONFID_TEST_TIMES`."""
    return count * TIMES
