"""Granting: policies kept, removed and granted in one transaction, and whose counts for whom.

A policy belongs to the tenant's set-up, and so does what the tenant and
groups are granted. What a person is granted stands in a document of their
own, beside the directory's: an import of the directory leaves it alone, and
who was never enabled can have one. It is erased when the person is removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidOperationError
from confid.store.base import TENANT
from confid.tenant.documents import AUDIO_POLICY, GRANT, converter
from confid.tenant.policies import (
    DIAL_OUT_POLICIES,
    GLOBAL,
    Family,
    Grants,
    TeamsAudioConferencingPolicy,
    identity_of,
    name_of,
    no_such_policy,
)
from confid.tenant.setup import grants_key
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from confid.store.base import Body
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork

AT_ONCE = 1000
"""Grants written at once."""

NAMED = 3
"""Users that an error names before it counts."""


class Granting:
    """The policies of one unit of work; `put_setup` writes documents of the tenant's set-up."""

    def __init__(self, tenant: UnitOfWork, put_setup: Callable[..., None]) -> None:
        self._tenant = tenant
        self._put_setup = put_setup

    # Audio conferencing policies.

    def audio_policies(self) -> list[TeamsAudioConferencingPolicy]:
        """All of them: Global, then by name."""
        policies = self._tenant.setup.audio_policies
        return [policies[key] for key in sorted(policies, key=lambda k: (k != fold(GLOBAL), k))]

    def audio_policy(self, name: str) -> TeamsAudioConferencingPolicy:
        """The one of that name. Raises `NotFoundError`."""
        policy = self._tenant.setup.audio_policies.get(fold(name))
        if policy is None:
            raise no_such_policy(name, [p.identity for p in self.audio_policies()])
        return policy

    def put(self, policy: TeamsAudioConferencingPolicy) -> None:
        """Keep an audio conferencing policy, a new one or in the place of the one there is."""
        key = fold(name_of(policy))
        self._put_setup(AUDIO_POLICY, {key: converter().unstructure(policy)})

    def remove(self, name: str) -> None:
        """Remove an audio conferencing policy. Raises `InvalidOperationError` if it is in use."""
        self._hold(name)
        self.demand_unused(name)
        self._put_setup(AUDIO_POLICY, {}, gone=[fold(name)])

    def demand_unused(self, name: str) -> None:
        """Raise `InvalidOperationError` that names who has the audio conferencing policy."""
        family = Family.AUDIO_CONFERENCING
        owners = list(self._tenant.transaction.find(GRANT.name, family.value, [fold(name)]))
        users = self._tenant.users(owners[:NAMED]).values()
        holders = self._tenant.setup.grants[family].holders(name)
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
        """The name of a policy of that family as it is written. Raises `NotFoundError`."""
        if family is Family.AUDIO_CONFERENCING:
            return name_of(self.audio_policy(name))
        for policy in DIAL_OUT_POLICIES:
            if fold(name_of(policy)) == fold(name):
                return name_of(policy)
        raise no_such_policy(name, [policy.identity for policy in DIAL_OUT_POLICIES])

    def to_users(self, family: Family, users: Sequence[DirectoryUser], name: str | None) -> None:
        """Grant people a policy; None takes theirs back."""
        self._hold_granted(family, name)
        for start in range(0, len(users), AT_ONCE):
            owners = [user.owner for user in users[start : start + AT_ONCE]]
            self._grant(family, owners, name)

    def to_group(self, family: Family, group: str, name: str | None, rank: int | None) -> None:
        """Grant a group a policy, at a rank; None takes its policy back."""
        self._hold_granted(family, name)
        self._put_grants(family, lambda grants: grants.with_group(group, name, rank))

    def to_tenant(self, family: Family, name: str | None) -> None:
        """Grant the tenant a policy; None gives it Global back."""
        self._hold_granted(family, name)
        self._put_grants(family, lambda grants: attrs.evolve(grants, tenant=name))

    def names(self, family: Family, users: Iterable[DirectoryUser]) -> dict[str, str]:
        """The name of the policy that counts for each of them, by their owners."""
        everybody = {user.owner: user for user in users}
        own = {
            owner: body.get(family.value)
            for owner, body in self._tenant.transaction.get(GRANT.name, everybody).items()
        }
        grants = self._tenant.setup.grants[family]
        return {owner: grants.effective(u, own.get(owner)) for owner, u in everybody.items()}

    def audio_of(self, users: Iterable[DirectoryUser]) -> dict[str, TeamsAudioConferencingPolicy]:
        """The audio conferencing policy that counts for each of them, by their owners."""
        policies = self._tenant.setup.audio_policies
        default = policies[fold(GLOBAL)]
        if len(policies) == 1:
            # Nobody can have been granted another one, so nobody's grant is read.
            return {user.owner: default for user in users}
        named = self.names(Family.AUDIO_CONFERENCING, users)
        return {owner: policies.get(fold(name), default) for owner, name in named.items()}

    def _hold(self, name: str) -> None:
        """Keep everybody else from removing a policy, or granting it, meanwhile."""
        transaction = self._tenant.transaction
        if not transaction.get(AUDIO_POLICY.name, [fold(name)], lock=True):
            raise no_such_policy(name, [p.identity for p in self.audio_policies()])

    def _hold_granted(self, family: Family, name: str | None) -> None:
        if family is Family.AUDIO_CONFERENCING and name not in (None, GLOBAL):
            assert name is not None  # noqa: S101 - said in the line above
            self._hold(name)

    def _grant(self, family: Family, owners: Sequence[str], name: str | None) -> None:
        transaction = self._tenant.transaction
        kept = transaction.get(GRANT.name, owners, lock=True)
        documents: dict[str, Body] = {}
        for owner in owners:
            before = kept.get(owner, {})
            granted = {f.value: before.get(f.value) for f in Family} | {family.value: name}
            if any(granted.values()):
                documents[owner] = {**granted, "index": grant_index(granted)}
        transaction.put(GRANT.name, documents)
        transaction.delete(GRANT.name, [owner for owner in owners if owner not in documents])

    def _put_grants(self, family: Family, change: Callable[[Grants], Grants]) -> None:
        key = grants_key(family)
        # Not the set-up read before: another process may have granted something meanwhile.
        body = self._tenant.transaction.get(TENANT.name, [key], lock=True).get(key, {})
        grants = change(converter().structure(body, Grants))
        self._put_setup(TENANT, {key: converter().unstructure(grants)})


def grant_index(granted: Body) -> dict[str, str | None]:
    """The index values of a person's grants: the names, folded."""
    names = {family.value: granted.get(family.value) for family in Family}
    return {family: None if name is None else fold(name) for family, name in names.items()}
