"""How a call behaves: WhatIf, Confirm and ErrorAction, by its parameters and the preferences."""

from __future__ import annotations

import enum
import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from confid.errors import ConfidError, InvalidArgumentError, ParameterBindingError
from confid.host import CONFIRM_CHOICES, NO_TO_ALL, SUSPEND, YES, YES_TO_ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.host import Host
    from confid.progress import ProgressOption
    from confid.session import Preferences

R = TypeVar("R")

ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
CONFIRM_LEVELS = ("None", "Low", "Medium", "High")

ACTION_PREFERENCES = (
    *("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"),
)
"""PowerShell's ActionPreference, each at its number."""


class WarningStopError(ConfidError, RuntimeError):
    """A warning ended the call, because `warning_action` is Stop; nothing was changed."""

    category = "OperationStopped"
    error_id = "ActionPreferenceStop"
    ends_the_call = True


class Manners:
    """How one call behaves: what its common parameters and the preferences make of it.

    `impact` is the cmdlet's ConfirmImpact. Source: the engine's answers,
    shouldprocess.json and erroraction.json.
    """

    progress: ProgressOption = None
    answers: dict[str, bool] | None = None
    _to_all: bool | None = None
    collects = False
    _collected: Mapping[str, list[Any]] = MappingProxyType({})

    def __init__(
        self,
        preferences: Preferences,
        common: Mapping[str, Any],
        *,
        writes: bool,
        what_if: bool | None = None,
        confirm: bool | None = None,
        impact: str = "Medium",
    ) -> None:
        self.what_if: bool = preferences.what_if if what_if is None else what_if
        # The switch stands for the preference at its lowest, or for none.
        level = preferences.confirm if confirm is None else "Low" if confirm else "None"
        self.writes: bool = writes and not self.what_if
        self.asks: bool = self.writes and (
            impact == "High" if level == "High" else _asks(level, impact)
        )
        self.verbose: bool = preferences.verbose
        # Checked now: once the change has committed it is too late to complain.
        self.error_action = preferences.error_action
        if self.error_action not in ERROR_ACTIONS:
            self.error_action = one_of("preferences.error_action", self.error_action, ERROR_ACTIONS)
        self.warning_action = preferences.warning
        if self.warning_action not in ERROR_ACTIONS:
            self.warning_action = one_of("preferences.warning", self.warning_action, ERROR_ACTIONS)
        if common:
            self._take(common)
        self.stops = self.error_action == "Stop"
        # What ShouldProcess answers without a word, in most calls.
        self.goes_unsaid = not (self.what_if or self.asks or self.verbose)

    def _take(self, common: Mapping[str, Any]) -> None:
        self.error_action = _action(common, "error_action", self.error_action)
        self.warning_action = _action(common, "warning_action", self.warning_action)
        self.verbose = common.get("verbose") or self.verbose
        self.progress = common.get("progress")
        self._collected = _lists(common)
        self.collects = bool(self._collected)

    def should_process(self, host: Host, cmdlet: str, target: str) -> bool:
        """What ShouldProcess answers for a target. Source: behaviour, PowerShell's manners."""
        line = f'Performing the operation "{cmdlet}" on target "{target}".'
        if self.what_if:
            host.write_line(f"What if: {line}")
            return False
        if not self.asks:
            goes = True
        elif self.answers is None:
            goes = self._ask(host, line)
        else:
            goes = self.answers.get(target, False)
        if goes and self.verbose:
            host.write_verbose(line)
        return goes

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

    def collect_errors(self, errors: Iterable[ConfidError]) -> None:
        """Put them in the caller's `error_variable`, in place of what it held."""
        if "error_variable" in self._collected:
            self._collected["error_variable"][:] = errors

    def collect_warnings(self, warnings: Iterable[str]) -> None:
        """Put them in the caller's `warning_variable`, in place of what it held."""
        if "warning_variable" in self._collected:
            self._collected["warning_variable"][:] = warnings

    def tell(
        self, host: Host, cmdlet: str, warnings: Sequence[str], errors: Sequence[ConfidError]
    ) -> None:
        """Say what a call that went through has to say."""
        if self.warning_action in ("Continue", "Stop"):
            for text in warnings:
                host.write_warning(text)
        if self.error_action == "Continue":
            for error in errors:
                host.write_error(f"{cmdlet}: {error.message}")
        if self._collected:
            self.collect_warnings(warnings)
            self.collect_errors(errors)


def _asks(preference: str, impact: str) -> bool:
    """Whether a cmdlet of that impact asks under this ConfirmPreference."""
    if preference != "High":
        preference = one_of("preferences.confirm", preference, CONFIRM_LEVELS)
    wanted = CONFIRM_LEVELS.index(preference)
    return 0 < wanted <= CONFIRM_LEVELS.index(impact)


def _action(common: Mapping[str, Any], name: str, preference: str) -> str:
    value = common.get(name)
    if value is None:
        return preference
    return value if value in ERROR_ACTIONS else action_preference(name, value)


@functools.lru_cache(maxsize=256)
def _named_action(text: str) -> str | None:
    """The ActionPreference of that name, number or beginning of a name."""
    text = text.strip().replace("_", "").lower()
    if text.isdecimal() and int(text) < len(ACTION_PREFERENCES):
        return ACTION_PREFERENCES[int(text)]
    whole = [name for name in ACTION_PREFERENCES if name.lower() == text]
    begun = [name for name in ACTION_PREFERENCES if text and name.lower().startswith(text)]
    found = whole or begun
    return found[0] if len(found) == 1 else None


def action_preference(parameter: str, value: object) -> str:
    """The action that `value` names: in any casing, shortened, or by PowerShell's number.

    Raises `ParameterBindingError` for what names none, and for those that
    PowerShell has and a library can't: nobody is asked while others wait for
    the store (Inquire), and there is no workflow to suspend or debugger to break into.
    """
    name = "".join(part.title() for part in parameter.split("_"))
    found = _named_action(value.name if isinstance(value, enum.Enum) else str(value))
    if found in ERROR_ACTIONS:
        return found
    error_id, category = "CannotConvertArgumentNoMessage", "InvalidArgument"
    if found == "Suspend":
        error_id, category = "ParameterBindingFailed", "WriteError"
    raise ParameterBindingError(
        f"{parameter}={value!r:.40}: there are {', '.join(ERROR_ACTIONS)}.",
        error_id=error_id,
        parameter=name,
        category=category,
    )


def _lists(common: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name in ("error_variable", "warning_variable"):
        value = common.get(name)
        if isinstance(value, list):
            found[name] = value
        elif value is not None:
            raise ParameterBindingError(
                f"{name} takes a list, which the call fills.",
                error_id="ParameterArgumentTransformationError",
                parameter=name,
            )
    return found


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
