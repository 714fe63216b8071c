"""Figures of the attendant's look-up: from the ID keyed in to its organizer.

The floor is a bare SELECT of a row of the ledger by its primary key, on as
many people. The first figure goes from an ID to who holds it: the living
entry, the organizer's directory document, and the caller's wrong entries. The
second has all that the step looks at before it asks for more: the seal, the
set-up's stamp, the dial-in settings, a meeting that runs; and ends with the
organizer's record. Both are one statement.
"""

from __future__ import annotations

import random
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from confid.attendant.fast_path import find_organizer
from confid.attendant.wrong_entries import CALLER, WITHHELD
from confid.tenant.documents import USER, WRONG_ENTRIES

from .measure import Figure, in_turns, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confid.engine.session import Session

    from .scale import Scale

SELECT = "SELECT owner FROM ledger WHERE conference_id = {mark}"
LIVING = "SELECT conference_id FROM ledger WHERE retired_at IS NULL"

CALLS = 5
"""Times `scale.singles`: these are short ones."""


def figures(
    scale: Scale,
    where: str,
    session: Session,
    select: Callable[[int], object],
    floors: Sequence[int],
    *,
    target: float | None = None,
) -> Iterator[Figure]:
    """`select` is the floor, which knows the IDs `floors`."""
    with session.unit(write=False) as tenant:
        ours = [int(person.conference_id or 0) for person in tenant.all_people(enabled=True)]
        assert tenant.setup.stamp is not None  # read, as by the dialling before
    wanted = [cycle(random.sample(ids, len(ids))) for ids in (ours, ours, floors)]
    beside = ((WRONG_ENTRIES.name, CALLER + WITHHELD),)
    holder = partial(session.store.holder, owned=(USER.name,), beside=beside)
    held, seen, bare = in_turns(
        CALLS * scale.singles,
        lambda: holder(next(wanted[0])),
        lambda: find_organizer(session, str(next(wanted[1])), WITHHELD),
        lambda: select(next(wanted[2])),
    )
    assert find_organizer(session, str(ours[0]), WITHHELD) is not None
    yield ratio(f"the look-up, ID to organizer, {where}", held, bare, target=target)
    yield ratio(f"the look-up, with all that is checked, {where}", seen, bare)
