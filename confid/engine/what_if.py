"""WhatIf: what a call would do is tried out, said to the host, and kept for the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from confid.engine.common_parameters import operation
from confid.engine.trial import Effect
from confid.errors import ConfidError
from confid.powershell.language.values import LIST_VALUE
from confid.tenant.display import Shown
from confid.tenant.documents import MEETING
from confid.tenant.migrations import MigrationState
from confid.tenant.outbox import MessageState
from confid.tenant.properties import PERSON
from confid.tenant.property_changes import NEW, WhatIfChange
from confid.tenant.records import Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confid.engine.session import Session
    from confid.engine.trial import Changed, ChangedMail, Trial

MOST_LINES: Final = 20
"""So many targets get a line that says what would be done."""
MOST_PARTS: Final = 6
LONGEST_VALUE: Final = 60
_OF_THE_BRIDGE: Final = ("BridgeId", "DefaultTollNumber", "DefaultTollFreeNumber")


def say(session: Session, name: str, targets: Sequence[str], effects: Sequence[Effect]) -> None:
    """Write the What-if line of each target, and behind it what would be done."""
    tell = getattr(session.host, "write_information", None) or (lambda _: None)
    for place, target in enumerate(targets):
        session.host.write_line(f"What if: {operation(name, target)}")
        if place < min(MOST_LINES, len(effects)):
            tell(f"  would: {in_words(effects[place])}")
    if len(effects) > MOST_LINES:
        tell(f"  and {len(effects) - MOST_LINES} more: session.last_what_if has all.")
    keep(session, effects)


def keep(session: Session, effects: Sequence[Effect]) -> None:
    """Keep what a call would have done, in `session.last_what_if`."""
    session.last_what_if = Results(row for effect in effects for row in rows_of(effect))


def nothing(result: Any) -> Any:
    """What comes out in place of a result when nothing was done."""
    if isinstance(result, Results):
        return Results()
    if not isinstance(result, Shown) or isinstance(result, Record):
        return None
    needed = [f for f in attrs.fields(type(result)) if f.default is attrs.NOTHING]  # type: ignore[arg-type]  # every report is attrs
    return None if needed else type(result)()


def tried(trial: Trial, targets: Sequence[str], work: Callable[[], object]) -> list[Effect]:
    """The effects of work on its targets, or why it fails."""
    if not targets:
        return []
    try:
        work()
    except ConfidError as error:
        return [Effect(target=targets[0], error=error.message)]
    return trial.effects(targets)


def rows_of(effect: Effect) -> Iterator[WhatIfChange]:
    """The changes of a target, a row each."""

    def row(name: str, before: object, after: object) -> WhatIfChange:
        return WhatIfChange(target=effect.target, property=name, before=before, after=after)

    if effect.error is not None:
        yield row("Error", None, effect.error)
    for changed in effect.changed:
        own = _is_its_own(changed, effect)
        for found in changed.rows:
            name = found.property if own else f"{found.property} of {changed.name}"
            yield row(name, found.before, found.after)
    for mail in effect.mails:
        yield row("Message", mail.was, mail.becomes)
    for name, before, after in effect.migrations:
        of = "" if name == effect.target else f" of {name}"
        yield row(f"MeetingMigration{of}", before, after)


# The words.


def in_words(effect: Effect) -> str:
    """What would be done for a target, in a line."""
    if effect.error is not None:
        return f"fail: {' '.join(effect.error.split())}"
    people = [changed for changed in effect.changed if changed.subject[0] == PERSON]
    meetings = [changed for changed in effect.changed if changed.subject[0] == MEETING.name]
    things = [c for c in effect.changed if c not in people and c not in meetings]
    parts = [word for thing in things for word in _of_thing(thing, effect)]
    if len(people) == 1 and _is_its_own(people[0], effect):
        parts += _of_person(people[0])
    elif people:
        parts.append(_counted(f"change {people[0].name}", "change %d people", len(people)))
    parts += _of_meetings(meetings)
    if len(parts) > MOST_PARTS:
        parts[MOST_PARTS:] = [f"{len(parts) - MOST_PARTS} more changes"]
    parts += _of_mails(effect.mails)
    if queued := [after for _, _, after in effect.migrations if after == MigrationState.PENDING]:
        many = "update the invitations of %d people"
        parts.append(_counted("update the invitations", many, len(queued)))
    return "; ".join(parts) or "change nothing"


def _of_person(changed: Changed) -> Iterator[str]:
    before, after = changed.seen.properties, changed.promised.properties
    if not before:
        yield "add to the directory"
    elif not after:
        yield "remove from the directory"
    was, will = "LeaderPin" in before, "LeaderPin" in after
    if will and not was:
        yield "enable, with a new conference ID and a new PIN"
    elif was and not will:
        yield "disable and retire the conference ID" if after else "retire the conference ID"
    elif before and after:
        moved = any(row.property == "BridgeName" for row in changed.rows)
        for row in changed.rows:
            if not (moved and row.property in _OF_THE_BRIDGE):
                yield _OF_A_PERSON.get((row.property, _kind(row.before), _kind(row.after))) or _set(
                    row.property, row.after
                )


def _kind(value: object) -> str:
    return "none" if value is None else "new" if value == NEW else "some"


_OF_A_PERSON: Final = {
    ("ConferenceId", "some", "new"): "reset the conference ID",
    ("ConferenceId", "none", "new"): "draw a conference ID",
    ("ConferenceId", "some", "none"): "retire the conference ID",
    ("LeaderPin", "some", "new"): "reset the PIN",
    ("LeaderPin", "none", "new"): "make a PIN",
}
"""How a change reads, by its property and what it is before and after."""


def _is_its_own(changed: Changed, effect: Effect) -> bool:
    """Whether somebody or something is what the target names, so that the name need not be said."""
    others = (other for other in effect.changed if other is not changed)
    if changed.name.lstrip("+") == effect.target:
        return True
    if changed.subject[0] != PERSON:
        return not any(others)
    # A call can give a person another name.
    return not any(o.subject[0] == PERSON or o.name.lstrip("+") == effect.target for o in others)


def _of_thing(changed: Changed, effect: Effect) -> Iterator[str]:
    name = "" if _is_its_own(changed, effect) else changed.name
    if not changed.seen.properties:
        yield f"add {changed.name}"
    elif not changed.promised.properties:
        yield f"remove {changed.name}"
    else:
        yield from (_set(row.property, row.after, of=name) for row in changed.rows)


def _set(name: str, value: object, *, of: str = "") -> str:
    whose = f"{name} of {of}" if of else name
    if value is None or value == "":
        return f"clear {whose}"
    text = " ".join(LIST_VALUE[type(value)](value).split())
    return f"set {whose} to {text if len(text) <= LONGEST_VALUE else f'{text[:LONGEST_VALUE]}…'}"


def _of_meetings(meetings: Sequence[Changed]) -> Iterator[str]:
    new = [m for m in meetings if not m.seen.properties]
    gone = [m for m in meetings if not m.promised.properties]
    for word, some in (("add", new), ("remove", gone)):
        if some:
            yield _counted(f"{word} the meeting {some[0].name}", f"{word} %d meetings", len(some))
    if kept := [m for m in meetings if m not in new and m not in gone]:
        one = f"update the invitation of {kept[0].name}"
        yield _counted(one, "update %d invitations", len(kept))


def _of_mails(mails: Sequence[ChangedMail]) -> Iterator[str]:
    for before, after, one, many in _MAILS:
        some = [m for m in mails if _fits(before, m.was) and _fits(after, m.will_be)]
        if some:
            yield _counted(one.format(some[0].becomes), many, len(some))


_MAILS: Final = (
    # the state before, the state after; the words for one, the words for many
    (None, MessageState.PENDING, "mail to {}", "%d mails"),
    (None, MessageState.FAILED, "no mail, for want of an address", "%d mails have no address"),
    (MessageState.FAILED, MessageState.PENDING, "mail again to {}", "%d mails again"),
    (MessageState.PENDING, MessageState.SENT, "send a mail", "send %d mails"),
    ("any", MessageState.SUPERSEDED, "supersede a waiting mail", "supersede %d waiting mails"),
    ("any", MessageState.CANCELLED, "cancel a mail", "cancel %d mails"),
    ("any", None, "erase a mail", "erase %d mails"),
)


def _fits(wanted: str | None, state: str | None) -> bool:
    return state is not None if wanted == "any" else state == wanted


def _counted(one: str, many: str, count: int) -> str:
    return one if count == 1 else many % count
