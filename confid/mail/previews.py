"""Mails as they would leave now, taking nothing from the outbox."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs reads the annotations
from html import escape
from typing import TYPE_CHECKING

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.engine.trial import Effect, changed_mails
from confid.engine.what_if import say
from confid.errors import InvalidArgumentError, Secret
from confid.mail.departures import all_as_of_now
from confid.mail.messages import DEFAULT, compose, read_wording
from confid.mail.outbox_queue import in_order
from confid.tenant.outbox import MESSAGES, MessageState
from confid.tenant.records import MASKED_PIN, Record, prop
from confid.tenant.results import Results
from confid.tenant.web_links import links_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage
    from uuid import UUID

    from confid.engine.session import Session
    from confid.errors import ConfidError
    from confid.mail.departures import Departure
    from confid.mail.messages import Wording
    from confid.mail.templates import TemplateSource
    from confid.tenant.unit_of_work import UnitOfWork
    from confid.tenant.web_links import Links

_FRAME = "width:100%;height:32em;border:1px solid rgba(128,128,128,.5);background:white"


@attrs.frozen(kw_only=True, str=False)
class PreviewedMail(Record):
    """A mail as it would leave now, its PIN masked. A notebook shows how it will look."""

    to: str = prop("To")
    subject: str = prop("Subject")
    events: tuple[str, ...] = prop("Events")
    created_at: datetime = prop("CreatedAt")
    key: str = attrs.field(repr=False)
    message: EmailMessage = attrs.field(repr=False, eq=False)

    @property
    def text(self) -> str:
        """The plain text."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML page."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part is not None else ""

    def __str__(self) -> str:
        headers = [f"{name}: {self.message[name]}" for name in ("From", "To", "Subject", "Date")]
        return "\n".join([*headers, "", self.text])

    def _repr_html_(self) -> str:
        headers = "".join(
            f"<div><b>{name}:</b> {escape(str(self.message[name]))}</div>"
            for name in ("From", "To", "Subject", "Date")
        )
        # A frame of its own, without scripts: the mail's styles and the notebook's don't meet.
        return f'{headers}<iframe sandbox style="{_FRAME}" srcdoc="{escape(self.html)}"></iframe>'


@own_function("confid.mail.preview")
def preview(
    *,
    templates: TemplateSource | None = None,
    languages: Mapping[str, Mapping[str, str]] | None = None,
    session: Session | None = None,
) -> Results[PreviewedMail]:
    """The mails that are owed, as they would leave now; the outbox stays as it is.

    They come in the order in which `deliver` sends them, each with its `message`. A PIN is
    masked. Mails that would be superseded or parked are left out; `errors` of the `Results` says
    which mails can't be composed and why. `templates` and `languages` are those of `deliver`.
    """
    here = current_session(session)
    wording = read_wording(templates=templates, languages=languages)
    with here.unit(write=False) as tenant:
        leaving = all_pending(tenant)
        links, tenant_id = links_of(tenant), tenant.facts.tenant_id
    mails: list[PreviewedMail] = []
    errors: list[ConfidError] = []
    for one in leaving:
        if one.entry.state != MessageState.PENDING:
            continue
        try:
            mails.append(previewed(one, tenant_id=tenant_id, links=links, wording=wording))
        except InvalidArgumentError as error:
            errors.append(error)
    return Results(mails, errors)


def all_pending(tenant: UnitOfWork) -> list[Departure]:
    """The messages that are pending, as they would leave now and in that order."""
    pending = MESSAGES.find(tenant.transaction, "state", [MessageState.PENDING])
    return list(all_as_of_now(tenant, in_order(pending.values())))


def previewed(
    leaving: Departure, *, tenant_id: UUID, links: Links, wording: Wording = DEFAULT
) -> PreviewedMail:
    """A message as a preview shows it. Raises as `compose` does."""
    entry = leaving.entry
    message = compose(
        entry,
        pin=Secret(MASKED_PIN) if entry.facts.pin else None,
        tenant_id=tenant_id,
        domain=leaving.domain,
        links=links,
        wording=wording,
    )
    return PreviewedMail(
        to=str(message["To"].addresses[0].addr_spec),
        subject=str(message["Subject"]),
        events=tuple(event.value for event in entry.events),
        created_at=entry.created_at,
        key=entry.key,
        message=message,
    )


def say_what_would_leave(session: Session) -> None:
    """Say what `deliver` would hand over, under WhatIf."""
    with session.unit(write=False) as tenant:
        leaving = [one.entry for one in all_pending(tenant)]
    after = {
        entry.key: attrs.evolve(entry, state=MessageState.SENT)
        if entry.state == MessageState.PENDING
        else entry
        for entry in leaving
    }
    pending = {key: attrs.evolve(entry, state=MessageState.PENDING) for key, entry in after.items()}
    target = f"{len(pending)} pending mail{'s' if len(pending) != 1 else ''}"
    mails = [*changed_mails(pending, after)]
    say(session, "confid.mail.deliver", [target], [Effect(target=target, mails=mails)])
