"""Showing how far a delivery is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from tqdm import tqdm

    Progress: TypeAlias = bool | Callable[[int, int], object] | None


@contextmanager
def shown(progress: Progress, count: Callable[[], int]) -> Iterator[Callable[[], object]]:
    """What to call at each message; `count` tells how many there are, and is called if need be.

    Raises `ModuleNotFoundError` for a bar without the `notebook` extra,
    `InvalidArgumentError` for what is no progress.
    """
    if progress is None or progress is False:
        yield lambda: None
    elif progress is True:
        with _bar()(total=count(), desc="Mails", unit="mail") as bar:
            yield bar.update
    elif callable(progress):
        yield _counting(progress, count())
    else:
        raise InvalidArgumentError(
            f"progress={progress!r:.80}: give True, or a function of two numbers.", target=progress
        )


def _counting(progress: Callable[[int, int], object], total: int) -> Callable[[], object]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        # Messages may come in meanwhile.
        progress(done, max(done, total))

    return step


def _bar() -> Callable[..., tqdm[Any]]:
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "progress=True needs tqdm: pip install 'confid[notebook]'. A function of two numbers "
            "needs nothing.",
            name="tqdm",
        ) from None
    return tqdm
