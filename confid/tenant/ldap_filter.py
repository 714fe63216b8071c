r"""LDAP search filters in their string form (RFC 4515), as `-LdapFilter` takes them.

    (&(department=Finance)(|(city=Bergen)(city=Oslo))(!(mail=*)))

A parser by recursive descent, a few levels deep at most, makes a predicate
over a mapping of attributes. Beyond the RFC it takes white space around
filters and one comparison without its parentheses (`Department=Finance`, as
the cmdlet's documentation has it). Extensible match (`:=`) is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from confid.errors import InvalidArgumentError, shown
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

Predicate: TypeAlias = Callable[[Mapping[str, object]], bool]
"""Whether the attributes, by their casefolded names, are such as the filter wants."""

ValueTest: TypeAlias = Callable[[object], bool]
"""Whether one value of an attribute, never None, is such as a comparison wants."""

DEPTH_LIMIT = 100
"""So many parentheses may be open at once; a filter that people write has a handful."""

_DIGITS_LIMIT = 640
"""A longer number is taken as text: Python always converts one up to here, and at once."""

_SPACE = re.compile(r"\s*+")
_NAME = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9-]*+|[0-9]++(?:\.[0-9]++)++)"  # a name, or an OID in numbers
    r"(?:;[A-Za-z0-9-]++)*+"  # options, which belong to the name: "cn;lang-de"
)
_OPERATOR = re.compile(r"[<>~]?=")
_PLAIN = re.compile(r"[^\0()*\\]++")
_OCTETS = re.compile(r"(?:\\[0-9A-Fa-f]{2})++")
_NUMBER = re.compile(r"-?[0-9]++")

_INSTEAD = {
    "\0": r"\00 instead of a null character",
    "(": r"\28 instead of a parenthesis inside a value",
    ")": r"\29 instead of a parenthesis inside a value",
    "*": r"\2a instead of an asterisk, which stands for any text behind = alone",
    "\\": r"two hexadecimal digits behind the backslash (a backslash itself is \5c)",
}
"""What to write for a character that can't stand in a value. Source: RFC 4515, section 3."""


def compile_filter(text: str) -> Predicate:
    """Compile an LDAP filter into a function that takes a mapping of attributes.

    The mapping's keys are casefolded attribute names. Its values are text,
    bool, int, None, or a tuple or list of such, of which any may match.
    Text compares as `fold` makes it, an int with a number as a number, a bool
    as TRUE or FALSE; `~=` is `=`. An attribute that is absent, None or without
    a value matches nothing, so a negation of that is true: the Undefined of
    RFC 4511, section 4.5.1.7, is false here, as Active Directory answers for
    attributes that it knows.

    Raises `InvalidArgumentError` that names the column and what was expected there.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads `text` once, from left to right; `at` is the index of what comes next.

    Every method raises `InvalidArgumentError`. Source: the grammar of RFC 4515, section 3.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Predicate:
        """Read all of the text: a filter, or one comparison without parentheses."""
        self._skip_space()
        if self.at == len(self.text):
            raise self._error("a filter such as (department=Finance)")
        if self._next() != "(":
            return self._comparison(end="")
        made = self._filter(1)
        self._skip_space()
        if self._next():
            raise self._error("the end, as the filter is complete")
        return made

    def _filter(self, depth: int) -> Predicate:
        """Read a filter from its opening parenthesis to the one that closes it."""
        if depth > DEPTH_LIMIT:
            raise self._error(f"at most {DEPTH_LIMIT} parentheses inside each other")
        self._take("(", "'('")
        self._skip_space()
        sign = self._next()
        if not sign or sign not in "&|!":
            made = self._comparison(end=")")
        else:
            self.at += 1
            made = self._negation(depth) if sign == "!" else self._list(sign, depth)
        self._take(")", "')'")
        return made

    def _negation(self, depth: int) -> Predicate:
        """Read the one filter behind `!`."""
        self._skip_space()
        operand = self._filter(depth + 1)
        self._skip_space()
        return lambda attributes: not operand(attributes)

    def _list(self, sign: str, depth: int) -> Predicate:
        """Read the filters behind `&` or `|`, of which there is at least one."""
        self._skip_space()
        operands = [self._filter(depth + 1)]
        self._skip_space()
        while self._next() == "(":
            operands.append(self._filter(depth + 1))
            self._skip_space()
        return _joined(operands, decisive=sign == "|")

    def _comparison(self, end: str) -> Predicate:
        """Read a comparison, up to and without the `end` of it ("" is the end of the text)."""
        name = self._match(_NAME, "the name of an attribute")
        sign = self._match(_OPERATOR, "=, >=, <= or ~=")
        pieces = [self._piece()]
        while sign == "=" and self._next() == "*":
            self.at += 1
            pieces.append(self._piece())
        found = self._next()
        if found != end:
            raise self._error(_INSTEAD.get(found, "')'"))
        return _attribute(fold(name), _value_test(sign, pieces))

    def _piece(self) -> str:
        """Read a value, or a part of it between asterisks, and undo its escapes."""
        parts: list[str] = []
        while True:
            if plain := _PLAIN.match(self.text, self.at):
                parts.append(plain[0])
                self.at = plain.end()
            elif octets := _OCTETS.match(self.text, self.at):
                parts.append(self._decoded(octets[0]))
                self.at = octets.end()
            else:
                return "".join(parts)

    def _decoded(self, escapes: str) -> str:
        r"""Turn escaped octets (`\c4\8d`), which stand for text in UTF-8, into that text."""
        try:
            return bytes.fromhex(escapes.replace("\\", "")).decode()
        except UnicodeDecodeError as error:
            self.at += 3 * error.start
            raise self._error("escaped octets that are text in UTF-8") from None

    def _next(self) -> str:
        """Give the next character, "" at the end."""
        return self.text[self.at : self.at + 1]

    def _skip_space(self) -> None:
        """Go on to the next character that is no white space."""
        if space := _SPACE.match(self.text, self.at):
            self.at = space.end()

    def _take(self, character: str, expected: str) -> None:
        """Go past a character that must come next."""
        if self._next() != character:
            raise self._error(expected)
        self.at += 1

    def _match(self, pattern: re.Pattern[str], expected: str) -> str:
        """Go past a name or an operator that must come next, and give it."""
        found = pattern.match(self.text, self.at)
        if not found:
            note = " (extensible match, :=, is not supported)" if self._next() == ":" else ""
            raise self._error(expected + note)
        self.at = found.end()
        return found[0]

    def _error(self, expected: str) -> InvalidArgumentError:
        """Make the error that says what should stand where the parser is."""
        found = repr(self._next()) if self._next() else "the end"
        return InvalidArgumentError(
            f"LdapFilter: column {self.at + 1} of {shown(self.text, 200)}: "
            f"expected {expected}, found {found}.",
            target=self.text,
            error_id="LdapFilterInvalid",
        )


def _joined(operands: Sequence[Predicate], *, decisive: bool) -> Predicate:
    """Join filters: by "or" where a true one decides, by "and" where a false one does."""

    def holds(attributes: Mapping[str, object]) -> bool:
        for operand in operands:  # a loop, as any() takes a second frame for each level
            if operand(attributes) is decisive:
                return decisive
        return not decisive

    return holds


def _attribute(name: str, test: ValueTest) -> Predicate:
    """Ask whether any value of that attribute passes the test."""
    return lambda attributes: any(test(value) for value in _values(attributes.get(name)))


def _values(value: object) -> Sequence[object]:
    """Give the values of an attribute: none for None, and each of a tuple or list."""
    several = value if isinstance(value, (tuple, list)) else (value,)
    return [one for one in several if one is not None]


def _value_test(sign: str, pieces: Sequence[str]) -> ValueTest:
    """Make the test that a comparison wants; `pieces` are what its asterisks separate."""
    if len(pieces) > 1:
        return _substrings(pieces)
    if sign == ">=":
        return _comparing(operator.ge, pieces[0])
    if sign == "<=":
        return _comparing(operator.le, pieces[0])
    return _comparing(operator.eq, pieces[0])


def _comparing(compare: Callable[[Any, Any], bool], asserted: str) -> ValueTest:
    """Compare as the value's type has it: an int with a number by size, all else as text."""
    text = fold(asserted)
    is_number = len(asserted) <= _DIGITS_LIMIT and _NUMBER.fullmatch(asserted)
    number = int(asserted) if is_number else None

    def test(value: object) -> bool:
        if number is not None and isinstance(value, int) and not isinstance(value, bool):
            return compare(value, number)
        return compare(_text(value), text)

    return test


def _substrings(pieces: Sequence[str]) -> ValueTest:
    """Look for the pieces one behind the other; with nothing but empty ones, for any value.

    Each is taken where it occurs first, which leaves the most room for those
    that follow, so nothing is ever tried twice.
    """
    first, *inner, last = map(fold, pieces)

    def test(value: object) -> bool:
        text = _text(value)
        at, end = len(first), len(text) - len(last)
        if at > end or not (text.startswith(first) and text.endswith(last)):
            return False
        for piece in inner:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return test


def _text(value: object) -> str:
    """Give a value as comparisons have it. Source for TRUE and FALSE: RFC 4517, section 3.3.3."""
    if isinstance(value, bool):
        return fold("TRUE" if value else "FALSE")
    return fold(value if isinstance(value, str) else str(value))
