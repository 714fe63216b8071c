"""Workers that are processes: they share the work, and one that is killed loses nothing."""

from __future__ import annotations

import signal
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import confid
from confid.host import SilentHost
from confid.mail import SmtpTransport, deliver, outbox
from confid.mail.delivery import BATCH
from confid.tenant.lease import DURATION

from .servers import Inbox, serving
from .workers import copies, fill, main, start, told

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_four_workers_send_every_mail_once_and_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`python -m tests.mail.workers` does the same with 10,000."""
    assert main(["120", "4"]) == 0
    assert "120 of 120 mails" in capsys.readouterr().out


def _later() -> datetime:
    return datetime.now(UTC) + DURATION


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(tmp_path: Path) -> None:
    """Others leave its batch alone while the lease runs; then all of it leaves, none unknown."""
    path = tmp_path / "tenant.db"
    owed = fill(path, 3 * BATCH)
    inbox = Inbox(pause=0.01)
    with serving(inbox) as port:
        worker = start(path, port)
        deadline = time.monotonic() + 30
        while len(inbox.envelopes) < BATCH + BATCH // 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        worker.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        worker.communicate()
        transport = SmtpTransport("127.0.0.1", port, security="none")
        with confid.connect(path, create=False, host=SilentHost()):
            marked = len(outbox(state="sent"))
            assert BATCH <= marked < 3 * BATCH
            report = deliver(transport)
            assert report.held_back > 0
            assert report.sent + report.held_back + marked == 3 * BATCH
        with confid.connect(path, create=False, clock=_later, host=SilentHost()) as session:
            report = deliver(transport)
            assert (report.failed, report.held_back) == (0, 0)
            assert not outbox()
            assert not confid.check(session).problems
    times = copies(inbox)
    assert len(times) == 3 * BATCH
    assert set(times.values()) <= {1, 2}
    assert sum(count - 1 for count in times.values()) <= BATCH
    assert {upn: ids[-1] for upn, ids in told(inbox).items()} == {
        upn: ids[-1] for upn, ids in owed.items()
    }
