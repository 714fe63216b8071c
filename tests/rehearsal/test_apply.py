"""`Rehearsal.apply`: the same calls on the tenant itself, or a refusal that changes nothing."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_bridge,
    get_cs_online_dial_in_conferencing_service_number,
    get_cs_online_dial_in_conferencing_tenant_settings,
    get_cs_online_dial_in_conferencing_user,
    get_cs_online_user,
    get_cs_teams_audio_conferencing_policy,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    register_cs_online_dial_in_conferencing_service_number,
    set_cs_online_dial_in_conferencing_bridge,
    set_cs_online_dial_in_conferencing_service_number,
    set_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user_default_number,
    set_cs_teams_audio_conferencing_policy,
    unregister_cs_online_dial_in_conferencing_service_number,
)
from confid.engine.session import current_session
from confid.host import SilentHost
from confid.mail import MemoryTransport, cancel, deliver, outbox, preview
from confid.store import MemoryStore
from confid.store.blocks import block
from tests.faults.told import fill
from tests.rehearsal.test_rehearsals import state
from tests.store.test_interrupts import InterruptAt, ledger
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid import Session
    from confid.store import Transaction

KEN, PILAR, LI = "ken.myer@contoso.com", "pilar.ackerman@contoso.com", "li.lei@contoso.com"
OLEG, FILLED = "oleg.petrov@contoso.com", "person000@contoso.com"
SECOND = "+14255550199"


@pytest.fixture
def tenant() -> Iterator[Session]:
    """The tenant to rehearse on, with a second number and a policy."""
    with a_tenant() as session:
        yield session


def a_tenant() -> Session:
    """A tenant with a second number and a policy."""
    session = confid.demo()
    session.host = SilentHost()
    register_cs_online_dial_in_conferencing_service_number(SECOND)
    new_cs_teams_audio_conferencing_policy("EMEA")
    return session


def test_it_makes_the_change_and_returns_what_each_call_returned(tenant: Session) -> None:
    """In order; new PINs and IDs are there and nowhere else; mails are queued; only once."""
    before = len(outbox())
    with confid.rehearse(tenant) as rehearsal:
        finance = get_cs_online_user(filter="Department -eq 'Finance'")
        rehearsed = set_cs_online_dial_in_conferencing_user(
            finance, reset_conference_id=True, reset_leader_pin=True
        )
        confid.meetings.schedule(KEN, subject="New", start=tenant.now() + timedelta(days=2))
    shown, changed, meeting = rehearsal.apply()
    assert list(shown) == list(finance)
    assert list(changed) == list(get_cs_online_dial_in_conferencing_user([KEN, PILAR]))
    assert not {u.conference_id for u in changed} & {u.conference_id for u in rehearsed}
    assert all(user.leader_pin.isdigit() for user in changed)
    assert meeting in confid.meetings.scheduled(KEN)
    assert len(outbox()) == before + 2
    with pytest.raises(confid.InvalidOperationError, match="already"):
        rehearsal.apply()
    assert not confid.check().problems


def test_what_was_new_in_the_rehearsal_is_found_again(tenant: Session) -> None:
    """People, bridges and meetings have other keys in reality."""
    with confid.rehearse(tenant) as rehearsal:
        users = confid.import_users(
            [{"UserPrincipalName": "new@contoso.com", "Licenses": "MCOMEETADV", "Mail": "n@x.org"}]
        )
        enable_cs_online_dial_in_conferencing_user(users)
        bridge = confid.add_bridge("EMEA", numbers=iter(["+442071838750"]))
        set_cs_online_dial_in_conferencing_user(users[0].identity, bridge_id=bridge.identity)
        meeting = confid.meetings.schedule(
            users[0], subject="New", start=tenant.now() + timedelta(days=2)
        )
        confid.meetings.reschedule(meeting, start=tenant.now() + timedelta(days=3))
        more = confid.import_users([{"UserPrincipalName": "other@contoso.com"}])
        confid.remove_users(more)
    assert rehearsal.calls[-1].parameters == {"identity": ["other@contoso.com"]}
    results = rehearsal.apply()
    found = get_cs_online_dial_in_conferencing_user("new@contoso.com")
    assert found.bridge_name == "EMEA"
    assert results[5].organizer == "new@contoso.com"
    assert results[5].start > tenant.now() + timedelta(days=2)


def test_a_listing_that_others_came_into_names_nobody_else(tenant: Session) -> None:
    """Whom a call took from it stays who it was, though the lists no longer match."""
    with confid.rehearse(tenant) as rehearsal:
        for name in ("first@contoso.com", "second@contoso.com"):
            confid.import_users([{"UserPrincipalName": name, "DisplayName": "New Hire"}])
        users = get_cs_online_user()
        confid.remove_users([u for u in users if u.user_principal_name == "second@contoso.com"])
    names = {user.user_principal_name for user in get_cs_online_user()}
    others = {f"other{number}@contoso.com" for number in range(5)}
    confid.import_users([{"UserPrincipalName": n, "DisplayName": "New Hire"} for n in others])
    rehearsal.apply()
    found = {user.user_principal_name for user in get_cs_online_user()}
    assert found == names | others | {"first@contoso.com"}


def test_a_mail_that_it_queued_can_be_cancelled(tenant: Session) -> None:
    """By its key or as an entry; the mails of before stay."""
    before = [entry.key for entry in outbox()]
    with confid.rehearse(tenant) as rehearsal:
        users = confid.import_users(
            [{"UserPrincipalName": "new@contoso.com", "Licenses": "MCOMEETADV", "Mail": "n@x.org"}]
        )
        enable_cs_online_dial_in_conferencing_user(users)
        cancel(entry for entry in outbox() if entry.key not in before)
        changed = set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        confid.ledger.entry(changed.conference_id)
        cancel(mail.key for mail in preview() if mail.key not in before)
    results = rehearsal.apply()
    assert [entry.key for entry in outbox()] == before
    assert len(outbox(state="cancelled")) == 2
    assert results[5].conference_id == results[4].conference_id


def test_one_can_be_applied_to_another(tenant: Session) -> None:
    """The outer one then holds the calls of the inner one, and makes them in its turn."""
    with confid.rehearse(tenant) as outer:
        with confid.rehearse(outer.session) as inner:
            confid.add_bridge("EMEA", numbers=["+442071838750"])
            set_cs_online_dial_in_conferencing_user(KEN, bridge_name="EMEA")
        inner.apply()
    assert [c.name for c in outer.calls] == [c.name for c in inner.calls]
    outer.apply()
    assert get_cs_online_dial_in_conferencing_user(KEN).bridge_name == "EMEA"


def test_what_failed_or_was_undone_is_left_out(tenant: Session) -> None:
    """It returns None in its place; what failed within a call fails again."""
    with confid.rehearse(tenant) as rehearsal:
        with suppress(confid.NotEnabledError):
            set_cs_online_dial_in_conferencing_user(OLEG, reset_conference_id=True)
        with suppress(ZeroDivisionError), rehearsal.session.transaction():
            set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
            raise ZeroDivisionError
        set_cs_online_dial_in_conferencing_user(
            [OLEG, KEN], service_number=SECOND, error_action="continue"
        )
    before = get_cs_online_dial_in_conferencing_user(KEN)
    failed, undone, done = rehearsal.apply()
    assert (failed, undone, len(done), len(done.errors)) == (None, None, 1, 1)
    assert get_cs_online_dial_in_conferencing_user(KEN).conference_id == before.conference_id


@pytest.mark.parametrize("how", ["path", "url", "store", "open store", "session"])
def test_every_kind_of_source_can_be_applied(tmp_path: Path, how: str) -> None:
    """A session or a store that was open stays open."""
    path = tmp_path / "tenant.db"
    store = MemoryStore()
    session = confid.connect(store if "store" in how else path, host=SilentHost())
    confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}])
    if how != "open store":
        session.close()
    sources: dict[str, Any] = {
        "path": path,
        "url": f"sqlite:///{path}",
        "store": store,
        "open store": store,
        "session": confid.connect(path, host=SilentHost()) if how == "session" else None,
    }
    with confid.rehearse(sources[how], actor="anna") as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    (ken,) = rehearsal.apply()
    if how in ("open store", "session"):
        assert get_cs_online_dial_in_conferencing_user(KEN) == ken
    with confid.connect(store if "store" in how else path, create=False):
        assert confid.whois(ken.conference_id) is not None


MEANWHILE: dict[str, Callable[[], object]] = {
    "a person changed": lambda: set_cs_online_dial_in_conferencing_user(
        KEN, allow_toll_free_dial_in=False
    ),
    "a person's PIN": lambda: set_cs_online_dial_in_conferencing_user(KEN, reset_leader_pin=True),
    "a person given": lambda: disable_cs_online_dial_in_conferencing_user(PILAR),
    "a person removed": lambda: confid.remove_users(KEN),
    "a person's department": lambda: confid.import_users(
        [{"UserPrincipalName": KEN, "Department": "Sales"}]
    ),
    "a number given": lambda: set_cs_online_dial_in_conferencing_service_number(
        SECOND, primary_language="de-DE"
    ),
    "the bridge given": lambda: set_cs_online_dial_in_conferencing_bridge(
        name="Conference Bridge", default_service_number=SECOND
    ),
    "the policy given": lambda: set_cs_teams_audio_conferencing_policy(
        "EMEA", allow_toll_free_dialin=False
    ),
    "the settings": lambda: set_cs_online_dial_in_conferencing_tenant_settings(pin_length=9),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_it_refuses_what_has_changed_meanwhile(tenant: Session, what: str) -> None:
    """People, numbers, bridges, policies and settings that calls were given or changed."""
    with confid.rehearse(tenant) as rehearsal:
        get_cs_online_user(PILAR)
        set_cs_online_dial_in_conferencing_user(
            KEN, bridge_name="Conference Bridge", service_number=SECOND
        )
        grant_cs_teams_audio_conferencing_policy(KEN, policy_name="EMEA")
        set_cs_online_dial_in_conferencing_tenant_settings(enable_name_recording=False)
    MEANWHILE[what]()
    before = state(tenant)
    with pytest.raises(confid.InvalidOperationError) as raised:
        rehearsal.apply()
    assert raised.value.error_id == "TenantChanged"
    assert "Before" in str(raised.value)
    assert state(tenant) == before


class LosesTheAnswer(MemoryStore):
    """A store that commits, and can't say so, or doesn't commit, and says so."""

    error: type[confid.StoreError] | None = None

    @block
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One transaction."""
        with super().transaction(write=write) as transaction:
            yield transaction
            if write and self.error is confid.StoreError:
                raise self.error("lost")
        if write and self.error:
            raise self.error("lost")


@pytest.mark.parametrize("error", [confid.StoreError, confid.CommitOutcomeUnknownError])
def test_it_is_not_applied_twice_where_the_outcome_is_unknown(
    error: type[confid.StoreError],
) -> None:
    """The same mails would be sent again; after what certainly failed it can be applied."""
    store = LosesTheAnswer()
    with confid.connect(store, host=SilentHost()):
        confid.import_users(
            [
                {
                    "UserPrincipalName": KEN,
                    "Mail": KEN,
                    "Licenses": "MCOMEETADV",
                    "UsageLocation": "US",
                }
            ]
        )
        enable_cs_online_dial_in_conferencing_user(KEN)
        with confid.rehearse(store) as rehearsal:
            set_cs_online_dial_in_conferencing_user(KEN, send_email=True)
        store.error = error
        with pytest.raises(error):
            rehearsal.apply()
        store.error = None
        if error is confid.StoreError:
            assert len(rehearsal.apply()) == 1
        else:
            with pytest.raises(confid.InvalidOperationError, match="may have been"):
                rehearsal.apply()


class LetsOneIn(MemoryStore):
    """A store that does something in between before it begins to write."""

    between: Callable[[], None] | None = None

    @block
    def transaction(self, *, write: bool) -> Iterator[Transaction]:
        """One transaction."""
        if write and (between := self.between):
            self.between = None
            between()
        with super().transaction(write=write) as transaction:
            yield transaction


def test_of_two_threads_one_applies_it() -> None:
    """The other one is refused, though nothing that is compared tells of the first."""
    store, errors = LetsOneIn(), list[BaseException]()
    with confid.connect(store, host=SilentHost()):
        confid.import_users([{"UserPrincipalName": KEN, "Mail": KEN, "Licenses": "MCOMEETADV"}])
        enable_cs_online_dial_in_conferencing_user(KEN, notify=False)
        with confid.rehearse(store) as rehearsal:
            set_cs_online_dial_in_conferencing_user(KEN, send_email=True)

        def other() -> None:
            try:
                rehearsal.apply()
            except confid.InvalidOperationError as error:
                errors.append(error)

        def between() -> None:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

        store.between = between
        rehearsal.apply()
        assert "is being applied" in str(errors.pop())
        assert len(outbox()) == 1


# Where Python runs a finalizer it can only say that an interrupt was lost.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_moment_of_it_and_of_applying_it(tenant: Session) -> None:
    """It is applied or not, and the calls that follow mean the session before."""
    store = MemoryStore()
    fill(store, 1)

    def work() -> None:
        with confid.rehearse(store) as rehearsal:
            rehearsed = rehearsal.session.cmdlets
            rehearsed.set_cs_online_dial_in_conferencing_user(FILLED, reset_conference_id=True)
        rehearsal.apply()

    whole = InterruptAt(0)
    whole.run(work)
    step = max(1, whole.seen // examples(40))
    issued = 2
    for moment in range(1 + whole.seen % step, whole.seen, step):
        interrupted = InterruptAt(moment).run(work)
        assert current_session() is tenant
        with confid.connect(store):
            before, issued = issued, len(ledger(store))
        assert issued - before in ((0, 1) if interrupted else (1,))


def test_it_refuses_to_touch_more_than_was_rehearsed(tenant: Session) -> None:
    """A call that finds its people itself, and finds others now."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user_default_number(
            bridge_name="Conference Bridge",
            from_number="+14255550100",
            to_number=SECOND,
            number_type="Toll",
        )
    (hired,) = confid.import_users(
        [{"UserPrincipalName": "new@contoso.com", "Licenses": "MCOMEETADV"}]
    )
    before = enable_cs_online_dial_in_conferencing_user(hired)
    with pytest.raises(confid.InvalidOperationError, match="more than in the rehearsal: new@"):
        rehearsal.apply()
    now = get_cs_online_dial_in_conferencing_user(hired)
    assert now.service_number == before.service_number
    disable_cs_online_dial_in_conferencing_user(hired)
    assert len(rehearsal.apply()) == 1


def test_it_refuses_another_tenant_at_the_same_place(tmp_path: Path) -> None:
    """Also where nothing that the calls were given differs."""
    path = tmp_path / "tenant.db"
    with confid.connect(path):
        pass
    with confid.rehearse(path) as rehearsal:
        set_cs_online_dial_in_conferencing_tenant_settings(pin_length=9)
    path.unlink()
    with confid.connect(path) as other:
        with pytest.raises(confid.InvalidOperationError, match="Another tenant"):
            rehearsal.apply()
        settings = other.cmdlets.get_cs_online_dial_in_conferencing_tenant_settings()
    assert settings.pin_length != 9


@pytest.mark.parametrize("name", [OLEG, "new@contoso.com"])
def test_it_refuses_whose_row_would_change_something_else(tenant: Session, name: str) -> None:
    """A row that changed nothing in the rehearsal, or was a new person's."""
    row = {"UserPrincipalName": name, "Department": "Sales"}
    with confid.rehearse(tenant) as rehearsal:
        confid.import_users([row])
    assert bool(rehearsal.changes) == (name != OLEG)
    confid.import_users([row | {"Department": "Legal"}])
    with pytest.raises(confid.InvalidOperationError, match="has changed"):
        rehearsal.apply()
    assert get_cs_online_user(name).department == "Legal"


@pytest.mark.parametrize(
    ("identity", "was_shared"),
    [
        ("new@contoso.com", False),
        ("sip:new@contoso.com", False),
        ("New Hire", False),
        ("New Hire", True),
    ],
)
def test_it_refuses_whom_an_identity_did_not_name(
    tenant: Session, identity: str, was_shared: bool
) -> None:
    """It named nobody, or more than one person, so nothing of them was rehearsed."""

    def hire(name: str) -> None:
        row = {"DisplayName": "New Hire", "SipAddress": f"sip:{name}", "Licenses": "MCOMEETADV"}
        enable_cs_online_dial_in_conferencing_user(
            confid.import_users([{"UserPrincipalName": name, **row}])
        )

    if was_shared:
        hire("one@contoso.com")
        hire("other@contoso.com")
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(
            [KEN, identity], reset_conference_id=True, error_action="continue"
        )
    if was_shared:
        confid.remove_users("one@contoso.com")
    else:
        hire("new@contoso.com")
    before = state(tenant)
    with pytest.raises(confid.InvalidOperationError, match=r"(?s)has changed.*New Hire"):
        rehearsal.apply()
    assert state(tenant) == before


def test_what_a_listing_showed_may_change(tenant: Session) -> None:
    """So may everything that no call was given."""
    with confid.rehearse(tenant) as rehearsal:
        get_cs_online_user()
        get_cs_online_dial_in_conferencing_service_number()
        get_cs_online_dial_in_conferencing_user(bridge_name=None)
        get_cs_online_dial_in_conferencing_tenant_settings()
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
    disable_cs_online_dial_in_conferencing_user(PILAR)
    confid.import_users([{"UserPrincipalName": "new@contoso.com"}])
    set_cs_online_dial_in_conferencing_service_number(SECOND, primary_language="de-DE")
    set_cs_teams_audio_conferencing_policy("EMEA", allow_toll_free_dialin=False)
    set_cs_online_dial_in_conferencing_tenant_settings(enable_name_recording=False)
    assert len(rehearsal.apply()) == 5


def test_what_comes_out_otherwise_is_taken_back(tenant: Session) -> None:
    """A setting that no call was given, and on which what they do depends."""
    disable_cs_online_dial_in_conferencing_user(KEN)
    with confid.rehearse(tenant) as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    set_cs_online_dial_in_conferencing_tenant_settings(allow_pstn_only_meetings_by_default=True)
    before = state(tenant)
    with pytest.raises(confid.InvalidOperationError, match="AllowPstnOnlyMeetings"):
        rehearsal.apply()
    assert state(tenant) == before


@pytest.mark.parametrize("held", ["merge", "delivery", "move", "restore"])
def test_some_calls_are_never_applied(tenant: Session, held: str) -> None:
    """Those that reach beyond the tenant."""
    export = confid.ledger.export()
    with confid.rehearse(tenant) as rehearsal, suppress(confid.InvalidOperationError):
        if held == "merge":
            confid.ledger.merge(export)
        elif held == "delivery":
            deliver(MemoryTransport(), redirect_to="me@contoso.com")
        elif held == "move":
            confid.move_tenant(tenant.store, "memory:")
        else:
            confid.restore(tenant.store)
    with pytest.raises(confid.InvalidOperationError, match=held):
        rehearsal.apply()
    assert get_cs_online_user()


def test_it_changes_nothing_under_what_if(tenant: Session) -> None:
    """The session's preference holds for it too; without it the rehearsal can still be applied."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
    tenant.preferences.what_if = True
    with pytest.raises(confid.InvalidOperationError, match="WhatIf"):
        rehearsal.apply()
    tenant.preferences.what_if = False
    assert len(rehearsal.apply()) == 1


def test_it_goes_by_the_answers_that_were_given(tenant: Session) -> None:
    """Nobody is asked again."""
    host = confid.host.RecordingHost([0, 2])
    tenant.host = host
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user([KEN, PILAR], service_number=SECOND, confirm=True)
    (changed,) = rehearsal.apply()
    assert [user.display_name for user in changed] == ["Ken Myer"]


def test_each_call_is_made_under_the_name_that_it_had(tenant: Session) -> None:
    """Of `rehearse(actor=…)` and of `acting_as`."""
    with confid.rehearse(tenant, actor="anna") as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        with rehearsal.session.acting_as("ben"):
            set_cs_online_dial_in_conferencing_user(PILAR, reset_conference_id=True)
    ken, pilar = rehearsal.apply()
    entries = (confid.ledger.entry(user.conference_id) for user in (ken, pilar))
    assert [entry and entry.issued_by for entry in entries] == ["anna", "ben"]


@pytest.mark.parametrize("kind", [list, tuple, iter, pd.DataFrame])
def test_it_goes_by_the_rows_that_were_given(tenant: Session, kind: Callable[[Any], Any]) -> None:
    """Though the caller changes them afterwards."""
    rows = [{"UserPrincipalName": "new@contoso.com"}]
    given = kind(rows)
    with confid.rehearse(tenant) as rehearsal:
        confid.import_users(given)
    if isinstance(given, pd.DataFrame):
        given.loc[0, "UserPrincipalName"] = "other@contoso.com"
    else:
        rows[0]["UserPrincipalName"] = "other@contoso.com"
    ((user,),) = rehearsal.apply()
    assert user.user_principal_name == "new@contoso.com"


def test_a_file_that_was_read_has_to_be_the_same(tenant: Session, tmp_path: Path) -> None:
    """Others can come in by it otherwise, whom nobody has seen."""
    roster = tmp_path / "roster.csv"
    roster.write_text("UserPrincipalName\na@contoso.com\n", encoding="utf-8")
    with confid.rehearse(tenant) as rehearsal:
        confid.import_users(roster)
    roster.write_text("UserPrincipalName\na@contoso.com\nb@contoso.com\n", encoding="utf-8")
    with pytest.raises(confid.InvalidOperationError, match="file"):
        rehearsal.apply()
    with pytest.raises(confid.UserNotFoundError):
        get_cs_online_user("a@contoso.com")


PEOPLE = (KEN, PILAR, LI, OLEG, "nobody@contoso.com")
STEPS: list[Callable[[Any], object]] = [
    lambda who: enable_cs_online_dial_in_conferencing_user(who, error_action="continue"),
    lambda who: disable_cs_online_dial_in_conferencing_user(who, error_action="continue"),
    lambda who: set_cs_online_dial_in_conferencing_user(
        who, reset_conference_id=True, error_action="continue"
    ),
    lambda who: set_cs_online_dial_in_conferencing_user(
        who, service_number=SECOND, reset_leader_pin=True, error_action="continue"
    ),
    lambda who: set_cs_online_dial_in_conferencing_user(
        who, bridge_name="EMEA", error_action="continue"
    ),
    lambda who: grant_cs_teams_audio_conferencing_policy(
        who, policy_name="EMEA", error_action="continue"
    ),
    lambda who: grant_cs_teams_audio_conferencing_policy(
        who, policy_name=None, error_action="continue"
    ),
    lambda _: confid.add_bridge("EMEA", numbers=["+442071838750"]),
    lambda _: set_cs_online_dial_in_conferencing_bridge(name="EMEA", set_default=True),
    lambda _: set_cs_online_dial_in_conferencing_tenant_settings(pin_length=8),
    lambda _: unregister_cs_online_dial_in_conferencing_service_number(SECOND),
    lambda _: confid.meetings.run_migrations(),
    lambda who: confid.remove_users(who[0]),
    lambda who: confid.import_users([{"UserPrincipalName": who[0], "Department": "HR"}]),
]


def shown(session: Session) -> dict[tuple[str, str], object]:
    """What cmdlets show, by display name and property."""
    with session.transaction():
        found: dict[tuple[str, str], object] = {}
        for user in get_cs_online_user():
            name = user.display_name or user.user_principal_name
            found |= {(name, n): v for n, v in user.__powershell__().items()}
        for enabled in get_cs_online_dial_in_conferencing_user():
            properties = enabled.__powershell__().items()
            found |= {(enabled.display_name, n): v for n, v in properties}
        for bridge in get_cs_online_dial_in_conferencing_bridge():
            found |= {(bridge.name, n): v for n, v in bridge.__powershell__().items()}
            number = bridge.default_service_number
            found[bridge.name, "DefaultServiceNumber"] = number and number.number
        for number in get_cs_online_dial_in_conferencing_service_number():
            found |= {(f"+{number.number}", n): v for n, v in number.__powershell__().items()}
        for policy in get_cs_teams_audio_conferencing_policy():
            found |= {(policy.identity, n): v for n, v in policy.__powershell__().items()}
        settings = get_cs_online_dial_in_conferencing_tenant_settings()
        found |= {("Tenant settings", n): v for n, v in settings.__powershell__().items()}
        for meeting in confid.meetings.scheduled():
            found |= {(meeting.subject, n): v for n, v in meeting.__powershell__().items()}
        return found


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(STEPS) - 1),
            st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
        ),
        max_size=8,
    )
)
def test_applying_gives_what_the_changes_promised(plan: list[tuple[int, list[str]]]) -> None:
    """And nothing else, but for what was drawn."""
    with a_tenant() as tenant:
        before = shown(tenant)
        with confid.rehearse(tenant) as rehearsal:
            for step, who in plan:
                with suppress(confid.ConfidError):
                    STEPS[step](who)
        assert shown(tenant) == before
        rehearsal.apply()
        after = shown(tenant)
        promised = {(c.display_name, c.property): c for c in rehearsal.changes}
        for key, change in promised.items():
            if key[1] not in ("Invitation", "PstnConferencingLicenseState", "LeaderPin"):
                assert (before.get(key) or None) == (change.before or None), key
                now = after.get(key)
                if change.after != "new":
                    assert (now or None) == (change.after or None), key
                else:
                    assert now not in (None, before.get(key))
        follows = ("BridgeName", "DefaultTollNumber", "ServiceNumbers", "TenantId")
        others = {
            k
            for k in before.keys() | after.keys()
            if (before.get(k) or None) != (after.get(k) or None)
        }
        assert not {k for k in others - promised.keys() if k[1] not in follows}
        assert not confid.check().problems


def test_it_works_on_a_server(new_schema: Callable[[], str]) -> None:
    """And refuses there too, while others write."""
    url = new_schema()
    with confid.connect(url, host=SilentHost()) as session:
        confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV", "Mail": KEN}])
        enable_cs_online_dial_in_conferencing_user(KEN)
        with confid.rehearse(url) as first, confid.rehearse(session) as second:
            for rehearsal in (first, second):
                commands = rehearsal.session.cmdlets
                commands.set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        (ken,) = first.apply()
        assert get_cs_online_dial_in_conferencing_user(KEN) == ken
        with pytest.raises(confid.InvalidOperationError, match="ConferenceId"):
            second.apply()
        assert get_cs_online_dial_in_conferencing_user(KEN) == ken
