"""What a roster's rows say of people: columns by their many names, cells checked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from confid.errors import InvalidArgumentError
from confid.ids.conference_id import ConferenceId
from confid.roster.cells import (
    CONTROL,
    GUID,
    MAX_LENGTH,
    NO_CHARACTER,
    SEPARATORS,
    SIMPLE_UPN,
    SIP_ADDRESS,
    checked_mail,
    is_distinguished_name,
    is_license,
    is_list,
    listed,
    plain_list,
    plain_text,
    quoted,
)
from confid.roster.exports import ExportKind, kind_of
from confid.tenant import directory, phone_number
from confid.tenant.records import LicenseState
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confid.roster.cells import Complain

UPN = "UserPrincipalName"
OBJECT_ID = ("ObjectId", "ExternalDirectoryObjectId", "Identity")
MAIL = ("Mail", "PrimarySmtpAddress", "WindowsEmailAddress")
PROXIES = "ProxyAddresses"
SIP = "SipAddress"
LICENSES = ("Licenses", "AssignedLicenses", "LicenseSkus", "AssignedPlans", "AssignedPlan")
LOGON = ("OnPremisesSamAccountName", "OnPremSamAccountName", "SamAccountName")
DOMAIN = "OnPremisesDomainName"
DN = "DistinguishedName"
GROUPS = "Groups"
CONFERENCE_ID = "ConferenceId"
BRIDGE_ID = "BridgeId"
SERVICE_NUMBER = "ServiceNumber"
TOLL_FREE_NUMBER = "TollFreeServiceNumber"
ALLOW_TOLL_FREE = "AllowTollFreeDialIn"
ALLOW_PSTN_ONLY = "AllowPstnOnlyMeetings"

ONE_LINE = {
    "display_name": ("DisplayName",),
    "usage_location": ("UsageLocation",),
    "preferred_language": ("PreferredLanguage",),
    "provider": ("Provider", "AudioConferencingProvider", "AcpProvider"),
}
LINES = {
    "country": ("Country",),
    "city": ("City",),
    "department": ("Department",),
    "title": ("Title",),
}
"""Attributes of a directory user that are just text, and the columns that fill them."""

SWITCHES = {"true": True, "1": True, "false": False, "0": False}
"""How True and False are written."""

_LISTS = frozenset(name.casefold() for name in (PROXIES, GROUPS, *LICENSES))


@attrs.frozen(kw_only=True)
class DialIn:
    """What an export of conferencing users says of somebody's settings; None is not said."""

    bridge_id: UUID | None = None
    service_number: str | None = None
    toll_free_service_number: str | None = None
    allow_toll_free_dial_in: bool | None = None
    allow_pstn_only_meetings: bool | None = None


@attrs.define
class Row:
    """What one row says: `values` holds the attributes of a directory user that it tells of."""

    place: str
    user_principal_name: str
    object_id: str | None
    values: dict[str, Any]
    conference_id: ConferenceId | None
    dial_in: DialIn | None = None
    has_upn: bool = True
    """Whether the export says the name; else it is the SIP address, which mostly is the same."""
    key: str = attrs.field(init=False)
    """The user principal name as the directory finds it."""

    def __attrs_post_init__(self) -> None:
        self.key = fold(self.user_principal_name)


@attrs.define
class Remarks:
    """What is worth a warning when the rows have been taken over."""

    saying_nothing: dict[str, None] = attrs.Factory(dict)
    """Columns whose cells hold the name of a type in place of a list."""
    impossible_ids: list[str] = attrs.Factory(list)
    """Where a conference ID stands that is none."""
    by_sip_address: list[str] = attrs.Factory(list)
    """Who is new here, and named by nothing but a SIP address."""
    elsewhere: list[str] = attrs.Factory(list)
    """Who is on a bridge, or has a number, that this tenant has not."""


class Columns:
    """The columns of one header, and how to read a row by them.

    Raises `ValueError`, which says why, for a column that stands twice.
    """

    def __init__(self, header: Iterable[object]) -> None:
        self.names = [name.strip() if isinstance(name, str) else "" for name in header]
        self._places: dict[str, int] = {}
        for place, name in enumerate(self.names):
            if name and self._places.setdefault(name.casefold(), place) != place:
                raise ValueError(
                    f"The column {quoted(name)} stands twice; casing is no difference."
                )
        self.kind = kind_of(self.names)
        self.has_upn = UPN.casefold() in self._places
        self._texts = [
            (attribute, places, one_line)
            for columns, one_line in ((ONE_LINE, True), (LINES, False))
            for attribute, names in columns.items()
            if (places := self._of(*names))
        ]
        self._upn = self._of(UPN)
        self._object_id = self._of(*OBJECT_ID)
        self._mail = self._of(*MAIL)
        self._proxies = self._of(PROXIES)
        self._sip = self._of(SIP)
        self._licenses = self._of(*LICENSES)
        self._logon = self._of(*LOGON)
        self._domain = self._of(DOMAIN)
        self._dn = self._of(DN)
        self._groups = self._of(GROUPS)
        self._conference_id = self._of(CONFERENCE_ID)
        conferencing = self.kind is ExportKind.CONFERENCING
        self._bridge_id = self._of(BRIDGE_ID) if conferencing else ()
        self._service_number = self._of(SERVICE_NUMBER) if conferencing else ()
        self._toll_free_number = self._of(TOLL_FREE_NUMBER) if conferencing else ()
        self._allow_toll_free = self._of(ALLOW_TOLL_FREE) if conferencing else ()
        self._allow_pstn_only = self._of(ALLOW_PSTN_ONLY) if conferencing else ()
        self._used = sorted(
            {place for _, places, _ in self._texts for place in places}.union(
                *(value for name, value in vars(self).items() if isinstance(value, tuple))
            )
        )

    def _of(self, *names: str) -> tuple[int, ...]:
        """Where the columns stand that have one of these names, the first name first."""
        return tuple(
            self._places[folded] for name in names if (folded := name.casefold()) in self._places
        )

    def plain(self, values: Sequence[object], complain: Complain) -> list[Any]:
        """The values of a mapping as a file's cells would be; lists stay lists where one may be."""
        cells: list[Any] = [""] * len(self.names)
        for place in self._used:
            value, name = values[place], self.names[place]
            try:
                if is_list(value) and name.casefold() in _LISTS:
                    cells[place] = plain_list(name, value, complain)
                else:
                    cells[place] = plain_text(value)
            except ValueError as error:
                complain(name, str(error))
        return cells

    def read(self, place: str, cells: Sequence[Any], complain: Complain, remarks: Remarks) -> Row:
        """What a row says. Whatever is wrong is complained of; the row is then no use."""
        values: dict[str, Any] = {}
        for attribute, places, one_line in self._texts:
            values[attribute] = self._text(cells, places, complain, one_line=one_line) or None
        if "display_name" in values:
            values["display_name"] = values["display_name"] or ""
        has_upn = self.kind not in (ExportKind.CONFERENCING, ExportKind.USER_INFO)
        upn = self._checked_upn(cells, complain) if has_upn else ""
        object_id = self._names(cells, values, complain)
        if self._sip:
            values["sip_address"] = self._checked_sip(cells, complain)
        if not has_upn:
            upn = (values.get("sip_address") or "").removeprefix("sip:")
            if not object_id:
                complain("Identity", "It is empty, and names the person.")
        if self._mail or self._proxies:
            self._read_mail(cells, values, complain, remarks)
        if self._logon or self._domain:
            self._read_logon(cells, values, complain)
        if self._licenses:
            self._read_licenses(cells, values, remarks)
        if self._groups:
            self._read_groups(cells, values, complain, remarks)
        conference_id = self._read_conference_id(place, upn, cells, remarks)
        dial_in = (
            self._read_dial_in(cells, complain) if self.kind is ExportKind.CONFERENCING else None
        )
        return Row(place, upn, object_id, values, conference_id, dial_in, has_upn=has_upn)

    def _filled(self, cells: Sequence[Any], places: Sequence[int]) -> tuple[str, str]:
        """Of the columns that mean one thing, the first that isn't blank: its name and cell."""
        for place in places:
            if text := cells[place].strip():
                return self.names[place], text
        return "", ""

    def _text(
        self,
        cells: Sequence[Any],
        places: Sequence[int],
        complain: Complain,
        *,
        one_line: bool = True,
    ) -> str:
        name, text = self._filled(cells, places)
        # By far the most texts are short and plain, and need no search.
        if not text.isprintable() or len(text) > MAX_LENGTH:
            if one_line and len(text) > MAX_LENGTH:
                complain(name, f"It has {len(text):,} characters; {MAX_LENGTH} is the most.")
            elif (CONTROL if one_line else NO_CHARACTER).search(text):
                must = "one line without control characters" if one_line else "text without NUL"
                complain(name, f"{quoted(text)} is to be {must}.")
        return text

    def _checked_upn(self, cells: Sequence[Any], complain: Complain) -> str:
        if not self._upn:
            complain(UPN, "It is missing, and names the person.")
            return ""
        text = self._text(cells, self._upn, complain)
        if SIMPLE_UPN.fullmatch(text):
            return text
        if not text:
            complain(UPN, "It is empty, and names the person.")
        elif "@" not in text:
            complain(UPN, f"{quoted(text)} has no @.")
        elif not directory.can_be_upn(text):
            complain(UPN, f"{quoted(text)} reads as another kind of identity.")
        return text

    def _names(
        self, cells: Sequence[Any], values: dict[str, Any], complain: Complain
    ) -> str | None:
        """The object ID; the distinguished name, which old exports have as Identity, on the way."""
        object_id: str | None = None
        dn = self._text(cells, self._dn, complain)
        for place in self._object_id:
            name, text = self.names[place], cells[place].strip()
            if not text:
                continue
            if found := GUID.fullmatch(text.lower()):
                if object_id not in (None, found[1]):
                    complain(name, f"{quoted(text)} is another object ID than {object_id}.")
                object_id = found[1]
            elif name.casefold() == "identity" and is_distinguished_name(text):
                dn = dn or self._text(cells, (place,), complain)
            else:
                complain(name, f"{quoted(text)} is no object ID: that is a GUID.")
        if self._dn or dn:
            values["distinguished_name"] = dn or None
        return object_id

    def _checked_sip(self, cells: Sequence[Any], complain: Complain) -> str | None:
        text = self._text(cells, self._sip, complain)
        address = text[4:] if text[:4].lower() == "sip:" else text
        if address and not SIP_ADDRESS.fullmatch(address):
            complain(SIP, f"{quoted(text)} is no SIP address, as sip:ken.myer@contoso.com.")
        return f"sip:{address}" if address else None

    def _read_mail(
        self, cells: Sequence[Any], values: dict[str, Any], complain: Complain, remarks: Remarks
    ) -> None:
        name, text = self._filled(cells, self._mail)
        if not text and self._proxies:
            addresses = listed(cells[self._proxies[0]])
            if addresses is None:
                if not self._mail:
                    remarks.saying_nothing[PROXIES] = None
                    return
            else:
                name = PROXIES
                text = next((a[5:].strip() for a in addresses if a.startswith("SMTP:")), "")
        values["mail"] = checked_mail(name, text, complain) if text else None

    def _read_logon(self, cells: Sequence[Any], values: dict[str, Any], complain: Complain) -> None:
        domain = self._text(cells, self._domain, complain)
        account = self._text(cells, self._logon, complain)
        if "\\" in account:
            in_front, _, account = account.rpartition("\\")
            domain = domain or in_front
        if self._logon:
            values["on_premises_sam_account_name"] = account or None
        if self._domain or domain:
            values["on_premises_domain_name"] = domain or None

    def _read_licenses(
        self, cells: Sequence[Any], values: dict[str, Any], remarks: Remarks
    ) -> None:
        """Plans and licence state. A list that is just the name of its type might hold any plan."""
        plans: dict[str, None] = {}
        silent = False
        for place in self._licenses:
            said = listed(cells[place], separators=SEPARATORS)
            if said is None:
                silent = True
                remarks.saying_nothing[self.names[place]] = None
            else:
                plans.update(dict.fromkeys(said))
        licensed = any(map(is_license, plans))
        if licensed or not silent:
            values["assigned_plan"] = tuple(plans)
            values["license_state"] = LicenseState.LICENSED if licensed else LicenseState.UNLICENSED

    def _read_groups(
        self, cells: Sequence[Any], values: dict[str, Any], complain: Complain, remarks: Remarks
    ) -> None:
        groups = listed(cells[self._groups[0]])
        if groups is None:
            remarks.saying_nothing[GROUPS] = None
            return
        for group in groups:
            if not group.isprintable() and CONTROL.search(group):
                complain(GROUPS, f"{quoted(group)} is to be one line without control characters.")
        values["groups"] = tuple(dict.fromkeys(groups))

    def _read_conference_id(
        self, place: str, upn: str, cells: Sequence[Any], remarks: Remarks
    ) -> ConferenceId | None:
        _, text = self._filled(cells, self._conference_id)
        # A column of numbers with gaps in it comes out of a data frame as 3542699.0.
        text = text.removesuffix(".0")
        if not text.strip("0"):
            return None
        try:
            return ConferenceId(text)
        except ValueError:
            remarks.impossible_ids.append(f"{place}: {quoted(upn)}, {quoted(text)}")
            return None

    def _read_dial_in(self, cells: Sequence[Any], complain: Complain) -> DialIn:
        text = self._text(cells, self._bridge_id, complain)
        match = GUID.fullmatch(text.lower())
        if text and not match:
            complain(BRIDGE_ID, f"{quoted(text)} is no GUID.")
        return DialIn(
            bridge_id=UUID(match[1]) if match else None,
            service_number=self._number(cells, self._service_number, complain),
            toll_free_service_number=self._number(cells, self._toll_free_number, complain),
            allow_toll_free_dial_in=self._switch(cells, self._allow_toll_free, complain),
            allow_pstn_only_meetings=self._switch(cells, self._allow_pstn_only, complain),
        )

    def _number(
        self, cells: Sequence[Any], places: Sequence[int], complain: Complain
    ) -> str | None:
        name, text = self._filled(cells, places)
        try:
            return phone_number.parse(text, parameter=name) if text else None
        except InvalidArgumentError as error:
            complain(name, error.message)
            return None

    def _switch(
        self, cells: Sequence[Any], places: Sequence[int], complain: Complain
    ) -> bool | None:
        name, text = self._filled(cells, places)
        found = SWITCHES.get(text.lower())
        if text and found is None:
            complain(name, f"{quoted(text)} is neither True nor False.")
        return found
