"""Help: what `get_help` and `help()` say of each cmdlet, and the parity page."""

from __future__ import annotations

import contextlib
import doctest
import io
import itertools
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import cmdlets
from confid.command.help import HelpText, describe, words
from confid.command.help.forms import syntax
from confid.engine.docstrings import python_type, read, reference_page
from confid.errors import ConfidError
from tests import parity_page
from tests.tables import each_row
from tests.test_reference import BESIDE, REFERENCE

if TYPE_CHECKING:
    from confid.engine.binder import CommandInfo

INFOS = confid.get_command()
LONGEST = 100
every_cmdlet = pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)

SET_USER = "Set-CsOnlineDialInConferencingUser"


# The docstrings, which help() shows.


@every_cmdlet
def test_a_docstring_has_every_section(info: CommandInfo) -> None:
    """What it does, PowerShell's form, what it returns and raises, an example, the page."""
    described = describe(info)
    assert described.synopsis.endswith(".")
    assert described.powershell.split()[0] == info.name
    assert described.returns
    assert described.raises
    assert described.example.startswith(">>> ")
    assert (info.function.__doc__ or "").endswith(reference_page(info))


@every_cmdlet
def test_a_docstring_describes_every_parameter(info: CommandInfo) -> None:
    """Each with its type and its words, those of confid's own too, in lines that fit."""
    docstring = info.function.__doc__ or ""
    described = re.sub(r"\n {8}", " ", docstring)
    own = {"command", "common", "return", *(p.python_name for p in info.parameters)}
    assert set(info.hints) - own <= {"notify", "if_unchanged"}
    for name in sorted(set(info.hints) - {"command", "common", "return"}):
        said = info.descriptions[name]
        assert said == said.strip()
        line = f"\n    {name} ({python_type(info, name)}): {said}\n"
        assert (line in described) is (name not in info.accepted)
        assert name in docstring
    assert not [x for x in docstring.splitlines() if len(x) > LONGEST and "https://" not in x]


@every_cmdlet
def test_the_example_of_a_docstring_runs(info: CommandInfo) -> None:
    """Each `>>>` block answers as it says, on the demo tenant."""
    names: dict[str, Any] = {"confid": confid}
    names |= {name: getattr(cmdlets, name) for name in cmdlets.__all__}
    test = doctest.DocTestParser().get_doctest(
        describe(info).example, names, info.name, str(info.function.__module__), 0
    )
    said: list[str] = []
    with confid.demo(seed=1):
        results = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert results.attempted
    assert not results.failed, "".join(said)


@every_cmdlet
def test_the_powershell_form_binds(info: CommandInfo) -> None:
    """Its parameters are the cmdlet's, and go together."""
    values: dict[str, object] = {"$true": True, "$false": False, "$null": None}
    # A script block stands for a text.
    line = describe(info).powershell.replace("{", "'").replace("}", "'")
    parts = shlex.split(line)[1:]
    named: dict[str, object] = {}
    for part, following in itertools.pairwise([*parts, "-"]):
        if part.startswith("-"):
            switched = following.startswith("-")
            named[part[1:]] = True if switched else values.get(following, following)
    assert list(confid.command.bind(info.name, named).bound) == list(named)


def test_the_words_of_an_accepted_parameter_say_why() -> None:
    """One without effect says so first, and then the reason; one that has an effect doesn't."""
    for info in INFOS:
        for parameter in info.parameters:
            said = words(info, parameter)
            has_none = said.startswith("no effect: ")
            assert has_none is (parameter.status == "accepted"), (info.name, parameter.name)


def test_sections_that_are_not_there_are_empty() -> None:
    """A docstring of one line is a synopsis and nothing else."""
    described = read("Does something.")
    assert described.synopsis == "Does something."
    assert described.returns == described.raises == described.example == ""


# get_help.


@every_cmdlet
def test_help_says_all_that_is_known(info: CommandInfo, capsys: pytest.CaptureFixture[str]) -> None:
    """By name in any casing: sections, parameters with alias, eras and status; in 100 columns."""
    for spelled in (info.name, info.name.upper(), f" {info.name.lower()} ", info.function.__name__):
        text = confid.get_help(spelled)
        assert capsys.readouterr().out == f"{text}\n"
    for title in ("NAME", "SYNOPSIS", "SYNTAX", "RETURNS", "RAISES", "EXAMPLE", "REFERENCE"):
        assert f"\n{title}\n" in f"\n{text}"
    for parameter in info.parameters:
        head = re.escape(f"-{parameter.name}") + r" [<\[].*\n"
        facts = rf" +{parameter.python_name}: .*{', '.join(parameter.eras)}; {parameter.status}\n"
        assert re.search(head + facts, text), parameter.name
        for alias in parameter.aliases:
            assert f"-{alias}" in text
    assert not [x for x in text.splitlines() if len(x) > LONGEST and "https://" not in x]
    assert describe(info).synopsis in text
    assert info.eras[0] in text.partition("SYNOPSIS")[0]


@pytest.mark.parametrize(
    "pattern",
    ["set-csonline\N{HORIZONTAL ELLIPSIS}", "Set-CsOnline...", "set-csonline", "SET-CSONLINE*"],
)
def test_several_that_fit_are_listed(pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The beginning of a name, an ellipsis or a wildcard: a line for each cmdlet."""
    lines = confid.get_help(pattern).splitlines()
    assert capsys.readouterr().out.splitlines() == lines
    fitting = [info.name for info in INFOS if info.name.startswith("Set-CsOnline")]
    assert [line.split()[0] for line in lines] == fitting
    assert all(describe(confid.get_command(n)).synopsis in confid.get_help(n) for n in fitting)


@pytest.mark.parametrize("pattern", ["set-cs*teams*", "remove-csteams\N{HORIZONTAL ELLIPSIS}"])
def test_the_one_that_fits_is_shown(pattern: str) -> None:
    """Where a pattern fits one cmdlet its whole page comes out."""
    assert confid.get_help(pattern).startswith("NAME\n")


def test_help_without_a_name_lists_everything() -> None:
    """A line for each cmdlet there is."""
    assert [line.split()[0] for line in confid.get_help().splitlines()] == [i.name for i in INFOS]


def test_help_is_short_where_it_is_echoed() -> None:
    """A notebook that echoes what the call returns doesn't print the page twice."""
    text = confid.get_help(SET_USER)
    assert isinstance(text, HelpText)
    assert len(repr(text)) < LONGEST


@pytest.mark.parametrize("name", ["Get-Nothing", "*nothing*", "set-csonline?"])
def test_help_for_what_is_not_there_is_refused(name: str) -> None:
    """With PowerShell's id and category, and the way to what there is."""
    with pytest.raises(LookupError, match=r"confid\.get_help\(\) lists") as caught:
        confid.get_help(name)
    assert isinstance(caught.value, ConfidError)
    assert caught.value.fully_qualified_error_id == "HelpNotFound"
    assert caught.value.category == "ResourceUnavailable"


@pytest.mark.parametrize("name", ["get-csonlineusr", "get_cs_online_usr"])
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(name: str) -> None:
    """In its own form, PowerShell's or Python's; `get_command` says the same."""
    for look_up in (confid.get_help, confid.get_command):
        with pytest.raises(LookupError if look_up is confid.get_help else TypeError) as caught:
            look_up(name)
        right = "get_cs_online_user" if "_" in name else "Get-CsOnlineUser"
        assert f"Did you mean {right}, " in str(caught.value)


@given(st.text(max_size=20))
def test_help_answers_any_text(name: str) -> None:
    """With help or with one of confid's errors."""
    with contextlib.suppress(ConfidError), contextlib.redirect_stdout(io.StringIO()):
        assert confid.get_help(name)


def test_the_syntax_is_powershells() -> None:
    """Brackets around what may be left out, and around the name alone of a positional one."""
    lines = list(syntax(confid.get_command("Get-CsOnlineDialInConferencingUserInfo"), width=400))
    assert lines == [
        "IdentityParams:",
        (
            "Get-CsOnlineDialInConferencingUserInfo [-Identity] <UserIdParameter> "
            "[-DomainController <Fqdn>] [-Force] [<CommonParameters>]"
        ),
        "TenantIdParams:",
        (
            "Get-CsOnlineDialInConferencingUserInfo [-Select <FilterSelection>] [-Filter <String>] "
            "[-SearchQuery <String>] [-Skip <Int32>] [-First <Int32>] [-SortDescending] "
            "[-Tenant <Guid>] [-DomainController <Fqdn>] [-Force] [<CommonParameters>]"
        ),
    ]
    grant = next(syntax(confid.get_command("Grant-CsDialoutPolicy")))
    assert grant.startswith("Grant-CsDialoutPolicy [[-Identity] <UserIdParameter>] [[-PolicyName]")


@every_cmdlet
def test_the_syntax_has_each_parameter_of_a_set_once(info: CommandInfo) -> None:
    """A form a set, all its parameters in it; those that must be given without brackets."""
    forms = [line for line in syntax(info, width=2000) if line.startswith(f"{info.name} ")]
    assert len(forms) == len(info.parameter_sets)
    for form, each in zip(forms, info.parameter_sets, strict=True):
        assert sorted(re.findall(r"-(\w+)", form.partition(" ")[2])) == sorted(each.parameters)
        must = {name for name in each.parameters if re.search(rf" (\[-{name}\] <|-{name}\b)", form)}
        assert must == each.mandatory


def test_types_are_in_a_python_callers_words() -> None:
    """Not given is no word of it; several kinds of records are one word."""
    info = confid.get_command(SET_USER)
    assert python_type(info, "identity") == "str | Record | Iterable"
    assert python_type(info, "bridge_id") == "UUID | str"
    assert python_type(info, "reset_conference_id") == "bool"
    assert python_type(info, "conference_id") == "object"


# The parity page.


def test_the_parity_page_is_that_of_the_registry() -> None:
    """docs/parity.md as it would be written today; `python tests/parity_page.py` writes it."""
    assert parity_page.PAGE.read_text(encoding="utf-8") == parity_page.text()


@each_row(
    ("cmdlet", "parameter"),
    [
        (cmdlet, parameter)
        for cmdlet, entry in sorted(REFERENCE.items())
        for parameter in entry["parameters"]
    ],
)
def test_the_parity_page_has_every_parameter_of_the_reference(cmdlet: str, parameter: str) -> None:
    """A row with type, aliases and eras as the reference has them, a status and words on it."""
    facts = REFERENCE[cmdlet]["parameters"][parameter]
    row = _rows(cmdlet)[parameter]
    assert row["aliases"] == facts["aliases"]
    assert row["type"].lower() == facts["type"].lower()
    assert row["eras"] == facts["eras"]
    assert row["status"] in ("implemented", "accepted")
    assert row["words"]


def test_the_parity_page_has_all_cmdlets_and_nothing_else() -> None:
    """No cmdlet and no parameter that the reference hasn't, but for the one beside the family."""
    text = parity_page.PAGE.read_text(encoding="utf-8")
    on_page = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    assert on_page == {info.name for info in INFOS}
    assert on_page - {BESIDE} == set(REFERENCE)
    for cmdlet in on_page - {BESIDE}:
        assert set(_rows(cmdlet)) == set(REFERENCE[cmdlet]["parameters"])
        listed = [
            f"| [{cmdlet}]",
            *("yes" if e in REFERENCE[cmdlet]["eras"] else "-" for e in ERAS),
        ]
        assert re.search(re.escape(listed[0]) + rf"\(.*\) \| {listed[1]} \| {listed[2]} \|", text)


ERAS = parity_page.ERAS


def _rows(cmdlet: str) -> dict[str, dict[str, Any]]:
    """The rows of a cmdlet on the page, by PowerShell's names."""
    text = parity_page.PAGE.read_text(encoding="utf-8")
    part = text.partition(f"\n## {cmdlet}\n")[2].partition("\n## ")[0]
    rows = {}
    for line in part.splitlines():
        if line.startswith("| `-"):
            names, kind, first, second, status, said = line.strip("| ").split(" | ", 5)
            name, *aliases = re.findall(r"`-(\w+)`", names)
            eras = [era for era, mark in zip(ERAS, (first, second), strict=True) if mark == "yes"]
            rows[name] = {
                "aliases": aliases,
                "type": kind,
                "eras": eras,
                "status": status,
                "words": said,
            }
    return rows
