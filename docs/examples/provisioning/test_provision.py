"""Tests of provision.py, with what `pip install 'confid[testing]'` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from provision import provision

import confid
from confid.cmdlets import get_cs_online_dial_in_conferencing_user
from confid.testing import Clock, Mailbox, demo_tenant, rosters

if TYPE_CHECKING:
    from confid import Session

ANN = {
    "UserPrincipalName": "ann@contoso.com",
    "DisplayName": "Ann",
    "Mail": "ann@contoso.com",
    "Licenses": "MCOMEETADV",
}


def test_who_joined_is_enabled_and_told(
    confid_empty_session: Session, confid_mailbox: Mailbox
) -> None:
    """Ann gets an ID, and a mail with it."""
    assert provision([ANN]) == (1, 0)
    ann = get_cs_online_dial_in_conferencing_user("ann@contoso.com")
    (mail,) = confid_mailbox.messages(to="ann@contoso.com")
    assert ann.conference_id is not None
    assert ann.conference_id.spoken in mail.get_body(["plain"]).get_content()  # type: ignore[union-attr]
    assert not confid.check(session=confid_empty_session).problems


def test_the_second_night_changes_nothing(
    confid_empty_session: Session, confid_clock: Clock, confid_mailbox: Mailbox
) -> None:
    """Neither the ID nor a mail."""
    provision([ANN])
    before = get_cs_online_dial_in_conferencing_user("ann@contoso.com")
    confid_clock.turn(days=1)
    assert provision([ANN]) == (0, 0)
    assert get_cs_online_dial_in_conferencing_user("ann@contoso.com") == before
    assert len(confid_mailbox.messages()) == 1
    assert not confid_empty_session.closed


@demo_tenant(seed=1)
def test_who_left_loses_the_id() -> None:
    """Ken's licence goes, and callers no longer reach him; the ledger remembers."""
    ken = get_cs_online_dial_in_conferencing_user("ken.myer@contoso.com")
    assert provision([{"UserPrincipalName": "ken.myer@contoso.com", "Licenses": "none"}]) == (0, 1)
    whose = confid.whois(ken.conference_id)
    assert whose is not None
    assert not whose.is_current


@settings(max_examples=10, deadline=None)
@given(roster=rosters(max_size=4))
@demo_tenant()
def test_twice_is_once(roster: list[dict[str, str]]) -> None:
    """Whatever the roster: the second run has nothing left to do."""
    provision(roster)
    assert provision(roster) == (0, 0)
