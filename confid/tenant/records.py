"""The records that cmdlets return, and how they show themselves.

Attributes are snake_case; exports use the PowerShell property name that each
field declares, in the order of the fields (behaviour: what cmdlets return).
A field without one is for confid itself and shows nowhere.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime  # noqa: TC003 - the codec reads the annotations
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from uuid import UUID  # noqa: TC003 - the codec reads the annotations

import attrs

from confid.errors import InvalidArgumentError, shown
from confid.ids.conference_id import ConferenceId  # noqa: TC001 - the codec reads it
from confid.tenant.display import Shown, html_text, html_view, view
from confid.tenant.exported_values import in_frame, in_json
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from confid.errors import Secret

    _Mapping = Mapping[str, object]
else:

    class _Mapping:
        """The methods of a mapping. The base class itself would slow every isinstance() down."""

        __slots__ = ()
        keys, items, values = Mapping.keys, Mapping.items, Mapping.values
        get, __contains__ = Mapping.get, Mapping.__contains__


MASKED_PIN = "***********"
"""How a PIN reads once the call that made it is over (behaviour: PIN)."""

MICROSOFT = "Microsoft"


def prop(powershell: str, **options: Any) -> Any:
    """Declare a field that PowerShell shows under that property name."""
    return attrs.field(metadata={"powershell": powershell}, **options)


class Record(Shown, _Mapping):
    """What every record does: show itself as PowerShell would, and be a mapping for data frames.

    The mapping has PowerShell's names. Its values are what data frames take:
    GUIDs are text, and a conference ID is a `FrameId`.
    """

    __slots__ = ()
    __powershell_type__: ClassVar[str] = "confid.Record"
    _properties: ClassVar[tuple[tuple[str, str], ...] | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__powershell_type__ = f"confid.{cls.__name__}"
        cls._properties = None

    @classmethod
    def powershell_properties(cls) -> tuple[tuple[str, str], ...]:
        """(PowerShell name, attribute) of each shown field, in order."""
        if cls._properties is None:
            cls._properties = tuple(
                (field.metadata["powershell"], field.name.lstrip("_"))
                for field in attrs.fields(cls)  # type: ignore[arg-type]  # every subclass is attrs
                if "powershell" in field.metadata
            )
        return cls._properties

    def __powershell__(self) -> dict[str, object]:
        """The properties by their PowerShell names, in order."""
        return {name: getattr(self, field) for name, field in self.powershell_properties()}

    def to_dict(
        self, names: Literal["powershell", "python"] = "powershell", *, plain: bool = False
    ) -> dict[str, object]:
        """The record as a dict, by PowerShell's names or Python's.

        With `plain` the values are those of JSON: dates and GUIDs as text,
        IDs as numbers. Raises `InvalidArgumentError` for other names.
        """
        properties = self.__powershell__()
        if names == "python":
            attributes = dict(self.powershell_properties())
            properties = {attributes[name]: value for name, value in properties.items()}
        elif names != "powershell":
            raise InvalidArgumentError(
                f"names={shown(names)}: there are 'powershell' and 'python'.", target=names
            )
        if not plain:
            return properties
        return {name: in_json(value, names) for name, value in properties.items()}

    def __getitem__(self, name: str) -> object:
        return in_frame(self.__powershell__()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.__powershell__())

    def __len__(self) -> int:
        return len(self.__powershell__())

    def __str__(self) -> str:
        return view([self])

    def _repr_html_(self) -> str:
        return html_view([self])


Mapping.register(Record)


class LicenseState(enum.Enum):
    """What a roster said of a person's licence for audio conferencing."""

    LICENSED = "licensed"
    UNLICENSED = "unlicensed"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True, str=False)
class DirectoryUser(Record):
    """Who somebody is. `owner` is confid's own key of the person and never changes."""

    owner: str = attrs.field(repr=False)
    identity: str = prop("Identity")
    user_principal_name: str = prop("UserPrincipalName")
    display_name: str = prop("DisplayName", default="")
    sip_address: str | None = prop("SipAddress", default=None)
    alias: str | None = prop("Alias", default=None)
    mail: str | None = prop("Mail", default=None)
    usage_location: str | None = prop("UsageLocation", default=None)
    country: str | None = prop("Country", default=None)
    city: str | None = prop("City", default=None)
    department: str | None = prop("Department", default=None)
    title: str | None = prop("Title", default=None)
    groups: tuple[str, ...] = prop("Groups", default=())
    preferred_language: str | None = prop("PreferredLanguage", default=None)
    distinguished_name: str | None = prop("DistinguishedName", default=None)
    on_premises_sam_account_name: str | None = prop("OnPremisesSamAccountName", default=None)
    on_premises_domain_name: str | None = prop("OnPremisesDomainName", default=None)
    assigned_plan: tuple[str, ...] = prop("AssignedPlan", default=())
    license_state: LicenseState = attrs.field(default=LicenseState.UNKNOWN)
    provider: str | None = prop("Provider", default=None)

    @property
    def is_licensed(self) -> bool:
        """Whether a plan for audio conferencing (MCOMEETADV) is known to be assigned."""
        return self.license_state is LicenseState.LICENSED

    def with_microsoft(self) -> Self:
        """The user with Microsoft as their provider of audio conferencing."""
        return attrs.evolve(self, provider=MICROSOFT)

    @property
    def has_other_provider(self) -> bool:
        """Whether a third party, not Microsoft, provides audio conferencing."""
        return bool(self.provider) and fold(self.provider or "") != fold(MICROSOFT)


@attrs.frozen(kw_only=True, str=False)
class ConferencingUser(Record):
    """A user enabled for audio conferencing, as the cmdlets return them.

    No repr, view or export ever shows a PIN, nor does `attrs.asdict`.
    """

    allow_pstn_only_meetings: bool = prop("AllowPstnOnlyMeetings")
    allow_toll_free_dial_in: bool = prop("AllowTollFreeDialIn")
    bridge_id: UUID = prop("BridgeId")
    bridge_name: str = prop("BridgeName")
    conference_id: ConferenceId | None = prop("ConferenceId")
    default_toll_free_number: str = prop("DefaultTollFreeNumber")
    default_toll_number: str = prop("DefaultTollNumber")
    display_name: str = prop("DisplayName")
    identity: str = prop("Identity")
    _leader_pin: Secret | None = prop("LeaderPin", default=None, repr=False, eq=False)
    service_number: str | None = prop("ServiceNumber")
    sip_address: str | None = prop("SipAddress")
    tenant_id: UUID = prop("TenantId")
    toll_free_service_number: str | None = prop("TollFreeServiceNumber")

    @property
    def leader_pin(self) -> str:
        """The new PIN in the record of the call that made it, else `***********`."""
        return self._leader_pin.reveal() if self._leader_pin else MASKED_PIN

    def __powershell__(self) -> dict[str, object]:
        """The properties, the PIN masked."""
        properties = Record.__powershell__(self)
        properties["LeaderPin"] = MASKED_PIN
        return properties


@attrs.frozen(kw_only=True, str=False)
class UserInfo(Record):
    """Anybody in the directory, enabled or not, with their conference ID and numbers, if any."""

    display_name: str = prop("DisplayName")
    identity: str = prop("Identity")
    conference_id: ConferenceId | None = prop("ConferenceId")
    default_toll_free_numbers: tuple[str, ...] = prop("DefaultTollFreeNumbers")
    default_toll_number: str | None = prop("DefaultTollNumber")
    object_id: str = prop("ObjectId")
    provider: str | None = prop("Provider")


@attrs.frozen(kw_only=True, str=False)
class UserState(Record):
    """How far audio conferencing has come for anybody in the directory.

    `domain` is that of the SIP address, or else of the user principal name.
    `url` would be a third party's page of dial-in numbers: confid knows none.
    The licence state is Licensed, NoLicense, or Unknown where the roster didn't say.
    """

    display_name: str = prop("DisplayName")
    identity: str = prop("Identity")
    conference_id: ConferenceId | None = prop("ConferenceId")
    domain: str = prop("Domain")
    provider: str | None = prop("Provider")
    pstn_conferencing_license_state: str = prop("PstnConferencingLicenseState")
    sip_address: str | None = prop("SipAddress")
    toll_free_numbers: tuple[str, ...] = prop("TollFreeNumbers")
    toll_number: str | None = prop("TollNumber")
    url: str | None = prop("Url", default=None)


TOLL = "Toll"
TOLL_FREE = "Toll-Free"


@attrs.frozen(kw_only=True, str=False)
class ServiceNumber(Record):
    """A dial-in number: digits, country code first, without `+`."""

    number: str = prop("Number")
    bridge_id: UUID | None = prop("BridgeId", default=None)
    city: str = prop("City", default="")
    is_shared: bool = prop("IsShared", default=False)
    primary_language: str = prop("PrimaryLanguage", default="en-US")
    secondary_languages: tuple[str, ...] = prop("SecondaryLanguages", default=())
    tenant_id: UUID = prop("TenantId")
    type: str = prop("Type", default=TOLL)

    @property
    def is_toll_free(self) -> bool:
        """Whether the call costs the caller nothing."""
        return self.type == TOLL_FREE


@attrs.frozen(kw_only=True, str=False)
class LanguageSupported(Record):
    """A language that a number can speak."""

    code: str = prop("Code")
    name: str = prop("Name")


@attrs.frozen(kw_only=True, str=False)
class Bridge(Record):
    """A dial-in bridge with its numbers, as the cmdlets return it."""

    identity: UUID = prop("Identity")
    name: str = prop("Name")
    default_service_number: ServiceNumber | None = prop("DefaultServiceNumber")
    is_default: bool = prop("IsDefault")
    is_shared: bool = prop("IsShared")
    region: str | None = prop("Region")
    service_numbers: tuple[ServiceNumber, ...] = prop("ServiceNumbers")
    tenant_id: UUID = prop("TenantId")


class EntryExitAnnouncements(enum.StrEnum):
    """How comings and goings are announced."""

    USE_NAMES = "UseNames"
    TONE_ONLY = "ToneOnly"


class MaskedNumbers(enum.StrEnum):
    """From whom the numbers of callers are hidden."""

    FOR_EXTERNAL_USERS = "MaskedForExternalUsers"
    FOR_ALL_USERS = "MaskedForAllUsers"
    NO_MASKING = "NoMasking"


@attrs.frozen(kw_only=True, str=False)
class TenantSettings(Record):
    """The tenant's dial-in settings. Defaults: behaviour, tenant settings."""

    allowed_dial_out_external_domains: tuple[str, ...] = prop(
        "AllowedDialOutExternalDomains", default=()
    )
    enable_entry_exit_notifications: bool = prop("EnableEntryExitNotifications", default=True)
    entry_exit_announcements_type: EntryExitAnnouncements = prop(
        "EntryExitAnnouncementsType", default=EntryExitAnnouncements.USE_NAMES
    )
    enable_name_recording: bool = prop("EnableNameRecording", default=True)
    include_toll_free_number_in_meeting_invites: bool = prop(
        "IncludeTollFreeNumberInMeetingInvites", default=True
    )
    mask_pstn_numbers_type: MaskedNumbers = prop(
        "MaskPstnNumbersType", default=MaskedNumbers.FOR_EXTERNAL_USERS
    )
    pin_length: int = prop("PinLength", default=5)
    allow_pstn_only_meetings_by_default: bool = prop(
        "AllowPSTNOnlyMeetingsByDefault", default=False
    )
    automatically_send_emails_to_users: bool = prop("AutomaticallySendEmailsToUsers", default=True)
    send_email_from_override: bool = prop("SendEmailFromOverride", default=False)
    send_email_from_address: str | None = prop("SendEmailFromAddress", default=None)
    send_email_from_display_name: str | None = prop("SendEmailFromDisplayName", default=None)
    automatically_replace_acp_provider: bool = prop(
        "AutomaticallyReplaceAcpProvider", default=False
    )
    use_unique_conference_ids: bool = prop("UseUniqueConferenceIds", default=True)
    automatically_migrate_user_meetings: bool = prop(
        "AutomaticallyMigrateUserMeetings", default=True
    )
    migrate_service_numbers_on_cross_forest_move: bool = prop(
        "MigrateServiceNumbersOnCrossForestMove", default=False
    )
    enable_dial_out_join_confirmation: bool = prop("EnableDialOutJoinConfirmation", default=False)
    allow_federated_users_to_dial_out_to_self: str | None = prop(
        "AllowFederatedUsersToDialOutToSelf", default=None
    )
    allow_federated_users_to_dial_out_to_third_party: str | None = prop(
        "AllowFederatedUsersToDialOutToThirdParty", default=None
    )
    identity: str = prop("Identity", default="Global")

    def __powershell__(self) -> dict[str, object]:
        """The properties; words are text."""
        properties = Record.__powershell__(self)
        return {n: str(v) if isinstance(v, enum.StrEnum) else v for n, v in properties.items()}


@attrs.frozen(kw_only=True, str=False)
class LedgerRecord(Record):
    """A line of the ledger for people: whose an ID is or was, and when."""

    conference_id: ConferenceId = prop("ConferenceId")
    user_principal_name: str | None = prop("UserPrincipalName")
    display_name: str | None = prop("DisplayName")
    identity: str | None = prop("Identity")
    origin: str = prop("Origin")
    issued_at: datetime = prop("IssuedAt")
    issued_by: str | None = prop("IssuedBy")
    retired_at: datetime | None = prop("RetiredAt")
    retired_by: str | None = prop("RetiredBy")
    serial: int = prop("Serial")
    owner: str = attrs.field(repr=False)

    @property
    def is_current(self) -> bool:
        """Whether callers can use it now."""
        return self.retired_at is None


@attrs.frozen(kw_only=True, str=False)
class Meeting(Record):
    """A scheduled meeting; `invitation` is the text that its attendees got last."""

    meeting_id: UUID = prop("MeetingId")
    subject: str = prop("Subject")
    organizer: str = prop("Organizer")
    start: datetime = prop("Start")
    end: datetime | None = prop("End", default=None)
    attendees: tuple[str, ...] = prop("Attendees", default=())
    conference_id: ConferenceId | None = prop("ConferenceId")
    body: str = attrs.field(default="", repr=False)
    dial_in: str = attrs.field(default="", repr=False)
    owner: str = attrs.field(repr=False)

    @property
    def invitation(self) -> str:
        """The invitation's text: what the organizer wrote, then how to dial in."""
        return "\n\n".join(part for part in (self.body, self.dial_in) if part)

    def _repr_html_(self) -> str:
        return Record._repr_html_(self) + html_text(self.invitation)


@attrs.frozen(kw_only=True, str=False)
class Whois(Record):
    """Whose a conference ID is or was, and the future meetings that still show it."""

    conference_id: ConferenceId = prop("ConferenceId")
    is_current: bool = prop("IsCurrent")
    user_principal_name: str | None = prop("UserPrincipalName")
    display_name: str | None = prop("DisplayName")
    since: datetime = prop("Since")
    until: datetime | None = prop("Until")
    meetings: tuple[Meeting, ...] = prop("Meetings")


@attrs.frozen(kw_only=True)
class DialInNumber:
    """A number as a message or an invitation shows it."""

    number: str
    type: str = TOLL
    city: str = ""


@attrs.frozen(kw_only=True, str=False)
class MeetingMigrationStatus(Record):
    """How far the migration of a person's meetings is; dates are in UTC."""

    correlation_id: UUID = prop("CorrelationId")
    create_date: datetime = prop("CreateDate")
    failed_meeting: int = prop("FailedMeeting")
    invites_update: int = prop("InvitesUpdate")
    last_message: str | None = prop("LastMessage")
    migration_type: str = prop("MigrationType")
    modified_date: datetime = prop("ModifiedDate")
    retry_count: int = prop("RetryCount")
    state: str = prop("State")
    succeeded_meeting: int = prop("SucceededMeeting")
    total_meeting: int = prop("TotalMeeting")
    user_id: str = prop("UserId")
    user_principal_name: str = prop("UserPrincipalName")


@attrs.frozen(kw_only=True, str=False)
class MeetingMigrationSummary(Record):
    """How many people's migrations are in a state."""

    state: str = prop("State")
    user_count: int = prop("UserCount")
