"""A cmdlet while it runs: the people it changes, ShouldProcess, and where errors go."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from confid.engine.parameters import is_given
from confid.engine.progress import advancing
from confid.errors import ConfidError, raise_together
from confid.store.batches import batched
from confid.tenant import directory
from confid.tenant.records import ConferencingUser, DirectoryUser, Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from confid.engine.binder import CommandInfo
    from confid.engine.common_parameters import CallOptions
    from confid.engine.session import Session
    from confid.host import Host
    from confid.tenant.changes import Change
    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork

R = TypeVar("R", bound=Record)
Looked = TypeVar("Looked")

Output: TypeAlias = R | Results[R] | None
"""One record for one identity, `Results` for an iterable; None when nothing comes out."""


class Invocation:
    """A cmdlet while it runs: its unit of work, ShouldProcess, and where errors go."""

    __slots__ = ("_answers", "errors", "name", "options", "session", "tenant")

    def __init__(
        self,
        info: CommandInfo,
        session: Session,
        tenant: UnitOfWork,
        options: CallOptions,
        answers: Mapping[str, bool],
    ) -> None:
        self.name: str = info.name
        self.session: Session = session
        self.tenant: UnitOfWork = tenant
        self.options: CallOptions = options
        self.errors: list[ConfidError] = []
        self._answers = answers

    @property
    def host(self) -> Host:
        """Where lines go."""
        return self.session.host

    def should_process(self, target: str) -> bool:
        """Whether to go ahead with `target`; under WhatIf it only writes a line."""
        options = self.options
        return options.goes_unsaid or options.should_process(
            self.session.host, self.name, target, self._answers
        )

    def fail(self, error: ConfidError) -> None:
        """Note the error of one item; raises it when the call can't continue."""
        error.cmdlet = self.name
        if error.ends_the_call:
            raise error
        if self.options.error_action != "Ignore":
            self.errors.append(error)

    def change(
        self, identity: object, plan: Callable[[Person], Change | None]
    ) -> Output[ConferencingUser]:
        """Change people, each as `plan` says, and return their records.

        `plan` looks at one person and writes nothing: it returns the change or
        None, or raises. Under Stop nobody is changed unless all can be, and the
        error names all who can't. One in, one record out; an iterable in, `Results`.
        """
        if isinstance(identity, str):  # nearly all calls name one person: no lists are needed
            return self._change_one(identity, plan)
        done: list[ConferencingUser] = []
        for found in self._found(identity):
            done.extend(self._change(found, plan))
            del found  # the next ones come when nobody holds these
        return self.output(identity, done)

    def change_found(
        self, users: Iterable[DirectoryUser], plan: Callable[[Person], Change | None]
    ) -> Results[ConferencingUser]:
        """`change`, for users that the cmdlet found itself."""
        done: list[ConferencingUser] = []
        for found in batched(users):
            done.extend(self._change(found, plan))
            del found
        return self.results(done)

    def read(self, identity: object, show: Callable[[Person], R | None]) -> Output[R]:
        """What `show` returns for the people named; None leaves a person out."""
        records: list[R] = []
        for found in self._found(identity):
            _, shown = self._each(found, show)
            records.extend(record for record in shown if record is not None)
            del found, shown
        return self.output(identity, records)

    def users(self, identity: object) -> list[DirectoryUser]:
        """The users named, enabled or not, for whom ShouldProcess answers yes.

        Under Stop the list is empty if one of them can't be found; `output`
        then raises the error.
        """
        agreed: list[DirectoryUser] = []
        for one in self._find([identity] if directory.is_one(identity) else cast("Any", identity)):
            if isinstance(one, ConfidError):
                self.fail(one)
            elif self.should_process(one.user_principal_name):
                agreed.append(one)
        return [] if self.errors and self.options.stops else agreed

    def _found(self, identity: object) -> Iterator[list[DirectoryUser | ConfidError]]:
        """Those named, in chunks; `progress` is told of each chunk when its work is done."""
        if directory.is_one(identity):
            yield list(self._find([identity]))
            return
        items = cast("Iterable[object]", identity)
        if self.options.progress in (None, False) or not isinstance(items, list):
            yield from batched(self._find(items))
            return
        left = len(items)
        with advancing(self.options.progress, total=left, what=self.name) as advance:
            for found in batched(self._find(items)):
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
            (person,) = tenant.people([tenant.user(identity)], lock=self.options.writes)
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
        people, planned = self._each(found, plan, lock=self.options.writes)
        goes = [self.should_process(person.user.user_principal_name) for person in people]
        if self.errors and self.options.stops:
            return []
        people, planned = list(compress(people, goes)), list(compress(planned, goes))
        changes = [change for change in planned if change]
        after = iter(self.tenant.apply(changes) if changes else ())
        record = self.tenant.conferencing_user
        return [
            record(next(after), pin=change.pin) if change else record(person)
            for person, change in zip(people, planned, strict=True)
        ]

    def _each(
        self,
        found: Sequence[DirectoryUser | ConfidError],
        look: Callable[[Person], Looked],
        *,
        lock: bool = False,
    ) -> tuple[list[Person], list[Looked]]:
        """The people found, and what `look` says of each; errors are noted in their place."""
        users = [user for user in found if isinstance(user, DirectoryUser)]
        people = iter(self.tenant.people(users, lock=lock) if users else ())
        seen: list[Person] = []
        looked: list[Looked] = []
        for one in found:
            if isinstance(one, ConfidError):
                self.fail(one)
                continue
            person = next(people)
            try:
                looked.append(look(person))
            except ConfidError as error:
                self.fail(error)
            else:
                seen.append(person)
        return seen, looked

    def _find(self, items: Iterable[object]) -> Iterator[DirectoryUser | ConfidError]:
        """The users named, each once, in order; an error in place of one who isn't found."""
        seen: set[str] = set()
        for named in batched(_texts(items)):
            yield from self._find_new(named, seen)

    def _find_new(
        self, named: Sequence[str | ConfidError], seen: set[str]
    ) -> Iterator[DirectoryUser | ConfidError]:
        texts = list(dict.fromkeys(text for text in named if isinstance(text, str)))
        users = dict(zip(texts, self.tenant.find_users(texts), strict=True)) if texts else {}
        for one in named:
            if not isinstance(one, str):
                yield one
                continue
            found = users[one]
            # Not the owner: the returned record holds the object ID anyway.
            name = one if isinstance(found, ConfidError) else found.identity
            if name not in seen:
                seen.add(name)
                yield found

    def output(self, identity: object, records: Sequence[R]) -> Output[R]:
        """One record (or None) for one identity, `Results` for an iterable."""
        results = self.results(records)
        if is_given(identity) and directory.is_one(identity):
            return results[0] if results else None
        return results

    def results(self, records: Sequence[R]) -> Results[R]:
        """`Results` with the errors noted; under Stop those are raised instead."""
        self._raise_under_stop()
        return Results(records, self.errors)

    def _raise_under_stop(self) -> None:
        if self.options.stops:
            raise_together(self.errors)


Command = Invocation
"""Its name in 0.1, kept until 0.3."""


def _texts(items: Iterable[object]) -> Iterator[str | ConfidError]:
    """The text of each identity; an error in place of what is none."""
    for item in items:
        try:
            yield directory.identity_text(item)
        except ConfidError as error:
            yield error
