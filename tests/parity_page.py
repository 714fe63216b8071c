"""The parity page, from the registry: `python -m tests.parity_page` writes docs/parity.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import confid
from confid.command.help import describe, words
from confid.command.help.forms import EVERY_SET
from confid.engine.docstrings import reference_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.binder import CommandInfo, Parameter

PAGE = Path(__file__).parent.parent / "docs" / "parity.md"
ERAS = ("2019", "2026")
BEGINNING = """\
# Cmdlets and parameters

This page lists every cmdlet and parameter: which era of the module has it, and whether confid does
what is documented. It is written from confid's own registry.

- **implemented**: it does what its line says.
- **accepted**: it is checked and has no effect, for the reason in its line. A call that uses it
  says so in a warning.
- **2019** is the module in which conference IDs belonged to organizers and could be reset. **2026**
  is today's. confid has both at once.

Every cmdlet also has the common parameters (`session`, `error_action`, `error_variable`, …).
`confid.get_help("Set-CsOnlineDialInConferencingUser")` describes them, and what this page leaves
out: the syntax, the types in Python and an example.
"""


def text() -> str:
    """The page as it should be."""
    infos = confid.get_command()
    return "\n".join([BEGINNING, *_summary(infos), *(line for i in infos for line in _part(i))])


def _summary(infos: list[CommandInfo]) -> Iterator[str]:
    parameters = [parameter for info in infos for parameter in info.parameters]
    counted = Counter(parameter.status for parameter in parameters)
    yield (
        f"{len(infos)} cmdlets, {len(parameters)} parameters: "
        f"{counted['implemented']} implemented, {counted['accepted']} accepted."
    )
    yield ""
    yield f"| Cmdlet | {' | '.join(ERAS)} | Implemented | Accepted |"
    yield "| --- | --- | --- | --- | --- |"
    for info in infos:
        of_it = Counter(parameter.status for parameter in info.parameters)
        link = f"[{info.name}](#{info.name.lower()})"
        eras = " | ".join(_mark(era in info.eras) for era in ERAS)
        yield f"| {link} | {eras} | {of_it['implemented']} | {of_it['accepted']} |"
    yield ""


def _part(info: CommandInfo) -> Iterator[str]:
    yield f"## {info.name}"
    yield ""
    yield f"`{info.function.__name__}`. {describe(info).synopsis}"
    sets = [f"{s.name}{' (default)' if s.is_default else ''}" for s in info.parameter_sets]
    if sets[0].removesuffix(" (default)") != EVERY_SET:
        yield f"Parameter sets: {', '.join(sets)}."
    yield f"[Reference]({reference_page(info)})"
    yield ""
    if info.parameters:
        yield f"| Parameter | Type | {' | '.join(ERAS)} | Status | What it does, or why not |"
        yield "| --- | --- | --- | --- | --- | --- |"
        yield from (_row(info, parameter) for parameter in info.parameters)
        yield ""


def _row(info: CommandInfo, parameter: Parameter) -> str:
    name = ", ".join(f"`-{each}`" for each in (parameter.name, *parameter.aliases))
    cells = [
        name,
        parameter.type,
        *(_mark(era in parameter.eras) for era in ERAS),
        parameter.status,
        words(info, parameter).replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def _mark(there: bool) -> str:
    return "yes" if there else "-"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8", newline="\n")
