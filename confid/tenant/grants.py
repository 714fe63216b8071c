"""Policies kept, removed and granted in one transaction, and which one is in force for a person.

A policy belongs to the tenant's set-up, and so does what the tenant and
groups are granted. What a person is granted is in a document of their own,
apart from the directory's: an import of the directory leaves it alone, and
nobody needs to be enabled to have one. It is erased with the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidOperationError
from confid.store.base import TENANT
from confid.store.batches import batched
from confid.tenant.documents import AUDIO_POLICY, GRANT
from confid.tenant.online_user import OnlineUser
from confid.tenant.policies import (
    AUDIO_POLICIES,
    DIAL_OUT_POLICIES,
    GLOBAL,
    PERSON_GRANTS,
    TENANT_GRANTS,
    Family,
    Grants,
    PersonGrants,
    TeamsAudioConferencingPolicy,
    identity_of,
    name_of,
    no_such_policy,
)
from confid.tenant.setup import grants_key
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from confid.store.base import Transaction
    from confid.tenant.people import People, Person
    from confid.tenant.records import DirectoryUser
    from confid.tenant.setup import SetupKeeper

NOTHING = PersonGrants(audio_conferencing=None, dial_out=None)

NAMED = 3
"""An error names so many users and counts the others."""


class Policies:
    """The policies of a tenant and their grants, within one transaction."""

    def __init__(self, transaction: Transaction, setup: SetupKeeper, people: People) -> None:
        self._transaction = transaction
        self._setup = setup
        self._people = people

    # Audio conferencing policies.

    def audio_policies(self) -> list[TeamsAudioConferencingPolicy]:
        """All policies: Global first, then by name."""
        policies = self._setup.current.audio_policies
        return [policies[key] for key in sorted(policies, key=lambda k: (k != fold(GLOBAL), k))]

    def audio_policy(self, name: str) -> TeamsAudioConferencingPolicy:
        """The policy of that name. Raises `NotFoundError`."""
        policy = self._setup.current.audio_policies.get(fold(name))
        if policy is None:
            raise no_such_policy(name, [p.identity for p in self.audio_policies()])
        return policy

    def put(self, policy: TeamsAudioConferencingPolicy) -> None:
        """Keep an audio conferencing policy, new or changed."""
        self._setup.put(AUDIO_POLICY, AUDIO_POLICIES.bodies([policy]))

    def remove(self, name: str) -> None:
        """Remove an audio conferencing policy. Raises `InvalidOperationError` if it is in use."""
        self._hold(name)
        self.demand_unused(name)
        self._setup.put(AUDIO_POLICY, {}, gone=[fold(name)])

    def demand_unused(self, name: str) -> None:
        """Raise `InvalidOperationError` if the policy is granted; the error names the holders."""
        family = Family.AUDIO_CONFERENCING
        owners = list(self._transaction.find(GRANT.name, family.value, [fold(name)]))
        users = self._people.users(owners[:NAMED]).values()
        holders = self._setup.current.grants[family].holders(name)
        holders += sorted(user.user_principal_name for user in users)
        if len(owners) > NAMED:
            holders.append(f"{len(owners) - NAMED} more")
        if holders:
            raise InvalidOperationError(
                f"The policy {identity_of(name)!r} is in use: {', '.join(holders)}. Grant them "
                "another one first, or policy_name=None, which takes it back.",
                target=identity_of(name),
                error_id="PolicyInUse",
            )

    # Grants.

    def demand(self, family: Family, name: str) -> str:
        """The policy's name in its own casing. Raises `NotFoundError`."""
        if family is Family.AUDIO_CONFERENCING:
            return name_of(self.audio_policy(name))
        for policy in DIAL_OUT_POLICIES:
            if fold(name_of(policy)) == fold(name):
                return name_of(policy)
        raise no_such_policy(name, [policy.identity for policy in DIAL_OUT_POLICIES])

    def to_users(self, family: Family, users: Sequence[DirectoryUser], name: str | None) -> None:
        """Grant users a policy; None takes it back."""
        self._hold_granted(family, name)
        for owners in batched(user.owner for user in users):
            self._grant(family, owners, name)

    def to_group(self, family: Family, group: str, name: str | None, rank: int | None) -> None:
        """Grant a group a policy with a rank; None takes it back."""
        self._hold_granted(family, name)
        self._put_grants(family, lambda grants: grants.with_group(group, name, rank))

    def to_tenant(self, family: Family, name: str | None) -> None:
        """Grant the tenant a policy; None takes it back, so that Global is in force."""
        self._hold_granted(family, name)
        self._put_grants(family, lambda grants: attrs.evolve(grants, tenant=name))

    def online_users(self, users: Sequence[DirectoryUser]) -> list[OnlineUser]:
        """Users with the policies that they were granted themselves."""
        granted = PERSON_GRANTS.get(self._transaction, [user.owner for user in users])
        return [_online(user, granted.get(user.owner, NOTHING)) for user in users]

    def with_own(self, people: Iterable[Person]) -> Iterator[Person]:
        """People, each as an `OnlineUser` with the policies that they were granted themselves."""
        for some in batched(people):
            users = self.online_users([person.user for person in some])
            for person, user in zip(some, users, strict=True):
                yield attrs.evolve(person, user=user)

    def names(self, family: Family, users: Iterable[DirectoryUser]) -> dict[str, str]:
        """The name of the policy in force for each user, by owner."""
        everybody = {user.owner: user for user in users}
        granted = PERSON_GRANTS.get(self._transaction, everybody)
        own = {owner: getattr(theirs, family.value) for owner, theirs in granted.items()}
        grants = self._setup.current.grants[family]
        return {owner: grants.effective(u, own.get(owner)) for owner, u in everybody.items()}

    def audio_of(self, users: Iterable[DirectoryUser]) -> dict[str, TeamsAudioConferencingPolicy]:
        """The audio conferencing policy in force for each user, by owner."""
        policies = self._setup.current.audio_policies
        default = policies[fold(GLOBAL)]
        if len(policies) == 1:
            # There is only Global, so no grant needs to be read.
            return {user.owner: default for user in users}
        named = self.names(Family.AUDIO_CONFERENCING, users)
        return {owner: policies.get(fold(name), default) for owner, name in named.items()}

    def _hold(self, name: str) -> None:
        """Lock a policy: nobody else can remove or grant it before this transaction ends."""
        if not self._transaction.get(AUDIO_POLICY.name, [fold(name)], lock=True):
            raise no_such_policy(name, [p.identity for p in self.audio_policies()])

    def _hold_granted(self, family: Family, name: str | None) -> None:
        if family is Family.AUDIO_CONFERENCING and name not in (None, GLOBAL):
            assert name is not None  # noqa: S101 - said in the line above
            self._hold(name)

    def _grant(self, family: Family, owners: Sequence[str], name: str | None) -> None:
        kept = PERSON_GRANTS.get(self._transaction, owners, lock=True)
        granted = {
            owner: attrs.evolve(kept.get(owner, NOTHING), **{family.value: name})
            for owner in owners
        }
        documents = {
            o: PERSON_GRANTS.body(theirs) for o, theirs in granted.items() if theirs != NOTHING
        }
        self._transaction.put(GRANT.name, documents)
        self._transaction.delete(GRANT.name, [owner for owner in owners if owner not in documents])

    def _put_grants(self, family: Family, change: Callable[[Grants], Grants]) -> None:
        key = grants_key(family)
        # Read again: another process may have granted something since the set-up was read.
        body = self._transaction.get(TENANT.name, [key], lock=True).get(key, {})
        grants = change(TENANT_GRANTS.read(body))
        self._setup.put(TENANT, {key: TENANT_GRANTS.body(grants)})


def _online(user: DirectoryUser, granted: PersonGrants) -> OnlineUser:
    return OnlineUser(
        **attrs.asdict(user, recurse=False),
        feature_types=("Teams", "AudioConferencing") if user.is_licensed else ("Teams",),
        teams_audio_conferencing_policy=granted.audio_conferencing,
        online_dial_out_policy=granted.dial_out,
    )
