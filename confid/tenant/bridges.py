"""A tenant's bridges and service numbers: kept, added, replaced, taken off.

Source of the rules: behaviour, numbers and bridges. What they are allowed to
be, `confid.tenant.numbers` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.tenant.documents import BRIDGE, CONFERENCING, SERVICE_NUMBER, BridgeSettings, converter
from confid.tenant.notices import owed
from confid.tenant.numbers import checked_name, new_number, numbers_for_bridge
from confid.tenant.people import CHUNK, Change
from confid.tenant.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from uuid import UUID

    from confid.tenant.notices import MailOptions
    from confid.tenant.numbers import Placed
    from confid.tenant.people import Person
    from confid.tenant.records import ServiceNumber
    from confid.tenant.unit_of_work import UnitOfWork

FIRST_BRIDGE = "Conference Bridge"
FIRST_NUMBER = "14255550100"
"""A number from the range that North America reserves for fiction (behaviour: bridges)."""


class Bridges:
    """The bridges and service numbers of a tenant, within one transaction."""

    def __init__(self, tenant: UnitOfWork, put_setup: Callable[..., None]) -> None:
        self._tenant = tenant
        self._put_setup = put_setup

    def put_bridges(self, *bridges: BridgeSettings) -> None:
        """Keep bridges."""
        documents = {str(b.identity): converter().unstructure(b) for b in bridges}
        self._put_setup(BRIDGE, documents)

    def put_numbers(self, *numbers: ServiceNumber) -> None:
        """Keep service numbers."""
        self._put_setup(SERVICE_NUMBER, {n.number: converter().unstructure(n) for n in numbers})

    def add_bridge(
        self,
        name: str,
        *,
        numbers: Iterable[str],
        region: str | None = None,
    ) -> BridgeSettings:
        """Add a bridge with dedicated numbers; the first toll one is its default number.

        Raises `InvalidArgumentError` for a name that is taken or can't be
        one, and for numbers that can't be its own. Source: behaviour, numbers
        and bridges.
        """
        self._tenant.lock_setup()
        free = numbers_for_bridge(self._tenant.setup, numbers)
        name = checked_name(self._tenant.setup, name)
        return self._new_bridge(name, free, region=region)

    def add_first_bridge(self) -> None:
        """Add the bridge that a new tenant starts with, with one shared number."""
        number = new_number(self._tenant.setup, FIRST_NUMBER, is_shared=True)
        self._new_bridge(FIRST_BRIDGE, [number], is_default=True)

    def _new_bridge(
        self,
        name: str,
        numbers: Sequence[ServiceNumber],
        *,
        region: str | None = None,
        is_default: bool = False,
    ) -> BridgeSettings:
        bridge = BridgeSettings(
            identity=self._tenant.new_uuid(),
            name=name,
            default_number=next(n.number for n in numbers if not n.is_toll_free),
            is_default=is_default,
            region=region,
        )
        self.put_numbers(*(attrs.evolve(n, bridge_id=bridge.identity) for n in numbers))
        self.put_bridges(bridge)
        return bridge

    def is_first_bridge(self, bridge: BridgeSettings) -> bool:
        """Whether a bridge is still the one that the tenant was made with."""
        numbers = [n.number for n in self._tenant.setup.numbers_of(bridge)]
        return bridge.name == FIRST_BRIDGE and numbers == [FIRST_NUMBER]

    def replace(
        self,
        bridges: Iterable[BridgeSettings],
        numbers: Iterable[ServiceNumber],
        *,
        gone_bridges: Iterable[UUID],
        gone_numbers: Iterable[str],
    ) -> None:
        """Keep bridges and numbers that come from outside, and drop those whose place they take."""
        unstructure = converter().unstructure
        kept = {n.number: unstructure(n) for n in numbers}
        self._put_setup(SERVICE_NUMBER, kept, gone=gone_numbers)
        documents = {str(b.identity): unstructure(b) for b in bridges}
        self._put_setup(BRIDGE, documents, gone=map(str, gone_bridges))

    def make_default(self, bridge: BridgeSettings) -> None:
        """Keep a bridge as the tenant's default one, which the one before no longer is."""
        others = [b for b in self._tenant.setup.bridges.values() if b.is_default and b != bridge]
        changed = {b.identity: attrs.evolve(b, is_default=False) for b in others}
        changed[bridge.identity] = attrs.evolve(bridge, is_default=True)
        self.put_bridges(*changed.values())

    def take_off(self, placed: Placed, options: MailOptions) -> None:
        """Take a number off its bridge; whoever had it gets the bridge's default number.

        They are told as `options` and the tenant's settings say, and their
        meetings queued for migration, as are all that show it. A toll-free
        one is replaced by none of their own: the bridge's is then shown.
        """
        digits, left = placed.number.number, 0
        self.put_numbers(placed.number)
        self.put_bridges(placed.bridge)
        for people in self._people_with(digits):
            changes = [self._without(person, digits, placed.bridge, options) for person in people]
            left += sum(c.after.enabled and c.after.service_number is None for c in changes)
            self._tenant.apply(changes)
        self._tenant.migrations.ask_where_shown(digits)
        if placed.bridge.default_number is None:
            self._tenant.warn(
                f"The bridge {placed.bridge.name!r} has no toll number left, and {left} of its "
                "users have none. Register another one, and set it as theirs."
            )

    def _people_with(self, digits: str) -> Iterator[list[Person]]:
        """Everybody whose number this is or was, enabled or not, about to be changed."""
        after = ""
        while bodies := dict(
            self._tenant.transaction.scan(CONFERENCING.name, after=after, limit=CHUNK)
        ):
            after = max(bodies)
            owners = [
                owner
                for owner, body in bodies.items()
                if digits in (body.get("service_number"), body.get("toll_free_service_number"))
            ]
            if owners:
                yield self._tenant.people(list(self._tenant.users(owners).values()), lock=True)

    def _without(
        self, person: Person, digits: str, bridge: BridgeSettings, options: MailOptions
    ) -> Change:
        before = person.conferencing
        assert before is not None  # noqa: S101 - they have the number
        after = before
        if before.service_number == digits:
            after = attrs.evolve(after, service_number=bridge.default_number)
        if before.toll_free_service_number == digits:
            after = attrs.evolve(after, toll_free_service_number=None)
        told = [Event.NUMBER_CHANGED] if before.enabled and after != before else []
        notice = owed(told, options, self._tenant.settings)
        return Change(person=person, after=after, notice=notice, migrate=before.enabled)
