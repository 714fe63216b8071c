"""Figures of mail: delivering through a mail server, next to smtplib alone."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user as enable
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as set_user
from confid.host import SilentHost
from confid.mail import MemoryTransport, SmtpTransport, deliver

from .measure import Figure, in_turns, plain, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from .scale import Scale

SERVER = """
import sys
from tests.mail.servers import Inbox, serving
with serving(Inbox()) as port:
    print(port, flush=True)
    sys.stdin.read()
"""


def figures(scale: Scale, folder: Path) -> Iterator[Figure]:
    """A mail from the outbox in a SQLite file to the server's 250, and without a server."""
    mails = scale.mails
    upns = [f"user{n}@contoso.com" for n in range(mails)]
    rows = ({"UserPrincipalName": upn, "Mail": upn, "Licenses": "MCOMEETADV"} for upn in upns)
    with confid.connect(folder / "mail.db", host=SilentHost()), _server() as port:
        confid.import_users(rows)
        enable(upns)
        composed = MemoryTransport()
        deliver(composed)
        through_server, alone, in_memory = [], [], []
        for _ in range(scale.rounds):
            set_user(upns, send_email=True)
            ours, theirs = in_turns(
                1, lambda: _deliver(port), lambda: _smtplib(port, composed.messages)
            )
            set_user(upns, send_email=True)
            (memory,) = in_turns(1, lambda: deliver(MemoryTransport()))
            through_server += ours
            alone += theirs
            in_memory += memory
    yield ratio("a mail by SMTP, to smtplib alone", through_server, alone, per=mails)
    yield plain("a mail to memory: composed, leased, marked", in_memory, per=mails)


def _deliver(port: int) -> None:
    deliver(SmtpTransport("127.0.0.1", port, security="none"))


def _smtplib(port: int, messages: list[EmailMessage]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for message in messages:
            smtp.send_message(message)


@contextmanager
def _server() -> Iterator[int]:
    """A mail server in a process of its own, which shares nothing with what is measured."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
