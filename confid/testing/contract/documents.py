"""The contract's part on documents: get, put, delete, find, scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confid.errors import DuplicateKeyError, StoreError
from confid.store.base import (
    FIRST_ID,
    LAST_ID,
    Body,
    Claim,
    Kind,
    Store,
    Transaction,
)
from confid.testing.contract.common import (
    AT,
    LATER,
    MANY,
    UNKEEPABLE,
    UNUSUAL,
    ContractBase,
    contents,
    fill,
    same,
    thing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ruff: noqa: S101 - the tests of the contract assert
# ruff: noqa: PLR2004 - and a number in them is their point


class DocumentsContract(ContractBase):
    """What a store promises of documents."""

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

    def test_what_is_no_json_is_refused(self, tx: Transaction) -> None:
        """A body that could not be given back as it was is a StoreError."""
        for value in (float("nan"), float("inf"), object(), {1, 2}, b"bytes"):
            with pytest.raises(StoreError):
                tx.put("plain", {"1": {"x": 1}, "2": {"x": value}})
            assert list(tx.scan("plain")) == []

    # Documents: text.

    def test_unusual_text_is_a_key_and_a_value(self, tx: Transaction) -> None:
        """Any text can be a key, an index value and an owner, and is found byte by byte."""
        for text in self._anew(tx, UNUSUAL):
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

    def test_nul_and_lone_surrogates_are_refused(self, tx: Transaction) -> None:
        """Whichever way they come; and nothing is written, nothing found by accident."""
        tx.put("thing", {"a": thing("a", colour="a")})
        tx.claim([(FIRST_ID, "a")], Claim(at=AT))
        before = contents(tx)
        free = [(FIRST_ID + 1, "b"), (FIRST_ID + 2, "c")]
        attempts: list[Callable[[str], object]] = [
            lambda text: tx.put("plain", {text: {}}),
            lambda text: tx.put("plain", {"fine": {}, text: {}}),
            lambda text: tx.put("plain", {"1": {"data": ["deep", {"er": text}]}}),
            lambda text: tx.put("plain", {"1": {text: 1}}),
            lambda text: tx.put("thing", {"1": thing("1"), "2": thing(text)}),
            lambda text: tx.get("thing", [text]),
            lambda text: tx.get("thing", [text, "z"]),
            lambda text: tx.find("thing", "colour", [text]),
            lambda text: tx.find("thing", "colour", [text, "z"]),
            lambda text: list(tx.scan("thing", after=text)),
            lambda text: tx.delete("thing", [text]),
            lambda text: tx.claim([(FIRST_ID + 1, text)], Claim(at=AT)),
            lambda text: tx.claim([*free, (FIRST_ID + 3, text)], Claim(at=AT)),
            lambda text: tx.claim(free, Claim(at=AT, by=text)),
            lambda text: tx.retire([text], at=AT),
            lambda text: tx.retire(["a", "z"], at=AT, by=text),
            lambda text: tx.current([text]),
            lambda text: tx.current([text, "z"]),
            tx.history,
        ]
        for text in UNKEEPABLE:
            for attempt in attempts:
                with pytest.raises(StoreError):
                    attempt(text)
            assert contents(tx) == before

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

    def test_a_unique_value_belongs_to_one_document(self, tx: Transaction) -> None:
        """The error names kind and field, and none of the call's documents is written."""
        for field in self._anew(tx, ("name", "badge")):
            tx.put("thing", {"1": thing(**{field: "a"})})
            before = contents(tx)
            taken = thing(**{field: "a"})
            for documents in ({"2": taken}, {"0": thing("z"), "2": taken, "3": thing("y")}):
                with pytest.raises(DuplicateKeyError) as raised:
                    tx.put("thing", documents)
                assert (raised.value.kind, raised.value.field) == ("thing", field)
                assert contents(tx) == before

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
        before = contents(tx)
        with pytest.raises(DuplicateKeyError):
            tx.put("thing", {"1": thing("b"), "2": thing("a"), "9": thing("c")})
        assert contents(tx) == before

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

    def test_names_of_kinds_and_fields_are_plain(self) -> None:
        """They become parts of SQL."""
        for name in ("", "a-b", "A", "a'b", 'a"b', "a.b", "é", "1a"):
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
        same([key for key, _ in tx.scan("plain", after="07", limit=3)], ["08", "10", "12"])
        same([key for key, _ in tx.scan("plain", after="08", limit=1)], ["10"])
        same(list(tx.scan("plain", after="18")), [])
        same(list(tx.scan("plain", limit=0)), [])
        same([key for key, _ in tx.scan("plain", limit=1000)], keys)
        paged: list[str] = []
        after = ""
        while page := [key for key, _ in tx.scan("plain", after=after, limit=3)]:
            paged, after = paged + page, page[-1]
        same(paged, keys)

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
            same(tx.get("plain", ["new", "newer"]), {"new": {}, "newer": {}})
        for stream in streams:
            with pytest.raises(StoreError):
                next(stream)

    # Many, and none.

    def test_thousands_in_one_call(self, tx: Transaction) -> None:
        """Bulk calls have no limit that a tenant would meet."""
        keys = [f"key-{i:05}" for i in range(MANY)]
        documents = {key: {"n": i} for i, key in enumerate(keys)}
        tx.put("plain", documents)
        same(tx.get("plain", keys, lock=True), documents)
        proposals = [(FIRST_ID + i, key) for i, key in enumerate(keys)]
        same(tx.claim(proposals, Claim(at=AT)), {i for i, _ in proposals})
        same(tx.current(keys), {owner: i for i, owner in proposals})
        assert len(tx.lookup(i for i, _ in proposals)) == tx.count() == MANY
        same(tx.retire(keys, at=LATER), {owner: i for i, owner in proposals})
        again = [(i + MANY // 2, owner) for i, owner in proposals]
        assert len(tx.claim(again, Claim(at=LATER))) == MANY // 2
        tx.delete("plain", keys)
        same(list(tx.scan("plain")), [])

    def test_an_empty_iterable_does_nothing(self, tx: Transaction) -> None:
        """And is no mistake."""
        fill(tx)
        before = contents(tx)
        assert tx.get("thing", []) == tx.find("thing", "name", []) == {}
        tx.put("thing", {})
        tx.delete("thing", [])
        assert tx.claim([], Claim(at=AT)) == set()
        assert tx.retire([], at=AT) == tx.current([]) == {}
        assert tx.lookup([]) == {}
        assert contents(tx) == before

    def test_iterators_are_taken_too(self, tx: Transaction) -> None:
        """Whatever can be iterated once is enough."""
        fill(tx)
        assert tx.get("thing", iter("12")).keys() == {"1", "2"}
        assert tx.find("thing", "name", iter("ab")).keys() == {"1", "2"}
        assert tx.current(iter(["ann", "bob"])) == {"ann": FIRST_ID, "bob": FIRST_ID + 2}
        assert tx.lookup(iter([FIRST_ID])).keys() == {FIRST_ID}
        assert tx.retire(iter(["ann"]), at=AT).keys() == {"ann"}
        tx.delete("thing", iter("12"))
        assert list(tx.scan("thing")) == []
