"""Bridges: the default number, the default bridge, a new name, and bridges of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import pytest

import confid
from confid.errors import InvalidArgumentError, NotFoundError, ParameterBindingError
from confid.host import RecordingHost
from tests.tenants import (
    add,
    add_bridge,
    contents,
    enable,
    get,
    get_bridge,
    get_number,
    lines,
    outbox,
    set_bridge,
    set_user,
    tenant,
    undone,
    unregister,
    upn,
)

FIRST, LONDON, MADRID, FREE = "14255550100", "442079460100", "34910000100", "18005550100"
HOME = "Conference Bridge"
NO_ID = "00000000-0000-0000-0000-000000000000"


def default_of(name: str) -> str:
    """The default number of a bridge."""
    digits: str = get_bridge(name=name).default_service_number.number
    return digits


@pytest.mark.parametrize("written", [MADRID, f"+{MADRID}", f"tel:+{MADRID}", "+34 910-000 100"])
def test_a_bridge_gets_another_default_number(written: str) -> None:
    """A toll number of that bridge in any E.164 form; the bridge comes back as it is now."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        assert default_of("other") == LONDON
        bridge = set_bridge(name="OTHER", default_service_number=written)
        assert bridge.default_service_number.number == MADRID == default_of("other")
        assert bridge == get_bridge(name="other")
        assert confid.check().problems == ()


def test_the_users_numbers_stay_as_they_are() -> None:
    """Nobody's number changes with a bridge's default, and nobody is told."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, MADRID)
        set_user(upn("ken"), bridge_name="other", notify=False)
        set_bridge(name="other", default_service_number=MADRID)
        ken = get(upn("ken"))
        assert (ken.service_number, ken.default_toll_number) == (LONDON, MADRID)
        assert outbox(session) == []


@pytest.mark.parametrize("number", [FREE, FIRST, "14255550199", "none", "", "+"])
def test_a_default_number_is_a_toll_number_of_that_bridge(number: str) -> None:
    """Toll-free, another bridge's, nobody's and no numbers are refused."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, FREE)
        before = contents(session)
        with pytest.raises(InvalidArgumentError, match="DefaultServiceNumber"):
            set_bridge(name="other", default_service_number=number)
        assert contents(session) == before


def test_another_bridge_becomes_the_default_one() -> None:
    """`set_default`: the one before no longer is; whoever is enabled from now on is on it."""
    with tenant("ken") as session:
        other = add_bridge(session, "other", LONDON)
        assert set_bridge(other.identity, set_default=True).is_default
        assert [(b.name, b.is_default) for b in get_bridge()] == [("other", True), (HOME, False)]
        enable(add(session, "ann"), notify=False)
        assert get(upn("ann")).bridge_name == "other"
        assert get(upn("ken")).bridge_name == HOME
        before = contents(session)
        assert set_bridge(str(other.identity), set_default=True).is_default
        assert contents(session) == before
        assert confid.check().problems == ()


def test_both_at_once_and_neither() -> None:
    """Default number and default bridge go together; with neither nothing changes."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        bridge = set_bridge(name="other", set_default=True, default_service_number=MADRID)
        assert (bridge.is_default, bridge.default_service_number.number) == (True, MADRID)
        before = contents(session)
        assert set_bridge(name="other") == bridge == set_bridge(bridge)
        assert contents(session) == before


def test_an_instance_carries_name_default_number_and_rank() -> None:
    """As `attrs.evolve` changed it, by name or by position; parameters overrule it."""
    with tenant() as session:
        add_bridge(session, "other", LONDON, MADRID)
        bridge = get_bridge(name="other")
        renamed = set_bridge(instance=attrs.evolve(bridge, name=" O365 Bridge "))
        assert (renamed.name, renamed.identity) == ("O365 Bridge", bridge.identity)
        number = get_number(MADRID)
        changed = set_bridge(
            attrs.evolve(renamed, default_service_number=number, is_default=True, region="?")
        )
        assert (changed.default_service_number, changed.is_default) == (number, True)
        assert changed.region is None
        assert len([b for b in get_bridge() if b.is_default]) == 1
        overruled = set_bridge(instance=changed, default_service_number=LONDON)
        assert overruled.default_service_number.number == LONDON
        assert get_bridge(bridge) == get_bridge(identity=bridge) == overruled


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"name": "OTHER"},
        {"name": " "},
        {"name": "two\nlines"},
        {"name": "x" * 257},
        {"is_default": False},
    ],
)
def test_an_instance_that_cannot_be(change: dict[str, Any]) -> None:
    """A taken or impossible name, and a tenant without a default bridge, are refused."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            set_bridge(instance=attrs.evolve(get_bridge(name=HOME), **change))
        assert contents(session) == before


def test_an_instance_is_a_bridge_of_this_tenant() -> None:
    """Another bridge's number, another tenant's bridge and other things are refused."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        home = get_bridge(name=HOME)
        with pytest.raises(InvalidArgumentError, match="DefaultServiceNumber"):
            set_bridge(attrs.evolve(home, default_service_number=get_number(LONDON)))
        with pytest.raises(NotFoundError, match="'other'"):
            set_bridge(attrs.evolve(home, identity=UUID(NO_ID)))
        for wrong in ({"Name": HOME}, "other", get_number(LONDON)):
            with pytest.raises(InvalidArgumentError, match="Bridge"):
                set_bridge(instance=wrong)


@pytest.mark.parametrize(
    ("arguments", "error_id"),
    [
        ({}, "MissingMandatoryParameter"),
        ({"set_default": True}, "MissingMandatoryParameter"),
        ({"identity": NO_ID, "name": HOME}, "AmbiguousParameterSet"),
        ({"identity": HOME}, "ParameterArgumentTransformationError"),
        ({"name": HOME, "number": FIRST}, "NamedParameterNotFound"),
        ({"name": HOME, "set_default": "often"}, "ParameterArgumentTransformationError"),
        ({"name": HOME, "tenant": "none"}, "ParameterArgumentTransformationError"),
    ],
)
def test_what_does_not_bind(arguments: dict[str, Any], error_id: str) -> None:
    """A bridge has to be named in one way, and every parameter is of its type."""
    with tenant(), pytest.raises(ParameterBindingError) as caught:
        set_bridge(**arguments)
    assert caught.value.error_id == error_id


def test_a_bridge_that_is_not_there() -> None:
    """An unknown ID or name is an error that lists the bridges."""
    with tenant():
        for arguments in ({"name": "none"}, {"identity": NO_ID}):
            with pytest.raises(NotFoundError, match=HOME) as caught:
                set_bridge(**arguments, set_default=True)
            assert caught.value.fully_qualified_error_id == (
                "BridgeNotFound,Set-CsOnlineDialInConferencingBridge"
            )


def test_what_if_and_confirm() -> None:
    """WhatIf says one line and changes nothing; so does No to a prompt."""
    with tenant(host=RecordingHost([2, 0])) as session:
        add_bridge(session, "other", LONDON)
        before = contents(session)
        assert set_bridge(name="Other", set_default=True, what_if=True) is None
        (line,) = lines(session)
        assert line == (
            'What if: Performing the operation "Set-CsOnlineDialInConferencingBridge" on target '
            '"other".'
        )
        assert set_bridge(name="other", set_default=True, confirm=True) is None
        assert contents(session) == before
        assert set_bridge(name="other", set_default=True, confirm=True).is_default


def test_what_is_accepted_is_said_to_have_no_effect() -> None:
    """Tenant, TenantDomain, DomainController and Force are taken, with a warning."""
    with tenant() as session:
        set_bridge(name=HOME, tenant=NO_ID, tenant_domain="x", DC="dc.example", force=True)
        (line,) = lines(session)
        for name in ("Tenant", "TenantDomain", "DomainController", "Force"):
            assert name in line


def test_a_bridge_of_ones_own() -> None:
    """`confid.add_bridge`: dedicated numbers in any form; the first toll one is the default."""
    with tenant() as session:
        bridge = confid.add_bridge(
            " Europe ", numbers=[f"tel:+{FREE}", "+44 20 7946-0100", MADRID], region="EMEA"
        )
        assert (bridge.name, bridge.region, bridge.is_default) == ("Europe", "EMEA", False)
        assert bridge.default_service_number is not None
        assert bridge.default_service_number.number == LONDON
        assert {n.number: (n.type, n.city, n.is_shared) for n in bridge.service_numbers} == {
            FREE: ("Toll-Free", "US", False),
            LONDON: ("Toll", "GB", False),
            MADRID: ("Toll", "ES", False),
        }
        assert bridge == get_bridge(name="europe")
        assert confid.add_bridge("One", numbers="33199000100", session=session).service_numbers
        assert confid.check().problems == ()


def test_a_bridge_takes_numbers_of_no_bridge() -> None:
    """What was unregistered can be another bridge's."""
    with tenant():
        confid.add_bridge("a", numbers=[LONDON, MADRID])
        unregister(MADRID)
        bridge = confid.add_bridge("b", numbers=[MADRID])
        assert [n.number for n in bridge.service_numbers] == [MADRID]
        assert [n.number for n in get_bridge(name="a").service_numbers] == [LONDON]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("b", []),
        ("b", [FREE]),
        ("b", [MADRID, f"+{MADRID}"]),
        ("b", [MADRID, FIRST]),
        ("b", [LONDON]),
        ("b", ["none"]),
        ("b", ""),
        ("b", [int(MADRID)]),
        ("A", [MADRID]),
        ("conference bridge", [MADRID]),
        ("", [MADRID]),
        (None, [MADRID]),
        (7, [MADRID]),
        ("b", None),
        ("b", 7),
    ],
)
def test_a_bridge_that_cannot_be(name: Any, numbers: Any) -> None:
    """A name taken or blank, numbers repeated, taken, wrong or none: refused, nothing changes."""
    with tenant() as session:
        confid.add_bridge("a", numbers=[LONDON])
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            confid.add_bridge(name, numbers=numbers)
        assert contents(session) == before


def test_a_bridge_undone_was_never_there() -> None:
    """Inside a transaction that is left by an exception, bridge and default are as before."""
    with tenant() as session:
        before = contents(session)
        with undone(session):
            confid.add_bridge("a", numbers=[LONDON])
            set_bridge(name="a", set_default=True)
            assert get_bridge()[0].name == "a"
        assert contents(session) == before
        assert [bridge.name for bridge in get_bridge()] == [HOME]
