"""The public API: what the page lists is what there is."""

from __future__ import annotations

import re

import confid
from tests import api_page, typed_cmdlets


def test_the_page_of_the_public_api_is_that_of_the_package() -> None:
    """docs/api.md as it would be written today; `python -m tests.api_page` writes it."""
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.text()


def test_the_types_of_the_cmdlets_are_those_of_their_declarations() -> None:
    """The stubs as they would be written today; `python -m tests.typed_cmdlets` writes them."""
    for path, text in typed_cmdlets.stubs().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_help_begins_with_what_one_uses() -> None:
    """Every name of the package's docstring is there, and completion offers public names alone."""
    described = re.sub(r"\(.*?\)", "", confid.__doc__ or "")
    names = re.findall(r"(?<=  )\w+(?=[,\n ])|(?<=, )\w+(?=[,\n ])", described)
    offered = {name for name in dir(confid) if not name.startswith("__")}
    assert len(offered & set(names)) >= 20
    assert offered == set(getattr(confid, "__all__"))  # noqa: B009 - it is made when it is asked for
