"""What a rehearsal has changed: a row for each property, before and after."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

import attrs

from confid.ids.conference_id import ConferenceId
from confid.powershell.language.values import TABLE_CELL
from confid.store.base import IMPORTED
from confid.tenant.display import HTML_ROWS
from confid.tenant.properties import KeptPin, Subject, differences
from confid.tenant.records import MASKED_PIN, Record, prop
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from confid.store.base import Transaction
    from confid.tenant.properties import Difference, Shown

NEW: Final = "new"
"""In the place of what is drawn: it will be another one in reality."""

_SPOKEN = re.compile(r"\b\d{3} \d{3} \d#")


@attrs.frozen(kw_only=True, str=False)
class PropertyChange(Record):
    """A property of somebody or something, before and after; None where there was or is none."""

    display_name: str = prop("DisplayName")
    property: str = prop("Property")
    before: object = prop("Before")
    after: object = prop("After")
    subject: Subject = attrs.field(repr=False, eq=False)


@attrs.frozen(kw_only=True, str=False)
class WhatIfChange(Record):
    """A change that a call under WhatIf would have made, and the target that it belongs to.

    A mail's `before` and `after` are what it is: pending, superseded, the address it goes to.
    """

    target: str = prop("Target")
    property: str = prop("Property")
    before: object = prop("Before")
    after: object = prop("After")


class Changes(Results[PropertyChange]):
    """The changes of a rehearsal, sorted by people, then by things."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        if not self:
            return "<p>0 rows</p>"
        lines = []
        for _, grouped in groupby(self[:HTML_ROWS], key=lambda row: row.subject):
            rows = list(grouped)
            name = escape(rows[0].display_name)
            head = f'<th rowspan="{len(rows)}" scope="rowgroup">{name}</th>'
            for row in rows:
                values = [TABLE_CELL[type(v)](v) for v in (row.property, row.before, row.after)]
                inside = "".join(f"<td>{escape(text)}</td>" for text in values)
                lines.append(f"<tr>{head}{inside}</tr>")
                head = ""
        titles = "".join(f"<th>{n}</th>" for n in ("DisplayName", "Property", "Before", "After"))
        cut = f"<p>{len(self)} rows, {HTML_ROWS} shown</p>" if len(self) > HTML_ROWS else ""
        body = "".join(lines)
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>{cut}"


def changes(
    before: Mapping[Subject, Shown],
    after: Mapping[Subject, Shown],
    *,
    is_drawn: Callable[[object], bool],
) -> Changes:
    """A row for each property that differs, with `NEW` for what was drawn."""
    return Changes(_row(found, is_drawn) for found in differences(before, after))


def _row(found: Difference, is_drawn: Callable[[object], bool]) -> PropertyChange:
    after = found.after
    if isinstance(after, KeptPin) or is_drawn(after):
        after = NEW
    elif found.property == "Invitation" and isinstance(after, str):
        after = _SPOKEN.sub(lambda m: NEW if is_drawn(conference_id(m[0])) else m[0], after)
    return PropertyChange(
        subject=found.subject,
        display_name=found.name,
        property=found.property,
        before=MASKED_PIN if isinstance(found.before, KeptPin) else found.before,
        after=after,
    )


def conference_id(spoken: str) -> ConferenceId | None:
    """The ID that an invitation shows."""
    digits = re.sub(r"\D", "", spoken)
    return None if digits.startswith("0") else ConferenceId(digits)


def new_ids(before: Transaction, shown: Iterable[Shown]) -> set[ConferenceId]:
    """The conference IDs among the properties that the ledger didn't hold `before`."""
    found = (s.properties.get("ConferenceId") for s in shown)
    ids = {number for number in found if isinstance(number, ConferenceId)}
    return ids - before.lookup(ids).keys()


def drawn_ids(before: Transaction, after: Transaction, shown: Iterable[Shown]) -> set[ConferenceId]:
    """Those of the `new_ids` that were drawn, not imported."""
    ids = new_ids(before, shown)
    return ids - {i for i, entry in after.lookup(ids).items() if entry.origin == IMPORTED}
