"""Where a call speaks: progress, a notebook, and warnings that stop it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from tqdm.auto import tqdm

import confid
from confid.engine.common_parameters import WarningStopError
from confid.errors import InvalidArgumentError
from confid.host import ConsoleHost, NotebookHost, default_host
from tests.tenants import contents, enable, get, lines, set_user, tenant, upn

PEOPLE = ("ann", "bob", "ken")
PLAN = "MCOMEETADV"
UPNS = [upn(name) for name in PEOPLE]


def test_progress_tells_a_function_how_many_are_done() -> None:
    """The number done and the number in all; somebody named twice counts as done too."""
    told: list[tuple[int, int | None]] = []
    with tenant(*PEOPLE):
        enable(UPNS)
        set_user(iter([*UPNS, UPNS[0]]), progress=lambda done, total: told.append((done, total)))
        assert told == [(3, 4), (4, 4)]
        get(UPNS[0], progress=lambda *_: pytest.fail("one person is no long call"))


def test_progress_true_shows_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar of tqdm's, named for the cmdlet."""
    with tenant(*PEOPLE):
        enable(UPNS, progress=True)
    assert "Enable-CsOnlineDialInConferencingUser: 100%" in capsys.readouterr().err
    assert not tqdm._instances  # type: ignore[attr-defined]  # every bar is closed


@pytest.mark.parametrize("wrong", [1, "yes", []])
def test_what_is_no_progress_is_refused_and_changes_nothing(wrong: Any) -> None:
    """Neither a boolean nor a function."""
    with tenant(*PEOPLE) as session:
        before = contents(session)
        with pytest.raises(InvalidArgumentError, match="progress"):
            enable(UPNS, progress=wrong)
        assert contents(session) == before


def test_a_bar_without_tqdm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and the way without it."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with (
        tenant(*PEOPLE),
        pytest.raises(InvalidArgumentError, match=r"confid\[notebook\].*function"),
    ):
        enable(UPNS, progress=True)


def test_a_notebook_is_told_what_is_left_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Mails to deliver and a PIN to read, below the cell; not the PIN itself."""
    with tenant("ken") as session:
        session.host = NotebookHost()
        pin = set_user(upn("ken"), reset_leader_pin=True).leader_pin
        set_user(upn("ken"), reset_conference_id=True, notify=False)
        set_user(upn("ken"), reset_conference_id=True, what_if=True)
    shown = capsys.readouterr()
    assert "leader_pin" in shown.out
    assert "1 mail is pending" in shown.out
    assert shown.out.count("pending") == 1
    assert pin not in shown.out
    assert shown.err == ""


def test_a_notebook_shows_warnings_below_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors, warnings and verbose lines too: a notebook has one place to look at."""
    with tenant("ken") as session:
        session.host = NotebookHost()
        enable(upn("ken"), force=True, verbose=True, notify=False)
        get(["nobody@x.example"], error_action="Continue")
    shown = capsys.readouterr()
    for part in ("WARNING: ", "VERBOSE: ", "nobody@x.example"):
        assert part in shown.out
    assert shown.err == ""


def test_the_host_is_a_notebooks_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython with a kernel is a notebook; IPython in a terminal isn't, nor is plain Python."""
    for shell, kind in (
        (SimpleNamespace(kernel=object()), NotebookHost),
        (SimpleNamespace(), ConsoleHost),
        (None, ConsoleHost),
    ):
        ipython = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert type(default_host()) is kind
    monkeypatch.delitem(sys.modules, "IPython")
    assert type(default_host()) is ConsoleHost
    with confid.connect() as session:
        assert type(session.host) is ConsoleHost


def test_a_warning_under_stop_ends_the_call_and_changes_nothing() -> None:
    """PowerShell's ActionPreferenceStop, before the commit."""
    collected: list[str] = []
    with tenant("ken") as session:
        enable(upn("ken"))
        before = contents(session)
        with pytest.raises(WarningStopError, match="no effect") as caught:
            set_user(
                upn("ken"),
                reset_conference_id=True,
                force=True,
                warning_action="Stop",
                warning_variable=collected,
            )
        assert caught.value.fully_qualified_error_id.startswith("ActionPreferenceStop,Set-Cs")
        assert len(collected) == 1
        assert contents(session) == before


@pytest.mark.parametrize("host", [ConsoleHost(), NotebookHost()])
def test_a_console_shows_once_what_stays_as_it_is(
    host: ConsoleHost, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning about a parameter without effect, once a session; `warning_variable` has each."""
    each: list[str] = []
    with tenant("ken", host=host):
        for _ in range(28):
            get(upn("ken"), force=True, warning_variable=each)
    said = "Get-CsOnlineDialInConferencingUser: Force has no effect here."
    assert each == [said] * 28
    shown = capsys.readouterr()
    assert (shown.out + shown.err).count(f"WARNING: {said}\n") == 1


def test_people_who_were_not_told_are_one_warning() -> None:
    """A warning for each change, and one for all the people of a call."""
    names = [f"user{number:02}" for number in range(28)]
    with tenant(enabled=False) as session:
        confid.import_users([{"UserPrincipalName": upn(n), "Licenses": PLAN} for n in names])
        users = enable([upn(name) for name in names])
        (warning,) = lines(session)
        assert warning.startswith("WARNING: 28 people have no e-mail address, so the changes were")
        assert f" outbox: {', '.join(map(upn, names[:10]))} and 18 more. Their PINs" in warning
        session.host.lines.clear()  # type: ignore[attr-defined]  # it records
        for _ in range(2):
            set_user(users[0], reset_conference_id=True)
        set_user(users, reset_leader_pin=True, send_email=True, send_email_to_address="d@x.com")
        assert [line[:44] for line in lines(session)] == [
            "WARNING: user00@contoso.com has no e-mail ad",
            "WARNING: user00@contoso.com has no e-mail ad",
            "WARNING: 28 messages carry a PIN, so they go",
            "WARNING: 28 people have no e-mail address, s",
        ]
