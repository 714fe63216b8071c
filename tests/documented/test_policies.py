"""Documented calls on policies and their grants."""

from __future__ import annotations

from confid.tenant.policies import Family
from tests.documented.examples import (
    EMEA,
    FREE,
    KEN,
    OLEG,
    OWN,
    PILAR,
    STAFF,
    Example,
    documented,
    effective,
    get_configuration,
    get_dial_in,
    get_user,
    names,
)
from tests.tenants import (
    get_dial_out,
    get_policy,
    grant_dial_out,
    grant_policy,
    new_policy,
    remove_policy,
    set_policy,
)

AUDIO = Family.AUDIO_CONFERENCING
INTERNATIONAL = "DialoutCPCandPSTNInternational"

EXAMPLES = [
    Example(
        "Get-CsOnlineDialOutPolicy",
        get_dial_out,
        lambda r: (len(r), r[0].identity) == (13, "Global"),
    ),
    Example(
        "Get-CsOnlineDialOutPolicy -Identity DialoutCPCandPSTNInternational",
        lambda: get_dial_out(identity=INTERNATIONAL),
        lambda r: r.allow_pstn_outbound_calling_type == "InternationalAndDomestic",
    ),
    Example(
        'Get-CsOnlineDialOutPolicy -Filter "*DomesticPSTN*"',
        lambda: get_dial_out(filter="*DomesticPSTN*"),
        lambda r: r and all("DomesticPSTN" in policy.identity for policy in r),
    ),
    Example(
        "Grant-CsDialoutPolicy -Identity ken.myer@contoso.com "
        "-PolicyName tag:DialoutCPCandPSTNInternational",
        lambda: grant_dial_out(KEN, policy_name=f"tag:{INTERNATIONAL}"),
        lambda _: effective(Family.DIAL_OUT, KEN) == INTERNATIONAL,
    ),
    Example(
        "Grant-CsDialoutPolicy -Identity ken.myer@contoso.com -PolicyName $Null",
        lambda: (
            grant_dial_out(KEN, policy_name=INTERNATIONAL),
            grant_dial_out(KEN, policy_name=None),
        ),
        lambda _: effective(Family.DIAL_OUT, KEN) == "Global",
    ),
    Example(
        "Grant-CsDialoutPolicy -Global -PolicyName DialoutCPCandPSTNInternational",
        lambda: grant_dial_out(global_=True, policy_name=INTERNATIONAL),
        lambda _: effective(Family.DIAL_OUT, OLEG) == INTERNATIONAL,
    ),
    Example(
        "Get-CsOnlineUser -Filter {...} | "
        "Grant-CsDialoutPolicy -PolicyName DialoutCPCandPSTNInternational -PassThru",
        lambda: grant_dial_out(
            get_user(filter="Department -eq 'Finance'"), policy_name=INTERNATIONAL, pass_thru=True
        ),
        lambda r: (
            names(r) == ["Ken Myer", "Pilar Ackerman"]
            and effective(Family.DIAL_OUT, PILAR) == INTERNATIONAL
        ),
    ),
    Example(
        "Get-CsOnlineDialinConferencingPolicy",
        get_dial_in,
        lambda r: [policy.identity for policy in r] == ["Global"],
    ),
    Example(
        'Get-CsOnlineDialinConferencingPolicy -Filter "*Service*"',
        lambda: get_dial_in(filter="*Service*"),
        lambda r: len(r) == 0,
    ),
    Example(
        "Get-CsOnlineDialinConferencingTenantConfiguration",
        get_configuration,
        lambda r: r.status == "Enabled",
    ),
    Example(
        "Get-CsTeamsAudioConferencingPolicy",
        get_policy,
        lambda r: [policy.identity for policy in r] == ["Global", f"Tag:{EMEA}"],
    ),
    Example(
        'Get-CsTeamsAudioConferencingPolicy -Identity "EMEA Users"',
        lambda: get_policy(identity=EMEA),
        lambda r: r.allow_toll_free_dialin,
    ),
    Example(
        'Get-CsTeamsAudioConferencingPolicy -Filter "Tag:EMEA*"',
        lambda: get_policy(filter="Tag:EMEA*"),
        lambda r: len(r) == 1,
    ),
    Example(
        'New-CsTeamsAudioConferencingPolicy -Identity "DACH" -AllowTollFreeDialin $False',
        lambda: new_policy(identity="DACH", allow_toll_free_dialin=False),
        lambda r: get_policy("DACH") == r and not r.allow_toll_free_dialin,
    ),
    Example(
        'New-CsTeamsAudioConferencingPolicy -Identity "DACH" -AllowTollFreeDialin $True '
        '-MeetingInvitePhoneNumbers "+14255550177","+18005550199"',
        lambda: new_policy(
            identity="DACH",
            allow_toll_free_dialin=True,
            meeting_invite_phone_numbers=[f"+{OWN}", f"+{FREE}"],
        ),
        lambda r: r.meeting_invite_phone_numbers == (OWN, FREE),
    ),
    Example(
        'Set-CsTeamsAudioConferencingPolicy -Identity "EMEA Users" -AllowTollFreeDialin $False',
        lambda: set_policy(identity=EMEA, allow_toll_free_dialin=False),
        lambda r: not get_policy(EMEA).allow_toll_free_dialin and r == get_policy(EMEA),
    ),
    Example(
        'Set-CsTeamsAudioConferencingPolicy -Identity "EMEA Users" '
        '-MeetingInvitePhoneNumbers "+14255550177"',
        lambda: set_policy(identity=EMEA, meeting_invite_phone_numbers=f"+{OWN}"),
        lambda r: r.meeting_invite_phone_numbers == (OWN,),
    ),
    Example(
        'Remove-CsTeamsAudioConferencingPolicy -Identity "EMEA Users"',
        lambda: remove_policy(identity=EMEA),
        lambda r: r is None and len(get_policy()) == 1,
    ),
    Example(
        'Grant-CsTeamsAudioConferencingPolicy -Identity "Ken Myer" -PolicyName "EMEA Users"',
        lambda: grant_policy(identity="Ken Myer", policy_name=EMEA),
        lambda _: (effective(AUDIO, KEN), effective(AUDIO, PILAR)) == (EMEA, "Global"),
    ),
    Example(
        'Grant-CsTeamsAudioConferencingPolicy -Identity "Ken Myer" -PolicyName $null',
        lambda: (
            grant_policy(identity=KEN, policy_name=EMEA),
            grant_policy(identity="Ken Myer", policy_name=None),
        ),
        lambda _: effective(AUDIO, KEN) == "Global",
    ),
    Example(
        'Grant-CsTeamsAudioConferencingPolicy -Global -PolicyName "EMEA Users"',
        lambda: grant_policy(global_=True, policy_name=EMEA),
        lambda _: effective(AUDIO, OLEG) == EMEA,
    ),
    Example(
        "Grant-CsTeamsAudioConferencingPolicy -Group staff@contoso.com -Rank 1 "
        '-PolicyName "EMEA Users"',
        lambda: grant_policy(group=STAFF, rank=1, policy_name=EMEA),
        lambda _: (effective(AUDIO, PILAR), effective(AUDIO, KEN)) == (EMEA, "Global"),
    ),
]


@documented(EXAMPLES)
def test_a_documented_example_runs(example: Example) -> None:
    """As the Python call beside it, and does what the documentation says it does."""
    assert example.holds(example.call())
