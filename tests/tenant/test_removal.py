"""Removing a person: what is left of them in the store."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import attendant, meetings
from confid.tenant.documents import KINDS, OUTBOX, WRONG_ENTRIES
from tests.tenants import (
    NOON,
    Clock,
    contents,
    get,
    grant_policy,
    new_policy,
    outbox,
    set_user,
    start_migration,
    tenant,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid import Session


@pytest.fixture
def session(place: Any) -> Iterator[Session]:
    """A tenant in which everything that can belong to a person belongs to Ken, and some to Zoe."""
    with tenant("ken", "zoe", store=place, clock=Clock(NOON)) as made:
        new_policy("Loud")
        for name in ("ken", "zoe"):
            user = set_user(upn(name), reset_leader_pin=True, reset_conference_id=True)
            meetings.schedule(upn(name), subject=f"of {name}", start=NOON + timedelta(days=1))
            grant_policy(upn(name), policy_name="Loud")
            start_migration(upn(name))
            call = attendant.dial(user.service_number, caller="+14255550199")
            call.enter_conference_id(str(user.conference_id))
            call.say_organizer(is_organizer=True)
            call.enter_pin("0")
            call.enter_pin(user.leader_pin)
        yield made


def test_a_person_has_something_of_every_kind(session: Session) -> None:
    """Or the test behind this one proves less than it says."""
    held = contents(session)
    with session.unit(write=False) as unit:
        owner = unit.user(upn("ken")).owner
    kinds = {kind.name for kind in KINDS if owner in json.dumps(held[kind.name])}
    assert kinds == {
        "user",
        "conferencing",
        "meeting",
        "outbox",
        "pin_pad",
        "migration",
        "running_meeting",
        "wrong_entries",
        "grant",
    }


def test_nothing_is_left_but_retired_lines_of_the_ledger(session: Session) -> None:
    """Under their key or their name; what belongs to others is as it was."""
    before = contents(session)
    with session.unit(write=False) as unit:
        owner, other = unit.user(upn("ken")).owner, unit.user(upn("zoe")).owner
    confid.remove_users(upn("ken"), session=session)
    after = contents(session)
    kept = json.dumps({kind.name: after[kind.name] for kind in KINDS})
    assert owner not in kept
    assert "ken" not in kept.lower()
    lines = [line for line in after["ledger"] if line.owner == owner]
    assert [line.conference_id for line in lines] == [
        line.conference_id for line in before["ledger"] if line.owner == owner
    ]
    assert len(lines) == 2
    assert all(line.retired_at is not None for line in lines)
    for kind in KINDS:
        theirs = {k: b for k, b in before[kind.name].items() if owner not in json.dumps([k, b])}
        assert after[kind.name] == theirs
    assert [line for line in after["ledger"] if line.owner == other] == [
        line for line in before["ledger"] if line.owner == other
    ]
    assert confid.check(session).problems == ()


def test_the_others_messages_still_leave_with_their_pins(session: Session) -> None:
    """The pads of those who stay are not taken along."""
    pin = set_user(upn("zoe"), reset_leader_pin=True, session=session).leader_pin
    confid.remove_users(upn("ken"), session=session)
    assert [entry.facts.pin for entry in outbox(session)][-1] == pin
    assert get(upn("zoe"), session=session).conference_id


def test_the_callers_number_is_still_counted(session: Session) -> None:
    """The wrong entries of a caller are the caller's, not the organizer's."""
    confid.remove_users([upn("ken"), upn("zoe")], session=session)
    with session.unit(write=False) as unit:
        left = dict(unit.transaction.scan(WRONG_ENTRIES.name))
        assert not dict(unit.transaction.scan(OUTBOX.name))
    assert [key.partition(":")[0] for key in left] == ["caller"]
