"""What callers know and key in: numbers, IDs and PINs, right ones and wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.attendant import CallState
from tests.tenants import get, set_user, upn

if TYPE_CHECKING:
    from confid.engine.session import Session
    from confid.ids.conference_id import ConferenceId

KEN, PILAR = upn("ken"), upn("pilar")
NUMBER, LONDON, FREE = "+1 425-555-0100", "442079460100", "18005550100"
CALLER = "+44 20 7946 0999"
ASKING_ID, ASKING_PIN = CallState.ASKING_CONFERENCE_ID, CallState.ASKING_PIN


def spoken(who: str = KEN) -> str:
    """Somebody's conference ID as an invitation shows it."""
    conference_id: ConferenceId = get(who).conference_id
    return conference_id.spoken


def new_pin(who: str = KEN) -> str:
    """A new PIN of somebody's."""
    pin: str = set_user(who, reset_leader_pin=True, notify=False).leader_pin
    return pin


def wrong_pin(pin: str) -> str:
    """Another PIN of that length."""
    return pin[:-1] + ("1" if pin[-1] == "0" else "0")


def unknown(session: Session, count: int = 1) -> list[str]:
    """IDs that were never issued."""
    with session.unit(write=False) as unit:
        issued = set(unit.transaction.issued_ids())
    return [str(i) for i in range(1_000_000, 1_000_100) if i not in issued][:count]
