"""Sort-Object: objects in the order of their properties."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cmp_to_key, partial
from typing import TYPE_CHECKING, Any, Final

from confid.powershell.language.collation import order_key
from confid.powershell.language.comparison import order
from confid.powershell.language.introsort import introsort
from confid.powershell.language.values import is_object, properties, property_named
from confid.powershell.language.wildcard import has_wildcards, matcher
from confid.powershell.lines.stage_options import Option, as_count, as_texts, read_options

if TYPE_CHECKING:
    from confid.powershell.lines.parser import CommandText

Stage = Callable[[list[Any]], list[Any]]

NAME: Final = "Sort-Object"
_OPTIONS: Final = (
    Option("Property", as_texts, place=0),
    Option("Descending"),
    Option("Unique"),
    Option("Top", as_count),
    Option("Bottom", as_count),
    Option("Stable"),
    Option("CaseSensitive"),
)
_MISSING: Final = object()
"""A property that an object doesn't have: behind all others, also when descending."""


def sort_object(command: CommandText) -> Stage:
    """Read the arguments of Sort-Object into a function over a list of objects.

    Text is ordered as `confid.powershell.language.collation` says, numbers as numbers, `$null`
    between the negative ones and 0. What is equal comes in the order that .NET's sort leaves
    it in; -Stable, -Top and -Bottom keep the order in which it came. Raises
    `ParameterBindingError` with PowerShell's id.
    """
    given = read_options(command, NAME, _OPTIONS)
    names = given.values.get("Property", [])
    descending, case_sensitive = given.switch("Descending"), given.switch("CaseSensitive")
    unique = given.switch("Unique")
    top, bottom = given.values.get("Top", 0), given.values.get("Bottom", 0)
    stable = given.switch("Stable") or bool(top or bottom)

    def sort(items: list[Any]) -> list[Any]:
        columns = [
            _ranks(values, descending=descending, case_sensitive=case_sensitive)
            for values in _columns(items, names)
        ]
        keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        places = sorted(range(len(items)), key=keys.__getitem__) if stable else introsort(keys)
        if unique:
            places = [
                at
                for before, at in zip([-1, *places], places, strict=False)
                if before < 0 or keys[before] != keys[at]
            ]
        if top or bottom:
            places = places[:top] if top else places[-bottom:]
        return [items[at] for at in places]

    return sort


def _columns(items: list[Any], names: list[str]) -> list[list[Any]]:
    """Return the values to sort by, a list for each property; the items without any."""
    if not names:
        return [items]
    known = [properties(item) if is_object(item) else {} for item in items]
    first = known[0] if known else {}
    resolved: list[str] = []
    for name in names:
        if has_wildcards(name):
            matches = matcher(name)
            resolved.extend(each for each in first if matches(each))
        else:
            resolved.append(name)
    return [[_value(each, name) for each in known] for name in resolved] or [items]


def _value(known: Any, name: str) -> Any:
    if name in known:
        return known[name]
    found = property_named(name, known)
    return _MISSING if found is None else known[found]


def _ranks(values: list[Any], *, descending: bool, case_sensitive: bool) -> list[int]:
    """Return a number for each value, by which they are ordered."""
    there = [value for value in values if value is not _MISSING]
    keys = _keys(there, case_sensitive=case_sensitive)
    rank, before = 0, None
    by_place = [0] * len(there)
    for at in sorted(range(len(there)), key=keys.__getitem__):
        if before is not None and before < keys[at]:
            rank += 1
        before = keys[at]
        by_place[at] = -rank if descending else rank
    found = iter(by_place)
    return [len(values) if value is _MISSING else next(found) for value in values]


def _keys(values: list[Any], *, case_sensitive: bool) -> list[Any]:
    """Return what values are ordered by: plain keys for those of one kind, else comparisons."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {str}:
        key = str if case_sensitive else order_key
        return [(0, "") if value is None else (1, key(value)) for value in values]
    if kinds == {bool}:
        return [(0, False) if value is None else (1, value) for value in values]
    if all(issubclass(kind, int | float) and kind is not bool for kind in kinds):
        return [_number_key(value) for value in values]
    compare = partial(order, case_sensitive=case_sensitive)
    return list(map(cmp_to_key(compare), values))


def _number_key(value: Any) -> tuple[int, float]:
    if value is None:
        return (1, 0)
    if isinstance(value, float) and math.isnan(value):
        return (0, -math.inf)
    return (0 if value < 0 else 2, value)
