"""What tools show of an error: its texts, and the locals of every frame, as Sentry and rich do."""

from __future__ import annotations

from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def shown_by(work: Callable[[], object], expected: type[BaseException]) -> str:
    """All of the error that some work ends with, and of the errors behind it."""
    try:
        work()
    except expected as error:
        return "\n".join(_told(error))
    raise AssertionError("There was no error.")


def _told(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    values = [repr(value) for frame in frames for value in list(frame.f_locals.values())]
    return [str(error), repr(error), *values, *_told(error.__context__), *_told(error.__cause__)]
