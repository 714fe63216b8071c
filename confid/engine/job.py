"""`-AsJob`: a call that goes on in the background."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from confid.errors import ConfidError, InvalidArgumentError
from confid.errors.tracebacks import from_here

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Self

    from confid.engine.session import Session

T = TypeVar("T")


class Job(Future[T]):
    """A running or finished call: a `concurrent.futures.Future` that can be awaited too.

    `state` is PowerShell's: Running, Completed or Failed.
    """

    def __init__(self, session: Session, work: Callable[[], T]) -> None:
        if session.in_transaction:
            raise InvalidArgumentError(
                "as_job=True starts another thread, and other threads never join a transaction. "
                "Start the job outside of session.transaction().",
                error_id="JobInTransaction",
            )
        super().__init__()
        # Before the thread begins, so that nobody can cancel a call that is under way.
        self.set_running_or_notify_cancel()
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._work, work), name="confid-job"
        )
        self._thread.start()

    def __repr__(self) -> str:
        return f"<confid job: {self.state}>"

    def __await__(self) -> Generator[Any, None, T]:
        import asyncio  # noqa: PLC0415 - heavy, and only a program with an event loop awaits

        return asyncio.wrap_future(self).__await__()

    @property
    def state(self) -> str:
        """Running, Completed or Failed."""
        if not self.done():
            return "Running"
        return "Completed" if self.exception() is None else "Failed"

    def _work(self, work: Callable[[], T]) -> None:
        try:
            result = work()
        except ConfidError as error:
            self.set_exception(from_here(error))
        except BaseException as error:  # noqa: BLE001 - receive() raises it where it is wanted
            self.set_exception(error)
        else:
            self.set_result(result)

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for its end, at most `timeout` seconds; the job itself."""
        self._thread.join(timeout)
        return self

    def receive(self) -> T:
        """What the call returned, once it has ended; raises what it raised."""
        self._thread.join()
        return self.result()
