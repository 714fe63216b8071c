"""Bridges: get and set; and adding one, which no cmdlet can: the real service makes them itself."""

from collections.abc import Iterable
from typing import Annotated, Unpack
from uuid import UUID

import attrs

from confid.cmdlets.parameters import (
    ASKS,
    JOB,
    VENDOR,
    Number,
    an_instance,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation
from confid.engine.own_function import own_function
from confid.engine.parameters import CommonParameters, P, is_given
from confid.engine.session import Session, current_session
from confid.errors import demand
from confid.tenant import numbers
from confid.tenant.documents import BridgeSettings
from confid.tenant.records import Bridge, ServiceNumber
from confid.tenant.results import Results
from confid.tenant.text import comma_list
from confid.tenant.unit_of_work import UnitOfWork

BridgeIdentity = Annotated[
    UUID | str | Bridge | None,
    P(
        "Identity",
        "Guid",
        position=0,
        mandatory=True,
        sets=("UniqueBridgeParams",),
        as_is=(Bridge,),
    ),
    "the bridge, by its ID or record",
]
BridgeName = Annotated[
    str | None,
    P("Name", "String", mandatory=True, sets=("BridgeNameParams",)),
    "the bridge, by its name, in any casing",
]


@cmdlet(
    "Get-CsOnlineDialInConferencingBridge",
    sets=("EmptySet", "UniqueBridgeParams", "BridgeNameParams"),
    default_set="EmptySet",
    only_2019=("AsJob",),
    also=VENDOR | JOB,
)
def get_cs_online_dial_in_conferencing_bridge(
    command: Invocation,
    /,
    identity: BridgeIdentity = None,
    *,
    name: BridgeName = None,
    **common: Unpack[CommonParameters],
) -> Bridge | Results[Bridge]:
    """Dial-in bridges with their numbers: one by ID or name, or all, the default one first.

    PowerShell: `Get-CsOnlineDialInConferencingBridge -Name "Conference Bridge"`

    Returns: the bridge; without an identity or name `Results`.

    Raises: `NotFoundError` for an ID or name that no bridge has.

    Example, in `confid.demo()`:
        >>> bridge = get_cs_online_dial_in_conferencing_bridge(name="Conference Bridge")
        >>> bridge.is_default, bridge.default_service_number.number
        (True, '14255550100')
    """
    unit = command.tenant
    if is_given(identity) or is_given(name):
        return unit.setup.bridge_record(_named(unit, identity, name))
    bridges = sorted(unit.setup.bridges.values(), key=lambda b: (not b.is_default, b.name))
    return Results(unit.setup.bridge_record(bridge) for bridge in bridges)


@cmdlet(
    "Set-CsOnlineDialInConferencingBridge",
    sets=("UniqueBridgeParams", "BridgeNameParams", "InstanceParams"),
    default_set="UniqueBridgeParams",
    writes=True,
    also=VENDOR | ASKS,
)
def set_cs_online_dial_in_conferencing_bridge(
    command: Invocation,
    /,
    identity: BridgeIdentity = None,
    *,
    name: BridgeName = None,
    instance: Annotated[
        Bridge | None,
        P("Instance", "ConferencingBridge", position=0, mandatory=True, sets=("InstanceParams",)),
        "a bridge as the Get- cmdlet returned it and `attrs.evolve` changed it: its "
        "name, default number and `is_default` count; parameters beside it overrule "
        "it",
    ] = None,
    default_service_number: Annotated[
        Number | None,
        P("DefaultServiceNumber", "String", as_is=(ServiceNumber,)),
        "a toll number of that bridge, as E.164 or its record",
    ] = None,
    set_default: Annotated[
        bool, P("SetDefault", "SwitchParameter"), "makes it the tenant's default bridge"
    ] = False,
    **common: Unpack[CommonParameters],
) -> Bridge | None:
    """Give a bridge its default number, make it the tenant's default bridge, or both; return it.

    Users keep the numbers they have.

    PowerShell:
        Set-CsOnlineDialInConferencingBridge -Name "Conference Bridge" -DefaultServiceNumber
        14255550177

    Returns: the bridge.

    Raises: `NotFoundError` for a bridge that isn't there, and `InvalidArgumentError` for another
    number, a name that is taken, or an instance that would leave the tenant without a default
    bridge.

    Example, in `confid.demo()`:
        >>> number = register_cs_online_dial_in_conferencing_service_number("+14255550177")
        >>> bridge = set_cs_online_dial_in_conferencing_bridge(
        ...     name="Conference Bridge", default_service_number="14255550177"
        ... )
        >>> bridge.default_service_number.number
        '14255550177'
    """
    unit = command.tenant
    unit.lock_setup()
    if instance is None:
        before = after = _named(unit, identity, name)
    else:
        record = an_instance(Bridge, instance)
        before = _named(unit, record.identity, None)
        after = numbers.from_instance(unit.setup, before, record)
    if default_service_number is not None:
        digits = numbers.number_on(
            unit.setup,
            before,
            default_service_number,
            toll_free=False,
            parameter="DefaultServiceNumber",
        )
        after = attrs.evolve(after, default_number=digits)
    if set_default:
        after = attrs.evolve(after, is_default=True)
    if not command.should_process(before.name):
        return None
    _keep(unit, before, after)
    return unit.setup.bridge_record(after)


def _keep(unit: UnitOfWork, before: BridgeSettings, after: BridgeSettings) -> None:
    if after.is_default and not before.is_default:
        unit.bridges.make_default(after)
    elif after != before:
        unit.bridges.put_bridges(after)


def _named(
    unit: UnitOfWork, identity: UUID | str | Bridge | None, name: str | None
) -> BridgeSettings:
    known = identity.identity if isinstance(identity, Bridge) else identity
    by_id = UUID(str(known)) if known is not None else None
    bridge = unit.setup.find_bridge(identity=by_id, name=name)
    assert bridge is not None  # noqa: S101 - one of the two was given
    return bridge


@own_function("confid.add_bridge", writes=True)
def add_bridge(
    name: str,
    *,
    numbers: Number | Iterable[Number],
    region: str | None = None,
    session: Session | None = None,
) -> Bridge:
    """Add a dial-in bridge with numbers of its own, and return it.

    `numbers` are E.164 in any usual form or records of numbers, new to the tenant or of no bridge
    yet, toll or toll-free by the numbering plan; the first toll one is the
    bridge's default number. They are dedicated numbers. It isn't the tenant's
    default bridge: `Set-CsOnlineDialInConferencingBridge -SetDefault` makes it
    that. `region` is a word for people.

    Raises `InvalidArgumentError` for a name that is taken, a number that is
    none, comes twice or stands on a bridge, and numbers without a toll one.
    """
    demand("name", name, str, "a text")
    demand("region", region, str | None, "a text")
    demand(
        "numbers", numbers, Iterable | ServiceNumber, "a list of numbers, such as ['+14255550100']"
    )
    # Read once, before a transaction is open: an iterable can be a slow one.
    read = comma_list([numbers] if isinstance(numbers, ServiceNumber) else numbers)

    def work(tenant: UnitOfWork) -> Bridge:
        bridge = tenant.bridges.add_bridge(name, numbers=read, region=region)
        return tenant.setup.bridge_record(bridge)

    return current_session(session).call(work, write=True)
