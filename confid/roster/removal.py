"""People out of the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import ConfidError, ParameterBindingError, raise_together
from confid.powershell.language.scalars import python_scalar
from confid.roster.report import ReportedUsers, RosterReport
from confid.roster.what_if import call, tell
from confid.store.batches import batched
from confid.tenant import directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.engine.session import Session
    from confid.tenant.people import Person
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork


@own_function("confid.remove_users", writes=True)
def remove_users(
    identity: object, *, what_if: bool = False, session: Session | None = None
) -> ReportedUsers:
    """Take people out of the directory: personal data erased, conference IDs retired for ever.

    `identity` is one identity or an iterable of them, as the cmdlets take
    them. The ledger stays whole, and none of the IDs is issued again.
    `what_if` removes nobody, and tells who would go.

    Returns the directory users as they were, with a `report` that has the
    outcomes under `what_if`. Nobody is removed unless all can be. Raises
    `UserNotFoundError`, `AmbiguousIdentityError` or `InvalidArgumentError`
    (of several kinds `SeveralErrors`), and `ParameterBindingError` for None.
    """
    if python_scalar(identity) is None:  # NaN and NaT too
        raise ParameterBindingError(
            "remove_users: identity is None. In PowerShell an empty variable there means "
            "everybody; nobody was removed. Give the people to remove.",
            error_id="ParameterArgumentValidationErrorEmptyStringNotAllowed",
            parameter="Identity",
            category="InvalidData",
        )
    session = current_session(session)
    # Read once, before a transaction is open: an iterable can be a slow one.
    items = [identity] if directory.is_one(identity) else directory.read_all(identity)
    errors: list[ConfidError] = []
    texts: list[str] = []
    for item in items:
        try:
            texts.append(directory.identity_text(item))
        except ConfidError as error:
            errors.append(error)
    leaving = call(session, lambda tenant: _remove(tenant, texts, errors), what_if=what_if)
    outcomes = {str(person): _outcome(person) for person in leaving} if what_if else {}
    tell(session, outcomes)
    return ReportedUsers([person.user for person in leaving], RosterReport(outcomes=outcomes))


def _outcome(person: Person) -> str:
    retired = f"; conference ID {person.conference_id} is retired" if person.conference_id else ""
    return f"leaves the directory{retired}"


def _remove(
    tenant: UnitOfWork, texts: Sequence[str], malformed: Sequence[ConfidError]
) -> list[Person]:
    """Remove the people of these identities; returns them as they were."""
    errors = list(malformed)
    found: dict[str, DirectoryUser] = {}
    for chunk in batched(texts):
        for user in tenant.find_users(chunk):
            if isinstance(user, ConfidError):
                errors.append(user)
            else:
                found.setdefault(user.owner, user)
    raise_together(errors)
    leaving: list[Person] = []
    for users in batched(list(found.values())):
        people = tenant.people(users, lock=True)
        tenant.remove(people)
        leaving += people
    return leaving
