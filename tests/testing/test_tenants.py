"""What tests of scripts get: a tenant for each call, a clock, a mailbox, and the fixtures."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine import session as sessions
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError
from confid.testing import Clock, Mailbox, demo_tenant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from confid import Session

KEN = "ken.myer@contoso.com"


def ken_s_id(session: Session | None = None) -> int:
    """Ken's conference ID in the current session."""
    return int(get_cs_online_dial_in_conferencing_user(KEN, session=session).conference_id or 0)


@demo_tenant(seed=7)
def plain(session: Session, *, reset: bool = False) -> tuple[Session, int]:
    """The session that it got, and an ID in it."""
    if reset:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
    return session, ken_s_id()


def test_each_call_has_a_fresh_tenant() -> None:
    """Opened by the call and closed behind it; a seed gives the same IDs, what one did is gone."""
    assert not sessions._open
    first, before = plain()
    _, changed = plain(reset=True)
    last, after = plain()
    assert before == after != changed
    assert first is not last
    assert first.closed
    assert not sessions._open


def test_it_is_closed_when_the_function_fails() -> None:
    """And the error comes through."""

    @demo_tenant
    def failing() -> None:
        raise LookupError(ken_s_id())

    with pytest.raises(LookupError):
        failing()
    assert not sessions._open


def test_a_session_that_is_given_is_the_caller_s() -> None:
    """Nothing else is opened then."""
    with confid.demo(seed=1) as session:
        given: Any = {"session": session}
        assert plain(**given) == (session, ken_s_id())


def test_a_function_that_takes_no_session_gets_none() -> None:
    """It has the current one; its other parameters are its own."""

    @demo_tenant(seed=7)
    def bare(one: int, *, two: int) -> tuple[int, int, int]:
        return one, two, ken_s_id()

    assert bare(1, two=2) == (1, 2, plain()[1])


def test_coroutines_and_generators_keep_it_to_their_end() -> None:
    """The tenant is there until they return."""

    @demo_tenant(seed=7)
    async def waiting(session: Session) -> int:
        await asyncio.sleep(0)
        return ken_s_id(session)

    @demo_tenant(seed=7)
    def stepping(session: Session) -> Iterator[int]:
        yield ken_s_id(session)
        yield ken_s_id(session)

    @demo_tenant(seed=7)
    async def streaming(session: Session) -> AsyncIterator[int]:
        yield ken_s_id(session)
        await asyncio.sleep(0)
        yield ken_s_id(session)

    async def streamed() -> set[int]:
        return {each async for each in streaming()}

    assert asyncio.run(streamed()) == {plain()[1]}
    assert asyncio.run(waiting()) == plain()[1]
    assert set(stepping()) == {plain()[1]}
    assert not sessions._open


def test_its_signature_has_no_session() -> None:
    """For pytest would look for a fixture."""
    assert list(inspect.signature(plain).parameters) == ["reset"]


@pytest.mark.parametrize("wrong", [5, "x", type("Suite", (), {})])
def test_it_decorates_functions(wrong: Any) -> None:
    """Nothing else."""
    with pytest.raises(InvalidArgumentError):
        demo_tenant(wrong)
    with pytest.raises(InvalidArgumentError):
        demo_tenant(seed="x")  # type: ignore[call-overload]


class TestMethods:
    """A method is a function too."""

    @demo_tenant
    def test_the_tenant_comes_after_self(self, session: Session) -> None:
        """By name, for pytest gives the rest."""
        assert ken_s_id(session) == ken_s_id()

    @pytest.mark.parametrize("number", [1, 2])
    @demo_tenant(seed=7)
    def test_parameters_stay(self, session: Session, number: int, tmp_path: Path) -> None:
        """Those of pytest, and fixtures."""
        assert (number in {1, 2}, tmp_path.exists()) == (True, True)
        assert session is current_session()


SEEN: dict[str, list[int]] = {"above": [], "below": [], "factory": []}


@demo_tenant(seed=7)
@settings(max_examples=5)
@given(number=st.integers())
def test_above_given_each_example_has_its_own(session: Session, number: int) -> None:
    """What one example changes, the next doesn't see."""
    assert isinstance(number, int)
    SEEN["above"].append(ken_s_id())
    set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True, session=session)
    assert len(set(SEEN["above"])) == 1


@settings(max_examples=5)
@given(number=st.integers())
@demo_tenant(seed=7)
def test_below_given_each_example_has_its_own(session: Session, number: int) -> None:
    """The same."""
    assert isinstance(number, int)
    SEEN["below"].append(ken_s_id())
    set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True, session=session)
    assert len(set(SEEN["below"])) == 1


@settings(max_examples=5)
@given(number=st.integers())
def test_the_factory_goes_with_given(confid_demo: Callable[..., Session], number: int) -> None:
    """A fixture of the run, which Hypothesis doesn't refuse."""
    with confid_demo(seed=number):
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        assert len(confid.ledger.entries()) == 6


def test_a_mailbox_has_what_is_owed(confid_session: Session, confid_mailbox: Mailbox) -> None:
    """It delivers when it is looked into."""
    assert not confid_mailbox.messages()
    ken = set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
    (message,) = confid_mailbox.messages(to=KEN)
    assert ken.conference_id.spoken in message.as_string()  # type: ignore[union-attr]
    assert not confid_mailbox.messages(to="pilar.ackerman@contoso.com")
    assert len(confid_mailbox.messages()) == 1
    assert "***" not in repr(confid_mailbox)
    assert not confid_session.closed


def test_the_clock_stands_still_until_it_is_turned(
    confid_clock: Clock, confid_empty_session: Session
) -> None:
    """Both ways, by parts and by a timedelta; the tenant goes by it."""
    now = confid_clock()
    assert confid_empty_session.now() == now
    confid_clock.turn(days=1, hours=2)
    assert confid_empty_session.now() == now + timedelta(days=1, hours=2)
    confid_clock.turn(timedelta(days=-1), hours=-2)
    assert confid_empty_session.now() == now
    confid_clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert confid_empty_session.now().year == 2030
    assert not confid.check().problems


@pytest.mark.parametrize(
    "turn",
    [
        lambda clock: clock.turn(centuries=1),
        lambda clock: clock.turn("1 day"),
        lambda clock: clock.turn(days=10**9),
        lambda clock: clock.set(datetime(2030, 1, 1)),  # noqa: DTZ001 - the point
        lambda clock: clock.set("tomorrow"),
    ],
)
def test_what_is_no_time_is_refused(turn: Callable[[Clock], object]) -> None:
    """And the clock shows what it showed."""
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidArgumentError):
        turn(clock)
    assert clock() == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_tools_need_neither_pytest_nor_hypothesis() -> None:
    """A script may use them; what needs the extra imports it when it is used."""
    code = (
        "import sys; from confid.testing import Clock, Mailbox, demo_tenant\n"
        "sys.exit(bool({'pytest', 'hypothesis'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
