"""The binder: what a cmdlet's signature declares, and what a call of it binds.

One declaration a cmdlet, its typed signature; PowerShell's rules for names,
aliases, mandatory parameters and parameter sets, with PowerShell's error ids.
"""

from __future__ import annotations

import functools
import inspect
import typing
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import ConfidError, ParameterBindingError, StaticConferenceIdError
from confid.parameters import UNSET, P, python_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHOSEN_ID = ("conferenceid", "passcode")
"""The names under which a caller could try to choose a conference ID."""


@attrs.frozen
class Parameter:
    """A parameter of a cmdlet, as `get_command` shows it."""

    name: str
    python_name: str
    type: str
    aliases: tuple[str, ...]
    eras: tuple[str, ...]
    status: str
    mandatory: bool
    position: int | None


@attrs.frozen
class ParameterSet:
    """A parameter set: which parameters go together, and which of them must be given."""

    name: str
    is_default: bool
    parameters: tuple[str, ...]
    mandatory: frozenset[str]


@attrs.frozen
class Binding:
    """What a call binds: the parameter set's name, and the values by PowerShell's names."""

    parameter_set: str
    bound: dict[str, object]


class CommandInfo:
    """What `confid.get_command` knows of a cmdlet; read off its signature at first use."""

    def __init__(
        self,
        name: str,
        body: Callable[..., Any],
        *,
        sets: tuple[str, ...],
        default_set: str | None,
        writes: bool,
        eras: tuple[str, ...],
        only_2019: frozenset[str],
        only_2026: frozenset[str],
    ) -> None:
        self.name = name
        self.eras = eras
        self._only = {"2019": only_2019, "2026": only_2026}
        self.writes = writes
        self.function: Callable[..., Any] = body
        self._body = body
        self._sets = sets
        self._default_set = default_set

    def __repr__(self) -> str:
        return f"<cmdlet {self.name}>"

    @functools.cached_property
    def declared(self) -> dict[str, P]:
        """The declarations by Python name, in the order of the signature."""
        hints = typing.get_type_hints(self._body, include_extras=True)
        return {
            name: metadata
            for name, hint in hints.items()
            for metadata in getattr(hint, "__metadata__", ())
            if isinstance(metadata, P)
        }

    @functools.cached_property
    def takes_none(self) -> frozenset[str]:
        """The parameters, by Python name, for which None is a value of its own."""
        signature = inspect.signature(self._body)
        return frozenset(n for n, p in signature.parameters.items() if p.default is UNSET)

    @functools.cached_property
    def notifies(self) -> bool:
        """Whether it tells users something, so takes `notify`."""
        return "notify" in inspect.signature(self._body).parameters

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order of the signature."""
        return tuple(
            Parameter(
                name=p.name,
                python_name=name,
                type=p.type,
                aliases=p.aliases,
                eras=self._eras_of(p.name),
                status="accepted" if p.accepted else "implemented",
                mandatory=p.mandatory or bool(p.mandatory_in),
                position=p.position,
            )
            for name, p in self.declared.items()
        )

    def _eras_of(self, parameter: str) -> tuple[str, ...]:
        for era, names in self._only.items():
            if parameter in names:
                return (era,)
        return self.eras

    @functools.cached_property
    def parameter_sets(self) -> tuple[ParameterSet, ...]:
        """The parameter sets, the default one marked."""
        return tuple(
            ParameterSet(
                name=name,
                is_default=name == self._default_set,
                parameters=tuple(
                    p.name for p in self.declared.values() if p.sets is None or name in p.sets
                ),
                mandatory=frozenset(
                    p.name
                    for p in self.declared.values()
                    if name in p.mandatory_in
                    or (p.mandatory and (p.sets is None or name in p.sets))
                ),
            )
            for name in self._sets
        )

    @functools.cached_property
    def by_name(self) -> dict[str, tuple[str, P]]:
        """(Python name, declaration) by every name a caller may use, casefolded."""
        named: dict[str, tuple[str, P]] = {}
        for name, p in self.declared.items():
            for known in (name, p.name, *p.aliases, *map(python_name, p.aliases)):
                named[known.lower()] = (name, p)
        return named


def bind_arguments(
    info: CommandInfo, arguments: Mapping[str, object]
) -> tuple[str, dict[str, Any]]:
    """The parameter set and the converted values, by Python name, of the arguments given.

    Arguments come by Python names, PowerShell names or aliases. One that is
    None or UNSET was not given. Raises `ParameterBindingError` with
    PowerShell's id for what PowerShell would not bind, and
    `StaticConferenceIdError` for a conference ID.
    """
    for given, value in arguments.items():
        # Before anything else is wrong, and None is a value too: it is never ignored.
        if given.replace("_", "").lower() in CHOSEN_ID and value is not UNSET:
            raise StaticConferenceIdError(given)
    bound: dict[str, Any] = {}
    for given, value in arguments.items():
        known = info.by_name.get(given.lower())
        if known is None:
            raise _unknown(info, given)
        name, p = known
        if name in bound:
            raise ParameterBindingError(
                f"{info.name}: {p.name} was given twice.",
                error_id="ParameterAlreadyBound",
                parameter=p.name,
            )
        if value is UNSET or (value is None and name not in info.takes_none):
            continue
        bound[name] = _converted(info, p, value)
    return _choose_set(info, frozenset(info.declared[name].name for name in bound)), bound


def _unknown(info: CommandInfo, given: str) -> ConfidError:
    near = ", ".join(info.declared)
    return ParameterBindingError(
        f"{info.name} has no parameter {given!r}. It has {near}.",
        error_id="NamedParameterNotFound",
        parameter=given,
    )


_AS_THEY_ARE = {
    "UserIdParameter": object,
    "PSObject": object,
    "Object": object,
    "SwitchParameter": bool,
    "Boolean": bool,
    "String": str,
    "string": str,
    "XdsIdentity": str,
    "Fqdn": str,
}


def _converted(info: CommandInfo, p: P, value: object) -> object:
    if p.raw or isinstance(value, _AS_THEY_ARE.get(p.type, ())):
        return value
    from confid.powershell import convert  # noqa: PLC0415 - most calls give values of the right type

    try:
        return convert(value, p.type)
    except ConfidError as error:
        raise ParameterBindingError(
            f"{info.name}: {p.name} takes a {p.type}: {error.message}",
            error_id=error.error_id,
            parameter=p.name,
            category=error.category,
        ) from None


@functools.lru_cache(maxsize=256)
def _choose_set(info: CommandInfo, given: frozenset[str]) -> str:
    fitting = [s for s in info.parameter_sets if given.issubset(s.parameters)]
    if not fitting:
        raise ParameterBindingError(
            f"{info.name}: {', '.join(sorted(given))} can't be given together. "
            f"The parameter sets are {', '.join(s.name for s in info.parameter_sets)}.",
            error_id="AmbiguousParameterSet",
        )
    complete = [s for s in fitting if s.mandatory <= given]
    if not complete:
        best = next((s for s in fitting if s.is_default), fitting[0])
        missing = ", ".join(sorted(best.mandatory - given))
        raise ParameterBindingError(
            f"{info.name}: {missing} must be given.",
            error_id="MissingMandatoryParameter",
            parameter=missing,
        )
    if len(complete) == 1:
        return complete[0].name
    for candidate in complete:
        if candidate.is_default:
            return candidate.name
    raise ParameterBindingError(
        f"{info.name}: the parameters given fit several parameter sets: "
        f"{', '.join(s.name for s in complete)}. Give one more.",
        error_id="AmbiguousParameterSet",
    )
