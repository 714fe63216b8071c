"""WhatIf: one line for each, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.errors import InvalidArgumentError, NotEnabledError
from confid.store.memory import MemoryStore
from tests.faulty import FAULTS, FaultyStore
from tests.tenants import (
    add,
    contents,
    disable,
    enable,
    lines,
    set_settings,
    set_user,
    start_migration,
    tenant,
    upn,
)

KEN, PILAR, LI, NOBODY = upn("ken"), upn("pilar"), upn("li"), upn("nobody")
WHAT_IF = 'What if: Performing the operation "Set-CsOnlineDialInConferencingUser" on target "{}".'


def test_what_if_says_one_line_and_does_nothing() -> None:
    """The exact line for each, and no ID, no mail, no write of any kind."""
    with tenant("ken", "pilar") as session:
        before = contents(session)
        outcome = set_user(
            [KEN, PILAR],
            reset_conference_id=True,
            reset_leader_pin=True,
            send_email=True,
            what_if=True,
        )
        assert (list(outcome), outcome.errors) == ([], ())
        assert lines(session) == [WHAT_IF.format(KEN), WHAT_IF.format(PILAR)]
        assert set_user("Ken", reset_conference_id=True, what_if=True) is None
        assert disable(KEN, WhatIf=True) is None
        assert set_settings(pin_length=9, what_if=True) is None
        assert [line.partition('target "')[2] for line in lines(session)[2:]] == [
            f'{KEN}".',
            f'{KEN}".',
            'Global".',
        ]
        assert contents(session) == before


def test_what_if_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No writing transaction is as much as begun."""
    with tenant("ken") as session:
        asked: list[bool] = []
        real = MemoryStore.transaction

        def watched(self: MemoryStore, *, write: bool) -> Any:
            if self is session.store:
                asked.append(write)
            return real(self, write=write)

        monkeypatch.setattr(MemoryStore, "transaction", watched)
        set_user(KEN, reset_conference_id=True, what_if=True, confirm=True)
        assert asked == [False]
        assert lines(session) == [WHAT_IF.format(KEN)]


def test_what_if_beats_confirm() -> None:
    """With both, nobody is asked."""
    with tenant("ken") as session:
        session.preferences.confirm = "Low"
        assert set_user(KEN, what_if=True, confirm=True) is None
        assert lines(session) == [WHAT_IF.format(KEN)]


def test_what_if_finds_what_is_wrong() -> None:
    """A rehearsal raises what the call would raise."""
    with tenant("ken") as session:
        add(session, "li")
        before = contents(session)
        with pytest.raises(NotEnabledError):
            disable(LI, what_if=True)
        with pytest.raises(InvalidArgumentError):
            set_settings(pin_length=3, what_if=True)
        assert contents(session) == before


@given(
    names=st.lists(st.sampled_from([KEN, PILAR, LI, NOBODY]), max_size=6),
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "reset_conference_id": st.booleans(),
            "reset_leader_pin": st.booleans(),
            "send_email": st.booleans(),
            "allow_toll_free_dial_in": st.booleans(),
            "notify": st.sampled_from([None, True, False]),
        },
    ),
)
def test_what_if_names_exactly_whom_the_call_changes(
    names: list[str], arguments: dict[str, Any]
) -> None:
    """The targets of a rehearsal are those that the call then returns."""
    with tenant("ken", "pilar") as session:
        add(session, "li")
        before = contents(session)
        set_user(names, **arguments, what_if=True, error_action="silently_continue")
        assert contents(session) == before
        changed = set_user(names, **arguments, error_action="silently_continue")
        expected = [WHAT_IF.format(upn(user.display_name.lower())) for user in changed]
        assert [line for line in lines(session) if line.startswith("What if")] == expected
        assert confid.check().problems == ()


@pytest.mark.parametrize("fault", [None, *FAULTS])
@pytest.mark.parametrize(
    "call",
    [
        lambda: set_user([KEN, PILAR], reset_conference_id=True, reset_leader_pin=True),
        lambda: set_user(KEN, reset_conference_id=True),
        lambda: enable(LI),
        lambda: disable(KEN),
        lambda: set_settings(pin_length=9),
        lambda: start_migration(KEN),
    ],
    ids=["reset", "reset_one", "enable", "disable", "settings", "migration"],
)
def test_what_if_needs_nothing_of_the_witness(call: Any, fault: str | None) -> None:
    """It holds what it held, nothing is written to it, and one that is away isn't missed."""
    witness = FaultyStore(MemoryStore())
    with tenant("ken", "pilar", witness=witness) as session:
        add(session, "li")
        before = contents(session)
        with witness.transaction(write=False) as transaction:
            held = list(transaction.entries())
        commits = witness.commits
        witness.fault = fault
        session.preferences.what_if = True
        call()
        witness.fault = None
        assert len(lines(session)) in (1, 2)
        assert contents(session) == before
        assert witness.commits == commits
        with witness.transaction(write=False) as transaction:
            assert list(transaction.entries()) == held


def test_what_if_says_what_a_full_tenant_would_do() -> None:
    """No ID is drawn, so none is missing."""
    with tenant("ken", "pilar", ids=2) as session:
        before = contents(session)
        assert set_user(KEN, reset_conference_id=True, what_if=True) is None
        assert contents(session) == before
