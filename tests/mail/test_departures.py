"""What is decided when a message leaves: its address, its conference ID, and whether it leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user as disable,
)
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user as enable,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_user as set_user,
)
from confid.errors import InvalidArgumentError
from confid.host import SilentHost
from confid.mail import MemoryTransport, PermanentRefusal, Retry, deliver, outbox, requeue
from confid.start import connect
from confid.tenant.lease import DURATION
from confid.tenant.outbox import PIN_IS_LOST, MessageState

from .conftest import Clock, Office, in_memory
from .test_messages import parts, spoken_ids

if TYPE_CHECKING:
    from email.message import EmailMessage

    from confid.store.base import Body
    from confid.tenant.unit_of_work import UnitOfWork

KEN, BOSS = "ken@contoso.com", "boss@fabrikam.com"
LATER = Retry(patience=timedelta(0))


def moved(office: Office, upn: str, mail: str | None) -> None:
    """Give a user another address in the directory."""
    with office.session.unit(write=True) as tenant:
        tenant.put_users([attrs.evolve(tenant.user(upn), mail=mail)])


def delivered() -> list[tuple[str, str, str]]:
    """Deliver all: the recipient, the conference ID and the subject of each message."""
    transport = MemoryTransport()
    deliver(transport)
    return read(transport)


def read(transport: MemoryTransport) -> list[tuple[str, str, str]]:
    """The recipient, the conference ID and the subject of each message."""
    found = zip(transport.messages, spoken_ids(transport.messages), strict=True)
    return [(m["To"].addresses[0].addr_spec, i, str(m["Subject"])) for m, i in found]


def current_id(office: Office, upn: str) -> str:
    """The user's conference ID of today, as it is spoken."""
    with office.session.unit(write=False) as tenant:
        (person,) = tenant.people([tenant.user(upn)])
    return person.conference_id.spoken if person.conference_id else ""


def refuse(_: EmailMessage) -> None:
    """Refuse for good."""
    raise PermanentRefusal("550 5.1.1 No such mailbox")


def busy(_: EmailMessage) -> None:
    """Refuse for now."""
    raise OSError("451 Later")


def test_a_pin_goes_to_the_address_on_file_when_it_leaves(office: Office) -> None:
    """Not to the one of the time of the change; the outbox shows where it went."""
    office.enable("ken")
    moved(office, KEN, "myer@contoso.com")
    assert [to for to, _, _ in delivered()] == ["myer@contoso.com"]
    assert [entry.to for entry in outbox(state="sent")] == ["myer@contoso.com"]


def test_an_address_that_the_call_named_stays(office: Office) -> None:
    """Whatever the directory says."""
    office.enable("ken")
    deliver(MemoryTransport())
    set_user(KEN, send_email=True, send_email_to_address=BOSS)
    moved(office, KEN, None)
    assert [to for to, _, _ in delivered()] == [BOSS]


def test_a_message_whose_address_was_removed_is_parked(office: Office) -> None:
    """And says that its PIN is gone, in the report too."""
    office.enable("ken")
    moved(office, KEN, None)
    report = deliver(MemoryTransport())
    (entry,) = outbox(state="failed")
    assert entry.reason == f"the user has no e-mail address. {PIN_IS_LOST}"
    assert [failure.reason for failure in report.failures] == [entry.reason]
    assert "pin" not in next(iter(office.documents().values()))["facts"]


def test_a_message_that_is_parked_at_once_says_that_its_pin_is_gone(office: Office) -> None:
    """When there was no address from the beginning; one without a PIN says nothing of a PIN."""
    (upn,) = office.hire("ken", mail=None)
    enable(upn)
    set_user(upn, reset_conference_id=True)
    reasons = {entry.serial: entry.reason for entry in outbox(state="failed")}
    assert reasons[1] == f"the user has no e-mail address. {PIN_IS_LOST}"
    assert reasons[2] == "the user has no e-mail address"


def test_one_that_lost_its_pin_or_its_id_cant_be_requeued(office: Office) -> None:
    """The error says what to do; another one can."""
    office.enable("ken")
    deliver(refuse)
    (with_pin,) = outbox(state="failed")
    with pytest.raises(InvalidArgumentError, match="reset_leader_pin=True"):
        requeue(with_pin)
    set_user(KEN, reset_conference_id=True)
    deliver(refuse)
    told = next(entry for entry in outbox(state="failed") if entry.key != with_pin.key)
    assert requeue(told)[0].state == MessageState.PENDING
    deliver(refuse)
    set_user(KEN, reset_conference_id=True, notify=False)
    with pytest.raises(InvalidArgumentError, match="was reset since"):
        requeue(told)


def test_a_message_leaves_with_the_id_of_today(office: Office) -> None:
    """Where no later message tells it; the outbox shows what was told."""
    office.enable("ken")
    deliver(MemoryTransport())
    set_user(KEN, reset_conference_id=True)
    set_user(KEN, reset_conference_id=True, notify=False)
    today = current_id(office, KEN)
    assert [told for _, told, _ in delivered()] == [today]
    told = outbox(state="sent")[-1].facts.conference_id
    assert told is not None
    assert told.spoken == today
    assert not confid.check().problems


def test_a_later_message_to_the_same_address_supersedes_it(office: Office) -> None:
    """It is never sent, and the outbox says why; it can't be requeued."""
    office.enable("ken")
    deliver(MemoryTransport())
    set_user(KEN, reset_conference_id=True)
    set_user(KEN, reset_conference_id=True)
    today = current_id(office, KEN)
    assert [told for _, told, _ in delivered()] == [today]
    (entry,) = outbox(state="superseded")
    assert entry.reason
    with pytest.raises(InvalidArgumentError, match="it was superseded"):
        requeue(entry)
    assert delivered() == []
    assert not confid.check().problems


def test_a_later_message_to_another_address_supersedes_nothing(office: Office) -> None:
    """Each reader gets the ID of today."""
    office.enable("ken")
    deliver(MemoryTransport())
    set_user(KEN, reset_conference_id=True)
    set_user(KEN, reset_conference_id=True, notify=False)
    set_user(KEN, send_email=True, send_email_to_address=BOSS)
    today = current_id(office, KEN)
    assert [(to, told) for to, told, _ in delivered()] == [(KEN, today), (BOSS, today)]


def test_a_later_message_that_was_parked_supersedes_nothing(office: Office) -> None:
    """It tells nobody."""
    office.enable("ken")
    deliver(MemoryTransport())
    set_user(KEN, reset_conference_id=True)
    set_user(KEN, reset_conference_id=True)
    later = max(outbox(), key=lambda entry: entry.serial)
    with office.session.unit(write=True) as tenant:
        tenant.outbox.put([attrs.evolve(later, state=MessageState.FAILED, reason="550")])
    assert [told for _, told, _ in delivered()] == [current_id(office, KEN)]


def test_a_message_with_a_living_pin_leaves_with_the_id_of_today(office: Office) -> None:
    """Though a later message tells the ID too: only this one has the PIN."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    set_user(upn, reset_conference_id=True)
    today = current_id(office, upn)
    transport = MemoryTransport()
    deliver(transport)
    assert [told for _, told, _ in read(transport)] == [today, today]
    assert f"PIN: {pin}" in parts(transport.messages[0])[0]


def test_who_was_disabled_is_told_no_id(office: Office) -> None:
    """With a message about it, or without one."""
    office.enable("ken", "mia")
    deliver(MemoryTransport())
    set_user([KEN, "mia@contoso.com"], reset_conference_id=True)
    disable(KEN)
    disable("mia@contoso.com", notify=False)
    assert [(to, told) for to, told, _ in delivered()] == [(KEN, "")]
    assert len(outbox(state="superseded")) == 2


def test_all_is_decided_just_before_a_message_leaves(office: Office) -> None:
    """A change while the batch is under way counts for the messages that are still to leave."""
    names = [f"user{n}" for n in range(6)]
    upns = office.enable(*names)
    transport = MemoryTransport()

    def changing(message: EmailMessage) -> None:
        if not transport.messages:
            first = message["To"].addresses[0].addr_spec
            others = [upn for upn in upns if upn != first]
            set_user(others[0], reset_conference_id=True)
            moved(office, others[1], "other@contoso.com")
            disable(others[2])
            with office.session.unit(write=True) as tenant:
                tenant.remove(tenant.people([tenant.user(others[3])]))
            changed.extend(others)
        transport(message)

    changed: list[str] = []
    deliver(changing)
    told = {to: spoken for to, spoken, _ in read(transport)}
    assert told[changed[0]] == current_id(office, changed[0])
    assert changed[1] not in told
    assert "other@contoso.com" in told
    assert told.get(changed[2], "") == ""
    assert changed[3] not in told
    assert not confid.check().problems


def test_an_unsent_message_that_another_worker_took_over_is_left_to_it(office: Office) -> None:
    """The lease ran out in the middle of a batch: nobody gets a message twice."""
    office.enable(*(f"user{n}" for n in range(4)))
    transport = MemoryTransport()
    other = MemoryTransport()

    def slow(message: EmailMessage) -> None:
        transport(message)
        if len(transport.messages) == 1:
            office.clock.move(DURATION)
            deliver(other)
            # The clock of this worker is behind: it thinks that its lease runs.
            office.clock.move(-DURATION)

    deliver(slow)
    first = transport.messages[0]["Message-ID"]
    ids = [m["Message-ID"] for m in [*transport.messages[1:], *other.messages]]
    assert len(ids) == len(set(ids)) == 4
    assert len(transport.messages) == 1
    assert [m["Message-ID"] for m in other.messages].count(first) == 1
    assert {entry.state for entry in outbox(state=None)} == {MessageState.SENT}


@pytest.mark.parametrize("late", ["sent", "refused", "parked"])
@pytest.mark.parametrize("other", ["sent", "refused", "parked", "leased"])
@in_memory
def test_an_outcome_that_is_written_late(office: Office, late: str, other: str) -> None:
    """What was sent was sent, whoever says so; else the worker that has the lease decides."""
    office.enable("ken")
    errors: dict[str, Exception] = {
        "refused": OSError("late"),
        "parked": PermanentRefusal("late"),
    }

    def slow(_: EmailMessage) -> None:
        office.clock.move(DURATION)
        if other == "leased":
            with office.session.unit(write=True) as tenant:
                ((key, body),) = office_documents(tenant)
                lease = {**body["lease"], "by": "another"}
                tenant.transaction.put("outbox", {key: {**body, "lease": lease}})
        else:
            ends = {"sent": lambda _: None, "refused": busy, "parked": refuse}
            deliver(ends[other], retry=LATER)
        if late in errors:
            raise errors[late]

    deliver(slow, retry=LATER)
    (entry,) = outbox(state=None)
    (body,) = office.documents().values()
    if late == "sent":
        assert entry.state == MessageState.SENT
        assert "lease" not in body
    else:
        states = {"sent": "sent", "refused": "pending", "parked": "failed", "leased": "pending"}
        assert entry.state == states[other]
        assert ("lease" in body) is (other == "leased")
        assert "late" not in (entry.reason or "")
    with office.session.unit(write=False) as tenant:
        pads = dict(tenant.transaction.scan("pin_pad"))
    assert bool(pads) is ("pin" in body["facts"]) is (entry.state == MessageState.PENDING)


def office_documents(tenant: UnitOfWork) -> list[tuple[str, Body]]:
    """The outbox within a transaction."""
    return list(tenant.transaction.scan("outbox"))


STEPS = st.lists(
    st.sampled_from(
        ["id", "id quietly", "pin", "pin quietly", "info", "boss", "move", "disable", "enable",
         "quit quietly", "busy", "deliver"]
    ),
    max_size=12,
)  # fmt: skip


@given(STEPS)
def test_no_message_tells_a_dead_id_or_a_dead_pin(steps: list[str]) -> None:  # noqa: C901 - each step
    """Whatever happens between the changes and the deliveries, and in which order."""
    clock = Clock()
    with connect("memory:", clock=clock, host=SilentHost()) as session:
        office = Office(session, clock)
        (upn,) = office.hire("ken")
        pin, address = enable(upn).leader_pin, KEN
        enabled = True

        def check(message: EmailMessage) -> None:
            text = parts(message)[0]
            assert not enabled or spoken_ids([message])[0] in ("", current_id(office, upn))
            assert enabled or not spoken_ids([message])[0]
            assert "PIN: " not in text or (enabled and f"PIN: {pin}\n" in text)
            assert message["To"].addresses[0].addr_spec in (address, BOSS)
            assert BOSS not in str(message["To"]) or "PIN: " not in text

        def later(message: EmailMessage) -> None:
            check(message)
            raise OSError("451 Later")

        for step in steps:
            clock.move(timedelta(hours=2))
            quiet = {"notify": False} if step.endswith("quietly") else {}
            if step.startswith("id") and enabled:
                set_user(upn, reset_conference_id=True, **quiet)  # type: ignore[call-overload]
            elif step.startswith("pin") and enabled:
                pin = set_user(upn, reset_leader_pin=True, **quiet).leader_pin  # type: ignore[call-overload]
            elif step == "info" and enabled:
                set_user(upn, send_email=True)
            elif step == "boss" and enabled:
                set_user(upn, send_email=True, send_email_to_address=BOSS)
            elif step == "move":
                address = f"ken{clock.time:%d%H}@contoso.com"
                moved(office, upn, address)
            elif step in ("disable", "quit quietly") and enabled:
                disable(upn, **quiet)  # type: ignore[call-overload]
                enabled = False
            elif step == "enable" and not enabled:
                pin, enabled = enable(upn).leader_pin, True
            elif step in ("busy", "deliver"):
                deliver(later if step == "busy" else check, retry=LATER)
        clock.move(timedelta(days=30))  # past every wait
        report = deliver(check, retry=LATER)
        assert (report.failed, report.pending) == (0, 0)
        assert not outbox()
        assert not confid.check().problems
