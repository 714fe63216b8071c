"""From an outbox entry to an e-mail message, in which language and by whose templates."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError, Secret, demand
from confid.mail.content import PIN_MARK, content_of, told_of
from confid.mail.headers import POLICY, POLICY_UTF8, Mailbox, encoded, mailbox, one_line
from confid.mail.languages.sentences import SENTENCES, pick, with_languages
from confid.mail.rendering import as_html, as_text, html_body
from confid.mail.templates import Templates, read_templates
from confid.tenant.records import MASKED_PIN
from confid.tenant.web_links import NO_LINKS, Links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from confid.mail.templates import TemplateSource
    from confid.tenant.outbox import OutboxEntry

NO_REPLY = "no-reply"
"""The local part of the default sender's address."""


@attrs.frozen(kw_only=True)
class Rendered:
    """A message's subject and its two parts."""

    subject: str
    text: str = attrs.field(repr=False)
    html: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Wording:
    """The languages of messages, and the caller's own templates."""

    languages: Mapping[str, Mapping[str, str]] = attrs.field(default=SENTENCES, repr=False)
    templates: Templates | None = None

    def render(self, entry: OutboxEntry, links: Links, *, with_pin: bool) -> Rendered:
        """What the message says, with `PIN_MARK` for the PIN. Raises `TemplateError`."""
        content = content_of(entry, links=links, languages=self.languages, with_pin=with_pin)
        subject, text, page = content.subject, as_text(content), as_html(content)
        if self.templates is not None:
            events = tuple(event.value for event in told_of(entry.events))
            render = self.templates.render
            subject = one_line(render("subject", content, events, body=subject) or subject)
            text = render("txt", content, events, body=text) or text
            page = render("html", content, events, body=_markup(html_body(content))) or page
        return Rendered(subject=subject, text=text, html=page)


DEFAULT = Wording()


def read_wording(
    *,
    templates: TemplateSource | None = None,
    languages: Mapping[str, Mapping[str, str]] | None = None,
) -> Wording:
    """The wording for a call. Raises as `read_templates` and `with_languages` do."""
    return Wording(
        languages=SENTENCES if languages is None else with_languages(languages),
        templates=None if templates is None else read_templates(templates),
    )


def compose(
    entry: OutboxEntry,
    *,
    tenant_id: UUID,
    pin: Secret | None = None,
    domain: str | None = None,
    links: Links = NO_LINKS,
    wording: Wording = DEFAULT,
    redirect: Mailbox | None = None,
) -> EmailMessage:
    """The message of an outbox entry: headers, plain text and HTML.

    The sender is the one that the call or the tenant named, otherwise
    `Audio Conferencing <no-reply@domain>`. `domain` is the domain of the
    user's own address; without it, the recipient's. What the message
    carries: behaviour, mail, the table.

    The same entry always gives the same message, byte for byte. The
    Message-ID is a digest of the tenant and the entry's key, so a recipient
    can recognise a repeat. The `pin` is filled in at the end, so that neither
    a template nor an error has it. `redirect` is who gets the message instead:
    the subject then names the true address, the PIN is masked, and the
    Message-ID is another one. A message with an internationalized address has a
    policy with `utf8=True` and needs a server with SMTPUTF8.

    Raises `InvalidArgumentError` when the recipient or the sender is no
    e-mail address, `TemplateError` when one of the caller's templates fails.
    """
    if entry.to is None:
        raise InvalidArgumentError("The message has no recipient: the user has no e-mail address.")
    to = mailbox(entry.to, entry.facts.display_name, parameter="To")
    sender = _sender(entry, domain or to.domain, wording)
    said = wording.render(entry, links, with_pin=pin is not None)
    subject, unique = said.subject, f"{tenant_id}:{entry.key}"
    if redirect is not None:
        # A PIN goes to its user's own address and nowhere else (behaviour: mail).
        pin = None if pin is None else Secret(MASKED_PIN)
        subject, unique = f"[{to.address}] {subject}", f"{unique}:{redirect.address}"
        to = redirect
    digest = hashlib.blake2b(unique.encode(), digest_size=16).hexdigest()
    utf8 = to.needs_utf8 or sender.needs_utf8
    message = EmailMessage(policy=POLICY_UTF8 if utf8 else POLICY)
    message["From"] = str(sender)
    message["To"] = str(to)
    message["Subject"] = encoded(subject, header="Subject")
    message["Date"] = format_datetime(entry.created_at)
    message["Message-ID"] = f"<{digest}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    # Quoted-printable keeps lines short, and needs no server with 8BITMIME.
    message.set_content(_with_pin(said.text, pin), charset="utf-8", cte="quoted-printable")
    message.add_alternative(
        _with_pin(said.html, pin), subtype="html", charset="utf-8", cte="quoted-printable"
    )
    # Quoted-printable text can't contain `=_`, so it can't contain the boundary.
    message.set_boundary(f"=_{digest[:24]}")
    return message


def redirection(address: object) -> Mailbox:
    """The mailbox that gets all messages. Raises `InvalidArgumentError` for what is no address."""
    demand("redirect_to", address, str, "an e-mail address")
    return mailbox(str(address), None, parameter="redirect_to")


def _with_pin(text: str, pin: Secret | None) -> str:
    return text if pin is None else text.replace(PIN_MARK, pin.reveal())


def _sender(entry: OutboxEntry, domain: str, wording: Wording) -> Mailbox:
    named = entry.sender
    address = named.address or f"{NO_REPLY}@{domain}"
    name = named.display_name
    if name is None and named.address is None:
        name = pick(entry.facts.language, wording.languages).say("sender")
    return mailbox(address, name, parameter="From")


def _markup(html: str) -> str:
    import markupsafe  # noqa: PLC0415 - comes with Jinja2, an extra

    # Every text in it was escaped when it was made.
    return markupsafe.Markup(html)  # noqa: S704
