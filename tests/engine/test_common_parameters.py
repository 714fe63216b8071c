"""WhatIf, Confirm, ErrorAction as the engine has them: shouldprocess.json and erroraction.json.

The engine's Set-Thing and Get-Thing are cmdlets of a tenant here: a target is
somebody's user principal name, `bad…` somebody who isn't there, and `stop` a
store that fails.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import confid
from confid import cmdlets
from confid.engine.common_parameters import Preferences, ask, call_options
from confid.errors import ConfidError, StoreError, UserNotFoundError
from confid.host import RecordingHost, prompt_text
from tests.powershell.rows import params
from tests.tables import each_row

# ShouldProcess


def preferences_of(setup: str) -> Preferences:
    """What `$ConfirmPreference='Low'` and its like set."""
    preferences = Preferences()
    for variable, text in re.findall(r"\$(\w+)=(\S+)", setup):
        name = {"ConfirmPreference": "confirm", "WhatIfPreference": "what_if"}[variable]
        setattr(preferences, name, True if text == "$true" else text.strip("'"))
    return preferences


def switch(line: str, name: str) -> bool | None:
    """True for `-Name`, False for `-Name:$false`, None where it isn't given."""
    found = re.search(rf"-{name}(:\$false)?(?!\w)", line)
    return None if found is None else found[1] is None


def targets_of(line: str) -> list[str]:
    """The targets of one command, piped in or its argument."""
    if "|" in line and not line.startswith("Set-Thing"):
        return re.findall(r"'([^']*)'", line.partition("|")[0])
    argument = line.removeprefix("Set-Thing ").split(" -")[0]
    return [argument.strip("'")]


def run_line(line: str, case: Any, host: RecordingHost) -> list[str]:
    """What comes out of a line of commands: one call, one set of options."""
    done = []
    for command in line.split("; "):
        call = call_options(
            preferences_of(case["setup"]),
            {},
            writes=True,
            what_if=switch(command, "WhatIf"),
            confirm=switch(command, "Confirm"),
            impact=case["impact"],
        )
        targets = targets_of(command)
        answers = ask(host, "Set-Thing", targets) if call.asks else {}
        done += [
            f"done {target}"
            for target in targets
            if call.should_process(host, "Set-Thing", target, answers)
        ]
    return done


def as_shown(heard: str) -> str:
    """What the host shows for a line of the row."""
    kind, _, text = heard.partition(" ")
    if kind == "LINE":
        return text
    caption, rest = text.split("|", 1)
    message, choices, default = rest.rsplit("|", 2)
    return prompt_text(caption, message, choices.split(","), int(default))


@each_row(("case", "answer"), params("shouldprocess"))
def test_should_process_asks_and_answers_as_the_engine_does(case: Any, answer: Any) -> None:
    """What was done, what the host showed, and the error where there is nobody to ask."""
    host = RecordingHost(case["answers"])
    failed = None
    try:
        done = run_line(case["line"], case, host)
    except ConfidError as error:
        failed = {"category": error.category, "id": error.error_id}
    else:
        assert done == answer["output"]
    assert failed == answer["error"]
    assert host.lines == [as_shown(heard) for heard in answer["host"]]


# ErrorAction

IDS = {"NotFound": "UserNotFound", "Ended": "StoreUnavailable"}
NOT_IN_PYTHON = {
    "$global:V=@('old')": "a call appends to a list, as with `+`; it never fills it anew",
    "-OutVariable": "what comes out is what the call returns",
    "Inquire": "nobody is asked while others wait for the store",
}


def applies(row: Any) -> bool:
    """Whether Python has what the line asks for."""
    return not any(word in row.values[0]["line"] for word in NOT_IN_PYTHON)


def call_get_thing(line: str, session: confid.Session) -> Any:
    """The call that the line is in Python; its names, what it collects and what it raises."""
    variable = re.search(r"\$global:V=(.*?);", line)
    collected: list[Any] = ["value old"] if variable and "old" in variable[1] else []
    options: dict[str, Any] = {}
    if found := re.search(r"-(?:ErrorAction|EA)[ :](\w+)", line):
        options["error_action"] = found[1]
    if found := re.search(r"-WarningAction (\w+)", line):
        options["warning_action"] = found[1]
    for name in ("Error", "Warning"):
        if f"-{name}Variable" in line:
            options[f"{name.lower()}_variable"] = collected
    names = re.findall(r"'(\w+)'", line.split("; ")[1].partition("|")[0])
    if "warn" in names:
        options["domain_controller"] = "dc"  # has no effect, and a warning says so
    try:
        found_users = cmdlets.get_cs_online_dial_in_conferencing_user(
            iter(stopping(names)), session=session, **options
        )
    except ConfidError as error:
        return None, collected, error
    return [user.display_name for user in found_users], collected, None


def stopping(names: list[str]) -> Any:
    """The identities, and a store that fails where the row has `stop`."""
    for name in names:
        if name == "stop":
            raise StoreError("Ended")
        yield f"{name}@contoso.com"


@pytest.fixture
def session() -> Any:
    """A tenant where a, b and warn are enabled; errors don't stop, as the engine starts."""
    with confid.connect(host=RecordingHost()) as session:
        people = [
            {
                "UserPrincipalName": f"{name}@contoso.com",
                "DisplayName": name,
                "AssignedPlan": "MCOMEETADV",
            }
            for name in ("a", "b", "warn")
        ]
        confid.import_users(people)
        cmdlets.enable_cs_online_dial_in_conferencing_user(
            [person["UserPrincipalName"] for person in people], notify=False
        )
        session.preferences.error_action = "Continue"
        yield session


ROWS = [row for row in params("erroraction") if applies(row)]


@pytest.mark.parametrize(("case", "answer"), ROWS)
def test_an_error_action_does_what_the_engine_does(
    case: Any, answer: Any, session: confid.Session
) -> None:
    """What comes out, what is thrown, and what the variable collects.

    Under Stop nothing comes out in Python, which returns or raises; and each
    failure is collected once, where the engine keeps the thrown one thrice.
    """
    output, collected, error = call_get_thing(case["line"], session)
    thrown = answer["thrown"]
    if thrown is None:
        assert (output, error) == (answer["output"], None)
        assert kinds(collected) == [IDS.get(c.split()[1], c) for c in answer["collected"]]
        return
    assert error is not None
    assert error.error_id == IDS.get(thrown["id"], thrown["id"])
    assert error.category == thrown["category"] or isinstance(error, StoreError)
    assert getattr(error, "parameter", None) == thrown.get("parameter")
    expected = {IDS.get(c.split()[1], c) for c in answer["collected"]}
    assert set(kinds(collected)) == expected


def kinds(collected: list[Any]) -> list[str]:
    """What was collected, as the rows name it."""
    return [
        c.error_id if isinstance(c, ConfidError) else c if c == "value old" else "warning careful"
        for c in collected
    ]


def test_what_is_not_there_is_the_engines_not_found() -> None:
    """The rows' NotFound is PowerShell's category for it."""
    assert UserNotFoundError("x").category == "ObjectNotFound"
