"""What the attendant says: in the number's languages where they are translated, else in en-US."""

from __future__ import annotations

from string import Formatter

import pytest

from confid.attendant import PROMPTS, TRANSLATIONS, Call, CallState, dial
from confid.tenant.spoken_languages import SUPPORTED
from tests.tenants import (
    add_bridge,
    get,
    set_number,
    set_settings,
    set_user,
    tenant,
    unregister,
    upn,
)

KEN = upn("ken")
NUMBER, BERLIN = "+1 425-555-0100", "493099990100"
ASKING_ID = CallState.ASKING_CONFERENCE_ID


def in_berlin(primary: str, *secondary: str) -> Call:
    """A call to a number of Ken's tenant that speaks these languages."""
    set_number(BERLIN, primary_language=primary, secondary_languages=list(secondary))
    return dial(BERLIN)


def places(text: str) -> set[str | None]:
    """The names of the places in a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_complete(language: str) -> None:
    """It has each prompt of en-US, with the same places, and is of a supported language."""
    prompts = TRANSLATIONS[language]
    assert language in SUPPORTED
    assert list(prompts) == list(PROMPTS)
    for key, text in prompts.items():
        assert places(text) == places(PROMPTS[key]), key
        assert text.strip() == text != ""
        assert text.isprintable()


@pytest.mark.parametrize("language", ["de-DE", "fr-FR", "es-ES"])
def test_a_translation_is_no_copy(language: str) -> None:
    """No prompt of another language is left in English."""
    assert not set(TRANSLATIONS[language].values()) & set(PROMPTS.values())


@pytest.mark.parametrize("language", SUPPORTED)
def test_a_number_speaks_its_language_or_english(language: str) -> None:
    """From the welcome on: the translation, or en-US if there is no translation."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        call = in_berlin(language)
        call.press("0")
        call.press(get(KEN).conference_id.spoken)
        call.press("*")
        call.press("")
        prompts = TRANSLATIONS.get(language, PROMPTS)
        said = ["welcome", "wrong_id", "organizer", "pin", "wrong_pin"]
        assert call.prompts == [prompts[key] for key in said]
        assert call.language == language


def test_a_key_chooses_a_secondary_language() -> None:
    """Each translated one is offered in its own words, under its place among the secondary ones."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        call = in_berlin("de-DE", "fr-FR", "pl-PL", "en-US")
        french = TRANSLATIONS["fr-FR"]
        assert call.prompts == [
            TRANSLATIONS["de-DE"]["welcome"],
            french["language_choice"].format(key=1),
            PROMPTS["language_choice"].format(key=3),
        ]
        assert call.press("1") is ASKING_ID
        assert (call.prompts[-1], call.language) == (french["welcome"], "fr-FR")
        assert call.press("3") is ASKING_ID
        assert call.prompts[-1] == PROMPTS["welcome"]
        assert call.press("1") is ASKING_ID
        assert call.press(get(KEN).conference_id.spoken) is CallState.ASKING_ORGANIZER
        assert call.press("1") is CallState.IN_LOBBY
        assert call.prompts[-1] == french["lobby"]


@pytest.mark.parametrize("key", ["2", "4", "0", "11", "1#", "*1"])
def test_a_key_that_offers_nothing_is_a_wrong_entry(key: str) -> None:
    """As is one for a language that isn't translated, and any where an ID is said to be entered."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        call = in_berlin("de-DE", "fr-FR", "pl-PL")
        wrong = TRANSLATIONS["de-DE"]["wrong_id"]
        assert call.press(key) is ASKING_ID
        assert call.prompts[-1] == wrong
        assert call.enter_conference_id("1") is ASKING_ID
        assert call.prompts[-1] == wrong
        alone = dial(NUMBER)
        alone.press("1")
        assert alone.prompts[-1] == PROMPTS["wrong_id"]


def test_choosing_a_language_is_no_wrong_entry() -> None:
    """However often: tries are for IDs and PINs."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        call = in_berlin("de-DE", "fr-FR")
        assert {call.press("1") for _ in range(20)} == {ASKING_ID}
        assert dial(BERLIN).state is ASKING_ID


def test_a_call_goes_on_as_it_was_answered() -> None:
    """New languages, or taking the number off its bridge, are for the next caller."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN, "493099990101")
        call = in_berlin("de-DE")
        set_number(BERLIN, primary_language="fr-FR")
        call.press("0")
        assert call.prompts[-1] == TRANSLATIONS["de-DE"]["wrong_id"]
        assert dial(BERLIN).prompts == [TRANSLATIONS["fr-FR"]["welcome"]]
        unregister(BERLIN, bridge_name="Berlin", remove_default_service_number=True)
        assert dial(BERLIN).prompts == []
        assert call.press(get(KEN).conference_id.spoken) is CallState.ASKING_ORGANIZER


def test_each_hears_announcements_in_their_own_language() -> None:
    """One meeting, two numbers, two languages."""
    with tenant("ken") as session:
        add_bridge(session, "Berlin", BERLIN)
        set_settings(entry_exit_announcements_type="ToneOnly")
        set_user(KEN, allow_pstn_only_meetings=True)
        spoken = get(KEN).conference_id.spoken
        calls = [in_berlin("de-DE"), dial(NUMBER), dial(NUMBER)]
        for call in calls:
            call.press(spoken)
        german, english, _ = (call.prompts for call in calls)
        assert german[-2:] == [TRANSLATIONS["de-DE"]["entered_tone"]] * 2
        assert english[-1] == PROMPTS["entered_tone"]
