"""Every cmdlet and parameter set of the public reference: calls that bind, and calls refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

import confid
from confid.command.lookup import bind
from confid.errors import ParameterBindingError, StaticConferenceIdError
from confid.tenant.policies import TeamsAudioConferencingPolicy
from confid.tenant.records import Bridge, ServiceNumber, TenantSettings
from tests.tables import each_row
from tests.test_reference import FAMILY, REFERENCE, snake

SETS = [(name, entry["name"]) for name in FAMILY for entry in REFERENCE[name]["parameter_sets"]]
CHOSEN_ID = "ConferenceId"
"""The parameter that binds, as in PowerShell, and that no call may name."""

SOME_ID = UUID("8a6f0e4c-7f5d-4b0b-9a43-3f3a4a1f2b10")
NUMBER = ServiceNumber(number="14255550177", tenant_id=SOME_ID)
BRIDGE = Bridge(
    identity=SOME_ID,
    name="Conference Bridge",
    default_service_number=NUMBER,
    is_default=True,
    is_shared=False,
    region=None,
    service_numbers=(NUMBER,),
    tenant_id=SOME_ID,
)

FITTING: dict[str, Any] = {
    "Boolean": True,
    "ConferencingBridge": BRIDGE,
    "ConferencingServiceNumber": NUMBER,
    "DateTime": "2026-03-02",
    "EntryExitAnnouncementsType": "ToneOnly",
    "FilterSelection": "NoFilter",
    "Fqdn": "dc.contoso.com",
    "Guid": str(SOME_ID),
    "Int32": 7,
    "MmsSourceMeetingTypes": "All",
    "MmsTargetMeetingTypes": "Current",
    "Object": ["+14255550177"],
    "ProviderType": "Microsoft",
    "StateType": "Pending",
    "String": "text",
    "String[]": ["Licensed", "NoLicense"],
    "SwitchParameter": True,
    "UInt32": 7,
    "Unlimited": "Unlimited",
    "UserIdParameter": "ken.myer@contoso.com",
    "XdsIdentity": "Global",
    "string": "text",
}
"""A value that each type takes."""

UNFIT: dict[str, Any] = {
    "Boolean": "perhaps",
    "DateTime": "the day after",
    "EntryExitAnnouncementsType": "Trumpets",
    "FilterSelection": "Everybody",
    "Guid": "not one",
    "Int32": "many",
    "MmsSourceMeetingTypes": "Lync",
    "MmsTargetMeetingTypes": "Lync",
    "ProviderType": "Nobody",
    "StateType": "Lost",
    "SwitchParameter": "perhaps",
    "UInt32": -1,
}
"""A value that a type refuses; the types that aren't here take any text."""


def parameter_set(cmdlet: str, name: str) -> dict[str, Any]:
    """A parameter set of the reference."""
    return next(s for s in REFERENCE[cmdlet]["parameter_sets"] if s["name"] == name)


def ours(name: str) -> str:
    """What the registry calls the set that the reference calls so."""
    return "__AllParameterSets" if name == "(All)" else name


def value_for(cmdlet: str, parameter: str) -> Any:
    """A value that a parameter takes."""
    kind = REFERENCE[cmdlet]["parameters"][parameter]["type"]
    if kind == "PSObject":
        settings = cmdlet.endswith("TenantSettings")
        return TenantSettings() if settings else TeamsAudioConferencingPolicy()
    return FITTING[kind]


def names(each: dict[str, Any], *, mandatory: bool = False) -> list[str]:
    """The parameters of a set, or those that must be given."""
    return [p["name"] for p in each["parameters"] if p.get("mandatory") or not mandatory]


def counts_in_a_tie(cmdlet: str) -> dict[str, Any]:
    """The set that a call binds where several fit: the default one, or else the first."""
    sets: list[dict[str, Any]] = REFERENCE[cmdlet]["parameter_sets"]
    return next((each for each in sets if each.get("default")), sets[0])


def call(cmdlet: str, parameters: list[str]) -> dict[str, Any]:
    """A call that names these parameters, each with a value that it takes."""
    return {name: value_for(cmdlet, name) for name in parameters}


def refusal(cmdlet: str, arguments: dict[str, Any]) -> str:
    """The id of the error with which a call is refused."""
    with pytest.raises(ParameterBindingError) as caught:
        bind(cmdlet, arguments)
    assert cmdlet in str(caught.value)
    return caught.value.error_id


# Calls that bind.


@each_row(("cmdlet", "name"), SETS)
def test_a_call_with_all_parameters_of_a_set_binds_it(cmdlet: str, name: str) -> None:
    """By PowerShell's names, in any casing, and by Python's: all of them, and that set."""
    arguments = call(cmdlet, names(parameter_set(cmdlet, name)))
    for spelled in (str, str.lower, str.upper, snake):
        binding = bind(cmdlet, {spelled(key): value for key, value in arguments.items()})
        assert binding.parameter_set == ours(name)
        assert list(binding.bound) == list(arguments)


@each_row(("cmdlet", "name"), SETS)
def test_a_call_with_the_mandatory_ones_alone_is_enough(cmdlet: str, name: str) -> None:
    """They bind their set; where a set demands nothing, the one that counts in a tie is bound."""
    must = names(parameter_set(cmdlet, name), mandatory=True)
    expected = parameter_set(cmdlet, name) if must else counts_in_a_tie(cmdlet)
    if set(names(expected, mandatory=True)) <= set(must):
        assert bind(cmdlet, call(cmdlet, must)).parameter_set == ours(expected["name"])
    else:
        assert refusal(cmdlet, call(cmdlet, must)) == "MissingMandatoryParameter"


@each_row(
    ("cmdlet", "parameter"),
    [
        (name, p)
        for name in FAMILY
        for p, f in REFERENCE[name]["parameters"].items()
        if f["aliases"]
    ],
)
def test_an_alias_binds_its_parameter(cmdlet: str, parameter: str) -> None:
    """Alone in its place; beside the name it is the same parameter a second time."""
    sets = REFERENCE[cmdlet]["parameter_sets"]
    each = next(each for each in sets if parameter in names(each))
    must = call(cmdlet, names(each, mandatory=True))
    value = value_for(cmdlet, parameter)
    for alias in REFERENCE[cmdlet]["parameters"][parameter]["aliases"]:
        assert parameter in bind(cmdlet, {**must, alias: value}).bound
        assert refusal(cmdlet, {**must, alias: value, parameter: value}) == "ParameterAlreadyBound"


# Calls that are refused.


@each_row(("cmdlet", "name"), SETS)
def test_a_parameter_that_is_not_there_is_refused(cmdlet: str, name: str) -> None:
    """Beside a call that binds the set."""
    arguments = call(cmdlet, names(parameter_set(cmdlet, name)))
    assert refusal(cmdlet, {**arguments, "Nonesuch": 1}) == "NamedParameterNotFound"


@each_row(("cmdlet", "name"), SETS)
def test_a_value_of_no_such_type_is_refused(cmdlet: str, name: str) -> None:
    """For each parameter of the set whose type doesn't take any text."""
    arguments = call(cmdlet, names(parameter_set(cmdlet, name)))
    unfit = {
        parameter: UNFIT[REFERENCE[cmdlet]["parameters"][parameter]["type"]]
        for parameter in arguments
        if REFERENCE[cmdlet]["parameters"][parameter]["type"] in UNFIT
    }
    assert unfit
    for parameter, value in unfit.items():
        found = refusal(cmdlet, {**arguments, parameter: value})
        assert found == "ParameterArgumentTransformationError", parameter


@each_row(
    ("cmdlet", "name", "missing"),
    [
        (cmdlet, name, missing)
        for cmdlet, name in SETS
        for missing in names(parameter_set(cmdlet, name), mandatory=True)
    ],
)
def test_a_mandatory_parameter_that_is_missing_is_refused(
    cmdlet: str, name: str, missing: str
) -> None:
    """As ambiguous where what remains could be of several sets; unless it is a call of another."""
    rest = [each for each in names(parameter_set(cmdlet, name)) if each != missing]
    fitting = [e for e in REFERENCE[cmdlet]["parameter_sets"] if set(rest) <= set(names(e))]
    complete = [e for e in fitting if set(names(e, mandatory=True)) <= set(rest)]
    preferred = counts_in_a_tie(cmdlet)
    if len(fitting) == 1 or (preferred in fitting and preferred not in complete):
        assert refusal(cmdlet, call(cmdlet, rest)) == "MissingMandatoryParameter"
    elif complete:
        bound = bind(cmdlet, call(cmdlet, rest)).parameter_set
        assert bound in [ours(each["name"]) for each in complete]
    else:
        assert refusal(cmdlet, call(cmdlet, rest)) == "AmbiguousParameterSet"


@each_row(
    ("cmdlet", "name", "foreign"),
    [
        (cmdlet, name, foreign)
        for cmdlet, name in SETS
        for foreign in REFERENCE[cmdlet]["parameters"]
        if foreign not in names(parameter_set(cmdlet, name))
    ],
)
def test_a_parameter_of_another_set_is_refused(cmdlet: str, name: str, foreign: str) -> None:
    """Beside all of this set's parameters: no set has them all, unless the other is a wider one."""
    together = [*names(parameter_set(cmdlet, name)), foreign]
    wider = [
        each["name"]
        for each in REFERENCE[cmdlet]["parameter_sets"]
        if set(together) <= set(names(each))
    ]
    if wider:
        assert bind(cmdlet, call(cmdlet, together)).parameter_set in map(ours, wider)
    else:
        assert refusal(cmdlet, call(cmdlet, together)) == "AmbiguousParameterSet"


@each_row(
    ("cmdlet", "name", "parameter"),
    [
        (cmdlet, name, parameter)
        for cmdlet, name in SETS
        for parameter in names(parameter_set(cmdlet, name), mandatory=True)
        if REFERENCE[cmdlet]["parameters"][parameter]["type"] in ("String", "UserIdParameter")
    ],
)
def test_an_empty_text_for_a_mandatory_parameter_is_refused(
    cmdlet: str, name: str, parameter: str
) -> None:
    """With the engine's own id for that."""
    arguments = call(cmdlet, names(parameter_set(cmdlet, name), mandatory=True))
    assert (
        refusal(cmdlet, {**arguments, parameter: ""})
        == "ParameterArgumentValidationErrorEmptyStringNotAllowed"
    )


@pytest.mark.parametrize(
    ("cmdlet", "name"),
    [(cmdlet, name) for cmdlet, name in SETS if CHOSEN_ID in names(parameter_set(cmdlet, name))],
)
def test_a_conference_id_is_refused_in_every_set(cmdlet: str, name: str) -> None:
    """Whatever the value, by name and by alias, in a call whose parameters bind."""
    each = parameter_set(cmdlet, name)
    arguments = call(cmdlet, names(each, mandatory=True))
    with confid.demo(seed=1):
        for given in (CHOSEN_ID, *REFERENCE[cmdlet]["parameters"][CHOSEN_ID]["aliases"]):
            for value in (1234567, "1234567", 0):
                assert bind(cmdlet, {**arguments, given: value}).parameter_set == ours(name)
                with pytest.raises(StaticConferenceIdError):
                    confid.get_command(cmdlet).function(**arguments, **{given: value})
