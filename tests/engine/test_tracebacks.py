"""A wrong name shows the caller's line, not the inside of confid."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.errors import ConfidError
from tests.tenants import get, get_bridge, grant_policy, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable

INSIDE = str(Path(confid.__file__).parent)
online: Any = confid.cmdlets.get_cs_online_user
KEN = upn("ken")

CALLS: dict[str, Callable[[], object]] = {
    "nobody": lambda: get("nobody"),
    "nobody, of several": lambda: set_user([KEN, "nobody", 5], reset_conference_id=True),
    "nobody, in a session": lambda: confid.demo().cmdlets.get_cs_online_user("nobody"),
    "nobody, on a line": lambda: confid.invoke("Get-CsOnlineUser nobody"),
    "a policy": lambda: grant_policy(KEN, "none"),
    "a bridge": lambda: get_bridge(name="none"),
    "a parameter": lambda: get(identify=KEN),
    "a property": lambda: online(filter="Departmant -eq 1"),
    "a chosen ID": lambda: set_user(KEN, conference_id=1234567),
    "a place": lambda: get(KEN, 1234567),
    "a line": lambda: confid.invoke("Get-CsOnlineUser $name"),
    "a cmdlet": lambda: confid.get_command("Get-CsNothing"),
    "a binding": lambda: confid.command.bind("Get-CsOnlineUser", {"Nothing": 1}),
    "help": lambda: confid.get_help("Get-CsNothing"),
    "removed": lambda: confid.remove_users("nobody"),
    "an organizer": lambda: confid.meetings.outdated("nobody"),
    "an entry": lambda: confid.ledger.entries("nobody"),
    "a number": lambda: confid.attendant.dial("nobody"),
    "a file": lambda: confid.import_users("nobody.csv"),
    "an outbox": lambda: confid.mail.outbox(state="nowhere"),
    "a store": lambda: confid.connect("nowhere://x"),
}


@pytest.mark.parametrize("name", CALLS)
def test_at_most_three_frames_of_confid(name: str) -> None:
    """In plain Python, with causes and what went before; the caller's line is among the rest."""
    with tenant("ken"), pytest.raises(ConfidError) as caught:
        CALLS[name]()
    shown = traceback.TracebackException.from_exception(caught.value)
    parts = [shown, shown.__cause__, None if shown.__suppress_context__ else shown.__context__]
    frames = [frame for part in parts if part for frame in part.stack]
    assert len([frame for frame in frames if frame.filename.startswith(INSIDE)]) <= 3
    assert any(frame.filename == __file__ for frame in shown.stack[-4:])


def test_a_fault_of_a_host_keeps_its_frames() -> None:
    """What confid doesn't raise on purpose is shown whole."""

    def progress(done: int, total: int | None) -> object:
        return done / (total and 0)  # type: ignore[operator]

    with tenant("ken"), pytest.raises(ZeroDivisionError) as caught:
        set_user([KEN], reset_conference_id=True, progress=progress)
    assert len([f for f in traceback.extract_tb(caught.tb) if f.filename.startswith(INSIDE)]) > 3
