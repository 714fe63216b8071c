"""The directory: get its users. None of the family, but scripts begin with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Unpack

import attrs

from confid.cmdlets.listing import count, listed
from confid.cmdlets.users import UserId
from confid.engine.cmdlet import listing_cmdlet
from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import CommonParameters, P, is_given
from confid.errors import InvalidArgumentError
from confid.tenant.people import Person
from confid.tenant.records import DirectoryUser, SelectedUser

ALWAYS = ("Identity", "UserPrincipalName", "DisplayName")
"""What a user shows whatever Properties says. Source: the cmdlet's page."""


@listing_cmdlet("Get-CsOnlineUser")
def get_cs_online_user(
    command: Invocation,
    /,
    identity: UserId = None,
    *,
    filter: Annotated[str | None, P("Filter", "String")] = None,  # noqa: A002 - PowerShell's name
    result_size: Annotated[int | str | None, P("ResultSize", "Unlimited")] = None,
    properties: Annotated[str | Iterable[str] | None, P("Properties", "String[]")] = None,
    **common: Unpack[CommonParameters],
) -> Output[DirectoryUser]:
    """Users of the directory, enabled for audio conferencing or not.

    PowerShell: `Get-CsOnlineUser -Filter {Department -eq "Finance"} -ResultSize 10`

    Parameters:
        identity (str | record | iterable): who: a user principal name, SIP address, object ID,
            logon, distinguished or display name; a record; or an iterable of them; everybody unless
            given
        filter (str): a Where-Object filter over their properties; narrows the users named too
        result_size (int | str): how many at most; 0 is none, "Unlimited" or not given is all
        properties (str | iterable): what the records show and export besides Identity,
            UserPrincipalName and DisplayName, by PowerShell's names or Python's; all attributes are
            there whatever is shown
        Also the common ones: `confid.get_help` says what they do.

    Returns: the user; without an identity or for an iterable `Results` by display name.

    Raises: `UserNotFoundError`, and `InvalidArgumentError` for a bad filter or count and for a
    property that no user has.

    Example, in `confid.demo()`:
        >>> [user.display_name for user in get_cs_online_user(filter='Department -eq "Sales"')]
        ['Олег Петров', 'عائشة رحمن']

    Page: https://learn.microsoft.com/powershell/module/microsoftteams/get-csonlineuser
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
                f"Properties: a user has no {name!r:.60}. There are "
                f"{', '.join(dict.fromkeys(known.values()))}.",
                target=name,
                error_id="PropertyNotFound",
            )
        chosen.append(known[name.strip().lower()])
    return tuple(chosen)
