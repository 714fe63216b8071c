"""What the tenant's dial-in settings may be. Source: behaviour, tenant settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import InvalidArgumentError, StaticConferenceIdError
from confid.mail_address import checked, checked_display_name
from confid.parameters import one_of

if TYPE_CHECKING:
    from confid.records import TenantSettings

PIN_LENGTHS = range(4, 13)
ANNOUNCEMENTS = ("UseNames", "ToneOnly")
MASKS = ("MaskedForExternalUsers", "MaskedForAllUsers", "NoMasking")


def checked_settings(settings: TenantSettings) -> TenantSettings:
    """The settings as they are kept: names in their casing, the address in its normal form.

    Raises `StaticConferenceIdError` where IDs would not be unique, and
    `InvalidArgumentError` for anything else that can't be.
    """
    if not settings.use_unique_conference_ids:
        raise StaticConferenceIdError("use_unique_conference_ids=False")
    if settings.pin_length not in PIN_LENGTHS:
        raise InvalidArgumentError(
            f"PinLength: {settings.pin_length} is not 4 to 12 digits.",
            target=settings.pin_length,
            error_id="PinLengthOutOfRange",
        )
    address, name = settings.send_email_from_address, settings.send_email_from_display_name
    if settings.send_email_from_override and not (address and name):
        raise InvalidArgumentError(
            "SendEmailFromOverride needs SendEmailFromAddress and SendEmailFromDisplayName.",
            error_id="SenderIncomplete",
        )
    changes: dict[str, Any] = {
        "entry_exit_announcements_type": one_of(
            "EntryExitAnnouncementsType", settings.entry_exit_announcements_type, ANNOUNCEMENTS
        ),
        "mask_pstn_numbers_type": one_of(
            "MaskPstnNumbersType", settings.mask_pstn_numbers_type, MASKS
        ),
    }
    if address:
        changes["send_email_from_address"] = checked(address, parameter="SendEmailFromAddress")
    if name:
        checked_display_name(name, parameter="SendEmailFromDisplayName")
    return attrs.evolve(settings, **changes)
