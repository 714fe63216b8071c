"""The calls of a rehearsal made again, on the tenant itself."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.errors import InvalidOperationError
from confid.ids.conference_id import ConferenceId
from confid.rehearsal.calls import people_of
from confid.tenant.documents import CONFERENCING, MEETING, USER
from confid.tenant.properties import NOTHING, PERSON, KeptPin, Subject, shown
from confid.tenant.property_changes import Changes, changes
from confid.tenant.records import Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping, Sequence

    from confid.engine.recording import RecordedCall
    from confid.engine.session import Session
    from confid.rehearsal.outcome import Outcome
    from confid.tenant.properties import Shown

NEVER = {
    "confid.ledger.merge": "a merge",
    "confid.mail.deliver": "a delivery",
    "confid.move_tenant": "a move",
    "confid.restore": "a restore",
}
"""What a rehearsal that is to be applied can't hold."""

_DRAWN = (str, UUID, ConferenceId)
_NAMES = (
    *("user_principal_name", "sip_address", "display_name", "name", "number"),
    *("organizer", "subject", "start", "to", "events", "serial"),
)
"""What a person, a bridge, a meeting and a message are known by, beside what is drawn."""


class TenantChangedError(InvalidOperationError):
    """The tenant is no longer the one that was rehearsed on; `differences` says where."""

    error_id = "TenantChanged"

    def __init__(self, what: str, differences: Changes) -> None:
        super().__init__(f"{what} Nothing was changed; rehearse again.\n{differences}")
        self.differences = differences


def demand_unchanged(session: Session, outcome: Outcome) -> None:
    """Raise `TenantChangedError` where one of the subjects isn't as the rehearsal saw it.

    So too where an identity is somebody else's now. The subjects stay locked until the
    transaction that this is called in is over. Raises `InvalidOperationError` for another tenant,
    and under WhatIf.
    """
    if session.preferences.what_if:
        raise InvalidOperationError(
            "The session's WhatIf preference is on, and apply() changes its tenant. Turn it off "
            "first: session.preferences.what_if = False.",
            error_id="RehearsalNotApplicable",
        )
    seen, named = outcome.seen, outcome.named
    subjects = {subject: kept for subject, kept in seen.items() if subject[0] != MEETING.name}
    owners = [key for kind, key in subjects if kind == PERSON]
    with session.unit(write=True) as unit:
        if str(unit.facts.tenant_id) != outcome.tenant_id:
            raise InvalidOperationError(
                "Another tenant stands now where the rehearsal's was. Nothing was changed.",
                error_id="RehearsalNotApplicable",
            )
        unit.lock_setup(shared=all(kind == PERSON for kind, _ in subjects))
        for kind in (USER.name, CONFERENCING.name):
            unit.transaction.get(kind, owners, lock=True)
        others = {
            (PERSON, user.owner): NOTHING
            for identity, user in people_of(unit, list(named)).items()
            if user.owner != named[identity]
        }
        subjects = others | subjects
        now = shown(unit, subjects)
    if found := changes(subjects, now):
        raise TenantChangedError("The tenant has changed since it was rehearsed on.", found)


def replay(
    session: Session, recorded: Sequence[RecordedCall], *, drawn: Collection[str]
) -> list[Any]:
    """Make the calls again; what each of them returns, None for one that failed or was undone.

    `drawn` are the keys and IDs that the rehearsal drew: what they named has another one now.
    """
    results: list[Any] = []
    now: dict[str, str] = {}
    for call in recorded:
        if call.failed or call.undone or call.again is None:
            results.append(None)
            continue
        arguments = {name: _translated(value, now) for name, value in call.arguments.items()}
        with session.acting_as(call.actor) if call.actor else nullcontext():
            result = call.again(session, arguments)
        results.append(result)
        now = _renamed(call.result, result, drawn) | now
    return results


def _renamed(old: Any, new: Any, drawn: Collection[str]) -> dict[str, str]:
    """What a call drew in the rehearsal, and in its place now: in the records of one name."""
    records = _by_name(new)
    found: dict[str, str] = {}
    for name, record in _by_name(old).items():
        for field in attrs.fields(type(record)) if name in records else ():
            one, other = getattr(record, field.name), getattr(records[name], field.name)
            if isinstance(one, _DRAWN) and str(one) in drawn:
                found[str(one)] = str(other)
    return found


def _by_name(result: Any) -> dict[Hashable, Any]:
    """The records in a result, but for those that share a name: others may be among them now."""
    result = getattr(result, "users", result)
    found: dict[Hashable, list[Any]] = {}
    for record in result if isinstance(result, Results) else [result]:
        if isinstance(record, Record):
            name = (type(record), *(getattr(record, part, None) for part in _NAMES))
            found.setdefault(name, []).append(record)
    return {name: records[0] for name, records in found.items() if len(records) == 1}


def _translated(value: Any, now: Mapping[str, str]) -> Any:
    """A value with the names of now."""
    if not now:
        return value
    if isinstance(value, _DRAWN):
        return type(value)(now[str(value)]) if str(value) in now else value
    if isinstance(value, list | tuple | Results):
        return [_translated(item, now) for item in value]
    if isinstance(value, Record):
        fields = {f.name: getattr(value, f.name) for f in attrs.fields(type(value))}  # type: ignore[arg-type]  # every record is attrs
        new = {name: _translated(v, now) for name, v in fields.items() if str(v) in now}
        return attrs.evolve(value, **new)  # type: ignore[misc]  # every record is attrs
    return value


def demand_promised(
    session: Session,
    seen: Mapping[Subject, Shown],
    promised: Mapping[Subject, Shown],
    *,
    drawn: Collection[str],
) -> None:
    """Raise `TenantChangedError` where something didn't come out as in the rehearsal.

    What was drawn comes out otherwise: IDs, PINs, and who and what is new under such a key.
    """
    known = {s: kept for s, kept in promised.items() if seen[s].properties or s[1] not in drawn}
    with session.unit(write=False) as unit:
        now = shown(unit, known)
    other = {s: _without_drawn(now[s], known[s], drawn) for s in known}
    if found := changes(known, other):
        raise TenantChangedError("It didn't come out as in the rehearsal.", found)


def _without_drawn(now: Shown, promised: Shown, drawn: Collection[str]) -> Shown:
    """`now` with what was promised in the place of what is drawn."""
    properties = dict(now.properties)
    for name, value in promised.properties.items():
        is_drawn = name == "Invitation" or isinstance(value, KeptPin) or str(value) in drawn
        if is_drawn and (properties.get(name) is None) == (value is None):
            properties[name] = value
    return now._replace(properties=properties)
