"""Which process this is: what is open in one may not be used in a child that was forked from it."""

from __future__ import annotations

import os

from confid.errors import StoreError

pid: int = os.getpid()
"""This process, without the system call that each question would cost."""


def _note_fork() -> None:
    global pid  # noqa: PLW0603 - a process has one
    pid = os.getpid()


if hasattr(os, "register_at_fork"):  # Windows doesn't fork
    os.register_at_fork(after_in_child=_note_fork)


def refuse_fork(opened_in: int, what: object) -> None:
    """Raise `StoreError` unless this is the process in which `what` was opened."""
    if opened_in != pid:
        raise StoreError(
            f"{what} was opened before this process was forked; connect anew in the child."
        )
