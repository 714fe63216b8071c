"""What a tenant's people and things show: their properties by PowerShell's names.

A `Subject` is the kind and the key of one of them. A person is the key of
their documents, whatever kind of document it is that has changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import attrs

from confid.ids.conference_id import ConferenceId
from confid.store.base import TENANT
from confid.store.batches import batched
from confid.tenant.documents import (
    AUDIO_POLICY,
    BRIDGE,
    CONFERENCING,
    GRANT,
    MEETING,
    MEETINGS,
    SERVICE_NUMBER,
    SETTINGS,
    SETTINGS_KEY,
    USER,
)
from confid.tenant.people import Person
from confid.tenant.policies import TAG, Family
from confid.tenant.records import MASKED_PIN
from confid.tenant.setup import grants_key
from confid.tenant.text import fold
from confid.tenant.web_links import LINKS, links_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confid.store.overlay import Changes as Written
    from confid.tenant.unit_of_work import UnitOfWork

PERSON: Final = USER.name
GRANTED: Final = {
    Family.AUDIO_CONFERENCING: "TeamsAudioConferencingPolicy",
    Family.DIAL_OUT: "OnlineDialOutPolicy",
}
OF_THE_TENANT: Final = "Tenant settings"
LICENCE: Final = "PstnConferencingLicenseState"
_OF_THE_BRIDGE: Final = ("BridgeName", "DefaultTollNumber", "DefaultTollFreeNumber")
"""Properties of a user that follow the bridge's: they change with another bridge only."""
KINDS: Final = {
    **dict.fromkeys((USER.name, CONFERENCING.name, GRANT.name), PERSON),
    **{kind.name: kind.name for kind in (MEETING, BRIDGE, SERVICE_NUMBER, AUDIO_POLICY, TENANT)},
}
"""What the documents of a kind are of. The order is that of changes."""
_OF_THE_TENANT: Final = (SETTINGS_KEY, LINKS, *map(grants_key, Family))
_CONSTANT: Final = "TenantId"
_DIGITS: Final = re.compile(r"[\d ()+./tel:-]{7,}")

Subject = tuple[str, str]


@attrs.frozen
class KeptPin:
    """That a person has a PIN: two are equal if their digests are."""

    digest: str = attrs.field(repr=False)

    def __str__(self) -> str:
        return MASKED_PIN


class Shown(NamedTuple):
    """What somebody or something is called, and its properties; none if it isn't there."""

    name: str
    properties: dict[str, Any]


NOTHING: Final = Shown("", {})


def written(changes: Written) -> set[Subject]:
    """The subjects that were written in an overlay."""
    found = {
        (kind, key)
        for document, kind in KINDS.items()
        for key in changes.documents.get(document, ())
        if kind != TENANT.name or key in _OF_THE_TENANT
    }
    return found | {(PERSON, owner) for owner in changes.owners}


def shown(unit: UnitOfWork, subjects: Iterable[Subject]) -> dict[Subject, Shown]:
    """What each of the subjects shows in a unit of work; one that isn't there shows nothing."""
    wanted: dict[str, list[str]] = {}
    for kind, key in sorted(subjects):
        wanted.setdefault(kind, []).append(key)
    return {
        (kind, key): there.get(key, NOTHING)
        for kind, keys in wanted.items()
        for there in [dict(_READERS[kind](unit, keys))]
        for key in keys
    }


# The readers pass over what isn't there.


def _people(unit: UnitOfWork, owners: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for some in batched(owners):
        users, settings = unit.users(some), SETTINGS.get(unit.transaction, some)
        # Not `unit.people`, which asks for serials too: they cost an overlay more than all else.
        current = unit.transaction.current(users)
        people = unit.policies.with_own(
            Person(
                user=user,
                conferencing=settings.get(owner),
                conference_id=ConferenceId(current[owner]) if owner in current else None,
            )
            for owner, user in users.items()
        )
        for person in people:
            user = person.user
            name = user.display_name or user.user_principal_name
            yield user.owner, Shown(name, _of_person(unit, person))


def _of_person(unit: UnitOfWork, person: Person) -> dict[str, Any]:
    user, kept = person.user, person.conferencing
    properties = dict(user.__powershell__())
    properties[LICENCE] = user.license_state.value
    if kept is not None and kept.enabled:
        properties |= unit.conferencing_user(person).__powershell__()
        properties["LeaderPin"] = KeptPin(kept.pin_digest) if kept.pin_digest else None
    del properties["DisplayName"]
    return {"DisplayName": user.display_name, **properties}


def _bridges(unit: UnitOfWork, keys: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for key in keys:
        if bridge := unit.setup.bridges.get(UUID(key)):
            properties = dict(unit.setup.bridge_record(bridge).__powershell__())
            # Each number says itself on which bridge it is.
            del properties["ServiceNumbers"]
            properties["DefaultServiceNumber"] = bridge.default_number
            yield key, Shown(bridge.name, properties)


def _numbers(unit: UnitOfWork, keys: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for key in keys:
        if number := unit.setup.numbers.get(key):
            yield key, Shown(f"+{key}", dict(number.__powershell__()))


def _policies(unit: UnitOfWork, keys: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for key in keys:
        if policy := unit.setup.audio_policies.get(key):
            yield key, Shown(policy.identity, dict(policy.__powershell__()))


def _meetings(unit: UnitOfWork, keys: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for key, meeting in MEETINGS.get(unit.transaction, keys).items():
        properties = {**meeting.__powershell__(), "Invitation": meeting.invitation}
        yield key, Shown(meeting.subject, properties)


def _of_tenant(unit: UnitOfWork, keys: Sequence[str]) -> Iterator[tuple[str, Shown]]:
    for key in keys:
        if key == SETTINGS_KEY:
            yield key, Shown(OF_THE_TENANT, dict(unit.settings.__powershell__()))
        elif key == LINKS:
            yield key, Shown("Links in mails", _pascal(attrs.asdict(links_of(unit))))
        else:
            family = next(family for family in Family if grants_key(family) == key)
            grants = unit.setup.grants[family]
            properties: dict[str, Any] = {GRANTED[family]: grants.tenant}
            for theirs in grants.groups:
                properties[f"{GRANTED[family]} of {theirs.group}"] = theirs.policy
                properties[f"Rank of {theirs.group}"] = theirs.rank
            yield key, Shown("The whole tenant", properties)


def _pascal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by names as PowerShell's are."""
    return {name.title().replace("_", ""): value for name, value in values.items()}


_READERS: Final = {
    PERSON: _people,
    BRIDGE.name: _bridges,
    SERVICE_NUMBER.name: _numbers,
    AUDIO_POLICY.name: _policies,
    MEETING.name: _meetings,
    TENANT.name: _of_tenant,
}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """The names of the properties in which two views of a subject differ."""
    moved = one.get("BridgeId") != other.get("BridgeId")
    for name in {**one, **other}:
        if name == _CONSTANT or (name in _OF_THE_BRIDGE and not moved):
            continue
        was, now = one.get(name), other.get(name)
        # Nothing is nothing in whatever form, but it is not a "no".
        if (was or None) != (now or None) or (was is False) != (now is False):
            yield name


def named(unit: UnitOfWork, text: str) -> set[Subject]:
    """The bridge, number and policy that a value of a parameter names, as far as there are any."""
    setup, name = unit.setup, fold(text.strip())
    found: set[Subject] = {
        (BRIDGE.name, str(bridge.identity))
        for bridge in setup.bridges.values()
        if name in (fold(bridge.name), str(bridge.identity))
    }
    if (policy := name.removeprefix(fold(TAG))) in setup.audio_policies:
        found.add((AUDIO_POLICY.name, policy))
    digits = re.sub(r"\D", "", name) if _DIGITS.fullmatch(name) else ""
    if digits in setup.numbers:
        found.add((SERVICE_NUMBER.name, digits))
    return found
