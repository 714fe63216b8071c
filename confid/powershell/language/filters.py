"""Filters: the part of Where-Object that `-Filter` takes, as a Python predicate.

A filter is read once and becomes functions; no part of it is ever run as code. See
`confid.powershell.language.filter_syntax` for what may stand in it and
`confid.powershell.language.comparison` for what the operators mean.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from confid.errors import ConfidError, InvalidArgumentError, shown
from confid.errors.tracebacks import ends_at_caller, from_here
from confid.powershell.language.comparison import Operator, is_true, operator
from confid.powershell.language.filter_syntax import (
    Chain,
    Comparison,
    Constant,
    Node,
    Not,
    Property,
    bad_filter,
    parse,
    properties_of,
)
from confid.powershell.language.names import did_you_mean
from confid.powershell.language.values import fold, properties, text_given

Properties = Mapping[str, Any]
Evaluate = Callable[[Properties], object]


@ends_at_caller
def where(
    filter: str,
    *,
    bare_names: bool = True,
) -> Callable[[object], bool]:
    """Return the predicate of a filter: it takes a record or a mapping and says whether it fits.

    `where("Department -eq 'Finance' -and Level -gt 2")`. The operators are -eq -ne -gt -ge -lt
    -le -like -notlike -match -notmatch -contains -notcontains -in -notin (a `c` in front minds
    casing), -and -or -xor, -not or !. Names of properties are written bare or as `$_.Name`, in
    any casing; text goes between quotes; braces around the whole are taken off. Without
    `bare_names` a property is `$_.Name` alone, as in a script block. As in PowerShell, -and
    and -or bind alike, from left to right.

    Raises InvalidArgumentError, with the position, for what is no filter. The predicate raises
    ConversionError where PowerShell can't compare two values (`Level -gt 'abc'`), and
    InvalidArgumentError when it comes to a pattern that is wrong or takes too long to match.
    """
    evaluate = _compile(parse(text_given("filter", filter), bare_names=bare_names), filter)

    def predicate(record: object) -> bool:
        try:
            result = evaluate(record if type(record) is dict else properties(record))
        except ConfidError as error:
            raise from_here(error)  # noqa: B904 - it is the very error
        return result if result is True or result is False else is_true(result)

    return predicate


def demand_properties(filter: str, known: Collection[str]) -> None:
    """Raise InvalidArgumentError for a filter with a property that isn't one of those known."""
    for named in properties_of(parse(text_given("filter", filter))):
        if _spelling(named.name, known) is None:
            hint = did_you_mean(named.name, known) or f" There are {', '.join(known)}"
            why = f"there is no property {shown(named.name, 60)}.{hint.rstrip('?')}"
            error = bad_filter(filter, named.position, why)
            error.error_id = "PropertyNotFound"
            raise error


def _compile(node: Node, source: str) -> Evaluate:
    match node:
        case Constant(value):
            return lambda _: value
        case Property(name):
            return _property(name)
        case Not(operand):
            inner = _compile(operand, source)
            return lambda known: not is_true(inner(known))
        case Comparison():
            return _comparison(node, source)
        case Chain(first, rest):
            links = [(logic, _compile(item, source)) for logic, item in rest]
            return _chain(_compile(first, source), links)


_ABSENT: Final = object()
_MOST_LAYOUTS = 1000


def _property(name: str) -> Evaluate:
    spellings: dict[tuple[str, ...], str | None] = {}
    usual = name

    def read(known: Properties) -> object:
        nonlocal usual
        value = known.get(usual, _ABSENT)
        if value is not _ABSENT:
            return value
        # Records of one kind have the same names: what they call it is looked for once.
        names = tuple(known)
        if names not in spellings:
            if len(spellings) == _MOST_LAYOUTS:
                spellings.clear()
            spellings[names] = _spelling(name, names)
        spelling = spellings[names]
        if spelling is None:
            return None
        usual = spelling
        return known[spelling]

    return read


def _spelling(name: str, names: Iterable[object]) -> str | None:
    texts = [text for text in names if isinstance(text, str)]
    for key in (str.lower, fold):
        wanted = key(name)
        for text in texts:
            if key(text) == wanted:
                return text
    return None


def _comparison(node: Comparison, source: str) -> Evaluate:
    left = _compile(node.left, source)
    if isinstance(node.right, Constant):
        compare = _operator(node, node.right.value, source)
        return lambda known: compare(left(known))
    right = _compile(node.right, source)
    return lambda known: _operator(node, right(known), source)(left(known))


def _operator(node: Comparison, right: object, source: str) -> Operator:
    try:
        return operator(node.operator, right, case_sensitive=node.case_sensitive)
    except InvalidArgumentError as error:
        # As in the engine, a wrong pattern is an error only once it is come to.
        why = error

        def fail(_left: object) -> object:
            wrong = bad_filter(source, node.position, why.message.rstrip("."))
            wrong.error_id, wrong.category = why.error_id, why.category
            raise wrong

        return fail


def _chain(first: Evaluate, links: list[tuple[str, Evaluate]]) -> Evaluate:
    def evaluate(known: Properties) -> bool:
        result = first(known)
        truth = result if result is True or result is False else is_true(result)
        for logic, item in links:
            # What can't change the result isn't looked at.
            if truth is (logic == "or") and logic != "xor":
                continue
            result = item(known)
            right = result if result is True or result is False else is_true(result)
            truth = truth is not right if logic == "xor" else right
        return truth

    return evaluate
