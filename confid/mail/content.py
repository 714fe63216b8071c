"""What a message says, before it becomes text or HTML.

Only this module decides whether a message carries the conference ID, the
numbers, the PIN and the instructions (behaviour: mail, the table).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.mail.headers import one_line
from confid.mail.languages.sentences import SENTENCES, pick
from confid.tenant import phone_number
from confid.tenant.notices import Event
from confid.tenant.records import TOLL_FREE
from confid.tenant.web_links import NO_LINKS, Links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from confid.mail.languages.sentences import Language
    from confid.tenant.outbox import MessageFacts, OutboxEntry
    from confid.tenant.records import DialInNumber

PIN_MARK = "\ufdd0"
"""Takes the place of the PIN until the message is complete, so that nothing else ever has it.

A Unicode noncharacter: `one_line` leaves none in a name.
"""

CHANGED = (Event.CONFERENCE_ID_RESET, Event.NUMBER_CHANGED, Event.PIN_RESET)
"""The events that one message can tell of together, in the order of their sentences."""


@attrs.frozen(kw_only=True)
class Parts:
    """The parts of a message."""

    details: bool
    pin: bool
    update: bool
    remove: bool


def parts_for(events: Collection[Event]) -> Parts:
    """The parts of a message about these events: those of each event.

    Two events forbid a part: a message about disabling has no details, and
    the conference info never has the PIN.
    """
    disabled = Event.DISABLED in events
    shows_pin = Event.ENABLED in events or Event.PIN_RESET in events
    changes_invitations = {Event.ENABLED, Event.CONFERENCE_ID_RESET, Event.NUMBER_CHANGED}
    return Parts(
        details=not disabled,
        pin=shows_pin and not disabled and Event.CONFERENCE_INFO not in events,
        update=not disabled and not changes_invitations.isdisjoint(events),
        remove=disabled,
    )


@attrs.frozen(kw_only=True)
class Number:
    """A dial-in number: its digits for a link, its usual form, and the line around that."""

    digits: str
    shown: str
    line: str


@attrs.frozen(kw_only=True)
class Country:
    """The numbers of one country, in the order of their rank."""

    name: str
    numbers: tuple[Number, ...]


@attrs.frozen(kw_only=True)
class Link:
    """A web page: what it is for, and its address."""

    label: str
    url: str


@attrs.frozen(kw_only=True)
class Section:
    """A heading and the parts below it, in this order; each part may be empty."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    countries: tuple[Country, ...] = ()
    steps: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@attrs.frozen(kw_only=True)
class Content:
    """A whole message."""

    language: str
    direction: str
    subject: str
    greeting: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    closing: str


def content_of(
    entry: OutboxEntry,
    *,
    links: Links = NO_LINKS,
    languages: Mapping[str, Mapping[str, str]] = SENTENCES,
    with_pin: bool = False,
) -> Content:
    """The content of an outbox entry's message, in its reader's language or en-US.

    `with_pin`: the entry has a PIN. The content has `PIN_MARK` in its place.
    """
    language = pick(entry.facts.language, languages)
    said = told_of(entry.events)
    parts = parts_for(entry.events)
    parts = attrs.evolve(parts, pin=parts.pin and with_pin)
    name = one_line(entry.facts.display_name)
    return Content(
        language=language.tag,
        direction=language.say("direction"),
        subject=language.say("subject." + "+".join(event.value for event in said)),
        greeting=language.say("greeting", name=name) if name else language.say("greeting.nameless"),
        opening=tuple(language.say(f"opening.{event.value}") for event in said),
        sections=tuple(_sections(language, entry.facts, said, parts, links)),
        closing=language.say("closing"),
    )


def told_of(events: Collection[Event]) -> tuple[Event, ...]:
    """The events that the message names: disabled or enabled alone, or all changes."""
    for event in (Event.DISABLED, Event.ENABLED):
        if event in events:
            return (event,)
    return tuple(event for event in CHANGED if event in events) or (Event.CONFERENCE_INFO,)


def _sections(
    language: Language, facts: MessageFacts, said: tuple[Event, ...], parts: Parts, links: Links
) -> Iterator[Section]:
    if parts.details:
        details = _details(language, facts, with_pin=parts.pin)
        if details.facts:
            yield attrs.evolve(details, links=_link(language, "reset_pin", links.reset_pin))
        if facts.numbers:
            yield Section(
                heading=language.say("heading.numbers"),
                countries=_countries(language, facts.numbers),
                links=_link(language, "find_local_number", links.find_local_number),
            )
    if parts.update:
        yield Section(
            heading=language.say("heading.update"),
            paragraphs=tuple(
                language.say(f"update.{event.value}") for event in said if event != Event.PIN_RESET
            ),
            steps=tuple(language.say(f"update.step.{step}") for step in ("open", "check", "send")),
            after=(language.say("update.migration"),),
            links=_link(language, "update_meetings", links.update_meetings),
        )
    if parts.remove:
        yield Section(
            heading=language.say("heading.remove"),
            paragraphs=(language.say("remove.why"),),
            steps=tuple(language.say(f"remove.step.{step}") for step in ("open", "delete", "send")),
            after=(language.say("remove.migration"),),
            links=_link(language, "update_meetings", links.update_meetings),
        )


def _link(language: Language, name: str, url: str | None) -> tuple[Link, ...]:
    return (Link(label=language.say(f"link.{name}"), url=url),) if url else ()


def _details(language: Language, facts: MessageFacts, *, with_pin: bool) -> Section:
    rows = []
    if facts.conference_id is not None:
        rows.append((language.say("label.conference_id"), facts.conference_id.spoken))
    if with_pin:
        rows.append((language.say("label.pin"), PIN_MARK))
    return Section(
        heading=language.say("heading.details"),
        facts=tuple(rows),
        after=(language.say("pin.use"), language.say("pin.lost")) if with_pin else (),
    )


def _countries(language: Language, numbers: tuple[DialInNumber, ...]) -> tuple[Country, ...]:
    """The numbers by country; both keep the order in which they come, which is their rank."""
    by_country: dict[str, list[Number]] = {}
    for number in numbers:
        name = language.country(phone_number.country(number.number))
        by_country.setdefault(name, []).append(_number(language, number))
    return tuple(Country(name=name, numbers=tuple(group)) for name, group in by_country.items())


def _number(language: Language, number: DialInNumber) -> Number:
    shown = phone_number.display(number.number)
    kind = language.say("toll_free" if number.type == TOLL_FREE else "toll")
    city = one_line(number.city)
    # Without a city the number has its country's code there; the heading names the country.
    if city and city.upper() != phone_number.country(number.number):
        line = language.say("number.city", number=shown, city=city, kind=kind)
    else:
        line = language.say("number", number=shown, kind=kind)
    return Number(digits=number.number, shown=shown, line=line)
