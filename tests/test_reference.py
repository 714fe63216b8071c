"""The cmdlets there are, against the public reference: names, types, aliases, eras, sets."""

from __future__ import annotations

import inspect
import json
import keyword
from pathlib import Path
from typing import Any

import confid
from confid import cmdlets
from confid.engine.parameters import COMMON
from tests.tables import each_row

REFERENCE = {
    entry["cmdlet"]: entry
    for entry in json.loads(
        (Path(__file__).parent / "data" / "cmdlets.json").read_text(encoding="utf-8")
    )["cmdlets"]
}
NAMES = [info.name for info in confid.get_command()]
ENGLISH = {"string": "String"}
"""The reference spells one type in two ways."""
BESIDE = "Get-CsOnlineUser"
"""The one cmdlet that is none of the family: scripts begin with it."""
FAMILY = [name for name in NAMES if name != BESIDE]


def test_the_first_seven_are_there() -> None:
    """Users, bridge and settings; every cmdlet there is stands in the reference."""
    users = {
        f"{verb}-CsOnlineDialInConferencingUser" for verb in ("Enable", "Disable", "Get", "Set")
    }
    settings = {f"{verb}-CsOnlineDialInConferencingTenantSettings" for verb in ("Get", "Set")}
    assert users | settings | {"Get-CsOnlineDialInConferencingBridge"} <= set(NAMES)
    assert set(FAMILY) <= set(REFERENCE)


@each_row("name", FAMILY)
def test_a_cmdlet_goes_by_its_name_in_any_casing(name: str) -> None:
    """`get_command` finds it; its function is the one of `confid.cmdlets`; its eras are right."""
    for spelled in (name, name.lower(), name.upper(), f" {name} "):
        info = confid.get_command(spelled)
        assert info.name == name
    entry = REFERENCE[name]
    assert info.function is getattr(cmdlets, entry["python"])
    assert list(info.eras) == entry["eras"]
    assert name in repr(info)
    assert info.function.__doc__


@each_row("name", FAMILY)
def test_its_parameters_are_those_of_the_reference(name: str) -> None:
    """Each with its type, aliases and eras; none more, none fewer."""
    expected = {
        parameter: (ENGLISH.get(facts["type"], facts["type"]), facts["aliases"], facts["eras"])
        for parameter, facts in REFERENCE[name]["parameters"].items()
    }
    assert {
        p.name: (ENGLISH.get(p.type, p.type), list(p.aliases), list(p.eras))
        for p in confid.get_command(name).parameters
    } == expected


@each_row("name", FAMILY)
def test_its_parameter_sets_are_those_of_the_reference(name: str) -> None:
    """The same sets, the same default, the same parameters in each, the same mandatory ones."""
    found = {s.name: s for s in confid.get_command(name).parameter_sets}
    expected: list[dict[str, Any]] = REFERENCE[name]["parameter_sets"]
    assert len(found) == len(expected)
    for each in expected:
        its_name = "__AllParameterSets" if each["name"] == "(All)" else each["name"]
        ours = found[its_name]
        assert ours.is_default is bool(each.get("default"))
        assert set(ours.parameters) == {p["name"] for p in each["parameters"]}
        assert ours.mandatory == {p["name"] for p in each["parameters"] if p.get("mandatory")}


@each_row("name", FAMILY)
def test_positions_are_those_of_the_reference(name: str) -> None:
    """Who is positional in the reference has a position, and nobody else."""
    positional = {
        p["name"]
        for each in REFERENCE[name]["parameter_sets"]
        for p in each["parameters"]
        if p.get("positional")
    }
    parameters = confid.get_command(name).parameters
    assert {p.name for p in parameters if p.position is not None} == positional


def snake(name: str) -> str:
    """`AllowPSTNOnlyMeetings` → `allow_pstn_only_meetings`; `Global` → `global_`."""
    text = ""
    for at, letter in enumerate(name):
        after, before = name[at + 1 : at + 2], name[at - 1 : at]
        if letter.isupper() and at and (before.islower() or (after and after.islower())):
            text += "_"
        text += letter.lower()
    return f"{text}_" if keyword.iskeyword(text) else text


@each_row("name", NAMES)
def test_every_parameter_has_a_python_name_in_the_signature(name: str) -> None:
    """Snake case, after the identity by keyword alone, beside the common parameters."""
    info = confid.get_command(name)
    signature = inspect.signature(info.function)
    assert [p.python_name for p in info.parameters] == [snake(p.name) for p in info.parameters]
    effective = {p.python_name for p in info.parameters if p.status == "implemented"}
    rest = set(signature.parameters) - effective
    assert rest - {"notify", "if_unchanged", "without_effect"} == COMMON
    assert ("without_effect" in rest) is (len(effective) < len(info.parameters))
    kinds = {name: p.kind for name, p in signature.parameters.items()}
    if any(p.position is not None for p in info.parameters):
        assert next(iter(kinds)) == "identity"
    assert kinds.pop("without_effect", inspect.Parameter.VAR_KEYWORD) is (
        inspect.Parameter.VAR_KEYWORD
    )
    by_place = {name for name, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY}
    assert by_place <= {"identity", "policy_name"}


@each_row("name", NAMES)
def test_a_parameter_is_implemented_or_accepted(name: str) -> None:
    """The two statuses there are; an accepted one is never one that changes a user."""
    accepted = {p.name for p in confid.get_command(name).parameters if p.status == "accepted"}
    assert {p.status for p in confid.get_command(name).parameters} <= {"implemented", "accepted"}
    assert accepted <= {
        "Tenant",
        "TenantDomain",
        "DomainController",
        "Force",
        "LocalStore",
        "EnableDialOutJoinConfirmation",
        "IncludeTollFreeNumberInMeetingInvites",
        "MigrateServiceNumbersOnCrossForestMove",
        "MsftInternalProcessingMode",
        "UseUniqueConferenceIds",
    }
