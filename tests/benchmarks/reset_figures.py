"""Figures of resets, one and many, beside programs that do the same by hand."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

import attrs

from confid.cmdlets import set_cs_online_dial_in_conferencing_user

from .measure import Figure, in_turns, ratio
from .tenants import identities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confid.engine.session import Session

    from .scale import Scale


@attrs.frozen(kw_only=True)
class Floor:
    """A program that resets; its rows in the table, and what they may be at most."""

    one: Callable[[str], object]
    row_of_one: str
    target_of_one: float
    many: Callable[[Sequence[str]], object]
    row_of_many: str
    target_of_many: float


def figures(scale: Scale, session: Session, *floors: Floor, many: bool = True) -> Iterator[Figure]:
    """Resets of a session's people, in turns with those of the floors."""
    names = identities(scale.users)

    def reset(identity: str | Sequence[str]) -> object:
        return set_cs_online_dial_in_conferencing_user(
            identity, reset_conference_id=True, session=session
        )

    # Many first: afterwards no store's log has to grow, which would cost a small commit more.
    if many:
        together = [reset, *(floor.many for floor in floors)]
        ours, *theirs = in_turns(scale.rounds, *(partial(call, names) for call in together))
        for floor, taken in zip(floors, theirs, strict=True):
            name = f"a reset of {scale.users}{floor.row_of_many}"
            yield ratio(name, ours, taken, target=floor.target_of_many, per=scale.users)
    one_by_one = [reset, *(floor.one for floor in floors)]
    ours, *theirs = in_turns(scale.singles, *(_turn_by_turn(call, names) for call in one_by_one))
    for floor, taken in zip(floors, theirs, strict=True):
        yield ratio(floor.row_of_one, ours, taken, target=floor.target_of_one)


def _turn_by_turn(reset: Callable[[str], object], names: Sequence[str]) -> Callable[[], object]:
    turn = cycle(names)
    return lambda: reset(next(turn))
