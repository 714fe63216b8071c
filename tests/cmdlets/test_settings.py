"""Tenant settings: the defaults, what can be set, and what cannot."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import confid
from confid.errors import InvalidArgumentError, NotFoundError, ParameterBindingError
from confid.tenant.records import TenantSettings
from confid.tenant.results import Results
from tests.tenants import contents, get_settings, lines, remove_settings, set_settings, tenant

DEFAULTS = {
    "AllowedDialOutExternalDomains": (),
    "EnableEntryExitNotifications": True,
    "EntryExitAnnouncementsType": "UseNames",
    "EnableNameRecording": True,
    "IncludeTollFreeNumberInMeetingInvites": True,
    "MaskPstnNumbersType": "MaskedForExternalUsers",
    "PinLength": 5,
    "AllowPSTNOnlyMeetingsByDefault": False,
    "AutomaticallySendEmailsToUsers": True,
    "SendEmailFromOverride": False,
    "SendEmailFromAddress": None,
    "SendEmailFromDisplayName": None,
    "AutomaticallyReplaceAcpProvider": False,
    "UseUniqueConferenceIds": True,
    "AutomaticallyMigrateUserMeetings": True,
    "MigrateServiceNumbersOnCrossForestMove": False,
    "EnableDialOutJoinConfirmation": False,
    "AllowFederatedUsersToDialOutToSelf": None,
    "AllowFederatedUsersToDialOutToThirdParty": None,
    "Identity": "Global",
}


def test_a_new_tenant_has_the_documented_defaults() -> None:
    """The properties, in order, with their defaults."""
    with tenant():
        assert list(get_settings().__powershell__().items()) == list(DEFAULTS.items())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"pin_length": 4}, {"pin_length": 4}),
        ({"PinLength": "12"}, {"pin_length": 12}),
        (
            {"entry_exit_announcements_type": "TONEONLY"},
            {"entry_exit_announcements_type": "ToneOnly"},
        ),
        ({"mask_pstn_numbers_type": "noMasking"}, {"mask_pstn_numbers_type": "NoMasking"}),
        ({"enable_name_recording": False}, {"enable_name_recording": False}),
        (
            {"allowed_dial_out_external_domains": "a.example"},
            {"allowed_dial_out_external_domains": ("a.example",)},
        ),
        (
            {
                "send_email_from_override": True,
                "send_email_from_address": " desk@Contoso.com ",
                "send_email_from_display_name": "Le Bureau",
            },
            {
                "send_email_from_override": True,
                "send_email_from_address": "desk@contoso.com",
                "send_email_from_display_name": "Le Bureau",
            },
        ),
    ],
)
def test_what_is_set_is_kept_and_the_rest_stays(
    given: dict[str, Any], kept: dict[str, Any]
) -> None:
    """Set returns the settings as they are now; what was not named is as before."""
    with tenant():
        expected = attrs.evolve(TenantSettings(), **kept)
        assert set_settings(**given) == expected
        assert get_settings() == expected
        set_settings(automatically_migrate_user_meetings=False)
        assert get_settings() == attrs.evolve(expected, automatically_migrate_user_meetings=False)


@pytest.mark.parametrize(
    "given",
    [
        {"pin_length": 3},
        {"pin_length": 13},
        {"pin_length": 0},
        {"mask_pstn_numbers_type": ""},
        {"send_email_from_override": True},
        {"send_email_from_override": True, "send_email_from_address": "desk@contoso.com"},
        {"send_email_from_override": True, "send_email_from_display_name": "Desk"},
        {"send_email_from_address": "desk"},
        {"send_email_from_address": "a@contoso.com\nBcc: b@contoso.com"},
        {"send_email_from_display_name": "Desk\r\nBcc: b@contoso.com"},
        {"instance": {"PinLength": 5}},
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any]) -> None:
    """A wrong value is an error that changes nothing."""
    with tenant() as session:
        before = contents(session)
        with pytest.raises(InvalidArgumentError):
            set_settings(**given)
        assert contents(session) == before


@pytest.mark.parametrize(
    "given",
    [{"pin_length": -1}, {"pin_length": "five"}, {"entry_exit_announcements_type": "Trumpets"}],
)
def test_what_does_not_convert_is_not_bound(given: dict[str, Any]) -> None:
    """What is no number or no name of the enumeration is an error, and no default."""
    with tenant() as session:
        before = contents(session)
        with pytest.raises(ParameterBindingError):
            set_settings(**given)
        assert contents(session) == before


def test_an_override_keeps_its_sender_complete() -> None:
    """With the override on, the address can't be emptied."""
    with tenant():
        set_settings(
            send_email_from_override=True,
            send_email_from_address="desk@contoso.com",
            send_email_from_display_name="Desk",
        )
        with pytest.raises(InvalidArgumentError):
            set_settings(send_email_from_address="")


def test_an_instance_is_a_whole_set_of_settings() -> None:
    """`instance` takes what Get returned; parameters beside it overrule it."""
    with tenant():
        instance = attrs.evolve(get_settings(), pin_length=8, enable_name_recording=False)
        assert set_settings(instance=instance) == instance
        again = set_settings(instance=TenantSettings(), pin_length=9)
        assert again == attrs.evolve(TenantSettings(), pin_length=9)
        with pytest.raises(ParameterBindingError) as caught:
            set_settings("Global", instance=instance)
        assert caught.value.error_id == "AmbiguousParameterSet"


def test_there_is_one_instance() -> None:
    """Global, in any casing; another identity isn't found; a filter gives `Results`."""
    with tenant():
        assert get_settings("GLOBAL") == get_settings(identity="tenant:Global") == get_settings()
        for cmdlet in (get_settings, set_settings):
            with pytest.raises(NotFoundError, match="Global"):
                cmdlet("Local")
        found = get_settings(filter="g*")
        assert isinstance(found, Results)
        assert list(found) == [get_settings()]
        assert list(get_settings(filter="x*")) == []


@pytest.mark.parametrize(
    "name",
    [
        "enable_dial_out_join_confirmation",
        "include_toll_free_number_in_meeting_invites",
        "migrate_service_numbers_on_cross_forest_move",
    ],
)
def test_what_does_not_apply_to_teams_is_accepted_and_kept(name: str) -> None:
    """It reads back as set, with a warning that it has no effect."""
    with tenant() as session:
        value = not getattr(get_settings(), name)
        assert getattr(set_settings(**{name: value}), name) is value
        (line,) = lines(session)
        assert line.startswith("WARNING: ")
        (parameter,) = [
            each
            for each in confid.get_command(
                "set-csonlinedialinconferencingtenantsettings"
            ).parameters
            if each.python_name == name
        ]
        assert parameter.status == "accepted"
        assert parameter.name in line


def test_remove_puts_the_defaults_back() -> None:
    """The one instance can't go: it is as in a new tenant, and comes back as it is now."""
    with tenant():
        set_settings(pin_length=9, automatically_send_emails_to_users=False)
        assert remove_settings("global") == TenantSettings() == get_settings()
        assert remove_settings(identity="Global") == TenantSettings()


def test_a_remove_that_cannot_be() -> None:
    """Identity must be given and be Global; WhatIf says one line; nothing changes."""
    with tenant() as session:
        set_settings(pin_length=9)
        before = contents(session)
        with pytest.raises(ParameterBindingError) as caught:
            remove_settings()
        assert caught.value.error_id == "MissingMandatoryParameter"
        with pytest.raises(NotFoundError, match="Global"):
            remove_settings("Local")
        assert remove_settings("Global", what_if=True) is None
        (line,) = lines(session)
        assert line.startswith("What if: ")
        assert line.endswith('on target "Global".')
        assert contents(session) == before
