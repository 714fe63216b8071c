"""Secrets out of what a mail server says and out of tracebacks."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confid.errors import Secret

PIECE = 6
"""The fewest characters in a row that are taken for a part of the secret."""


def masked(text: str, secret: Secret) -> str:
    """A text with `***` for each part of the secret, in any casing."""
    size = min(PIECE, len(secret.reveal()))
    pieces = set(_runs(secret.reveal(), size))
    found = [at for at, run in enumerate(_runs(text, size)) if run in pieces]
    hidden = {at + step for at in found for step in range(size)}
    return "".join(
        "***" if is_secret else "".join(text[at] for at in run)
        for is_secret, run in groupby(range(len(text)), key=hidden.__contains__)
    )


def _runs(text: str, size: int) -> list[tuple[str, ...]]:
    folded = [character.casefold() for character in text]
    return [tuple(folded[at : at + size]) for at in range(len(folded) - size + 1)]


def forget_frames(error: BaseException) -> None:
    """Take the frames and the causes out of an error, because their locals show a secret.

    Call it inside `except`, where the secret was in use further down.
    """
    error.__traceback__ = error.__context__ = error.__cause__ = None
