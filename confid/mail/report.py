"""What a delivery did, and how often it tries again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.tenant.records import Event


@attrs.frozen(kw_only=True)
class Failure:
    """A message that did not leave, and why. `parked`: it will not be tried again."""

    to: str | None
    events: tuple[Event, ...]
    reason: str
    parked: bool


@attrs.frozen(kw_only=True)
class DeliveryReport:
    """What a delivery did.

    `sent` counts the messages that the transport took, `failed` those that it
    or their own address refused (each is in `failures`), `held_back` those
    that were seen and wait: for the time of their next attempt, behind a
    failed one of the same user, or behind another delivery that has the
    user's messages in hand. `stopped` says why the delivery ended before it
    had tried all: the transport could not be used.
    """

    sent: int = 0
    failed: int = 0
    held_back: int = 0
    failures: tuple[Failure, ...] = ()
    stopped: str | None = None

    def __str__(self) -> str:
        counts = f"{self.sent} sent, {self.failed} failed, {self.held_back} held back"
        return f"{counts}; stopped: {self.stopped}" if self.stopped else counts


def _positive(_: object, field: attrs.Attribute[timedelta], value: timedelta) -> None:
    if value < timedelta(0):
        raise InvalidArgumentError(f"Retry.{field.name}: {value} is in the past.", target=value)


@attrs.frozen(kw_only=True)
class Retry:
    """When a temporary refusal is tried again.

    The first time after `first`, then after four times as long each time, at
    most after `longest`; after `attempts` the message is parked. A delivery
    waits itself where it is no longer than `patience`, and leaves the rest to
    a later one, which heeds waits of a minute and more. As it stands: after 1,
    4, 16, 64, 256 and 1024 seconds, then every hour, for a day.
    """

    first: timedelta = attrs.field(default=timedelta(seconds=1), validator=_positive)
    longest: timedelta = attrs.field(default=timedelta(hours=1), validator=_positive)
    attempts: int = attrs.field(default=30)
    patience: timedelta = attrs.field(default=timedelta(seconds=5), validator=_positive)

    @attempts.validator
    def _at_least_one(self, _: object, value: int) -> None:
        if value < 1:
            raise InvalidArgumentError("Retry.attempts: there is at least one.", target=value)

    def after(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts."""
        # A timedelta has an end.
        times = 4 ** min(attempts - 1, 12)
        return self.longest if self.first > self.longest / times else self.first * times

    def pauses(self) -> Iterator[timedelta]:
        """What a delivery itself waits before it gives a transport up."""
        for attempts in range(1, self.attempts):
            pause = self.after(attempts)
            if pause > self.patience:
                return
            yield pause


Report = DeliveryReport
"""Its name in 0.1, kept until 0.3."""
