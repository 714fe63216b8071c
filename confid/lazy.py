"""Packages that import a name when it is first used, so that importing them costs next to nothing.

Such a package lists its names once, as imports that only type checkers run:

    if TYPE_CHECKING:
        from confid.start import connect as connect
    else:
        __getattr__, __dir__ = names_on_demand(__name__)
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

_code: dict[str, CodeType] = {}


def names_on_demand(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of the package that calls this while it is imported."""
    _code[package] = sys._getframe(1).f_code  # noqa: SLF001 - not every loader hands code out
    homes: dict[str, str] = {}

    def names() -> dict[str, str]:
        if not homes:
            homes.update(homes_of(package))
        return homes

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(names())
        if name.startswith("__") or name not in names():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = names()[name]
        if home == package:
            return import_module(f"{package}.{name}")
        value = getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*(n for n in vars(sys.modules[package]) if n.startswith("__")), *names()})

    return get, listed


def homes_of(package: str) -> dict[str, str]:
    """The module that each name of such a package comes from; its own modules from itself.

    They are read off the compiled imports, which the compiler keeps though they never run.
    """
    from dis import get_instructions  # noqa: PLC0415 - a package is imported without looking at it

    found: dict[str, str] = {}
    home = ""
    for step in get_instructions(_code[package]):
        if step.opname == "IMPORT_NAME":
            home = step.argval
        elif step.opname == "IMPORT_FROM" and home.partition(".")[0] == package.partition(".")[0]:
            found[step.argval] = home
    found.pop(names_on_demand.__name__, None)
    return found
