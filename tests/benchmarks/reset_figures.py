"""Figures of resets, one and many, on a store that lasts."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from confid.cmdlets import set_cs_online_dial_in_conferencing_user

from .measure import Figure, in_turns, ratio
from .tenants import identities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confid.engine.session import Session

    from .scale import Scale


def figures(
    scale: Scale,
    store: str,
    session: Session,
    *,
    reset_one: Callable[[str], object],
    reset_many: Callable[[Sequence[str]], object],
    target_of_many: float,
) -> Iterator[Figure]:
    """Resets of a session's people beside those of the floor, on a store of the same kind."""
    names = identities(scale.users)
    reset = partial(
        set_cs_online_dial_in_conferencing_user, reset_conference_id=True, session=session
    )
    ours, theirs = cycle(names), cycle(names)
    one, one_floor = in_turns(
        scale.singles, lambda: reset(next(ours)), lambda: reset_one(next(theirs))
    )
    yield ratio(f"one durable reset, {store}", one, one_floor, target=1.5)
    many, many_floor = in_turns(scale.rounds, partial(reset, names), partial(reset_many, names))
    yield ratio(
        f"a reset of {scale.users}, {store}, a user",
        many,
        many_floor,
        target=target_of_many,
        per=scale.users,
    )
