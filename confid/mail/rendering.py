"""A message's content as plain text and as HTML, with the same words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.mail.content import Content, Country, Section

# The reader's own colours and half transparent lines keep a dark theme dark. Relative widths need
# no scrolling on a phone. Mail programs accept inline styles only.
_BODY = (
    "margin:0;padding:16px;font-family:'Segoe UI',Helvetica,Arial,sans-serif;font-size:16px;"
    "line-height:1.5"
)
_PAGE = "max-width:600px;margin:0 auto"
_PARAGRAPH = "margin:0 0 16px"
_HEADING = "margin:24px 0 8px;font-size:18px;line-height:1.3"
_COUNTRY = "margin:16px 0 4px;font-size:16px"
_TABLE = "border-collapse:collapse;margin:0 0 16px"
_LABEL = (
    "padding:6px 24px 6px 0;text-align:left;text-align:start;font-weight:normal;"
    "vertical-align:baseline"
)
_FACT = "padding:6px 0;font-size:20px;font-weight:bold;vertical-align:baseline"
_LISTS = {"ltr": "margin:0 0 16px;padding:0 0 0 24px", "rtl": "margin:0 0 16px;padding:0 24px 0 0"}
_CLOSING = (
    "margin:24px 0 0;padding:16px 0 0;border-top:1px solid rgba(128,128,128,.5);font-size:14px"
)


def as_text(content: Content) -> str:
    """The message as plain text, a line for each paragraph; mail programs wrap them."""
    blocks = [content.greeting, *content.opening]
    for section in content.sections:
        blocks += _text_blocks(section)
    blocks.append(content.closing)
    return "\n\n".join(blocks) + "\n"


def _text_blocks(section: Section) -> Iterator[str]:
    yield f"{section.heading}\n{'-' * len(section.heading)}"
    yield from section.paragraphs
    if section.facts:
        yield "\n".join(f"{label}: {value}" for label, value in section.facts)
    for country in section.countries:
        yield "\n".join([country.name, *(f"  {number.line}" for number in country.numbers)])
    if section.steps:
        yield "\n".join(f"{count}. {step}" for count, step in enumerate(section.steps, start=1))
    yield from section.after
    yield from (f"{link.label}: {link.url}" for link in section.links)


def html_body(content: Content) -> str:
    """The body of the HTML page, for a template's own page around it."""
    return "\n".join(
        [
            *_paragraphs([content.greeting, *content.opening]),
            *(
                line
                for section in content.sections
                for line in _html_section(section, _LISTS[content.direction])
            ),
            _element("p", content.closing, _CLOSING),
        ]
    )


def as_html(content: Content) -> str:
    """The message as an HTML page; every text in it is escaped."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{escape(content.language)}" dir="{escape(content.direction)}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(content.subject)}</title>",
            "</head>",
            f'<body style="{escape(_BODY)}">',
            f'<div style="{_PAGE}">',
            html_body(content),
            "</div>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _html_section(section: Section, list_style: str) -> Iterator[str]:
    yield _element("h2", section.heading, _HEADING)
    yield from _paragraphs(section.paragraphs)
    if section.facts:
        yield f'<table style="{_TABLE}">'
        for label, value in section.facts:
            head = f'<th scope="row" style="{_LABEL}">{escape(label)}</th>'
            yield f"<tr>{head}{_element('td', value, _FACT)}</tr>"
        yield "</table>"
    for country in section.countries:
        yield from _html_country(country, list_style)
    if section.steps:
        yield f'<ol style="{list_style}">'
        yield from (_element("li", step, "") for step in section.steps)
        yield "</ol>"
    yield from _paragraphs(section.after)
    for link in section.links:
        yield (f'<p style="{_PARAGRAPH}"><a href="{escape(link.url)}">{escape(link.label)}</a></p>')


def _html_country(country: Country, list_style: str) -> Iterator[str]:
    yield _element("h3", country.name, _COUNTRY)
    yield f'<ul style="{list_style}">'
    for number in country.numbers:
        link = (
            f'<a href="tel:+{escape(number.digits)}" style="color:inherit;white-space:nowrap">'
            f"{escape(number.shown)}</a>"
        )
        yield f"<li>{escape(number.line).replace(escape(number.shown), link, 1)}</li>"
    yield "</ul>"


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    return (_element("p", text, _PARAGRAPH) for text in texts)


def _element(name: str, text: str, style: str) -> str:
    styled = f' style="{style}"' if style else ""
    return f"<{name}{styled}>{escape(text)}</{name}>"
