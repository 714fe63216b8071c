"""Bind a command as typed: prefixes, aliases, places and switches, above the binder of values."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import attrs

from confid.command.lookup import get_command
from confid.engine.binder import (
    Binding,
    CommandInfo,
    bind_arguments,
    not_converted,
    refuse_chosen_ids,
    refuse_placed_ids,
)
from confid.engine.common_parameters import ActionPreference
from confid.errors import (
    ConfidError,
    ConversionError,
    LineError,
    ParameterBindingError,
)
from confid.powershell import convert
from confid.powershell.language.conversion import to_enum
from confid.powershell.lines.arguments import (
    COMMON,
    Known,
    Names,
    Paired,
    given_twice,
    refuse_left_over,
)
from confid.powershell.lines.parser import Argument, Block, Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.parameters import P
    from confid.engine.session import Session
    from confid.powershell.lines.parser import CommandText, Element


_SHOULD_PROCESS: Final = ("WhatIf", "Confirm")
_WITHOUT_EFFECT: Final = ("Debug", "InformationAction", "ProgressAction")
"""Common parameters of what confid never writes."""
_PASSED_ON: Final = {
    "Verbose": "verbose",
    "ErrorAction": "error_action",
    "WarningAction": "warning_action",
}
_TEXTS: Final = ("UserIdParameter", "String", "string", "XdsIdentity", "Fqdn")
"""The types of parameters for which a bare number is the text as it was typed."""


_OF_SETS: Final = ("AmbiguousParameterSet", "MissingMandatoryParameter")
"""The errors that the engine comes to last."""


@attrs.frozen
class BoundCommand:
    """A command as typed, ready to run: what it binds, and the arguments of the function."""

    info: CommandInfo
    binding: Binding
    arguments: dict[str, Any]

    def run(self, session: Session | None) -> Any:
        """Call the cmdlet; what it returns."""
        return self.info.function(**self.arguments, session=session)


def bind_command(command: CommandText) -> BoundCommand:
    """Bind a command as typed, without running it.

    Raises `ParameterBindingError` with PowerShell's ids, `StaticConferenceIdError` for a value
    in no parameter's place that could be meant for a conference ID, and `LineError` for what
    a line can't hold.
    """
    info = get_command(command.name)
    try:
        return _Binder(info, command).call()
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        raise


def refuse_typed_ids(command: CommandText) -> None:
    """Raise `StaticConferenceIdError` when a parameter named is a conference ID.

    By whatever prefix or alias, and whatever else is wrong with the command.
    """
    info = get_command(command.name)
    for element in command.elements:
        if not isinstance(element, Named):
            continue
        try:
            known = _names(info).find(element.name)
        except ParameterBindingError:
            continue
        refuse_chosen_ids({known.name if known else element.name: element})


class _BlockText(str):
    """The text of a script block: what is between its braces."""

    __slots__ = ()


def _as_text(element: Element) -> Element:
    """An element, a script block in it as the text that it is."""
    if isinstance(element, Block):
        return _text_of(element)
    if isinstance(element, Named) and element.argument is not None:
        value = element.argument.value
        return (
            attrs.evolve(element, argument=_text_of(value)) if isinstance(value, Block) else element
        )
    return element


def _text_of(block: Block) -> Argument:
    text = block.text[1:-1]
    return Argument(_BlockText(text), block.position, text)


class _Binder:
    """Binds one command."""

    def __init__(self, info: CommandInfo, command: CommandText) -> None:
        self._info = info
        self._command = command
        self._by_name = {p.name: (name, p) for name, p in info.declared.items()}
        self._given: dict[str, Any] = {}
        self._nulls: dict[str, Any] = {}
        self._common: dict[str, Any] = {}

    def call(self) -> BoundCommand:
        info = self._info
        paired = _names(info).pair(map(_as_text, self._command.elements))
        for known, argument in paired.named:
            if known.name in self._given or known.name in self._common:
                raise given_twice(info.name, known.name)
            if known.name in self._by_name:
                self._bind(known.name, argument)
            else:
                self._bind_common(known.name, argument)
        parameter_set, bound = self._bound(paired, self._place(paired.placed))
        shown = {info.declared[name].name: value for name, value in bound.items()}
        binding = Binding(parameter_set, {**shown, **self._nulls, **self._common})
        return BoundCommand(info, binding, {**bound, **self._common_for_python()})

    def _bind(self, name: str, argument: Argument | None) -> None:
        """Note a value; a bare number is text where the parameter is."""
        python_name, p = self._by_name[name]
        if argument is not None and isinstance(argument.value, _BlockText):
            self._demand_text(p, argument)
        if argument is None:
            self._given[name] = True
        elif argument.value is None:
            self._nulls[name] = self._of_null(p)
            # In Python None has a meaning of its own there, and is not given elsewhere.
            own_meaning = python_name in self._info.takes_none
            self._given[name] = None if own_meaning else self._nulls[name]
        else:
            typed = argument.text is not None and p.type in _TEXTS
            self._given[name] = argument.text if typed else argument.value

    def _demand_text(self, p: P, block: Argument) -> None:
        """A script block is text for a text parameter, and for any other type refused."""
        if p.type in ("Object", "PSObject", "Unlimited"):
            raise self._refused(block, "a script block isn't known here; it is text for a String")
        if p.type not in (*_TEXTS, "String[]"):
            why = ConversionError(f"a script block is no {p.type}.", target=block.value)
            raise not_converted(self._info, p, why)

    def _of_null(self, p: P) -> object:
        """What `$null` becomes: empty text, 0, `$false` or itself, or an error."""
        try:
            return convert(None, p.type)
        except ConfidError as error:
            raise not_converted(self._info, p, error) from None

    def _place(self, placed: list[Argument]) -> list[Argument]:
        """Bind what has no name in the order of the places; what is left over."""
        left = list(placed)
        while left and (name := next(self._places(), None)) is not None:
            self._bind(name, left.pop(0))
        return left

    def _bound(self, paired: Paired, left: list[Argument]) -> tuple[str, dict[str, Any]]:
        """The parameter set and the values; a wrong value is told before one left over."""
        refuse_placed_ids(argument.value for argument in left)
        info = self._info
        try:
            found = bind_arguments(info, self._given, default_set=info.tie_breaker)
        except ParameterBindingError as error:
            if error.error_id in _OF_SETS:
                refuse_left_over(info.name, paired.unknown, left)
            raise
        refuse_left_over(info.name, paired.unknown, left)
        return found

    def _places(self) -> Iterator[str]:
        """The free places of the sets that what is given leaves; the default set's first."""
        sets = [s for s in self._info.parameter_sets if self._given.keys() <= set(s.parameters)]
        sets.sort(key=lambda each: each.name != self._info.tie_breaker)
        for each in sets:
            free = [
                (p.position, p.name)
                for p in self._info.declared.values()
                if p.position is not None
                and p.name in each.parameters
                and p.name not in self._given
            ]
            for _, name in sorted(free):
                yield name

    def _bind_common(self, name: str, argument: Argument | None) -> None:
        if name not in (*_PASSED_ON, *_WITHOUT_EFFECT):
            raise self._refused(argument, f"-{name} isn't known here; {_IN_PYTHON}")
        if name in ("Verbose", "Debug"):
            self._common[name] = True if argument is None else convert(argument.value, "switch")
            return
        try:
            value = to_enum(None if argument is None else argument.value, ActionPreference)
        except ConfidError as error:
            raise ParameterBindingError(
                f"{self._info.name}: -{name}: {error.message}",
                error_id="CannotConvertArgumentNoMessage",
                parameter=name,
            ) from None
        self._common[name] = value

    def _refused(self, argument: Argument | None, why: str) -> LineError:
        position = self._command.position if argument is None else argument.position
        return LineError(self._command.line, position, why)

    def _common_for_python(self) -> dict[str, Any]:
        return {
            _PASSED_ON[name]: value.name if isinstance(value, ActionPreference) else value
            for name, value in self._common.items()
            if name in _PASSED_ON
        }


_IN_PYTHON: Final = "a line has no variables; call the cmdlet as a Python function"


@functools.cache
def _names(info: CommandInfo) -> Names:
    own = [
        Known(
            p.name,
            p.aliases,
            switch=p.type == "SwitchParameter",
            own=p.name not in _SHOULD_PROCESS,
        )
        for p in info.declared.values()
    ]
    return Names(info.name, (*own, *COMMON))
