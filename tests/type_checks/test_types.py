"""What type checkers say of a user's script, and of the package as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import confid
from tests.type_checks import script

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(script.__file__)
PACKAGE = Path(confid.__file__).parent
COMPLETE = 0.99
"""How much of the package's types is to be known; `python -m tests.type_checks` asks."""


def pyright(*arguments: str, cwd: Path) -> Any:
    """What pyright says, as basedpyright brings it: with its own Node, so offline too.

    It asks the first Python of PATH where packages are; for `--verifytypes` an option can't name
    another one.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    ran = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", *arguments],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(PACKAGE.parent)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(ran.stdout)


def wrong_lines() -> Iterator[int]:
    """The lines of the script that a checker is to refuse."""
    for number, line in enumerate(SCRIPT.read_text(encoding="utf-8").splitlines(), 1):
        if "# type: ignore[" in line:
            yield number


def test_pyright_refuses_the_wrong_calls_and_no_other(tmp_path: Path) -> None:
    """Each line that mypy is told to pass over, and not one of the right calls."""
    settings = {
        "include": [str(SCRIPT)],
        "typeCheckingMode": "standard",
        "enableTypeIgnoreComments": False,
        "pythonVersion": f"{sys.version_info[0]}.{sys.version_info[1]}",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    said = pyright("-p", str(tmp_path), cwd=tmp_path)
    assert said["summary"]["filesAnalyzed"] == 1
    errors = {error["range"]["start"]["line"] + 1 for error in said["generalDiagnostics"]}
    assert errors == set(wrong_lines())
    assert len(errors) > 15


def test_the_wheel_brings_the_types() -> None:
    """The marker of a typed package, and the stubs beside the modules that they are of."""
    assert (PACKAGE / "py.typed").is_file()
    for stub in PACKAGE.rglob("*.pyi"):
        assert stub.with_suffix(".py").is_file()
