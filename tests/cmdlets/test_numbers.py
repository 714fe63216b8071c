"""Numbers and bridges: which a user may have, and which they get."""

from __future__ import annotations

import pytest

import confid
from confid.errors import InvalidArgumentError, NotFoundError
from tests.tenants import add, add_bridge, contents, enable, get, get_bridge, set_user, tenant, upn

KEN = upn("ken")
FIRST, LONDON, MADRID, FREE = "14255550100", "442079460100", "34910000100", "18005550100"


def test_a_number_must_be_of_its_kind_and_on_the_bridge() -> None:
    """Toll and toll-free are told apart; another bridge's, nobody's and no numbers are refused."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, FREE)
        before = contents(session)
        for arguments in (
            {"service_number": LONDON},
            {"service_number": "14255550199"},
            {"service_number": "none"},
            {"service_number": ""},
            {"service_number": "0"},
            {"toll_free_service_number": FREE},
            {"toll_free_service_number": FIRST},
            {"bridge_name": "other", "service_number": FREE},
            {"bridge_name": "other", "service_number": FIRST},
            {"bridge_name": "other", "toll_free_service_number": LONDON},
        ):
            with pytest.raises(InvalidArgumentError, match=r"Number"):
                set_user(KEN, **arguments)
        assert contents(session) == before


@pytest.mark.parametrize(
    "written", ["442079460100", "+442079460100", "tel:+442079460100", "TEL:+44 20 7946-0100"]
)
def test_numbers_are_taken_as_people_write_them(written: str) -> None:
    """E.164, with `+` or `tel:`, spaced: kept as digits."""
    with tenant("ken") as session:
        add_bridge(session, "other", MADRID, LONDON)
        user = set_user(KEN, bridge_name="OTHER", service_number=written)
        assert (user.service_number, user.bridge_name) == (LONDON, "other")
        assert [found.display_name for found in get(service_number=written)] == ["Ken"]


def test_moving_to_a_bridge_takes_its_numbers() -> None:
    """The new bridge's number for the user's country, else its default; its toll-free as named."""
    with tenant() as session:
        other = add_bridge(session, "other", LONDON, MADRID, FREE)
        for name, country in (("ann", "ES"), ("bob", "GB"), ("cas", "US"), ("dee", "es")):
            enable(add(session, name, usage_location=country))
        moved = set_user([upn(n) for n in ("ann", "bob", "cas", "dee")], bridge_id=other.identity)
        numbers = [user.service_number for user in moved]
        assert numbers == [MADRID, LONDON, LONDON, MADRID]
        assert {user.toll_free_service_number for user in moved} == {None}
        assert {user.default_toll_number for user in moved} == {LONDON}
        free = set_user(upn("ann"), toll_free_service_number=f"+{FREE}")
        assert free.toll_free_service_number == FREE
        back = set_user(upn("ann"), bridge_name="Conference Bridge")
        assert (back.service_number, back.toll_free_service_number) == (FIRST, None)
        assert confid.check().problems == ()


def test_a_bridge_that_is_not_there() -> None:
    """An unknown bridge is named in the error with those there are; two different ones clash."""
    with tenant("ken") as session:
        other = add_bridge(session, "other", LONDON)
        with pytest.raises(NotFoundError, match="'Conference Bridge', 'other'"):
            set_user(KEN, bridge_name="none")
        with pytest.raises(NotFoundError):
            get(bridge_id="00000000-0000-0000-0000-000000000000")
        with pytest.raises(InvalidArgumentError, match="one of them"):
            set_user(KEN, bridge_id=str(other.identity), bridge_name="Conference Bridge")
        same = set_user(KEN, bridge_id=str(other.identity), bridge_name="Other")
        assert same.bridge_name == "other"


def test_bridges() -> None:
    """Bridges: one by ID or by name, or all, the default one first."""
    with tenant() as session:
        other = add_bridge(session, "A bridge", LONDON, FREE)
        first, second = get_bridge()
        assert (first.is_default, first.default_service_number.number) == (True, FIRST)
        assert second == get_bridge(other.identity) == get_bridge(str(other.identity))
        assert second == get_bridge(name="a BRIDGE")
        assert {number.number: number.type for number in second.service_numbers} == {
            LONDON: "Toll",
            FREE: "Toll-Free",
        }
        with pytest.raises(NotFoundError, match="A bridge"):
            get_bridge(name="none")
