"""Tracebacks of errors that confid raises on purpose: they end at the line of the caller."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from confid.errors import ConfidError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

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
            raise from_here(error)  # noqa: B904 - it is the very error
        finally:
            del args, kwargs  # a URL with a password may be among them, and a traceback show it

    return call


def from_here(error: ConfidError) -> ConfidError:
    """The error without its frames so far; what led to it keeps where that was raised."""
    before: BaseException = error
    while (earlier := before.__cause__ or before.__context__) is not None and earlier is not error:
        earlier.__traceback__ = _without_way_in(earlier.__traceback__)
        before = earlier
    return error.with_traceback(None)


def _without_way_in(frames: TracebackType | None) -> TracebackType | None:
    """Frames without those of confid that come first, but with the last of all."""
    while frames and frames.tb_next and _is_inside(frames):
        frames = frames.tb_next
    return frames


def _is_inside(frame: TracebackType) -> bool:
    return str(frame.tb_frame.f_globals.get("__name__")).partition(".")[0] == "confid"
