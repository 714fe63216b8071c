"""Tenant settings: get, set, and back to the defaults."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Unpack

import attrs

from confid.cmdlets.parameters import (
    ASKS,
    FORCE,
    INTERNAL,
    JOB,
    LOCAL_STORE,
    TENANT,
    InstanceFilter,
    an_instance,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import NotFoundError, demand, shown
from confid.tenant.policies import GLOBAL
from confid.tenant.records import TenantSettings
from confid.tenant.results import Results
from confid.tenant.setup import checked_settings
from confid.tenant.text import comma_list, fold

SettingsId = Annotated[
    str | None,
    P("Identity", "XdsIdentity", position=0, sets=("Identity",)),
    "the one instance, Global; default: Global",
]


@cmdlet(
    "Get-CsOnlineDialInConferencingTenantSettings",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
    also=TENANT | LOCAL_STORE | JOB,
)
def get_cs_online_dial_in_conferencing_tenant_settings(
    command: Invocation,
    /,
    identity: SettingsId = None,
    *,
    filter: InstanceFilter = None,
    **common: Unpack[CommonParameters],
) -> TenantSettings | Results[TenantSettings]:
    """The tenant's dial-in settings; there is one instance, Global.

    PowerShell: `Get-CsOnlineDialInConferencingTenantSettings`

    Returns: the settings; with `filter` `Results`.

    Raises: `NotFoundError` for another identity.

    Example, in `confid.demo()`:
        >>> get_cs_online_dial_in_conferencing_tenant_settings().pin_length
        5
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
    also=TENANT | FORCE | ASKS,
)
def set_cs_online_dial_in_conferencing_tenant_settings(
    command: Invocation,
    /,
    identity: SettingsId = None,
    *,
    instance: Annotated[
        TenantSettings | Mapping[str, object] | None,
        P("Instance", "PSObject", sets=("Instance",)),
        "a whole set of settings, as the Get- cmdlet returned it and `attrs.evolve` "
        "changed it; parameters beside it overrule it",
    ] = None,
    automatically_send_emails_to_users: Annotated[
        bool | None,
        P("AutomaticallySendEmailsToUsers", "Boolean"),
        "whether users are told of what changes; True at first",
    ] = None,
    pin_length: Annotated[
        int | None, P("PinLength", "UInt32"), "digits of a new PIN, 4 to 12; 5 at first"
    ] = None,
    allow_pstn_only_meetings_by_default: Annotated[
        bool | None,
        P("AllowPSTNOnlyMeetingsByDefault", "Boolean"),
        "whether callers alone can start the meetings of users enabled later; False at first",
    ] = None,
    automatically_migrate_user_meetings: Annotated[
        bool | None,
        P("AutomaticallyMigrateUserMeetings", "Boolean"),
        "whether invitations are brought up to date after a change; True at first",
    ] = None,
    automatically_replace_acp_provider: Annotated[
        bool | None,
        P("AutomaticallyReplaceAcpProvider", "Boolean"),
        "whether users of another provider are taken over when they are enabled; False at first",
    ] = None,
    enable_entry_exit_notifications: Annotated[
        bool | None,
        P("EnableEntryExitNotifications", "Boolean"),
        "whether a meeting hears who comes and goes; True at first",
    ] = None,
    entry_exit_announcements_type: Annotated[
        Literal["UseNames", "ToneOnly"] | Enum | None,
        P("EntryExitAnnouncementsType", "EntryExitAnnouncementsType"),
        "how it hears it: UseNames, as at first, or ToneOnly",
    ] = None,
    enable_name_recording: Annotated[
        bool | None,
        P("EnableNameRecording", "Boolean"),
        "whether callers are asked to record their name; True at first",
    ] = None,
    send_email_from_override: Annotated[
        bool | None,
        P("SendEmailFromOverride", "Boolean"),
        "whether mails come from the sender below; needs both its values",
    ] = None,
    send_email_from_address: Annotated[
        str | None, P("SendEmailFromAddress", "String"), "that sender's address"
    ] = None,
    send_email_from_display_name: Annotated[
        str | None, P("SendEmailFromDisplayName", "String"), "that sender's name"
    ] = None,
    use_unique_conference_ids: Annotated[
        bool | None,
        P("UseUniqueConferenceIds", "Boolean", accepted=True),
        "no effect: they are unique; False is refused, for it would make them static",
    ] = None,
    include_toll_free_number_in_meeting_invites: Annotated[
        bool | None,
        P("IncludeTollFreeNumberInMeetingInvites", "Boolean", accepted=True),
        "no effect: not applicable to Teams, where the policy decides",
    ] = None,
    migrate_service_numbers_on_cross_forest_move: Annotated[
        bool | None,
        P("MigrateServiceNumbersOnCrossForestMove", "Boolean", accepted=True),
        "no effect: not applicable to Teams",
    ] = None,
    enable_dial_out_join_confirmation: Annotated[
        bool | None,
        P("EnableDialOutJoinConfirmation", "Boolean", accepted=True),
        "no effect: not applicable to Teams",
    ] = None,
    allowed_dial_out_external_domains: Annotated[
        str | Iterable[str] | None,
        P("AllowedDialOutExternalDomains", "Object"),
        "domains whose people meetings may dial out to; kept and shown",
    ] = None,
    allow_federated_users_to_dial_out_to_self: Annotated[
        str | None,
        P("AllowFederatedUsersToDialOutToSelf", "String"),
        "whether people of those domains may be called themselves; kept and shown",
    ] = None,
    allow_federated_users_to_dial_out_to_third_party: Annotated[
        str | None,
        P("AllowFederatedUsersToDialOutToThirdParty", "String"),
        "whether they may have others called; kept and shown",
    ] = None,
    mask_pstn_numbers_type: Annotated[
        Literal["MaskedForExternalUsers", "MaskedForAllUsers", "NoMasking"] | Enum | None,
        P("MaskPstnNumbersType", "String"),
        "whose numbers are masked in a meeting: MaskedForExternalUsers, as at first, "
        "MaskedForAllUsers or NoMasking",
    ] = None,
    msft_internal_processing_mode: Annotated[
        str | None, P("MsftInternalProcessingMode", "String", accepted=True), INTERNAL
    ] = None,
    **common: Unpack[CommonParameters],
) -> TenantSettings | None:
    """Change the tenant's dial-in settings; what is not given stays. Returns them.

    PowerShell:
        Set-CsOnlineDialInConferencingTenantSettings -PinLength 7 -EnableNameRecording $true

    Returns: the settings.

    Raises: `StaticConferenceIdError` for `use_unique_conference_ids=False`, and
    `InvalidArgumentError` for a bad length, type or sender.

    Example, in `confid.demo()`:
        >>> set_cs_online_dial_in_conferencing_tenant_settings(pin_length=7).pin_length
        7
    """
    given: dict[str, Any] = {
        name: value
        for name, value in locals().items()
        if is_given(value) and name in attrs.fields_dict(TenantSettings) and name != "identity"
    }
    domains = given.get("allowed_dial_out_external_domains")
    if domains is not None:
        demand("AllowedDialOutExternalDomains", domains, Iterable, "a list of domains")
        domains = tuple(comma_list(domains))
        for domain in domains:
            demand("AllowedDialOutExternalDomains", domain, str, "domains as text")
        given["allowed_dial_out_external_domains"] = domains
    _demand_global(identity)
    before = command.tenant.settings if instance is None else an_instance(TenantSettings, instance)
    after = attrs.evolve(before, **given)
    after = checked_settings(after)
    if not command.should_process(GLOBAL):
        return None
    command.tenant.put_settings(after)
    return after


@cmdlet("Remove-CsOnlineDialInConferencingTenantSettings", writes=True, also=TENANT | FORCE | ASKS)
def remove_cs_online_dial_in_conferencing_tenant_settings(
    command: Invocation,
    /,
    identity: Annotated[
        str | None, P("Identity", "XdsIdentity", position=0, mandatory=True), "Global"
    ] = None,
    **common: Unpack[CommonParameters],
) -> TenantSettings | None:
    """Put the tenant's dial-in settings back to the defaults, and return them.

    PowerShell: `Remove-CsOnlineDialInConferencingTenantSettings -Identity Global`

    Returns: the settings.

    Raises: `NotFoundError` for another identity.

    Example, in `confid.demo()`:
        >>> remove_cs_online_dial_in_conferencing_tenant_settings("Global").pin_length
        5
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
            f"There are no tenant settings {shown(identity)}; the one instance is Global.",
            target=identity,
            error_id="TenantSettingsNotFound",
        )
