"""`progress=`: how far a long call has come, as a bar or to a function."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from confid.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ProgressOption: TypeAlias = "bool | Callable[[int, int | None], object] | None"
"""True for a bar of tqdm's; a function of (how many are done, of how many or None)."""


@contextmanager
def advancing(
    progress: ProgressOption, *, total: int | None, what: str
) -> Iterator[Callable[[int], None]]:
    """A function that takes how many more are done and says so; without `progress`, to nobody.

    Raises `InvalidArgumentError` for a `progress` that is neither a boolean
    nor a function, and for a bar where tqdm is not installed.
    """
    if progress is None or progress is False:
        yield _say_nothing
    elif progress is True:
        with _bar(total, what) as bar:
            yield bar.update
    elif callable(progress):
        yield _Count(progress, total).add
    else:
        raise InvalidArgumentError(
            f"progress={shown(progress, 40)}: give True, False or a function of the number done "
            "and the number in all.",
            target="progress",
        )


def _say_nothing(more: int) -> None:
    """Nobody asked."""


class _Count:
    def __init__(self, tell: Callable[[int, int | None], object], total: int | None) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def add(self, more: int) -> None:
        self._done += more
        self._tell(self._done, self._total)


def _bar(total: int | None, what: str) -> Any:
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise InvalidArgumentError(
            "progress=True shows a bar of tqdm's, which is not installed: pip install "
            "'confid[notebook]', or pass a function of the number done and the number in all.",
            target="progress",
        ) from None
    return tqdm(total=total, desc=what, unit=" done")
