"""Transports, which take messages over. Any function of one message is a transport.

A transport that returns has taken the message. It raises `PermanentRefusal`
for a message that it will never take, `TransportUnavailable` when it can take
no message at all, and another `ConfidError` or an `OSError` (`smtplib`'s
errors are) for a message that can be tried again. At its end, a delivery
calls the transport's `rest()` if it has one: SmtpTransport hangs up then.
"""

from __future__ import annotations

import errno
import mailbox
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from confid.errors import ConfidError, InvalidArgumentError, shown
from confid.mail.masking import forget_frames

if TYPE_CHECKING:
    from email.message import EmailMessage

_FOLDERS = ("tmp", "new", "cur")


class PermanentRefusal(ConfidError, RuntimeError):  # noqa: N818 - it names what the other side did
    """The message will never be taken, so it is not tried again: no such mailbox, or too large."""

    category = "InvalidResult"
    error_id = "MailRefused"


class TransportUnavailable(ConfidError, RuntimeError):  # noqa: N818 - it names a state
    """No message can leave now: the server does not answer, or the password is wrong.

    `temporary` says whether waiting may help; otherwise somebody has to act.
    """

    category = "ResourceUnavailable"
    error_id = "MailTransportUnavailable"

    def __init__(self, message: str = "", *, temporary: bool = True, target: object = None) -> None:
        super().__init__(message, target=target)
        self.temporary = temporary


class Transport(Protocol):
    """Takes one message, or raises. What it returns is ignored."""

    def __call__(self, message: EmailMessage, /) -> object:
        """Take the message over."""


class MemoryTransport:
    """Keeps the messages in a list, `messages`; for tests and notebooks."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def __repr__(self) -> str:
        # The messages may contain PINs.
        return f"<MemoryTransport: {len(self.messages)} messages>"

    def __call__(self, message: EmailMessage, /) -> None:
        """Keep the message."""
        self.messages.append(message)


class MaildirTransport:
    """Puts each message into the Maildir `path`, as a file under `new`.

    A missing folder is made, readable by its owner only, because messages
    contain PINs. Raises `InvalidArgumentError` when `path` is a file,
    `OSError` when the folder can't be made. On Windows `!` replaces the `:`
    in file names, as `mailbox.Maildir`'s documentation suggests.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InvalidArgumentError(f"{shown(path)} is no path of a Maildir.", target=path)
        self.path: Path = Path(path)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in _FOLDERS:
                (self.path / folder).mkdir(mode=0o700, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidArgumentError(
                f"{self.path} can't be a Maildir: there is a file in its place. "
                "A Maildir is a folder.",
                target=str(self.path),
            ) from error
        except (OSError, ValueError) as error:
            if getattr(error, "errno", errno.ENAMETOOLONG) != errno.ENAMETOOLONG:
                raise
            raise InvalidArgumentError(f"{shown(path)} is no path of a Maildir.") from None
        self._maildir = mailbox.Maildir(self.path, create=False)
        if os.name == "nt":
            self._maildir.colon = "!"
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"MaildirTransport({str(self.path)!r})"

    def __call__(self, message: EmailMessage, /) -> None:
        """Write the message to the disk. Raises `OSError` when that fails."""
        # Maildir numbers its files with a counter that is not safe for threads.
        with self._lock:
            try:
                self._maildir.add(message)
            except mailbox.Error as error:
                problem: BaseException = OSError(f"{self.path}: {error}")
            except BaseException as error:  # noqa: BLE001 - raised again below
                forget_frames(error)
                problem = error
            else:
                return
        # Outside of `except`, because the library's frames show the message.
        raise problem from None
