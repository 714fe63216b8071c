"""Bridges: get."""

from __future__ import annotations

from typing import Annotated, Unpack, overload
from uuid import UUID

from confid.command import Command, cmdlet
from confid.parameters import (
    AsJob,
    CommonParameters,
    DomainController,
    Force,
    P,
    Tenant,
    TenantDomain,
    is_given,
)
from confid.records import Bridge
from confid.results import Results


@overload
def get_cs_online_dial_in_conferencing_bridge(
    identity: UUID | str, **common: Unpack[CommonParameters]
) -> Bridge: ...
@overload
def get_cs_online_dial_in_conferencing_bridge(
    *, name: str, **common: Unpack[CommonParameters]
) -> Bridge: ...
@overload
def get_cs_online_dial_in_conferencing_bridge(
    **common: Unpack[CommonParameters],
) -> Results[Bridge]: ...
@cmdlet(
    "Get-CsOnlineDialInConferencingBridge",
    sets=("EmptySet", "UniqueBridgeParams", "BridgeNameParams"),
    default_set="EmptySet",
    only_2019=("AsJob",),
)
def get_cs_online_dial_in_conferencing_bridge(
    command: Command,
    /,
    identity: Annotated[
        UUID | str | None,
        P("Identity", "Guid", position=0, mandatory=True, sets=("UniqueBridgeParams",)),
    ] = None,
    *,
    name: Annotated[
        str | None, P("Name", "String", mandatory=True, sets=("BridgeNameParams",))
    ] = None,
    tenant: Tenant = None,
    tenant_domain: TenantDomain = None,
    domain_controller: DomainController = None,
    force: Force = False,
    as_job: AsJob = False,
    **common: Unpack[CommonParameters],
) -> Bridge | Results[Bridge]:
    """Dial-in bridges with their numbers: one by ID or name, or all, the default one first.

    Raises `NotFoundError` for an ID or name that no bridge has.
    """
    unit = command.tenant
    if is_given(identity) or is_given(name):
        by_id = UUID(str(identity)) if identity is not None else None
        bridge = unit.setup.find_bridge(identity=by_id, name=name)
        assert bridge is not None  # noqa: S101 - one of the two was given
        return unit.setup.bridge_record(bridge)
    bridges = sorted(unit.bridges.values(), key=lambda b: (not b.is_default, b.name))
    return Results(unit.setup.bridge_record(bridge) for bridge in bridges)
