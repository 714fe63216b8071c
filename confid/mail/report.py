"""What a delivery did, and when it tries again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError, shown
from confid.tenant.display import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.tenant.notices import Event


@attrs.frozen(kw_only=True)
class Failure:
    """A message that did not leave, and why. A `parked` one is not tried again."""

    to: str | None
    events: tuple[Event, ...]
    reason: str
    parked: bool


@attrs.frozen(kw_only=True)
class DeliveryReport(Shown):
    """What a delivery did. Each message counts once.

    `sent` counts the messages that left. `failed` counts the parked ones, and
    `pending` the ones that were refused for now and are tried again;
    `failures` holds both kinds with their reasons. `held_back` counts the ones
    that wait: for the time of their next attempt, behind a pending message of
    the same user, or because another delivery works on that user's messages.
    `superseded` counts the ones that never leave, because a later change made
    them wrong. `stopped` says why the transport could not be used, if the
    delivery ended early.
    """

    sent: int = 0
    failed: int = 0
    pending: int = 0
    held_back: int = 0
    superseded: int = 0
    failures: tuple[Failure, ...] = ()
    stopped: str | None = None

    def __str__(self) -> str:
        counts = f"{self.sent} sent, {self.failed} failed"
        if self.pending:
            counts += f", {self.pending} pending"
        counts += f", {self.held_back} held back"
        if self.superseded:
            counts += f", {self.superseded} superseded"
        return f"{counts}; stopped: {self.stopped}" if self.stopped else counts


LONGEST_WAIT = timedelta(days=1000)


def _is_wait(_: object, field: attrs.Attribute[timedelta], value: object) -> None:
    if not isinstance(value, timedelta) or not timedelta(0) <= value <= LONGEST_WAIT:
        raise InvalidArgumentError(
            f"Retry.{field.name}: {shown(value)} is no timedelta of 0 to {LONGEST_WAIT.days} days.",
            target=value,
        )


@attrs.frozen(kw_only=True)
class Retry:
    """When a message is tried again after a temporary refusal.

    The first wait is `first`. Each further wait is four times as long, up to
    `longest`. After `attempts` attempts the message is parked. A delivery
    itself waits up to `patience`; a longer wait is left to a later delivery.
    That one respects waits of more than five seconds. `requeue` makes a
    waiting message due now. The defaults: after 1, 4, 16, 64, 256 and 1024
    seconds, then every hour, for a day.
    """

    first: timedelta = attrs.field(default=timedelta(seconds=1), validator=_is_wait)
    longest: timedelta = attrs.field(default=timedelta(hours=1), validator=_is_wait)
    attempts: int = attrs.field(default=30)
    patience: timedelta = attrs.field(default=timedelta(seconds=5), validator=_is_wait)

    @attempts.validator
    def _is_count(self, _: object, value: object) -> None:
        if not isinstance(value, int) or value < 1:
            raise InvalidArgumentError(
                f"Retry.attempts: {shown(value)} is no number from 1 on.", target=value
            )

    def after(self, attempts: int) -> timedelta:
        """How long to wait after this many attempts."""
        # 12, so that the division leaves something of any `longest`.
        times = 4 ** min(attempts - 1, 12)
        return self.longest if self.first > self.longest / times else self.first * times

    def pauses(self) -> Iterator[timedelta]:
        """The waits of a delivery whose transport is unavailable."""
        for attempts in range(1, self.attempts):
            pause = self.after(attempts)
            if pause > self.patience:
                return
            yield pause


Report = DeliveryReport
"""Its name in 0.1, kept until 0.3."""
