"""PowerShell's syntax of a cmdlet, for each parameter set."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo, Parameter

EVERY_SET = "__AllParameterSets"


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
