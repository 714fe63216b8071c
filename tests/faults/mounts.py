"""Processes for which a folder is a separate disk: a small one, or a read-only one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]

SMALL = 'mount -t tmpfs -o size=8m confid "$0"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'


def behind(mount: str, folder: Path, command: Sequence[str]) -> list[str]:
    """The command in its own mount namespace, where this is mounted on the folder."""
    # Root may mount; others may where they are root in a namespace of users.
    options = "-m" if os.geteuid() == 0 else "-rm"
    script = f'{mount} && cd "$1" && shift && exec "$@"'
    return ["unshare", options, "sh", "-c", script, str(folder), str(ROOT), *command]


@cache
def possible() -> bool:
    """Whether this user may mount on this machine."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        both = (behind(mount, Path(folder), ["true"]) for mount in (SMALL, READ_ONLY))
        return all(
            subprocess.run(command, check=False, capture_output=True).returncode == 0
            for command in both
        )
