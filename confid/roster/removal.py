"""People out of the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import ConfidError, raise_together
from confid.store.batches import batched
from confid.tenant import directory
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.engine.session import Session
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork


@own_function("confid.remove_users", writes=True)
def remove_users(identity: object, *, session: Session | None = None) -> Results[DirectoryUser]:
    """Take people out of the directory: personal data erased, conference IDs retired for ever.

    `identity` is one identity or an iterable of them, as the cmdlets take
    them. The ledger stays whole, and none of the IDs is issued again.

    Returns the directory users as they were. Nobody is removed unless all
    can be: then the error of the first is raised, the others in its `also`
    (`UserNotFoundError`, `AmbiguousIdentityError`, `InvalidArgumentError`).
    """
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
    return Results(session.call(lambda tenant: _remove(tenant, texts, errors), write=True))


def _remove(
    tenant: UnitOfWork, texts: Sequence[str], malformed: Sequence[ConfidError]
) -> list[DirectoryUser]:
    """Remove the people of these identities; returns them as they were."""
    errors = list(malformed)
    leaving: dict[str, DirectoryUser] = {}
    for chunk in batched(texts):
        for found in tenant.find_users(chunk):
            if isinstance(found, ConfidError):
                errors.append(found)
            else:
                leaving.setdefault(found.owner, found)
    raise_together(errors)
    for users in batched(list(leaving.values())):
        tenant.remove(tenant.people(users, lock=True))
    return list(leaving.values())
