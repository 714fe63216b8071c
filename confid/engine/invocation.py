"""A cmdlet while it runs: whom it is to change, ShouldProcess, and where errors go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from confid.engine.parameters import is_given
from confid.engine.progress import advancing
from confid.errors import ConfidError
from confid.tenant import directory
from confid.tenant.people import CHUNK, Change, Person
from confid.tenant.records import ConferencingUser, DirectoryUser, Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from confid.engine.binder import CommandInfo
    from confid.engine.common_parameters import CallOptions
    from confid.engine.session import Session
    from confid.host import Host
    from confid.tenant.unit_of_work import UnitOfWork

R = TypeVar("R", bound=Record)
Item = TypeVar("Item")
Looked = TypeVar("Looked")

Output: TypeAlias = R | Results[R] | None
"""One record for one identity, `Results` for an iterable; None where nothing came out."""


class Invocation:
    """A cmdlet while it runs: its unit of work, ShouldProcess, and where errors go."""

    __slots__ = ("_answers", "errors", "manners", "name", "session", "tenant")

    def __init__(
        self,
        info: CommandInfo,
        session: Session,
        tenant: UnitOfWork,
        manners: CallOptions,
        answers: Mapping[str, bool],
    ) -> None:
        self.name = info.name
        self.session = session
        self.tenant = tenant
        self.manners = manners
        self.errors: list[ConfidError] = []
        self._answers = answers

    @property
    def host(self) -> Host:
        """Where lines go."""
        return self.session.host

    def should_process(self, target: str) -> bool:
        """Whether to go ahead with `target`; says "What if:" when it is to."""
        manners = self.manners
        return manners.goes_unsaid or manners.should_process(
            self.session.host, self.name, target, self._answers
        )

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
        if isinstance(identity, str):  # as nearly all calls have it, so without the lists
            return self._change_one(identity, plan)
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
        tenant = self.tenant
        try:
            (person,) = tenant.people([tenant.user(identity)], lock=self.manners.writes)
            change = plan(person)
        except ConfidError as error:
            self.fail(error)
            self._raise_under_stop()
            return None
        if not self.should_process(person.user.user_principal_name):
            return None
        if change is None:
            return tenant.conferencing_user(person)
        (after,) = tenant.apply([change])
        return tenant.conferencing_user(after, pin=change.pin)

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
        results = self.results(records)
        if is_given(identity) and directory.is_one(identity):
            return results[0] if results else None
        return results

    def results(self, records: Sequence[R]) -> Results[R]:
        """`Results` with the errors noted; under Stop those are raised instead."""
        self._raise_under_stop()
        return Results(records, self.errors)

    def _raise_under_stop(self) -> None:
        if self.errors and self.manners.stops:
            first, *others = self.errors
            first.also = tuple(others)
            raise first


Command = Invocation
"""Its name in 0.1, kept until 0.3."""


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
