"""A writer that works until its input ends: `lasting_writer STORE WITNESS THREADS SEED`.

Does and prints what `writer` does, and goes on when calls fail: `failed` is a
call of which nothing was changed, `unknown` one whose outcome nobody knows,
with the moment that its IDs would bear. WITNESS is a path or URL, or `-`.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import confid
from confid.errors import (
    CommitOutcomeUnknownError,
    NotEnabledError,
    StoreError,
    TransactionConflictError,
)
from confid.host import SilentHost

from .told import FAILED, REFUSED, UNKNOWN
from .writer import draw, everybody, tell_failed

if TYPE_CHECKING:
    from confid.engine.session import Session

LONGEST_CALL = 15
"""The seconds within which a call must return or raise, whatever happens to the servers."""


class Moments(threading.local):
    """A clock that doesn't move during a call, so that all its entries have one time."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """The time when the call began."""
        return self.now


def work(session: Session, moments: Moments, stopped: threading.Event, dice: random.Random) -> None:
    """One thread's calls."""
    names = everybody(session)
    while not stopped.is_set():
        moments.now = datetime.now(UTC)
        call = draw(session, names, dice)
        began = time.monotonic()
        try:
            call.make()
        except NotEnabledError:
            pass
        except TransactionConflictError:
            tell_failed(REFUSED, call)
        except CommitOutcomeUnknownError:
            tell_failed(UNKNOWN, call, moments.now.isoformat())
        except StoreError:
            tell_failed(FAILED, call)
        took = time.monotonic() - began
        assert took < LONGEST_CALL, f"A call took {took:.0f} s."


def _end(error: threading.ExceptHookArgs) -> None:
    sys.__excepthook__(error.exc_type, error.exc_value or error.exc_type(), error.exc_traceback)
    os._exit(1)


def main(store: str, witness: str | None, threads: int, seed: int) -> None:
    """Work until the input ends; an unexpected error ends the process at once."""
    moments, stopped = Moments(), threading.Event()
    threading.excepthook = _end
    # That connections are refused is what this is about.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

    def go(number: int) -> None:
        work(session, moments, stopped, random.Random(seed * 1000 + number))

    with confid.connect(
        store, witness=witness, create=False, clock=moments, host=SilentHost()
    ) as session:
        at_work = [threading.Thread(target=go, args=[number]) for number in range(threads)]
        for thread in at_work:
            thread.start()
        sys.stdin.read()
        stopped.set()
        for thread in at_work:
            thread.join()


if __name__ == "__main__":
    _, place, second, *numbers = sys.argv
    main(place, None if second == "-" else second, *map(int, numbers))
