"""Objects as CSV, and CSV as objects, in the engine's dialect.

Source: csv.json, csvread.json and csvfile.json, the rows of the real engine.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from itertools import chain, count
from numbers import Real
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from confid.errors import InvalidArgumentError, shown
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.text_files import read_text
from confid.powershell.language.values import (
    CSV_FIELD,
    choice,
    fold,
    in_any_casing,
    items_of,
    properties,
    text_given,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from os import PathLike

    _Join = Callable[[list[str | None]], str]
    _Joiner = Callable[[tuple[str, ...]], _Join]

QUOTES: Final = ("Never", "Always", "AsNeeded")

_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - as spreadsheets take them
"""How text starts that a spreadsheet takes for a formula."""

_LOG_HEADER: Final = "#Fields: "
"""How the line of names starts in a log of the W3C's format."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


# --- writing


@ends_at_caller
def to_csv(
    objects: Iterable[Any],
    *,
    delimiter: str = ",",
    use_quotes: str = "Always",
    quote_fields: Iterable[str] = (),
    include_type_information: bool = False,
    no_header: bool = False,
) -> list[str]:
    """Return objects as the lines that `ConvertTo-Csv` gives, without line ends.

    In: records or mappings; `use_quotes` is Always, AsNeeded or Never, in any casing;
    `quote_fields`, instead of it, names the only properties to quote, in either
    spelling. The first object decides on the columns. Raises InvalidArgumentError for
    an option that the engine refuses, and for an element without properties.
    """
    return list(
        csv_lines(
            objects,
            delimiter=delimiter,
            use_quotes=use_quotes,
            quote_fields=quote_fields,
            include_type_information=include_type_information,
            no_header=no_header,
        )
    )


def csv_lines(
    objects: Iterable[Any],
    *,
    delimiter: str = ",",
    use_quotes: str = "Always",
    quote_fields: Iterable[str] = (),
    include_type_information: bool = False,
    no_header: bool = False,
    escape_formulas: bool = False,
) -> Iterator[str]:
    """Yield what to_csv returns, line by line, taking the objects one by one.

    Options are looked at at once, objects as the lines are asked for. `escape_formulas` puts a
    `'` before text that a spreadsheet would take for a formula.
    """
    quotes = choice("use_quotes", use_quotes, QUOTES)
    _demand_character(delimiter)
    names = frozenset(fold(text_given("quote_fields", name)) for name in items_of(quote_fields))
    if names and quotes != "Always":
        raise InvalidArgumentError(
            "quote_fields and use_quotes can't be given together: the one names the fields "
            "to quote, the other says it for all.",
            error_id="CannotSpecifyQuoteFieldsAndUseQuotes",
            category="InvalidData",
        )
    items: Iterator[Any] = (item for item in items_of(objects) if item is not None)
    join = _joiner(delimiter, quotes, names)
    if escape_formulas:
        items = map(_without_formulas, items)
    return _lines(items, join, header=not no_header, type_line=include_type_information)


def _demand_character(delimiter: object) -> None:
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise InvalidArgumentError(
            f"delimiter: {shown(delimiter)} is not a single character.",
            target=delimiter,
            error_id="CannotConvertArgumentNoMessage",
        )


def _without_formulas(item: Any) -> Any:
    """Return an object whose names and texts are none that a spreadsheet computes."""
    if isinstance(item, str):
        return item
    return {_harmless(name): _harmless(value) for name, value in properties(item).items()}


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, (Real, Decimal)):
        return value
    text = value if isinstance(value, str) else CSV_FIELD[type(value)](value)
    return f"'{text}" if text[:1] in _FORMULA else text


def _lines(items: Iterator[Any], join: _Joiner, *, header: bool, type_line: bool) -> Iterator[str]:
    first = next(items, None)
    if first is None:
        return
    names = tuple(_fields_of(first))
    write = join(names)
    if header:
        if type_line:
            yield f"#TYPE {'System.String' if isinstance(first, str) else type_name(first)}"
        if line := write(list(names)):
            yield line
    values = _values_of(names)
    for item in chain((first,), items):
        # None stands for a value that isn't there: nothing between the delimiters, no quotes.
        line = write(
            [v if type(v) is str or v is None else CSV_FIELD[type(v)](v) for v in values(item)]
        )
        if line:  # the engine leaves out an empty line
            yield line


def _fields_of(item: object) -> Mapping[str, Any]:
    if isinstance(item, str):  # the only property of a text, and the engine counts UTF-16
        return {"Length": len(item.encode("utf-16-le", "surrogatepass")) // 2}
    return properties(item)


def _values_of(names: tuple[str, ...]) -> Callable[[Any], Iterable[Any]]:
    """Return a function that takes the values of the named properties out of an object."""
    at_once = itemgetter(*names) if len(names) > 1 else None

    def values(item: Any) -> Iterable[Any]:
        if at_once is not None:
            try:
                return at_once(item if type(item) is dict else _fields_of(item))  # type: ignore[no-any-return] # a tuple
            except KeyError:  # it doesn't have them all, or not in this casing
                pass
        found = _fields_of(item)
        keys = [in_any_casing(name, found) for name in names]
        return [None if key is None else found[key] for key in keys]

    return values


def _joiner(delimiter: str, quotes: str, quoted_fields: frozenset[str]) -> _Joiner:
    """Return the function that gives, for the names of the fields, what joins their texts."""
    if quoted_fields:
        return lambda names: _joined_by_name(delimiter, [fold(n) in quoted_fields for n in names])
    if quotes == "Always":
        return lambda _: _joined_always(delimiter)
    if quotes == "AsNeeded":
        return lambda _: _joined_as_needed(delimiter)
    return lambda _: lambda texts: delimiter.join([text or "" for text in texts])


def _quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def _joined_always(delimiter: str) -> _Join:
    between = f'"{delimiter}"'

    def join(texts: list[str | None]) -> str:
        if None not in texts:
            line = f'"{between.join(texts)}"'  # type: ignore[arg-type] # there is no None
            if line.count('"') == 2 * len(texts):  # none within a text
                return line
        return delimiter.join(map(_quoted, texts))

    return join


def _joined_as_needed(delimiter: str) -> _Join:
    def join(texts: list[str | None]) -> str:
        line = delimiter.join([text or "" for text in texts])
        if '"' not in line and "\n" not in line and line.count(delimiter) == len(texts) - 1:
            return line
        needs = (delimiter, '"', "\n")
        return delimiter.join(
            [
                _quoted(text) if text and any(need in text for need in needs) else text or ""
                for text in texts
            ]
        )

    return join


def _joined_by_name(delimiter: str, quoted: list[bool]) -> _Join:
    def join(texts: list[str | None]) -> str:
        return delimiter.join(
            [
                _quoted(text) if quote else text or ""
                for quote, text in zip(quoted, texts, strict=True)
            ]
        )

    return join


# --- reading


@ends_at_caller
def from_csv(text: str) -> list[dict[str, str | None]]:
    """Return the objects of a CSV text as `ConvertFrom-Csv` gives them.

    Out: a dict for each row, of texts by the names in the header; None where a row is
    too short. A header without a name is H1, H2, …; blank lines, lines that start with
    `#` before the header, and fields beyond the header are left out. Raises
    InvalidArgumentError where two headers have one name.
    """
    found = records(_after_type_line(text_given("text", text)))
    header = _header(found)
    rows = [fields for _, fields, _ in found if fields != [""]]
    if not rows:
        return []
    names = _named(header)
    width = len(names)
    missing = [None] * width
    return [
        dict(zip(names, row if len(row) >= width else [*row, *missing], strict=False))
        for row in rows
    ]


def read_header(text: str, delimiter: str = ",") -> list[str]:
    """Return the names in the header of a CSV text; an empty list if it has none.

    Raises InvalidArgumentError where two have one name, and for what is no delimiter.
    """
    _demand_character(delimiter)
    return _named(_header(records(_after_type_line(text), delimiter)))


@ends_at_caller
def import_csv(path: str | PathLike[str]) -> list[dict[str, str | None]]:
    """Return the objects of a CSV file as `Import-Csv` gives them.

    The file is UTF-8, unless a mark at its beginning says UTF-16 or UTF-32; what can't
    be decoded becomes U+FFFD. Out and raised: as from_csv and read_text.
    """
    return from_csv(read_text(path))


def _after_type_line(text: str) -> str:
    """Return a text without its mark, and without its first line if that starts with `#`."""
    text = text.removeprefix("\ufeff")
    return _LINE_END.split(f"{text}\n", maxsplit=1)[1] if text.startswith("#") else text


Record = tuple[int, list[str], str]
"""The line at which a record begins, its fields, and the damage that was read over, if any."""


def records(text: str, delimiter: str = ",", line: int = 1) -> Iterator[Record]:
    """Yield the records of a CSV text that begins at a line; a blank one has an empty field."""
    field, blanks = _field_pattern(delimiter)
    between = f'"{delimiter}"'
    odd = (
        '"',
        "\r",
        *(edge for blank in blanks for edge in (blank + delimiter, delimiter + blank)),
    )
    place, end = 0, len(text)
    while place < end:
        stop = text.find("\n", place) + 1 or end
        whole = text[place:stop].removesuffix("\n").removesuffix("\r")
        # Most lines have quotes around each field and none within, or none and no blanks to trim.
        if whole[:1] == '"':
            fields = whole[1:-1].split(between)
            is_regular = whole.count('"') == 2 * len(fields) and whole[-1] == '"'
        else:
            fields = whole.split(delimiter)
            is_regular = whole == whole.strip(blanks) and not any(map(whole.__contains__, odd))
        if is_regular and text[stop - 1] == "\n":
            yield line, fields, ""
            place = stop
            line += 1
        while place < stop:
            begin = place
            place, fields, damage = _irregular(field.finditer(text, place), delimiter)
            if fields:
                yield line, fields, damage
            line += len(_LINE_END.findall(text, begin, place))


def _irregular(found: Iterator[re.Match[str]], delimiter: str) -> tuple[int, list[str], str]:
    """Return where a record ends, its fields, and its damage."""
    fields: list[str] = []
    damage = ""
    for match in found:
        quoted, behind, word, rest, end = match.groups()
        if quoted is None:
            # Of blanks alone behind a word only the first counts.
            value = word + (
                (rest if rest[0] == '"' or rest.strip(" \t") else rest[0]) if rest else ""
            )
        else:
            value = quoted.replace('""', '"')
            if behind is None:
                damage = "a quote is opened and never closed"
            elif behind.strip(" \t"):  # blanks alone don't count
                value += behind
                damage = "text stands behind a closing quote"
        # An empty field that the end of the text ends is none, unless it was in quotes.
        if end or value or behind is not None or rest is not None:
            fields.append(value)
        if end != delimiter:
            break
    return match.end(), fields, damage


@lru_cache(maxsize=16)
def _field_pattern(delimiter: str) -> tuple[re.Pattern[str], str]:
    """Return the pattern of one field with what ends it, and the blanks that don't count before it.

    Either it starts with a quote, and then runs to the closing one, and whatever stands between
    that and the next delimiter belongs to it; or it doesn't, and then a quote within is an
    ordinary character.
    """
    by, blanks = re.escape(delimiter), " \t".replace(delimiter, "")
    pattern = (
        rf'[{blanks}]*+(?:"([^"]*+(?:""[^"]*+)*+)(?:"([^{by}\r\n]*+)|\Z)'
        rf'|([^{by}\r\n"{blanks}]*+)(["{blanks}][^{by}\r\n]*+)?)({by}|\r\n|\r|\n|\Z)'
    )
    return re.compile(pattern), blanks


def _header(found: Iterator[Record]) -> list[str]:
    """Return the names of the fields; an empty list if there is no header."""
    for _, record, _ in found:
        while len(record) > 1 and not record[-1]:
            record.pop()
        if record[0].startswith(_LOG_HEADER):
            record[0] = record[0].removeprefix(_LOG_HEADER)
        elif record[0].startswith("#"):
            continue
        _refuse_repeated([name for name in record if name])
        return record
    return []


def _named(header: list[str]) -> list[str]:
    """Return the header with names for the fields without one: H1, H2 and so on."""
    unnamed = count(1)
    names = [name or f"H{next(unnamed)}" for name in header]
    _refuse_repeated(names)
    return names


def _refuse_repeated(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise InvalidArgumentError(
                f"Two columns have the name {name!r} (casing makes no difference).",
                target=name,
                error_id="AlreadyPresentPSMemberInfoInternalCollectionAdd",
                category="NotSpecified",
            )
        seen.add(name.lower())
