"""For tests of scripts that use confid: tenants, a clock that can be turned, a mailbox."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from confid.errors import InvalidArgumentError, demand, shown
from confid.mail import MemoryTransport, deliver
from confid.start import demo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from email.message import EmailMessage

    from confid.engine.session import Session

_P = ParamSpec("_P")
_R = TypeVar("_R")

SESSION = "session"
"""The parameter that the tenant is given to."""


class Clock:
    """A clock for `connect(clock=…)` that stands still until it is turned.

    It starts at `start`, which knows its time zone, or at the present moment.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = _aware(start) if start is not None else datetime.now(UTC)

    def __repr__(self) -> str:
        return f"<Clock: {self._now.isoformat()}>"

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self._now

    def turn(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Turn it: `turn(days=1, hours=2)`, or by a `timedelta`; backwards too. Returns its time.

        Raises `InvalidArgumentError` for what is no span of time.
        """
        demand("by", by, timedelta | None, "a timedelta")
        try:
            span = timedelta(**parts)
            self._now += span if by is None else by + span
        except (TypeError, OverflowError) as error:
            raise InvalidArgumentError(f"The clock can't be turned: {error}.") from None
        return self._now

    def set(self, time: datetime) -> None:
        """Set it to a time with a time zone; raises `InvalidArgumentError` for one without."""
        self._now = _aware(time)


def _aware(time: datetime) -> datetime:
    demand("time", time, datetime, "a datetime")
    if time.utcoffset() is None:
        raise InvalidArgumentError(
            f"{shown(time)} says no time zone; give datetime(…, tzinfo=UTC).", target=time
        )
    return time


class Mailbox:
    """What a tenant's users get by mail: delivers what is owed whenever it is looked into."""

    def __init__(self, session: Session | None = None) -> None:
        self._session = session
        self._transport = MemoryTransport()

    def __repr__(self) -> str:
        # The messages may contain PINs.
        return f"<Mailbox: {len(self._transport.messages)} messages>"

    def messages(self, to: str | None = None) -> list[EmailMessage]:
        """All messages so far, in their order, or those to one address."""
        deliver(self._transport, session=self._session)
        found = self._transport.messages
        return [m for m in found if to is None or to.casefold() in str(m["To"]).casefold()]


class _Decorator(Protocol):
    @overload
    def __call__(self, function: Callable[Concatenate[Session, _P], _R], /) -> Callable[_P, _R]: ...
    @overload
    def __call__(self, function: Callable[_P, _R], /) -> Callable[_P, _R]: ...


@overload
def demo_tenant(*, seed: int | None = None) -> _Decorator: ...
@overload
def demo_tenant(function: Callable[Concatenate[Session, _P], _R], /) -> Callable[_P, _R]: ...
@overload
def demo_tenant(function: Callable[_P, _R], /) -> Callable[_P, _R]: ...
def demo_tenant(function: Any = None, /, *, seed: int | None = None) -> Any:
    """A decorator: each call of the function has a fresh `confid.demo(seed=…)` of its own.

    The tenant is the current session during the call, and is given as
    `session` where the function takes it and its caller doesn't. Nothing is
    opened before. Coroutines and generators keep it to their end; a test
    under Hypothesis' `@given`, above or below, gets one for each example.

    Raises `InvalidArgumentError` for what is no function.
    """
    demand("seed", seed, int | None, "a whole number")
    if function is None:
        return functools.partial(_with_tenant, seed=seed)
    return _with_tenant(function, seed=seed)


def _with_tenant(function: Any, *, seed: int | None) -> Any:
    if not inspect.isroutine(function):
        raise InvalidArgumentError(
            f"demo_tenant decorates a function, not {shown(function)}.", target=function
        )
    signature = inspect.signature(function)
    # Without the session, for pytest would look for a fixture of that name.
    rest = signature.replace(
        parameters=[each for name, each in signature.parameters.items() if name != SESSION]
    )
    under_given = getattr(function, "hypothesis", None)
    if under_given is not None:
        # Hypothesis calls the inner test for each example, by its own signature.
        inner = under_given.inner_test
        own = inspect.signature(inner)
        under_given.inner_test = functools.wraps(inner)(_calling(inner, own, seed))
        later = {SESSION: None} if SESSION in signature.parameters else {}

        def call(*args: Any, **given: Any) -> Any:
            return function(*args, **(later | given))

    else:
        call = _calling(function, signature, seed)
    functools.update_wrapper(call, function)
    call.__signature__ = rest  # type: ignore[attr-defined]
    return call


def _calling(function: Any, signature: inspect.Signature, seed: int | None) -> Any:
    """The function with a tenant around it, of the function's kind."""
    place = _place(signature)

    @contextmanager
    def tenant(args: tuple[Any, ...], given: dict[str, Any]) -> Iterator[Any]:
        """The call as it is with the tenant that is open meanwhile."""
        if given.get(SESSION) is not None:
            yield functools.partial(function, *args, **given)
            return
        with demo(seed=seed) as session:
            if place is not None and place < len(args):
                args = (*args[:place], session, *args[place:])
            elif SESSION in signature.parameters:
                given[SESSION] = session
            yield functools.partial(function, *args, **given)

    return _inside(tenant, function)


def _inside(tenant: Callable[..., AbstractContextManager[Any]], function: Any) -> Any:
    """A function of the same kind, whose calls run inside a block of `tenant`."""

    async def awaited(*args: Any, **given: Any) -> Any:
        with tenant(args, given) as ready:
            return await ready()

    def stepped(*args: Any, **given: Any) -> Any:
        with tenant(args, given) as ready:
            return (yield from ready())

    async def streamed(*args: Any, **given: Any) -> Any:
        with tenant(args, given) as ready:
            async for each in ready():
                yield each

    def called(*args: Any, **given: Any) -> Any:
        with tenant(args, given) as ready:
            return ready()

    if inspect.iscoroutinefunction(function):
        return awaited
    if inspect.isasyncgenfunction(function):
        return streamed
    return stepped if inspect.isgeneratorfunction(function) else called


def _place(signature: inspect.Signature) -> int | None:
    """Where the session stands among what may be given by place; None where it doesn't."""
    positional = [
        name
        for name, each in signature.parameters.items()
        if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]
    return positional.index(SESSION) if SESSION in positional else None
