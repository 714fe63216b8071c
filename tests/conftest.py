"""What holds for every test: no session is left open, and a slow machine is no failure."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from confid.engine import session as sessions
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.register_profile("confid", deadline=None, max_examples=examples(60))
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
    """The URL of a PostgreSQL server: one of our own, or CONFID_TEST_POSTGRES."""
    if given := os.environ.get("CONFID_TEST_POSTGRES"):
        yield given
        return
    from tests.servers import running  # noqa: PLC0415 - only where a server is asked for

    with running() as server:
        yield server.dsn


@pytest.fixture
def new_schema(postgres: str) -> Callable[[], str]:
    """Gives URLs of schemas that don't exist yet, each once."""
    from tests.servers import with_schema  # noqa: PLC0415 - as above

    return lambda: with_schema(postgres, f"test_{os.getpid()}_{next(_numbers)}")
