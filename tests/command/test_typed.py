"""A command as typed binds what the engine binds: bind.json, the rows of text."""

from __future__ import annotations

from typing import Any

import confid
from confid.command.typed import bind_command
from confid.errors import ConfidError
from confid.powershell.lines.parser import parse_line
from tests.command.test_bind import SWITCHES
from tests.powershell.rows import params
from tests.powershell.test_conversion import described
from tests.tables import each_row

NAMES = {info.name for info in confid.get_command()}
SWITCH_NAMES = {name for _, name in SWITCHES} | {"Verbose"}


@each_row(
    ("case", "answer"),
    [row for row in params("bind") if row.values[0]["road"] == "text"],  # type: ignore[index]
)
def test_a_line_binds_as_the_engine_binds_it(case: Any, answer: Any) -> None:
    """The parameter set and every value, or the error; CommandNotFound for no cmdlet of ours."""
    expected = answer
    if case["cmdlet"] not in NAMES:
        expected = {"error": {"category": "ObjectNotFound", "id": "CommandNotFoundException"}}
    (command,) = parse_line(case["line"])
    try:
        binding = bind_command(command).binding
    except ConfidError as error:
        failed = {"category": error.category, "id": error.error_id}
        if parameter := getattr(error, "parameter", None):
            failed["parameter"] = parameter
        assert failed == expected.get("error")
    else:
        bound = {name: described(found) for name, found in binding.bound.items()}
        for name, found in bound.items():
            if name in SWITCH_NAMES:
                found["type"] = "switch"
        assert {"set": binding.parameter_set, "bound": bound} == expected
