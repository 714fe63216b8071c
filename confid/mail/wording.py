"""How messages read: in which languages, and by whose templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.mail.content import content_of, told_of
from confid.mail.headers import one_line
from confid.mail.languages.sentences import SENTENCES, with_languages
from confid.mail.rendering import as_html, as_text, html_body
from confid.mail.templates import Templates, read_templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confid.mail.templates import TemplateSource
    from confid.mail.web_links import Links
    from confid.tenant.records import OutboxEntry


@attrs.frozen(kw_only=True)
class Rendered:
    """A message's subject and its two parts."""

    subject: str
    text: str = attrs.field(repr=False)
    html: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Wording:
    """The languages that there are, and the templates of the user's own."""

    languages: Mapping[str, Mapping[str, str]] = attrs.field(default=SENTENCES, repr=False)
    templates: Templates | None = None

    def render(self, entry: OutboxEntry, links: Links) -> Rendered:
        """What the message says. Raises `TemplateError` when a template fails."""
        content = content_of(entry, links=links, languages=self.languages)
        subject, text, page = content.subject, as_text(content), as_html(content)
        if self.templates is not None:
            events = tuple(event.value for event in told_of(entry.events))
            render = self.templates.render
            subject = one_line(
                render("subject", content, events, body=subject) or subject,
            )
            text = render("txt", content, events, body=text) or text
            page = render("html", content, events, body=_markup(html_body(content))) or page
        return Rendered(subject=subject, text=text, html=page)


DEFAULT = Wording()


def worded(
    *,
    templates: TemplateSource | None = None,
    languages: Mapping[str, Mapping[str, str]] | None = None,
) -> Wording:
    """The wording that a call asks for. Raises as `read_templates` and `with_languages` do."""
    return Wording(
        languages=SENTENCES if languages is None else with_languages(languages),
        templates=None if templates is None else read_templates(templates),
    )


def _markup(html: str) -> str:
    import markupsafe  # noqa: PLC0415 - comes with Jinja2, an extra

    # Escaped where it was made.
    return markupsafe.Markup(html)  # noqa: S704
