"""Arguments of every shape: each public function gives a result or an error of confid, soon."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import process_time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from confid import powershell
from confid.errors import ConfidError, ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable


class Thing:
    """A record."""

    def __powershell__(self) -> dict[str, object]:
        return {"a": 1}


TEXTS = (
    *("", "a", "\0", "\ud800", "a*[", "$x", "{", "'", "x" * 5000, "1e999999d", "-PinLength 1e9d"),
    *("11e999999d", "1e9999999999999999999d", "1e-9999999999999999999d", "9" * 5000),
    "(8b2a7e1c-4f0e-4b7b-9d9a-0a1b2c3d4e5f)",
)
NUMBERS = (
    *(0, -1, True, 1.5, float("nan"), float("inf"), 10**5000, -(10**5000)),
    *map(Decimal, ("1E+999999", "1E-999999", "NaN", "sNaN", "Infinity")),
)
OTHERS: tuple[Any, ...] = (
    *(None, b"x", [], [1], ["a", None], {}, {"a": 1}, {1: 2}, {"a": {"b": [10**5000]}}, set()),
    *(object(), Thing(), int, len, range(3), Ellipsis, 3 + 4j, [[[[]]]]),
    *(datetime.max, date.min, timedelta.max, UUID(int=0)),  # noqa: DTZ901 - the point
)
SHAPES = (*TEXTS, *NUMBERS, *OTHERS)
TYPES = [
    "bool",
    "switch",
    "int",
    "uint32",
    "long",
    "double",
    "decimal",
    "string",
    "guid",
    "datetime",
    "object",
    "int[]",
]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that an odd path makes."""
    monkeypatch.chdir(tmp_path)


def calls(name: str, odd: Any) -> list[Callable[[], Any]]:
    """The calls of a function with an odd value in each place."""
    function = getattr(powershell, name)
    thing = [{"a": 1}]
    match name:
        case "convert":
            return [*(lambda t=t: function(odd, t) for t in TYPES), lambda: function("a", odd)]
        case "like":
            return [lambda: function(odd, "a*"), lambda: function("a", odd)]
        case "where":
            return [lambda: function(odd)({"a": odd}), lambda: function("a -gt 1")(odd)]
        case "pipe":
            tails = ("where a -gt 1", "sort a", "select a", "select -First 1")
            return [
                lambda: function(thing, odd),
                *(lambda tail=tail: function([{"a": odd}, *thing], tail) for tail in tails),
                *(lambda tail=tail: function(odd, tail) for tail in tails),
            ]
        case "export_csv":
            # A number is a file that is open.
            path = None if isinstance(odd, int) else odd
            return [lambda: function(thing, path), lambda: function([{"a": odd}], "file")]
    options = {
        "to_csv": ("delimiter", "use_quotes", "quote_fields", "include_type_information"),
        "to_json": ("depth", "compress", "escape_handling"),
        "to_clixml": ("depth",),
        "format_list": ("width",),
        "format_table": ("width", "auto_size"),
        "out_string": ("width",),
    }
    return [
        lambda: function(odd),
        lambda: function([{"a": odd}]),
        *(lambda option=o: function(thing, **{option: odd}) for o in options.get(name, ())),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "convert",
        "csv_lines",
        "export_csv",
        "format_list",
        "format_table",
        "from_clixml",
        "from_csv",
        "import_csv",
        "like",
        "out_string",
        "pipe",
        "quote",
        "to_clixml",
        "to_csv",
        "to_json",
        "where",
    ],
)
def test_a_result_or_an_error_of_confid(name: str) -> None:
    """And none takes long."""
    for odd in SHAPES:
        for call in calls(name, odd):
            before = process_time()
            with suppress(ConfidError):
                call()
            assert process_time() - before < 1, (name, type(odd))


OPERATORS = ("eq", "ne", "gt", "le", "like", "match", "contains", "in")
LITERALS = ("'a'", "5", "1.5", "1e999999d", "11e999999d", "$null", "9" * 30, "'1E+999999'")


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_comparison_of_anything_ends(operator: str) -> None:
    """Whatever stands on either side."""
    for literal in LITERALS:
        try:
            predicate = powershell.where(f"a -{operator} {literal}")
        except ConfidError:
            continue
        for odd in SHAPES:
            before = process_time()
            with suppress(ConfidError):
                predicate({"a": odd})
            assert process_time() - before < 1, (operator, literal, type(odd))


@pytest.mark.parametrize("type_name", ["int", "uint32", "long", "int[]"])
@pytest.mark.parametrize("number", ["1E+999999", "-1E+400", "1E+31"])
def test_a_number_of_many_digits_is_refused_by_its_exponent(type_name: str, number: str) -> None:
    """To write it out took a minute."""
    for value in (Decimal(number), f"{number}d"):
        before = process_time()
        with pytest.raises(ConversionError):
            powershell.convert(value, type_name)
        assert process_time() - before < 0.1


@pytest.mark.parametrize("form", ["{}", "({})", "{{{}}}", " {} "])
def test_a_guid_in_any_of_its_brackets(form: str) -> None:
    """As .NET writes them."""
    guid = "8b2a7e1c-4f0e-4b7b-9d9a-0a1b2c3d4e5f"
    assert powershell.convert(form.format(guid), "guid") == UUID(guid)
    assert powershell.convert(form.format(guid.replace("-", "")) if form == "{}" else guid, "guid")
