"""The sort of .NET, which decides in what order Sort-Object gives what is equal.

`List<T>.Sort` is an introsort that keeps no order among equals: insertion sort up to 16
items, quicksort around the median of three above that. Where it goes too deep .NET sorts by a
heap, and here Python sorts; only data made to get there could show it.
Source: the documentation of `List<T>.Sort`; tail.json shows the order of equals.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

_FEW: Final = 16

Entry = tuple[Any, int]
"""What an item is ordered by, and which item it is."""


def introsort(keys: list[Any]) -> list[int]:
    """Return the indexes of the keys in the order in which .NET sorts them."""
    entries = [(key, index) for index, key in enumerate(keys)]
    spans = [(0, len(entries), 2 * len(entries).bit_length())]
    while spans:
        low, high, depth = spans.pop()
        if high - low > _FEW and depth:
            middle = _partition(entries, low, high - 1)
            spans.append((low, middle, depth - 1))
            spans.append((middle + 1, high, depth - 1))
        elif high - low > _FEW:
            entries[low:high] = sorted(entries[low:high], key=itemgetter(0))
        else:
            _sort_few(entries, low, high)
    return [index for _, index in entries]


def _sort_few(entries: list[Entry], low: int, high: int) -> None:
    if high - low == 3:  # noqa: PLR2004 - three swaps do, and leave equals otherwise than below
        for first, second in ((low, low + 1), (low, low + 2), (low + 1, low + 2)):
            _swap_if_greater(entries, first, second)
        return
    for place in range(low + 1, high):
        entry = entries[place]
        before = place - 1
        while before >= low and entry[0] < entries[before][0]:
            entries[before + 1] = entries[before]
            before -= 1
        entries[before + 1] = entry


def _swap_if_greater(entries: list[Entry], first: int, second: int) -> None:
    if entries[second][0] < entries[first][0]:
        entries[first], entries[second] = entries[second], entries[first]


def _partition(entries: list[Entry], low: int, last: int) -> int:
    """Put what is less before a pivot and the rest behind it; return its place."""
    middle = low + ((last - low) >> 1)
    for first, second in ((low, middle), (low, last), (middle, last)):
        _swap_if_greater(entries, first, second)
    pivot = entries[middle][0]
    entries[middle], entries[last - 1] = entries[last - 1], entries[middle]
    left, right = low, last - 1
    while True:
        left += 1
        while left < last - 1 and entries[left][0] < pivot:
            left += 1
        right -= 1
        while right > low and pivot < entries[right][0]:
            right -= 1
        if left >= right:
            break
        entries[left], entries[right] = entries[right], entries[left]
    entries[left], entries[last - 1] = entries[last - 1], entries[left]
    return left
