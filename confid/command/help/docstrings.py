"""How a cmdlet's docstring is laid out: its sections, read once for help and the parity page."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap

import attrs

_HEADING = re.compile(
    r"(PowerShell|Parameters|Returns|Raises|Example|Page)(?:, in `confid\.demo\(\)`)?: *(.*)"
)
_PARAMETER = re.compile(r" {4}(\w+) \(([^)]*)\): *(.*)")
_CONTINUED = " " * 8


@attrs.frozen
class Said:
    """What a docstring says of a parameter: its Python type, and what it does."""

    type: str
    words: str


@attrs.frozen(kw_only=True)
class Described:
    """A docstring's sections. `parameters` go by Python names; a section that isn't there is ''."""

    synopsis: str
    description: str = ""
    powershell: str = ""
    parameters: dict[str, Said] = attrs.field(factory=dict)
    returns: str = ""
    raises: str = ""
    example: str = ""
    reference: str = ""


@functools.lru_cache(maxsize=64)
def read(docstring: str) -> Described:
    """The sections of a cmdlet's docstring.

    A synopsis and a description, then under their headings the PowerShell form,
    the parameters (`name (type): words`, a line each, continued further in),
    what it returns and raises, an example, and the page it follows.
    """
    sections: dict[str, list[str]] = {"": []}
    current = sections[""]
    for line in inspect.cleandoc(docstring).splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            name, rest = heading.groups()
            current = sections[name] = [rest] if rest else []
        else:
            current.append(line)

    def text(name: str) -> str:
        return textwrap.dedent("\n".join(sections.get(name, []))).strip()

    synopsis, _, description = text("").partition("\n\n")
    return Described(
        synopsis=synopsis,
        description=description.strip(),
        powershell=text("PowerShell").strip("`"),
        parameters=_parameters(sections.get("Parameters", [])),
        returns=text("Returns"),
        raises=text("Raises"),
        example=text("Example"),
        reference=text("Page"),
    )


def _parameters(lines: list[str]) -> dict[str, Said]:
    said: dict[str, Said] = {}
    current = None
    for line in lines:
        parameter = _PARAMETER.fullmatch(line)
        if parameter:
            current, type_name, words = parameter.groups()
            said[current] = Said(type_name, words)
        elif current and line.startswith(_CONTINUED):
            before = said[current]
            said[current] = attrs.evolve(before, words=f"{before.words} {line.strip()}".strip())
        else:
            current = None
    return said
