"""Resets, enables, disables and reads at random: `writer STORE SECONDS THREADS SEED`.

Prints `ready`, then a line for each person as soon as a call has returned:
what was done, who, and the conference ID or `-`. Killed at any moment, it has
printed only what was committed. The people are those of the store.
"""

from __future__ import annotations

import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.errors import NotEnabledError, TransactionConflictError
from confid.host import SilentHost

from .told import DISABLED, ISSUED, READ, REFUSED, is_new

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session
    from confid.tenant.records import ConferencingUser

MOST_AT_ONCE = 3
"""The number of people in one reset."""


def tell(what: str, user: ConferencingUser) -> None:
    """Write a line at once, so that threads don't mix and a kill leaves no half line."""
    said = user.conference_id or "-"
    os.write(1, f"{what} {user.identity} {said}\n".encode())


def tell_failed(what: str, call: Call, at: str = "") -> None:
    """The line of a call that failed or whose outcome is unknown."""
    os.write(1, f"{what} {','.join(call.names)} - {at}\n".encode())


def reset(session: Session, names: list[str]) -> None:
    """Reset several people in one call, all or none."""
    with session.transaction():
        users = [
            set_cs_online_dial_in_conferencing_user(name, reset_conference_id=True, session=session)
            for name in names
        ]
    for user in users:
        tell(ISSUED, user)


def enable(session: Session, name: str) -> None:
    """Enable a person; one who is enabled gets no new ID."""
    user = enable_cs_online_dial_in_conferencing_user(name, session=session)
    tell(ISSUED if is_new(user) else READ, user)


def disable(session: Session, name: str) -> None:
    """Disable a person."""
    tell(DISABLED, disable_cs_online_dial_in_conferencing_user(name, session=session))


def read(session: Session, name: str) -> None:
    """Show a person."""
    tell(READ, get_cs_online_dial_in_conferencing_user(name, session=session))


@attrs.frozen
class Call:
    """A possible call, and the people it is for."""

    names: tuple[str, ...]
    make: Callable[[], None]


def draw(session: Session, names: list[str], dice: random.Random) -> Call:
    """Make a random call and report it."""
    name = dice.choice(names)
    match dice.randrange(10):
        case 0 | 1:
            return Call((name,), lambda: enable(session, name))
        case 2:
            return Call((name,), lambda: disable(session, name))
        case 3 | 4:
            return Call((name,), lambda: read(session, name))
        case 5:
            # In one order for everybody, as locks are taken one by one.
            some = sorted(dice.sample(names, min(MOST_AT_ONCE, len(names))))
            return Call(tuple(some), lambda: reset(session, some))
        case _:
            return Call((name,), lambda: reset(session, [name]))


def everybody(session: Session) -> list[str]:
    """The names of the people of a store."""
    with session.unit(write=False) as tenant:
        return [someone.user.user_principal_name for someone in tenant.all_people()]


def work(session: Session, names: list[str], until: float, dice: random.Random) -> None:
    """The calls of one thread; calls that lost every conflict are reported as refused."""
    while time.monotonic() < until:
        call = draw(session, names, dice)
        try:
            call.make()
        except NotEnabledError:
            continue
        except TransactionConflictError:
            tell_failed(REFUSED, call)


def main(store: str, seconds: float, threads: int, seed: int) -> None:
    """Work for some seconds; an unexpected error ends the process."""
    os.write(1, b"ready\n")
    with confid.connect(store, create=False, host=SilentHost()) as session:
        names = everybody(session)
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(threads) as pool:
            jobs = [
                pool.submit(work, session, names, until, random.Random(seed * 1000 + number))
                for number in range(threads)
            ]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
