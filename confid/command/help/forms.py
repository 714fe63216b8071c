"""How a cmdlet is written: PowerShell's syntax per parameter set, and types in Python's words."""

from __future__ import annotations

import enum
import inspect
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confid.engine.parameters import Unset
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo, Parameter

LEARN = "https://learn.microsoft.com/powershell/module"
EVERY_SET = "__AllParameterSets"


def reference_page(info: CommandInfo) -> str:
    """The page of the public reference that describes a cmdlet.

    What only the 2019 module has is in the documentation of its own module.
    """
    module = "microsoftteams" if "2026" in info.eras else "skype"
    return f"{LEARN}/{module}/{info.name.lower()}"


def syntax(info: CommandInfo, width: int = 96) -> Iterator[str]:
    """The forms in which PowerShell takes a cmdlet: a line or more for each parameter set."""
    parameters = {parameter.name: parameter for parameter in info.parameters}
    for each in info.parameter_sets:
        of_set = [parameters[name] for name in each.parameters]
        of_set.sort(key=lambda p: _place(p, mandatory=p.name in each.mandatory))
        written = [_written(p, mandatory=p.name in each.mandatory) for p in of_set]
        line = " ".join([info.name, *written, "[<CommonParameters>]"])
        if each.name != EVERY_SET:
            yield f"{each.name}{' (default)' if each.is_default else ''}:"
        # A parameter and its type stay on one line.
        kept = line.replace(" <", "\0<")
        wrapped = textwrap.wrap(
            kept, width, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
        )
        yield from (part.replace("\0", " ") for part in wrapped)


def _place(parameter: Parameter, *, mandatory: bool) -> tuple[bool, int, bool]:
    at = parameter.position
    return at is None, at or 0, not mandatory


def _written(parameter: Parameter, *, mandatory: bool) -> str:
    name = f"-{parameter.name}"
    if parameter.position is not None:
        name = f"[{name}]"
    if parameter.type != "SwitchParameter":
        name = f"{name} <{parameter.type}>"
    return name if mandatory else f"[{name}]"


def python_type(info: CommandInfo, python_name: str) -> str:
    """The type of a parameter in a Python caller's words: `UUID | str`, `str | record | iterable`.

    Not given, the default, is no word of it; a record's name stands for one
    kind, `record` for several.
    """
    hints = typing.get_type_hints(inspect.unwrap(info.function), include_extras=False)
    kinds = list(_kinds(hints[python_name]))
    records = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, Record)]
    several = len(records) > 1
    named = dict.fromkeys(_word(kind, several_records=several) for kind in kinds)
    return " | ".join(word for word in named if word)


def _kinds(hint: Any) -> Iterator[Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for kind in typing.get_args(hint):
            yield from _kinds(kind)
    else:
        yield hint


def _word(kind: Any, *, several_records: bool) -> str:
    origin = typing.get_origin(kind) or kind
    words: dict[Any, str] = {
        types.NoneType: "",
        Unset: "",
        enum.Enum: "",
        Mapping: "",
        Iterable: "iterable",
        tuple: "list",
        object: "any",
        Record: "record",
    }
    if origin in words:
        return words[origin]
    is_record = inspect.isclass(origin) and issubclass(origin, Record)
    return "record" if is_record and several_records else str(origin.__name__)
