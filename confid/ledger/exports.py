"""Exports of a ledger, and their merge into a ledger that has forgotten some of it.

An export is text: a line of JSON about the tenant, a line for each entry, and
a line with a digest of all before, under a key that only the tenant has.

In a merge retirement always wins. Of an owner's living IDs the newest by
serial becomes current. An ID with two owners is retired, and both get new
ones. Only users who are enabled here have living IDs afterwards. Once the
tenant has issued an ID, imported IDs that are new here come in as retired, as
an import would be refused too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

import attrs

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError, StoreError
from confid.host import warn
from confid.ids.conference_id import ConferenceId
from confid.powershell.formats.text_files import read_text
from confid.store.base import FIRST_ID, IMPORTED, LAST_ID
from confid.store.batches import batched
from confid.store.entries import as_row, enter, from_row, is_damaged, readable
from confid.tenant.changes import Change
from confid.tenant.display import Shown
from confid.tenant.notices import Event, MailOptions, owed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confid.engine.session import Session
    from confid.store.base import LedgerEntry
    from confid.tenant.people import Person
    from confid.tenant.setup import TenantFacts
    from confid.tenant.unit_of_work import UnitOfWork


FORMAT = 1


class Readable(Protocol):
    """An open text file."""

    def read(self) -> str:
        """All that is left of it."""


@own_function("confid.ledger.export")
def export(*, session: Session | None = None) -> str:
    """The whole ledger as text; `merge` brings a restored ledger up to date with it.

    It holds IDs, the keys of their owners, and who issued and retired them,
    but no names of users. Write it to a file in UTF-8, beside the backups.
    The host is warned of damaged entries, of which the export has what can be
    read; `confid.check()` names them.
    """
    session = current_session(session)
    damaged = 0
    with session.unit(write=False) as tenant:
        facts = tenant.facts
        head = {
            "confid_ledger": FORMAT,
            "tenant_id": str(facts.tenant_id),
            "exported_at": tenant.now.isoformat(),
        }
        lines = [_json(head)]
        for entry in tenant.transaction.entries():
            damaged += is_damaged(entry)
            if FIRST_ID <= entry.conference_id <= LAST_ID:
                lines.append(_json(as_row(readable(entry))))
    if damaged:
        warn(
            session.host,
            f"{damaged} entries of the ledger are damaged; confid.check() names them. The export "
            "has what can be read of them.",
            session.warned,
        )
    lines.append(_json({"digest": _digest(lines, facts)}))
    return "".join(f"{line}\n" for line in lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _digest(lines: list[str], facts: TenantFacts) -> str:
    # The key of the PINs serves, under another name: nothing signed here is a PIN's digest.
    digest = hashlib.blake2b(key=facts.pin_key, person=b"confid ledger", digest_size=32)
    for line in lines:
        digest.update(line.encode("ascii", "backslashreplace") + b"\n")
    return digest.hexdigest()


def read_export(source: str | os.PathLike[str] | Readable, facts: TenantFacts) -> list[LedgerEntry]:
    """The entries of an export of this tenant, from its text, a path or an open file.

    Raises `InvalidArgumentError` for anything else, for another tenant's
    export, and for one that was changed.
    """
    lines = _text(source).splitlines()
    try:
        head, last = json.loads(lines[0]), json.loads(lines[-1])
        version, tenant_id, digest = head["confid_ledger"], head["tenant_id"], last["digest"]
    except (IndexError, KeyError, RecursionError, TypeError, ValueError):
        raise _refused("is no whole export of a ledger. confid.ledger.export() makes one") from None
    if tenant_id != str(facts.tenant_id):
        raise _refused("is another tenant's")
    if version != FORMAT:
        raise _refused("was made by a newer confid. Upgrade confid to merge it")
    if not hmac.compare_digest(repr(digest).encode(), repr(_digest(lines[:-1], facts)).encode()):
        raise _refused("has been changed since it was made. Take the file as it was exported")
    return [from_row(json.loads(line)) for line in lines[1:-1]]


def _refused(why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"The export {why}. Nothing was merged.", category="InvalidData")


def _text(source: str | os.PathLike[str] | Readable) -> str:
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return source
    if isinstance(source, (str, os.PathLike)):
        return read_text(source)
    try:
        text = source.read()
    except (AttributeError, OSError, TypeError, ValueError) as error:
        raise _refused(f"can't be read: {error}") from error
    if not isinstance(text, str):
        raise _refused("is not text. Open the file as text, in UTF-8")
    return text


@attrs.frozen(kw_only=True)
class MergeReport(Shown):
    """What a merge did.

    `entered` counts the IDs that the ledger had forgotten. `retired` lived on
    either side and don't any more; `collisions` had two owners. `adopted` has
    the users whose ID is now the one from the export, by user principal name,
    `reissued` those who were given a new one.
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


@own_function("confid.ledger.merge", writes=True)
def merge(
    source: str | os.PathLike[str] | Readable,
    *,
    notify: bool | None = None,
    session: Session | None = None,
) -> MergeReport:
    """Enter the entries of an export that the ledger has forgotten; all or nothing.

    `source` is the text of an export of this tenant, a path to it, or an open
    file. Users with another ID afterwards are told, as the tenant's settings
    say; `notify` overrules them. Merging again changes nothing.

    Raises `InvalidArgumentError` for another tenant's export, a changed one,
    and a file that can't be read; `WitnessError` when a witness can't be
    asked; `ConferenceIdsExhaustedError`.
    """
    session = current_session(session)
    options = MailOptions(notify=notify)
    with session.unit(write=False) as tenant:
        exported = read_export(source, tenant.facts)
    with session.exclusive_unit() as tenant:
        report = _Merge(tenant, exported, options).run()
    for text in tenant.warnings:
        warn(session.host, text, session.warned)
    return report


class _Merge:
    def __init__(
        self, tenant: UnitOfWork, exported: Sequence[LedgerEntry], options: MailOptions
    ) -> None:
        self._tenant = tenant
        self._transaction = tenant.transaction
        self._exported = exported
        self._options = options
        # As for an import: from the first issue on nobody else chooses an ID.
        self._takes_imported = not tenant.ledger.has_issued
        self._retired: set[int] = set()
        self._collisions: set[int] = set()
        self._touched: set[str] = set()
        self._adopted: set[str] = set()

    def run(self) -> MergeReport:
        here = self._here()
        new = [entry for entry in self._exported if entry.conference_id not in here]
        elsewhere = self._held_elsewhere(new)
        self._retire_here(here)
        for chunk in _by_owner(new):
            self._enter(chunk, elsewhere)
        changed = self._settle()
        return MergeReport(
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
        for chunk in batched([entry.conference_id for entry in self._exported]):
            found = self._transaction.lookup(chunk)
            here |= {number: readable(entry) for number, entry in found.items()}
        return here

    def _held_elsewhere(self, new: Sequence[LedgerEntry]) -> set[int]:
        """The IDs that the witness holds for somebody else."""
        witness = self._tenant.ledger.witness
        if witness is None:
            return set()
        others = {entry.conference_id for entry in witness.copy(new, at=self._tenant.now)}
        self._collisions |= others
        return others

    def _retire_here(self, here: Mapping[int, LedgerEntry]) -> None:
        """Retire IDs that are retired in the export, or have another owner there."""
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

    # The entries that the ledger had forgotten.

    def _enter(self, owned: Mapping[str, Sequence[LedgerEntry]], elsewhere: set[int]) -> None:
        """Enter the entries of some owners; an enabled owner may adopt a living one."""
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
            and (self._takes_imported or entry.origin != IMPORTED)
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
        """An entry as the ledger takes it: retired at once, unless its owner adopts it."""
        if entry.retired_at is None and entry.owner not in adopting:
            self._retired.add(entry.conference_id)
            entry = attrs.evolve(entry, retired_at=self._tenant.now, retired_by=self._tenant.actor)
        if keeps:
            entry = attrs.evolve(entry, retired_at=entry.issued_at, retired_by=entry.issued_by)
        return entry

    # The users who have another ID now, or none.

    def _people(self, owners: Iterable[str]) -> list[Person]:
        users = self._tenant.users(sorted(owners))
        return self._tenant.people([user for _, user in sorted(users.items())], lock=True)

    def _settle(self) -> list[tuple[str, str, ConferenceId]]:
        """Give new IDs to users without one, and tell all; owner, name and ID of each."""
        notice = owed((Event.CONFERENCE_ID_RESET,), self._options, self._tenant.settings)
        changed = []
        for owners in batched(sorted(self._touched)):
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


def _by_owner(entries: Iterable[LedgerEntry]) -> Iterator[dict[str, list[LedgerEntry]]]:
    """All entries of some owners at a time."""
    owned: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        owned.setdefault(entry.owner, []).append(entry)
    for owners in batched(sorted(owned)):
        yield {owner: owned[owner] for owner in owners}
