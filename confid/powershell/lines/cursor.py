"""The words of a line: bare ones, quoted ones, here-strings, numbers, constants.

A cursor over the line that reads one thing at a time, as PowerShell's tokenizer does.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from confid.errors import LineError
from confid.powershell.language.literals import (
    CONSTANTS,
    DASHES,
    DOUBLE_QUOTES,
    SINGLE_QUOTES,
    double_quoted,
    escaped,
    expanded,
    single_quoted,
)
from confid.powershell.language.numbers import Number, parse_number

QUOTES: Final = SINGLE_QUOTES + DOUBLE_QUOTES
NEWLINES: Final = "\r\n"
_BLANKS: Final = " \t\v\f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_ENDS_WORD: Final = rf"{_BLANKS}\r\n&(),;{{}}|<>"
_GAP: Final = re.compile(rf"(?:[{_BLANKS}]|`(?:\r\n|[\r\n])|<#(?:[^#]|#(?!>))*+#>)*+")
_GAP_AND_LINES: Final = re.compile(
    rf"(?:[{_BLANKS}\r\n]|`(?:\r\n|[\r\n])|<#(?:[^#]|#(?!>))*+#>|#[^\r\n]*+)*+"
)
_COMMENT: Final = re.compile(r"#[^\r\n]*+")
_PLAIN: Final = re.compile(rf"[^{_ENDS_WORD}`${QUOTES}]++")
_VARIABLE: Final = re.compile(r"\$[\w{(:$?^@]")
_CONSTANT: Final = re.compile(rf"\$(true|false|null)(?=[{_ENDS_WORD}]|$|\Z)", re.IGNORECASE)
_PARAMETER: Final = re.compile(rf"[{DASHES}](?P<name>[^\W\d][^{_ENDS_WORD}.\[:{QUOTES}]*+|\?)(:?)")
_HERE: Final = re.compile(rf"@([{QUOTES}])[{_BLANKS}]*(\r\n|[\r\n])?")
_HERE_ENDS: Final = {
    quotes: re.compile(rf"(?:\r\n|[\r\n])[{quotes}]@") for quotes in (SINGLE_QUOTES, DOUBLE_QUOTES)
}
_NUMBER: Final = re.compile(rf"[+{DASHES}]?\.?[0-9][\w.]*(?:(?<=[eE])[+-][0-9]+)?\w*")
_MEMBER: Final = re.compile(r"\.\w|\[|::")
_BLOCK_PART: Final = re.compile(rf"[^{{}}{QUOTES}`]*+(?:`.[^{{}}{QUOTES}`]*+)*+", re.DOTALL)

NO_VARIABLES: Final = (
    "variables aren't known here, only $true, $false and $null; call the cmdlet as a Python "
    "function, with the value as an argument"
)


class Cursor:
    """A place in a line, and what can be read from there."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.place: int = 0

    @property
    def next(self) -> str:
        """The next character, '' at the end."""
        return self.line[self.place : self.place + 1]

    def refuse(self, position: int, why: str, error_id: str | None = None) -> NoReturn:
        """Raise the error of what is wrong at a position."""
        raise LineError(self.line, position, why, error_id=error_id)

    def skip(self, *, lines: bool = False) -> None:
        """Go over blanks and comments; with `lines` over line ends too."""
        found = (_GAP_AND_LINES if lines else _GAP).match(self.line, self.place)
        self.place = found.end() if found else self.place
        if self.line.startswith("<#", self.place):
            self.refuse(self.place, "the comment is not closed, #> is missing", "MissingTerminator")
        if not lines and (comment := _COMMENT.match(self.line, self.place)):
            self.place = comment.end()

    def take(self, text: str) -> bool:
        """Whether `text` is next; goes over it."""
        found = self.line.startswith(text, self.place)
        self.place += len(text) if found else 0
        return found

    def parameter(self) -> tuple[str, bool] | None:
        """The name of a parameter, and whether a colon follows it; None for anything else."""
        found = _PARAMETER.match(self.line, self.place)
        if found is None or (not found[2] and self.line.startswith(tuple(QUOTES), found.end())):
            return None
        self.place = found.end()
        return found["name"], bool(found[2])

    def constant(self) -> tuple[object] | None:
        """The value of `$true`, `$false` or `$null`; any other variable is refused."""
        if self.next != "$":
            return None
        if found := _CONSTANT.match(self.line, self.place):
            self.place = found.end()
            return (CONSTANTS[found[1].lower()],)
        if self.line.startswith("$(", self.place):
            self.refuse(
                self.place,
                "nothing is computed on a line; compute the value in Python and call the cmdlet "
                "as a Python function",
            )
        if _VARIABLE.match(self.line, self.place):
            self.refuse(self.place, NO_VARIABLES)
        return None

    def quoted(self) -> str:
        """The text between the quotes that begin here."""
        start = self.place
        found = self._quoted_at(start)
        text, self.place = found
        self.no_member()
        return text

    def _quoted_at(self, start: int) -> tuple[str, int]:
        end = len(self.line)
        found = (
            single_quoted(self.line, start + 1, end)
            if self.line[start] in SINGLE_QUOTES
            else double_quoted(self.line, start + 1, end, self.refuse)
        )
        if found is None:
            self.refuse(
                start,
                "the text is not closed, its other quote is missing",
                "TerminatorExpectedAtEndOfString",
            )
        return found

    def here_string(self) -> str | None:
        """The text of the here-string that begins here; None for anything else."""
        header = _HERE.match(self.line, self.place)
        if header is None:
            return None
        if header[2] is None:
            self.refuse(
                header.end(),
                "the text of a here-string begins on the next line",
                "UnexpectedCharactersAfterHereStringHeader",
            )
        single = header[1] in SINGLE_QUOTES
        # The line end before the text may be the one before its end: then it is empty.
        start = header.start(2)
        footer = _HERE_ENDS[SINGLE_QUOTES if single else DOUBLE_QUOTES].search(self.line, start)
        if footer is None:
            self.refuse(
                self.place,
                f"the here-string is not closed; {header[1]}@ is missing at the beginning of a "
                "line",
                "TerminatorExpectedAtEndOfString",
            )
        text = self.line[header.end() : footer.start()]
        if not single:
            text = expanded(text, header.end(), self.refuse, here=True)
        self.place = footer.end()
        self.no_member()
        return text

    def word(self) -> tuple[str, bool]:
        """A bare word, quotes inside it read; and whether it stands there as it is."""
        start = self.place
        parts: list[str] = []
        while True:
            if plain := _PLAIN.match(self.line, self.place):
                parts.append(plain[0])
                self.place = plain.end()
            character = self.next
            if character == "`" and (found := escaped(self.line, self.place, self.refuse)):
                text, self.place = found
                parts.append(text)
            elif character == "$" and not _VARIABLE.match(self.line, self.place):
                parts.append("$")
                self.place += 1
            elif character == "$":
                self.refuse(self.place, NO_VARIABLES)
            elif character and character in QUOTES:
                text, self.place = self._quoted_at(self.place)
                parts.append(text)
            elif character == "`":  # nothing follows it
                self.place += 1
            else:
                break
        text = "".join(parts)
        return text, text == self.line[start : self.place]

    def number(self) -> Number | None:
        """The number, with its sign, that stands here inside parentheses; None if none does."""
        found = _NUMBER.match(self.line, self.place)
        if found is None:
            return None
        text = found[0]
        number = parse_number("-" + text[1:] if text[0] in DASHES else text)
        if number is not None:
            self.place = found.end()
        return number

    def no_member(self) -> None:
        """Refuse `.Length`, `[0]` and `::` behind a value."""
        if _MEMBER.match(self.line, self.place):
            self.refuse(
                self.place,
                "nothing is computed on a line; compute the value in Python and call the cmdlet "
                "as a Python function",
            )

    def block(self) -> str:
        """The script block that begins here, with its braces."""
        start, depth = self.place, 0
        while True:
            if found := _BLOCK_PART.match(self.line, self.place):
                self.place = found.end()
            character = self.next
            if not character or character == "`":
                self.refuse(start, "a } is missing", "MissingEndCurlyBrace")
            if character in QUOTES:
                _, self.place = self._quoted_at(self.place)
                continue
            self.place += 1
            depth += 1 if character == "{" else -1
            if depth == 0:
                return self.line[start : self.place]


def bare_number(word: str) -> Number | None:
    """The number that a bare word is; None if it is text. A sign makes it text."""
    if word[:1].isdigit() or (word[:1] == "." and word[1:2].isdigit()):
        return parse_number(word) if word.isascii() else None
    return None
