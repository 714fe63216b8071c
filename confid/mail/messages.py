"""From an outbox entry to an e-mail message."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError
from confid.mail.headers import POLICY, POLICY_UTF8, Mailbox, encoded, mailbox
from confid.mail.languages.sentences import pick
from confid.mail.web_links import NO_LINKS, Links
from confid.mail.wording import DEFAULT, Wording

if TYPE_CHECKING:
    from uuid import UUID

    from confid.tenant.records import OutboxEntry

NO_REPLY = "no-reply"
"""The local part of the default sender's address."""


def compose(
    entry: OutboxEntry,
    *,
    tenant_id: UUID,
    domain: str | None = None,
    links: Links = NO_LINKS,
    wording: Wording = DEFAULT,
) -> EmailMessage:
    """The message that an outbox entry stands for: plain text and HTML, and its headers.

    It is from the sender that the call or the tenant named. Where neither
    did, it is from `Audio Conferencing <no-reply@domain>`, where `domain` is
    that of the organisation's own addresses (without it, the recipient's).
    The tenant names another one for all its messages with
    `set_cs_online_dial_in_conferencing_tenant_settings(send_email_from_override=True,
    send_email_from_address=…, send_email_from_display_name=…)`.

    The same entry always makes the same message, byte for byte. Its
    Message-ID is a digest of the tenant and the entry's key, so a repeat can
    be recognised. Which of conference ID, numbers, PIN and instructions it
    carries: behaviour, mail. A message with an internationalized address has
    a policy with `utf8=True` and needs a server with SMTPUTF8.

    Raises `InvalidArgumentError` when the recipient or the sender is no
    e-mail address, `TemplateError` when a template of the user's own fails.
    """
    if entry.to is None:
        raise InvalidArgumentError("The message has no recipient: the user has no e-mail address.")
    to = mailbox(entry.to, entry.facts.display_name, parameter="To")
    sender = _sender(entry, domain or to.domain, wording)
    digest = hashlib.blake2b(f"{tenant_id}:{entry.key}".encode(), digest_size=16).hexdigest()
    said = wording.render(entry, links)
    utf8 = to.needs_utf8 or sender.needs_utf8
    message = EmailMessage(policy=POLICY_UTF8 if utf8 else POLICY)
    message["From"] = str(sender)
    message["To"] = str(to)
    message["Subject"] = encoded(said.subject, header="Subject")
    message["Date"] = format_datetime(entry.created_at)
    message["Message-ID"] = f"<{digest}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    # Quoted-printable whatever is in it: no line is too long and no server is asked for 8BITMIME.
    message.set_content(said.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(said.html, subtype="html", charset="utf-8", cte="quoted-printable")
    # `=_` can't stand in quoted-printable text, so neither can the boundary.
    message.set_boundary(f"=_{digest[:24]}")
    return message


def _sender(entry: OutboxEntry, domain: str, wording: Wording) -> Mailbox:
    named = entry.sender
    address = named.address or f"{NO_REPLY}@{domain}"
    name = named.display_name
    if name is None and named.address is None:
        name = pick(entry.facts.language, wording.languages).say("sender")
    return mailbox(address, name, parameter="From")
