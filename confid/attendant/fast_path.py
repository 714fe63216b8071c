"""The usual case of an ID keyed in: the store is asked once, and nothing is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.attendant import wrong_entries
from confid.errors import TransactionConflictError
from confid.ids.conference_id import ConferenceId
from confid.store.base import SEAL, TENANT
from confid.store.seal import FACTS
from confid.tenant.directory import USERS
from confid.tenant.documents import (
    CONFERENCING,
    RUNNING_MEETING,
    SETTINGS,
    USER,
    WRONG_ENTRIES,
)

if TYPE_CHECKING:
    from confid.engine.session import Session
    from confid.tenant.records import ConferencingUser

OWNED = (USER.name, CONFERENCING.name, RUNNING_MEETING.name)


def find_organizer(session: Session, keys: str, caller: str) -> tuple[str, ConferencingUser] | None:
    """The owner and record of an organizer whose PIN is asked for next.

    None where more has to be read, or something written: for a wrong ID, a
    blocked caller, a sealed store, a meeting that runs or that callers may
    start, and a set-up that this session hasn't read yet.
    """
    try:
        number = ConferenceId(keys)
        entries = (WRONG_ENTRIES.name, wrong_entries.CALLER + caller)
        beside = ((TENANT.name, FACTS), (TENANT.name, SEAL), entries)
        found = session.holder(number, owned=OWNED, beside=beside)
    except (ValueError, TransactionConflictError):
        return None
    if found is None:
        return None
    owner, (user, settings, meeting, facts, seal, wrong) = found
    setup = session.setup_of(facts)
    if user is None or settings is None or setup is None or meeting or seal:
        return None
    conferencing = SETTINGS.read(settings)
    if (
        not conferencing.enabled
        or conferencing.allow_pstn_only_meetings
        or conferencing.bridge_id not in setup.bridges
        or (wrong and wrong_entries.blocks(wrong, session.now()))
    ):
        return None
    return owner, setup.conferencing_user(USERS.read(user), conferencing, number)
