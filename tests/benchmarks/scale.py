"""How large a run is."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Scale:
    """Sizes of a run. `space` is the part of the ID space that is filled."""

    singles: int
    """Calls of each kind that are timed one by one."""
    users: int
    """In one call, and in the tenants that are made by confid."""
    few_users: int
    """The smaller of the two sizes between which memory must not grow."""
    rounds: int
    """Repeats of what takes long."""
    starts: int
    """Fresh interpreters for each import."""
    bulk: int
    """IDs issued at once."""
    mails: int
    """Delivered at once."""
    space: int
    sizes: tuple[int, ...]
    """Users of the tenants that are compared by size; the first is moved."""
    processes: int = 8
    seconds: float = 2
    """For how long they reset at once."""


FULL = Scale(
    singles=400,
    users=20_000,
    few_users=5_000,
    rounds=5,
    starts=7,
    bulk=500,
    mails=200,
    space=1_000_000,
    sizes=(10_000, 100_000, 1_000_000),
)
QUICK = Scale(
    singles=100,
    users=2_000,
    few_users=500,
    rounds=5,
    starts=3,
    bulk=100,
    mails=10,
    space=150_000,
    sizes=(1_000, 10_000),
    processes=4,
    seconds=0.3,
)
TINY = Scale(
    singles=2,
    users=40,
    few_users=20,
    rounds=1,
    starts=1,
    bulk=5,
    mails=5,
    space=50_000,
    sizes=(20, 40),
    processes=2,
    seconds=0.1,
)
