"""Handing over what is pending: in order, once, and what happens when it goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import confid.mail
from confid import mail
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user as enable,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_tenant_settings as set_tenant,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_user as set_user,
)
from confid.errors import ConfidError, InvalidArgumentError, NotConnectedError
from confid.mail import MemoryTransport, PermanentRefusal, Retry, deliver, outbox
from confid.mail.delivery import BATCH
from confid.tenant.lease import DURATION
from confid.tenant.notices import Event
from confid.tenant.outbox import LANES, PIN_IS_LOST
from confid.tenant.records import MASKED_PIN

from .conftest import Office, in_memory

if TYPE_CHECKING:
    from email.message import EmailMessage


SUBJECTS = [
    "You have been enabled for audio conferencing",
    "Your audio conferencing information",
    "Your conference ID and your audio conferencing PIN have been reset",
]

LATER = Retry(patience=timedelta(0))
"""Leaves what was refused to the next delivery."""


def recipient(message: EmailMessage) -> str:
    """The part of the address before the @."""
    return str(message["To"].addresses[0].username)


def spoken_id(message: EmailMessage) -> str:
    """The conference ID in the text."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"Conference ID: (.*#)", body.get_content())
    return found[1] if found else ""


class Refusing(MemoryTransport):
    """Raises for messages to some people, and takes the others."""

    def __init__(self, **errors: BaseException) -> None:
        super().__init__()
        self.errors = errors

    def __call__(self, message: EmailMessage, /) -> None:
        """Raise what was said for this recipient, or keep the message."""
        if error := self.errors.get(recipient(message)):
            raise error
        super().__call__(message)


def test_what_is_pending_is_handed_over_and_marked_as_sent(office: Office) -> None:
    """And a second delivery finds nothing."""
    office.enable("ken", "mia")
    transport = MemoryTransport()
    assert deliver(transport) == mail.Report(sent=2)
    assert sorted(map(recipient, transport.messages)) == ["ken", "mia"]
    assert [entry.state for entry in outbox(state="sent")] == ["sent", "sent"]
    assert deliver(transport) == mail.Report()
    assert len(outbox()) == 0


def test_a_pin_is_erased_from_the_store_when_the_message_has_left(office: Office) -> None:
    """It stood in the message, and stands nowhere afterwards."""
    (upn,) = office.hire("ken")
    user = enable(upn)
    (document,) = office.documents().values()
    assert document["facts"]["pin"] != user.leader_pin  # sealed
    transport = MemoryTransport()
    deliver(transport)
    assert user.leader_pin in transport.messages[0].as_string()
    (document,) = office.documents().values()
    assert "pin" not in document["facts"]
    assert "lease" not in document


def test_a_users_messages_leave_in_the_order_of_the_changes(office: Office) -> None:
    """The order is that of the serials, not of the clock."""
    (upn,) = office.enable("ken")
    for _ in range(2):
        office.clock.move(timedelta(hours=-1))
        set_user(upn, send_email=True)
    office.clock.move(timedelta(hours=-1))
    set_user(upn, reset_leader_pin=True, reset_conference_id=True)
    transport = MemoryTransport()
    deliver(transport)
    subjects = [str(message["Subject"]) for message in transport.messages]
    assert subjects[-1] == "Your conference ID and your audio conferencing PIN have been reset"
    assert subjects == sorted(subjects, key=SUBJECTS.index)


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), ConfidError("busy")])
def test_a_message_that_cant_leave_holds_back_that_users_later_ones(
    office: Office, error: Exception
) -> None:
    """They stay pending, the first with the reason; other users' leave."""
    ken, _ = office.enable("ken", "mia")
    for _ in range(2):
        set_user(ken, send_email=True)
    report = deliver(Refusing(ken=error), retry=LATER)
    assert (report.sent, report.failed, report.pending, report.held_back) == (1, 0, 1, 2)
    (failure,) = report.failures
    assert (failure.to, failure.reason, failure.parked) == (ken, str(error), False)
    assert str(report) == "1 sent, 0 failed, 1 pending, 2 held back"
    waiting = outbox()
    assert [(e.serial, e.reason) for e in waiting] == [(1, str(error)), (2, None), (3, None)]
    transport = MemoryTransport()
    assert deliver(transport).sent == 3
    assert [entry.reason for entry in outbox(state="sent")] == [None] * 4
    assert len({message["Message-ID"] for message in transport.messages}) == 3


def test_a_held_back_pin_is_still_there_for_the_next_delivery(office: Office) -> None:
    """A message that stays pending keeps its PIN."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    deliver(Refusing(ken=OSError("gone")), retry=LATER)
    transport = MemoryTransport()
    deliver(transport)
    assert pin in transport.messages[0].as_string()


def test_a_permanent_refusal_parks_the_message_and_erases_the_pin(office: Office) -> None:
    """The user's later ones are not held back by it."""
    ken, _ = office.enable("ken", "mia")
    refused: list[EmailMessage] = []

    def transport(message: EmailMessage) -> None:
        if recipient(message) == "ken" and not refused:
            refused.append(message)
            raise PermanentRefusal("No such mailbox.")

    office.reset(ken)
    report = deliver(transport)
    assert (report.sent, report.failed, report.held_back) == (2, 1, 0)
    assert report.failures[0].parked
    (parked,) = outbox(state="failed")
    assert (parked.serial, parked.facts.pin) == (1, None)
    assert parked.reason == f"No such mailbox. {PIN_IS_LOST}"
    assert report.failures[0].reason == parked.reason
    assert not [b for b in office.documents().values() if "pin" in b["facts"]]


def test_an_address_that_is_none_parks_the_message(office: Office) -> None:
    """Trying again would not help."""
    upns = office.hire("ken", mail="{} at contoso")
    enable(upns)
    report = deliver(MemoryTransport())
    assert (report.sent, report.failed) == (0, 1)
    assert outbox(state="failed")[0].facts.pin is None


def test_a_reason_holds_no_pin_and_can_be_kept(office: Office) -> None:
    """Whatever a transport says in its error: one line, no NUL, no lone surrogate."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin

    def transport(message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        assert body is not None
        assert pin in body.get_content()
        raise OSError(f"\0 \udcff refused:\r\n{body.get_content()}")

    report = deliver(transport, retry=LATER)
    (entry,) = outbox()
    assert entry.reason is not None
    assert entry.reason == report.failures[0].reason
    assert pin not in entry.reason
    assert entry.reason.isprintable()
    assert len(entry.reason) <= 500


def test_another_error_of_the_transport_ends_the_delivery_and_loses_nothing(
    office: Office,
) -> None:
    """What had left is marked, the rest can leave at once: no lease is left behind."""
    office.enable("ann")
    office.clock.move(timedelta(seconds=1))
    office.enable("ken")
    office.clock.move(timedelta(seconds=1))
    office.enable("mia")
    with pytest.raises(ZeroDivisionError):
        deliver(Refusing(ken=ZeroDivisionError()))
    assert [entry.to for entry in outbox(state="sent")] == ["ann@contoso.com"]
    transport = MemoryTransport()
    assert deliver(transport).sent == 2
    assert [recipient(message) for message in transport.messages] == ["ken", "mia"]


def test_no_transaction_is_open_while_a_transport_works(office: Office) -> None:
    """Cmdlets go on: the transport itself may call one."""
    (upn,) = office.enable("ken")
    transport = MemoryTransport()

    def busy(message: EmailMessage) -> None:
        transport(message)
        if len(transport.messages) == 1:
            office.reset(upn)

    assert deliver(busy).sent == 1
    assert len(outbox()) == 1


def test_a_delivery_inside_another_finds_the_messages_in_hand(office: Office) -> None:
    """Neither sends what the other has leased, and what waits behind it is held back."""
    ken, _ = office.enable("ken", "mia")
    office.reset(ken)
    inner = MemoryTransport()
    reports: list[mail.Report] = []

    def outer(_: EmailMessage) -> None:
        reports.append(deliver(inner))

    assert deliver(outer).sent == 3
    assert inner.messages == []
    assert reports == [mail.Report(held_back=3)] * 3


def test_two_deliveries_at_once_send_every_message_once_and_in_order(office: Office) -> None:
    """Several threads share the work."""
    names = [f"user{n}" for n in range(2 * BATCH)]
    upns = office.enable(*names)
    for upn in upns[:10]:
        office.reset(upn)
    transport = MemoryTransport()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            deliver(transport, session=office.session)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver(transport)
    assert errors == []
    counted = Counter(message["Message-ID"] for message in transport.messages)
    assert len(counted) == len(names) + 10
    assert set(counted.values()) == {1}
    for name in names[:10]:
        own = [m["Subject"] for m in transport.messages if recipient(m) == name]
        assert own == [
            "You have been enabled for audio conferencing",
            "Your conference ID has been reset",
        ]


def _leased_by_a_dead_one(office: Office) -> None:
    with office.session.unit(write=True) as tenant:
        lease = {"by": "a dead one", "until": (tenant.now + DURATION).isoformat()}
        pending = tenant.transaction.find("outbox", "state", ["pending"])
        leased = {key: {**body, "lease": lease} for key, body in pending.items()}
        tenant.transaction.put("outbox", leased)


def test_the_lease_of_a_delivery_that_died_ends(office: Office) -> None:
    """Until then nobody sends its messages; afterwards anybody does."""
    (upn,) = office.enable("ken")
    _leased_by_a_dead_one(office)
    office.reset(upn)
    transport = MemoryTransport()
    assert deliver(transport) == mail.Report(held_back=2)
    office.clock.move(DURATION)
    assert deliver(transport).sent == 2


def test_a_slow_delivery_leases_again_what_it_has_not_sent_in_time(office: Office) -> None:
    """So that nobody else sends it as well."""
    office.enable("ann", "ken", "mia")
    transport = MemoryTransport()
    others: list[int] = []

    def slow(message: EmailMessage) -> None:
        others.append(deliver(MemoryTransport()).sent)
        office.clock.move(DURATION)
        transport(message)

    assert deliver(slow).sent == 3
    assert others == [0, 0, 0]
    assert len({message["Message-ID"] for message in transport.messages}) == 3


def test_a_repeat_has_the_message_id_of_the_first(office: Office) -> None:
    """So that who receives it twice can tell."""
    office.enable("ken")
    transport = MemoryTransport()

    def lost(message: EmailMessage) -> None:
        transport(message)
        raise TimeoutError("the answer was lost")

    deliver(lost, retry=LATER)
    deliver(transport)
    first, again = transport.messages
    assert first.as_bytes() == again.as_bytes()


def test_who_was_removed_meanwhile_does_not_come_back(office: Office) -> None:
    """Marking a message as sent writes no personal data of who is gone."""
    (upn,) = office.enable("ken")

    def transport(_: EmailMessage) -> None:
        with office.session.unit(write=True) as tenant:
            tenant.remove(tenant.people([tenant.user(upn)]))

    assert deliver(transport).sent == 1
    assert office.documents() == {}


def test_the_sender_is_the_tenants_where_it_says_so(office: Office) -> None:
    """Else no-reply at the domain of the user's own address, wherever the message goes."""
    upns = office.enable("ken")
    set_user(upns[0], send_email=True, send_email_to_address="ken@home.example")
    set_tenant(
        send_email_from_override=True,
        send_email_from_address="help@contoso.com",
        send_email_from_display_name="Help Desk",
    )
    office.reset(upns[0])
    transport = MemoryTransport()
    deliver(transport)
    assert [message["From"] for message in transport.messages] == [
        "Audio Conferencing <no-reply@contoso.com>",
        "Audio Conferencing <no-reply@contoso.com>",
        "Help Desk <help@contoso.com>",
    ]


def test_inside_a_transaction_nothing_is_delivered(office: Office) -> None:
    """What has left can't be rolled back, and nobody waits for the mail."""
    office.enable("ken")
    with office.session.transaction(), pytest.raises(InvalidArgumentError, match="transaction"):
        deliver(MemoryTransport())
    assert len(outbox()) == 1


@pytest.mark.parametrize("transport", ["/tmp/mail", None, MemoryTransport])  # noqa: S108 - no file
@in_memory
def test_something_that_is_no_transport_is_refused(office: Office, transport: object) -> None:
    """A path or a class instead of a transport, before anything is leased."""
    office.enable("ken")
    with pytest.raises(InvalidArgumentError, match=r"deliver\(\) takes a transport"):
        deliver(transport)  # type: ignore[arg-type]  # that is the point
    assert "lease" not in next(iter(office.documents().values()))


def test_the_outbox_is_in_order_of_time(office: Office) -> None:
    """The oldest first, then by user and in the order of the user's changes."""
    ken, mia = office.enable("ken", "mia")
    office.clock.move(timedelta(minutes=1))
    office.reset(mia)
    office.reset(mia)
    office.reset(ken)
    entries = outbox()
    order = [(entry.created_at, entry.owner, entry.serial) for entry in entries]
    assert order == sorted(order)
    assert [entry.events for entry in entries[:2]] == [(Event.ENABLED,)] * 2


def test_the_outbox_by_state(office: Office) -> None:
    """Pending, sent, failed, all of them; in any casing."""
    office.enable("ken")
    upns = office.hire("mia", mail=None)
    enable(upns)
    assert [entry.to for entry in outbox()] == ["ken@contoso.com"]
    assert [entry.to for entry in outbox(state="Failed")] == [None]
    assert len(outbox(state=None)) == 2
    for state in ("queued", "", 3):
        with pytest.raises(InvalidArgumentError, match="'pending', 'sent', 'failed', 'super"):
            outbox(state=state)  # type: ignore[arg-type]  # that is the point


def test_nothing_that_the_outbox_gives_shows_the_pin(office: Office) -> None:
    """Not repr, str or exports, and not the facts either."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    # No date or ID may hold the digits of the PIN by chance: look for it as a word.
    pending = outbox()
    entry = pending[0]
    shown = [repr(entry), str(entry), repr(entry.facts), str(pending)]
    shown += [str(pending.to_dicts()), pending.to_json(), pending.to_csv()]
    assert not [text for text in shown if re.search(rf"\b{pin}\b", text)]
    assert entry.facts.pin == MASKED_PIN


def test_a_notebook_does_not_show_the_pin(office: Office) -> None:
    """Neither as a table nor for a single entry."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    pending = outbox()
    shown = [pending._repr_html_(), pending[0]._repr_html_()]
    assert not [text for text in shown if re.search(rf"\b{pin}\b", text)]


def test_without_a_session_there_is_nothing_to_deliver() -> None:
    """As everywhere."""
    with pytest.raises(NotConnectedError):
        deliver(MemoryTransport())
    with pytest.raises(NotConnectedError):
        outbox()


def test_hundreds_of_messages_are_asked_for_in_batches(office: Office) -> None:
    """The work grows with the messages, not with their square: statements are counted."""
    office.enable(*(f"user{n}" for n in range(300)))
    units = 0
    unit = office.session.unit

    def counted(**options: Any) -> object:
        nonlocal units
        units += 1
        return unit(**options)

    office.session.unit = counted  # type: ignore[assignment,method-assign]  # to count
    assert deliver(lambda _: None).sent == 300
    # Each is looked at just before it leaves.
    assert units <= len(LANES) + 1 + 2 * (300 // BATCH) + 300


def test_the_package_is_light_until_a_name_is_used() -> None:
    """`import confid.mail` imports no e-mail library, and `outbox` is the function after all."""
    code = (
        "import sys, confid.mail\n"
        "assert 'email' not in sys.modules and 'confid.engine.session' not in sys.modules\n"
        "assert set(confid.mail.__all__) <= set(dir(confid.mail))\n"
        "confid.mail.deliver\n"
        "assert callable(confid.mail.outbox)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'send'"):
        confid.mail.send  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test
