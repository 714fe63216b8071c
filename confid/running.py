"""A cmdlet while it runs: one transaction a call, ShouldProcess, and where errors go."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from confid import directory
from confid.binding import bind_arguments, is_chosen_id, refuse_chosen_ids
from confid.conference_id import ConferenceId
from confid.errors import ConfidError, ParameterBindingError, StaticConferenceIdError
from confid.manners import Manners, WarningStopError
from confid.parameters import COMMON, is_given
from confid.person import CHUNK, Change, Person
from confid.progress import advancing
from confid.records import ConferencingUser, DirectoryUser, Record
from confid.results import Results
from confid.session import current_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from confid.binding import CommandInfo
    from confid.host import Host
    from confid.job import Job
    from confid.session import Session
    from confid.tenant import Tenant

R = TypeVar("R", bound=Record)
Item = TypeVar("Item")
Looked = TypeVar("Looked")

Output: TypeAlias = R | Results[R] | None
"""One record for one identity, `Results` for an iterable; None where nothing came out."""


class Command:
    """A cmdlet while it runs: its unit of work, ShouldProcess, and where errors go."""

    __slots__ = ("errors", "manners", "name", "session", "tenant")

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
        manners = self.manners
        return manners.goes_unsaid or manners.should_process(self.session.host, self.name, target)

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
        if isinstance(identity, str):
            record = self._change_one(identity, plan)
            if self.errors:
                self._raise_under_stop()
            return record
        done: list[ConferencingUser] = []
        for found in self._found(identity):
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
        for found in self._found(identity):
            records.extend(record for _, record in self._each(found, show) if record is not None)
        return self.output(identity, records)

    def users(self, identity: object) -> list[DirectoryUser]:
        """The users named, enabled or not, that ShouldProcess says to go ahead with.

        Under Stop there are none when one of them can't be found: `output`
        then raises the error.
        """
        agreed: list[DirectoryUser] = []
        for one in self._find(identity):
            if isinstance(one, ConfidError):
                self.fail(one)
            elif self.should_process(one.user_principal_name):
                agreed.append(one)
        return [] if self.errors and self.manners.stops else agreed

    def _found(self, identity: object) -> Iterator[list[DirectoryUser | ConfidError]]:
        """Those named, a lot at a time; after each lot it is done, as `progress` is told."""
        if directory.is_one(identity):
            yield self._find_one(identity)
            return
        if self.manners.progress in (None, False) or not isinstance(identity, list):
            yield from _chunks(self._find(identity))
            return
        left = len(identity)
        with advancing(self.manners.progress, total=left, what=self.name) as advance:
            for found in _chunks(self._find(identity)):
                yield found
                advance(len(found))
                left -= len(found)
            if left:
                advance(left)  # those named twice

    def _change_one(
        self, identity: str, plan: Callable[[Person], Change | None]
    ) -> ConferencingUser | None:
        # What `_change` does, without its lists: nearly all calls name one person.
        try:
            user = self.tenant.user(identity)
        except ConfidError as error:
            self.fail(error)
            return None
        (person,) = self.tenant.people([user], lock=self.manners.writes)
        try:
            change = plan(person)
        except ConfidError as error:
            self.fail(error)
            return None
        if not self.should_process(person.user.user_principal_name):
            return None
        if change is None:
            return self.tenant.conferencing_user(person)
        (after,) = self.tenant.apply([change])
        return self.tenant.conferencing_user(after, pin=change.pin)

    def _change(
        self,
        found: Sequence[DirectoryUser | ConfidError],
        plan: Callable[[Person], Change | None],
    ) -> list[ConferencingUser]:
        planned = [
            (person, change)
            for person, change in self._each(found, plan, lock=self.manners.writes)
            if self.should_process(person.user.user_principal_name)
        ]
        if self.errors and self.manners.stops:
            return []
        changes = [change for _, change in planned if change]
        after = iter(self.tenant.apply(changes) if changes else ())
        return [
            self.tenant.conferencing_user(
                next(after) if change else person, pin=change.pin if change else None
            )
            for person, change in planned
        ]

    def _each(
        self,
        found: Sequence[DirectoryUser | ConfidError],
        look: Callable[[Person], Looked],
        *,
        lock: bool = False,
    ) -> list[tuple[Person, Looked]]:
        """The people found, with what `look` says of them; errors are noted in their place."""
        users = [user for user in found if isinstance(user, DirectoryUser)]
        people = iter(self.tenant.people(users, lock=lock) if users else ())
        looked: list[tuple[Person, Looked]] = []
        for one in found:
            if isinstance(one, ConfidError):
                self.fail(one)
                continue
            person = next(people)
            try:
                looked.append((person, look(person)))
            except ConfidError as error:
                self.fail(error)
        return looked

    def _find_one(self, identity: object) -> list[DirectoryUser | ConfidError]:
        try:
            return self.tenant.find_users([directory.identity_text(identity)])
        except ConfidError as error:
            return [error]

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
        if isinstance(identity, str) or (is_given(identity) and directory.is_one(identity)):
            self._raise_under_stop()
            return records[0] if records else None
        return self.results(records)

    def results(self, records: Sequence[R]) -> Results[R]:
        """`Results` with the errors noted; under Stop those are raised instead."""
        self._raise_under_stop()
        return Results(records, self.errors)

    def _raise_under_stop(self) -> None:
        if self.errors and self.manners.stops:
            first, *others = self.errors
            first.also = tuple(others)
            raise first


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def run(
    info: CommandInfo,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
) -> Any:
    """Call a cmdlet: bind what was given, and run `body` in a transaction of its own.

    Raises `ConfidError`s, each with the cmdlet's name.
    """
    arguments = _with_places(info, args, given) if args else dict(given)
    aside, chooses = _aside(info, tuple(given))
    common: dict[str, Any] = {}
    for name in aside:
        common[name] = arguments.pop(name)
    try:
        session = current_session(common.pop("session", None))
        if chooses:
            refuse_chosen_ids(arguments)
        _, bound = bind_arguments(info, arguments, default_set=info.call_set)
        manners = Manners(
            session.preferences,
            common,
            writes=info.writes,
            what_if=bound.pop("what_if", None),
            confirm=bound.pop("confirm", None),
        )
        if "notify" in common:
            bound["notify"] = common["notify"]
        if bound.pop("as_job", False):
            return _started(info, body, session, bound, manners)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        raise
    return _execute(info, body, session, bound, manners)


@functools.lru_cache(maxsize=1024)
def _aside(info: CommandInfo, names: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The names that aren't for the binder, and whether one of the others would choose an ID."""
    aside = tuple(n for n in names if n in COMMON or (n == "notify" and info.notifies))
    return aside, any(map(is_chosen_id, names))


def _with_places(
    info: CommandInfo, args: tuple[Any, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    places = info.places
    taken = 1 if places else 0
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
    name = "instance" if is_instance else places[0]
    if name in given:
        raise ParameterBindingError(
            f"{info.name}: {name} was given twice, by its place and by its name.",
            error_id="ParameterAlreadyBound",
            parameter=name,
        )
    return {name: args[0], **given}


def _is_conference_id(value: object) -> bool:
    try:
        ConferenceId(value)
    except ValueError:
        return False
    return True


_PLAIN_TYPES = frozenset({str, bool, int, list, type(None)})


def _started(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    manners: Manners,
) -> Job:
    from confid.job import Job  # noqa: PLC0415 - few calls are jobs

    return Job(session, lambda: _execute(info, body, session, bound, manners))


def _execute(
    info: CommandInfo,
    body: Callable[..., Any],
    session: Session,
    bound: dict[str, Any],
    manners: Manners,
) -> Any:
    def work(tenant: Tenant) -> tuple[Command, list[str], Any]:
        command = Command(info, session, tenant, manners)
        result = body(command, **bound)
        warnings = tenant.warnings
        if not info.accepted.isdisjoint(bound):
            warnings = [_without_effect(info, bound), *warnings]
        if tenant.is_nearly_full:
            warnings.append(
                "More than 90 % of the conference IDs have been issued; "
                "confid.ledger.remaining() counts those left."
            )
        if warnings and manners.warning_action == "Stop":
            manners.collect_warnings(warnings)
            raise WarningStopError(warnings[0])
        return command, warnings, result

    try:
        if not _PLAIN_TYPES.issuperset(map(type, bound.values())):
            _read_now(bound)
        if manners.asks:
            # Nobody is asked while others wait for the store: first the answers, then the change.
            manners.answers = _collect_answers(info, body, session, bound, manners)
        command, warnings, result = session.call(work, write=manners.writes)
    except ConfidError as error:
        error.cmdlet = error.cmdlet or info.name
        manners.collect_errors([error, *error.also])
        raise
    if warnings or command.errors or manners.collects:
        manners.tell(session.host, info.name, warnings, command.errors)
    tell_what_is_left(session.host, command.tenant)
    return result


def _read_now(bound: dict[str, Any]) -> None:
    """Read iterables once, before a transaction is open: one can be slow."""
    for name, value in bound.items():
        if isinstance(value, Iterator) or (name == "identity" and not directory.is_one(value)):
            bound[name] = list(value)


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


def _without_effect(info: CommandInfo, bound: Mapping[str, object]) -> str:
    """The warning of the parameters given that are only accepted."""
    taken = [info.declared[name].name for name in bound if name in info.accepted]
    verb = "has" if len(taken) == 1 else "have"
    return f"{info.name}: {', '.join(taken)} {verb} no effect here."


def tell_what_is_left(host: Host, tenant: Tenant) -> None:
    """Tell a host that wants to know what is left to do by hand after a call."""
    if not (tenant.pins_drawn or tenant.mails_queued):
        return
    write = getattr(host, "write_information", None)
    if write is None:
        return
    if tenant.pins_drawn:
        many = tenant.pins_drawn > 1
        write(
            f"{tenant.pins_drawn} new PIN{'s' if many else ''}: read leader_pin of what came back "
            "now, it is shown nowhere else."
        )
    if tenant.mails_queued:
        many = tenant.mails_queued > 1
        write(
            f"{tenant.mails_queued} mail{'s are' if many else ' is'} pending: "
            "confid.mail.deliver(transport) sends what the outbox holds."
        )
