"""How a call behaves: WhatIf, Confirm and ErrorAction, by its parameters and the preferences."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, TypeVar

from confid.errors import InvalidArgumentError, ParameterBindingError
from confid.host import CONFIRM_CHOICES, NO_TO_ALL, SUSPEND, YES, YES_TO_ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confid.host import Host
    from confid.session import Preferences

R = TypeVar("R")

ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
CONFIRM_LEVELS = ("None", "Low", "Medium", "High")


class Manners:
    """How one call behaves: what its common parameters and the preferences make of it."""

    def __init__(
        self, preferences: Preferences, arguments: Mapping[str, Any], *, writes: bool
    ) -> None:
        what_if = arguments.get("what_if")
        self.what_if: bool = preferences.what_if if what_if is None else what_if
        confirm = arguments.get("confirm")
        self.asks: bool = (
            writes
            and not self.what_if
            and (_asks(preferences.confirm) if confirm is None else bool(confirm))
        )
        self.writes: bool = writes and not self.what_if
        action = arguments.get("error_action")
        self.error_action = one_of(
            "error_action",
            preferences.error_action if action is None else action,
            ERROR_ACTIONS,
        )
        self.stops = self.error_action == "Stop"
        # Checked now: once the change has committed it is too late to complain.
        warning = one_of("preferences.warning", preferences.warning, ERROR_ACTIONS)
        self.warns = warning in ("Continue", "Stop")
        for name in ("error_variable", "warning_variable"):
            if not isinstance(arguments.get(name, []), (list, type(None))):
                raise ParameterBindingError(
                    f"{name} takes a list, which the call fills.",
                    error_id="ParameterArgumentTransformationError",
                    parameter=name,
                )
        self.answers: dict[str, bool] | None = None
        self._to_all: bool | None = None

    def should_process(self, host: Host, cmdlet: str, target: str) -> bool:
        """What ShouldProcess answers for a target. Source: behaviour, PowerShell's manners."""
        line = f'Performing the operation "{cmdlet}" on target "{target}".'
        if self.what_if:
            host.write_line(f"What if: {line}")
            return False
        if not self.asks:
            return True
        if self.answers is None:
            return self._ask(host, line)
        return self.answers.get(target, False)

    def _ask(self, host: Host, line: str) -> bool:
        if self._to_all is not None:
            return self._to_all
        message = f"Are you sure you want to perform this action?\n{line}"
        while True:
            answer = host.prompt_for_choice("Confirm", message, CONFIRM_CHOICES, YES)
            if answer != SUSPEND:
                break
        if answer in (YES_TO_ALL, NO_TO_ALL):
            self._to_all = answer == YES_TO_ALL
        return answer in (YES, YES_TO_ALL)


def _asks(preference: str) -> bool:
    """Whether a cmdlet of medium impact asks under this ConfirmPreference."""
    return one_of("preferences.confirm", preference, CONFIRM_LEVELS) in ("Low", "Medium")


def an_instance(kind: type[R], value: object) -> R:
    """The record that a caller passed as `instance`.

    Raises `InvalidArgumentError` for what isn't the kind of record that the
    Get- cmdlet returns.
    """
    if not isinstance(value, kind):
        raise InvalidArgumentError(
            f"Instance takes the {kind.__name__} that the Get- cmdlet returns, not a "
            f"{type(value).__name__}.",
            target="Instance",
        )
    return value


def one_of(parameter: str, value: object, allowed: Sequence[str]) -> str:
    """The allowed name that `value` is, in any casing, with or without underscores."""
    if isinstance(value, str) and value in allowed:
        return value
    if isinstance(value, enum.Enum):
        value = value.name
    folded = value.replace("_", "").lower() if isinstance(value, str) else None
    for name in allowed:
        if name.lower() == folded:
            return name
    raise InvalidArgumentError(
        f"{parameter}={value!r}: there are {', '.join(allowed)}.", target=value
    )
