"""`confid.check()`: a sound tenant has no problem, and each kind of damage is one."""

from __future__ import annotations

import copy
import functools
import operator
import sqlite3
from contextlib import closing, suppress
from pathlib import Path  # noqa: TC003 - pytest hands it to tests that say so
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import confid
from confid import meetings
from confid.errors import Secret, StoreError
from confid.store.base import Claim
from confid.store.memory import MemoryStore, _MemoryTransaction
from confid.store.postgres.place import place_of
from confid.tenant.documents import (
    BRIDGE,
    CONFERENCING,
    KINDS,
    MEETING,
    MIGRATION,
    OUTBOX,
    RUNNING_MEETING,
    SERVICE_NUMBER,
    USER,
)
from tests.faulty import FaultyStore
from tests.servers import sql
from tests.tenants import (
    NOON,
    Clock,
    add,
    add_bridge,
    contents,
    disable,
    enable,
    get,
    lines,
    set_user,
    tenant,
    upn,
)
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session
    from confid.store.base import Kind, Transaction

KEN, PILAR = upn("ken"), upn("pilar")


def lived_in(**options: Any) -> Session:
    """A tenant with some history: resets, messages, a meeting, a second bridge."""
    session = tenant("ken", "pilar", clock=Clock(), **options)
    add(session, "li")
    add_bridge(session, "other", "442079460100", "18005550100")
    meetings.schedule(KEN, subject="x", start=NOON.replace(year=2030))
    set_user([KEN, PILAR], reset_conference_id=True, reset_leader_pin=True)
    set_user(KEN, bridge_name="other", reset_conference_id=True)
    disable(PILAR)
    enable(PILAR)
    return session


def test_a_sound_tenant_has_no_problems() -> None:
    """Nothing to report, the right counts, and nothing is changed by looking."""
    with lived_in() as session:
        before = contents(session)
        report = confid.check()
        assert report.problems == ()
        assert (report.users, report.enabled, report.issued, report.living) == (3, 2, 6, 2)
        assert "none" in str(report)
        assert confid.check(session) == report
        assert contents(session) == before


def test_the_demo_is_sound() -> None:
    """What a newcomer plays with has no problem."""
    with confid.demo(seed=7):
        assert confid.check().problems == ()


def edit(kind: Kind, change: Callable[[dict[str, Any]], None]) -> Callable[[Transaction], None]:
    """Damage: every document of a kind, changed so."""

    def damage(transaction: Transaction) -> None:
        documents = dict(transaction.scan(kind.name))
        assert documents
        for body in documents.values():
            change(body)
        transaction.put(kind.name, documents)

    return damage


def lose(kind: Kind) -> Callable[[Transaction], None]:
    """Damage: every document of a kind gone."""

    def damage(transaction: Transaction) -> None:
        transaction.delete(kind.name, [key for key, _ in transaction.scan(kind.name)])

    return damage


def ken(transaction: Transaction) -> str:
    """Ken's key."""
    (owner,) = transaction.find(USER.name, "upn", [KEN])
    return owner


def foreign_id(body: dict[str, Any]) -> None:
    """An ID that was never issued, index and all."""
    body["conference_id"] = 9_999_999
    body["index"]["conference_id"] = "9999999"


DAMAGE: list[tuple[str, Callable[[Transaction], Any]]] = [
    ("enabled, without a living", lambda t: t.retire([ken(t)], at=NOON)),
    ("Dial-in settings without a user", lose(USER)),
    ("no organizer in the directory", lose(USER)),
    ("has no user in the directory", lose(USER)),
    ("a living conference ID, and not enabled", lose(CONFERENCING)),
    ("a change that was not made", lose(CONFERENCING)),
    ("not enabled", edit(CONFERENCING, lambda body: body.update(enabled=False))),
    ("is not on their bridge", edit(CONFERENCING, lambda b: b.update(service_number="1"))),
    ("is not on their bridge", lose(SERVICE_NUMBER)),
    ("default number", lose(SERVICE_NUMBER)),
    ("one default bridge", edit(BRIDGE, lambda body: body.update(is_default=True))),
    ("one default bridge", edit(BRIDGE, lambda body: body.update(is_default=False))),
    ("index differs", edit(USER, lambda body: body["index"].update(sip="x@y.example"))),
    ("has another key", edit(USER, lambda body: body.update(owner="somebody"))),
    ("index differs", edit(MEETING, lambda body: body["index"].update(owner="somebody"))),
    ("was never its organizer's", edit(MEETING, foreign_id)),
    ("migration without a user", lose(USER)),
    ("migration has another key", edit(MIGRATION, lambda b: b.update(owner="x"))),
    ("of the migrations", edit(MIGRATION, lambda b: b["index"].update(state="x"))),
    ("unknown state", edit(MIGRATION, lambda b: b.update(state="x"))),
    ("unknown state", edit(MIGRATION, lambda b: b.update(tries=10))),
    ("contradicts its state", edit(MIGRATION, lambda b: b.update(state="InProgress"))),
    ("migration document", edit(MIGRATION, lambda b: b.pop("correlation_id"))),
    ("unknown state", edit(OUTBOX, lambda body: body.update(state="lost"))),
    ("index differs", edit(OUTBOX, lambda body: body["index"].update(state="sent"))),
    ("still holds a PIN", edit(OUTBOX, lambda body: body.update(state="sent"))),
    ("a change that was not made", edit(OUTBOX, lambda body: body.update(serial=99))),
    (
        "was never its user's",
        edit(OUTBOX, lambda body: body["facts"].update(conference_id=9_999_999)),
    ),
    (
        "has another key",
        lambda t: t.put(OUTBOX.name, {"x": next(body for _, body in t.scan(OUTBOX.name))}),
    ),
    (
        "meeting without an organizer",
        lambda t: t.put(RUNNING_MEETING.name, {"x": {"participants": [{"call": "1"}]}}),
    ),
    ("without a call", lambda t: t.put(RUNNING_MEETING.name, {ken(t): {"participants": []}})),
    ("can't be read", lambda t: t.put(RUNNING_MEETING.name, {ken(t): {"participants": 1}})),
    ("can't be read", edit(MEETING, lambda body: body.pop("index"))),
    ("can't be read", edit(CONFERENCING, lambda body: body.pop("bridge_id"))),
    ("can't be read", edit(OUTBOX, lambda body: body.pop("facts"))),
    ("can't be read", edit(MEETING, lambda body: body.update(conference_id=12))),
    ("can't be read", edit(USER, lambda body: body.pop("user_principal_name"))),
    (
        "a living conference ID, and not enabled",
        lambda t: t.claim([(9_999_999, "somebody")], Claim(at=NOON)),
    ),
]


@pytest.mark.parametrize(("says", "damage"), DAMAGE)
def test_damage_is_reported(says: str, damage: Callable[[Transaction], Any]) -> None:
    """Each kind of damage, done by hand, is a problem that says what is wrong."""
    with lived_in() as session:
        with session.unit(write=True) as unit:
            damage(unit.transaction)
        report = confid.check()
        assert [problem for problem in report.problems if says in problem], report


SQL = [
    ("index upn does not find", "UPDATE documents SET body = json_remove(body, '$.index.upn')"),
    ("without a living", "UPDATE ledger SET retired_at = 1 WHERE retired_at IS NULL"),
    ("has lost some", "DELETE FROM ledger WHERE serial = 1"),
    ("has lost some", "UPDATE ledger SET serial = serial + 5"),
    ("was never its", "UPDATE ledger SET owner = owner || 'x'"),
    ("two living", "UPDATE ledger SET retired_at = NULL"),
    (
        "is no conference ID",
        "UPDATE ledger SET conference_id = 5 WHERE rowid = (SELECT max(rowid) FROM ledger)",
    ),
    ("unknown origin", "UPDATE ledger SET origin = 'chosen'"),
    ("by whom it was retired", "UPDATE ledger SET retired_at = NULL, retired_by = 'x'"),
    ("has the serial 0", "UPDATE ledger SET serial = 0 WHERE serial = 1"),
]


@pytest.mark.parametrize(("says", "statement"), SQL)
def test_damage_to_the_file_is_reported(says: str, statement: str, tmp_path: Path) -> None:
    """What somebody did to the file with SQL, past every guard of the store, shows."""
    path = tmp_path / "tenant.db"
    lived_in(store=path).close()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        file.execute("DROP INDEX ledger_living")
        file.execute(statement)
    with confid.connect(path):
        report = confid.check()
        assert [problem for problem in report.problems if says in problem], report


STRANGE: dict[str, list[tuple[str, object]]] = {
    "sqlite": [
        *(("issued_at", value) for value in ("soon", b"x", 9e999, -9e999, 2**62, 1.5e300)),
        *(("retired_at", value) for value in ("", b"", 9e999, -(2**62))),
        *(("serial", value) for value in ("first", b"1", 1.5)),
        *(("owner", value) for value in (b"x", b"\xff")),
        *(("issued_by", value) for value in (b"x", b"\xff")),
    ],
    "postgres": [
        *(
            ("issued_at", value)
            for value in ("infinity", "-infinity", "294276-01-01", "4000-01-01 BC")
        ),
        *(("retired_at", value) for value in ("infinity", "-infinity")),
    ],
}


@pytest.mark.parametrize(
    ("store", "column", "value"),
    [(store, *strange) for store, values in STRANGE.items() for strange in values],
)
def test_an_entry_that_a_stranger_damaged_is_reported(
    store: str, column: str, value: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The audit and an export go on behind it; the export can be merged, and the ID stays taken."""
    row = {
        "conference_id": 9_999_999,
        "owner": "stranger",
        "serial": 1,
        "origin": "issued",
        "issued_at": 0 if store == "sqlite" else "2026-03-02",
        "retired_at": 1 if store == "sqlite" else "2026-03-02",
        column: value,
    }
    place: Any = tmp_path / "tenant.db"
    if store == "postgres":
        place = request.getfixturevalue("new_schema")()
    with lived_in(store=place) as session:
        before = len(confid.ledger.entries())
        if store == "sqlite":
            with closing(sqlite3.connect(place)) as file, file:
                marks = ", ".join("?" * len(row))
                statement = f"INSERT INTO ledger ({', '.join(row)}) VALUES ({marks})"  # noqa: S608 - a test's own
                file.execute(statement, [*row.values()])
        else:
            columns, values = ", ".join(row), ", ".join(f"'{each}'" for each in row.values())
            schema = place_of(Secret(place))
            table = f"{schema.quoted}.ledger"
            sql(schema.conninfo.reveal(), f"INSERT INTO {table} ({columns}) VALUES ({values})")  # noqa: S608 - a test's own
        assert "The ledger's entry for 9999999 is damaged." in confid.check().problems
        text = confid.ledger.export()
        assert [line for line in lines(session) if "1 entries of the ledger are damaged" in line]
        assert text.count("\n") == before + 3
        confid.ledger.merge(text)
        assert confid.ledger.entry(9_999_999) is not None


@pytest.mark.parametrize("kind", ["conferencing", "running_meeting", "wrong_entries", "bridge"])
@pytest.mark.parametrize("body", ["", "{", "[]", "null", "5", '{"participants": 9e999}'])
def test_a_document_that_a_stranger_damaged_is_reported(
    kind: str, body: str, tmp_path: Path
) -> None:
    """Text that is no JSON, and JSON that is no document of that kind."""
    path = tmp_path / "tenant.db"
    with lived_in(store=path):
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(
                "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)", (kind, "zz", body)
            )
            file.execute(
                "UPDATE documents SET body = json_set(body, '$.mark', 'x') "
                "WHERE kind = 'tenant' AND key = 'tenant'"
            )
        assert confid.check().problems != ()


ODD: list[Any] = [None, 5, -1, 1.5, "x", "", [], {}, [5], {"a": 1}, "infinity", 10**20]


def paths(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in a document."""
    for key, value in body.items() if isinstance(body, dict) else enumerate(body):
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*before, key))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_value_of_a_wrong_type_stops_the_audit(kind: Kind) -> None:
    """Wherever in a document a stranger puts it."""
    dice = Random(kind.name)
    with lived_in() as session:
        set_user(KEN, reset_leader_pin=True)
        call = confid.attendant.dial("+14255550100", caller="+14255550142")
        call.press("1234567")
        call.press(str(get(KEN).conference_id))
        call.press("#")
        documents = contents(session)[kind.name]
        for _ in range(examples(20)):
            key, body = dice.choice(list(documents.items()) or [("x", {"a": 1})])
            damaged = copy.deepcopy(body)
            *way, last = dice.choice(list(paths(damaged)))
            inside = functools.reduce(operator.getitem, way, damaged)
            inside[last] = dice.choice(ODD)
            with suppress(StoreError), session.unit(write=True) as unit:
                unit.transaction.put(kind.name, {key: damaged})
            assert isinstance(str(confid.check(session)), str)
            with session.unit(write=True) as unit:
                unit.transaction.put(kind.name, {key: body})


@pytest.mark.parametrize("kind", [USER, MEETING, OUTBOX], ids=lambda kind: kind.name)
def test_an_index_that_finds_too_little_is_reported(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that lies, as after damage to a page of it."""
    with lived_in():
        find = _MemoryTransaction.find

        def blind(self: Any, name: str, field: str, values: Any) -> dict[str, Any]:
            found = find(self, name, field, values)
            return found if name != kind.name else dict(list(found.items())[1:])

        monkeypatch.setattr(_MemoryTransaction, "find", blind)
        problems = confid.check().problems
        assert problems
        assert all("does not find 1 of" in problem for problem in problems)


@pytest.mark.parametrize("verb", ["current", "lookup"])
def test_a_ledger_that_does_not_find_its_lines_is_reported(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for an owner or an ID it has to answer what reading it whole does."""
    with lived_in():
        monkeypatch.setattr(_MemoryTransaction, verb, lambda *_: {})
        assert [p for p in confid.check().problems if "index of living" in p or "own IDs" in p]


def test_the_witness_is_compared() -> None:
    """A problem if it lacks IDs or doesn't answer; a session without it compares nothing."""
    store, place = MemoryStore(), MemoryStore()
    lived_in(store=store, witness=place).close()
    with confid.connect(store):
        assert confid.check().problems == ()
    witness = FaultyStore(place)
    with confid.connect(store, witness=witness):
        assert confid.check().problems == ()
        witness.fault = "opening"
        assert [p for p in confid.check().problems if "can't be reached" in p]
        witness.fault = None
        place._contents.ledger.popitem()
        assert [p for p in confid.check().problems if "does not hold 1 of" in p]


def test_a_report_stops_somewhere() -> None:
    """A tenant that is all wrong does not fill the memory with sentences."""
    with tenant() as session:
        with session.unit(write=True) as unit:
            proposals = [(1_000_000 + i, f"owner{i}") for i in range(1500)]
            unit.transaction.claim(proposals, Claim(at=NOON))
        report = confid.check()
        assert len(report.problems) == 1000
        assert report.living == 1500
        assert list(get()) == []
