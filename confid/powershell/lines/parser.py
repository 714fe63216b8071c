"""The grammar of a line: commands with literal arguments, joined by `|`.

What PowerShell's parser makes of the same text, as far as it is that; everything else is
refused with its position. Nothing is run here, nor looked up.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from confid.powershell.language.literals import DASHES
from confid.powershell.lines.cursor import NEWLINES, QUOTES, Cursor, bare_number

_DEEPEST: Final = 50
"""So many parentheses may be inside one another."""
_ANY_DASH: Final = re.compile(f"[{DASHES}]")
_REFUSED: Final = {
    ";": "one line is one command; give each to a call of its own",
    "&": "nothing is run in the background or by another name; as_job=True does the former",
    ">": "output goes nowhere else; write what the call returns to a file in Python",
}


@attrs.frozen
class Argument:
    """A literal value, or a `Block` behind a colon; the text that stands for a bare word."""

    value: object
    position: int
    text: str | None = None


@attrs.frozen
class Named:
    """`-Name`, or `-Name:value`."""

    name: str
    position: int
    argument: Argument | None
    text: str


@attrs.frozen
class Block:
    """`{ … }`, not looked into."""

    text: str
    position: int


Element = Argument | Named | Block


@attrs.frozen
class CommandText:
    """A command as typed: its name, its arguments, the line that it is of."""

    name: str
    position: int
    elements: tuple[Element, ...]
    line: str


def parse_line(line: str) -> tuple[CommandText, ...]:
    """Read a line into its commands, the first of them and those behind each `|`.

    Raises `LineError`, with the position, PowerShell's id where its parser refuses the
    line too, and a word on what to do in Python.
    """
    reader = _Reader(line)
    return reader.pipeline()


class _Reader:
    """Reads a line from left to right, each character once."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._cursor = Cursor(line)
        self._depth = 0

    def pipeline(self) -> tuple[CommandText, ...]:
        cursor = self._cursor
        commands: list[CommandText] = []
        while True:
            cursor.skip(lines=True)
            start = cursor.place
            if not cursor.next or cursor.next == "|":
                why = "a command is missing behind |" if commands else "a command is missing"
                cursor.refuse(start, why, "EmptyPipeElement")
            commands.append(CommandText(self._name(), start, self._elements(), self._line))
            if not cursor.take("|"):
                return tuple(commands)
            if cursor.next == "|":
                cursor.refuse(cursor.place, "|| isn't known here; catch the error in Python")

    def _name(self) -> str:
        cursor = self._cursor
        start = cursor.place
        self._refuse_mark(start)
        cursor.constant()
        if cursor.next in ("@", "[", "{", *QUOTES) or cursor.place > start:
            cursor.refuse(start, "a line begins with the name of a command")
        name, _ = cursor.word()
        if name in (".", "--") or bare_number(name) is not None:
            cursor.refuse(start, "a line begins with the name of a command")
        return _ANY_DASH.sub("-", name)

    def _elements(self) -> tuple[Element, ...]:
        cursor = self._cursor
        elements: list[Element] = []
        names = True
        while True:
            cursor.skip()
            if self._at_end():
                return tuple(elements)
            if names and cursor.line.startswith("--%", cursor.place):
                cursor.refuse(cursor.place, "--% is for programs, which aren't run here")
            start = cursor.place
            if names and cursor.next in DASHES and (named := cursor.parameter()):
                elements.append(self._named(start, *named))
            elif cursor.next == "{":
                elements.append(Block(cursor.block(), start))
            else:
                argument = self._list()
                if names and argument.text == "--":
                    names = False
                else:
                    elements.append(argument)

    def _at_end(self) -> bool:
        """Whether the command ends here; what may not follow it is refused."""
        cursor = self._cursor
        if cursor.next and cursor.next in (*NEWLINES, ";"):
            start = cursor.place
            while cursor.next and cursor.next in (*NEWLINES, ";"):
                cursor.place += 1
                cursor.skip(lines=True)
            if cursor.next and (cursor.next != "|" or ";" in cursor.line[start : cursor.place]):
                cursor.refuse(cursor.place, _REFUSED[";"])
        return not cursor.next or cursor.next == "|"

    def _named(self, start: int, name: str, colon: bool) -> Named:
        cursor = self._cursor
        argument = None
        text = cursor.line[start : cursor.place]
        if colon:
            cursor.skip()
            if not cursor.next or cursor.next in (*NEWLINES, "|", ";"):
                cursor.refuse(
                    cursor.place, f"a value is missing behind -{name}:", "ParameterRequiresArgument"
                )
            place = cursor.place
            block = Block(cursor.block(), place) if cursor.next == "{" else None
            argument = Argument(block, place) if block else self._list()
        return Named(name, start, argument, text)

    def _list(self) -> Argument:
        """Read one value, or several with commas between them."""
        cursor = self._cursor
        first = self._value()
        values = []
        cursor_behind = cursor.place
        cursor.skip()
        while cursor.next == ",":
            comma = cursor.place
            cursor.place += 1
            cursor.skip(lines=True)
            if not cursor.next or cursor.next in "|;":
                cursor.refuse(comma, "a value is missing behind the comma", "MissingArgument")
            values.append(self._value().value)
            cursor_behind = cursor.place
            cursor.skip()
        cursor.place = cursor_behind
        return Argument([first.value, *values], first.position) if values else first

    def _value(self) -> Argument:
        cursor = self._cursor
        start = cursor.place
        if (value := self._literal()) is not None:
            return Argument(value[0], start)
        self._refuse_mark(start)
        word, as_it_is = cursor.word()
        if as_it_is and (number := bare_number(word)) is not None:
            return Argument(number, start, word)
        return Argument(word, start, word)

    def _literal(self) -> tuple[object] | None:
        """Read what is no bare word: quotes, a constant, an array, parentheses."""
        cursor = self._cursor
        character = cursor.next
        if character and character in QUOTES:
            return (cursor.quoted(),)
        if character == "$":
            return cursor.constant()
        if character == "(":
            return (self._parenthesis(),)
        if character != "@":
            return None
        if cursor.line.startswith("@(", cursor.place):
            return (self._array(),)
        text = cursor.here_string()
        return None if text is None else (text,)

    def _refuse_mark(self, start: int) -> None:
        cursor = self._cursor
        character = cursor.next
        if character in _REFUSED:
            cursor.refuse(start, _REFUSED[character])
        if character == "<":
            cursor.refuse(start, "< has no meaning yet", "RedirectionNotSupported")
        if character == "," or not character:
            cursor.refuse(start, "a value is missing", "MissingArgument")
        if character in ")}":
            cursor.refuse(start, f"{character} closes nothing", "UnexpectedToken")
        if character == "{":
            cursor.refuse(
                start, "a script block isn't known here; write a Python function and call it"
            )
        if character == "(":
            self._parenthesis()
            cursor.refuse(start, "a line begins with the name of a command")
        if character == "@":
            self._refuse_at(start)

    def _refuse_at(self, start: int) -> None:
        following = self._cursor.line[start + 1 : start + 2]
        if following == "{":
            self._cursor.refuse(
                start, "a hashtable isn't known here; call the cmdlet as a Python function"
            )
        if following.isalnum() or following in ("_", "?", ":"):
            self._cursor.refuse(
                start,
                "splatting isn't known here; in Python, function(**arguments) does the same",
            )

    def _array(self) -> list[object]:
        """Read `@( … )`: what each line or `;` in it gives, one after the other."""
        cursor = self._cursor
        start = cursor.place
        cursor.place += 2
        items: list[object] = []
        while True:
            cursor.skip(lines=True)
            if cursor.take(";"):
                continue
            if not cursor.next:
                cursor.refuse(start, "a ) is missing", "MissingEndParenthesisInSubexpression")
            if cursor.take(")"):
                break
            value = self._inner_list(start)
            items.extend(value if isinstance(value, list) else [value])
            cursor.skip()
            if cursor.next and cursor.next not in (*NEWLINES, ";", ")"):
                self._refuse_inner()
        cursor.no_member()
        return items

    def _parenthesis(self) -> object:
        """Read `( … )` around literals."""
        cursor = self._cursor
        start = cursor.place
        cursor.place += 1
        cursor.skip(lines=True)
        if not cursor.next:
            cursor.refuse(cursor.place, "a value is missing behind the (", "ExpectedExpression")
        value = self._inner_list(start)
        cursor.skip(lines=True)
        if not cursor.next:
            cursor.refuse(start, "a ) is missing", "MissingEndParenthesisInExpression")
        if not cursor.take(")"):
            self._refuse_inner()
        cursor.no_member()
        return value

    def _inner_list(self, start: int) -> object:
        cursor = self._cursor
        self._depth += 1
        if self._depth > _DEEPEST:
            cursor.refuse(start, f"more than {_DEEPEST} parentheses are inside one another")
        values = [self._inner_value()]
        cursor.skip()
        while cursor.take(","):
            cursor.skip(lines=True)
            values.append(self._inner_value())
            cursor.skip()
        self._depth -= 1
        return values if len(values) > 1 else values[0]

    def _inner_value(self) -> object:
        cursor = self._cursor
        if (number := cursor.number()) is not None:
            cursor.no_member()
            return number
        if (value := self._literal()) is not None:
            return value[0]
        return self._refuse_inner()

    def _refuse_inner(self) -> object:
        cursor = self._cursor
        if not cursor.next or cursor.next in ",)":
            cursor.refuse(cursor.place, "a value is missing", "ExpectedExpression")
        cursor.refuse(
            cursor.place,
            "between parentheses stand numbers, $true, $false, $null and text in quotes; "
            "nothing is computed, do that in Python and call the cmdlet as a Python function",
        )
