"""No test leaves a session open for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confid import session as sessions

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _sessions_closed() -> Iterator[None]:
    shared = set(sessions._open)
    yield
    for session in set(sessions._open) - shared:
        session.close()
    sessions._current.set(None)
