"""The types of the conferencing module's parameters: enumerations, and other names of .NET's.

Source: the documentation of the module's cmdlets; the numbers that `convert.json` and
`bind.json` show, else the order of the documentation.
"""

from __future__ import annotations

from enum import Enum

from confid.powershell.language.conversion import define_types


class EntryExitAnnouncementsType(Enum):
    """How comings and goings are announced."""

    UseNames = 0
    ToneOnly = 1


class StateType(Enum):
    """How far a migration is."""

    Pending = 0
    InProgress = 1
    Failed = 2
    Succeeded = 3


class MmsSourceMeetingTypes(Enum):
    """Which meetings are migrated."""

    All = 0
    SfB = 1
    Teams = 2


class MmsTargetMeetingTypes(Enum):
    """What they are migrated to."""

    Current = 0
    Teams = 1


class FilterSelection(Enum):
    """Which users are listed."""

    DialInConferencingOn = 0
    DialInConferencingOff = 1
    ConferencingProviderMS = 2
    ConferencingProviderOther = 3
    ReadyForMigrationToCPC = 4
    NoFilter = 5


class ProviderType(Enum):
    """Whose audio conferencing a user has; Other is another word for ThirdParty."""

    AllProviders = 0
    NoProviders = 1
    Microsoft = 2
    ThirdParty = 3
    Other = 3  # noqa: PIE796 - an alias


define_types(
    {
        **{
            kind.__name__: kind
            for kind in (
                EntryExitAnnouncementsType,
                StateType,
                MmsSourceMeetingTypes,
                MmsTargetMeetingTypes,
                FilterSelection,
                ProviderType,
            )
        },
        "UserIdParameter": "string",
        "XdsIdentity": "string",
        "ConferencingBridge": "object",
        "ConferencingServiceNumber": "object",
    }
)
