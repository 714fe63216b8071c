"""A rehearsal as a PowerShell script, to be read by a person and run on the real tenant.

Every text of a tenant stands in it as a literal, made by `powershell.quote`, or in a comment of
one line. No conference ID and no PIN stands in it.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from confid.errors import InvalidArgumentError, shown
from confid.rehearsal.calls import literal
from confid.rehearsal.commands import ERAS, Command, Remark, as_command
from confid.rehearsal.overview import headline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confid.rehearsal.commands import Look, Target
    from confid.rehearsal.outcome import Outcome

COMMENT_WIDTH: Final = 100
NAMES_SHOWN: Final = 1000

_SIGNATURE: Final = "sig#beginsignatureblock"
_TOLERANCE: Final = 10
"""So many letters may differ: blanks and case don't count."""
SIGNATURE_PADDING: Final = " ." * (len(_SIGNATURE) + _TOLERANCE)

_CONNECT: Final = {
    "2026": "Connect-MicrosoftTeams comes first.",
    "2019": "For the module of 2019. These lines come first: Import-Module SkypeOnlineConnector; "
    "$session = New-CsOnlineSession; Import-PSSession $session",
}
_BEGINNING: Final = """
[CmdletBinding(SupportsShouldProcess)]
param()

Set-StrictMode -Off
$done = 0
$step = 0
$steps = {steps}
$left = @()
$failed = @()
"""
_GUARD: Final = """
$differences = @{}

function ConvertTo-SeenText {
    param($Value)
    # A number, a policy or a list as one text, whatever form the module gives it.
    $texts = foreach ($one in @($Value)) {
        if ($null -ne $one.Number) { $one = $one.Number }
        elseif ($null -ne $one.Name) { $one = $one.Name }
        "$one" -replace '^(tel:)?\\+', '' -replace '^Tag:', ''
    }
    @($texts) -join ','
}

function Add-Difference {
    param($Target, [scriptblock] $Look)
    # What was seen stands once, though calls may give the same object other names.
    if ($null -eq $Target.Seen) { return }
    Write-Progress -Activity 'Rehearsed changes' -Status "Looking at $($Target.Name)"
    $now = $null
    $why = ''
    # What can't be looked at shows nothing, as what isn't there.
    try { $now = & $Look }
    catch { $why = ": $_" }
    $found = foreach ($name in $Target.Seen.Keys) {
        $is = ConvertTo-SeenText $now.$name
        $was = ConvertTo-SeenText $Target.Seen[$name]
        if ($is -ne $was) { "$name is '$is', and was '$was' in the rehearsal$why" }
    }
    $differences[$Target.Key] = @($found) -join '; '
}

# Each object is looked at here, before anything is changed.
"""
_PROGRESS: Final = (
    "Write-Progress -Activity 'Rehearsed changes' -Status \"$step of $steps\" "
    "-PercentComplete (100 * $step / $steps)"
)
_END: Final = """
Write-Progress -Activity 'Rehearsed changes' -Completed
foreach ($line in $left) { Write-Warning "Left alone: $line" }
foreach ($line in $failed) { Write-Warning "Failed: $line" }
Write-Host "$done of $steps done, $($left.Count) left alone, $($failed.Count) failed."
if ($left.Count -or $failed.Count) { exit 1 }
"""


def script_of(outcome: Outcome, *, era: str, guard: bool) -> str:
    """The script. Raises `InvalidArgumentError` for an era that there is none of."""
    found = list(_found(outcome, era))
    steps = sum(len(one.targets) for one in found if isinstance(one, Command))
    parts = [_header(outcome, era, steps), _BEGINNING.format(steps=steps)]
    if guard:
        parts.append(_GUARD)
        keys: dict[tuple[str, str], int] = {}
        for number, one in enumerate(found, 1):
            if isinstance(one, Command) and (look := one.look):
                parts.append("\n".join(_looking(one, look, number, keys)) + "\n")
    for number, one in enumerate(found, 1):
        if isinstance(one, Remark):
            parts.append("\n" + _remark(one))
        else:
            parts.append("\n" + "\n".join(_lines(one, number, guard=guard)) + "\n")
    parts.append(_END)
    return "".join(parts)


def script_warnings(outcome: Outcome) -> Iterator[str]:
    """What today's module can't do of the calls."""
    for one in _found(outcome, ERAS[-1]):
        if isinstance(one, Remark) and not one.call.failed and not one.call.undone:
            yield f"{one.call.name}: {one.why}"
        elif isinstance(one, Command):
            yield from (f"{one.call.name}: {remark}" for remark in one.remarks)


def _found(outcome: Outcome, era: str) -> Iterator[Command | Remark]:
    if era not in ERAS:
        raise InvalidArgumentError(
            f"era={shown(era)}: there are {' and '.join(map(repr, ERAS))}.", target="era"
        )
    for call in outcome.calls:
        if (one := as_command(call, outcome, era)) is not None:
            yield one


def _header(outcome: Outcome, era: str, steps: int) -> str:
    return ("#Requires -Modules MicrosoftTeams\n" if era == "2026" else "") + comment(
        f"Rehearsed with confid {version('confid')} on {outcome.at:%Y-%m-%d %H:%M} UTC: "
        f"{headline(outcome, ())}.",
        f"It makes {steps} call{'' if steps == 1 else 's'}. Read it before you run it. With "
        "-WhatIf it calls nothing but Get- cmdlets.",
        _CONNECT[era],
    )


def comment(*texts: str) -> str:
    """Texts as lines of comments, which no text in them can end.

    PowerShell takes a line that resembles the head of a signature for the end of the script. Such
    a line is made longer than a head can be.
    """
    lines: list[str] = []
    for text in texts:
        plain = "".join(c if c.isprintable() else " " for c in text)
        lines += textwrap.wrap(
            plain, COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "".join(f"# {line}{SIGNATURE_PADDING * _is_like_a_signature(line)}\n" for line in lines)


def _is_like_a_signature(line: str) -> bool:
    """Whether enough letters are those of a signature's head, in whatever order."""
    letters = "".join(line.lower().split())
    shared = (Counter(letters) & Counter(_SIGNATURE)).total()
    return len(_SIGNATURE) - shared <= _TOLERANCE and len(letters) - shared <= _TOLERANCE


def _remark(remark: Remark) -> str:
    names = [f"  {name}" for name in remark.names[:NAMES_SHOWN]]
    if len(remark.names) > NAMES_SHOWN:
        names.append(f"  and {len(remark.names) - NAMES_SHOWN} more")
    return comment(f"{remark.call.name}: {remark.why}", *names)


def _looking(
    command: Command, look: Look, number: int, keys: dict[tuple[str, str], int]
) -> Iterator[str]:
    """The targets of one call, and a look at each that was not looked at yet.

    `keys` has the number of each object that was.
    """
    yield from _targets(number, (_seen(target, keys) for target in command.targets))
    by = f" -{look.by} $target.Name" if look.by else ""
    getter = f"{look.cmdlet}{by} -ErrorAction SilentlyContinue"
    yield f"foreach ($target in $targets{number}) {{"
    yield f"    Add-Difference $target {{ {getter} }}"
    yield "}"


def _targets(number: int, targets: Iterable[str]) -> Iterator[str]:
    yield f"$targets{number} = @("
    yield from (f"    @{{ {target} }}" for target in targets)
    yield ")"


def _named(target: Target) -> str:
    return f"Name = {literal(target.name)}"


def _seen(target: Target, keys: dict[tuple[str, str], int]) -> str:
    """A target with what the rehearsal saw there, unless it was said before."""
    if (look := target.look) is None:
        return f"{_named(target)}; Key = 0"
    if look.of in keys:
        return f"{_named(target)}; Key = {keys[look.of]}"
    key = keys[look.of] = len(keys) + 1
    seen = "; ".join(f"{name} = {_value(value)}" for name, value in look.seen.items())
    return f"{_named(target)}; Key = {key}; Seen = @{{ {seen} }}"


def _value(value: object) -> str:
    return literal(list(value) if isinstance(value, tuple) else value)


def _lines(command: Command, number: int, *, guard: bool) -> Iterator[str]:
    """The lines of one call, in a loop over its targets."""
    name = command.call.name
    said = (*command.remarks, *command.failures)
    yield from comment(f"{name}, for {len(command.targets)}.", *said).splitlines()
    guarded = guard and command.look is not None
    if not guarded:
        yield from _targets(number, map(_named, command.targets))
    yield f"foreach ($target in $targets{number}) {{"
    yield from (f"    {line}" for line in _call(command, guarded=guarded))
    yield "}"


def _call(command: Command, *, guarded: bool) -> Sequence[str]:
    """The lines that make the call for `$target`."""
    name = command.call.name
    identity = ("-Identity $target.Name",) if command.many else ()
    line = " ".join([name, *identity, *command.arguments, "-ErrorAction Stop"])
    asks = f"if ($PSCmdlet.ShouldProcess($target.Name, '{name}')) {{"
    lines = ["$step += 1", _PROGRESS, "try {"]
    if guarded:
        lines += [
            "    $difference = $differences[$target.Key]",
            "    if ($difference) {",
            f'        $left += "$($target.Name), {name}: $difference"',
            "    }",
            f"    else{asks}",
        ]
    else:
        lines.append(f"    {asks}")
    return [
        *lines,
        *(f"        {line}" for line in command.before),
        f"        {line}",
        "        $done += 1",
        "    }",
        "}",
        "catch {",
        f'    $failed += "$($target.Name), {name}: $_"',
        "}",
    ]
