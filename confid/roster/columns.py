"""The columns of a roster: which are known, by their many names, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError, shown
from confid.powershell.language.names import did_you_mean
from confid.roster.exports import ExportKind, heading
from confid.roster.report import NOT_KNOWN, RosterReport

if TYPE_CHECKING:
    from collections.abc import Iterable

UPN = "UserPrincipalName"
CONFERENCE_ID = "ConferenceId"
BRIDGE_ID = "BridgeId"
SIP = "SipAddress"
ALIAS = "Alias"
PROXIES = "ProxyAddresses"
GROUPS = "Groups"
IDENTITY = "Identity"
PLANS = ("AssignedPlans", "AssignedPlan")
"""Columns that list all service plans of a person."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "user_principal_name": (UPN, "Upn", "Username"),
    "object_id": ("ObjectId", "ExternalDirectoryObjectId", "Id", IDENTITY),
    "sip_address": (SIP,),
    "alias": (ALIAS, "MailNickname"),
    "display_name": ("DisplayName",),
    "mail": ("Mail", "PrimarySmtpAddress", "WindowsEmailAddress", "EmailAddress", "Email"),
    "proxies": (PROXIES, "EmailAddresses"),
    "licences": (
        *("Licenses", "License", "Licences", "Licence", "AssignedLicenses", "LicenseSkus"),
        *("LicenseDetails", "AssignedProducts", "Skus", "SkuPartNumber", "AccountSkuId"),
        *PLANS,
    ),
    "usage_location": ("UsageLocation",),
    "preferred_language": ("PreferredLanguage",),
    "provider": ("Provider", "AudioConferencingProvider", "AcpProvider"),
    "country": ("Country", "CountryRegion", "CountryOrRegion"),
    "city": ("City",),
    "department": ("Department",),
    "title": ("Title", "JobTitle"),
    "logon": ("OnPremisesSamAccountName", "OnPremSamAccountName", "SamAccountName"),
    "domain": ("OnPremisesDomainName", "OnPremDomainName"),
    "distinguished_name": ("DistinguishedName", "OnPremisesDistinguishedName"),
    "groups": (GROUPS,),
    "soft_deleted": (
        *("SoftDeletionTimestamp", "SoftDeletionTime", "WhenSoftDeleted", "DeletedDateTime"),
        *("DeletedDate", "IsDeleted"),
    ),
    "conference_id": (CONFERENCE_ID,),
    "bridge_id": (BRIDGE_ID,),
    "service_number": ("ServiceNumber",),
    "toll_free_number": ("TollFreeServiceNumber",),
    "allow_toll_free": ("AllowTollFreeDialIn",),
    "allow_pstn_only": ("AllowPstnOnlyMeetings",),
}
"""What a row says of a person, and the columns that say it, the first name first."""

SETTINGS = ("bridge_id", "service_number", "toll_free_number", "allow_toll_free", "allow_pstn_only")
"""Dial-in settings, which come in with a conference ID; parameters of these names set them."""

_MEANINGS = {heading(name): meaning for meaning, names in COLUMNS.items() for name in names}
_NAMES = {heading(name): name for names in COLUMNS.values() for name in names}
_ALIKE = 0.84
"""So alike, of 1, are a misspelt name and the right one."""
_SETS_IT = "Set-CsOnlineDialInConferencingUser"


def checked_renames(columns: Mapping[str, str] | None) -> dict[str, str]:
    """The headings that a caller translates. Raises `InvalidArgumentError` for a wrong one."""
    renamed: dict[str, str] = {}
    given_names = columns or {}
    if not isinstance(given_names, Mapping) or not all(
        isinstance(text, str) for pair in given_names.items() for text in pair
    ):
        raise InvalidArgumentError(
            f"columns: {shown(columns)} is no mapping of headings to columns.", target="columns"
        )
    for given, meant in given_names.items():
        if heading(meant) not in _NAMES:
            hint = did_you_mean(heading(meant), _NAMES.values())
            raise InvalidArgumentError(
                f"columns: There is no column {shown(meant)} in a roster.{hint}", target="columns"
            )
        renamed[heading(given)] = heading(meant)
    return renamed


def places_of(
    names: Iterable[str], kind: ExportKind | None, renamed: Mapping[str, str]
) -> tuple[dict[str, tuple[int, ...]], RosterReport]:
    """Where the columns of each meaning stand, and the report of all columns.

    Raises `ValueError` for a column that stands twice.
    """
    found: dict[str, int] = {}
    report = RosterReport()
    names = list(names)
    keys = [renamed.get(heading(name), heading(name)) for name in names]
    for place, (name, key) in enumerate(zip(names, keys, strict=True)):
        if key and found.setdefault(key, place) != place:
            raise ValueError(
                f"The column {shown(name)} stands twice; casing and blanks are no difference."
            )
    with_ids = heading(CONFERENCE_ID) in found
    for name, key in zip(names, keys, strict=True):
        meaning = _MEANINGS.get(key)
        if meaning in SETTINGS and not with_ids:
            report.unused[name] = (
                f"dial-in settings come in with a {CONFERENCE_ID}; {_SETS_IT} "
                f"-{COLUMNS[meaning][0]} sets them"
            )
        elif meaning:
            report.read[name] = meaning.replace("_", " ")
        elif name:
            near = get_close_matches(key, _NAMES, 1, _ALIKE) if kind is not None else []
            report.unused[name] = f"it looks like {_NAMES[near[0]]}" if near else NOT_KNOWN
    places = {
        meaning: tuple(found[key] for each in known if (key := heading(each)) in found)
        for meaning, known in COLUMNS.items()
        if with_ids or meaning not in SETTINGS
    }
    return {meaning: at for meaning, at in places.items() if at}, report
