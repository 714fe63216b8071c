"""A tenant's bridges and service numbers: kept, added, replaced, taken off.

Source of the rules: behaviour, numbers and bridges. `confid.tenant.numbers`
says what they are allowed to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.ids.dice import draw_uuid
from confid.store.batches import pages
from confid.tenant.changes import Change
from confid.tenant.documents import (
    BRIDGE,
    BRIDGES,
    CONFERENCING,
    NUMBERS,
    SERVICE_NUMBER,
    BridgeSettings,
)
from confid.tenant.notices import Event, owed
from confid.tenant.numbers import checked_name, new_number, numbers_for_bridge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from confid.ids.dice import Dice
    from confid.store.base import Transaction
    from confid.tenant.notices import MailOptions
    from confid.tenant.numbers import Placed
    from confid.tenant.people import People, Person
    from confid.tenant.records import ServiceNumber
    from confid.tenant.setup import SetupKeeper

FIRST_BRIDGE = "Conference Bridge"
FIRST_NUMBER = "14255550100"
"""From the range of numbers that North America reserves for fiction (behaviour: bridges)."""


class Bridges:
    """The bridges and service numbers of a tenant, within one transaction."""

    def __init__(
        self, transaction: Transaction, setup: SetupKeeper, people: People, *, dice: Dice
    ) -> None:
        self._transaction = transaction
        self._setup = setup
        self._people = people
        self._dice = dice

    def put_bridges(self, *bridges: BridgeSettings) -> None:
        """Keep bridges."""
        self._setup.put(BRIDGE, BRIDGES.bodies(bridges))

    def put_numbers(self, *numbers: ServiceNumber) -> None:
        """Keep service numbers."""
        self._setup.put(SERVICE_NUMBER, NUMBERS.bodies(numbers))

    def add_bridge(
        self,
        name: str,
        *,
        numbers: Iterable[object],
        region: str | None = None,
    ) -> BridgeSettings:
        """Add a bridge with dedicated numbers; the first toll one is its default number.

        Raises `InvalidArgumentError` for a name that is taken or invalid, and
        for numbers that it can't have.
        """
        self._setup.lock()
        free = numbers_for_bridge(self._setup.current, numbers)
        name = checked_name(self._setup.current, name)
        return self._new_bridge(name, free, region=region)

    def add_first_bridge(self) -> None:
        """Add the bridge that a new tenant starts with, with one shared number."""
        number = new_number(self._setup.current, FIRST_NUMBER, is_shared=True)
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
            identity=draw_uuid(self._dice),
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
        numbers = [n.number for n in self._setup.current.numbers_of(bridge)]
        return bridge.name == FIRST_BRIDGE and numbers == [FIRST_NUMBER]

    def replace(
        self,
        bridges: Iterable[BridgeSettings],
        numbers: Iterable[ServiceNumber],
        *,
        gone_bridges: Iterable[UUID],
        gone_numbers: Iterable[str],
    ) -> None:
        """Keep bridges and numbers that come from outside, and drop those that they replace."""
        self._setup.put(SERVICE_NUMBER, NUMBERS.bodies(numbers), gone=gone_numbers)
        self._setup.put(BRIDGE, BRIDGES.bodies(bridges), gone=map(str, gone_bridges))

    def make_default(self, bridge: BridgeSettings) -> None:
        """Keep a bridge as the tenant's default one, instead of the one before."""
        others = [b for b in self._setup.current.bridges.values() if b.is_default and b != bridge]
        changed = {b.identity: attrs.evolve(b, is_default=False) for b in others}
        changed[bridge.identity] = attrs.evolve(bridge, is_default=True)
        self.put_bridges(*changed.values())

    def take_off(self, placed: Placed, options: MailOptions) -> Iterator[list[Change]]:
        """Take a number off its bridge. Yields the changes of the people who had it.

        Each person gets the bridge's default number, and is told as `options`
        and the tenant's settings say. A toll-free number is not replaced:
        invitations then show the bridge's.
        """
        digits = placed.number.number
        self.put_numbers(placed.number)
        self.put_bridges(placed.bridge)
        for bodies in pages(self._transaction, CONFERENCING):
            owners = [
                owner
                for owner, body in bodies.items()
                if digits in (body.get("service_number"), body.get("toll_free_service_number"))
            ]
            if owners:
                users = list(self._people.users(owners).values())
                people = self._people.of(users, lock=True)
                yield [self._without(p, digits, placed.bridge, options) for p in people]

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
        told = (Event.NUMBER_CHANGED,) if before.enabled and after != before else ()
        notice = owed(told, options, self._setup.current.settings)
        return Change(person=person, after=after, notice=notice, migrate=before.enabled)
