"""The example of the README does what it says, on a real file, and again on the same one."""

from __future__ import annotations

import mailbox
import re
import subprocess
import sys
from pathlib import Path

import confid

SCRIPT = Path(__file__).parent.parent / "docs" / "examples" / "reset_conference_ids.py"


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """What the script prints, run in a folder of its own."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(Path(confid.__file__).parent.parent)},
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def ids(output: str) -> tuple[set[str], set[str]]:
    """The IDs in the table before, and in the one after."""
    before, after = output.split("Before:")[1].split("After:")
    return set(re.findall(r"\b[1-9]\d{6}\b", before)), set(
        re.findall(r"\b[1-9]\d{6}\b", after.split("A caller")[0])
    )


def test_the_example_goes_from_the_roster_to_the_caller(tmp_path: Path) -> None:
    """New IDs for the department, mails in the Maildir, the old ID refused, the new admitted."""
    output = run(tmp_path)
    before, after = ids(output)
    assert len(before) == len(after) >= 5
    assert not before & after
    assert re.search(r"with the old ID \d{7} is refused", output)
    assert re.search(r"with the new ID \d{7} is admitted", output)
    assert "Problems:\n  none" in output
    mails = [message.as_string() for message in mailbox.Maildir(tmp_path / "mails")]
    assert f"{len(mails)} mails written" in output
    with confid.connect(tmp_path / "tenant.db", create=False) as session:
        assert not confid.check(session).problems


def test_the_example_is_safe_to_run_twice(tmp_path: Path) -> None:
    """The second run starts from the IDs of the first, and says plainly that it resets again."""
    first, second = run(tmp_path), run(tmp_path)
    assert "AGAIN" not in first
    assert re.search(r"(\d+) of these \1 have been reset before\. They are reset AGAIN", second)
    assert ids(first)[1] == ids(second)[0]
    assert not (ids(first)[0] | ids(first)[1]) & ids(second)[1]


def test_the_example_can_be_rehearsed(tmp_path: Path) -> None:
    """It shows what would change and leaves the tenant alone, whether or not there is one."""
    output = run(tmp_path, "--rehearse")
    assert not list(tmp_path.iterdir())
    assert "a new one is rehearsed on" in output
    run(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.glob("tenant.db*")}
    output = run(tmp_path, "--rehearse", "--mails", "post")
    assert {p.name: p.read_bytes() for p in tmp_path.glob("tenant.db*")} == before
    assert not (tmp_path / "post").exists()
    assert "AGAIN" in output
    assert re.search(r"^\d+ people: \d+ new IDs; \d+ mails", output, flags=re.MULTILINE)
    assert "the tenant is as it was" in output


def test_the_example_takes_another_store(tmp_path: Path) -> None:
    """`--store` names it; nothing else is left behind."""
    run(tmp_path, "--store", "memory:", "--mails", "post")
    assert [path.name for path in tmp_path.iterdir()] == ["post"]


def test_the_example_explains_itself_and_its_errors(tmp_path: Path) -> None:
    """`--help` says what it does; a missing roster is a sentence, not a traceback."""
    assert "--store" in run(tmp_path, "--help")
    assert run(tmp_path, "nowhere.csv", code=1).startswith("error: ")
