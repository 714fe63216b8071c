"""Notices: which message a change owes its user, its address, and whether it has the PIN.

Source of the rules: behaviour, mail.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    from confid.tenant.documents import Conferencing
    from confid.tenant.records import TenantSettings


class Event(enum.Enum):
    """An event that a message tells of, in the order of a message's sentences."""

    ENABLED = "enabled"
    CONFERENCE_ID_RESET = "conference_id_reset"
    NUMBER_CHANGED = "number_changed"
    PIN_RESET = "pin_reset"
    DISABLED = "disabled"
    CONFERENCE_INFO = "conference_info"


@attrs.frozen(kw_only=True)
class Sender:
    """The sender of a message."""

    address: str | None = None
    display_name: str | None = None


@attrs.frozen(kw_only=True)
class MailOptions:
    """The mail parameters of a call: PowerShell's, and `notify`.

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
                f"notify={shown(notify, 40)}: use True, False or None.", target="notify"
            )


@attrs.frozen(kw_only=True)
class Notice:
    """A message for the outbox. `to` None means the user's primary address."""

    events: tuple[Event, ...]
    to: str | None
    sender: Sender
    with_pin: bool
    ignored_to: str | None = None


def has_other_numbers(before: Conferencing, after: Conferencing) -> bool:
    """Whether a user has got another default number, toll or toll-free."""
    return (before.service_number, before.toll_free_service_number) != (
        after.service_number,
        after.toll_free_service_number,
    )


def events_of(
    *, reset_conference_id: bool, new_numbers: bool, reset_leader_pin: bool
) -> tuple[Event, ...]:
    """The events in a change of an enabled user, in their order."""
    return (
        *((Event.CONFERENCE_ID_RESET,) if reset_conference_id else ()),
        *((Event.NUMBER_CHANGED,) if new_numbers else ()),
        *((Event.PIN_RESET,) if reset_leader_pin else ()),
    )


def owed(
    events: tuple[Event, ...], options: MailOptions, settings: TenantSettings
) -> Notice | None:
    """The one message that a change owes, or None; `events` are in the order of `Event`.

    The tenant's setting decides whether a change is told; `notify` overrules
    it for the call. `send_email` asks for the conference info, which a
    message about a change has anyway. A PIN goes to the primary address only.
    """
    automatic = settings.automatically_send_emails_to_users
    if options.notify is not None:
        automatic = options.notify
    told: tuple[Event, ...]
    if Event.DISABLED in events:
        told = events if automatic or options.send_email else ()
    elif automatic and events:
        told = events
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
    if settings.send_email_from_override and not options.sender.address:
        return Sender(
            address=settings.send_email_from_address,
            display_name=settings.send_email_from_display_name,
        )
    return options.sender
