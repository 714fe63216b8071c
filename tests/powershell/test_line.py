"""A line is read as PowerShell reads it, or refused with its position; nothing in it runs."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, LineError
from confid.powershell import quote
from confid.powershell.lines.parser import Argument, Block, CommandText, Named, parse_line
from tests.powershell.rows import params
from tests.tables import each_row

bounded = settings(deadline=2000)  # milliseconds an example may take

NOT_APPLYING = {
    "--%": "the rest of such a line goes to a program as it is, and no program is run here",
}
"""Rows of literal.json, by their source, that are no command with literal arguments."""
LITERAL_NODES = {"$true", "$null", "1,2", "a,b", "@('a','b')"}
"""Sources that PowerShell calls by another node than a constant, and that are literals."""
TYPES = {"string": str, "int": int, "float": float}


def only(line: str) -> CommandText:
    """Return the one command of a line."""
    (command,) = parse_line(line)
    return command


def values(source: str) -> list[Any]:
    """Return the values behind a command's name."""
    found = []
    for element in only(f"Set-X {source}").elements:
        assert isinstance(element, Argument)
        found.append(element.value)
    return found


@each_row(("case", "answer"), params("literal"))
def test_arguments_are_what_the_engine_reads(case: Any, answer: Any) -> None:
    """Each row of literal.json: constants of that type and value, parameters, or a refusal."""
    source = case["source"]
    if error := answer.get("error"):
        with pytest.raises(LineError) as refused:
            only(f"Set-X {source}")
        assert refused.value.error_id == error[0]
    elif source in NOT_APPLYING or not stays_literal(source, answer):
        refuse_or_keep_closed(f"Set-X {source}")
    else:
        elements = only(f"Set-X {source}").elements
        assert len(elements) == len(answer["elements"])
        for element, expected in zip(elements, answer["elements"], strict=True):
            if constant := expected.get("constant"):
                assert isinstance(element, Argument)
                assert type(element.value) is TYPES[constant["type"]]
                assert element.value == constant["value"]
            else:
                kind = Named if expected["node"] == "CommandParameterAst" else Argument
                assert isinstance(element, kind)


def stays_literal(source: str, answer: Any) -> bool:
    """Whether a row is one command with literal arguments."""
    return "elements" in answer and all(
        "constant" in element or element["node"] == "CommandParameterAst" or source in LITERAL_NODES
        for element in answer["elements"]
    )


def refuse_or_keep_closed(line: str) -> None:
    """A line that isn't one literal command: refused, or a stage or a block to be refused."""
    try:
        commands = parse_line(line)
    except LineError as error:
        assert error.error_id == "NotOneCommand"  # noqa: PT017 - either way is right
    else:
        assert len(commands) > 1 or any(isinstance(e, Block) for e in commands[0].elements)


@pytest.mark.parametrize(("case", "answer"), params("parse"))
def test_lines_are_one_command_or_refused(case: Any, answer: Any) -> None:
    """Each row of parse.json: the parse error's id, the one command, or a refusal."""
    line = case["text"]
    try:
        found = [command.name for command in parse_line(line)]
    except LineError as error:
        expected = answer["errors"][0] if answer["errors"] else "NotOneCommand"
        assert error.error_id == expected  # noqa: PT017 - rows that are more than a command
    else:
        assert found == answer["commands"][: len(found)]
        assert len(found) == 1 or "{" in line  # such blocks are refused when they are bound


def test_typographic_quotes_and_dashes_count() -> None:
    """A line pasted from a document reads as the one that was meant."""
    pasted = only("Set–X –Identity “Ken Myer” —Force")  # noqa: RUF001 - the point
    typed = only('Set-X -Identity "Ken Myer" -Force')
    assert pasted.name == typed.name
    assert [e.name for e in pasted.elements if isinstance(e, Named)] == ["Identity", "Force"]
    assert values("“Ken Myer”") == ["Ken Myer"]


@each_row(
    ("source", "expected"),
    [
        ("1.5 .5 1e3 1.", [1.5, 0.5, 1000.0, 1.0]),
        ("1kb 2mb 0x10 0b101 10l 7u 1.5d", [1024, 2 << 20, 16, 5, 10, 7, Decimal("1.5")]),
        ("-1 +1 1a 1.2.3 425-5551234 1e", ["-1", "+1", "1a", "1.2.3", "425-5551234", "1e"]),
        ("a, b ,'c'", [["a", "b", "c"]]),
        ("a,\n b", [["a", "b"]]),
        ("@() @(1) @(1,2) @('a'\n'b'; 3)", [[], [1], [1, 2], ["a", "b", 3]]),
        ("(1) ('a') (1,-2) ((1,2),3)", [1, "a", [1, -2], [[1, 2], 3]]),
        ("@(-1, +2, –3)", [[-1, 2, -3]]),  # noqa: RUF001 - an en dash
        ("$true,$FALSE,$Null", [[True, False, None]]),
        ("a'b c'd x\"y z\"", ["ab cd", "xy z"]),
        ("a`'b `-dash `$home a`tb `u{e9}", ["a'b", "-dash", "$home", "a\tb", "é"]),
        ('"say ""hi"" `"ho`" `$x $ $,"', ['say "hi" "ho" $x $ $,']),
        ("@'\nfirst\n'' \"\n'@ next", ["first\n'' \"", "next"]),
        ('@"\r\nsay ""hi""`t.\r\n"@', ['say ""hi""\t.']),
        ("@'\n'@", [""]),
        ("a <# gone ` ' #> b # the rest ' \"", ["a", "b"]),
        ("a `\n  b", ["a", "b"]),
        ("a#b c #d", ["a#b", "c"]),
        ("-- -Force", ["-Force"]),
        ("a\n\n", ["a"]),
        ("a; ", ["a"]),
        ("CN=Ken,OU=x", [["CN=Ken", "OU=x"]]),
        ("a$ $", ["a$", "$"]),
        ("\u00a0a\u2003b", ["a", "b"]),
    ],
)
def test_what_the_rows_leave_open(source: str, expected: list[Any]) -> None:
    """Numbers and their suffixes, arrays, escapes, here-strings, comments, blanks."""
    found = values(source)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_a_number_keeps_how_it_was_typed() -> None:
    """`0123` is a number and the text 0123, as PowerShell gives it to a text parameter."""
    (element,) = only("Set-X 0123").elements
    assert isinstance(element, Argument)
    assert (element.value, element.text) == (123, "0123")


@each_row(
    ("line", "at", "word"),
    [
        ("Set-X $user", "$user", "variables"),
        ("Set-X $env:PATH", "$env", "variables"),
        ("Set-X $true.Length", "$true", "variables"),
        ('Set-X "Dear $name"', "$name", "variable"),
        ('Set-X "Dear $(calc)"', "$(", "variable"),
        ("Set-X a$b", "$b", "variables"),
        ("Set-X (Get-Date)", "Get-Date", "computed"),
        ("Set-X $(Get-Date)", "$(", "computed"),
        ("Set-X @(Get-Date)", "Get-Date", "computed"),
        ("Set-X (1+1)", "+1", "computed"),
        ("Set-X 'a'.Length", ".Length", "computed"),
        ("Set-X @{a=1}", "@{", "hashtable"),
        ("Set-X @params", "@params", "splatting"),
        ("Set-X a > out.txt", ">", "output"),
        ("Set-X a 2>&1", ">", "output"),
        ("Set-X a & ", "&", "background"),
        ("& Set-X", "&", "background"),
        ("Set-X a; Set-Y b", "Set-Y", "one command"),
        ("Set-X a\nSet-Y b", "Set-Y", "one command"),
        ("Set-X a || Set-Y", "| Set-Y", "||"),
        ("'Set-X' a", "'Set-X'", "name of a command"),
        ("1 + 1", "1 + 1", "name of a command"),
        (". ./x.ps1", ". ./x", "name of a command"),
        ("$x = 5", "$x", "variables"),
        ("Set-X --% a", "--%", "programs"),
    ],
)
def test_what_could_run_is_refused_where_it_stands(line: str, at: str, word: str) -> None:
    """The error has the position, shows the place and says what to do in Python."""
    with pytest.raises(LineError) as refused:
        only(line)
    assert refused.value.position == line.index(at)
    assert word in str(refused.value)
    assert refused.value.category == "ParserError"


@pytest.mark.parametrize(
    ("line", "error_id"),
    [
        ("", "EmptyPipeElement"),
        (" # nothing", "EmptyPipeElement"),
        ("Set-X |", "EmptyPipeElement"),
        ("| Set-X", "EmptyPipeElement"),
        ("Set-X 'a", "TerminatorExpectedAtEndOfString"),
        ("Set-X @'\na'@", "TerminatorExpectedAtEndOfString"),
        ("Set-X @'a'@", "UnexpectedCharactersAfterHereStringHeader"),
        ("Set-X a,", "MissingArgument"),
        ("Set-X ,a", "MissingArgument"),
        ("Set-X -Name:", "ParameterRequiresArgument"),
        ("Set-X @(1", "MissingEndParenthesisInSubexpression"),
        ("Set-X (1", "MissingEndParenthesisInExpression"),
        ("Set-X {", "MissingEndCurlyBrace"),
        ("Set-X )", "UnexpectedToken"),
        ("Set-X " + "(" * 60, "NotOneCommand"),
    ],
)
def test_what_is_no_line_has_the_id_of_the_parser(line: str, error_id: str) -> None:
    """Where PowerShell's parser refuses the text, so does this one, by the same name."""
    with pytest.raises(LineError) as refused:
        only(line)
    assert refused.value.error_id == error_id


def test_a_colon_ties_a_value_to_its_parameter() -> None:
    """`-A:1`, `-A: 1` and `-A:1,2` have their argument; `-A 1` is two elements."""
    for source in ("-A:1,2", "-A: 1, 2"):
        (named,) = only(f"Set-X {source}").elements
        assert isinstance(named, Named)
        assert named.argument is not None
        assert named.argument.value == [1, 2]
    first, second = only("Set-X -A 1").elements
    assert isinstance(first, Named)
    assert (first.argument, isinstance(second, Argument)) == (None, True)


def test_a_pipeline_is_cut_at_its_bars() -> None:
    """Bars in quotes, blocks and comments don't count; a line may go on behind or before one."""
    line = "Get-X 'a|b' |\n where { $_.A -eq '}|' } <# | #>\n | select A"
    assert [command.name for command in parse_line(line)] == ["Get-X", "where", "select"]


@bounded
@given(st.lists(st.text() | st.text(st.sampled_from("'‘’\"“$`(){}@#;|&,-\n\r a"))))  # noqa: RUF001
def test_quoted_text_is_read_back(texts: list[str]) -> None:
    """Whatever is in it, and nothing of it is anything but that text."""
    assert values(" ".join(map(quote, texts))) == texts


PIECES = st.sampled_from(
    [*"'\"“’`$(){}@#;|&,<>-–\n\r :.1aé\0", "@'\n", "\n'@", "<#", "#>", "$true", "@(", "0x", "kb"]  # noqa: RUF001
)


@bounded
@given(st.text() | st.lists(PIECES).map("".join))
@example("a'" * 50)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but confid's own errors, with a position in the line."""
    for line in (text, f"Set-X {text}"):
        try:
            assert parse_line(line)
        except ConfidError as error:
            assert isinstance(error, LineError)  # noqa: PT017 - most texts are no lines
            assert 0 <= error.position <= len(line)  # noqa: PT017 - either will do


LONG = 40_000


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "'", "'a' ", '"', "`", "a,", "(", "@(", "1 ", "-a ", "-", "#", "<#", "@'\n", "\n"),
        *("|a", "{", "{'", "$", "$true ", "a'b'", "a`b", "@'\n'", ",", "\r\n", "<# #>", "1."),
        *("`\n", "x|\n", "1e+", "0x"),
    ],
)
def test_a_long_line_takes_time_by_its_length(unit: str) -> None:
    """40 kB of anything is read or refused within seconds."""
    start = time.perf_counter()
    for line in (f"Set-X {unit * (LONG // len(unit))}", unit * (LONG // len(unit))):
        try:
            parse_line(line)
        except LineError as error:
            assert len(str(error)) < 500  # noqa: PT017 - either will do
    assert time.perf_counter() - start < 10  # quadratic time would be minutes
