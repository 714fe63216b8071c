"""Tracebacks of errors that confid raises on purpose: they end at the line of the caller."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from confid.errors import ConfidError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def ends_at_caller(function: Callable[P, R]) -> Callable[P, R]:
    """Have the traceback of a `ConfidError` end where a caller called this function.

    Its sentence says what is wrong; the frames inside confid say nothing to a caller. The
    traceback of any other exception stays whole.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except ConfidError as error:
            raise error.with_traceback(None)  # noqa: B904 - it is the very error
        finally:
            del args, kwargs  # a URL with a password may be among them, and a traceback show it

    return call
