"""Service numbers: get, register, set, unregister; and the languages that they can speak."""

from __future__ import annotations

from typing import Annotated, Unpack, overload
from uuid import UUID

from confid import languages, numbering, phone_number
from confid.command import Command, cmdlet
from confid.errors import InvalidArgumentError
from confid.manners import an_instance
from confid.notices import MailOptions
from confid.parameters import (
    AsJob,
    CommonParameters,
    Confirm,
    DomainController,
    Force,
    P,
    Tenant,
    TenantDomain,
    WhatIf,
    is_given,
)
from confid.records import BridgeSettings, LanguageSupported, ServiceNumber, fold
from confid.results import Results
from confid.setup import Setup

BRIDGES = ("FiltersParams", "TenantIdParams", "TenantDomainParams")
LISTS = ("FiltersParams", "UniqueBridgeParams", "TenantIdParams", "TenantDomainParams")

Number = Annotated[
    str | ServiceNumber | None,
    P(
        "Identity",
        "String",
        position=0,
        mandatory=True,
        sets=("UniqueNumberParams",),
        as_is=(ServiceNumber,),
    ),
]
NumberInstance = Annotated[
    ServiceNumber | None,
    P(
        "Instance",
        "ConferencingServiceNumber",
        position=0,
        mandatory=True,
        sets=("InstanceParams",),
    ),
]
BridgeId = Annotated[UUID | str | None, P("BridgeId", "Guid")]
BridgeName = Annotated[str | None, P("BridgeName", "String")]


@overload
def get_cs_online_dial_in_conferencing_service_number(
    identity: str | ServiceNumber, **common: Unpack[CommonParameters]
) -> ServiceNumber: ...
@overload
def get_cs_online_dial_in_conferencing_service_number(
    *,
    bridge_id: UUID | str | None = None,
    bridge_name: str | None = None,
    city: str | None = None,
    result_size: int | None = None,
    **common: Unpack[CommonParameters],
) -> Results[ServiceNumber]: ...
@cmdlet(
    "Get-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", *LISTS),
    default_set="FiltersParams",
    only_2019=("AsJob",),
)
def get_cs_online_dial_in_conferencing_service_number(
    command: Command,
    /,
    identity: Number = None,
    *,
    bridge_id: Annotated[
        UUID | str | None, P("BridgeId", "Guid", mandatory=True, sets=("UniqueBridgeParams",))
    ] = None,
    bridge_name: Annotated[str | None, P("BridgeName", "String", sets=BRIDGES)] = None,
    city: Annotated[str | None, P("City", "String", sets=LISTS)] = None,
    result_size: Annotated[int | None, P("ResultSize", "Int32", sets=LISTS)] = None,
    tenant: Annotated[
        UUID | str | None,
        P(
            "Tenant",
            "Guid",
            accepted=True,
            sets=("UniqueNumberParams", "TenantIdParams"),
            mandatory_in=("TenantIdParams",),
        ),
    ] = None,
    tenant_domain: Annotated[
        str | None,
        P(
            "TenantDomain",
            "String",
            accepted=True,
            sets=("TenantDomainParams",),
            mandatory_in=("TenantDomainParams",),
        ),
    ] = None,
    domain_controller: DomainController = None,
    force: Force = False,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | Results[ServiceNumber]:
    """Dial-in numbers: one, or `Results` of all in order, narrowed by bridge and city.

    A number is given in any E.164 form, a city as its geocode in any casing;
    `result_size` is a limit (0: none of them). Numbers of no bridge are
    listed too. Raises `NotFoundError` for a number or a bridge that isn't
    there.
    """
    setup = command.tenant.setup
    if identity is not None and is_given(identity):
        return numbering.find_number(setup, _text(identity))
    if result_size is not None and result_size < 0:
        raise InvalidArgumentError(f"result_size={result_size}: a count is 0 or more.")
    bridge = numbering.one_bridge(setup, bridge_id, bridge_name)
    numbers = setup.numbers_of(bridge) if bridge else list(setup.numbers.values())
    if city is not None:
        numbers = [number for number in numbers if fold(number.city) == fold(city.strip())]
    return Results(sorted(numbers, key=lambda n: n.number)[:result_size])


@cmdlet(
    "Register-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", "InstanceParams"),
    writes=True,
)
def register_cs_online_dial_in_conferencing_service_number(
    command: Command,
    /,
    identity: Number = None,
    *,
    instance: NumberInstance = None,
    bridge_id: BridgeId = None,
    bridge_name: BridgeName = None,
    tenant: Tenant = None,
    tenant_domain: TenantDomain = None,
    domain_controller: DomainController = None,
    force: Force = False,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Put a number on a bridge: one of no bridge, or one that is new to the tenant; return it.

    Without a bridge: the instance's, else the tenant's default one. A new
    number is a dedicated one, toll or toll-free by the numbering plan; an
    `instance` brings its city and languages along. On a bridge without a
    default number a toll number becomes that.

    Raises `NotFoundError` for a bridge that isn't there, and
    `InvalidArgumentError` for what is no number and for one that stands on a
    bridge. Source: behaviour, numbers and bridges.
    """
    unit = command.tenant
    unit.lock_setup()
    like = None if instance is None else an_instance(ServiceNumber, instance)
    bridge = numbering.one_bridge(unit.setup, bridge_id, bridge_name)
    if bridge is None and like is not None and like.bridge_id is not None:
        bridge = numbering.one_bridge(unit.setup, like.bridge_id, None)
    bridge = bridge or unit.setup.default_bridge
    placed = numbering.registered(unit.setup, _text(like or identity), bridge, like=like)
    if not command.should_process(placed.number.number):
        return None
    unit.put_numbers(placed.number)
    if placed.bridge != bridge:
        unit.put_bridges(placed.bridge)
    return placed.number


@cmdlet(
    "Set-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", "InstanceParams"),
    default_set="UniqueNumberParams",
    writes=True,
)
def set_cs_online_dial_in_conferencing_service_number(
    command: Command,
    /,
    identity: Number = None,
    *,
    instance: NumberInstance = None,
    primary_language: Annotated[str | None, P("PrimaryLanguage", "String")] = None,
    secondary_languages: Annotated[
        str | list[str] | tuple[str, ...] | None,
        P("SecondaryLanguages", "String", as_is=(list, tuple)),
    ] = None,
    restore_default_languages: Annotated[
        bool, P("RestoreDefaultLanguages", "SwitchParameter")
    ] = False,
    tenant: Tenant = None,
    domain_controller: DomainController = None,
    force: Force = False,
    what_if: WhatIf = False,
    confirm: Confirm = None,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Set the languages that a dedicated number speaks, and return the number.

    `secondary_languages` are one or up to four, in the order in which they
    are offered; an empty list takes them all away. What is not given stays,
    but a new primary language is no longer a secondary one.
    `restore_default_languages` goes back to those of a new number. Of an
    `instance` the languages count; parameters beside it overrule it.

    Raises `NotFoundError` for a number that isn't there, and
    `InvalidArgumentError` for a shared number, a language that isn't
    supported or comes twice, a fifth secondary one, and languages beside
    `restore_default_languages`. Source: behaviour, numbers and bridges.
    """
    unit = command.tenant
    unit.lock_setup()
    if restore_default_languages:
        if primary_language is not None or secondary_languages is not None:
            raise InvalidArgumentError(
                "RestoreDefaultLanguages is for no languages of one's own; leave it out, or them.",
                target="RestoreDefaultLanguages",
            )
        primary_language, secondary_languages = languages.DEFAULT, []
    if isinstance(secondary_languages, str):
        secondary_languages = [secondary_languages]
    like = None if instance is None else an_instance(ServiceNumber, instance)
    after = before = numbering.find_number(unit.setup, _text(like or identity))
    if like is not None and not restore_default_languages:
        after = numbering.with_languages(after, like.primary_language, like.secondary_languages)
    after = numbering.with_languages(after, primary_language, secondary_languages)
    if not command.should_process(before.number):
        return None
    if after != before:
        unit.put_numbers(after)
    return after


@cmdlet("Unregister-CsOnlineDialInConferencingServiceNumber", writes=True, only_2019=("AsJob",))
def unregister_cs_online_dial_in_conferencing_service_number(
    command: Command,
    /,
    identity: Annotated[
        str | ServiceNumber | None,
        P("Identity", "String", position=0, mandatory=True, as_is=(ServiceNumber,)),
    ] = None,
    *,
    instance: Annotated[ServiceNumber | None, P("Instance", "ConferencingServiceNumber")] = None,
    bridge_id: BridgeId = None,
    bridge_name: BridgeName = None,
    remove_default_service_number: Annotated[
        bool, P("RemoveDefaultServiceNumber", "SwitchParameter")
    ] = False,
    notify: bool | None = None,
    tenant: Tenant = None,
    tenant_domain: TenantDomain = None,
    domain_controller: DomainController = None,
    force: Force = False,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Take a number off its bridge: calls to it are no longer answered; return it.

    Users who had it get the bridge's default number and are told, unless
    `notify` says otherwise. The tenant keeps the number and can register it
    again. A default number needs `remove_default_service_number`; the bridge
    then gets another of its toll numbers as its default one, one of the same
    country first, or none, with a warning, where none is left.

    Raises `NotFoundError` for a number that isn't there, and
    `InvalidArgumentError` for a default or shared number, one of no bridge,
    or of another bridge or instance than the one given. Source: behaviour,
    numbers and bridges.
    """
    mail = MailOptions(notify=notify)
    unit = command.tenant
    unit.lock_setup()
    number = numbering.find_number(unit.setup, _text(identity))
    if instance is not None:
        _demand_same(number, an_instance(ServiceNumber, instance))
    _demand_on(unit.setup, number, numbering.one_bridge(unit.setup, bridge_id, bridge_name))
    placed = numbering.unregistered(
        unit.setup, number, remove_default=remove_default_service_number
    )
    if not command.should_process(number.number):
        return None
    unit.take_off(placed, mail)
    return placed.number


@cmdlet("Get-CsOnlineDialInConferencingLanguagesSupported", only_2019=("AsJob",))
def get_cs_online_dial_in_conferencing_languages_supported(
    command: Command,
    /,
    *,
    domain_controller: DomainController = None,
    force: Force = False,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> Results[LanguageSupported]:
    """The languages that numbers can speak, each with its code and its name in English."""
    return Results(
        LanguageSupported(code=code, name=name) for code, name in languages.SUPPORTED.items()
    )


def _text(number: str | ServiceNumber | None) -> str:
    assert number is not None  # noqa: S101 - the parameter set demands it
    return str(number.number) if isinstance(number, ServiceNumber) else number


def _demand_same(number: ServiceNumber, instance: ServiceNumber) -> None:
    if phone_number.parse(instance.number, parameter="Instance") != number.number:
        raise InvalidArgumentError(
            f"Identity is +{number.number} and Instance +{instance.number}; give one of them.",
            target=instance.number,
            error_id="ServiceNumberAmbiguous",
        )


def _demand_on(setup: Setup, number: ServiceNumber, bridge: BridgeSettings | None) -> None:
    """Raise `InvalidArgumentError` when a bridge was named that the number isn't on."""
    if bridge is not None and number.bridge_id != bridge.identity:
        numbering.number_on(
            setup,
            bridge,
            number.number,
            toll_free=number.is_toll_free,
            parameter="Identity",
        )
