"""Tracebacks with locals, as Sentry and rich make them: no PIN, no password, no message in them."""

from __future__ import annotations

import base64
import itertools
import smtplib
import socket
from typing import TYPE_CHECKING

import pytest

from confid.cmdlets import enable_cs_online_dial_in_conferencing_user as enable
from confid.cmdlets import set_cs_online_dial_in_conferencing_tenant_settings as set_tenant
from confid.errors import InvalidArgumentError
from confid.mail import (
    MaildirTransport,
    MemoryTransport,
    SmtpTransport,
    TemplateError,
    TransportUnavailable,
    deliver,
)
from confid.tenant.lease import DURATION
from tests.shown import shown_by

from .conftest import Office, in_memory
from .servers import HANG_UP, PASSWORD, STALL, Inbox, serving
from .test_smtp import message, plain
from .test_wording import shouted

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path


USER = "ken"
FORMS = [
    PASSWORD,
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
]
"""The forms in which a login sends the password."""

PIN = "204813579624"


def is_shown(text: str) -> bool:
    """Whether a form of the password, or half of one, is in a text."""
    halves = [form[: len(form) // 2] for form in FORMS] + [form[len(form) // 2 :] for form in FORMS]
    return any(half.casefold() in text.casefold() for half in halves)


def with_login(port: int) -> SmtpTransport:
    """A transport with a user and a password."""
    return plain(port, username=USER, password=PASSWORD)


def as_sent(line: str) -> str:
    """What was sent, unchanged."""
    return line


def decoded(line: str) -> str:
    """What was sent, decoded."""
    return base64.b64decode(line.rsplit(maxsplit=1)[-1]).decode(errors="replace").replace("\0", " ")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize(
    "echo", [as_sent, decoded, str.upper, lambda line: line[:-7], lambda line: f"({line[9:]})"]
)
def test_a_server_that_repeats_a_login_tells_no_password(
    mechanism: str, echo: Callable[[str], str]
) -> None:
    """In whatever form: the error has the server's code and words without it."""
    with serving(Inbox(), repeats=(mechanism, echo)) as port:
        shown = shown_by(lambda: with_login(port)(message()), TransportUnavailable)
    assert "535 5.7.8" in shown
    assert not is_shown(shown)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ConnectionResetError, ZeroDivisionError])
def test_whatever_ends_a_login_shows_no_password(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """An interrupt, a lost connection, a fault of the library."""
    real = smtplib.SMTP.docmd

    def lost(self: smtplib.SMTP, command: str, given: str = "") -> tuple[int, bytes]:
        if command == "AUTH":
            raise error
        return real(self, command, given)

    with serving(Inbox(), login=lambda *_: True) as port:
        monkeypatch.setattr(smtplib.SMTP, "docmd", lost)
        expected = TransportUnavailable if issubclass(error, OSError) else error
        shown = shown_by(lambda: with_login(port)(message()), expected)
    assert not is_shown(shown)


def test_a_password_that_is_not_ascii_is_not_shown() -> None:
    """The library's own error would hold it."""
    secret = "hunter2-ü-for-nobody"  # noqa: S105 - made up
    with serving(Inbox(), login=lambda *_: True) as port:
        transport = plain(port, username=USER, password=secret)
        del secret
        shown = shown_by(lambda: transport(message()), TransportUnavailable)
    assert "ASCII" in shown
    assert "hunter2" not in shown


def test_an_option_that_is_refused_shows_no_password() -> None:
    """Nor does the repr of the transport."""
    options = {"host": "mail.contoso.com", "security": "none", "username": USER}
    shown = shown_by(
        lambda: SmtpTransport(**options, password=PASSWORD),  # type: ignore[arg-type]  # texts
        InvalidArgumentError,
    )
    assert "in clear" in shown
    assert not is_shown(shown)
    assert not is_shown(repr(vars(SmtpTransport("h", username=USER, password=PASSWORD))))


def told(to: str = "ken@contoso.com") -> EmailMessage:
    """A message with a PIN."""
    made = message(to=to)
    made.set_content(f"PIN: {PIN}\n")
    return made


@pytest.mark.parametrize("answer", ["451 Later", "554 Spam", "530 Log in", HANG_UP, STALL])
def test_a_message_that_the_server_refuses_is_not_shown(answer: str) -> None:
    """The library's frames hold it whole."""
    with serving(Inbox(answers=[answer])) as port, plain(port, timeout=0.2) as transport:
        shown = shown_by(lambda: transport(told()), Exception)
    assert PIN not in shown


def test_a_message_is_not_shown_by_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server's answer is awaited."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with serving(Inbox()) as port, plain(port) as transport:
        transport(message())
        monkeypatch.setattr(smtplib.SMTP, "data", interrupted)
        shown = shown_by(lambda: transport(told()), KeyboardInterrupt)
    assert PIN not in shown


def test_a_maildir_that_is_gone_does_not_show_the_message(tmp_path: Path) -> None:
    """Neither in the error nor in a frame."""
    transport = MaildirTransport(tmp_path / "mail")
    (tmp_path / "mail").rename(tmp_path / "moved")
    assert PIN not in shown_by(lambda: transport(told()), OSError)


@pytest.fixture
def pin(office: Office) -> str:
    """The PIN in a pending message: so long that no other number holds it by chance."""
    set_tenant(pin_length=12)
    office.hire("ken")
    return enable("ken@contoso.com").leader_pin


@pytest.mark.parametrize(
    "template",
    [
        "{{ 1 / 0 }}",
        "{{ body }}{{ nobody }}",
        "{{ message.sections[0].facts[1][1].nothing }}",
        "{{ {}[message.sections[0].facts[1][1]] }}",
        "{{ message.sections[0].facts[1][1] | int + 'x' }}",
        "{{ (message.sections | map(attribute='facts') | list).__class__ }}",
        "{{ body | replace(1, 2, 3, 4) }}",
        "{% for section in message.sections %}{{ section.facts[7] }}{% endfor %}",
        r"{{ '\ud800' }}",
    ],
)
@pytest.mark.parametrize("name", ["message.txt", "message.html", "message.subject"])
@in_memory
def test_a_template_that_fails_shows_no_pin(pin: str, template: str, name: str) -> None:
    """A template has a mark where the PIN will be, and never the PIN."""
    shown = shown_by(
        lambda: deliver(MemoryTransport(), templates={name: template}),
        TemplateError,
    )
    assert pin not in shown


@in_memory
def test_a_transport_that_fails_shows_no_pin(pin: str) -> None:
    """It was given the message, and its error ends the delivery."""

    def broken(_: EmailMessage) -> None:
        raise ZeroDivisionError

    assert pin not in shown_by(lambda: deliver(broken), ZeroDivisionError)


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_delivery_that_ends_in_the_store_shows_no_pin(
    office: Office, pin: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """At any step. By an interrupt, for the frames of confid's own errors are cut off."""
    pins = [pin, enable(office.hire("mia")[0]).leader_pin]
    with office.session.unit(write=False) as tenant:
        kind = type(tenant.transaction)
    calls: list[object] = []
    real = getattr(kind, method)

    def failing(self: object, *arguments: object, **options: object) -> object:
        calls.append(None)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(self, *arguments, **options)

    monkeypatch.setattr(kind, method, failing)
    for after in itertools.count():
        calls.clear()
        office.clock.move(DURATION)  # the lease of the delivery before has ended
        try:
            shown = shown_by(lambda: deliver(MemoryTransport()), KeyboardInterrupt)
        except AssertionError:
            assert 0 < len(calls) <= after
            break
        assert not [each for each in pins if each in shown]


@in_memory
def test_a_pin_in_a_templates_subject_does_not_reach_the_header(pin: str) -> None:
    """Headers are in logs."""
    subject = "{{ message.sections[0].facts[1] | join(' ') }} {{ message.subject }}"
    transport = MemoryTransport()
    deliver(transport, templates={"message.subject": subject})
    assert transport.messages[0]["Subject"] == "PIN You have been enabled for audio conferencing"
    assert pin in transport.messages[0].as_string()


@in_memory
def test_a_template_places_the_pin(pin: str) -> None:
    """In its own text and HTML."""
    transport = MemoryTransport()
    own = (
        "{% for label, value in message.sections[0].facts %}{{ label }} = {{ value }}\n{% endfor %}"
    )
    deliver(transport, templates={"message.txt": own, "message.html": f"<p>{own}</p>"})
    body = transport.messages[0]
    for part in ("plain", "html"):
        found = body.get_body((part,))
        assert found is not None
        assert f"PIN = {pin}\n" in found.get_content()


@in_memory
def test_a_language_that_fails_is_refused_before_a_pin_is_read(pin: str) -> None:
    """And says which sentence."""
    table = shouted() | {"greeting": "{name:>99999999999999999999}"}
    shown = shown_by(
        lambda: deliver(MemoryTransport(), languages={"en-US": table}), InvalidArgumentError
    )
    assert "'greeting'" in shown
    assert pin not in shown


def test_a_server_that_can_not_be_reached_needs_no_password() -> None:
    """The function that gives it isn't called."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        transport = plain(bound.getsockname()[1], username=USER, password=lambda: 1 / 0)
        shown = shown_by(lambda: transport(message()), TransportUnavailable)
    assert "refused" in shown
