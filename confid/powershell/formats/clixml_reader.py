"""CLIXML as Python values, as `Import-Clixml` reads it; nothing in it is run, opened or fetched.

Source: clixmlread.json, the rows of the real engine.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from confid.errors import InvalidArgumentError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.clixml import DEEPEST, NAMESPACE
from confid.powershell.formats.clixml_scalars import SCALARS, decoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.sax.xmlreader import AttributesImpl

_VERSION: Final = re.compile(r"1\.(?P<minor>[0-9]{1,9})(?:\.[0-9]{1,9}){0,2}")
_SHOWN: Final = 60
_MOST_MEMBERS: Final = 1_000
_MOST_FRAMES: Final = 4 * DEEPEST
_LISTS: Final = ("LST", "IE", "QUE", "STK")
_CONTAINERS: Final[dict[str, type]] = {**dict.fromkeys(_LISTS, list), "DCT": dict}
_TOO_DEEP: Final = f"objects stand in one another more than {DEEPEST} deep"
_MISSING: Final = object()


@ends_at_caller
def from_clixml(text: str) -> list[Any]:
    """Return the values that stand in a CLIXML text, as `Import-Clixml` gives them.

    Out: a dict for an object, of its properties and notes (a name that comes again, in
    any casing, replaces the first); a list for any list, a dict for a dictionary, an
    IntEnum for an enumeration, else what Python has for the type: UUID, datetime,
    Decimal, timedelta, bytes. What is referred to is one object in all its places.
    Raises InvalidArgumentError, with the line and column, for anything that is not
    whole and sound CLIXML, a document type and a nesting beyond 49 included.
    """
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415 - only readers pay for it
    from defusedxml.expatreader import DefusedExpatParser  # noqa: PLC0415 - only readers pay for it

    if not isinstance(text, str):
        raise InvalidArgumentError(
            f"A {type(text).__name__} is no text; decode what a file holds.", target=None
        )
    parser = DefusedExpatParser(forbid_dtd=True)
    reader = _Reader()
    parser.setContentHandler(reader)
    try:
        parser.feed(text)
        parser.close()
    except _UnsoundError as error:
        raise _refusal(parser.getLineNumber(), parser.getColumnNumber(), str(error)) from None
    except DefusedXmlException:
        raise _refusal(
            parser.getLineNumber(), parser.getColumnNumber(), "a document type has no place here"
        ) from None
    except SAXParseException as error:
        raise _refusal(error.getLineNumber(), error.getColumnNumber(), error.getMessage()) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        column = error.start - text.rfind("\n", 0, error.start) - 1
        raise _refusal(line, column, "half a character") from None
    return reader.values


def _refusal(line: int | None, column: int | None, why: str) -> InvalidArgumentError:
    place = f"line {line or 1}, column {(column or 0) + 1}"
    return InvalidArgumentError(
        f"This is no CLIXML that can be read: {place}: {why}.",
        target=place,
        error_id="XmlException",
        category="NotSpecified",
    )


class _UnsoundError(Exception):
    """What stands where the parser is now can't be read; the text says why."""


def _fail(why: str) -> NoReturn:
    raise _UnsoundError(why)


class _Frame:
    """An element that holds others, and what it becomes."""

    __slots__ = ("name", "names", "pairs", "tag", "types", "value", "word")

    def __init__(self, tag: str, name: str | None, value: Any) -> None:
        self.tag = tag
        self.name = name
        self.value = value
        self.types: tuple[str, ...] = ()
        self.word: str | None = None
        """Of an object: its text, as ToString gives it."""
        self.pairs: dict[str, Any] = {}
        """Of an object: its properties and notes. Of a dictionary's entry: key and value."""
        self.names: dict[str, str] = {}
        """Of an object, and of what holds its properties: their names by lower casing."""


class _Reader(ContentHandler):
    """Turns elements into values; no recursion, so that depth costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[Any] = []
        self._frames: list[_Frame] = []
        self._level = 0
        self._leaf: Callable[[str], Any] | None = None
        self._leaf_tag = ""
        self._leaf_name: str | None = None
        self._text: list[str] = []
        self._skipping = 0
        self._unknown_allowed = False
        self._objects: dict[str, _Frame] = {}
        self._twice: set[str] = set()
        self._types: dict[str, tuple[str, ...]] = {}
        self._listed_types: list[str] = []
        self._members: dict[tuple[str, str, int], int] = {}
        self._starts: dict[str, Callable[[_Frame, str, AttributesImpl], None]] = {
            "Obj": self._start_in_object,
            "Props": self._start_property,
            "MS": self._start_note,
            "TN": self._start_type,
            "DCT": self._start_entry,
            "En": self._start_in_entry,
            **dict.fromkeys(("Objs", *_LISTS), self._start_element),
        }

    # --- what the parser calls

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        """Take the start of an element."""
        if self._leaf is not None:
            _fail(f"<{_short(name)}> stands within <{self._leaf_tag}>, which holds text")
        if self._skipping:
            self._skipping += 1
            return
        if not self._frames:
            self._start_root(name, attrs)
            return
        if attrs.get("xmlns", NAMESPACE) != NAMESPACE:
            _fail(f"<{_short(name)}> is of another namespace")
        frame = self._frames[-1]
        self._starts[frame.tag](frame, name, attrs)

    def characters(self, content: str) -> None:
        """Take text: of a plain value, else only white space between elements."""
        if self._leaf is not None:
            self._text.append(content)
        elif not self._skipping and content.strip(" \t\r\n"):
            _fail(f"text stands between elements: {_short(content.strip())!r}")

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 - SAX's name and argument
        """Take the end of an element."""
        if self._leaf is not None:
            self._end_leaf()
        elif self._skipping:
            self._skipping -= 1
        else:
            self._end_frame(self._frames.pop())

    # --- starts

    def _start_root(self, name: str, attrs: AttributesImpl) -> None:
        if name != "Objs" or attrs.get("xmlns") != NAMESPACE:
            _fail(f"<{_short(name)}> is not the root of CLIXML, which Export-Clixml writes")
        version = attrs.get("Version")
        match = _VERSION.fullmatch(version or "")
        if match is None:
            _fail(f"the version is {_short(version or 'missing')}, and 1.x can be read")
        # What a later version has added stands beside what this one knows.
        self._unknown_allowed = int(match["minor"]) > 1
        self._frames.append(_Frame("Objs", None, self.values))

    def _start_value(self, tag: str, attrs: AttributesImpl, name: str | None) -> None:
        if self._level == DEEPEST:
            _fail(_TOO_DEEP)
        leaf = SCALARS.get(tag)
        if leaf is not None:
            self._start_leaf(tag, leaf, name)
        elif tag == "Nil":
            self._put(None, name)
            self._skipping = 1
        elif tag == "Obj":
            frame = _Frame("Obj", name, _MISSING)
            reference = attrs.get("RefId")
            if reference is not None:
                if reference in self._objects:
                    self._twice.add(reference)
                self._objects[reference] = frame
            self._frames.append(frame)
            self._level += 1
        elif tag == "Ref":
            self._put(self._referred(attrs), name)
            self._skipping = 1
        elif tag == "SS":
            _fail("a secure string can be read by nobody but who wrote it; export it without")
        else:
            _fail(f"<{_short(tag)}> is no value")

    def _start_element(self, _: _Frame, tag: str, attrs: AttributesImpl) -> None:
        self._start_value(tag, attrs, None)

    def _start_property(self, _: _Frame, tag: str, attrs: AttributesImpl) -> None:
        self._start_value(tag, attrs, self._name_of(tag, attrs))

    def _start_note(self, _: _Frame, tag: str, attrs: AttributesImpl) -> None:
        if tag != "MS":
            self._start_value(tag, attrs, self._name_of(tag, attrs))
        elif len(self._frames) > _MOST_FRAMES:
            _fail(_TOO_DEEP)
        else:  # a named set of members
            self._frames.append(_Frame("MS", None, {}))

    def _start_type(self, _: _Frame, tag: str, __: AttributesImpl) -> None:
        if tag != "T":
            _fail(f"<{_short(tag)}> stands in a list of type names")
        self._start_leaf("T", decoded, None)

    def _start_entry(self, _: _Frame, tag: str, __: AttributesImpl) -> None:
        if tag != "En":
            _fail(f"<{_short(tag)}> stands in a dictionary, which holds <En>")
        self._frames.append(_Frame("En", None, None))

    def _start_leaf(self, tag: str, leaf: Callable[[str], Any], name: str | None) -> None:
        self._leaf, self._leaf_tag, self._leaf_name = leaf, tag, name
        self._text = []

    def _start_in_object(self, frame: _Frame, tag: str, attrs: AttributesImpl) -> None:
        if tag in ("MS", "Props"):
            if frame.value is _MISSING:  # what is a list or a plain value keeps to that
                frame.value = frame.pairs
            members = _Frame(tag, None, frame.pairs)
            members.names = frame.names
            self._frames.append(members)
        elif tag == "TN":
            self._listed_types = []
            self._frames.append(_Frame("TN", attrs.get("RefId"), frame))
        elif tag == "TNRef":
            self._refer_to_types(frame, attrs.get("RefId") or "")
        elif tag == "ToString":
            self._start_leaf(tag, decoded, None)
        elif tag in _CONTAINERS:
            frame.value = _CONTAINERS[tag]()
            self._frames.append(_Frame(tag, None, frame.value))
        elif tag in SCALARS or tag == "Obj":
            self._start_value(tag, attrs, None)
        elif self._unknown_allowed:
            self._skipping = 1
        else:
            _fail(f"<{_short(tag)}> is no part of an object")

    def _refer_to_types(self, frame: _Frame, reference: str) -> None:
        if reference not in self._types:
            _fail(f"<TNRef> refers to {_short(reference)!r}, and no <TN> has that RefId")
        frame.types = self._types[reference]
        self._skipping = 1

    def _start_in_entry(self, frame: _Frame, tag: str, attrs: AttributesImpl) -> None:
        expected = "Value" if "Key" in frame.pairs else "Key"
        if self._name_of(tag, attrs).casefold() != expected.casefold() or "Value" in frame.pairs:
            _fail(f"an entry of a dictionary has one Key and then one Value, not <{_short(tag)}>")
        self._start_value(tag, attrs, expected)

    def _name_of(self, tag: str, attrs: AttributesImpl) -> str:
        name = attrs.get("N")
        if not name:
            _fail(f"<{_short(tag)}> has no name")
        return decoded(name)

    def _referred(self, attrs: AttributesImpl) -> Any:
        reference = attrs.get("RefId") or ""
        frame = self._objects.get(reference)
        if frame is None:
            _fail(f"<Ref> refers to {_short(reference)!r}, and no <Obj> has that RefId")
        if reference in self._twice:
            _fail(f"<Ref> refers to {_short(reference)!r}, and several <Obj> have that RefId")
        if frame.value is _MISSING:
            _fail(f"<Ref> refers to {_short(reference)!r}, which is not known yet")
        return frame.value

    # --- ends

    def _end_leaf(self) -> None:
        leaf, tag, name = self._leaf, self._leaf_tag, self._leaf_name
        assert leaf is not None  # noqa: S101 - for the type checker
        self._leaf = None
        text = "".join(self._text)
        try:
            value = leaf(text)
        except ValueError as error:
            _fail(f"<{tag}> is to hold {error}, not {_short(text)!r}")
        if tag == "T":
            if value:
                self._listed_types.append(value)
        elif tag == "ToString":
            self._frames[-1].word = value
        else:
            self._put(value, name)

    def _end_frame(self, frame: _Frame) -> None:
        if frame.tag == "Obj":
            self._level -= 1
            value = {} if frame.value is _MISSING else frame.value
            if "System.Enum" in frame.types and type(value) is int:
                value = self._member(frame, value)
            frame.value = value
            self._put(value, frame.name)
        elif frame.tag == "TN":
            owner: _Frame = frame.value
            owner.types = tuple(name.removeprefix("Deserialized.") for name in self._listed_types)
            if frame.name is not None:
                self._types[frame.name] = owner.types
        elif frame.tag == "En":
            if "Value" not in frame.pairs:
                _fail("an entry of a dictionary has no value")
            self._put_entry(frame)

    def _put(self, value: Any, name: str | None) -> None:
        """Hand a value to the element that holds it."""
        frame = self._frames[-1]
        if frame.tag == "Obj":
            frame.value = value
        elif frame.tag == "En":
            assert name is not None  # noqa: S101 - for the type checker
            frame.pairs[name] = value
        elif name is None:
            frame.value.append(value)
        else:
            lower = name.lower()
            if frame.names.setdefault(lower, name) != name:
                del frame.value[frame.names[lower]]
                frame.names[lower] = name
            frame.value[name] = value

    def _put_entry(self, frame: _Frame) -> None:
        key, table = frame.pairs["Key"], self._frames[-1].value
        if key is None or isinstance(key, (dict, list)):
            _fail("the key in a dictionary is no plain value")
        if key in table:
            _fail(f"the key {_short(str(key))!r} stands twice in a dictionary")
        table[key] = frame.pairs["Value"]

    def _member(self, frame: _Frame, number: int) -> int:
        """Return a member of an enumeration: its number, which knows its name."""
        if frame.word is None:
            return number
        key = (frame.types[0], frame.word, number)
        member = self._members.get(key)
        make: Any = IntEnum  # the type checker wants the members written out
        if member is None:
            if len(self._members) == _MOST_MEMBERS:
                _fail(f"there are more than {_MOST_MEMBERS} members of enumerations")
            try:
                (member,) = make(frame.types[0], {frame.word: number})
            except (ValueError, TypeError):  # a name that Python keeps to itself
                return number
            self._members[key] = member
        return member


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
