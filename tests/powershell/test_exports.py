"""The names of confid.powershell are there, and cost nothing until they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from confid import powershell
from confid.lazy import homes_of


@pytest.mark.parametrize("name", homes_of("confid.powershell"))
def test_name_is_the_function_of_that_name(name: str) -> None:
    """Each exported name is a function, found where the table says."""
    function = getattr(powershell, name)
    assert callable(function)
    assert function.__name__ == name
    assert name in dir(powershell)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that isn't there is told as Python tells it."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        powershell.nothing  # type: ignore[attr-defined]  # noqa: B018 - looking is the test


def test_importing_the_package_imports_none_of_its_modules() -> None:
    """Whoever needs one of the names pays for its module alone."""
    code = (
        "import sys, confid.powershell\n"
        "before = [name for name in sys.modules if name.startswith('confid.powershell.')]\n"
        "confid.powershell.to_json\n"
        "sys.exit(bool(before) or 'confid.powershell.formats.views' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
