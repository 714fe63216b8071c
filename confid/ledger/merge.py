"""Bringing a restored ledger up to date with an export that was made later.

Retirement always wins; of an owner's living IDs the newest by serial becomes
current; an ID that two owners hold is retired and both get new ones. Only who
is enabled here has a living ID afterwards. Source: design, the guarantee.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from confid.conference_id import ConferenceId
from confid.errors import StoreError
from confid.ledger.export import read_export
from confid.notices import MailOptions, owed
from confid.person import CHUNK, Change
from confid.records import Event
from confid.session import current_session
from confid.store.entering import enter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from confid.ledger.export import TextFile
    from confid.person import Person
    from confid.session import Session
    from confid.store.base import LedgerEntry
    from confid.tenant import Tenant

    T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Report:
    """What a merge did.

    `entered` counts the IDs that the ledger had forgotten. `retired` are
    those that lived on either side and do no longer, `collisions` those that
    two owners held. `adopted` and `reissued` are by user principal name:
    whose ID is now the one from the export, and who was given a new one.
    """

    entered: int = 0
    retired: tuple[ConferenceId, ...] = ()
    collisions: tuple[ConferenceId, ...] = ()
    adopted: Mapping[str, ConferenceId] = attrs.field(factory=dict)
    reissued: Mapping[str, ConferenceId] = attrs.field(factory=dict)

    def __str__(self) -> str:
        counts = (
            f"{self.entered} forgotten conference IDs entered, {len(self.retired)} retired, "
            f"{len(self.collisions)} held by two owners."
        )
        lines = [counts]
        for what, users in (("from the export", self.adopted), ("new", self.reissued)):
            lines += (f"  {name}: {number} ({what})" for name, number in users.items())
        return "\n".join(lines)


def merge(
    source: str | os.PathLike[str] | TextFile,
    *,
    notify: bool | None = None,
    session: Session | None = None,
) -> Report:
    """Enter what an export of this tenant's ledger knows and the ledger doesn't; all or nothing.

    `source` is the text that `export` gave, a path to it, or an open file.
    Whoever has another ID afterwards is told, as the tenant's settings say;
    `notify` overrules them. Merging again changes nothing.

    Raises `InvalidArgumentError` for another tenant's export or a changed
    one, `WitnessError` when a witness can't be asked, and
    `ConferenceIdsExhaustedError`.
    """
    session = current_session(session)
    options = MailOptions(notify=notify)
    with session.unit(write=False) as tenant:
        exported = read_export(source, tenant.facts)
    with session.exclusive_unit() as tenant:
        report = _Merge(tenant, exported, options).run()
    for text in tenant.warnings:
        session.host.write_warning(text)
    return report


class _Merge:
    def __init__(
        self, tenant: Tenant, exported: Sequence[LedgerEntry], options: MailOptions
    ) -> None:
        self._tenant = tenant
        self._transaction = tenant.transaction
        self._exported = exported
        self._options = options
        self._retired: set[int] = set()
        self._collisions: set[int] = set()
        self._touched: set[str] = set()
        self._adopted: set[str] = set()

    def run(self) -> Report:
        here = self._here()
        new = [entry for entry in self._exported if entry.conference_id not in here]
        elsewhere = self._held_elsewhere(new)
        self._retire_here(here)
        for chunk in _by_owner(new):
            self._enter(chunk, elsewhere)
        changed = self._settle()
        return Report(
            entered=len(new),
            retired=tuple(map(ConferenceId, sorted(self._retired))),
            collisions=tuple(map(ConferenceId, sorted(self._collisions))),
            adopted={name: number for owner, name, number in changed if owner in self._adopted},
            reissued={
                name: number for owner, name, number in changed if owner not in self._adopted
            },
        )

    def _here(self) -> dict[int, LedgerEntry]:
        """The ledger's own entries for the IDs in the export."""
        here: dict[int, LedgerEntry] = {}
        for chunk in _chunks([entry.conference_id for entry in self._exported]):
            here |= self._transaction.lookup(chunk)
        return here

    def _held_elsewhere(self, new: Sequence[LedgerEntry]) -> set[int]:
        """The IDs that the witness holds for somebody else."""
        witness = self._tenant.witness
        if witness is None:
            return set()
        others = {entry.conference_id for entry in witness.copy(new, at=self._tenant.now)}
        self._collisions |= others
        return others

    def _retire_here(self, here: Mapping[int, LedgerEntry]) -> None:
        """Retire what is retired in the export, and what belongs to somebody else there."""
        ends: defaultdict[tuple[object, str | None], list[LedgerEntry]] = defaultdict(list)
        for exported in self._exported:
            mine = here.get(exported.conference_id)
            if mine is None:
                continue
            is_mine = mine.owner == exported.owner
            if not is_mine:
                self._collisions.add(mine.conference_id)
                self._touched |= {mine.owner, exported.owner}
            if mine.retired_at is None and not is_mine:
                ends[self._tenant.now, self._tenant.actor].append(mine)
            elif mine.retired_at is None and exported.retired_at is not None:
                ends[exported.retired_at, exported.retired_by].append(mine)
        for (at, by), entries in ends.items():
            self._retire((entry.owner for entry in entries), at=at, by=by)

    def _retire(self, owners: Iterable[str], *, at: object = None, by: str | None = None) -> None:
        moment = self._tenant.now if at is None else at
        retired = self._transaction.retire(owners, at=moment, by=by)  # type: ignore[arg-type]  # a datetime, from an entry
        self._retired |= set(retired.values())
        self._touched |= retired.keys()

    # What the ledger had forgotten.

    def _enter(self, owned: Mapping[str, Sequence[LedgerEntry]], elsewhere: set[int]) -> None:
        """Enter the entries of some owners; who is enabled may get a living one of them."""
        enabled = {p.user.owner for p in self._people(owned) if p.is_enabled}
        current = self._transaction.current(owned)
        serials = {e.owner: e.serial for e in self._transaction.lookup(current.values()).values()}
        adopting = {
            entry.owner
            for entries in owned.values()
            for entry in entries
            if entry.retired_at is None
            and entry.owner in enabled
            and entry.conference_id not in elsewhere
            and entry.serial > serials.get(entry.owner, 0)
        }
        self._retire(adopting & current.keys(), by=self._tenant.actor)
        entries = [
            self._as_entered(entry, adopting, keeps=entry.owner in current.keys() - adopting)
            for entries in owned.values()
            for entry in entries
        ]
        if enter(self._transaction, entries):
            raise StoreError("The ledger refuses IDs that it doesn't hold; check() it.")
        self._adopted |= adopting
        self._touched |= owned.keys()

    def _as_entered(self, entry: LedgerEntry, adopting: set[str], *, keeps: bool) -> LedgerEntry:
        """An entry as the ledger takes it: beside a living one it goes in as retired at once."""
        if entry.retired_at is None and entry.owner not in adopting:
            self._retired.add(entry.conference_id)
            entry = attrs.evolve(entry, retired_at=self._tenant.now, retired_by=self._tenant.actor)
        if keeps:
            entry = attrs.evolve(entry, retired_at=entry.issued_at, retired_by=entry.issued_by)
        return entry

    # Who has another ID now, or none.

    def _people(self, owners: Iterable[str]) -> list[Person]:
        users = self._tenant.users(sorted(owners))
        return self._tenant.people([user for _, user in sorted(users.items())], lock=True)

    def _settle(self) -> list[tuple[str, str, ConferenceId]]:
        """Give new IDs to those left without, and tell everybody; owner, name and ID of each."""
        notice = owed([Event.CONFERENCE_ID_RESET], self._options, self._tenant.settings)
        changed = []
        for owners in _chunks(sorted(self._touched)):
            changes = [
                Change(
                    person=person,
                    after=person.conferencing,
                    issue=person.conference_id is None,
                    notice=notice,
                )
                for person in self._people(owners)
                if person.conferencing is not None
                and person.is_enabled
                and (person.conference_id is None or person.user.owner in self._adopted)
            ]
            for person in self._tenant.apply(changes) if changes else ():
                assert person.conference_id is not None  # noqa: S101 - kept or just issued
                user = person.user
                changed.append((user.owner, user.user_principal_name, person.conference_id))
        return changed


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _by_owner(entries: Iterable[LedgerEntry]) -> Iterator[dict[str, list[LedgerEntry]]]:
    """The entries of so many owners at a time, none of whom comes again."""
    owned: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        owned.setdefault(entry.owner, []).append(entry)
    for owners in _chunks(sorted(owned)):
        yield {owner: owned[owner] for owner in owners}
