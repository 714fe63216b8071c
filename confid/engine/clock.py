"""The clock of a session: a function that returns the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from confid.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

Clock: TypeAlias = "Callable[[], datetime]"

YEARS = range(2, 9999)
"""The years in which a time can be moved by days and to another time zone."""


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


def moment(clock: Clock) -> datetime:
    """What a clock shows, in UTC.

    Raises `InvalidArgumentError` when it returns anything but an aware datetime
    between the years 2 and 9998.
    """
    told: object = clock()
    if not isinstance(told, datetime) or told.tzinfo is None:
        raise InvalidArgumentError(
            f"The session's clock returned {shown(told)}, not a datetime with a time zone.",
            target="clock",
        )
    if told.year not in YEARS:
        raise InvalidArgumentError(
            f"The session's clock shows the year {told.year}; confid adds days to it.",
            target="clock",
        )
    return told if told.tzinfo is UTC else told.astimezone(UTC)
