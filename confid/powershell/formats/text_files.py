"""Text files: regular ones of a bounded size are read; they are written whole or not at all."""

from __future__ import annotations

import codecs
import os
import secrets
import shutil
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from confid.errors import ConfidError, InvalidArgumentError, NotFoundError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from os import PathLike

MOST_BYTES: Final = 512 * 2**20
"""The largest file that is read."""

MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks and their encodings. UTF-32's begins with UTF-16's, so it comes first."""


def read_text(
    path: str | PathLike[str], *, errors: str = "replace", most: int | None = None
) -> str:
    """Return the text of a file, UTF-8 unless its byte order mark says UTF-16 or UTF-32.

    `errors` is Python's for bytes that are no text; `most` bytes are read, MOST_BYTES unless
    given. Raises NotFoundError if there is no such file, and InvalidArgumentError if it can't
    be read, is no regular file, or is too large.
    """
    encoding, content = split_mark(read_bytes(path, most=most))
    return content.decode(encoding, errors)


def split_mark(content: bytes) -> tuple[str, bytes]:
    """Return the encoding of a file's bytes, and the bytes behind the byte order mark."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding, content[len(mark) :]
    return "utf-8", content


def read_bytes(path: str | PathLike[str], *, most: int | None = None) -> bytes:
    """Return what a regular file holds. Raises as read_text does."""
    most = MOST_BYTES if most is None else most
    try:
        place = Path(path)
        _demand_regular(path, place.stat(), most)
        # The file may have been replaced by a pipe meanwhile, and opening that one would wait.
        at_once = getattr(os, "O_NONBLOCK", 0)
        with open(place, "rb", opener=lambda name, flags: os.open(name, flags | at_once)) as file:
            _demand_regular(path, os.fstat(file.fileno()), most)
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no file {str(path)!r}.", target=str(path), error_id="FileOpenFailure"
        ) from error
    except ConfidError:
        raise
    except (OSError, ValueError, TypeError) as error:  # ValueError: a path with NUL in it
        raise not_readable(path, getattr(error, "strerror", None) or str(error)) from error
    if len(content) > most:  # some files of the system say that they are empty
        raise _too_large(path, f"more than {most:,}", most)
    return content


def _demand_regular(path: object, status: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((text for test, text in _KINDS if test(status.st_mode)), "a device")
        raise not_readable(path, f"it is {kind}, not a regular file of at most {most:,} bytes")
    if status.st_size > most:
        raise _too_large(path, f"{status.st_size:,}", most)


_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def _too_large(path: object, size: str, most: int) -> InvalidArgumentError:
    return not_readable(
        path, f"it has {size} bytes, and a regular file of at most {most:,} is read"
    )


def not_readable(path: object, why: str) -> InvalidArgumentError:
    """Return the error of a file that can't be read."""
    name = shown(str(path), 500) if isinstance(path, (str, os.PathLike)) else shown(path)
    return InvalidArgumentError(
        f"{name} can't be read: {why}.",
        target=path,
        error_id="FileOpenFailure",
        category="OpenError",
    )


def target_of(path: str | PathLike[str], *, no_clobber: bool) -> Path:
    """Return the file to write, links followed, if it can be."""
    try:
        target = Path(path).resolve()
        if target.is_dir() or (target.exists() and not target.is_file()):
            raise OSError("it is no file")  # noqa: TRY301 - told like all that can't be opened
    except (OSError, ValueError, TypeError) as error:  # a path with NUL in it is a ValueError
        raise not_written(path, error) from error
    if no_clobber and target.exists():
        raise _exists(target)
    return target


def _exists(target: Path) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{str(target)!r} exists, and no_clobber keeps it. Give another path, or append=True.",
        target=str(target),
        error_id="NoClobber",
        category="ResourceExists",
    )


def not_written(path: object, error: Exception) -> InvalidArgumentError:
    """Return the error of a file that can't be written."""
    why = getattr(error, "strerror", None) or str(error)
    return InvalidArgumentError(
        f"{shown(path)} can't be written: {why}.",
        target=path,
        error_id="FileOpenFailure",
        category="OpenError",
    )


@contextmanager
def replacing(
    target: Path, before: Path | None, codec: str, mark: bytes, *, exclusive: bool
) -> Iterator[TextIOWrapper]:
    """A file beside the target that takes its place at the end of the block, or goes away."""
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as binary:
            binary.write(mark)
            if before is not None:
                _copy(before, binary, codec)
        with beside.open("a", encoding=codec, errors="replace", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_place(beside, target, exclusive=exclusive)
    except OSError as error:
        raise not_written(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _copy(before: Path, binary: BinaryIO, codec: str) -> None:
    """Copy what is there, and end its last line if it is not."""
    line_end = "\n".encode(codec)
    with before.open("rb") as source:
        shutil.copyfileobj(source, binary)
        source.seek(-min(len(line_end), before.stat().st_size), os.SEEK_END)
        last = source.read()
    if last != line_end and last != "\r".encode(codec):
        binary.write(line_end)


def _take_place(beside: Path, target: Path, *, exclusive: bool) -> None:
    if not exclusive:
        with suppress(FileNotFoundError):
            shutil.copymode(target, beside)
        beside.replace(target)
        return
    try:
        os.link(beside, target)  # fails if somebody made the file meanwhile
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without links
        if target.exists():
            raise _exists(target) from None
        beside.replace(target)
