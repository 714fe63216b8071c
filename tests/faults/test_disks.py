"""A full disk and a read-only disk: an error says so, and nothing is lost or issued."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.host import SilentHost

from . import mounts
from .told import Line, audit, fill, issued_to

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these, Windows hasn't")

NOBODY = 65534


def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path) -> None:
    """The reset fails with an error and changes all or nothing; with room again it works."""
    command = [sys.executable, "-m", "tests.faults.full_disk", str(tmp_path)]
    if mounts.possible():
        said = json.loads(output(mounts.behind(mounts.SMALL, tmp_path, [*command, "disk"])))
        assert set(said["refused"]) == {"LimitsExceeded"}
    else:
        # SQLite takes a file that grew too long for a disk that fails.
        said = json.loads(output([*command, "limit"]))
        assert set(said["refused"]) <= {"ReadError", "CommitOutcomeUnknownError"}
    assert said["problems"] == []
    assert sum(said["refused"].values()) > 3


def test_a_tenant_that_cant_be_written_says_so() -> None:
    """Reading needs its WAL beside it; nothing issues an ID. An overlay reads it as it is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        closed, left, living = (folder / f"{which}.db" for which in ("closed", "left", "living"))
        told = fill(str(living), 3)
        shutil.copy(living, closed)
        with confid.connect(living, host=SilentHost()):
            user = set_cs_online_dial_in_conferencing_user(told[0].who, reset_conference_id=True)
            for suffix in ("", "-wal", "-shm"):
                shutil.copy(f"{living}{suffix}", f"{left}{suffix}")
        first, second = tried(folder, closed, left)
        # It depends on why, on which of its files SQLite fails.
        assert first in {
            ", ".join([*[f"{why} True"] * 3, "done"]) for why in ("OpenError", "PermissionDenied")
        }
        assert second == "done, done, PermissionDenied True, done"
        assert problems(closed, told) == []
        assert problems(left, [*told, issued_to(user)]) == []


def tried(folder: Path, *paths: Path) -> list[str]:
    """The results of reading, an audit, a reset and a rehearsed one on a read-only disk."""
    # Permissions don't bind root: then it is somebody else.
    uid = os.getuid() or NOBODY
    command = [sys.executable, "-m", "tests.faults.read_only", str(uid), *map(str, paths)]
    if mounts.possible():
        command[3] = str(os.getuid())
        return output(mounts.behind(mounts.READ_ONLY, folder, command)).splitlines()
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    try:
        return output(command).splitlines()
    finally:
        folder.chmod(0o755)
        for file in folder.iterdir():
            file.chmod(0o644)


def output(command: list[str]) -> str:
    """The output of a process that ends without an error."""
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=mounts.ROOT
    ).stdout


def problems(path: Path, told: list[Line]) -> list[str]:
    """What the audit finds when the disk is writable again, and after the next call."""
    with confid.connect(path, create=False, host=SilentHost()) as session:
        again = set_cs_online_dial_in_conferencing_user(told[0].who, reset_conference_id=True)
        return audit(session, [*told, issued_to(again)], untold=0)
