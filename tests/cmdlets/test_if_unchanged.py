"""`if_unchanged`: a reset counts for the conference ID that somebody saw, so once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid.errors import InvalidArgumentError, InvalidOperationError
from tests.tenants import (
    add,
    contents,
    disable,
    enable,
    get,
    set_user,
    tenant,
    upn,
)
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEN, PILAR = upn("ken"), upn("pilar")


def reset(identity: Any, **options: Any) -> Any:
    """A reset that counts for the record given."""
    return set_user(identity, reset_conference_id=True, if_unchanged=True, **options)


def test_a_second_click_changes_nothing() -> None:
    """The record of before is out of date by then, whichever cmdlet returned it."""
    with tenant("ken") as session:
        seen = get(KEN)
        after = reset(seen)
        assert after.conference_id != seen.conference_id
        before = contents(session)
        with pytest.raises(InvalidOperationError, match="changed meanwhile") as caught:
            reset(seen)
        assert caught.value.error_id == "ConferenceIdChanged"
        assert contents(session) == before
        info: Any = confid.cmdlets.get_cs_online_dial_in_conferencing_user_info(KEN)
        state: Any = confid.cmdlets.get_cs_online_dial_in_conferencing_user_state(KEN)
        assert reset(info).conference_id != after.conference_id
        with pytest.raises(InvalidOperationError):
            reset(state)


def test_only_records_that_carry_an_id_are_taken() -> None:
    """A text says nothing of what was seen, nor does the record of somebody without an ID."""
    with tenant("ken") as session:
        li = add(session, "li")
        directory_user: Any = confid.cmdlets.get_cs_online_user(KEN)
        disabled = enable(upn("li")) and disable(upn("li"))
        before = contents(session)
        for wrong in (KEN, [get(KEN), KEN], li, directory_user, disabled, {"Identity": KEN}):
            with pytest.raises(InvalidArgumentError, match="if_unchanged"):
                reset(wrong)
        with pytest.raises(InvalidArgumentError, match="if_unchanged"):
            set_user(get(KEN), reset_conference_id=True, if_unchanged="yes")
        assert contents(session) == before
        assert reset(iter([])).errors == ()


def test_disabled_and_enabled_again_is_changed() -> None:
    """The ID is another one."""
    with tenant("ken"):
        seen = get(KEN)
        disable(KEN)
        with pytest.raises(confid.NotEnabledError):
            reset(seen)
        enable(KEN)
        with pytest.raises(InvalidOperationError):
            reset(seen)


@settings(max_examples=examples(20))
@given(stale=st.sets(st.sampled_from(["ann", "bob", "ken"])), mixed=st.booleans())
def test_each_whose_id_is_another_fails(stale: set[str], *, mixed: bool) -> None:
    """Under Stop nobody is changed then; under Continue the others are."""
    names = ["ann", "bob", "ken"]
    with tenant(*names) as session:
        seen = list(get([upn(name) for name in names]))
        set_user([upn(name) for name in stale], reset_conference_id=True)
        if mixed:  # an old record and a new one of the same person contradict each other
            seen += list(get([upn(name) for name in stale]))
        before = contents(session)
        if stale:
            with pytest.raises(InvalidOperationError) as caught:
                reset(seen)
            assert 1 + len(caught.value.also) == len(stale)
            assert contents(session) == before
        done = reset(seen, error_action="silently_continue")
        assert {user.display_name for user in done} == {n.title() for n in names if n not in stale}
        assert {error.target for error in done.errors} == {upn(name) for name in stale}
        assert not confid.check().problems


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_of_many_clicks_at_once_one_counts(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The comparison is made under the lock."""
    new_schema: Callable[[], str]
    place: Any = "memory:" if kind == "memory" else tmp_path / "tenant.db"
    if kind == "postgres":
        new_schema = request.getfixturevalue("new_schema")
        place = new_schema()
    with tenant("ken", "pilar", store=place) as session, ThreadPoolExecutor(6) as pool:
        seen = [get(KEN), get(PILAR)]

        def click(number: int) -> bool:
            try:
                reset(seen if number % 2 else seen[::-1], session=session)
            except InvalidOperationError:
                return False
            return True

        assert sum(pool.map(click, range(6))) == 1
        assert len(confid.ledger.entries(KEN)) == 2
