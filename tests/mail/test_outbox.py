"""Parked messages that leave after all, retries over several calls, and progress."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user as disable,
)
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user as enable,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_user as set_user,
)
from confid.errors import InvalidArgumentError
from confid.mail import (
    MaildirTransport,
    MemoryTransport,
    PermanentRefusal,
    Report,
    Retry,
    TransportUnavailable,
    deliver,
    outbox,
    requeue,
)
from confid.tenant.outbox import LANES, PIN_IS_LOST

from .conftest import Office, in_memory
from .test_messages import parts, spoken_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage


LATER = Retry(patience=timedelta(0))


def refuse(_: EmailMessage) -> None:
    """Refuse for good."""
    raise PermanentRefusal("550 5.1.1 No such mailbox.")


def later(_: EmailMessage) -> None:
    """Refuse for now."""
    raise OSError("451 Later.")


def parked_reset(office: Office, *names: str) -> list[str]:
    """Enabled people, each with a parked message about a reset."""
    upns = office.enable(*names)
    deliver(MemoryTransport())
    set_user(upns, reset_conference_id=True)
    deliver(refuse)
    return upns


def test_a_parked_message_can_leave_after_all(office: Office) -> None:
    """Once it is requeued; to the address that the directory has by now."""
    (upn,) = parked_reset(office, "ken")
    with office.session.unit(write=True) as tenant:
        tenant.put_users([attrs.evolve(tenant.user(upn), mail="ken.myer@contoso.com")])
    (again,) = requeue(outbox(state="failed"))
    assert (again.state, again.to, again.reason) == ("pending", "ken.myer@contoso.com", None)
    transport = MemoryTransport()
    assert deliver(transport).sent == 1
    assert transport.messages[0]["To"].addresses[0].addr_spec == "ken.myer@contoso.com"
    assert not confid.check().problems


def test_one_that_the_call_addressed_elsewhere_still_goes_there(office: Office) -> None:
    """The directory's address doesn't matter to it."""
    (upn,) = office.enable("ken")
    deliver(MemoryTransport())
    set_user(upn, send_email=True, send_email_to_address="boss@contoso.com")
    deliver(refuse)
    (again,) = requeue(outbox(state="failed")[0])
    assert again.to == "boss@contoso.com"


def test_one_that_had_a_pin_cant(office: Office) -> None:
    """The PIN is erased; the error says that it has to be reset."""
    office.enable("ken")
    deliver(refuse)
    with pytest.raises(InvalidArgumentError, match="reset_leader_pin=True"):
        requeue(outbox(state="failed"))


def test_one_about_an_earlier_id_cant(office: Office) -> None:
    """The last message to arrive would be wrong. Nor one about being disabled, enabled again."""
    (upn,) = parked_reset(office, "ken")
    old = outbox(state="failed")
    set_user(upn, reset_conference_id=True, notify=False)
    with pytest.raises(InvalidArgumentError, match="was reset since"):
        requeue(old)
    disable(upn)
    deliver(refuse)
    enable(upn, notify=False)
    told_disabled = [e for e in outbox(state="failed") if e.facts.conference_id is None]
    assert len(told_disabled) == 1
    with pytest.raises(InvalidArgumentError, match="was reset since"):
        requeue(told_disabled)


@pytest.mark.parametrize("sent", [True, False])
def test_one_behind_which_another_has_left_cant(office: Office, sent: bool) -> None:
    """Though the ID is the same: what it says of numbers may be old, and order is order."""
    (upn,) = parked_reset(office, "ken")
    set_user(upn, send_email=True)
    if sent:
        deliver(MemoryTransport())
    with pytest.raises(InvalidArgumentError, match="a later message"):
        requeue(outbox(state="failed"))


def test_several_of_a_user_leave_in_their_order(office: Office) -> None:
    """Requeued together, in whatever order they are given."""
    (upn,) = parked_reset(office, "ken")
    set_user(upn, send_email=True)
    deliver(refuse)
    requeue(reversed(outbox(state="failed")))
    transport = MemoryTransport()
    assert deliver(transport).sent == 2
    assert [str(m["Subject"])[:8] for m in transport.messages] == ["Your con", "Your aud"]
    assert len(set(spoken_ids(transport.messages))) == 1


def test_requeueing_is_all_or_none(office: Office) -> None:
    """With an error that names each that can't leave."""
    parked_reset(office, "ken", "mia")
    gone, kept = outbox(state="failed")
    with office.session.unit(write=True) as tenant:
        owner = next(u for u in tenant.users([gone.owner]).values())
        tenant.remove(tenant.people([owner]))
    with pytest.raises(InvalidArgumentError, match="its user was removed") as caught:
        requeue([gone, kept])
    assert caught.value.target == gone.key
    assert [e.key for e in outbox(state="failed")] == [kept.key]


def test_what_was_sent_or_has_no_address_cant(office: Office) -> None:
    """Each says the way out."""
    office.enable("ken")
    deliver(MemoryTransport())
    (upn,) = office.hire("mia", mail=None)
    enable(upn)
    disable(upn)
    with pytest.raises(InvalidArgumentError, match="it was sent"):
        requeue(outbox(state="sent"))
    with pytest.raises(InvalidArgumentError, match="has no e-mail address"):
        requeue([e for e in outbox(state="failed") if e.facts.conference_id is None])


def test_retries_come_further_and_further_apart(office: Office) -> None:
    """A call before the time holds the message back; the clock is the session's."""
    office.enable("ken")
    waits = []
    for attempt in range(1, 10):
        assert deliver(later, retry=LATER).pending == 1
        (entry,) = outbox()
        assert entry.attempts == attempt
        if entry.retry_at:
            waits.append((entry.retry_at - office.clock()).total_seconds())
            report = deliver(MemoryTransport())
            assert (report.sent, report.held_back) == (0, 1)
            office.clock.move(entry.retry_at - office.clock())
    assert waits == [16, 64, 256, 1024, 3600, 3600, 3600]
    assert deliver(MemoryTransport()).sent == 1


def test_after_a_day_of_refusals_a_message_is_parked(office: Office) -> None:
    """With the reason and without its PIN; what waits behind it leaves."""
    (upn,) = office.enable("ken")
    start = office.clock()
    while (report := deliver(later, retry=LATER)) and not report.failures[0].parked:
        office.clock.move((outbox()[0].retry_at or office.clock()) - office.clock())
    assert timedelta(hours=23) < office.clock() - start < timedelta(hours=25)
    (parked,) = outbox(state="failed")
    assert parked.reason == f"Given up after 30 attempts: 451 Later. {PIN_IS_LOST}"
    assert [b for b in office.documents().values() if "pin" in b["facts"]] == []
    office.reset(upn)
    assert deliver(MemoryTransport()).sent == 1


def test_a_message_that_waits_can_be_made_due_at_once(office: Office) -> None:
    """By requeueing it, PIN and all: it is pending still."""
    office.enable("ken")
    for _ in range(4):
        deliver(later, retry=LATER)
    assert deliver(MemoryTransport()).held_back == 1
    (again,) = requeue(outbox())
    assert (again.attempts, again.retry_at) == (0, None)
    transport = MemoryTransport()
    assert deliver(transport).sent == 1
    assert "PIN: " in parts(transport.messages[0])[0]


def test_one_in_a_deliverys_hands_keeps_its_lease(office: Office) -> None:
    """Requeueing it meanwhile doesn't let another delivery send it too."""
    office.enable("ken")
    inner = MemoryTransport()

    def outer(_: EmailMessage) -> None:
        requeue(outbox())
        deliver(inner)

    assert deliver(outer).sent == 1
    assert inner.messages == []


def test_an_unusable_transport_is_not_tried_for_every_message(office: Office) -> None:
    """Once, with a pause where that may help; every message stays as it was."""
    office.enable(*(f"user{n}" for n in range(60)))
    calls = []

    def locked(_: EmailMessage) -> None:
        calls.append(1)
        raise TransportUnavailable("The door is locked.", temporary=False)

    report = deliver(locked)
    assert len(calls) == 1
    assert (report.pending, report.held_back, report.stopped) == (1, 59, "The door is locked.")
    assert {e.attempts for e in outbox()} == {0}
    assert not [body for body in office.documents().values() if "lease" in body]


def test_a_delivery_tells_its_transport_when_it_is_over(office: Office) -> None:
    """Also when it failed: a connection need not stay open."""
    office.enable("ken")

    class Resting(MemoryTransport):
        rests = 0

        def rest(self) -> None:
            """Count."""
            self.rests += 1

    transport = Resting()
    deliver(transport)
    deliver(transport)
    assert transport.rests == 2


def test_progress_counts_what_is_done(office: Office) -> None:
    """A function of the messages done with and of all; a parked one is done with, too."""
    office.enable("ann", "ken", "mia")
    office.hire("zoe", mail="{} at home")
    enable("zoe@contoso.com")
    steps: list[tuple[int, int | None]] = []
    deliver(MemoryTransport(), progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_progress_can_be_a_bar(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, with tqdm."""
    office.enable("ann", "ken")
    deliver(MemoryTransport(), progress=True)
    assert "2/2" in capsys.readouterr().err
    with pytest.raises(InvalidArgumentError, match="progress="):
        deliver(MemoryTransport(), progress=3)  # type: ignore[arg-type]  # that is the point


def test_a_bar_without_tqdm_says_what_is_missing() -> None:
    """It is an extra."""
    code = (
        "import sys; sys.modules['tqdm'] = None; sys.modules['tqdm.auto'] = None\n"
        "import confid, confid.mail as mail\n"
        "with confid.demo():\n"
        "    try: mail.deliver(mail.MemoryTransport(), progress=True)\n"
        "    except confid.InvalidArgumentError as error: assert 'confid[notebook]' in str(error)\n"
        "    else: sys.exit('no error')\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_what_is_pending_is_read_a_part_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much it is: no read has more than its share, and history is not read at all."""
    office.enable(*(f"user{n}" for n in range(150)))
    deliver(MemoryTransport())
    office.enable(*(f"other{n}" for n in range(150)))
    read: list[int] = []
    with office.session.unit(write=False) as tenant:
        kind = type(tenant.transaction)
    find = kind.find

    def counted(self: object, *arguments: object) -> dict[str, object]:
        found = find(self, *arguments)  # type: ignore[arg-type]  # passed on
        read.append(len(found))
        return found  # type: ignore[return-value]  # passed on

    monkeypatch.setattr(kind, "find", counted)
    assert deliver(lambda _: None).sent == 150
    assert sum(read) == 150
    assert len(read) == len(LANES)
    assert max(read) < 25


@given(
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900)),
    st.integers(1, 200),
)
def test_a_wait_never_shrinks_nor_passes_its_end(
    first: timedelta, longest: timedelta, attempts: int
) -> None:
    """Whatever a retry is made of."""
    retry = Retry(first=first, longest=longest)
    assert retry.after(attempts) <= retry.after(attempts + 1) <= longest
    assert retry.after(1) == min(first, longest)


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": timedelta(-1)},
        {"first": timedelta.max},
        {"longest": timedelta.max},
        {"patience": timedelta.max},
        {"patience": 5},
        {"first": None},
        {"attempts": 0},
        {"attempts": "3"},
        {"attempts": 1.5},
    ],
)
def test_a_retry_that_cant_be_is_refused(wrong: dict[str, object]) -> None:
    """With an error that names the field."""
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        Retry(**wrong)  # type: ignore[arg-type]  # that is the point


@in_memory
def test_a_wait_ends_with_the_calendar(office: Office) -> None:
    """A message that left is marked, though the next attempt of another is out of all time."""
    office.clock.time = datetime(9998, 12, 31, tzinfo=UTC)
    office.enable("ken", "mia")
    waits = Retry(first=timedelta(days=1000), longest=timedelta(days=1000))

    def only_mia(message: EmailMessage) -> None:
        if "ken" in str(message["To"]):
            later(message)

    assert deliver(only_mia, retry=waits).sent == 1
    assert [entry.to for entry in outbox(state="sent")] == ["mia@contoso.com"]
    assert outbox()[0].retry_at == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "call",
    [
        lambda: deliver(later, retry=5),  # type: ignore[arg-type]
        lambda: deliver(later, languages=5),  # type: ignore[arg-type]
        lambda: deliver(later, languages={"en-US": 5}),  # type: ignore[dict-item]
        lambda: deliver(later, templates=5),  # type: ignore[arg-type]
        lambda: deliver(later, templates="x" * 5000),
        lambda: deliver(later, templates="\0"),
        lambda: requeue("x"),  # type: ignore[arg-type]
        lambda: requeue(5),  # type: ignore[arg-type]
        lambda: requeue([None]),  # type: ignore[list-item]
        lambda: outbox(state=5),  # type: ignore[arg-type]
        lambda: MaildirTransport(5),  # type: ignore[arg-type]
        lambda: MaildirTransport("\0"),
        lambda: MaildirTransport("x" * 5000),
    ],
)
@in_memory
def test_an_argument_of_the_wrong_kind_is_refused(
    office: Office, call: Callable[[], object]
) -> None:
    """Before anything is leased."""
    office.enable("ken")
    with pytest.raises(InvalidArgumentError):
        call()
    assert "lease" not in next(iter(office.documents().values()))


def test_what_is_pending_from_before_there_were_lanes_is_found(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a PIN that stands in it as it was then. The search is made once."""
    (upn,) = office.hire("ken")
    pin = enable(upn).leader_pin
    with office.session.unit(write=True) as tenant:
        ((key, body),) = tenant.transaction.scan("outbox")
        del body["index"]["lane"]
        body["facts"]["pin"] = pin
        tenant.transaction.put("outbox", {key: body})
        tenant.transaction.delete("pin_pad", [key])
    assert not confid.check().problems
    transport = MemoryTransport()
    assert deliver(transport).sent == 1
    assert f"PIN: {pin}" in parts(transport.messages[0])[0]
    assert not confid.check().problems
    with office.session.unit(write=False) as tenant:
        kind = type(tenant.transaction)
    monkeypatch.setattr(kind, "scan", None)
    assert deliver(transport) == Report()
