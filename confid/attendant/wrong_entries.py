"""Wrong entries: counted over all calls and processes, by the session's clock.

Locks are taken in this order: the organizer's settings, the caller's count,
the organizer's count, counts of callers further on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from confid.tenant.documents import WRONG_ENTRIES

if TYPE_CHECKING:
    from confid.store.base import Body
    from confid.tenant.unit_of_work import UnitOfWork

CALLER_LIMIT = 10
"""Wrong entries of one caller within `WINDOW`; then their calls end at the first prompt."""

ORGANIZER_LIMIT = 100
"""Wrong PINs for one organizer within `WINDOW`; then nobody starts their meetings by phone."""

WINDOW = timedelta(hours=1)

WITHHELD = "withheld"
"""In the place of a number that is withheld: all such callers count as one."""

CALLER = "caller:"
ORGANIZER = "organizer:"

FORGOTTEN_AT_ONCE = 3
"""Outdated counts that a wrong entry erases: more than it adds."""


def is_blocked(tenant: UnitOfWork, caller: str, *, lock: bool = False) -> bool:
    """Whether a caller has made too many wrong entries within the hour; `lock` to add one."""
    return len(_recent(tenant, CALLER + caller, lock=lock)) >= CALLER_LIMIT


def blocks(body: Body, now: datetime) -> bool:
    """Whether a caller with this count of wrong entries is blocked."""
    return len(_within_the_hour(body, now)) >= CALLER_LIMIT


def is_closed(tenant: UnitOfWork, owner: str) -> bool:
    """Whether too many wrong PINs for an organizer were entered within the hour."""
    return len(_recent(tenant, ORGANIZER + owner)) >= ORGANIZER_LIMIT


def note_caller(tenant: UnitOfWork, caller: str) -> None:
    """Count a wrong entry of a caller, and erase some outdated counts."""
    _note(tenant, CALLER + caller)
    _forget(tenant, after=CALLER + caller)


def note_organizer(tenant: UnitOfWork, owner: str) -> None:
    """Count a wrong PIN for an organizer."""
    _note(tenant, ORGANIZER + owner)


def _note(tenant: UnitOfWork, key: str) -> None:
    at = [*_recent(tenant, key, lock=True), tenant.now.isoformat()]
    tenant.transaction.put(WRONG_ENTRIES.name, {key: {"at": at}})


def _recent(tenant: UnitOfWork, key: str, *, lock: bool = False) -> list[str]:
    body = tenant.transaction.get(WRONG_ENTRIES.name, [key], lock=lock).get(key)
    return _within_the_hour(body, tenant.now) if body else []


def _within_the_hour(body: Body, now: datetime) -> list[str]:
    # Before and after it: when a clock was turned back, entries must not count for ever.
    return [at for at in body["at"] if abs(now - datetime.fromisoformat(at)) < WINDOW]


def _forget(tenant: UnitOfWork, *, after: str) -> None:
    """Erase the next outdated counts of callers; only further on, as locks are taken."""
    transaction, kind = tenant.transaction, WRONG_ENTRIES.name
    found = list(transaction.scan(kind, after=after, limit=FORGOTTEN_AT_ONCE))
    callers = [
        key
        for key, body in found
        if key.startswith(CALLER) and not _within_the_hour(body, tenant.now)
    ]
    # Locked and read again: another process may have counted an entry meanwhile.
    held = transaction.get(kind, callers, lock=True)
    transaction.delete(
        kind, [key for key, body in held.items() if not _within_the_hour(body, tenant.now)]
    )
