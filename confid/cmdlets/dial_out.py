"""Dial-out policies: get, grant. The dial-in policy and configuration: get. All are predefined."""

from collections.abc import Sequence
from typing import Annotated, TypeVar, Unpack

from confid.cmdlets.granting import grant_policy
from confid.cmdlets.parameters import (
    ASKS,
    INTERNAL,
    JOB,
    LOCAL_STORE,
    NAMED,
    TENANT,
    GlobalId,
    Identities,
    InstanceFilter,
    InstanceId,
    PassThru,
    PolicyName,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import UNSET, CommonParameters, P, is_given
from confid.tenant.online_user import OnlineUser
from confid.tenant.policies import (
    DIAL_OUT_POLICIES,
    DialInConferencingPolicy,
    DialInConferencingTenantConfiguration,
    DialOutPolicy,
    Family,
    name_of,
    no_such_policy,
)
from confid.tenant.records import Record
from confid.tenant.results import Results
from confid.tenant.text import fold

Instance = TypeVar(
    "Instance", DialInConferencingPolicy, DialInConferencingTenantConfiguration, DialOutPolicy
)


@cmdlet(
    "Get-CsOnlineDialOutPolicy",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("LocalStore",),
    also=LOCAL_STORE,
)
def get_cs_online_dial_out_policy(
    command: Invocation,
    /,
    identity: Annotated[
        InstanceId, "a policy, by its name, with or without `Tag:`, or record; default: all"
    ] = None,
    *,
    filter: InstanceFilter = None,
    **common: Unpack[CommonParameters],
) -> DialOutPolicy | Results[DialOutPolicy]:
    """The dial-out policies, which are predefined: the one named, or all 13, Global first.

    Each is a pair: where meetings of its user may dial out to, and where the user may call.

    PowerShell: `Get-CsOnlineDialOutPolicy -Identity DialoutCPCandPSTNInternational`

    Returns: the policy; without an identity `Results`.

    Raises: `NotFoundError` for a name that no policy has.

    Example, in `confid.demo()`:
        >>> policy = get_cs_online_dial_out_policy("DialoutCPCDomesticPSTNInternational")
        >>> policy.allow_pstn_conferencing_dial_out_type
        'DomesticOnly'
    """
    return _named(DIAL_OUT_POLICIES, identity, filter)


@cmdlet(
    "Grant-CsDialoutPolicy",
    writes=True,
    only_2019=("AsJob", "DomainController", "Tenant"),
    only_2026=("Global",),
    also=TENANT | JOB | ASKS,
)
def grant_cs_dialout_policy(
    command: Invocation,
    /,
    identity: Annotated[
        Identities | None, P("Identity", "UserIdParameter", position=0), NAMED
    ] = None,
    policy_name: Annotated[
        PolicyName, P("PolicyName", "string", position=1, as_is=(Record,))
    ] = UNSET,
    *,
    global_: Annotated[
        bool, P("Global", "SwitchParameter"), "grants it to the tenant instead of to users"
    ] = False,
    pass_thru: PassThru = False,
    domain_controller: Annotated[
        str | None, P("DomainController", "Fqdn", accepted=True), INTERNAL
    ] = None,
    **common: Unpack[CommonParameters],
) -> Output[OnlineUser]:
    """Grant users, or with `global_=True` the tenant, a dial-out policy; None takes it back.

    For a user counts their own policy, else the tenant's, else Global.

    PowerShell:
        Grant-CsDialoutPolicy -Identity ken.myer@contoso.com -PolicyName
        DialoutCPCandPSTNInternational

    Returns: with `pass_thru` the directory user, `Results` for an iterable; else None.

    Raises: `NotFoundError` for a policy that isn't there, `UserNotFoundError`, and
    `InvalidArgumentError` for Global, which nobody needs to be granted.

    Example, in `confid.demo()`:
        >>> grant_cs_dialout_policy(
        ...     "ken.myer@contoso.com", policy_name="DialoutCPCandPSTNInternational", pass_thru=True
        ... ).display_name
        'Ken Myer'
    """
    return grant_policy(
        command,
        Family.DIAL_OUT,
        policy_name,
        identity=identity,
        to_tenant=global_,
        pass_thru=pass_thru,
    )


@cmdlet(
    "Get-CsOnlineDialinConferencingPolicy",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
    also=LOCAL_STORE | JOB,
)
def get_cs_online_dialin_conferencing_policy(
    command: Invocation,
    /,
    identity: GlobalId = None,
    *,
    filter: InstanceFilter = None,
    **common: Unpack[CommonParameters],
) -> DialInConferencingPolicy | Results[DialInConferencingPolicy]:
    """The dial-in conferencing policies: one, Global, which allows the service.

    PowerShell: `Get-CsOnlineDialinConferencingPolicy -Identity Global`

    Returns: the policy; without an identity `Results`.

    Raises: `NotFoundError` for another name.

    Example, in `confid.demo()`:
        >>> get_cs_online_dialin_conferencing_policy("Global").allow_service
        True
    """
    return _named([DialInConferencingPolicy()], identity, filter)


@cmdlet(
    "Get-CsOnlineDialinConferencingTenantConfiguration",
    sets=("Identity", "Filter"),
    default_set="Identity",
    only_2019=("AsJob",),
    also=TENANT | LOCAL_STORE | JOB,
)
def get_cs_online_dialin_conferencing_tenant_configuration(
    command: Invocation,
    /,
    identity: GlobalId = None,
    *,
    filter: InstanceFilter = None,
    **common: Unpack[CommonParameters],
) -> DialInConferencingTenantConfiguration | Results[DialInConferencingTenantConfiguration]:
    """Whether the tenant has audio conferencing; there is one instance, Global, and it has.

    PowerShell: `Get-CsOnlineDialinConferencingTenantConfiguration`

    Returns: the configuration; with `filter` `Results`.

    Raises: `NotFoundError` for another identity.

    Example, in `confid.demo()`:
        >>> get_cs_online_dialin_conferencing_tenant_configuration().status
        'Enabled'
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
