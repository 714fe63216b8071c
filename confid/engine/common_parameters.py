"""How a call behaves: WhatIf, Confirm and ErrorAction, by its parameters and the preferences."""

from __future__ import annotations

import enum
import functools
from typing import TYPE_CHECKING, Any, Literal

import attrs

from confid.errors import ConfidError, ParameterBindingError, shown
from confid.host import CONFIRM_CHOICES, NO_TO_ALL, SUSPEND, YES, YES_TO_ALL, warn
from confid.powershell.language.values import choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.engine.progress import ProgressOption
    from confid.host import Host

ErrorAction = Literal[
    "Continue",
    "continue",
    "SilentlyContinue",
    "silently_continue",
    "Ignore",
    "ignore",
    "Stop",
    "stop",
]
"""PowerShell's names and Python's; any other casing is taken too."""

ConfirmPreference = Literal["High", "Medium", "Low", "None", "high", "medium", "low", "none"]

ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
CONFIRM_LEVELS = ("None", "Low", "Medium", "High")


def _confirm_level(value: object) -> str:
    return choice("preferences.confirm", value, CONFIRM_LEVELS)


def _error_action(value: object) -> str:
    return choice("preferences.error_action", value, ERROR_ACTIONS)


def _warning_action(value: object) -> str:
    return choice("preferences.warning", value, ERROR_ACTIONS)


@attrs.define
class Preferences:
    """PowerShell's preference variables, for one session.

    `confirm` is the ConfirmPreference (High, Medium, Low, None); the others are
    the defaults of their parameters. Names are taken in any casing, with or
    without underscores; setting any other value raises `InvalidArgumentError`.
    """

    confirm: ConfirmPreference = attrs.field(default="High", converter=_confirm_level)
    what_if: bool = attrs.field(default=False, converter=bool)
    error_action: ErrorAction = attrs.field(default="Stop", converter=_error_action)
    warning: ErrorAction = attrs.field(default="Continue", converter=_warning_action)
    verbose: bool = attrs.field(default=False, converter=bool)


class ActionPreference(enum.Enum):
    """PowerShell's ActionPreference, each at its number."""

    SilentlyContinue = 0
    Stop = 1
    Continue = 2
    Inquire = 3
    Ignore = 4
    Suspend = 5
    Break = 6


class WarningStopError(ConfidError, RuntimeError):
    """A warning ended the call, because `warning_action` is Stop; nothing was changed."""

    category = "OperationStopped"
    error_id = "ActionPreferenceStop"
    ends_the_call = True


@attrs.frozen(kw_only=True)
class CallOptions:
    """How one call behaves, by its common parameters and the session's preferences.

    With `asks`, each change is confirmed first. `progress` and the two variables are the
    caller's.
    """

    writes: bool
    what_if: bool
    asks: bool
    verbose: bool
    error_action: str
    warning_action: str
    progress: ProgressOption = None
    error_variable: list[Any] | None = None
    warning_variable: list[Any] | None = None
    goes_unsaid: bool = attrs.field(init=False)
    """Whether ShouldProcess answers yes and writes nothing, as in most calls."""
    collects: bool = attrs.field(init=False)
    """Whether the caller gave a list for errors or for warnings."""

    @goes_unsaid.default
    def _goes_unsaid(self) -> bool:
        return not (self.what_if or self.asks or self.verbose)

    @collects.default
    def _collects(self) -> bool:
        return self.error_variable is not None or self.warning_variable is not None

    @property
    def stops(self) -> bool:
        """Whether the first error ends the call."""
        return self.error_action == "Stop"

    def should_process(
        self, host: Host, cmdlet: str, target: str, answers: Mapping[str, bool]
    ) -> bool:
        """What ShouldProcess answers for a target; when it asks, the user's answer."""
        line = operation(cmdlet, target)
        if self.what_if:
            host.write_line(f"What if: {line}")
            return False
        goes = answers.get(target, False) if self.asks else True
        if goes and self.verbose:
            host.write_verbose(line)
        return goes

    def collect_errors(self, errors: Iterable[ConfidError]) -> None:
        """Append the errors to the caller's `error_variable`."""
        if self.error_variable is not None:
            self.error_variable.extend(errors)

    def collect_warnings(self, warnings: Iterable[str]) -> None:
        """Append the warnings to the caller's `warning_variable`."""
        if self.warning_variable is not None:
            self.warning_variable.extend(warnings)

    def tell(
        self,
        host: Host,
        cmdlet: str,
        warnings: Sequence[str],
        errors: Sequence[ConfidError],
        *,
        known: set[str],
    ) -> None:
        """Show the warnings and errors of a call that ended, and collect them."""
        if self.warning_action in ("Continue", "Stop"):
            for text in warnings:
                warn(host, text, known)
        if self.error_action == "Continue":
            for error in errors:
                host.write_error(f"{cmdlet}: {error.message}")
        self.collect_warnings(warnings)
        self.collect_errors(errors)


def call_options(
    preferences: Preferences,
    common: Mapping[str, Any],
    *,
    writes: bool,
    what_if: bool | None = None,
    confirm: bool | None = None,
    impact: str = "Medium",
) -> CallOptions:
    """The options of a call of a cmdlet with that ConfirmImpact."""
    options = _preferred(
        preferences.confirm if confirm is None else "Low" if confirm else "None",
        preferences.what_if if what_if is None else what_if,
        preferences.error_action,
        preferences.warning,
        preferences.verbose,
        writes,
        impact,
    )
    if not common:
        return options
    verbose = common.get("verbose")
    return attrs.evolve(
        options,
        error_action=_action(common, "error_action", options.error_action),
        warning_action=_action(common, "warning_action", options.warning_action),
        verbose=options.verbose if verbose is None else bool(verbose),
        progress=common.get("progress"),
        error_variable=_list(common, "error_variable"),
        warning_variable=_list(common, "warning_variable"),
    )


@functools.lru_cache(maxsize=256)
def _preferred(  # noqa: PLR0917 - a cache compares places faster than names
    confirm: str,
    what_if: bool,
    error_action: str,
    warning_action: str,
    verbose: bool,
    writes: bool,
    impact: str,
) -> CallOptions:
    wanted = CONFIRM_LEVELS.index(confirm)
    writes = writes and not what_if
    return CallOptions(
        writes=writes,
        what_if=what_if,
        asks=writes and 0 < wanted <= CONFIRM_LEVELS.index(impact),
        verbose=verbose,
        error_action=error_action,
        warning_action=warning_action,
    )


def ask(host: Host, cmdlet: str, targets: Iterable[str]) -> dict[str, bool]:
    """What the host answers for each target, until one answer is for all.

    Raises the host's own error when there is nobody to ask.
    """
    answers: dict[str, bool] = {}
    to_all: bool | None = None
    for target in targets:
        if to_all is None:
            answer = _choice(host, operation(cmdlet, target))
            answers[target] = answer in (YES, YES_TO_ALL)
            if answer in (YES_TO_ALL, NO_TO_ALL):
                to_all = answers[target]
        else:
            answers[target] = to_all
    return answers


def _choice(host: Host, operation: str) -> int:
    message = f"Are you sure you want to perform this action?\n{operation}"
    while True:
        answer = host.prompt_for_choice("Confirm", message, CONFIRM_CHOICES, YES)
        if answer != SUSPEND:
            return answer


def operation(cmdlet: str, target: str) -> str:
    """What ShouldProcess says that it is about to do."""
    return f'Performing the operation "{cmdlet}" on target "{target}".'


def _action(common: Mapping[str, Any], name: str, preference: str) -> str:
    value = common.get(name)
    if value is None:
        return preference
    return value if value in ERROR_ACTIONS else action_preference(name, value)


@functools.lru_cache(maxsize=256)
def _named_action(text: str) -> str | None:
    """The name of an ActionPreference, from its name, number or the beginning of its name."""
    from confid.powershell.language.conversion import to_enum  # noqa: PLC0415 - names are exact in most calls

    try:
        return to_enum(text.replace("_", ""), ActionPreference).name
    except ConfidError:
        return None


def action_preference(parameter: str, value: object) -> str:
    """The action that `value` names: in any casing, shortened, or by PowerShell's number.

    Raises `ParameterBindingError` for any other value, and for three of PowerShell's
    actions: Inquire, since nobody is asked while others wait for the store; Suspend and
    Break, since there is no workflow or debugger.
    """
    name = "".join(part.title() for part in parameter.split("_"))
    text = value.name if isinstance(value, enum.Enum) else value
    found = _named_action(text if isinstance(text, str) else shown(text, 40))
    if found in ERROR_ACTIONS:
        return found
    error_id, category = "CannotConvertArgumentNoMessage", "InvalidArgument"
    if found == "Suspend":
        error_id, category = "ParameterBindingFailed", "WriteError"
    raise ParameterBindingError(
        f"{parameter}={shown(value, 40)}: there are {', '.join(ERROR_ACTIONS)}.",
        error_id=error_id,
        parameter=name,
        category=category,
    )


def _list(common: Mapping[str, Any], name: str) -> list[Any] | None:
    value = common.get(name)
    if value is None or isinstance(value, list):
        return value
    raise ParameterBindingError(
        f"{name} takes a list, to which the call appends.",
        error_id="ParameterArgumentTransformationError",
        parameter=name,
    )
