"""Default numbers: give another one to all users of a bridge that fit."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Unpack
from uuid import UUID

import attrs

from confid.cmdlets.listing import name_key
from confid.cmdlets.parameters import (
    ASKS,
    VENDOR,
    Notify,
    Number,
)
from confid.engine.cmdlet import cmdlet
from confid.engine.invocation import Invocation
from confid.engine.parameters import UNSET, CommonParameters, P, Unset
from confid.errors import InvalidArgumentError, shown
from confid.meetings.invitations import renew_future
from confid.powershell.language.values import choice
from confid.tenant import numbers, phone_number
from confid.tenant.changes import Change
from confid.tenant.documents import Conferencing
from confid.tenant.notices import Event, MailOptions, owed
from confid.tenant.people import Person
from confid.tenant.records import TOLL, TOLL_FREE, ConferencingUser, ServiceNumber
from confid.tenant.results import Results
from confid.tenant.text import fold
from confid.tenant.unit_of_work import UnitOfWork

BY_NAME, BY_LOCATION, BY_ID = "BridgeNameParams", "FilterByUsageLocation", "UniqueBridgeParams"
_COUNTRY = re.compile(r"[A-Za-z]{2}")

Field = Literal["service_number", "toll_free_service_number"]
Test = Callable[[Person, Conferencing], bool]


@cmdlet(
    "Set-CsOnlineDialInConferencingUserDefaultNumber",
    sets=(BY_NAME, BY_LOCATION, BY_ID),
    writes=True,
    eras=("2019",),
    also=VENDOR | ASKS,
)
def set_cs_online_dial_in_conferencing_user_default_number(
    command: Invocation,
    /,
    *,
    bridge_id: Annotated[
        UUID | str | None,
        P("BridgeId", "Guid", sets=(BY_LOCATION, BY_ID), mandatory_in=(BY_LOCATION, BY_ID)),
        "the bridge, by its ID",
    ] = None,
    bridge_name: Annotated[
        str | None,
        P("BridgeName", "String", sets=(BY_NAME, BY_LOCATION), mandatory_in=(BY_NAME,)),
        "the bridge, by its name, in any casing",
    ] = None,
    from_number: Annotated[
        Number | Unset | None,
        P(
            "FromNumber",
            "String",
            sets=(BY_NAME, BY_ID),
            mandatory_in=(BY_ID,),
            as_is=(ServiceNumber,),
        ),
        "only users who have that number now; None for those who have none of the type",
    ] = UNSET,
    to_number: Annotated[
        Number | None,
        P("ToNumber", "String", mandatory=True, as_is=(ServiceNumber,)),
        "their new number: of the bridge and of `number_type`",
    ] = None,
    number_type: Annotated[
        Literal["Toll", "Toll-Free"] | None,
        P("NumberType", "String", mandatory=True),
        "Toll or Toll-Free, in any casing",
    ] = None,
    country_or_region: Annotated[
        str | None,
        P("CountryOrRegion", "String", sets=(BY_NAME, BY_LOCATION), mandatory_in=(BY_LOCATION,)),
        "only users of that usage location, an ISO 3166 code, as US",
    ] = None,
    area_or_state: Annotated[
        str | None,
        P("AreaOrState", "String", sets=(BY_NAME, BY_LOCATION)),
        "only users whose number now has that state in its geocode (US.WA.Seattle): "
        "the directory has none",
    ] = None,
    capital_or_major_city: Annotated[
        str | None,
        P("CapitalOrMajorCity", "String", sets=(BY_NAME, BY_LOCATION)),
        "only users in that city; of the geocode where the directory doesn't say",
    ] = None,
    reschedule_meetings: Annotated[
        bool,
        P("RescheduleMeetings", "SwitchParameter"),
        "gives their future meetings today's dial-in block, but for those with more "
        "than 250 attendees",
    ] = False,
    notify: Notify = None,
    **common: Unpack[CommonParameters],
) -> Results[ConferencingUser]:
    """Give another default number to the enabled users of a bridge; `Results` of those changed.

    It goes to the users who match all of `from_number`, country, area and city that are given.
    Each is told once by mail, as the tenant's settings and `notify` say.

    PowerShell:
        Set-CsOnlineDialInConferencingUserDefaultNumber -BridgeName "Conference Bridge" -FromNumber
        $null -ToNumber 14255550177 -NumberType Toll

    Returns: `Results` of those changed.

    Raises: `NotFoundError` for an unknown bridge, and `InvalidArgumentError` for a number that is
    not on it or not of its type, and a bad type or country.

    Example, in `confid.demo()`:
        >>> number = register_cs_online_dial_in_conferencing_service_number("+14255550177")
        >>> changed = set_cs_online_dial_in_conferencing_user_default_number(
        ...     bridge_name="Conference Bridge",
        ...     from_number="14255550100",
        ...     to_number="14255550177",
        ...     number_type="Toll",
        ... )
        >>> len(changed), changed[0].service_number
        (5, '14255550177')
    """
    unit = command.tenant
    mail = MailOptions(notify=notify)
    unit.lock_setup(shared=True)
    bridge = numbers.one_bridge(unit.setup, bridge_id, bridge_name)
    assert bridge is not None  # noqa: S101 - each parameter set demands one of the two
    field = _field(number_type)
    free = field == "toll_free_service_number"
    number = numbers.number_on(
        unit.setup, bridge, to_number or "", toll_free=free, parameter="ToNumber"
    )
    after: dict[str, Any] = {field: number}
    tests: list[Test] = [
        lambda _, kept: kept.bridge_id == bridge.identity and getattr(kept, field) != number,
        *_from(field, from_number),
        *_places(unit, field, country_or_region, area_or_state, capital_or_major_city),
    ]

    def plan(person: Person) -> Change | None:
        kept = person.conferencing
        if kept is None or not kept.enabled or not all(test(person, kept) for test in tests):
            return None
        return Change(
            person=person,
            after=attrs.evolve(kept, **after),
            notice=owed((Event.NUMBER_CHANGED,), mail, unit.settings),
        )

    fitting = sorted((p for p in unit.all_people(enabled=True) if plan(p)), key=name_key)
    users = {person.user.identity: person.user for person in fitting}
    changed = command.change_found(users.values(), plan)
    if reschedule_meetings and changed:
        renew_future(unit, [users[record.identity] for record in changed])
    return changed


def _field(number_type: str | None) -> Field:
    """Which of a user's numbers is meant. The pages write Toll-Free and TollFree."""
    plain = TOLL_FREE.replace("-", "")
    name = choice("NumberType", (number_type or "").replace("-", ""), (TOLL, plain))
    return "toll_free_service_number" if name == plain else "service_number"


def _from(field: Field, number: Number | Unset | None) -> list[Test]:
    """Whether the user has the number to be replaced; None and blank mean no number."""
    if number is UNSET:
        return []
    if number is None or (isinstance(number, str) and not number.strip()):
        return [lambda _, kept: not getattr(kept, field)]
    digits = phone_number.parse(number, parameter="FromNumber")
    return [lambda _, kept: getattr(kept, field) == digits]


def _places(
    unit: UnitOfWork, field: Field, country: str | None, area: str | None, city: str | None
) -> list[Test]:
    """Whether the user is there, as the directory says or else their number's geocode."""
    for name, value in (("AreaOrState", area), ("CapitalOrMajorCity", city)):
        if value is not None and not value.strip():
            raise InvalidArgumentError(f"{name} is blank; name one, or leave it out.", target=name)
    if country is not None and not _COUNTRY.fullmatch(country.strip()):
        raise InvalidArgumentError(
            f"CountryOrRegion: {shown(country, 40)} is no ISO 3166 code. Write two letters, as US.",
            target="CountryOrRegion",
        )

    def geocode(kept: Conferencing) -> list[str]:
        number = unit.setup.numbers.get(getattr(kept, field) or "")
        return fold(number.city).split(".") if number else []

    def is_in_country(person: Person, _: Conferencing) -> bool:
        return _same(person.user.usage_location, country)

    def is_in_area(_: Person, kept: Conferencing) -> bool:
        parts = geocode(kept)
        return len(parts) > len(("country", "city")) and _same(parts[1], area)

    def is_in_city(person: Person, kept: Conferencing) -> bool:
        parts = geocode(kept)
        return _same(person.user.city or (parts[-1] if parts[1:] else None), city)

    asked: list[tuple[str | None, Test]] = [
        (country, is_in_country),
        (area, is_in_area),
        (city, is_in_city),
    ]
    return [test for value, test in asked if value is not None]


def _same(one: str | None, other: str | None) -> bool:
    return fold(one or "").strip() == fold(other or "").strip()
