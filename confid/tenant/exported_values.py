"""The values of records as data frames and JSON have them."""

from __future__ import annotations

import enum
import functools
import operator
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from confid.ids.conference_id import ConferenceId


@functools.total_ordering
class FrameId:
    """A conference ID as data frames take it.

    polars makes integers of it. pandas would make floats of `int`s next to a
    gap, and leaves this as it is.
    """

    __slots__ = ("_number",)

    def __init__(self, number: int) -> None:
        self._number = int(number)

    def __index__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self._number == (other._number if isinstance(other, FrameId) else other)

    def __lt__(self, other: FrameId | int) -> bool:
        return self._number < operator.index(other)

    def __hash__(self) -> int:
        return hash(self._number)

    def __repr__(self) -> str:
        return str(self._number)


def in_frame(value: Any) -> object:
    """A value as data frames take it."""
    kind = type(value)
    if kind is UUID:
        return str(value)
    if kind is ConferenceId:
        return FrameId(value)
    if kind is tuple:
        return [in_frame(each) for each in value]
    return dict(value) if hasattr(kind, "__powershell__") else value


def in_json(value: Any, names: Literal["powershell", "python"]) -> object:
    """A value as JSON has it."""
    if hasattr(type(value), "__powershell__"):
        return value.to_dict(names, plain=True)
    if isinstance(value, (tuple, list)):
        return [in_json(each, names) for each in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ConferenceId):
        return int(value)
    return str(value) if isinstance(value, UUID) else value
