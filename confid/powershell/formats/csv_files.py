"""CSV files as `Export-Csv` writes them, and completely or not at all.

Source: what is documented of Export-Csv and its encodings; csv.json for the lines.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, Final

from confid.errors import InvalidArgumentError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.csv_text import csv_lines, read_header
from confid.powershell.formats.text_files import not_written, replacing, split_mark, target_of
from confid.powershell.language.values import choice, in_any_casing, items_of, properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from os import PathLike
    from pathlib import Path

_CODECS: Final = {
    "utf8": ("utf-8", b""),
    "utf8NoBOM": ("utf-8", b""),
    "utf8BOM": ("utf-8", codecs.BOM_UTF8),
    "unicode": ("utf-16-le", codecs.BOM_UTF16_LE),
    "bigendianunicode": ("utf-16-be", codecs.BOM_UTF16_BE),
    "utf32": ("utf-32-le", codecs.BOM_UTF32_LE),
    "bigendianutf32": ("utf-32-be", codecs.BOM_UTF32_BE),
    "ascii": ("ascii", b""),
    "ansi": ("cp1252", b""),
    "oem": ("cp437", b""),
    "default": ("utf-8", b""),
}
"""PowerShell's names of encodings (ansi and oem as en-US has them), and each one's mark."""

ENCODINGS: Final = tuple(_CODECS)
_HEADER_BYTES: Final = 1_048_576
"""So far into a file that is appended to the end of its header is looked for."""


@ends_at_caller
def export_csv(
    objects: Iterable[Any],
    path: str | PathLike[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf8NoBOM",
    use_quotes: str = "Always",
    quote_fields: Iterable[str] = (),
    include_type_information: bool = False,
    no_header: bool = False,
    append: bool = False,
    no_clobber: bool = False,
    force: bool = False,
    escape_formulas: bool = False,
) -> None:
    """Write objects to a file as `Export-Csv` does, one at a time.

    The file is replaced when all has been written; if anything fails, it is as it was.
    `encoding` is a PowerShell name of one, in any casing (`utf8BOM`, `unicode`, `ascii`, …; a
    character that it lacks becomes `?`, as there). `append` adds to what is there, in its own
    encoding and columns; an object without one of these is refused, or with `force` the field
    stays empty. `no_clobber` refuses a file that exists. `escape_formulas`, which Export-Csv
    has not, puts a `'` before text that a spreadsheet would take for a formula. The other
    options are those of to_csv.

    Raises InvalidArgumentError with PowerShell's id for an option or a path that can't be.
    """
    codec, mark = _CODECS[choice("encoding", encoding, ENCODINGS)]
    target = target_of(path, no_clobber=no_clobber and not append)
    before = target if append and _size(target) else None
    items: Iterable[Any] = items_of(objects)
    if before is not None:
        codec, header = _header_of(before, codec, delimiter)
        mark = b""
        if header:
            no_header, include_type_information = True, False
            items = _in_columns(items, header, target, force=force)
    lines = csv_lines(
        items,
        delimiter=delimiter,
        use_quotes=use_quotes,
        quote_fields=quote_fields,
        include_type_information=include_type_information,
        no_header=no_header,
        escape_formulas=escape_formulas,
    )
    with replacing(target, before, codec, mark, exclusive=no_clobber and not append) as file:
        file.writelines(f"{line}\n" for line in lines)


def _size(target: Path) -> int:
    try:
        return target.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise not_written(target, error) from error


# --- appending


def _header_of(before: Path, codec: str, delimiter: str) -> tuple[str, list[str]]:
    """Return the encoding of a file by its mark, and the names of its columns."""
    try:
        with before.open("rb") as file:
            content = file.read(_HEADER_BYTES)
    except OSError as error:
        raise not_written(before, error) from error
    marked, text = split_mark(content)
    codec = marked if len(text) < len(content) else codec
    return codec, read_header(text.decode(codec, "replace"), delimiter)


def _in_columns(
    items: Iterable[Any], header: list[str], target: Path, *, force: bool
) -> Iterator[Mapping[str, Any]]:
    """Yield objects with just the columns of a file. Raises for one that lacks a column."""
    for item in items:
        if item is None:
            continue
        found = properties(item)
        keys = [in_any_casing(name, found) for name in header]
        missing = [name for name, key in zip(header, keys, strict=True) if key is None]
        if missing and not force:
            raise InvalidArgumentError(
                f"{str(target)!r} has the column {missing[0]!r}, and an object has no such "
                "property. force=True leaves the field empty.",
                target=missing[0],
                error_id="CannotAppendCsvWithMismatchedPropertyNames",
                category="InvalidData",
            )
        yield {
            name: None if key is None else found[key]
            for name, key in zip(header, keys, strict=True)
        }
