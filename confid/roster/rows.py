"""What a roster's rows say of people: cells checked one by one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import InvalidArgumentError
from confid.ids.conference_id import ConferenceId
from confid.roster.cells import (
    GUID,
    SIMPLE_UPN,
    SIP_ADDRESS,
    checked_mail,
    from_excel,
    guid_of,
    is_distinguished_name,
    is_list,
    line_of,
    listed,
    plain_list,
    plain_text,
    proxy_addresses,
    quoted,
    switch_of,
    text_of,
)
from confid.roster.columns import (
    BRIDGE_ID,
    GROUPS,
    IDENTITY,
    PLANS,
    PROXIES,
    SETTINGS,
    SIP,
    UPN,
    checked_renames,
    places_of,
)
from confid.roster.exports import ExportKind, heading, kind_of
from confid.roster.licences import Licences, LicencesSaid, together
from confid.tenant import directory, phone_number
from confid.tenant.countries import code_of
from confid.tenant.records import LicenseState
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from confid.roster.cells import Complain

ONE_LINE = ("display_name", "usage_location", "preferred_language", "provider")
LINES = ("country", "city", "department", "title")
"""Attributes of a directory user that are just text."""


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
    is_conferencing: bool = False
    """Whether the export lists conferencing users, so that its IDs are in use."""
    is_deleted: bool = False
    blank: frozenset[str] = frozenset()
    """Which of mail and licences have a blank cell."""
    key: str = attrs.field(init=False)
    """The user principal name as the directory finds it."""

    def __attrs_post_init__(self) -> None:
        self.key = fold(self.user_principal_name)


@attrs.define
class Remarks:
    """What is worth a warning when the rows have been taken over."""

    saying_nothing: dict[str, None] = attrs.Factory(dict)
    """Columns whose cells hold the name of a type in place of a list."""
    unknown_licences: dict[str, list[str]] = attrs.Factory(dict)
    """Names of licences that were not understood, and the places where they stand."""
    without_primary: list[str] = attrs.Factory(list)
    """Where proxy addresses stand without a primary one."""
    locations: dict[str, str] = attrs.Factory(dict)
    """Usage locations that are no ISO code, and the first place of each."""
    impossible_ids: list[str] = attrs.Factory(list)
    """Places of conference IDs that aren't 7 digits."""
    by_sip_address: list[str] = attrs.Factory(list)
    """People who are new here, and named by nothing but a SIP address."""
    deleted: list[str] = attrs.Factory(list)
    """Deleted accounts, which were left out."""
    elsewhere: list[str] = attrs.Factory(list)
    """People on a bridge, or with a number, that this tenant has not."""
    filled: set[str] = attrs.Factory(set)
    """Which of mail and licences at least one row fills."""


class Reading:
    """How a whole roster is read: the caller's headings and licences."""

    def __init__(
        self, columns: Mapping[str, str] | None = None, licences: Iterable[str] = ()
    ) -> None:
        self.renamed = checked_renames(columns)
        self.licences = Licences(licences)


class Columns:
    """The columns of one header, and how to read a row by them.

    Raises `ValueError`, which says why, for a column that stands twice.
    """

    def __init__(self, header: Iterable[object], reading: Reading) -> None:
        self.names = [name.strip() if isinstance(name, str) else "" for name in header]
        self._reading = reading
        keys = [reading.renamed.get(heading(name), heading(name)) for name in self.names]
        self.kind = kind_of(keys)
        self._at, self.report = places_of(self.names, self.kind, reading.renamed)
        if self.kind is None and ("object_id" in self._at or "sip_address" in self._at):
            self.kind = ExportKind.USERS
        self.has_upn = "user_principal_name" in self._at
        self._plans = {heading(name) for name in PLANS}
        self._keys = keys
        self._has_settings = self._at.keys() & SETTINGS
        self._text_columns = [
            (attribute, places, attribute in ONE_LINE)
            for attribute in (*ONE_LINE, *LINES)
            if (places := self._at.get(attribute))
        ]
        self._lists = {place for what in ("proxies", "groups") for place in self._at.get(what, ())}

    @cached_property
    def _used(self) -> list[int]:
        return sorted({place for places in self._at.values() for place in places})

    def plain(self, values: Sequence[object], complain: Complain) -> list[Any]:
        """The values of a mapping as a file's cells would be; lists stay lists where one may be."""
        cells: list[Any] = [""] * len(self.names)
        licences = self._at.get("licences", ())
        for place in self._used:
            value, name = values[place], self.names[place]
            try:
                if type(value) is str:
                    cells[place] = plain_text(value)
                elif place in licences:
                    cells[place] = value
                elif is_list(value) and place in self._lists:
                    cells[place] = plain_list(name, value, complain)
                else:
                    cells[place] = plain_text(value)
            except ValueError as error:
                complain(name, str(error))
        return cells

    def read(self, place: str, cells: Sequence[Any], complain: Complain, remarks: Remarks) -> Row:
        """What a row says. Whatever is wrong is complained of; the row is then no use."""
        at = self._at
        values = self._texts(place, cells, complain, remarks)
        blank: set[str] = set()
        upn = self._checked_upn(cells, complain) if self.has_upn else ""
        object_id = self._names(cells, values, complain)
        if "sip_address" in at:
            values["sip_address"] = self._checked_sip(cells, complain)
        if not self.has_upn:
            upn = (values.get("sip_address") or "").removeprefix("sip:")
            if not object_id and not upn:
                name = IDENTITY if "object_id" in at else SIP
                complain(name, "It is empty, and names the person.")
        if ("mail" in at or "proxies" in at) and (
            mail := self._mail(place, cells, complain, remarks)
        ) is not None:
            values["mail"] = mail or None
            (remarks.filled if mail else blank).add("mail")
        if "logon" in at or "domain" in at:
            self._read_logon(cells, values, complain)
        if "licences" in at:
            self._read_licenses(place, cells, values, remarks, blank)
        if "groups" in at:
            self._read_groups(cells, values, complain, remarks)
        conferencing = self.kind is ExportKind.CONFERENCING
        return Row(
            place,
            upn,
            object_id,
            values,
            self._read_conference_id(place, upn, cells, complain, remarks),
            self._read_dial_in(cells, complain) if conferencing or self._has_settings else None,
            has_upn=self.has_upn,
            is_conferencing=conferencing,
            is_deleted="soft_deleted" in at and bool(self._filled(cells, "soft_deleted")[1]),
            blank=frozenset(blank),
        )

    def _texts(
        self, place: str, cells: Sequence[Any], complain: Complain, remarks: Remarks
    ) -> dict[str, Any]:
        """The attributes of a directory user that are just text."""
        values: dict[str, Any] = {}
        for attribute, places, one_line in self._text_columns:
            for at in places:
                if text := cells[at].strip():
                    check = line_of if one_line else text_of
                    values[attribute] = check(self.names[at], text, complain)
                    break
            else:
                values[attribute] = None
        if "display_name" in values:
            values["display_name"] = values["display_name"] or ""
        location = values.get("usage_location")
        if location and (code := code_of(location)) != location.upper():
            values["usage_location"] = code or location
            meant = f", read as {code}" if code else ""
            remarks.locations.setdefault(location, f"{place}{meant}")
        return values

    def _filled(self, cells: Sequence[Any], meaning: str) -> tuple[str, str]:
        """Of the columns that mean one thing, the first that isn't blank: its name and cell."""
        for place in self._at.get(meaning, ()):
            if text := cells[place].strip():
                return self.names[place], text
        return "", ""

    def _name(self, cells: Sequence[Any], meaning: str, complain: Complain) -> str:
        """A text that identifies somebody."""
        if meaning not in self._at:
            return ""
        return line_of(*self._filled(cells, meaning), complain, identifies=True)

    def _checked_upn(self, cells: Sequence[Any], complain: Complain) -> str:
        text = self._name(cells, "user_principal_name", complain)
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
        dn = self._name(cells, "distinguished_name", complain)
        for place in self._at.get("object_id", ()):
            name, text = self.names[place], cells[place].strip()
            if not text:
                continue
            if found := GUID.fullmatch(text.lower()):
                if object_id not in (None, found[1]):
                    complain(name, f"{quoted(text)} is another object ID than {object_id}.")
                object_id = found[1]
            elif self._keys[place] == "identity" and is_distinguished_name(text):
                dn = dn or line_of(name, text, complain, identifies=True)
            else:
                complain(name, f"{quoted(text)} is no object ID: that is a GUID.")
        if "distinguished_name" in self._at or dn:
            values["distinguished_name"] = dn or None
        return object_id

    def _checked_sip(self, cells: Sequence[Any], complain: Complain) -> str | None:
        text = self._name(cells, "sip_address", complain)
        address = text[4:] if text[:4].lower() == "sip:" else text
        if address and not SIP_ADDRESS.fullmatch(address):
            complain(SIP, f"{quoted(text)} is no SIP address, as sip:ken.myer@contoso.com.")
        return f"sip:{address}" if address else None

    def _mail(
        self, place: str, cells: Sequence[Any], complain: Complain, remarks: Remarks
    ) -> str | None:
        """The primary address; "" for blank cells, None for one in which it can't be read."""
        name, text = self._filled(cells, "mail")
        for at in self._at.get("proxies", ()) if not text else ():
            addresses = proxy_addresses(cells[at])
            if addresses is None:
                remarks.saying_nothing[PROXIES] = None
                return None
            name = PROXIES
            text = next((a[5:].strip() for a in addresses if a.startswith("SMTP:")), "")
            if not text and cells[at]:
                remarks.without_primary.append(place)
                return None
        if not text:
            return ""
        return checked_mail(name, text, complain)

    def _read_logon(self, cells: Sequence[Any], values: dict[str, Any], complain: Complain) -> None:
        domain = self._name(cells, "domain", complain)
        account = self._name(cells, "logon", complain)
        if "\\" in account:
            in_front, _, account = account.rpartition("\\")
            domain = domain or in_front
        if "logon" in self._at:
            values["on_premises_sam_account_name"] = account or None
        if "domain" in self._at or domain:
            values["on_premises_domain_name"] = domain or None

    def _read_licenses(
        self,
        place: str,
        cells: Sequence[Any],
        values: dict[str, Any],
        remarks: Remarks,
        blank: set[str],
    ) -> None:
        """Plans and licence state; nothing of either where the cells don't say it."""
        found: list[tuple[LicencesSaid, bool]] = []
        for at in self._at["licences"]:
            is_complete = self._keys[at] in self._plans
            said = self._reading.licences.read(cells[at], is_complete=is_complete)
            found.append((said, is_complete))
            for name in said.unknown:
                if listed(name) is None:
                    remarks.saying_nothing[self.names[at]] = None
                else:
                    remarks.unknown_licences.setdefault(name, []).append(place)
        said = together(found)
        if said.is_blank:
            blank.add("licences")
            said = LicencesSaid(licensed=False)
        elif said.licensed is not None:
            remarks.filled.add("licences")
        if said.licensed is not None:
            values["assigned_plan"] = said.names
            state = LicenseState.LICENSED if said.licensed else LicenseState.UNLICENSED
            values["license_state"] = state

    def _read_groups(
        self, cells: Sequence[Any], values: dict[str, Any], complain: Complain, remarks: Remarks
    ) -> None:
        groups = listed(cells[self._at["groups"][0]])
        if groups is None:
            remarks.saying_nothing[GROUPS] = None
            return
        for group in groups:
            line_of(GROUPS, group, complain)
        values["groups"] = tuple(dict.fromkeys(groups))

    def _read_conference_id(
        self, place: str, upn: str, cells: Sequence[Any], complain: Complain, remarks: Remarks
    ) -> ConferenceId | None:
        if "conference_id" not in self._at:
            return None
        name, text = self._filled(cells, "conference_id")
        try:
            # A column of numbers with gaps in it comes out of a data frame as 3542699.0.
            text = from_excel(text).removesuffix(".0")
        except ValueError as error:
            complain(name, str(error))
            return None
        if not text.strip("0"):
            return None
        try:
            return ConferenceId(text)
        except ValueError:
            remarks.impossible_ids.append(f"{place}: {quoted(upn)}, {quoted(text)}")
            return None

    def _read_dial_in(self, cells: Sequence[Any], complain: Complain) -> DialIn:
        def switch(meaning: str) -> bool | None:
            return switch_of(*self._filled(cells, meaning), complain)

        return DialIn(
            bridge_id=guid_of(BRIDGE_ID, self._filled(cells, "bridge_id")[1], complain),
            service_number=self._number(cells, "service_number", complain),
            toll_free_service_number=self._number(cells, "toll_free_number", complain),
            allow_toll_free_dial_in=switch("allow_toll_free"),
            allow_pstn_only_meetings=switch("allow_pstn_only"),
        )

    def _number(self, cells: Sequence[Any], meaning: str, complain: Complain) -> str | None:
        name, text = self._filled(cells, meaning)
        try:
            return phone_number.parse(from_excel(text), parameter=name) if text else None
        except InvalidArgumentError as error:
            complain(name, error.message)
        except ValueError as error:
            complain(name, str(error))
        return None
