"""Dial-out policies, the dial-in policy, the configuration: predefined, read, granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import cmdlets
from confid.errors import (
    InvalidArgumentError,
    NotFoundError,
    ParameterBindingError,
    UserNotFoundError,
)
from confid.tenant.policies import Family
from tests.tenants import (
    add,
    contents,
    get_dial_out,
    grant_dial_out,
    grant_policy,
    lines,
    tenant,
    upn,
)

if TYPE_CHECKING:
    from confid.engine.session import Session


get_dial_in: Any = cmdlets.get_cs_online_dialin_conferencing_policy
get_configuration: Any = cmdlets.get_cs_online_dialin_conferencing_tenant_configuration

KEN, LI, NOBODY = upn("ken"), upn("li"), upn("nobody")
DOMESTIC = "DialoutCPCandPSTNDomestic"
NOWHERE = "DialoutCPCandPSTNDisabled"


def counts(session: Session, name: str) -> str:
    """The name of the dial-out policy that counts for somebody."""
    with session.unit(write=False) as unit:
        user = unit.user(upn(name))
        return unit.policies.names(Family.DIAL_OUT, [user])[user.owner]


def test_there_is_a_policy_for_each_pair_of_restrictions() -> None:
    """Global, and one for each of four dial-out and three calling types; the names say which."""
    with tenant():
        policies = get_dial_out()
        assert [p.identity for p in policies][:2] == [
            "Global",
            "Tag:DialoutCPCandPSTNInternational",
        ]
        pairs = [
            (p.allow_pstn_conferencing_dial_out_type, p.allow_pstn_outbound_calling_type)
            for p in policies[1:]
        ]
        assert len(pairs) == len(set(pairs)) == 12
        assert {calls for _, calls in pairs} == {
            "InternationalAndDomestic",
            "DomesticOnly",
            "Disabled",
        }
        assert dict(pairs)["ZoneA"]
        assert get_dial_out("global").__powershell__() == {
            "Identity": "Global",
            "AllowPSTNConferencingDialOutType": "InternationalAndDomestic",
            "AllowPSTNOutboundCallingType": "InternationalAndDomestic",
        }


@pytest.mark.parametrize(
    ("name", "conference", "calls"),
    [
        ("DialoutCPCDomesticPSTNInternational", "DomesticOnly", "InternationalAndDomestic"),
        ("DialoutCPCDisabledPSTNInternational", "Disabled", "InternationalAndDomestic"),
        ("DialoutCPCInternationalPSTNDomestic", "InternationalAndDomestic", "DomesticOnly"),
        ("DialoutCPCInternationalPSTNDisabled", "InternationalAndDomestic", "Disabled"),
        (DOMESTIC, "DomesticOnly", "DomesticOnly"),
        ("DialoutCPCDomesticPSTNDisabled", "DomesticOnly", "Disabled"),
        ("DialoutCPCDisabledPSTNDomestic", "Disabled", "DomesticOnly"),
        (NOWHERE, "Disabled", "Disabled"),
        ("DialoutCPCZoneAPSTNInternational", "ZoneA", "InternationalAndDomestic"),
    ],
)
def test_a_policy_is_what_its_name_says(name: str, conference: str, calls: str) -> None:
    """By its name with or without `Tag:`, in any casing, and by its record."""
    with tenant():
        policy = get_dial_out(name)
        assert policy.identity == f"Tag:{name}"
        assert policy.allow_pstn_conferencing_dial_out_type == conference
        assert policy.allow_pstn_outbound_calling_type == calls
        assert get_dial_out(f"TAG:{name.upper()}") == get_dial_out(policy) == policy


def test_the_filter_is_a_wildcard_over_identities() -> None:
    """As they are shown; it goes with no identity."""
    with tenant():
        assert len(get_dial_out(filter="tag:*")) == 12
        assert len(get_dial_out(filter="*pstndisabled")) == 4
        assert list(get_dial_out(filter="Dialout*")) == []
        with pytest.raises(ParameterBindingError):
            get_dial_out("Global", filter="*")


@pytest.mark.parametrize("get_one", [get_dial_out, get_dial_in, get_configuration])
def test_what_is_not_there_is_not_found(get_one: Any) -> None:
    """The error names those there are; what is no name is refused."""
    with tenant():
        with pytest.raises(NotFoundError, match="Global"):
            get_one("Tag:Mine")
        for name in ("", "x" * 65, ["Global"]):
            with pytest.raises((InvalidArgumentError, ParameterBindingError)):
                get_one(name)


def test_the_dial_in_policy_allows_the_service() -> None:
    """One instance, Global, listed, named or filtered."""
    with tenant():
        (policy,) = get_dial_in()
        assert policy.__powershell__() == {
            "Identity": "Global",
            "AllowService": True,
            "Description": None,
        }
        assert get_dial_in("Tag:Global") == policy
        assert list(get_dial_in(filter="G*")) == [policy]
        assert list(get_dial_in(filter="Tag:*")) == []


def test_the_tenant_has_audio_conferencing() -> None:
    """One instance, Global, Enabled: the record itself, or `Results` of a filter."""
    with tenant():
        configuration = get_configuration()
        assert configuration.__powershell__() == {"Identity": "Global", "Status": "Enabled"}
        assert get_configuration("global") == configuration
        assert list(get_configuration(filter="*")) == [configuration]
        assert list(get_configuration(filter="x")) == []
        assert get_configuration(as_job=True).receive() == configuration


def test_a_persons_own_policy_counts_before_the_tenants() -> None:
    """None takes either back; Global is what is left."""
    with tenant("ken") as session:
        assert counts(session, "ken") == "Global"
        grant_dial_out(global_=True, policy_name=DOMESTIC)
        assert counts(session, "ken") == DOMESTIC
        grant_dial_out(KEN, policy_name=f"tag:{NOWHERE.lower()}")
        assert counts(session, "ken") == NOWHERE
        grant_dial_out(KEN, policy_name=None)
        assert counts(session, "ken") == DOMESTIC
        grant_dial_out(global_=True, policy_name=None)
        assert counts(session, "ken") == "Global"
        assert contents(session)["grant"] == {}


def test_the_two_kinds_of_grants_do_not_touch_each_other() -> None:
    """Taking one back leaves the other."""
    with tenant("ken") as session:
        cmdlets.new_cs_teams_audio_conferencing_policy("x")
        grant_dial_out(KEN, policy_name=NOWHERE)
        grant_policy(KEN, policy_name="x")
        grant_policy(KEN, policy_name=None)
        assert counts(session, "ken") == NOWHERE
        assert confid.check().problems == ()


def test_many_are_granted_in_one_call() -> None:
    """Enabled or not; `pass_thru` returns them; an unknown one stops all of them."""
    with tenant("ken") as session:
        li = add(session, "li")
        assert grant_dial_out(li, policy_name=NOWHERE, pass_thru=True).identity == li.identity
        passed = grant_dial_out([KEN, LI], policy_name=DOMESTIC, pass_thru=True)
        assert [user.user_principal_name for user in passed] == [KEN, LI]
        before = contents(session)
        with pytest.raises(UserNotFoundError):
            grant_dial_out([KEN, NOBODY], policy_name=NOWHERE)
        assert contents(session) == before


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, ParameterBindingError),
        ({"identity": KEN}, ParameterBindingError),
        ({"policy_name": NOWHERE}, ParameterBindingError),
        ({"policy_name": NOWHERE, "identity": KEN, "global_": True}, ParameterBindingError),
        ({"policy_name": NOWHERE, "identity": KEN, "group": "a"}, ParameterBindingError),
        ({"policy_name": "Mine", "identity": KEN}, NotFoundError),
        ({"policy_name": "Global", "identity": KEN}, InvalidArgumentError),
        ({"policy_name": "", "identity": KEN}, InvalidArgumentError),
        ({"policy_name": ["x"], "identity": KEN}, ParameterBindingError),
        ({"policy_name": NOWHERE, "identity": 5}, UserNotFoundError),
        ({"policy_name": NOWHERE, "identity": {"a": 1}}, InvalidArgumentError),
        ({"policy_name": NOWHERE, "identity": KEN, "tenant": "x"}, ParameterBindingError),
    ],
)
def test_a_bad_grant_changes_nothing(given: dict[str, Any], error: type[Exception]) -> None:
    """What isn't said, said twice, not there, or of the wrong kind."""
    with tenant("ken") as session:
        before = contents(session)
        with pytest.raises(error):
            grant_dial_out(**given)
        assert contents(session) == before


def test_what_if_and_what_is_only_accepted() -> None:
    """What if names the target and does nothing; accepted parameters say that they do nothing."""
    with tenant("ken") as session:
        before = contents(session)
        assert grant_dial_out(KEN, policy_name=NOWHERE, what_if=True, pass_thru=True) is None
        grant_dial_out(global_=True, policy_name=NOWHERE, what_if=True)
        assert contents(session) == before
        assert [line.partition('target "')[2] for line in lines(session)] == [
            f'{KEN}".',
            'Global".',
        ]
        grant_dial_out(KEN, policy_name=None, domain_controller="dc.contoso.com")
        assert "DomainController has no effect" in lines(session)[-1]
        assert get_dial_out(local_store=True)
        assert "LocalStore has no effect" in lines(session)[-1]
        job = grant_dial_out(KEN, policy_name=NOWHERE, pass_thru=True, as_job=True)
        assert job.receive().user_principal_name == KEN
