"""Entries and exits: tones or names, whom they are told, and when a name is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from confid import remove_users
from confid.attendant import PROMPTS, Call, CallState, dial
from confid.attendant.running_meeting import ANNOUNCEMENTS_KEPT
from confid.errors import ConfidError, InvalidArgumentError
from tests.tenants import contents, get, set_settings, set_user, tenant, upn

if TYPE_CHECKING:
    from confid.engine.session import Session

KEN = upn("ken")
NUMBER, CALLER = "+1 425-555-0100", "+44 20 7946 0999"
JOINING = PROMPTS["joining"]


def meeting(**settings: Any) -> Session:
    """Ken's tenant; callers start his meetings, and the settings are these."""
    session = tenant("ken")
    set_user(KEN, allow_pstn_only_meetings=True)
    if settings:
        set_settings(**settings)
    return session


def join(**who: Any) -> Call:
    """A call to Ken's meeting."""
    call = dial(NUMBER, **who)
    call.press(get(KEN).conference_id.spoken)
    return call


def since_joining(call: Call) -> list[str]:
    """What a call heard when it was in."""
    prompts = call.prompts
    return prompts[prompts.index(JOINING) + 1 :]


def entered(name: str) -> str:
    """The announcement of a name."""
    return PROMPTS["entered_name"].format(name=name)


def left(name: str) -> str:
    """The announcement of a name that is gone."""
    return PROMPTS["left_name"].format(name=name)


def test_by_default_names_are_recorded_and_announced() -> None:
    """Those who are in hear who comes and goes, not who was there before, and not themselves."""
    with meeting():
        ken = join(name="Ken Myer")
        assert ken.prompts[-2:] == [PROMPTS["record_name"], JOINING]
        pilar = join(name=" Pilar {name} ")
        zoe = join(name="Zoë")
        zoe.hang_up()
        pilar.hang_up()
        names = [entered("Pilar {name}"), entered("Zoë"), left("Zoë"), left("Pilar {name}")]
        assert since_joining(ken) == names
        assert since_joining(ken) == names
        assert since_joining(pilar) == names[1:3]
        assert since_joining(zoe) == []


@pytest.mark.parametrize(
    ("settings", "said", "recorded"),
    [
        ({}, ["entered_name", "left_name"], True),
        ({"enable_name_recording": False}, ["entered_nameless", "left_nameless"], False),
        ({"entry_exit_announcements_type": "ToneOnly"}, ["entered_tone", "left_tone"], False),
        ({"enable_entry_exit_notifications": False}, [], False),
    ],
)
def test_tones_or_names_as_the_settings_say(
    settings: dict[str, object], said: list[str], recorded: bool
) -> None:
    """A name is recorded where names are announced, and recording is on."""
    with meeting(**settings) as session:
        first = join()
        second = join(name="Pilar")
        assert ("Pilar" in str(contents(session)["running_meeting"])) is recorded
        second.hang_up()
        assert since_joining(first) == [PROMPTS[key].format(name="Pilar") for key in said]
        assert (PROMPTS["record_name"] in first.prompts) is recorded


@pytest.mark.parametrize(
    ("mask", "caller", "said"),
    [
        ("NoMasking", CALLER, entered("+44 20 7946 0999")),
        ("NoMasking", None, PROMPTS["entered_nameless"]),
        ("MaskedForExternalUsers", CALLER, PROMPTS["entered_nameless"]),
        ("MaskedForAllUsers", CALLER, PROMPTS["entered_nameless"]),
    ],
)
def test_a_number_stands_for_a_name_only_without_masking(
    mask: str, caller: str | None, said: str
) -> None:
    """Callers without a recorded name are announced by number, unless it is masked or withheld."""
    for recording in (True, False):
        with meeting(mask_pstn_numbers_type=mask, enable_name_recording=recording):
            first = join()
            join(caller=caller)
            assert since_joining(first) == [said]


def test_the_lobby_hears_nothing_until_the_meeting_starts() -> None:
    """Then those who waited get in one by one, each announced to those before them."""
    with tenant("ken") as session:
        pin = set_user(KEN, reset_leader_pin=True, notify=False).leader_pin
        guests = [join(name=name) for name in ("A", "B", "C")]
        for guest in guests:
            guest.press("#")
        guests[0].hang_up()
        assert "'A'" not in str(contents(session)["running_meeting"])
        assert guests[1].prompts[-1] == PROMPTS["lobby"]
        organizer = join(name="Ken")
        organizer.press("*")
        organizer.press(pin)
        assert organizer.prompts[-3:] == [JOINING, entered("B"), entered("C")]
        assert since_joining(guests[1]) == [entered("C")]
        guests[2].hang_up()
        assert since_joining(guests[2]) == []
        assert since_joining(guests[1])[-1] == left("C")
        assert guests[0].prompts[-1] == PROMPTS["lobby"]


def test_what_was_heard_can_be_read_after_the_session() -> None:
    """Prompts are a record: no store is asked when it is closed, nor after hanging up."""
    with meeting():
        first, second = join(), join(name="B")
        second.hang_up()
        first.hang_up()
        heard = since_joining(first)
        third = join()
    assert heard == since_joining(first) == [entered("B"), left("B")]
    assert third.prompts[-1] == JOINING


def test_the_end_of_a_meeting_erases_its_names() -> None:
    """Names and numbers are kept while somebody is in, no longer."""
    with meeting(mask_pstn_numbers_type="NoMasking") as session:
        calls = [join(name="Pilar"), join(caller=CALLER)]
        for call in calls:
            assert contents(session)["running_meeting"]
            call.hang_up()
        assert contents(session)["running_meeting"] == {}


def test_a_call_is_a_context_manager() -> None:
    """It hangs up at the end of its block, also when that fails."""
    with meeting() as session:
        with pytest.raises(ZeroDivisionError), join() as call:
            _ = 1 / 0
        assert call.state is CallState.ENDED
        assert contents(session)["running_meeting"] == {}


def test_the_last_announcements_are_kept() -> None:
    """Who hasn't listened for long hears the last ones, and each once."""
    with meeting():
        first = join()
        for _ in range(ANNOUNCEMENTS_KEPT // 2 + 5):
            join(name="B").hang_up()
        assert since_joining(first) == [entered("B"), left("B")] * (ANNOUNCEMENTS_KEPT // 2)
        join(name="C")
        assert since_joining(first)[-2:] == [left("B"), entered("C")]


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "\ud800", "a" * 101, 7, b"Ken"])
def test_a_name_is_one_line(name: Any) -> None:
    """Anything else is refused before the call."""
    with tenant("ken"), pytest.raises(InvalidArgumentError, match="name"):
        dial(NUMBER, name=name)


def test_a_meeting_of_somebody_removed() -> None:
    """Their callers can hang up, nobody hears of it, and nothing is left."""
    with meeting() as session:
        calls = [join(), join()]
        remove_users(KEN)
        calls[0].hang_up()
        assert since_joining(calls[1]) == []
        calls[1].hang_up()
        assert contents(session)["running_meeting"] == {}
        with pytest.raises(ConfidError):
            get(KEN)
