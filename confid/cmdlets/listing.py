"""What the cmdlets that list people share: counts, and records by display name."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeVar

from confid.errors import InvalidArgumentError, shown
from confid.tenant.records import MICROSOFT, TOLL_FREE, Record
from confid.tenant.results import Results
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork

R = TypeVar("R", bound=Record)

MOST = 2**31 - 1


def count(parameter: str, value: object) -> int | None:
    """A number of records: 0 to 2147483647, also as text; None for None and "Unlimited".

    Raises `InvalidArgumentError` that names `parameter`.
    """
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and text.lower() == "unlimited":
        return None
    if (
        isinstance(text, str)
        and text.isdecimal()
        and text.isascii()
        and len(text) <= len(str(MOST))
    ):
        text = int(text)
    if isinstance(text, bool) or not isinstance(text, int) or not 0 <= text <= MOST:
        raise InvalidArgumentError(
            f"{parameter}: {shown(value, 40)} is no count; give a whole number up to {MOST}, or "
            "leave it out.",
            target=parameter,
            error_id="CountOutOfRange",
        )
    return text


def listed(
    people: Iterable[Person],
    show: Callable[[Person], R | None],
    *,
    skip: int = 0,
    first: int | None = None,
    descending: bool = False,
) -> Results[R]:
    """What `show` makes of people, by display name; None leaves one out.

    People are looked at one by one, and no more are kept than asked for.
    """

    def shown() -> Iterator[tuple[str, str, R]]:
        for person in people:
            record = show(person)
            if record is not None:
                yield *name_key(person), record

    if first is None:
        ordered = sorted(shown(), key=_by_key, reverse=descending)
    else:
        best = heapq.nlargest if descending else heapq.nsmallest
        ordered = best(skip + first, shown(), key=_by_key)
    return Results(record for _, _, record in ordered[skip:])


def property_filter(filter: str, *kinds: type[Record]) -> Callable[[object], bool]:
    """The predicate of a `-Filter` over properties that these kinds of records have.

    Raises `InvalidArgumentError` with the nearest names for another property: in a script a
    misspelt one lets nobody through, or with -ne everybody.
    """
    from confid.powershell.language.filters import demand_properties, where  # noqa: PLC0415 - few calls filter

    demand_properties(filter, [name for kind in kinds for name, _ in kind.powershell_properties()])
    return where(filter)


def name_key(person: Person) -> tuple[str, str]:
    """Where a person stands in a list: by display name, then by user principal name."""
    return fold(person.user.display_name), fold(person.user.user_principal_name)


def _by_key(item: tuple[str, str, object]) -> tuple[str, str]:
    return item[:2]


def provider_of(person: Person) -> str | None:
    """Whose audio conferencing a person has: of those enabled Microsoft's, else as on file."""
    return MICROSOFT if person.is_enabled else person.user.provider


def numbers_of(unit: UnitOfWork, person: Person) -> tuple[str | None, tuple[str, ...]]:
    """The default toll number of a person, and the toll-free ones that their invitations show.

    None and no numbers for a person who is not enabled.
    """
    conferencing = person.conferencing
    if conferencing is None or not conferencing.enabled:
        return None, ()
    shown = unit.dial_in_numbers(person)
    free = tuple(number.number for number in shown if number.type == TOLL_FREE)
    return conferencing.service_number, free
