"""confid: conference IDs you can bet on.

Emulates the PowerShell cmdlets with which an administrator runs Microsoft
Teams dial-in conferencing. Start with `confid.demo()` or
`confid.connect("tenant.db")`, and `from confid.cmdlets import *`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confid import attendant as attendant
    from confid import cmdlets as cmdlets
    from confid import command as command
    from confid import errors as errors
    from confid import host as host
    from confid import ledger as ledger
    from confid import mail as mail
    from confid import meetings as meetings
    from confid import powershell as powershell
    from confid import store as store
    from confid import testing as testing
    from confid.audit import check as check
    from confid.bridges import add_bridge as add_bridge
    from confid.command import get_command as get_command
    from confid.conference_id import ConferenceId as ConferenceId
    from confid.errors import AlreadyExistsError as AlreadyExistsError
    from confid.errors import AmbiguousIdentityError as AmbiguousIdentityError
    from confid.errors import CommitOutcomeUnknownError as CommitOutcomeUnknownError
    from confid.errors import ConferenceIdsExhaustedError as ConferenceIdsExhaustedError
    from confid.errors import ConfidError as ConfidError
    from confid.errors import InvalidArgumentError as InvalidArgumentError
    from confid.errors import InvalidOperationError as InvalidOperationError
    from confid.errors import LicenseError as LicenseError
    from confid.errors import LineError as LineError
    from confid.errors import NotConnectedError as NotConnectedError
    from confid.errors import NotEnabledError as NotEnabledError
    from confid.errors import NotFoundError as NotFoundError
    from confid.errors import ParameterBindingError as ParameterBindingError
    from confid.errors import RosterError as RosterError
    from confid.errors import StaticConferenceIdError as StaticConferenceIdError
    from confid.errors import StoreError as StoreError
    from confid.errors import TransactionConflictError as TransactionConflictError
    from confid.errors import UserNotFoundError as UserNotFoundError
    from confid.errors import WitnessError as WitnessError
    from confid.help import get_help as get_help
    from confid.ledger import whois as whois
    from confid.line import invoke as invoke
    from confid.moving import move_tenant as move_tenant
    from confid.parameters import UNSET as UNSET
    from confid.restoring import restore as restore
    from confid.results import Results as Results
    from confid.roster import import_tenant as import_tenant
    from confid.roster import import_users as import_users
    from confid.roster import remove_users as remove_users
    from confid.session import Session as Session
    from confid.session import connect as connect
    from confid.start import demo as demo

_MODULES = (
    "attendant",
    "cmdlets",
    "command",
    "errors",
    "host",
    "ledger",
    "mail",
    "meetings",
    "powershell",
    "store",
    "testing",
)

_HOMES = {
    "audit": ("check",),
    "bridges": ("add_bridge",),
    "command": ("get_command",),
    "conference_id": ("ConferenceId",),
    "start": ("demo",),
    "errors": (
        "AlreadyExistsError",
        "AmbiguousIdentityError",
        "CommitOutcomeUnknownError",
        "ConferenceIdsExhaustedError",
        "ConfidError",
        "InvalidArgumentError",
        "InvalidOperationError",
        "LicenseError",
        "LineError",
        "NotConnectedError",
        "NotEnabledError",
        "NotFoundError",
        "ParameterBindingError",
        "RosterError",
        "StaticConferenceIdError",
        "StoreError",
        "TransactionConflictError",
        "UserNotFoundError",
        "WitnessError",
    ),
    "help": ("get_help",),
    "ledger": ("whois",),
    "line": ("invoke",),
    "moving": ("move_tenant",),
    "parameters": ("UNSET",),
    "restoring": ("restore",),
    "results": ("Results",),
    "roster": ("import_tenant", "import_users", "remove_users"),
    "session": ("Session", "connect"),
}

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES])  # noqa: PLE0605 - the table above is the list


def __getattr__(name: str) -> object:
    # Names are imported when they are used: `import confid` alone costs next to nothing.
    if name in _HOME:
        value = getattr(import_module(f"confid.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"confid.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
