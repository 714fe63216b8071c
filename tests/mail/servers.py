"""Mail servers in this process, over real sockets: aiosmtpd with faults to order."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
import threading
from contextlib import contextmanager
from email.parser import Parser
from typing import TYPE_CHECKING, Any

import attrs
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import LoginPassword, Session

OK = "250 OK"
HANG_UP = "hang up"
STALL = "stall"

PASSWORD = "hunter2-not-for-logs"  # noqa: S105 - made up, and looked for in what is shown


@attrs.define
class Inbox:
    """What a server received, and what it answers.

    DATA gets the `answers` in their order, then OK: a line, HANG_UP before
    the answer, or STALL. `sessions` counts the sessions with a message.
    """

    answers: list[str] = attrs.Factory(list)
    refused: dict[str, str] = attrs.Factory(dict)
    sender_answer: str | None = None
    pause: float = 0.0
    sessions: int = 0
    envelopes: list[Envelope] = attrs.Factory(list)
    attempts: int = 0
    lock: Any = attrs.Factory(threading.Lock)

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages, read by the standard library."""
        parser = Parser(policy=email.policy.default)
        texts = [(e.original_content or b"").decode() for e in self.envelopes]
        return [parser.parsestr(text.replace("\r\n", "\n")) for text in texts]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender, or answer as told."""
        del server, session
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, or refuse it."""
        del server, session, options
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message, or do what was told."""
        await asyncio.sleep(self.pause)
        with self.lock:
            self.attempts += 1
            self.sessions += not hasattr(session, "counted")
            session.counted = True  # type: ignore[attr-defined]  # a mark; an id() is used again
            answer = self.answers.pop(0) if self.answers else OK
        if answer == STALL:
            await asyncio.sleep(5)
            return OK
        if answer in (OK, HANG_UP):
            with self.lock:
                self.envelopes.append(envelope)
        if answer == HANG_UP:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]  # a real transport's
            return OK
        return answer


@contextmanager
def serving(
    inbox: Inbox,
    *,
    smtputf8: bool = True,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: Callable[[str, str], bool] | None = None,
    repeats: tuple[str, Callable[[str], str]] | None = None,
) -> Iterator[int]:
    """Run a server on this machine; its port.

    `repeats` is the mechanism of a login that is refused, and how the answer
    repeats what was sent.
    """

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        del server, session, envelope, mechanism
        assert login is not None
        success = login(data.login.decode(), data.password.decode())
        return AuthResult(success=success, handled=False)

    def server() -> SMTP:
        kind = SMTP if repeats is None else repeating(*repeats)
        return kind(
            inbox,
            hostname="mail.example",
            loop=loop,
            enable_SMTPUTF8=smtputf8,
            tls_context=starttls,
            require_starttls=starttls is not None,
            # It warns of a login that is demanded without STARTTLS, for implicit TLS too.
            auth_required=login is not None and starttls is not None,
            auth_require_tls=starttls is not None,
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - {repeats[0]} if repeats else None,
            authenticator=authenticate if login or repeats else None,
            command_call_limit=100_000,
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    started = loop.create_server(server, "127.0.0.1", 0, ssl=tls)
    listening = asyncio.run_coroutine_threadsafe(started, loop).result(10)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def repeating(mechanism: str, echo: Callable[[str], str]) -> type[SMTP]:
    """A server that refuses every login, and repeats what was sent."""

    class Repeating(SMTP):
        async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
            """Refuse; for LOGIN ask for the password first."""
            if mechanism == "LOGIN":
                await self.push("334 UGFzc3dvcmQ6")
                assert self._reader is not None
                arg = (await self._reader.readline()).decode().strip()
            await self.push(f"535 5.7.8 You sent {echo(arg)}")

    return Repeating


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)


@attrs.frozen
class Certificates:
    """A server's certificate for localhost, and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def certificates(name: str = "localhost") -> Certificates:
    """A made-up authority and a certificate of it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Certificates(server, client)
