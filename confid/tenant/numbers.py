"""Rules for changing bridges and their numbers; nothing here writes.

Each rule takes the set-up and returns the changed bridge or number, or raises.
Source of the rules: behaviour, numbers and bridges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from confid.errors import InvalidArgumentError, NotFoundError, listed, shown
from confid.tenant import phone_number, spoken_languages
from confid.tenant.records import TOLL, TOLL_FREE, Bridge, ServiceNumber
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confid.tenant.documents import BridgeSettings
    from confid.tenant.setup import Setup

NAME_AT_MOST = 256
"""Characters of a bridge's name; confid's decision."""


@attrs.frozen(kw_only=True)
class Placed:
    """A number and the bridge that it is on, or was on, after a change."""

    number: ServiceNumber
    bridge: BridgeSettings


# Look-ups.


def one_bridge(
    setup: Setup, bridge_id: UUID | str | None, bridge_name: str | None
) -> BridgeSettings | None:
    """The bridge with an ID, a name or both; None if neither is given.

    Raises `NotFoundError`, and `InvalidArgumentError` for an ID and a name of
    two bridges.
    """
    by_id = setup.find_bridge(identity=UUID(str(bridge_id))) if bridge_id is not None else None
    by_name = setup.find_bridge(name=bridge_name)
    if by_id and by_name and by_id != by_name:
        raise InvalidArgumentError(
            f"BridgeId is {by_id.name!r} and BridgeName {by_name.name!r}; give one of them.",
            error_id="BridgeAmbiguous",
        )
    return by_id or by_name


def find_number(setup: Setup, number: object) -> ServiceNumber:
    """The tenant's number for a text in any E.164 form.

    Raises `NotFoundError` that lists the tenant's numbers.
    """
    digits = phone_number.parse(number, parameter="Identity")
    found = setup.numbers.get(digits)
    if found is None:
        raise NotFoundError(
            f"This tenant has no number +{digits}; it has {_listed(setup.numbers)}.",
            target=number,
            error_id="ServiceNumberNotFound",
        )
    return found


def number_on(
    setup: Setup, bridge: BridgeSettings, number: object, *, toll_free: bool, parameter: str
) -> str:
    """The digits of a number, which must be of that kind and on that bridge.

    Raises `InvalidArgumentError` that names `parameter` and the numbers that fit.
    """
    digits = phone_number.parse(number, parameter=parameter)
    fitting = [n.number for n in setup.numbers_of(bridge) if n.is_toll_free == toll_free]
    if digits not in fitting:
        kind = "toll-free" if toll_free else "toll"
        raise InvalidArgumentError(
            f"{parameter}: +{digits} is no {kind} number of the bridge {bridge.name!r}, "
            f"which has {_listed(fitting)}.",
            target=number,
            error_id="ServiceNumberNotOnBridge",
        )
    return digits


def _listed(numbers: Iterable[str]) -> str:
    return listed([f"+{number}" for number in numbers]) or "none"


# Bridges.


def checked_name(setup: Setup, name: str, *, own: UUID | None = None) -> str:
    """The name of a bridge, trimmed; names are told apart in any casing.

    `own` is the bridge that may have it already. Raises
    `InvalidArgumentError` for a blank, long, multi-line or taken one.
    """
    trimmed = name.strip()
    if not trimmed or len(trimmed) > NAME_AT_MOST or not trimmed.isprintable():
        raise InvalidArgumentError(
            f"{shown(name, 40)} can't name a bridge: a name is one line of 1 to {NAME_AT_MOST} "
            "characters.",
            target=name,
            error_id="BridgeNameInvalid",
        )
    for bridge in setup.bridges.values():
        if fold(bridge.name) == fold(trimmed) and bridge.identity != own:
            raise InvalidArgumentError(
                f"There is a bridge {bridge.name!r} already; give the new one another name.",
                target=name,
                error_id="BridgeNameTaken",
                category="ResourceExists",
            )
    return trimmed


def from_instance(setup: Setup, before: BridgeSettings, instance: Bridge) -> BridgeSettings:
    """A bridge with the name, the default number and the rank that a record of it says.

    The numbers and the region of the record change nothing. Raises
    `InvalidArgumentError` for a name that is taken, a default number that is
    no toll number of the bridge, and a default bridge that is to be none:
    another one has to be made the default instead.
    """
    if before.is_default and not instance.is_default:
        raise InvalidArgumentError(
            f"{before.name!r} is the default bridge, and this record of it says that it isn't. Get "
            "it anew if that was long ago; otherwise make another bridge the default one.",
            target=before.name,
            error_id="DefaultBridgeNeeded",
        )
    default = before.default_number
    if instance.default_service_number is not None:
        default = number_on(
            setup,
            before,
            instance.default_service_number.number,
            toll_free=False,
            parameter="DefaultServiceNumber",
        )
    return attrs.evolve(
        before,
        name=checked_name(setup, instance.name, own=before.identity),
        default_number=default,
        is_default=instance.is_default,
    )


def numbers_for_bridge(setup: Setup, numbers: Iterable[object]) -> list[ServiceNumber]:
    """The numbers of a bridge that is to be made: new to the tenant, or of no bridge yet.

    Raises `InvalidArgumentError` for a number that comes twice or is on a
    bridge, and when none is a toll number, because the default number has to
    be one.
    """
    made: dict[str, ServiceNumber] = {}
    for number in numbers:
        digits = phone_number.parse(number, parameter="numbers")
        if digits in made:
            raise InvalidArgumentError(
                f"numbers: +{digits} is there twice.", target=number, error_id="NumberRepeated"
            )
        made[digits] = _free_number(setup, digits)
    if all(number.is_toll_free for number in made.values()):
        raise InvalidArgumentError(
            "numbers: a bridge needs a toll number, which is its default one.",
            error_id="TollNumberMissing",
        )
    return list(made.values())


# Numbers.


def _free_number(setup: Setup, digits: str) -> ServiceNumber:
    """A number without a bridge: the tenant's own, or a new dedicated one."""
    known = setup.numbers.get(digits)
    if known is None:
        return new_number(setup, digits)
    if known.bridge_id is not None:
        name = setup.bridges[known.bridge_id].name
        raise InvalidArgumentError(
            f"+{digits} is a number of the bridge {name!r} already; "
            "Unregister-CsOnlineDialInConferencingServiceNumber takes it off.",
            target=digits,
            error_id="ServiceNumberOnBridge",
            category="ResourceExists",
        )
    return known


def new_number(setup: Setup, digits: str, *, is_shared: bool = False) -> ServiceNumber:
    """A new number without a bridge; the numbering plan says its type."""
    return ServiceNumber(
        number=digits,
        city=phone_number.country(digits) or "",
        is_shared=is_shared,
        tenant_id=setup.facts.tenant_id,
        type=TOLL_FREE if phone_number.is_toll_free(digits) else TOLL,
    )


def registered(
    setup: Setup, number: object, bridge: BridgeSettings, *, like: ServiceNumber | None = None
) -> Placed:
    """Put a number on a bridge. A toll number becomes the default of a bridge without one.

    `like` is a record of the number: its city and languages are taken over,
    unless the number is shared. Raises `InvalidArgumentError` for a number
    that is on a bridge already.
    """
    free = _free_number(setup, phone_number.parse(number, parameter="Identity"))
    if like is not None and not free.is_shared:
        free = with_languages(
            attrs.evolve(free, city=like.city or free.city),
            like.primary_language,
            like.secondary_languages,
        )
    if bridge.default_number is None and not free.is_toll_free:
        bridge = attrs.evolve(bridge, default_number=free.number)
    return Placed(number=attrs.evolve(free, bridge_id=bridge.identity), bridge=bridge)


def unregistered(setup: Setup, number: ServiceNumber, *, remove_default: bool) -> Placed:
    """Take a number off its bridge; the tenant keeps it, and can put it on a bridge again.

    `remove_default` allows it for a default number too. Another toll number
    of the bridge is then the default, if possible of the same country.
    Raises `InvalidArgumentError` for a number without a bridge, for a default
    number without `remove_default`, and for a shared one that isn't the
    default.
    """
    if number.bridge_id is None:
        raise InvalidArgumentError(
            f"+{number.number} is on no bridge.",
            target=number.number,
            error_id="ServiceNumberNotOnBridge",
        )
    bridge = setup.bridges[number.bridge_id]
    if bridge.default_number == number.number:
        if not remove_default:
            raise _kept(
                number,
                f"the default number of the bridge {bridge.name!r}. Give that bridge another "
                "one first, or pass remove_default_service_number=True.",
            )
        bridge = attrs.evolve(bridge, default_number=_next_default(setup, bridge))
    elif number.is_shared:
        raise _kept(number, "shared between tenants, so no tenant can take it off its bridge.")
    return Placed(number=attrs.evolve(number, bridge_id=None), bridge=bridge)


def _kept(number: ServiceNumber, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"+{number.number} can't be unregistered: it is {why}",
        target=number.number,
        error_id="ServiceNumberInUse",
        category="InvalidOperation",
    )


def _next_default(setup: Setup, bridge: BridgeSettings) -> str | None:
    gone = bridge.default_number or ""
    home = phone_number.country(gone)
    others = [n.number for n in setup.numbers_of(bridge) if not n.is_toll_free and n.number != gone]
    return min(others, key=lambda n: (phone_number.country(n) != home, n), default=None)


def with_languages(
    number: ServiceNumber, primary: str | None, secondary: Sequence[object] | None
) -> ServiceNumber:
    """A number with these languages; None keeps the primary or the secondary ones.

    A new primary language is taken out of the secondary ones. Raises
    `InvalidArgumentError` for languages that aren't supported, and for a
    change of a shared number.
    """
    first = number.primary_language
    if primary is not None:
        first = spoken_languages.checked_language(primary, parameter="PrimaryLanguage")
    others = tuple(code for code in number.secondary_languages if code != first)
    if secondary is not None:
        others = spoken_languages.checked_secondary(secondary, first)
    after = attrs.evolve(number, primary_language=first, secondary_languages=others)
    if number.is_shared and after != number:
        raise InvalidArgumentError(
            f"+{number.number} is a shared number; languages are set on dedicated ones only.",
            target=number.number,
            error_id="ServiceNumberShared",
            category="InvalidOperation",
        )
    return after
