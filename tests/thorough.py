"""How long properties search: with `CONFID_TEST_TIMES=20`, twenty times as many examples."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("CONFID_TEST_TIMES", "1"))


def examples(count: int) -> int:
    """`count` in a run of the suite, more in one that is to search for longer."""
    return count * TIMES
