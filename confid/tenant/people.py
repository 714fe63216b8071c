"""People: directory users with their dial-in settings and conference IDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.errors import LicenseError, NotEnabledError, TransactionConflictError
from confid.ids.conference_id import ConferenceId
from confid.store.base import Get, Living
from confid.store.batches import pages
from confid.tenant.directory import USERS, resolve
from confid.tenant.documents import CONFERENCING, SETTINGS, USER
from confid.tenant.records import LicenseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confid.errors import ConfidError
    from confid.store.base import Body, Transaction
    from confid.tenant.documents import Conferencing
    from confid.tenant.records import DirectoryUser
    from confid.tenant.setup import SetupKeeper


@attrs.define(kw_only=True)  # nobody changes one; frozen takes twice as long
class Person:
    """A directory user with dial-in settings and conference ID, None where they have none.

    `serial` is that of the ID in the ledger.
    """

    user: DirectoryUser
    conferencing: Conferencing | None = None
    _conference_id: int | None = None
    serial: int = 0

    @property
    def conference_id(self) -> ConferenceId | None:
        """Their conference ID. It is made here: most IDs of a large call are never looked at."""
        return None if self._conference_id is None else ConferenceId(self._conference_id)

    @property
    def is_enabled(self) -> bool:
        """Whether they are enabled for audio conferencing."""
        return self.conferencing is not None and self.conferencing.enabled

    def demand_enabled(self) -> Conferencing:
        """The settings of an enabled person. Raises `NotEnabledError`."""
        if self.conferencing is None or not self.conferencing.enabled:
            raise NotEnabledError(str(self))
        return self.conferencing

    def __str__(self) -> str:
        return self.user.user_principal_name


def demand_license(user: DirectoryUser, *, replace_provider: bool) -> None:
    """Raise `LicenseError` for a user who may not be enabled."""
    name = user.user_principal_name
    if user.license_state is LicenseState.UNLICENSED:
        raise LicenseError(
            f"{name} has no licence for audio conferencing (service plan MCOMEETADV). Assign one "
            "and import the user again.",
            target=name,
        )
    if user.license_state is LicenseState.UNKNOWN:
        raise LicenseError(
            f"Whether {name} has a licence for audio conferencing is unknown: the roster had no "
            "column of licences, or Export-Csv wrote its type instead of its plans.",
            target=name,
        )
    if user.has_other_provider and not replace_provider:
        raise LicenseError(
            f"{name} has the audio conferencing provider {user.provider!r}. "
            "Pass replace_provider=True to replace it with Microsoft.",
            target=name,
            error_id="ThirdPartyProvider",
        )


class People:
    """The people of a tenant, within one transaction."""

    def __init__(self, transaction: Transaction, setup: SetupKeeper) -> None:
        self._transaction = transaction
        self._setup = setup

    def find(self, identities: Sequence[str]) -> list[DirectoryUser | ConfidError]:
        """For each identity its user, or the error."""
        return resolve(self._transaction, identities)

    def users(self, owners: Iterable[str]) -> dict[str, DirectoryUser]:
        """Users by their keys; removed users are absent."""
        return USERS.get(self._transaction, owners)

    def put_users(self, users: Iterable[DirectoryUser]) -> None:
        """Keep directory users."""
        USERS.put(self._transaction, users)

    def put_settings(self, settings: Mapping[str, Conferencing]) -> None:
        """Keep people's dial-in settings, by their owners."""
        documents = {owner: SETTINGS.body(kept) for owner, kept in settings.items()}
        self._transaction.put(CONFERENCING.name, documents)

    def of(self, users: Sequence[DirectoryUser], *, lock: bool = False) -> list[Person]:
        """Users with their dial-in settings and IDs; `lock` those that will be changed.

        Raises `TransactionConflictError` for a user who was removed while
        this call waited for the lock.
        """
        owners = [user.owner for user in users]
        bodies, living = self._transaction.read(
            Get(CONFERENCING.name, owners, lock), Living(owners)
        )
        if lock:
            self._demand_still_there([owner for owner in owners if owner not in bodies])
        people = [
            _person(user, bodies.get(owner), living.get(owner))
            for user, owner in zip(users, owners, strict=True)
        ]
        self._renew_setup(people)
        return people

    def _demand_still_there(self, owners: Sequence[str]) -> None:
        # Removing a person removes their settings: one without any may be gone.
        if owners and len(self._transaction.get(USER.name, owners)) < len(owners):
            raise TransactionConflictError(
                "A user was removed from the directory while this call was under way. "
                "Nothing was changed; try again."
            )

    def _renew_setup(self, people: Iterable[Person]) -> None:
        # A bridge may be newer than the set-up that this call read at first.
        bridges, known = self._setup.current.bridges, None
        for person in people:
            settings = person.conferencing
            # Most are on the same one, and a UUID's hash takes longer than all else here.
            if settings is not None and settings.bridge_id is not known:
                known = settings.bridge_id
                if known not in bridges:
                    self._setup.forget()
                    return

    def all(self, *, enabled: bool = False) -> Iterator[Person]:
        """Everybody in the directory, or everybody enabled, in the order of their keys."""
        if not enabled:
            for bodies in pages(self._transaction, USER):
                yield from self.of([USERS.read(body) for body in bodies.values()])
            return
        for bodies in pages(self._transaction, CONFERENCING):
            found = self.users(owner for owner, body in bodies.items() if body["enabled"])
            living = self._transaction.living(found)
            for owner, user in sorted(found.items()):
                yield _person(user, bodies[owner], living.get(owner))


def _person(user: DirectoryUser, settings: Body | None, living: tuple[int, int] | None) -> Person:
    conference_id, serial = living or (None, 0)
    return Person(
        user=user,
        conferencing=None if settings is None else SETTINGS.read(settings),
        conference_id=conference_id,
        serial=serial,
    )
