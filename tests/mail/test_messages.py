"""What a message says, to whom, and that nothing in a name can change that."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from html.parser import HTMLParser
from string import Formatter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from confid.errors import InvalidArgumentError, Secret
from confid.ids.conference_id import ConferenceId
from confid.mail.content import PIN_MARK, content_of
from confid.mail.headers import POLICY_UTF8, one_line
from confid.mail.languages.countries import COUNTRIES
from confid.mail.languages.sentences import SENTENCES, pick
from confid.mail.messages import compose
from confid.mail.rendering import as_html, html_body
from confid.tenant.notices import Event, Sender
from confid.tenant.outbox import MessageFacts, OutboxEntry
from confid.tenant.records import TOLL_FREE, DialInNumber
from confid.tenant.web_links import Links

if TYPE_CHECKING:
    from collections.abc import Iterable

TENANT = UUID("11111111-2222-3333-4444-555555555555")
PIN = "83461"
ENCRYPTED_PIN = "0123456789"
NUMBERS = (
    DialInNumber(number="14255550100", city="Redmond"),
    DialInNumber(number="18005550100", type=TOLL_FREE, city="US"),
)
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
UPDATE, REMOVE = "Update your existing meetings", "Take the dial-in details out"


def entry(*events: Event, to: str | None = "ken@contoso.com", **facts: Any) -> OutboxEntry:
    """An outbox entry with everything in its facts, whatever the events."""
    return OutboxEntry(
        key="owner-of-ken:00000003",
        owner="owner-of-ken",
        serial=3,
        to=to,
        events=events,
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        facts=MessageFacts(
            **{
                "display_name": "Ken Myer",
                "conference_id": ConferenceId(3542699),
                "numbers": NUMBERS,
                "pin": ENCRYPTED_PIN,
                **facts,
            }
        ),
    )


def composed(told: OutboxEntry, **options: Any) -> EmailMessage:
    """The message of an entry, with the PIN."""
    return compose(told, tenant_id=TENANT, pin=Secret(PIN), **options)


def sent(to_send: OutboxEntry, **options: Any) -> EmailMessage:
    """The message as who receives it reads it: through bytes, with the standard library."""
    data = composed(to_send, **options).as_bytes()
    message = email.message_from_string(data.decode(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def read_mailbox(data: bytes, header: str) -> tuple[str, str]:
    """The name and address of a header, read by the older parser.

    The newer one keeps, in some releases of Python, the white space between
    two encoded words, which RFC 2047 says to drop.
    """
    ((name, address),) = getaddresses([email.message_from_bytes(data)[header]])
    return str(make_header(decode_header(name))), address


class _Words(HTMLParser):
    """The text of an HTML page's body, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Start a new line at a block."""
        self.tags.append((tag, dict(attrs)))
        if tag not in ("a", "td"):
            self.text += "\n"
        if tag == "td":
            self.text += ": "

    def handle_data(self, data: str) -> None:
        """Take the text over."""
        self.text += data.strip("\n")


def read_html(page: str) -> _Words:
    """An HTML page, parsed."""
    parser = _Words()
    parser.feed(page)
    parser.close()
    return parser


def parts(message: EmailMessage) -> tuple[str, str]:
    """The plain text, and the text of the HTML."""
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    return plain.get_content(), read_html(page.get_content()).text


def spoken_ids(messages: Iterable[EmailMessage]) -> list[str]:
    """The conference IDs in messages, as they are spoken."""
    found = (re.search(r"Conference ID: (.*#)", parts(message)[0]) for message in messages)
    return [match[1] if match else "" for match in found]


E = Event
CHANGES = (E.CONFERENCE_ID_RESET, E.NUMBER_CHANGED, E.PIN_RESET)


@pytest.mark.parametrize(
    ("events", "conference_id", "numbers", "pin", "instructions"),
    [
        ((E.ENABLED,), True, True, True, UPDATE),
        ((E.CONFERENCE_ID_RESET,), True, True, False, UPDATE),
        ((E.NUMBER_CHANGED,), True, True, False, UPDATE),
        ((E.PIN_RESET,), True, True, True, None),
        ((E.DISABLED,), False, False, False, REMOVE),
        ((E.CONFERENCE_INFO,), True, True, False, None),
        ((E.CONFERENCE_ID_RESET, E.PIN_RESET), True, True, True, UPDATE),
        (CHANGES, True, True, True, UPDATE),
    ],
)
def test_each_event_carries_what_the_table_of_behaviour_says(
    events: tuple[Event, ...],
    conference_id: bool,
    numbers: bool,
    pin: bool,
    instructions: str | None,
) -> None:
    """Conference ID, numbers, PIN and instructions, in both parts, though all of it is known."""
    for text in parts(sent(entry(*events))):
        assert ("354 269 9#" in text) == conference_id
        assert ("+1 425-555-0100" in text) == ("+1 800-555-0100" in text) == numbers
        assert (PIN in text) == pin
        assert (UPDATE in text) == (instructions == UPDATE)
        assert (REMOVE in text) == (instructions == REMOVE)


@given(st.sets(st.sampled_from(Event)))
def test_the_conference_info_never_has_the_pin(events: set[Event]) -> None:
    """Even if the facts hold it and the message tells of a PIN reset as well."""
    message = composed(entry(*events, Event.CONFERENCE_INFO))
    assert PIN not in message.as_string()
    assert not any(PIN in text for text in parts(sent(entry(*events, Event.CONFERENCE_INFO))))


@given(st.sets(st.sampled_from(Event)))
def test_the_pin_stands_in_enabled_and_pin_reset_messages_only(events: set[Event]) -> None:
    """Whatever is told of together."""
    may = events & {E.ENABLED, E.PIN_RESET} and not events & {E.DISABLED, E.CONFERENCE_INFO}
    assert all((PIN in text) == bool(may) for text in parts(sent(entry(*events))))


@given(st.sets(st.sampled_from(Event)), st.text(), st.sampled_from(["", "Redmond", "<b>&amp;"]))
def test_both_parts_say_the_same(events: set[Event], name: str, city: str) -> None:
    """Every sentence and fact of the message is in the text and in the HTML."""
    numbers = (attrs.evolve(NUMBERS[0], city=city),)
    told = entry(*events, display_name=name, numbers=numbers)
    content = content_of(told, with_pin=True)
    lines = [content.greeting, *content.opening, content.closing]
    for section in content.sections:
        lines += [section.heading, *section.paragraphs, *section.steps, *section.after]
        lines += [f"{label}: {value}".replace(PIN_MARK, PIN) for label, value in section.facts]
        for country in section.countries:
            lines += [country.name, *(number.line for number in country.numbers)]
    for text in parts(sent(told)):
        assert not [line for line in lines if line not in text]


def test_a_reset_says_that_the_earlier_id_is_dead_and_how_to_update_meetings() -> None:
    """The new ID, that meetings sent before carry the old one, the steps, and the migration."""
    text, _ = parts(sent(entry(E.CONFERENCE_ID_RESET)))
    assert "Conference ID: 354 269 9#" in text
    assert "carry the earlier conference ID, which no longer works" in text
    assert "1. Open each upcoming meeting in your calendar" in text
    assert "3. Send the update to everybody who is invited." in text
    assert "administrator run a meeting migration" in text


@pytest.mark.parametrize(
    ("events", "subject"),
    [
        ((E.ENABLED,), "You have been enabled for audio conferencing"),
        ((E.CONFERENCE_ID_RESET,), "Your conference ID has been reset"),
        ((E.NUMBER_CHANGED,), "Your default dial-in numbers have changed"),
        ((E.PIN_RESET,), "Your audio conferencing PIN has been reset"),
        ((E.DISABLED,), "You have been disabled for audio conferencing"),
        ((E.CONFERENCE_INFO,), "Your audio conferencing information"),
        (
            CHANGES,
            "Your conference ID and PIN have been reset, and your dial-in numbers have changed",
        ),
    ],
)
def test_the_subject_says_what_happened(events: tuple[Event, ...], subject: str) -> None:
    """One subject for each event and each combination, without an ID or a PIN in it."""
    assert sent(entry(*events))["Subject"] == subject


def test_one_message_tells_all_that_a_call_changed() -> None:
    """A sentence for each event, in a fixed order, whatever the order in the entry."""
    text, _ = parts(sent(entry(*reversed(CHANGES))))
    places = [text.index(SENTENCES["en-US"][f"opening.{event.value}"]) for event in CHANGES]
    assert places == sorted(places)


def test_numbers_stand_under_their_countries() -> None:
    """Countries and numbers in the rank they come in; the city where it is known."""
    numbers = (
        DialInNumber(number="442079460000", city="London"),
        NUMBERS[1],
        DialInNumber(number="80012345678", type=TOLL_FREE),
        NUMBERS[0],
    )
    text, _ = parts(sent(entry(E.CONFERENCE_INFO, numbers=numbers)))
    assert (
        "United Kingdom\n  +44 20 7946 0000, London (toll)\n\n"
        "United States\n  +1 800-555-0100 (toll-free)\n  +1 425-555-0100, Redmond (toll)\n\n"
        "International\n  +800 1234 5678 (toll-free)\n"
    ) in text


def test_the_message_is_an_alternative_of_text_and_html_in_utf_8() -> None:
    """multipart/alternative, the plain text first, quoted-printable in ASCII lines below 78."""
    data = composed(entry(E.ENABLED, display_name="Zoë 会议")).as_bytes()
    assert data.isascii()
    assert max(map(len, data.splitlines())) <= 78
    message = sent(entry(E.ENABLED, display_name="Zoë 会议"))
    assert message.get_content_type() == "multipart/alternative"
    kinds = [(p.get_content_type(), p.get_content_charset()) for p in message.iter_parts()]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    assert all(
        part["Content-Transfer-Encoding"] == "quoted-printable"
        for part in message.walk()
        if not part.is_multipart()
    )
    assert "Hello Zoë 会议," in parts(message)[0]


def test_headers_say_who_when_and_that_a_machine_wrote_it() -> None:
    """From, To, Date, Auto-Submitted, MIME-Version, in a message that has no others."""
    message = sent(entry(E.CONFERENCE_ID_RESET), domain="contoso.com")
    assert message.keys() == HEADERS
    assert message["From"] == "Audio Conferencing <no-reply@contoso.com>"
    assert message["To"] == "Ken Myer <ken@contoso.com>"
    assert message["Date"].datetime == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"


def test_the_sender_that_the_call_or_the_tenant_named_is_the_sender() -> None:
    """Its address and name, and its domain in the Message-ID."""
    sender = Sender(address="help@fabrikam.com", display_name="Help, Desk")
    message = sent(attrs.evolve(entry(E.ENABLED), sender=sender))
    assert message["From"] == '"Help, Desk" <help@fabrikam.com>'
    assert message["Message-ID"].endswith("@fabrikam.com>")


def test_without_a_domain_the_recipients_is_the_senders() -> None:
    """For a preview of an entry outside a delivery."""
    assert sent(entry(E.ENABLED))["From"].addresses[0].addr_spec == "no-reply@contoso.com"


def test_the_same_entry_makes_the_same_message() -> None:
    """Byte for byte, Message-ID and all; another key or tenant, another Message-ID."""
    first, again = (composed(entry(E.ENABLED)) for _ in range(2))
    assert first.as_bytes() == again.as_bytes()
    other = composed(attrs.evolve(entry(E.ENABLED), key="owner-of-ken:00000004"))
    elsewhere = compose(entry(E.ENABLED), tenant_id=UUID(int=5))
    ids = {str(m["Message-ID"]) for m in (first, other, elsewhere)}
    assert len(ids) == 3
    assert "owner-of-ken" not in first.as_string()
    assert str(TENANT) not in first.as_string()


@given(name=st.text(), sender=st.text())
@example(name="x\r\nBcc: eve@evil.example", sender="y\n\nbody")
@example(name='"eve@evil.example, é" <eve@evil.example>', sender='a\\"b')
@example(name="eve@evil.example, Ken Myer, " * 9, sender="é, " * 80)
@example(name="=?utf-8?q?eve=40evil.example=2C?=", sender="\u202emoc.live\u2028x")
@example(name="\ud800", sender="\0")
def test_no_display_name_can_forge_a_header(name: str, sender: str) -> None:
    """Any text as a name: the same headers, one sender, one recipient, and the name itself."""
    told = attrs.evolve(
        entry(E.PIN_RESET, display_name=name),
        sender=Sender(address="help@contoso.com", display_name=sender),
    )
    data = composed(told).as_bytes()
    head = data.partition(b"\n\n")[0]
    names = [line.partition(b":")[0].decode() for line in head.split(b"\n") if line[:1] != b" "]
    assert names == HEADERS
    message = sent(told)
    for header, address, shown in (
        ("To", "ken@contoso.com", name),
        ("From", "help@contoso.com", sender),
    ):
        (only,) = message[header].addresses
        assert only.addr_spec == address
        assert read_mailbox(data, header) == (one_line(shown), address)


@given(st.one_of(st.text(), st.emails(), st.text().map(lambda text: f"{text}@contoso.com")))
@example("ken@contoso.com\nBcc: eve@evil.example")
@example("ken@contoso.com, eve@evil.example")
@example("ken@contoso.com>, <eve@evil.example")
def test_an_address_is_one_recipient_or_refused(address: str) -> None:
    """No text as an address brings a second recipient or another header."""
    try:
        message = sent(entry(E.PIN_RESET, to=address))
    except InvalidArgumentError:
        return
    assert message.keys() == HEADERS
    assert len(message["To"].addresses) == 1


@pytest.mark.parametrize("to", [None, "", "ken", "ken@", "a@b@c", "Ken <ken@contoso.com>"])
def test_a_recipient_without_an_address_is_refused(to: str | None) -> None:
    """With an error that names the header or says that there is none."""
    with pytest.raises(InvalidArgumentError, match=r"^To: |no recipient"):
        composed(entry(E.ENABLED, to=to))


def test_an_internationalized_domain_goes_out_in_ascii() -> None:
    """Where the local part is ASCII no server needs SMTPUTF8."""
    message = composed(entry(E.ENABLED, to="ken@bücher.example"))
    assert message.as_bytes().isascii()
    assert message["To"].addresses[0].addr_spec == "ken@xn--bcher-kva.example"
    assert message["From"].addresses[0].domain == "xn--bcher-kva.example"


def test_an_internationalized_local_part_goes_out_in_utf_8() -> None:
    """The message's policy says so, and the Message-ID stays ASCII."""
    made = composed(entry(E.ENABLED, to="zoë@bücher.example"))
    assert made.policy is POLICY_UTF8
    assert "To: Ken Myer <zoë@bücher.example>\n".encode() in made.as_bytes()
    assert str(made["Message-ID"]).isascii()
    message = sent(entry(E.ENABLED, to="zoë@bücher.example"))
    assert message["To"].addresses[0].addr_spec == "zoë@bücher.example"


def test_a_line_break_in_a_header_set_later_is_refused() -> None:
    """Who adds a header of their own can't make two of it."""
    message = composed(entry(E.ENABLED))
    for value in ("a\nBcc: b", "a\r\nBcc: b", "a\n", "a\r b", "a\n \n\nbody"):
        with pytest.raises(ValueError, match="line break"):
            message["X-Own"] = value


def test_html_is_escaped_and_fit_for_a_phone_and_a_dark_theme() -> None:
    """Names can't bring markup; no style sheet, no colours of its own, the language declared."""
    told = entry(E.ENABLED, display_name="<script>alert(1)</script> & Ken")
    page = sent(told).get_body(("html",))
    assert page is not None
    content = page.get_content()
    parsed = read_html(content)
    tags = [tag for tag, _ in parsed.tags]
    assert "script" not in tags
    assert "style" not in tags
    assert "<script>alert(1)</script> & Ken" in parsed.text
    assert ("html", {"lang": "en-US", "dir": "ltr"}) in parsed.tags
    metas = {found.get("name"): found.get("content") for tag, found in parsed.tags if tag == "meta"}
    assert metas["color-scheme"] == "light dark"
    assert "width=device-width" in (metas["viewport"] or "")
    styles = " ".join(found.get("style") or "" for _, found in parsed.tags)
    assert not re.search(r"background|(?<![-\w])color:(?!inherit)|(?<!max-)width:", styles)


HOSTILE = "<b onload='x' id=\"y\">&amp; </b></title>{}"


def hostile(value: Any, texts: list[str]) -> Any:
    """A content with a text full of markup in each of its places; `texts` gets them all."""
    if attrs.has(type(value)):
        names = [field.name for field in attrs.fields(type(value)) if field.name != "direction"]
        return attrs.evolve(value, **{n: hostile(getattr(value, n), texts) for n in names})
    if isinstance(value, tuple):
        return tuple(hostile(item, texts) for item in value)
    texts.append(HOSTILE.format(len(texts)))
    return texts[-1]


@pytest.mark.parametrize("events", [(E.ENABLED,), CHANGES, (E.DISABLED,), (E.CONFERENCE_INFO,)])
def test_html_is_escaped_in_every_part(events: tuple[Event, ...]) -> None:
    """Title, headings, texts, labels, numbers, links, attributes: no text brings a tag."""
    links = Links(find_local_number="x", update_meetings="x", reset_pin="x")
    texts: list[str] = []
    plain = content_of(entry(*events), links=links, with_pin=True)
    content = hostile(plain, texts)
    for country in [c for section in content.sections for c in section.countries]:
        # The line around a number shows it.
        numbers = tuple(attrs.evolve(n, line=f"{n.shown} {n.line}") for n in country.numbers)
        object.__setattr__(country, "numbers", numbers)
    parsed, expected = read_html(as_html(content)), read_html(as_html(plain))
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in expected.tags]
    assert [set(found) for _, found in parsed.tags] == [set(found) for _, found in expected.tags]
    values = [value for _, found in parsed.tags for value in found.values()]
    shown = parsed.text + "".join(filter(None, values))
    assert not [text for text in texts if text not in shown]
    assert texts
    body = read_html(html_body(content))
    assert "b" not in {tag for tag, _ in body.tags}


def test_the_reader_language_is_picked_and_en_us_where_there_is_none() -> None:
    """Exactly, else its sister, else en-US; any casing and an underscore are taken."""
    assert pick("en-US").tag == pick("EN_us").tag == pick("en-GB").tag == "en-US"
    assert pick(None).tag == pick("xx").tag == pick("").tag == "en-US"


def test_every_language_has_every_sentence_with_the_same_places() -> None:
    """A later language can stand beside en-US without a hole."""

    def places(sentence: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}

    ours = {key: places(text) for key, text in SENTENCES["en-US"].items()}
    for table in SENTENCES.values():
        assert {key: places(text) for key, text in table.items()} == ours


def test_every_region_of_the_numbering_plan_has_a_name() -> None:
    """No heading is a bare code."""
    assert set(phonenumbers.SUPPORTED_REGIONS) == COUNTRIES["en-US"].keys()
    assert all(COUNTRIES["en-US"].values())


def test_no_repr_of_the_content_shows_the_pin() -> None:
    """As no other repr does."""
    content = content_of(entry(E.ENABLED), with_pin=True)
    assert content.sections[0].facts[1] == ("PIN", PIN_MARK)
    assert PIN not in repr(content)
