"""SmtpTransport: hands messages to a mail server, through the standard library's smtplib."""

from __future__ import annotations

import base64
import ipaddress
import os
import smtplib
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError, Secret, shown
from confid.mail.headers import one_line
from confid.mail.masking import forget_frames, masked
from confid.mail.transports import PermanentRefusal, TransportUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from email.message import EmailMessage
    from types import TracebackType
    from typing import Self

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""The kinds of security and their usual ports. Source: RFC 6409, RFC 8314."""

PASSWORD_VARIABLE = "CONFID_SMTP_PASSWORD"  # noqa: S105 - its name, not a password
"""The environment variable with the password, used when none was given."""

TRUSTED_FOR = 10.0
"""A connection that was idle for fewer seconds is used again without a check."""

LONGEST_TIMEOUT = 86_400
LAST_PORT = 65_535

_CLOSING = 421
_LOGIN_NEEDED = (530, 534, 535, 538)
_PERMANENT = 500
_LARGEST_CODE = 599


class SmtpTransport:
    """Hands messages to the mail server at `host` and `port`, many over one connection.

    `security` is `"starttls"` (a server without it is refused), `"tls"` from
    the first byte, or `"none"`. The server's certificate is checked with the
    system's authorities, or with the context `tls`. The default `port` is
    587, 465 or 25. `password` is a text, or a function that returns the text
    when it is needed; the default is the environment variable
    CONFID_SMTP_PASSWORD. Each step may take `timeout` seconds.

    A 5xx about a message or its recipient raises `PermanentRefusal` with the
    server's words; a 4xx or a lost connection raises `OSError`; a server that
    can't be reached or trusted, or that refuses the login, raises
    `TransportUnavailable`. The envelope's sender is the message's.

    Threads can share a transport. It connects when it is used, and hangs up
    at the end of a delivery, at `close()`, and at the end of a `with` block.
    Raises `InvalidArgumentError` for wrong options, and for a login without
    encryption over a network.
    """

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        security: str = "starttls",
        username: str | None = None,
        password: str | Callable[[], str] | None = None,
        timeout: float = 30.0,
        tls: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
    ) -> None:
        # First, because the locals of an error's frame would show the text.
        self._password = Secret(password) if isinstance(password, str) else password
        del password
        self.security: str = _security(security)
        self.host: str = _host(host)
        self.port: int = PORTS[self.security] if port is None else port
        self.username = username
        self.timeout = timeout
        self._tls = tls
        self._local_hostname = None if local_hostname is None else _host(local_hostname)
        self._idle: list[_Connection] = []
        self._check()

    def _check(self) -> None:
        if not isinstance(self.timeout, int | float) or not 0 < self.timeout <= LONGEST_TIMEOUT:
            raise InvalidArgumentError(
                f"timeout={shown(self.timeout)}: give seconds, from above 0 to {LONGEST_TIMEOUT}."
            )
        if not isinstance(self.port, int) or not 0 < self.port <= LAST_PORT:
            raise InvalidArgumentError(f"port={shown(self.port)}: give 1 to {LAST_PORT}.")
        if not isinstance(self.username, str | None):
            raise InvalidArgumentError(f"username={shown(self.username)} is no text.")
        if not (isinstance(self._password, Secret | None) or callable(self._password)):
            raise InvalidArgumentError("password= takes a text, or a function that returns one.")
        if not isinstance(self._tls, ssl.SSLContext | None):
            raise InvalidArgumentError(f"tls={shown(self._tls)} is no ssl.SSLContext.")
        if self._password is not None and self.username is None:
            raise InvalidArgumentError("password= needs username=.")
        if self._tls is not None and self.security == "none":
            raise InvalidArgumentError('tls= needs security="starttls" or "tls".')
        if self.username is not None and self.security == "none" and not _is_local(self.host):
            raise InvalidArgumentError(
                f'security="none" would send the password of {self.username} in clear over the '
                'network. Use "starttls" or "tls".'
            )

    def __repr__(self) -> str:
        user = "" if self.username is None else f", username={self.username!r}"
        return f"SmtpTransport({self.host!r}, {self.port}, security={self.security!r}{user})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The next message connects again."""
        while self._idle:
            self._idle.pop().hang_up()

    rest = close

    def __call__(self, message: EmailMessage, /) -> None:
        """Hand a message over. When this returns, the server has answered 250."""
        connection = self._take()
        try:
            connection.send(message)
        except BaseException:
            if connection.is_usable:
                self._idle.append(connection)
            else:
                connection.drop()
            raise
        self._idle.append(connection)

    def _take(self) -> _Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if connection.answers():
                return connection
            connection.drop()

    def _connect(self) -> _Connection:
        try:
            return _Connection(self._open())
        except OSError as error:
            problem = self._unavailable(error)
        # Outside of `except`, because the error's frames may show what was sent.
        raise problem from None

    def _open(self) -> smtplib.SMTP:
        """Connect, encrypt and log in."""
        host, port, own_name, timeout = self.host, self.port, self._local_hostname, self.timeout
        smtp = (
            smtplib.SMTP_SSL(host, port, own_name, timeout=timeout, context=self._context())
            if self.security == "tls"
            else smtplib.SMTP(host, port, own_name, timeout=timeout)
        )
        try:
            if self.security == "starttls":
                smtp.starttls(context=self._context())
            if self.username is not None:
                self._log_in(smtp, self.username, self._read_password())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP, username: str, password: Secret) -> None:
        """Log in. No error has the password in its text or in the locals of its frames."""
        try:
            smtp.login(username, password.reveal())
        except UnicodeError:
            problem: BaseException = TransportUnavailable(
                f"{self._name} takes user names and passwords in ASCII only.", temporary=False
            )
        except OSError as error:
            problem = self._unavailable(error, _forms_of(username, password))
        except BaseException as error:  # noqa: BLE001 - raised again below
            forget_frames(error)
            problem = error
        else:
            return
        finally:
            smtp.password = ""
        raise problem from None

    def _unavailable(self, error: OSError, secrets: Iterable[Secret] = ()) -> TransportUnavailable:
        """The error for a server that can't be reached or trusted, or that refuses the login."""
        temporary = False
        if isinstance(error, ssl.SSLCertVerificationError):
            words = (
                f"its certificate can't be trusted ({error.verify_message}). Give the name in the "
                "certificate as host, and its authority as "
                "tls=ssl.create_default_context(cafile=…)."
            )
        elif isinstance(error, smtplib.SMTPResponseException):
            temporary = not _is_permanent(error.smtp_code)
            words = _answer(error.smtp_code, error.smtp_error, secrets)
        else:
            temporary = not isinstance(error, smtplib.SMTPNotSupportedError)
            words = _masked(str(error) or type(error).__name__, secrets)
        return TransportUnavailable(f"{self._name}: {words}", temporary=temporary)

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    def _read_password(self) -> Secret:
        given = self._password
        if not isinstance(given, Secret):
            given = Secret((given() if given else os.environ.get(PASSWORD_VARIABLE)) or "")
        if not isinstance(given.reveal(), str) or not given.reveal():
            raise TransportUnavailable(
                f"{self._name}: the password for {self.username} is missing. Give password=, or "
                f"set the environment variable {PASSWORD_VARIABLE}.",
                temporary=False,
            )
        return given

    @property
    def _name(self) -> str:
        return f"The mail server {self.host}:{self.port}"


class _Connection:
    """A connection to the server after the login."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._used = time.monotonic()
        self._pid = os.getpid()

    @property
    def is_usable(self) -> bool:
        """Whether another message can be sent over it."""
        return self._smtp.sock is not None

    def answers(self) -> bool:
        """Whether the server still answers, and the connection belongs to this process."""
        if self._pid != os.getpid():
            return False
        if time.monotonic() - self._used < TRUSTED_FOR:
            return True
        try:
            return self._smtp.noop()[0] < _CLOSING
        except OSError:
            return False

    def send(self, message: EmailMessage) -> None:
        """Send a message to its one recipient."""
        sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            self._smtp.send_message(message, sender, [to])
        except smtplib.SMTPNotSupportedError as error:
            problem: BaseException = PermanentRefusal(
                f"The mail server can't take the address {sender if to.isascii() else to}: {error}"
            )
        except smtplib.SMTPRecipientsRefused as error:
            ((code, words),) = error.recipients.values()
            problem = self._refusal(code, words)
        except smtplib.SMTPResponseException as error:
            problem = self._refusal(error.smtp_code, error.smtp_error)
        except smtplib.SMTPServerDisconnected as error:
            self.drop()
            # smtplib reports a timeout as a disconnect.
            late = isinstance(error.__context__, TimeoutError)
            problem = (
                TimeoutError("The mail server didn't answer in time.")
                if late
                else ConnectionResetError("The mail server hung up.")
            )
        except BaseException as error:  # noqa: BLE001 - raised again below
            # How far the dialogue came is unknown.
            self.drop()
            forget_frames(error)
            problem = error
        else:
            self._used = time.monotonic()
            return
        # Outside of `except`, because smtplib's frames show the message.
        raise problem from None

    def _refusal(self, code: int, words: bytes | str) -> Exception:
        answer = _answer(code, words)
        if code == _CLOSING or not 0 <= code <= _LARGEST_CODE:
            self.drop()
        if code in _LOGIN_NEEDED:
            return TransportUnavailable(f"The mail server wants a login: {answer}", temporary=False)
        return PermanentRefusal(answer) if _is_permanent(code) else OSError(answer)

    def hang_up(self) -> None:
        """Close, with QUIT if the connection belongs to this process."""
        if self._pid == os.getpid():
            with suppress(OSError):
                self._smtp.quit()
        self.drop()

    def drop(self) -> None:
        """Close without QUIT."""
        self._smtp.close()


def _security(security: object) -> str:
    for known in PORTS:
        if isinstance(security, str) and security.strip().lower() == known:
            return known
    raise InvalidArgumentError(
        f"security={shown(security)}: give one of {', '.join(map(repr, PORTS))}.", target=security
    )


def _host(host: object) -> str:
    """The host's name in ASCII. Raises `InvalidArgumentError` when it is no host name."""
    name = host.strip() if isinstance(host, str) else ""
    try:
        if not name.isascii():
            import idna  # noqa: PLC0415 - few servers have such a name

            return idna.encode(name, uts46=True).decode()
        if name.encode("idna") and name.isprintable() and " " not in name:
            return name
    except UnicodeError:  # idna's errors are some
        pass
    raise InvalidArgumentError(f"{shown(host)} is no host name.", target=host)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_permanent(code: int) -> bool:
    return _PERMANENT <= code <= _LARGEST_CODE


def _answer(code: int, words: bytes | str, secrets: Iterable[Secret] = ()) -> str:
    """A server's answer in one line, without the secrets."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {_masked(text, secrets)}".strip()


def _masked(text: str, secrets: Iterable[Secret]) -> str:
    for secret in secrets:
        text = masked(text, secret)
    return one_line(text)


def _forms_of(username: str, password: Secret) -> Iterator[Secret]:
    """The password in each form in which smtplib sends it: a server may repeat its input."""
    yield password
    for form in (password, Secret(f"\0{username}\0{password.reveal()}")):
        yield Secret(base64.b64encode(form.reveal().encode()).decode())
