"""`with` blocks that always end, whenever an interrupt comes.

Ctrl-C may be raised before the first line of `__exit__`, and then `__exit__`
does nothing at all. So a `with` statement is handed an `__exit__` of its own,
which nobody else holds: it dies with the statement. When it dies and the block
has not ended, the block is abandoned, which undoes what it did.
"""

from __future__ import annotations

import abc
from contextlib import AbstractContextManager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar
from weakref import ref

from confid.errors import ConfidError
from confid.errors.tracebacks import from_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

T = TypeVar("T")
P = ParamSpec("P")


def _leave(
    block: Block[Any],
    kind: type[BaseException] | None,  # noqa: ARG001 - what `with` says
    error: BaseException | None,
    traceback: TracebackType | None,  # noqa: ARG001 - what `with` says
) -> bool | None:
    swallowed = block.leave(error)
    block.watch = None
    return swallowed


class _Exit:
    """`__exit__`, as an object of its own for each `with` statement."""

    def __get__(self, block: Block[Any] | None, owner: type) -> Any:
        if block is None:
            return self
        # No bound method: the interpreter would take it apart, so that it died before the call.
        leave = partial(_leave, block)
        block.watch = ref(leave, block.died)
        return leave

    __call__ = staticmethod(_leave)


class Block(AbstractContextManager[T, bool | None], Generic[T]):
    """A context manager whose end comes: by `leave`, or else by `abandon`."""

    watch: ref[Any] | None = None

    @abc.abstractmethod
    def leave(self, error: BaseException | None) -> bool | None:
        """What other context managers do in `__exit__`."""

    @abc.abstractmethod
    def abandon(self) -> None:
        """Undo what the block did and let go of what it holds, as far as `leave` has not.

        It may be called after any part of `__enter__` and `leave`, and again
        when it was interrupted itself.
        """

    def died(self, _: object) -> None:
        """The `with` statement was left, and `leave` has not come to its end."""
        self.watch = None
        while True:
            try:
                self.abandon()
            except Exception:  # noqa: BLE001 - the interrupt before it is the one to hear of
                return
            except BaseException:  # noqa: BLE001, S112 - another interrupt: the first is under way
                continue
            else:
                return

    if TYPE_CHECKING:

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
            /,
        ) -> bool | None: ...

    else:
        __exit__ = _Exit()


class _GeneratorBlock(Block[T]):
    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __enter__(self) -> T:
        try:
            entered: T = next(self._generator)
        except ConfidError as error:
            raise from_here(error)  # noqa: B904 - it is the very error
        return entered

    def leave(self, error: BaseException | None) -> bool | None:
        # What contextlib does, which costs more in a call than all of the transaction.
        if error is None:
            try:
                next(self._generator, None)
            except ConfidError as raised:
                raise from_here(raised)  # noqa: B904 - it is the very error
            return False
        traceback = error.__traceback__
        try:
            self._generator.throw(error)
        except StopIteration:
            return True
        except BaseException as raised:
            # Out of a generator a StopIteration comes as the cause of another error.
            if raised is not error and not (
                isinstance(error, StopIteration) and raised.__cause__ is error
            ):
                raise
            error.__traceback__ = traceback
        return False

    def abandon(self) -> None:
        # Raises GeneratorExit where the generator waits, so its `with` and `finally` do the rest.
        self._generator.close()


def block(function: Callable[P, Iterator[T]]) -> Callable[P, Block[T]]:
    """`contextlib.contextmanager`, for a block that is undone when an interrupt hits its end."""

    @wraps(function)
    def make(*args: P.args, **kwargs: P.kwargs) -> Block[T]:
        return _GeneratorBlock(function(*args, **kwargs))

    return make
