"""Enable, Disable, Get and Set: licences, numbers, bridges, IDs and PINs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.errors import (
    InvalidArgumentError,
    LicenseError,
    NotEnabledError,
    UserNotFoundError,
)
from confid.tenant.records import MASKED_PIN, LicenseState
from tests.tenants import (
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

KEN, PILAR, LI = upn("ken"), upn("pilar"), upn("li")
FIRST, LONDON, MADRID, FREE = "14255550100", "442079460100", "34910000100", "18005550100"


# Enable.


def test_enabling_gives_an_id_a_pin_and_the_defaults() -> None:
    """A licensed user gets a 7-digit ID, a PIN, the default bridge and its number."""
    with tenant() as session:
        li = add(session, "li")
        user = enable(LI)
        assert 1_000_000 <= user.conference_id <= 9_999_999
        assert isinstance(user.conference_id, confid.ConferenceId)
        assert len(user.leader_pin) == 5
        assert (user.identity, user.display_name, user.sip_address) == (
            li.identity,
            "Li",
            "sip:li@contoso.com",
        )
        assert (user.bridge_name, user.service_number) == ("Conference Bridge", FIRST)
        assert (user.default_toll_number, user.toll_free_service_number) == (FIRST, None)
        assert (user.allow_toll_free_dial_in, user.allow_pstn_only_meetings) == (True, False)
        assert get(LI) == user
        assert get(LI).leader_pin == MASKED_PIN


def test_enabling_again_changes_nothing() -> None:
    """Whoever is enabled stays as they are: same ID, same PIN, no message."""
    with tenant("ken") as session:
        before = contents(session)
        assert enable(KEN) == get(KEN)
        assert enable([KEN], service_number=FIRST, replace_provider=True)[0] == get(KEN)
        assert contents(session) == before


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"license_state": LicenseState.UNLICENSED}, "no licence"),
        ({"license_state": LicenseState.UNKNOWN}, "unknown"),
        ({"provider": "Acme"}, "replace_provider=True"),
    ],
)
def test_only_the_licensed_of_microsoft_are_enabled(facts: dict[str, Any], says: str) -> None:
    """No licence, an unknown one, or another provider: refused, saying what to do."""
    with tenant() as session:
        add(session, "li", **facts)
        before = contents(session)
        with pytest.raises(LicenseError, match=says) as caught:
            enable(LI)
        assert caught.value.category == "PermissionDenied"
        assert contents(session) == before


def test_a_provider_is_replaced_when_asked_or_when_the_tenant_says() -> None:
    """`replace_provider`, or AutomaticallyReplaceAcpProvider, makes it Microsoft."""
    with tenant() as session:
        for name in ("one", "two"):
            add(session, name, provider="Acme")
        enable(upn("one"), replace_provider=True)
        set_settings(automatically_replace_acp_provider=True)
        enable(upn("two"))
        with session.unit(write=False) as unit:
            assert unit.user(upn("one")).provider == "Microsoft"
            assert unit.user(upn("two")).provider == "Microsoft"


def test_replacing_a_provider_is_no_licence() -> None:
    """`replace_provider` does not make up for a missing licence."""
    with tenant() as session:
        add(session, "li", provider="Acme", license_state=LicenseState.UNLICENSED)
        with pytest.raises(LicenseError, match="MCOMEETADV"):
            enable(LI, replace_provider=True)


def test_a_lost_licence_takes_nothing_away() -> None:
    """Somebody enabled whose licence has gone keeps the ID and can be reset."""
    with tenant("ken") as session:
        with session.unit(write=True) as unit:
            user = unit.user(KEN)
            unit.put_users([attrs.evolve(user, license_state=LicenseState.UNLICENSED)])
        old = get(KEN).conference_id
        assert set_user(KEN, reset_conference_id=True).conference_id != old
        assert confid.check().problems == ()


def test_what_enabling_may_choose() -> None:
    """Numbers, toll-free and PSTN-only are parameters of Enable."""
    with tenant() as session:
        add_bridge(session, "other", LONDON)
        add(session, "li")
        with pytest.raises(InvalidArgumentError, match="Conference Bridge"):
            enable(LI, service_number=LONDON)
        user = enable(
            LI,
            service_number="+1 425-555-0100",
            allow_toll_free_dial_in=False,
            allow_pstn_only_meetings=True,
        )
        assert user.service_number == FIRST
        assert (user.allow_toll_free_dial_in, user.allow_pstn_only_meetings) == (False, True)


def test_pstn_only_by_default_is_for_users_enabled_later() -> None:
    """The tenant's default counts when somebody is enabled, and a parameter overrules it."""
    with tenant("ken") as session:
        set_settings(allow_pstn_only_meetings_by_default=True)
        add(session, "li")
        add(session, "zoe")
        assert enable(LI).allow_pstn_only_meetings is True
        assert enable(upn("zoe"), allow_pstn_only_meetings=False).allow_pstn_only_meetings is False
        assert get(KEN).allow_pstn_only_meetings is False


# Disable, and enable again.


def test_disabling_retires_the_id_for_ever() -> None:
    """No ID afterwards; enabled again the user has a new one, and the old one stays retired."""
    with tenant("ken"):
        old = get(KEN).conference_id
        assert disable(KEN).conference_id is None
        with pytest.raises(NotEnabledError):
            get(KEN)
        whois = confid.whois(old)
        assert whois is not None
        assert not whois.is_current
        new = enable(KEN).conference_id
        assert new != old
        lines_of_ken = confid.ledger.entries(KEN)
        assert [(line.conference_id, line.is_current) for line in lines_of_ken] == [
            (old, False),
            (new, True),
        ]
        assert confid.check().problems == ()


@pytest.mark.parametrize("cmdlet", [disable, set_user, get])
def test_who_is_not_enabled_is_said_to_be_so(cmdlet: Any) -> None:
    """Disable, Set and Get of somebody not enabled: NotEnabledError, a ValueError."""
    with tenant("ken") as session:
        add(session, "li")
        disable(KEN)
        for who in (LI, KEN):
            with pytest.raises(NotEnabledError, match=who):
                cmdlet(who)
        assert confid.check(session).enabled == 0


def test_the_whole_space_is_used_once() -> None:
    """Disabled and enabled until nothing is left, no ID comes twice."""
    with tenant("ken", ids=40):
        seen = [get(KEN).conference_id]
        while confid.ledger.remaining():
            disable(KEN)
            seen.append(enable(KEN).conference_id)
        assert len(set(seen)) == len(seen) == 40


def test_a_removed_user_who_returns_gets_a_new_id() -> None:
    """Removed and imported again is a new person: a new ID, the old one retired and nobody's."""
    row = {"UserPrincipalName": KEN, "ObjectId": "", "Licenses": "MCOMEETADV"}
    with tenant():
        row["ObjectId"] = "6d6af83f-8e3d-4a4f-9f5d-93b2d41bd3b5"
        confid.import_users([row])
        old = enable(KEN).conference_id
        confid.remove_users(KEN)
        with pytest.raises(UserNotFoundError):
            get(KEN)
        confid.import_users([row])
        assert enable(KEN).conference_id != old
        whois = confid.whois(old)
        assert whois is not None
        assert (whois.user_principal_name, whois.is_current) == (None, False)
        assert confid.check().problems == ()


# Reset.


@given(resets=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6))
def test_resets_and_nothing_else_change_id_and_pin(resets: list[tuple[bool, bool]]) -> None:
    """Each switch does its own: a new ID, a new PIN, both in one call, or neither."""
    with tenant("ken") as session:
        for new_id, new_pin in resets:
            before, owned = get(KEN), len(confid.ledger.entries(KEN))
            digest = contents(session)["conferencing"]
            user = set_user(KEN, reset_conference_id=new_id, reset_leader_pin=new_pin)
            assert (user.conference_id != before.conference_id) is new_id
            assert (user.leader_pin != MASKED_PIN) is new_pin
            assert len(confid.ledger.entries(KEN)) == owned + new_id
            assert get(KEN) == user
            if not new_id and not new_pin:
                assert contents(session)["conferencing"] == digest
        assert confid.check().problems == ()


@pytest.mark.parametrize("length", [4, 5, 12])
def test_a_pin_is_as_long_as_the_tenant_says(length: int) -> None:
    """`PinLength` counts for new PINs, and none is one digit or a run."""
    with tenant("ken"):
        set_settings(pin_length=length)
        for _ in range(20):
            pin = set_user(KEN, reset_leader_pin=True, notify=False).leader_pin
            assert len(pin) == length
            assert pin.isdigit()
            steps = {int(b) - int(a) for a, b in pairwise(pin)}
            assert steps not in ({0}, {1}, {-1})


def test_a_pin_stands_in_its_record_and_nowhere_else() -> None:
    """Not in a repr, a view, an export, a document but the outbox's, or the next record."""
    with tenant("ken") as session:
        set_settings(pin_length=12)
        results = set_user([KEN], reset_leader_pin=True)
        (user,) = results
        pin = user.leader_pin
        shown = [
            repr(user), str(user), user._repr_html_(), repr(results), str(results),
            results._repr_html_(), results.to_csv(), results.to_json(), repr(results.to_dicts()),
            repr(results.to_dicts("python")), repr(results.to_pandas().to_dict()),
            repr(outbox(session)), repr(session), repr(get(KEN)), get(KEN).leader_pin,
            *lines(session),
        ]  # fmt: skip
        assert not [text for text in shown if pin in text]
        kept = contents(session)
        assert kept.pop("outbox")
        assert pin not in repr(kept)


# Get.


def test_get_lists_everybody_enabled_by_name() -> None:
    """Without an identity: `Results` of the enabled, by display name, narrowed by filters."""
    with tenant("pilar", "ken") as session:
        add(session, "li")
        other = add_bridge(session, "other", LONDON)
        set_user(PILAR, bridge_name="other")
        disable(enable(add(session, "zoe")))
        assert [user.display_name for user in get()] == ["Ken", "Pilar"]
        assert [user.display_name for user in get(bridge_id=other.identity)] == ["Pilar"]
        assert [user.display_name for user in get(bridge_name="conference bridge")] == ["Ken"]
        assert [user.display_name for user in get(service_number=LONDON)] == ["Pilar"]
        assert [user.display_name for user in get(ldap_filter="(mail=ken*)")] == ["Ken"]
        assert [len(get(result_size=size)) for size in (0, 1, 9)] == [0, 1, 2]
        assert len(get([KEN, PILAR], bridge_name="other")) == 1
        with pytest.raises(InvalidArgumentError):
            get(result_size=-1)
