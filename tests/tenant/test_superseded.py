"""Waiting mails with a PIN that is no longer the PIN: superseded, and the PIN erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import mail
from confid.mail import MemoryTransport
from confid.tenant.documents import OUTBOX, PIN_PAD
from confid.tenant.notices import Event
from tests.tenants import contents, disable, enable, outbox, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid import Session

KEN, ZOE = upn("ken"), upn("zoe")


@pytest.fixture
def session(place: Any) -> Iterator[Session]:
    """Ken and Zoe wait for the mails about their enabling; Ken for that about a PIN reset too."""
    with tenant("ken", "zoe", store=place, enabled=False) as made:
        enable([KEN, ZOE])
        yield made


def events(state: str | None) -> list[tuple[str | None, Event]]:
    """To whom the mails in a state are, and what each tells of."""
    found = [(entry.to, entry.events[0]) for entry in mail.outbox(state=state)]
    return sorted(found, key=lambda each: each[0] or "")


def pads(session: Session) -> set[str]:
    """The mails whose PIN can still be read."""
    return set(contents(session)[PIN_PAD.name])


def reset_pin(**options: Any) -> Any:
    """Ken gets another PIN."""
    return set_user(KEN, reset_leader_pin=True, **options)


def test_another_pin_reset_supersedes_them(session: Session) -> None:
    """The last one alone is sent, with the PIN that counts."""
    reset_pin()
    pin = reset_pin().leader_pin
    assert events("superseded") == [(KEN, Event.ENABLED), (KEN, Event.PIN_RESET)]
    assert events("pending") == [(KEN, Event.PIN_RESET), (ZOE, Event.ENABLED)]
    sent = MemoryTransport()
    assert mail.deliver(sent).sent == 2
    texts = {str(message["To"]): message.as_string() for message in sent.messages}
    assert pin in next(text for to, text in texts.items() if KEN in to)
    assert events("superseded") == [(KEN, Event.ENABLED), (KEN, Event.PIN_RESET)]
    assert confid.check(session).problems == ()


@pytest.mark.parametrize(
    "ends", [lambda: reset_pin(notify=False), lambda: disable(KEN, notify=False)]
)
def test_nobody_needs_to_be_told_for_it(ends: Callable[[], Any], session: Session) -> None:
    """A dead PIN is erased and never sent, though no later mail tells of the change."""
    ends()
    (superseded,) = mail.outbox(state="superseded")
    assert (superseded.to, superseded.facts.pin) == (KEN, None)
    assert superseded.reason
    assert pads(session) == {entry.key for entry in mail.outbox() if entry.to == ZOE}
    assert mail.deliver(MemoryTransport()).sent == 1
    body = contents(session)[OUTBOX.name][superseded.key]
    assert "pin" not in body["facts"]
    assert "lane" not in body["index"] or body["index"]["lane"] is None


def test_disabling_supersedes_them_and_tells_of_itself(session: Session) -> None:
    """Of the two mails to Ken the last one leaves."""
    disable([KEN, ZOE])
    assert events("superseded") == [(KEN, Event.ENABLED), (ZOE, Event.ENABLED)]
    assert pads(session) == set()
    assert mail.deliver(MemoryTransport()).sent == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda: set_user(KEN, reset_conference_id=True),
        lambda: set_user(KEN, allow_toll_free_dial_in=False),
        lambda: set_user(KEN, send_email=True),
        lambda: set_user(ZOE, reset_leader_pin=True, notify=False),
        lambda: disable(ZOE, notify=False),
    ],
)
def test_a_living_pin_stays(session: Session, change: Callable[[], Any]) -> None:
    """Whatever else changes, and whatever happens to other people's."""
    before = [entry.facts.pin for entry in outbox(session)]
    change()
    after = outbox(session)
    ken = next(entry for entry in after if entry.to == KEN)
    assert ken.state == "pending"
    assert ken.facts.pin in before


def test_what_was_sent_or_parked_stays_as_it_was(session: Session) -> None:
    """Only what waits is superseded."""
    assert mail.deliver(MemoryTransport()).sent == 2
    reset_pin()

    def refuse(_: object) -> None:
        raise mail.PermanentRefusal("no such mailbox")

    assert mail.deliver(refuse).failed == 1
    before = contents(session)[OUTBOX.name]
    disable(KEN, notify=False)
    assert contents(session)[OUTBOX.name] == before
    assert events("superseded") == []


def test_a_call_that_is_undone_supersedes_nothing(session: Session) -> None:
    """The mail leaves with its PIN."""
    before = contents(session)
    with pytest.raises(confid.UserNotFoundError):
        set_user([KEN, "nobody@contoso.com"], reset_leader_pin=True)
    assert contents(session) == before
