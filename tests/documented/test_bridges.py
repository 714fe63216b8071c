"""Documented calls on bridges, service numbers and tenant settings."""

from __future__ import annotations

import attrs

import confid
from tests.documented.examples import (
    BRIDGE,
    FIRST,
    FREE,
    KEN,
    OWN,
    SECOND,
    SPARE,
    Example,
    bridge_id,
    documented,
    events,
    tenant_id,
)
from tests.tenants import (
    disable,
    enable,
    get_bridge,
    get_languages,
    get_number,
    get_settings,
    register,
    remove_settings,
    set_bridge,
    set_number,
    set_settings,
    set_user,
    unregister,
)

EXAMPLES = [
    Example(
        "Get-CsOnlineDialInConferencingBridge -Tenant 26efe125-...",
        lambda: get_bridge(tenant=tenant_id()),
        lambda r: [b.name for b in r] == [BRIDGE, SECOND],
    ),
    Example(
        'Get-CsOnlineDialInConferencingBridge -Tenant 26efe125-... -Name "Conference Bridge"',
        lambda: get_bridge(tenant=tenant_id(), name=BRIDGE),
        lambda r: r.is_default,
    ),
    Example(
        "Get-CsOnlineDialInConferencingBridge -Identity 72dfe128-...",
        lambda: get_bridge(identity=bridge_id()),
        lambda r: r.name == BRIDGE,
    ),
    Example(
        'Set-CsOnlineDialInConferencingBridge -Name "Conference Bridge" '
        "-DefaultServiceNumber 14255550177",
        lambda: set_bridge(name=BRIDGE, default_service_number=14255550177),
        lambda r: r.default_service_number.number == OWN,
    ),
    Example(
        "Set-CsOnlineDialInConferencingBridge -Identity 72dfe128-... "
        "-DefaultServiceNumber +14255550177",
        lambda: set_bridge(identity=bridge_id(), default_service_number=f"+{OWN}"),
        lambda r: r.default_service_number.number == OWN,
    ),
    Example(
        'Set-CsOnlineDialInConferencingBridge -Name "O365 Bridge" -SetDefault',
        lambda: set_bridge(name=SECOND, set_default=True),
        lambda r: r.is_default and not get_bridge(name=BRIDGE).is_default,
    ),
    Example(
        '$bridge = Get-CsOnlineDialInConferencingBridge -Name "Conference Bridge"; '
        '$bridge.Name = "Renamed"; Set-CsOnlineDialInConferencingBridge -Instance $bridge',
        lambda: set_bridge(instance=attrs.evolve(get_bridge(name=BRIDGE), name="Renamed")),
        lambda r: r.name == "Renamed" and get_bridge(name="Renamed").identity == r.identity,
    ),
    Example(
        "Get-CsOnlineDialInConferencingLanguagesSupported | Format-List",
        lambda: confid.powershell.format_list(get_languages()),
        lambda r: "Code : de-DE" in r,
    ),
    Example(
        "Get-CsOnlineDialInConferencingServiceNumber -BridgeId 72dfe128-...",
        lambda: get_number(bridge_id=bridge_id()),
        lambda r: [n.number for n in r] == [FIRST, OWN, FREE],
    ),
    Example(
        'Get-CsOnlineDialInConferencingServiceNumber -BridgeName "Conference Bridge" -ResultSize 1',
        lambda: get_number(bridge_name=BRIDGE, result_size=1),
        lambda r: [n.number for n in r] == [FIRST],
    ),
    Example(
        "Get-CsOnlineDialInConferencingServiceNumber -Identity +14255550177",
        lambda: get_number(identity=f"+{OWN}"),
        lambda r: r.number == OWN,
    ),
    Example(
        "Get-CsOnlineDialInConferencingServiceNumber -Tenant 26efe125-... -City US",
        lambda: get_number(tenant=tenant_id(), city="US"),
        lambda r: FIRST in [n.number for n in r],
    ),
    Example(
        "Get-CsOnlineDialInConferencingServiceNumber -TenantDomain contoso.com",
        lambda: get_number(tenant_domain="contoso.com"),
        lambda r: FIRST in [n.number for n in r],
    ),
    Example(
        "Register-CsOnlineDialInConferencingServiceNumber -Identity 14255550188 "
        "-BridgeId 72dfe128-...",
        lambda: register(identity=SPARE, bridge_id=bridge_id()),
        lambda r: r.number == SPARE and r.bridge_id == bridge_id(),
    ),
    Example(
        "Register-CsOnlineDialInConferencingServiceNumber -Identity 14255550188 "
        '-BridgeName "O365 Bridge"',
        lambda: register(identity=SPARE, bridge_name=SECOND),
        lambda r: r.bridge_id == bridge_id(SECOND),
    ),
    Example(
        "Set-CsOnlineDialInConferencingServiceNumber -Identity +14255550177 -PrimaryLanguage de-de "
        "-SecondaryLanguages en-us, ja-jp, en-gb",
        lambda: set_number(
            identity=f"+{OWN}",
            primary_language="de-de",
            secondary_languages=["en-us", "ja-jp", "en-gb"],
        ),
        lambda r: (
            (r.primary_language, *r.secondary_languages) == ("de-DE", "en-US", "ja-JP", "en-GB")
        ),
    ),
    Example(
        "Set-CsOnlineDialInConferencingServiceNumber -Identity +14255550177 "
        "-RestoreDefaultLanguages",
        lambda: (
            set_number(OWN, primary_language="de-DE")
            and set_number(identity=f"+{OWN}", restore_default_languages=True)
        ),
        lambda r: (r.primary_language, r.secondary_languages) == ("en-US", ()),
    ),
    Example(
        "Unregister-CsOnlineDialInConferencingServiceNumber -Identity +14255550177 "
        '-BridgeName "Conference Bridge"',
        lambda: unregister(identity=f"+{OWN}", bridge_name=BRIDGE),
        lambda r: r.bridge_id is None and get_number(OWN).bridge_id is None,
    ),
    Example(
        "Unregister-CsOnlineDialInConferencingServiceNumber -Identity +14255550166 "
        "-BridgeId 72dfe128-... -RemoveDefaultServiceNumber",
        lambda: unregister(
            identity="+14255550166",
            bridge_id=bridge_id(SECOND),
            remove_default_service_number=True,
        ),
        lambda r: r.bridge_id is None and get_bridge(name=SECOND).default_service_number is None,
    ),
    Example(
        "Get-CsOnlineDialInConferencingTenantSettings",
        get_settings,
        lambda r: (r.identity, r.pin_length) == ("Global", 5),
    ),
    Example(
        "Get-CsOnlineDialInConferencingTenantSettings -Filter Global*",
        lambda: get_settings(filter="Global*"),
        lambda r: [s.identity for s in r] == ["Global"],
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -EnableEntryExitNotifications $True "
        "-EnableNameRecording $True -PinLength 7",
        lambda: set_settings(
            enable_entry_exit_notifications=True, enable_name_recording=True, pin_length=7
        ),
        lambda r: len(set_user(KEN, reset_leader_pin=True).leader_pin) == r.pin_length == 7,
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -SendEmailFromOverride $true "
        '-SendEmailFromAddress amos.marble@contoso.com -SendEmailFromDisplayName "Amos Marble"',
        lambda: set_settings(
            send_email_from_override=True,
            send_email_from_address="amos.marble@contoso.com",
            send_email_from_display_name="Amos Marble",
        ),
        lambda r: r.send_email_from_override and get_settings() == r,
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -AutomaticallySendEmailsToUsers $false",
        lambda: set_settings(automatically_send_emails_to_users=False),
        lambda _: set_user(KEN, reset_conference_id=True) and events() == [],
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -EntryExitAnnouncementsType ToneOnly",
        lambda: set_settings(entry_exit_announcements_type="ToneOnly"),
        lambda r: r.entry_exit_announcements_type == "ToneOnly",
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -MaskPstnNumbersType NoMasking",
        lambda: set_settings(mask_pstn_numbers_type="NoMasking"),
        lambda r: r.mask_pstn_numbers_type == "NoMasking",
    ),
    Example(
        "Set-CsOnlineDialInConferencingTenantSettings -AllowPSTNOnlyMeetingsByDefault $true",
        lambda: set_settings(allow_pstn_only_meetings_by_default=True),
        lambda _: disable(KEN) and enable(KEN).allow_pstn_only_meetings,
    ),
    Example(
        "Remove-CsOnlineDialInConferencingTenantSettings -Identity Global",
        lambda: set_settings(pin_length=9) and remove_settings(identity="Global"),
        lambda r: r.pin_length == get_settings().pin_length == 5,
    ),
]


@documented(EXAMPLES)
def test_a_documented_example_runs(example: Example) -> None:
    """As the Python call beside it, and does what the documentation says it does."""
    assert example.holds(example.call())
