"""What came of the calls of a rehearsal, so far or in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.rehearsal.calls import (
    RehearsedCall,
    is_about_settings,
    named_people,
    names_people,
    people_of,
    rehearsed,
    texts,
)
from confid.rehearsal.mails import Mails, mails_of
from confid.store.base import TENANT
from confid.tenant.documents import MEETINGS, OUTBOX, SETTINGS_KEY
from confid.tenant.properties import PERSON, Subject, named, shown, written
from confid.tenant.property_changes import Changes, changes
from confid.tenant.results import Results
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from confid.engine.recording import RecordedCall
    from confid.rehearsal.source import Opened
    from confid.tenant.properties import Shown
    from confid.tenant.property_changes import PropertyChange
    from confid.tenant.records import DirectoryUser, Meeting
    from confid.tenant.unit_of_work import UnitOfWork


IMPORTS = ("confid.import_users", "confid.import_tenant", "confid.ledger.merge")
"""The calls that bring conference IDs from elsewhere."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of the calls. `seen` and `promised` are what they were given or changed.

    `seen` shows it as it was at first, `promised` as it is now.
    """

    recorded: tuple[RecordedCall, ...]
    calls: Results[RehearsedCall]
    changes: Changes
    mails: Mails
    outdated: Results[Meeting]
    seen: dict[Subject, Shown]
    promised: dict[Subject, Shown]
    drawn: frozenset[str]
    people: dict[str, DirectoryUser]
    named: dict[str, str | None]
    """The identities that calls were given, and whose each was at first."""
    tenant_id: str
    at: datetime
    changed: dict[Subject, dict[str, PropertyChange]] = attrs.field(init=False, repr=False)
    given: dict[str, set[str]] = attrs.field(init=False, repr=False)
    """The names of the parameters that calls gave for each person, folded."""

    @changed.default
    def _changed(self) -> dict[Subject, dict[str, PropertyChange]]:
        return self.changes.by_subject

    @given.default
    def _given(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for call in self.calls:
            if call.writes and not call.undone and call.info and names_people(call.info):
                names = set(map(fold, call.parameters))
                identities = call.parameters.get("Identity")
                for one in identities if isinstance(identities, list) else [identities]:
                    if user := self.people.get(str(one)):
                        found.setdefault(user.owner, set()).update(names)
        return found


def outcome_of(opened: Opened) -> Outcome:
    """What came of the calls so far."""
    session, recorded = opened.session, tuple(opened.recorder.calls)
    with opened.overlay.before_and_after() as (base, here):
        own = here.changes()
        before, after = session.tenant_on(base), session.tenant_on(here)
        tenant_id = str(before.facts.tenant_id)
        identities = named_people(recorded)
        # A person who has got another name is called by the one that others know.
        people = people_of(before, identities)
        whose = {i: people[i].owner if i in people else None for i in identities}
        people |= people_of(after, [name for name in identities if name not in people])
        given = {(PERSON, user.owner) for user in people.values()}
        given |= {(PERSON, user.owner) for user in _imported(recorded)}
        given |= {s for unit in (before, after) for s in _things(unit, recorded)}
        changed = written(own)
        seen = shown(before, changed | given)
        promised = {**seen, **shown(after, changed)}
        whose |= _names_of_new(seen, promised)
        mails = mails_of(base, after, own.documents.get(OUTBOX.name, ()))
        outdated = _outdated(after, own.owners)

    drawn = opened.dice.keys | set(map(str, own.drawn))
    return Outcome(
        recorded=recorded,
        calls=Results(rehearsed(call, people) for call in recorded),
        changes=changes(seen, promised, drawn=drawn),
        mails=mails,
        outdated=outdated,
        seen=seen,
        promised=promised,
        drawn=frozenset(drawn | own.documents.get(OUTBOX.name, set())),
        people=people | {user.user_principal_name: user for user in people.values()},
        named=whose,
        tenant_id=tenant_id,
        at=session.now(),
    )


def _things(unit: UnitOfWork, recorded: Sequence[RecordedCall]) -> set[Subject]:
    """The bridges, numbers, policies and settings that calls were given."""
    found: set[Subject] = set()
    for call in recorded:
        for name, value in call.arguments.items():
            if name != "identity" or not isinstance(value, list):
                found |= {subject for text in texts(value) for subject in named(unit, text)}
        if call.writes and is_about_settings(call.name):
            found.add((TENANT.name, SETTINGS_KEY))
    return found


def _imported(recorded: Sequence[RecordedCall]) -> Iterator[DirectoryUser]:
    """The people in the rows that calls were given, those too whom the rows didn't change."""
    for call in recorded:
        if call.name in IMPORTS and call.writes:
            users = getattr(call.result, "users", call.result)
            yield from users if isinstance(users, Results) else ()


def _names_of_new(
    seen: Mapping[Subject, Shown], promised: Mapping[Subject, Shown]
) -> dict[str, None]:
    """The names of the people that are new, who have to be nobody's still."""
    new = (promised[s].properties for s in promised if s[0] == PERSON and not seen[s].properties)
    return {name: None for its in new if (name := its.get("UserPrincipalName"))}


def _outdated(unit: UnitOfWork, owners: Collection[str]) -> Results[Meeting]:
    """The future meetings that would show an ID which is retired by then."""
    found = MEETINGS.find(unit.transaction, "owner", sorted(owners)).values()
    current = unit.transaction.current(owners)
    stale = [
        meeting
        for meeting in found
        if meeting.start > unit.now
        and meeting.conference_id not in (None, current.get(meeting.owner))
    ]
    return Results(sorted(stale, key=lambda m: (m.start, m.subject)))
