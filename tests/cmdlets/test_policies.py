"""Audio conferencing policies: kept, granted, and what they make of invitations and calls."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import UNSET, meetings
from confid.attendant import PROMPTS, CallState, dial
from confid.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    InvalidOperationError,
    NotFoundError,
    ParameterBindingError,
    UserNotFoundError,
)
from confid.store.base import TENANT
from confid.tenant.documents import GRANT, NUMBERS, SERVICE_NUMBER
from confid.tenant.policies import Family, Grants, GroupGrant, TeamsAudioConferencingPolicy
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    enable,
    get,
    get_bridge,
    get_policy,
    grant_dial_out,
    grant_policy,
    lines,
    new_policy,
    outbox,
    person,
    remove_policy,
    set_policy,
    set_user,
    tenant,
    undone,
    upn,
)

if TYPE_CHECKING:
    from pathlib import Path

    from confid.engine.session import Session

KEN, PILAR, LI, NOBODY = upn("ken"), upn("pilar"), upn("li"), upn("nobody")
TOLL, LONDON, FREE, PARIS = "14255550100", "442079460100", "18005550100", "33199001234"
TOMORROW = NOON + timedelta(days=1)
GLOBAL = TeamsAudioConferencingPolicy()
EU = TeamsAudioConferencingPolicy(
    identity="Tag:EU",
    meeting_invite_phone_numbers=(PARIS, LONDON),
    allow_toll_free_dialin=False,
)


def with_numbers(*names: str, **options: Any) -> Session:
    """A tenant with a second bridge in Europe, which has a toll-free number too."""
    session = tenant(*names, clock=Clock(), **options)
    add_bridge(session, "Europe", LONDON, PARIS, FREE)
    return session


def evolved(policy: Any, **changes: Any) -> Any:
    """A policy with anything in it, as a caller without a type checker can make."""
    return attrs.evolve(policy, **changes)


def new_eu() -> Any:
    """The policy `EU`, kept."""
    return new_policy(
        "EU", meeting_invite_phone_numbers=[PARIS, LONDON], allow_toll_free_dialin=False
    )


def counts(session: Session, name: str) -> str:
    """The identity of the policy that counts for somebody."""
    with session.unit(write=False) as unit:
        user = unit.user(upn(name))
        return unit.policies.audio_of([user])[user.owner].identity


def shown(who: str = KEN) -> list[str]:
    """The numbers that a meeting scheduled now shows, as digits."""
    meeting = meetings.schedule(who, subject="x", start=TOMORROW)
    rows = [line for line in meeting.dial_in.splitlines() if line.startswith("+")]
    return ["".join(filter(str.isdigit, row.partition(",")[0])) for row in rows]


# What policies are.


def test_a_new_tenant_has_the_global_policy() -> None:
    """No numbers of its own, toll-free allowed; the properties in order."""
    with tenant():
        assert list(get_policy()) == [GLOBAL]
        assert get_policy("global") == get_policy("Tag:Global") == GLOBAL
        assert list(GLOBAL.__powershell__().items()) == [
            ("Identity", "Global"),
            ("MeetingInvitePhoneNumbers", ()),
            ("AllowTollFreeDialin", True),
        ]


def test_a_policy_is_made_changed_and_removed() -> None:
    """Each call returns the policy as it is now; what isn't named stays; Remove returns nothing."""
    with with_numbers():
        assert new_eu() == get_policy("EU") == EU
        assert set_policy("tag:eu", allow_toll_free_dialin=True) == evolved(
            EU, allow_toll_free_dialin=True
        )
        changed = set_policy("EU", MeetingInvitePhoneNumbers="+44 20 7946 0100")
        assert changed.meeting_invite_phone_numbers == (LONDON,)
        assert changed.allow_toll_free_dialin
        assert get_policy("EU") == changed
        assert remove_policy("EU") is None
        assert list(get_policy()) == [GLOBAL]


@pytest.mark.parametrize("empty", [None, [], ()])
def test_the_numbers_are_cleared(empty: Any) -> None:
    """None or an empty list; without the parameter they stay."""
    with with_numbers():
        new_eu()
        assert set_policy("EU", meeting_invite_phone_numbers=UNSET) == EU
        cleared = set_policy("EU", meeting_invite_phone_numbers=empty)
        assert cleared == get_policy("EU")
        assert cleared.meeting_invite_phone_numbers == ()


def test_numbers_are_taken_in_any_usual_form_each_once_in_their_rank() -> None:
    """E.164, tel:, separators, records of service numbers, any iterable; the first rank counts."""
    with with_numbers():
        (number,) = get_bridge(name="Conference Bridge").service_numbers
        given = iter([f"tel:+{PARIS}", number, "+44 (20) 7946-0100", PARIS, TOLL])
        policy = new_policy("x", meeting_invite_phone_numbers=given)
        assert policy.meeting_invite_phone_numbers == (PARIS, TOLL, LONDON)
        alone = new_policy("y", meeting_invite_phone_numbers=number)
        assert alone.meeting_invite_phone_numbers == (TOLL,)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ("+14255550199", "+14255550199"),
        ([LONDON, "14255550198", "14255550199"], "+14255550198, +14255550199"),
        ("London", "no telephone number"),
        ("", "no telephone number"),
        ([None], "NoneType"),
        (14255550100, "int"),
        ([14255550100], "int"),
        ({"Add": LONDON}, "dict"),
        (b"14255550100", "bytes"),
        ([[LONDON]], "list"),
    ],
)
def test_what_is_no_number_of_a_bridge_is_refused(numbers: Any, says: str) -> None:
    """The error names it, and nothing is kept."""
    with with_numbers() as session:
        before = contents(session)
        for change in (lambda **kw: new_policy("x", **kw), set_policy):
            with pytest.raises(InvalidArgumentError) as caught:
                change(meeting_invite_phone_numbers=numbers)
            assert says in caught.value.message
            assert "MeetingInvitePhoneNumbers" in caught.value.message
        assert contents(session) == before


@pytest.mark.parametrize("name", ["x" * 64, "Tag:" + "x" * 64, "é 会议", "EU: all", "*", "1"])
def test_a_name_has_up_to_64_characters(name: str) -> None:
    """`Tag:` doesn't count; it is taken with and without, in any casing."""
    bare = name.removeprefix("Tag:")
    with tenant():
        assert new_policy(f" {name} ").identity == f"Tag:{bare}"
        for spelled in (bare, f"Tag:{bare}", f"TAG: {bare.upper()}"):
            assert get_policy(spelled).identity == f"Tag:{bare}"


@pytest.mark.parametrize("name", ["", " ", "Tag:", "x" * 65, "a\nb", "a\0b", "\ud800", [], ["EU"]])
def test_what_is_no_name_is_refused(name: Any) -> None:
    """Empty, too long, not one line, or no text at all; by every cmdlet."""
    with tenant("ken") as session:
        before = contents(session)
        for call in (new_policy, get_policy, set_policy, remove_policy):
            with pytest.raises((InvalidArgumentError, ParameterBindingError), match="Identity"):
                call(name)
        with pytest.raises((InvalidArgumentError, ParameterBindingError), match="PolicyName"):
            grant_policy(KEN, policy_name=name)
        assert contents(session) == before


def test_a_name_is_taken_once() -> None:
    """In any casing, with or without the tag, and Global from the start."""
    with with_numbers() as session:
        new_eu()
        before = contents(session)
        for name in ("EU", "eu", "Tag:Eu", "Global", "TAG:GLOBAL"):
            with pytest.raises(AlreadyExistsError) as caught:
                new_policy(name)
            assert caught.value.category == "ResourceExists"
        assert contents(session) == before


def test_a_policy_that_is_not_there_is_named_with_those_that_are() -> None:
    """By Get, Set, Remove and Grant."""
    with with_numbers("ken"):
        new_eu()
        calls: list[tuple[Any, tuple[str, ...], dict[str, Any]]] = [
            (get_policy, ("US",), {}),
            (set_policy, ("US",), {"allow_toll_free_dialin": False}),
            (remove_policy, ("US",), {}),
            (grant_policy, (KEN,), {"policy_name": "US"}),
        ]
        for call, args, named in calls:
            with pytest.raises(NotFoundError, match="'US'; there are Global, Tag:EU") as caught:
                call(*args, **named)
            assert caught.value.error_id == "PolicyNotFound"


def test_get_lists_global_first_and_filters_by_wildcard() -> None:
    """By name, whatever the order they were made in; the wildcard is over shown identities."""
    with with_numbers():
        for name in ("us", "EU", "apac"):
            new_policy(name)
        assert [p.identity for p in get_policy()] == ["Global", "Tag:apac", "Tag:EU", "Tag:us"]
        assert [p.identity for p in get_policy(filter="tag:?U")] == ["Tag:EU"]
        assert [p.identity for p in get_policy(filter="*a*l*")] == ["Global"]
        assert list(get_policy(filter="EU")) == []
        with pytest.raises(ParameterBindingError) as caught:
            get_policy("EU", filter="*")
        assert caught.value.error_id == "AmbiguousParameterSet"


def test_in_memory_keeps_nothing_until_set_does() -> None:
    """New returns the policy; Set with it as the instance keeps it."""
    with with_numbers() as session:
        before = contents(session)
        policy = new_policy("EU", meeting_invite_phone_numbers=[PARIS], in_memory=True)
        assert policy == evolved(
            EU, meeting_invite_phone_numbers=(PARIS,), allow_toll_free_dialin=True
        )
        assert contents(session) == before
        set_policy(instance=evolved(policy, allow_toll_free_dialin=False))
        assert get_policy("EU") == evolved(policy, allow_toll_free_dialin=False)


def test_an_instance_is_a_whole_policy() -> None:
    """It names the policy itself, parameters beside it overrule it, its casing is that on file."""
    with with_numbers():
        new_eu()
        assert set_policy(instance=evolved(EU, identity="eu")) == EU
        assert set_policy(instance=EU, allow_toll_free_dialin=True).allow_toll_free_dialin
        numbers = set_policy(instance=EU, meeting_invite_phone_numbers=LONDON)
        assert numbers.meeting_invite_phone_numbers == (LONDON,)
        assert get_policy("EU") == numbers
        changed = evolved(GLOBAL, meeting_invite_phone_numbers=["+" + LONDON])
        assert set_policy(instance=changed).meeting_invite_phone_numbers == (LONDON,)


@pytest.mark.parametrize(
    "instance",
    [
        {"Identity": "EU"},
        "EU",
        evolved(EU, identity="x" * 65),
        evolved(EU, identity=5),
        evolved(EU, meeting_invite_phone_numbers=("14255550199",)),
        evolved(EU, meeting_invite_phone_numbers=5),
        evolved(EU, allow_toll_free_dialin="no"),
    ],
)
def test_an_instance_is_checked_like_parameters(instance: Any) -> None:
    """Another thing, a bad name, number or switch is refused, and nothing is kept."""
    with with_numbers() as session:
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            set_policy(instance=instance)
        with pytest.raises(ParameterBindingError):
            set_policy("EU", instance=EU)
        assert contents(session) == before


def test_a_record_names_its_policy() -> None:
    """What Get returns is an identity of every cmdlet, and a policy name of Grant."""
    with with_numbers("ken") as session:
        policy = new_eu()
        assert get_policy(policy) == policy
        assert set_policy(policy, allow_toll_free_dialin=True).allow_toll_free_dialin
        grant_policy(KEN, policy_name=policy)
        assert counts(session, "ken") == "Tag:EU"
        grant_policy(KEN, policy_name=None)
        remove_policy(policy)
        with pytest.raises(InvalidArgumentError, match="PolicyName"):
            grant_policy(KEN, policy_name=get(KEN))


# Grants.


def test_global_can_be_changed_and_not_removed() -> None:
    """Set without an identity is about Global; Remove refuses it and says what to do instead."""
    with with_numbers() as session:
        changed = set_policy(allow_toll_free_dialin=False, meeting_invite_phone_numbers=LONDON)
        assert changed == get_policy("Global")
        assert changed.identity == "Global"
        before = contents(session)
        for name in ("Global", "tag:global"):
            with pytest.raises(InvalidOperationError, match="Set-CsTeams") as caught:
                remove_policy(name)
            assert caught.value.error_id == "GlobalPolicyStays"
        assert contents(session) == before


def test_one_in_use_is_not_removed() -> None:
    """Granted to users, a group or the tenant: the error names them. Taken back, it goes."""
    with with_numbers(*"abcde", "ken") as session:
        new_eu()
        everybody = [upn(name) for name in "abcde"]
        grant_policy(everybody, policy_name="EU")
        grant_policy(group="Sales", policy_name="eu")
        grant_policy(global_=True, policy_name="EU")
        with pytest.raises(InvalidOperationError) as caught:
            remove_policy("EU")
        assert caught.value.error_id == "PolicyInUse"
        for text in ("the tenant", "the group 'Sales'", "@contoso.com", "2 more"):
            assert text in caught.value.message
        takings: list[dict[str, Any]] = [
            {"identity": everybody},
            {"group": "SALES"},
            {"global_": True},
        ]
        for taking in takings:
            with pytest.raises(InvalidOperationError):
                remove_policy("EU")
            grant_policy(policy_name=None, **taking)
        remove_policy("EU")
        assert confid.check().problems == ()
        assert contents(session)["grant"] == {}


def test_a_persons_own_policy_counts_then_the_groups_then_the_tenants() -> None:
    """Then Global; what is taken back uncovers the next."""
    with tenant() as session:
        add(session, "ken", groups=("Sales", "Berlin"))
        for name in ("own", "sales", "berlin", "all"):
            new_policy(name)
        assert counts(session, "ken") == "Global"
        grant_policy(global_=True, policy_name="all")
        assert counts(session, "ken") == "Tag:all"
        grant_policy(group="sales", policy_name="sales", rank=2)
        assert counts(session, "ken") == "Tag:sales"
        grant_policy(group="BERLIN", policy_name="berlin", rank=1)
        assert counts(session, "ken") == "Tag:berlin"
        grant_policy(KEN, policy_name="own")
        assert counts(session, "ken") == "Tag:own"
        for taken, left in (
            ({"identity": KEN}, "Tag:berlin"),
            ({"group": "Berlin"}, "Tag:sales"),
            ({"group": "Sales"}, "Tag:all"),
            ({"global_": True}, "Global"),
            ({"global_": True}, "Global"),
            ({"identity": KEN}, "Global"),
            ({"group": "Sales"}, "Global"),
        ):
            grant_policy(policy_name=None, **taken)
            assert counts(session, "ken") == left


def test_granting_global_to_the_tenant_takes_its_policy_back() -> None:
    """Nobody else can be granted Global: the error says that None is meant."""
    with tenant("ken") as session:
        new_policy("all")
        grant_policy(global_=True, policy_name="all")
        grant_policy(global_=True, policy_name="Global")
        assert counts(session, "ken") == "Global"
        before = contents(session)
        for whom in ({"identity": KEN}, {"group": "Sales"}):
            with pytest.raises(InvalidArgumentError, match="policy_name=None"):
                grant_policy(policy_name="Global", **whom)
        assert contents(session) == before


def groups(session: Session) -> dict[str, int]:
    """The groups with a policy, and their ranks."""
    with session.unit(write=False) as unit:
        granted = unit.setup.grants[Family.AUDIO_CONFERENCING].groups
        return {grant.group: grant.rank for grant in granted}


def test_who_holds_a_rank_moves_down() -> None:
    """Without a rank a group comes last, or stays where it is; gaps stay gaps."""
    with tenant() as session:
        new_policy("x")
        for group, rank in (("a", None), ("b", None), ("c", 7), ("d", 1), ("e", None)):
            grant_policy(group=group, policy_name="x", rank=rank)
        assert groups(session) == {"d": 1, "a": 2, "b": 3, "c": 7, "e": 8}
        grant_policy(group="B", policy_name="x")
        grant_policy(group="e", policy_name="x", rank=2)
        assert groups(session) == {"d": 1, "e": 2, "a": 3, "B": 4, "c": 7}


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.booleans(), st.none() | st.integers(1, 5)),
        max_size=12,
    )
)
def test_ranks_are_never_shared(steps: list[tuple[str, bool, int | None]]) -> None:
    """However grants come: one a group, no rank twice, in order, and a rank given is had."""
    grants = Grants()
    for group, gives, rank in steps:
        before = [g.group for g in grants.groups if g.group != group]
        grants = grants.with_group(group, "x" if gives else None, rank)
        ranks = [g.rank for g in grants.groups]
        assert ranks == sorted(set(ranks))
        assert [g.group for g in grants.groups if g.group != group] == before
        if gives and rank is not None:
            assert GroupGrant(group=group, policy="x", rank=rank) in grants.groups
        assert (group in {g.group for g in grants.groups}) is gives


@pytest.mark.parametrize(
    ("given", "error_id"),
    [
        ({"identity": KEN}, "MissingMandatoryParameter"),
        ({"policy_name": "x"}, "MissingMandatoryParameter"),
        ({"policy_name": "x", "global_": False}, "MissingMandatoryParameter"),
        ({}, "MissingMandatoryParameter"),
        ({"policy_name": "x", "rank": 1}, "MissingMandatoryParameter"),
        ({"policy_name": "x", "identity": KEN, "global_": True}, "AmbiguousParameterSet"),
        ({"policy_name": "x", "identity": KEN, "group": "a"}, "AmbiguousParameterSet"),
        ({"policy_name": "x", "global_": True, "rank": 1}, "AmbiguousParameterSet"),
        (
            {"policy_name": "x", "group": "a", "rank": "high"},
            "ParameterArgumentTransformationError",
        ),
    ],
)
def test_a_grant_says_what_to_whom(given: dict[str, Any], error_id: str) -> None:
    """A call that leaves it open, or says it twice, changes nothing."""
    with tenant("ken") as session:
        new_policy("x")
        before = contents(session)
        with pytest.raises(ParameterBindingError) as caught:
            grant_policy(**given)
        assert caught.value.error_id == error_id
        assert contents(session) == before


@pytest.mark.parametrize(
    "given",
    [
        {"group": "a", "rank": 0},
        {"group": "a", "rank": -1},
        {"group": "a", "rank": 1, "policy_name": None},
        {"group": " "},
        {"group": "a\nb"},
        {"group": "a\0b"},
    ],
)
def test_a_bad_group_or_rank_is_refused(given: dict[str, Any]) -> None:
    """No rank below 1, none without a policy, no group without a name of one line."""
    with tenant() as session:
        new_policy("x")
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            grant_policy(**{"policy_name": "x", **given})
        assert contents(session) == before


def test_pass_thru_returns_the_user() -> None:
    """One for one, `Results` for an iterable, nothing without it; not for a group or the tenant."""
    with tenant("ken") as session:
        li = add(session, "li")
        new_policy("x")
        assert grant_policy(KEN, policy_name="x") is None
        assert grant_policy(li, policy_name="x", pass_thru=True).identity == li.identity
        both = grant_policy(["Ken", LI, KEN], policy_name="x", pass_thru=True)
        assert [user.user_principal_name for user in both] == [KEN, LI]
        assert grant_policy(group="a", policy_name="x", pass_thru=True) is None
        assert grant_policy(global_=True, policy_name="x", pass_thru=True) is None


def test_many_are_granted_at_once_or_none() -> None:
    """Under Stop an unknown one stops all; under continue the others have it, and it is noted."""
    with tenant("ken", "pilar") as session:
        new_policy("x")
        before = contents(session)
        with pytest.raises(UserNotFoundError):
            grant_policy([KEN, NOBODY, PILAR], policy_name="x")
        assert contents(session) == before
        errors: list[Any] = []
        grant_policy(
            [KEN, NOBODY, PILAR], policy_name="x", error_action="continue", error_variable=errors
        )
        assert [type(error) for error in errors] == [UserNotFoundError]
        assert {counts(session, name) for name in ("ken", "pilar")} == {"Tag:x"}


def test_a_grant_to_thousands_is_one_call() -> None:
    """More than are written at once; taken back, nothing is left of it."""
    with tenant() as session:
        with session.unit(write=True) as unit:
            users = [person(unit, f"u{number}") for number in range(2100)]
            unit.put_users(users)
        new_policy("x")
        grant_policy(iter(users), policy_name="x")
        assert len(contents(session)["grant"]) == 2100
        assert counts(session, "u2099") == "Tag:x"
        grant_policy(users, policy_name=None)
        assert contents(session)["grant"] == {}


def test_what_if_says_what_would_be_done_and_does_nothing() -> None:
    """One line each, with the policy, the user, the group or Global as the target."""
    with with_numbers("ken") as session:
        new_eu()
        before = contents(session)
        assert new_policy("US", what_if=True) is None
        assert set_policy("eu", allow_toll_free_dialin=True, what_if=True) is None
        assert remove_policy("eu", what_if=True) is None
        assert grant_policy(KEN, policy_name="EU", what_if=True, pass_thru=True) is None
        assert grant_policy(group="Sales", policy_name="EU", what_if=True) is None
        assert grant_policy(global_=True, policy_name="EU", what_if=True) is None
        targets = [line.partition('target "')[2] for line in lines(session)]
        assert targets == [
            f'{target}".' for target in ("Tag:US", "Tag:EU", "Tag:EU", KEN, "Sales", "Global")
        ]
        assert contents(session) == before


def test_what_is_only_accepted_is_said_so() -> None:
    """Force, LocalStore and the vendor's own switch are taken, with a warning each."""
    with tenant() as session:
        new_policy("x", force=True)
        get_policy(local_store=True)
        grant_policy(group="a", policy_name="x", msft_internal_processing_mode="y")
        warned = [line for line in lines(session) if "no effect" in line]
        assert [line.split(": ")[2].split()[0] for line in warned] == [
            "Force",
            "LocalStore",
            "MsftInternalProcessingMode",
        ]


# What they make of invitations, messages and calls.


def test_an_invitation_shows_the_policys_numbers_in_their_rank() -> None:
    """Instead of the organizer's own; in the order of the policy, whatever bridge they are on."""
    with with_numbers("ken") as session:
        assert shown() == [TOLL]
        new_policy("EU", meeting_invite_phone_numbers=[PARIS, FREE, TOLL, LONDON])
        grant_policy(KEN, policy_name="EU")
        assert shown() == [PARIS, FREE, TOLL, LONDON]
        set_user(KEN, send_email=True)
        assert [n.number for n in outbox(session)[-1].facts.numbers] == [
            PARIS,
            FREE,
            TOLL,
            LONDON,
        ]
        grant_policy(KEN, policy_name=None)
        assert shown() == [TOLL]


def test_global_decides_for_everybody_else() -> None:
    """Its numbers show for who has no other policy; a policy without numbers shows one's own."""
    with with_numbers("ken", "pilar"):
        set_policy(meeting_invite_phone_numbers=[LONDON])
        new_policy("plain")
        grant_policy(PILAR, policy_name="plain")
        assert (shown(KEN), shown(PILAR)) == ([LONDON], [TOLL])


@pytest.mark.parametrize("off", ["policy", "user"])
def test_toll_free_off_takes_toll_free_numbers_out(off: str) -> None:
    """By the policy or by the user's own setting; where none is left, one's own shows."""
    with with_numbers("ken"):
        set_user(KEN, bridge_name="Europe")
        assert shown() == [LONDON, FREE]
        if off == "policy":
            set_policy(allow_toll_free_dialin=False)
        else:
            set_user(KEN, allow_toll_free_dial_in=False)
        assert shown() == [LONDON]
        set_policy(meeting_invite_phone_numbers=[FREE, PARIS])
        assert shown() == [PARIS]
        set_policy(meeting_invite_phone_numbers=[FREE])
        assert shown() == [LONDON]


def test_a_number_that_left_its_bridge_is_not_shown() -> None:
    """Nor does it keep the policy from being changed by its record."""
    with with_numbers("ken") as session:
        policy = set_policy(meeting_invite_phone_numbers=[PARIS, LONDON])
        with session.unit(write=True) as unit:
            gone = evolved(unit.setup.numbers[PARIS], bridge_id=None)
            unit._setup.put(SERVICE_NUMBER, {PARIS: NUMBERS.body(gone)})
        assert shown() == [LONDON]
        set_policy(instance=evolved(policy, allow_toll_free_dialin=False))
        assert shown() == [LONDON]
        with pytest.raises(InvalidArgumentError, match=PARIS):
            set_policy(meeting_invite_phone_numbers=[PARIS])


def test_only_new_and_rescheduled_meetings_see_a_change() -> None:
    """The one that was sent stays as it is until it is rescheduled."""
    with with_numbers("ken"):
        meeting = meetings.schedule(KEN, subject="x", start=TOMORROW)
        set_policy(meeting_invite_phone_numbers=[LONDON])
        (kept,) = meetings.scheduled()
        assert kept == meeting
        assert "+44 20 7946 0100" not in kept.invitation
        assert "+44 20 7946 0100" in meetings.reschedule(kept).invitation


@pytest.mark.parametrize(
    ("by_policy", "by_user", "let_in"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_policy_and_user_must_both_let_a_toll_free_call_in(
    by_policy: bool, by_user: bool, let_in: bool
) -> None:
    """A toll call comes in all the same."""
    with with_numbers("ken"):
        new_policy("x", allow_toll_free_dialin=by_policy)
        grant_policy(KEN, policy_name="x")
        spoken = set_user(KEN, allow_toll_free_dial_in=by_user).conference_id.spoken
        call = dial(FREE)
        state = call.enter_conference_id(spoken)
        assert (state is CallState.ASKING_ORGANIZER) is let_in
        assert (call.prompts[-1] == PROMPTS["toll_free_off"]) is not let_in
        assert dial(TOLL).enter_conference_id(spoken) is CallState.ASKING_ORGANIZER


def test_a_groups_policy_counts_for_calls_and_messages_of_its_members() -> None:
    """Of a bulk call each gets the message of their own policy."""
    with with_numbers() as session:
        add(session, "ken", groups=("Sales",))
        add(session, "pilar")
        new_eu()
        grant_policy(group="sales", policy_name="EU")
        enable([KEN, PILAR])
        told = {entry.to: [n.number for n in entry.facts.numbers] for entry in outbox(session)}
        assert told == {KEN: [PARIS, LONDON], PILAR: [TOLL]}
        assert dial(FREE).enter_conference_id(get(KEN).conference_id.spoken) is CallState.ENDED


# Where grants live.


def test_an_import_leaves_a_grant_and_a_removal_erases_it() -> None:
    """It belongs to the person, not to what the directory says of them."""
    with tenant("ken") as session:
        new_policy("x")
        grant_policy(KEN, policy_name="x")
        grant_dial_out(KEN, policy_name="DialoutCPCandPSTNDisabled")
        confid.import_users([{"UserPrincipalName": KEN, "DisplayName": "K.", "Groups": "a"}])
        assert counts(session, "ken") == "Tag:x"
        confid.remove_users(KEN)
        assert contents(session)["grant"] == {}
        remove_policy("x")
        add(session, "ken")
        assert counts(session, "ken") == "Global"


def test_a_grant_survives_a_new_session(tmp_path: Path) -> None:
    """Policies and grants are read back from a file as they were written."""
    path = tmp_path / "tenant.db"
    with with_numbers("ken", store=path):
        new_eu()
        grant_policy(KEN, policy_name="EU")
        grant_policy(group="Sales", policy_name="EU", rank=3)
    with tenant(store=path) as session:
        assert get_policy("EU") == EU
        assert counts(session, "ken") == "Tag:EU"
        assert groups(session) == {"Sales": 3}
        assert confid.check().problems == ()


def test_a_call_that_is_undone_leaves_no_policy() -> None:
    """A rolled-back transaction takes back policies and grants; the next call sees none of them."""
    with with_numbers("ken") as session:
        before = contents(session)
        with undone(session):
            new_eu()
            grant_policy(KEN, policy_name="EU")
            assert counts(session, "ken") == "Tag:EU"
        assert contents(session) == before
        assert list(get_policy()) == [GLOBAL]
        assert shown() == [TOLL]


def test_two_sessions_see_each_others_policies(tmp_path: Path) -> None:
    """A change by one is what the other reads next."""
    path = tmp_path / "tenant.db"
    with with_numbers("ken", store=path) as one, tenant(store=path) as other:
        assert list(get_policy(session=other)) == [GLOBAL]
        new_policy("x", session=one)
        assert get_policy("x", session=other).identity == "Tag:x"
        grant_policy(KEN, policy_name="x", session=other)
        assert counts(one, "ken") == "Tag:x"
        with pytest.raises(InvalidOperationError):
            remove_policy("x", session=one)


def test_a_policy_is_granted_or_removed_never_both(tmp_path: Path) -> None:
    """Of a grant and a removal at once one fails, and the tenant stays sound."""
    with with_numbers("ken", store=tmp_path / "tenant.db") as session:
        for turn in range(10):
            new_policy(f"x{turn}")
            failed: list[Exception] = []

            def attempt(call: Any, *args: Any, failed: list[Exception] = failed, **kw: Any) -> None:
                try:
                    call(*args, session=session, **kw)
                except (NotFoundError, InvalidOperationError) as error:
                    failed.append(error)

            name = f"x{turn}"
            threads = [
                threading.Thread(target=attempt, args=(remove_policy, name)),
                threading.Thread(
                    target=attempt, args=(grant_policy, KEN), kwargs={"policy_name": name}
                ),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(failed) == 1
            assert confid.check().problems == ()


@pytest.mark.parametrize(
    ("says", "kind", "key", "body"),
    [
        ("without a user", GRANT, "x", {"audio_conferencing": None, "dial_out": None}),
        ("which is not there", GRANT, None, {"audio_conferencing": "y", "dial_out": None}),
        ("which is not there", GRANT, None, {"audio_conferencing": None, "dial_out": "y"}),
        ("index differs", GRANT, None, {"audio_conferencing": "EU", "dial_out": None}),
        ("can't be read", GRANT, None, {}),
        ("which is not there", TENANT, "grants:audio_conferencing", {"tenant": "y"}),
    ],
)
def test_damage_to_grants_is_reported(says: str, kind: Any, key: Any, body: Any) -> None:
    """A grant to nobody, or of a policy that isn't there, is a problem that an audit names."""
    with with_numbers("ken") as session:
        new_eu()
        with session.unit(write=True) as unit:
            index = {"index": {"audio_conferencing": None, "dial_out": None}}
            unit.transaction.put(
                kind.name,
                {key or unit.user(KEN).owner: {**body, **(index if kind is GRANT else {})}},
            )
        assert [p for p in confid.check().problems if says in p]
