"""Dial-out policies: get, grant. The dial-in policy and configuration: get. All are predefined.

Source: behaviour, policies; Microsoft Learn, "Outbound calling restriction policies".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar, Unpack, overload

from confid.cmdlets.granting import PassThru, grant_policy
from confid.engine.cmdlet import Identity, cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import (
    UNSET,
    AsJob,
    CommonParameters,
    Confirm,
    LocalStore,
    P,
    TenantId,
    Unset,
    WhatIf,
    is_given,
)
from confid.tenant.policies import (
    DIAL_OUT_POLICIES,
    DialInConferencingPolicy,
    DialInConferencingTenantConfiguration,
    DialOutPolicy,
    Family,
    name_of,
    no_such_policy,
)
from confid.tenant.records import DirectoryUser, Record
from confid.tenant.results import Results
from confid.tenant.text import fold

InstanceId = Annotated[
    str | Record | None,
    P("Identity", "XdsIdentity", position=0, sets=("Identity",), as_is=(Record,)),
]
InstanceFilter = Annotated[str | None, P("Filter", "String", sets=("Filter",))]

Instance = TypeVar(
    "Instance", DialInConferencingPolicy, DialInConferencingTenantConfiguration, DialOutPolicy
)


@overload
def get_cs_online_dial_out_policy(
    identity: str | Record, **common: Unpack[CommonParameters]
) -> DialOutPolicy: ...
@overload
def get_cs_online_dial_out_policy(
    *, filter: str | None = None, **common: Unpack[CommonParameters]
) -> Results[DialOutPolicy]: ...
@cmdlet(
    "Get-CsOnlineDialOutPolicy",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("LocalStore",),
)
def get_cs_online_dial_out_policy(
    command: Invocation,
    /,
    identity: InstanceId = None,
    *,
    local_store: LocalStore = False,
    filter: InstanceFilter = None,  # noqa: A002 - PowerShell's name
    **common: Unpack[CommonParameters],
) -> DialOutPolicy | Results[DialOutPolicy]:
    """The dial-out policies, which are predefined: the one named, or all 13, Global first.

    Each is a pair: where meetings of its user may dial out to, and where the user may call.

    PowerShell: `Get-CsOnlineDialOutPolicy -Identity DialoutCPCandPSTNInternational`

    Parameters:
        identity (str | record): a policy, by its name, with or without `Tag:`, or record
        filter (str): a wildcard over identities as they are shown: `Tag:*PSTNDisabled`
        Also local_store and the common ones: `confid.get_help` says what they do.

    Returns: the policy; without an identity `Results`.

    Raises: `NotFoundError` for a name that no policy has.

    Example, in `confid.demo()`:
        >>> policy = get_cs_online_dial_out_policy("DialoutCPCDomesticPSTNInternational")
        >>> policy.allow_pstn_conferencing_dial_out_type
        'DomesticOnly'

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/get-csonlinedialoutpolicy
    """
    return _named(DIAL_OUT_POLICIES, identity, filter)


@cmdlet(
    "Grant-CsDialoutPolicy",
    writes=True,
    only_2019=("AsJob", "DomainController", "Tenant"),
    only_2026=("Global",),
)
def grant_cs_dialout_policy(
    command: Invocation,
    /,
    identity: Annotated[
        Identity | Iterable[Identity] | None, P("Identity", "UserIdParameter", position=0)
    ] = None,
    *,
    policy_name: Annotated[
        str | DialOutPolicy | Unset | None, P("PolicyName", "string", position=1, as_is=(Record,))
    ] = UNSET,
    global_: Annotated[bool, P("Global", "SwitchParameter")] = False,
    pass_thru: PassThru = False,
    tenant: TenantId = None,
    domain_controller: Annotated[str | None, P("DomainController", "Fqdn", accepted=True)] = None,
    as_job: AsJob = False,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    **common: Unpack[CommonParameters],
) -> Output[DirectoryUser]:
    """Grant users, or with `global_=True` the tenant, a dial-out policy; None takes it back.

    For a user counts their own policy, else the tenant's, else Global.

    PowerShell:
        Grant-CsDialoutPolicy -Identity ken.myer@contoso.com -PolicyName
        DialoutCPCandPSTNInternational

    Parameters:
        identity (str | record | iterable): who: a user principal name, SIP address, object ID,
            logon, distinguished or display name; a record; or an iterable of them
        policy_name (str | DialOutPolicy): the policy, by its name or record; None takes back what
            was granted
        global_ (bool): grants it to the tenant instead of to users
        pass_thru (bool): returns the users
        Also tenant, domain_controller, as_job, what_if, confirm and the common ones:
        `confid.get_help` says what they do.

    Returns: with `pass_thru` the directory user, `Results` for an iterable; else None.

    Raises: `NotFoundError` for a policy that isn't there, `UserNotFoundError`, and
    `InvalidArgumentError` for Global, which nobody needs to be granted.

    Example, in `confid.demo()`:
        >>> grant_cs_dialout_policy(
        ...     "ken.myer@contoso.com", policy_name="DialoutCPCandPSTNInternational", pass_thru=True
        ... ).display_name
        'Ken Myer'

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/grant-csdialoutpolicy
    """
    return grant_policy(
        command,
        Family.DIAL_OUT,
        policy_name,
        identity=identity,
        to_tenant=global_,
        pass_thru=pass_thru,
    )


@overload
def get_cs_online_dialin_conferencing_policy(
    identity: str | Record, **common: Unpack[CommonParameters]
) -> DialInConferencingPolicy: ...
@overload
def get_cs_online_dialin_conferencing_policy(
    *, filter: str | None = None, **common: Unpack[CommonParameters]
) -> Results[DialInConferencingPolicy]: ...
@cmdlet(
    "Get-CsOnlineDialinConferencingPolicy",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
)
def get_cs_online_dialin_conferencing_policy(
    command: Invocation,
    /,
    identity: InstanceId = None,
    *,
    local_store: LocalStore = False,
    filter: InstanceFilter = None,  # noqa: A002 - PowerShell's name
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> DialInConferencingPolicy | Results[DialInConferencingPolicy]:
    """The dial-in conferencing policies: one, Global, which allows the service.

    PowerShell: `Get-CsOnlineDialinConferencingPolicy -Identity Global`

    Parameters:
        identity (str | record): the one policy, Global, or its record
        filter (str): a wildcard over identities as they are shown
        Also local_store, as_job and the common ones: `confid.get_help` says what they do.

    Returns: the policy; without an identity `Results`.

    Raises: `NotFoundError` for another name.

    Example, in `confid.demo()`:
        >>> get_cs_online_dialin_conferencing_policy("Global").allow_service
        True

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/get-csonlinedialinconferencingpolicy
    """
    return _named([DialInConferencingPolicy()], identity, filter)


@overload
def get_cs_online_dialin_conferencing_tenant_configuration(
    *, filter: str, **common: Unpack[CommonParameters]
) -> Results[DialInConferencingTenantConfiguration]: ...
@overload
def get_cs_online_dialin_conferencing_tenant_configuration(
    identity: str | Record | None = None, **common: Unpack[CommonParameters]
) -> DialInConferencingTenantConfiguration: ...
@cmdlet(
    "Get-CsOnlineDialinConferencingTenantConfiguration",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
)
def get_cs_online_dialin_conferencing_tenant_configuration(
    command: Invocation,
    /,
    identity: InstanceId = None,
    *,
    local_store: LocalStore = False,
    filter: InstanceFilter = None,  # noqa: A002 - PowerShell's name
    tenant: TenantId = None,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> DialInConferencingTenantConfiguration | Results[DialInConferencingTenantConfiguration]:
    """Whether the tenant has audio conferencing; there is one instance, Global, and it has.

    PowerShell: `Get-CsOnlineDialinConferencingTenantConfiguration`

    Parameters:
        identity (str | record): the one instance, Global; needn't be given
        filter (str): a wildcard over identities as they are shown
        Also local_store, tenant, as_job and the common ones: `confid.get_help` says what they do.

    Returns: the configuration; with `filter` `Results`.

    Raises: `NotFoundError` for another identity.

    Example, in `confid.demo()`:
        >>> get_cs_online_dialin_conferencing_tenant_configuration().status
        'Enabled'

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/get-csonlinedialinconferencingtenantconfiguration
    """
    configuration = DialInConferencingTenantConfiguration()
    if filter is None and not is_given(identity):
        return configuration
    return _named([configuration], identity, filter)


def _named(
    instances: Sequence[Instance], identity: object, pattern: str | None
) -> Instance | Results[Instance]:
    """The instance of that identity, those whose identity fits the wildcard, or all."""
    if is_given(identity):
        name = fold(name_of(identity))
        for instance in instances:
            if fold(name_of(instance)) == name:
                return instance
        raise no_such_policy(name_of(identity), [each.identity for each in instances])
    if pattern is None:
        return Results(instances)
    from confid.powershell import like  # noqa: PLC0415 - few calls filter

    return Results(each for each in instances if like(each.identity, pattern))
