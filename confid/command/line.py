"""A line as typed: one command of the registry, and what its objects go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confid.command.lookup import get_command
from confid.command.typed import bind_command, refuse_typed_ids
from confid.errors import LineError, StaticConferenceIdError, demand
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.lines.parser import parse_line
from confid.powershell.lines.pipeline import read_tail
from confid.tenant.records import Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from confid.command.typed import BoundCommand
    from confid.engine.session import Session
    from confid.powershell.lines.parser import CommandText
    from confid.powershell.lines.pipeline import Tail


@ends_at_caller
def invoke(line: str, *, session: Session | None = None) -> Any:
    """Run one command as typed: `invoke('Get-CsOnlineUser | where Department -eq Sales')`.

    In: the name of a cmdlet and literal arguments, by PowerShell's rules for names, prefixes,
    aliases, positions, colons and switches. Behind it may stand what
    `confid.powershell.pipe` takes.

    Out: what the cmdlet's Python function returns. Behind Where-Object, Select-Object and
    Sort-Object `Results` of records, or a list of other objects (chosen properties
    are dicts); behind Format-List, Format-Table and ConvertTo-Json a text, behind Export-Csv
    None.

    Raises `LineError`, with the position, for anything else: variables, script blocks,
    sub-expressions, redirections, a second command. Nothing of a line is run as code, and the
    whole of it is read before the cmdlet is called. Raises `ParameterBindingError` with
    PowerShell's ids, and what the cmdlet raises.
    """
    demand("line", line, str, "one command as text")
    first, *rest = parse_line(line)
    call = _bound(first)
    tail = read_tail(rest)
    if rest and call.arguments.get("as_job"):
        raise LineError(
            line, rest[0].position, "a job has no objects yet; wait for its result in Python"
        )
    output = call.run(session)
    return _through(tail, output) if rest else output


def _bound(command: CommandText) -> BoundCommand:
    try:
        refuse_typed_ids(command)
    except StaticConferenceIdError as error:
        error.cmdlet = get_command(command.name).name
        raise
    return bind_command(command)


def _through(tail: Tail, output: object) -> object:
    if isinstance(output, Results):
        items, errors = list(output), output.errors
    else:
        items, errors = [] if output is None else [output], ()
    items = tail.objects(items)
    if tail.output is not None:
        shown = tail.output(items)
        return shown[0] if shown else None
    if all(isinstance(item, Record) for item in items):
        return Results(items, errors)
    return items
