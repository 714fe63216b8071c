"""Get-CsOnlineUser: the directory's users, filtered, limited and narrowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

import confid
from confid import cmdlets
from confid.errors import InvalidArgumentError, ParameterBindingError, UserNotFoundError
from confid.tenant.online_user import OnlineUser
from tests.tenants import add, get, set_user, tenant, upn

online: Any = cmdlets.get_cs_online_user
KEN, LI = upn("ken"), upn("li")


def people() -> Any:
    """Ken enabled; Ann and Li not, in Finance."""
    session = tenant("ken")
    for name in ("li", "ann"):
        add(session, name, department="Finance", city="Oslo")
    return session


def test_everybody_by_display_name() -> None:
    """Enabled or not, as directory users."""
    with people():
        found = online()
        assert [user.display_name for user in found] == ["Ann", "Ken", "Li"]
        assert all(type(user) is OnlineUser for user in found)


def test_one_several_and_nobody() -> None:
    """By position and in any form; what comes out goes into the other cmdlets."""
    with people():
        assert online(KEN).user_principal_name == KEN
        assert [user.display_name for user in online(["Li", f"sip:{KEN}"])] == ["Li", "Ken"]
        assert set_user(online(KEN), reset_conference_id=True) == get(KEN)
        with pytest.raises(UserNotFoundError):
            online("nobody")


def test_a_filter_narrows_all_and_those_named() -> None:
    """A Where-Object filter over the directory's properties."""
    with people():
        found = online(filter="Department -eq 'finance' -and DisplayName -ne 'Ann'")
        assert [user.display_name for user in found] == ["Li"]
        assert online(KEN, filter="Department -eq 'Finance'") is None
        assert len(online([KEN, LI], filter="City -like 'o*'")) == 1


@pytest.mark.parametrize(("size", "found"), [(0, 0), (2, 2), ("1", 1), ("Unlimited", 3)])
def test_result_size_is_a_limit(size: Any, found: int) -> None:
    """The first so many by display name."""
    with people():
        assert len(online(result_size=size)) == found


def test_properties_narrow_what_is_shown() -> None:
    """The named ones, besides those that are always there, in the order of all."""
    with people():
        shown = online(LI, properties=["department", "City"])
        expected = {
            "Identity": shown.identity,
            "UserPrincipalName": LI,
            "DisplayName": "Li",
            "City": "Oslo",
            "Department": "Finance",
        }
        assert shown.__powershell__() == expected
        assert list(json.loads(online(properties="user_principal_name").to_json())[0]) == [
            "Identity",
            "UserPrincipalName",
            "DisplayName",
        ]
        assert "Oslo" in str(shown)
        assert "sip:" not in str(shown)


def test_a_narrowed_user_is_still_the_person() -> None:
    """Its attributes are all there, and it names the person in another call."""
    with people():
        shown = online(KEN, properties="City")
        assert shown.sip_address == f"sip:{KEN}"
        assert get(shown) == get(KEN)
        assert online([shown, KEN], properties=())[0] == online(KEN)
        assert confid.check().problems == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"properties": "ConferenceId"},
        {"properties": ["City", ""]},
        {"properties": ["owner"]},
        {"filter": "City -eq"},
        {"filter": ""},
        {"result_size": -1},
        {"result_size": "some"},
        {"filter": ["a"]},
        {"Tenant": "x"},
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any]) -> None:
    """A property that no user has, a broken filter, a size that is no count."""
    with people(), pytest.raises((InvalidArgumentError, ParameterBindingError)):
        online(**arguments)


def test_it_stands_in_the_registry() -> None:
    """By its PowerShell name, with its four parameters, the identity by position."""
    command = confid.get_command("get-csonlineuser")
    assert command.function is online
    assert [(p.name, p.type, p.position) for p in command.parameters] == [
        ("Identity", "UserIdParameter", 0),
        ("Filter", "String", None),
        ("ResultSize", "Unlimited", None),
        ("Properties", "String[]", None),
    ]
