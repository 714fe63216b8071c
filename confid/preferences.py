"""PowerShell's preference variables, for one session."""

from __future__ import annotations

import attrs

from confid.parameters import one_of

ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
CONFIRM_LEVELS = ("None", "Low", "Medium", "High")


def _confirm_level(value: object) -> str:
    return one_of("preferences.confirm", value, CONFIRM_LEVELS)


def _error_action(value: object) -> str:
    return one_of("preferences.error_action", value, ERROR_ACTIONS)


def _warning_action(value: object) -> str:
    return one_of("preferences.warning", value, ERROR_ACTIONS)


@attrs.define
class Preferences:
    """PowerShell's preference variables, for one session.

    `confirm` is the ConfirmPreference (High, Medium, Low, None), the others
    what their parameters would say. Names are taken in any casing, with or
    without underscores; setting another raises `InvalidArgumentError`.
    """

    confirm: str = attrs.field(default="High", converter=_confirm_level)
    what_if: bool = attrs.field(default=False, converter=bool)
    error_action: str = attrs.field(default="Stop", converter=_error_action)
    warning: str = attrs.field(default="Continue", converter=_warning_action)
    verbose: bool = attrs.field(default=False, converter=bool)
