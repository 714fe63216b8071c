"""What is logged: silent unless somebody listens, each warning once, and no secret."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import mail, meetings
from confid.errors import TransactionConflictError
from confid.host import ConsoleHost, HostError, LoggingHost
from tests.tenants import enable, get, set_settings, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confid.engine.session import Session

KEN, PILAR = upn("ken"), upn("pilar")
PASSWORD = "open sesame"  # noqa: S105 - made up, and looked for in the records


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All records from DEBUG on."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="confid")
    return caplog


def lines(logged: pytest.LogCaptureFixture) -> list[str]:
    """The levels and messages of confid's records."""
    return [f"{r.levelname} {r.getMessage()}" for r in logged.records if r.name == "confid"]


def test_a_program_that_does_not_log_gets_nothing() -> None:
    """Neither `logging` nor a line on standard error, whatever happens."""
    program = """
import sys, confid
from confid.host import SilentHost
from confid.cmdlets import *
if "{imports}": import logging
with confid.demo() as session:
    session.host = SilentHost()
    get_cs_online_dial_in_conferencing_user(force=True)
    print("logging" in sys.modules)
"""
    for imports in ("", "yes"):
        done = subprocess.run(
            [sys.executable, "-c", program.replace("{imports}", imports)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == (f"{bool(imports)}\n", "")


def test_a_warning_is_logged_once(logged: pytest.LogCaptureFixture) -> None:
    """The host hears it each time, as PowerShell's does."""
    with tenant("ken") as session:
        for _ in range(28):
            get(KEN, force=True)
        assert len(session.host.lines) == 28  # type: ignore[attr-defined]  # it records
    assert [line for line in lines(logged) if line.startswith("WARNING")] == [
        "WARNING Get-CsOnlineDialInConferencingUser: Force has no effect here."
    ]


def test_a_logging_host_logs_what_a_console_would_show(logged: pytest.LogCaptureFixture) -> None:
    """Lines, warnings, errors, verbose lines, each at its level; nobody can be asked."""
    with tenant("ken", host=LoggingHost()) as session:
        set_user(KEN, reset_conference_id=True, what_if=True)
        get([KEN, upn("nobody")], error_action="continue")
        for _ in range(28):
            set_user(KEN, force=True, verbose=True)
        with pytest.raises(HostError):
            set_user(KEN, reset_conference_id=True, confirm=True)
        own = logging.getLogger("mine")
        session.host = LoggingHost(own)
        set_user(KEN, force=True)
    levels = [line.split()[0] for line in lines(logged)]
    assert levels[:3] == ["INFO", "INFO", "ERROR"]
    assert levels.count("WARNING") == 1
    assert levels.count("DEBUG") == 28
    assert [r.name for r in logged.records if r.name == "mine"] == ["mine"]


def test_deliveries_migrations_and_retries_are_logged(logged: pytest.LogCaptureFixture) -> None:
    """Each in a line, with what came of it."""
    with tenant("ken", "pilar") as session:
        set_user([KEN, PILAR], send_email=True)

        def full(message: Any) -> None:
            if "ken" in message["To"]:
                raise mail.PermanentRefusal("552 full")

        mail.deliver(full)
        meetings.run_migrations()
        attempts = []

        def work(_: object) -> None:
            attempts.append(1)
            if len(attempts) < 3:
                raise TransactionConflictError("In the way.")

        session.call(work, write=True)
    text = "\n".join(lines(logged))
    assert "INFO Mails: 1 sent, 1 failed, 0 held back" in text
    assert "is failed: 552 full" in text
    assert "INFO Meeting migrations: " in text
    assert text.count("INFO Attempt ") == 2


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A session on each store."""
    place: Any = "memory:" if request.param == "memory" else tmp_path / "tenant.db"
    if request.param == "postgres":
        place = request.getfixturevalue("new_schema")()
    with tenant("ken", "pilar", enabled=False, store=place, host=ConsoleHost()) as session:
        yield session


def test_no_record_has_a_secret(session: Session, logged: pytest.LogCaptureFixture) -> None:
    """Not a PIN, not a password, not where the server is reached with one; at DEBUG either."""
    set_settings(pin_length=12)  # long enough to stand nowhere by chance
    secrets = [user.leader_pin for user in enable([KEN, PILAR])]

    def tells(message: Any) -> None:
        raise OSError(f"refused: {message.get_body(('plain',)).get_content()}")

    mail.deliver(tells, retry=mail.Retry(attempts=1))
    secrets.append(set_user(KEN, reset_leader_pin=True, force=True, verbose=True).leader_pin)
    transport = mail.SmtpTransport(
        "127.0.0.1", 9, security="none", username="me", password=PASSWORD, timeout=0.1
    )
    mail.deliver(transport, retry=mail.Retry(attempts=1))
    for store in ("postgresql://me:open%20sesame@127.0.0.1:9/x?timeout=0.1", "nothing://x"):
        with pytest.raises(confid.ConfidError):
            confid.connect(store)
    session.host = LoggingHost()
    set_user([KEN, PILAR], reset_leader_pin=True, what_if=True)
    text = "\n".join(f"{r.getMessage()} {r.args!r} {r.exc_text or ''}" for r in logged.records)
    assert "Mails: " in text
    for secret in (*secrets, PASSWORD, "open%20sesame"):
        assert secret not in text
