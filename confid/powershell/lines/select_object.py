"""Select-Object: some of the objects, some of their properties, each but once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from confid.errors import InvalidArgumentError
from confid.powershell.language.collation import equality_key, exact_key
from confid.powershell.language.conversion import is_array, text_of
from confid.powershell.language.values import is_object, properties, property_named
from confid.powershell.language.wildcard import has_wildcards, matcher
from confid.powershell.lines.stage_options import (
    Given,
    Option,
    ambiguous_set,
    as_count,
    as_counts,
    as_text,
    as_texts,
    read_options,
)

if TYPE_CHECKING:
    from confid.powershell.lines.parser import CommandText

Stage = Callable[[list[Any]], list[Any]]

NAME: Final = "Select-Object"
_OPTIONS: Final = (
    Option("Property", as_texts, place=0),
    Option("ExcludeProperty", as_texts),
    Option("ExpandProperty", as_text),
    Option("Unique"),
    Option("CaseInsensitive"),
    Option("Last", as_count),
    Option("First", as_count),
    Option("Skip", as_count),
    Option("SkipLast", as_count),
    Option("Index", as_counts),
    Option("SkipIndex", as_counts),
    Option("Wait"),
)
_SETS: Final = (
    {"First", "Last", "Skip", "Wait"},
    {"SkipLast", "Skip"},
    {"Index", "Wait"},
    {"SkipIndex", "Wait"},
)


def select_object(command: CommandText) -> Stage:
    """Read the arguments of Select-Object into a function over a list of objects.

    Chosen properties come out as dicts, in the order asked for; what isn't there is None.
    Raises `ParameterBindingError` with PowerShell's id; the function raises
    `InvalidArgumentError` (ExpandPropertyNotFound) for a property that an object hasn't.
    """
    given = read_options(command, NAME, _OPTIONS)
    windowed = [name for name in given.values if any(name in names for names in _SETS)]
    if not any(names.issuperset(windowed) for names in _SETS):
        raise ambiguous_set(NAME, windowed)
    window = _window(given)
    shape = _shape(given)
    unique = given.switch("Unique")
    key = equality_key if given.switch("CaseInsensitive") else exact_key

    def select(items: list[Any]) -> list[Any]:
        chosen = window(items)
        if shape is not None:
            chosen = [shaped for item in chosen for shaped in shape(item)]
        return _unique(chosen, key) if unique else chosen

    return select


def _window(given: Given) -> Stage:
    values = given.values
    skip = values.get("Skip", 0)
    if "Index" in values:
        wanted = sorted(set(values["Index"]))
        return lambda items: [items[at] for at in wanted if at < len(items)]
    if "SkipIndex" in values:
        left_out = set(values["SkipIndex"])
        return lambda items: [item for at, item in enumerate(items) if at not in left_out]
    if "First" in values:
        first, last = values["First"], values.get("Last", 0)
        return lambda items: [
            *items[skip : skip + first],
            *(items[max(skip + first, len(items) - last) :] if last else ()),
        ]
    if "Last" in values:
        last = values["Last"]
        return lambda items: _last(items[: max(0, len(items) - skip)], last)
    behind = values.get("SkipLast", 0)
    return lambda items: items[skip : max(0, len(items) - behind)]


def _last(items: list[Any], count: int) -> list[Any]:
    return items[-count:] if count else []


Shape = Callable[[Any], Iterator[Any]]


def _shape(given: Given) -> Shape | None:
    """Return what each object becomes; None if it stays as it is."""
    excluded = [matcher(pattern) for pattern in given.values.get("ExcludeProperty", ())]
    expand = given.values.get("ExpandProperty")
    wanted = given.values.get("Property", () if expand or not excluded else ("*",))
    if expand is None and not wanted:
        return None
    patterns = [(name, matcher(name) if has_wildcards(name) else None) for name in wanted]

    def chosen(item: Any) -> dict[str, Any]:
        known = _properties(item)
        found: dict[str, Any] = {}
        for name, matches in patterns:
            if matches is None:
                real = property_named(name, known)
                found.setdefault(real or name, None if real is None else known[real])
            else:
                found.update({n: v for n, v in known.items() if n not in found and matches(n)})
        return {n: v for n, v in found.items() if not any(out(n) for out in excluded)}

    if expand is None:
        return lambda item: iter((chosen(item),))
    return lambda item: _expanded(item, expand, chosen(item) if wanted else {})


def _properties(item: object) -> Mapping[str, Any]:
    if is_object(item):
        return properties(item)
    return {"Length": len(item)} if isinstance(item, str) else {}


def _expanded(item: object, name: str, beside: dict[str, Any]) -> Iterator[Any]:
    known = _properties(item)
    real = property_named(name, known)
    if real is None:
        raise InvalidArgumentError(
            f"-ExpandProperty: there is no property {name!r}.",
            target=name,
            error_id="ExpandPropertyNotFound",
        )
    value = known[real]
    for element in value if is_array(value) else () if value is None else (value,):
        # A scalar carries no properties in Python.
        yield {**properties(element), **beside} if beside and is_object(element) else element


def _unique(items: list[Any], key: Callable[[str], str]) -> list[Any]:
    seen: dict[Hashable, Any] = {}
    for item in items:
        seen.setdefault(_identity(item, key), item)
    return list(seen.values())


def _identity(item: object, key: Callable[[str], str]) -> Hashable:
    if is_object(item):
        return tuple((name, _value_identity(v, key)) for name, v in properties(item).items())
    return _value_identity(item, key)


def _value_identity(value: object, key: Callable[[str], str]) -> Hashable:
    if value is None or isinstance(value, date):
        return value if value is None else (type(value).__name__, value)
    return key(text_of(value))
