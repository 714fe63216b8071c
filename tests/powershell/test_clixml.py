"""CLIXML is written and read as the engine does; nothing hostile gets through."""

from __future__ import annotations

import math
import time
import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, ConversionError, InvalidArgumentError
from confid.powershell import from_clixml, to_clixml
from tests.powershell.odd_values import Announcements, ConferenceNumber, Plain, values
from tests.powershell.rows import Record, params, value
from tests.tables import each_row

ROOT = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
TENANT = Path(__file__).parent.parent / "data" / "tenant"


def clixml(body: str) -> str:
    """A whole text around the elements of one."""
    return f"{ROOT}{body}</Objs>"


# --- writing


@each_row(("case", "answer"), params("clixml"))
def test_clixml_is_what_the_engine_writes(case: Any, answer: Any) -> None:
    """Each row of clixml.json comes out to the character, or fails with the engine's identity.

    A switch is a bool in Python, and so is written as one.
    """
    if "error" in answer:
        with pytest.raises(ConfidError) as caught:
            to_clixml(value(case["object"]))
        assert {"id": caught.value.error_id, "category": caught.value.category} == answer["error"]
    elif "SwitchParameter" in answer["text"]:
        assert "<B" in to_clixml(value(case["object"]))
    else:
        assert to_clixml(value(case["object"])) == answer["text"]


@pytest.mark.parametrize(
    ("given_value", "element"),
    [
        (ConferenceNumber(3542699), "<I32>3542699</I32>"),
        (-(2**31) - 1, "<I64>-2147483649</I64>"),
        (2**63, "<U64>9223372036854775808</U64>"),
        (2**64, "<D>18446744073709551616</D>"),
        (1e21, "<Db>1E+21</Db>"),
        (-0.0, "<Db>-0</Db>"),
        (float("nan"), "<Db>NaN</Db>"),
        (float("-inf"), "<Db>-INF</Db>"),
        (Decimal("2.50"), "<D>2.50</D>"),
        (Decimal("1E+3"), "<D>1000</D>"),
        (date(2026, 11, 23), "<DT>2026-11-23T00:00:00</DT>"),
        (
            datetime(2026, 11, 23, 9, 5, 7, 120000, timezone(timedelta(hours=-5))),
            "<DT>2026-11-23T09:05:07.12-05:00</DT>",
        ),
        (timedelta(0), "<TS>PT0S</TS>"),
        (timedelta(days=-1, hours=-2, milliseconds=-500), "<TS>-P1DT2H0.5S</TS>"),
        (b"\x00\xff", "<BA>AP8=</BA>"),
        ("\ud83d", "<S>\ufffd</S>"),
        (1j, "<S>1j</S>"),
    ],
    ids=repr,
)
def test_value_as_clixml(given_value: Any, element: str) -> None:
    """Each kind of Python value is written as the engine writes its own of that kind."""
    assert to_clixml(given_value) == f"{ROOT}\n  {element}\n</Objs>"


def test_name_is_escaped_as_an_attribute() -> None:
    """A property's name keeps its quotes, signs and line ends."""
    (read,) = from_clixml(to_clixml({'a"<&>\n_x': 1}))
    assert read == {'a"<&>\n_x': 1}
    assert 'N="a&quot;&lt;&amp;&gt;_x000A__x005F_x"' in to_clixml({'a"<&>\n_x': 1})


def test_what_stands_twice_is_written_once() -> None:
    """An object, a list or a record in two places is referred to, and so may hold itself."""
    shared: dict[str, Any] = {"x": 1}
    shared["self"] = shared
    text = to_clixml({"a": shared, "b": shared})
    assert text.count('N="x"') == 1
    (read,) = from_clixml(text)
    assert read["a"] is read["b"] is read["a"]["self"]


def test_equal_values_are_not_taken_for_one() -> None:
    """Only what is the same is referred to; equal and passing values are written each."""

    class Fresh(Record):
        def __powershell__(self) -> dict[str, Any]:
            return {"A": [self._properties["n"]], "B": ()}

    text = to_clixml([Fresh({"n": n}) for n in range(50)])
    assert "<Ref " not in text
    assert from_clixml(text) == [[{"A": [n], "B": []} for n in range(50)]]


@pytest.mark.parametrize("depth", [0, -1, 2.0, "2", True, None])
def test_depth_that_the_engine_refuses(depth: Any) -> None:
    """A depth below 1 is refused with PowerShell's identity."""
    with pytest.raises(InvalidArgumentError, match=r"depth: .* 1 or more") as caught:
        to_clixml([], depth=depth)
    assert caught.value.error_id == "ParameterArgumentValidationError"


def test_depth_counts_no_lists_and_notes() -> None:
    """Lists and objects made of notes are written whole at any depth, as the engine does."""
    deep = {"a": {"b": {"c": [{"d": [1]}]}}}
    assert from_clixml(to_clixml(deep, depth=1)) == [deep]


def nested(levels: int) -> list[Any]:
    """Lists in one another."""
    inner: list[Any] = []
    for _ in range(levels - 1):
        inner = [inner]
    return inner


def test_nesting_ends_where_the_engine_reads_no_further() -> None:
    """49 levels are written and read; one more is refused both ways."""
    text = to_clixml(nested(49))
    assert from_clixml(text) == [nested(49)]
    with pytest.raises(ConversionError, match="49 levels"):
        to_clixml(nested(50))
    with pytest.raises(InvalidArgumentError, match="more than 49 deep"):
        from_clixml(text.replace("<LST />", "<LST><Obj><LST /></Obj></LST>"))


@pytest.mark.parametrize("unfit", [{"": 1}, {"A": 1, "a": 2}], ids=repr)
def test_names_that_an_object_cannot_have(unfit: Any) -> None:
    """An object has one property of a name, in any casing, and none without."""
    with pytest.raises(InvalidArgumentError, match="name"):
        to_clixml(unfit)


@pytest.mark.parametrize("unfit", [Decimal("1E+30"), Decimal("1E-29"), 2**96], ids=repr)
def test_numbers_beyond_those_of_the_engine(unfit: Any) -> None:
    """A number that .NET can't hold is refused, not rounded."""
    with pytest.raises(ConversionError, match="Decimal"):
        to_clixml(unfit)


# --- reading


def as_answered(read: Any) -> Any:
    """A value as the rows have it: what JSON has no type for as text."""
    if isinstance(read, dict):
        return {name: as_answered(each) for name, each in read.items()}
    if isinstance(read, list):
        return [as_answered(each) for each in read]
    if isinstance(read, datetime):
        local = read.astimezone(UTC) if read.tzinfo else read
        return local.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(read, float) and math.isnan(read):
        return "NaN"
    return str(read) if isinstance(read, (UUID, Decimal)) else read


def answered(kind: str, wanted: Any) -> Any:
    """A value of a row, where Python's type is plainer than the engine's."""
    if kind in ("System.UInt32", "System.Byte"):
        return int(wanted)
    if kind == "System.DateTime":  # the engine has 7 places; UTC is Z or an offset of zero
        day, _, zone = wanted.replace("+00:00", "Z").partition("Z")
        return day[:26] + ("Z" if "Z" in wanted.replace("+00:00", "Z") else zone)
    return "<a />" if kind == "System.Xml.XmlDocument" else wanted


@each_row(("case", "answer"), params("clixmlread"))
def test_clixml_is_read_as_the_engine_reads_it(case: Any, answer: Any) -> None:
    """Each row of clixmlread.json gives its values, or an error with a place and no other."""
    if "error" in answer:
        with pytest.raises(InvalidArgumentError, match=r"line \d+, column \d+: ") as caught:
            from_clixml(case["text"])
        assert {"id": caught.value.error_id, "category": caught.value.category} == answer["error"]
        return
    wanted = [answered(*pair) for pair in zip(answer["types"], answer["values"], strict=True)]
    assert as_answered(from_clixml(case["text"])) == wanted


def test_moment_has_what_python_can_hold() -> None:
    """Seven places are cut to Python's six; an offset stays."""
    (read,) = from_clixml(clixml("<DT>2026-11-23T09:05:07.1234567+02:00</DT>"))
    assert read == datetime(2026, 11, 23, 9, 5, 7, 123456, timezone(timedelta(hours=2)))


@each_row(
    ("element", "wanted"),
    [
        ("<I32> 7\n</I32>", 7),
        ("<SB>-128</SB>", -128),
        ("<U64>18446744073709551615</U64>", 2**64 - 1),
        ("<Sg>1.1</Sg>", 1.1),
        ("<Db>-INF</Db>", -math.inf),
        ("<Db>1.5E-05</Db>", 1.5e-5),
        ("<C>228</C>", "ä"),
        ("<C>55357</C>", "\ufffd"),
        ("<TS>-P1DT2H0.5S</TS>", -timedelta(days=1, hours=2, milliseconds=500)),
        ("<TS>P1Y2M</TS>", timedelta(days=425)),
        ("<BA>AP8=</BA>", b"\x00\xff"),
        ("<BA />", b""),
        ("<DT>2026-11-23</DT>", datetime(2026, 11, 23)),  # noqa: DTZ001 - as it stands there
        ("<SemanticVersion>7.6.9-rc.1</SemanticVersion>", "7.6.9-rc.1"),
        ("<S>_xD83D__xDE00_ _xDE00_</S>", "😀 \ufffd"),
        ("<S><![CDATA[<a&b>]]></S>", "<a&b>"),
        ("<Obj><DCT><En><S N='Key'>a</S><I32 N='Value'>1</I32></En></DCT></Obj>", {"a": 1}),
        ("<Obj><STK><I32>1</I32><I32>2</I32></STK></Obj>", [1, 2]),
        ("<Obj><QUE><Nil /></QUE></Obj>", [None]),
        ("<Obj><S>text</S><MS><I32 N='PSPath'>1</I32></MS></Obj>", "text"),
        ("<Obj><Props><S N='A'>1</S></Props><MS><S N='B'>2</S></MS></Obj>", {"A": "1", "B": "2"}),
        ("<Obj><MS><MS N='PSStandardMembers'><S N='x'>y</S></MS></MS></Obj>", {}),
        ("<Obj><IE><S>a</S></IE><Props><I32 N='Count'>1</I32></Props></Obj>", ["a"]),
        ("<Obj RefId='0' />", {}),
        ("<Obj><Obj><I32>1</I32></Obj></Obj>", 1),
    ],
)
def test_element_as_value(element: str, wanted: Any) -> None:
    """Each element gives the Python value of its kind."""
    assert from_clixml(clixml(element)) == [wanted]


def test_enumeration_knows_its_name_and_number() -> None:
    """A member is a number with a name, and is written back as it was."""
    element = (
        "<Obj RefId='0'><TN RefId='0'><T>Deserialized.X.StateType</T><T>Deserialized.System.Enum"
        "</T></TN><ToString>Pending</ToString><I32>0</I32></Obj>"
    )
    (member,) = from_clixml(clixml(element))
    assert member == 0
    assert isinstance(member, Enum)
    assert member.name == "Pending"
    assert "<T>X.StateType</T>" in to_clixml(member)
    assert from_clixml(to_clixml(Announcements.TONE_ONLY)) == [1]
    assert from_clixml(to_clixml(Plain.Second)) == [1]


@pytest.mark.parametrize("name", ["mro", "_x_", "__init__", "", "name", "A, B", "ä b"])
def test_enumeration_with_a_name_that_python_keeps(name: str) -> None:
    """Whatever a member is called, its number is read."""
    element = (
        f"<Obj><TN><T>X</T><T>System.Enum</T></TN><ToString>{name}</ToString><I32>3</I32></Obj>"
    )
    assert from_clixml(clixml(element)) == [3]


@pytest.mark.parametrize("name", sorted(path.name for path in TENANT.glob("*.xml")))
def test_export_of_a_tenant(name: str) -> None:
    """The exports are read, and written again they are the same but for type names."""
    text = (TENANT / name).read_text(encoding="utf-8-sig")
    read = from_clixml(text)
    assert all(isinstance(item, dict) for item in read)
    assert from_clixml(to_clixml(read)) == [read]


@each_row(
    ("text", "why"),
    [
        (f"{ROOT}\n <S>a</S>\n  <I32>x</I32></Objs>", "line 3, column 15: <I32> is to hold"),
        (f"{ROOT}<S>cut", "line 1, column"),
        ("<html><body/></html>", "<html> is not the root"),
        ('<Objs Version="1.1.0.1"><S>x</S></Objs>', "<Objs> is not the root"),
        (ROOT.replace("1.1.0.1", "2.0") + "</Objs>", "the version is 2.0"),
        ("#< CLIXML\r\n" + clixml("<S>x</S>"), "line 1, column 2"),
        (clixml("<S xmlns='urn:x'>a</S>"), "another namespace"),
        (clixml("<S>a<B>true</B></S>"), "stands within <S>"),
        (clixml("between"), "text stands between"),
        (clixml("<Ref />"), "no <Obj> has that RefId"),
        (clixml("<Obj RefId='1'><LST /></Obj><Obj RefId='1' /><Ref RefId='1' />"), "several <Obj>"),
        (clixml("<Obj RefId='1'><Obj><LST><Ref RefId='1' /></LST></Obj></Obj>"), "not known yet"),
        (clixml("<Obj><MS><S>x</S></MS></Obj>"), "<S> has no name"),
        (clixml("<Obj><TN><S>x</S></TN></Obj>"), "list of type names"),
        (clixml("<Obj><Huh /></Obj>"), "no part of an object"),
        (clixml("<Obj><DCT><S>x</S></DCT></Obj>"), "holds <En>"),
        (clixml("<Obj><DCT><En><S N='Key'>a</S></En></DCT></Obj>"), "has no value"),
        (clixml("<Obj><DCT><En><S N='Value'>a</S></En></DCT></Obj>"), "one Key and then"),
        (clixml("<Obj><DCT><En><Nil N='Key'/><Nil N='Value'/></En></DCT></Obj>"), "plain value"),
        (clixml("<SS>01000000</SS>"), "secure string"),
        (clixml("<D>1E5</D>"), "without an exponent"),
        (clixml("<DT>2026-02-30T00:00:00</DT>"), "a date and time"),
        (clixml("<G>72dfe128</G>"), "a GUID"),
        (clixml("<BA>*</BA>"), "Base64"),
        (clixml("<S>\ud800</S>"), "half a character"),
        (clixml("<S>\x00</S>"), "line 1, column"),
        (clixml("<S>x</S>") + clixml("<S>x</S>"), "line 1, column"),
        ("<!DOCTYPE Objs>" + clixml("<S>x</S>"), "a document type has no place here"),
        ('<!DOCTYPE Objs SYSTEM "http://127.0.0.1:9/x.dtd">' + clixml(""), "document type"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, why: str) -> None:
    """Damage is told with line and column, and nothing is half read."""
    with pytest.raises(InvalidArgumentError, match=r"line \d+, column \d+: ") as caught:
        from_clixml(text)
    assert why in str(caught.value)
    assert caught.value.error_id == "XmlException"


def test_unknown_elements_of_a_later_version_are_left_out() -> None:
    """A later version 1.x may have added elements to objects; what is known is read."""
    later = clixml("<Obj><Huh><S>x</S></Huh><MS><S N='A'>1</S></MS></Obj>").replace(
        "1.1.0", "1.2.0"
    )
    assert from_clixml(later) == [{"A": "1"}]


def test_bytes_are_no_text() -> None:
    """Bytes are refused: their encoding is the caller's to say."""
    with pytest.raises(InvalidArgumentError, match="bytes is no text"):
        from_clixml(b"<Objs />")  # type: ignore[arg-type]


LAUGHS = "".join(
    f"<Obj RefId='{n}'><LST>{refs}</LST></Obj>"
    for n in range(40)
    for refs in ["".join([f"<Ref RefId='{n - 1}' />"] * 100) if n else ""]
)
PROPERTIES = "".join(f"<S N='p{n}'>x</S><S N='P{n}'>x</S>" for n in range(20_000))


@pytest.mark.parametrize(
    "bomb",
    [
        '<!DOCTYPE Objs [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + clixml("<S>&b;</S>"),
        '<!DOCTYPE Objs SYSTEM "http://127.0.0.1:9/x.dtd">' + clixml("<S>x</S>"),
        ROOT + "<Obj><LST>" * 50_000,
        ROOT + "<Obj><MS><MS N='x'>" + "<MS N='x'>" * 50_000,
        clixml(LAUGHS),
        clixml(f"<Obj><MS>{PROPERTIES}</MS></Obj>"),
        clixml(f"<D>{'9' * 1_000_000}</D>"),
        clixml(f"<I32>{'9' * 1_000_000}</I32>"),
        clixml("<Obj>" + "<TN RefId='0'><T>x</T></TN>" * 50_000 + "</Obj>"),
    ],
    ids=["entity", "dtd", "depth", "sets", "laughs", "properties", "decimal", "integer", "types"],
)
def test_bomb_costs_no_more_than_its_size(bomb: str) -> None:
    """A hostile text takes time and memory in proportion to its size, read or refused."""
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        read = from_clixml(bomb)
    except InvalidArgumentError as error:
        assert "line " in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert read
    taken = time.perf_counter() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 5
    assert peak < 2_000_000 + 30 * len(bomb)


# --- both


def is_unlike(text: str) -> bool:
    """Whether a text holds what CLIXML can't, or Python's str shouldn't."""
    return any("\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" for c in text)


texts = st.text().filter(lambda text: not is_unlike(text)) | st.text(
    st.sampled_from("_xX0aF\n<&]>\"'😀")
)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**95), 2**95),
    st.floats(allow_nan=False),
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
    ),
    texts,
    st.datetimes(
        timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=-9, minutes=-30)))
    ),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=20),
)
readable = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(
            st.tuples(texts.filter(bool), inner), max_size=4, unique_by=lambda pair: pair[0].lower()
        ).map(dict)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(readable)
def test_what_was_written_is_read_back(given_value: Any) -> None:
    """Any value comes back as it was, its type too."""
    (read,) = from_clixml(to_clixml(given_value))
    assert read == given_value
    assert type(read) is type(given_value) or isinstance(given_value, int)


@settings(deadline=None)
@given(values)
def test_any_value_is_written_or_refused(given_value: Any) -> None:
    """Arbitrary Python values give CLIXML that can be read, or an error of confid's own."""
    try:
        text = to_clixml(given_value)
    except ConfidError:
        return
    assert len(from_clixml(text)) == 1


TAGS = """S C DT TS B I32 U64 Db D G URI Version XD SBK SS BA Nil Ref Obj MS Props TN TNRef T
ToString LST IE QUE STK DCT En Objs Huh"""
tags = st.sampled_from(TAGS.split())
attributes = st.sampled_from(
    ["", " N='A'", " N='Key'", " N='Value'", " RefId='0'", " N='_x0041_' RefId='1'"]
)
trees = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from(["1", "true", "&lt;", "&x;", ""]),
    lambda inner: st.builds(
        lambda tag, attribute, children: f"<{tag}{attribute}>{''.join(children)}</{tag}>",
        tags,
        attributes,
        st.lists(inner, max_size=4),
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.text() | trees | st.lists(trees, max_size=3).map(lambda parts: clixml("".join(parts))))
def test_arbitrary_text_gives_nothing_but_errors_of_confid(text: str) -> None:
    """Whatever is read, it is values or an InvalidArgumentError with a place."""
    try:
        assert isinstance(from_clixml(text), list)
    except InvalidArgumentError as error:
        assert "line " in str(error)  # noqa: PT017 - either outcome is right


@settings(deadline=None)
@given(st.integers(0, 6000), st.sampled_from(["bridges.xml", "users.xml"]))
def test_truncated_export_is_refused(length: int, name: str) -> None:
    """A file that was cut off anywhere is refused."""
    text = (TENANT / name).read_text(encoding="utf-8-sig")
    with pytest.raises(InvalidArgumentError, match="line "):
        from_clixml(text[: min(length, len(text) - 10)])
