"""A lock that knows its owner."""

from __future__ import annotations

import threading
import time

from confid.errors import StoreError

STEP = 0.1
"""Seconds after which a waiting thread looks again: an interrupt may have cost it the signal."""


class _Hold:
    """One owner's hold on the lock; `ended` is free when it is over."""

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.thread = threading.get_ident()
        self.ended = threading.Lock()
        self.ended.acquire()


class OwnedLock:
    """A lock that any thread may release, twice or unheld, in the name of the owner.

    So an owner that was interrupted need not know how far it had come.
    """

    def __init__(self) -> None:
        self._held: dict[str, _Hold] = {}

    def acquire(self, owner: object, *, timeout: float, what: object) -> None:
        """Wait for the lock, at most `timeout` seconds. `what` is locked, for errors.

        Raises `StoreError` when it is still held then, and at once when this
        very thread holds it, which would wait for itself.
        """
        mine = _Hold(owner)
        deadline = 0.0
        # setdefault is one step: nobody can be interrupted between looking and taking.
        while (hold := self._held.setdefault("hold", mine)) is not mine:
            if hold.thread == mine.thread:
                raise StoreError(
                    f"{what} is in a transaction of this very thread, so waiting for it would "
                    "never end: a callback (progress, a host, a clock) or another asyncio task "
                    "used it in between. Use it when that transaction has ended.",
                    category="ResourceBusy",
                )
            deadline = deadline or time.monotonic() + timeout
            if (left := deadline - time.monotonic()) <= 0:
                raise busy(what)
            if hold.ended.acquire(timeout=min(left, STEP)):
                hold.ended.release()

    def is_held_by(self, owner: object) -> bool:
        """Whether that is the owner's hold."""
        hold = self._held.get("hold")
        return hold is not None and hold.owner is owner

    def release(self, owner: object) -> None:
        """Let the next one have it. Does nothing when the owner doesn't hold it."""
        if self.is_held_by(owner):
            self._held.pop("hold").ended.release()


def busy(what: object) -> StoreError:
    """The error for a lock that was waited for in vain."""
    return StoreError(
        f"{what} is locked: another process or thread has been using it for longer than the "
        "timeout. Try again, or find out who holds it.",
        category="ResourceBusy",
    )
