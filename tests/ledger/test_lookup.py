"""The ledger for people: whose an ID is or was, what was issued, how much is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

import confid
from confid import meetings
from tests.tenants import NOON, Clock, disable, enable, get, set_user, tenant, undone, upn

KEN, PILAR = upn("ken"), upn("pilar")


def test_whois_of_a_living_id() -> None:
    """Whose it is and since when, with the future meetings that show it."""
    clock = Clock()
    with tenant("ken", clock=clock):
        user = get(KEN)
        clock.forward(hours=1)
        later, sooner = (
            meetings.schedule(KEN, subject="x", start=NOON + timedelta(days=day)) for day in (2, 1)
        )
        found = confid.whois(user.conference_id)
        assert found is not None
        assert (found.user_principal_name, found.display_name) == (KEN, "Ken")
        assert (found.since, found.until, found.is_current) == (NOON, None, True)
        assert found.meetings == (sooner, later)
        clock.forward(days=1)
        assert confid.whois(int(user.conference_id)) == confid.whois(user.conference_id)


def test_whois_of_a_retired_id() -> None:
    """Whose it was, until when, and which invitations still show it."""
    clock = Clock()
    with tenant("ken", clock=clock):
        old = get(KEN).conference_id
        kept = meetings.schedule(KEN, subject="kept", start=NOON + timedelta(days=2))
        moved = meetings.schedule(KEN, subject="moved", start=NOON + timedelta(days=2))
        clock.forward(hours=1)
        set_user(KEN, reset_conference_id=True)
        meetings.reschedule(moved)
        found = confid.whois(old)
        assert found is not None
        assert (found.is_current, found.until) == (False, NOON + timedelta(hours=1))
        assert found.meetings == (kept,)
        clock.forward(days=5)
        again = confid.whois(old)
        assert again is not None
        assert again.meetings == ()


@pytest.mark.parametrize("template", ["{}", "{}#", " {} ", "{0:.3} {0[3]}{0[4]}{0[5]} {0[6]}#"])
def test_whois_takes_an_id_as_people_write_it(template: str) -> None:
    """Spaces, dashes and the hash are for people."""
    with tenant("ken"):
        digits = str(get(KEN).conference_id)
        found = confid.whois(template.format(digits))
        assert found is not None
        assert found.user_principal_name == KEN


@pytest.mark.parametrize("value", ["", "123", 999_999, 10_000_000, None, "one", 1234567.0, True])
def test_what_is_no_id_is_a_value_error(value: object) -> None:
    """`whois` and `entry` answer None only for an ID that was never issued."""
    with tenant("ken"):
        for ask in (confid.whois, confid.ledger.entry):
            with pytest.raises(ValueError, match="no conference ID"):
                ask(value)


def test_an_id_never_issued_is_nobodys() -> None:
    """None for one that the ledger does not hold."""
    with tenant("ken", ids=5):
        assert confid.whois(9_999_999) is None
        assert confid.ledger.entry(9_999_999) is None


def test_entries_are_an_owners_history_or_the_whole_ledger() -> None:
    """Of an owner in the order of issue, of all in the order of the IDs."""
    clock = Clock()
    with tenant("ken", "pilar", clock=clock, actor="ada"):
        ids = [get(KEN).conference_id]
        for _ in range(4):
            clock.forward(hours=-1)
            ids.append(set_user(KEN, reset_conference_id=True).conference_id)
        disable(PILAR)
        history = confid.ledger.entries(KEN)
        assert [line.conference_id for line in history] == ids
        assert [line.serial for line in history] == [1, 2, 3, 4, 5]
        assert [line.is_current for line in history] == [False] * 4 + [True]
        assert {(line.origin, line.issued_by) for line in history} == {("issued", "ada")}
        assert list(confid.ledger.entries("Ken")) == list(history)
        everything = confid.ledger.entries()
        assert [line.conference_id for line in everything] == sorted(
            line.conference_id for line in everything
        )
        assert len(everything) == 6
        assert confid.ledger.entry(ids[0]) == history[0]


def test_remaining_counts_what_can_still_be_issued() -> None:
    """Retired IDs never come back into it."""
    with tenant("ken", ids=10) as session:
        assert confid.ledger.remaining() == 9
        set_user(KEN, reset_conference_id=True)
        disable(KEN)
        assert confid.ledger.remaining() == 8
        with undone(session):
            enable(KEN)
            assert confid.ledger.remaining() == 7
        assert confid.ledger.remaining() == 8
    with tenant("ken"):
        assert confid.ledger.remaining() == 8_999_999


def test_what_was_rolled_back_was_never_issued() -> None:
    """An ID of an undone transaction is in no ledger."""
    with tenant("ken") as session:
        with undone(session):
            gone = set_user(KEN, reset_conference_id=True).conference_id
            assert confid.whois(gone) is not None
        assert confid.whois(gone) is None
        assert get(KEN).conference_id != gone
