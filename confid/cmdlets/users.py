"""Users: enable, disable, get and set them."""

from typing import Annotated, Unpack

import attrs

from confid.cmdlets.listing import count, listed
from confid.cmdlets.parameters import (
    ASKS,
    CONTROLLER,
    FORCE,
    JOB,
    MAIL,
    VENDOR,
    AllowTollFreeDialIn,
    BridgeId,
    BridgeName,
    ChosenId,
    IfUnchanged,
    ListedUserId,
    MandatoryUserId,
    ResultSize,
    ServiceNumber,
    TenantDomain,
    TenantId,
    TollFreeServiceNumber,
    UserId,
    Wanted,
    conference_info,
    demand_identity,
    demand_unchanged,
    kept_by,
    number_on,
    one_bridge,
    shown_ids,
)
from confid.engine.cmdlet import listing_cmdlet, user_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import (
    UNSET,
    CommonParameters,
    P,
    Unset,
    is_given,
)
from confid.errors import demand
from confid.tenant.changes import Change
from confid.tenant.documents import Conferencing
from confid.tenant.notices import Event, MailOptions, Notice, events_of, has_other_numbers, owed
from confid.tenant.people import Person, demand_license
from confid.tenant.records import ConferencingUser
from confid.tenant.records import ServiceNumber as NumberRecord

NONE_GIVEN = (None, None, None, UNSET, None, None)


@user_cmdlet(
    "Enable-CsOnlineDialInConferencingUser",
    writes=True,
    eras=("2019",),
    gathers={"mail": MAIL},
    also=VENDOR | JOB,
)
def enable_cs_online_dial_in_conferencing_user(
    command: Invocation,
    /,
    identity: UserId = None,
    *,
    allow_pstn_only_meetings: Annotated[
        bool | None,
        P("AllowPstnOnlyMeetings", "Boolean"),
        "whether callers alone can start a meeting; default: the tenant's setting",
    ] = None,
    service_number: Annotated[
        ServiceNumber, "the default toll number; default: the bridge's number for their country"
    ] = None,
    toll_free_service_number: TollFreeServiceNumber = None,
    allow_toll_free_dial_in: Annotated[
        AllowTollFreeDialIn, "whether toll-free calls are let in; default: True"
    ] = None,
    replace_provider: Annotated[
        bool, P("ReplaceProvider", "SwitchParameter"), "takes over users of another provider"
    ] = False,
    conference_id: ChosenId = UNSET,
    mail: MailOptions,
    **common: Unpack[CommonParameters],
) -> Output[ConferencingUser]:
    """Enable licensed users for audio conferencing: each gets a conference ID and a PIN.

    The user is told by mail, with the PIN. A user who is enabled already is left unchanged.

    PowerShell:
        Enable-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -AllowPstnOnlyMeetings
        $true

    Returns: the user, `Results` for an iterable; the new PIN stands in `leader_pin`.

    Raises: `LicenseError` for a user without a licence, or with another provider unless
    `replace_provider` is given, `UserNotFoundError`, and `StaticConferenceIdError` for any
    `conference_id`.

    Example, in `confid.demo()`:
        >>> disable_cs_online_dial_in_conferencing_user("ken.myer@contoso.com").conference_id
        >>> ken = enable_cs_online_dial_in_conferencing_user("ken.myer@contoso.com")
        >>> len(str(ken.conference_id)), len(ken.leader_pin)
        (7, 5)
    """
    demand_identity(command, identity)
    unit = command.tenant
    unit.lock_setup(shared=True)
    bridge = unit.setup.default_bridge
    number = number_on(unit, bridge.identity, service_number, toll_free=False)
    toll_free = number_on(unit, bridge.identity, toll_free_service_number, toll_free=True)
    replace = replace_provider or unit.settings.automatically_replace_acp_provider
    pstn_only = (
        unit.settings.allow_pstn_only_meetings_by_default
        if allow_pstn_only_meetings is None
        else allow_pstn_only_meetings
    )
    notice = owed((Event.ENABLED,), mail, unit.settings)

    def plan(person: Person) -> Change | None:
        if person.is_enabled:
            return conference_info(unit, person, mail)
        demand_license(person.user, replace_provider=replace)
        pin = unit.pins.new()
        return Change(
            person=person,
            after=Conferencing(
                enabled=True,
                bridge_id=bridge.identity,
                service_number=number or unit.setup.default_toll_number(bridge, person.user),
                toll_free_service_number=toll_free,
                allow_toll_free_dial_in=allow_toll_free_dial_in is not False,
                allow_pstn_only_meetings=pstn_only,
                pin_digest=unit.pins.digest(person.user.owner, pin),
            ),
            issue=True,
            pin=pin,
            notice=notice,
            user=person.user.with_microsoft() if person.user.has_other_provider else None,
        )

    return command.change(identity, plan)


@user_cmdlet(
    "Disable-CsOnlineDialInConferencingUser",
    writes=True,
    eras=("2019",),
    gathers={"mail": MAIL},
    also=VENDOR | JOB | ASKS,
)
def disable_cs_online_dial_in_conferencing_user(
    command: Invocation,
    /,
    identity: UserId = None,
    *,
    mail: MailOptions,
    **common: Unpack[CommonParameters],
) -> Output[ConferencingUser]:
    """Disable users for audio conferencing: their conference IDs are retired for ever.

    PowerShell: `Disable-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com`

    Returns: the user as they are now, without an ID; `Results` for an iterable.

    Raises: `NotEnabledError` for one who is not enabled, and `UserNotFoundError`.

    Example, in `confid.demo()`:
        >>> ken = get_cs_online_dial_in_conferencing_user("ken.myer@contoso.com")
        >>> disable_cs_online_dial_in_conferencing_user(ken).conference_id
        >>> confid.whois(ken.conference_id).is_current
        False
    """
    demand_identity(command, identity)
    unit = command.tenant
    notice = owed((Event.DISABLED,), mail, unit.settings)

    def plan(person: Person) -> Change:
        return Change(
            person=person,
            after=attrs.evolve(person.demand_enabled(), enabled=False, pin_digest=None),
            retire=True,
            notice=notice,
        )

    return command.change(identity, plan)


@user_cmdlet(
    "Set-CsOnlineDialInConferencingUser",
    sets=("TenantIdParams", "TenantDomainParams"),
    default_set="TenantIdParams",
    writes=True,
    only_2019=("ConferenceId", "ResetConferenceId"),
    only_2026=("AsJob",),
    gathers={"mail": MAIL},
    also=CONTROLLER | FORCE | JOB | ASKS,
)
def set_cs_online_dial_in_conferencing_user(
    command: Invocation,
    /,
    identity: MandatoryUserId = None,
    *,
    reset_conference_id: Annotated[
        bool,
        P("ResetConferenceId", "SwitchParameter", aliases=("ResetPasscode",)),
        "draws a new conference ID; the old one stops working for callers when the "
        "call returns, and is never issued again",
    ] = False,
    reset_leader_pin: Annotated[
        bool,
        P("ResetLeaderPin", "SwitchParameter"),
        "makes a new PIN, as long as the tenant's PinLength says",
    ] = False,
    bridge_id: Annotated[
        BridgeId, "moves the user to the bridge with this ID, and to its numbers"
    ] = None,
    bridge_name: Annotated[
        BridgeName, "moves the user to the bridge with this name, and to its numbers"
    ] = None,
    service_number: ServiceNumber = None,
    toll_free_service_number: Annotated[
        TollFreeServiceNumber | Unset,
        P("TollFreeServiceNumber", "String", as_is=(NumberRecord,)),
        "the default toll-free number, of the user's bridge; None takes theirs away",
    ] = UNSET,
    allow_pstn_only_meetings: Annotated[
        bool | None,
        P("AllowPSTNOnlyMeetings", "Boolean"),
        "whether callers alone can start a meeting",
    ] = None,
    allow_toll_free_dial_in: AllowTollFreeDialIn = None,
    conference_id: ChosenId = UNSET,
    mail: MailOptions,
    if_unchanged: IfUnchanged = False,
    tenant: Annotated[
        TenantId, P("Tenant", "Guid", accepted=True, sets=("TenantIdParams",))
    ] = None,
    tenant_domain: Annotated[
        TenantDomain,
        P(
            "TenantDomain",
            "String",
            accepted=True,
            sets=("TenantDomainParams",),
            mandatory_in=("TenantDomainParams",),
        ),
    ] = None,
    **common: Unpack[CommonParameters],
) -> Output[ConferencingUser]:
    """Change enabled users: a new conference ID, a new PIN, numbers, bridge; or send their info.

    PowerShell:
        Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -ResetConferenceId

    Returns: the user, `Results` for an iterable; a new PIN stands in `leader_pin`.

    Raises: `NotEnabledError` for one who is not enabled, `UserNotFoundError`,
    `InvalidArgumentError` for a number that isn't on the bridge, `InvalidOperationError` with
    `if_unchanged` for one whose conference ID is another by now, and `StaticConferenceIdError` for
    any `conference_id`.

    Example, in `confid.demo()`:
        >>> old = get_cs_online_dial_in_conferencing_user("ken.myer@contoso.com").conference_id
        >>> ken = set_cs_online_dial_in_conferencing_user(
        ...     "ken.myer@contoso.com", reset_conference_id=True
        ... )
        >>> ken.conference_id == old, confid.whois(old).is_current
        (False, False)
    """
    demand("if_unchanged", if_unchanged, bool, "True or False")
    ids = shown_ids(identity) if if_unchanged else None
    unit = command.tenant
    named = (bridge_id, bridge_name, service_number, toll_free_service_number)
    switches = (allow_toll_free_dial_in, allow_pstn_only_meetings)
    wanted = None
    if (*named, *switches) != NONE_GIVEN:
        if any(map(is_given, named)):
            # What is taken from the set-up now must not be taken off it before this is kept.
            unit.lock_setup(shared=True)
        wanted = Wanted(
            bridge_id=one_bridge(unit, bridge_id, bridge_name),
            service_number=service_number,
            toll_free_service_number=toll_free_service_number,
            allow_toll_free_dial_in=allow_toll_free_dial_in,
            allow_pstn_only_meetings=allow_pstn_only_meetings,
        )
    notices: dict[bool, Notice | None] = {}

    def plan(person: Person) -> Change | None:
        before = person.demand_enabled()
        if ids is not None:
            demand_unchanged(person, ids)
        after = wanted.applied(unit, person, before) if wanted else before
        pin = unit.pins.new() if reset_leader_pin else None
        if pin is not None:
            after = attrs.evolve(after, pin_digest=unit.pins.digest(person.user.owner, pin))
        new_numbers = after is not before and has_other_numbers(before, after)
        if new_numbers not in notices:  # in a large call everybody is owed the same few
            events = events_of(
                reset_conference_id=reset_conference_id,
                new_numbers=new_numbers,
                reset_leader_pin=reset_leader_pin,
            )
            notices[new_numbers] = owed(events, mail, unit.settings)
        notice = notices[new_numbers]
        if not reset_conference_id and before == after and notice is None:
            return None
        return Change(
            person=person,
            after=after,
            retire=reset_conference_id,
            issue=reset_conference_id,
            pin=pin,
            notice=notice,
        )

    return command.change(identity, plan)


@listing_cmdlet("Get-CsOnlineDialInConferencingUser", only_2019=("AsJob",), also=VENDOR | JOB)
def get_cs_online_dial_in_conferencing_user(
    command: Invocation,
    /,
    identity: ListedUserId = None,
    *,
    bridge_id: Annotated[BridgeId, "only users of the bridge with this ID"] = None,
    bridge_name: Annotated[BridgeName, "only users of the bridge with this name"] = None,
    service_number: Annotated[
        ServiceNumber, "only users who have this toll or toll-free number"
    ] = None,
    ldap_filter: Annotated[
        str | None,
        P("LdapFilter", "String"),
        "an RFC 4515 filter over directory attributes; a bare `Department=Finance` too",
    ] = None,
    result_size: ResultSize = None,
    **common: Unpack[CommonParameters],
) -> Output[ConferencingUser]:
    """Users enabled for audio conferencing, with their conference IDs, by display name.

    PowerShell:
        Get-CsOnlineDialInConferencingUser -LdapFilter "Department=Finance" -ResultSize 10

    Returns: the user; without an identity or for an iterable `Results`.

    Raises: `UserNotFoundError`, and `NotEnabledError` for a user who is not enabled;
    `InvalidArgumentError` for a bad filter, with the position.

    Example, in `confid.demo()`:
        >>> finance = get_cs_online_dial_in_conferencing_user(ldap_filter="Department=Finance")
        >>> [user.display_name for user in finance]
        ['Ken Myer', 'Pilar Ackerman']
    """
    unit = command.tenant
    most = count("ResultSize", result_size)
    keep = kept_by(one_bridge(unit, bridge_id, bridge_name), service_number, ldap_filter)

    def show(person: Person) -> ConferencingUser | None:
        person.demand_enabled()
        return unit.conferencing_user(person) if keep(person) else None

    if is_given(identity):
        return command.read(identity, show)
    return listed(unit.all_people(enabled=True), show, first=most)
