"""Every Python block of the README and the docs runs as a test, page by page."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from confid.engine import session as sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of this run's own is made in it
ROOM = 4 << 30
"""How many bytes have to be free in memory for the files of a run; it needs a quarter of it."""

LONG = ("tests/benchmarks", "tests/faults", "tests/properties")
"""Folders of long tests. They start first, so that no core waits for one at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Have child processes share what they compile, and no test wait for a disk.

    The first process decides; the workers inherit its environment.
    """
    if hasattr(config, "workerinput"):
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" in os.environ or not _fits(IN_MEMORY):
        return
    folder = tempfile.mkdtemp(prefix="confid-tests-", dir=IN_MEMORY)
    Path(folder).chmod(0o711)  # a server that runs as another user passes through
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # it is looked for again
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def _fits(folder: Path) -> bool:
    """Whether a run's files have room there, and its programs may run there."""
    if not folder.is_dir():
        return False
    system = os.statvfs(folder)
    may_run = not system.f_flag & os.ST_NOEXEC
    return may_run and system.f_bavail * system.f_frsize > ROOM


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Have a second worker import the tests from the last one on, when all are collected.

    pytest compiles a module for its asserts, which takes its time; so each worker compiles one half
    and reads the other's.
    """
    tests = sorted(HERE.glob("tests/**/test_*.py"), reverse=True)
    everything = session.config.args == session.config.getini("testpaths")
    if not everything or os.environ.get("PYTEST_XDIST_WORKER") != "gw1":
        return
    for path in tests:
        with suppress(Exception):  # whatever it is, the collection itself will tell
            import_module(".".join(path.relative_to(HERE).with_suffix("").parts))


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
