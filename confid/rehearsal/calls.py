"""The calls of a rehearsal, by PowerShell's names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.engine.binder import registry
from confid.errors import ConfidError, shown
from confid.powershell import quote
from confid.powershell.language.literals import SINGLE_QUOTES
from confid.tenant import directory
from confid.tenant.policies import TeamsAudioConferencingPolicy
from confid.tenant.records import Bridge, DirectoryUser, Record, ServiceNumber, prop
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confid.engine.binder import CommandInfo
    from confid.engine.recording import RecordedCall
    from confid.tenant.unit_of_work import UnitOfWork

AT_ONCE_SHOWN = 3
"""Items of a list that a view of a call shows."""

_TEXT = re.compile(rf"'(?:[^{SINGLE_QUOTES}]|([{SINGLE_QUOTES}])\1)*'")


@attrs.frozen(kw_only=True, str=False)
class RehearsedCall(Record):
    """A call in a rehearsal: its parameters by PowerShell's names, and what came of it.

    `touched` counts what it changed, or what a Get- returned. `beside` are the arguments for
    which PowerShell has no word. `error` is the first of its `errors`.
    """

    name: str = prop("Name")
    touched: int = prop("Touched")
    error: ConfidError | None = prop("Error", default=None)
    parameters: Mapping[str, object] = prop("Parameters")
    errors: tuple[ConfidError, ...] = ()
    beside: Mapping[str, object] = attrs.field(factory=dict)
    writes: bool = False
    failed: bool = False
    undone: bool = False

    def __powershell__(self) -> dict[str, object]:
        """The properties, the parameters and the error as text."""
        return {
            "Name": self.name,
            "Touched": self.touched,
            "Error": self.error and self.error.message,
            "Parameters": self.brief,
        }

    @property
    def brief(self) -> str:
        """The parameters in a line, long lists cut with a count."""
        return " ".join(f"-{name} {_brief(value)}" for name, value in self.parameters.items())

    @property
    def info(self) -> CommandInfo | None:
        """The cmdlet; None for a function of confid's own."""
        return registry.get(self.name.lower())


def _brief(value: object) -> str:
    if isinstance(value, list | tuple) and len(value) > AT_ONCE_SHOWN:
        items = ",".join(map(_brief, value[:AT_ONCE_SHOWN]))
        return f"@({items}, and {len(value) - AT_ONCE_SHOWN} more)"
    try:
        return literal(value)
    except (ConfidError, UnicodeError):
        return shown(value, 40)


def literal(value: object) -> str:
    """A value in PowerShell's text, in which each character can be seen.

    Raises `ConfidError` or `UnicodeError` where it has no form.
    """
    text = quote(value)
    text.encode()
    if "\0" in text:
        raise UnicodeError("a NUL has no form in a script")
    return text if text.isprintable() else _TEXT.sub(_visible, text)


def _visible(text: re.Match[str]) -> str:
    """A text between quotes, in which what isn't printed stands as its number."""
    if text[0].isprintable():
        return text[0]
    return f"({''.join(c if c.isprintable() else _numbered(c) for c in text[0])})"


def _numbered(character: str) -> str:
    units = character.encode("utf-16-be")
    numbers = (units[at : at + 2].hex().upper() for at in range(0, len(units), 2))
    return f"' + {' + '.join(f'[char]0x{number}' for number in numbers)} + '"


def rehearsed(recorded: RecordedCall, people: Mapping[str, DirectoryUser]) -> RehearsedCall:
    """A call as it is shown; `people` are the users that identities name."""
    info = registry.get(recorded.name.lower())
    parameters: dict[str, object] = {}
    beside: dict[str, object] = {}
    for name, value in recorded.arguments.items():
        declared = info.by_name.get(name.lower()) if info else None
        if declared is not None:
            given = _each_once(value, people) if name == "identity" else value
            parameters[declared[1].name] = given if name == "instance" else _plain(given, people)
        elif info is None:
            parameters[name] = _plain(value, people)
        else:
            beside[name] = value
    result = recorded.result
    found = len(result) if isinstance(result, Results) else int(result is not None)
    touched = len(dict.fromkeys(recorded.targets)) if recorded.writes and info else found
    return RehearsedCall(
        name=recorded.name,
        parameters=parameters,
        touched=0 if recorded.failed or recorded.undone else touched,
        error=recorded.errors[0] if recorded.errors else None,
        errors=tuple(recorded.errors),
        beside=beside,
        writes=recorded.writes,
        failed=recorded.failed,
        undone=recorded.undone,
    )


def _each_once(value: Any, people: Mapping[str, DirectoryUser]) -> Any:
    """Identities without those that name a person again."""
    if not isinstance(value, list | tuple | Results):
        return value
    found: dict[object, object] = {}
    for one in value:
        user = people.get(_identity(one) or "")
        found.setdefault(user.owner if user else id(one), one)
    return list(found.values())


def _identity(value: object) -> str | None:
    try:
        return directory.identity_text(value)
    except ConfidError:
        return None


def _plain(value: Any, people: Mapping[str, DirectoryUser]) -> Any:
    """A value as a script can say it: the name of a record."""
    if isinstance(value, list | tuple | Results):
        return [_plain(item, people) for item in value]
    if isinstance(value, Record) and (name := _name(value) or _identity(value)):
        # A person removed later is not among the people, but the record may have the name.
        return getattr(people.get(name, value), "user_principal_name", name)
    return value


def _name(value: Record) -> str | None:
    """What a number, a bridge or a policy is called."""
    if isinstance(value, ServiceNumber):
        return value.number
    if isinstance(value, Bridge | TeamsAudioConferencingPolicy):
        return str(value.identity)
    return None


def texts(value: object) -> Iterator[str]:
    """The texts in the value of a parameter, and the names of things."""
    if isinstance(value, list | tuple | Results):
        for item in value:
            yield from texts(item)
    elif isinstance(value, Record):
        yield _name(value) or ""
    elif isinstance(value, str | UUID):
        yield str(value)


def named_people(calls: Iterable[RecordedCall]) -> list[str]:
    """The identities of people that calls were given, each once."""
    found: dict[str, None] = {}
    for call in calls:
        info = registry.get(call.name.lower())
        for name in ("identity", "organizer", "owner"):
            value = call.arguments.get(name)
            if value is None or (info is not None and not names_people(info)):
                continue
            for one in [value] if directory.is_one(value) else value:
                if identity := _identity(one):
                    found[identity] = None
    return list(found)


def names_people(info: CommandInfo) -> bool:
    """Whether a cmdlet's Identity is a person's."""
    noun = info.name.partition("-Cs")[2]
    if "Policy" in noun:
        return info.name.startswith("Grant-")
    return "User" in noun or "Migration" in noun


def people_of(unit: UnitOfWork, identities: Sequence[str]) -> dict[str, DirectoryUser]:
    """The people that identities name, by identity; those of nobody are left out."""
    found = zip(identities, unit.find_users(identities), strict=True)
    return {identity: user for identity, user in found if isinstance(user, DirectoryUser)}


def is_about_settings(name: str) -> bool:
    """Whether a call is about the tenant's settings."""
    return name.endswith("TenantSettings")
