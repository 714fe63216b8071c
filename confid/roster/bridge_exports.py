"""Bridges and their numbers from exports: what they say, and the tenant as it is to be.

Source of the rules: behaviour, numbers and bridges.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from confid.roster.cells import quoted, unflattened
from confid.roster.exports import Item
from confid.roster.properties import PropertyReader
from confid.tenant import numbers, phone_number, spoken_languages
from confid.tenant.documents import CONFERENCING, BridgeSettings
from confid.tenant.records import TOLL, TOLL_FREE, ServiceNumber
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from confid.tenant.setup import Setup
    from confid.tenant.unit_of_work import UnitOfWork

_TYPES = {"toll": TOLL, "tollfree": TOLL_FREE}


@attrs.define
class NumberFacts:
    """What the exports say of one number, each fact with the place that says it."""

    digits: str
    place: str
    said: dict[str, tuple[str, Any]] = attrs.Factory(dict)


@attrs.define
class BridgeFacts:
    """What an export says of one bridge; what it doesn't say is absent."""

    place: str
    identity: UUID
    name: str
    said: dict[str, Any]


class BridgesImport:
    """The bridges and numbers that exports name, taken into a tenant together."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.remarks: list[str] = []
        self.bridges: dict[UUID, BridgeFacts] = {}
        self.numbers: dict[str, NumberFacts] = {}

    def bring(
        self, tenant: UnitOfWork, bridges: Iterable[Item], numbers: Iterable[Item] = ()
    ) -> None:
        """Read what the cmdlets gave, and write it if nothing is wrong with it."""
        self._read_bridges(bridges)
        for item in numbers:
            self._read_number(item)
        if not self.problems:
            self._write(tenant)

    # Reading.

    def _read_bridges(self, items: Iterable[Item]) -> None:
        for item in items:
            facts = PropertyReader(item.place, item.facts, self.problems)
            is_named = facts.text("Identity", is_needed=True)
            name = facts.text("Name", is_needed=True)
            identity = facts.guid("Identity") if is_named else None
            if identity is None or name is None:
                continue
            said = {
                "is_default": facts.switch("IsDefault"),
                "is_shared": facts.switch("IsShared"),
                "region": facts.text("Region"),
                "default_number": self._default_of(facts, identity),
            }
            bridge = BridgeFacts(item.place, identity, name, _without_none(said))
            if self.bridges.setdefault(identity, bridge) is not bridge:
                facts.complain("Identity", f"{identity} stands in another place already.")
            for number in facts.items("ServiceNumbers") or ():
                self._nested(facts, "ServiceNumbers", number, identity)

    def _default_of(self, facts: PropertyReader, bridge: UUID) -> str | None:
        value = unflattened(facts.value("DefaultServiceNumber"))
        if isinstance(value, str) and not value.removeprefix("tel:").strip("+ ").isdigit():
            return None  # the name of its type
        return self._nested(facts, "DefaultServiceNumber", value, bridge) if value else None

    def _nested(self, facts: PropertyReader, name: str, value: object, bridge: UUID) -> str | None:
        """A number that stands within its bridge: an object, or just its digits."""
        known = value if isinstance(value, dict) else {"Number": value}
        item = Item(f"{facts.place}, {name}", {"BridgeId": str(bridge), **known})
        return self._read_number(item)

    def _read_number(self, item: Item) -> str | None:
        """Take in one number, which other places may tell of too; its digits."""
        facts = PropertyReader(item.place, item.facts, self.problems)
        text = facts.digits("Number") if facts.text("Number", is_needed=True) else None
        parse = partial(phone_number.parse, parameter="Number")
        digits = facts.checked("Number", parse, text) if text else None
        if digits is None:
            return None
        number = self.numbers.setdefault(digits, NumberFacts(digits, item.place))
        for name, value in _number_facts(facts).items():
            where, before = number.said.setdefault(name, (item.place, value))
            if before != value:
                what = f"{quoted(value)} stands here and {quoted(before)} in {where}."
                facts.complain(name, what)
        return digits

    # The tenant as it is to be.

    def _write(self, tenant: UnitOfWork) -> None:
        tenant.lock_setup()
        setup = tenant.setup
        gone = self._replaced(tenant, setup)
        numbers = self._numbers(setup, {bridge.identity for bridge in gone})
        bridges = self._bridges(setup, gone, numbers)
        if self.problems:
            return
        left = [n for n in setup.numbers.values() if n.bridge_id in {b.identity for b in gone}]
        placeholders = [
            digits
            for bridge in gone
            if tenant.bridges.is_first_bridge(bridge)
            for digits in (n.number for n in setup.numbers_of(bridge))
            if digits not in numbers
        ]
        off = [
            attrs.evolve(n, bridge_id=None)
            for n in left
            if n.number not in numbers and n.number not in placeholders
        ]
        changed = [b for b in bridges if setup.bridges.get(b.identity) != b]
        placed = [n for n in (*numbers.values(), *off) if setup.numbers.get(n.number) != n]
        if changed or placed or gone:
            tenant.bridges.replace(
                changed,
                placed,
                gone_bridges=[bridge.identity for bridge in gone],
                gone_numbers=placeholders,
            )

    def _replaced(self, tenant: UnitOfWork, setup: Setup) -> list[BridgeSettings]:
        """The bridges on file whose place another one takes: that of its name, or of the first."""
        names = {fold(bridge.name): bridge for bridge in self.bridges.values()}
        brings_default = any(bridge.said.get("is_default") for bridge in self.bridges.values())
        gone = []
        for bridge in setup.bridges.values():
            if bridge.identity in self.bridges:
                continue
            namesake = names.get(fold(bridge.name))
            if not namesake and not (brings_default and tenant.bridges.is_first_bridge(bridge)):
                continue
            bodies = tenant.transaction.scan(CONFERENCING.name)
            if any(body["bridge_id"] == str(bridge.identity) for _, body in bodies):
                if namesake:
                    self.problems.append(
                        f"{namesake.place}, Name: {quoted(bridge.name)} is on file with another "
                        f"Identity, {bridge.identity}, and people are on it."
                    )
                continue
            gone.append(bridge)
        return gone

    def _numbers(self, setup: Setup, gone: set[UUID]) -> dict[str, ServiceNumber]:
        made = {}
        for digits, number in self.numbers.items():
            known = setup.numbers.get(digits)
            before = known or numbers.new_number(setup, digits)
            bridge_id = number.said.get("BridgeId", (None, before.bridge_id))[1]
            if bridge_id and bridge_id not in self.bridges and bridge_id not in setup.bridges:
                self.problems.append(f"{number.place}, BridgeId: There is no bridge {bridge_id}.")
            elif known and known.bridge_id not in (None, bridge_id, *gone):
                name = setup.bridges[known.bridge_id].name if known.bridge_id else ""
                self.problems.append(
                    f"{number.place}, BridgeId: +{digits} is on file as a number of the bridge "
                    f"{quoted(name)}."
                )
            said = {name: value for name, (_, value) in number.said.items()}
            made[digits] = attrs.evolve(
                before,
                bridge_id=bridge_id,
                city=said.get("City", before.city) or "",
                is_shared=said.get("IsShared", before.is_shared),
                type=said.get("Type", before.type),
                primary_language=said.get("PrimaryLanguage", before.primary_language),
                secondary_languages=said.get("SecondaryLanguages", before.secondary_languages),
            )
        return made

    def _bridges(
        self, setup: Setup, gone: list[BridgeSettings], numbers: Mapping[str, ServiceNumber]
    ) -> list[BridgeSettings]:
        staying = {b.identity: b for b in setup.bridges.values() if b not in gone}
        made = [
            self._bridge(facts, staying.get(facts.identity), numbers, setup)
            for facts in self.bridges.values()
        ]
        seen: dict[str, str] = {}
        for facts in self.bridges.values():
            if (first := seen.setdefault(fold(facts.name), facts.place)) != facts.place:
                self.problems.append(
                    f"{facts.place}, Name: {quoted(facts.name)} stands in {first}."
                )
        defaults = [bridge for bridge in made if bridge.is_default]
        if len(defaults) > 1:
            names = ", ".join(quoted(bridge.name) for bridge in defaults)
            self.problems.append(f"{names}: Each is said to be the default bridge; one can be.")
        kept = [b for b in staying.values() if b.identity not in self.bridges]
        if defaults:
            kept = [attrs.evolve(b, is_default=False) for b in kept if b.is_default]
        elif not any(bridge.is_default for bridge in kept):
            self.problems.append("No bridge is the default one (IsDefault), and one has to be.")
        return [*made, *(kept if defaults else [])]

    def _bridge(
        self,
        facts: BridgeFacts,
        before: BridgeSettings | None,
        numbers: Mapping[str, ServiceNumber],
        setup: Setup,
    ) -> BridgeSettings:
        base = before or BridgeSettings(identity=facts.identity, name=facts.name)
        made = attrs.evolve(base, name=facts.name, **facts.said)
        everything = {**setup.numbers, **numbers}
        own = [n for n in everything.values() if n.bridge_id == facts.identity]
        toll = [number.number for number in own if not number.is_toll_free]
        default = made.default_number
        if default and default not in toll:
            self.problems.append(
                f"{facts.place}, DefaultServiceNumber: +{default} is no toll number of the bridge."
            )
        if default is None and toll:
            default = toll[0]
            self.remarks.append(
                f"{facts.place}: The file doesn't say the default number of {quoted(facts.name)}; "
                f"its first toll number, +{default}, was taken."
            )
        return attrs.evolve(made, default_number=default)


def _number_facts(facts: PropertyReader) -> dict[str, Any]:
    """What an object says of a number; what it doesn't say is absent."""
    said: dict[str, Any] = {
        "BridgeId": facts.guid("BridgeId"),
        "City": facts.text("City") or ("" if facts.has("City") else None),
        "IsShared": facts.switch("IsShared"),
    }
    if kind := facts.text("Type"):
        said["Type"] = _TYPES.get(kind.lower().replace("-", "").replace(" ", ""))
        if said["Type"] is None:
            facts.complain("Type", f"{quoted(kind)} is neither Toll nor Toll-Free.")
    if language := facts.text("PrimaryLanguage"):
        check = partial(spoken_languages.checked_language, parameter="PrimaryLanguage")
        said["PrimaryLanguage"] = facts.checked("PrimaryLanguage", check, language)
    others = facts.texts("SecondaryLanguages")
    if others is not None:
        first = said.get("PrimaryLanguage") or ""
        check_all = spoken_languages.checked_secondary
        said["SecondaryLanguages"] = facts.checked("SecondaryLanguages", check_all, others, first)
    return _without_none(said)


def _without_none(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
