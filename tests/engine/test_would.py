"""WhatIf says what the call would do: a line a target, all of it in `last_what_if`."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import confid
from confid import mail, meetings
from confid.errors import InvalidArgumentError, RosterError
from confid.host import ConsoleHost, NotebookHost, RecordingHost, SilentHost
from confid.store import MemoryStore
from confid.tenant.property_changes import NEW, WhatIfChange
from confid.tenant.records import MASKED_PIN
from tests.tenants import (
    NOON,
    Clock,
    add,
    contents,
    disable,
    enable,
    get,
    get_bridge,
    get_migration,
    get_number,
    get_policy,
    get_settings,
    grant_policy,
    lines,
    new_policy,
    register,
    remove_policy,
    set_bridge,
    set_number,
    set_policy,
    set_settings,
    set_user,
    start_migration,
    tenant,
    unregister,
    upn,
)
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session

KEN, PILAR, LI = upn("ken"), upn("pilar"), upn("li")
NUMBER = "+14255550177"


@pytest.fixture
def session() -> Iterator[Session]:
    """Ken and Pilar are enabled, Li isn't; Ken has a meeting; there are a policy and a number."""
    with tenant("ken", "pilar", clock=Clock()) as session:
        add(session, "li")
        meetings.schedule(KEN, subject="Budget", start=NOON + timedelta(days=3))
        register(NUMBER)
        new_policy("EMEA")
        yield session


def would(session: Session) -> list[str]:
    """What was said of the last call, without the indent and the word."""
    assert isinstance(session.host, RecordingHost)
    return [line.removeprefix("  would: ") for line in session.host.information]


CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "reset": (
        lambda: set_user(KEN, reset_conference_id=True),
        f"reset the conference ID; mail to {KEN}; update the invitations",
    ),
    "PIN, quietly": (lambda: set_user(KEN, reset_leader_pin=True, notify=False), "reset the PIN"),
    "number": (
        lambda: set_user(PILAR, service_number=NUMBER),
        f"set ServiceNumber to 14255550177; mail to {PILAR}",
    ),
    "nothing": (lambda: set_user(KEN), "change nothing"),
    "disable": (
        lambda: disable(KEN, notify=False),
        "disable and retire the conference ID; update the invitations",
    ),
    "settings": (lambda: set_settings(pin_length=7), "set PinLength to 7"),
    "register": (lambda: register("+14255550178"), "add +14255550178"),
    "language": (
        lambda: set_number(NUMBER, primary_language="de-de"),
        "set PrimaryLanguage to de-DE",
    ),
    "unregister": (lambda: unregister(NUMBER), "clear BridgeId"),
    "bridge": (
        lambda: set_bridge(name="Conference Bridge", default_service_number=NUMBER),
        "set DefaultServiceNumber to 14255550177",
    ),
    "new policy": (lambda: new_policy("APAC"), "add Tag:APAC"),
    "policy": (
        lambda: set_policy("EMEA", allow_toll_free_dialin=False),
        "set AllowTollFreeDialin to False",
    ),
    "no policy": (lambda: remove_policy("EMEA"), "remove Tag:EMEA"),
    "grant": (
        lambda: grant_policy(LI, policy_name="EMEA"),
        "set TeamsAudioConferencingPolicy to EMEA",
    ),
    "grant to a group": (
        lambda: grant_policy(group="G", policy_name="EMEA"),
        "set TeamsAudioConferencingPolicy of G to EMEA; set Rank of G to 1",
    ),
    "migration": (lambda: start_migration(KEN), "update the invitations"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_line_says_what_would_be_done(session: Session, name: str) -> None:
    """Behind the What-if line; nothing is written."""
    call, expected = CALLS[name]
    before = contents(session)
    session.preferences.what_if = True
    assert not call()
    assert would(session) == [expected]
    (line,) = lines(session)
    assert line.startswith("What if: Performing the operation ")
    assert contents(session) == before
    assert {row.target for row in session.last_what_if} <= {line.split('target "')[1][:-2]}


def test_a_change_of_somebody_else_says_whose_it_is(session: Session) -> None:
    """Of a person whom the target doesn't name."""
    set_user([KEN, PILAR], service_number=NUMBER)
    session.preferences.what_if = True
    unregister(NUMBER)
    assert would(session)[-1].startswith("clear BridgeId; change 2 people; 2 mails")
    said = {row.property for row in session.last_what_if}
    assert {f"ServiceNumber of {KEN}", f"ServiceNumber of {PILAR}", "BridgeId"} <= said


def test_enabling_is_said_in_one_word(session: Session) -> None:
    """Enable- has no WhatIf of its own; the preference counts for it."""
    session.preferences.what_if = True
    assert enable(LI) is None
    assert would(session) == [f"enable, with a new conference ID and a new PIN; mail to {LI}"]


def test_after_twenty_targets_the_others_are_counted() -> None:
    """Each has its What-if line; `last_what_if` has all."""
    names = [f"user{number:02}" for number in range(25)]
    with tenant(*names) as session:
        set_user([upn(name) for name in names], reset_leader_pin=True, what_if=True)
        assert len(lines(session)) == 25
        said = would(session)
        assert len(said) == 21
        assert said[-1] == "  and 5 more: session.last_what_if has all."
        assert len({row.target for row in session.last_what_if}) == 25
        assert session.last_what_if.to_dicts()[0] == {
            "Target": upn("user00"),
            "Property": "LeaderPin",
            "Before": MASKED_PIN,
            "After": NEW,
        }


def test_no_secret_and_no_drawn_id_is_said(session: Session) -> None:
    """They will be others when the call is made."""
    old = get(KEN).conference_id
    set_user(KEN, reset_conference_id=True, reset_leader_pin=True, what_if=True)
    rows = {row.property: row for row in session.last_what_if}
    assert (rows["ConferenceId"].before, rows["ConferenceId"].after) == (old, NEW)
    assert rows["LeaderPin"].after == NEW
    text = f"{session.last_what_if}{session.last_what_if!r}{session.last_what_if.to_csv()}"
    assert set(re.findall(r"\b\d{7}\b", text)) == {str(old)}
    assert not re.search(r"\b\d{5}\b", text)


def test_a_call_that_would_fail_says_so() -> None:
    """Its line and what it returns stay as they are."""
    with tenant("ken", "pilar", ids=2) as session:
        assert set_user(KEN, reset_conference_id=True, what_if=True) is None
        assert would(session)[0].startswith("fail: No conference ID is left")
        (row,) = session.last_what_if
        assert (row.target, row.property) == (KEN, "Error")


def test_a_session_without_its_witness_would_issue_nothing() -> None:
    """With it the witness isn't asked; without it the call says why it would fail."""
    store, witness = MemoryStore(), MemoryStore()
    with tenant("ken", store=store, witness=witness) as session:
        set_user(KEN, reset_conference_id=True, notify=False, what_if=True)
        assert would(session) == ["reset the conference ID"]
    with confid.connect(store, host=RecordingHost()) as session:
        set_user(KEN, reset_conference_id=True, what_if=True)
        assert would(session)[0].startswith("fail: This tenant has a witness")
        set_user(KEN, reset_leader_pin=True, notify=False, what_if=True)
        assert would(session)[1:] == ["reset the PIN"]


def test_each_call_under_what_if_replaces_the_last(session: Session) -> None:
    """One that finds somebody missing leaves nothing, and the lines of the others."""
    set_settings(pin_length=7, what_if=True)
    assert len(session.last_what_if) == 1
    get(KEN)
    assert len(session.last_what_if) == 1
    with pytest.raises(confid.UserNotFoundError):
        set_user([KEN, upn("nobody")], reset_conference_id=True, what_if=True)
    assert len(session.last_what_if) == 0
    assert len(lines(session)) == 2
    assert len(would(session)) == 1


@pytest.mark.parametrize("host", [ConsoleHost, NotebookHost, SilentHost, object])
def test_every_host_says_what_it_can(
    session: Session, host: type, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console and the notebook print it, right behind its line; another host needn't know."""

    class Old(SilentHost):
        write_information: Any = None

    session.host = Old() if host is object else host()
    set_user([KEN, PILAR], reset_leader_pin=True, notify=False, what_if=True)
    shown = capsys.readouterr().out.splitlines()
    if host in (ConsoleHost, NotebookHost):
        assert [line[:9] for line in shown] == ["What if: ", "  would: "] * 2
    else:
        assert shown == []
    assert len(session.last_what_if) == 2


def test_what_if_inside_a_transaction_sees_what_it_did(session: Session) -> None:
    """And leaves it alone."""
    with session.transaction():
        set_user(KEN, service_number=NUMBER, notify=False)
        before = contents(session)
        set_user(KEN, service_number=NUMBER, reset_leader_pin=True, what_if=True)
        assert contents(session) == before
    assert would(session)[0].startswith("reset the PIN")
    assert get(KEN).service_number == "14255550177"
    assert not confid.check().problems


# What is said is what the call then does.


def facts() -> dict[tuple[str, str], Any]:
    """What the Get- cmdlets and the outbox show, by whom or what and property."""
    users: Any = confid.cmdlets.get_cs_online_user()
    known = {user.identity: user.user_principal_name for user in users}
    found = {
        (user.user_principal_name, name): value
        for user in users
        for name, value in user.to_dict().items()
    }
    for user in get():
        found |= {(known[user.identity], name): v for name, v in user.to_dict().items()}
        del found[known[user.identity], "LeaderPin"], found[known[user.identity], "TenantId"]
    for row in get_migration():
        found[row.user_principal_name, "MeetingMigration"] = row.state
    things = {"Global": get_settings(), **{b.name: b for b in get_bridge()}}
    things |= {n.number: n for n in get_number()}
    things |= {p.identity: p for p in get_policy() if p.identity != "Global"}
    for name, record in things.items():
        record_of = record.to_dict().items()
        found |= {(name, p): v for p, v in record_of if p not in ("ServiceNumbers", "TenantId")}
    for entry in mail.outbox():
        found["mails", f"{entry.to} {entry.key}"] = entry.to
    return found


def told(row: WhatIfChange) -> tuple[str, str]:
    """Whom or what a row is about, and the property."""
    name, _, other = row.property.partition(" of ")
    return (other.lstrip("+") or row.target, name)


STEPS: dict[str, Callable[[], Any]] = {
    **{name: call for name, (call, _) in CALLS.items()},
    "both": lambda: set_user([KEN, PILAR], reset_conference_id=True, allow_toll_free_dial_in=False),
    "enable": lambda: enable([KEN, LI]),
    "disable both": lambda: disable([KEN, PILAR], error_action="silently_continue"),
    "move": lambda: set_user(PILAR, bridge_name="Second"),
    "own number": lambda: set_user([KEN, PILAR], service_number=NUMBER, notify=False),
}


@example(["number", "unregister"])
@settings(max_examples=examples(20))
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4))
def test_what_is_said_is_what_the_call_then_does(names: list[str]) -> None:
    """Property by property, mail by mail; a call that fails then fails on trial too."""
    with tenant("ken", "pilar", clock=Clock()) as session:
        add(session, "li")
        meetings.schedule(KEN, subject="Budget", start=NOON + timedelta(days=3))
        register(NUMBER)
        new_policy("EMEA")
        confid.add_bridge("Second", numbers=["+442079460100"])
        for name in names:
            before, held = facts(), contents(session)
            session.preferences.what_if = True
            try:
                STEPS[name]()
            except confid.ConfidError as error:
                session.preferences.what_if = False
                with pytest.raises(type(error)):
                    STEPS[name]()
                continue
            rows = [row for row in session.last_what_if if row.property != "LeaderPin"]
            assert contents(session) == held
            session.preferences.what_if = False
            STEPS[name]()
            after = facts()
            agree(before, after, rows)


def agree(before: dict[Any, Any], after: dict[Any, Any], rows: list[WhatIfChange]) -> None:
    """What differs is what the rows say."""
    mails = sorted(str(row.after) for row in rows if row.property == "Message" and not row.before)
    sent = sorted(v for k, v in after.items() if k[0] == "mails" and k not in before)
    assert mails == sent
    said = {told(row): row for row in rows if row.property != "Message"}
    keys = {key for key in {**before, **after} if key[0] != "mails"}
    differ = {key for key in keys if _plain(before.get(key)) != _plain(after.get(key))}
    # What follows another bridge isn't said where the bridge's own number changes.
    differ -= {k for k in differ if k[1].startswith("DefaultToll") and k not in said}
    in_groups = {key for key in said if key[0] == "G"}
    assert differ - said.keys() == set()
    for key in said.keys() - in_groups:
        row = said[key]
        assert _plain(row.before) == _plain(before.get(key)), key
        if row.after == NEW:
            assert after[key] not in (None, before.get(key)), key
        else:
            assert _plain(row.after) == _plain(after.get(key)), key


def _plain(value: Any) -> Any:
    """A value as it is compared: a policy by its name, a number's record by its digits."""
    if isinstance(value, str):
        return value.removeprefix("Tag:")
    return getattr(value, "number", value) or None if not isinstance(value, bool) else value


# confid's own functions.


OWN: dict[str, Callable[[], Any]] = {
    "confid.add_bridge": lambda: confid.add_bridge("Second", numbers=["+442079460100"]),
    "confid.import_users": lambda: confid.import_users([{"UserPrincipalName": upn("new")}]),
    "confid.import_tenant": lambda: confid.import_tenant("docs/examples/tenant"),
    "confid.remove_users": lambda: confid.remove_users([KEN, LI]),
    "confid.ledger.merge": lambda: confid.ledger.merge(confid.ledger.export()),
    "confid.mail.cancel": lambda: mail.cancel(mail.outbox()),
    "confid.mail.deliver": lambda: mail.deliver(fail),
    "confid.mail.requeue": lambda: mail.requeue(
        [entry for entry in mail.outbox(state="failed") if entry.to == KEN]
    ),
    "confid.mail.set_links": lambda: mail.set_links(reset_pin="https://contoso.com/pin"),
    "confid.meetings.reschedule": lambda: meetings.reschedule(
        meetings.scheduled()[0], start=NOON + timedelta(days=9)
    ),
    "confid.meetings.run_migrations": lambda: meetings.run_migrations(update=fail),
    "confid.meetings.schedule": lambda: meetings.schedule(
        KEN, subject="More", start=NOON + timedelta(days=1)
    ),
    "confid.move_tenant": lambda: confid.move_tenant("from.db", "to.db"),
    "confid.restore": lambda: confid.restore("backup.db"),
}


def fail(_: object) -> None:
    """What reaches the world outside isn't called."""
    pytest.fail("called under WhatIf")


def test_every_function_that_writes_is_tried() -> None:
    """The table is complete."""
    sources = (
        path.read_text(encoding="utf-8") for path in Path(confid.__file__).parent.rglob("*.py")
    )
    found = {
        n for text in sources for n in re.findall(r'own_function\(\s*"([\w.]+)", writes=True', text)
    }
    assert found == OWN.keys()


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_preference_holds_for_confids_own_functions(session: Session, name: str) -> None:
    """A What-if line, nothing is changed, nothing comes out."""
    set_user(KEN, reset_conference_id=True, send_email=True)

    def full(_: object) -> None:
        raise mail.PermanentRefusal("full")

    mail.deliver(full)
    set_user(PILAR, send_email=True)
    if name == "confid.import_tenant":
        session = tenant(clock=Clock())
    session.preferences.what_if = True
    before = contents(session)
    outcome = OWN[name]()
    assert contents(session) == before
    assert [line for line in lines(session) if line.startswith("What if: ")] != []
    if name not in ("confid.ledger.merge", "confid.move_tenant", "confid.restore"):
        assert len(session.last_what_if) > 0
    if not name.startswith(("confid.import_", "confid.remove_")):  # they tell of each person
        assert not outcome or outcome == type(outcome)()


def test_a_function_says_what_it_would_do(session: Session) -> None:
    """As a cmdlet does; what is wrong is still an error."""
    set_user(KEN, reset_conference_id=True)
    said = {
        "confid.add_bridge": "add Second; add +442079460100",
        "confid.meetings.schedule": "add the meeting More",
        "confid.meetings.run_migrations": "update the invitation of Budget",
        "confid.mail.deliver": "send a mail",
        "confid.mail.cancel": "cancel a mail",
    }
    session.preferences.what_if = True
    for name, words in said.items():
        OWN[name]()
        assert would(session)[-1] == words
        assert len(session.last_what_if) > 0
    with pytest.raises(RosterError):
        confid.import_users([{"UserPrincipalName": "no address"}])
    with pytest.raises(InvalidArgumentError):
        confid.add_bridge("Conference Bridge", numbers=["+442079460100"])


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_it_is_the_same_on_every_store(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Read only, also where the call locks what it changes."""
    place: Any = tmp_path / "tenant.db"
    if kind == "postgres":
        place = request.getfixturevalue("new_schema")()
    with tenant("ken", "pilar", store=place, clock=Clock()) as session:
        add(session, "li")
        register(NUMBER)
        before = contents(session)
        session.preferences.what_if = True
        set_user([KEN, PILAR], service_number=NUMBER, reset_conference_id=True)
        enable(LI)
        unregister(NUMBER)
        confid.remove_users(KEN)
        assert contents(session) == before
        words = "reset the conference ID; set ServiceNumber to 14255550177; mail to"
        assert would(session) == [
            f"{words} {KEN}",
            f"{words} {PILAR}",
            f"enable, with a new conference ID and a new PIN; mail to {LI}",
            "clear BridgeId",
        ]
        assert {row.target for row in session.last_what_if} == {KEN}


def test_a_rehearsal_takes_a_call_under_what_if_for_one_that_changes_nothing(
    session: Session,
) -> None:
    """It says what it would do on top of the rehearsal."""
    with confid.rehearse(session) as rehearsal:
        rehearsal.session.host = RecordingHost()
        set_user(KEN, service_number=NUMBER)
        set_user(KEN, service_number=NUMBER, reset_leader_pin=True, what_if=True)
        assert would(rehearsal.session) == [f"reset the PIN; mail to {KEN}"]
    assert {row.property for row in rehearsal.changes} == {"ServiceNumber"}
