"""How a cmdlet's parameters are declared: in its typed signature, once.

`Annotated[bool, P("ResetConferenceId", "SwitchParameter", …)]` beside a
Python parameter is all that the registry and the binder know of it. A text
behind it says what the parameter does; the last one counts, so that an
`Annotated` of a shared declaration can say it in its own words.
"""

from __future__ import annotations

import enum
import functools
from typing import TYPE_CHECKING, Annotated, Any, Final, TypedDict

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.common_parameters import ErrorAction
    from confid.engine.session import Session
    from confid.errors import ConfidError


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Not given, where None has a meaning of its own (PowerShell's `$null`)."""


@attrs.frozen
class P:
    """A PowerShell parameter: its name, type and aliases, and what it does here.

    `sets` are the parameter sets that have it (None: all), `mandatory_in`
    those that demand it. `accepted` ones are taken and without effect, as
    documented. `as_is` are Python types that are bound as they are beside
    what converts to `type`: a record for its name, a list for one of its items.
    """

    name: str
    type: str
    aliases: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    mandatory: bool = attrs.field(default=False, kw_only=True)
    position: int | None = attrs.field(default=None, kw_only=True)
    sets: tuple[str, ...] | None = attrs.field(default=None, kw_only=True)
    mandatory_in: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    accepted: bool = attrs.field(default=False, kw_only=True)
    as_is: tuple[Any, ...] = attrs.field(default=(), kw_only=True)

    @functools.cached_property
    def taken_as_is(self) -> tuple[Any, ...]:
        """The Python types of values that need no conversion."""
        return (*_PYTHON_TYPES.get(self.type, ()), *self.as_is)


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "UserIdParameter": (str,),
    "PSObject": (object,),
    "Object": (object,),
    "SwitchParameter": (bool,),
    "Boolean": (bool,),
    "String": (str,),
    "string": (str,),
    "XdsIdentity": (str,),
    "Fqdn": (str,),
}

# The parameters that the engine itself obeys.
WhatIf = Annotated[
    bool,
    P("WhatIf", "SwitchParameter", aliases=("wi",)),
    "says what would be done, a line for each target, and does nothing",
]
Confirm = Annotated[
    bool | None,
    P("Confirm", "SwitchParameter", aliases=("cf",)),
    "asks before each change; False doesn't ask, whatever the preferences say",
]
AsJob = Annotated[
    bool,
    P("AsJob", "SwitchParameter"),
    "runs in the background and returns a job, with `state`, `receive()` and `wait()`",
]


class CommonParameters(TypedDict, total=False):
    """What every cmdlet takes beside its own parameters.

    `session`: the session, where it isn't the current one. `error_action`:
    PowerShell's names in any casing, Stop unless the session's preferences
    say otherwise. `warning_action`: the same names, Continue by default; a warning
    under Stop ends the call and nothing is changed. `error_variable`,
    `warning_variable`: lists to which the call appends. `verbose`: say what is done.
    `progress`: True for a bar over the people named, or a function of the
    number done and the number in all.
    """

    session: Session | None
    error_action: ErrorAction | None
    error_variable: list[ConfidError] | None
    warning_action: ErrorAction | None
    warning_variable: list[str] | None
    verbose: bool | None
    progress: bool | Callable[[int, int | None], object] | None


COMMON = frozenset(CommonParameters.__annotations__)


def python_name(name: str) -> str:
    """`ResetPasscode` → `reset_passcode`; for aliases, which stand in no signature."""
    import re  # noqa: PLC0415 - aliases are rare

    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def is_given(value: Any) -> bool:
    """Whether a caller gave a value: None and UNSET mean not given."""
    return value is not None and value is not UNSET
