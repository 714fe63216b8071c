"""The pytest plugin: `confid_session`, a tenant to try a script on.

pytest loads this module in every run of an environment that has confid, so
it imports confid when a test asks for the fixture, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session


# So that a failing assertion of the contract shows its values.
pytest.register_assert_rewrite(
    "confid.testing.contract", "confid.testing.lockstep", "confid.testing.model"
)


@pytest.fixture
def confid_session() -> Iterator[Session]:
    """A new tenant in memory for this test, the current session: `confid.demo()`'s six people."""
    from confid.start import demo  # noqa: PLC0415 - imported when it is asked for

    with demo() as session:
        yield session
