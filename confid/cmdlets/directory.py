"""The directory: get its users. None of the family, but scripts begin with it."""

from collections.abc import Iterable
from typing import Annotated, Unpack

import attrs

from confid.cmdlets.listing import count, listed
from confid.cmdlets.parameters import ListedUserId, UnlimitedSize
from confid.engine.cmdlet import listing_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import InvalidArgumentError, shown
from confid.tenant.people import Person
from confid.tenant.records import DirectoryUser, SelectedUser

ALWAYS = ("Identity", "UserPrincipalName", "DisplayName")
"""What a user shows whatever Properties says. Source: the cmdlet's page."""


@listing_cmdlet("Get-CsOnlineUser")
def get_cs_online_user(
    command: Invocation,
    /,
    identity: ListedUserId = None,
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
) -> Output[DirectoryUser]:
    """Users of the directory, enabled for audio conferencing or not.

    PowerShell: `Get-CsOnlineUser -Filter {Department -eq "Finance"} -ResultSize 10`

    Returns: the user; without an identity or for an iterable `Results` by display name.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for a bad filter or count and for a
    property that no user has.

    Example, in `confid.demo()`:
        >>> [user.display_name for user in get_cs_online_user(filter='Department -eq "Sales"')]
        ['Олег Петров', 'عائشة رحمن']
    """
    most = count("ResultSize", result_size)
    selected = _selected(properties)
    matches = None
    if filter is not None:
        from confid.powershell import where  # noqa: PLC0415 - few calls filter

        matches = where(filter)

    def show(person: Person) -> DirectoryUser | None:
        if matches is not None and not matches(person.user):
            return None
        if selected is None:
            return person.user
        values = attrs.asdict(person.user, recurse=False)
        return SelectedUser(**values, selected=selected)

    if is_given(identity):
        return command.read(identity, show)
    return listed(command.tenant.all_people(), show, first=most)


def _selected(properties: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """The PowerShell names of the properties to show; None for all, which naming none means too."""
    names = [properties] if isinstance(properties, str) else list(properties or ())
    if not names:
        return None
    known: dict[str, str] = {}
    for powershell, python in DirectoryUser.powershell_properties():
        known[powershell.lower()] = known[python] = powershell
    chosen = list(ALWAYS)
    for name in names:
        if name.strip().lower() not in known:
            raise InvalidArgumentError(
                f"Properties: a user has no {shown(name, 60)}. There are "
                f"{', '.join(dict.fromkeys(known.values()))}.",
                target=name,
                error_id="PropertyNotFound",
            )
        chosen.append(known[name.strip().lower()])
    return tuple(chosen)
