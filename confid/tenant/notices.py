"""Which message a change owes its user, to whom, whether the PIN goes along; and its lane.

Source of the rules: behaviour, mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import attrs

from confid.errors import InvalidArgumentError
from confid.tenant.records import PENDING, Event, Sender

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.tenant.records import OutboxEntry, TenantSettings


_IN_ORDER = tuple(Event)

LANES = tuple(f"{number:02d}" for number in range(64))
"""The lanes of the outbox: what is pending is read one by one, however much it is."""


@attrs.frozen(kw_only=True)
class MailOptions:
    """What a caller says about mail: PowerShell's mail parameters, and `notify`.

    Raises `InvalidArgumentError` for a `notify` that is neither None nor a boolean.
    """

    send_email: bool = False
    to_address: str | None = None
    sender: Sender = Sender()
    notify: bool | None = attrs.field(default=None)

    @notify.validator
    def _check(self, _: object, notify: object) -> None:
        if notify not in (None, True, False):
            raise InvalidArgumentError(
                f"notify={notify!r:.40}: there are True, False and None.", target="notify"
            )


@attrs.frozen(kw_only=True)
class Notice:
    """A message to be put in the outbox. `to` None: the user's primary address."""

    events: tuple[Event, ...]
    to: str | None
    sender: Sender
    with_pin: bool
    ignored_to: str | None = None


def owed(events: Iterable[Event], options: MailOptions, settings: TenantSettings) -> Notice | None:
    """The one message that a change owes, or None.

    The tenant's setting governs what is told unasked, `notify` overrules it
    for the call; `send_email` asks for the conference info, which is said by
    any message about a change that carries the ID. A PIN goes to the primary
    address only.
    """
    made = tuple(events)
    changed = tuple(event for event in _IN_ORDER if event in made)
    automatic = settings.automatically_send_emails_to_users
    if options.notify is not None:
        automatic = options.notify
    if Event.DISABLED in changed:
        told = changed if automatic or options.send_email else ()
    elif automatic and changed:
        told = changed
    else:
        told = (Event.CONFERENCE_INFO,) if options.send_email else ()
    if not told:
        return None
    with_pin = Event.ENABLED in told or Event.PIN_RESET in told
    return Notice(
        events=told,
        to=None if with_pin else options.to_address,
        sender=_sender(options, settings),
        with_pin=with_pin,
        ignored_to=options.to_address if with_pin else None,
    )


def _sender(options: MailOptions, settings: TenantSettings) -> Sender:
    if options.sender.address:
        return options.sender
    if settings.send_email_from_override:
        return Sender(
            address=settings.send_email_from_address,
            display_name=settings.send_email_from_display_name,
        )
    return Sender()


def outbox_index(entry: OutboxEntry) -> dict[str, str | None]:
    """The index fields of an entry. All that is pending for a user stands in one lane."""
    lane = LANES[crc32(entry.owner.encode()) % len(LANES)] if entry.state == PENDING else None
    return {"state": entry.state, "owner": entry.owner, "lane": lane}
