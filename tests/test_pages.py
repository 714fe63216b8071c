"""The pages for readers: what each begins with, and that what they name is there."""

from __future__ import annotations

import contextlib
import inspect
import re
from pathlib import Path

import attrs
import pytest

import confid
from confid.errors import ConfidError
from tests.api_page import PACKAGES
from tests.tables import each_row

ROOT = Path(__file__).parent.parent
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "tests" / "properties" / "README.md",
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
PATH = re.compile(r"`((?:confid|docs|tests)/[\w./-]*)`|python -m ((?:confid|tests)[\w.]*\w)")
IMPORT = re.compile(r"^\s*(?:from|import) (confid[\w.]*)", flags=re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_row("name", [name for name in NAMES if name != "README.md"])
def test_a_page_begins_with_what_it_is_for(name: str) -> None:
    """A title, and a first sentence of the form "How to …" or "This page …"."""
    title, _, rest = (ROOT / name).read_text(encoding="utf-8").partition("\n\n")
    assert re.fullmatch(r"# .+", title)
    assert rest.startswith(("How to ", "This page "))


@each_row("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """To a file that is there, and to a heading of it."""
    page = ROOT / name
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), (path, anchor)


@each_row("name", NAMES)
def test_paths_and_modules_are_there(name: str) -> None:
    """Those between backticks, and those that Python is to run."""
    for path, module in PATH.findall((ROOT / name).read_text(encoding="utf-8")):
        place = ROOT / (path or module.replace(".", "/"))
        assert place.exists() or place.with_suffix(".py").exists(), place


def test_each_public_module_has_its_page() -> None:
    """In the reference of the site."""
    pages = (ROOT / "docs" / "reference" / "api").glob("confid*.md")
    assert {page.stem for page in pages} == set(PACKAGES)


SHOWN = [*PAGES, *(ROOT / "docs" / "examples").glob("*.py")]


@each_row("name", [str(page.relative_to(ROOT)) for page in SHOWN])
def test_what_readers_see_comes_from_public_homes(name: str) -> None:
    """Every import of confid, in the blocks of a page and in the examples."""
    found = re.findall(IMPORT, (ROOT / name).read_text(encoding="utf-8"))
    assert set(found) <= set(PACKAGES)


def test_the_page_of_settings_names_what_the_code_takes() -> None:
    """The arguments of connect(); each preference with its words and what it is where not set."""
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    arguments, preferences = page.split("## A tenant's settings")[0].split("## A session's")
    named = re.findall(r"^\| `(\w+)` \|", arguments, flags=re.MULTILINE)
    assert {*named} == {*inspect.signature(confid.connect).parameters}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| `(\w+)` \|$", preferences, flags=re.MULTILINE)
    with confid.demo() as session:
        of = session.preferences
        assert {name: default for name, _, default in rows} == {
            field.name: str(getattr(of, field.name)) for field in attrs.fields(type(of))
        }
        for name, words, _ in rows[:3]:
            for word in (
                "Stop",
                "Continue",
                "SilentlyContinue",
                "Ignore",
                "Inquire",
                "None",
                "High",
            ):
                taken = contextlib.nullcontext() if word in words else pytest.raises(ConfidError)
                with taken:
                    setattr(of, name, word)


def test_the_table_of_damage_names_tests_that_are_there() -> None:
    """The modules in the second column, by their path under `tests/`."""
    text = (ROOT / "tests" / "properties" / "README.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"`((?:\w+/)?test_\w+)`", text)):
        folder = ROOT / "tests" / ("" if "/" in name else "properties")
        assert (folder / f"{name}.py").exists(), name
