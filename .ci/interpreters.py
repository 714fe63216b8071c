"""Print the path of each interpreter of a supported version that this machine has, a version once.

Looked at are the programs on PATH and those that pyenv and uv keep. The interpreter that runs
this script is left out: it has run the whole suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SAY = "import ensurepip, sys, venv; print(sys.version.partition(' ')[0], sys._base_executable)"


def candidates() -> list[Path]:
    """Programs that may be such an interpreter."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python"))
    for kept in (pyenv / "versions", uv):
        folders.extend(kept.glob("*/bin"))
    return [folder / f"python{version}" for version in VERSIONS for folder in folders]


def main() -> None:
    """Ask each what it is; one that doesn't answer is none."""
    seen = {sys.version.partition(" ")[0]}
    for program in candidates():
        if not program.exists():
            continue
        answer = subprocess.run(
            [program, "-c", SAY], capture_output=True, encoding="utf-8", check=False
        )
        version, _, executable = answer.stdout.strip().partition(" ")
        if answer.returncode == 0 and version not in seen:
            seen.add(version)
            sys.stdout.write(f"{executable}\n")


if __name__ == "__main__":
    main()
