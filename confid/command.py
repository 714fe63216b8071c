"""What makes a function a cmdlet: registry, binder, ShouldProcess, ErrorAction, one transaction.

A cmdlet is a typed function whose first parameter is the running `Command`.
The decorator takes that parameter away and does around the function what
PowerShell does around a cmdlet.
"""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from collections.abc import Iterator
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
    overload,
)

import attrs

from confid import directory
from confid.conference_id import ConferenceId
from confid.errors import ConfidError, ParameterBindingError, StaticConferenceIdError
from confid.host import CONFIRM_CHOICES, NO_TO_ALL, SUSPEND, YES, YES_TO_ALL
from confid.parameters import COMMON, UNSET, P, is_given, python_name
from confid.records import ConferencingUser, DirectoryUser, Record
from confid.results import Results
from confid.session import current_session
from confid.tenant import CHUNK, Change, Person, Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from confid.host import Host
    from confid.session import Session

R = TypeVar("R", bound=Record)
Params = ParamSpec("Params")
Item = TypeVar("Item")
Looked = TypeVar("Looked")
Returned = TypeVar("Returned")

Identity = str | DirectoryUser | ConferencingUser
"""What names one person: a text in any documented form, or a record."""

Output: TypeAlias = R | Results[R] | None
"""One record for one identity, `Results` for an iterable; None where nothing came out."""

ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
CONFIRM_LEVELS = ("None", "Low", "Medium", "High")
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


_registry: dict[str, CommandInfo] = {}


@overload
def get_command(name: str) -> CommandInfo: ...
@overload
def get_command(name: None = None) -> list[CommandInfo]: ...
def get_command(name: str | None = None) -> CommandInfo | list[CommandInfo]:
    """The cmdlet of that PowerShell name, in any casing; without a name, all of them.

    Raises `ParameterBindingError` for a name that is no cmdlet's.
    """
    # By name, for the cmdlets stand on the floor above; importing them fills the registry.
    import_module("confid.cmdlets")
    if name is None:
        return [_registry[key] for key in sorted(_registry)]
    try:
        return _registry[name.strip().lower()]
    except KeyError:
        raise ParameterBindingError(
            f"There is no cmdlet {name!r}. confid.get_command() lists those there are.",
            error_id="CommandNotFoundException",
            category="ObjectNotFound",
        ) from None


# Binding.


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
    if isinstance(value, _AS_THEY_ARE.get(p.type, ())):
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


def bind(name: str, arguments: Mapping[str, object]) -> Binding:
    """What a call of the cmdlet `name` by PowerShell parameter names binds, without running it."""
    info = get_command(name)
    parameter_set, bound = bind_arguments(info, arguments)
    return Binding(parameter_set, {info.declared[key].name: bound[key] for key in bound})


# Running.


class Command:
    """A cmdlet while it runs: its unit of work, ShouldProcess, and where errors go."""

    def __init__(
        self, info: CommandInfo, session: Session, tenant: Tenant, manners: Manners
    ) -> None:
        self.name = info.name
        self.session = session
        self.tenant = tenant
        self.manners = manners
        self.errors: list[ConfidError] = []

    @property
    def host(self) -> Host:
        """Where lines go."""
        return self.session.host

    def should_process(self, target: str) -> bool:
        """Whether to go ahead with `target`: says "What if:", or asks, when it is to."""
        return self.manners.should_process(self.host, self.name, target)

    def fail(self, error: ConfidError) -> None:
        """Note the error of one item; raises at once when nothing can go on after it."""
        error.cmdlet = self.name
        if error.ends_the_call:
            raise error
        if self.manners.error_action != "Ignore":
            self.errors.append(error)

    def change(
        self, identity: object, plan: Callable[[Person], Change | None]
    ) -> Output[ConferencingUser]:
        """Change people, each as `plan` says, and return their records.

        `plan` looks at one person and writes nothing: it returns the change,
        None where there is nothing to change, or raises. Under Stop nobody is
        changed unless all can be, and the error names everyone who can't.
        One in, one record out; an iterable in, `Results`.
        """
        done: list[ConferencingUser] = []
        for found in _chunks(self._find(identity)):
            done.extend(self._change(found, plan))
        return self.output(identity, done)

    def read(
        self,
        identity: object,
        check: Callable[[Person], None],
        keep: Callable[[Person], bool],
    ) -> Output[ConferencingUser]:
        """The records of the people named that pass `check`, which raises, and `keep`."""
        records: list[ConferencingUser] = []
        for found in _chunks(self._find(identity)):
            for person, _ in self._each(found, check):
                if keep(person):
                    records.append(self.tenant.conferencing_user(person))
        return self.output(identity, records)

    def _change(
        self,
        found: Sequence[DirectoryUser | ConfidError],
        plan: Callable[[Person], Change | None],
    ) -> Iterator[ConferencingUser]:
        planned = [
            (person, change)
            for person, change in self._each(found, plan, lock=self.manners.writes)
            if self.should_process(person.user.user_principal_name)
        ]
        if self.errors and self.manners.stops:
            return
        changes = [change for _, change in planned if change]
        after = iter(self.tenant.apply(changes) if changes else ())
        for person, change in planned:
            became = next(after) if change else person
            yield self.tenant.conferencing_user(became, pin=change.pin if change else None)

    def _each(
        self,
        found: Sequence[DirectoryUser | ConfidError],
        look: Callable[[Person], Looked],
        *,
        lock: bool = False,
    ) -> Iterator[tuple[Person, Looked]]:
        """The people found, with what `look` says of them; errors are noted in their place."""
        users = [user for user in found if isinstance(user, DirectoryUser)]
        people = iter(self.tenant.people(users, lock=lock) if users else ())
        for one in found:
            if isinstance(one, ConfidError):
                self.fail(one)
                continue
            person = next(people)
            try:
                looked = look(person)
            except ConfidError as error:
                self.fail(error)
            else:
                yield person, looked

    def _find(self, identity: object) -> Iterator[DirectoryUser | ConfidError]:
        """Users in the order they are named, each once in whatever forms; or why there is none."""
        seen: set[str] = set()
        for named in _chunks(self._texts(identity)):
            texts = [text for text in named if isinstance(text, str)]
            users = iter(self.tenant.find_users(texts) if texts else ())
            for one in named:
                found = next(users) if isinstance(one, str) else one
                if isinstance(found, ConfidError):
                    yield found
                elif found.identity not in seen:
                    # Not the owner: this text the returned record holds anyway.
                    seen.add(found.identity)
                    yield found

    def _texts(self, identity: object) -> Iterator[str | ConfidError]:
        seen: set[str] = set()
        for item in [identity] if directory.is_one(identity) else cast("Any", identity):
            try:
                text = directory.identity_text(item)
            except ConfidError as error:
                yield error
                continue
            if text not in seen:
                seen.add(text)
                yield text

    def output(self, identity: object, records: Sequence[R]) -> Output[R]:
        """One record for one identity (None where there is none), `Results` for an iterable."""
        if self.errors and self.manners.stops:
            first, *others = self.errors
            first.also = tuple(others)
            raise first
        if is_given(identity) and directory.is_one(identity):
            return records[0] if records else None
        return Results(records, self.errors)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class Manners:
    """How one call behaves: what its common parameters and the preferences make of it."""

    def __init__(self, info: CommandInfo, session: Session, arguments: Mapping[str, Any]) -> None:
        preferences = session.preferences
        what_if = arguments.get("what_if")
        self.what_if: bool = preferences.what_if if what_if is None else what_if
        confirm = arguments.get("confirm")
        self.asks: bool = (
            info.writes
            and not self.what_if
            and (_asks(preferences.confirm) if confirm is None else bool(confirm))
        )
        self.writes: bool = info.writes and not self.what_if
        action = arguments.get("error_action")
        self.error_action = one_of(
            "error_action",
            preferences.error_action if action is None else action,
            ERROR_ACTIONS,
        )
        self.stops = self.error_action == "Stop"
        # Checked now: once the change has committed it is too late to complain.
        warning = one_of("preferences.warning", preferences.warning, ERROR_ACTIONS)
        self.warns = warning in ("Continue", "Stop")
        for name in ("error_variable", "warning_variable"):
            if not isinstance(arguments.get(name, []), (list, type(None))):
                raise ParameterBindingError(
                    f"{name} takes a list, which the call fills.",
                    error_id="ParameterArgumentTransformationError",
                    parameter=name,
                )
        self.answers: dict[str, bool] | None = None
        self._to_all: bool | None = None

    def should_process(self, host: Host, cmdlet: str, target: str) -> bool:
        """What ShouldProcess answers for a target. Source: behaviour, PowerShell's manners."""
        line = f'Performing the operation "{cmdlet}" on target "{target}".'
        if self.what_if:
            host.write_line(f"What if: {line}")
            return False
        if not self.asks:
            return True
        if self.answers is None:
            return self._ask(host, line)
        return self.answers.get(target, False)

    def _ask(self, host: Host, line: str) -> bool:
        if self._to_all is not None:
            return self._to_all
        message = f"Are you sure you want to perform this action?\n{line}"
        while True:
            answer = host.prompt_for_choice("Confirm", message, CONFIRM_CHOICES, YES)
            if answer != SUSPEND:
                break
        if answer in (YES_TO_ALL, NO_TO_ALL):
            self._to_all = answer == YES_TO_ALL
        return answer in (YES, YES_TO_ALL)


def _asks(preference: str) -> bool:
    """Whether a cmdlet of medium impact asks under this ConfirmPreference."""
    return one_of("preferences.confirm", preference, CONFIRM_LEVELS) in ("Low", "Medium")


def one_of(parameter: str, value: object, allowed: Sequence[str]) -> str:
    """The allowed name that `value` is, in any casing, with or without underscores."""
    if isinstance(value, str) and value in allowed:
        return value
    from confid.errors import InvalidArgumentError  # noqa: PLC0415 - the rare way out

    if isinstance(value, enum.Enum):
        value = value.name
    folded = value.replace("_", "").lower() if isinstance(value, str) else None
    for name in allowed:
        if name.lower() == folded:
            return name
    raise InvalidArgumentError(
        f"{parameter}={value!r}: there are {', '.join(allowed)}.", target=value
    )


class UserCmdlet(Protocol[Params, R]):
    """A cmdlet that takes an identity: one in, one record out; an iterable in, `Results`.

    Under WhatIf, or when a prompt is answered No, nothing comes out: None, or
    empty `Results`.
    """

    @overload
    def __call__(self, identity: Identity, *args: Params.args, **kwargs: Params.kwargs) -> R: ...  # type: ignore[overload-overlap]  # a str is one identity, not its letters
    @overload
    def __call__(
        self, identity: Iterable[Identity], *args: Params.args, **kwargs: Params.kwargs
    ) -> Results[R]: ...


class ListingCmdlet(Protocol[Params, R]):
    """A cmdlet that lists everybody when it is given no identity."""

    @overload
    def __call__(self, identity: Identity, *args: Params.args, **kwargs: Params.kwargs) -> R: ...  # type: ignore[overload-overlap]  # as above
    @overload
    def __call__(
        self,
        identity: Iterable[Identity] | None = None,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Results[R]: ...


class cmdlet:  # noqa: N801 - a decorator
    """Make a function the cmdlet of that PowerShell name and enter it in the registry.

    `sets` names its parameter sets, `writes` says that it changes the
    tenant, so has ShouldProcess and a writing transaction. `eras` are the
    module's that have it, `only_2019` and `only_2026` the parameters that
    just one of them has.
    """

    def __init__(
        self,
        name: str,
        *,
        sets: tuple[str, ...] = ("__AllParameterSets",),
        default_set: str | None = None,
        writes: bool = False,
        eras: tuple[str, ...] = ("2019", "2026"),
        only_2019: Iterable[str] = (),
        only_2026: Iterable[str] = (),
    ) -> None:
        self._name = name
        self._options: dict[str, Any] = {
            "sets": sets,
            "default_set": default_set or (sets[0] if len(sets) == 1 else None),
            "writes": writes,
            "eras": eras,
            "only_2019": frozenset(only_2019),
            "only_2026": frozenset(only_2026),
        }

    def __call__(
        self, body: Callable[Concatenate[Command, Params], Returned]
    ) -> Callable[Params, Returned]:
        """Register `body`; the cmdlet."""
        return cast("Callable[Params, Returned]", self._register(body))

    def _register(self, body: Callable[..., Any]) -> Any:
        info = CommandInfo(self._name, body, **self._options)
        _registry[self._name.lower()] = info

        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> Any:
            return _run(info, body, args, kwargs)

        run.__signature__ = _public_signature(body)  # type: ignore[attr-defined]  # inspect reads it
        info.function = run
        return run


class user_cmdlet(cmdlet):  # noqa: N801 - a decorator
    """`cmdlet`, for one whose first parameter is an identity that must be given."""

    def __call__(  # type: ignore[override]  # the same, with a sharper type
        self,
        body: Callable[Concatenate[Command, Identity | Iterable[Identity], Params], Output[R]],
    ) -> UserCmdlet[Params, R]:
        """Register `body`; the cmdlet."""
        return cast("UserCmdlet[Params, R]", self._register(body))


class listing_cmdlet(cmdlet):  # noqa: N801 - a decorator
    """`cmdlet`, for one that lists everybody when it is given no identity."""

    def __call__(  # type: ignore[override]  # the same, with a sharper type
        self,
        body: Callable[Concatenate[Command, Identity | Iterable[Identity], Params], Output[R]],
    ) -> ListingCmdlet[Params, R]:
        """Register `body`; the cmdlet."""
        return cast("ListingCmdlet[Params, R]", self._register(body))


def _public_signature(body: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(body)
    shown = [p for p in signature.parameters.values() if p.name not in ("command", "common")]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in sorted(COMMON)
    ]
    return signature.replace(parameters=[*shown, *common])


def _run(
    info: CommandInfo, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    common = {name: kwargs.pop(name) for name in COMMON & kwargs.keys()}
    own = {"notify": kwargs.pop("notify")} if info.notifies and "notify" in kwargs else {}
    try:
        session = current_session(common.get("session"))
        arguments = {**_positional(info, args), **kwargs}
        _, bound = bind_arguments(info, arguments)
        if bound.pop("as_job", False):
            from confid.job import Job  # noqa: PLC0415 - few calls are jobs

            return Job(session, lambda: _finish(info, body, session, {**bound, **own}, common))
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        raise
    return _finish(info, body, session, {**bound, **own}, common)


def _positional(info: CommandInfo, args: tuple[Any, ...]) -> dict[str, Any]:
    if not args:
        return {}
    first = next(iter(info.declared))
    if len(args) > 1:
        if any(map(_is_conference_id, args[1:])):
            raise StaticConferenceIdError("A value without its name")
        raise ParameterBindingError(
            f"{info.name} takes {first} alone without its name; give the others by name.",
            error_id="PositionalParameterNotFound",
        )
    return {first: args[0]}


def _is_conference_id(value: object) -> bool:
    try:
        ConferenceId(value)
    except ValueError:
        return False
    return True


def _finish(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    common: Mapping[str, Any],
) -> Any:
    try:
        return _execute(info, body, session, bound, common)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        collect(common.get("error_variable"), [error, *error.also])
        raise


def _execute(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    common: Mapping[str, Any],
) -> Any:
    manners = Manners(info, session, {**bound, **common})
    identity = bound.get("identity")
    if identity is not None and not directory.is_one(identity):
        # Read once, before a transaction is open: an iterable can be a slow one.
        bound["identity"] = list(identity)
    for name, value in bound.items():
        if isinstance(value, Iterator):
            bound[name] = list(value)
    for name in ("what_if", "confirm"):
        bound.pop(name, None)
    warnings = _accepted(info, bound)
    if manners.asks:
        # Nobody is asked while others wait for the store: first the answers, then the change.
        manners.answers = _collect_answers(info, body, session, bound, manners)
    with session.unit(write=manners.writes) as tenant:
        command = Command(info, session, tenant, manners)
        result = body(command, **bound)
    _tell(session, [*warnings, *tenant.warnings], command, common)
    return result


def _collect_answers(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    manners: Manners,
) -> dict[str, bool]:
    targets: list[str] = []

    class Asking(Command):
        def should_process(self, target: str) -> bool:
            targets.append(target)
            return False

    with session.unit(write=False) as tenant:
        body(Asking(info, session, tenant, manners), **bound)
    return {target: manners.should_process(session.host, info.name, target) for target in targets}


def _accepted(info: CommandInfo, bound: Mapping[str, object]) -> list[str]:
    """The warning of the parameters given that are only accepted, if any is."""
    taken = [
        info.declared[n].name for n in bound if n in info.declared and info.declared[n].accepted
    ]
    verb = "has" if len(taken) == 1 else "have"
    return [f"{info.name}: {', '.join(taken)} {verb} no effect here."] if taken else []


def _tell(
    session: Session, warnings: list[str], command: Command, common: Mapping[str, Any]
) -> None:
    tenant = command.tenant
    if "issuer" in tenant.__dict__ and tenant.issuer.nearly_full:
        warnings.append(
            "More than 90 % of the conference IDs have been issued; confid.ledger.remaining() "
            "counts those left."
        )
    if command.manners.warns:
        for text in warnings:
            session.host.write_warning(text)
    collect(common.get("warning_variable"), warnings)
    collect(common.get("error_variable"), command.errors)
    if command.manners.error_action == "Continue":
        for error in command.errors:
            session.host.write_error(f"{command.name}: {error.message}")
    if common.get("verbose") or session.preferences.verbose:
        session.host.write_verbose(f"{command.name}: done.")


def collect(variable: object, items: Iterable[object]) -> None:
    """Put items in a list that a caller passed, in place of what it held."""
    if isinstance(variable, list):
        variable[:] = items
