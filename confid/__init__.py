"""confid: conference IDs you can bet on.

Emulates the PowerShell cmdlets with which an administrator runs Microsoft
Teams dial-in conferencing.

    import confid
    from confid.cmdlets import *

    with confid.connect("tenant.db"):
        confid.import_users("people.csv")
        enable_cs_online_dial_in_conferencing_user("ken.myer@contoso.com")
        set_cs_online_dial_in_conferencing_user("ken.myer@contoso.com", reset_conference_id=True)

    open a tenant       connect, demo (one to try things on)
    people              import_users, import_tenant, remove_users
    cmdlets             cmdlets, invoke (a line as typed), get_command, get_help
    conference IDs      whois, check, ledger
    beside them         mail, meetings, attendant (the caller's side), powershell
    before a change     rehearse
    stores              store, move_tenant, restore, testing
    what is raised      errors, all of them under ConfidError

`help(confid.cmdlets)` lists the cmdlets, `confid.get_help("Set-CsOnlineDialInConferencingUser")` is
one's page, and `help()` of its function is for Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

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
    from confid import rehearsal as rehearsal
    from confid import store as store
    from confid import testing as testing
    from confid.cmdlets.bridges import add_bridge as add_bridge
    from confid.command.help import get_help as get_help
    from confid.command.line import invoke as invoke
    from confid.command.lookup import get_command as get_command
    from confid.engine.parameters import UNSET as UNSET
    from confid.engine.session import Session as Session
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
    from confid.errors import PinKeyError as PinKeyError
    from confid.errors import RosterError as RosterError
    from confid.errors import SealedError as SealedError
    from confid.errors import SeveralErrors as SeveralErrors
    from confid.errors import StaticConferenceIdError as StaticConferenceIdError
    from confid.errors import StoreError as StoreError
    from confid.errors import TransactionConflictError as TransactionConflictError
    from confid.errors import UserNotFoundError as UserNotFoundError
    from confid.errors import WitnessError as WitnessError
    from confid.ids.conference_id import ConferenceId as ConferenceId
    from confid.ledger.audit import check as check
    from confid.ledger.backups import restore as restore
    from confid.ledger.lookup import whois as whois
    from confid.ledger.moves import move_tenant as move_tenant
    from confid.rehearsal import rehearse as rehearse
    from confid.roster import import_tenant as import_tenant
    from confid.roster import import_users as import_users
    from confid.roster import remove_users as remove_users
    from confid.start import connect as connect
    from confid.start import demo as demo
    from confid.tenant.records import Bridge as Bridge
    from confid.tenant.records import ConferencingUser as ConferencingUser
    from confid.tenant.records import DirectoryUser as DirectoryUser
    from confid.tenant.records import EntryExitAnnouncements as EntryExitAnnouncements
    from confid.tenant.records import MaskedNumbers as MaskedNumbers
    from confid.tenant.records import ServiceNumber as ServiceNumber
    from confid.tenant.records import TenantSettings as TenantSettings
    from confid.tenant.records import UserInfo as UserInfo
    from confid.tenant.records import UserState as UserState
    from confid.tenant.results import Results as Results
else:
    __getattr__, __dir__ = names_on_demand(__name__)

__version__ = "0.1.0"
