"""Set-…UserDefaultNumber: who gets the number, who is told, which invitations change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import cmdlets
from confid.cmdlets import default_numbers
from confid.errors import InvalidArgumentError, NotFoundError, ParameterBindingError
from confid.host import RecordingHost
from confid.tenant.documents import NUMBERS, SERVICE_NUMBER
from confid.tenant.notices import Event
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    lines,
    outbox,
    set_settings,
    set_user,
    tenant,
    upn,
)

change: Any = cmdlets.set_cs_online_dial_in_conferencing_user_default_number

FIRST, LONDON, PARIS, FREE = "14255550100", "442079460100", "33199000100", "18005550100"
FREE_TOO = "18005550101"
NAME = "Set-CsOnlineDialInConferencingUserDefaultNumber"
TOLL = {"bridge_name": "other", "number_type": "Toll"}
TOLL_FREE = {"bridge_name": "other", "number_type": "Toll-Free"}


def bridged(**options: Any) -> Any:
    """Ann (US) and Bob (GB) on the bridge `other` with London's number; Cas on the first one."""
    session = tenant("cas", **options)
    add_bridge(session, "other", LONDON, PARIS, FREE, FREE_TOO)
    for name, facts in (("bob", {"usage_location": "GB", "city": "Leeds"}), ("ann", {})):
        enable(add(session, name, **facts), notify=False)
        set_user(upn(name), bridge_name="other", notify=False)
    return session


def names(results: Any) -> list[str]:
    """The display names in order."""
    return [user.display_name for user in results]


def test_all_on_a_bridge_get_the_number() -> None:
    """By display name; other bridges' users stay, and who has it already is not changed."""
    with bridged() as session:
        set_user(upn("bob"), service_number=PARIS, notify=False)
        before = get(upn("cas")), get(upn("bob"))
        changed = change(**TOLL, to_number=f"tel:+{PARIS}")
        assert names(changed) == ["Ann"]
        assert changed[0] == get(upn("ann"))
        assert changed[0].service_number == PARIS
        assert (get(upn("cas")), get(upn("bob"))) == before
        assert names(change(**TOLL, to_number=LONDON)) == ["Ann", "Bob"]
        held = contents(session)
        assert list(change(**TOLL, to_number=LONDON)) == []
        assert contents(session) == held
        assert confid.check().problems == ()


def test_from_number_chooses_by_the_number_they_have() -> None:
    """In any usual form; a number that nobody has changes nobody."""
    with bridged():
        set_user(upn("bob"), service_number=PARIS)
        bridge_id = get(upn("ann")).bridge_id
        arguments = {"bridge_id": bridge_id, "number_type": "toll", "to_number": LONDON}
        assert list(change(**arguments, from_number=FIRST)) == []
        assert names(change(**arguments, from_number="+33 1 99 00 01 00")) == ["Bob"]


@pytest.mark.parametrize("nothing", [None, " "])
def test_from_number_none_means_users_without_one(nothing: str | None) -> None:
    """PowerShell's `$null`: who has no number of that type gets it."""
    with bridged():
        set_user(upn("bob"), toll_free_service_number=FREE_TOO)
        assert names(change(**TOLL_FREE, to_number=FREE, from_number=nothing)) == ["Ann"]
        assert get(upn("ann")).toll_free_service_number == FREE
        assert get(upn("bob")).toll_free_service_number == FREE_TOO
        assert list(change(**TOLL, to_number=PARIS, from_number=nothing)) == []


@pytest.mark.parametrize("kind", ["Toll-Free", "TOLL-FREE", "TollFree", "toll_free"])
def test_number_type_in_any_casing(kind: str) -> None:
    """Toll-Free as it is shown, and TollFree as the examples have it."""
    with bridged():
        assert len(change(bridge_name="Other", number_type=kind, to_number=FREE)) == 2
        assert {u.service_number for u in get(bridge_name="other")} == {LONDON}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"country_or_region": "gb"}, ["Bob"]),
        ({"country_or_region": "US"}, ["Ann"]),
        ({"country_or_region": "FR"}, []),
        ({"capital_or_major_city": "LEEDS"}, ["Bob"]),
        ({"country_or_region": "US", "capital_or_major_city": "Leeds"}, []),
        ({"area_or_state": "WA"}, []),
    ],
)
def test_places_choose_users(arguments: dict[str, str], expected: list[str]) -> None:
    """Usage location and city of the directory, in any casing."""
    with bridged():
        assert names(change(**TOLL, to_number=PARIS, **arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"area_or_state": "wa"}, ["Ann", "Bob"]),
        ({"area_or_state": "NY"}, []),
        ({"capital_or_major_city": "Seattle"}, ["Ann"]),
        ({"area_or_state": "WA", "capital_or_major_city": "Leeds"}, ["Bob"]),
    ],
)
def test_the_geocode_says_what_the_directory_does_not(
    arguments: dict[str, str], expected: list[str]
) -> None:
    """The area is that of the number they have; so is the city of who has none on file."""
    with bridged() as session:
        with session.unit(write=True) as unit:
            _geocode(unit, LONDON, "US.WA.Seattle")
        assert names(change(**TOLL, to_number=PARIS, **arguments)) == expected


def test_a_geocode_without_an_area_has_none() -> None:
    """`DE.Berlin` is a country and a city."""
    with bridged() as session:
        with session.unit(write=True) as unit:
            _geocode(unit, LONDON, "DE.Berlin")
        assert list(change(**TOLL, to_number=PARIS, area_or_state="Berlin")) == []
        assert names(change(**TOLL, to_number=PARIS, capital_or_major_city="berlin")) == ["Ann"]


def _geocode(unit: Any, number: str, city: str) -> None:
    moved = attrs.evolve(unit.setup.numbers[number], city=city)
    unit._setup.put(SERVICE_NUMBER, {number: NUMBERS.body(moved)})


# Who is told.


@pytest.mark.parametrize(
    ("automatic", "notify", "told"),
    [(True, None, 2), (False, None, 0), (True, False, 0), (False, True, 2)],
)
def test_each_changed_user_is_told_once(automatic: bool, notify: bool | None, told: int) -> None:
    """As the tenant's settings and `notify` say, with the new numbers."""
    with bridged() as session:
        set_settings(automatically_send_emails_to_users=automatic)
        change(**TOLL, to_number=PARIS, notify=notify)
        entries = outbox(session)
        assert [entry.events for entry in entries] == [(Event.NUMBER_CHANGED,)] * told
        assert {entry.to for entry in entries} == ({upn("ann"), upn("bob")} if told else set())
        assert all(entry.facts.numbers[0].number == PARIS for entry in entries)
        assert all(entry.facts.pin is None for entry in entries)


# Meetings.


def test_rescheduling_gives_future_meetings_todays_block() -> None:
    """Of the changed users alone; past and very large ones stay, the organizer's text stays."""
    clock = Clock()
    with bridged(clock=clock):
        made = {}
        for name, hours, crowd in (("ann", 1, 0), ("ann", 48, 3), ("ann", 49, 251), ("cas", 48, 0)):
            made[name, hours] = confid.meetings.schedule(
                upn(name),
                subject="Talk",
                start=NOON + timedelta(hours=hours),
                attendees=[f"guest{n}@contoso.com" for n in range(crowd)],
                body="Bring cake.",
            )
        clock.forward(hours=2)
        change(**TOLL, to_number=PARIS, reschedule_meetings=True)
        after = {meeting.meeting_id: meeting for meeting in confid.meetings.scheduled()}
        changed = after.pop(made["ann", 48].meeting_id)
        assert "+33" in changed.invitation
        assert changed.invitation.startswith("Bring cake.")
        assert "+44" not in changed.invitation
        assert set(after.values()) == set(made.values()) - {made["ann", 48]}


def test_meetings_stay_unless_rescheduled() -> None:
    """Without `reschedule_meetings` invitations keep the old number."""
    with bridged():
        start = NOON + timedelta(days=9999)
        meeting = confid.meetings.schedule(upn("ann"), subject="Talk", start=start)
        change(**TOLL, to_number=PARIS)
        assert list(confid.meetings.scheduled()) == [meeting]
        assert list(change(**TOLL, to_number=PARIS, reschedule_meetings=True)) == []


# Manners.


def test_what_if_names_whom_it_would_change() -> None:
    """One line for each, in order, and nothing changes."""
    with bridged() as session:
        before = contents(session)
        assert list(change(**TOLL, to_number=PARIS, reschedule_meetings=True, what_if=True)) == []
        assert lines(session) == [
            f'What if: Performing the operation "{NAME}" on target "{upn(name)}".'
            for name in ("ann", "bob")
        ]
        assert contents(session) == before


def test_confirm_asks_for_each() -> None:
    """Yes and No: only who was answered Yes for is changed, told and rescheduled."""
    with bridged(host=RecordingHost(answers=[2, 0])) as session:
        changed = change(**TOLL, to_number=PARIS, confirm=True, reschedule_meetings=True)
        assert names(changed) == ["Bob"]
        assert get(upn("ann")).service_number == LONDON
        assert [entry.to for entry in outbox(session)] == [upn("bob")]


def test_it_is_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails at the last step takes everything back."""
    with bridged() as session:
        before = contents(session)

        def fails(*_: object) -> None:
            raise InvalidArgumentError("no")

        monkeypatch.setattr(default_numbers, "renew_future", fails)
        with pytest.raises(InvalidArgumentError, match="no"):
            change(**TOLL, to_number=PARIS, reschedule_meetings=True)
        assert contents(session) == before


def test_the_disabled_are_left_alone() -> None:
    """Who was disabled keeps what they had, and is not among the changed."""
    with bridged():
        disable(upn("ann"))
        assert names(change(**TOLL, to_number=PARIS)) == ["Bob"]


# Parameter sets and bad input.


@pytest.mark.parametrize(
    ("arguments", "error_id"),
    [
        ({}, "MissingMandatoryParameter"),
        ({"bridge_name": "other", "to_number": PARIS}, "MissingMandatoryParameter"),
        (
            {
                "bridge_id": True,
                "from_number": None,
                "country_or_region": "US",
                "to_number": PARIS,
                "number_type": "Toll",
            },
            "AmbiguousParameterSet",
        ),
    ],
)
def test_what_does_not_bind(arguments: dict[str, Any], error_id: str) -> None:
    """Missing ones are named, and what goes together in no parameter set is refused."""
    with bridged():
        if "bridge_id" in arguments:
            arguments = {**arguments, "bridge_id": get(upn("ann")).bridge_id}
        with pytest.raises(ParameterBindingError) as caught:
            change(**arguments)
        assert caught.value.error_id == error_id


def test_every_set_binds() -> None:
    """BridgeNameParams, FilterByUsageLocation (both names of one bridge) and UniqueBridgeParams."""
    with bridged():
        bridge_id = get(upn("ann")).bridge_id
        by_id = {"bridge_id": str(bridge_id), "number_type": "Toll", "to_number": PARIS}
        assert names(change(**by_id, country_or_region="US")) == ["Ann"]
        assert names(change(**by_id, bridge_name="OTHER", country_or_region="GB")) == ["Bob"]
        assert names(change(**{**by_id, "to_number": LONDON}, from_number=PARIS)) == ["Ann", "Bob"]
        with pytest.raises(InvalidArgumentError, match="one of them"):
            change(**by_id, bridge_name="Conference Bridge", country_or_region="GB")
        bound = confid.command.bind(
            NAME, {"BridgeId": bridge_id, "FromNumber": None, "ToNumber": "1", "NumberType": "x"}
        )
        assert bound.parameter_set == "UniqueBridgeParams"


@pytest.mark.parametrize(
    "arguments",
    [
        {"to_number": FREE},
        {"to_number": FIRST},
        {"to_number": ""},
        {"to_number": "none"},
        {"number_type": "Free"},
        {"number_type": ""},
        {"from_number": "none"},
        {"country_or_region": "Germany"},
        {"country_or_region": ""},
        {"area_or_state": " "},
        {"capital_or_major_city": ""},
        {"from_number": ""},
        {"notify": "yes"},
    ],
)
def test_bad_input_is_refused_and_changes_nothing(arguments: dict[str, Any]) -> None:
    """A number not on the bridge or not of its type, no number, no type, no place."""
    with bridged() as session:
        before = contents(session)
        with pytest.raises((InvalidArgumentError, ParameterBindingError)):
            change(**{**TOLL, "to_number": PARIS, **arguments})
        assert contents(session) == before


def test_an_unknown_bridge_and_a_value_without_its_name() -> None:
    """The bridges there are are listed; nothing is positional."""
    with bridged():
        with pytest.raises(NotFoundError, match="Conference Bridge"):
            change(bridge_name="none", number_type="Toll", to_number=PARIS)
        with pytest.raises(ParameterBindingError) as caught:
            change("other", number_type="Toll", to_number=PARIS)
        assert caught.value.error_id == "PositionalParameterNotFound"


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([LONDON, PARIS]), st.sampled_from([confid.UNSET, None, LONDON, PARIS])
        ),
        max_size=5,
    )
)
def test_what_it_returns_is_what_changed(steps: list[tuple[str, Any]]) -> None:
    """Those whose number differs afterwards, no others; conference IDs never change."""
    with bridged():
        for to_number, from_number in steps:
            before = {user.identity: user for user in get()}
            changed = change(**TOLL, to_number=to_number, from_number=from_number)
            after = {user.identity: user for user in get()}
            assert {u.identity for u in changed} == {
                key for key in after if after[key] != before[key]
            }
            for key, user in after.items():
                assert user.conference_id == before[key].conference_id
        assert confid.check().problems == ()
