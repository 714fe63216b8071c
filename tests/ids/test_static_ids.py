"""Dynamic Only: no road leads a caller's choice of a conference ID into a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import cmdlets
from confid.engine.docstrings import python_type
from confid.errors import ParameterBindingError, StaticConferenceIdError
from tests.tenants import (
    add,
    contents,
    disable,
    enable,
    get,
    get_bridge,
    get_settings,
    lines,
    set_settings,
    set_user,
    tenant,
    undone,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo
    from confid.engine.session import Session

KEN = upn("ken")
CHOSEN = confid.ConferenceId(3542699)
get_user_info: Any = cmdlets.get_cs_online_dial_in_conferencing_user_info
get_user_state: Any = cmdlets.get_cs_online_dial_in_conferencing_user_state
NAMES = ["conference_id", "ConferenceId", "CONFERENCEID", "Conference_Id", "passcode", "Passcode"]
CMDLETS = [enable, disable, set_user, get, get_bridge, get_settings, set_settings]
VALUES = [3542699, "3542699", "354 269 9#", "auto", "", 0, -1, None, False, 3.5, [], b"1234567"]
BESIDES: list[dict[str, Any]] = [
    {},
    {"error_action": "continue"},
    {"error_action": "ignore"},
    {"what_if": True},
    {"confirm": True},
    {"reset_conference_id": True},
    {"as_job": True},
    {"no_such_parameter": 1},
    {"reset_leader_pin": "perhaps"},
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """A tenant in which nothing may change."""
    with tenant("ken", "pilar") as session:
        yield session


def refused(session: Session, call: Any, /, *arguments: Any, **named: Any) -> None:
    """The call is refused as static, and the tenant is as it was."""
    before = contents(session)
    with pytest.raises(StaticConferenceIdError, match="Dynamic Only") as caught:
        call(*arguments, **named)
    assert isinstance(caught.value, ValueError)
    assert caught.value.error_id == "StaticConferenceId"
    assert contents(session) == before


@pytest.mark.parametrize("cmdlet", CMDLETS)
@pytest.mark.parametrize("name", NAMES)
def test_no_cmdlet_takes_a_conference_id(shared: Session, cmdlet: Any, name: str) -> None:
    """Under every name and alias, on every cmdlet, with the identity or without."""
    refused(shared, cmdlet, session=shared, **{name: 3542699})
    refused(shared, cmdlet, KEN, session=shared, **{name: 3542699})


@given(
    name=st.sampled_from(NAMES),
    value=st.sampled_from(VALUES) | st.integers() | st.text(),
    besides=st.sampled_from(BESIDES),
    several=st.booleans(),
)
def test_no_value_is_taken_or_ignored(
    shared: Session, name: str, value: object, besides: dict[str, Any], several: bool
) -> None:
    """Whatever the value and whatever else is given, right or wrong: refused."""
    who = [KEN, upn("pilar")] if several else KEN
    refused(shared, set_user, who, session=shared, **{name: value}, **besides)


def test_unset_is_not_given(shared: Session) -> None:
    """`UNSET`, the parameter's default, is the one value that names nothing."""
    assert set_user(KEN, conference_id=confid.UNSET, session=shared).display_name == "Ken"


@pytest.mark.parametrize("value", [3542699, "354 269 9#"])
def test_no_position_takes_a_conference_id(shared: Session, value: object) -> None:
    """A conference ID without a name is refused as such, other values as one too many."""
    refused(shared, set_user, KEN, value, session=shared)
    with pytest.raises(ParameterBindingError) as caught:
        set_user(KEN, "Ken", session=shared)
    assert caught.value.error_id == "PositionalParameterNotFound"


def test_session_cmdlets_take_no_conference_id(shared: Session) -> None:
    """The cmdlets of a session refuse it alike."""
    for name in dir(shared.cmdlets):
        refused(shared, getattr(shared.cmdlets, name), conference_id=3542699)


@pytest.mark.parametrize("name", NAMES)
def test_a_call_by_powershell_names_takes_no_conference_id(shared: Session, name: str) -> None:
    """Not even where the cmdlet declares it, so that `bind` shows what the engine would bind."""
    for info in confid.get_command():
        refused(shared, info.function, **{name: 3542699})
    bound = confid.command.bind(
        "Enable-CsOnlineDialInConferencingUser", {"ConferenceId": "3542699"}
    )
    assert bound.bound == {"ConferenceId": 3542699}


def test_a_transaction_takes_no_conference_id() -> None:
    """Inside a transaction it is refused, and the earlier changes of the transaction can stay."""
    with tenant("ken") as session:
        with session.transaction():
            reset = set_user(KEN, reset_conference_id=True)
            refused(session, set_user, KEN, conference_id=3542699)
        assert get(KEN) == reset
        with undone(session):
            refused(session, enable, KEN, conference_id=int(reset.conference_id))


TAKE_RECORDS = [
    info
    for info in confid.get_command()
    if "identity" in info.declared and "Iterable" in python_type(info, "identity")
]
"""The cmdlets that take a person's record as an identity."""


def test_these_are_the_cmdlets_that_take_records() -> None:
    """All that are about people."""
    assert len(TAKE_RECORDS) >= 10
    assert {"Enable", "Disable", "Set", "Get", "Grant", "Start"} <= {
        info.name.partition("-")[0] for info in TAKE_RECORDS
    }


@pytest.mark.parametrize("info", TAKE_RECORDS, ids=lambda info: info.name)
def test_a_record_with_another_id_is_just_an_identity(info: CommandInfo) -> None:
    """The ID that it holds is taken by no cmdlet: it does what it does for the name.

    A record of every kind, alone or among others, of somebody who is enabled or not.
    """
    with tenant("ken", "pilar", "li") as session:
        records = [
            attrs.evolve(make(KEN), conference_id=CHOSEN)
            for make in (get, get_user_info, get_user_state)
        ]
        for enabled in (True, False):
            if not enabled:
                disable(KEN)
            for many in (False, True):
                named, *given = (
                    _outcome(session, info, [identity, upn("li")] if many else identity)
                    for identity in (KEN, *records)
                )
                assert given == [named] * len(records), (enabled, many)
        assert confid.whois(CHOSEN) is None
        assert confid.check().problems == ()


def _outcome(session: Session, info: CommandInfo, identity: object) -> list[object]:
    """What a cmdlet answers, but for the IDs, and who is enabled afterwards; all undone."""
    answer: list[object] = []
    arguments = {"policy_name": None} if info.name.startswith("Grant") else {}
    with undone(session):
        try:
            found = info.function(identity, **arguments)
        except confid.ConfidError as error:
            answer.append(type(error))
        else:
            for record in found if isinstance(found, confid.Results) else [found]:
                assert getattr(record, "conference_id", None) != CHOSEN
                answer.append(getattr(record, "display_name", type(record)))
        assert confid.whois(CHOSEN) is None
        answer += [user.display_name for user in get()]
    return answer


@pytest.mark.parametrize("value", [False, 0])
@pytest.mark.parametrize(
    "besides", [{}, {"what_if": True}, {"error_action": "ignore"}, {"pin_length": 99}]
)
def test_ids_that_are_not_unique_are_static(
    shared: Session, value: object, besides: dict[str, Any]
) -> None:
    """`use_unique_conference_ids=False` would mean the same, and is refused the same."""
    arguments = {"use_unique_conference_ids": value, "session": shared, **besides}
    refused(shared, set_settings, **arguments)
    instance = attrs.evolve(get_settings(session=shared), use_unique_conference_ids=False)
    refused(shared, set_settings, instance=instance, session=shared, **besides)


def test_unique_ids_may_be_asked_for() -> None:
    """`use_unique_conference_ids=True` is accepted, and said to change nothing."""
    with tenant() as session:
        assert set_settings(use_unique_conference_ids=True).use_unique_conference_ids is True
        (line,) = lines(session)
        assert line.startswith("WARNING: ")
        assert "UseUniqueConferenceIds" in line


def test_the_error_says_what_to_use_instead() -> None:
    """The sentence names the road that there is."""
    with tenant("ken") as session:
        add(session, "li")
        with pytest.raises(StaticConferenceIdError, match="reset_conference_id=True") as caught:
            enable(upn("li"), passcode=3542699)
        expected = "StaticConferenceId,Enable-CsOnlineDialInConferencingUser"
        assert caught.value.fully_qualified_error_id == expected
        assert caught.value.category == "InvalidArgument"
