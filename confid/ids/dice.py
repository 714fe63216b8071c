"""The dice: how conference IDs, PINs and keys are drawn. The ledger decides what is issued."""

from __future__ import annotations

import base64
import os
import threading
from array import array
from itertools import compress, pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from confid.store.base import FIRST_ID, LAST_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Dice = Callable[[int], bytes]
    """Gives that many random bytes, as `os.urandom` does."""

PATIENCE = 100
"""Dice that bring nothing new in so many throws are broken: sound ones fail once in 2¹⁰⁰."""

UUID_BYTES = 16
OWNER_BYTES = 12


@attrs.frozen
class Space:
    """The IDs that may be drawn: all seven-digit ones, or a part of them in a test."""

    first: int = FIRST_ID
    last: int = LAST_ID

    def __attrs_post_init__(self) -> None:
        if not FIRST_ID <= self.first <= self.last <= LAST_ID:
            raise ValueError(f"{self.first} to {self.last} is no part of {FIRST_ID} to {LAST_ID}.")

    def __len__(self) -> int:
        return self.last - self.first + 1


def draw(count: int, space: Space, dice: Dice) -> list[int]:
    """`count` IDs, each uniform over the space and independent of the others.

    A 64-bit word is multiplied by the size of the space and shifted: the
    bias is below 10⁻¹² and can't be measured.
    """
    words = array("Q")
    words.frombytes(dice(8 * count))
    first, size = space.first, len(space)
    return [first + (word * size >> 64) for word in words]


def draw_distinct(count: int, space: Space, dice: Dice) -> list[int]:
    """`count` different IDs in random order; `count` is at most half the space.

    They are fewer only if the dice repeat themselves without end.
    """
    drawn = dict.fromkeys(draw(count, space, dice))
    for _ in range(PATIENCE):
        if len(drawn) == count:
            break
        drawn.update(dict.fromkeys(draw(count - len(drawn), space, dice)))
    return list(drawn)


class FreeSet:
    """The IDs that no ledger holds, as far as one scan saw; for a nearly full space.

    It only proposes: another process may have claimed one meanwhile, which
    the ledger then refuses. Threads may share it.
    """

    def __init__(self, taken: Iterable[int], space: Space) -> None:
        free = bytearray(b"\x01") * len(space)
        for conference_id in taken:
            if space.first <= conference_id <= space.last:
                free[conference_id - space.first] = 0
        self._free = array("i", compress(range(space.first, space.last + 1), free))
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._free)

    def draw(self, count: int, dice: Dice) -> list[int]:
        """Take out up to `count` of them, uniformly and without repetition."""
        drawn: list[int] = []
        with self._lock:
            free = self._free
            words = array("Q")
            words.frombytes(dice(8 * min(count, len(free))))
            for word in words:
                place = word * len(free) >> 64
                drawn.append(free[place])
                last = free.pop()
                if place < len(free):
                    free[place] = last
        return drawn

    def put_back(self, conference_ids: Sequence[int]) -> None:
        """Return IDs that were drawn and, after all, not issued."""
        with self._lock:
            self._free.extend(conference_ids)


def draw_uuid(dice: Dice) -> UUID:
    """A random UUID."""
    return UUID(draw_identity(dice))


def draw_identity(dice: Dice) -> str:
    """A random UUID as text."""
    text = dice(UUID_BYTES).hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def draw_owner(dice: Dice) -> str:
    """A key for a new person."""
    return base64.urlsafe_b64encode(dice(OWNER_BYTES)).decode()


def draw_pin(length: int, dice: Dice) -> str:
    """A PIN of that many digits: uniform over those that aren't trivial.

    Trivial are one repeated digit and a plain run up or down, as 55555 or
    45678 (behaviour: PIN).
    """
    for _ in range(PATIENCE):
        words = array("Q")
        words.frombytes(dice(8 * length))
        digits = [word * 10 >> 64 for word in words]
        steps = {after - before for before, after in pairwise(digits)}
        if steps not in ({0}, {1}, {-1}):
            return "".join(map(str, digits))
    raise ValueError("These dice give nothing but trivial PINs.")


class NotingDice:
    """The system's dice, which note the UUIDs and the keys of people that they give."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def __call__(self, count: int) -> bytes:
        """So many random bytes."""
        drawn = os.urandom(count)
        if count == UUID_BYTES:
            self.keys.add(draw_identity(lambda _: drawn))
        elif count == OWNER_BYTES:
            self.keys.add(draw_owner(lambda _: drawn))
        return drawn
