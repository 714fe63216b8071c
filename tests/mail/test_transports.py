"""Transports: a Maildir on the disk, a list in memory, any function."""

from __future__ import annotations

import email.policy
import mailbox
import os
import stat
import threading
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from confid.errors import ConfidError, InvalidArgumentError
from confid.mail import MaildirTransport, MemoryTransport, PermanentRefusal, Retry, deliver
from confid.mail.headers import POLICY_UTF8

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Office


def message(subject: str = "Hello") -> EmailMessage:
    """A short message."""
    made = EmailMessage()
    made["Subject"] = subject
    made.set_content("Text\n")
    return made


def test_a_delivery_fills_a_maildir(office: Office, tmp_path: Path) -> None:
    """Made with its parents; the standard library reads the messages back."""
    office.enable("ken", "mia")
    path = tmp_path / "a" / "b" / "mail"
    assert deliver(MaildirTransport(path)).sent == 2
    read = mailbox.Maildir(path, create=False)
    assert sorted(str(found["To"]) for found in read) == [
        "Ken <ken@contoso.com>",
        "Mia <mia@contoso.com>",
    ]
    assert sorted(folder.name for folder in path.iterdir()) == ["cur", "new", "tmp"]
    assert not list((path / "tmp").iterdir())
    assert len(list((path / "new").iterdir())) == 2


def test_an_empty_folder_becomes_a_maildir(tmp_path: Path) -> None:
    """As does an incomplete one; what is in it stays."""
    MaildirTransport(tmp_path)(message("first"))
    MaildirTransport(tmp_path)(message("second"))
    assert len(mailbox.Maildir(tmp_path, create=False)) == 2


def test_lines_end_as_the_system_has_them(tmp_path: Path) -> None:
    """Once: no carriage return is doubled."""
    MaildirTransport(tmp_path)(message())
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == message().as_bytes().replace(b"\n", os.linesep.encode())


def test_an_internationalized_address_stands_in_the_file_as_utf_8(tmp_path: Path) -> None:
    """As a server with SMTPUTF8 would have put it there."""
    made = EmailMessage(policy=POLICY_UTF8)
    made["To"] = "zoë@contoso.com"
    made.set_content("Text\n")
    MaildirTransport(tmp_path)(made)
    (file,) = (tmp_path / "new").iterdir()
    assert "To: zoë@contoso.com".encode() in file.read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_new_maildir_is_its_owners_alone(tmp_path: Path) -> None:
    """PINs stand in it."""
    MaildirTransport(tmp_path / "mail")
    for folder in (tmp_path / "mail", tmp_path / "mail" / "new", tmp_path / "mail" / "tmp"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """With an error that says so, before anything is delivered."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "mail"):
        with pytest.raises(InvalidArgumentError, match="can't be a Maildir"):
            MaildirTransport(path)


def test_a_maildir_that_is_gone_leaves_the_message_pending(office: Office, tmp_path: Path) -> None:
    """It is an OSError as any other, and the message can leave later."""
    office.enable("ken")
    transport = MaildirTransport(tmp_path / "mail")
    (tmp_path / "mail").rename(tmp_path / "moved")
    assert deliver(transport, retry=Retry(patience=timedelta(0))).failures[0].parked is False
    (tmp_path / "moved").rename(tmp_path / "mail")
    assert deliver(transport).sent == 1


def test_a_name_clash_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mailbox.Error` is none by itself, and a delivery would end."""

    def clash(*_: object) -> None:
        raise mailbox.ExternalClashError("Name clash")

    monkeypatch.setattr(mailbox.Maildir, "add", clash)
    with pytest.raises(OSError, match="Name clash"):
        MaildirTransport(tmp_path)(message())


def test_threads_share_a_maildir(tmp_path: Path) -> None:
    """Every message gets a file of its own."""
    transport = MaildirTransport(tmp_path)

    def work() -> None:
        for _ in range(20):
            transport(message())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.Maildir(tmp_path, create=False)) == 80


def test_the_colon_of_a_maildir_is_none_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file name can't hold one there; `!` stands for it."""
    transport = MaildirTransport(tmp_path)
    assert transport._maildir.colon == ("!" if os.name == "nt" else ":")
    monkeypatch.setattr("confid.mail.transports.os.name", "nt")
    monkeypatch.setattr("confid.mail.transports.Path", type(tmp_path))
    assert MaildirTransport(tmp_path)._maildir.colon == "!"


def test_memory_keeps_messages_and_shows_none() -> None:
    """A PIN may stand in one."""
    transport = MemoryTransport()
    transport(message("PIN 12345"))
    assert [found["Subject"] for found in transport.messages] == ["PIN 12345"]
    assert repr(transport) == "<MemoryTransport: 1 messages>"


def test_any_function_is_a_transport(office: Office) -> None:
    """What it returns is not looked at."""
    office.enable("ken")
    kept: list[bytes] = []
    assert deliver(lambda found: kept.append(found.as_bytes(policy=email.policy.SMTP))).sent == 1
    assert b"\r\n" in kept[0]


def test_a_refusal_is_one_of_our_errors() -> None:
    """With PowerShell's identity of an error."""
    refusal = PermanentRefusal("No such mailbox.")
    assert isinstance(refusal, ConfidError)
    assert isinstance(refusal, RuntimeError)
    assert refusal.fully_qualified_error_id == "MailRefused"
