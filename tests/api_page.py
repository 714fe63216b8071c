"""The page of the public API, read from the package: `python -m tests.api_page` writes it."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import GenericAlias, UnionType
from typing import TYPE_CHECKING, Any, ForwardRef, Union, get_args, get_origin

from tests import typed_cmdlets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
PACKAGES = (
    "confid",
    "confid.attendant",
    "confid.cmdlets",
    "confid.command",
    "confid.errors",
    "confid.host",
    "confid.ledger",
    "confid.mail",
    "confid.meetings",
    "confid.powershell",
    "confid.rehearsal",
    "confid.store",
    "confid.testing",
)
WIDTH = 100
STARS: dict[object, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
NONE: frozenset[str] = frozenset()
BEGINNING = """\
# The public API

This page lists every public name of confid with its signature. `python -m tests.api_page` writes
it, and a test compares it, so that a change of the API shows in a diff. `help(name)` says what a
name is for. Names that are not listed here may change in any version.
"""


def text() -> str:
    """The page as it should be."""
    return "\n".join([BEGINNING, *(line for name in PACKAGES for line in _package(name))])


def public_names(module: ModuleType) -> list[str]:
    """What `__all__` lists; without it, what the module itself defines."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def _package(package: str) -> Iterator[str]:
    module = import_module(package)
    yield f"## {package}"
    yield ""
    yield "```text"
    values = {name: getattr(module, name) for name in public_names(module)}
    common = _common(values.values()) if package == "confid.cmdlets" else frozenset()
    if common:
        yield "every cmdlet also takes"
        yield from (f"    {parameter}" for parameter in sorted(common))
    for name, value in values.items():
        home = _home(name, value) if package == "confid" else None
        yield from [f"{name}: see {home}"] if home else _name(name, value, common)
    yield "```"
    yield ""


def _home(name: str, value: Any) -> str | None:
    """The other package that has the same name for the same thing."""
    for package in PACKAGES[1:]:
        if getattr(import_module(package), name, None) is value:
            return package
    return None


def _common(functions: Iterable[Any]) -> frozenset[str]:
    """The parameters that all these functions have."""
    taken = [frozenset(_parameters(inspect.signature(function))) for function in functions]
    return frozenset.intersection(*taken) - {"*"}


def _name(name: str, value: Any, common: frozenset[str]) -> Iterator[str]:
    if inspect.ismodule(value):
        yield f"module {name}"
    elif inspect.isclass(value):
        if value.__name__ != name:
            yield f"{name} = {value.__name__}"
        else:
            yield from _class(value)
    elif isinstance(value, GenericAlias):
        yield f"{name} = {value}"
    elif get_origin(value) in (Union, UnionType):
        yield f"{name} = {' | '.join(_annotation(each) for each in get_args(value))}"
    elif callable(value):
        yield from _function(name, value, common)
    else:
        yield f"{name}: {type(value).__name__}"


def _class(cls: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in cls.__bases__ if base is not object)
    yield f"class {cls.__name__}({bases})" if bases else f"class {cls.__name__}"
    if issubclass(cls, Enum):
        yield from (f"    {member.name} = {member.value!r}" for member in cls)
        return
    given: set[str] = set()
    if _own(cls, "__init__") is not None and not getattr(cls, "_is_protocol", False):
        yield from _indented(_function(cls.__name__, cls.__init__))
        given = {*inspect.signature(cls.__init__).parameters} & {*_fields(cls)}
    for name in sorted({*_fields(cls), *dir(cls)} - given):
        if name == "__call__" or not name.startswith(("_", "test_")):
            yield from _indented(_member(cls, name))


def _member(cls: type, name: str) -> Iterator[str]:
    """A field, property or method, in the class that brings it in."""
    value = _own(cls, name)
    if name in _fields(cls):
        yield f"{name}: {_fields(cls)[name]}"
    elif isinstance(value, property):
        yield f"{name}: {_annotation(value.fget.__annotations__.get('return', ''))}"
    elif isinstance(value, classmethod | staticmethod):
        yield from _function(name, getattr(cls, name))
    elif inspect.isfunction(value):
        yield from _function(name, value)


def _sources(cls: type) -> list[type]:
    """The class, and those of its bases that have no entry of their own on the page."""
    return [
        base
        for base in cls.__mro__
        if base is cls or (base.__module__.startswith("confid.") and not _is_public(base))
    ]


def _is_public(cls: type) -> bool:
    modules = map(import_module, PACKAGES)
    return any(cls.__name__ in public_names(module) for module in modules)


def _own(cls: type, name: str) -> Any:
    return next((vars(c)[name] for c in _sources(cls) if name in vars(c)), None)


def _fields(cls: type) -> dict[str, str]:
    return {
        name: _annotation(annotation)
        for source in reversed(_sources(cls))
        for name, annotation in inspect.get_annotations(source).items()
        if not name.startswith("_")
    }


def _function(name: str, function: Any, left_out: frozenset[str] = NONE) -> Iterator[str]:
    """A signature on one line, or with a line for each parameter if that is too long."""
    signature = inspect.signature(function)
    parameters = [text for text in _parameters(signature) if text not in left_out]
    if parameters[-1:] == ["*"]:
        parameters.pop()
    returned = signature.return_annotation
    end = (
        ""
        if returned in (inspect.Signature.empty, "None", None)
        else f" -> {_annotation(returned)}"
    )
    line = f"{name}({', '.join(parameters)}){end}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{name}("
    yield from (f"    {parameter}," for parameter in parameters)
    yield f"){end}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    before: Any = None
    for parameter in signature.parameters.values():
        kind = parameter.kind
        if parameter.name == "self":
            continue
        if kind is parameter.KEYWORD_ONLY and before not in (
            parameter.KEYWORD_ONLY,
            parameter.VAR_POSITIONAL,
        ):
            yield "*"
        if before is parameter.POSITIONAL_ONLY and kind is not before:
            yield "/"
        before = kind
        yield _parameter(parameter)
    if before is inspect.Parameter.POSITIONAL_ONLY:
        yield "/"


def _parameter(parameter: inspect.Parameter) -> str:
    words = STARS.get(parameter.kind, "") + parameter.name
    if parameter.annotation is not parameter.empty:
        words += f": {_annotation(parameter.annotation)}"
    if parameter.default is not parameter.empty:
        words += f" = {_default(parameter.default)}"
    return words


def _default(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if callable(value):
        return str(getattr(value, "__name__", value))
    return repr(value)


def _annotation(annotation: Any) -> str:
    """As it is written, without what `Annotated` says to the binder."""
    if isinstance(annotation, str):
        return re.sub(r"Annotated\[(.+?), P\(.*\)\]", r"\1", annotation)
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    is_plain = isinstance(annotation, type) and not get_args(annotation)
    return str(annotation.__name__ if is_plain else annotation)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8", newline="\n")
    typed_cmdlets.write()
