"""The directory: get its users. None of the family, but scripts begin with it."""

import re
from collections.abc import Iterable
from operator import itemgetter
from typing import Annotated, Unpack, cast

import attrs

from confid.cmdlets.listing import count, listed, name_key, property_filter
from confid.cmdlets.parameters import NAMED, ListedUserId, UnlimitedSize
from confid.engine.cmdlet import listing_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import InvalidArgumentError, shown
from confid.powershell.language.names import did_you_mean
from confid.tenant.directory import forms, is_one
from confid.tenant.online_user import OnlineUser, SelectedUser
from confid.tenant.people import Person
from confid.tenant.records import DirectoryUser
from confid.tenant.text import comma_list
from confid.tenant.unit_of_work import UnitOfWork

ALWAYS = ("Identity", "UserPrincipalName", "DisplayName")
"""What a user shows whatever Properties says. Source: the cmdlet's page."""


@listing_cmdlet("Get-CsOnlineUser")
def get_cs_online_user(
    command: Invocation,
    /,
    identity: Annotated[
        ListedUserId, f"{NAMED}; a display name with `*` lists those that fit; default: everybody"
    ] = None,
    *,
    filter: Annotated[
        str | None,
        P("Filter", "String"),
        "a Where-Object filter over their properties; narrows the users named too",
    ] = None,
    result_size: UnlimitedSize = None,
    properties: Annotated[
        str | Iterable[str] | None,
        P("Properties", "String[]"),
        "what the records show and export besides Identity, UserPrincipalName and "
        "DisplayName, by PowerShell's names or Python's; all attributes are there "
        "whatever is shown",
    ] = None,
    **common: Unpack[CommonParameters],
) -> Output[OnlineUser]:
    """Users of the directory, enabled for audio conferencing or not, with their own policies.

    PowerShell: `Get-CsOnlineUser -Filter {Department -eq "Finance"} -ResultSize 10`

    Returns: the user; `Results` without an identity, for a wildcard, or for an iterable.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for a bad filter or count and for a
    property that no user has.

    Example, in `confid.demo()`:
        >>> [user.display_name for user in get_cs_online_user(filter='Department -eq "Sales"')]
        ['Олег Петров', 'عائشة رحمن']
    """
    unit = command.tenant
    most = count("ResultSize", result_size)
    selected = _selected(properties)
    matches = None if filter is None else property_filter(filter, OnlineUser)

    def show(person: Person) -> OnlineUser | None:
        assert isinstance(person.user, OnlineUser)  # noqa: S101 - `with_own` made it one
        if matches is not None and not matches(person.user):
            return None
        if selected is None:
            return person.user
        return SelectedUser(**attrs.asdict(person.user, recurse=False), selected=selected)

    if not is_given(identity):
        return listed(unit.policies.with_own(unit.all_people()), show, first=most)
    named = _expanded(unit, identity)
    found: list[Person] = []
    command.read(named, found.append)
    shown = (show(person) for person in unit.policies.with_own(found))
    return command.output(named, [user for user in shown if user is not None][:most])


def _expanded(unit: UnitOfWork, identity: object) -> object:
    """Those named, with the users that fit in place of each display name with `*`."""
    items = [identity] if is_one(identity) else list(cast("Iterable[object]", identity))
    wild = {item for item in items if isinstance(item, str) and "*" in item and not forms(item)}
    if not wild:
        return identity
    from confid.powershell import like  # noqa: PLC0415 - few calls have a wildcard

    # The documentation knows the asterisk alone: a bracket or a question mark is itself.
    patterns = {item: re.sub(r"([\[\]?`])", r"`\1", item.strip()) for item in wild}
    fitting: dict[object, list[tuple[tuple[str, str], DirectoryUser]]] = {i: [] for i in wild}
    for person in unit.all_people():
        for item, pattern in patterns.items():
            if like(person.user.display_name, pattern):
                fitting[item].append((name_key(person), person.user))
    return [
        user
        for item in items
        for user in (
            (user for _, user in sorted(fitting[item], key=itemgetter(0)))
            if isinstance(item, str) and item in wild
            else (item,)
        )
    ]


def _selected(properties: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """The PowerShell names of the properties to show; None for all, which naming none means too."""
    names = comma_list(properties)
    if not names:
        return None
    known: dict[str, str] = {}
    for powershell, python in OnlineUser.powershell_properties():
        known[powershell.lower()] = known[python] = powershell
    names_of = [powershell for powershell, _ in OnlineUser.powershell_properties()]
    chosen = list(ALWAYS)
    for name in names:
        wanted = str(name).strip()
        if wanted.lower() not in known:
            raise InvalidArgumentError(
                f"Properties: a user has no {shown(wanted, 60)}."
                + (did_you_mean(wanted, names_of) or f" There are {', '.join(names_of)}."),
                target=name,
                error_id="PropertyNotFound",
            )
        chosen.append(known[wanted.lower()])
    return tuple(chosen)
