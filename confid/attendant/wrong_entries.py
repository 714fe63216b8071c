"""Guessing: wrong entries are counted over all calls and processes, by the session's clock.

Source: behaviour, attendant, 2 and 3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from confid.tenant.documents import WRONG_ENTRIES

if TYPE_CHECKING:
    from confid.store.base import Body
    from confid.tenant.unit_of_work import UnitOfWork

CALLER_LIMIT = 10
"""Wrong entries of one caller within `WINDOW` that end their calls at the first prompt."""

ORGANIZER_LIMIT = 100
"""Wrong PINs for one organizer within `WINDOW` that close phone starts."""

WINDOW = timedelta(hours=1)

WITHHELD = "withheld"
"""Stands for the number of everybody who withholds theirs: they count as one caller."""

CALLER = "caller:"
ORGANIZER = "organizer:"

FORGOTTEN_AT_ONCE = 3
"""Callers whose hour is over that a wrong entry erases: more than it adds."""


def is_blocked(tenant: UnitOfWork, caller: str) -> bool:
    """Whether a caller's number has made too many wrong entries within the hour."""
    return len(_recent(tenant, CALLER + caller)) >= CALLER_LIMIT


def blocks(body: Body, now: datetime) -> bool:
    """Whether a caller's number is blocked of whom that is the count."""
    return len(_within_the_hour(body, now)) >= CALLER_LIMIT


def is_closed(tenant: UnitOfWork, owner: str) -> bool:
    """Whether too many wrong PINs for an organizer were entered within the hour."""
    return len(_recent(tenant, ORGANIZER + owner)) >= ORGANIZER_LIMIT


def note_caller(tenant: UnitOfWork, caller: str) -> None:
    """Count a wrong entry of a caller's number, and erase what nobody needs any more."""
    _note(tenant, CALLER + caller)
    _forget(tenant, after=CALLER + caller)


def note_organizer(tenant: UnitOfWork, owner: str) -> None:
    """Count a wrong PIN for an organizer. Before `note_caller`: locks are taken in this order."""
    _note(tenant, ORGANIZER + owner)


def _note(tenant: UnitOfWork, key: str) -> None:
    at = [*_recent(tenant, key, lock=True), tenant.now.isoformat()]
    tenant.transaction.put(WRONG_ENTRIES.name, {key: {"at": at}})


def _recent(tenant: UnitOfWork, key: str, *, lock: bool = False) -> list[str]:
    body = tenant.transaction.get(WRONG_ENTRIES.name, [key], lock=lock).get(key)
    return _within_the_hour(body, tenant.now) if body else []


def _within_the_hour(body: Body, now: datetime) -> list[str]:
    # Either way: a clock that was turned back must not count for ever.
    return [at for at in body["at"] if abs(now - datetime.fromisoformat(at)) < WINDOW]


def _forget(tenant: UnitOfWork, *, after: str) -> None:
    """Erase the next callers whose hour is over; upwards only, as locks are taken."""
    transaction, kind = tenant.transaction, WRONG_ENTRIES.name
    found = list(transaction.scan(kind, after=after, limit=FORGOTTEN_AT_ONCE))
    callers = [
        key
        for key, body in found
        if key.startswith(CALLER) and not _within_the_hour(body, tenant.now)
    ]
    # Locked and read again: another process may have counted something meanwhile.
    held = transaction.get(kind, callers, lock=True)
    transaction.delete(
        kind, [key for key, body in held.items() if not _within_the_hour(body, tenant.now)]
    )
