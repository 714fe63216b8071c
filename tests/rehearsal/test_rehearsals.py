"""`confid.rehearse`: what it shows of calls, and that the tenant stays as it was."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
    get_cs_online_user,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    set_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_user,
)
from confid.host import SilentHost
from confid.mail import MemoryTransport, deliver, outbox
from confid.store import MemoryStore, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confid import Session

KEN, PILAR, LI = "ken.myer@contoso.com", "pilar.ackerman@contoso.com", "li.lei@contoso.com"
OLEG = "oleg.petrov@contoso.com"


@pytest.fixture
def tenant() -> Iterator[Session]:
    """The tenant to rehearse on."""
    with confid.demo() as session:
        session.host = SilentHost()
        yield session


def rows(rehearsal: Any) -> list[tuple[str, str, object, object]]:
    """The changes as plain rows."""
    return [(c.display_name, c.property, c.before, c.after) for c in rehearsal.changes]


def state(session: Session) -> list[object]:
    """All that a session's cmdlets show."""
    commands = session.cmdlets
    return [
        commands.get_cs_online_user(),
        commands.get_cs_online_dial_in_conferencing_user(),
        commands.get_cs_online_dial_in_conferencing_bridge(),
        commands.get_cs_online_dial_in_conferencing_service_number(),
        commands.get_cs_online_dial_in_conferencing_tenant_settings(),
        commands.get_cs_teams_audio_conferencing_policy(),
        list(confid.ledger.entries(session=session)),
        list(outbox(state=None, session=session)),
    ]


def test_the_tenant_stays_as_it_was(tenant: Session) -> None:
    """Whatever is called in the block; and the session before it is current again."""
    before = state(tenant)
    with confid.rehearse(tenant) as rehearsal:
        assert get_cs_online_dial_in_conferencing_user(session=rehearsal.session)
        set_cs_online_dial_in_conferencing_user([KEN, PILAR], reset_conference_id=True)
        confid.remove_users(LI)
        confid.add_bridge("EMEA", numbers=["+442071838750"])
        confid.meetings.run_migrations()
    assert state(tenant) == before
    assert get_cs_online_user(LI)


def test_a_file_stays_byte_for_byte_as_it_was(tmp_path: Path) -> None:
    """The file and what stands beside it."""
    path = tmp_path / "contoso.db"
    with confid.connect(path):
        confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV", "Mail": KEN}])
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with confid.rehearse(path) as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert len(rehearsal.mails) == 1


def test_changes_have_a_row_for_each_property(tenant: Session) -> None:
    """Before and after by PowerShell's names; "new" for what is drawn; people come first."""
    old = get_cs_online_dial_in_conferencing_user(KEN)
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_tenant_settings(pin_length=7)
        set_cs_online_dial_in_conferencing_user(
            KEN, reset_conference_id=True, reset_leader_pin=True, allow_toll_free_dial_in=False
        )
    assert rows(rehearsal) == [
        ("Ken Myer", "AllowTollFreeDialIn", True, False),
        ("Ken Myer", "ConferenceId", old.conference_id, "new"),
        ("Ken Myer", "LeaderPin", "***********", "new"),
        ("Tenant settings", "PinLength", 5, 7),
    ]
    assert rehearsal.changes.to_dicts()[0] == {
        "DisplayName": "Ken Myer",
        "Property": "AllowTollFreeDialIn",
        "Before": True,
        "After": False,
    }
    assert "Ken Myer" in str(rehearsal.changes)
    assert list(rehearsal.changes.to_pandas()["After"]) == [False, "new", "new", 7]
    assert rehearsal.changes._repr_html_().count("Ken Myer") == 1


@pytest.mark.parametrize(
    "calls",
    [
        (),
        (get_cs_online_user,),
        (
            lambda: set_cs_online_dial_in_conferencing_user(KEN, allow_toll_free_dial_in=False),
            lambda: set_cs_online_dial_in_conferencing_user(KEN, allow_toll_free_dial_in=True),
        ),
        (lambda: set_cs_online_dial_in_conferencing_user(KEN, send_email=True),),
        (
            lambda: new_cs_teams_audio_conferencing_policy("EMEA"),
            lambda: grant_cs_teams_audio_conferencing_policy(KEN, policy_name="EMEA"),
            lambda: grant_cs_teams_audio_conferencing_policy(KEN, policy_name=None),
            lambda: confid.invoke("Remove-CsTeamsAudioConferencingPolicy EMEA"),
        ),
    ],
)
def test_what_cancels_out_is_no_change(tenant: Session, calls: Any) -> None:
    """Nor is nothing."""
    with confid.rehearse(tenant) as rehearsal:
        for call in calls:
            call()
    assert not rehearsal.changes


def test_enabling_then_resetting_can_be_rehearsed(tenant: Session) -> None:
    """A call sees what the calls before it did."""
    disable_cs_online_dial_in_conferencing_user(KEN)
    with confid.rehearse(tenant) as rehearsal:
        first = enable_cs_online_dial_in_conferencing_user(KEN)
        second = set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        assert confid.whois(first.conference_id) is not None
    assert first.conference_id != second.conference_id
    found = {(name, after) for _, name, before, after in rows(rehearsal) if before is None}
    assert {
        ("ConferenceId", "new"),
        ("LeaderPin", "new"),
        ("ServiceNumber", "14255550100"),
    } <= found
    assert "1 person: 1 enabled, 1 number; 2 mails;" in str(rehearsal)


def test_an_error_is_kept_and_leaves_the_block(tenant: Session) -> None:
    """Once each: of an item, of a call that was caught, and what ended the block."""
    rehearsal = confid.rehearse(tenant)
    with suppress(ZeroDivisionError), rehearsal:
        found = set_cs_online_dial_in_conferencing_user(
            [KEN, OLEG], reset_conference_id=True, error_action="continue"
        )
        with pytest.raises(confid.UserNotFoundError):
            get_cs_online_user("nobody@contoso.com")
        raise ZeroDivisionError
    assert rehearsal.errors[0] is found.errors[0]
    assert [type(error).__name__ for error in rehearsal.errors] == [
        "NotEnabledError",
        "UserNotFoundError",
        "ZeroDivisionError",
    ]
    assert [call.touched for call in rehearsal.calls] == [1, 0]
    assert "3 failed" in str(rehearsal)
    with pytest.raises(confid.InvalidOperationError, match="ZeroDivisionError"):
        rehearsal.apply()


def test_a_session_closed_in_the_block_gives_way_all_the_same(tenant: Session) -> None:
    """The session before it is the current one again."""
    rehearsal = confid.rehearse(tenant)
    with pytest.raises(confid.NotConnectedError), rehearsal:  # noqa: PT012 - its end is at stake
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        rehearsal.session.close()
        get_cs_online_user()
    assert get_cs_online_user(KEN) == tenant.cmdlets.get_cs_online_user(KEN)
    assert len(rehearsal.calls) == 1


@pytest.mark.parametrize("notices", [True, False])
def test_what_a_change_of_the_tenant_ends_says_so(tenant: Session, notices: bool) -> None:
    """A call in the block notices it, or the end of the block does; calls and errors stay."""
    rehearsal = confid.rehearse(tenant)
    with pytest.raises(confid.StoreError, match="has changed") as raised, rehearsal:  # noqa: PT012 - the end of the block may raise it
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        tenant.cmdlets.set_cs_online_dial_in_conferencing_user(PILAR, reset_conference_id=True)
        if notices:
            set_cs_online_dial_in_conferencing_user(LI, reset_conference_id=True)
    assert rehearsal.errors == (raised.value,)
    assert [call.failed for call in rehearsal.calls] == [False, True][: 1 + notices]
    for read in (str, lambda r: r.changes, lambda r: r.script()):
        with pytest.raises(confid.StoreError, match="has changed"):
            read(rehearsal)
    with pytest.raises(confid.InvalidOperationError, match="a StoreError ended it"):
        rehearsal.apply()


@pytest.mark.parametrize(
    ("people", "count"), [([OLEG], 1), ([OLEG, "nobody@x.org"], 2), ([OLEG, OLEG], 1)]
)
def test_an_error_that_leaves_a_call_and_the_block_counts_once(
    tenant: Session, people: list[str], count: int
) -> None:
    """For each of the people who failed."""
    rehearsal = confid.rehearse(tenant)
    with suppress(confid.ConfidError), rehearsal:
        set_cs_online_dial_in_conferencing_user(people, reset_conference_id=True)
    assert len(rehearsal.errors) == count
    assert len(rehearsal.calls) == 1


def test_calls_have_powershells_names(tenant: Session) -> None:
    """Records stand by their names; what PowerShell has no word for stands beside."""
    with confid.rehearse(tenant) as rehearsal:
        finance = get_cs_online_dial_in_conferencing_user([KEN, PILAR])
        set_cs_online_dial_in_conferencing_user(
            [*finance, KEN], reset_conference_id=True, notify=False
        )
    call = rehearsal.calls[-1]
    assert call.name == "Set-CsOnlineDialInConferencingUser"
    assert call.parameters == {"Identity": [KEN, PILAR], "ResetConferenceId": True}
    assert (call.beside, call.touched, call.error) == ({"notify": False}, 2, None)


def test_mails_are_those_that_the_calls_owe(tenant: Session) -> None:
    """Not those that were owed before; without a PIN; and nobody gets them."""
    before = len(outbox())
    set_cs_online_dial_in_conferencing_user(LI, reset_conference_id=True)
    with confid.rehearse(tenant) as rehearsal:
        ken = set_cs_online_dial_in_conferencing_user(KEN, reset_leader_pin=True)
        with pytest.raises(confid.InvalidOperationError, match="redirect_to"):
            deliver(MemoryTransport())
        transport = MemoryTransport()
        deliver(transport, redirect_to="me@contoso.com")
    assert len(outbox()) == before + 1
    assert len(transport.messages) == 2
    (mail,) = rehearsal.mails
    assert mail.to == KEN
    assert ken.leader_pin not in str(mail)
    assert "<iframe" in mail._repr_html_()


def test_invitations_that_would_show_a_retired_id(tenant: Session) -> None:
    """Those of the people whose ID the calls retired."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
    assert [meeting.subject for meeting in rehearsal.outdated] == ["Quarterly figures"]
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        confid.meetings.run_migrations()
    assert not rehearsal.outdated
    invitation = next(row for row in rehearsal.changes if row.property == "Invitation")
    assert "Conference ID: new" in str(invitation.after)


def test_no_other_calendar_is_told(tenant: Session) -> None:
    """The function that updates it isn't called; applying it would tell what can't be undone."""
    told: list[object] = []
    with confid.rehearse(tenant) as outer:
        with confid.rehearse(outer.session) as rehearsal:
            set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
            assert confid.meetings.run_migrations(update=told.append).invitations == 1
        rehearsal.apply()
    assert not told
    with pytest.raises(confid.InvalidArgumentError, match="can't be rolled back"):
        outer.apply()
    assert not told


def test_what_was_only_asked_for_changes_nothing(tenant: Session) -> None:
    """Under WhatIf, of cmdlets and of confid's own functions."""
    with confid.rehearse(tenant) as rehearsal:
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True, what_if=True)
        confid.remove_users(KEN, what_if=True)
    assert [call.writes for call in rehearsal.calls] == [False, False]
    assert not rehearsal.changes
    assert not rehearsal.warnings
    rehearsal.apply()
    assert get_cs_online_user(KEN)


def test_it_can_be_read_in_the_block(tenant: Session) -> None:
    """So far."""
    with confid.rehearse(tenant) as rehearsal:
        assert str(rehearsal) == "Nothing would change"
        set_cs_online_dial_in_conferencing_user(KEN, reset_conference_id=True)
        assert len(rehearsal.changes) == len(rehearsal.calls) == len(rehearsal.mails) == 1
        with pytest.raises(confid.InvalidOperationError, match="has not ended"):
            rehearsal.apply()


def test_rehearsals_nest_and_threads_find_theirs(tenant: Session) -> None:
    """An inner one is made on the outer one; each thread's calls are recorded."""
    with confid.rehearse(tenant) as outer:
        set_cs_online_dial_in_conferencing_user(KEN, allow_toll_free_dial_in=False)
        with confid.rehearse(outer.session) as inner:
            set_cs_online_dial_in_conferencing_user(KEN, allow_pstn_only_meetings=True)
        threads = [
            threading.Thread(
                target=set_cs_online_dial_in_conferencing_user,
                args=[upn],
                kwargs={"allow_toll_free_dial_in": False, "session": outer.session},
            )
            for upn in (PILAR, LI)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [row[1] for row in rows(inner)] == ["AllowPstnOnlyMeetings"]
    assert {row[0] for row in rows(outer)} == {"Ken Myer", "Pilar Ackerman", "李雷"}
    assert len(outer.calls) == 3
    assert get_cs_online_dial_in_conferencing_user(KEN).allow_toll_free_dial_in


def test_an_open_session_brings_what_it_has(tenant: Session) -> None:
    """Its clock, actor and preferences; those that are given count more."""
    at = tenant.now() + timedelta(days=3)
    tenant.preferences.error_action = "Continue"
    tenant.actor = "anna"
    with confid.rehearse(tenant, clock=lambda: at) as rehearsal:
        set_cs_online_dial_in_conferencing_user([KEN, OLEG], reset_conference_id=True)
        (entry,) = [e for e in confid.ledger.entries(KEN) if e.retired_at is None]
        assert (entry.issued_at, entry.issued_by) == (at, "anna")
    assert len(rehearsal.errors) == 1


def test_an_absent_tenant_is_refused(tmp_path: Path) -> None:
    """Nothing is created."""
    with pytest.raises(confid.StoreError):
        confid.rehearse(tmp_path / "nothing.db")
    with pytest.raises(confid.StoreError):
        confid.rehearse(MemoryStore())
    assert not list(tmp_path.iterdir())


def test_a_folder_of_exports_can_be_rehearsed_on(tmp_path: Path) -> None:
    """What the folder holds is there before the first call; it can't be applied."""
    (tmp_path / "users.csv").write_text(
        f"UserPrincipalName,DisplayName,Licenses\n{KEN},Ken Myer,MCOMEETADV\n", encoding="utf-8"
    )
    for folder in (str(tmp_path), tmp_path):
        with confid.rehearse(folder) as rehearsal:
            enable_cs_online_dial_in_conferencing_user(KEN)
        assert {row[0] for row in rows(rehearsal)} == {"Ken Myer"}
    (tmp_path / "notes.csv").write_text("Nothing,Known\n1,2\n", encoding="utf-8")
    with confid.rehearse(tmp_path) as rehearsal:
        get_cs_online_user(KEN)
    assert "notes.csv" in str(rehearsal.warnings)
    with pytest.raises(confid.InvalidOperationError, match="folder"):
        rehearsal.apply()


def test_a_sealed_backup_can_be_rehearsed_on(tmp_path: Path) -> None:
    """It can't be applied."""
    store = SQLiteStore(tmp_path / "tenant.db")
    with confid.connect(store):
        confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}])
        store.backup(tmp_path / "backup.db")
    with confid.rehearse(tmp_path / "backup.db") as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    with pytest.raises(confid.InvalidOperationError, match="sealed"):
        rehearsal.apply()


def test_neither_witness_nor_key_is_asked_before_apply(tmp_path: Path) -> None:
    """The rehearsal does without; applying needs both."""
    path, witness, key = tmp_path / "tenant.db", tmp_path / "witness.db", b"k" * 32
    with confid.connect(path, witness=witness, pin_key=key):
        confid.import_users([{"UserPrincipalName": KEN, "Licenses": "MCOMEETADV"}])
    moved = witness.rename(tmp_path / "elsewhere.db")
    with confid.rehearse(path) as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    with pytest.raises(confid.ConfidError):
        rehearsal.apply()
    with confid.rehearse(path, witness=moved, pin_key=lambda: key) as rehearsal:
        enable_cs_online_dial_in_conferencing_user(KEN)
    (ken,) = rehearsal.apply()
    assert ken.leader_pin.isdigit()
