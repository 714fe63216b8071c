"""PINs as they are kept: what a digest is keyed with and bound to, and the key kept elsewhere."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from contextlib import suppress
from itertools import product
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import PinKeyError, attendant, mail, meetings
from confid.cmdlets import set_cs_online_dial_in_conferencing_tenant_settings as set_tenant
from confid.errors import ConfidError, InvalidArgumentError, Secret, StoreError
from confid.store import MemoryStore
from confid.store.base import TENANT
from confid.store.seal import FACTS
from confid.tenant.changes import Change
from confid.tenant.documents import CONFERENCING
from confid.tenant.pins import PinKey, Pins
from tests.shown import shown_by
from tests.tenants import (
    NOON,
    Clock,
    add,
    contents,
    disable,
    enable,
    get,
    lines,
    outbox,
    set_user,
    tenant,
    upn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confid import Session

KEY, OTHER = b"sixteen bytes or more", b"another key, as long"


def digest_of(session: Session, name: str) -> str | None:
    """What is kept of a person's PIN."""
    with session.unit(write=False) as unit:
        (person,) = unit.people([unit.user(upn(name))])
    assert person.conferencing
    return person.conferencing.pin_digest


def accepts(session: Session, name: str, pin: str) -> bool:
    """Whether the tenant takes this for the person's PIN."""
    with session.unit(write=False) as unit:
        (person,) = unit.people([unit.user(upn(name))])
        return unit.pins.is_right(person, Secret(pin))


def new_pin(session: Session, name: str = "ken") -> str:
    """A person's PIN, reset."""
    pin: str = set_user(upn(name), reset_leader_pin=True, notify=False, session=session).leader_pin
    return pin


@given(pin=st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_a_digest_is_bound_to_its_owner_and_its_tenant(pin: str) -> None:
    """The same PIN of another person, or in another tenant, is kept as something else."""
    digests = set()
    for _ in range(2):
        with tenant() as session, session.unit(write=False) as unit:
            digests |= {unit.pins.digest(owner, Secret(pin)) for owner in ("one", "two", "tw")}
    assert len(digests) == 6
    assert not any(pin in digest for digest in digests if len(pin) > 6)


def test_only_its_own_pin_is_right() -> None:
    """Not another's, not one before, not none, not the digest itself; each digit counts."""
    with tenant("ken", "zoe") as session:
        before, pin, zoes = new_pin(session), new_pin(session), new_pin(session, "zoe")
        assert accepts(session, "ken", pin)
        wrong = {before, zoes, "", pin + "0", pin[:-1], digest_of(session, "ken") or ""}
        wrong |= {pin[:n] + str((int(pin[n]) + 1) % 10) + pin[n + 1 :] for n in range(len(pin))}
        assert not any(accepts(session, "ken", one) for one in wrong - {pin})


def test_a_digest_is_compared_in_constant_time() -> None:
    """No other comparison has anything to do with it."""
    assert inspect.getsource(Pins.is_right).count("hmac.compare_digest(kept,") == 1
    assert "==" not in inspect.getsource(Pins.is_right)


def test_disabling_forgets_the_pin() -> None:
    """Nothing of it is kept, and enabling again makes another one."""
    with tenant("ken") as session:
        pin = new_pin(session)
        disable(upn("ken"), notify=False, session=session)
        assert digest_of(session, "ken") is None
        assert not accepts(session, "ken", pin)
        assert not accepts(session, "ken", "")
        enable(upn("ken"), notify=False, session=session)
        assert not accepts(session, "ken", pin)


def test_nobody_is_let_in_without_a_pin() -> None:
    """A person who came in with an ID has none, and an empty entry isn't it."""
    with tenant(enabled=False) as session:
        row = {"UserPrincipalName": upn("ken"), "ConferenceId": 1_234_567, "Licenses": "MCOMEETADV"}
        confid.import_users([row], session=session)
        assert digest_of(session, "ken") is None
        assert not accepts(session, "ken", "")


def test_no_two_tenants_share_a_key() -> None:
    """Of their PINs, or of the names that a witness knows."""
    keys = set()
    for _ in range(8):
        with tenant() as session, session.unit(write=False) as unit:
            keys.add(unit.facts.pin_key)
    assert len(keys) == 8
    assert {len(key) for key in keys} == {32}


def test_no_repr_of_an_internal_record_shows_a_key_a_digest_or_a_pin() -> None:
    """Whatever a log or a debugger writes out."""
    with tenant("ken", pin_key=None) as session:
        set_user(upn("ken"), reset_leader_pin=True, session=session)
        waiting = outbox(session)[-1]
        pin = waiting.facts.pin
        assert pin
        with session.unit(write=True) as unit:
            (person,) = unit.people([unit.user(upn("ken"))])
            record = unit.conferencing_user(person, pin=Secret(pin))
            records: list[object] = [unit, unit.facts, unit.setup, person, record, unit.pins]
            assert person.conferencing
            records += [waiting, person.conferencing]
            records.append(Change(person=person, after=person.conferencing, pin=Secret(pin)))
            secrets = [pin, unit.facts.pin_key.hex(), repr(unit.facts.pin_key)[2:-1]]
        secrets.append(digest_of(session, "ken") or "")
        shown = "\n".join(map(repr, records))
    assert not [secret for secret in secrets if secret in shown]


# What else is under the tenant's own key.


def test_the_digest_of_an_export_needs_the_tenants_key() -> None:
    """One made without a key, or with another tenant's, is as good as a changed export."""
    with tenant("ken") as session:
        head, line, _ = confid.ledger.export(session=session).splitlines()
        for key in (b"", bytes(32), os.urandom(32)):
            digest = hashlib.blake2b(key=key, person=b"confid ledger", digest_size=32)
            for text in (head, line):
                digest.update(text.encode() + b"\n")
            forged = "\n".join([head, line, json.dumps({"digest": digest.hexdigest()})])
            with pytest.raises(InvalidArgumentError, match="changed"):
                confid.ledger.merge(forged, session=session)


def test_the_names_that_a_witness_knows_need_the_tenants_key() -> None:
    """Two tenants name one person by two names, and neither is a plain digest of the name."""
    witness = MemoryStore()
    for number in (1_234_567, 7_654_321):
        row = {"UserPrincipalName": upn("ken"), "ConferenceId": number, "Licenses": "MCOMEETADV"}
        with tenant(enabled=False, witness=witness) as session:
            confid.import_users([row], session=session)
    witness.open([TENANT], create=False)
    with witness.transaction(write=False) as transaction:
        names = {entry.owner.partition(":")[0] for entry in transaction.entries()}
    assert len(names) == 2
    plain = hashlib.blake2b(upn("ken").encode(), digest_size=12).hexdigest()
    assert not [name for name in names if plain in name or "ken" in name]


# A key that is kept elsewhere.


def opened(place: Any, **options: Any) -> Session:
    """A session on a place."""
    return confid.connect(place, clock=Clock(NOON), host=confid.host.RecordingHost(), **options)


def test_the_digests_of_an_existing_tenant_are_wrapped_when_the_key_is_first_given(
    place: Any,
) -> None:
    """The PINs stay right, with the key; what was kept before tells nothing about them."""
    with tenant("ken", "zoe", "max", store=place) as session:
        pins = {name: new_pin(session, name) for name in ("ken", "zoe")}
        disable(upn("max"), notify=False, session=session)
        before = contents(session)
    with opened(place, pin_key=KEY) as session:
        assert all(accepts(session, name, pin) for name, pin in pins.items())
        after = contents(session)
        pins["zoe"] = new_pin(session, "zoe")
    for owner, body in before[CONFERENCING.name].items():
        now = after[CONFERENCING.name][owner]
        assert {**now, "pin_digest": None} == {**body, "pin_digest": None} | (
            {} if body.get("pin_digest") else {"pin_digest": None}
        )
        assert now.get("pin_digest") != body.get("pin_digest") or not body.get("pin_digest")
    with opened(place, pin_key=lambda: KEY) as session:
        assert all(accepts(session, name, pin) for name, pin in pins.items())
        assert contents(session)[TENANT.name] == after[TENANT.name]


def test_without_the_key_only_what_needs_it_is_refused(place: Any) -> None:
    """Enabling, PIN resets and PIN entry, which say why; the rest works."""
    with opened(place, pin_key=KEY) as session:
        add(session, "ken")
        add(session, "zoe")
        ken = enable(upn("ken"), notify=False, session=session)
        meetings.schedule(upn("ken"), subject="s", start=NOON.replace(hour=15), session=session)
    with opened(place) as session:
        for call, name, options in (
            (enable, upn("zoe"), {}),
            (enable, [upn("zoe")], {"error_action": "continue"}),
            (set_user, upn("ken"), {"reset_leader_pin": True}),
        ):
            with pytest.raises(PinKeyError, match="Connect with pin_key="):
                call(name, **options, session=session)
        after = set_user(upn("ken"), reset_conference_id=True, session=session)
        assert after.conference_id != ken.conference_id
        caller = attendant.dial(after.service_number, session=session)
        caller.enter_conference_id(str(after.conference_id))
        caller.say_organizer(is_organizer=True)
        with pytest.raises(PinKeyError, match="Connect with pin_key="):
            caller.enter_pin(ken.leader_pin)
        assert enable(upn("ken"), session=session) is not None
        assert mail.deliver(mail.MemoryTransport(), session=session).sent == 1
        disable(upn("ken"), session=session)
        assert confid.check(session).problems == ()
        assert lines(session) == []
    with opened(place, pin_key=KEY) as session:
        enable(upn("zoe"), session=session)


def test_a_wrong_key_is_told(place: Any) -> None:
    """At once, and nothing is changed; a digest keyed with it would lock everybody out."""
    with opened(place, pin_key=KEY) as session:
        held = contents(session)
    for wrong in (OTHER, KEY[:-1], lambda: OTHER):
        with pytest.raises(PinKeyError, match="not the key"):
            opened(place, pin_key=wrong)
    with opened(place) as session:
        assert contents(session) == held


@pytest.mark.parametrize("key", [b"", b"short", "a text of sixteen", 7, lambda: None, lambda: b"x"])
def test_a_key_has_sixteen_bytes(key: Any) -> None:
    """Anything else is refused, and shown nowhere."""
    with pytest.raises(InvalidArgumentError, match="at least 16 bytes") as raised:
        confid.connect(pin_key=key)
    shown = "".join(TracebackException.from_exception(raised.value, capture_locals=True).format())
    frames = shown.partition("confid/start.py")[2]
    assert "short" not in re.sub(r"[^\n]*shorter[^\n]*", "", frames)


def test_tenants_that_share_a_key_show_nothing_in_common() -> None:
    """Neither what tells a wrong key, nor the digests of equal PINs."""
    kept = set()
    for _ in range(2):
        with tenant("ken", pin_key=PinKey(KEY)) as session:
            held = contents(session)[TENANT.name][FACTS]
            kept.add(held["pin_check"])
            with session.unit(write=False) as unit:
                kept.add(unit.pins.digest("owner", Secret("12345")))
    assert len(kept) == 4


def test_exports_keep_the_tenants_own_key(place: Any) -> None:
    """One from before the key was given can still be merged, with or without the key."""
    with tenant("ken", store=place) as session:
        export = confid.ledger.export(session=session)
    with opened(place, pin_key=KEY) as session:
        later = confid.ledger.export(session=session)
        confid.ledger.merge(export, session=session)
    with opened(place) as session:
        confid.ledger.merge(later, session=session)


def test_no_key_is_in_the_store_or_a_traceback(tmp_path: Path) -> None:
    """Not in a file, and not among the local variables of a failed connect."""
    with opened(tmp_path / "tenant.db", pin_key=KEY):
        pass
    assert not [f for f in tmp_path.iterdir() if KEY in f.read_bytes()]
    with pytest.raises(confid.ConfidError) as raised:
        confid.connect(tmp_path / "nowhere" / "tenant.db", pin_key=KEY, create=False)
    shown = "".join(TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "sixteen" not in shown.partition("confid/start.py")[2]


def test_nobody_passes_dice_to_connect() -> None:
    """A caller who chose the dice would choose the IDs."""
    with pytest.raises(TypeError, match="dice"):
        confid.connect(dice=bytes)  # type: ignore[call-arg]  # the point


@pytest.mark.parametrize("method", ["get", "put", "delete", "claim", "current"])
def test_a_store_that_fails_shows_no_pin(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Neither one that is drawn nor one that a caller types, in no frame of the error."""
    drawn: list[Secret] = []
    new = Pins.new

    def noted(self: Pins) -> Secret:
        drawn.append(new(self))
        return drawn[-1]

    monkeypatch.setattr(Pins, "new", noted)
    with tenant("ken", "mia", enabled=False) as session:
        set_tenant(pin_length=12)
        enable(upn("ken"))
        call = attendant.dial("+1 425-555-0100")
        call.press(str(get(upn("ken")).conference_id))
        call.press("*")
        works = [
            lambda: enable(upn("mia")),
            lambda: set_user(upn("ken"), reset_leader_pin=True),
            lambda: call.press(drawn[0].reveal()),
            lambda: call.enter_pin("*" + drawn[0].reveal()),
        ]
        with session.unit(write=False) as unit:
            kind = type(unit.transaction)
        real = getattr(kind, method)
        failed = 0
        for work, after in product(works, range(6)):
            left = iter(range(after))

            def failing(
                self: object, *given: object, left: Iterator[int] = left, **options: object
            ) -> object:
                if next(left, None) is None:
                    raise StoreError("The disk is full.")
                return real(self, *given, **options)

            shown = ""
            with monkeypatch.context() as patch, suppress(AssertionError, ConfidError):
                patch.setattr(kind, method, failing)
                shown = shown_by(work, StoreError)
            failed += bool(shown)
            assert not [pin for pin in drawn if pin.reveal() in shown]
    assert failed
