"""Mail without consequences: previews, redirection and cancelling."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given, settings
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
from confid.engine.recording import Recorder
from confid.errors import InvalidArgumentError, InvalidOperationError, SeveralErrors
from confid.host import SilentHost
from confid.mail import (
    DeliveryReport,
    MemoryTransport,
    PermanentRefusal,
    cancel,
    deliver,
    outbox,
    preview,
    requeue,
)
from confid.start import connect
from confid.tenant.records import MASKED_PIN
from tests.thorough import examples

from .conftest import Clock, Office, in_memory
from .test_delivery import LATER, Refusing, recipient
from .test_messages import parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

ME = "me@contoso.com"


def shown(message: EmailMessage) -> list[str]:
    """A message's headers and the lines of its parts."""
    lines = [line for part in parts(message) for line in part.splitlines()]
    return [*map(str, message.values()), *lines]


QUIET: Any = {"error_action": "silently_continue"}
KEN, MIA = "ken@contoso.com", "mia@contoso.com"
STEPS: dict[str, Callable[[], object]] = {
    "reset": lambda: set_user(KEN, reset_conference_id=True, **QUIET),
    "info": lambda: set_user([MIA, KEN], send_email=True, **QUIET),
    "elsewhere": lambda: set_user(
        KEN, send_email=True, send_email_to_address="pa@contoso.com", **QUIET
    ),
    "disable": lambda: disable(KEN, **QUIET),
    "enable": lambda: enable(KEN, **QUIET),
    "pin": lambda: set_user(MIA, reset_leader_pin=True, **QUIET),
    "moved": lambda: confid.import_users([{"UserPrincipalName": MIA, "Mail": "m@contoso.com"}]),
}


@settings(max_examples=examples(20))
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=6))
def test_a_preview_is_what_a_delivery_then_sends(steps: list[str]) -> None:
    """The same mails in the same order, but for the PINs; the outbox stays as it was."""
    with connect(clock=Clock(), host=SilentHost()) as session:
        office = Office(session, Clock())
        office.enable("ken", "mia")
        for step in steps:
            STEPS[step]()
        before = office.documents()
        mails = preview()
        assert office.documents() == before
        transport = MemoryTransport()
        deliver(transport)
        assert not confid.check().problems
    for mail, message in zip(mails, transport.messages, strict=True):
        seen, masked = shown(message), shown(mail.message)
        if before[mail.key]["facts"].get("pin"):
            assert all(a == b or MASKED_PIN in b for a, b in zip(seen, masked, strict=True))
            assert MASKED_PIN in mail.text
        else:
            assert seen == masked


@in_memory
def test_a_preview_shows_itself(office: Office) -> None:
    """As text and as the page that it is, in a frame without scripts; no PIN anywhere."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    mails = preview()
    (mail,) = mails
    assert str(mail).startswith("From: ")
    assert f"To: Ken <{upn}>" in str(mail)
    assert mail.text in str(mail)
    page = mail._repr_html_()
    assert '<iframe sandbox style="' in page
    assert escape(mail.html) in page
    lists = [str(mails), repr(mails), mails.to_csv(), mails.to_json(), mails._repr_html_()]
    text = "".join([*lists, repr(mail), str(mail), page])
    assert f"PIN: {pin}" not in text
    assert f">{pin}<" not in mail.html
    assert len(outbox()) == 1
    with office.session.transaction():
        set_user(upn, send_email=True)
        assert len(preview()) == 2


@in_memory
def test_a_preview_takes_templates_and_names_what_cannot_be_composed(office: Office) -> None:
    """The caller's own wording; an address that is none is in `errors`."""
    office.enable("ken")
    enable(office.hire("zoe", mail="{} at home"))
    mails = preview(templates={"message.subject": "Hello"})
    assert [(mail.to, mail.subject) for mail in mails] == [("ken@contoso.com", "Hello")]
    (error,) = mails.errors
    assert "zoe at home" in str(error)


def test_redirected_mails_go_to_one_address(office: Office) -> None:
    """The true address stands in the subject, the PIN nowhere; the Message-ID is another."""
    upns = office.hire("ken", "mia")
    pins = [user.leader_pin for user in enable(upns)]
    real = [mail.message for mail in preview()]
    transport = MemoryTransport()
    assert deliver(transport, redirect_to=ME) == DeliveryReport(sent=2)
    assert len(outbox()) == 0
    for message, true, pin in zip(transport.messages, real, pins, strict=True):
        assert recipient(message) == "me"
        assert message["Subject"].startswith(f"[{true['To'].addresses[0].addr_spec}] You")
        assert message["From"] == true["From"]
        assert message["Message-ID"] != true["Message-ID"]
        assert f"PIN: {MASKED_PIN}" in parts(message)[0]
        assert f"PIN: {pin}" not in parts(message)[0]
        assert [name for name in message if name.lower() in ("cc", "bcc", "resent-to")] == []
    entries = outbox(state="sent")
    assert {entry.to for entry in entries} == set(upns)
    assert all((entry.reason or "").startswith(f"Redirected to {ME}") for entry in entries)
    assert not confid.check().problems


@in_memory
@pytest.mark.parametrize(
    "address",
    [
        "ken@contoso.com\r\nBcc: all@contoso.com",
        "ken@contoso.com, all@contoso.com",
        "ken@contoso.com\nSubject: x",
        "\u202emoc.osotnoc@nek",
        "=?utf-8?q?x?=@contoso.com",
        "zoë@bücher.example",
    ],
)
def test_a_hostile_true_address_reaches_nobody_else(office: Office, address: str) -> None:
    """It is one line of the subject, or the message is parked as it would be without."""
    office.hire("ken")
    with office.session.unit(write=True) as tenant:
        user = tenant.user("ken@contoso.com")
        tenant.put_users([attrs.evolve(user, mail=address)])
    enable("ken@contoso.com")
    transport = MemoryTransport()
    report = deliver(transport, redirect_to=ME)
    assert report.sent + report.failed == 1
    for message in transport.messages:
        assert [str(to) for to in message["To"].addresses] == [ME]
        assert message.get_all("Subject") == [message["Subject"]]
        assert "Bcc" not in message
        assert bytes(message).count(b"\nTo:") == 1


@in_memory
@pytest.mark.parametrize("wrong", ["", "me", "a@b.example, c@d.example", "a@b.example\r\nCc: x", 5])
def test_what_is_no_address_redirects_nothing(office: Office, wrong: Any) -> None:
    """Nothing is leased or sent."""
    office.enable("ken")
    before = office.documents()
    transport = MemoryTransport()
    with pytest.raises(InvalidArgumentError, match="redirect_to"):
        deliver(transport, redirect_to=wrong)
    assert (office.documents(), transport.messages) == (before, [])


def test_a_rehearsals_mails_are_only_redirected(office: Office) -> None:
    """Nobody is told of a change that was not made."""
    office.enable("ken")
    office.session.recorder = Recorder()
    transport = MemoryTransport()
    with pytest.raises(InvalidOperationError, match="redirect_to"):
        deliver(transport)
    assert (len(preview()), transport.messages) == (1, [])
    assert deliver(transport, redirect_to=ME).sent == 1


# Cancelling.


def test_a_cancelled_mail_never_leaves(office: Office) -> None:
    """By key or entry; its PIN is erased, and a later mail leaves."""
    office.enable("ken", "mia")
    set_user("ken@contoso.com", send_email=True)
    first, second, later = sorted(outbox(), key=lambda e: (e.serial, e.to))
    (gone,) = cancel(first.key)
    assert (gone.state, gone.key) == ("cancelled", first.key)
    assert cancel([first.key, second, second])[1].state == "cancelled"
    assert [entry.key for entry in outbox()] == [later.key]
    assert {entry.key for entry in outbox(state="cancelled")} == {first.key, second.key}
    assert [b for b in office.documents().values() if "pin" in b["facts"]] == []
    assert not confid.check().problems
    transport = MemoryTransport()
    assert deliver(transport).sent == 1
    with pytest.raises(InvalidArgumentError, match="it was cancelled"):
        requeue(gone)


def test_what_cannot_be_cancelled_cancels_nothing(office: Office) -> None:
    """All or none, and the error names each."""
    ken, _ = office.enable("ken", "mia")
    deliver(Refusing(mia=OSError("gone")), retry=LATER)
    (sent,) = outbox(state="sent")
    (waiting,) = outbox()
    before = office.documents()
    with pytest.raises(SeveralErrors) as caught:
        cancel(["nothing", waiting, sent])
    assert "it was sent" in str(caught.value.also[0])
    for wrong in (5, [5], None):
        with pytest.raises(InvalidArgumentError):
            cancel(wrong)  # type: ignore[arg-type]  # that is the point
    assert office.documents() == before
    set_user(ken, send_email=True)

    def busy(_: EmailMessage) -> None:
        with pytest.raises(InvalidArgumentError, match="in hand"):
            cancel(outbox())

    assert deliver(busy).sent == 2


@in_memory
def test_a_parked_mail_can_be_cancelled(office: Office) -> None:
    """Nobody can requeue it then."""
    (upn,) = office.enable("ken")
    deliver(MemoryTransport())
    set_user(upn, send_email=True)

    def full(_: EmailMessage) -> None:
        raise PermanentRefusal("552 Mailbox full")

    assert deliver(full).failed == 1
    cancel(outbox(state="failed"))
    assert (len(outbox(state="failed")), len(outbox(state="cancelled"))) == (0, 1)
