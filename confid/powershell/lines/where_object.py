"""Where-Object: objects that fit a script block, or one comparison written without braces."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from confid.errors import (
    ConversionError,
    InvalidArgumentError,
    LineError,
    ParameterBindingError,
)
from confid.powershell.language.comparison import is_true, operator
from confid.powershell.language.conversion import is_array, text_of
from confid.powershell.language.filter_syntax import COMPARISONS
from confid.powershell.language.filters import where
from confid.powershell.language.values import is_object, properties, property_named
from confid.powershell.lines.stage_options import (
    Option,
    ambiguous_set,
    as_object,
    as_text,
    read_options,
)

if TYPE_CHECKING:
    from confid.powershell.lines.parser import Block, CommandText

Predicate = Callable[[object], bool]

NAME: Final = "Where-Object"
_TYPE_TESTS: Final = ("is", "isnot")
_CASE_SENSITIVE: Final = {f"c{name}": name for name in COMPARISONS}
_OPTIONS: Final = (
    Option("FilterScript", as_object),
    Option("Property", as_text, place=0),
    Option("Value", as_object, place=1),
    Option("Not"),
    *(Option(name, aliases=(f"i{name}",)) for name in COMPARISONS),
    *(Option(name) for name in _CASE_SENSITIVE),
    *(Option(name) for name in _TYPE_TESTS),
)
_OPERATORS: Final = {*COMPARISONS, *_CASE_SENSITIVE, *_TYPE_TESTS, "Not"}
_BRACKETED: Final = re.compile(r"\[?(?:System\.)?(\w+)\]?")
_INT32: Final = (-(2**31), 2**31 - 1)


def where_object(command: CommandText) -> Predicate:
    """Read the arguments of Where-Object into a predicate.

    Raises `ParameterBindingError` and `InvalidArgumentError` with PowerShell's ids, and
    `LineError` for a block that is more than a filter. The predicate raises
    `InvalidArgumentError` (OperatorFailed) where two values can't be compared.
    """
    given = read_options(command, NAME, _OPTIONS, blocks=True)
    chosen = [name for name in given.values if name in _OPERATORS]
    if "FilterScript" in given.values:
        raise LineError(command.line, command.position, "a filter stands between braces: { … }")
    if given.blocks:
        if given.values or len(given.blocks) > 1:
            raise ambiguous_set(NAME, ["FilterScript", *given.values])
        return _block(command, given.blocks[0])
    if "Property" not in given.values:
        raise ParameterBindingError(
            f"{NAME}: give the name of a property, or a filter between braces.",
            error_id="MissingMandatoryParameter",
            parameter="Property",
        )
    if len(chosen) > 1:
        raise ambiguous_set(NAME, chosen)
    prop = given.values["Property"]
    value = given.values.get("Value")
    valued = "Value" in given.values
    if not chosen and valued:
        raise InvalidArgumentError(
            f"{NAME} {prop} needs an operator such as -eq.", error_id="OperatorNotSpecified"
        )
    if chosen in ([], ["Not"]):
        return lambda item: is_true(_property(item, prop)) is (not chosen)
    if not valued:
        raise InvalidArgumentError(
            f"-{chosen[0]} needs a value behind it.", error_id="ValueNotSpecifiedForWhereObject"
        )
    if chosen[0] in _TYPE_TESTS:
        return _type_test(prop, value, chosen[0] == "is")
    return _comparison(prop, chosen[0], value)


def _block(command: CommandText, block: Block) -> Predicate:
    try:
        return where(block.text, bare_names=False)
    except InvalidArgumentError as error:
        # Its first line, without the position: that is one in the block.
        why = error.message.partition("\n")[0].partition(": ")[2].rstrip(".")
        raise LineError(
            command.line,
            block.position,
            "a block holds comparisons such as $_.Department -eq 'Sales', nothing in it is run; "
            f"in this one {why}",
        ) from None


def _property(item: object, name: str) -> Any:
    if type(item) is dict and name in item:
        return item[name]
    if not is_object(item):
        return len(item) if isinstance(item, str) and name.lower() == "length" else None
    known = properties(item)
    found = property_named(name, known)
    return None if found is None else known[found]


def _comparison(name: str, chosen: str, value: object) -> Predicate:
    plain = _CASE_SENSITIVE.get(chosen, chosen)
    compare = operator(plain, value, case_sensitive=plain != chosen)

    def predicate(item: object) -> bool:
        try:
            return is_true(compare(_property(item, name)))
        except ConversionError as error:
            raise InvalidArgumentError(
                f"-{chosen} can't compare {name}: {error.message}",
                error_id="OperatorFailed",
                category="InvalidOperation",
            ) from None

    return predicate


def _type_test(name: str, value: object, positive: bool) -> Predicate:
    found = _BRACKETED.fullmatch(text_of(value))
    test = _TYPES.get(found[1].lower()) if found else None
    if test is None:
        raise InvalidArgumentError(
            f"There is no type {text_of(value)[:40]!r} to test for.", error_id="OperatorFailed"
        )
    return lambda item: test(_property(item, name)) is positive


def _is_int(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= int(value) <= high
    )


_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    **dict.fromkeys(("int", "int32"), _is_int(*_INT32)),
    **dict.fromkeys(
        ("long", "int64"),
        lambda value: _is_int(-(2**63), 2**63 - 1)(value) and not _is_int(*_INT32)(value),
    ),
    **dict.fromkeys(("bool", "boolean"), lambda value: isinstance(value, bool)),
    "double": lambda value: isinstance(value, float),
    "decimal": lambda value: isinstance(value, Decimal),
    "datetime": lambda value: isinstance(value, date),
    "guid": lambda value: isinstance(value, UUID),
    **dict.fromkeys(("array", "object[]"), is_array),
    "object": lambda value: value is not None,
}
