"""More than one page of people: nobody is left out, and nobody comes twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import get_cs_online_dial_in_conferencing_user_info, get_cs_online_user
from confid.errors import Secret
from confid.store import MemoryStore
from confid.store.batches import AT_ONCE, batched
from confid.tenant.pins import PinKey
from tests.tenants import contents, get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid import Session

PAGE = 3
NAMES = [f"user{n:02d}" for n in range(2 * PAGE + 1)]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A tenant with three pages of people, the last one not full."""
    monkeypatch.setattr("confid.store.batches.AT_ONCE", PAGE)
    with tenant(*NAMES) as made:
        yield made


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("count", [0, 1, 3, 6, 7])
def test_batches_hold_everything_once_in_order(size: int, count: int) -> None:
    """None is empty, and all but the last are full."""
    found = list(batched(iter(range(count)), size))
    assert [item for batch in found for item in batch] == list(range(count))
    assert all(len(batch) == size for batch in found[:-1])
    assert all(found)


def test_listings_show_everybody_once(session: Session) -> None:
    """Whatever the cmdlet, and with as many people as fill the pages exactly."""
    for expected in (NAMES, NAMES[:-1]):
        enabled = get(session=session)
        assert sorted(user.display_name.lower() for user in enabled) == expected
        infos = get_cs_online_dial_in_conferencing_user_info(session=session)
        assert sorted(info.display_name.lower() for info in infos) == expected
        users = get_cs_online_user(session=session)
        assert sorted(user.display_name.lower() for user in users) == expected
        confid.remove_users(upn(expected[-1]), session=session)


def test_a_person_named_twice_far_apart_is_reset_once(session: Session) -> None:
    """By the same text and by another form of identity, in another page."""
    before = {user.identity: user.conference_id for user in get(session=session)}
    first = get(upn(NAMES[0]), session=session)
    named = [*map(upn, NAMES), upn(NAMES[0]), first.sip_address, first.identity, first]
    after = set_user(named, reset_conference_id=True, session=session)
    assert [user.identity for user in after] == list(dict.fromkeys(u.identity for u in after))
    assert {user.identity for user in after} == before.keys()
    assert all(user.conference_id != before[user.identity] for user in after)
    with session.unit(write=False) as unit:
        assert unit.transaction.count() == 2 * len(NAMES)


def test_a_move_brings_every_owner(session: Session) -> None:
    """With all their entries, and the target is as the source was."""
    set_user(list(map(upn, NAMES)), reset_conference_id=True, notify=False, session=session)
    held = contents(session)
    source, target = session.store, MemoryStore()
    session.close()
    moved = confid.move_tenant(source, target)
    assert moved.conference_ids == 2 * len(NAMES)
    with confid.connect(target, create=False) as there:
        after = contents(there)
    assert after["ledger"] == held["ledger"]
    assert {kind: after[kind] for kind in after if kind != "tenant"} == {
        kind: held[kind] for kind in held if kind != "tenant"
    }


def test_a_key_of_pins_reaches_everybodys_digest(session: Session) -> None:
    """When it is first given, in a tenant of several pages."""
    users = set_user(list(map(upn, NAMES)), reset_leader_pin=True, notify=False, session=session)
    session.give_pin_key(PinKey(bytes(range(32))))
    with session.unit(write=False) as unit:
        people = {person.user.identity: person for person in unit.all_people()}
        assert all(unit.pins.is_right(people[u.identity], Secret(u.leader_pin)) for u in users)


def test_a_restored_ledger_is_merged_page_by_page(session: Session) -> None:
    """Merging what was forgotten of everybody leaves a sound tenant."""
    export = confid.ledger.export(session=session)
    assert confid.ledger.merge(export, session=session).entered == 0
    assert confid.check(session).problems == ()


def test_a_page_is_as_large_as_it_says() -> None:
    """More people than fit in a real page, in one call: all are reset, none twice."""
    names = [f"user{n}" for n in range(AT_ONCE + 2)]
    with tenant(*names) as session:
        users = get(session=session)
        assert len(users) == len(names)
        again = [*map(upn, names), upn(names[0])]
        after = set_user(again, reset_conference_id=True, notify=False, session=session)
        assert len({user.conference_id for user in [*users, *after]}) == 2 * len(names)
        assert len(confid.remove_users(list(map(upn, names)), session=session)) == len(names)
        assert len(get_cs_online_user(session=session)) == 0
        assert confid.check(session).problems == ()
