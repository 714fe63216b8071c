"""The parameters that several cmdlets share: how each is declared, and what it means."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import attrs

from confid.engine.binder import Gathered
from confid.engine.cmdlet import Identity
from confid.engine.invocation import Invocation
from confid.engine.parameters import UNSET, AsJob, Confirm, P, Unset, WhatIf, is_given
from confid.errors import (
    InvalidArgumentError,
    InvalidOperationError,
    ParameterBindingError,
    shown,
)
from confid.ids.conference_id import ConferenceId
from confid.tenant import directory, numbers, phone_number
from confid.tenant.changes import Change
from confid.tenant.documents import Conferencing
from confid.tenant.mail_address import checked, checked_display_name
from confid.tenant.notices import MailOptions, Sender, owed
from confid.tenant.people import Person
from confid.tenant.records import Record
from confid.tenant.records import ServiceNumber as NumberRecord
from confid.tenant.text import fold
from confid.tenant.unit_of_work import UnitOfWork

R = TypeVar("R")

# Who is meant.
Identities = Identity | Iterable[Identity]
NAMED = (
    "a user principal name, SIP address, object ID, logon, distinguished name or display name; "
    "a record; or an iterable of them"
)
UserId = Annotated[Identities | None, P("Identity", "UserIdParameter", position=0), NAMED]
MandatoryUserId = Annotated[
    Identities | None, P("Identity", "UserIdParameter", position=0, mandatory=True), NAMED
]
ListedUserId = Annotated[UserId, f"{NAMED}; default: everybody whom the cmdlet lists"]

# What is meant beside people.
InstanceId = Annotated[
    str | Record | None,
    P("Identity", "XdsIdentity", position=0, sets=("Identity",), as_is=(Record,)),
]
GlobalId = Annotated[InstanceId, "the one instance, Global, or its record; default: Global"]
InstanceFilter = Annotated[
    str | None, P("Filter", "String", sets=("Filter",)), "a wildcard over identities: `Tag:EU*`"
]
PolicyName = Annotated[
    str | Record | Unset | None,
    P("PolicyName", "String", position=1, as_is=(Record,)),
    "the policy, by its name or record; None takes back what was granted",
]
PassThru = Annotated[bool, P("PassThru", "SwitchParameter"), "returns the users"]

# Settings of a user.
ChosenId = Annotated[
    object,
    P("ConferenceId", "Int32", aliases=("Passcode",)),
    "refused, whatever the value: conference IDs are Dynamic Only",
]
BridgeId = Annotated[UUID | str | None, P("BridgeId", "Guid"), "the bridge, by its ID"]
BridgeName = Annotated[
    str | None, P("BridgeName", "String"), "the bridge, by its name, in any casing"
]
Number = str | NumberRecord
ServiceNumber = Annotated[
    Number | None,
    P("ServiceNumber", "String", as_is=(NumberRecord,)),
    "the default toll number, of the user's bridge, as E.164 or its record",
]
TollFreeServiceNumber = Annotated[
    Number | None,
    P("TollFreeServiceNumber", "String", as_is=(NumberRecord,)),
    "the default toll-free number, of the user's bridge, as E.164 or its record",
]
AllowTollFreeDialIn = Annotated[
    bool | None, P("AllowTollFreeDialIn", "Boolean"), "whether toll-free calls are let in"
]

# Mail.
SendEmail = Annotated[
    bool,
    P("SendEmail", "SwitchParameter"),
    "sends the conference info to the user, never with a PIN",
]
SendEmailToAddress = Annotated[
    str | None,
    P("SendEmailToAddress", "String"),
    "where to send it instead of the user's address; needs `send_email`",
]
SendEmailFromAddress = Annotated[
    str | None,
    P("SendEmailFromAddress", "String"),
    "the sender's address; needs the display name and `send_email`",
]
SendEmailFromDisplayName = Annotated[
    str | None,
    P("SendEmailFromDisplayName", "String"),
    "the sender's name; needs the address and `send_email`",
]
IfUnchanged = Annotated[
    bool,
    "changes only those whose conference ID is still the one of the record that is given; "
    "a text, and a record without an ID, are refused",
]
Notify = Annotated[bool | None, "whether to mail the user; default: the tenant's setting"]

# Lists.
ResultSize = Annotated[int | None, P("ResultSize", "Int32"), "how many at most; default: all"]
UnlimitedSize = Annotated[
    int | str | None, P("ResultSize", "Unlimited"), 'how many at most; default: "Unlimited"'
]

# What the vendor needs, and confid doesn't.
ONE_TENANT = "no effect: a session is on one tenant, the one that was connected to"
INTERNAL = "no effect: for the vendor's internal use only"
Force = Annotated[
    bool,
    P("Force", "SwitchParameter", accepted=True),
    "no effect: only `confirm` and the preferences ask here",
]
TenantId = Annotated[UUID | str | None, P("Tenant", "Guid", accepted=True), ONE_TENANT]
TenantDomain = Annotated[str | None, P("TenantDomain", "String", accepted=True), ONE_TENANT]
DomainController = Annotated[
    str | None, P("DomainController", "Fqdn", aliases=("DC",), accepted=True), INTERNAL
]
LocalStore = Annotated[bool, P("LocalStore", "SwitchParameter", accepted=True), INTERNAL]

# What a body doesn't see: the `also` of its cmdlet.
TENANT = {"tenant": TenantId}
CONTROLLER = {"domain_controller": DomainController}
FORCE = {"force": Force}
VENDOR = TENANT | {"tenant_domain": TenantDomain} | CONTROLLER | FORCE
LOCAL_STORE = {"local_store": LocalStore}
JOB = {"as_job": AsJob}
ASKS = {"what_if": WhatIf, "confirm": Confirm}


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


@attrs.frozen(kw_only=True)
class Wanted:
    """The settings that a call names; None leaves one as it is, but no toll-free number is one."""

    bridge_id: UUID | None = None
    service_number: Number | None = None
    toll_free_service_number: Number | Unset | None = UNSET
    allow_toll_free_dial_in: bool | None = None
    allow_pstn_only_meetings: bool | None = None

    def applied(self, unit: UnitOfWork, person: Person, before: Conferencing) -> Conferencing:
        """The settings afterwards; a move to another bridge takes that bridge's numbers."""
        after = before
        if self.bridge_id is not None and self.bridge_id != before.bridge_id:
            bridge = unit.setup.bridges[self.bridge_id]
            after = attrs.evolve(
                after,
                bridge_id=bridge.identity,
                service_number=unit.setup.default_toll_number(bridge, person.user),
                toll_free_service_number=None,
            )
        changes: dict[str, Any] = {
            "service_number": number_on(
                unit, after.bridge_id, self.service_number, toll_free=False
            ),
            "allow_toll_free_dial_in": self.allow_toll_free_dial_in,
            "allow_pstn_only_meetings": self.allow_pstn_only_meetings,
        }
        wanted = {name: value for name, value in changes.items() if value is not None}
        if self.toll_free_service_number is not UNSET:
            wanted["toll_free_service_number"] = number_on(
                unit, after.bridge_id, self.toll_free_service_number, toll_free=True
            )
        return attrs.evolve(after, **wanted) if wanted else after


def mail_options(
    *,
    send_email: bool = False,
    send_email_to_address: str | None = None,
    send_email_from_address: str | None = None,
    send_email_from_display_name: str | None = None,
    notify: bool | None = None,
) -> MailOptions:
    """The mail parameters of a call, checked. Source of the rules: behaviour, mail."""
    given = {
        "SendEmailToAddress": send_email_to_address,
        "SendEmailFromAddress": send_email_from_address,
        "SendEmailFromDisplayName": send_email_from_display_name,
    }
    named = [name for name, value in given.items() if value is not None]
    if named and not send_email:
        raise InvalidArgumentError(
            f"{', '.join(named)} only with SendEmail: pass send_email=True as well.",
            error_id="SendEmailMissing",
            target=named[0],
        )
    if (send_email_from_address is None) != (send_email_from_display_name is None):
        raise InvalidArgumentError(
            "SendEmailFromAddress and SendEmailFromDisplayName need each other; give both.",
            error_id="SenderIncomplete",
        )
    sender = Sender()
    if send_email_from_address is not None and send_email_from_display_name is not None:
        sender = Sender(
            address=checked(send_email_from_address, parameter="SendEmailFromAddress"),
            display_name=checked_display_name(
                send_email_from_display_name, parameter="SendEmailFromDisplayName"
            ),
        )
    to = (
        None
        if send_email_to_address is None
        else checked(send_email_to_address, parameter="SendEmailToAddress")
    )
    return MailOptions(send_email=send_email, to_address=to, sender=sender, notify=notify)


MAIL = Gathered(
    mail_options,
    {
        "send_email": SendEmail,
        "send_email_to_address": SendEmailToAddress,
        "send_email_from_address": SendEmailFromAddress,
        "send_email_from_display_name": SendEmailFromDisplayName,
        "notify": Notify,
    },
)


def demand_identity(command: Invocation, identity: object) -> None:
    """Raise PowerShell's error for a mandatory parameter where nobody is named."""
    if not is_given(identity):
        raise ParameterBindingError(
            f"{command.name}: Identity must be given.",
            error_id="MissingMandatoryParameter",
            parameter="Identity",
        )


def shown_ids(identity: object) -> dict[str, set[ConferenceId]]:
    """The conference IDs that records show, by the object IDs of their people.

    Raises `InvalidArgumentError` for anything but records that carry a conference ID.
    """
    shown_by: dict[str, set[ConferenceId]] = {}
    for item in [identity] if directory.is_one(identity) else cast("Iterable[object]", identity):
        conference_id = getattr(item, "conference_id", None) if isinstance(item, Record) else None
        if conference_id is None:
            raise InvalidArgumentError(
                f"if_unchanged=True compares conference IDs, and {shown(item, 40)} carries none. "
                "Give records that a cmdlet returned, of people who are enabled.",
                target="if_unchanged",
            )
        shown_by.setdefault(directory.identity_text(item), set()).add(conference_id)
    return shown_by


def demand_unchanged(person: Person, ids: Mapping[str, set[ConferenceId]]) -> None:
    """Raise `InvalidOperationError` unless the person's conference ID is the one that was shown."""
    if ids.get(person.user.identity) != {person.conference_id}:
        raise InvalidOperationError(
            f"{person} was changed meanwhile: the conference ID is no longer the one of the "
            "record that was given. Get the record again, and see what is still to do.",
            target=str(person),
            error_id="ConferenceIdChanged",
        )


def conference_info(unit: UnitOfWork, person: Person, mail: MailOptions) -> Change | None:
    """The change that only sends the conference info; None where it wasn't asked for."""
    notice = owed((), mail, unit.settings)
    return Change(person=person, after=person.demand_enabled(), notice=notice) if notice else None


def one_bridge(
    unit: UnitOfWork, bridge_id: UUID | str | None, bridge_name: str | None
) -> UUID | None:
    """The ID of the bridge that two parameters name; None when neither was given."""
    if bridge_id is None and bridge_name is None:
        return None
    bridge = numbers.one_bridge(unit.setup, bridge_id, bridge_name)
    return bridge.identity if bridge else None


def number_on(
    unit: UnitOfWork, bridge_id: UUID, number: Number | None, *, toll_free: bool
) -> str | None:
    """The digits of a number, which must be of that kind and on that bridge; None for None."""
    if number is None:
        return None
    parameter = "TollFreeServiceNumber" if toll_free else "ServiceNumber"
    bridge = unit.setup.bridges[bridge_id]
    return numbers.number_on(unit.setup, bridge, number, toll_free=toll_free, parameter=parameter)


def kept_by(
    bridge_id: UUID | None, service_number: Number | None, ldap_filter: str | None
) -> Callable[[Person], bool]:
    """Whether the filters of a Get- let a person through."""
    tests: list[Callable[[Person], bool]] = []
    if bridge_id is not None:
        tests.append(lambda p: p.conferencing is not None and p.conferencing.bridge_id == bridge_id)
    if service_number is not None:
        digits = phone_number.parse(service_number, parameter="ServiceNumber")
        tests.append(
            lambda p: (
                p.conferencing is not None
                and digits
                in (p.conferencing.service_number, p.conferencing.toll_free_service_number)
            )
        )
    if ldap_filter is not None:
        from confid.tenant.ldap_filter import compile_filter  # noqa: PLC0415 - few calls filter so

        matches = compile_filter(ldap_filter)
        tests.append(lambda p: matches(_ldap_attributes(p)))
    return lambda person: all(test(person) for test in tests)


_LDAP_ALIASES = {
    "mail": "mail",
    "l": "city",
    "c": "usage_location",
    "co": "country",
    "cn": "display_name",
    "memberof": "groups",
    "samaccountname": "on_premises_sam_account_name",
    "objectguid": "identity",
    "msrtcsip-primaryuseraddress": "sip_address",
}


def _ldap_attributes(person: Person) -> dict[str, object]:
    """A person's attributes under their LDAP names and PowerShell's, folded."""
    user = person.user
    attributes: dict[str, object] = {fold(k): v for k, v in user.__powershell__().items()}
    attributes |= {name: getattr(user, field) for name, field in _LDAP_ALIASES.items()}
    attributes["conferenceid"] = person.conference_id
    return attributes
