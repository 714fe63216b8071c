"""The one reader of people's files: what it reads, and what it refuses without waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from confid.errors import ConfidError, InvalidArgumentError, NotFoundError
from confid.powershell.formats import text_files

TEXT = "Straße 李\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    """And it isn't part of the text."""
    path = tmp_path / "file"
    path.write_text(TEXT, encoding=encoding)
    assert text_files.read_text(path) == TEXT


@pytest.mark.parametrize(("mark", "encoding"), text_files.MARKS)
def test_every_mark_is_told_apart(mark: bytes, encoding: str) -> None:
    """Those of UTF-32 and UTF-16 begin alike."""
    assert text_files.split_mark(mark + TEXT.encode(encoding)) == (encoding, TEXT.encode(encoding))


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """One byte more is refused, with both sizes."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert text_files.read_bytes(path, most=100) == b"x" * 100
    with pytest.raises(InvalidArgumentError, match=r"has 100 bytes.* at most 99 is read"):
        text_files.read_bytes(path, most=99)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="a system without /proc")
def test_a_file_that_hides_its_size_is_bounded_too() -> None:
    """Files of the system say that they are empty."""
    with pytest.raises(InvalidArgumentError, match="more than 10 bytes"):
        text_files.read_bytes("/proc/self/maps", most=10)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, a device."""
    refused = {tmp_path: "a folder"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        refused |= {tmp_path / "pipe": "a named pipe", Path("/dev/zero"): "a device"}
    for path, kind in refused.items():
        with pytest.raises(
            InvalidArgumentError, match=f"it is {kind}, not a regular file"
        ) as error:
            text_files.read_bytes(path)
        assert error.value.error_id == "FileOpenFailure"


@pytest.mark.parametrize("path", ["\0", "x" * 5000, "\ud800", 5, None, b"a\0", [], object()])
def test_a_path_that_can_be_none_is_an_error_of_confid(path: object) -> None:
    """Whatever its type."""
    with pytest.raises(ConfidError):
        text_files.read_text(path)  # type: ignore[arg-type]  # the point


def test_an_absent_file_is_not_found(tmp_path: Path) -> None:
    """As PowerShell calls it."""
    with pytest.raises(NotFoundError, match="There is no file"):
        text_files.read_text(tmp_path / "nowhere")
