"""What makes a function a cmdlet: the registry, the decorator, and one transaction a call.

A cmdlet is a typed function whose first parameter is the running `Command`.
The decorator takes that parameter away and does around the function what
PowerShell does around a cmdlet.
"""

from __future__ import annotations

import functools
import inspect
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

from confid import directory
from confid.binding import Binding, CommandInfo, bind_arguments
from confid.conference_id import ConferenceId
from confid.errors import ConfidError, ParameterBindingError, StaticConferenceIdError
from confid.manners import Manners
from confid.parameters import COMMON, is_given
from confid.records import ConferencingUser, DirectoryUser, Record, UserInfo, UserState
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

Identity = str | DirectoryUser | ConferencingUser | UserInfo | UserState
"""What names one person: a text in any documented form, or a record."""

Output: TypeAlias = R | Results[R] | None
"""One record for one identity, `Results` for an iterable; None where nothing came out."""

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


def bind(name: str, arguments: Mapping[str, object]) -> Binding:
    """What a call of the cmdlet `name` by PowerShell parameter names binds, without running it."""
    info = get_command(name)
    parameter_set, bound = bind_arguments(info, arguments)
    return Binding(parameter_set, {info.declared[key].name: bound[key] for key in bound})


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

    def change_found(
        self, users: Iterable[DirectoryUser], plan: Callable[[Person], Change | None]
    ) -> Results[ConferencingUser]:
        """`change`, for users that the cmdlet found itself."""
        done: list[ConferencingUser] = []
        for found in _chunks(users):
            done.extend(self._change(found, plan))
        return self.results(done)

    def read(self, identity: object, show: Callable[[Person], R | None]) -> Output[R]:
        """What `show` makes of the people named; it raises, or gives None to leave one out."""
        records: list[R] = []
        for found in _chunks(self._find(identity)):
            records.extend(record for _, record in self._each(found, show) if record is not None)
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
        results = self.results(records)
        if is_given(identity) and directory.is_one(identity):
            return results[0] if results else None
        return results

    def results(self, records: Sequence[R]) -> Results[R]:
        """`Results` with the errors noted; under Stop those are raised instead."""
        if self.errors and self.manners.stops:
            first, *others = self.errors
            first.also = tuple(others)
            raise first
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
    places = [name for name, p in info.declared.items() if p.position is not None]
    taken = len(places[:1])
    if len(args) > taken:
        if any(map(_is_conference_id, args[taken:])):
            raise StaticConferenceIdError("A value without its name")
        alone = f"{places[0]} alone" if places else "nothing"
        raise ParameterBindingError(
            f"{info.name} takes {alone} without its name; give the others by name.",
            error_id="PositionalParameterNotFound",
        )
    # Two sets can have a place each; PowerShell binds by type, so a record is the instance.
    is_instance = isinstance(args[0], Record) and "instance" in places
    return {"instance" if is_instance else places[0]: args[0]}


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
    manners = Manners(session.preferences, {**bound, **common}, writes=info.writes)
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

    def work(tenant: Tenant) -> tuple[Command, Any]:
        command = Command(info, session, tenant, manners)
        return command, body(command, **bound)

    command, result = session.call(work, write=manners.writes)
    _tell(session, [*warnings, *command.tenant.warnings], command, common)
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
