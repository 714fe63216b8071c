"""What every store promises, as tests: `confid.store.base`, sentence by sentence.

A store passes it in three lines:

    class TestMyStore(StoreContract):
        def make_store(self, tmp_path):
            return MyStore(tmp_path / "tenant")
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Store,
    Transaction,
)
from confid.testing.lockstep import run_in_lockstep
from confid.testing.model import ModelStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

# ruff: noqa: S101 - the tests of the contract assert
# ruff: noqa: PLR2004 - and a number in them is their point
# ruff: noqa: PT012 - what happens in a block before it is undone is the point of many

THING = Kind("thing", indexes=("colour",), unique=("name", "badge"))
PLAIN = Kind("plain")
# Their names, written one after the other with an underscore, are the same.
LEFT_HEAVY = Kind("near_thing", unique=("name",))
RIGHT_HEAVY = Kind("near", indexes=("thing_name",))
KINDS = (THING, PLAIN, LEFT_HEAVY, RIGHT_HEAVY)

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = AT + timedelta(days=1)

MANY = 5_000

UNUSUAL = (
    "é",
    "e\u0301",
    "ﬀ",
    "İ",
    "O'Neill",
    'say "hi"',
    "back\\slash",
    "\\u0000",
    "\\\\u0000",
    "$.index.name",
    "%_*?",
    "; DROP TABLE ledger; --",
    "\x01\x1f\x7f",
    "\u2028\ufeff\ufffe",
    "مرحبا",
    "電話",
    "\U0001f4de",
    "\U0010ffff",
    " leading and trailing ",
    "x" * 100_000,
)
UNKEEPABLE = ("\0", "a\0b", "\ud800", "a\udfff")


class _Undo(Exception):  # noqa: N818 - it is no error, it rolls back
    """Leaves a block to have it undone."""


def thing(
    name: str | None = None,
    *,
    colour: str | None = None,
    badge: str | None = None,
    data: object = None,
) -> Body:
    """A document of the kind `THING`."""
    return {"index": {"name": name, "colour": colour, "badge": badge}, "data": data}


def _contents(transaction: Transaction) -> tuple[object, ...]:
    """Everything that a transaction shows."""
    entries = list(transaction.entries())
    return (
        [list(transaction.scan(kind.name)) for kind in KINDS],
        entries,
        transaction.count(),
        transaction.has_issued(),
        transaction.current({entry.owner for entry in entries}),
        {entry.owner: transaction.history(entry.owner) for entry in entries},
        transaction.find("thing", "name", ["a", "b", "c", "d"]),
        transaction.find("thing", "colour", ["red", "blue"]),
    )


def _fill(transaction: Transaction) -> None:
    """Some documents, a living ID, a retired one, and one who has had two."""
    transaction.put("thing", {"1": thing("a", colour="red"), "2": thing("b", colour="red")})
    transaction.put("plain", {"1": {"x": 1}})
    transaction.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT))
    transaction.retire(["bob"], at=LATER, by="admin")
    transaction.claim([(FIRST_ID + 2, "bob")], Claim(at=LATER))
    transaction.claim([(FIRST_ID + 3, "cyd")], Claim(at=AT, origin=IMPORTED, retired=True))


def _change(transaction: Transaction) -> None:
    """Something of everything that can be done to what `_fill` has made."""
    transaction.put("thing", {"1": thing("c", colour="blue"), "3": thing("a", colour="red")})
    transaction.delete("thing", ["2"])
    transaction.put("plain", {"1": {"x": 2}, "2": {}})
    transaction.retire(["ann", "bob"], at=LATER, by="admin")
    transaction.claim([(FIRST_ID + 9, "ann"), (FIRST_ID + 8, "dan")], Claim(at=LATER))


class StoreContract:
    """Subclass it, say how a store is made, and pytest runs the contract."""

    def make_store(self, tmp_path: Path) -> Store:
        """A new store on a place that holds nothing yet, not opened."""
        raise NotImplementedError

    def make_again(self, store: Store) -> Store:
        """A store on the place of `store`, which is closed; the same one, unless you say so."""
        return store

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An opened store."""
        with self.make_store(tmp_path) as store:
            store.open(KINDS)
            yield store

    @pytest.fixture
    def tx(self, store: Store) -> Iterator[Transaction]:
        """A write transaction on an opened store."""
        with store.transaction(write=True) as transaction:
            yield transaction

    # Documents: get, put, delete.

    def test_an_absent_key_is_absent_from_the_answer(self, tx: Transaction) -> None:
        """`get` gives what is there and says nothing of the rest."""
        tx.put("plain", {"here": {"x": 1}})
        assert tx.get("plain", ["here", "there"]) == {"here": {"x": 1}}
        assert tx.get("plain", ["there"]) == {}
        assert tx.get("plain", ["here", "here"], lock=True) == {"here": {"x": 1}}

    def test_put_replaces_a_document_whole(self, tx: Transaction) -> None:
        """Nothing of the old document is left, in its body or in an index."""
        tx.put("thing", {"1": thing("a", colour="red", data=[1])})
        tx.put("thing", {"1": {"index": {"name": "b"}}})
        assert tx.get("thing", ["1"]) == {"1": {"index": {"name": "b"}}}
        assert tx.find("thing", "name", ["a"]) == {}
        assert tx.find("thing", "colour", ["red"]) == {}

    def test_kinds_are_apart(self, tx: Transaction) -> None:
        """The same key in two kinds is two documents."""
        tx.put("plain", {"1": {"x": 1}})
        tx.put("thing", {"1": thing("a")})
        tx.delete("plain", ["1"])
        assert tx.get("plain", ["1"]) == {}
        assert tx.get("thing", ["1"]) == {"1": thing("a")}

    def test_deleting_an_absent_key_is_fine(self, tx: Transaction) -> None:
        """`delete` removes what is there, its index entries too."""
        tx.put("thing", {"1": thing("a", colour="red"), "2": thing("b")})
        tx.delete("thing", ["1", "never there"])
        assert tx.get("thing", ["1", "2"]) == {"2": thing("b")}
        assert tx.find("thing", "colour", ["red"]) == {}
        tx.put("thing", {"3": thing("a")})

    @pytest.mark.parametrize("count", [1, 2])
    def test_documents_are_never_live_objects(self, tx: Transaction, count: int) -> None:
        """Changing what was put, or what was got, changes nothing in the store."""
        bodies: dict[str, Body] = {str(i): thing(f"n{i}", data={"list": [1]}) for i in range(count)}
        tx.put("thing", bodies)
        bodies["0"]["data"]["list"].append("put")
        bodies["0"]["index"]["name"] = "changed"
        for got in (
            tx.get("thing", ["0"]),
            tx.find("thing", "name", ["n0"]),
            dict(tx.scan("thing", limit=1)),
        ):
            assert got == {"0": thing("n0", data={"list": [1]})}
            got["0"]["data"]["list"].append("got")
        assert tx.get("thing", ["0"]) == {"0": thing("n0", data={"list": [1]})}

    def test_json_comes_back_as_it_was(self, tx: Transaction) -> None:
        """Every JSON value survives, integers beyond 64 bits included."""
        body: Body = {
            "numbers": [0, -1, 2**53 + 1, 10**30, 0.1, 1e300, 1.0],
            "words": [None, True, False, "", *UNUSUAL],
            "nested": {"": {"a": [[], {}]}},
        }
        tx.put("plain", {"1": body})
        got = tx.get("plain", ["1"])["1"]
        assert got == body
        assert [type(n) for n in got["numbers"]] == [type(n) for n in body["numbers"]]

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes"], ids=repr
    )
    def test_what_is_no_json_is_refused(self, tx: Transaction, value: object) -> None:
        """A body that could not be given back as it was is a StoreError."""
        with pytest.raises(StoreError):
            tx.put("plain", {"1": {"x": 1}, "2": {"x": value}})
        assert list(tx.scan("plain")) == []

    # Documents: text.

    @pytest.mark.parametrize("text", UNUSUAL, ids=ascii)
    def test_unusual_text_is_a_key_and_a_value(self, tx: Transaction, text: str) -> None:
        """Any text can be a key, an index value and an owner, and is found byte by byte."""
        tx.put("thing", {text: thing(text, colour=text), "other": thing("other", colour="x")})
        for texts in ([text], [text, "nowhere"]):
            assert tx.get("thing", texts) == {text: thing(text, colour=text)}
            assert tx.find("thing", "name", texts).keys() == {text}
            assert tx.find("thing", "colour", texts).keys() == {text}
        tx.claim([(FIRST_ID, text), (LAST_ID, "other")], Claim(at=AT, by=text))
        assert tx.current([text, "nowhere"]) == tx.current([text]) == {text: FIRST_ID}
        assert tx.history(text)[0].issued_by == text
        assert tx.retire([text, "nowhere"], at=AT, by=text) == {text: FIRST_ID}
        tx.delete("thing", [text])
        assert list(tx.scan("thing")) == [("other", thing("other", colour="x"))]

    def test_text_is_compared_code_point_by_code_point(self, tx: Transaction) -> None:
        """The store folds nothing: case and normal form are the caller's affair."""
        names = ["a", "A", "é", "e\u0301", "ss", "ß", "1", "01", "1.0", "a "]
        tx.put("thing", {name: thing(name) for name in names})
        for name in names:
            assert tx.get("thing", [name]).keys() == {name}
            assert tx.find("thing", "name", [name, "?"]).keys() == {name}

    @pytest.mark.parametrize("text", UNKEEPABLE, ids=ascii)
    def test_nul_and_lone_surrogates_are_refused(self, tx: Transaction, text: str) -> None:
        """Whichever way they come; and nothing is written, nothing found by accident."""
        tx.put("thing", {"a": thing("a", colour="a")})
        tx.claim([(FIRST_ID, "a")], Claim(at=AT))
        before = _contents(tx)
        free = [(FIRST_ID + 1, "b"), (FIRST_ID + 2, "c")]
        attempts: list[Callable[[], object]] = [
            lambda: tx.put("plain", {text: {}}),
            lambda: tx.put("plain", {"fine": {}, text: {}}),
            lambda: tx.put("plain", {"1": {"data": ["deep", {"er": text}]}}),
            lambda: tx.put("plain", {"1": {text: 1}}),
            lambda: tx.put("thing", {"1": thing("1"), "2": thing(text)}),
            lambda: tx.get("thing", [text]),
            lambda: tx.get("thing", [text, "z"]),
            lambda: tx.find("thing", "colour", [text]),
            lambda: tx.find("thing", "colour", [text, "z"]),
            lambda: list(tx.scan("thing", after=text)),
            lambda: tx.delete("thing", [text]),
            lambda: tx.claim([(FIRST_ID + 1, text)], Claim(at=AT)),
            lambda: tx.claim([*free, (FIRST_ID + 3, text)], Claim(at=AT)),
            lambda: tx.claim(free, Claim(at=AT, by=text)),
            lambda: tx.retire([text], at=AT),
            lambda: tx.retire(["a", "z"], at=AT, by=text),
            lambda: tx.current([text]),
            lambda: tx.current([text, "z"]),
            lambda: tx.history(text),
        ]
        for attempt in attempts:
            with pytest.raises(StoreError):
                attempt()
        assert _contents(tx) == before

    def test_an_empty_key_is_refused(self, tx: Transaction) -> None:
        """`scan` begins behind the empty text, so nothing may stand there."""
        with pytest.raises(StoreError):
            tx.put("plain", {"": {}, "fine": {}})
        assert list(tx.scan("plain")) == []

    # Documents: find and unique fields.

    def test_find_gives_every_document_with_one_of_the_values(self, tx: Transaction) -> None:
        """By any declared field; None found is an empty answer."""
        documents = {
            "1": thing("a", colour="red"),
            "2": thing("b", colour="red"),
            "3": thing("c", colour="blue"),
            "4": thing("d"),
        }
        tx.put("thing", documents)
        assert tx.find("thing", "colour", ["red"]).keys() == {"1", "2"}
        assert tx.find("thing", "colour", ["red", "blue", "green"]).keys() == {"1", "2", "3"}
        assert tx.find("thing", "name", ["d", "d"]) == {"4": documents["4"]}
        assert tx.find("thing", "colour", ["green"]) == {}

    def test_none_is_no_value(self, tx: Transaction) -> None:
        """None, an absent field and an absent index are never found and never collide."""
        tx.put("thing", {"1": thing(None), "2": thing(None)})
        tx.put("thing", {"3": {"index": {}}, "4": {}})
        tx.put("thing", {"5": {"index": {"undeclared": "x"}}})
        tx.put("thing", {"5": {"index": {"undeclared": "y"}}})
        for values in (["None"], ["null", ""], [""]):
            assert tx.find("thing", "name", values) == {}
        assert len(list(tx.scan("thing"))) == 5

    def test_an_index_value_is_text(self, tx: Transaction) -> None:
        """A number would be found in one store and not in another: refused."""
        for index in ({"name": 1}, {"colour": ["red"]}, {"badge": True}):
            with pytest.raises(StoreError):
                tx.put("thing", {"1": {"index": index}})
        assert list(tx.scan("thing")) == []

    @pytest.mark.parametrize("field", ["name", "badge"])
    def test_a_unique_value_belongs_to_one_document(self, tx: Transaction, field: str) -> None:
        """The error names kind and field, and none of the call's documents is written."""
        tx.put("thing", {"1": thing(**{field: "a"})})
        before = _contents(tx)
        taken = thing(**{field: "a"})
        for documents in ({"2": taken}, {"0": thing("z"), "2": taken, "3": thing("y")}):
            with pytest.raises(DuplicateKeyError) as raised:
                tx.put("thing", documents)
            assert (raised.value.kind, raised.value.field) == ("thing", field)
            assert _contents(tx) == before

    def test_a_unique_value_stands_once_in_a_call(self, tx: Transaction) -> None:
        """Two documents of one call collide like any others."""
        with pytest.raises(DuplicateKeyError):
            tx.put("thing", {"1": thing("a"), "2": thing("a"), "3": thing("c")})
        assert list(tx.scan("thing")) == []

    def test_unique_values_can_be_swapped_in_one_call(self, tx: Transaction) -> None:
        """What counts is how the documents stand afterwards."""
        tx.put("thing", {"1": thing("a"), "2": thing("b"), "3": thing("c")})
        tx.put("thing", {"1": thing("b"), "2": thing("a")})
        tx.put("thing", {"1": thing("c"), "2": thing("b"), "3": thing("a"), "4": thing("d")})
        assert tx.find("thing", "name", ["a"]).keys() == {"3"}
        assert tx.find("thing", "name", ["b"]).keys() == {"2"}
        assert tx.find("thing", "name", ["c"]).keys() == {"1"}
        tx.put("thing", {"5": thing("a"), "3": thing(None)})
        assert tx.find("thing", "name", ["a"]).keys() == {"5"}

    def test_a_swap_is_undone_when_a_third_document_collides(self, tx: Transaction) -> None:
        """A call that raises has done nothing, however far it had come."""
        tx.put("thing", {"1": thing("a"), "2": thing("b"), "3": thing("c")})
        before = _contents(tx)
        with pytest.raises(DuplicateKeyError):
            tx.put("thing", {"1": thing("b"), "2": thing("a"), "9": thing("c")})
        assert _contents(tx) == before

    def test_a_freed_unique_value_can_be_taken(self, tx: Transaction) -> None:
        """By a change or a removal of the document that had it; keeping one's own is fine."""
        tx.put("thing", {"1": thing("a"), "2": thing("b")})
        tx.put("thing", {"1": thing("a", data="again")})
        tx.put("thing", {"1": thing("z")})
        tx.put("thing", {"3": thing("a")})
        tx.delete("thing", ["2"])
        tx.put("thing", {"4": thing("b")})

    def test_kinds_of_similar_names_are_not_confused(self, tx: Transaction) -> None:
        """Kind near_thing with name is not kind near with thing_name: one is unique, one not."""
        tx.put("near", {"1": {"index": {"thing_name": "a"}}, "2": {"index": {"thing_name": "a"}}})
        tx.put("near_thing", {"1": {"index": {"name": "a"}}})
        with pytest.raises(DuplicateKeyError) as raised:
            tx.put("near_thing", {"2": {"index": {"name": "a"}}})
        assert (raised.value.kind, raised.value.field) == ("near_thing", "name")
        assert tx.find("near", "thing_name", ["a"]).keys() == {"1", "2"}

    def test_an_unknown_kind_or_field_is_refused(self, tx: Transaction) -> None:
        """Not empty answers: whoever asks for it has made a mistake."""
        attempts: list[Callable[[], object]] = [
            lambda: tx.get("stranger", ["1"]),
            lambda: tx.find("stranger", "name", ["1"]),
            lambda: list(tx.scan("stranger")),
            lambda: tx.put("stranger", {"1": {}}),
            lambda: tx.delete("stranger", ["1"]),
            lambda: tx.find("thing", "data", ["1"]),
            lambda: tx.find("plain", "name", ["1"]),
        ]
        for attempt in attempts:
            with pytest.raises(StoreError):
                attempt()

    @pytest.mark.parametrize("name", ["", "a-b", "A", "a'b", 'a"b', "a.b", "é", "1a"])
    def test_names_of_kinds_and_fields_are_plain(self, name: str) -> None:
        """They become parts of SQL."""
        with pytest.raises(StoreError):
            Kind(name)
        with pytest.raises(StoreError):
            Kind("kind", indexes=(name,))
        with pytest.raises(StoreError):
            Kind("kind", unique=(name,))

    # Documents: scan.

    def test_scan_goes_by_code_point(self, tx: Transaction) -> None:
        """Astral characters come last, as in UTF-8, and not where UTF-16 would put them."""
        keys = ["\x01", " ", "10", "9", "B", "a", "aa", "é", "\uffee", "\U0001f4de", "\U0010ffff"]
        assert keys == sorted(keys)
        tx.put("plain", {key: {"key": key} for key in reversed(keys)})
        tx.put("thing", {"between": thing("x")})
        assert list(tx.scan("plain")) == [(key, {"key": key}) for key in keys]

    def test_scan_pages(self, tx: Transaction) -> None:
        """`after` need not exist, and pages put together are the whole."""
        tx.put("plain", {f"{i:02}": {} for i in range(0, 20, 2)})
        keys = [key for key, _ in tx.scan("plain")]
        assert [key for key, _ in tx.scan("plain", after="07", limit=3)] == ["08", "10", "12"]
        assert [key for key, _ in tx.scan("plain", after="08", limit=1)] == ["10"]
        assert list(tx.scan("plain", after="18")) == []
        assert list(tx.scan("plain", limit=0)) == []
        assert [key for key, _ in tx.scan("plain", limit=1000)] == keys
        paged: list[str] = []
        after = ""
        while page := [key for key, _ in tx.scan("plain", after=after, limit=3)]:
            paged, after = paged + page, page[-1]
        assert paged == keys

    def test_documents_may_change_while_a_scan_goes_on(self, tx: Transaction) -> None:
        """It comes to an end and shows every document that stayed, once."""
        stay = [f"{i:05}" for i in range(2_500)]
        tx.put("plain", {key: {} for key in stay} | {f"{key}x": {} for key in stay})
        seen = []
        for n, (key, body) in enumerate(tx.scan("plain")):
            seen.append(key)
            if n % 100 == 0:
                tx.delete("plain", [f"{stay[(n * 7) % 2_500]}x"])
                tx.put("plain", {key: body | {"seen": True}, f"{key}0": {}})
        assert len(seen) == len(set(seen))
        assert [key for key in seen if len(key) == 5] == stay

    def test_a_scan_can_be_dropped(self, store: Store) -> None:
        """Half-read streams hold nothing back: neither this transaction nor the next."""
        with store.transaction(write=True) as tx:
            tx.put("plain", {f"{i:05}": {} for i in range(MANY)})
            streams: list[Iterator[object]] = [tx.scan("plain") for _ in range(3)]
            for stream in streams:
                next(stream)
        with store.transaction(write=True) as tx:
            tx.put("plain", {"new": {}})
        with store.transaction(write=False) as tx:
            streams.append(tx.scan("plain"))
            next(streams[-1])
        with store.transaction(write=True) as tx:
            tx.put("plain", {"newer": {}})
        with store.transaction(write=False) as tx:
            assert tx.get("plain", ["new", "newer"]) == {"new": {}, "newer": {}}
        for stream in streams:
            with pytest.raises(StoreError):
                next(stream)

    # Many, and none.

    def test_thousands_in_one_call(self, tx: Transaction) -> None:
        """Bulk calls have no limit that a tenant would meet."""
        keys = [f"key-{i:05}" for i in range(MANY)]
        documents = {key: thing(f"name of {key}", colour="red") for key in keys}
        tx.put("thing", documents)
        assert tx.get("thing", keys, lock=True) == documents
        assert tx.find("thing", "name", [f"name of {key}" for key in keys]) == documents
        assert tx.find("thing", "colour", ["red"]) == documents
        assert list(tx.scan("thing")) == list(documents.items())
        proposals = [(FIRST_ID + i, key) for i, key in enumerate(keys)]
        assert tx.claim(proposals, Claim(at=AT)) == {i for i, _ in proposals}
        assert tx.current(keys) == {owner: i for i, owner in proposals}
        assert len(tx.lookup(i for i, _ in proposals)) == tx.count() == MANY
        assert tx.retire(keys, at=LATER) == {owner: i for i, owner in proposals}
        again = [(i + MANY // 2, owner) for i, owner in proposals]
        assert len(tx.claim(again, Claim(at=LATER))) == MANY // 2
        tx.delete("thing", keys)
        assert list(tx.scan("thing")) == []

    def test_an_empty_iterable_does_nothing(self, tx: Transaction) -> None:
        """And is no mistake."""
        _fill(tx)
        before = _contents(tx)
        assert tx.get("thing", []) == tx.find("thing", "name", []) == {}
        tx.put("thing", {})
        tx.delete("thing", [])
        assert tx.claim([], Claim(at=AT)) == set()
        assert tx.retire([], at=AT) == tx.current([]) == {}
        assert tx.lookup([]) == {}
        assert _contents(tx) == before

    def test_iterators_are_taken_too(self, tx: Transaction) -> None:
        """Whatever can be iterated once is enough."""
        _fill(tx)
        assert tx.get("thing", iter("12")).keys() == {"1", "2"}
        assert tx.find("thing", "name", iter("ab")).keys() == {"1", "2"}
        assert tx.current(iter(["ann", "bob"])) == {"ann": FIRST_ID, "bob": FIRST_ID + 2}
        assert tx.lookup(iter([FIRST_ID])).keys() == {FIRST_ID}
        assert tx.retire(iter(["ann"]), at=AT).keys() == {"ann"}
        tx.delete("thing", iter("12"))
        assert list(tx.scan("thing")) == []

    # The ledger: claim.

    def test_a_new_ledger_is_empty(self, tx: Transaction) -> None:
        """Nobody has an ID, no ID has an owner."""
        assert (tx.count(), tx.has_issued(), list(tx.entries())) == (0, False, [])
        assert (tx.history("ann"), tx.current(["ann"]), tx.lookup([FIRST_ID])) == ([], {}, {})

    @pytest.mark.parametrize("origin", [ISSUED, IMPORTED])
    @pytest.mark.parametrize("by", ["admin", None])
    def test_claim_enters_all_facts(self, tx: Transaction, origin: str, by: str | None) -> None:
        """The entry says what, whose, where from, when and by whom, to the microsecond, in UTC."""
        elsewhere = AT.astimezone(timezone(timedelta(hours=-8)))
        assert tx.claim([(FIRST_ID, "ann")], Claim(at=elsewhere, by=by, origin=origin)) == {
            FIRST_ID
        }
        entry = LedgerEntry(
            conference_id=FIRST_ID, owner="ann", serial=1, origin=origin, issued_at=AT, issued_by=by
        )
        assert tx.lookup([FIRST_ID, LAST_ID]) == {FIRST_ID: entry}
        assert tx.lookup([FIRST_ID])[FIRST_ID].issued_at.utcoffset() == timedelta(0)
        assert tx.history("ann") == [entry]
        assert tx.current(["ann", "bob"]) == {"ann": FIRST_ID}
        assert tx.has_issued() is (origin == ISSUED)

    @pytest.mark.parametrize("others", [0, 3])
    def test_an_id_in_the_ledger_is_refused(self, tx: Transaction, others: int) -> None:
        """Living or retired, whoever proposes it; the row stays as it is, others are accepted."""
        tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT, by="first"))
        tx.retire(["bob"], at=LATER)
        rows = tx.lookup([FIRST_ID, FIRST_ID + 1])
        rest = [(FIRST_ID + 10 + i, f"other {i}") for i in range(others)]
        accepted = {i for i, _ in rest}
        for conference_id, owner in (
            (FIRST_ID, "cyd"),
            (FIRST_ID + 1, "dan"),
            (FIRST_ID + 1, "bob"),
        ):
            proposals = [(conference_id, owner), *rest]
            assert tx.claim(proposals, Claim(at=LATER, by="second")) == accepted
            assert tx.claim([(conference_id, owner)], Claim(at=LATER, retired=True)) == set()
            assert tx.lookup([FIRST_ID, FIRST_ID + 1]) == rows
            rest, accepted = [], set()
        assert tx.current(["cyd", "dan", "bob"]) == {}

    @pytest.mark.parametrize("others", [0, 3])
    def test_an_owner_has_one_living_id(self, tx: Transaction, others: int) -> None:
        """A second one is a DuplicateKeyError, and nothing of the call is entered."""
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        before = _contents(tx)
        rest = [(FIRST_ID + 10 + i, f"other {i}") for i in range(others)]
        with pytest.raises(DuplicateKeyError) as raised:
            tx.claim([*rest, (FIRST_ID + 20, "ann")], Claim(at=AT))
        assert (raised.value.kind, raised.value.field) == ("ledger", "owner")
        assert _contents(tx) == before

    def test_a_refused_proposal_is_no_second_living_id(self, tx: Transaction) -> None:
        """An owner with a living ID whose proposal stands in the ledger is just refused."""
        tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT))
        assert tx.claim([(FIRST_ID, "ann")], Claim(at=AT)) == set()
        assert tx.claim([(FIRST_ID, "bob"), (FIRST_ID + 2, "cyd")], Claim(at=AT)) == {FIRST_ID + 2}

    def test_a_retired_claim_is_history_from_the_start(self, tx: Transaction) -> None:
        """It may stand beside a living ID and gives the owner none."""
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        claim = Claim(at=LATER, by="importer", origin=IMPORTED, retired=True)
        proposals = [(FIRST_ID + 1, "ann"), (FIRST_ID + 2, "bob")]
        assert tx.claim(proposals, claim) == {FIRST_ID + 1, FIRST_ID + 2}
        assert tx.current(["ann", "bob"]) == {"ann": FIRST_ID}
        entry = tx.lookup([FIRST_ID + 1])[FIRST_ID + 1]
        assert (entry.retired_at, entry.retired_by, entry.serial) == (LATER, "importer", 2)
        tx.claim([(FIRST_ID + 3, "bob")], Claim(at=LATER))
        assert tx.current(["bob"]) == {"bob": FIRST_ID + 3}

    @pytest.mark.parametrize("conference_id", [0, -1, FIRST_ID - 1, LAST_ID + 1, 2**31, 10**20])
    def test_an_id_outside_the_range_is_refused(self, tx: Transaction, conference_id: int) -> None:
        """With an error, and nothing of the call is entered; the range's ends are inside."""
        for rest in ([], [(FIRST_ID, "ann"), (LAST_ID, "bob")]):
            with pytest.raises(StoreError):
                tx.claim([*rest, (conference_id, "cyd")], Claim(at=AT))
            assert tx.count() == 0
        assert tx.claim([(FIRST_ID, "ann"), (LAST_ID, "bob")], Claim(at=AT)) == {FIRST_ID, LAST_ID}

    def test_an_id_or_owner_twice_in_a_call_is_refused(self, tx: Transaction) -> None:
        """`claim` answers with IDs: two owners of one ID would both think that it is theirs."""
        for proposals in (
            [(FIRST_ID, "ann"), (FIRST_ID, "bob")],
            [(FIRST_ID, "ann"), (FIRST_ID + 1, "ann")],
            [(FIRST_ID, "ann"), (FIRST_ID, "ann")],
        ):
            for retired in (False, True):
                with pytest.raises(StoreError):
                    tx.claim(proposals, Claim(at=AT, retired=retired))
        assert tx.count() == 0

    def test_serials_count_an_owners_ids(self, tx: Transaction) -> None:
        """One more than the owner's last, whatever the clock or the IDs say."""
        for n, conference_id in enumerate((FIRST_ID + 50, FIRST_ID + 10, FIRST_ID + 90)):
            at = AT - timedelta(days=n)
            tx.retire(["ann"], at=at)
            tx.claim([(conference_id, "ann"), (conference_id + 1, f"other {n}")], Claim(at=at))
        history = tx.history("ann")
        assert [entry.conference_id - FIRST_ID for entry in history] == [50, 10, 90]
        assert [entry.serial for entry in history] == [1, 2, 3]
        assert [entry.retired_at is None for entry in history] == [False, False, True]
        assert [entry.serial for entry in tx.history("other 2")] == [1]

    def test_serials_go_on_after_a_rollback(self, store: Store) -> None:
        """What was rolled back was never issued: its serial is given again, and its ID too."""
        with store.transaction(write=True) as tx:
            tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
            with pytest.raises(_Undo), tx.savepoint():
                tx.retire(["ann"], at=AT)
                tx.claim([(FIRST_ID + 1, "ann")], Claim(at=AT))
                raise _Undo
            tx.retire(["ann"], at=LATER)
            assert tx.claim([(FIRST_ID + 1, "ann")], Claim(at=LATER)) == {FIRST_ID + 1}
            assert [entry.serial for entry in tx.history("ann")] == [1, 2]

    def test_a_naive_moment_is_refused(self, tx: Transaction) -> None:
        """Nobody knows when it is."""
        naive = AT.replace(tzinfo=None)
        with pytest.raises(StoreError):
            Claim(at=naive)
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT))
        with pytest.raises(StoreError):
            tx.retire(["ann"], at=naive)
        assert tx.current(["ann"]) == {"ann": FIRST_ID}

    # The ledger: retire, and the ways to read it.

    def test_retire_ends_living_ids(self, tx: Transaction) -> None:
        """The answer says which; who has none is absent; the entry says when and by whom."""
        tx.claim([(FIRST_ID, "ann"), (FIRST_ID + 1, "bob")], Claim(at=AT, by="first"))
        before = tx.lookup([FIRST_ID])[FIRST_ID]
        elsewhere = LATER.astimezone(timezone(timedelta(hours=9)))
        assert tx.retire(["ann", "nobody", "ann"], at=elsewhere, by="admin") == {"ann": FIRST_ID}
        assert tx.current(["ann", "bob"]) == {"bob": FIRST_ID + 1}
        after = attrs.evolve(before, retired_at=LATER, retired_by="admin")
        assert tx.lookup([FIRST_ID]) == {FIRST_ID: after}
        assert tx.history("ann") == [after]
        assert tx.lookup([FIRST_ID + 1])[FIRST_ID + 1].retired_at is None

    def test_retiring_twice_changes_nothing(self, tx: Transaction) -> None:
        """A retired ID stays retired, and when and by whom stays as it was."""
        _fill(tx)
        tx.retire(["ann"], at=AT, by="first")
        before = _contents(tx)
        for owners in (["ann"], ["ann", "cyd"], ["nobody"]):
            assert tx.retire(owners, at=LATER, by="second") == {}
        assert _contents(tx) == before

    def test_entries_come_in_the_order_of_their_ids(self, tx: Transaction) -> None:
        """The whole ledger, retired ones too, from behind `after`; `issued_ids` likewise."""
        ids = [LAST_ID, FIRST_ID, FIRST_ID + 7, 5_000_000, FIRST_ID + 2]
        for n, conference_id in enumerate(ids):
            tx.claim([(conference_id, f"owner {n}")], Claim(at=AT))
        tx.retire(["owner 1", "owner 3"], at=LATER)
        assert [entry.conference_id for entry in tx.entries()] == sorted(ids)
        assert list(tx.issued_ids()) == sorted(ids)
        assert [e.conference_id for e in tx.entries(after=FIRST_ID + 2)] == sorted(ids)[2:]
        assert [e.conference_id for e in tx.entries(after=FIRST_ID + 3)] == sorted(ids)[2:]
        assert list(tx.entries(after=LAST_ID)) == []
        assert tx.lookup(ids) == {entry.conference_id: entry for entry in tx.entries()}
        assert tx.count() == len(ids)

    def test_has_issued_tells_issued_from_imported(self, tx: Transaction) -> None:
        """Imports leave it False; an issued one turns it True, and its retirement leaves it."""
        tx.claim([(FIRST_ID, "ann")], Claim(at=AT, origin=IMPORTED))
        assert not tx.has_issued()
        with pytest.raises(_Undo), tx.savepoint():
            tx.claim([(FIRST_ID + 1, "bob")], Claim(at=AT))
            assert tx.has_issued()
            raise _Undo
        assert not tx.has_issued()
        tx.claim([(FIRST_ID + 2, "bob")], Claim(at=AT))
        tx.retire(["bob"], at=AT)
        assert tx.has_issued()

    def test_ids_come_out_as_plain_numbers(self, tx: Transaction) -> None:
        """Whatever subclass of int went in."""

        class Number(int):
            __slots__ = ()

        assert {type(i) for i in tx.claim([(Number(FIRST_ID), "ann")], Claim(at=AT))} == {int}
        assert [type(i) for i in tx.issued_ids()] == [int]
        assert [type(i) for i in tx.current(["ann"]).values()] == [int]
        assert [type(i) for i in tx.lookup([Number(FIRST_ID)])] == [int]

    # Transactions.

    def test_a_transaction_commits_when_its_block_ends(self, store: Store) -> None:
        """Others see what it did."""
        with store.transaction(write=True) as tx:
            _fill(tx)
            inside = _contents(tx)
        with store.transaction(write=False) as tx:
            assert _contents(tx) == inside

    @pytest.mark.parametrize("error", [_Undo, KeyboardInterrupt, GeneratorExit])
    def test_an_exception_rolls_everything_back(
        self, store: Store, error: type[BaseException]
    ) -> None:
        """Documents, indexes, ledger and serials; and the exception goes on its way."""
        with store.transaction(write=True) as tx:
            _fill(tx)
            before = _contents(tx)
        with pytest.raises(error), store.transaction(write=True) as tx:
            _change(tx)
            assert _contents(tx) != before
            raise error
        with store.transaction(write=True) as tx:
            assert _contents(tx) == before
            _change(tx)

    def test_a_reading_transaction_cant_write(self, store: Store) -> None:
        """Every writing method is a StoreError, with something to do or without."""
        with store.transaction(write=True) as tx:
            _fill(tx)
        with store.transaction(write=False) as tx:
            before = _contents(tx)
            free = [(FIRST_ID + 50, "x"), (FIRST_ID + 51, "y")]
            attempts: list[Callable[[], object]] = [
                lambda: tx.put("plain", {"1": {}}),
                lambda: tx.put("plain", {"1": {}, "2": {}}),
                lambda: tx.put("plain", {}),
                lambda: tx.delete("plain", ["1"]),
                lambda: tx.delete("plain", []),
                lambda: tx.claim(free[:1], Claim(at=AT)),
                lambda: tx.claim(free, Claim(at=AT)),
                lambda: tx.claim([], Claim(at=AT)),
                lambda: tx.retire(["ann"], at=AT),
                lambda: tx.retire([], at=AT),
            ]
            for attempt in attempts:
                with pytest.raises(StoreError):
                    attempt()
            assert tx.get("plain", ["1"], lock=True) == {"1": {"x": 1}}
            assert _contents(tx) == before

    def test_a_transaction_dies_with_its_block(self, store: Store) -> None:
        """Afterwards every method is a StoreError, and so is a stream that is read on."""
        with store.transaction(write=True) as tx:
            _fill(tx)
            streams: list[Iterator[object]] = [tx.scan("thing"), tx.entries(), tx.issued_ids()]
            unread: list[Iterator[object]] = [tx.scan("thing"), tx.entries(), tx.issued_ids()]
            for stream in streams:
                next(stream)
        attempts: list[Callable[[], object]] = [
            lambda: tx.get("plain", ["1"]),
            lambda: tx.find("thing", "name", ["a"]),
            lambda: list(tx.scan("plain")),
            lambda: tx.put("plain", {"9": {}}),
            lambda: tx.delete("plain", ["1"]),
            lambda: tx.claim([(LAST_ID, "x")], Claim(at=AT)),
            lambda: tx.retire(["ann"], at=AT),
            lambda: tx.current(["ann"]),
            lambda: tx.lookup([FIRST_ID]),
            lambda: tx.history("ann"),
            lambda: list(tx.entries()),
            lambda: list(tx.issued_ids()),
            tx.count,
            tx.has_issued,
            lambda: tx.savepoint().__enter__(),
            *(lambda stream=stream: list(stream) for stream in (*streams, *unread)),
        ]
        for attempt in attempts:
            with pytest.raises(StoreError):
                attempt()

    def test_a_reading_transaction_sees_one_state(self, store: Store) -> None:
        """A writer that comes meanwhile waits or writes beside it; the next one sees it."""
        with store.transaction(write=True) as tx:
            _fill(tx)
        with ThreadPoolExecutor(1) as pool:
            with store.transaction(write=False) as tx:
                before = _contents(tx)
                writing = pool.submit(self._in_transaction, store, _change)
                threading.Event().wait(0.1)
                assert _contents(tx) == before
            writing.result(timeout=30)
        with store.transaction(write=False) as tx:
            assert _contents(tx) != before

    @staticmethod
    def _in_transaction(store: Store, act: Callable[[Transaction], None]) -> None:
        with store.transaction(write=True) as tx:
            act(tx)

    # Savepoints.

    def test_a_savepoint_is_undone_alone(self, tx: Transaction) -> None:
        """What was done before it stays, and the transaction goes on."""
        _fill(tx)
        before = _contents(tx)
        with pytest.raises(_Undo), tx.savepoint():
            _change(tx)
            raise _Undo
        assert _contents(tx) == before
        with tx.savepoint():
            _change(tx)
        assert _contents(tx) != before

    def test_savepoints_nest(self, store: Store) -> None:
        """An inner one is undone alone, an outer one with what was kept inside it."""
        with store.transaction(write=True) as tx:
            with tx.savepoint():
                tx.put("plain", {"a": {}})
                with pytest.raises(_Undo), tx.savepoint():
                    with tx.savepoint():
                        tx.put("plain", {"b": {}})
                    raise _Undo
                with tx.savepoint():
                    tx.put("plain", {"c": {}})
            with pytest.raises(_Undo), tx.savepoint():
                with tx.savepoint():
                    tx.delete("plain", ["a"])
                raise _Undo
        with store.transaction(write=False) as tx:
            assert dict(tx.scan("plain")) == {"a": {}, "c": {}}

    def test_kept_savepoints_fall_with_their_transaction(self, store: Store) -> None:
        """A savepoint is no commit."""
        with pytest.raises(_Undo), store.transaction(write=True) as tx:
            with tx.savepoint():
                _fill(tx)
            raise _Undo
        with store.transaction(write=False) as tx:
            assert (tx.count(), list(tx.scan("thing"))) == (0, [])

    def test_a_failed_call_leaves_the_transaction_usable(self, store: Store) -> None:
        """A DuplicateKeyError that is caught is as if the call had not been made."""
        with store.transaction(write=True) as tx:
            _fill(tx)
            for _ in range(3):
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"7": thing("a"), "8": thing("h")})
                with pytest.raises(DuplicateKeyError), tx.savepoint():
                    tx.put("plain", {"gone": {}})
                    tx.claim([(FIRST_ID + 40, "ann")], Claim(at=AT))
            tx.put("thing", {"8": thing("h")})
            inside = _contents(tx)
        with store.transaction(write=False) as tx:
            assert _contents(tx) == inside

    def test_a_savepoint_left_too_late_undoes_nothing(self, store: Store) -> None:
        """What the transaction committed stays committed."""
        with store.transaction(write=True) as tx:
            tx.put("plain", {"a": {}})
            block = tx.savepoint()
            block.__enter__()
            tx.put("plain", {"b": {}})
        with suppress(StoreError):
            block.__exit__(_Undo, _Undo(), None)
        with store.transaction(write=False) as tx:
            assert "a" in dict(tx.scan("plain"))

    def test_savepoints_in_a_reading_transaction(self, store: Store) -> None:
        """They are allowed; there is nothing to undo."""
        with store.transaction(write=False) as tx, tx.savepoint():
            assert tx.count() == 0

    # Threads.

    def test_read_then_write_loses_nothing(self, store: Store) -> None:
        """Of two who read one document with `lock` and write it, the later one waits."""
        self._in_transaction(store, lambda tx: tx.put("plain", {"n": {"x": 0}}))

        def count_on(_: int) -> None:
            with store.transaction(write=True) as tx:
                body = tx.get("plain", ["n"], lock=True)["n"]
                tx.put("plain", {"n": {"x": body["x"] + 1}})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count_on, range(40)))
        with store.transaction(write=False) as tx:
            assert tx.get("plain", ["n"]) == {"n": {"x": 40}}

    def test_locks_are_taken_in_key_order(self, store: Store) -> None:
        """Two who name the same documents in other orders don't wait for each other for ever."""
        keys = [f"{i:02}" for i in range(20)]
        self._in_transaction(store, lambda tx: tx.put("plain", {key: {} for key in keys}))

        def lock(n: int) -> None:
            with store.transaction(write=True) as tx:
                got = tx.get("plain", keys if n % 2 else keys[::-1], lock=True)
                tx.put("plain", got)

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(lock, n) for n in range(40)]:
                done.result(timeout=60)

    def test_one_id_goes_to_one_thread(self, store: Store) -> None:
        """Threads that all propose the same IDs share them out; none is accepted twice."""
        ids = range(FIRST_ID, FIRST_ID + 100)
        barrier = threading.Barrier(4)

        def claim(n: int) -> list[int]:
            accepted: list[int] = []
            barrier.wait()
            for i in ids:
                with store.transaction(write=True) as tx:
                    accepted += tx.claim([(i, f"{n}-{i}")], Claim(at=AT))
            return accepted

        with ThreadPoolExecutor(4) as pool:
            accepted = list(itertools.chain(*pool.map(claim, range(4))))
        assert sorted(accepted) == list(ids)

    # Opening and closing.

    def test_making_a_store_touches_nothing(self, tmp_path: Path) -> None:
        """Only `open` does, and closing one that was never opened is fine."""
        before = sorted(tmp_path.iterdir())
        store = self.make_store(tmp_path)
        assert sorted(tmp_path.iterdir()) == before
        with pytest.raises(StoreError), store.transaction(write=False):
            pass
        store.close()

    def test_create_false_opens_only_what_is_there(self, tmp_path: Path) -> None:
        """On nothing it is a StoreError and leaves nothing; later it opens the tenant."""
        store = self.make_store(tmp_path)
        for _ in range(2):
            with pytest.raises(StoreError) as raised:
                store.open(KINDS, create=False)
            assert raised.value.category == "ObjectNotFound"
        store.open(KINDS)
        self._in_transaction(store, _fill)
        store.close()
        with self.make_again(store) as again:
            again.open(KINDS, create=False)
            with again.transaction(write=False) as tx:
                assert tx.count() == 4

    def test_a_closed_store_gives_no_transactions(self, tmp_path: Path) -> None:
        """Closing twice is fine; using it is a StoreError."""
        store = self.make_store(tmp_path)
        store.open(KINDS)
        store.close()
        store.close()
        for write in (True, False):
            with pytest.raises(StoreError), store.transaction(write=write):
                pass

    def test_what_was_committed_is_there_after_opening_again(self, tmp_path: Path) -> None:
        """Documents, indexes, ledger; and what was true before is true still."""
        with self.make_store(tmp_path) as store:
            store.open(KINDS)
            self._in_transaction(store, _fill)
            with store.transaction(write=False) as tx:
                before = _contents(tx)
        with self.make_again(store) as again:
            again.open(KINDS)
            with again.transaction(write=True) as tx:
                assert _contents(tx) == before
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"9": thing("a")})
                with pytest.raises(DuplicateKeyError):
                    tx.claim([(LAST_ID, "ann")], Claim(at=AT))
                assert tx.claim([(FIRST_ID + 1, "new")], Claim(at=AT)) == set()

    def test_opening_again_adds_kinds_and_fields(self, tmp_path: Path) -> None:
        """What is there is indexed by the new fields too."""
        with self.make_store(tmp_path) as store:
            store.open([Kind("thing", indexes=("colour",))])
            documents: Mapping[str, Body] = {"1": thing("a", colour="red"), "2": thing("b")}
            self._in_transaction(store, lambda tx: tx.put("thing", documents))
        with self.make_again(store) as again:
            again.open([THING, PLAIN])
            with again.transaction(write=True) as tx:
                assert tx.find("thing", "name", ["b"]) == {"2": thing("b")}
                assert tx.find("thing", "colour", ["red"]).keys() == {"1"}
                with pytest.raises(DuplicateKeyError):
                    tx.put("thing", {"3": thing("a")})
                tx.put("plain", {"1": {}})

    def test_a_new_unique_field_refuses_what_is_there_twice(self, tmp_path: Path) -> None:
        """Opening fails and the store keeps working as it was."""
        loose = Kind("thing", indexes=("colour",))
        with self.make_store(tmp_path) as store:
            store.open([loose])
            documents = {"1": thing("a"), "2": thing("a")}
            self._in_transaction(store, lambda tx: tx.put("thing", documents))
        with self.make_again(store) as again:
            with pytest.raises(DuplicateKeyError):
                again.open([THING])
            again.close()
            again.open([loose])
            with again.transaction(write=False) as tx:
                assert dict(tx.scan("thing")) == documents

    # Everything at once.

    def test_behaves_as_the_model(self, tmp_path: Path) -> None:
        """Random transactions, savepoints and rollbacks come out as in plain dicts."""
        numbers = itertools.count()

        def make_stores() -> tuple[Any, Store]:
            place = tmp_path / str(next(numbers))
            place.mkdir()
            return ModelStore(), self.make_store(place)

        run_in_lockstep(make_stores)
