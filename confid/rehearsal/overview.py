"""A rehearsal at a glance: what it would change, in one line and on one page."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Final

from confid.errors import ConfidError
from confid.powershell import format_table
from confid.tenant.display import html_view
from confid.tenant.documents import AUDIO_POLICY, BRIDGE, MEETING, SERVICE_NUMBER
from confid.tenant.properties import GRANTED, PERSON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from confid.mail.previews import PreviewedMail
    from confid.rehearsal.calls import RehearsedCall
    from confid.rehearsal.outcome import Outcome
    from confid.tenant.property_changes import PropertyChange

ROWS: Final = 20
"""Rows of each table that the text shows."""

WIDTH: Final = 120

_FACETS: Final = (
    *((word, word) for word in ("added", "removed", "enabled", "disabled", "moved")),
    *((word, f"{word}s") for word in ("new ID", "new PIN", "number")),
    ("policy", "policies"),
)
_THINGS: Final = (
    (MEETING.name, "invitation", "invitations"),
    (BRIDGE.name, "bridge", "bridges"),
    (SERVICE_NUMBER.name, "service number", "service numbers"),
    (AUDIO_POLICY.name, "policy", "policies"),
)


def headline(outcome: Outcome, errors: Sequence[BaseException]) -> str:
    """What would change, in one line."""
    parts = list(_parts(outcome))
    if errors:
        parts.append(f"{len(errors)} failed")
    return "; ".join(parts) or "Nothing would change"


def _parts(outcome: Outcome) -> Iterator[str]:
    subjects = outcome.changed
    people = [rows for (kind, _), rows in subjects.items() if kind == PERSON]
    if people:
        facets = ", ".join(_facets(people))
        yield f"{_counted(len(people), 'person', 'people')}{': ' if facets else ''}{facets}"
    for kind, one, many in _THINGS:
        if count := sum(subject[0] == kind for subject in subjects):
            yield f"{_counted(count, one, many)} changed"
    kinds = {PERSON, *(kind for kind, _, _ in _THINGS)}
    if settings := sum(len(rows) for (kind, _), rows in subjects.items() if kind not in kinds):
        yield _counted(settings, "setting", "settings")
    if outcome.mails:
        yield _counted(len(outcome.mails), "mail", "mails")
    if outcome.outdated:
        yield f"{_counted(len(outcome.outdated), 'invitation', 'invitations')} to update"


def _facets(people: Sequence[dict[str, PropertyChange]]) -> Iterator[str]:
    """How many people would be enabled, get another number, and so on."""
    counts = Counter(facet for rows in people for facet in _of_one(rows))
    for one, many in _FACETS:
        if counts[one]:
            yield _counted(counts[one], one, many)


def _of_one(rows: Mapping[str, PropertyChange]) -> Iterator[str]:
    """What happens to one person."""
    name, bridge = rows.get("UserPrincipalName"), rows.get("BridgeId")
    number, pin = rows.get("ConferenceId"), rows.get("LeaderPin")
    if name is not None and (name.before is None or name.after is None):
        yield "added" if name.before is None else "removed"
        if name.after is None:
            return
    if bridge is not None:
        yield "enabled" if bridge.before is None else "moved" if bridge.after else "disabled"
    is_enabled = bridge is None or bridge.before is not None
    if is_enabled and number is not None and number.after is not None:
        yield "new ID"
    if is_enabled and pin is not None and pin.after is not None:
        yield "new PIN"
    numbers = (rows.get("ServiceNumber"), rows.get("TollFreeServiceNumber"))
    if any(row is not None and row.after is not None for row in numbers):
        yield "number"
    if not rows.keys().isdisjoint(GRANTED.values()):
        yield "policy"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def as_text(outcome: Outcome, errors: Sequence[BaseException], warnings: Sequence[str]) -> str:
    """The whole at a glance; long lists are cut, with a count."""
    blocks = [headline(outcome, errors)]
    calls = "\n".join(_line(call) for call in outcome.calls[:ROWS])
    changes = format_table(list(outcome.changes[:ROWS]), width=WIDTH, auto_size=True).strip("\n")
    for title, text, count in (
        ("Calls, and how many each touched", calls, len(outcome.calls)),
        ("Changes", changes, len(outcome.changes)),
    ):
        if count:
            blocks.append(f"{title}:\n{text}{_more(count)}")
    for title, lines, count in _lists(outcome, errors, warnings):
        blocks.append("\n".join([f"{title}:", *(f"  {line}" for line in lines)]) + _more(count))
    return "\n\n".join(blocks)


def as_html(outcome: Outcome, errors: Sequence[BaseException], warnings: Sequence[str]) -> str:
    """The same for a notebook, the changes grouped by person."""
    parts = [f"<p><b>{escape(headline(outcome, errors))}</b></p>"]
    if outcome.calls:
        parts.append(_folded("Calls", html_view(outcome.calls)))
    if outcome.changes:
        parts.append(_folded("Changes", outcome.changes._repr_html_(), is_open=True))
    for title, lines, count in _lists(outcome, errors, warnings):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        parts.append(_folded(title, f"<ul>{items}</ul>{escape(_more(count))}"))
    return "".join(parts)


def _lists(
    outcome: Outcome, errors: Sequence[BaseException], warnings: Sequence[str]
) -> Iterator[tuple[str, list[str], int]]:
    """The title, the first lines and the length of each list that isn't empty."""
    mails = [_mail(outcome.mails, number) for number in range(len(outcome.mails))[:ROWS]]
    invitations = [f"{m.start:%Y-%m-%d %H:%M} {m.subject}" for m in outcome.outdated[:ROWS]]
    for title, lines, count in (
        ("Mails", mails, len(outcome.mails)),
        ("Invitations to update", invitations, len(outcome.outdated)),
        ("Failed", [str(error) or type(error).__name__ for error in errors[:ROWS]], len(errors)),
        ("Warnings", list(warnings[:ROWS]), len(warnings)),
    ):
        if lines:
            yield title, lines, count


def _mail(mails: Sequence[PreviewedMail], number: int) -> str:
    try:
        return f"{mails[number].to}: {mails[number].subject}"
    except ConfidError as error:  # no address that a mail can go to
        return error.message


def _line(call: RehearsedCall) -> str:
    failed = " FAILED" if call.error else ""
    text = f"{call.touched:>6,}{failed}  {call.name} {call.brief}".rstrip()
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _more(count: int) -> str:
    return f"\n  and {count - ROWS:,} more" if count > ROWS else ""


def _folded(title: str, inside: str, *, is_open: bool = False) -> str:
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>{inside}</details>"
