"""UserInfo and UserState: everybody in the directory, enabled or not."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Annotated, Literal, Unpack

from confid.cmdlets.listing import count, listed, numbers_of, property_filter, provider_of
from confid.cmdlets.parameters import (
    CONTROLLER,
    FORCE,
    NAMED,
    VENDOR,
    Identities,
    ListedUserId,
    TenantId,
    UnlimitedSize,
)
from confid.engine.cmdlet import listing_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import CommonParameters, P, is_given
from confid.powershell.language.values import choice
from confid.tenant.people import Person
from confid.tenant.records import MICROSOFT, DirectoryUser, LicenseState, UserInfo, UserState
from confid.tenant.text import comma_list, fold
from confid.tenant.unit_of_work import UnitOfWork

FIRST = 100
"""How many users UserInfo lists unless First says otherwise."""

Selection = Literal[
    "DialInConferencingOn",
    "DialInConferencingOff",
    "ConferencingProviderMS",
    "ConferencingProviderOther",
    "ReadyForMigrationToCPC",
    "NoFilter",
]
Licence = Literal["Licensed", "NoLicense", "Unknown"]

LISTING = ("TenantIdParams",)

LICENSE_STATES = {
    LicenseState.LICENSED: "Licensed",
    LicenseState.UNLICENSED: "NoLicense",
    LicenseState.UNKNOWN: "Unknown",
}


@listing_cmdlet(
    "Get-CsOnlineDialInConferencingUserInfo",
    sets=("IdentityParams", "TenantIdParams"),
    listing_set="TenantIdParams",
    eras=("2019",),
    also=CONTROLLER | FORCE,
)
def get_cs_online_dial_in_conferencing_user_info(
    command: Invocation,
    /,
    identity: Annotated[
        Identities | None,
        P("Identity", "UserIdParameter", position=0, mandatory=True, sets=("IdentityParams",)),
        NAMED,
    ] = None,
    *,
    select: Annotated[
        Selection | Enum | None,
        P("Select", "FilterSelection", sets=LISTING),
        "DialInConferencingOn (enabled), DialInConferencingOff (not), "
        "ConferencingProviderMS, ConferencingProviderOther (by whose audio "
        "conferencing they have), ReadyForMigrationToCPC (another's, though licensed "
        "for Microsoft's) or NoFilter; in any casing",
    ] = None,
    filter: Annotated[
        str | None,
        P("Filter", "String", sets=LISTING),
        "a Where-Object filter over these properties and those of the directory",
    ] = None,
    search_query: Annotated[
        str | None,
        P("SearchQuery", "String", sets=LISTING),
        "a part of a display name, user principal name or SIP address, in any casing",
    ] = None,
    skip: Annotated[
        int | None, P("Skip", "Int32", sets=LISTING), "how many to leave out at the beginning"
    ] = None,
    first: Annotated[
        int | None, P("First", "Int32", sets=LISTING), "how many at most; default: 100"
    ] = None,
    sort_descending: Annotated[
        bool, P("SortDescending", "SwitchParameter", sets=LISTING), "from Z to A"
    ] = False,
    tenant: Annotated[TenantId, P("Tenant", "Guid", accepted=True, sets=LISTING)] = None,
    **common: Unpack[CommonParameters],
) -> Output[UserInfo]:
    """Anybody in the directory, enabled or not: conference ID, numbers, provider.

    PowerShell: `Get-CsOnlineDialInConferencingUserInfo -Select DialInConferencingOff -First 10`

    Returns: the user; without an identity `Results` by display name.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for a bad filter or count.

    Example, in `confid.demo()`:
        >>> off = get_cs_online_dial_in_conferencing_user_info(select="DialInConferencingOff")
        >>> [(user.display_name, user.conference_id) for user in off]
        [('Олег Петров', None)]
    """
    unit = command.tenant

    def info(person: Person) -> UserInfo:
        return _info(unit, person)

    if is_given(identity):
        return command.read(identity, info)
    skipped, most = count("Skip", skip), count("First", first)
    keep = _selected(select, search_query)
    matches = _filter(filter)

    def show(person: Person) -> UserInfo | None:
        if not keep(person):
            return None
        record = info(person)
        return record if matches(person, record) else None

    return listed(
        unit.all_people(),
        show,
        skip=skipped or 0,
        first=FIRST if most is None else most,
        descending=sort_descending,
    )


@listing_cmdlet("Get-CsOnlineDialInConferencingUserState", eras=("2019",), also=VENDOR)
def get_cs_online_dial_in_conferencing_user_state(
    command: Invocation,
    /,
    identity: ListedUserId = None,
    *,
    provider: Annotated[
        Literal["AllProviders", "NoProviders", "Microsoft", "ThirdParty"] | Enum | None,
        P("Provider", "ProviderType"),
        "only users of AllProviders (any at all), NoProviders, Microsoft or "
        "ThirdParty, in any casing; narrows the users named too",
    ] = None,
    license_state: Annotated[
        Licence | Iterable[Licence] | None,
        P("LicenseState", "String[]"),
        "only users who are one of these: Licensed, NoLicense, Unknown; the same",
    ] = None,
    result_size: UnlimitedSize = None,
    **common: Unpack[CommonParameters],
) -> Output[UserState]:
    """How far audio conferencing has come for users: licence, provider, conference ID, numbers.

    PowerShell:
        Get-CsOnlineDialInConferencingUserState -Provider Microsoft -LicenseState Licensed

    Returns: the user; without an identity or for an iterable `Results` by display name.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for a value that there isn't.

    Example, in `confid.demo()`:
        >>> state = get_cs_online_dial_in_conferencing_user_state(license_state="NoLicense")
        >>> [user.display_name for user in state]
        ['Олег Петров']
    """
    unit = command.tenant
    most = count("ResultSize", result_size)
    keep = _state_filter(provider, license_state)

    def show(person: Person) -> UserState | None:
        return _state(unit, person) if keep(person) else None

    if is_given(identity):
        return command.read(identity, show)
    return listed(unit.all_people(), show, first=most)


# The records.


def _info(unit: UnitOfWork, person: Person) -> UserInfo:
    toll, free = numbers_of(unit, person)
    return UserInfo(
        display_name=person.user.display_name,
        identity=person.user.identity,
        conference_id=person.conference_id,
        default_toll_free_numbers=free,
        default_toll_number=toll,
        object_id=person.user.identity,
        provider=provider_of(person),
    )


def _state(unit: UnitOfWork, person: Person) -> UserState:
    toll, free = numbers_of(unit, person)
    user = person.user
    return UserState(
        display_name=user.display_name,
        identity=user.identity,
        conference_id=person.conference_id,
        domain=(user.sip_address or user.user_principal_name).rpartition("@")[2],
        provider=provider_of(person),
        pstn_conferencing_license_state=LICENSE_STATES[user.license_state],
        sip_address=user.sip_address,
        toll_free_numbers=free,
        toll_number=toll,
    )


# What the filters mean.


def _is_microsoft(person: Person) -> bool:
    return fold(provider_of(person) or "") == fold(MICROSOFT)


def _is_other(person: Person) -> bool:
    return bool(provider_of(person)) and not _is_microsoft(person)


_SELECTIONS: dict[str, Callable[[Person], bool]] = {
    "DialInConferencingOn": lambda person: person.is_enabled,
    "DialInConferencingOff": lambda person: not person.is_enabled,
    "ConferencingProviderMS": _is_microsoft,
    "ConferencingProviderOther": _is_other,
    "ReadyForMigrationToCPC": lambda person: _is_other(person) and person.user.is_licensed,
    "NoFilter": lambda _: True,
}

_PROVIDERS: dict[str, Callable[[Person], bool]] = {
    "AllProviders": lambda person: bool(provider_of(person)),
    "NoProviders": lambda person: not provider_of(person),
    "Microsoft": _is_microsoft,
    "ThirdParty": _is_other,
}


def _selected(select: Selection | Enum | None, query: str | None) -> Callable[[Person], bool]:
    """Whether Select and SearchQuery let a person through."""
    name = "NoFilter" if select is None else choice("Select", select, tuple(_SELECTIONS))
    selects = _SELECTIONS[name]
    if query is None:
        return selects
    wanted = fold(query)

    def keep(person: Person) -> bool:
        user = person.user
        texts = (user.display_name, user.user_principal_name, user.sip_address or "")
        return selects(person) and any(wanted in fold(text) for text in texts)

    return keep


def _filter(text: str | None) -> Callable[[Person, UserInfo], bool]:
    """Whether the filter fits a person; the record's properties go before the directory's."""
    if text is None:
        return lambda _person, _record: True
    fits = property_filter(text, UserInfo, DirectoryUser)
    return lambda person, record: fits({**person.user.__powershell__(), **record.__powershell__()})


def _state_filter(
    provider: Enum | str | None, license_state: Licence | Iterable[Licence] | None
) -> Callable[[Person], bool]:
    """Whether Provider and LicenseState let a person through."""
    tests: list[Callable[[Person], bool]] = []
    if provider is not None:
        tests.append(_PROVIDERS[choice("Provider", provider, tuple(_PROVIDERS))])
    if license_state:
        allowed = tuple(LICENSE_STATES.values())
        named = {choice("LicenseState", each, allowed) for each in comma_list(license_state)}
        tests.append(lambda person: LICENSE_STATES[person.user.license_state] in named)
    return lambda person: all(test(person) for test in tests)
