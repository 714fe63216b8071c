"""Prompts: each answer, "to All", nobody there, and what a waiting prompt holds up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.errors import InvalidArgumentError, UserNotFoundError
from confid.host import (
    NO,
    NO_TO_ALL,
    SUSPEND,
    YES,
    YES_TO_ALL,
    ConsoleHost,
    HostError,
    RecordingHost,
    SilentHost,
)
from tests.tenants import (
    contents,
    disable,
    enable,
    get,
    get_settings,
    lines,
    set_settings,
    set_user,
    tenant,
    undone,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEN, PILAR = upn("ken"), upn("pilar")
NAMES = ["ann", "bob", "cas", "dee", "eva"]
PROMPT = (
    "Confirm\n"
    "Are you sure you want to perform this action?\n"
    'Performing the operation "Set-CsOnlineDialInConferencingUser" on target "ken@contoso.com".\n'
    "[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [S] Suspend  [?] Help "
    '(default is "Y"):'
)


def test_the_prompt_is_powershells() -> None:
    """`confirm=True` asks with PowerShell's words."""
    with tenant("ken", host=RecordingHost([YES])) as session:
        assert set_user(KEN, confirm=True).display_name == "Ken"
        assert lines(session) == [PROMPT]


def test_no_leaves_everything_as_it_is() -> None:
    """Answered No, nothing comes out and nothing has changed."""
    with tenant("ken", host=RecordingHost([NO] * 3)) as session:
        before = contents(session)
        assert set_user(KEN, reset_conference_id=True, confirm=True) is None
        assert list(disable([KEN], confirm=True)) == []
        assert set_settings(pin_length=8, confirm=True) is None
        assert contents(session) == before


def said(answers: Sequence[int], count: int) -> list[bool]:
    """What a list of answers means for so many items."""
    told: list[bool] = []
    waiting = iter(answers)
    for _ in range(count):
        answer = next(each for each in waiting if each != SUSPEND)
        if answer in (YES_TO_ALL, NO_TO_ALL):
            return told + [answer == YES_TO_ALL] * (count - len(told))
        told.append(answer in (YES, -1))
    return told


@given(answers=st.lists(st.sampled_from([YES, YES_TO_ALL, NO, NO_TO_ALL, SUSPEND, -1]), max_size=9))
def test_each_is_changed_as_was_answered(answers: list[int]) -> None:
    """Yes, No, the default, "to All" for the rest; suspended asks again."""
    answers = [*answers, *[NO] * len(NAMES)]
    with tenant(*NAMES, host=RecordingHost(answers)):
        before = {user.display_name: user.conference_id for user in get()}
        changed = set_user([upn(name) for name in NAMES], reset_conference_id=True, confirm=True)
        expected = said(answers, len(NAMES))
        names = [name.title() for name, yes in zip(NAMES, expected, strict=True) if yes]
        assert [user.display_name for user in changed] == names
        after = {user.display_name: user.conference_id for user in get()}
        assert [name for name in before if before[name] != after[name]] == names


def test_to_all_holds_for_that_call_only() -> None:
    """The next call asks again."""
    with tenant("ken", host=RecordingHost([YES_TO_ALL, NO])):
        assert set_user([KEN], confirm=True) != []
        assert set_user([KEN], confirm=True) == []


@pytest.mark.parametrize("host", [SilentHost(), ConsoleHost()])
@pytest.mark.parametrize("action", ["stop", "continue", "ignore"])
def test_nobody_there_is_an_error_and_not_a_hang(host: Any, action: str) -> None:
    """Without anyone to ask the call ends, whatever `error_action` says, and nothing is done."""
    with tenant("ken", "pilar", host=host) as session:
        before = contents(session)
        with pytest.raises(HostError, match="confirm=False"):
            disable([KEN, PILAR], confirm=True, error_action=action)
        assert contents(session) == before


def test_answers_that_run_out_do_nothing_by_half() -> None:
    """Somebody who leaves after the first Yes has changed nobody."""
    with tenant("ken", "pilar", host=RecordingHost([YES])) as session:
        before = contents(session)
        with pytest.raises(HostError):
            disable([KEN, PILAR], confirm=True)
        assert contents(session) == before


def test_nobody_is_asked_about_a_call_that_fails() -> None:
    """Under Stop what is wrong is said before anybody is asked."""
    with tenant("ken", host=RecordingHost([YES])) as session:
        with pytest.raises(UserNotFoundError):
            disable([KEN, "nobody"], confirm=True)
        assert lines(session) == []


@pytest.mark.parametrize(
    ("preference", "confirm", "asks"),
    [
        ("High", None, False),
        ("Medium", None, True),
        ("low", None, True),
        ("None", None, False),
        ("None", True, True),
        ("Low", False, False),
    ],
)
def test_the_preference_asks_unless_confirm_says(
    preference: Any, confirm: bool | None, asks: bool
) -> None:
    """Cmdlets are of medium impact; `confirm=` overrules the preference."""
    with tenant("ken", host=RecordingHost([YES])) as session:
        session.preferences.confirm = preference
        set_user(KEN, confirm=confirm)
        assert bool(lines(session)) is asks


def test_an_unknown_preference_is_refused() -> None:
    """A misspelt preference is an error where it is set, and what was set before holds."""
    with tenant("ken") as session:
        with pytest.raises(InvalidArgumentError, match="High"):
            session.preferences.confirm = "Sometimes"  # type: ignore[assignment]
        assert session.preferences.confirm == "High"


def test_reading_asks_nothing() -> None:
    """Get- cmdlets have nothing to confirm."""
    with tenant("ken", host=SilentHost()) as session:
        session.preferences.confirm = "Low"
        assert get(KEN) == get([KEN])[0]
        assert get_settings().pin_length == 5


def test_an_iterator_survives_the_prompt() -> None:
    """A parameter that can be read once is the same before and behind the prompt."""
    with tenant(host=RecordingHost([YES])):
        domains = iter(["a.example", "b.example"])
        set_settings(allowed_dial_out_external_domains=domains, confirm=True)
        kept = get_settings().allowed_dial_out_external_domains
        assert kept == ("a.example", "b.example")


def test_a_prompt_in_a_transaction() -> None:
    """Inside a transaction it asks and acts alike, and is undone with it."""
    with tenant("ken", "pilar", host=RecordingHost([YES, NO])) as session:
        before = contents(session)
        with undone(session):
            assert len(disable([KEN, PILAR], confirm=True)) == 1
        assert contents(session) == before


class Waiting(RecordingHost):
    """Answers Yes once somebody allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.allowed = threading.Event()

    def prompt_for_choice(
        self, caption: str, message: str, choices: Sequence[str], default: int
    ) -> int:
        """Wait, then Yes."""
        del caption, message, choices, default
        self.asked.set()
        assert self.allowed.wait(10)
        return YES


@pytest.fixture(params=["memory:", "tenant.db"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    """Each store."""
    return request.param if request.param == "memory:" else tmp_path / request.param


def test_others_write_while_a_prompt_waits(place: object) -> None:
    """No lock is held while somebody thinks; then the call works on what is there."""
    host = Waiting()
    with tenant("ken", "pilar", store=place, host=host) as session:
        job = set_user([KEN, PILAR], reset_conference_id=True, confirm=True, as_job=True)
        assert host.asked.wait(10)
        other = set_user(PILAR, reset_conference_id=True)
        set_settings(pin_length=8)
        host.allowed.set()
        changed = job.receive()
        assert len(changed) == 2
        assert changed[1].conference_id != other.conference_id
        assert get_settings().pin_length == 8
        assert session.host is host


def test_who_was_enabled_while_the_prompt_waited_is_not_disabled_unasked() -> None:
    """A Yes is for the people it was asked about, as they were found."""
    host = Waiting()
    with tenant("ken", "pilar", host=host):
        disable(PILAR)
        job = disable([KEN, PILAR], confirm=True, error_action="ignore", as_job=True)
        assert host.asked.wait(10)
        enable(PILAR)
        host.allowed.set()
        assert [user.display_name for user in job.receive()] == ["Ken"]
        assert get(PILAR).display_name == "Pilar"


def test_a_console_asks_until_it_understands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console takes hot keys and words in any casing, Enter for the default, `?` for help."""
    typed = iter(["what?", "?", " YES TO ALL "])
    monkeypatch.setattr("builtins.input", lambda *_: next(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with tenant("ken", "pilar", host=ConsoleHost()):
        assert len(set_user([KEN, PILAR], confirm=True)) == 2
        typed = iter(["", "n"])
        assert [user.display_name for user in set_user([KEN, PILAR], confirm=True)] == ["Ken"]
    shown = capsys.readouterr().out
    assert shown.count("[Y] Yes") == 5
