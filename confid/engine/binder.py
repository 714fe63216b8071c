"""The binder: what a cmdlet's signature declares, and what a call of it binds.

A cmdlet is declared once, by its typed signature. Names, aliases, mandatory
parameters and parameter sets follow PowerShell's rules, with its error ids.
"""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.engine.parameters import COMMON, UNSET, P, python_name
from confid.errors import (
    ConfidError,
    ParameterBindingError,
    StaticConferenceIdError,
    shown,
)
from confid.ids.conference_id import ConferenceId
from confid.powershell.language.names import did_you_mean
from confid.powershell.language.scalars import python_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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


@attrs.frozen
class Gathered:
    """Parameters that a body sees as one value; `make` takes those that are given by name."""

    make: Callable[..., object]
    hints: Mapping[str, Any]
    of_none: object = attrs.field(init=False)
    """The value of the calls that give none of them, as most do."""

    @of_none.default
    def _of_none(self) -> object:
        return self.make()

    def of(self, bound: dict[str, Any]) -> object:
        """The value, its parameters taken out of what is bound."""
        if self.hints.keys().isdisjoint(bound):
            return self.of_none
        return self.make(**{name: bound.pop(name) for name in self.hints if name in bound})


class CommandInfo:
    """What `confid.get_command` knows of a cmdlet; read off its signature at first use."""

    def __init__(
        self,
        name: str,
        body: Callable[..., Any],
        *,
        sets: tuple[str, ...],
        default_set: str | None,
        listing_set: str | None,
        writes: bool,
        eras: tuple[str, ...],
        only_2019: frozenset[str],
        only_2026: frozenset[str],
        demands_identity: bool = False,
        also: Mapping[str, Any] = MappingProxyType({}),
        gathers: Mapping[str, Gathered] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.eras = eras
        self._only = {"2019": only_2019, "2026": only_2026}
        self.writes = writes
        self.demands_identity = demands_identity
        self.function: Callable[..., Any] = body
        self._body = body
        self._gathers = gathers
        gathered = {n: hint for each in gathers.values() for n, hint in each.hints.items()}
        self._also = {**gathered, **also}
        self._sets = sets
        self.default_set = default_set
        # Without a documented default the engine takes the first. Source: bind.json.
        self.tie_breaker: str = default_set or sets[0]
        self.call_set: str = listing_set or self.tie_breaker

    def __repr__(self) -> str:
        return f"<cmdlet {self.name}>"

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The annotations of the body, by Python name."""
        hints = typing.get_type_hints(self._body, include_extras=True)
        for name in self._gathers:
            del hints[name]
        returned = hints.pop("return")
        return {**hints, **self._also, "return": returned}

    @functools.cached_property
    def declared(self) -> dict[str, P]:
        """The declarations by Python name, in the order of the signature."""
        return {
            name: metadata
            for name, hint in self.hints.items()
            for metadata in getattr(hint, "__metadata__", ())
            if isinstance(metadata, P)
        }

    @functools.cached_property
    def descriptions(self) -> dict[str, str]:
        """What each parameter does, by Python name: the last text of its annotation."""
        return {
            name: metadata
            for name, hint in self.hints.items()
            for metadata in getattr(hint, "__metadata__", ())
            if isinstance(metadata, str)
        }

    @functools.cached_property
    def docstring(self) -> str:
        """What the body's own docstring says; the parameters are described where they stand."""
        return inspect.cleandoc(self._body.__doc__ or "")

    @functools.cached_property
    def accepted(self) -> frozenset[str]:
        """The parameters, by Python name, that are taken and without effect."""
        return frozenset(name for name, p in self.declared.items() if p.accepted)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The signature of the body, without the running command and the common parameters."""
        signature = inspect.signature(self._body)
        inner = {"command", "common", *self._gathers}
        own = [p for name, p in signature.parameters.items() if name not in inner]
        also = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if hint.__origin__ is bool else None,
            )
            for name, hint in self._also.items()
        ]
        return signature.replace(parameters=[*own, *also])

    @functools.cached_property
    def takes_none(self) -> frozenset[str]:
        """The parameters, by Python name, for which None is a value of its own."""
        return frozenset(n for n, p in self.signature.parameters.items() if p.default is UNSET)

    @functools.cached_property
    def places(self) -> tuple[str, ...]:
        """The parameters that Python takes by place, by Python name."""
        parameters = self.signature.parameters.items()
        return tuple(name for name, p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)

    @functools.cached_property
    def own(self) -> tuple[str, ...]:
        """The parameters that are confid's own, as `notify`: PowerShell has none like them."""
        own = self.signature.parameters
        return tuple(name for name in ("notify", "if_unchanged") if name in own)

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
                is_default=name == self.default_set,
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


registry: dict[str, CommandInfo] = {}
"""Every cmdlet by its PowerShell name in lower case; importing `confid.cmdlets` fills it."""


def bind_arguments(
    info: CommandInfo, arguments: Mapping[str, object], *, default_set: str
) -> tuple[str, dict[str, Any]]:
    """The parameter set and the converted values, by Python name, of the arguments given.

    Arguments have Python names, PowerShell names or aliases; None and UNSET
    mean "not given". `default_set` decides when several sets fit. Raises
    `ParameterBindingError`, with PowerShell's id, when PowerShell would not bind.
    """
    bound: dict[str, Any] = {}
    meant = _named(info, tuple(arguments))
    for given, value in arguments.items():
        name, p, taken_as_is = meant[given]
        if type(value) not in taken_as_is:
            value = python_scalar(value)  # noqa: PLW2901 - what was given, as Python has it
        if value is None and name == "identity":
            raise _no_identity(info, p)
        if value is None or value is UNSET:
            if value is None and name in info.takes_none:
                bound[name] = None
            continue
        bound[name] = value if isinstance(value, taken_as_is) else _converted(info, p, value)
        if isinstance(value, str) and not value and (p.mandatory or p.mandatory_in):
            raise ParameterBindingError(
                f"{info.name}: {p.name} is empty; it takes a value.",
                error_id="ParameterArgumentValidationErrorEmptyStringNotAllowed",
                parameter=p.name,
                category="InvalidData",
            )
    return _parameter_set(info, tuple(bound), default_set), bound


def _no_identity(info: CommandInfo, p: P) -> ParameterBindingError:
    return ParameterBindingError(
        f"{info.name}: {p.name} is None. In PowerShell an empty variable there means everybody, so "
        "that a script changes everybody by mistake; leave identity out if that is what you mean.",
        error_id="ParameterArgumentValidationErrorEmptyStringNotAllowed",
        parameter=p.name,
        category="InvalidData",
    )


def refuse_chosen_ids(arguments: Mapping[str, object]) -> None:
    """Raise `StaticConferenceIdError` when one of them is a conference ID.

    This error comes before all others, and for None too: an ID is never ignored.
    """
    for given, value in arguments.items():
        if value is not UNSET and is_chosen_id(given):
            raise StaticConferenceIdError(given)


def refuse_placed_ids(values: Iterable[object]) -> None:
    """Raise `StaticConferenceIdError` when a value without a name could be a conference ID."""
    for value in values:
        try:
            ConferenceId(value)
        except ValueError:
            continue
        raise StaticConferenceIdError("A value without its name")


SWITCHES = ("what_if", "confirm", "as_job")
"""The parameters that the engine obeys itself; the body doesn't get them."""


@functools.lru_cache(maxsize=1024)
def bound_unchanged(
    info: CommandInfo, placed: int, given: tuple[str, ...], types: tuple[type, ...]
) -> tuple[str, ...]:
    """The names of arguments that can be used unchanged; none where one of them can't.

    So they can in most calls: names and types alone show that nothing is
    converted or refused, except for an empty text. `types` are the types of
    the values, the `placed` ones first, then those with a name.
    """
    if placed > len(info.places):
        return ()
    aside = {"session", *info.own}
    kinds = dict(zip((*info.places[:placed], *given), types, strict=True))
    names = tuple(name for name in kinds if name not in aside)
    if len(kinds) != len(types) or not info.declared.keys() >= set(names):
        return ()
    if any(is_chosen_id(name) or name in SWITCHES for name in names):
        return ()
    try:
        _parameter_set(info, names, info.call_set)
    except ParameterBindingError:
        return ()
    fit = all(
        kinds[name] in (str, bool) and issubclass(kinds[name], info.declared[name].taken_as_is)
        for name in names
    )
    return tuple(kinds) if fit else ()


@functools.lru_cache(maxsize=1024)
def is_chosen_id(given: str) -> bool:
    """Whether an argument of that name would choose a conference ID."""
    return given.replace("_", "").lower() in CHOSEN_ID


@functools.lru_cache(maxsize=1024)
def _named(info: CommandInfo, names: tuple[str, ...]) -> dict[str, tuple[str, P, tuple[Any, ...]]]:
    """For each argument name: the parameter, its declaration, and its types that need no change."""
    meant: dict[str, tuple[str, P, tuple[Any, ...]]] = {}
    for given in names:
        known = info.by_name.get(given.lower())
        if known is None:
            raise _unknown_parameter(info, given)
        name, p = known
        if any(name == other for other, _, _ in meant.values()):
            raise ParameterBindingError(
                f"{info.name}: {p.name} was given twice.",
                error_id="ParameterAlreadyBound",
                parameter=p.name,
            )
        meant[given] = (name, p, p.taken_as_is)
    return meant


def _unknown_parameter(info: CommandInfo, given: str) -> ParameterBindingError:
    names = [*info.declared, *info.own, *sorted(COMMON)]
    hint = did_you_mean(given, names)
    return ParameterBindingError(
        f"{info.name} has no parameter {shown(given)}.{hint} It has {', '.join(names)}.",
        error_id="NamedParameterNotFound",
        parameter=given,
    )


_PLAIN = (bool, int, float, Decimal, UUID, datetime, enum.Enum)


def _converted(info: CommandInfo, p: P, value: object) -> object:
    if p.type == "UserIdParameter" and not isinstance(value, _PLAIN):
        # A person can be a record or an iterable too; the cmdlet refuses anything else.
        return value
    # Most calls give values of the right type.
    import confid.tenant.parameter_types  # noqa: F401, PLC0415 - defines them
    from confid.powershell import convert  # noqa: PLC0415

    try:
        return convert(value, "String" if p.type == "UserIdParameter" else p.type)
    except ConfidError as error:
        raise not_converted(info, p, error) from None


def not_converted(info: CommandInfo, p: P, error: ConfidError) -> ParameterBindingError:
    """The error of a parameter whose value can't be converted to its type."""
    return ParameterBindingError(
        f"{info.name}: {p.name} takes a {p.type}: {error.message}",
        error_id=error.error_id,
        parameter=p.name,
        category=error.category,
    )


@functools.lru_cache(maxsize=1024)
def _parameter_set(info: CommandInfo, bound: tuple[str, ...], default_set: str) -> str:
    """The set of a call that binds these."""
    given = frozenset(info.declared[name].name for name in bound)
    fitting = [s for s in info.parameter_sets if given.issubset(s.parameters)]
    chosen = [s for s in fitting if s.name == default_set] or fitting
    if len(chosen) > 1:
        chosen = [s for s in fitting if s.mandatory <= given]
    if len(chosen) != 1:
        raise _ambiguous(info, given, fitting)
    missing = [name for name in chosen[0].parameters if name in chosen[0].mandatory - given]
    if missing:
        raise ParameterBindingError(
            f"{info.name}: {', '.join(missing)} must be given.",
            error_id="MissingMandatoryParameter",
            # The engine's own text: each name behind a space.
            parameter="".join(f" {name}" for name in missing),
        )
    return chosen[0].name


def _ambiguous(
    info: CommandInfo, given: Iterable[str], fitting: Sequence[ParameterSet]
) -> ParameterBindingError:
    names = ", ".join(sorted(given)) or "no parameters"
    if fitting:
        sentence = f"{names} fit several parameter sets: {_listed(fitting)}. Give one more."
    else:
        sentence = f"{names} can't be given together. {_listed(info.parameter_sets)} are the sets."
    return ParameterBindingError(f"{info.name}: {sentence}", error_id="AmbiguousParameterSet")


def _listed(sets: Iterable[ParameterSet]) -> str:
    needed = ((s.name, ", ".join(sorted(s.mandatory)) or "nothing") for s in sets)
    return "; ".join(f"{name} ({names} needed)" for name, names in needed)
