"""Audio conferencing policies: new, get, set, grant, remove."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeAlias, Unpack

import attrs

from confid.cmdlets.granting import grant_policy
from confid.cmdlets.parameters import (
    ASKS,
    FORCE,
    INTERNAL,
    LOCAL_STORE,
    NAMED,
    Identities,
    InstanceFilter,
    PassThru,
    PolicyName,
    an_instance,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import UNSET, CommonParameters, P, Unset, is_given
from confid.errors import AlreadyExistsError, InvalidArgumentError, InvalidOperationError, shown
from confid.tenant import phone_number
from confid.tenant.online_user import OnlineUser
from confid.tenant.policies import (
    GLOBAL,
    Family,
    TeamsAudioConferencingPolicy,
    identity_of,
    name_of,
)
from confid.tenant.records import Record, ServiceNumber
from confid.tenant.results import Results
from confid.tenant.text import comma_list, fold
from confid.tenant.unit_of_work import UnitOfWork

Policy: TypeAlias = TeamsAudioConferencingPolicy
"""The record that these cmdlets take and return."""

Numbers = str | ServiceNumber | Iterable[str | ServiceNumber]
PolicyId = Annotated[
    str | Policy | None,
    P("Identity", "String", position=0, mandatory=True, as_is=(Policy,)),
    "the policy, by its name, with or without `Tag:`, or record",
]
OptionalPolicyId = Annotated[
    PolicyId, P("Identity", "String", position=0, sets=("Identity",), as_is=(Policy,))
]
AllowTollFreeDialin = Annotated[
    bool | None,
    P("AllowTollFreeDialin", "Boolean"),
    "lets toll-free calls in, where the organizer's own setting does too; True in a new policy",
]
InviteNumbers = Annotated[
    Numbers | Unset | None,
    P("MeetingInvitePhoneNumbers", "Object"),
    "the numbers, of the tenant's bridges, that invitations show, in this order; None or an empty "
    "list: each organizer's own",
]


@cmdlet("New-CsTeamsAudioConferencingPolicy", writes=True, eras=("2026",), also=FORCE | ASKS)
def new_cs_teams_audio_conferencing_policy(
    command: Invocation,
    /,
    identity: PolicyId = None,
    *,
    allow_toll_free_dialin: AllowTollFreeDialin = None,
    in_memory: Annotated[
        bool,
        P("InMemory", "SwitchParameter"),
        "keeps nothing: the record can be changed with `attrs.evolve` and kept by the"
        " Set- cmdlet as `instance`",
    ] = False,
    meeting_invite_phone_numbers: InviteNumbers = UNSET,
    **common: Unpack[CommonParameters],
) -> Policy | None:
    """Make an audio conferencing policy, and return it. It applies to those it is granted to.

    PowerShell:
        New-CsTeamsAudioConferencingPolicy -Identity "EMEA Users" -AllowTollFreeDialin $false

    Returns: the policy.

    Raises: `AlreadyExistsError` for a name that is taken, in any casing, and `InvalidArgumentError`
    for what is no name or no number of a bridge.

    Example, in `confid.demo()`:
        >>> policy = new_cs_teams_audio_conferencing_policy("EMEA", allow_toll_free_dialin=False)
        >>> policy.identity
        'Tag:EMEA'
    """
    name = name_of(identity)
    policy = _changed(
        command.tenant,
        Policy(identity=identity_of(name)),
        meeting_invite_phone_numbers,
        allow_toll_free_dialin,
    )
    if in_memory:
        return policy
    if fold(name) in command.tenant.setup.audio_policies:
        raise AlreadyExistsError(
            f"There is a policy {policy.identity!r} already; "
            "Set-CsTeamsAudioConferencingPolicy changes it.",
            target=policy.identity,
        )
    return _kept(command, policy)


@cmdlet(
    "Get-CsTeamsAudioConferencingPolicy",
    sets=("Identity", "Filter"),
    default_set="Identity",
    eras=("2026",),
    also=LOCAL_STORE,
)
def get_cs_teams_audio_conferencing_policy(
    command: Invocation,
    /,
    identity: Annotated[OptionalPolicyId, "a policy, by its name or record; default: all"] = None,
    *,
    filter: InstanceFilter = None,
    **common: Unpack[CommonParameters],
) -> Policy | Results[Policy]:
    """Audio conferencing policies: the one named, or all, Global first, then by name.

    PowerShell: `Get-CsTeamsAudioConferencingPolicy -Identity "EMEA Users"`

    Returns: the policy; without an identity `Results`.

    Raises: `NotFoundError` for a name that no policy has.

    Example, in `confid.demo()`:
        >>> [policy.identity for policy in get_cs_teams_audio_conferencing_policy()]
        ['Global']
    """
    policies = command.tenant.policies
    if is_given(identity):
        return policies.audio_policy(name_of(identity))
    found = policies.audio_policies()
    if filter is not None:
        from confid.powershell import like  # noqa: PLC0415 - few calls filter

        found = [policy for policy in found if like(policy.identity, filter)]
    return Results(found)


@cmdlet(
    "Set-CsTeamsAudioConferencingPolicy",
    sets=("Identity", "Instance"),
    default_set="Identity",
    writes=True,
    eras=("2026",),
    also=FORCE | ASKS,
)
def set_cs_teams_audio_conferencing_policy(
    command: Invocation,
    /,
    identity: Annotated[
        OptionalPolicyId, "the policy, by its name or record; default: Global"
    ] = None,
    *,
    allow_toll_free_dialin: AllowTollFreeDialin = None,
    meeting_invite_phone_numbers: InviteNumbers = UNSET,
    instance: Annotated[
        Policy | Mapping[str, object] | None,
        P("Instance", "PSObject", sets=("Instance",)),
        "a whole policy, as the New- or Get- cmdlet returned it and `attrs.evolve` "
        "changed it; one made in memory is kept now",
    ] = None,
    **common: Unpack[CommonParameters],
) -> Policy | None:
    """Change an audio conferencing policy; what is not given stays. Returns it.

    Only meetings that are scheduled or rescheduled afterwards show the change.

    PowerShell:
        Set-CsTeamsAudioConferencingPolicy -Identity "EMEA Users" -AllowTollFreeDialin $false

    Returns: the policy.

    Raises: `NotFoundError` for a name that no policy has, and `InvalidArgumentError` for what is no
    number of a bridge.

    Example, in `confid.demo()`:
        >>> policy = set_cs_teams_audio_conferencing_policy(
        ...     meeting_invite_phone_numbers=["+14255550100"]
        ... )
        >>> policy.identity, policy.meeting_invite_phone_numbers
        ('Global', ('14255550100',))
    """
    if instance is None:
        name = name_of(identity) if is_given(identity) else GLOBAL
        before = command.tenant.policies.audio_policy(name)
    else:
        before = _from_instance(command.tenant, instance)
    after = _changed(command.tenant, before, meeting_invite_phone_numbers, allow_toll_free_dialin)
    return _kept(command, after)


@cmdlet("Remove-CsTeamsAudioConferencingPolicy", writes=True, eras=("2026",), also=FORCE | ASKS)
def remove_cs_teams_audio_conferencing_policy(
    command: Invocation,
    /,
    identity: PolicyId = None,
    **common: Unpack[CommonParameters],
) -> None:
    """Remove an audio conferencing policy that is not granted.

    PowerShell: `Remove-CsTeamsAudioConferencingPolicy -Identity "EMEA Users"`

    Returns: None.

    Raises: `NotFoundError` for a name that no policy has, and `InvalidOperationError` for Global
    and for one that is granted to a user, a group or the tenant.

    Example, in `confid.demo()`:
        >>> policy = new_cs_teams_audio_conferencing_policy("EMEA Users")
        >>> remove_cs_teams_audio_conferencing_policy(policy)
        >>> len(get_cs_teams_audio_conferencing_policy())
        1
    """
    policies = command.tenant.policies
    policy = policies.audio_policy(name_of(identity))
    name = name_of(policy)
    if name == GLOBAL:
        raise InvalidOperationError(
            "The policy Global can't be removed. Its defaults come back with "
            "Set-CsTeamsAudioConferencingPolicy: no numbers, and toll-free calls allowed.",
            target=GLOBAL,
            error_id="GlobalPolicyStays",
        )
    policies.demand_unused(name)
    if command.should_process(policy.identity):
        policies.remove(name)


@cmdlet(
    "Grant-CsTeamsAudioConferencingPolicy",
    sets=("GrantToTenant", "GrantToGroup", "Identity"),
    default_set="GrantToTenant",
    writes=True,
    eras=("2026",),
    also=ASKS,
)
def grant_cs_teams_audio_conferencing_policy(
    command: Invocation,
    /,
    identity: Annotated[
        Identities | None,
        P("Identity", "String", position=0, sets=("Identity",), as_is=(Record, Iterable)),
        f"{NAMED}; or else `group` or `global_`",
    ] = None,
    policy_name: PolicyName = UNSET,
    *,
    global_: Annotated[
        bool, P("Global", "SwitchParameter", sets=("GrantToTenant",)), "grants it to the tenant"
    ] = False,
    group: Annotated[
        str | None,
        P("Group", "String", mandatory=True, sets=("GrantToGroup",)),
        "grants it to a group, by its name as users have it in `groups`",
    ] = None,
    rank: Annotated[
        int | None,
        P("Rank", "Int32", sets=("GrantToGroup",)),
        "the group's rank, 1 or more; the group that has it moves down; default: the last rank",
    ] = None,
    pass_thru: Annotated[PassThru, "returns the users; a group or the tenant has none"] = False,
    msft_internal_processing_mode: Annotated[
        str | None,
        P("MsftInternalProcessingMode", "String", sets=("GrantToGroup",), accepted=True),
        INTERNAL,
    ] = None,
    **common: Unpack[CommonParameters],
) -> Output[OnlineUser]:
    """Grant an audio conferencing policy to users, a group or the tenant; None takes it back.

    For a user counts their own policy, else that of their group with the lowest rank, else the
    tenant's, else Global. It decides which numbers invitations and messages show, and whether
    toll-free calls are let in; meetings sent before stay as they are.

    PowerShell:
        Grant-CsTeamsAudioConferencingPolicy -Identity ken.myer@contoso.com -PolicyName "EMEA Users"

    Returns: with `pass_thru` the directory user, `Results` for an iterable; else None.

    Raises: `NotFoundError` for a policy that isn't there, `UserNotFoundError`, and
    `InvalidArgumentError` for Global, which nobody needs to be granted.

    Example, in `confid.demo()`:
        >>> policy = new_cs_teams_audio_conferencing_policy("EMEA Users")
        >>> ken = grant_cs_teams_audio_conferencing_policy(
        ...     "ken.myer@contoso.com", policy_name=policy, pass_thru=True
        ... )
        >>> ken.display_name
        'Ken Myer'
    """
    return grant_policy(
        command,
        Family.AUDIO_CONFERENCING,
        policy_name,
        identity=identity,
        group=group,
        rank=rank,
        to_tenant=global_,
        pass_thru=pass_thru,
    )


def _kept(command: Invocation, policy: Policy) -> Policy | None:
    if not command.should_process(policy.identity):
        return None
    command.tenant.policies.put(policy)
    return policy


def _changed(
    unit: UnitOfWork, policy: Policy, numbers: object, allow_toll_free: bool | None
) -> Policy:
    """The policy with what was given; UNSET and None leave a property as it is."""
    if numbers is not UNSET:
        policy = attrs.evolve(policy, meeting_invite_phone_numbers=_numbers(unit, numbers))
    if allow_toll_free is not None:
        policy = attrs.evolve(policy, allow_toll_free_dialin=allow_toll_free)
    return policy


def _from_instance(unit: UnitOfWork, instance: object) -> Policy:
    """A whole policy that a caller hands in, checked like one given by its parameters."""
    instance = an_instance(Policy, instance)
    if not isinstance(instance.allow_toll_free_dialin, bool):
        raise InvalidArgumentError(
            f"Instance: AllowTollFreeDialin is {shown(instance.allow_toll_free_dialin, 40)}, "
            "and there are True and False.",
            target="Instance",
        )
    name = name_of(instance, parameter="Instance")
    known = unit.setup.audio_policies.get(fold(name))
    numbers = instance.meeting_invite_phone_numbers
    if known is not None and numbers == known.meeting_invite_phone_numbers:
        # Those on file stay, though one of them may have left its bridge since.
        return attrs.evolve(instance, identity=known.identity)
    return attrs.evolve(
        instance,
        identity=known.identity if known else identity_of(name),
        meeting_invite_phone_numbers=_numbers(unit, numbers),
    )


def _numbers(unit: UnitOfWork, given: object) -> tuple[str, ...]:
    """The digits of numbers of the tenant's bridges, each once, in the order given."""
    parameter = "MeetingInvitePhoneNumbers"
    if isinstance(given, ServiceNumber):
        given = [given]
    if isinstance(given, bytes | Mapping) or not isinstance(given, Iterable | None):
        raise InvalidArgumentError(
            f"{parameter}: a {type(given).__name__} is no list of numbers. Give the "
            "whole list, the first to show first.",
            target=parameter,
        )
    digits = dict.fromkeys(phone_number.parse(n, parameter=parameter) for n in comma_list(given))
    numbers = unit.setup.numbers
    unknown = [d for d in digits if d not in numbers or numbers[d].bridge_id is None]
    if unknown:
        have = ", ".join(f"+{n.number}" for n in numbers.values() if n.bridge_id) or "none"
        raise InvalidArgumentError(
            f"{parameter}: {', '.join(f'+{d}' for d in unknown)} on no bridge of "
            f"this tenant, whose bridges have {have}.",
            target=unknown[0],
            error_id="ServiceNumberNotOnBridge",
        )
    return tuple(digits)
