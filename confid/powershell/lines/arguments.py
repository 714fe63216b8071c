"""Which argument goes to which parameter: names, prefixes, aliases, colons, switches, places.

The rules of PowerShell's binder up to the values: what is named, by an unambiguous prefix
or an alias, takes what follows it; a switch takes only what a colon ties to it; the rest
stands in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from confid.errors import LineError, ParameterBindingError
from confid.powershell.lines.parser import Argument, Block, CommandText, Element, Named

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen
class Known:
    """A parameter by which an argument can be named; `own` if it isn't one of the common ones."""

    name: str
    aliases: tuple[str, ...] = ()
    switch: bool = attrs.field(default=False, kw_only=True)
    own: bool = attrs.field(default=True, kw_only=True)


COMMON: Final = (
    Known("Verbose", ("vb",), switch=True, own=False),
    Known("Debug", ("db",), switch=True, own=False),
    Known("ErrorAction", ("ea",), own=False),
    Known("WarningAction", ("wa",), own=False),
    Known("InformationAction", ("infa",), own=False),
    Known("ProgressAction", ("proga",), own=False),
    Known("ErrorVariable", ("ev",), own=False),
    Known("WarningVariable", ("wv",), own=False),
    Known("InformationVariable", ("iv",), own=False),
    Known("OutVariable", ("ov",), own=False),
    Known("OutBuffer", ("ob",), own=False),
    Known("PipelineVariable", ("pv",), own=False),
)
"""The parameters that every command of PowerShell has."""


@attrs.frozen
class Paired:
    """The arguments of a command: those with a parameter, those in a place, those of neither.

    A parameter that was given without a value is a switch. `unknown` has the names that no
    parameter has, `blocks` the script blocks.
    """

    named: list[tuple[Known, Argument | None]]
    placed: list[Argument]
    unknown: list[Named]
    blocks: list[Block]


class Names:
    """The parameters of a command, by every name and prefix that means one of them."""

    def __init__(self, command: str, parameters: Iterable[Known]) -> None:
        self._command = command
        self._spellings = [
            (spelling.lower(), known)
            for known in parameters
            for spelling in (known.name, *known.aliases)
        ]
        self._exact = dict(self._spellings)

    def find(self, typed: str) -> Known | None:
        """The parameter that a name, an alias or a prefix of one means; None if none does.

        One of the command's own goes before the common ones. Raises
        `ParameterBindingError` (AmbiguousParameter) where several are meant.
        """
        lower = typed.lower()
        if exact := self._exact.get(lower):
            return exact
        meant = {known.name: known for name, known in self._spellings if name.startswith(lower)}
        own = [known for known in meant.values() if known.own]
        if len(meant) == 1 or len(own) == 1:
            return (own or list(meant.values()))[0]
        if not meant:
            return None
        raise ParameterBindingError(
            f"{self._command}: -{typed} can be {', '.join(meant)}. Write more of the one you mean.",
            error_id="AmbiguousParameter",
            parameter=typed,
        )

    def pair(self, elements: Iterable[Element]) -> Paired:
        """Give each argument its parameter.

        Raises `ParameterBindingError`: AmbiguousParameter, MissingArgument.
        """
        paired = Paired([], [], [], [])
        rest = list(elements)[::-1]
        while rest:
            element = rest.pop()
            if isinstance(element, Argument):
                paired.placed.append(element)
            elif isinstance(element, Block):
                paired.blocks.append(element)
            elif (known := self.find(element.name)) is None:
                paired.unknown.append(element)
            elif element.argument is not None and isinstance(element.argument.value, Block):
                paired.blocks.append(element.argument.value)
            elif element.argument is not None or known.switch:
                paired.named.append((known, element.argument))
            else:
                value = self._value(known, rest)
                if isinstance(value, Block):
                    paired.blocks.append(value)
                else:
                    paired.named.append((known, value))
        return paired

    def _value(self, known: Known, rest: list[Element]) -> Argument | Block:
        following = rest.pop() if rest else None
        if isinstance(following, Named) and (
            following.argument is None and self.find(following.name) is None
        ):
            # What is no parameter's name is text behind one that waits for a value.
            return Argument(following.text, following.position, following.text)
        if following is None or isinstance(following, Named):
            raise ParameterBindingError(
                f"{self._command}: -{known.name} needs a value.",
                error_id="MissingArgument",
                parameter=known.name,
            )
        return following


def refuse_blocks(command: CommandText, blocks: Iterable[Block]) -> None:
    """Raise `LineError` if there is a script block."""
    for block in blocks:
        raise LineError(
            command.line,
            block.position,
            "a script block isn't known here; write a Python function and call it",
        )


def given_twice(command: str, parameter: str) -> ParameterBindingError:
    """The error of a parameter that has a value already."""
    return ParameterBindingError(
        f"{command}: {parameter} was given twice.",
        error_id="ParameterAlreadyBound",
        parameter=parameter,
    )


def refuse_left_over(command: str, unknown: list[Named], placed: list[Argument]) -> None:
    """Raise `ParameterBindingError` for the first argument that no parameter takes."""
    left: list[Named | Argument] = [*unknown, *placed]
    first = min(left, key=lambda element: element.position, default=None)
    if isinstance(first, Named):
        raise ParameterBindingError(
            f"{command} has no parameter -{first.name}.",
            error_id="NamedParameterNotFound",
            parameter=first.name,
        )
    if first is not None:
        text = str(first.value if first.text is None else first.text)
        raise ParameterBindingError(
            f"{command} has no place for {text!r}; give it by the name of its parameter.",
            error_id="PositionalParameterNotFound",
            parameter=text,
        )
