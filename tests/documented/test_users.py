"""Documented calls on users, their state and their numbers."""

from __future__ import annotations

import confid
from tests.documented.examples import (
    BRIDGE,
    FIRST,
    FREE,
    KEN,
    OLEG,
    OTHERS,
    OWN,
    PILAR,
    SECOND,
    Example,
    bridge_id,
    documented,
    events,
    get_info,
    get_state,
    get_user,
    is_current,
    names,
    set_default_number,
    tenant_id,
)
from tests.tenants import disable, enable, get, set_user

EXAMPLES = [
    Example(
        'Enable-CsOnlineDialInConferencingUser -Identity "Ken Myer"',
        lambda: disable(KEN) and enable(identity="Ken Myer"),
        lambda r: r.conference_id is not None and r.leader_pin.isdecimal(),
    ),
    Example(
        'Enable-CsOnlineDialInConferencingUser -Identity "Ken Myer" -ServiceNumber 14255550177 '
        "-TollFreeServiceNumber 18005550199 -AllowPstnOnlyMeetings $true",
        lambda: (
            disable(KEN)
            and enable(
                identity="Ken Myer",
                service_number=OWN,
                toll_free_service_number=FREE,
                allow_pstn_only_meetings=True,
            )
        ),
        lambda r: (r.service_number, r.toll_free_service_number) == (OWN, FREE),
    ),
    Example(
        "Enable-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -ReplaceProvider",
        lambda: disable(KEN) and enable(identity=KEN, replace_provider=True),
        lambda r: r.conference_id is not None,
    ),
    Example(
        'Disable-CsOnlineDialInConferencingUser -Identity "Ken Myer"',
        lambda: disable(identity="Ken Myer"),
        lambda r: r.conference_id is None and events() == ["disabled"],
    ),
    Example(
        "Disable-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -SendEmail "
        "-SendEmailToAddress pilar.ackerman@contoso.com",
        lambda: disable(identity=KEN, send_email=True, send_email_to_address=PILAR),
        lambda _: confid.mail.outbox()[-1].to == PILAR,
    ),
    Example(
        'Get-CsOnlineDialInConferencingUser -Identity "Ken Myer"',
        lambda: get(identity="Ken Myer"),
        lambda r: (r.display_name, r.bridge_name, r.leader_pin) == ("Ken Myer", BRIDGE, "*" * 11),
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser -BridgeId 72dfe128-...",
        lambda: get(bridge_id=bridge_id()),
        lambda r: len(r) == 5,
    ),
    Example(
        'Get-CsOnlineDialInConferencingUser -BridgeName "Conference Bridge" -ResultSize 2',
        lambda: get(bridge_name=BRIDGE, result_size=2),
        lambda r: names(r) == ["Ken Myer", "Pilar Ackerman"],
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser -Tenant 26efe125-... -ServiceNumber 14255550100",
        lambda: get(tenant=tenant_id(), service_number=FIRST),
        lambda r: len(r) == 5,
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser -TenantDomain contoso.com -ServiceNumber 14255550177",
        lambda: get(tenant_domain="contoso.com", service_number=OWN),
        lambda r: len(r) == 0,
    ),
    Example(
        'Get-CsOnlineDialInConferencingUser -LdapFilter "Department=Finance"',
        lambda: get(ldap_filter="Department=Finance"),
        lambda r: names(r) == ["Ken Myer", "Pilar Ackerman"],
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser | Select-Object -Property DisplayName, ConferenceId",
        lambda: confid.powershell.format_table(get(), "DisplayName", "ConferenceId"),
        lambda r: "Ken Myer" in r and str(get(KEN).conference_id) in r,
    ),
    Example(
        'Set-CsOnlineDialInConferencingUser -Identity "Ken Myer" -ResetLeaderPin '
        "-ServiceNumber 14255550177",
        lambda: set_user(identity="Ken Myer", reset_leader_pin=True, service_number=OWN),
        lambda r: r.leader_pin.isdecimal() and r.service_number == OWN,
    ),
    Example(
        'Set-CsOnlineDialInConferencingUser -Identity "Ken Myer" -BridgeName "O365 Bridge"',
        lambda: set_user(identity="Ken Myer", bridge_name=SECOND),
        lambda r: (r.bridge_name, r.service_number) == (SECOND, OTHERS),
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -BridgeId 72dfe128-... "
        "-ServiceNumber 14255550166",
        lambda: set_user(KEN, bridge_id=bridge_id(SECOND), service_number=OTHERS),
        lambda r: r.bridge_name == SECOND,
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -ResetConferenceId",
        lambda: (get(KEN).conference_id, set_user(identity=KEN, reset_conference_id=True)),
        lambda r: (
            not is_current(r[0])
            and is_current(r[1].conference_id)
            and events() == ["conference_id_reset"]
        ),
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -ResetPasscode",
        lambda: (get(KEN).conference_id, set_user(identity=KEN, ResetPasscode=True)),
        lambda r: r[0] != r[1].conference_id,
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com "
        "-AllowPSTNOnlyMeetings $true",
        lambda: set_user(identity=KEN, allow_pstn_only_meetings=True),
        lambda r: r.allow_pstn_only_meetings,
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com "
        "-TollFreeServiceNumber 18005550199 -AllowTollFreeDialIn $false",
        lambda: set_user(KEN, toll_free_service_number=FREE, allow_toll_free_dial_in=False),
        lambda r: not r.allow_toll_free_dial_in,
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -SendEmail "
        '-SendEmailFromAddress amos.marble@contoso.com -SendEmailFromDisplayName "Amos Marble"',
        lambda: set_user(
            KEN,
            send_email=True,
            send_email_from_address="amos.marble@contoso.com",
            send_email_from_display_name="Amos Marble",
        ),
        lambda _: confid.mail.outbox()[-1].sender.address == "amos.marble@contoso.com",
    ),
    Example(
        "Get-CsOnlineDialInConferencingUser | "
        "Set-CsOnlineDialInConferencingUser -AllowTollFreeDialIn $false",
        lambda: set_user(get(), allow_toll_free_dial_in=False),
        lambda r: [user.allow_toll_free_dial_in for user in r] == [False] * 5,
    ),
    Example(
        "Import-Csv users.csv | ForEach-Object { Set-CsOnlineDialInConferencingUser "
        "-Identity $_.UserPrincipalName -ResetConferenceId }",
        lambda: set_user((row for row in (KEN, PILAR)), reset_conference_id=True),
        lambda r: names(r) == ["Ken Myer", "Pilar Ackerman"],
    ),
    Example(
        "Set-CsOnlineDialInConferencingUser -Identity ken.myer@contoso.com -ResetConferenceId "
        "-WhatIf",
        lambda: (get(KEN).conference_id, set_user(KEN, reset_conference_id=True, what_if=True)),
        lambda r: r == (get(KEN).conference_id, None),
    ),
    Example(
        "Get-CsOnlineUser -Identity ken.myer@contoso.com",
        lambda: get_user(identity=KEN),
        lambda r: r.user_principal_name == KEN,
    ),
    Example(
        'Get-CsOnlineUser -Filter {Department -eq "Finance"}',
        lambda: get_user(filter='{Department -eq "Finance"}'),
        lambda r: names(r) == ["Ken Myer", "Pilar Ackerman"],
    ),
    Example(
        'Get-CsOnlineUser -Filter {UserPrincipalName -like "ken*"} '
        "-Properties DisplayName, UserPrincipalName, Department",
        lambda: get_user(
            filter='UserPrincipalName -like "ken*"',
            properties=["DisplayName", "UserPrincipalName", "Department"],
        ),
        lambda r: r.to_dicts()[0]["Department"] == "Finance" and "Mail" not in r.to_dicts()[0],
    ),
    Example(
        "Get-CsOnlineUser -ResultSize 3",
        lambda: get_user(result_size=3),
        lambda r: len(r) == 3,
    ),
    Example(
        'Get-CsOnlineDialInConferencingUserInfo -Identity "Ken Myer"',
        lambda: get_info(identity="Ken Myer"),
        lambda r: r.conference_id == get(KEN).conference_id,
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserInfo -First 3 -Skip 1 -SortDescending",
        lambda: get_info(first=3, skip=1, sort_descending=True),
        lambda r: names(r) == names(get_info())[::-1][1:4],
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserInfo -Select ConferencingProviderMS",
        lambda: get_info(select="ConferencingProviderMS"),
        lambda r: {user.provider for user in r} == {"Microsoft"},
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserInfo -Select DialInConferencingOff -SearchQuery oleg",
        lambda: get_info(select="DialInConferencingOff", search_query="oleg"),
        lambda r: [user.identity for user in r] == [get_user(OLEG).identity],
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserInfo -Filter {DisplayName -like 'Ken*'}",
        lambda: get_info(filter="{DisplayName -like 'Ken*'}"),
        lambda r: names(r) == ["Ken Myer"],
    ),
    Example(
        'Get-CsOnlineDialInConferencingUserState -Identity "Ken Myer"',
        lambda: get_state(identity="Ken Myer"),
        lambda r: r.pstn_conferencing_license_state == "Licensed",
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserState -Provider Microsoft -ResultSize 2",
        lambda: get_state(provider="Microsoft", result_size=2),
        lambda r: len(r) == 2,
    ),
    Example(
        "Get-CsOnlineDialInConferencingUserState -LicenseState NoLicense",
        lambda: get_state(license_state="NoLicense"),
        lambda r: [user.identity for user in r] == [get_user(OLEG).identity],
    ),
    Example(
        "Set-CsOnlineDialInConferencingUserDefaultNumber -FromNumber $null "
        '-ToNumber 18005550199 -NumberType "Toll-Free" -BridgeName "Conference Bridge"',
        lambda: set_default_number(
            from_number=None, to_number=FREE, number_type="Toll-Free", bridge_name=BRIDGE
        ),
        lambda r: {user.toll_free_service_number for user in r} == {FREE} and len(r) == 5,
    ),
    Example(
        "Set-CsOnlineDialInConferencingUserDefaultNumber -FromNumber 14255550100 "
        "-ToNumber 14255550177 -NumberType Toll -BridgeId 72dfe128-... -RescheduleMeetings",
        lambda: set_default_number(
            from_number=FIRST,
            to_number=OWN,
            number_type="Toll",
            bridge_id=bridge_id(),
            reschedule_meetings=True,
        ),
        lambda r: {user.service_number for user in r} == {OWN},
    ),
    Example(
        "Set-CsOnlineDialInConferencingUserDefaultNumber -ToNumber 14255550177 -NumberType Toll "
        "-CountryOrRegion US -BridgeId 72dfe128-...",
        lambda: set_default_number(
            to_number=OWN, number_type="Toll", country_or_region="US", bridge_id=bridge_id()
        ),
        lambda r: names(r) == ["Ken Myer"],
    ),
]


@documented(EXAMPLES)
def test_a_documented_example_runs(example: Example) -> None:
    """As the Python call beside it, and does what the documentation says it does."""
    assert example.holds(example.call())
