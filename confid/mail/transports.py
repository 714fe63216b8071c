"""Transports: who takes a message. Any function of one message is a transport.

A transport that returns has taken the message over. It raises
`PermanentRefusal` for one that it will never take, `TransportUnavailable`
when it can take none at all, and another `ConfidError` or an `OSError` (as
`smtplib`'s errors are) for one that can be tried again. One that has a method
`rest` is told so when a delivery is over: SmtpTransport hangs up then.
"""

from __future__ import annotations

import mailbox
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from confid.errors import ConfidError, InvalidArgumentError

if TYPE_CHECKING:
    from email.message import EmailMessage

_FOLDERS = ("tmp", "new", "cur")


class PermanentRefusal(ConfidError, RuntimeError):  # noqa: N818 - it names what the other side did
    """A message will never be taken, so it is not tried again: no such mailbox, or too large."""

    category = "InvalidResult"
    error_id = "MailRefused"


class TransportUnavailable(ConfidError, RuntimeError):  # noqa: N818 - as above
    """No message can leave now, whichever: nobody answers, or the password is wrong.

    `temporary`: waiting may help. Else somebody has to put it right first.
    """

    category = "ResourceUnavailable"
    error_id = "MailTransportUnavailable"

    def __init__(self, message: str = "", *, temporary: bool = True, target: object = None) -> None:
        super().__init__(message, target=target)
        self.temporary = temporary


class Transport(Protocol):
    """Takes one message, or raises; what it returns is not looked at."""

    def __call__(self, message: EmailMessage, /) -> object:
        """Take the message over."""


class MemoryTransport:
    """Keeps the messages in a list, `messages`; for tests and notebooks."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def __repr__(self) -> str:
        # Without the messages: a PIN may stand in one.
        return f"<MemoryTransport: {len(self.messages)} messages>"

    def __call__(self, message: EmailMessage, /) -> None:
        """Keep the message."""
        self.messages.append(message)


class MaildirTransport:
    """Puts each message in a Maildir, `path`, as a file of its own under `new`.

    The folder is made if it is missing, readable by its owner only, for PINs
    stand in messages. Raises `InvalidArgumentError` for a path that is a
    file, `OSError` for one that can't be made. On Windows, where a file name
    can't hold the `:` of a Maildir, `!` stands for it, as in
    `mailbox.Maildir`'s documentation.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
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
        self._maildir = mailbox.Maildir(self.path, create=False)
        if os.name == "nt":
            self._maildir.colon = "!"
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"MaildirTransport({str(self.path)!r})"

    def __call__(self, message: EmailMessage, /) -> None:
        """Write the message to the disk. Raises `OSError` when it can't be."""
        # Maildir numbers its files in a counter that threads would share.
        with self._lock:
            try:
                self._maildir.add(message)
            except mailbox.Error as error:
                raise OSError(f"{self.path}: {error}") from error
