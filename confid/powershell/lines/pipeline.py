"""What may stand behind a `|`: choosing, sorting and selecting objects, and showing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs

from confid.errors import ConfidError, LineError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.language.values import items_of, text_given
from confid.powershell.lines.outputs import OUTPUTS, Output
from confid.powershell.lines.parser import CommandText, parse_line
from confid.powershell.lines.select_object import select_object
from confid.powershell.lines.sort_object import sort_object
from confid.powershell.lines.where_object import where_object

Stage = Callable[[list[Any]], list[Any]]


def _where(command: CommandText) -> Stage:
    fits = where_object(command)
    return lambda items: [item for item in items if fits(item)]


_STAGES: Final[dict[str, tuple[str, Callable[[CommandText], Stage]]]] = {
    **dict.fromkeys(("where-object", "where", "?"), ("Where-Object", _where)),
    **dict.fromkeys(("select-object", "select"), ("Select-Object", select_object)),
    **dict.fromkeys(("sort-object", "sort"), ("Sort-Object", sort_object)),
}
_LOOPS: Final = ("foreach-object", "foreach", "%")


@attrs.frozen
class Tail:
    """The stages of a line, ready to run, and what shows their objects at the end, if any."""

    stages: tuple[Stage, ...]
    output: Output | None

    def objects(self, items: list[Any]) -> list[Any]:
        """What comes out of the stages."""
        for stage in self.stages:
            items = stage(items)
        return items


def read_tail(commands: Iterable[CommandText]) -> Tail:
    """Read the commands behind the first `|`; all of them, before anything is done.

    Raises `LineError` for one that can't stand there, and what the stages raise for their
    arguments.
    """
    stages: list[Stage] = []
    output: Output | None = None
    for command in commands:
        name = command.name.lower()
        if output is not None:
            raise LineError(command.line, command.position, "nothing may follow what shows objects")
        if name in _STAGES:
            stages.append(_read(command, *_STAGES[name]))
        elif name in OUTPUTS:
            output = _read(command, *OUTPUTS[name])
        else:
            raise _not_behind_a_bar(command)
    return Tail(tuple(stages), output)


def _read(command: CommandText, name: str, read: Callable[[CommandText], Stage]) -> Stage:
    """Read a stage, whose errors leave under its name, now and when it runs."""
    with _leaving(name):
        stage = read(command)

    def run(items: list[Any]) -> list[Any]:
        with _leaving(name):
            return stage(items)

    return run


@contextmanager
def _leaving(name: str) -> Iterator[None]:
    try:
        yield
    except LineError:
        raise
    except ConfidError as error:
        error.cmdlet = error.cmdlet or name
        raise


def _not_behind_a_bar(command: CommandText) -> LineError:
    why = (
        "write a for loop in Python over what the line gives"
        if command.name.lower() in _LOOPS
        else "take what the line gives and go on in Python: a cmdlet takes an iterable of "
        "identities as its first argument"
    )
    return LineError(
        command.line,
        command.position,
        f"{command.name[:40]} can't stand behind a |, only Where-Object, Select-Object, "
        f"Sort-Object, and at the end Format-List, Format-Table, Export-Csv and "
        f"ConvertTo-Json; {why}",
    )


@ends_at_caller
def pipe(objects: Iterable[Any], tail: str) -> list[Any]:
    """Return what comes out behind a `|`: `pipe(users, "where Level -gt 2 | sort Level")`.

    In: records, mappings or plain values, and the text behind the `|`: Where-Object,
    Select-Object and Sort-Object, or their aliases, with literal arguments. Objects come out
    as they are, chosen properties as dicts. At the end may stand Format-List, Format-Table
    or ConvertTo-Json, which give one text, or Export-Csv, which gives nothing and writes a
    file. Raises `LineError` for anything else, with its position, and other ConfidErrors with
    PowerShell's ids.
    """
    read = read_tail(parse_line(text_given("tail", tail)))
    items = read.objects(list(items_of(objects)))
    return items if read.output is None else read.output(items)
