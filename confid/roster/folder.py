"""A folder of exports: which file holds what, which of several that say the same is taken."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

import attrs

from confid.errors import ConfidError, InvalidArgumentError, NotFoundError, RosterError
from confid.powershell.formats.text_files import MOST_BYTES, not_readable, read_bytes
from confid.roster.cells import quoted
from confid.roster.exports import Export, ExportKind, Item, format_of, heading, read_export
from confid.roster.files import NOTHING, path_of
from confid.roster.report import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_NAMED_BY = {
    ExportKind.USERS: ("userprincipalname", "softdeletiontimestamp"),
    ExportKind.CONFERENCING: ("identity", "conferenceid"),
    ExportKind.USER_INFO: ("identity", "conferenceid"),
    ExportKind.BRIDGES: ("identity",),
    ExportKind.NUMBERS: ("number",),
    ExportKind.SETTINGS: ("identity",),
    ExportKind.POLICIES: ("identity",),
}
"""What a thing of each kind is known by in every format."""

_MOST_PROBLEMS = 20
_DEEPEST = 3


@attrs.define
class Folder:
    """The items of a folder's exports by kind, and what was left out of it, with the reason."""

    path: Path
    items: dict[ExportKind, list[Item]] = attrs.Factory(dict)
    taken: dict[str, str] = attrs.Factory(dict)
    left_out: dict[str, str] = attrs.Factory(dict)
    problems: list[str] = attrs.Factory(list)
    remarks: list[str] = attrs.Factory(list)


def read_folder(source: str | os.PathLike[str]) -> Folder:
    """Read all exports in a folder or a `.zip`, and take of each kind the files that say most.

    Raises `NotFoundError` or `InvalidArgumentError` for what is no folder of
    exports, and `RosterError` for all that is wrong with its files.
    """
    folder = Folder(path_of(source))
    if folder.path.suffix.lower() != ".zip":
        return _read_files(folder, folder.path)
    with TemporaryDirectory(prefix="confid") as inside:
        _unpack(folder, Path(inside))
        return _read_files(folder, Path(inside))


def _unpack(folder: Folder, target: Path) -> None:
    """Unpack the files of an archive, whatever folders they are in; all of them bounded."""
    content = io.BytesIO(read_bytes(folder.path))
    left = MOST_BYTES
    try:
        with ZipFile(content) as archive:
            for info in archive.infolist():
                name = PurePosixPath(info.filename.replace("\\", "/")).name
                if info.is_dir() or name.startswith(".") or "__MACOSX" in info.filename:
                    continue
                place = target / name
                if place.exists():
                    raise RosterError(str(folder.path), [f"{name}: Two files have this name."])
                with archive.open(info) as member:
                    data = member.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise not_readable(folder.path, f"it holds more than {MOST_BYTES:,} bytes")
                place.write_bytes(data)
    except (BadZipFile, RuntimeError, NotImplementedError, OSError, zlib.error) as error:
        if isinstance(error, ConfidError):
            raise
        raise not_readable(
            folder.path, f"it is no ZIP archive that can be unpacked ({error})"
        ) from error


def _read_files(folder: Folder, inside: Path) -> Folder:
    exports: dict[ExportKind, list[Export]] = {}
    for path in _files(folder, inside):
        _read(folder, path, exports)
    for kind in ExportKind:
        if found := exports.get(kind):
            _choose(folder, kind, found)
    if folder.problems:
        raise RosterError(str(folder.path), folder.problems)
    if not folder.items:
        raise InvalidArgumentError(
            f"{str(folder.path)!r} holds no export that is known here, as those of "
            f"{', '.join(kind.value for kind in ExportKind)} in CSV, JSON or CLIXML."
            + "".join(f"\n  - {name}: {why}" for name, why in folder.left_out.items()),
            target=str(folder.path),
        )
    return folder


def _files(folder: Folder, path: Path) -> list[Path]:
    if os.path.isfile(path):  # noqa: PTH113 - for a path with NUL in it this is False
        raise InvalidArgumentError(
            f"{str(path)!r} is a file; confid.import_users takes one, import_tenant the folder "
            "that it is in, or a .zip.",
            target=str(path),
        )
    try:
        found = sorted(path.iterdir())
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no folder {str(path)!r}.", target=str(path), error_id="FileOpenFailure"
        ) from error
    except (OSError, ValueError) as error:
        raise not_readable(path, getattr(error, "strerror", None) or str(error)) from error
    files = [entry for entry in found if entry.is_file()]
    folder.left_out |= dict.fromkeys(
        (entry.name for entry in found if entry not in files),
        "It is no file; folders within are not looked into.",
    )
    return files


def _read(folder: Folder, path: Path, exports: dict[ExportKind, list[Export]]) -> None:
    try:
        file_format = format_of(path)
        export = read_export(path, file_format) if file_format else None
    except ConfidError as error:
        problems = error.problems if isinstance(error, RosterError) else (error.message,)
        if path.suffix.lower() == ".txt" or problems == (NOTHING,):  # it may be anything
            folder.left_out[path.name] = problems[0]
        else:
            folder.problems += [f"{path.name}, {problem}" for problem in problems]
        return
    if export is None:
        folder.left_out[path.name] = "Its name doesn't end in .csv, .json, .xml or .txt."
    elif export.kind is not None:
        items = [Item(f"{path.name}, {item.place}", item.facts) for item in export.items]
        exports.setdefault(export.kind, []).append(attrs.evolve(export, items=items))
        if export.next_page:
            folder.remarks.append(Remark.NEXT_PAGE.format(path.name))
    elif export.items:
        names = ", ".join(quoted(name) for name in list(export.items[0].facts)[:5])
        folder.left_out[path.name] = f"What it holds isn't known here: {names}."
    else:
        folder.left_out[path.name] = "It holds nothing."


def _choose(folder: Folder, kind: ExportKind, exports: list[Export]) -> None:
    """Take the files in the format that keeps most; the others must say nothing beyond them."""
    best = max(export.format for export in exports)
    key = _key_of(kind)
    items: dict[object, Item] = {}
    for export in exports:
        if export.format is best:
            _take(folder, kind, export, items, key)
    taken = ", ".join(name for name, what in folder.taken.items() if what == kind.value)
    for export in exports:
        if export.format is not best:
            folder.left_out[export.path.name] = f"{taken} says the same, and more of it."
            beyond = [item for item in export.items if key(item) not in items]
            folder.problems += [
                f"{item.place}: This isn't in {taken}, which says more of the others; the files "
                "are of different days. Leave one of them out."
                for item in beyond[:_MOST_PROBLEMS]
            ]
    folder.items[kind] = list(items.values())


def _take(
    folder: Folder,
    kind: ExportKind,
    export: Export,
    items: dict[object, Item],
    key: Callable[[Item], object],
) -> None:
    repeated = 0
    for item in export.items:
        # What another file says too, word for word, is taken once; else both places are named.
        first = items.setdefault(key(item), item)
        if first is item:
            continue
        if _all_facts(first) == _all_facts(item):
            repeated += 1
        else:
            folder.problems.append(f"{item.place}: {first.place} says something else of this.")
    if export.items and repeated == len(export.items):
        folder.left_out[export.path.name] = "Another file of its kind says the same."
    else:
        folder.taken[export.path.name] = kind.value


def _key_of(kind: ExportKind) -> Callable[[Item], object]:
    names = _NAMED_BY[kind]

    def key(item: Item) -> object:
        facts = {heading(name): value for name, value in item.facts.items()}
        return tuple(_plain(facts.get(name), 0) for name in names)

    return key


def _all_facts(item: Item) -> Mapping[str, Any]:
    return {n.strip().lower(): _plain(value, _DEEPEST) for n, value in item.facts.items()}


def _plain(value: object, depth: int) -> object:
    """A value as any format would have it: text in lower casing; what lies deeper is left out.

    A hostile file could hold objects that hold themselves.
    """
    if isinstance(value, (list, tuple, dict)):
        if not depth:
            return type(value).__name__
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return tuple((name, _plain(each, depth - 1)) for name, each in inner)
    return "" if value is None else str(value).strip().casefold()
