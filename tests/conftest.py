"""For every test: sessions are closed after it, and Hypothesis sets no time limit."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import confid.start  # noqa: F401 - sessions that tests open have their cmdlets from it
from confid.engine import session as sessions
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.register_profile("confid", deadline=None, max_examples=examples(25))
settings.load_profile("confid")

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _sessions_closed() -> Iterator[None]:
    shared = set(sessions._open)
    yield
    for session in set(sessions._open) - shared:
        session.close()
    sessions._current.set(None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: a new one, or that of CONFID_TEST_POSTGRES."""
    if given := os.environ.get("CONFID_TEST_POSTGRES"):
        yield given
        return
    from tests.servers import running  # noqa: PLC0415 - only where a server is asked for

    with running() as server:
        yield server.dsn


@pytest.fixture
def new_schema(postgres: str) -> Callable[[], str]:
    """A function that returns the URL of a new schema at each call."""
    from tests.servers import with_schema  # noqa: PLC0415 - only where a server is asked for

    return lambda: with_schema(postgres, f"test_{os.getpid()}_{next(_numbers)}")
