"""The directory: get its users. None of the family, but scripts begin with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Unpack

import attrs

from confid.cmdlets.listing import count, listed
from confid.cmdlets.users import UserId
from confid.command import Command, Output, listing_cmdlet
from confid.errors import InvalidArgumentError
from confid.parameters import CommonParameters, P, is_given
from confid.records import DirectoryUser, SelectedUser
from confid.tenant import Person

ALWAYS = ("Identity", "UserPrincipalName", "DisplayName")
"""What a user shows whatever Properties says. Source: the cmdlet's page."""


@listing_cmdlet("Get-CsOnlineUser")
def get_cs_online_user(
    command: Command,
    /,
    identity: UserId = None,
    *,
    filter: Annotated[str | None, P("Filter", "String")] = None,  # noqa: A002 - PowerShell's name
    result_size: Annotated[int | str | None, P("ResultSize", "Unlimited")] = None,
    properties: Annotated[str | Iterable[str] | None, P("Properties", "String[]")] = None,
    **common: Unpack[CommonParameters],
) -> Output[DirectoryUser]:
    """Users of the directory, enabled for audio conferencing or not.

    Without an identity: `Results` of everybody, by display name. `filter` is
    a Where-Object filter over their properties, and narrows the users named
    too; `result_size` a limit (0: none of them) or "Unlimited". `properties`
    are what the records show and export, by PowerShell's names or Python's,
    besides Identity, UserPrincipalName and DisplayName; their attributes are
    all there whatever is shown.

    Raises `UserNotFoundError`, and `InvalidArgumentError` for a bad filter or
    count and for a property that no user has.
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
