# The cmdlets of a session, with their types: written by `python -m tests.typed_cmdlets` from their declarations.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa

from collections.abc import Callable, Iterable, Mapping
from confid.engine.cmdlet import Identity
from confid.engine.common_parameters import ErrorAction
from confid.engine.job import Job
from confid.engine.parameters import Unset
from confid.errors import ConfidError
from confid.tenant.online_user import OnlineUser
from confid.tenant.policies import DialInConferencingPolicy, DialInConferencingTenantConfiguration, DialOutPolicy, TeamsAudioConferencingPolicy
from confid.tenant.records import Bridge, ConferencingUser, DirectoryUser, LanguageSupported, MeetingMigrationStatus, MeetingMigrationSummary, Record, ServiceNumber, TenantSettings, UserInfo, UserState
from confid.tenant.results import Results
from datetime import datetime
from enum import Enum
from typing import Any, Generic, Literal, Never, TypedDict, Unpack, overload
from uuid import UUID
from typing_extensions import TypeVar

Given = TypeVar("Given", default=Never)

functions: dict[str, Callable[..., Any]]

class _Common(TypedDict, Generic[Given], total=False):
    session: Given
    error_variable: list[ConfidError] | None
    warning_action: ErrorAction | None
    warning_variable: list[str] | None
    verbose: bool | None
    progress: bool | Callable[[int, int | None], object] | None
class _Common1(_Common[Given], Generic[Given], total=False):
    domain_controller: str | None
    force: bool
    tenant: UUID | str | None
    tenant_domain: str | None
class _Common2(_Common[Given], Generic[Given], total=False):
    tenant: UUID | str | None
class _Common3(_Common[Given], Generic[Given], total=False):
    domain_controller: str | None
    force: bool
class _Common4(_Common[Given], Generic[Given], total=False):
    local_store: bool
class _Common5(_Common[Given], Generic[Given], total=False):
    local_store: bool
    tenant: UUID | str | None
class _Common6(_Common[Given], Generic[Given], total=False):
    domain_controller: str | None
    force: bool
    tenant: UUID | str | None
class _Common7(_Common[Given], Generic[Given], total=False):
    domain_controller: str | None
    tenant: UUID | str | None
class _Common8(_Common[Given], Generic[Given], total=False):
    msft_internal_processing_mode: str | None
class _Common9(_Common[Given], Generic[Given], total=False):
    force: bool
class _Common10(_Common[Given], Generic[Given], total=False):
    force: bool
    tenant: UUID | str | None
class _Common11(_Common[Given], Generic[Given], total=False):
    enable_dial_out_join_confirmation: bool | None
    force: bool
    include_toll_free_number_in_meeting_invites: bool | None
    migrate_service_numbers_on_cross_forest_move: bool | None
    msft_internal_processing_mode: str | None
    tenant: UUID | str | None
    use_unique_conference_ids: bool | None

class Cmdlets(Generic[Given]):
    def __init__(self, session: object) -> None: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> None: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser | None: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser]: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser | None]: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Results[ConferencingUser]: ...
    @overload
    def disable_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[Results[ConferencingUser]]: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[False] = False,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser | None: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[True],
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser]: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser | None]: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Results[ConferencingUser]: ...
    @overload
    def enable_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, allow_pstn_only_meetings: bool | None = None,
        service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None = None,
        allow_toll_free_dial_in: bool | None = None, replace_provider: bool = False,
        send_email: bool = False, send_email_to_address: str | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        notify: bool | None = None, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Job[Results[ConferencingUser]]: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Identity | Iterable[Identity] = ..., *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[True], as_job: Literal[False] = False, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Results[MeetingMigrationSummary]: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Identity | Iterable[Identity] = ..., *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[True], as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Job[Results[MeetingMigrationSummary]]: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Identity, *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[False] = False, as_job: Literal[False] = False, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> MeetingMigrationStatus | None: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Identity, *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[False] = False, as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Job[MeetingMigrationStatus | None]: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Iterable[Identity] = ..., *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[False] = False, as_job: Literal[False] = False, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Results[MeetingMigrationStatus]: ...
    @overload
    def get_cs_meeting_migration_status(
        self, identity: Iterable[Identity] = ..., *,
        state: Literal["Pending", "InProgress", "Failed", "Succeeded"] | Enum | None = None,
        start_time: datetime | str | None = None, end_time: datetime | str | None = None,
        summary_only: Literal[False] = False, as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Job[Results[MeetingMigrationStatus]]: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, identity: UUID | str | Bridge, *, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Bridge: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, identity: UUID | str | Bridge, *, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[Bridge]: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, *, name: str, as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Bridge: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, *, name: str, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Job[Bridge]: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, *, as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Results[Bridge]: ...
    @overload
    def get_cs_online_dial_in_conferencing_bridge(
        self, *, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Job[Results[Bridge]]: ...
    @overload
    def get_cs_online_dial_in_conferencing_languages_supported(
        self, *, as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common3[Given]],
    ) -> Results[LanguageSupported]: ...
    @overload
    def get_cs_online_dial_in_conferencing_languages_supported(
        self, *, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common3[Given]],
    ) -> Job[Results[LanguageSupported]]: ...
    @overload
    def get_cs_online_dialin_conferencing_policy(
        self, identity: str | Record, *, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common4[Given]],
    ) -> DialInConferencingPolicy: ...
    @overload
    def get_cs_online_dialin_conferencing_policy(
        self, identity: str | Record, *, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common4[Given]],
    ) -> Job[DialInConferencingPolicy]: ...
    @overload
    def get_cs_online_dialin_conferencing_policy(
        self, *, filter: str | None = None, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common4[Given]],
    ) -> Results[DialInConferencingPolicy]: ...
    @overload
    def get_cs_online_dialin_conferencing_policy(
        self, *, filter: str | None = None, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common4[Given]],
    ) -> Job[Results[DialInConferencingPolicy]]: ...
    @overload
    def get_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber, *, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> ServiceNumber: ...
    @overload
    def get_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber, *, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ServiceNumber]: ...
    @overload
    def get_cs_online_dial_in_conferencing_service_number(
        self, *, bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        city: str | None = None, result_size: int | None = None, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Results[ServiceNumber]: ...
    @overload
    def get_cs_online_dial_in_conferencing_service_number(
        self, *, bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        city: str | None = None, result_size: int | None = None, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[Results[ServiceNumber]]: ...
    @overload
    def get_cs_online_dialin_conferencing_tenant_configuration(
        self, *, filter: str, as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common5[Given]],
    ) -> Results[DialInConferencingTenantConfiguration]: ...
    @overload
    def get_cs_online_dialin_conferencing_tenant_configuration(
        self, *, filter: str, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common5[Given]],
    ) -> Job[Results[DialInConferencingTenantConfiguration]]: ...
    @overload
    def get_cs_online_dialin_conferencing_tenant_configuration(
        self, identity: str | Record = ..., *, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common5[Given]],
    ) -> DialInConferencingTenantConfiguration: ...
    @overload
    def get_cs_online_dialin_conferencing_tenant_configuration(
        self, identity: str | Record = ..., *, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common5[Given]],
    ) -> Job[DialInConferencingTenantConfiguration]: ...
    @overload
    def get_cs_online_dial_in_conferencing_tenant_settings(
        self, *, filter: str, as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common5[Given]],
    ) -> Results[TenantSettings]: ...
    @overload
    def get_cs_online_dial_in_conferencing_tenant_settings(
        self, *, filter: str, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common5[Given]],
    ) -> Job[Results[TenantSettings]]: ...
    @overload
    def get_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str = ..., *, as_job: Literal[False] = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common5[Given]],
    ) -> TenantSettings: ...
    @overload
    def get_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str = ..., *, as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common5[Given]],
    ) -> Job[TenantSettings]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, result_size: int | None = None, as_job: Literal[False] = False,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        ldap_filter: str | None = None, result_size: int | None = None,
        as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser | None: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, result_size: int | None = None, as_job: Literal[True],
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        ldap_filter: str | None = None, result_size: int | None = None, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser | None]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity] = ..., *, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        ldap_filter: str | None = None, result_size: int | None = None,
        as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Results[ConferencingUser]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity] = ..., *, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        ldap_filter: str | None = None, result_size: int | None = None, as_job: Literal[True],
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[Results[ConferencingUser]]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_info(
        self, identity: Identity, *, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common6[Given]],
    ) -> UserInfo: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_info(
        self, identity: Identity, *, error_action: ErrorAction | None = None,
        **common: Unpack[_Common6[Given]],
    ) -> UserInfo | None: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_info(
        self, identity: Iterable[Identity] = ..., *,
        select: Literal["DialInConferencingOn", "DialInConferencingOff", "ConferencingProviderMS", "ConferencingProviderOther", "ReadyForMigrationToCPC", "NoFilter"] | Enum | None = None,
        filter: str | None = None, search_query: str | None = None, skip: int | None = None,
        first: int | None = None, sort_descending: bool = False,
        error_action: ErrorAction | None = None, **common: Unpack[_Common6[Given]],
    ) -> Results[UserInfo]: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_state(
        self, identity: Identity, *, result_size: int | str | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> UserState: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_state(
        self, identity: Identity, *,
        provider: Literal["AllProviders", "NoProviders", "Microsoft", "ThirdParty"] | Enum | None = None,
        license_state: Literal["Licensed", "NoLicense", "Unknown"] | Iterable[Literal["Licensed", "NoLicense", "Unknown"]] | None = None,
        result_size: int | str | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> UserState | None: ...
    @overload
    def get_cs_online_dial_in_conferencing_user_state(
        self, identity: Iterable[Identity] = ..., *,
        provider: Literal["AllProviders", "NoProviders", "Microsoft", "ThirdParty"] | Enum | None = None,
        license_state: Literal["Licensed", "NoLicense", "Unknown"] | Iterable[Literal["Licensed", "NoLicense", "Unknown"]] | None = None,
        result_size: int | str | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Results[UserState]: ...
    @overload
    def get_cs_online_dial_out_policy(
        self, identity: str | Record, *, error_action: ErrorAction | None = None,
        **common: Unpack[_Common4[Given]],
    ) -> DialOutPolicy: ...
    @overload
    def get_cs_online_dial_out_policy(
        self, *, filter: str | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common4[Given]],
    ) -> Results[DialOutPolicy]: ...
    @overload
    def get_cs_online_user(
        self, identity: Identity, *, result_size: int | str | None = None,
        properties: str | Iterable[str] | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common[Given]],
    ) -> OnlineUser: ...
    @overload
    def get_cs_online_user(
        self, identity: Identity, *, filter: str | None = None, result_size: int | str | None = None,
        properties: str | Iterable[str] | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common[Given]],
    ) -> OnlineUser | None: ...
    @overload
    def get_cs_online_user(
        self, identity: Iterable[Identity] = ..., *, filter: str | None = None,
        result_size: int | str | None = None, properties: str | Iterable[str] | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common[Given]],
    ) -> Results[OnlineUser]: ...
    @overload
    def get_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy, *,
        error_action: ErrorAction | None = None, **common: Unpack[_Common4[Given]],
    ) -> TeamsAudioConferencingPolicy: ...
    @overload
    def get_cs_teams_audio_conferencing_policy(
        self, *, filter: str | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common4[Given]],
    ) -> Results[TeamsAudioConferencingPolicy]: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity, policy_name: str | Record | None, *, global_: bool = False,
        pass_thru: Literal[True], as_job: Literal[False] = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> OnlineUser: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity, policy_name: str | Record | None, *, global_: bool = False,
        pass_thru: Literal[True], as_job: Literal[False] = False, what_if: Literal[True],
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> None: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity, policy_name: str | Record | None, *, global_: bool = False,
        pass_thru: Literal[True], as_job: Literal[False] = False, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> OnlineUser | None: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity, policy_name: str | Record | None, *, global_: bool = False,
        pass_thru: Literal[True], as_job: Literal[True], what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> Job[OnlineUser]: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity, policy_name: str | Record | None, *, global_: bool = False,
        pass_thru: Literal[True], as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> Job[OnlineUser | None]: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Iterable[Identity], policy_name: str | Record | None, *,
        global_: bool = False, pass_thru: Literal[True], as_job: Literal[False] = False,
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> Results[OnlineUser]: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Iterable[Identity], policy_name: str | Record | None, *,
        global_: bool = False, pass_thru: Literal[True], as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> Job[Results[OnlineUser]]: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity | Iterable[Identity] = ...,
        policy_name: str | Record | Unset | None = ..., *, global_: bool = False,
        pass_thru: bool = False, as_job: Literal[False] = False, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> None: ...
    @overload
    def grant_cs_dialout_policy(
        self, identity: Identity | Iterable[Identity] = ...,
        policy_name: str | Record | Unset | None = ..., *, global_: bool = False,
        pass_thru: bool = False, as_job: Literal[True], what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common7[Given]],
    ) -> Job[None]: ...
    @overload
    def grant_cs_teams_audio_conferencing_policy(
        self, identity: Identity, policy_name: str | Record | None, *, pass_thru: Literal[True],
        what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common8[Given]],
    ) -> OnlineUser: ...
    @overload
    def grant_cs_teams_audio_conferencing_policy(
        self, identity: Identity, policy_name: str | Record | None, *, pass_thru: Literal[True],
        what_if: Literal[True], confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common8[Given]],
    ) -> None: ...
    @overload
    def grant_cs_teams_audio_conferencing_policy(
        self, identity: Identity, policy_name: str | Record | None, *, pass_thru: Literal[True],
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common8[Given]],
    ) -> OnlineUser | None: ...
    @overload
    def grant_cs_teams_audio_conferencing_policy(
        self, identity: Iterable[Identity], policy_name: str | Record | None, *,
        pass_thru: Literal[True], what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common8[Given]],
    ) -> Results[OnlineUser]: ...
    @overload
    def grant_cs_teams_audio_conferencing_policy(
        self, identity: Identity | Iterable[Identity] = ...,
        policy_name: str | Record | Unset | None = ..., *, global_: bool = False,
        group: str | None = None, rank: int | None = None, pass_thru: bool = False,
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common8[Given]],
    ) -> None: ...
    @overload
    def new_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy, *,
        allow_toll_free_dialin: bool | None = None, in_memory: bool = False,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common9[Given]],
    ) -> TeamsAudioConferencingPolicy: ...
    @overload
    def new_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy, *,
        allow_toll_free_dialin: bool | None = None, in_memory: bool = False,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        what_if: Literal[True], confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common9[Given]],
    ) -> None: ...
    @overload
    def new_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy, *,
        allow_toll_free_dialin: bool | None = None, in_memory: bool = False,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common9[Given]],
    ) -> TeamsAudioConferencingPolicy | None: ...
    def register_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber = ..., *, instance: ServiceNumber | None = None,
        bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> ServiceNumber: ...
    @overload
    def remove_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str, *, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common10[Given]],
    ) -> TenantSettings: ...
    @overload
    def remove_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str, *, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common10[Given]],
    ) -> None: ...
    @overload
    def remove_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str, *, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common10[Given]],
    ) -> TenantSettings | None: ...
    def remove_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy, *, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common9[Given]],
    ) -> None: ...
    @overload
    def set_cs_online_dial_in_conferencing_bridge(
        self, identity: UUID | str | Bridge = ..., *, name: str | None = None,
        instance: Bridge | None = None, default_service_number: str | ServiceNumber | None = None,
        set_default: bool = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Bridge: ...
    @overload
    def set_cs_online_dial_in_conferencing_bridge(
        self, identity: UUID | str | Bridge = ..., *, name: str | None = None,
        instance: Bridge | None = None, default_service_number: str | ServiceNumber | None = None,
        set_default: bool = False, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> None: ...
    @overload
    def set_cs_online_dial_in_conferencing_bridge(
        self, identity: UUID | str | Bridge = ..., *, name: str | None = None,
        instance: Bridge | None = None, default_service_number: str | ServiceNumber | None = None,
        set_default: bool = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Bridge | None: ...
    @overload
    def set_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber = ..., *, instance: ServiceNumber | None = None,
        primary_language: str | None = None,
        secondary_languages: str | list[str] | tuple[str, ...] | None = None,
        restore_default_languages: bool = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common6[Given]],
    ) -> ServiceNumber: ...
    @overload
    def set_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber = ..., *, instance: ServiceNumber | None = None,
        primary_language: str | None = None,
        secondary_languages: str | list[str] | tuple[str, ...] | None = None,
        restore_default_languages: bool = False, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common6[Given]],
    ) -> None: ...
    @overload
    def set_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber = ..., *, instance: ServiceNumber | None = None,
        primary_language: str | None = None,
        secondary_languages: str | list[str] | tuple[str, ...] | None = None,
        restore_default_languages: bool = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common6[Given]],
    ) -> ServiceNumber | None: ...
    @overload
    def set_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str = ..., *, instance: TenantSettings | Mapping[str, object] | None = None,
        automatically_send_emails_to_users: bool | None = None, pin_length: int | None = None,
        allow_pstn_only_meetings_by_default: bool | None = None,
        automatically_migrate_user_meetings: bool | None = None,
        automatically_replace_acp_provider: bool | None = None,
        enable_entry_exit_notifications: bool | None = None,
        entry_exit_announcements_type: Literal["UseNames", "ToneOnly"] | Enum | None = None,
        enable_name_recording: bool | None = None, send_email_from_override: bool | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        allowed_dial_out_external_domains: str | Iterable[str] | None = None,
        allow_federated_users_to_dial_out_to_self: str | None = None,
        allow_federated_users_to_dial_out_to_third_party: str | None = None,
        mask_pstn_numbers_type: Literal["MaskedForExternalUsers", "MaskedForAllUsers", "NoMasking"] | Enum | None = None,
        what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common11[Given]],
    ) -> TenantSettings: ...
    @overload
    def set_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str = ..., *, instance: TenantSettings | Mapping[str, object] | None = None,
        automatically_send_emails_to_users: bool | None = None, pin_length: int | None = None,
        allow_pstn_only_meetings_by_default: bool | None = None,
        automatically_migrate_user_meetings: bool | None = None,
        automatically_replace_acp_provider: bool | None = None,
        enable_entry_exit_notifications: bool | None = None,
        entry_exit_announcements_type: Literal["UseNames", "ToneOnly"] | Enum | None = None,
        enable_name_recording: bool | None = None, send_email_from_override: bool | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        allowed_dial_out_external_domains: str | Iterable[str] | None = None,
        allow_federated_users_to_dial_out_to_self: str | None = None,
        allow_federated_users_to_dial_out_to_third_party: str | None = None,
        mask_pstn_numbers_type: Literal["MaskedForExternalUsers", "MaskedForAllUsers", "NoMasking"] | Enum | None = None,
        what_if: Literal[True], confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common11[Given]],
    ) -> None: ...
    @overload
    def set_cs_online_dial_in_conferencing_tenant_settings(
        self, identity: str = ..., *, instance: TenantSettings | Mapping[str, object] | None = None,
        automatically_send_emails_to_users: bool | None = None, pin_length: int | None = None,
        allow_pstn_only_meetings_by_default: bool | None = None,
        automatically_migrate_user_meetings: bool | None = None,
        automatically_replace_acp_provider: bool | None = None,
        enable_entry_exit_notifications: bool | None = None,
        entry_exit_announcements_type: Literal["UseNames", "ToneOnly"] | Enum | None = None,
        enable_name_recording: bool | None = None, send_email_from_override: bool | None = None,
        send_email_from_address: str | None = None, send_email_from_display_name: str | None = None,
        allowed_dial_out_external_domains: str | Iterable[str] | None = None,
        allow_federated_users_to_dial_out_to_self: str | None = None,
        allow_federated_users_to_dial_out_to_third_party: str | None = None,
        mask_pstn_numbers_type: Literal["MaskedForExternalUsers", "MaskedForAllUsers", "NoMasking"] | Enum | None = None,
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common11[Given]],
    ) -> TenantSettings | None: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> None: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> ConferencingUser | None: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser]: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Identity, *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[ConferencingUser | None]: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Results[ConferencingUser]: ...
    @overload
    def set_cs_online_dial_in_conferencing_user(
        self, identity: Iterable[Identity], *, reset_conference_id: bool = False,
        reset_leader_pin: bool = False, bridge_id: UUID | str | None = None,
        bridge_name: str | None = None, service_number: str | ServiceNumber | None = None,
        toll_free_service_number: str | ServiceNumber | None | Unset = ...,
        allow_pstn_only_meetings: bool | None = None, allow_toll_free_dial_in: bool | None = None,
        if_unchanged: bool = False, send_email: bool = False,
        send_email_to_address: str | None = None, send_email_from_address: str | None = None,
        send_email_from_display_name: str | None = None, notify: bool | None = None,
        as_job: Literal[True], what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common1[Given]],
    ) -> Job[Results[ConferencingUser]]: ...
    def set_cs_online_dial_in_conferencing_user_default_number(
        self, *, bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        from_number: str | ServiceNumber | Unset | None = ..., to_number: str | ServiceNumber,
        number_type: Literal["Toll", "Toll-Free"], country_or_region: str | None = None,
        area_or_state: str | None = None, capital_or_major_city: str | None = None,
        reschedule_meetings: bool = False, notify: bool | None = None, what_if: bool = False,
        confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Results[ConferencingUser]: ...
    @overload
    def set_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy = ..., *,
        allow_toll_free_dialin: bool | None = None,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        instance: TeamsAudioConferencingPolicy | Mapping[str, object] | None = None,
        what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common9[Given]],
    ) -> TeamsAudioConferencingPolicy: ...
    @overload
    def set_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy = ..., *,
        allow_toll_free_dialin: bool | None = None,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        instance: TeamsAudioConferencingPolicy | Mapping[str, object] | None = None,
        what_if: Literal[True], confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common9[Given]],
    ) -> None: ...
    @overload
    def set_cs_teams_audio_conferencing_policy(
        self, identity: str | TeamsAudioConferencingPolicy = ..., *,
        allow_toll_free_dialin: bool | None = None,
        meeting_invite_phone_numbers: str | ServiceNumber | Iterable[str | ServiceNumber] | Unset | None = ...,
        instance: TeamsAudioConferencingPolicy | Mapping[str, object] | None = None,
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common9[Given]],
    ) -> TeamsAudioConferencingPolicy | None: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Identity, *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None,
        as_job: Literal[False] = False, what_if: Literal[False] = False,
        confirm: Literal[False] | None = None, error_action: Literal["Stop", "stop"] | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> MeetingMigrationStatus: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Identity, *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None,
        as_job: Literal[False] = False, what_if: Literal[True], confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common2[Given]],
    ) -> None: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Identity, *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common2[Given]],
    ) -> MeetingMigrationStatus | None: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Identity, *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None, as_job: Literal[True],
        what_if: Literal[False] = False, confirm: Literal[False] | None = None,
        error_action: Literal["Stop", "stop"] | None = None, **common: Unpack[_Common2[Given]],
    ) -> Job[MeetingMigrationStatus]: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Identity, *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None, as_job: Literal[True],
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Job[MeetingMigrationStatus | None]: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Iterable[Identity], *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None,
        as_job: Literal[False] = False, what_if: bool = False, confirm: bool | None = None,
        error_action: ErrorAction | None = None, **common: Unpack[_Common2[Given]],
    ) -> Results[MeetingMigrationStatus]: ...
    @overload
    def start_cs_ex_meeting_migration(
        self, identity: Iterable[Identity], *,
        source_meeting_type: Literal["All", "SfB", "Teams"] | Enum | None = None,
        target_meeting_type: Literal["Current", "Teams"] | Enum | None = None, as_job: Literal[True],
        what_if: bool = False, confirm: bool | None = None, error_action: ErrorAction | None = None,
        **common: Unpack[_Common2[Given]],
    ) -> Job[Results[MeetingMigrationStatus]]: ...
    @overload
    def unregister_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber, *, instance: ServiceNumber | None = None,
        bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        remove_default_service_number: bool = False, notify: bool | None = None,
        as_job: Literal[False] = False, error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> ServiceNumber: ...
    @overload
    def unregister_cs_online_dial_in_conferencing_service_number(
        self, identity: str | ServiceNumber, *, instance: ServiceNumber | None = None,
        bridge_id: UUID | str | None = None, bridge_name: str | None = None,
        remove_default_service_number: bool = False, notify: bool | None = None,
        as_job: Literal[True], error_action: ErrorAction | None = None,
        **common: Unpack[_Common1[Given]],
    ) -> Job[ServiceNumber]: ...
