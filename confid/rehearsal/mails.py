"""The mails of a rehearsal, each composed when somebody looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import attrs

from confid.mail.departures import all_as_of_now
from confid.mail.outbox_queue import in_order, state_of
from confid.mail.previews import PreviewedMail, previewed
from confid.tenant.documents import OUTBOX
from confid.tenant.outbox import MESSAGES, MessageState
from confid.tenant.results import Results
from confid.tenant.web_links import links_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from confid.mail.departures import Departure
    from confid.store.base import Transaction
    from confid.tenant.unit_of_work import UnitOfWork


class Mails(Sequence[PreviewedMail]):
    """Mails as they would leave: a sequence that shows itself as `Results` do."""

    def __init__(
        self, leaving: Sequence[Departure], compose: Callable[[Departure], PreviewedMail]
    ) -> None:
        self._leaving = leaving
        self._compose = compose
        self._composed: dict[int, PreviewedMail] = {}

    @overload
    def __getitem__(self, index: int) -> PreviewedMail: ...
    @overload
    def __getitem__(self, index: slice) -> Results[PreviewedMail]: ...
    def __getitem__(self, index: int | slice) -> PreviewedMail | Results[PreviewedMail]:
        if isinstance(index, slice):
            return Results(self[number] for number in range(len(self))[index])
        number = range(len(self))[index]
        if number not in self._composed:
            self._composed[number] = self._compose(self._leaving[number])
        return self._composed[number]

    def __len__(self) -> int:
        return len(self._leaving)

    def __repr__(self) -> str:
        return f"<{len(self)} mails>"

    def __str__(self) -> str:
        return str(self[:])

    def _repr_html_(self) -> str:
        return self[:]._repr_html_()


def mails_of(base: Transaction, unit: UnitOfWork, keys: Collection[str]) -> Mails:
    """The mails among these that the calls owe, in the order in which they would leave.

    Those that are pending in the base too are owed without the calls.
    """
    before = base.get(OUTBOX.name, keys)
    new = [
        key for key in keys if key not in before or state_of(before[key]) != MessageState.PENDING
    ]
    # Those that a rehearsal delivered to one address are owed all the same.
    owed = [
        attrs.evolve(entry, state=MessageState.PENDING)
        if entry.state == MessageState.SENT
        else entry
        for entry in MESSAGES.get(unit.transaction, new).values()
    ]
    leaving = all_as_of_now(unit, in_order(owed))
    tenant_id, links = unit.facts.tenant_id, links_of(unit)
    return Mails(
        [one for one in leaving if one.entry.state == MessageState.PENDING],
        lambda one: previewed(one, tenant_id=tenant_id, links=links),
    )
