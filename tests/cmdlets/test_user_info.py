"""UserInfo and UserState: everybody in the directory, found, chosen, sorted and cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid import cmdlets
from confid.errors import (
    ConversionError,
    InvalidArgumentError,
    ParameterBindingError,
    UserNotFoundError,
)
from confid.tenant.parameter_types import FilterSelection, ProviderType
from confid.tenant.records import LicenseState
from tests.tenants import add, add_bridge, disable, get, lines, set_user, tenant, upn

info: Any = cmdlets.get_cs_online_dial_in_conferencing_user_info
state: Any = cmdlets.get_cs_online_dial_in_conferencing_user_state

KEN, LI = upn("ken"), upn("li")
FIRST, LONDON, FREE = "14255550100", "442079460100", "18005550100"


def names(results: Any) -> list[str]:
    """The display names in order."""
    return [record.display_name for record in results]


def mixed() -> Any:
    """Ken enabled; Acme's Ann licensed, Acme's Bob not; Li of Microsoft; Zoe of nobody."""
    session = tenant("ken")
    add(session, "ann", provider="Acme", department="Finance")
    add(session, "bob", provider="Acme", license_state=LicenseState.UNLICENSED)
    add(session, "li", department="Finance", sip_address="sip:li.chen@voice.example")
    add(session, "zoe", provider=None, sip_address=None, license_state=LicenseState.UNKNOWN)
    return session


# UserInfo.


def test_info_shows_these_properties_in_this_order() -> None:
    """The order of the reference; who is not enabled has neither ID nor numbers."""
    with mixed():
        ken, li = info(KEN), info(LI)
        assert ken.__powershell__() == {
            "DisplayName": "Ken",
            "Identity": ken.identity,
            "ConferenceId": get(KEN).conference_id,
            "DefaultTollFreeNumbers": (),
            "DefaultTollNumber": FIRST,
            "ObjectId": ken.identity,
            "Provider": "Microsoft",
        }
        assert list(ken.__powershell__()) == [
            "DisplayName",
            "Identity",
            "ConferenceId",
            "DefaultTollFreeNumbers",
            "DefaultTollNumber",
            "ObjectId",
            "Provider",
        ]
        assert (li.conference_id, li.default_toll_number, li.provider) == (None, None, "Microsoft")


def test_info_shows_the_toll_free_numbers_of_the_invitations() -> None:
    """The user's own, else the bridge's; none where toll-free is off."""
    with tenant("ken") as session:
        add_bridge(session, "other", LONDON, FREE)
        set_user(KEN, bridge_name="other")
        assert info(KEN).default_toll_free_numbers == (FREE,)
        assert state(KEN).toll_free_numbers == (FREE,)
        set_user(KEN, allow_toll_free_dial_in=False)
        assert info(KEN).default_toll_free_numbers == ()


def test_info_of_one_of_several_and_of_nobody() -> None:
    """One in, one out; an iterable in, `Results`; a record of it names its person."""
    with mixed():
        assert names(info([LI, KEN, info(LI), state(KEN)])) == ["Li", "Ken"]
        assert info(identity=state(LI)) == info(LI)
        with pytest.raises(UserNotFoundError):
            info("nobody@contoso.com")
        found = info([KEN, "nobody"], error_action="silently_continue")
        assert (names(found), len(found.errors)) == (["Ken"], 1)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("DialInConferencingOn", ["Ken"]),
        ("dialinconferencingoff", ["Ann", "Bob", "Li", "Zoe"]),
        ("ConferencingProviderMS", ["Ken", "Li"]),
        (FilterSelection.ConferencingProviderOther, ["Ann", "Bob"]),
        ("READYFORMIGRATIONTOCPC", ["Ann"]),
        ("NoFilter", ["Ann", "Bob", "Ken", "Li", "Zoe"]),
    ],
)
def test_select_chooses_by_what_they_have(select: Any, expected: list[str]) -> None:
    """On, off, Microsoft's, another's, another's though licensed, all; in any casing."""
    with mixed():
        assert names(info(select=select)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Provider -eq 'acme'", ["Ann", "Bob"]),
        ("Department -eq 'Finance' -and ConferenceId -eq $null", ["Ann", "Li"]),
        ("{DisplayName -like 'k*'}", ["Ken"]),
        ("ConferenceId -gt 0", ["Ken"]),
    ],
)
def test_filter_reads_the_record_and_the_directory(text: str, expected: list[str]) -> None:
    """A Where-Object filter over what comes out and over the directory's properties."""
    with mixed():
        assert names(info(filter=text)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("KEN", ["Ken"]),
        ("li.chen@VOICE", ["Li"]),
        ("zoe@contoso", ["Zoe"]),
        ("", ["Ann", "Bob", "Ken", "Li", "Zoe"]),
        ("finance", []),
        ("*", []),
    ],
)
def test_search_query_is_a_part_of_a_name_or_address(query: str, expected: list[str]) -> None:
    """Of the display name, the user principal name or the SIP address; letters alone count."""
    with mixed():
        assert names(info(search_query=query)) == expected


def test_search_query_folds_case_in_every_script() -> None:
    """Casing is no difference, nor is the way an accent is written."""
    with tenant() as session:
        add(session, "strasse", display_name="Zoe\u0308 Straße")
        assert names(info(search_query="ZOË STRASSE")) == ["Zoe\u0308 Straße"]


def test_info_lists_a_hundred_unless_told() -> None:
    """`first` is 100 unless given."""
    with tenant(*(f"u{number:03}" for number in range(103)), enabled=False):
        assert names(info()) == [f"U{number:03}" for number in range(100)]
        assert len(info(first=1000)) == 103
        assert names(info(skip=100)) == ["U100", "U101", "U102"]


@given(
    skip=st.none() | st.integers(0, 9),
    first=st.none() | st.integers(0, 9) | st.just(2**31 - 1),
    descending=st.booleans(),
)
def test_pages_are_slices_of_the_whole(
    skip: int | None, first: int | None, descending: bool
) -> None:
    """`skip` and `first` cut the list sorted by display name, either way round."""
    with tenant("dee", "Ann", "cas", "Bob", "eve", enabled=False):
        ordered = sorted(["Dee", "Ann", "Cas", "Bob", "Eve"], reverse=descending)
        found = info(skip=skip, first=first, sort_descending=descending)
        assert names(found) == ordered[skip or 0 :][:first]


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": -1},
        {"skip": -1},
        {"filter": "Department -eq"},
        {"filter": ""},
        {"select": "Everybody"},
        {"first": "many"},
        {"search_query": ["ken"]},
    ],
)
def test_bad_input_to_info_is_refused(arguments: dict[str, Any]) -> None:
    """Negative counts, a broken filter, a selection that there isn't."""
    with mixed(), pytest.raises((InvalidArgumentError, ParameterBindingError)):
        info(**arguments)


def test_a_filter_that_compares_the_incomparable_is_said_to_do_so() -> None:
    """As PowerShell does, when it comes to the first such person, and at once."""
    with mixed(), pytest.raises(ConversionError):
        info(filter="ConferenceId -gt 'abc'")


@pytest.mark.parametrize("name", ["select", "filter", "search_query", "skip", "first", "tenant"])
def test_an_identity_and_a_search_do_not_go_together(name: str) -> None:
    """They are in different parameter sets."""
    with mixed(), pytest.raises(ParameterBindingError) as caught:
        info(KEN, **{name: {"skip": 1, "first": 1}.get(name, "NoFilter")})
    assert caught.value.error_id in (
        "AmbiguousParameterSet",
        "ParameterArgumentTransformationError",
    )


# UserState.


def test_state_shows_these_properties_in_this_order() -> None:
    """The order of the reference; licence, domain and provider of the enabled and the others."""
    with mixed():
        ken, li, zoe = state([KEN, LI, upn("zoe")])
        assert list(ken.__powershell__().items()) == [
            ("DisplayName", "Ken"),
            ("Identity", ken.identity),
            ("ConferenceId", get(KEN).conference_id),
            ("Domain", "contoso.com"),
            ("Provider", "Microsoft"),
            ("PstnConferencingLicenseState", "Licensed"),
            ("SipAddress", "sip:ken@contoso.com"),
            ("TollFreeNumbers", ()),
            ("TollNumber", FIRST),
            ("Url", None),
        ]
        assert (li.domain, li.toll_number, li.conference_id) == ("voice.example", None, None)
        assert (zoe.domain, zoe.provider, zoe.sip_address) == ("contoso.com", None, None)
        assert zoe.pstn_conferencing_license_state == "Unknown"


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("microsoft", ["Ken", "Li"]),
        (ProviderType.Microsoft, ["Ken", "Li"]),
        ("ThirdParty", ["Ann", "Bob"]),
        ("other", ["Ann", "Bob"]),
        ("NoProviders", ["Zoe"]),
        ("AllProviders", ["Ann", "Bob", "Ken", "Li"]),
    ],
)
def test_state_by_provider(provider: Any, expected: list[str]) -> None:
    """Microsoft, ThirdParty, none, any; in any casing."""
    with mixed():
        assert names(state(provider=provider)) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("licensed", ["Ann", "Ken", "Li"]),
        (["NoLicense", "UNKNOWN"], ["Bob", "Zoe"]),
        ([], ["Ann", "Bob", "Ken", "Li", "Zoe"]),
    ],
)
def test_state_by_licence(states: Any, expected: list[str]) -> None:
    """One state or several, in any casing."""
    with mixed():
        assert names(state(license_state=states)) == expected


def test_state_narrows_those_named() -> None:
    """Filters hold beside an identity: who doesn't fit is left out, None for one."""
    with mixed():
        assert state(KEN, provider="ThirdParty") is None
        assert names(state([KEN, LI], license_state="Licensed", provider="Microsoft")) == [
            "Ken",
            "Li",
        ]


@pytest.mark.parametrize(
    ("size", "found"), [(0, 0), (2, 2), ("3", 3), ("Unlimited", 5), (" unlimited ", 5), (9, 5)]
)
def test_result_size_is_a_limit(size: Any, found: int) -> None:
    """A number, also as text, or Unlimited."""
    with mixed():
        assert len(state(result_size=size)) == found


@pytest.mark.parametrize(
    "arguments",
    [
        {"provider": "Acme"},
        {"license_state": "Gold"},
        {"result_size": -1},
        {"result_size": 2**31},
        {"result_size": "all"},
        {"result_size": "9" * 5000},
        {"result_size": True},
        {"result_size": 1.5},
    ],
)
def test_bad_input_to_state_is_refused(arguments: dict[str, Any]) -> None:
    """A provider or a licence state that there isn't, a size that is no count."""
    with mixed(), pytest.raises((InvalidArgumentError, ParameterBindingError)):
        state(**arguments)


def test_a_provider_that_went_to_microsoft_is_microsofts() -> None:
    """Whoever is enabled has Microsoft's; disabled again, what is on file."""
    with tenant() as session:
        add(session, "zoe", provider=None)
        cmdlets.enable_cs_online_dial_in_conferencing_user(upn("zoe"))
        assert info(upn("zoe")).provider == "Microsoft"
        disable(upn("zoe"))
        assert (info(upn("zoe")).provider, info(upn("zoe")).conference_id) == (None, None)


def test_reserved_parameters_are_taken_with_a_warning() -> None:
    """Tenant, DomainController and Force are checked, and have no effect."""
    with mixed() as session:
        assert len(info(tenant="8b2a7e1c-4f0e-4b7b-9d9a-0a1b2c3d4e5f", dc="x", force=True)) == 5
        assert "no effect" in lines(session)[-1]
        with pytest.raises(ParameterBindingError):
            state(tenant="none")
