"""The people on file that the rows of a roster name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confid.errors import listed
from confid.roster.cells import quoted
from confid.roster.columns import ALIAS, SIP, UPN
from confid.roster.report import Remark, row_of
from confid.store.batches import batched
from confid.tenant.documents import USER
from confid.tenant.records import LicenseState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confid.roster.rows import Row
    from confid.roster.source import Roster
    from confid.store.base import Transaction


class Matching:
    """The rows of one roster and the people of one directory."""

    def __init__(self, transaction: Transaction, roster: Roster) -> None:
        self._transaction = transaction
        self._roster = roster
        self._strangers: list[Row] = []

    def owners(self) -> list[str | None]:
        """Each row's person on file: by object ID, then by name, SIP address or alias."""
        rows = self._roster.rows
        by_id = self._find("object_id", [row.object_id for row in rows if row.object_id])
        nameless = [row.key for row in rows if not row.has_upn and row.key and not row.object_id]
        by_sip = self._find("sip", [key for key in nameless if "@" in key])
        by_sip |= self._find("alias", [key for key in nameless if "@" not in key])
        # A person with a row by object ID gets the name in that row, and gives up the one on file.
        named = {holder.owner for holder in by_id.values()}
        unchanged = {holder.upn for holder in by_id.values()}
        by_upn = self._find(
            "upn", [row.key for row in rows if row.key and row.key not in unchanged]
        )
        owners: list[str | None] = []
        self._strangers.clear()
        for row in rows:
            person, holder = by_id.get(row.object_id or ""), by_upn.get(row.key)
            if not row.has_upn:
                if holder and holder.sip is not None and not row.object_id:
                    holder = None  # the name of one person, and not their SIP address
                person = person or (None if row.object_id else by_sip.get(row.key) or holder)
                holder = None if person else holder
                self._note_nameless(row, known=person is not None)
            if holder and holder.owner not in named:
                if row.object_id is None:
                    person = holder
                else:
                    self._roster.complain(row.place, _inherited(row, holder.object_id))
            owners.append(person and person.owner)
        self._complain_of_strangers()
        return owners

    def leave_out_deleted(self) -> None:
        """A deleted account isn't licensed, and the living one of its name isn't it."""
        rows = self._roster.rows
        deleted = [row for row in rows if row.is_deleted]
        if not deleted:
            return
        on_file = self._find("object_id", [row.object_id for row in deleted if row.object_id])
        for row in deleted:
            name = row.user_principal_name or row.object_id or ""
            self._roster.remarks.note(Remark.DELETED, row_of(row.place, name))
        self._roster.rows = [r for r in rows if not r.is_deleted or r.object_id in on_file]
        for row in deleted:
            row.has_upn, row.key, row.conference_id = False, "", None
            row.values = {"assigned_plan": (), "license_state": LicenseState.UNLICENSED}

    def _note_nameless(self, row: Row, *, known: bool) -> None:
        """Of a row that says no user principal name: it takes a known person, or a SIP address."""
        if known:
            return
        name = quoted(row.user_principal_name)
        if row.key and not row.object_id:
            self._strangers.append(row)
        elif row.key:
            self._roster.remarks.note(Remark.BY_SIP_ADDRESS, name)
        else:
            self._roster.complain(
                row.place,
                f"{UPN}: The person isn't in the directory, and the export says neither this nor "
                "a SIP address. The export of Get-CsOnlineUser comes first.",
            )

    def _complain_of_strangers(self) -> None:
        """One sentence for all, or one for each row that is skipped."""
        strangers, skips = self._strangers, self._roster.reading.skips
        for rows in [[row] for row in strangers] if skips else filter(None, [strangers]):
            names = listed([quoted(row.user_principal_name) for row in rows])
            sentence = (
                f"{SIP}, {ALIAS}: The directory has nobody with these, and nothing else in the "
                f"roster names them: {names}. A roster with {UPN} comes first."
            )
            self._roster.problems.append((rows[0].place, sentence))

    def _find(self, field: str, values: Sequence[str]) -> dict[str, _Holder]:
        """The people on file by the values of an index field."""
        found: dict[str, _Holder] = {}
        for chunk in batched(values):
            for owner, body in self._transaction.find(USER.name, field, chunk).items():
                index = body["index"]
                holder = _Holder(owner, index["object_id"], index["upn"], index["sip"])
                if field in ("sip", "alias") and index[field] in found:
                    name = quoted(index[field])
                    for row in self._roster.rows:
                        if row.key == index[field]:
                            self._roster.complain(row.place, f"{SIP}: Several people have {name}.")
                found[index[field]] = holder
        return found


class _Holder(NamedTuple):
    """Whose a name or an object ID on file is; both as the index has them."""

    owner: str
    object_id: str
    upn: str
    sip: str | None
    """None too if it is the user principal name."""


def _inherited(row: Row, object_id: str) -> str:
    column = "ObjectId" if row.object_id else UPN
    upn = quoted(row.user_principal_name)
    return (
        f"{column}: {upn} is on file with another object ID, {object_id}; a new hire "
        "would inherit that person's conference ID. For the same person leave the object ID out; "
        f"for another one, import {object_id} under a new name first."
    )
