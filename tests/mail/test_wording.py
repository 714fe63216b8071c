"""Languages, templates and links: what a tenant makes its own in messages."""

from __future__ import annotations

import re
import subprocess
import sys
from string import Formatter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.errors import InvalidArgumentError
from confid.mail import Links, MemoryTransport, TemplateError, deliver, outbox, set_links
from confid.mail.languages.countries import COUNTRIES
from confid.mail.languages.sentences import SENTENCES, pick, with_languages
from confid.mail.messages import compose, read_wording
from confid.tenant.notices import Event
from confid.tenant.records import DirectoryUser

from .conftest import Office, in_memory
from .test_messages import PIN, TENANT, entry, parts, read_html, sent

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from confid.mail.messages import Wording


E = Event
LINKS = Links(
    find_local_number="https://dialin.contoso.com/numbers?a=1&b=2",
    update_meetings="https://help.contoso.com/meetings",
    reset_pin="https://dialin.contoso.com/pin",
)


def addresses(*events: Event, links: Links = LINKS) -> list[str]:
    """Where the links of a message's HTML lead, telephone numbers aside."""
    page = sent(entry(*events), links=links).get_body(("html",))
    assert page is not None
    found = [a.get("href") or "" for tag, a in read_html(page.get_content()).tags if tag == "a"]
    return [address for address in found if not address.startswith("tel:")]


def test_a_german_reader_gets_the_message_in_german() -> None:
    """Subject, both parts, countries, sender; the numbers are as they were."""
    message = sent(entry(E.CONFERENCE_ID_RESET, language="de-AT"))
    assert message["Subject"] == "Ihre Konferenz-ID wurde zurückgesetzt"
    assert message["From"].addresses[0].display_name == "Audiokonferenzen"
    for text in parts(message):
        assert "Konferenz-ID: 354 269 9#" in text
        assert "Vereinigte Staaten" in text
        assert "+1 425-555-0100, Redmond (gebührenpflichtig)" in text
        assert "+1 800-555-0100 (gebührenfrei)" in text
        assert "conference" not in text
    page = message.get_body(("html",))
    assert page is not None
    assert '<html lang="de-DE" dir="ltr">' in page.get_content()


def test_the_directorys_preferred_language_decides(office: Office) -> None:
    """Each reader's own, en-US for a language that there isn't."""
    upns = office.hire("ken", "mia", "zoe")
    with office.session.unit(write=True) as tenant:
        users = [tenant.user(upn) for upn in upns]
        languages = ["de-DE", "tlh", None]
        tenant.put_users(
            attrs.evolve(user, preferred_language=language)
            for user, language in zip(users, languages, strict=True)
        )
    assert {type(user) for user in users} == {DirectoryUser}
    confid.cmdlets.enable_cs_online_dial_in_conferencing_user(upns)
    transport = MemoryTransport()
    deliver(transport)
    subjects = {m["To"].addresses[0].username: str(m["Subject"]) for m in transport.messages}
    assert subjects == {
        "ken": "Audiokonferenzen sind für Sie freigeschaltet",
        "mia": "You have been enabled for audio conferencing",
        "zoe": "You have been enabled for audio conferencing",
    }


def test_every_country_has_a_name_in_every_language() -> None:
    """Of the languages that come with confid."""
    assert COUNTRIES.keys() == SENTENCES.keys()
    for names in COUNTRIES.values():
        assert names.keys() == COUNTRIES["en-US"].keys()
        assert all(name.strip() for name in names.values())


def shouted() -> dict[str, str]:
    """A made-up language with every sentence, its places left as they are."""
    return {
        key: "".join(
            text.upper() + (f"{{{name}}}" if name else "")
            for text, name, _, _ in Formatter().parse(sentence)
        )
        for key, sentence in SENTENCES["en-US"].items()
        if key != "direction"
    } | {"direction": "rtl", "country.US": "STATES"}


def test_a_language_can_be_added(office: Office) -> None:
    """A table for a call; countries without a name of its own have the English one."""
    (upn,) = office.hire("ken")
    with office.session.unit(write=True) as tenant:
        tenant.put_users([attrs.evolve(tenant.user(upn), preferred_language="xx-XX")])
    confid.cmdlets.enable_cs_online_dial_in_conferencing_user(upn)
    transport = MemoryTransport()
    deliver(transport, languages={"xx-XX": shouted()})
    text, _ = parts(transport.messages[0])
    assert "YOUR DETAILS" in text
    assert "STATES" in text
    assert pick("xx", with_languages({"xx-XX": shouted()})).country("DE") == "Germany"


def test_single_sentences_can_be_replaced() -> None:
    """Those of a language that there is; the others stay."""
    wording = read_wording(languages={"en-US": {"closing": "Ask Kim, room {{4}}."}})
    text, page = parts(sent(entry(E.ENABLED), wording=wording))
    assert "Ask Kim, room {4}." in text
    assert "Ask Kim, room {4}." in page
    assert "Your details" in text
    assert "Ask Kim" not in parts(sent(entry(E.ENABLED)))[0]


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"closing": "Au revoir."}, "no sentence for 'direction'"),
        (shouted() | {"subject.nothing": "?"}, "'subject.nothing' is no sentence"),
        (shouted() | {"direction": "left"}, "'direction' is"),
        (shouted() | {"closing": "{name}"}, r"'closing' has no place \{name\}"),
        (shouted() | {"greeting": "{name"}, "'greeting' can't be read"),
        (shouted() | {"greeting": "{name:>99}"}, r"'greeting' has no place \{name:>99\}"),
        (shouted() | {"greeting": "{name!r}"}, r"'greeting' has no place \{name!r\}"),
        (shouted() | {"greeting": "{name:{name}}"}, "'greeting' has no place"),
        (shouted() | {"greeting": "{name.__class__}"}, "'greeting' has no place"),
        (shouted() | {"greeting": "{name[0]}"}, "'greeting' has no place"),
        (shouted() | {"greeting": "{}"}, "'greeting' has no place"),
        (shouted() | {"closing": "\ud800"}, "'closing' is no text"),
        (shouted() | {"closing": 5}, "'closing' is no text"),
        (shouted() | {5: "x"}, "5 is no sentence"),
        ("Bonjour", "a mapping of its sentences"),
    ],
)
@in_memory
def test_a_language_with_a_hole_is_refused(office: Office, table: Any, match: str) -> None:
    """Before anything is leased."""
    office.enable("ken")
    with pytest.raises(InvalidArgumentError, match=match):
        deliver(MemoryTransport(), languages={"fr-FR": table})
    assert "lease" not in next(iter(office.documents().values()))


def test_links_stand_where_the_tenant_sets_them() -> None:
    """In both parts: for numbers and the PIN beside them, for meetings with the instructions."""
    assert addresses(E.ENABLED) == [LINKS.reset_pin, LINKS.find_local_number, LINKS.update_meetings]
    assert addresses(E.CONFERENCE_INFO) == [LINKS.reset_pin, LINKS.find_local_number]
    assert addresses(E.DISABLED) == [LINKS.update_meetings]
    assert addresses(E.ENABLED, links=Links()) == []
    text = parts(sent(entry(E.ENABLED), links=LINKS))[0]
    assert "Find a local number: https://dialin.contoso.com/numbers?a=1&b=2\n" in text
    assert "Reset your PIN: https://dialin.contoso.com/pin\n" in text


def test_set_links_are_in_the_next_messages(office: Office) -> None:
    """Kept by the tenant, also for messages that were pending; None takes one away."""
    office.enable("ken")
    assert confid.mail.links() == Links()
    set_links(find_local_number=" https://a.example/n ", reset_pin="https://a.example/p")
    assert set_links(reset_pin=None) == Links(find_local_number="https://a.example/n")
    assert confid.mail.links() == Links(find_local_number="https://a.example/n")
    transport = MemoryTransport()
    deliver(transport)
    assert "Find a local number: https://a.example/n" in parts(transport.messages[0])[0]
    assert not confid.check().problems


BAD_URLS = [
    "",
    "x",
    "javascript:alert(1)",
    "https://",
    "https://a b",
    "https://a\nb",
    "http://[",
    3,
]


@pytest.mark.parametrize("url", BAD_URLS)
@in_memory
def test_a_link_that_is_no_page_is_refused(office: Office, url: object) -> None:
    """With an error that names it."""
    assert not outbox(session=office.session)
    with pytest.raises(InvalidArgumentError, match="reset_pin"):
        set_links(reset_pin=url)  # type: ignore[arg-type]  # that is the point


HTML = (
    '<!DOCTYPE html><html lang="{{ message.language }}"><body><img alt="Contoso" src="cid:x">'
    "{{ body }}<p>{{ message.greeting }}</p></body></html>"
)


@in_memory
def test_templates_of_a_mapping_make_the_parts(office: Office) -> None:
    """Each part that has one; the others are confid's. HTML is escaped, the body is as it was."""
    office.enable("ken")
    with office.session.unit(write=True) as tenant:
        ken = tenant.user("ken@contoso.com")
        tenant.put_users([attrs.evolve(ken, display_name="<b>Ken</b> & Co")])
    deliver(MemoryTransport())
    office.reset("ken@contoso.com")
    transport = MemoryTransport()
    assert deliver(transport, templates={"message.html": HTML}).sent == 1
    page = transport.messages[0].get_body(("html",))
    assert page is not None
    content = page.get_content()
    assert '<img alt="Contoso"' in content
    assert content.count("Hello &lt;b&gt;Ken&lt;/b&gt; &amp; Co,") == 2
    assert "<b>" not in content
    assert "<h2 " in content
    assert transport.messages[0]["Subject"] == "Your conference ID has been reset"


def test_the_template_that_fits_best_is_taken(tmp_path: Path) -> None:
    """Event and language, event, language, any; from a folder."""
    names = ["message", "message.de-DE", "enabled", "enabled.de-DE", "pin_reset+x"]
    for name in names:
        (tmp_path / f"{name}.subject").write_text(f"{name} {{{{ message.language }}}}\n")
    (tmp_path / "readme.md").write_text("{{ not a template")
    wording = read_wording(templates=tmp_path)

    def subject(event: Event, language: str) -> str:
        return str(sent(entry(event, language=language), wording=wording)["Subject"])

    assert subject(E.ENABLED, "de") == "enabled.de-DE de-DE"
    assert subject(E.ENABLED, "en") == "enabled en-US"
    assert subject(E.PIN_RESET, "de") == "message.de-DE de-DE"
    assert subject(E.DISABLED, "en") == "message en-US"


def test_templates_may_extend_each_other() -> None:
    """As Jinja2 has it; plain text is not escaped."""
    wording = read_wording(
        templates={
            "base.txt": "{% block top %}{% endblock %}{{ body }}",
            "message.txt": '{% extends "base.txt" %}{% block top %}<Contoso> & you\n{% endblock %}',
        }
    )
    text = parts(sent(entry(E.ENABLED), wording=wording))[0]
    assert text.startswith("<Contoso> & you\nHello Ken Myer,")


@given(st.text())
def test_no_subject_of_a_template_can_forge_a_header(text: str) -> None:
    """Whatever it renders is one line."""
    wording = read_wording(templates={"message.subject": "{{ message.greeting }}"})
    message = sent(entry(E.ENABLED, display_name=f"a\r\nBcc: eve@evil.example\n\n{text}"),
                   wording=wording)  # fmt: skip
    assert "Bcc" not in message
    assert str(message["Subject"]).startswith("Hello a Bcc")


@pytest.mark.parametrize(
    ("name", "template", "match"),
    [
        ("message.html", "a\n{% if %}", r"message\.html, line 2"),
        ("message.txt", "{{ nobody.name }}", "'nobody' is undefined"),
        ("enabled.txt", "{{ 1 / 0 }}", "it raised ZeroDivisionError"),
        ("enabled.txt", "{% include 'gone.txt' %}", "it raised TemplateNotFound"),
    ],
)
@in_memory
def test_a_template_that_fails_costs_no_message(
    office: Office, name: str, template: str, match: str
) -> None:
    """The delivery ends, nothing is parked, no PIN is lost, no lease is left."""
    office.enable("ken")
    with pytest.raises(TemplateError, match=match):
        deliver(MemoryTransport(), templates={name: template})
    (body,) = office.documents().values()
    assert "lease" not in body
    assert "pin" in body["facts"]
    assert deliver(MemoryTransport()).sent == 1


def test_an_error_of_a_template_has_no_pin() -> None:
    """Whatever it was given."""
    wording = read_wording(
        templates={"message.txt": "{{ message.sections[0].facts[1][1].nothing }}"}
    )
    with pytest.raises(TemplateError) as caught:
        compose(entry(E.ENABLED), tenant_id=TENANT, wording=wording)
    assert PIN not in str(caught.value)
    wording = read_wording(templates={"message.txt": "{{ {}[message.sections[0].facts[1][1]] }}"})
    with pytest.raises(TemplateError) as caught:
        compose(entry(E.ENABLED), tenant_id=TENANT, wording=wording)
    assert PIN not in str(caught.value)


ROADS = [
    "{{ cycler.__init__.__globals__.os.system('touch PATH') }}",
    "{{ lipsum.__globals__['os'].system('touch PATH') }}",
    "{{ joiner.__init__.__globals__.os.system('touch PATH') }}",
    "{{ namespace.__init__.__globals__.os.system('touch PATH') }}",
    "{{ self.__init__.__globals__.__builtins__.open('PATH', 'w') }}",
    "{{ self._TemplateReference__context.environment.loader }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ (1).__class__.__base__ }}",
    "{{ message.__class__ }}",
    "{{ message['__class__'] }}",
    "{{ message | attr('__class__') }}",
    "{{ message | attr('__cl' ~ 'ass__') }}",
    "{{ [message] | map(attribute='__class__') | list }}",
    "{{ [message] | map('attr', '__class__') | list }}",
    "{{ [message] | selectattr('__class__') | list }}",
    "{{ [message] | groupby('__class__') }}",
    "{{ [message] | sort(attribute='__class__.__name__') }}",
    "{{ [message] | sum(attribute='__class__') }}",
    "{{ [message] | unique(attribute='__class__') | list }}",
    "{{ [message] | max(attribute='__class__') }}",
    "{{ '{0.__class__}'.format(message) }}",
    "{{ '{x.__class__}'.format_map({'x': message}) }}",
    "{{ ('{0.__class__}' | safe).format(message) }}",
    "{{ '{0.__class__}'.format | attr('__call__') }}",
    "{{ (['{0.__class__}'] | map('format', message) | list) ~ message.__class__ }}",
    "{{ body.encode.__self__.__class__ }}",
    "{{ message.sections.__add__ }}",
    "{{ dict.__base__ }}",
    "{{ range.__init__ }}",
    "{{ none.__class__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% import 'os' as os %}{{ os.system('touch PATH') }}",
    "{% include '../PATH' %}",
    "{% set given = {} %}{{ given.update({1: message}) }}{{ given.__class__ }}",
    "{{ message.sections[0].facts.__class__ }}",
    "{{ [].append(1) }}{{ message.__attrs_attrs__ }}",
    "{{ events.__getattribute__('__class__') }}",
    "{{ (message.sections | first).__reduce_ex__(4) }}",
]


@pytest.mark.parametrize("part", ["txt", "html", "subject"])
@pytest.mark.parametrize("road", ROADS)
def test_no_template_reaches_python(tmp_path: Path, road: str, part: str) -> None:
    """No attribute with underscores and no module: it fails, or finds them undefined."""
    reached = tmp_path / "reached"
    wording = read_wording(templates={f"message.{part}": road.replace("PATH", str(reached))})
    try:
        shown = said(wording).as_string()
    except TemplateError as error:
        shown = str(error)
    assert not reached.exists()
    assert not re.search("(<|&lt;)(class|function|module|built)", shown)


@given(st.lists(st.sampled_from(["__class__", "__init__", "__globals__", "_x", "mro"]), min_size=1))
def test_no_chain_of_attributes_reaches_python(names: list[str]) -> None:
    """Of whatever a template is given."""
    for begin in ("message", "message.sections", "body", "events", "message.greeting", "range"):
        for chain in (".".join([begin, *names]), begin + "".join(f"['{n}']" for n in names)):
            with pytest.raises(TemplateError):
                said(read_wording(templates={"message.txt": f"{{{{ {chain} }}}}"}))


def said(wording: Wording) -> EmailMessage:
    """The message about enabling in that wording."""
    return sent(entry(E.ENABLED), wording=wording)


def test_what_a_template_may_use() -> None:
    """Jinja2's filters and tests, loops, macros, its own variables; harmless text methods."""
    used = (
        "{% set ns = namespace(n=0) %}{% for s in message.sections %}{% set ns.n = loop.index %}"
        "{{ s.heading | upper }};{% endfor %}{{ ns.n }} {{ message.subject.split() | length }} "
        "{{ range(3) | join }} {{ '%s' | format(message.language) }} {{ '{}'.format(1) }}"
    )
    text = parts(said(read_wording(templates={"message.txt": used})))[0]
    assert text.startswith("YOUR DETAILS;DIAL-IN NUMBERS;UPDATE YOUR EXISTING MEETINGS;3 7 012")
    assert text.rstrip().endswith("en-US 1")


def test_what_a_template_of_html_includes_is_escaped() -> None:
    """Whatever its name, unless that says that it is plain text."""
    name = "<b>Ken</b>"
    templates = {"message.html": "{% include 'footer' %}", "footer": "{{ message.greeting }}"}
    message = sent(entry(E.ENABLED, display_name=name), wording=read_wording(templates=templates))
    page = message.get_body(("html",))
    assert page is not None
    assert page.get_content() == "Hello &lt;b&gt;Ken&lt;/b&gt;,\n"


@pytest.mark.parametrize("source", [5, b"folder", None.__class__, {"message.txt": 5}, {5: "x"}])
def test_a_source_that_is_none_is_refused(source: Any) -> None:
    """A folder or a mapping of texts, nothing else."""
    with pytest.raises(InvalidArgumentError, match="templates="):
        read_wording(templates=source)


def test_a_place_without_templates_is_refused(tmp_path: Path) -> None:
    """An empty folder, one that isn't there, a mapping of other names."""
    for source in (tmp_path, tmp_path / "gone", {"message.htm": "x"}):
        with pytest.raises(InvalidArgumentError, match="no templates"):
            read_wording(templates=source)


def test_jinja_is_imported_for_templates_only() -> None:
    """It is an extra: messages leave without it, and templates say what is missing."""
    code = (
        "import sys; sys.modules['jinja2'] = None\n"
        "import confid, confid.mail as mail\n"
        "session = confid.demo()\n"
        "session.cmdlets.set_cs_online_dial_in_conferencing_user(\n"
        "    'ken.myer@contoso.com', reset_conference_id=True)\n"
        "try: mail.deliver(mail.MemoryTransport(), templates={'message.txt': ''})\n"
        "except ModuleNotFoundError as error: assert 'confid[templates]' in str(error)\n"
        "else: sys.exit('no error')\n"
        "assert mail.deliver(mail.MemoryTransport()).sent == 1\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
