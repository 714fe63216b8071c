"""The grammar of a filter: what `-Filter` and Where-Object take, read into a tree.

PowerShell's own precedence: `,` binds closest, then `-not` and `!`, then all comparisons
alike, then `-and`, `-or` and `-xor` alike; everything from left to right. Only names,
literals and operators are read, so there is nothing in a filter that could run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from confid.errors import InvalidArgumentError
from confid.powershell.language.literals import (
    CONSTANTS,
    SINGLE_QUOTES,
    double_quoted,
    single_quoted,
)
from confid.powershell.language.numbers import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, a number, `$true`, `$false`, `$null`, or a list of them."""

    value: object


@dataclass(frozen=True, slots=True)
class Property:
    """The value of a property of the object at hand; `position` is where its name stands."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of something's truth."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left -operator right`; `position` is where the operator stands."""

    operator: str
    case_sensitive: bool
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True)
class Chain:
    """`first -and second -or third …`, from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Constant | Property | Not | Comparison | Chain


def properties_of(node: Node) -> Iterator[Property]:
    """The properties that a filter names, from left to right."""
    match node:
        case Property():
            yield node
        case Not(operand):
            yield from properties_of(operand)
        case Comparison():
            yield from properties_of(node.left)
            yield from properties_of(node.right)
        case Chain(first, rest):
            for item in (first, *(item for _, item in rest)):
                yield from properties_of(item)


COMPARISONS: Final = frozenset(
    (
        *("eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch"),
        *("contains", "notcontains", "in", "notin"),
    )
)
LOGIC: Final = frozenset(("and", "or", "xor"))
_DEEPEST = 50
"""So many parentheses, -not and chained comparisons may be inside one another."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<mark>[(),!])
      | (?P<number>[-–—―]?(?:0x[0-9a-f]+|0b[01]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)
            (?:[a-z]{0,2})(?:[kmgtp]b)?)(?![\w.])
      | [-–—―](?P<operator>[a-z]+)
      | \$(?:_|psitem)\.(?P<property>\w++)(?![.(\[])
      | \$(?P<constant>true|false|null)(?!\w)
      | (?P<name>[^\W\d]\w*+)(?![.(\[])
      | (?P<quote>['‘’‚‛"“”„])
    """,  # noqa: RUF001 - PowerShell takes typographic dashes and quotes for plain ones
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int
    value: object = None


def parse(source: str, *, bare_names: bool = True) -> Node:
    """Read a filter into a tree.

    Braces around the whole are taken off. Without `bare_names` a property is `$_.Name`, as
    a script block has it. Raises InvalidArgumentError with the position
    and the place in the text for anything that isn't a filter.
    """
    start, end = 0, len(source)
    if source.strip().startswith("{"):
        start = source.index("{") + 1
        end = len(source.rstrip()) - 1
        if end < start or source[end] != "}":
            reject(source, len(source), "a } is missing")
    parser = _Parser(source, _tokens(source, start, end), bare_names=bare_names)
    node = parser.chain()
    parser.expect_end()
    return node


def reject(source: str, position: int, why: str) -> NoReturn:
    """Raise the error of a filter that is wrong at a position."""
    raise bad_filter(source, position, why)


def bad_filter(source: str, position: int, why: str) -> InvalidArgumentError:
    """Return the error of a filter that is wrong at a position, the place shown."""
    begin = max(0, position - 40)
    line = "".join(c if c.isprintable() else " " for c in source[begin : position + 30])
    return InvalidArgumentError(
        f"The filter is wrong at position {position + 1}: {why}.\n"
        f"  {line}\n  {' ' * (position - begin)}^",
        target=source,
        error_id="InvalidFilter",
    )


def _tokens(source: str, start: int, end: int) -> list[_Token]:
    tokens = []
    place = start
    while place < end:
        found = _TOKEN.match(source, place, end)
        if found is None:
            _reject_token(source, place)
        kind = str(found.lastgroup)
        token, place = _Token(kind, found[kind], place), found.end()
        if kind == "quote":
            token, place = _quoted(source, token, end)
        elif kind == "number":
            token = _number(source, token)
        if kind != "space":
            tokens.append(token)
    tokens.append(_Token("end", "", end))
    return tokens


def _reject_token(source: str, place: int) -> NoReturn:
    if source[place] == "$":
        reject(source, place, "only $true, $false, $null and $_.Name are known, nothing is run")
    if re.match(r"\w", source[place]):
        reject(source, place, "that is neither a name nor a number; text goes between quotes")
    reject(source, place, f"{source[place]!r} has no meaning here")


def _number(source: str, token: _Token) -> _Token:
    text = token.text
    number = parse_number("-" + text[1:] if text[0] in "–—―" else text)  # noqa: RUF001 - see _TOKEN
    if number is None:
        reject(source, token.position, "that is not a number; text goes between quotes")
    return _Token("literal", text, token.position, number)


def _quoted(source: str, token: _Token, end: int) -> tuple[_Token, int]:
    place = token.position + 1

    def refuse(position: int, why: str) -> NoReturn:
        reject(source, position, why)

    found = (
        single_quoted(source, place, end)
        if token.text in SINGLE_QUOTES
        else double_quoted(source, place, end, refuse)
    )
    if found is None:
        reject(source, token.position, "the text is not closed, its other quote is missing")
    text, behind = found
    return _Token("literal", source[place : behind - 1], token.position, text), behind


class _Parser:
    """Recursive descent over the tokens, no deeper than _DEEPEST."""

    def __init__(self, source: str, tokens: list[_Token], *, bare_names: bool) -> None:
        self._source = source
        self._bare_names = bare_names
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _reject(self, why: str) -> NoReturn:
        if self._token.kind == "end":
            why = f"{why}, and there the filter ends"
        reject(self._source, self._token.position, why)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._reject(f"more than {_DEEPEST} things are inside one another")

    def expect_end(self) -> None:
        if self._token.kind != "end":
            self._reject("an operator such as -and is missing")

    def chain(self) -> Node:
        """Read comparisons between -and, -or and -xor."""
        first = self._comparison()
        rest = []
        while self._token.kind == "operator" and self._token.text.lower() in LOGIC:
            logic = self._take().text.lower()
            rest.append((logic, self._comparison()))
        return Chain(first, tuple(rest)) if rest else first

    def _comparison(self) -> Node:
        depth = self._depth
        left = self._unary()
        while self._token.kind == "operator" and self._token.text.lower() not in LOGIC:
            self._deeper()
            token = self._token
            operator, case_sensitive = self._operator(token.text.lower())
            self._take()
            right = self._unary(behind=token.text)
            left = Comparison(operator, case_sensitive, left, right, token.position)
        self._depth = depth
        return left

    def _operator(self, name: str) -> tuple[str, bool]:
        if name in COMPARISONS:
            return name, False
        if name[0] in "ci" and name[1:] in COMPARISONS:
            return name[1:], name[0] == "c"
        if name == "not":
            self._reject("-not goes before what it turns round")
        known = ", ".join(f"-{known}" for known in sorted(COMPARISONS))
        return self._reject(f"-{name[:40]} is no operator of a filter; there are {known}")

    def _unary(self, behind: str = "") -> Node:
        token = self._token
        if (token.kind, token.text.lower()) in (("mark", "!"), ("operator", "not")):
            self._deeper()
            self._take()
            operand = Not(self._unary(behind))
            self._depth -= 1
            return operand
        return self._primary(behind)

    def _primary(self, behind: str) -> Node:
        token = self._token
        if token.kind == "mark" and token.text == "(":
            return self._parenthesis()
        if token.kind == "name" and not behind and not self._bare_names:
            self._reject(f"a property is written $_.{token.text[:40]} between braces")
        if token.kind == "property" or (token.kind == "name" and not behind):
            return Property(self._take().text, token.position)
        if token.kind in ("literal", "constant"):
            return self._constants()
        if token.kind == "name":
            word = token.text[:40]
            meant = f"${word.lower()}" if word.lower() in CONSTANTS else f"'{word}'"
            self._reject(f"text behind -{behind} goes between quotes; is {meant} meant")
        return self._reject(
            f"a value is missing behind -{behind}" if behind else "a property is missing"
        )

    def _parenthesis(self) -> Node:
        self._deeper()
        self._take()
        inside = self.chain()
        if self._token.text != ")" or self._token.kind != "mark":
            self._reject("a ) is missing")
        self._take()
        self._depth -= 1
        return inside

    def _constants(self) -> Constant:
        values = [self._constant()]
        while self._token.kind == "mark" and self._token.text == ",":
            self._take()
            if self._token.kind not in ("literal", "constant"):
                self._reject("a literal is missing behind the comma")
            values.append(self._constant())
        return Constant(values if len(values) > 1 else values[0])

    def _constant(self) -> object:
        token = self._take()
        return CONSTANTS[token.text.lower()] if token.kind == "constant" else token.value
