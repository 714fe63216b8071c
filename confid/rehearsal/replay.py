"""The calls of a rehearsal made again, on the tenant itself."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.errors import InvalidOperationError
from confid.rehearsal.calls import people_of
from confid.tenant.documents import CONFERENCING, MEETING, USER
from confid.tenant.properties import NOTHING, PERSON, KeptPin, Subject, shown
from confid.tenant.property_changes import Changes, changes
from confid.tenant.records import Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

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


class TenantChangedError(InvalidOperationError):
    """The tenant is no longer the one that was rehearsed on; `differences` says where."""

    error_id = "TenantChanged"

    def __init__(self, what: str, differences: Changes) -> None:
        super().__init__(f"{what} Nothing was changed; rehearse again.\n{differences}")
        self.differences = differences


def demand_unchanged(session: Session, outcome: Outcome) -> None:
    """Raise `TenantChangedError` where one of the subjects isn't as the rehearsal saw it.

    So too where an identity is somebody else's now. The subjects stay locked until the
    transaction that this is called in is over. Raises `InvalidOperationError` for another tenant.
    """
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

    `drawn` are the UUIDs that the rehearsal drew: what they named has another one now.
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
        for old, new in _pairs(call.result, result):
            now |= _renamed(old, new, drawn)
    return results


def _pairs(old: Any, new: Any) -> Iterable[tuple[Any, Any]]:
    old, new = (getattr(result, "users", result) for result in (old, new))
    if isinstance(old, Results) and isinstance(new, Results):
        return zip(old, new, strict=False)
    return [(old, new)]


def _renamed(old: Any, new: Any, drawn: Collection[str]) -> dict[str, str]:
    if not isinstance(old, Record) or type(old) is not type(new):
        return {}
    pairs = ((getattr(old, f.name), getattr(new, f.name)) for f in attrs.fields(type(old)))  # type: ignore[arg-type]  # every record is attrs
    return {str(a): str(b) for a, b in pairs if isinstance(a, str | UUID) and str(a) in drawn}


def _translated(value: Any, now: Mapping[str, str]) -> Any:
    """A value with the names of now."""
    if not now:
        return value
    if isinstance(value, str):
        return now.get(value, value)
    if isinstance(value, UUID):
        return UUID(now.get(str(value), str(value)))
    if isinstance(value, list | tuple | Results):
        return [_translated(item, now) for item in value]
    if isinstance(value, Record):
        fields = {f.name: getattr(value, f.name) for f in attrs.fields(type(value))}  # type: ignore[arg-type]  # every record is attrs
        new = {name: _translated(v, now) for name, v in fields.items() if isinstance(v, str | UUID)}
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
    known = {s: kept for s, kept in known.items() if s[0] != PERSON or seen[s].properties}
    with session.unit(write=False) as unit:
        now = shown(unit, known)
    other = {s: _without_drawn(now[s], known[s], drawn) for s in known}
    if found := changes(known, other):
        raise TenantChangedError("It didn't come out as in the rehearsal.", found)


def _without_drawn(now: Shown, promised: Shown, drawn: Collection[str]) -> Shown:
    """`now` with what was promised in the place of what is drawn."""
    properties = dict(now.properties)
    for name, value in promised.properties.items():
        is_drawn = name in ("ConferenceId", "Invitation") or isinstance(value, KeptPin)
        if (is_drawn or str(value) in drawn) and (properties.get(name) is None) == (value is None):
            properties[name] = value
    return now._replace(properties=properties)
