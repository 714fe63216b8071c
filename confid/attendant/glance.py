"""Whose ID a caller has keyed in, at a glance: the store is asked once, and nothing is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid import directory
from confid.attendant import guessing
from confid.conference_id import ConferenceId
from confid.errors import TransactionConflictError
from confid.records import (
    CONFERENCING,
    RUNNING_MEETING,
    USER,
    WRONG_ENTRIES,
    Conferencing,
    ConferencingUser,
    converter,
)
from confid.setup import FACTS
from confid.store.base import SEAL, TENANT

if TYPE_CHECKING:
    from confid.session import Session

OWNED = (USER.name, CONFERENCING.name, RUNNING_MEETING.name)


def glance(session: Session, keys: str, caller: str) -> tuple[str, ConferencingUser] | None:
    """The key and the record of an organizer whose PIN would be asked for next.

    None wherever there is more to look at, or something to write: a wrong ID,
    a caller who is blocked, a sealed store, a meeting that runs or that
    callers may start, a set-up that this session hasn't read yet.
    """
    try:
        number = ConferenceId(keys)
        wrong_entries = (WRONG_ENTRIES.name, guessing.CALLER + caller)
        beside = ((TENANT.name, FACTS), (TENANT.name, SEAL), wrong_entries)
        found = session.holder(number, owned=OWNED, beside=beside)
    except (ValueError, TransactionConflictError):
        return None
    if found is None:
        return None
    owner, (user, settings, meeting, facts, seal, wrong) = found
    setup = session.setup_of(facts)
    if user is None or settings is None or setup is None or meeting or seal:
        return None
    conferencing = converter().structure(settings, Conferencing)
    if (
        not conferencing.enabled
        or conferencing.allow_pstn_only_meetings
        or conferencing.bridge_id not in setup.bridges
        or (wrong and guessing.blocks(wrong, session.now()))
    ):
        return None
    return owner, setup.conferencing_user(directory.from_document(user), conferencing, number)
