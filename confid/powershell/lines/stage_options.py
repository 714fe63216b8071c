"""The parameters of what may stand behind a `|`, and the values that a line gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from confid.errors import ConfidError, LineError, ParameterBindingError
from confid.powershell.language.conversion import convert, is_array, text_of
from confid.powershell.lines.arguments import (
    COMMON,
    Known,
    Names,
    given_twice,
    refuse_blocks,
    refuse_left_over,
)
from confid.powershell.lines.parser import Argument, Block, CommandText

Read = Callable[[Argument], object]
"""Makes a parameter's value of an argument; raises ConfidError for what can't be."""


@attrs.frozen
class Option:
    """A parameter of a stage; one without `read` is a switch, `place` is its position."""

    name: str
    read: Read | None = None
    aliases: tuple[str, ...] = ()
    place: int | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Given:
    """What a line gives a stage: values by the parameters' names, and its script blocks."""

    command: str
    values: dict[str, Any]
    blocks: list[Block]

    def switch(self, name: str) -> bool:
        """Whether a switch is on."""
        return bool(self.values.get(name, False))


def as_object(argument: Argument) -> object:
    """The value as it is."""
    return argument.value


def as_text(argument: Argument) -> object:
    """Text; a number is the text as it was typed."""
    return argument.text if argument.text is not None else text_of(argument.value)


def as_texts(argument: Argument) -> object:
    """A list of texts."""
    if is_array(argument.value):
        return [text_of(item) for item in argument.value]
    return [as_text(argument)]


def as_count(argument: Argument) -> object:
    """A whole number that isn't negative."""
    return _not_negative(convert(argument.value, "int"))


def as_counts(argument: Argument) -> object:
    """A list of whole numbers that aren't negative."""
    items = argument.value if is_array(argument.value) else [argument.value]
    return [_not_negative(convert(item, "int")) for item in items]


def _not_negative(number: Any) -> int:
    if number < 0:
        raise ConfidError(
            f"{number} is negative",
            error_id="ParameterArgumentValidationError",
            category="InvalidData",
        )
    return int(number)


_COMPILED_ID: Final = "CannotConvertArgumentNoMessage"
"""What a compiled cmdlet says where a function says ParameterArgumentTransformationError."""


def read_options(
    command: CommandText, name: str, options: tuple[Option, ...], *, blocks: bool = False
) -> Given:
    """Bind the arguments of a stage whose full name is `name`.

    Raises `ParameterBindingError` with PowerShell's id, and `LineError` for a script block
    where none is known (`blocks`) and for a common parameter.
    """
    by_name = {option.name: option for option in options}
    known = [Known(o.name, o.aliases, switch=o.read is None) for o in options]
    paired = Names(name, (*known, *COMMON)).pair(command.elements)
    if not blocks:
        refuse_blocks(command, paired.blocks)
    values: dict[str, Any] = {}
    for parameter, argument in paired.named:
        if parameter.name not in by_name:
            position = argument.position if argument else command.position
            raise LineError(
                command.line,
                position,
                f"-{parameter.name} isn't known behind a |; give it to the first command",
            )
        if parameter.name in values:
            raise given_twice(name, parameter.name)
        values[parameter.name] = _value(name, by_name[parameter.name], argument)
    places = sorted((o.place, o.name) for o in options if o.place is not None)
    free = [by_name[n] for _, n in places if n not in values]
    # A script block is in the first place.
    free = free[len(paired.blocks) :] if paired.blocks else free
    for option, argument in zip(free, paired.placed, strict=False):
        values[option.name] = _value(name, option, argument)
    refuse_left_over(name, paired.unknown, paired.placed[len(free) :])
    return Given(name, values, paired.blocks)


def _value(command: str, option: Option, argument: Argument | None) -> object:
    try:
        if argument is None:
            return True
        return convert(argument.value, "switch") if option.read is None else option.read(argument)
    except ConfidError as error:
        validated = error.error_id == "ParameterArgumentValidationError"
        raise ParameterBindingError(
            f"{command}: -{option.name}: {error.message.rstrip('.')}.",
            error_id=error.error_id if validated else _COMPILED_ID,
            parameter=option.name,
            category=error.category if validated else "InvalidArgument",
        ) from None


def ambiguous_set(command: str, names: list[str]) -> ParameterBindingError:
    """The error of parameters that can't be given together."""
    return ParameterBindingError(
        f"{command}: {', '.join(f'-{name}' for name in names)} can't be given together.",
        error_id="AmbiguousParameterSet",
    )
