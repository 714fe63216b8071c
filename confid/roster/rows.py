"""What a roster's rows say of people: cells checked one by one."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import InvalidArgumentError
from confid.ids.conference_id import ConferenceId
from confid.roster.cells import (
    EXCEL_ERROR,
    FULL_UPN,
    GUID,
    MAX_LENGTH,
    NEVER,
    QUOTES,
    SIMPLE_UPN,
    SIP_ADDRESS,
    checked_mail,
    from_excel,
    guid_of,
    is_deletion,
    is_list,
    line_of,
    listed,
    plain_list,
    plain_text,
    proxy_addresses,
    quoted,
    switch_of,
    text_of,
    unwrapped,
)
from confid.roster.columns import (
    BRIDGE_ID,
    COLUMNS,
    GROUPS,
    PLANS,
    SETTINGS,
    SIP,
    UPN,
    checked_renames,
    places_of,
)
from confid.roster.exports import ExportKind, heading, kind_of
from confid.roster.licences import BLANK, Licences, LicencesSaid, together
from confid.roster.report import Remark, Remarks, row_of
from confid.tenant import directory, phone_number
from confid.tenant.countries import code_of
from confid.tenant.records import LicenseState
from confid.tenant.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from confid.roster.cells import Complain
    from confid.roster.report import RosterReport

ONE_LINE = ("display_name", "usage_location", "preferred_language", "provider")
_LICENCE = ("assigned_plan", "license_state")
NOTHING: Mapping[str, Any] = MappingProxyType({})
EMPTY = "It is empty, and names the person."
_NAMING = {"user_principal_name", "object_id", "sip_address", "alias"}
LINES = ("country", "city", "department", "title")
"""Attributes of a directory user that are just text."""


@attrs.define
class Row:
    """What one row says: `values` holds the attributes of a directory user that it tells of."""

    place: str
    user_principal_name: str = ""
    object_id: str | None = None
    values: dict[str, Any] = attrs.Factory(dict)
    conference_id: ConferenceId | None = None
    dial_in: Mapping[str, Any] = NOTHING
    """Dial-in settings, by the attributes that keep them; None is not said."""
    has_upn: bool = True
    """Whether the export says the name; else it is the SIP address, which mostly is the same."""
    is_conferencing: bool = False
    """Whether the export lists conferencing users, so that its IDs are in use."""
    is_deleted: bool = False
    if_new: Mapping[str, Any] = NOTHING
    """Attributes that can't be read for sure, so they count for nobody who is on file."""
    blank: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()
    """The attributes for mail and licences with their columns, where their cells are blank."""
    filled: tuple[str, ...] = ()
    """The columns for mail and for licences whose cells say something."""
    key: str = ""
    """The user principal name as the directory finds it."""


class Reading:
    """How a whole roster is read: the caller's headings and licences, and whether it skips rows."""

    def __init__(
        self,
        columns: Mapping[str, str] | None = None,
        licences: Iterable[str] = (),
        *,
        skips: bool = False,
    ) -> None:
        self.renamed: dict[str, str] = checked_renames(columns)
        self.translated: tuple[str, ...] = tuple(columns or ())
        self.skips = skips
        self.licences: Licences = Licences(licences)


class Columns:
    """The columns of one header, and how to read a row by them.

    `complain` takes a column and what is wrong with its cell in the row that is being read.
    Raises `ValueError`, which says why, for a column that stands twice.
    """

    def __init__(
        self, header: Iterable[object], reading: Reading, complain: Complain, remarks: Remarks
    ) -> None:
        self.names: list[str] = [name.strip() if isinstance(name, str) else "" for name in header]
        self._reading = reading
        self._complain = complain
        self._remarks = remarks
        keys = [reading.renamed.get(heading(name), heading(name)) for name in self.names]
        self.kind = kind_of(keys)
        found = places_of(self.names, self.kind, reading.renamed)
        self._at = found[0]
        self.report: RosterReport = found[1]
        if self.kind is None and _NAMING & self._at.keys():
            self.kind = ExportKind.USERS
        self.has_upn: bool = "user_principal_name" in self._at
        self._keys = keys
        self._has_ids = not {"object_id", "distinguished_name"}.isdisjoint(self._at)
        self._mail_columns = self._columns("mail", "proxies")
        self._licence_columns = self._columns("licences")
        self._key_of = dict(zip(self.names, keys, strict=True))
        plans = {heading(name) for name in PLANS}
        self._licences = [(at, keys[at] in plans) for at in self._at.get("licences", ())]
        self._is_conferencing = self.kind is ExportKind.CONFERENCING
        self._text_columns = [
            (attribute, places, attribute in ONE_LINE)
            for attribute in (*ONE_LINE, *LINES)
            if (places := self._at.get(attribute))
        ]
        self._lists = {place for what in ("proxies", "groups") for place in self._at.get(what, ())}

    @cached_property
    def _used(self) -> list[int]:
        return sorted({place for places in self._at.values() for place in places})

    def plain(self, values: Sequence[object]) -> list[Any]:
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
                    cells[place] = plain_list(name, value, self._complain)
                else:
                    cells[place] = plain_text(value)
            except ValueError as error:
                self._complain(name, str(error))
        return cells

    def read(self, place: str, cells: Sequence[Any]) -> Row:
        """What a row says. Whatever is wrong is complained of; the row is then no use."""
        row = Row(place, has_upn=self.has_upn, is_conferencing=self._is_conferencing)
        self._read_texts(row, cells)
        if self.has_upn:
            row.user_principal_name = self._checked_upn(cells)
        if self._has_ids:
            row.object_id = self._object_id(row, cells)
        for read in self._readers:
            read(row, cells)
        row.key = fold(row.user_principal_name)
        return row

    def _columns(self, *meanings: str) -> frozenset[str]:
        return frozenset(self._keys[at] for what in meanings for at in self._at.get(what, ()))

    @cached_property
    def _readers(self) -> list[Callable[[Row, Sequence[Any]], None]]:
        """What reads the other columns that are there."""
        at = self._at.keys()
        readers = [
            (bool(at & {"sip_address"}), self._read_sip),
            (bool(at & {"alias"}), self._read_alias),
            (not self.has_upn, self._name_in_its_place),
            (bool(at & {"mail", "proxies"}), self._read_mail),
            (bool(at & {"logon", "domain"}), self._read_logon),
            (bool(at & {"licences"}), self._read_licenses),
            (bool(at & {"groups"}), self._read_groups),
            (bool(at & {"conference_id"}), self._read_conference_id),
            (self._is_conferencing or bool(at & set(SETTINGS)), self._read_dial_in),
            (bool(at & {"soft_deleted"}), self._read_deleted),
        ]
        return [read for is_there, read in readers if is_there]

    def _read_deleted(self, row: Row, cells: Sequence[Any]) -> None:
        row.is_deleted = is_deletion(*self._filled(cells, "soft_deleted"), self._complain)

    def _read_texts(self, row: Row, cells: Sequence[Any]) -> None:
        """The attributes of a directory user that are just text."""
        values = row.values
        for attribute, places, one_line in self._text_columns:
            for at in places:
                if text := cells[at].strip():
                    check = line_of if one_line else text_of
                    values[attribute] = check(self.names[at], text, self._complain)
                    if text[0] == "#" and EXCEL_ERROR.fullmatch(text):
                        self._complain(self.names[at], f"{quoted(text)} is an error of Excel.")
                    break
            else:
                values[attribute] = None
        if "display_name" in values:
            values["display_name"] = values["display_name"] or ""
        location = values.get("usage_location")
        if location and (code := code_of(location)) != location.upper():
            self._remarks.note(
                Remark.LOCATION,
                quoted(location),
                f"{row.place}, read as {code}" if code else row.place,
            )
            values["usage_location"] = code
            if code is None:
                row.if_new = {"usage_location": values.pop("usage_location") or location}
        if (values.get("provider") or "").lower() in NEVER:
            values["provider"] = None

    def _filled(self, cells: Sequence[Any], meaning: str) -> tuple[str, str]:
        """Of the columns that mean one thing, the first that isn't blank: its name and cell."""
        for place in self._at.get(meaning, ()):
            if text := cells[place].strip():
                return self.names[place], text
        return "", ""

    def _name(self, cells: Sequence[Any], meaning: str) -> str:
        """A text that identifies somebody."""
        if meaning not in self._at:
            return ""
        return line_of(*self._filled(cells, meaning), self._complain, identifies=True)

    def _name_in_its_place(self, row: Row, _: Sequence[Any]) -> None:
        """What names the person in place of a user principal name."""
        name = (row.values.get("sip_address") or "").removeprefix("sip:")
        if not row.object_id and not name:
            name = row.values.get("alias") or ""
            if not name:
                what = next(n for n in ("object_id", "sip_address", "alias") if n in self._at)
                self._complain(COLUMNS[what][-1 if what == "object_id" else 0], EMPTY)
        row.user_principal_name = name

    def _checked_upn(self, cells: Sequence[Any]) -> str:
        text = self._filled(cells, "user_principal_name")[1]
        if len(text) <= MAX_LENGTH and SIMPLE_UPN.fullmatch(text):
            return text
        text = self._name(cells, "user_principal_name")
        if text[:1] == "'" and text[-1] not in QUOTES:
            text = text[1:]  # Excel's mark of a text
        if not text:
            self._complain(UPN, EMPTY)
        elif text[0] in QUOTES or text[-1] in QUOTES:
            self._complain(UPN, f"{quoted(text)} is in quotes that CSV doesn't have: it has \".")
        elif "@" not in text:
            self._complain(UPN, f"{quoted(text)} has no @.")
        elif not FULL_UPN.fullmatch(text):
            self._complain(UPN, f"{quoted(text)} is not one name and one domain.")
        elif not directory.can_be_upn(text):
            self._complain(UPN, f"{quoted(text)} reads as another kind of identity.")
        return text

    def _object_id(self, row: Row, cells: Sequence[Any]) -> str | None:
        """The object ID; the distinguished name, which old exports have as Identity, on the way."""
        object_id: str | None = None
        dn = self._name(cells, "distinguished_name")
        for place in self._at.get("object_id", ()):
            name, text = self.names[place], cells[place].strip()
            if not text:
                continue
            if found := GUID.fullmatch(text.lower()):
                if object_id not in (None, found[1]):
                    self._complain(name, f"{quoted(text)} is another object ID than {object_id}.")
                object_id = found[1]
            elif self._keys[place] == "identity" and "dn" in dict(directory.forms(text)):
                dn = dn or line_of(name, text, self._complain, identifies=True)
            else:
                self._complain(name, f"{quoted(text)} is no object ID: that is a GUID.")
        if "distinguished_name" in self._at or dn:
            row.values["distinguished_name"] = dn or None
        return object_id

    def _read_sip(self, row: Row, cells: Sequence[Any]) -> None:
        text = self._name(cells, "sip_address")
        address = text[4:] if text[:4].lower() == "sip:" else text
        if address and not SIP_ADDRESS.fullmatch(address):
            self._complain(SIP, f"{quoted(text)} is no SIP address, as sip:ken.myer@contoso.com.")
        row.values["sip_address"] = f"sip:{address}" if address else None

    def _read_alias(self, row: Row, cells: Sequence[Any]) -> None:
        row.values["alias"] = self._name(cells, "alias") or None

    def _read_mail(self, row: Row, cells: Sequence[Any]) -> None:
        """The primary address, unless no cell says it."""
        name, text = self._filled(cells, "mail")
        for at in self._at.get("proxies", ()) if not text else ():
            addresses = proxy_addresses(cells[at])
            name = self.names[at]
            if addresses is None:
                self._remarks.note(Remark.SAYS_NOTHING, name)
                return
            text = next((a[5:].strip() for a in addresses if a.startswith("SMTP:")), "")
            if not text and cells[at]:
                self._remarks.note(Remark.WITHOUT_PRIMARY, row.place)
                return
        row.values["mail"] = checked_mail(name, text, self._complain) if text else None
        if text:
            row.filled += (self._key_of[name],)
        else:
            row.blank += ((("mail",), self._mail_columns),)

    def _read_logon(self, row: Row, cells: Sequence[Any]) -> None:
        domain = self._name(cells, "domain")
        account = self._name(cells, "logon")
        if "\\" in account:
            in_front, _, account = account.rpartition("\\")
            domain = domain or in_front
        if "logon" in self._at:
            row.values["on_premises_sam_account_name"] = account or None
        if "domain" in self._at or domain:
            row.values["on_premises_domain_name"] = domain or None

    def _read_licenses(self, row: Row, cells: Sequence[Any]) -> None:
        """Plans and licence state; nothing of either where the cells don't say it."""
        found: list[LicencesSaid] = []
        for at, is_complete in self._licences:
            said = self._reading.licences.read(cells[at], is_complete=is_complete)
            found.append(said)
            if said.licensed is not None:
                row.filled += (self._keys[at],)
            for name in said.unknown:
                if listed(name) is None:
                    self._remarks.note(Remark.SAYS_NOTHING, self.names[at])
                else:
                    self._remarks.note(Remark.UNKNOWN_LICENCE, quoted(name), row.place)
        said = together(found) if len(found) > 1 else found[0]
        if said is BLANK:
            row.blank += ((_LICENCE, self._licence_columns),)
            said = LicencesSaid(licensed=False)
        if said.licensed is not None:
            row.values["assigned_plan"] = said.names
            state = LicenseState.LICENSED if said.licensed else LicenseState.UNLICENSED
            row.values["license_state"] = state

    def _read_groups(self, row: Row, cells: Sequence[Any]) -> None:
        groups = listed(cells[self._at["groups"][0]])
        if groups is None:
            self._remarks.note(Remark.SAYS_NOTHING, GROUPS)
            return
        for group in groups:
            line_of(GROUPS, group, self._complain)
        row.values["groups"] = tuple(dict.fromkeys(groups))

    def _read_conference_id(self, row: Row, cells: Sequence[Any]) -> None:
        name, text = self._filled(cells, "conference_id")
        try:
            text = from_excel(text)
        except ValueError as error:
            self._complain(name, str(error))
            return
        if not text.strip("0"):
            return
        try:
            row.conference_id = ConferenceId(text)
        except ValueError:
            who = row_of(row.place, row.user_principal_name)
            self._remarks.note(Remark.IMPOSSIBLE_ID, f"{who}, {quoted(text)}")

    def _read_dial_in(self, row: Row, cells: Sequence[Any]) -> None:
        def switch(meaning: str) -> bool | None:
            name, text = self._filled(cells, meaning)
            return switch_of(name, unwrapped(text.removeprefix("'")), self._complain)

        row.dial_in = {
            "bridge_id": guid_of(BRIDGE_ID, self._filled(cells, "bridge_id")[1], self._complain),
            "service_number": self._number(cells, "service_number"),
            "toll_free_service_number": self._number(cells, "toll_free_number"),
            "allow_toll_free_dial_in": switch("allow_toll_free"),
            "allow_pstn_only_meetings": switch("allow_pstn_only"),
        }

    def _number(self, cells: Sequence[Any], meaning: str) -> str | None:
        name, text = self._filled(cells, meaning)
        try:
            return phone_number.parse(from_excel(text), parameter=name) if text else None
        except InvalidArgumentError as error:
            self._complain(name, error.message.removeprefix(f"{name}: "))
        except ValueError as error:
            self._complain(name, str(error))
        return None
