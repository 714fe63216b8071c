"""Transactions that join calls, and calls that run as jobs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.errors import (
    ConferenceIdsExhaustedError,
    InvalidArgumentError,
    UserNotFoundError,
)
from tests.tenants import (
    add,
    contents,
    disable,
    enable,
    get,
    lines,
    outbox,
    set_settings,
    set_user,
    tenant,
    undone,
    upn,
)

if TYPE_CHECKING:
    from pathlib import Path

KEN, PILAR = upn("ken"), upn("pilar")


def test_a_transaction_is_all_or_nothing() -> None:
    """An exception out of the block undoes every cmdlet inside: IDs, mails, settings."""
    with tenant("ken", "pilar") as session:
        before = contents(session)
        with undone(session):
            set_user(KEN, reset_conference_id=True, reset_leader_pin=True)
            disable(PILAR)
            set_settings(pin_length=9)
        assert contents(session) == before


def test_what_left_the_block_reaches_the_caller() -> None:
    """The exception that undid a transaction is not swallowed."""
    with tenant("ken") as session, pytest.raises(UserNotFoundError), session.transaction():
        disable("nobody")


def test_a_transaction_commits_what_all_did() -> None:
    """After the block everything of it is there, and inside each call saw the ones before."""
    with tenant("ken") as session:
        with session.transaction():
            set_settings(pin_length=9)
            user = set_user(KEN, reset_conference_id=True, reset_leader_pin=True)
            assert get(KEN) == user
        assert len(user.leader_pin) == 9
        assert get(KEN).conference_id == user.conference_id
        assert len(outbox(session)) == 1


def test_a_failing_cmdlet_inside_is_undone_alone() -> None:
    """What failed and was caught leaves no ID, no mail and no setting; the others stand."""
    with tenant("ken", "pilar", ids=4) as session:
        add(session, "li")
        add(session, "zoe")
        add(session, "ann")
        with session.transaction():
            enable(upn("li"))
            before = contents(session)
            with pytest.raises(ConferenceIdsExhaustedError):
                enable([upn("zoe"), upn("ann")], error_action="continue")
            assert contents(session) == before
            enable(upn("zoe"))
        assert confid.ledger.remaining() == 0
        assert {entry.facts.display_name for entry in outbox(session)} == {"Li", "Zoe"}
        assert confid.check().problems == ()


def test_a_transaction_in_a_transaction_is_a_savepoint() -> None:
    """The inner block is undone alone, and the outer one undoes the inner."""
    with tenant("ken", "pilar") as session:
        before = contents(session)
        with undone(session):
            disable(KEN)
            middle = contents(session)
            with undone(session):
                disable(PILAR)
            assert contents(session) == middle
            with session.transaction():
                set_user(PILAR, reset_conference_id=True)
        assert contents(session) == before


@pytest.mark.parametrize("copied", [False, True])
def test_other_threads_never_join(copied: bool, tmp_path: Path) -> None:
    """Another thread reads what is committed, also with a copy of this context."""
    with tenant("ken", store=tmp_path / "tenant.db") as session:
        old = get(KEN).conference_id
        seen: list[object] = []
        with session.transaction():
            new = set_user(KEN, reset_conference_id=True).conference_id
            context = contextvars.copy_context() if copied else contextvars.Context()

            def look() -> None:
                seen.extend((context.run(get, KEN).conference_id, session.in_transaction))

            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            assert session.in_transaction
        assert seen == [old, False]
        assert get(KEN).conference_id == new
        assert not session.in_transaction


def test_a_transaction_is_of_one_session() -> None:
    """A call on another session inside the block commits by itself."""
    with tenant("ken") as one, tenant("ken") as two:
        with undone(one):
            gone = set_user(KEN, reset_conference_id=True, session=one)
            kept = set_user(KEN, reset_conference_id=True, session=two)
        assert get(KEN, session=one) != gone
        assert get(KEN, session=two) == kept


def test_as_job_returns_at_once_and_receives_the_result() -> None:
    """`as_job` gives a job with state, wait and receive."""
    with tenant("ken") as session:
        old = get(KEN).conference_id
        job = set_user(KEN, reset_conference_id=True, as_job=True)
        user = job.receive()
        assert job.wait().state == "Completed"
        assert user.conference_id == get(KEN).conference_id != old
        assert "Completed" in repr(job)
        assert lines(session) == []


def test_a_failed_job_raises_where_it_is_received() -> None:
    """A job that failed says so, and `receive` raises what the call raised."""
    with tenant("ken"):
        job = set_user(upn("nobody"), as_job=True).wait(30)
        assert job.state == "Failed"
        with pytest.raises(UserNotFoundError) as caught:
            job.receive()
        expected = "UserNotFound,Set-CsOnlineDialInConferencingUser"
        assert caught.value.fully_qualified_error_id == expected


def test_a_job_is_a_future_of_the_standard_library() -> None:
    """Asyncio wraps and awaits it, `concurrent.futures` waits for it, nobody can cancel it."""

    async def reset_twice() -> tuple[Any, Any]:
        first = set_user(KEN, reset_conference_id=True, as_job=True)
        assert not first.cancel()
        return await asyncio.wrap_future(first), await set_user(KEN, as_job=True)

    with tenant("ken"):
        reset, same = asyncio.run(reset_twice())
        assert reset.conference_id == same.conference_id == get(KEN).conference_id
        jobs = [get(KEN, as_job=True), get(upn("nobody"), as_job=True)]
        done, _ = concurrent.futures.wait(jobs, timeout=30)
        assert done == set(jobs)
        assert [job.state for job in jobs] == ["Completed", "Failed"]
        assert isinstance(jobs[1].exception(), UserNotFoundError)
        told: list[Any] = []
        get(KEN, as_job=True).wait().add_done_callback(told.append)
        assert told[0].result().conference_id == same.conference_id


def test_as_job_is_refused_inside_a_transaction() -> None:
    """A job is another thread, and other threads never join."""
    with tenant("ken") as session:
        before = contents(session)
        with session.transaction(), pytest.raises(InvalidArgumentError, match="as_job"):
            set_user(KEN, reset_conference_id=True, as_job=True)
        assert contents(session) == before
