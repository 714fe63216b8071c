"""The pytest plugin: tenants to try a script on, a clock that can be turned, and a mailbox.

pytest loads this module in every run of an environment that has confid, so
it imports confid when a test asks for the fixture, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session
    from confid.testing.tenants import Clock, Mailbox


# So that a failing assertion of the contract shows its values.
pytest.register_assert_rewrite(
    "confid.testing.contract", "confid.testing.lockstep", "confid.testing.model"
)


@pytest.fixture
def confid_clock() -> Clock:
    """The clock of this test's tenants: it stands still until it is turned."""
    from confid.testing.tenants import Clock  # noqa: PLC0415 - imported when it is asked for

    return Clock()


@pytest.fixture
def confid_session(confid_clock: Clock) -> Iterator[Session]:
    """A new tenant in memory for this test, the current session: `confid.demo()`'s six people."""
    from confid.start import demo  # noqa: PLC0415 - imported when it is asked for

    with demo(clock=confid_clock) as session:
        yield session


@pytest.fixture
def confid_empty_session(confid_clock: Clock) -> Iterator[Session]:
    """A new tenant in memory without people for this test, the current session."""
    from confid.start import connect  # noqa: PLC0415 - imported when it is asked for

    with connect(clock=confid_clock) as session:
        yield session


@pytest.fixture
def confid_mailbox() -> Mailbox:
    """What the users of the current session get by mail, looked into with `messages(to=None)`."""
    from confid.testing.tenants import Mailbox  # noqa: PLC0415 - imported when it is asked for

    return Mailbox()


@pytest.fixture(scope="session")
def confid_demo() -> Callable[..., Session]:
    """`confid.demo`, a factory of tenants: for tests under Hypothesis, one for each example."""
    from confid.start import demo  # noqa: PLC0415 - imported when it is asked for

    return demo
