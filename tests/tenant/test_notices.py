"""The message that a change owes: its address and content, at most one a call and user."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.errors import ConfidError, InvalidArgumentError
from confid.mail import MemoryTransport
from confid.tenant.notices import Event, Sender
from confid.tenant.outbox import MESSAGES, MessageState, OutboxEntry
from confid.tenant.records import MASKED_PIN
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    lines,
    outbox,
    set_settings,
    set_user,
    tenant,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KEN, LI = upn("ken"), upn("li")
LONDON, MADRID, FREE = "442079460100", "34910000100", "18005550100"
ELSEWHERE = "elsewhere@contoso.com"
DESK = {"send_email_from_address": "desk@contoso.com", "send_email_from_display_name": "Desk"}


def told(session: Any, before: list[OutboxEntry]) -> list[OutboxEntry]:
    """The messages that are new since then."""
    return outbox(session)[len(before) :]


@given(
    reset_id=st.booleans(),
    reset_pin=st.booleans(),
    number=st.booleans(),
    send=st.booleans(),
    elsewhere=st.booleans(),
    quiet=st.booleans(),
    notify=st.sampled_from([None, True, False]),
)
def test_set_owes_at_most_one_message(
    *,
    reset_id: bool,
    reset_pin: bool,
    number: bool,
    send: bool,
    elsewhere: bool,
    quiet: bool,
    notify: bool | None,
) -> None:
    """One message that says all that changed, or the info asked for, or none."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, MADRID)
        set_user(KEN, bridge_name="other", notify=False)
        set_settings(automatically_send_emails_to_users=not quiet)
        arguments: dict[str, Any] = {"send_email": send, "notify": notify}
        if send and elsewhere:
            arguments["send_email_to_address"] = ELSEWHERE
        if number:
            arguments["service_number"] = MADRID
        user = set_user(KEN, reset_conference_id=reset_id, reset_leader_pin=reset_pin, **arguments)

        automatic = notify if notify is not None else not quiet
        happened = [
            event
            for event, yes in (
                (Event.CONFERENCE_ID_RESET, reset_id),
                (Event.NUMBER_CHANGED, number),
                (Event.PIN_RESET, reset_pin),
            )
            if yes
        ]
        expected = happened if automatic and happened else [Event.CONFERENCE_INFO] * send
        entries = outbox(session)
        assert [list(entry.events) for entry in entries] == ([expected] if expected else [])
        for entry in entries:
            carries_pin = Event.PIN_RESET in expected
            assert entry.facts.pin == (user.leader_pin if carries_pin else None)
            assert entry.to == (ELSEWHERE if send and elsewhere and not carries_pin else KEN)
            assert entry.facts.conference_id == user.conference_id == get(KEN).conference_id
            assert [n.number for n in entry.facts.numbers] == [user.service_number]
            assert entry.state == MessageState.PENDING
        warned = [line for line in lines(session) if ELSEWHERE in line]
        moved = send and elsewhere and automatic and reset_pin
        assert bool(warned) is moved


@given(send=st.booleans(), quiet=st.booleans(), notify=st.sampled_from([None, True, False]))
def test_enable_and_disable_owe_at_most_one(
    *, send: bool, quiet: bool, notify: bool | None
) -> None:
    """Enabled: ID, numbers and PIN. Disabled: no ID, no number, no PIN."""
    with tenant() as session:
        set_settings(automatically_send_emails_to_users=not quiet)
        add(session, "li")
        automatic = notify if notify is not None else not quiet
        user = enable(LI, send_email=send, notify=notify)
        first = outbox(session)
        expected = [Event.ENABLED] if automatic else [Event.CONFERENCE_INFO] * send
        assert [event for entry in first for event in entry.events] == expected
        for entry in first:
            assert entry.facts.pin == (user.leader_pin if automatic else None)
            assert entry.facts.conference_id == user.conference_id
        disable(LI, send_email=send, notify=notify)
        last = told(session, first)
        assert [entry.events for entry in last] == [(Event.DISABLED,)] * (automatic or send)
        for entry in last:
            assert (entry.facts.conference_id, entry.facts.numbers) == (None, ())
            assert entry.facts.pin is None


def test_nothing_changed_is_nothing_told() -> None:
    """Without a change there is no message, even with `notify=True`."""
    with tenant("ken") as session:
        set_user(KEN, notify=True)
        set_user(KEN, allow_pstn_only_meetings=True, notify=True)
        enable(KEN, notify=True)
        assert outbox(session) == []


def test_the_info_on_demand_for_one_enabled_already() -> None:
    """Enable with `send_email` for somebody enabled sends the info, never a PIN."""
    with tenant("ken") as session:
        enable(KEN, send_email=True)
        (entry,) = outbox(session)
        assert entry.events == (Event.CONFERENCE_INFO,)
        assert entry.facts.pin is None


def test_each_user_gets_their_own_message() -> None:
    """Many users in one call: one message each, with their own ID and PIN."""
    with tenant("ken", "pilar") as session:
        users = set_user(get(), reset_conference_id=True, reset_leader_pin=True)
        said = [entry.facts for entry in outbox(session)]
        assert {fact.display_name: (fact.conference_id, fact.pin) for fact in said} == {
            user.display_name: (user.conference_id, user.leader_pin) for user in users
        }


CHANGES: dict[str, Callable[[], Any]] = {
    "reset": lambda: set_user(KEN, reset_conference_id=True),
    "reset both": lambda: set_user(KEN, reset_conference_id=True, reset_leader_pin=True),
    "new PIN": lambda: set_user(KEN, reset_leader_pin=True),
    "toll number": lambda: set_user(KEN, allow_toll_free_dial_in=False),
    "info": lambda: set_user(KEN, send_email=True),
    "quiet reset": lambda: set_user(KEN, reset_conference_id=True, notify=False),
    "disable": lambda: disable(KEN),
    "enable": lambda: enable(KEN),
}


@given(st.lists(st.sampled_from(sorted(CHANGES)), max_size=12))
def test_serials_rise_with_the_changes(changes: list[str]) -> None:
    """Whatever changes, whatever the clock; the audit knows their changes and their keys."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        serials: list[int] = []
        for change in changes:
            before = {entry.key for entry in outbox(session)}
            with suppress(ConfidError):
                CHANGES[change]()
            new = [entry.serial for entry in outbox(session) if entry.key not in before]
            serials += new
            clock.forward(days=-1)
        assert serials == sorted(set(serials))
        assert len(serials) == len(outbox(session))
        assert confid.check(session).problems == ()


def test_messages_of_former_times_come_before_those_of_today() -> None:
    """Their keys were without the time, and their serials without that of the ledger."""
    with tenant("ken") as session:
        for _ in range(3):
            set_user(KEN, send_email=True)
        with session.unit(write=True) as unit:
            bodies = dict(unit.transaction.scan("outbox"))
            unit.transaction.delete("outbox", bodies)
            for n, body in enumerate(bodies.values(), start=1):
                key = f"{body['owner']}:{n:08d}"
                former = {**body, "key": key, "serial": n, "facts": {"display_name": "Ken"}}
                unit.transaction.put("outbox", {key: former})
        set_user(KEN, reset_conference_id=True)
        assert confid.check(session).problems == ()
        assert [e.serial for e in confid.mail.outbox(session=session)][:3] == [1, 2, 3]
        assert confid.mail.deliver(MemoryTransport(), session=session).sent == 4


def test_messages_to_one_user_are_in_the_order_of_the_changes() -> None:
    """The serials of a user's messages rise with the changes, whatever the clock."""
    clock = Clock()
    with tenant("ken", clock=clock) as session:
        ids = []
        for _ in range(12):
            ids.append(set_user(KEN, reset_conference_id=True).conference_id)
            clock.forward(days=-1)
        entries = sorted(outbox(session), key=lambda entry: entry.serial)
        assert [entry.facts.conference_id for entry in entries] == ids
        assert len({entry.serial for entry in entries}) == len(ids)
        assert entries[0].created_at == NOON


@pytest.mark.parametrize(
    "arguments",
    [
        {"send_email_to_address": ELSEWHERE},
        DESK,
        {"send_email": False, **DESK},
        {"send_email": True, "send_email_from_address": "desk@contoso.com"},
        {"send_email": True, "send_email_from_display_name": "Desk"},
        {"send_email": True, "send_email_to_address": "nowhere"},
        {"send_email": True, "send_email_to_address": ""},
        {"send_email": True, "send_email_to_address": "a@contoso.com, b@contoso.com"},
        {"send_email": True, "send_email_to_address": "a@contoso.com\r\nBcc: b@contoso.com"},
        {"send_email": True, **DESK, "send_email_from_address": "desk"},
        {"send_email": True, **DESK, "send_email_from_display_name": "a\nBcc: b@contoso.com"},
        {"send_email": True, **DESK, "send_email_from_display_name": "a\u2028b"},
    ],
)
@pytest.mark.parametrize("cmdlet", [enable, disable, set_user])
def test_mail_parameters_that_do_not_go_together(cmdlet: Any, arguments: dict[str, Any]) -> None:
    """Addresses need `send_email`, the sender's two parts need each other, and all are checked."""
    with tenant("ken") as session:
        before = contents(session)
        with pytest.raises(InvalidArgumentError) as caught:
            cmdlet(KEN, **arguments)
        assert isinstance(caught.value, ConfidError)
        assert contents(session) == before


@pytest.mark.parametrize("name", ["Desk", "経理　部", "می‌خواهم", "👨‍👩‍👧"])
def test_a_sender_is_the_calls_or_else_the_tenants(name: str) -> None:
    """The call's sender goes before the tenant's override; without either there is none."""
    with tenant("ken") as session:
        set_user(KEN, send_email=True)
        set_settings(
            send_email_from_override=True,
            send_email_from_address="tenant@contoso.com",
            send_email_from_display_name="Tenant",
        )
        set_user(KEN, send_email=True)
        sender = {**DESK, "send_email_from_display_name": name}
        set_user(KEN, send_email=True, reset_leader_pin=True, **sender)
        assert [entry.sender for entry in outbox(session)] == [
            Sender(),
            Sender(address="tenant@contoso.com", display_name="Tenant"),
            Sender(address="desk@contoso.com", display_name=name),
        ]


@pytest.mark.parametrize("mail", [None, ""])
def test_without_an_address_the_change_is_made_and_the_message_parked(mail: str | None) -> None:
    """The change is made, a warning says so, the entry is parked and keeps no PIN."""
    with tenant() as session:
        add(session, "li", mail=mail)
        user = enable(LI)
        assert user.leader_pin != MASKED_PIN
        (entry,) = outbox(session)
        assert (entry.state, entry.to, entry.facts.pin) == (MessageState.FAILED, None, None)
        assert entry.reason
        (line,) = lines(session)
        assert line.startswith("WARNING: ")
        assert LI in line
        assert user.leader_pin not in repr(contents(session))
        set_user(LI, send_email=True, send_email_to_address=ELSEWHERE)
        assert outbox(session)[-1].to == ELSEWHERE


@given(
    people=st.lists(
        st.tuples(
            st.sampled_from([None, ELSEWHERE]), st.sampled_from([None, "de-DE"]), st.booleans()
        ),
        min_size=1,
        max_size=4,
    ),
    send=st.booleans(),
    reset=st.booleans(),
    pin=st.booleans(),
)
def test_a_message_is_kept_as_the_record_of_it_would_be(
    people: list[tuple[str | None, str | None, bool]], *, send: bool, reset: bool, pin: bool
) -> None:
    """Whomever a call tells what, a message's document is the one that its entry makes."""
    with tenant() as session:
        names = [f"user{n}" for n in range(len(people))]
        for name, (mail, language, _) in zip(names, people, strict=True):
            add(session, name, mail=mail, preferred_language=language)
        everybody = list(map(upn, names))
        enable(everybody, send_email=send)
        add_bridge(session, "other", LONDON)
        set_user(
            [upn(n) for n, (*_, moves) in zip(names, people, strict=True) if moves],
            bridge_name="other",
        )
        set_user(everybody, reset_conference_id=reset, reset_leader_pin=pin, send_email=send)
        disable(everybody, send_email=send)
        for body in contents(session)["outbox"].values():
            assert MESSAGES.body(MESSAGES.read(body)) == body


def test_toll_free_is_told_as_the_organizer_has_it() -> None:
    """With toll-free on the message shows the bridge's toll-free number, off it does not."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, FREE)
        set_user(KEN, bridge_name="other")
        set_user(KEN, allow_toll_free_dial_in=False, send_email=True)
        shown = [[n.number for n in entry.facts.numbers] for entry in outbox(session)]
        assert shown == [[LONDON, FREE], [LONDON]]


def test_a_call_that_fails_tells_nobody() -> None:
    """A change that was undone owes no message."""
    with tenant("ken") as session:
        with pytest.raises(ConfidError):
            set_user([KEN, "nobody"], reset_conference_id=True, send_email=True)
        assert outbox(session) == []
