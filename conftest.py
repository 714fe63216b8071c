"""Every Python block of the README and the docs runs as a test, page by page."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from confid.engine import session as sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
LONG = ("tests/benchmarks", "tests/faults", "tests/properties")
"""Folders of long tests. They start first, so that no core waits for one at the end."""


@pytest.fixture(scope="module")
def workplace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Run a page in a folder of its own with the examples; close its sessions afterwards."""
    opened = set(sessions._open)
    if request.path.name == "postgresql.md":
        request.getfixturevalue("libpq_environment")
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(HERE / "docs" / "examples", folder / "docs" / "examples")
    before = Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(before)
    for session in set(sessions._open) - opened:
        session.close()
    sessions._current.set(None)


@pytest.fixture(scope="module")
def libpq_environment() -> Iterator[None]:
    """A PostgreSQL server for the page, named by libpq's environment variables."""
    from tests.servers import running  # noqa: PLC0415 - for the one page that needs a server

    with running() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGHOST", "127.0.0.1")
        patch.setenv("PGPORT", str(server.port))
        patch.setenv("PGUSER", "postgres")
        patch.setenv("PGDATABASE", "postgres")
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the blocks of a page together and in order; the order is random otherwise."""
    pages: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.path.suffix == ".md":
            pages.setdefault(item.path, []).append(item)
    ordered: list[pytest.Item] = []
    for item in items:
        blocks = pages.get(item.path)
        if blocks is None:
            ordered.append(item)
        elif blocks:
            ordered.extend(sorted(blocks, key=lambda block: block.location[1] or 0))
            blocks.clear()
    items[:] = sorted(ordered, key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """Keep what was collected out of each later sweep for garbage, which it makes slow."""
    gc.collect()
    gc.freeze()


pytest_collect_file: Any = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["*.md"],
    fixtures=["workplace"],
).pytest()
