"""What holds for every test: no session is left open, and a slow machine is no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from confid import session as sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("confid", deadline=None)
settings.load_profile("confid")


@pytest.fixture(autouse=True)
def _sessions_closed() -> Iterator[None]:
    shared = set(sessions._open)
    yield
    for session in set(sessions._open) - shared:
        session.close()
    sessions._current.set(None)
