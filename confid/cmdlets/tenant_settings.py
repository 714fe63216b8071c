"""Tenant settings: get, set, and back to the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Unpack, overload

import attrs

from confid.command import Command, cmdlet
from confid.errors import NotFoundError
from confid.manners import an_instance
from confid.parameters import (
    AsJob,
    CommonParameters,
    Confirm,
    Force,
    LocalStore,
    P,
    Tenant,
    WhatIf,
    is_given,
)
from confid.records import TenantSettings, fold
from confid.results import Results
from confid.settings_rules import checked_settings

GLOBAL = "Global"


@overload
def get_cs_online_dial_in_conferencing_tenant_settings(
    *,
    filter: str,
    **common: Unpack[CommonParameters],
) -> Results[TenantSettings]: ...
@overload
def get_cs_online_dial_in_conferencing_tenant_settings(
    identity: str | None = None, **common: Unpack[CommonParameters]
) -> TenantSettings: ...
@cmdlet(
    "Get-CsOnlineDialInConferencingTenantSettings",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
)
def get_cs_online_dial_in_conferencing_tenant_settings(
    command: Command,
    /,
    identity: Annotated[
        str | None, P("Identity", "XdsIdentity", position=0, sets=("Identity",))
    ] = None,
    *,
    filter: Annotated[str | None, P("Filter", "String", sets=("Filter",))] = None,  # noqa: A002 - PowerShell's name
    tenant: Tenant = None,
    local_store: LocalStore = False,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> TenantSettings | Results[TenantSettings]:
    """The tenant's dial-in settings; there is one instance, Global.

    With `filter`, a wildcard over its identity: `Results`. Raises
    `NotFoundError` for another identity.
    """
    settings = command.tenant.settings
    if filter is not None:
        from confid.powershell import like  # noqa: PLC0415 - few calls filter

        return Results([settings] if like(GLOBAL, filter) else [])
    _demand_global(identity)
    return settings


@cmdlet(
    "Set-CsOnlineDialInConferencingTenantSettings",
    sets=("Identity", "Instance"),
    default_set="Identity",
    writes=True,
    only_2026=(
        "AllowedDialOutExternalDomains",
        "AllowFederatedUsersToDialOutToSelf",
        "AllowFederatedUsersToDialOutToThirdParty",
        "MaskPstnNumbersType",
        "MsftInternalProcessingMode",
    ),
)
def set_cs_online_dial_in_conferencing_tenant_settings(
    command: Command,
    /,
    identity: Annotated[
        str | None, P("Identity", "XdsIdentity", position=0, sets=("Identity",))
    ] = None,
    *,
    instance: Annotated[
        TenantSettings | Mapping[str, object] | None, P("Instance", "PSObject", sets=("Instance",))
    ] = None,
    automatically_send_emails_to_users: Annotated[
        bool | None, P("AutomaticallySendEmailsToUsers", "Boolean")
    ] = None,
    pin_length: Annotated[int | None, P("PinLength", "UInt32")] = None,
    allow_pstn_only_meetings_by_default: Annotated[
        bool | None, P("AllowPSTNOnlyMeetingsByDefault", "Boolean")
    ] = None,
    automatically_migrate_user_meetings: Annotated[
        bool | None, P("AutomaticallyMigrateUserMeetings", "Boolean")
    ] = None,
    automatically_replace_acp_provider: Annotated[
        bool | None, P("AutomaticallyReplaceAcpProvider", "Boolean")
    ] = None,
    enable_entry_exit_notifications: Annotated[
        bool | None, P("EnableEntryExitNotifications", "Boolean")
    ] = None,
    entry_exit_announcements_type: Annotated[
        str | None, P("EntryExitAnnouncementsType", "EntryExitAnnouncementsType")
    ] = None,
    enable_name_recording: Annotated[bool | None, P("EnableNameRecording", "Boolean")] = None,
    send_email_from_override: Annotated[bool | None, P("SendEmailFromOverride", "Boolean")] = None,
    send_email_from_address: Annotated[str | None, P("SendEmailFromAddress", "String")] = None,
    send_email_from_display_name: Annotated[
        str | None, P("SendEmailFromDisplayName", "String")
    ] = None,
    use_unique_conference_ids: Annotated[
        bool | None, P("UseUniqueConferenceIds", "Boolean", accepted=True)
    ] = None,
    include_toll_free_number_in_meeting_invites: Annotated[
        bool | None, P("IncludeTollFreeNumberInMeetingInvites", "Boolean", accepted=True)
    ] = None,
    migrate_service_numbers_on_cross_forest_move: Annotated[
        bool | None, P("MigrateServiceNumbersOnCrossForestMove", "Boolean", accepted=True)
    ] = None,
    enable_dial_out_join_confirmation: Annotated[
        bool | None, P("EnableDialOutJoinConfirmation", "Boolean", accepted=True)
    ] = None,
    allowed_dial_out_external_domains: Annotated[
        str | Iterable[str] | None, P("AllowedDialOutExternalDomains", "Object")
    ] = None,
    allow_federated_users_to_dial_out_to_self: Annotated[
        str | None, P("AllowFederatedUsersToDialOutToSelf", "String")
    ] = None,
    allow_federated_users_to_dial_out_to_third_party: Annotated[
        str | None, P("AllowFederatedUsersToDialOutToThirdParty", "String")
    ] = None,
    mask_pstn_numbers_type: Annotated[str | None, P("MaskPstnNumbersType", "String")] = None,
    msft_internal_processing_mode: Annotated[
        str | None, P("MsftInternalProcessingMode", "String", accepted=True)
    ] = None,
    tenant: Tenant = None,
    force: Force = False,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    **common: Unpack[CommonParameters],
) -> TenantSettings | None:
    """Change the tenant's dial-in settings; what is not given stays. Returns them.

    `instance` is a whole set of settings, as the Get- cmdlet returned it and
    perhaps `attrs.evolve` changed it. `pin_length` is 4 to 12 digits and
    counts for new PINs; the sender override needs an address and a display
    name. Raises `StaticConferenceIdError` for `use_unique_conference_ids=False`.
    """
    given: dict[str, Any] = {
        name: value
        for name, value in locals().items()
        if is_given(value) and name in attrs.fields_dict(TenantSettings) and name != "identity"
    }
    domains = given.get("allowed_dial_out_external_domains")
    if domains is not None:
        given["allowed_dial_out_external_domains"] = (
            (domains,) if isinstance(domains, str) else tuple(map(str, domains))
        )
    _demand_global(identity)
    before = command.tenant.settings if instance is None else an_instance(TenantSettings, instance)
    after = attrs.evolve(before, **given)
    after = checked_settings(after)
    if not command.should_process(GLOBAL):
        return None
    command.tenant.put_settings(after)
    return after


@cmdlet("Remove-CsOnlineDialInConferencingTenantSettings", writes=True)
def remove_cs_online_dial_in_conferencing_tenant_settings(
    command: Command,
    /,
    identity: Annotated[
        str | None, P("Identity", "XdsIdentity", position=0, mandatory=True)
    ] = None,
    *,
    tenant: Tenant = None,
    force: Force = False,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    **common: Unpack[CommonParameters],
) -> TenantSettings | None:
    """Put the tenant's dial-in settings back to the defaults, and return them.

    There is one instance, Global. Raises `NotFoundError` for another
    identity. Source: behaviour, tenant settings.
    """
    _demand_global(identity)
    if not command.should_process(GLOBAL):
        return None
    settings = TenantSettings()
    command.tenant.put_settings(settings)
    return settings


def _demand_global(identity: str | None) -> None:
    if identity is not None and fold(identity) not in ("global", "tenant:global"):
        raise NotFoundError(
            f"There are no tenant settings {identity!r}; the one instance is Global.",
            target=identity,
            error_id="TenantSettingsNotFound",
        )
