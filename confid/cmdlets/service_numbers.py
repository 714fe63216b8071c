"""Service numbers: get, register, set, unregister; and the languages that they can speak."""

from typing import Annotated, Unpack
from uuid import UUID

from confid.cmdlets.parameters import (
    ASKS,
    CONTROLLER,
    FORCE,
    JOB,
    TENANT,
    VENDOR,
    BridgeId,
    BridgeName,
    Notify,
    ResultSize,
    TenantDomain,
    TenantId,
    an_instance,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import InvalidArgumentError
from confid.tenant import numbers, phone_number, spoken_languages
from confid.tenant.documents import BridgeSettings
from confid.tenant.notices import MailOptions
from confid.tenant.records import LanguageSupported, ServiceNumber
from confid.tenant.results import Results
from confid.tenant.setup import Setup
from confid.tenant.text import comma_list, fold

BRIDGES = ("FiltersParams", "TenantIdParams", "TenantDomainParams")
LISTS = ("FiltersParams", "UniqueBridgeParams", "TenantIdParams", "TenantDomainParams")

E164 = "the number as E.164, with or without `+` or `tel:`, or its record"
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
    E164,
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
    "a number's record, which brings its city and languages along",
]


@cmdlet(
    "Get-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", *LISTS),
    default_set="FiltersParams",
    only_2019=("AsJob",),
    also=CONTROLLER | FORCE | JOB,
)
def get_cs_online_dial_in_conferencing_service_number(
    command: Invocation,
    /,
    identity: Number = None,
    *,
    bridge_id: Annotated[
        UUID | str | None,
        P("BridgeId", "Guid", mandatory=True, sets=("UniqueBridgeParams",)),
        "only numbers of that bridge",
    ] = None,
    bridge_name: Annotated[
        str | None, P("BridgeName", "String", sets=BRIDGES), "the same, by the bridge's name"
    ] = None,
    city: Annotated[
        str | None,
        P("City", "String", sets=LISTS),
        "only numbers of that geocode, as US.WA.Seattle, in any casing",
    ] = None,
    result_size: Annotated[ResultSize, P("ResultSize", "Int32", sets=LISTS)] = None,
    tenant: Annotated[
        TenantId,
        P(
            "Tenant",
            "Guid",
            accepted=True,
            sets=("UniqueNumberParams", "TenantIdParams"),
            mandatory_in=("TenantIdParams",),
        ),
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
) -> ServiceNumber | Results[ServiceNumber]:
    """Dial-in numbers: one, or `Results` of all in order, narrowed by bridge and city.

    Numbers of no bridge are listed too.

    PowerShell: `Get-CsOnlineDialInConferencingServiceNumber -BridgeName "Conference Bridge"`

    Returns: the number; without an identity `Results`.

    Raises: `NotFoundError` for a number or a bridge that isn't there.

    Example, in `confid.demo()`:
        >>> get_cs_online_dial_in_conferencing_service_number("+1 425-555-0100").type
        'Toll'
    """
    setup = command.tenant.setup
    if identity is not None and is_given(identity):
        return numbers.find_number(setup, identity)
    if result_size is not None and result_size < 0:
        raise InvalidArgumentError(f"result_size={result_size}: a count is 0 or more.")
    bridge = numbers.one_bridge(setup, bridge_id, bridge_name)
    found = setup.numbers_of(bridge) if bridge else list(setup.numbers.values())
    if city is not None:
        found = [number for number in found if fold(number.city) == fold(city.strip())]
    return Results(sorted(found, key=lambda n: n.number)[:result_size])


@cmdlet(
    "Register-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", "InstanceParams"),
    writes=True,
    also=VENDOR,
)
def register_cs_online_dial_in_conferencing_service_number(
    command: Invocation,
    /,
    identity: Number = None,
    *,
    instance: NumberInstance = None,
    bridge_id: BridgeId = None,
    bridge_name: BridgeName = None,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Put a number on a bridge: one of no bridge, or one that is new to the tenant; return it.

    Without a bridge: the instance's, else the tenant's default one. A new number is a dedicated
    one, toll or toll-free by the numbering plan. On a bridge without a default number a toll number
    becomes that.

    PowerShell:
        Register-CsOnlineDialInConferencingServiceNumber -Identity 14255550177 -BridgeName
        "Conference Bridge"

    Returns: the number.

    Raises: `NotFoundError` for a bridge that isn't there, and `InvalidArgumentError` for what is no
    number and for one that stands on a bridge.

    Example, in `confid.demo()`:
        >>> number = register_cs_online_dial_in_conferencing_service_number("+18005550199")
        >>> number.type, number.is_shared
        ('Toll-Free', False)
    """
    unit = command.tenant
    unit.lock_setup()
    like = None if instance is None else an_instance(ServiceNumber, instance)
    bridge = numbers.one_bridge(unit.setup, bridge_id, bridge_name)
    if bridge is None and like is not None and like.bridge_id is not None:
        bridge = numbers.one_bridge(unit.setup, like.bridge_id, None)
    bridge = bridge or unit.setup.default_bridge
    placed = numbers.registered(unit.setup, like or identity, bridge, like=like)
    if not command.should_process(placed.number.number):
        return None
    unit.bridges.put_numbers(placed.number)
    if placed.bridge != bridge:
        unit.bridges.put_bridges(placed.bridge)
    return placed.number


@cmdlet(
    "Set-CsOnlineDialInConferencingServiceNumber",
    sets=("UniqueNumberParams", "InstanceParams"),
    default_set="UniqueNumberParams",
    writes=True,
    also=TENANT | CONTROLLER | FORCE | ASKS,
)
def set_cs_online_dial_in_conferencing_service_number(
    command: Invocation,
    /,
    identity: Number = None,
    *,
    instance: Annotated[
        NumberInstance, "a number's record, whose languages count; other parameters overrule it"
    ] = None,
    primary_language: Annotated[
        str | None,
        P("PrimaryLanguage", "String"),
        "the language in which calls are answered, as de-DE, in any casing",
    ] = None,
    secondary_languages: Annotated[
        str | list[str] | tuple[str, ...] | None,
        P("SecondaryLanguages", "String", as_is=(list, tuple)),
        "one or up to four, in the order in which they are offered; an empty list "
        "takes them all away",
    ] = None,
    restore_default_languages: Annotated[
        bool,
        P("RestoreDefaultLanguages", "SwitchParameter"),
        "goes back to the languages of a new number",
    ] = False,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Set the languages that a dedicated number speaks, and return the number.

    What is not given stays, but a new primary language is no longer a secondary one.

    PowerShell:
        Set-CsOnlineDialInConferencingServiceNumber -Identity 14255550177 -PrimaryLanguage de-DE

    Returns: the number.

    Raises: `NotFoundError` for a number that isn't there, and `InvalidArgumentError` for a shared
    number, a language that isn't supported or comes twice, a fifth secondary one, and languages
    beside `restore_default_languages`.

    Example, in `confid.demo()`:
        >>> number = register_cs_online_dial_in_conferencing_service_number("+14255550177")
        >>> number = set_cs_online_dial_in_conferencing_service_number(
        ...     number, primary_language="de-de", secondary_languages=["en-us", "ja-jp"]
        ... )
        >>> number.primary_language, number.secondary_languages
        ('de-DE', ('en-US', 'ja-JP'))
    """
    unit = command.tenant
    unit.lock_setup()
    if restore_default_languages:
        if primary_language is not None or secondary_languages is not None:
            raise InvalidArgumentError(
                "RestoreDefaultLanguages is for no languages of one's own; leave it out, or them.",
                target="RestoreDefaultLanguages",
            )
        primary_language, secondary_languages = spoken_languages.DEFAULT, []
    like = None if instance is None else an_instance(ServiceNumber, instance)
    after = before = numbers.find_number(unit.setup, like or identity)
    if like is not None and not restore_default_languages:
        after = numbers.with_languages(after, like.primary_language, like.secondary_languages)
    others = None if secondary_languages is None else comma_list(secondary_languages)
    after = numbers.with_languages(after, primary_language, others)
    if not command.should_process(before.number):
        return None
    if after != before:
        unit.bridges.put_numbers(after)
    return after


@cmdlet(
    "Unregister-CsOnlineDialInConferencingServiceNumber",
    writes=True,
    only_2019=("AsJob",),
    also=VENDOR | JOB,
)
def unregister_cs_online_dial_in_conferencing_service_number(
    command: Invocation,
    /,
    identity: Annotated[
        str | ServiceNumber | None,
        P("Identity", "String", position=0, mandatory=True, as_is=(ServiceNumber,)),
        "the number as E.164, with or without `+` or `tel:`, or its record",
    ] = None,
    *,
    instance: Annotated[
        ServiceNumber | None, P("Instance", "ConferencingServiceNumber"), "the same number's record"
    ] = None,
    bridge_id: Annotated[BridgeId, "the bridge that it must be on, by its ID"] = None,
    bridge_name: Annotated[BridgeName, "the bridge that it must be on, by its name"] = None,
    remove_default_service_number: Annotated[
        bool,
        P("RemoveDefaultServiceNumber", "SwitchParameter"),
        "takes off a default number too: the bridge gets another of its toll numbers,"
        " one of the same country first, or none, with a warning, where none is left",
    ] = False,
    notify: Notify = None,
    **common: Unpack[CommonParameters],
) -> ServiceNumber | None:
    """Take a number off its bridge: calls to it are no longer answered; return it.

    Users who had it get the bridge's default number and are told. The tenant keeps the number and
    can register it again.

    PowerShell:
        Unregister-CsOnlineDialInConferencingServiceNumber -Identity 14255550177 -BridgeName
        "Conference Bridge"

    Returns: the number, which is on no bridge now.

    Raises: `NotFoundError` for a number that isn't there, and `InvalidArgumentError` for a default
    or shared number, one of no bridge, or of another bridge or instance than the one given.

    Example, in `confid.demo()`:
        >>> number = register_cs_online_dial_in_conferencing_service_number("+14255550177")
        >>> unregister_cs_online_dial_in_conferencing_service_number(number).bridge_id
    """
    mail = MailOptions(notify=notify)
    unit = command.tenant
    unit.lock_setup()
    number = numbers.find_number(unit.setup, identity)
    if instance is not None:
        _demand_same(number, an_instance(ServiceNumber, instance))
    _demand_on(unit.setup, number, numbers.one_bridge(unit.setup, bridge_id, bridge_name))
    placed = numbers.unregistered(unit.setup, number, remove_default=remove_default_service_number)
    if not command.should_process(number.number):
        return None
    unit.take_off(placed, mail)
    return placed.number


@cmdlet(
    "Get-CsOnlineDialInConferencingLanguagesSupported",
    only_2019=("AsJob",),
    also=CONTROLLER | FORCE | JOB,
)
def get_cs_online_dial_in_conferencing_languages_supported(
    command: Invocation,
    /,
    **common: Unpack[CommonParameters],
) -> Results[LanguageSupported]:
    """The languages that numbers can speak, each with its code and its name in English.

    PowerShell: `Get-CsOnlineDialInConferencingLanguagesSupported`

    Returns: `Results` of `code` and `name`.

    Raises: nothing of its own.

    Example, in `confid.demo()`:
        >>> languages = get_cs_online_dial_in_conferencing_languages_supported()
        >>> [language.name for language in languages if language.code == "de-DE"]
        ['German (Germany)']
    """
    return Results(
        LanguageSupported(code=code, name=name) for code, name in spoken_languages.SUPPORTED.items()
    )


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
        numbers.number_on(
            setup, bridge, number.number, toll_free=number.is_toll_free, parameter="Identity"
        )
