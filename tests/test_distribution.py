"""What is handed out: the sdist, the wheel that comes of it, and the description for PyPI."""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("confid", "docs", "tests")
FILES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "conftest.py",
    "pyproject.toml",
    ".gitignore",
)
JUNK = (
    ".venv/lib/python3.11/site-packages/confid/start.py",
    ".venv/lib/python3.11/site-packages/docs/conf.py",
    ".venv/README.md",
    ".hypothesis/examples/1",
    ".mypy_cache/cache.json",
    "build/lib/confid/start.py",
    "dist/confid-0.0.1.tar.gz",
    "confid.egg-info/PKG-INFO",
    "confid/__pycache__/start.cpython-311.pyc",
    "docs/_build/html/index.html",
    "docs/examples/dial-in.xlsx",
    "docs/jupyter_execute/tutorial.ipynb",
    "docs/tutorial/.ipynb_checkpoints/a.ipynb",
    "elsewhere/confid/start.py",
    "elsewhere/tests/conftest.py",
    "mails/new/1",
    "notes.md",
    "tenant.db",
    "tenant.db-wal",
    "tests/__pycache__/conftest.cpython-311.pyc",
    "venv/lib/confid.py",
)
"""What working in a checkout leaves behind."""

BUILD = "import sys; from hatchling.build import build_{0} as build; print(build(sys.argv[1]))"


def build(what: str, source: Path, target: Path) -> Path:
    """Build the sdist or the wheel of a source tree, with what is installed."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(what), str(target)],
        cwd=source,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the project is made of, without what this checkout has beside it."""
    place = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "_build", "jupyter_execute", "*.xlsx", ".*")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, place / folder, ignore=ignored)
    for file in FILES:
        if (ROOT / file).exists():  # an sdist's .gitignore
            shutil.copy(ROOT / file, place / file)
    return place


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist of a checkout that was worked in."""
    for name in JUNK:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("junk", encoding="utf-8")
    target = tmp_path_factory.mktemp("sdist")
    shutil.unpack_archive(build("sdist", checkout, target), target, filter="data")
    (unpacked,) = [path for path in target.iterdir() if path.is_dir()]
    return unpacked


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built of the sdist."""
    return build("wheel", sdist, tmp_path_factory.mktemp("wheel"))


def test_the_sdist_holds_the_project_and_nothing_else(checkout: Path, sdist: Path) -> None:
    """Whatever lies about in the checkout."""
    found = {path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()}
    there = {
        path.relative_to(checkout).as_posix() for path in checkout.rglob("*") if path.is_file()
    }
    assert found - {"PKG-INFO"} == there - set(JUNK)
    assert found >= {"conftest.py", "docs/how-to/witness.md", "confid/py.typed"}


def test_the_wheel_of_the_sdist_is_the_package(sdist: Path, wheel: Path) -> None:
    """`confid/` as it stands, its metadata, and no test."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = {path for path in (sdist / "confid").rglob("*") if path.is_file()}
    assert names == {path.relative_to(sdist).as_posix() for path in package}


def test_the_wheel_of_the_sdist_runs(wheel: Path, tmp_path: Path) -> None:
    """Without the checkout: from the unpacked wheel."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import confid; print(confid.__file__, len(confid.get_command()))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    file, count = done.stdout.rsplit(maxsplit=1)
    assert Path(file).is_relative_to(tmp_path)
    assert int(count) > 20


def test_the_description_stands_alone(wheel: Path) -> None:
    """PyPI shows README.md without any other file: no link and no picture leads to one."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    text = str(metadata.get_payload())
    links = re.findall(r"\]\(([^)]*)\)|(?:src|srcset|href)=\"([^\"]*)\"", text)
    assert not [a or b for a, b in links if not (a or b).startswith(("https://", "#"))]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for heading in re.findall(r"^## .*$", readme, flags=re.MULTILINE):
        assert text.count(f"\n{heading}\n") == 1
    assert readme.splitlines()[-1] in text


PLACES = {"learn.microsoft.com", "schemas.microsoft.com"}
"""Where pages may lead that are not ours: Microsoft's documentation."""
EXAMPLES = re.compile(r"127\.0\.0\.1|(?:.*\.)?(?:contoso|fabrikam)\.com|(?:.*\.)?example|desk")


def test_no_page_and_no_metadata_names_a_place_that_is_not_ours() -> None:
    """Only Microsoft's documentation, and addresses that examples may use."""
    pages = [
        path
        for path in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", *(ROOT / "docs").rglob("*"))
        if path.suffix in {".md", ".ipynb", ".py", ".toml"}
    ]
    named = re.findall(r"https?://([^/\s\"'`)>]+)", "\n".join(p.read_text("utf-8") for p in pages))
    assert not {host for host in named if host not in PLACES and not EXAMPLES.fullmatch(host)}


def test_the_pythons_that_are_named_are_the_same_everywhere() -> None:
    """In the classifiers, the lower bound and the page on versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert project["requires-python"] == f">={named[0]}"
    page = (ROOT / "docs" / "project" / "versioning.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b3\.\d+\b", page)) == set(named)
