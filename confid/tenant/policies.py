"""Policies: their names, to whom they are granted, and which one is in force for a person.

Source of the rules: behaviour, policies.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError, NotFoundError, shown
from confid.store.base import TENANT
from confid.tenant.documents import AUDIO_POLICY, GRANT, DocumentType
from confid.tenant.records import Record, prop
from confid.tenant.text import fold, is_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.tenant.documents import Index
    from confid.tenant.records import DirectoryUser

GLOBAL = "Global"
TAG = "Tag:"

LONGEST_NAME = 64
"""Characters that a policy's name may have, `Tag:` not counted."""


class Family(enum.Enum):
    """The policies that can be granted; the value is the name of their documents and index."""

    AUDIO_CONFERENCING = "audio_conferencing"
    DIAL_OUT = "dial_out"


@attrs.frozen(kw_only=True, str=False)
class TeamsAudioConferencingPolicy(Record):
    """Which numbers invitations show, in their rank, and whether toll-free calls are let in.

    Without numbers an invitation shows the organizer's own.
    """

    identity: str = prop("Identity", default=GLOBAL)
    meeting_invite_phone_numbers: tuple[str, ...] = prop("MeetingInvitePhoneNumbers", default=())
    allow_toll_free_dialin: bool = prop("AllowTollFreeDialin", default=True)


@attrs.frozen(kw_only=True, str=False)
class DialInConferencingPolicy(Record):
    """Whether audio conferencing may be used at all."""

    identity: str = prop("Identity", default=GLOBAL)
    allow_service: bool = prop("AllowService", default=True)
    description: str | None = prop("Description", default=None)


@attrs.frozen(kw_only=True, str=False)
class DialInConferencingTenantConfiguration(Record):
    """Whether the tenant has audio conferencing: here always `Enabled`."""

    identity: str = prop("Identity", default=GLOBAL)
    status: str = prop("Status", default="Enabled")


@attrs.frozen(kw_only=True, str=False)
class DialOutPolicy(Record):
    """Where a meeting may dial out to, and where its user may call."""

    identity: str = prop("Identity")
    allow_pstn_conferencing_dial_out_type: str = prop("AllowPSTNConferencingDialOutType")
    allow_pstn_outbound_calling_type: str = prop("AllowPSTNOutboundCallingType")


_POLICIES = (
    TeamsAudioConferencingPolicy,
    DialInConferencingPolicy,
    DialInConferencingTenantConfiguration,
    DialOutPolicy,
)

_ANYWHERE, _DOMESTIC, _NOWHERE, _ZONE_A = (
    "InternationalAndDomestic",
    "DomesticOnly",
    "Disabled",
    "ZoneA",
)

# Source: Microsoft Learn, "Outbound calling restriction policies for Audio Conferencing and user
# PSTN calls". They are the service's own: none can be made, changed or removed.
DIAL_OUT_POLICIES = tuple(
    DialOutPolicy(
        identity=name if name == GLOBAL else TAG + name,
        allow_pstn_conferencing_dial_out_type=conference,
        allow_pstn_outbound_calling_type=calls,
    )
    for name, conference, calls in (
        (GLOBAL, _ANYWHERE, _ANYWHERE),
        ("DialoutCPCandPSTNInternational", _ANYWHERE, _ANYWHERE),
        ("DialoutCPCDomesticPSTNInternational", _DOMESTIC, _ANYWHERE),
        ("DialoutCPCDisabledPSTNInternational", _NOWHERE, _ANYWHERE),
        ("DialoutCPCInternationalPSTNDomestic", _ANYWHERE, _DOMESTIC),
        ("DialoutCPCInternationalPSTNDisabled", _ANYWHERE, _NOWHERE),
        ("DialoutCPCandPSTNDomestic", _DOMESTIC, _DOMESTIC),
        ("DialoutCPCDomesticPSTNDisabled", _DOMESTIC, _NOWHERE),
        ("DialoutCPCDisabledPSTNDomestic", _NOWHERE, _DOMESTIC),
        ("DialoutCPCandPSTNDisabled", _NOWHERE, _NOWHERE),
        ("DialoutCPCZoneAPSTNInternational", _ZONE_A, _ANYWHERE),
        ("DialoutCPCZoneAPSTNDomestic", _ZONE_A, _DOMESTIC),
        ("DialoutCPCZoneAPSTNDisabled", _ZONE_A, _NOWHERE),
    )
)


def name_of(policy: object, *, parameter: str = "Identity") -> str:
    """The name of a policy, given by its name, with or without `Tag:`, or as its record.

    Global has the one spelling. Raises `InvalidArgumentError` that names
    `parameter` for what is no name: not a text, empty, longer than 64
    characters, or not one line.
    """
    identity = policy.identity if isinstance(policy, _POLICIES) else policy
    if not isinstance(identity, str):
        raise InvalidArgumentError(
            f"{parameter}: a {type(policy).__name__} is no policy. Give its name, or the record "
            "that the Get- cmdlet returns.",
            target=parameter,
        )
    name = identity.strip()
    if fold(name).startswith(fold(TAG)):
        name = name[len(TAG) :].strip()
    if not name or len(name) > LONGEST_NAME or not is_one_line(name):
        raise InvalidArgumentError(
            f"{parameter}: {shown(identity)} is no name of a policy: that is one line of 1 to "
            f"{LONGEST_NAME} characters.",
            target=identity,
            error_id="PolicyNameInvalid",
        )
    return GLOBAL if fold(name) == fold(GLOBAL) else name


def identity_of(name: str) -> str:
    """A policy's identity as it is shown: `Global`, or `Tag:` and its name."""
    return name if name == GLOBAL else f"{TAG}{name}"


def no_such_policy(name: str, identities: Iterable[str]) -> NotFoundError:
    """The error, which lists the policies that exist."""
    return NotFoundError(
        f"There is no policy {name!r}; there are {', '.join(identities)}.",
        target=name,
        error_id="PolicyNotFound",
    )


@attrs.frozen(kw_only=True)
class GroupGrant:
    """A policy granted to a group; of a person's groups the one with the lowest rank counts."""

    group: str
    policy: str
    rank: int


@attrs.frozen(kw_only=True)
class Grants:
    """The grants of one family to the tenant and to groups; each group has its own rank."""

    tenant: str | None = None
    groups: tuple[GroupGrant, ...] = ()

    def effective(self, user: DirectoryUser, own: str | None) -> str:
        """The name of the policy in force: the user's own, a group's, the tenant's, or Global."""
        if own is not None:
            return own
        if self.groups and user.groups:
            theirs = {fold(group) for group in user.groups}
            for grant in self.groups:
                if fold(grant.group) in theirs:
                    return grant.policy
        return self.tenant or GLOBAL

    def with_group(self, group: str, policy: str | None, rank: int | None) -> Grants:
        """The grants once `group` has `policy`, by rank; None takes its policy back.

        A group that has one keeps its rank unless another is given; a new
        one without a rank comes last. The group that held the rank moves down
        by one, and so on.
        """
        before = {fold(g.group): g for g in self.groups}
        former = before.pop(fold(group), None)
        others = {g.rank: g for g in before.values()}
        if policy is not None:
            if rank is None:
                rank = former.rank if former else max(others, default=0) + 1
            coming = GroupGrant(group=group, policy=policy, rank=rank)
            while displaced := others.get(coming.rank):
                others[coming.rank] = coming
                coming = attrs.evolve(displaced, rank=displaced.rank + 1)
            others[coming.rank] = coming
        return attrs.evolve(self, groups=tuple(others[r] for r in sorted(others)))

    def holders(self, name: str) -> list[str]:
        """The tenant and the groups that have the policy, as text for an error."""
        tenant = ["the tenant"] if fold(self.tenant or "") == fold(name) else []
        return tenant + [
            f"the group {g.group!r}" for g in self.groups if fold(g.policy) == fold(name)
        ]


@attrs.frozen
class PersonGrants:
    """The grants to one person: the name of a policy for each family, or None."""

    audio_conferencing: str | None
    dial_out: str | None

    def index(self) -> Index:
        """The index values: the names, folded."""
        names = attrs.asdict(self)
        return {family: name and fold(name) for family, name in names.items()}


AUDIO_POLICIES = DocumentType(
    kind=AUDIO_POLICY, record=TeamsAudioConferencingPolicy, key=lambda p: fold(name_of(p))
)
TENANT_GRANTS = DocumentType(kind=TENANT, record=Grants)
PERSON_GRANTS = DocumentType(kind=GRANT, record=PersonGrants, index=PersonGrants.index)
