"""Help: a cmdlet's page, from its declaration and its docstring, by PowerShell's name."""

from __future__ import annotations

import inspect
import sys
import textwrap
from typing import TYPE_CHECKING

from confid.command.help.forms import syntax
from confid.command.lookup import get_command, nearest
from confid.engine.docstrings import Described, python_type, read, reference_page
from confid.engine.parameters import CommonParameters
from confid.errors import NotFoundError, demand, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo, Parameter

WIDTH = 100
"""Columns of a line of help."""

WILDCARDS = "*?["


class HelpText(str):
    """The text of a help page; short where an interactive session echoes it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<help, {len(self.splitlines())} lines>"


def get_help(name: str = "*") -> HelpText:
    """Print the help of a cmdlet, and return its text.

    `name` is a PowerShell name or a Python one, in any casing; the beginning of
    one, with or without an ellipsis, or a wildcard. Where several cmdlets fit,
    they are listed with a line each. Raises `NotFoundError` where none does.
    """
    demand("name", name, str, "the name of a cmdlet")
    found = _found(name)
    if not found:
        raise NotFoundError(
            f"There is no help for {shown(name)}.{nearest(name)} "
            "confid.get_help() lists what there is.",
            target=name,
            error_id="HelpNotFound",
            category="ResourceUnavailable",
        )
    text = page(found[0]) if len(found) == 1 else _list(found)
    sys.stdout.write(f"{text}\n")
    return HelpText(text)


def describe(info: CommandInfo) -> Described:
    """What the docstring of a cmdlet says, section by section."""
    return read(info.docstring)


def words(info: CommandInfo, parameter: Parameter) -> str:
    """What a parameter does, or why it does nothing."""
    return info.descriptions.get(parameter.python_name, "")


def page(info: CommandInfo) -> str:
    """The help of one cmdlet."""
    described = describe(info)
    sections = {
        "NAME": [
            info.name,
            f"confid.cmdlets.{_python_name(info)}",
            f"in the module of {' and '.join(info.eras)}",
        ],
        "SYNOPSIS": [described.synopsis],
        "SYNTAX": list(syntax(info, WIDTH - 4)),
        "DESCRIPTION": _filled(described.description),
        "PARAMETERS": [*_parameters(info), *_own(info)],
        "COMMON PARAMETERS": _filled(_common()),
        "RETURNS": _filled(described.returns),
        "RAISES": _filled(described.raises),
        "EXAMPLE": [described.powershell, "", *described.example.splitlines()],
        "REFERENCE": [reference_page(info)],
    }
    return "\n\n".join(
        f"{title}\n{textwrap.indent(chr(10).join(lines), '    ')}"
        for title, lines in sections.items()
        if any(lines)
    )


def _found(name: str) -> list[CommandInfo]:
    """The cmdlet of exactly that name, else all that the pattern or beginning fits."""
    from confid.powershell import like  # noqa: PLC0415 - help is asked for seldom

    wanted = name.strip().lower().replace("\N{HORIZONTAL ELLIPSIS}", "*").replace("...", "*")
    infos = get_command()
    for info in infos:
        if wanted in (info.name.lower(), _python_name(info)):
            return [info]
    pattern = wanted if any(sign in wanted for sign in WILDCARDS) else f"{wanted}*"
    return [info for info in infos if like(info.name, pattern) or like(_python_name(info), pattern)]


def _list(found: list[CommandInfo]) -> str:
    longest = max(len(info.name) for info in found)
    return "\n".join(f"{info.name:{longest}}  {describe(info).synopsis}" for info in found)


def _python_name(info: CommandInfo) -> str:
    return str(info.function.__name__)


def _parameters(info: CommandInfo) -> Iterator[str]:
    signature = info.signature
    for parameter in info.parameters:
        name = parameter.python_name
        type_name = "" if parameter.type == "SwitchParameter" else f" <{parameter.type}>"
        yield f"-{parameter.name}{type_name or ' [switch]'}"
        aliases = ", ".join(f"-{alias}" for alias in parameter.aliases)
        facts = [
            f"{name}: {python_type(info, name)} = {signature.parameters[name].default!r}",
            f"alias {aliases}" if aliases else "",
            ", ".join(parameter.eras),
            parameter.status,
        ]
        yield f"    {'; '.join(fact for fact in facts if fact)}"
        yield from textwrap.wrap(
            words(info, parameter), WIDTH - 4, initial_indent="    ", subsequent_indent="    "
        )


def _own(info: CommandInfo) -> Iterator[str]:
    """The parameters that are confid's, not PowerShell's."""
    for name, said in info.descriptions.items():
        if name not in info.declared:
            yield f"{name}: {python_type(info, name)} = None"
            yield from textwrap.wrap(
                said, WIDTH - 4, initial_indent="    ", subsequent_indent="    "
            )


def _common() -> str:
    """What the common parameters are: the page of those that declare them."""
    return inspect.cleandoc(CommonParameters.__doc__ or "")


def _filled(text: str) -> list[str]:
    """Paragraphs as lines that fit."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += ["", *textwrap.wrap(paragraph, WIDTH - 4)]
    return lines[1:]
