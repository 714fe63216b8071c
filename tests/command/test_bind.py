"""`confid.command.bind` binds what the engine binds: bind.json, the rows that pass arguments."""

from __future__ import annotations

from typing import Any

import confid
from confid.command.lookup import bind
from confid.errors import ConfidError
from tests.powershell.rows import params
from tests.powershell.test_conversion import described, from_case
from tests.tables import each_row

SWITCHES = {
    (info.name, parameter.name)
    for info in confid.get_command()
    for parameter in info.parameters
    if parameter.type == "SwitchParameter"
}


TAKE_SEVERAL = {
    "Disable-CsOnlineDialInConferencingUser",
    "Get-CsMeetingMigrationStatus",
    "Get-CsOnlineDialInConferencingUserState",
    "Grant-CsDialoutPolicy",
    "Start-CsExMeetingMigration",
}


def is_for_python(case: Any) -> bool:
    """Whether Python is asked the same thing.

    None is no argument in Python (the README of the rows says so), and a list of
    identities is a call for each of them.
    """
    given = case["arguments"].values() if case["road"] == "splat" else [None]
    return None not in given and not _names_several(case)


def _names_several(case: Any) -> bool:
    return case["cmdlet"] in TAKE_SEVERAL and isinstance(case["arguments"].get("Identity"), list)


ROWS = [row for row in params("bind") if is_for_python(row.values[0])]


@each_row(("case", "answer"), ROWS)
def test_a_call_binds_as_the_engine_binds_it(case: Any, answer: Any) -> None:
    """The parameter set and every value, or the error's id, category and parameter."""
    arguments = {name: from_case(given) for name, given in case["arguments"].items()}
    try:
        binding = bind(case["cmdlet"], arguments)
    except ConfidError as error:
        failed = {"category": error.category, "id": error.fully_qualified_error_id}
        if parameter := getattr(error, "parameter", None):
            failed["parameter"] = parameter
        assert failed == answer.get("error")
    else:
        bound = {name: described(found) for name, found in binding.bound.items()}
        for name, found in bound.items():
            if (case["cmdlet"], name) in SWITCHES:
                found["type"] = "switch"
        assert {"set": binding.parameter_set, "bound": bound} == answer
