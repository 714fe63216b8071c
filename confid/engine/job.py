"""`-AsJob`: a call that goes on in the background."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from confid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.engine.session import Session


class Job:
    """A running or finished call. `state` is PowerShell's: Running, Completed or Failed."""

    def __init__(self, session: Session, work: Callable[[], Any]) -> None:
        if session.in_transaction:
            raise InvalidArgumentError(
                "as_job=True starts another thread, and other threads never join a transaction. "
                "Start the job outside of session.transaction().",
                error_id="JobInTransaction",
            )
        self.state = "Running"
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(work,), name="confid-job")
        self._thread.start()

    def __repr__(self) -> str:
        return f"<confid job: {self.state}>"

    def _work(self, work: Callable[[], Any]) -> None:
        try:
            self._result = work()
            self.state = "Completed"
        except BaseException as error:  # noqa: BLE001 - receive() raises it where it is wanted
            self._error = error
            self.state = "Failed"

    def wait(self, timeout: float | None = None) -> Job:
        """Wait for its end, at most `timeout` seconds; the job itself."""
        self._thread.join(timeout)
        return self

    def receive(self) -> Any:
        """What the call returned, once it has ended; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result
