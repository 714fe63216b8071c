"""The page of errors: every error is on it, with what to do and the status that its code gives."""

from __future__ import annotations

import builtins
import importlib
import pkgutil
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import confid
from confid.errors import ConfidError
from tests.tables import each_row

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parent.parent / "docs/reference/errors.md").read_text(encoding="utf-8")
ROWS = {
    name: (builtin, means, do, int(status))
    for name, builtin, means, do, status in re.findall(
        r"^\| `(\w+)` \|(.*?)\|(.*?)\|(.*?)\| (\d+) \|$", PAGE, flags=re.MULTILINE
    )
}


def kinds(kind: type[ConfidError] = ConfidError) -> Iterator[type[ConfidError]]:
    """Every public error of confid."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("confid.") and not each.__name__.startswith("_"):
            yield each
        yield from kinds(each)


for module in pkgutil.walk_packages(confid.__path__, "confid."):
    importlib.import_module(module.name)
ERRORS = {kind.__name__: kind for kind in kinds()}


def test_every_error_is_on_the_page() -> None:
    """And the page names none that isn't there."""
    assert ROWS.keys() == ERRORS.keys()


@each_row("name", sorted(ERRORS))
def test_a_row_says_what_the_error_is(name: str) -> None:
    """Its builtin, a meaning, a way out, and a status there is."""
    builtin, means, do, status = ROWS[name]
    for found in re.findall(r"`(\w+)`", builtin):
        assert issubclass(ERRORS[name], getattr(builtins, found))
    assert means.strip()
    assert do.strip()
    assert HTTPStatus(status) >= HTTPStatus.BAD_REQUEST


def test_the_code_gives_the_statuses_of_the_table() -> None:
    """For each kind of error."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "errors.md", "exec"), names)  # noqa: S102 - it is our own page
    assert {n: names["status_of"](kind) for n, kind in ERRORS.items()} == {
        name: status for name, (*_, status) in ROWS.items()
    }
