"""A cmdlet by its name: what there is to know of it, and what a call of it would bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import confid.cmdlets  # noqa: F401 - fills the registry
from confid.engine.binder import Binding, CommandInfo, bind_arguments
from confid.engine.cmdlet import registry
from confid.errors import ParameterBindingError

if TYPE_CHECKING:
    from collections.abc import Mapping


@overload
def get_command(name: str) -> CommandInfo: ...
@overload
def get_command(name: None = None) -> list[CommandInfo]: ...
def get_command(name: str | None = None) -> CommandInfo | list[CommandInfo]:
    """The cmdlet of that PowerShell name, in any casing; without a name, all of them.

    Raises `ParameterBindingError` for a name that is no cmdlet's.
    """
    if name is None:
        return [registry[key] for key in sorted(registry)]
    try:
        return registry[name.strip().lower()]
    except KeyError:
        raise ParameterBindingError(
            f"There is no cmdlet {name!r}. confid.get_command() lists those there are.",
            error_id="CommandNotFoundException",
            category="ObjectNotFound",
        ) from None


def bind(name: str, arguments: Mapping[str, object]) -> Binding:
    """What a call of the cmdlet `name` by PowerShell parameter names binds, without running it."""
    info = get_command(name)
    parameter_set, bound = bind_arguments(info, arguments, default_set=info.tie_breaker)
    return Binding(parameter_set, {info.declared[key].name: bound[key] for key in bound})
