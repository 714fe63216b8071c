"""People from outside: a roster into the directory.

A roster is read and checked as a whole before the tenant is touched, then
compared with the directory, and written in one transaction: all of it or
nothing. Its conference IDs are those already in use elsewhere; they come in
until the tenant has issued its first, never later (design: the guarantee).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import (
    ConfidError,
    InvalidArgumentError,
    RosterError,
    StaticConferenceIdError,
    shown,
)
from confid.host import warn
from confid.roster.bridge_exports import BridgesImport
from confid.roster.cells import quoted
from confid.roster.columns import CONFERENCE_ID
from confid.roster.matching import Matching
from confid.roster.report import Remark, ReportedUsers, RosterReport, outcome, row_of
from confid.roster.rows import Reading, Row
from confid.roster.source import Roster, read_source
from confid.roster.what_if import call, tell
from confid.store.batches import batched
from confid.tenant import directory
from confid.tenant.documents import Conferencing
from confid.tenant.migrations import is_licence_change
from confid.tenant.records import DirectoryUser, LicenseState
from confid.tenant.text import fold

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from confid.engine.session import Session
    from confid.ids.conference_id import ConferenceId
    from confid.roster.files import DataFrame, LineSource
    from confid.tenant.unit_of_work import UnitOfWork


@own_function("confid.import_users", writes=True)
def import_users(
    source: str | os.PathLike[str] | LineSource | Iterable[Mapping[str, Any]] | DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    licences: Iterable[str] = (),
    bad_rows: Literal["refuse", "skip"] = "refuse",
    what_if: bool = False,
    session: Session | None = None,
) -> ReportedUsers:
    """Take a roster over into the directory: all its rows, or none.

    `source` is the path of a CSV, JSON (`.json`) or CLIXML file (`.xml`), an
    open text file (CSV), an iterable of mappings, or a data frame of pandas or
    polars, and is read once; a `.txt` file is read as what it holds. Columns go
    by their names in PowerShell, Graph and the admin centers, in any casing and
    order; UserPrincipalName, an object ID, SipAddress or Alias must be among
    them. The exports of Get-CsOnlineDialInConferencingUser and -UserInfo, which
    name people by object ID, are known by their columns: they bring conference
    IDs, the former also settings, and people who are new under their SIP
    address. An export of Get-CsOnlineDialInConferencingBridge brings bridges
    with their numbers, and nobody.

    An absent column leaves what is on file, an empty cell clears it; one for
    mail or licences does so only if another row fills the column, and a cell
    that can't be read never does. A person on file is found by object ID, then
    by user principal name, SIP address or alias; people without a row stay. No
    row ever takes a conference ID away. `columns` translates headings, as
    `{"Benutzerprinzipalname": "UserPrincipalName"}`; `licences` names further
    products that contain audio conferencing. With `bad_rows="skip"` the rows
    at fault are left out and reported, and the others come in. `what_if`
    changes nothing, and tells what would become of each person.

    Returns the directory users in the order of the rows, with a `report` of
    columns, skipped rows and, under `what_if`, outcomes. Raises `RosterError`
    that names every row and column at fault, `StaticConferenceIdError` for a
    new conference ID once the tenant has issued one, and `NotFoundError` or
    `InvalidArgumentError` for a source that can't be read at all.
    """
    session = current_session(session)
    if bad_rows not in ("refuse", "skip"):
        raise InvalidArgumentError(
            f"bad_rows={shown(bad_rows)}: there are 'refuse' and 'skip'.", target="bad_rows"
        )
    read = read_source(source, Reading(columns, licences, skips=bad_rows == "skip"))

    def work(tenant: UnitOfWork) -> ReportedUsers:
        if not isinstance(read, Roster):
            network = BridgesImport([])
            network.bring(tenant, read)
            if network.problems:
                raise RosterError(str(source), network.problems)
            return ReportedUsers([], RosterReport(warnings=tuple(network.remarks)))
        coming = Import(tenant, read)
        users = coming.run()
        outcomes = coming.outcomes() if what_if else {}
        report = attrs.evolve(read.report, warnings=read.warnings(), outcomes=outcomes)
        return ReportedUsers(users, report)

    done = call(session, work, what_if=what_if)
    for text in done.report.warnings:
        warn(session.host, text, session.warned)
    tell(session, done.report.outcomes)
    return done


class Import:
    """One roster on its way into one tenant.

    `strict` refuses people on bridges or with numbers that the tenant has not.
    """

    def __init__(self, tenant: UnitOfWork, roster: Roster, *, strict: bool = False) -> None:
        self._strict = strict
        self._tenant = tenant
        self._roster = roster
        self._matching = Matching(tenant.transaction, roster)
        self.entered: int = 0
        """How many conference IDs were new to the ledger."""
        self._on_file: dict[str, DirectoryUser] = {}
        self._users: list[DirectoryUser] = []
        self._living: list[_Claimed] = []
        self._retired: list[_Claimed] = []

    def run(self) -> list[DirectoryUser]:
        """Match, check and write; the users in the order of the rows."""
        self._matching.leave_out_deleted()
        while not self._is_planned():
            pass  # Without the rows at fault, others can be matched otherwise.
        self._write_users()
        self._enter(self._living, retired=False)
        self._enter(self._retired, retired=True)
        self._tenant.migrations.ask(
            [u.owner for u in self._users if is_licence_change(self._on_file.get(u.owner), u)]
        )
        return self._users

    def outcomes(self) -> dict[str, str]:
        """What becomes of each person, in words."""
        ids = {claimed.user.owner: claimed.conference_id for claimed in self._living}
        return {
            user.user_principal_name: outcome(
                self._on_file.get(user.owner), user, ids.get(user.owner)
            )
            for user in self._users
        }

    def _is_planned(self) -> bool:
        """Match the rows and check their IDs; whether no row had to be skipped for it."""
        owners = self._matching.owners()
        if self._roster.skip_bad_rows():
            return False
        # In the order of the keys, over all chunks, so that two imports at once can't deadlock.
        for chunk in batched(sorted({owner for owner in owners if owner})):
            self._on_file |= directory.USERS.get(self._tenant.transaction, chunk, lock=True)
        self._users = [
            self._user(row, owner) for row, owner in zip(self._roster.rows, owners, strict=True)
        ]
        return self._sort_ids()

    def _user(self, row: Row, owner: str | None) -> DirectoryUser:
        before = self._on_file.get(owner or "")
        if before is None:
            return DirectoryUser(
                owner=self._tenant.new_owner(),
                identity=row.object_id or self._tenant.new_identity(),
                user_principal_name=row.user_principal_name,
                **{**row.values, **row.if_new},
            )
        upn = row.user_principal_name if row.has_upn else before.user_principal_name
        return attrs.evolve(before, user_principal_name=upn, **row.values)

    def _write_users(self) -> None:
        """Write new and changed people; first, and at once, those who give up a name."""
        renamed, others = [], []
        for user in self._users:
            before = self._on_file.get(user.owner)
            if before is None or (
                before != user
                and fold(before.user_principal_name) == fold(user.user_principal_name)
            ):
                others.append(user)
            elif before != user:
                renamed.append(user)
        for users in (renamed, *batched(others)):
            if users:
                self._tenant.put_users(users)

    # Conference IDs in use elsewhere.

    def _sort_ids(self) -> bool:
        """Sort the IDs into living and retired; whether no row had to be skipped for it."""
        pairs = [
            _Claimed(row, row.conference_id, user)
            for row, user in zip(self._roster.rows, self._users, strict=True)
            if row.conference_id is not None
        ]
        new = [claimed for chunk in batched(pairs) for claimed in self._not_in_ledger(chunk)]
        if new and self._tenant.ledger.has_issued:
            self._refuse(new)
        for chunk in batched(new):
            current = self._tenant.transaction.current([claimed.user.owner for claimed in chunk])
            for claimed in chunk:
                if living := current.get(claimed.user.owner):
                    claimed.complain(self._roster, f"the person has another one, {living}")
        if self._roster.skip_bad_rows():
            return False
        self._living = [claimed for claimed in new if claimed.may_live]
        self._retired = [claimed for claimed in new if not claimed.may_live]
        for each in self._retired:
            barred = row_of(each.row.place, each.user.user_principal_name)
            self._roster.remarks.note(Remark.BARRED_ID, barred)
        return True

    def _not_in_ledger(self, pairs: Sequence[_Claimed]) -> list[_Claimed]:
        """Those that the ledger doesn't hold; one that is another person's is noted."""
        entries = self._tenant.transaction.lookup([claimed.conference_id for claimed in pairs])
        for claimed in pairs:
            entry = entries.get(claimed.conference_id)
            if entry is not None and entry.owner != claimed.user.owner:
                claimed.complain(self._roster, "it is or was another person's")
        return [claimed for claimed in pairs if claimed.conference_id not in entries]

    def _refuse(self, new: Sequence[_Claimed]) -> None:
        """Complain of IDs that are new to a tenant which issues its own, or raise their errors."""
        roster = self._roster
        errors: list[ConfidError] = [
            StaticConferenceIdError(f"{c.row.place}, {CONFERENCE_ID}", target=c.row.place)
            for c in new
        ]
        if not roster.reading.skips:
            first, *others = errors
            if roster.problems:
                others.append(RosterError(roster.name, [text for _, text in roster.problems]))
            first.also = tuple(others)
            raise first
        for claimed, error in zip(new, errors, strict=True):
            roster.problems.append((claimed.row.place, error.message))

    def _enter(self, ids: Sequence[_Claimed], *, retired: bool) -> None:
        for chunk in batched(ids):
            proposals = [(int(c.conference_id), c.user) for c in chunk]
            accepted = self._tenant.ledger.import_ids(proposals, retired=retired)
            self.entered += len(accepted)
            for claimed in chunk:
                if claimed.conference_id not in accepted:
                    claimed.complain(self._roster, "it was issued to another person meanwhile")
            self._roster.skip_bad_rows()
            if not retired:
                self._enable(chunk)
        self._roster.skip_bad_rows()

    def _enable(self, ids: Sequence[_Claimed]) -> None:
        """Settings as the export has them, else as for anybody newly enabled.

        There is no PIN, and nobody is told.
        """
        tenant = self._tenant
        tenant.lock_setup(shared=True)
        people = tenant.people([claimed.user for claimed in ids], lock=True)
        tenant.migrations.ask([claimed.user.owner for claimed in ids])
        tenant.put_conferencing(
            {
                person.user.owner: attrs.evolve(
                    self._settings(claimed),
                    revision=person.conferencing.revision + 1 if person.conferencing else 0,
                )
                for claimed, person in zip(ids, people, strict=True)
            }
        )

    def _settings(self, claimed: _Claimed) -> Conferencing:
        setup, said = self._tenant.setup, claimed.row.dial_in
        wanted = said.get("bridge_id")
        bridge = setup.bridges.get(wanted) if wanted else setup.default_bridge
        unknown = [str(wanted)] if bridge is None else []
        bridge = bridge or setup.default_bridge
        own: dict[str, Any] = {}
        for name, is_toll_free in (("service_number", False), ("toll_free_service_number", True)):
            digits = said.get(name)
            number = setup.numbers.get(digits or "")
            if number and (number.bridge_id, number.is_toll_free) == (
                bridge.identity,
                is_toll_free,
            ):
                own[name] = digits
            elif digits:
                unknown.append(f"+{digits}")
        if unknown:
            self._note_elsewhere(claimed, unknown)
        own.setdefault("service_number", setup.default_toll_number(bridge, claimed.user))
        pstn_only = said.get("allow_pstn_only_meetings")
        if pstn_only is None:
            pstn_only = self._tenant.settings.allow_pstn_only_meetings_by_default
        return Conferencing(
            enabled=True,
            bridge_id=bridge.identity,
            allow_toll_free_dial_in=said.get("allow_toll_free_dial_in") is not False,
            allow_pstn_only_meetings=pstn_only,
            **own,
        )

    def _note_elsewhere(self, claimed: _Claimed, unknown: Sequence[str]) -> None:
        """Note that somebody's bridge or numbers aren't this tenant's, or refuse it."""
        upn = quoted(claimed.user.user_principal_name)
        if self._strict:
            place = claimed.row.place
            text = f"{place}: {upn} is on a bridge, or has a number, that isn't there: "
            self._roster.problems.append((place, f"{text}{', '.join(unknown)}."))
        else:
            self._roster.remarks.note(Remark.ELSEWHERE, f"{upn}, {', '.join(unknown)}")


@attrs.frozen
class _Claimed:
    """A conference ID in a row, and whose it is said to be."""

    row: Row
    conference_id: ConferenceId
    user: DirectoryUser

    @property
    def may_live(self) -> bool:
        """Whether the ID is in use: its export says so, or a licence, known or not, allows it."""
        is_licensed = self.user.license_state is not LicenseState.UNLICENSED
        return (self.row.is_conferencing or is_licensed) and not self.user.has_other_provider

    def complain(self, roster: Roster, why: str) -> None:
        """Note why the ID can't be taken over."""
        roster.complain(
            self.row.place,
            f"{CONFERENCE_ID}: {self.conference_id} can't be taken over for "
            f"{quoted(self.user.user_principal_name)}: {why}.",
        )
