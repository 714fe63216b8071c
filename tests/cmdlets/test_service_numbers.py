"""Service numbers: which there are, on which bridge, and what they speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pytest

import confid
from confid import attendant
from confid.errors import InvalidArgumentError, NotFoundError, ParameterBindingError
from confid.host import RecordingHost
from confid.tenant.notices import Event
from confid.tenant.results import Results
from tests.tenants import (
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    get_bridge,
    get_languages,
    get_number,
    lines,
    outbox,
    register,
    set_number,
    set_settings,
    set_user,
    tenant,
    unregister,
    upn,
)

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LONDON, MADRID, FREE = "14255550100", "442079460100", "34910000100", "18005550100"
SEATTLE = "12065550100"
HOME = "Conference Bridge"
NO_ID = "00000000-0000-0000-0000-000000000000"


def digits(found: Any) -> list[str]:
    """The numbers of results, in order."""
    assert isinstance(found, Results)
    return [number.number for number in found]


# Get-


@pytest.mark.parametrize("written", [LONDON, f"+{LONDON}", f"tel:+{LONDON}", "TEL:+44 20 79460100"])
def test_one_number(written: str) -> None:
    """A number in any E.164 form is one record, with the properties that the cmdlet shows."""
    with tenant() as session:
        bridge = add_bridge(session, "other", LONDON)
        number = get_number(written)
        assert number.__powershell__() == {
            "Number": LONDON,
            "BridgeId": bridge.identity,
            "City": "GB",
            "IsShared": False,
            "PrimaryLanguage": "en-US",
            "SecondaryLanguages": (),
            "TenantId": get_bridge(name=HOME).tenant_id,
            "Type": "Toll",
        }
        assert get_number(int(LONDON)) == get_number(number) == number
        assert get_number(FIRST).is_shared


def test_numbers_are_listed_by_bridge_and_city() -> None:
    """All in order, those of a bridge by ID or name, of a city, as many as asked for."""
    with tenant() as session:
        bridge = add_bridge(session, "other", LONDON, MADRID, FREE)
        assert digits(get_number()) == sorted([FIRST, LONDON, MADRID, FREE])
        assert digits(get_number(bridge_id=bridge.identity)) == [FREE, MADRID, LONDON]
        assert digits(get_number(bridge_name="OTHER")) == [FREE, MADRID, LONDON]
        assert digits(get_number(city="us")) == [FIRST, FREE]
        assert digits(get_number(city="US", bridge_name="other")) == [FREE]
        assert digits(get_number(city="FR")) == []
        assert digits(get_number(result_size=2)) == [FIRST, FREE]
        assert digits(get_number(result_size=0)) == []
        unregister(MADRID)
        assert MADRID in digits(get_number())


def test_a_get_that_finds_nothing_or_makes_no_sense() -> None:
    """An unknown number or bridge isn't found; no number and a negative size are refused."""
    with tenant():
        for arguments in ({"identity": LONDON}, {"bridge_name": "x"}, {"bridge_id": NO_ID}):
            with pytest.raises(NotFoundError):
                get_number(**arguments)
        for wrong in ("none", "", "+1"):
            with pytest.raises((InvalidArgumentError, ParameterBindingError)):
                get_number(wrong)
        with pytest.raises(InvalidArgumentError, match="0 or more"):
            get_number(result_size=-1)


@pytest.mark.parametrize(
    ("arguments", "parameter_set"),
    [
        ({}, "FiltersParams"),
        ({"City": "US", "BridgeName": "x"}, "FiltersParams"),
        ({"Identity": FIRST}, "UniqueNumberParams"),
        ({"Identity": FIRST, "Tenant": NO_ID}, "UniqueNumberParams"),
        ({"BridgeId": NO_ID, "City": "US"}, "UniqueBridgeParams"),
        ({"Tenant": NO_ID, "BridgeName": "x"}, "TenantIdParams"),
        ({"TenantDomain": "x.example"}, "TenantDomainParams"),
    ],
)
def test_the_parameter_sets_of_get(arguments: dict[str, object], parameter_set: str) -> None:
    """What is given decides the parameter set."""
    bound = confid.command.bind("Get-CsOnlineDialInConferencingServiceNumber", arguments)
    assert bound.parameter_set == parameter_set


@pytest.mark.parametrize(
    ("arguments", "error_id"),
    [
        ({"identity": FIRST, "city": "US"}, "AmbiguousParameterSet"),
        ({"bridge_id": NO_ID, "bridge_name": HOME}, "AmbiguousParameterSet"),
        ({"identity": [FIRST, LONDON]}, "ParameterArgumentTransformationError"),
        ({"bridge_id": "x"}, "ParameterArgumentTransformationError"),
        ({"result_size": "few"}, "ParameterArgumentTransformationError"),
        ({"number": FIRST}, "NamedParameterNotFound"),
    ],
)
def test_what_does_not_bind(arguments: dict[str, Any], error_id: str) -> None:
    """Parameters of two sets, values of other types and unknown names are refused."""
    with tenant(), pytest.raises(ParameterBindingError) as caught:
        get_number(**arguments)
    assert caught.value.error_id == error_id


# Register-


def test_a_new_number_is_dedicated() -> None:
    """Onto the bridge named, or the default one; its kind and country from the numbering plan."""
    with tenant() as session:
        other = add_bridge(session, "other", LONDON)
        home = get_bridge(name=HOME).identity
        free = register(f"tel:+{FREE}")
        assert (free.bridge_id, free.type, free.city, free.is_shared) == (
            home,
            "Toll-Free",
            "US",
            False,
        )
        assert register(MADRID, bridge_name="Other").bridge_id == other.identity
        assert register("33199000100", bridge_id=str(other.identity)).city == "FR"
        assert get_bridge(name="other").default_service_number.number == LONDON
        assert attendant.dial(MADRID).prompts
        assert confid.check().problems == ()


def test_a_number_of_no_bridge_goes_onto_another() -> None:
    """Unregistered here and registered there, it keeps its languages."""
    with tenant() as session:
        add_bridge(session, "a", LONDON, MADRID)
        other = add_bridge(session, "b", SEATTLE)
        set_number(MADRID, primary_language="es-ES")
        off = unregister(MADRID)
        again = register(off, bridge_name="b")
        assert (again.bridge_id, again.primary_language) == (other.identity, "es-ES")


def test_an_instance_brings_its_bridge_city_and_languages() -> None:
    """By name or by position; the bridge named beside it goes before its own."""
    with tenant() as session:
        other = add_bridge(session, "other", LONDON)
        made = attrs.evolve(get_number(LONDON), number=MADRID, city="MAD", primary_language="ES-es")
        placed = register(instance=made)
        assert (placed.bridge_id, placed.city, placed.primary_language) == (
            other.identity,
            "MAD",
            "es-ES",
        )
        elsewhere = register(attrs.evolve(made, number=SEATTLE), bridge_name=HOME)
        assert elsewhere.bridge_id == get_bridge(name=HOME).identity
        with pytest.raises(InvalidArgumentError):
            register(attrs.evolve(made, number="33199000100", primary_language="tlh-QO"))
        with pytest.raises(InvalidArgumentError, match="ServiceNumber"):
            register(instance=get_bridge(name=HOME))
        with pytest.raises(NotFoundError):
            register(attrs.evolve(made, number="33199000100", bridge_id=UUID(NO_ID)))


def test_a_number_on_a_bridge_stays_there() -> None:
    """Registering it again, here or elsewhere, is an error that names its bridge."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        before = contents(session)
        for arguments in ({}, {"bridge_name": "other"}):
            with pytest.raises(InvalidArgumentError, match=HOME) as caught:
                register(FIRST, **arguments)
            assert caught.value.category == "ResourceExists"
        for number in ("none", "", "+1", "0"):
            with pytest.raises((InvalidArgumentError, ParameterBindingError)):
                register(number)
        with pytest.raises(NotFoundError):
            register(MADRID, bridge_name="none")
        with pytest.raises(InvalidArgumentError, match="one of them"):
            register(MADRID, bridge_name="other", bridge_id=get_bridge(name=HOME).identity)
        with pytest.raises(ParameterBindingError):
            register(bridge_name="other")
        assert contents(session) == before


# Set-


def test_languages_are_set_in_any_casing() -> None:
    """One primary, up to four ordered secondary; what isn't named stays, and [] takes them away."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        spoken = ["fr-fr", "DE-de", "es-MX", "uk-ua"]
        number = set_number(f"+{LONDON}", primary_language="EN-gb", secondary_languages=spoken)
        kept = ("fr-FR", "de-DE", "es-MX", "uk-UA")
        assert (number.primary_language, number.secondary_languages) == ("en-GB", kept)
        assert get_number(LONDON) == number
        assert set_number(LONDON, primary_language="en-AU").secondary_languages == kept
        assert set_number(LONDON, secondary_languages="it-IT").secondary_languages == ("it-IT",)
        assert set_number(LONDON).primary_language == "en-AU"
        assert set_number(LONDON, secondary_languages=()).secondary_languages == ()


def test_a_new_primary_language_is_no_longer_a_secondary_one() -> None:
    """Promoted, it leaves the others in their order."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        set_number(LONDON, secondary_languages=["fr-FR", "de-DE", "it-IT"])
        number = set_number(LONDON, primary_language="de-DE")
        assert (number.primary_language, number.secondary_languages) == (
            "de-DE",
            ("fr-FR", "it-IT"),
        )


def test_the_default_languages_come_back() -> None:
    """`restore_default_languages`: those of a new number, whatever an instance says."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        new = get_number(LONDON)
        number = set_number(LONDON, primary_language="de-DE", secondary_languages=["en-US"])
        assert set_number(instance=number, restore_default_languages=True) == new
        assert get_number(LONDON) == new
        with pytest.raises(InvalidArgumentError, match="RestoreDefaultLanguages"):
            set_number(LONDON, restore_default_languages=True, primary_language="de-DE")


def test_the_languages_of_an_instance_count() -> None:
    """By name or by position; parameters beside it overrule it, its other fields do nothing."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        number = get_number(LONDON)
        spoken = attrs.evolve(number, primary_language="fr-FR", secondary_languages=("de-DE",))
        assert set_number(attrs.evolve(spoken, city="?", is_shared=True)) == spoken
        overruled = set_number(instance=number, secondary_languages=["it-IT"])
        assert (overruled.primary_language, overruled.secondary_languages) == ("en-US", ("it-IT",))
        with pytest.raises(InvalidArgumentError, match="ServiceNumber"):
            set_number(instance={"Number": LONDON})


@pytest.mark.parametrize(
    "given",
    [
        {"primary_language": "tlh-QO"},
        {"primary_language": ""},
        {"primary_language": "en"},
        {"secondary_languages": ["fr-FR", "xx-XX"]},
        {"secondary_languages": ["fr-FR", 7]},
        {"secondary_languages": ["fr-FR", None]},
        {"secondary_languages": ["fr-FR", "FR-fr"]},
        {"secondary_languages": ["en-us"]},
        {"primary_language": "fr-FR", "secondary_languages": ["fr-FR"]},
        {"secondary_languages": ["fr-FR", "de-DE", "it-IT", "es-ES", "nl-NL"]},
        {"secondary_languages": "fr-FR de-DE"},
    ],
)
def test_languages_that_cannot_be(given: dict[str, Any]) -> None:
    """Unsupported ones, one named twice and a fifth secondary one change nothing."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        before = contents(session)
        with pytest.raises(InvalidArgumentError, match="Language"):
            set_number(LONDON, **given)
        assert contents(session) == before


def test_a_shared_number_keeps_its_languages() -> None:
    """Languages are set on dedicated numbers only; a number that isn't there isn't found."""
    with tenant() as session:
        before = contents(session)
        for given in ({"primary_language": "fr-FR"}, {"secondary_languages": ["fr-FR"]}):
            with pytest.raises(InvalidArgumentError, match="dedicated") as caught:
                set_number(FIRST, **given)
            assert caught.value.error_id == "ServiceNumberShared"
        assert set_number(FIRST, primary_language="en-us") == get_number(FIRST)
        with pytest.raises(NotFoundError, match=FIRST):
            set_number(LONDON, primary_language="fr-FR")
        assert contents(session) == before


def test_what_if_and_confirm() -> None:
    """WhatIf says one line and changes nothing; so does No to a prompt."""
    with tenant(host=RecordingHost([2, 0])) as session:
        add_bridge(session, "other", LONDON)
        before = contents(session)
        assert set_number(f"+{LONDON}", primary_language="en-GB", what_if=True) is None
        (line,) = lines(session)
        assert line == (
            'What if: Performing the operation "Set-CsOnlineDialInConferencingServiceNumber" on '
            f'target "{LONDON}".'
        )
        assert set_number(LONDON, primary_language="en-GB", confirm=True) is None
        assert contents(session) == before
        assert set_number(LONDON, primary_language="en-GB", confirm=True)


# Unregister-


def test_a_number_taken_off_is_not_answered() -> None:
    """It stands on no bridge, the tenant keeps it, and it can't be taken off twice."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        off = unregister(f"tel:+{MADRID}")
        assert off.bridge_id is None
        assert get_number(MADRID) == off
        assert digits(get_number(bridge_name="other")) == [LONDON]
        assert not attendant.dial(MADRID).prompts
        with pytest.raises(InvalidArgumentError, match="no bridge"):
            unregister(MADRID)
        assert register(off, bridge_name="other").bridge_id is not None
        assert lines(session) == []


def test_default_and_shared_numbers_stay() -> None:
    """A default number needs the switch; a shared one that isn't the default never goes."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        before = contents(session)
        for number in (LONDON, FIRST):
            with pytest.raises(InvalidArgumentError, match="remove_default_service_number"):
                unregister(number)
        assert contents(session) == before
        with session.unit(write=True) as unit:
            unit.bridges.put_numbers(attrs.evolve(unit.setup.numbers[MADRID], is_shared=True))
        before = contents(session)
        for switch in (False, True):
            with pytest.raises(InvalidArgumentError, match="shared"):
                unregister(MADRID, remove_default_service_number=switch)
        assert contents(session) == before


def test_the_bridge_gets_another_default_number() -> None:
    """The next toll number of the bridge, one of the same country first."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, "441632960100", MADRID, FREE)
        unregister(LONDON, remove_default_service_number=True)
        assert get_bridge(name="other").default_service_number.number == "441632960100"
        unregister("441632960100", remove_default_service_number=True)
        assert get_bridge(name="other").default_service_number.number == MADRID
        assert confid.check().problems == ()


def test_a_bridge_without_a_toll_number_has_no_default() -> None:
    """The last one leaves none, with a warning; the next one registered is the default."""
    with tenant("ken") as session:
        unregister(FIRST, remove_default_service_number=True)
        assert get_bridge(name=HOME).default_service_number is None
        assert get(upn("ken")).service_number is None
        assert any("no toll number left, and 1 of its users" in line for line in lines(session))
        register(FREE)
        assert get_bridge(name=HOME).default_service_number is None
        register(SEATTLE)
        assert get_bridge(name=HOME).default_service_number.number == SEATTLE
        assert set_user(upn("ken"), service_number=SEATTLE).service_number == SEATTLE
        assert confid.check().problems == ()


def test_its_users_get_the_default_number_and_are_told() -> None:
    """Whoever had it, enabled or not; nobody else; the message shows the new number."""
    with tenant("ken", "ann", "dee") as session:
        add_bridge(session, "other", LONDON, MADRID, FREE)
        people = [upn("ken"), upn("ann"), upn("dee")]
        set_user(people, bridge_name="other", notify=False)
        set_user([upn("ken"), upn("dee")], service_number=MADRID, notify=False)
        set_user(upn("ann"), toll_free_service_number=FREE, notify=False)
        disable(upn("dee"), notify=False)
        unregister(MADRID)
        (entry,) = outbox(session)
        assert (entry.to, entry.events) == (upn("ken"), (Event.NUMBER_CHANGED,))
        assert [n.number for n in entry.facts.numbers] == [LONDON, FREE]
        assert get(upn("ken")).service_number == LONDON
        unregister(FREE, notify=False)
        assert get(upn("ann")).toll_free_service_number is None
        assert len(outbox(session)) == 1
        assert confid.check().problems == ()
        assert enable(upn("dee"), notify=False).service_number == FIRST


@pytest.mark.parametrize(
    ("setting", "notify", "told"),
    [(True, None, 1), (True, False, 0), (False, None, 0), (False, True, 1)],
)
def test_notify_goes_before_the_tenants_setting(
    setting: bool, notify: bool | None, told: int
) -> None:
    """None follows it, False keeps quiet, True tells all the same."""
    with tenant() as session:
        set_settings(automatically_send_emails_to_users=setting)
        register(LONDON)
        enable(add(session, "ken", usage_location="GB"), notify=False)
        unregister(LONDON, notify=notify)
        assert len(outbox(session)) == told
        assert get(upn("ken")).service_number == FIRST


def test_more_users_than_are_handled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody who had the number gets the other, page by page."""
    monkeypatch.setattr("confid.store.batches.AT_ONCE", 3)
    names = [f"user{n}" for n in range(10)]
    with tenant(*names) as session:
        register(SEATTLE)
        set_user([upn(n) for n in names[:8]], service_number=SEATTLE, notify=False)
        unregister(SEATTLE)
        assert {user.service_number for user in get()} == {FIRST}
        assert len(outbox(session)) == 8


def test_bridge_and_instance_have_to_agree() -> None:
    """A bridge or an instance beside the number must be its own; a record names it too."""
    with tenant() as session:
        other = add_bridge(session, "other", LONDON, MADRID)
        number = get_number(MADRID)
        before = contents(session)
        for given in (
            {"bridge_name": HOME},
            {"bridge_id": get_bridge(name=HOME).identity},
            {"bridge_name": HOME, "bridge_id": other.identity},
            {"instance": get_number(LONDON)},
            {"instance": "x"},
            {"notify": 7},
        ):
            with pytest.raises(InvalidArgumentError):
                unregister(MADRID, **given)
        with pytest.raises(NotFoundError):
            unregister(MADRID, bridge_name="none")
        with pytest.raises(NotFoundError):
            unregister(SEATTLE)
        with pytest.raises(ParameterBindingError):
            unregister(instance=number)
        assert contents(session) == before
        assert unregister(number, instance=number, bridge_name="other", bridge_id=other.identity)


def test_as_a_job() -> None:
    """`as_job` hands back a job at once, whose result is the call's."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        job = unregister(MADRID, as_job=True)
        job.wait()
        assert get_number(MADRID).bridge_id is None


def test_a_session_that_only_asks_changes_nothing() -> None:
    """Register and Unregister have no WhatIf of their own and heed the session's."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        session.preferences.what_if = True
        before = contents(session)
        assert register(SEATTLE) is None
        assert unregister(MADRID) is None
        assert [line.split('"')[3] for line in lines(session)] == [SEATTLE, MADRID]
        assert contents(session) == before


def test_a_file_keeps_it_all(tmp_path: Path) -> None:
    """Bridges, numbers, languages and users' numbers are the same when the store is reopened."""
    path = tmp_path / "tenant.db"
    with tenant("ken", store=path) as session:
        confid.add_bridge("other", numbers=[LONDON, MADRID])
        set_user(upn("ken"), bridge_name="other", service_number=MADRID)
        set_number(LONDON, primary_language="en-GB", secondary_languages=["fr-FR"])
        unregister(MADRID)
        kept = contents(session)
    with confid.connect(path) as session:
        assert contents(session) == kept
        assert get(upn("ken")).service_number == LONDON
        assert get_number(LONDON).secondary_languages == ("fr-FR",)
        assert confid.check().problems == ()


# Languages.


def test_the_languages_supported() -> None:
    """44 of them, each with a code and an English name, and each can be set."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        found = get_languages()
        assert isinstance(found, Results)
        assert len(found) == len({language.code for language in found}) == 44
        assert len({language.name for language in found}) == 44
        assert found[0].__powershell__() == {"Code": "ar-SA", "Name": "Arabic (Saudi Arabia)"}
        for language in found:
            assert set_number(LONDON, primary_language=language.code.upper())
            assert get_number(LONDON).primary_language == language.code
        get_languages(dc="x", force=True)
        assert "have no effect" in lines(session)[0]
        with pytest.raises(ParameterBindingError):
            get_languages("en-US")
