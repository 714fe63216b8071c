"""PINs: where they stand on the disk, and that they are gone from it when their message is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from confid import connect
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user as enable,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_tenant_settings as set_tenant,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_user as set_user,
)
from confid.host import SilentHost
from confid.mail import MemoryTransport, PermanentRefusal, deliver
from confid.tenant.documents import PIN_PAD

from .conftest import Clock, Office
from .test_messages import parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from confid.mail import Transport


def refuse(_: EmailMessage) -> None:
    """Refuse for good, repeating what was in the message."""
    raise PermanentRefusal("550 No.")


def on_disk(path: Path) -> bytes:
    """Every byte of the tenant's files, after a checkpoint."""
    with closing(sqlite3.connect(path)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    files = sorted(path.parent.glob(f"{path.name}*"))
    assert {file.name for file in files} >= {path.name, f"{path.name}-wal"}
    return b"".join(file.read_bytes() for file in files)


@pytest.fixture
def tenant_file(tmp_path: Path) -> Iterator[tuple[Office, Path]]:
    """A tenant whose PINs are so long that no other number holds one by chance."""
    path = tmp_path / "tenant.db"
    clock = Clock()
    with connect(path, clock=clock, host=SilentHost()) as session:
        set_tenant(pin_length=12)
        yield Office(session, clock), path


@pytest.mark.parametrize("transport", [MemoryTransport(), refuse])
def test_no_byte_of_a_pin_is_left_once_its_message_has_left_or_is_parked(
    tenant_file: tuple[Office, Path], transport: Transport
) -> None:
    """It is never there in clear, and both of its halves are erased, as those of a dead PIN are."""
    office, path = tenant_file
    upns = office.hire(*(f"user{n}" for n in range(120)))
    pins = [user.leader_pin for user in enable(upns)]
    pins += [user.leader_pin for user in set_user(upns[:20], reset_leader_pin=True)]
    held = on_disk(path)
    assert not [pin for pin in pins if pin.encode() in held]
    told = [body["facts"].get("pin") for body in office.documents().values()]
    sealed = [pin for pin in told if pin]
    pads = [body["pad"] for body in kept_pads(office)]
    assert len(set(sealed) | set(pads)) == 240
    assert all(half.encode() in held for half in [*sealed, *pads])
    report = deliver(transport)
    assert report.sent + report.failed == 120
    assert kept_pads(office) == []
    left = on_disk(path)
    assert not [pin for pin in pins if pin.encode() in left]
    # A page may keep a copy of a row that was moved: of the one half, or of the other.
    halves = [half for half in [*sealed, *pads] if half.encode() in left]
    assert len(halves) < 24


def test_a_mail_has_the_pin_that_the_call_returned(tenant_file: tuple[Office, Path]) -> None:
    """Though it was sealed in between."""
    office, _ = tenant_file
    users = enable(office.hire("ken", "mia"))
    transport = MemoryTransport()
    deliver(transport)
    found = sorted(parts(message)[0].split("PIN: ")[1][:12] for message in transport.messages)
    assert found == sorted(user.leader_pin for user in users)


def kept_pads(office: Office) -> list[dict[str, Any]]:
    """The pads of pending PINs."""
    with office.session.unit(write=False) as tenant:
        return [body for _, body in tenant.transaction.scan(PIN_PAD.name)]


def test_nor_once_its_user_is_removed(tenant_file: tuple[Office, Path]) -> None:
    """Whoever leaves takes the message along."""
    office, path = tenant_file
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin.encode()
    with office.session.unit(write=True) as tenant:
        tenant.remove(tenant.people([tenant.user(upn)]))
    assert kept_pads(office) == []
    assert pin not in on_disk(path)


def test_a_message_without_a_pin_never_brings_one_to_the_disk(
    tenant_file: tuple[Office, Path],
) -> None:
    """Enabled quietly: the PIN is in the returned record, and its digest in the file."""
    office, path = tenant_file
    (upn,) = office.hire("ken")
    user = enable(upn, notify=False)
    set_user(upn, reset_conference_id=True, send_email=True)
    assert len(user.leader_pin) == 12
    assert user.leader_pin.encode() not in on_disk(path)


def test_the_conference_info_never_has_the_pin(tenant_file: tuple[Office, Path]) -> None:
    """Though it is sent together with the message that has."""
    office, _ = tenant_file
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    set_user(upn, send_email=True)
    transport = MemoryTransport()
    deliver(transport)
    assert [pin in message.as_string() for message in transport.messages] == [True, False]
