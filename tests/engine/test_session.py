"""Sessions: which one a call means, and transactions that join calls."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import pydoc
import rlcompleter
from collections.abc import Callable  # noqa: TC003 - pytest
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path  # noqa: TC003 - pytest hands it to tests that say so
from typing import Any

import pytest

import confid
from confid.engine.session import current_session
from confid.errors import (
    InvalidArgumentError,
    NotConnectedError,
    StoreError,
)
from confid.store import MemoryStore
from tests.tables import each_row
from tests.tenants import (
    NOON,
    Clock,
    contents,
    disable,
    get,
    get_settings,
    lines,
    set_settings,
    set_user,
    tenant,
    upn,
)

KEN, PILAR = upn("ken"), upn("pilar")


def test_connect_makes_the_current_session() -> None:
    """After `connect` cmdlets mean the new session without being told."""
    session = confid.connect()
    assert current_session() is session
    assert len(get()) == 0


def test_with_puts_the_previous_session_back() -> None:
    """Leaving a `with` block closes its session and the one before is current again."""
    with tenant("li"), tenant("ken") as outer:
        with tenant("pilar") as inner:
            assert current_session() is inner
        assert inner.closed
        assert current_session() is outer
        assert [user.display_name for user in get()] == ["Ken"]


def test_with_makes_an_older_session_current() -> None:
    """`with session:` means that session inside, also when another was connected since."""
    older = tenant("ken")
    newer = tenant("pilar")
    with older:
        assert current_session() is older
    assert current_session() is newer
    newer.close()
    with pytest.raises(NotConnectedError):
        get()


def test_a_closed_session_cannot_be_entered() -> None:
    """`with` on a closed session is a NotConnectedError."""
    session = confid.connect()
    session.close()
    with pytest.raises(NotConnectedError, match="closed"):
        session.__enter__()


def test_closing_twice_is_fine() -> None:
    """The second close does nothing."""
    session = confid.connect()
    session.close()
    session.close()
    assert session.closed
    assert "closed" in repr(session)


def test_a_closed_session_does_nothing() -> None:
    """Every road to a closed session is a NotConnectedError."""
    with tenant("ken") as session:
        pass
    roads: list[Any] = [
        lambda: get(session=session),
        session.cmdlets.get_cs_online_dial_in_conferencing_user,
        lambda: confid.ledger.remaining(session=session),
        lambda: session.transaction().__enter__(),
    ]
    for road in roads:
        with pytest.raises(NotConnectedError, match="closed"):
            road()


def test_a_call_never_slips_to_another_tenant() -> None:
    """A bare `close()` leaves this context without a session, however many others are open."""
    first, second = confid.connect(), confid.connect()
    second.close()
    with pytest.raises(NotConnectedError, match="closed"):
        get()
    third = confid.connect()
    first.close()
    assert current_session() is third
    third.close()
    with pytest.raises(NotConnectedError, match="closed"):
        get()
    with confid.connect() as fourth:
        assert current_session() is fourth
        fourth.close()
        with pytest.raises(NotConnectedError, match="closed"):
            get()
    with pytest.raises(NotConnectedError, match="closed"):
        get()  # third, the session before the block


def test_the_end_of_a_block_puts_back_though_the_session_was_closed() -> None:
    """The block's end makes the session before it current again, with a `close()` inside too."""
    with tenant("ken"):
        with tenant("pilar") as inner:
            inner.close()
        assert [user.display_name for user in get()] == ["Ken"]


def test_a_copied_context_does_not_outlive_its_session() -> None:
    """A task that began inside a block means that block's session, also when it is over."""
    with tenant("li"):
        with tenant("ken"):
            copied = contextvars.copy_context()
            assert len(copied.run(get)) == 1
        with pytest.raises(NotConnectedError, match="closed"):
            copied.run(get)


def test_no_session_says_how_to_open_one() -> None:
    """Without any session the error names connect and demo."""
    with pytest.raises(NotConnectedError, match=r"confid\.connect.*confid\.demo"):
        get()


def test_another_context_takes_the_only_open_session() -> None:
    """A thread of an empty context means the only session there is."""
    with tenant("ken"), ThreadPoolExecutor(4) as pool:
        assert {user.display_name for user in pool.map(get, [KEN] * 16)} == {"Ken"}


def test_threads_find_their_session_while_others_come_and_go() -> None:
    """Sessions that other threads open and close are no hindrance to finding one's own."""

    def come_and_go(_: int) -> None:
        with tenant("pilar", enabled=False) as mine:
            assert list(get(session=mine)) == []

    with tenant("ken") as session, ThreadPoolExecutor(8) as pool:
        list(pool.map(come_and_go, range(40)))
        assert set(pool.map(lambda _: current_session(), range(20))) == {session}


def test_several_open_sessions_and_none_of_this_context() -> None:
    """Another context does not guess between two sessions."""
    with tenant("ken") as one, tenant("ken"):
        empty = contextvars.Context()
        with pytest.raises(NotConnectedError, match="2 sessions"):
            empty.run(get)
        assert len(empty.run(get, session=one)) == 1


def test_session_takes_only_sessions() -> None:
    """`session=` refuses what `connect` never returned, in words."""
    with pytest.raises(NotConnectedError, match="str"):
        get(session="memory:")


def test_session_cmdlets_are_the_cmdlets_with_the_session_given() -> None:
    """`session.cmdlets.<name>` works on its own session whatever is current."""
    with tenant("ken") as one, tenant("pilar"):
        (user,) = one.cmdlets.get_cs_online_dial_in_conferencing_user()
        assert user.display_name == "Ken"
        assert "get_cs_online_dial_in_conferencing_bridge" in dir(one.cmdlets)
        with pytest.raises(AttributeError):
            _ = one.cmdlets.get_nothing  # type: ignore[attr-defined]  # there is none


def test_a_naive_clock_is_refused() -> None:
    """A clock without a time zone can't open a tenant, and leaves no session behind."""
    with pytest.raises(InvalidArgumentError, match="time zone"):
        confid.connect(clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    with pytest.raises(NotConnectedError):
        current_session()


def test_a_clock_of_any_zone_is_taken_as_utc() -> None:
    """The ledger keeps UTC whatever zone the clock tells."""
    zone = timezone(timedelta(hours=9))
    with tenant("ken", clock=lambda: NOON.astimezone(zone)) as session:
        (line,) = confid.ledger.entries()
        assert line.issued_at == NOON
        assert session.now().tzinfo is UTC


def test_a_clock_moved_back_keeps_the_order() -> None:
    """The order of an owner's IDs is their serial, never the clock."""
    clock = Clock()
    with tenant("ken", clock=clock):
        first = get(KEN).conference_id
        clock.forward(days=-400)
        second = set_user(KEN, reset_conference_id=True).conference_id
        history = confid.ledger.entries(KEN)
        assert [line.conference_id for line in history] == [first, second]
        assert history[0].retired_at == NOON - timedelta(days=400)
        assert confid.check().problems == ()


def test_the_actor_stands_beside_issue_and_retirement() -> None:
    """Who did it is in the ledger: `actor`, else the operating system's user."""
    with tenant("ken", actor="ada"):
        disable(KEN)
        (line,) = confid.ledger.entries(KEN)
        assert (line.issued_by, line.retired_by) == ("ada", "ada")


def test_changes_are_written_down_under_the_name_of_the_block() -> None:
    """Inside `acting_as`, in its jobs and tasks; other threads and the rest keep their own."""
    with tenant("ken", "pilar", actor="ada") as session:
        with session.acting_as("alice"):
            with session.acting_as("bob"):
                set_user(KEN, reset_conference_id=True)
            assert session.actor == "alice"
            set_user(KEN, reset_conference_id=True, as_job=True).wait()
            asyncio.run(in_a_task(lambda: set_user(KEN, reset_conference_id=True)))
            with ThreadPoolExecutor(1) as pool:
                pool.submit(set_user, PILAR, reset_conference_id=True).result()
        disable(KEN)
        names = [line.issued_by for line in confid.ledger.entries(KEN)]
        assert names == ["ada", "bob", "alice", "alice"]
        assert confid.ledger.entries(KEN)[-1].retired_by == "ada"
        assert [line.issued_by for line in confid.ledger.entries(PILAR)] == ["ada", "ada"]
        for wrong in ("", " ", "a\nb", None, 5):
            with (
                pytest.raises(InvalidArgumentError, match="actor"),
                session.acting_as(wrong),  # type: ignore[arg-type]  # that is the point
            ):
                pass


async def in_a_task(work: Callable[[], object]) -> None:
    """Do the work in another thread, as a web framework does."""
    await asyncio.to_thread(work)


def test_a_name_counts_for_its_own_session_only() -> None:
    """Two tenants open at once: the other one's changes keep their name."""
    with tenant("ken", actor="ada") as one, tenant("ken", actor="eve") as two:
        with one.acting_as("alice"):
            set_user(KEN, reset_conference_id=True, session=two)
        assert confid.ledger.entries(KEN, session=two)[-1].issued_by == "eve"


def test_a_session_completes_what_users_may_use() -> None:
    """Its inner verbs are no part of that; each name is there and says what it is for."""
    with tenant("ken") as session:
        names = [name for name in dir(session) if not name.startswith("_")]
        assert {"acting_as", "cmdlets", "preferences", "transaction"} <= set(names)
        assert {"unit", "call", "tenant_on", "attach"}.isdisjoint(names)
        completed = rlcompleter.Completer({"session": session}).attr_matches("session.")
        assert {name.removeprefix("session.").rstrip("()") for name in completed} == set(names)
        assert "tenant_on" not in pydoc.plain(pydoc.render_doc(confid.Session))
        assert all(hasattr(session, name) for name in names)


def test_create_false_creates_nothing(tmp_path: Path) -> None:
    """`create=False` on a place without a tenant is a StoreError and leaves no file."""
    with pytest.raises(StoreError):
        confid.connect(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_tenant_outlives_its_session(tmp_path: Path) -> None:
    """The same file opened again has the same people and IDs."""
    path = tmp_path / "tenant.db"
    with tenant("ken", store=path) as session:
        before = contents(session)
    with confid.connect(path, create=False) as again:
        assert contents(again) == before


def test_preferences_hold_for_their_session() -> None:
    """A session's preferences say what its cmdlets do unasked, and a parameter overrules."""
    with tenant("ken") as session:
        session.preferences.what_if = True
        set_settings(pin_length=9)
        assert get_settings().pin_length == 5
        set_settings(pin_length=9, what_if=False)
        assert get_settings().pin_length == 9
        session.preferences.what_if = False
        session.preferences.warning = "SilentlyContinue"
        set_user(KEN, force=True)
        assert lines(session)[1:] == []
        session.preferences.error_action = "silently_continue"
        assert len(get([upn("nobody"), KEN])) == 1
        session.preferences.verbose = True
        set_user(KEN)
        assert lines(session)[-1].startswith("VERBOSE: ")


def test_a_pin_shows_in_no_repr_of_the_session() -> None:
    """A session's repr names its store and nothing of the tenant."""
    with tenant("ken") as session:
        assert repr(session) == "<confid session on MemoryStore()>"
        assert set_user(KEN, reset_leader_pin=True).leader_pin not in repr(vars(session))


# Making one.


def public_callables() -> list[tuple[str, Any]]:
    """Every function and class that a public package exports, by its dotted name."""
    packages = [confid, *(getattr(confid, name) for name in dir(confid))]
    found = {
        f"{package.__name__}.{name}": getattr(package, name)
        for package in packages
        if inspect.ismodule(package) and package is not confid.testing
        for name in getattr(package, "__all__", ())
        if callable(getattr(package, name))
    }
    return sorted(found.items())


@each_row(("name", "function"), public_callables())
def test_nothing_public_takes_dice(name: str, function: Any) -> None:
    """The dice choose the ID; `demo(seed=)` is a tenant in memory."""
    try:
        parameters = set(inspect.signature(function).parameters)
    except ValueError:  # a builtin's subclass
        return
    chosen = parameters & {"dice", "random", "rng", "randbytes", "seed"}
    assert chosen == ({"seed"} if name == "confid.demo" else set())


@pytest.mark.parametrize("option", ["dice", "space", "no_such_option"])
def test_connect_refuses_dice_like_any_unknown_argument(option: str) -> None:
    """A TypeError, before a tenant is made."""
    connect: Any = confid.connect
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
        connect(**{option: lambda n: b"0" * n})
    with pytest.raises(NotConnectedError):
        current_session()


@pytest.mark.parametrize("named", [{}, {"dice": lambda n: b"0" * n}])
def test_only_connect_makes_a_session(named: dict[str, Any]) -> None:
    """`Session` is a type; called it refuses, whatever it is given."""
    for arguments in ((), (MemoryStore(),)):
        with pytest.raises(NotConnectedError, match="connect"):
            confid.Session(*arguments, **named)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clock": 5},
        {"clock": lambda: 5},
        {"clock": lambda: datetime(2026, 1, 1)},  # noqa: DTZ001 - the point
        {"clock": lambda: datetime.max.replace(tzinfo=UTC)},
        {"clock": lambda: datetime.min.replace(tzinfo=UTC)},
        {"host": 5},
        {"host": "console"},
        {"actor": 5},
        {"actor": "two\nlines"},
        {"actor": "\ud800"},
    ],
)
def test_a_clock_host_or_actor_of_a_wrong_kind_is_refused(wrong: dict[str, Any]) -> None:
    """By `connect`, which makes no tenant then."""
    with pytest.raises(InvalidArgumentError):
        confid.connect(**wrong)
    with pytest.raises(NotConnectedError):
        current_session()
