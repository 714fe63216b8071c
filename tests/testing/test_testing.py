"""What `confid.testing` gives to other people's tests: strategies, a fixture, entry points."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import testing
from confid.lazy import homes_of
from confid.tenant import phone_number
from confid.testing import conference_ids, phone_numbers, rosters
from confid.testing.hypothesis_plugin import register

ROOT = Path(confid.__file__).parents[1]


@given(conference_ids())
def test_conference_ids_are_those_of_confid(number: confid.ConferenceId) -> None:
    """7 digits, of confid's own type."""
    assert type(number) is confid.ConferenceId
    assert len(str(number)) == 7


@given(st.data())
def test_hypothesis_makes_conference_ids_of_their_type(data: st.DataObject) -> None:
    """Once registered, which the entry point does."""
    register()
    assert type(data.draw(st.from_type(confid.ConferenceId))) is confid.ConferenceId


@given(phone_numbers())
def test_phone_numbers_are_taken_as_such(number: str) -> None:
    """By everything that takes one."""
    assert f"+{phone_number.parse(number, parameter='number')}" == number


@given(rosters(max_size=5))
def test_rosters_can_be_imported(rows: list[dict[str, str]]) -> None:
    """Every row comes in, and comes in again without a change."""
    with confid.connect(host=confid.host.SilentHost()) as session:
        for _ in range(2):
            users = confid.import_users(rows, session=session) if rows else []
            assert [u.display_name for u in users] == [row["DisplayName"] for row in rows]


DRAWN = "import confid, hypothesis.strategies as st"
DRAWN += "; assert not st.from_type(confid.ConferenceId).is_empty"


@pytest.mark.parametrize(
    "name", {home: n for n, home in homes_of("confid.testing").items()}.values()
)
def test_every_module_is_imported_before_hypothesis(name: str) -> None:
    """By one of its names. Hypothesis calls confid's entry point while it is imported."""
    _runs(f"from confid.testing import {name}; {DRAWN}")


def test_every_name_is_imported_behind_hypothesis() -> None:
    """Hypothesis calls confid's entry point first."""
    names = ", ".join(homes_of("confid.testing"))
    _runs(f"import hypothesis; from confid.testing import {names}; {DRAWN}")


def _runs(code: str) -> None:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_name_is_there() -> None:
    """And no other one."""
    for name in homes_of("confid.testing"):
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError):
        _ = testing.nothing_of_the_kind  # type: ignore[attr-defined]  # the point


def test_the_entry_points_lead_somewhere() -> None:
    """Pytest's to a module with the fixture, Hypothesis' to a function."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = declared["entry-points"]
    assert hasattr(import_module(points["pytest11"]["confid"]), "confid_session")
    module, _, name = points["hypothesis"]["confid"].partition(":")
    assert callable(getattr(import_module(module), name))


SCRIPT = """
import sys

def test_one_line_is_enough(confid_session):
    from confid.cmdlets import set_cs_online_dial_in_conferencing_user as reset
    assert reset("ken.myer@contoso.com", reset_conference_id=True).conference_id

def test_each_has_its_own(confid_session):
    assert len(confid_session.cmdlets.get_cs_online_dial_in_conferencing_user()) == 5
"""

UNUSED = """
import sys

def test_nothing_of_confid_is_there():
    assert not {"confid.engine.session", "confid.store.base", "attr", "cattrs"} & sys.modules.keys()
"""


@pytest.mark.parametrize(("script", "passed"), [(SCRIPT, 2), (UNUSED, 1)])
def test_the_plugin_gives_a_session_and_costs_nothing_unused(
    script: str, passed: int, tmp_path: Path
) -> None:
    """The fixture works in a project of its own; a run without it imports nothing of confid."""
    (tmp_path / "test_script.py").write_text(script, encoding="utf-8")
    options = ["-q", "-p", "no:confid", "-p", "no:hypothesispytest", "-p", "confid.testing.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-W", "error", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout
    assert f"{passed} passed" in done.stdout


def test_the_smoke_script_runs() -> None:
    """`.ci/run` runs it on the wheel alone; here it runs on the tree."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "tests" / "smoke.py")],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert "confid works" in done.stdout
