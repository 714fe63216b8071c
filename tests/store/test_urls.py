"""Which store a URL or a path names, and that errors never show what a URL may hold."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import confid
from confid.errors import StoreError
from confid.store import MemoryStore, SQLiteStore, from_url
from tests.tables import each_row


@pytest.mark.parametrize("url", ["memory:", "MEMORY:", "memory://", ":memory:"])
def test_memory(url: str) -> None:
    """`memory:` is a new store in memory."""
    assert isinstance(from_url(url), MemoryStore)
    assert from_url(url) is not from_url(url)


@pytest.mark.parametrize(
    ("url", "path", "timeout"),
    [
        ("sqlite:///tenant.db", "tenant.db", 30),
        ("sqlite:////var/lib/tenant.db", "/var/lib/tenant.db", 30),
        ("SQLite:///folder/tenant.db?timeout=0.5", "folder/tenant.db", 0.5),
        ("sqlite:///C:/tenants/a.db", "C:/tenants/a.db", 30),
        ("sqlite:///a%20b%3F%23.db", "a b?#.db", 30),
        ("sqlite:///t%C3%A9.db?timeout=0", "té.db", 0),
    ],
)
def test_sqlite(url: str, path: str, timeout: float) -> None:
    """Three slashes and a relative path, four and an absolute one; a timeout if you like."""
    store = from_url(url)
    assert isinstance(store, SQLiteStore)
    assert (store.path, store.timeout) == (Path(path).absolute(), timeout)


@pytest.mark.parametrize(
    "path", ["tenant.db", "/var/tenant.db", r"C:\tenants\a.db", "C:/a.db", "a b?#.db", "./a:b.db"]
)
def test_a_path_is_a_sqlite_file(path: str) -> None:
    """A text that is no URL is a path; a path object is one, whatever it looks like."""
    for given in (path, Path(path)):
        store = from_url(given)
        assert isinstance(store, SQLiteStore)
        assert store.path == Path(path).absolute()
    store = from_url(PurePosixPath("memory:"))
    assert isinstance(store, SQLiteStore)


SECRET = "hunter2"  # noqa: S105 - everybody's


@each_row(
    "url",
    [
        "sqlite://",
        "sqlite:",
        "sqlite:///",
        "sqlite:tenant.db",
        "sqlite:hunter2.db",
        "sqlite://user:hunter2@host/tenant.db",
        "sqlite:///tenant.db?password=hunter2",
        "sqlite:///tenant.db?hunter2",
        "sqlite:///tenant.db?timeout=hunter2",
        "sqlite:///tenant.db?timeout=-1",
        "sqlite:///tenant.db?timeout=nan",
        "sqlite:///tenant.db?timeout=inf",
        "sqlite:///tenant.db?timeout=5&key=hunter2",
        "sqlite:///tenant.db#hunter2",
        "sqlite://[hunter2/tenant.db",
        "memory:hunter2",
        "memory://hunter2@host",
        "oracle://scott:hunter2@host/db",
        "my-sql://user:hunter2@host/db",
        "my.sql+x://user:hunter2@host/db",
        "postgresql+asyncpg://user:hunter2@host/db",
        "user:hunter2@host",
        "host=db.contoso.com password=hunter2",
        "dbname=hunter2",
        " password = 'hunter2' user=me",
        "service=hunter2",
        "memory",
        "Postgres",
        "postgresql",
        " sqlite ",
    ],
)
def test_a_bad_url_is_refused_and_not_shown(url: str) -> None:
    """Neither the sentence nor the traceback holds the URL's secrets."""
    with pytest.raises(StoreError) as raised:
        from_url(url)
    shown = "".join(traceback.format_exception_only(raised.value)) + repr(raised.value.__cause__)
    assert SECRET not in shown
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    assert raised.value.category == "InvalidArgument"


@pytest.mark.parametrize("given", [5, None, b"tenant.db", ["memory:"]])
def test_what_is_no_place_is_refused(given: object) -> None:
    """With confid's error, not a TypeError of the operating system's functions."""
    with pytest.raises(StoreError) as raised:
        from_url(given)  # type: ignore[arg-type]  # the point
    assert raised.value.category == "InvalidArgument"


@pytest.mark.parametrize("name", ["x" * 5000, "\ud800", "a/" * 3000, "tenant\0.db"])
@pytest.mark.parametrize("create", [True, False])
def test_a_name_that_no_file_can_have_is_refused(name: str, create: bool) -> None:
    """With confid's error, which can be printed."""
    with pytest.raises(StoreError) as raised:
        confid.connect(name, create=create)
    str(raised.value).encode()


def test_a_path_object_may_have_any_name(tmp_path: Path) -> None:
    """It was not meant for another store."""
    for name in ("memory", "host=a password=b", "sqlite"):
        with confid.connect(tmp_path / name) as session:
            assert isinstance(session.store, SQLiteStore)


PACKAGE = {
    "filing/__init__.py": """
from confid.store import MemoryStore

class CabinetStore(MemoryStore):
    def __init__(self, url):
        super().__init__()
        self.url = url

def broken(url):
    raise AssertionError("confid's own schemes come first")
""",
    "filing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: filing\nVersion: 1.0\n",
    "filing-1.0.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "filing-1.0.dist-info/entry_points.txt": (
        "[confid.stores]\ncabinet = filing:CabinetStore\nsqlite = filing:broken\n"
    ),
}

USE = """
import confid
from confid.errors import StoreError
from confid.store import SQLiteStore, from_url
with confid.connect("cabinet://drawer/3") as session:
    print(type(session.store).__name__, session.store.url)
print(type(from_url("sqlite:///a.db")) is SQLiteStore)
try:
    from_url("shelf://hunter2@x")
except StoreError as error:
    print(error)
"""


def test_an_installed_package_brings_a_scheme(tmp_path: Path) -> None:
    """Its entry point makes the store of a URL; confid's own schemes can't be taken."""
    wheel, site = tmp_path / "filing-1.0-py3-none-any.whl", tmp_path / "site"
    record = "".join(f"{name},,\n" for name in [*PACKAGE, "filing-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**PACKAGE, "filing-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, content)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-compile", "--target", str(site)]
    subprocess.run([*pip, *offline, str(wheel)], check=True)
    paths = os.pathsep.join([str(site), str(Path(confid.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    store, own, refused = done.stdout.splitlines()
    assert store == "CabinetStore cabinet://drawer/3"
    assert own == "True"
    assert "cabinet" in refused
    assert SECRET not in refused
