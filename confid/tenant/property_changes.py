"""What a rehearsal has changed: a row for each property, before and after."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

import attrs

from confid.powershell.language.values import TABLE_CELL
from confid.tenant.display import HTML_ROWS
from confid.tenant.properties import KINDS, KeptPin, Subject, differing
from confid.tenant.records import MASKED_PIN, Record, prop
from confid.tenant.results import Results
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from confid.tenant.properties import Shown

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

    @property
    def by_subject(self) -> dict[Subject, dict[str, PropertyChange]]:
        """The changes of each person and thing, by the property's name."""
        found: dict[Subject, dict[str, PropertyChange]] = {}
        for row in self:
            found.setdefault(row.subject, {})[row.property] = row
        return found

    def _repr_html_(self) -> str:
        if not self:
            return "<p>0 rows</p>"
        lines = []
        for rows in Changes(self[:HTML_ROWS]).by_subject.values():
            name = escape(next(iter(rows.values())).display_name)
            head = f'<th rowspan="{len(rows)}" scope="rowgroup">{name}</th>'
            for row in rows.values():
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
    drawn: Collection[str] = (),
) -> Changes:
    """The properties that differ, with `NEW` for what was drawn: IDs and keys as text."""
    names = {s: after[s].name or before[s].name for s in before}
    kinds = list(KINDS)
    order = sorted(before, key=lambda s: (kinds.index(s[0]), fold(names[s]), s))
    return Changes(
        PropertyChange(
            subject=subject,
            display_name=names[subject],
            property=name,
            before=MASKED_PIN if isinstance(was, KeptPin) else was,
            after=_unless_drawn(name, after[subject].properties.get(name), drawn),
        )
        for subject in order
        for name in differing(before[subject].properties, after[subject].properties)
        for was in [before[subject].properties.get(name)]
    )


def _unless_drawn(name: str, after: object, drawn: Collection[str]) -> object:
    if isinstance(after, KeptPin) or str(after) in drawn:
        return NEW
    if name == "Invitation" and isinstance(after, str):
        return _SPOKEN.sub(lambda m: NEW if re.sub(r"\D", "", m[0]) in drawn else m[0], after)
    return after
