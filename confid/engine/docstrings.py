"""Docstrings of cmdlets: the sections that an author writes, and the whole that `help()` shows."""

from __future__ import annotations

import enum
import functools
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from confid.engine.parameters import CommonParameters, Unset
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo

LEARN = "https://learn.microsoft.com/powershell/module"
WIDTH = 96

_HEADING = re.compile(r"(PowerShell|Returns|Raises|Example)(?:, in `confid\.demo\(\)`)?: *(.*)")


@attrs.frozen(kw_only=True)
class Described:
    """The sections of a docstring; a missing section is ''."""

    synopsis: str
    description: str = ""
    powershell: str = ""
    returns: str = ""
    raises: str = ""
    example: str = ""


@functools.lru_cache(maxsize=64)
def read(docstring: str) -> Described:
    """The sections of a cmdlet's own docstring.

    A synopsis and a description, then under their headings the PowerShell form,
    what it returns and raises, and an example.
    """
    sections: dict[str, list[str]] = {"": []}
    current = sections[""]
    for line in docstring.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            name, rest = heading.groups()
            current = sections[name] = [rest] if rest else []
        else:
            current.append(line)

    def text(name: str) -> str:
        return textwrap.dedent("\n".join(sections.get(name, []))).strip()

    synopsis, _, description = text("").partition("\n\n")
    return Described(
        synopsis=synopsis,
        description=description.strip(),
        powershell=text("PowerShell").strip("`"),
        returns=text("Returns"),
        raises=text("Raises"),
        example=text("Example"),
    )


def composed(info: CommandInfo) -> str:
    """A cmdlet's own docstring with its parameters and its reference page, for `help()`."""
    before, heading, after = info.docstring.partition("\nReturns:")
    lines = [before, *(["Parameters:"] if info.descriptions else [])]
    for name, words in info.descriptions.items():
        if name not in info.accepted:
            lines += _wrapped(f"    {name} ({python_type(info, name)}): {words}")
    lines.append("    Also the common parameters; `confid.get_help` describes them.")
    if info.accepted:
        taken = ", ".join(name for name in info.declared if name in info.accepted)
        lines += _wrapped(f"    Taken without effect: {taken}.")
    return "\n".join([*lines, f"{heading}{after}", "", reference_page(info)])


class Words(str):
    """An annotation that a signature shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def signature_of(info: CommandInfo) -> inspect.Signature:
    """The signature that callers see: plain types, and nothing that is without effect."""
    shown = [
        _shown(info, parameter)
        for name, parameter in info.signature.parameters.items()
        if name not in info.accepted
    ]
    common = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Words(hint.__forward_arg__.replace("ErrorAction", "str")),
        )
        for name, hint in sorted(CommonParameters.__annotations__.items())
    ]
    rest = [inspect.Parameter("without_effect", inspect.Parameter.VAR_KEYWORD)]
    return info.signature.replace(
        parameters=[*shown, *common, *(rest if info.accepted else ())],
        return_annotation=Words(_written(info.hints["return"])),
    )


def _shown(info: CommandInfo, parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter in a caller's words; one that must be given has no default."""
    p = info.declared.get(parameter.name)
    default, words = parameter.default, python_type(info, parameter.name)
    if (p and p.mandatory and p.sets is None) or (
        parameter.name == "identity" and info.demands_identity
    ):
        default = parameter.empty
    elif parameter.name == "identity":
        default = Unset.UNSET
    elif default is None or (default is Unset.UNSET and words != "object"):
        words = f"{words} | None"
    return parameter.replace(annotation=Words(words), default=default)


def _written(hint: Any) -> str:
    """A type as an author writes it."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " | ".join(map(_written, typing.get_args(hint)))
    inner = ", ".join(map(_written, typing.get_args(hint)))
    name = "None" if hint is types.NoneType else getattr(hint, "__name__", str(hint))
    return f"{name}[{inner}]" if inner else name


def _wrapped(text: str) -> Iterator[str]:
    """The lines of a parameter's description; textwrap would cost the import a tenth."""
    line = text
    while len(line) > WIDTH:
        end = line.rfind(" ", 9, WIDTH + 1)
        yield line[:end]
        line = f"        {line[end + 1 :]}"
    yield line


def reference_page(info: CommandInfo) -> str:
    """The page of the public reference that describes a cmdlet.

    The page of a cmdlet that only the 2019 module has is in that module's documentation.
    """
    module = "microsoftteams" if "2026" in info.eras else "skype"
    return f"{LEARN}/{module}/{info.name.lower()}"


@functools.cache
def python_type(info: CommandInfo, python_name: str) -> str:
    """The type of a parameter in a Python caller's words: `UUID | str`, `str | Record | Iterable`.

    The default for "not given" is left out; `Record` stands for several kinds of records.
    """
    kinds = list(_kinds(info.hints[python_name]))
    records = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, Record)]
    several = len(records) > 1
    named = dict.fromkeys(_word(kind, several_records=several) for kind in kinds)
    return " | ".join(word for word in named if word)


def _kinds(hint: Any) -> Iterator[Any]:
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        yield from _kinds(hint.__origin__)
    elif origin in (typing.Union, types.UnionType):
        for kind in typing.get_args(hint):
            yield from _kinds(kind)
    else:
        yield hint


_WORDS: dict[Any, str] = {
    types.NoneType: "",
    Unset: "",
    enum.Enum: "",
    typing.Literal: "str",
    Mapping: "",
    Iterable: "Iterable",
    tuple: "list",
}


def _word(kind: Any, *, several_records: bool) -> str:
    origin = typing.get_origin(kind) or kind
    if origin in _WORDS:
        return _WORDS[origin]
    is_record = inspect.isclass(origin) and issubclass(origin, Record)
    return "Record" if is_record and several_records else str(origin.__name__)
