"""A cmdlet by its name: what there is to know of it, and what a call of it would bind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

import confid.cmdlets  # noqa: F401 - fills the registry
from confid.engine.binder import Binding, CommandInfo, bind_arguments, registry
from confid.errors import ParameterBindingError, demand, shown
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.names import did_you_mean


@overload
def get_command(name: str) -> CommandInfo: ...
@overload
def get_command(name: None = None) -> list[CommandInfo]: ...
def get_command(name: str | None = None) -> CommandInfo | list[CommandInfo]:
    """The cmdlet of that PowerShell or Python name, in any casing; without a name, all of them.

    Raises `ParameterBindingError` when no cmdlet has that name.
    """
    if name is None:
        return [registry[key] for key in sorted(registry)]
    demand("name", name, str, "the name of a cmdlet")
    wanted = name.strip().lower()
    by_python_name = (i for i in registry.values() if i.function.__name__ == wanted)
    info = registry.get(wanted) or next(by_python_name, None)
    if info is not None:
        return info
    raise ParameterBindingError(
        f"There is no cmdlet {shown(name)}.{nearest(name)} confid.get_command() lists them.",
        error_id="CommandNotFoundException",
        category="ObjectNotFound",
    )


def nearest(name: str) -> str:
    """The question with the cmdlets whose names are nearest, in Python's form or PowerShell's."""
    infos = registry.values()
    return did_you_mean(name, [i.function.__name__ if "_" in name else i.name for i in infos])


@ends_at_caller
def bind(name: str, arguments: Mapping[str, object]) -> Binding:
    """What a call of the cmdlet `name` by PowerShell parameter names binds, without running it."""
    demand("name", name, str, "the name of a cmdlet")
    demand("arguments", arguments, Mapping, "a dict of values by parameter names")
    for given in arguments:
        demand("arguments", given, str, "a dict of values by parameter names")
    info = get_command(name)
    parameter_set, bound = bind_arguments(info, arguments, default_set=info.tie_breaker)
    return Binding(parameter_set, {info.declared[key].name: bound[key] for key in bound})
