"""A whole tenant from a folder of exports, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import ConfidError, NotFoundError, RosterError, listed
from confid.host import warn
from confid.roster.bridge_exports import BridgesImport
from confid.roster.cells import is_deletion, is_list, quoted
from confid.roster.columns import COLUMNS
from confid.roster.exports import PEOPLE, ExportKind, Item
from confid.roster.folder import read_folder
from confid.roster.properties import PropertyReader
from confid.roster.report import UNCHANGED
from confid.roster.rows import Reading
from confid.roster.source import roster_of
from confid.roster.users import Import
from confid.roster.what_if import call, tell
from confid.tenant import phone_number
from confid.tenant.display import Shown
from confid.tenant.policies import Family, TeamsAudioConferencingPolicy, identity_of, name_of
from confid.tenant.records import DirectoryUser, EntryExitAnnouncements, TenantSettings
from confid.tenant.results import Results
from confid.tenant.setup import checked_settings
from confid.tenant.text import fold

if TYPE_CHECKING:
    import os

    from confid.engine.session import Session
    from confid.roster.folder import Folder
    from confid.tenant.unit_of_work import UnitOfWork

_GRANTED = (
    (Family.AUDIO_CONFERENCING, "TeamsAudioConferencingPolicy"),
    (Family.DIAL_OUT, "OnlineDialOutPolicy"),
)


@attrs.frozen(kw_only=True)
class TenantImport(Shown):
    """What `import_tenant` took over, and what it left out.

    `counts` says how many of each there were; `taken` names the cmdlet whose
    export each file holds; `left_out` gives the reason for each file, or
    thing, that was not taken; `users` are the directory users. `outcomes` says
    what would become of each of them; it is filled under `what_if` only.
    """

    folder: str
    counts: dict[str, int]
    taken: dict[str, str]
    left_out: dict[str, str]
    remarks: tuple[str, ...]
    users: Results[DirectoryUser] = attrs.field(repr=False)
    outcomes: dict[str, str] = attrs.Factory(dict)

    def __str__(self) -> str:
        lines = [f"From {self.folder}:"]
        lines += [f"  {count:>7,} {what}" for what, count in self.counts.items()]
        lines += [f"  taken: {name} ({what})" for name, what in self.taken.items()]
        lines += [f"  left out: {name}: {why}" for name, why in self.left_out.items()]
        lines += [f"  {remark}" for remark in self.remarks]
        return "\n".join([*lines, *(f"  {who}: {what}" for who, what in self.outcomes.items())])


@own_function("confid.import_tenant", writes=True)
def import_tenant(
    folder: str | os.PathLike[str], *, what_if: bool = False, session: Session | None = None
) -> TenantImport:
    """Take a folder of exports over: users, bridges and numbers, settings, policies and grants.

    `folder` may be a `.zip` too. Each file is an export in CSV, JSON or CLIXML,
    by the end of its name (in a `.txt` file by its content), and
    is known by its properties, whatever it is called. Of files that hold the
    same in several formats the one is taken that keeps most: CLIXML, then
    JSON, then CSV. Conference IDs are those already in use, as with
    `import_users`: everybody in the export of conferencing users has theirs.
    The bridge that a new tenant is made with gives way to those that
    come in. What is on file and not in the folder stays. It is one
    transaction; a second import of the same folder changes nothing. `what_if`
    changes nothing at all, and tells what would become of each person.

    Returns a report of what was taken, and what was left out and why. Raises
    `RosterError` that names every file, row and column at fault,
    `StaticConferenceIdError` for a new conference ID once the tenant has
    issued one, and `NotFoundError` or `InvalidArgumentError` for what is no
    folder of exports; nothing is taken then.
    """
    session = current_session(session)
    found = read_folder(folder)

    def work(tenant: UnitOfWork) -> TenantImport:
        coming = _Coming(tenant, found, what_if=what_if)
        return TenantImport(
            users=Results(coming.run()),
            folder=str(found.path),
            counts=coming.counts,
            taken=found.taken,
            left_out=found.left_out,
            remarks=tuple(coming.remarks),
            outcomes=coming.outcomes,
        )

    done = call(session, work, what_if=what_if)
    for text in done.remarks:
        warn(session.host, text, session.warned)
    tell(session, done.outcomes)
    return done


class _Coming:
    """One folder on its way into one tenant."""

    def __init__(self, tenant: UnitOfWork, folder: Folder, *, what_if: bool) -> None:
        self.remarks: list[str] = list(folder.remarks)
        self.counts: dict[str, int] = {}
        self.outcomes: dict[str, str] = {}
        self._what_if = what_if
        self._tenant = tenant
        self._folder = folder
        self._problems: list[str] = []

    def run(self) -> list[DirectoryUser]:
        """Write it all; a `RosterError` ends the transaction."""
        items = self._folder.items
        self._bring_settings(items.get(ExportKind.SETTINGS, []))
        self._bring_network(items.get(ExportKind.BRIDGES, []), items.get(ExportKind.NUMBERS, []))
        self._demand_sound()
        self._bring_policies(items.get(ExportKind.POLICIES, []))
        self._demand_sound()
        people = self._bring_people()
        self._grant(items.get(ExportKind.USERS, []), people)
        self._demand_sound()
        return people

    def _demand_sound(self) -> None:
        if self._problems:
            raise RosterError(str(self._folder.path), self._problems)

    # People.

    def _bring_people(self) -> list[DirectoryUser]:
        """Users first: who they are; then those that name them by object ID."""
        everybody: dict[str, DirectoryUser] = {}
        ids = 0
        for kind in PEOPLE:
            items = self._folder.items.get(kind, [])
            roster = roster_of(str(self._folder.path), items, Reading())
            roster.settle()
            has_bridges = ExportKind.BRIDGES in self._folder.items
            coming = Import(self._tenant, roster, strict=has_bridges)
            users = coming.run()
            self.remarks += roster.warnings()
            if self._what_if:
                for who, what in coming.outcomes().items():
                    said = (self.outcomes.get(who), what)
                    parts = [part for part in said if part and part != UNCHANGED]
                    self.outcomes[who] = "; ".join(parts) or UNCHANGED
            everybody.update({user.owner: user for user in users})
            ids += coming.entered
        self.counts |= {"users": len(everybody), "conference IDs": ids}
        return list(everybody.values())

    # Bridges and numbers.

    def _bring_network(self, bridges: list[Item], numbers: list[Item]) -> None:
        if not bridges and not numbers:
            return
        network = BridgesImport(self._problems)
        network.bring(self._tenant, bridges, numbers)
        self.remarks += network.remarks
        self.counts |= {"bridges": len(network.bridges), "numbers": len(network.numbers)}

    # Settings.

    def _bring_settings(self, items: list[Item]) -> None:
        if len(items) > 1:
            self._problems.append(f"{items[1].place}: A tenant has its settings once.")
        for item in items[:1]:
            facts = PropertyReader(item.place, item.facts, self._problems)
            before = len(self._problems)
            said = _settings(facts)
            after = attrs.evolve(self._tenant.settings, **said)
            checked = facts.checked("settings", checked_settings, after)
            if checked is not None and len(self._problems) == before:
                if checked != self._tenant.settings:
                    self._tenant.put_settings(checked)
                self.counts["settings"] = len(said)

    # Policies and grants.

    def _bring_policies(self, items: list[Item]) -> None:
        for item in items:
            facts = PropertyReader(item.place, item.facts, self._problems)
            identity = facts.text("Identity", is_needed=True)
            name = facts.checked("Identity", name_of, identity) if identity else None
            if name is None:
                continue
            known = self._tenant.setup.audio_policies.get(fold(name))
            policy = known or TeamsAudioConferencingPolicy(identity=identity_of(name))
            numbers = self._invite_numbers(facts)
            allowed = facts.switch("AllowTollFreeDialin")
            if numbers is not None:
                policy = attrs.evolve(policy, meeting_invite_phone_numbers=numbers)
            elif facts.value("MeetingInvitePhoneNumbers"):
                self.remarks.append(
                    f"{item.place}: The file doesn't say the numbers of the policy {quoted(name)}, "
                    "just the name of their type; CLIXML and JSON do."
                )
            if allowed is not None:
                policy = attrs.evolve(policy, allow_toll_free_dialin=allowed)
            if policy != known:
                self._tenant.policies.put(policy)
        if items:
            self.counts["policies"] = len(items)

    def _invite_numbers(self, facts: PropertyReader) -> tuple[str, ...] | None:
        name = "MeetingInvitePhoneNumbers"
        texts = facts.texts(name)
        if texts is None:
            return None
        digits = [facts.checked(name, phone_number.parse, text) for text in texts]
        for each in digits:
            number = self._tenant.setup.numbers.get(each or "")
            if each and (number is None or number.bridge_id is None):
                facts.complain(name, f"+{each} is on no bridge of this tenant.")
        return tuple(dict.fromkeys(each for each in digits if each))

    def _grant(self, items: list[Item], everybody: list[DirectoryUser]) -> None:
        """Grant people what their rows say; a blank cell takes theirs back."""
        by_name = {fold(user.user_principal_name): user for user in everybody}
        granted: dict[tuple[Family, str | None], list[DirectoryUser]] = {}
        unknown: dict[str, None] = {}
        for item in items:
            facts = PropertyReader(item.place, item.facts, self._problems)
            user = by_name.get(fold(facts.text("UserPrincipalName") or ""))
            if user is None or any(
                is_deletion(name, facts.text(name) or "", facts.complain)
                for name in COLUMNS["soft_deleted"]
            ):
                continue
            for family, column in _GRANTED:
                if facts.has(column) and (said := self._granted(facts, family, column, unknown)):
                    granted.setdefault((family, said[0]), []).append(user)
        for (family, policy), users in granted.items():
            self._tenant.policies.to_users(family, users, policy)
        if unknown:
            self.remarks.append(
                "People are granted policies that neither the folder nor this tenant has; the "
                f"grants were left out: {listed(list(unknown))}."
            )
        if items:
            self.counts["grants"] = sum(len(us) for (_, p), us in granted.items() if p)

    def _granted(
        self, facts: PropertyReader, family: Family, column: str, unknown: dict[str, None]
    ) -> tuple[str | None] | None:
        """The policy that a cell names, None within for a blank one; None if it says nothing."""
        value = facts.value(column)
        if isinstance(value, dict):  # newer modules: an object with the name and who granted it
            facts = PropertyReader(facts.place, {column: value.get("Name")}, self._problems)
        elif is_list(value):
            return None
        policy = facts.text(column)
        try:
            return (self._tenant.policies.demand(family, name_of(policy)) if policy else None,)
        except NotFoundError as error:
            if family is Family.AUDIO_CONFERENCING and ExportKind.POLICIES in self._folder.items:
                facts.complain(column, error.message)
            else:
                unknown[quoted(policy)] = None
        except ConfidError as error:
            facts.complain(column, error.message)
        return None


def _settings(facts: PropertyReader) -> dict[str, Any]:
    """What an object says of the tenant's settings, by their Python names."""
    said: dict[str, Any] = {}
    for name, attribute in TenantSettings.powershell_properties():
        if attribute == "identity" or not facts.has(name):
            continue
        default = getattr(TenantSettings(), attribute)
        value: Any
        if isinstance(default, bool):
            value = facts.switch(name)
        elif isinstance(default, int):
            value = facts.number(name)
        elif isinstance(default, tuple):
            texts = facts.texts(name)
            value = None if texts is None else tuple(texts)
        else:
            value = facts.text(name)
            if attribute == "entry_exit_announcements_type" and value in ("0", "1"):
                value = list(EntryExitAnnouncements)[
                    int(value)
                ]  # JSON has the number of an enumeration
        if value is not None or default is None:
            said[attribute] = value
    return said
