"""What a cell of a roster says of somebody's licences: yes, no, or nothing that is understood."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from confid.powershell.language.values import items_of, text_given
from confid.roster.cells import GUID, listed, plain_text, unflattened, wrapped_items

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRM: Final = re.compile(r"\s*[;|\r\n]\s*")
_LOOSE: Final = re.compile(r"(\s*[,+]\s*)")
"""What stands between names, and what stands within some names too."""
_MOST_PARTS: Final = 4
"""So many loose separators stand within a name, and one more."""
_TENANT: Final = re.compile(r"\A[\w.-]+:(?=\S)")
_PLAN_NAME: Final = re.compile(r"(?=.*_|.*[A-Z].*[A-Z].*[A-Z].*[A-Z])[A-Za-z0-9][\w-]*")
"""How a plan is named that is new here: with an underscore or some capitals; no `Yes`, no `E5`."""
_XML_PLAN: Final = re.compile(r"<Plan\b.*?(?:</Plan>|\Z)", re.DOTALL)
_XML_FACT: Final = re.compile(
    r"""\b(CapabilityStatus|ServicePlanId|Plan)=(?:"([^"]*)"|'([^']*)')"""
)
_FLATTENED: Final = re.compile(r"@\{[^{}]*\}")
_AS_SHOWN: Final = re.compile(r"\{([^{}…]*[^{}….])\}")
"""A list as a table shows it, with nothing cut off."""
_HEX: Final = re.compile("[0-9a-f]{32}")
_COUNTS: Final = ("", "enabled", "warning", "success")
"""The states in which a plan counts: one that isn't given, and the grace period."""
_DOES_NOT_COUNT: Final = ("deleted", "disabled", "error", "lockedout", "suspended")
_NAMES: Final = (
    *("capability", "plan", "skupartnumber", "serviceplanname", "accountskuid", "accountsku"),
    *("skuid", "serviceplanid"),
)
"""The properties that name a plan or a product, the most telling first."""
_STATES: Final = ("capabilitystatus", "provisioningstatus")
_NONE: Final = ("unlicensed", "none", "-")
"""What portals and people write for no licence at all."""


@attrs.frozen
class Licence:
    """What is known of a name: the plans for audio conferencing in it, perhaps none."""

    name: str
    plans: frozenset[str]


@attrs.frozen
class LicencesSaid:
    """What one or more cells say: the names, and whether audio conferencing is among them.

    `licensed` is None where nothing that was understood says it; `unknown` holds what was not.
    """

    names: tuple[str, ...] = ()
    licensed: bool | None = None
    unknown: tuple[str, ...] = ()
    is_complete: bool = False
    """Whether they list all plans."""


BLANK: Final = LicencesSaid()


def _unknown(text: str) -> LicencesSaid:
    return LicencesSaid(unknown=(text,))


class Licences:
    """The plans and products that are known, and those that the caller adds."""

    def __init__(self, added: Iterable[str] = ()) -> None:
        names = [text_given("licences", name) for name in items_of(added)]
        extra = {_key(name): Licence(name, frozenset((name,))) for name in names}
        self._known = {**known_licences(), **extra}
        self._text = lru_cache(maxsize=4096)(self._of_text)
        self._is_other_plan = lru_cache(maxsize=4096)(self._is_a_plan)

    def read(self, value: object, *, is_complete: bool) -> LicencesSaid:
        """Read a cell: text, or what JSON and CLIXML have in its place.

        `is_complete` says that the cell lists all plans, so that one without a plan for
        audio conferencing says "no".
        """
        if isinstance(value, str):
            return self._text(value.strip(), is_complete)
        return self._said(_items(value), is_complete=is_complete)

    def _of_text(self, text: str, is_complete: bool) -> LicencesSaid:
        if text[:1] in ("[", "{") and GUID.fullmatch(text.lower()) is None:
            try:
                return self.read(json.loads(text), is_complete=is_complete)
            except (ValueError, RecursionError):
                shown = _AS_SHOWN.fullmatch(text)
                return self._of_text(shown[1], is_complete) if shown else _unknown(text)
        if "<Plan" in text or text.startswith("<"):
            return self._said(_xml_plans(text), is_complete=is_complete)
        if "@{" in text:
            rest = _FLATTENED.sub("", text).strip("; ,+\n\r")
            items = [unflattened(found) for found in _FLATTENED.findall(text)]
            return self._said([*items, *filter(None, [rest])], is_complete=is_complete)
        if listed(text) is None:  # the name of a type
            return _unknown(text)
        return self._said(list(self._names_in(text)), is_complete=is_complete)

    def _said(self, items: list[object], *, is_complete: bool) -> LicencesSaid:
        names: dict[str, None] = {}
        unknown: dict[str, None] = {}
        has, seen = False, False
        for item in items:
            name, plans, is_understood = self._of_item(item, is_complete=is_complete)
            if name is None:
                continue
            seen = True
            if not is_understood:
                unknown[name] = None
            elif name:
                names[name] = None
            has = has or plans
        if not seen:
            return BLANK
        licensed = True if has else None if unknown else False
        return LicencesSaid(tuple(names), licensed, tuple(unknown), is_complete)

    def _of_item(self, item: object, *, is_complete: bool) -> tuple[str | None, bool, bool]:
        """An item's name (None: it is blank), whether it has a plan, whether it is understood."""
        item = unflattened(item)
        if isinstance(item, Mapping):
            return self._of_object(item, is_complete=is_complete)
        try:
            text = plain_text(item).strip()
        except ValueError:
            text = f"a {type(item).__name__}"
        return self._of_name(text, is_complete=is_complete) if text else (None, False, True)

    def _of_object(
        self, item: Mapping[object, object], *, is_complete: bool
    ) -> tuple[str, bool, bool]:
        facts = {str(name).casefold(): value for name, value in item.items()}
        given = next((facts[name] for name in _STATES if facts.get(name)), "")
        state = str(getattr(given, "name", given)).casefold()
        if state in _DOES_NOT_COUNT:
            return "", False, True
        if state not in _COUNTS:
            return f"a plan that is {state:.40}", False, False
        named = [str(facts[name]) for name in _NAMES if facts.get(name)]
        found = next((text for text in named if _key(text) in self._known), None)
        text = found or next(iter(named), None) or "an object without a name"
        if not is_complete and (plans := _items(facts.get("serviceplans"))):
            said = self._said(plans, is_complete=True)
            return text, said.licensed is True, said.licensed is not None
        off = [str(each) for each in _items(facts.get("disabledplans"))]
        disabled = {_key(name) for each in off for name in self._names_in(each)}
        return self._of_name(text, disabled, is_complete=is_complete)

    def _of_name(
        self, text: str, disabled: Iterable[str] = (), *, is_complete: bool
    ) -> tuple[str, bool, bool]:
        if _key(text) in _NONE:
            return "", False, True
        licence = self._known.get(_key(text))
        if licence is None:
            return text, False, is_complete and self._is_other_plan(text)
        without = {self._known[each].name for each in disabled if each in self._known}
        return licence.name, bool(licence.plans - without), True

    def _is_a_plan(self, text: str) -> bool:
        """Whether a name that isn't known is another plan's, and no misspelt one that counts."""
        if GUID.fullmatch(text.lower()):
            return True
        counting = [name for name, licence in self._known.items() if licence.plans]
        return bool(_PLAN_NAME.fullmatch(text)) and not get_close_matches(
            _key(text), counting, 1, 0.85
        )

    def _names_in(self, text: str) -> Iterator[str]:
        for part in _FIRM.split(text):
            yield from self._loose_names(part) if part else ()

    def _loose_names(self, text: str) -> Iterator[str]:
        """Cut at commas and plus signs, but for those within a known name."""
        pieces = _LOOSE.split(text)
        place = 0
        while place < len(pieces):
            for end in range(min(len(pieces), place + 2 * _MOST_PARTS + 1), place, -2):
                name = "".join(pieces[place:end]).strip()
                if end == place + 1 or _key(name) in self._known:
                    break
            place = end + 1
            if _key(name) not in self._known and all(_key(w) in self._known for w in name.split()):
                yield from name.split()
            elif name:
                yield name


def together(cells: Iterable[LicencesSaid]) -> LicencesSaid:
    """What the cells of one row say: one "yes" is enough, and a complete list settles the rest."""
    found = [said for said in cells if said is not BLANK]
    if not found:
        return BLANK
    names = tuple(dict.fromkeys(name for said in found for name in said.names))
    unknown = tuple(dict.fromkeys(name for said in found for name in said.unknown))
    answers = [said.licensed for said in found]
    settled = any(said.is_complete and said.licensed is False for said in found)
    licensed = True in answers or (None if None in answers and not settled else False)
    return LicencesSaid(names, licensed, unknown)


def _items(value: object) -> list[object]:
    """A value as a list: nothing, one, or the list that it is; wrapped by 5.1 or not."""
    if value is None or (isinstance(value, (str, Mapping)) and not value):
        return []
    if isinstance(value, Mapping):
        inside = wrapped_items(value)
        value = [value] if inside is None else inside
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return [value]
    return [p for each in value for p in (_xml_plans(each) if isinstance(each, str) else [each])]


def _xml_plans(text: str) -> list[object]:
    """The plans in the texts that modules before 3.0 wrote."""
    plans: list[object] = []
    for found in _XML_PLAN.findall(text):
        facts: dict[str, Any] = {}
        for name, value, other in _XML_FACT.findall(found):
            facts.setdefault(name, value or other)
        plans.append(facts)
    return plans or [text]


def _key(name: str) -> str:
    """A name as it is looked up: without the tenant in front, casing and spare blanks."""
    key = " ".join(_TENANT.sub("", name.casefold().strip("{} ")).split())
    return str(UUID(key)) if len(key) == 32 and _HEX.fullmatch(key) else key  # noqa: PLR2004 - a GUID without hyphens


@cache
def known_licences() -> dict[str, Licence]:
    """Every known plan and product by its names; those without audio conferencing too."""
    found: dict[str, Licence] = {}
    text = files("confid.roster").joinpath("licences.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        kind, name, guid, portal_name, plan = line.split("\t")
        plans = {"plan": {name}, "product": {plan}}.get(kind, set())
        licence = Licence(name, frozenset(plans))
        for each in (name, name.replace(" ", ""), guid, portal_name):
            if each:
                found.setdefault(_key(each), licence)
    return found
