"""SmtpTransport against a real server, over real sockets: faults, TLS, logins, addresses."""

from __future__ import annotations

import email.policy
import re
import smtplib
import socket
import threading
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage

import pytest

from confid.cmdlets import enable_cs_online_dial_in_conferencing_user as enable
from confid.errors import InvalidArgumentError
from confid.mail import (
    PermanentRefusal,
    Retry,
    SmtpTransport,
    TransportUnavailable,
    deliver,
    outbox,
)
from confid.mail.headers import POLICY, POLICY_UTF8
from confid.mail.smtp import PASSWORD_VARIABLE
from confid.tenant.outbox import PIN_IS_LOST
from tests.tables import each_row

from .conftest import Office, in_memory
from .servers import HANG_UP, PASSWORD, STALL, Certificates, Inbox, certificates, serving

QUICK = Retry(first=timedelta(milliseconds=1), attempts=3)


def plain(port: int, **options: object) -> SmtpTransport:
    """A transport to a server on this machine, without TLS."""
    return SmtpTransport("127.0.0.1", port, security="none", **options)  # type: ignore[arg-type]  # passed on


def message(to: str = "ken@contoso.com", sender: str = "help@contoso.com") -> EmailMessage:
    """A short message."""
    made = EmailMessage(policy=POLICY if (to + sender).isascii() else POLICY_UTF8)
    made["From"], made["To"], made["Subject"] = sender, to, "Hello"
    made.set_content("Text\n.\n..dots\n", charset="utf-8", cte="quoted-printable")
    return made


@pytest.fixture(scope="module")
def certificate() -> Certificates:
    """A certificate for localhost."""
    return certificates()


@in_memory
def test_a_delivery_is_one_connection(office: Office) -> None:
    """However many messages; each has one recipient, and the sender of its header."""
    office.enable(*(f"user{n}" for n in range(20)))
    inbox = Inbox()
    with serving(inbox) as port:
        assert deliver(plain(port)).sent == 20
    assert inbox.sessions == 1
    for envelope, received in zip(inbox.envelopes, inbox.messages, strict=True):
        assert envelope.rcpt_tos == [received["To"].addresses[0].addr_spec]
        assert envelope.mail_from == "no-reply@contoso.com"
    assert len({received["Message-ID"] for received in inbox.messages}) == 20


@in_memory
def test_what_arrives_is_what_was_composed(office: Office) -> None:
    """Headers, charset and both parts, parsed by the standard library, without a defect."""
    office.enable("ken")
    inbox = Inbox()
    with serving(inbox) as port:
        deliver(plain(port))
    (received,) = inbox.messages
    assert not received.defects
    assert received.get_content_type() == "multipart/alternative"
    assert received["Auto-Submitted"] == "auto-generated"
    kinds = [(p.get_content_type(), p.get_content_charset()) for p in received.iter_parts()]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    raw = inbox.envelopes[0].original_content or b""
    assert b"\r\n" in raw
    assert not re.search(rb"(?<!\r)\n", raw)


def test_dots_and_lines_arrive_as_they_were() -> None:
    """A line of a dot does not end the message."""
    inbox = Inbox()
    with serving(inbox) as port, plain(port) as transport:
        transport(message())
    assert inbox.messages[0].get_content() == "Text\n.\n..dots\n"


@in_memory
def test_a_451_is_tried_again_and_arrives(office: Office) -> None:
    """Within the same call, after a pause; the outbox is empty then."""
    office.enable("ken")
    inbox = Inbox(answers=["451 4.3.0 Try again later"])
    with serving(inbox) as port:
        report = deliver(plain(port), retry=QUICK)
    assert (report.sent, report.failed, report.held_back) == (1, 0, 0)
    assert inbox.attempts == 2
    assert len(inbox.messages) == 1
    assert not outbox()


@in_memory
def test_a_retry_keeps_the_order_of_a_users_messages(office: Office) -> None:
    """Those behind it wait for it, in the same call, and other users' don't."""
    (ken,) = office.enable("ken")
    office.reset(ken)
    office.clock.move(timedelta(seconds=1))
    office.enable("mia")
    inbox = Inbox(answers=["451 4.3.0 Try again later"])
    with serving(inbox) as port:
        report = deliver(plain(port), retry=QUICK)
    assert (report.sent, report.failed, report.held_back) == (3, 0, 0)
    assert [m["To"].addresses[0].username for m in inbox.messages] == ["mia", "ken", "ken"]
    assert [str(m["Subject"])[:8] for m in inbox.messages[1:]] == ["You have", "Your con"]


@pytest.mark.parametrize("fault", [HANG_UP, STALL])
@in_memory
def test_an_answer_lost_after_data_means_a_repeat_with_the_same_message_id(
    office: Office, fault: str
) -> None:
    """The server hangs up, or says nothing in time: nobody knows, so it leaves again."""
    office.enable("ken")
    inbox = Inbox(answers=[fault])
    with serving(inbox) as port:
        report = deliver(plain(port, timeout=0.3), retry=QUICK)
    assert (report.sent, report.failed) == (1, 0)
    assert inbox.attempts == 2
    assert inbox.sessions == 2
    assert len({m["Message-ID"] for m in inbox.messages}) == 1
    assert len(inbox.messages) == (2 if fault == HANG_UP else 1)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("452 4.2.2 Mailbox full", "452 4.2.2 Mailbox full"),
        (HANG_UP, "The mail server hung up."),
        (STALL, "The mail server didn't answer in time."),
        ("421 4.3.2 Shutting down", "421 4.3.2 Shutting down"),
    ],
)
@in_memory
def test_what_goes_wrong_each_time_stays_pending_with_the_reason(
    office: Office, fault: str, reason: str
) -> None:
    """Then, at the limit, it is parked, and its PIN is gone."""
    office.enable("ken")
    inbox = Inbox(answers=[fault] * 9)
    later = Retry(patience=timedelta(0), attempts=2)
    with serving(inbox) as port:
        report = deliver(plain(port, timeout=0.2), retry=later)
        assert (report.sent, report.pending, report.stopped) == (0, 1, None)
        (entry,) = outbox()
        assert (entry.reason, entry.attempts) == (reason, 1)
        deliver(plain(port, timeout=0.2), retry=later)
    (entry,) = outbox(state="failed")
    assert entry.reason == f"Given up after 2 attempts: {reason.rstrip('.')}. {PIN_IS_LOST}"
    assert entry.facts.pin is None


@in_memory
def test_a_refused_recipient_is_parked_with_the_servers_words(office: Office) -> None:
    """Over the same connection the others leave; who is parked can be sent to later."""
    ken, _, _ = office.enable("ken", "mia", "zoe")
    inbox = Inbox(refused={"ken@contoso.com": "550 5.1.1 No such mailbox: ken"})
    with serving(inbox) as port:
        report = deliver(plain(port))
    assert (report.sent, report.failed, report.held_back) == (2, 1, 0)
    assert inbox.sessions == 1
    (parked,) = outbox(state="failed")
    assert (parked.to, parked.reason) == (
        ken,
        f"550 5.1.1 No such mailbox: ken. {PIN_IS_LOST}",
    )


@in_memory
def test_a_5xx_about_the_message_parks_it(office: Office) -> None:
    """Once: it isn't tried again."""
    office.enable("ken")
    inbox = Inbox(answers=["554 5.7.1 Rejected as spam"])
    with serving(inbox) as port:
        assert deliver(plain(port)).failures[0].parked
        assert deliver(plain(port)).sent == 0
    assert inbox.attempts == 1


def test_a_temporary_refusal_of_a_recipient_is_no_permanent_one() -> None:
    """4xx is an OSError."""
    inbox = Inbox(refused={"ken@contoso.com": "450 4.2.1 Greylisted"})
    with serving(inbox) as port, plain(port) as transport:
        with pytest.raises(OSError, match=r"450 4\.2\.1 Greylisted"):
            transport(message())
        transport(message(to="mia@contoso.com"))
    assert inbox.sessions == 1


@in_memory
def test_a_server_that_wants_a_login_parks_nothing(office: Office) -> None:
    """It is the transport's fault, not the message's: PINs are kept, the delivery ends."""
    office.enable("ken", "mia")
    inbox = Inbox(sender_answer="530 5.7.0 Authentication required")
    with serving(inbox) as port:
        report = deliver(plain(port))
    assert (report.sent, report.pending, report.held_back) == (0, 1, 1)
    assert "wants a login: 530" in (report.stopped or "")
    assert [entry.attempts for entry in outbox()] == [0, 0]
    assert all("pin" in body["facts"] for body in office.documents().values())


@in_memory
def test_a_server_that_is_not_there_ends_the_delivery(office: Office) -> None:
    """After a pause or two; nothing is counted against the messages, which leave later."""
    office.enable(*(f"user{n}" for n in range(60)))
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        transport = plain(bound.getsockname()[1])
        report = deliver(transport, retry=QUICK)
    assert (report.sent, report.pending, report.held_back) == (0, 1, 59)
    assert "refused" in (report.stopped or "")
    assert str(report).startswith(
        "0 sent, 0 failed, 1 pending, 59 held back; stopped: The mail server 127."
    )
    inbox = Inbox()
    with serving(inbox) as port:
        assert deliver(plain(port)).sent == 60


@in_memory
def test_a_server_that_comes_back_is_waited_for(office: Office) -> None:
    """No message notices."""
    office.enable("ken")
    calls: list[object] = []
    inbox = Inbox()
    with serving(inbox) as port:
        transport = plain(port)

        def flaky(found: EmailMessage) -> None:
            calls.append(found)
            if len(calls) == 1:
                raise TransportUnavailable("Nobody answers.")
            transport(found)

        assert deliver(flaky, retry=QUICK).sent == 1
        transport.close()
    assert len(calls) == 2


def test_a_rested_connection_is_looked_at_before_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that the server has closed meanwhile costs no message an attempt."""
    monkeypatch.setattr("confid.mail.smtp.TRUSTED_FOR", 0.0)
    inbox = Inbox()
    with serving(inbox) as port, plain(port) as transport:
        transport(message())
        transport(message())
        assert inbox.sessions == 1
        ((connection),) = transport._idle
        assert connection._smtp.sock is not None
        connection._smtp.sock.shutdown(socket.SHUT_RDWR)
        transport(message())
    assert len(inbox.messages) == 3
    assert inbox.sessions == 2


def test_threads_share_a_transport() -> None:
    """Each has a connection of its own while it works."""
    inbox = Inbox()
    with serving(inbox) as port, plain(port) as transport:

        def work() -> None:
            for n in range(20):
                transport(message(to=f"user{n}@contoso.com"))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(inbox.messages) == 80
    assert 1 <= inbox.sessions <= 4


@pytest.mark.parametrize("security", ["starttls", "tls"])
@in_memory
def test_tls_and_a_login(office: Office, security: str, certificate: Certificates) -> None:
    """STARTTLS or TLS from the first byte, the password asked for when it is needed."""
    office.enable("ken")
    inbox = Inbox()
    logins: list[tuple[str, str]] = []

    def login(name: str, password: str) -> bool:
        logins.append((name, password))
        return True

    with serving(inbox, login=login, **{security: certificate.server}) as port:  # type: ignore[arg-type]  # by name
        transport = SmtpTransport(
            "localhost",
            port,
            security=security.upper(),
            username="ken",
            password=lambda: PASSWORD,
            tls=certificate.client,
        )
        assert deliver(transport).sent == 1
    assert logins == [("ken", PASSWORD)]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    security: str, certificate: Certificates
) -> None:
    """By default, and before a name or a password has left."""
    logins: list[str] = []
    inbox = Inbox()
    options = {security: certificate.server, "login": lambda name, _: logins.append(name)}
    with serving(inbox, **options) as port:  # type: ignore[arg-type]  # by name
        transport = SmtpTransport(
            "localhost", port, security=security, username="ken", password=PASSWORD
        )
        with pytest.raises(TransportUnavailable, match="certificate can't be trusted") as caught:
            transport(message())
    assert not caught.value.temporary
    assert logins == []
    assert inbox.messages == []


def test_a_certificate_for_another_name_is_refused() -> None:
    """Though its authority is trusted."""
    elsewhere = certificates("mail.fabrikam.com")
    with serving(Inbox(), starttls=elsewhere.server) as port:
        transport = SmtpTransport("localhost", port, tls=elsewhere.client)
        with pytest.raises(TransportUnavailable, match=r"(?i)mismatch"):
            transport(message())


def test_a_server_without_starttls_is_refused() -> None:
    """It never falls back to clear text."""
    inbox = Inbox()
    with serving(inbox) as port, pytest.raises(TransportUnavailable, match="STARTTLS"):
        SmtpTransport("127.0.0.1", port)(message())
    assert inbox.messages == []


def test_the_password_shows_nowhere(certificate: Certificates) -> None:
    """Not in a repr, not in the error of a refused login, nor in what the error came from."""
    with serving(Inbox(), login=lambda *_: False, starttls=certificate.server) as port:
        transport = SmtpTransport(
            "localhost", port, username="ken", password=PASSWORD, tls=certificate.client
        )
        with pytest.raises(TransportUnavailable, match="535") as caught:
            transport(message())
    assert not caught.value.temporary
    shown = [repr(transport), str(transport), str(caught.value), repr(caught.value)]
    assert not [text for text in shown if PASSWORD in text]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_password_that_the_server_repeats_is_hidden(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificates
) -> None:
    """Whatever a server puts in its answer."""

    def login(self: smtplib.SMTP, user: str, password: str) -> None:
        del self
        raise smtplib.SMTPAuthenticationError(535, f"{user}: {password} is wrong".encode())

    monkeypatch.setattr(smtplib.SMTP, "login", login)
    with serving(Inbox(), starttls=certificate.server) as port:
        transport = SmtpTransport(
            "localhost", port, username="ken", password=PASSWORD, tls=certificate.client
        )
        with pytest.raises(TransportUnavailable, match=r"ken: \*\*\* is wrong"):
            transport(message())


def test_the_password_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read at the login, from a variable that the error names where it is missing."""
    seen: list[str] = []

    def login(_: str, password: str) -> bool:
        seen.append(password)
        return True

    with serving(Inbox(), login=login) as port, plain(port, username="ken") as transport:
        monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
        with pytest.raises(TransportUnavailable, match=PASSWORD_VARIABLE):
            transport(message())
        monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
        transport(message())
    assert seen == [PASSWORD]


def test_an_internationalized_address_goes_out_by_smtputf8() -> None:
    """In the envelope and in the headers; a domain goes out in its ASCII form."""
    inbox = Inbox()
    with serving(inbox) as port, plain(port) as transport:
        transport(message(to="zoë@bücher.example"))
        transport(message())
    assert inbox.envelopes[0].rcpt_tos == ["zoë@bücher.example"]
    assert "SMTPUTF8" in inbox.envelopes[0].mail_options
    assert "SMTPUTF8" not in inbox.envelopes[1].mail_options
    assert inbox.messages[0]["To"].addresses[0].addr_spec == "zoë@bücher.example"


@in_memory
def test_an_international_domain_needs_no_smtputf8(office: Office) -> None:
    """Only its ASCII form travels."""
    (upn,) = office.hire("ken", mail="{}@bücher.example")
    enable(upn)
    inbox = Inbox()
    with serving(inbox, smtputf8=False) as port:
        assert deliver(plain(port)).sent == 1
    assert inbox.envelopes[0].rcpt_tos == ["ken@xn--bcher-kva.example"]


def test_a_server_without_smtputf8_refuses_the_address_for_good() -> None:
    """With an error that names it."""
    with serving(Inbox(), smtputf8=False) as port, plain(port) as transport:
        with pytest.raises(PermanentRefusal, match=r"zoë@contoso\.com"):
            transport(message(to="zoë@contoso.com"))
        transport(message())


def test_a_server_with_an_international_name_is_looked_up_by_its_ascii_one() -> None:
    """As browsers do."""
    assert SmtpTransport("Bücher.example").host == "xn--bcher-kva.example"


@each_row(
    ("options", "match"),
    [
        ({"security": "ssl"}, "'starttls', 'tls', 'none'"),
        ({"security": None}, "'starttls', 'tls', 'none'"),
        ({"password": "x"}, "needs username"),
        ({"timeout": 0}, "timeout=0"),
        ({"security": "none", "username": "ken", "password": PASSWORD}, "in clear"),
        ({"host": ""}, "is no host"),
        ({"host": "a b"}, "is no host"),
        ({"host": "ü..example"}, "is no host"),
        ({"host": "a..b"}, "is no host"),
        ({"host": "a\0b"}, "is no host"),
        ({"host": "x" * 64}, "is no host"),
        ({"host": 5}, "is no host"),
        ({"local_hostname": "a\r\nb"}, "is no host"),
        ({"timeout": float("nan")}, "timeout=nan"),
        ({"timeout": float("inf")}, "timeout=inf"),
        ({"timeout": "x"}, "timeout='x'"),
        ({"port": "25"}, "port='25'"),
        ({"port": 65536}, "port=65536"),
        ({"username": 5}, "username=5"),
        ({"username": "ken", "password": 5}, "password="),
        ({"tls": True}, "tls=True"),
    ],
)
def test_options_that_cant_be_meant_are_refused(options: dict[str, object], match: str) -> None:
    """At once, and without the password in the error."""
    options = {"host": "mail.contoso.com", "port": 25, **options}
    with pytest.raises(InvalidArgumentError, match=match) as caught:
        SmtpTransport(**options)  # type: ignore[arg-type]  # that is the point
    assert PASSWORD not in str(caught.value)


def test_the_ports_are_the_usual_ones() -> None:
    """Submission, submissions, SMTP."""
    ports = [SmtpTransport("h", security=name).port for name in ("starttls", "tls", "none")]
    assert ports == [587, 465, 25]


@in_memory
def test_a_message_is_the_same_bytes_in_smtp_and_in_memory(office: Office) -> None:
    """The transport adds nothing."""
    office.enable("ken")
    inbox = Inbox()
    sent: list[bytes] = []
    with serving(inbox) as port:
        transport = plain(port)

        def both(found: EmailMessage) -> None:
            sent.append(found.as_bytes(policy=found.policy + email.policy.SMTP))
            transport(found)

        deliver(both)
        transport.close()
    assert inbox.envelopes[0].original_content is not None
    assert inbox.envelopes[0].original_content.splitlines() == sent[0].splitlines()
