"""The lines that writers print, and the audit that compares a tenant with them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import attrs

import confid
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user
from confid.engine.opening import open_session
from confid.host import SilentHost
from confid.ids.dice import Space
from confid.tenant.documents import OUTBOX
from confid.tenant.notices import Event
from confid.tenant.outbox import MESSAGES
from confid.tenant.records import MASKED_PIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session
    from confid.store import Store
    from confid.tenant.records import ConferencingUser

ROOT = Path(__file__).parents[2]

SPACE = Space(1_000_000, 1_199_999)
"""A small space: the dice propose hundreds of IDs that the ledger must refuse."""

ISSUED, DISABLED, READ, REFUSED = "issued", "disabled", "read", "refused"
FAILED, UNKNOWN = "failed", "unknown"


@attrs.frozen
class Line:
    """A line of a writer: `what` was done to `who`, and the ID that the call returned.

    A call that returned nothing may be for several, with commas between; one
    of unknown outcome says which moment it has entered, if it has.
    """

    what: str
    who: str
    conference_id: int | None
    at: datetime | None = None


def is_new(user: ConferencingUser) -> bool:
    """Whether enabling issued this ID; a user who was enabled before gets no new PIN."""
    return user.leader_pin not in (None, MASKED_PIN)


def issued_to(user: ConferencingUser) -> Line:
    """The line that reports an issued ID."""
    return Line(ISSUED, user.identity, int(user.conference_id or 0))


def lines(output: str) -> list[Line]:
    """The lines of a writer's output."""
    told = []
    for text in output.splitlines():
        if text == "ready":
            continue
        told.append(line_of(text))
    return told


def line_of(text: str) -> Line:
    """One line."""
    what, who, said, *at = text.split()
    moment = datetime.fromisoformat(at[0]) if at else None
    return Line(what, who, None if said == "-" else int(said), moment)


def start(store: str, *, seconds: float, threads: int, seed: int) -> subprocess.Popen[str]:
    """Start a writer process."""
    return start_program("writer", store, str(seconds), str(threads), str(seed))


def start_program(
    name: str, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start a program of this folder as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{name}", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@contextmanager
def place(store: str) -> Iterator[str]:
    """The place for `sqlite` (a new file), `postgres` (a new server), or a URL or path."""
    if store == "sqlite":
        with TemporaryDirectory(prefix="confid-faults-") as folder:
            yield f"{folder}/tenant.db"
    elif store == "postgres":
        from tests.servers import running  # noqa: PLC0415 - only where a server is asked for

        # Every process has a pool of its own; a ledger of millions wants room.
        room = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=8GB")
        with running("fsync=on", *room) as server:
            yield server.dsn
    else:
        yield store


def fill(
    store: str | Store, people: int, *, space: Space = SPACE, witness: str | None = None
) -> list[Line]:
    """Make the tenant and enable `people` people; returns their lines."""
    names = [f"person{number:03}@contoso.com" for number in range(people)]
    with open_session(store, space=space, witness=witness, host=SilentHost()) as session:
        confid.import_users(
            [{"UserPrincipalName": n, "Mail": n, "Licenses": "MCOMEETADV"} for n in names],
            session=session,
        )
        users = enable_cs_online_dial_in_conferencing_user(names, session=session)
        return [issued_to(user) for user in users]


def audit(session: Session, told: list[Line], *, untold: int | None) -> list[str]:
    """The problems: compares ledger, users and outbox with each other and with the lines.

    Of the IDs in the ledger, at most `untold` may be known to nobody: those
    of calls that were killed between their commit and their answer. None
    leaves that open, while there are writers that go on.
    """
    return [*confid.check(session).problems, *_Audit(session, told).problems(untold)]


class _Audit:
    def __init__(self, session: Session, told: list[Line]) -> None:
        self.told = told
        with session.unit(write=False) as tenant:
            people = list(tenant.all_people())
            self.entries = list(tenant.transaction.entries())
            self.mails = [MESSAGES.read(body) for _, body in tenant.transaction.scan(OUTBOX.name)]
        self.ledger = {entry.conference_id: entry.owner for entry in self.entries}
        users = [someone.user for someone in people]
        self.owner_of = {user.identity: user.owner for user in users}
        self.owner_named = {user.user_principal_name: user.owner for user in users}
        self.in_doubt = {line.at: line for line in told if line.what == UNKNOWN}

    def problems(self, untold: int | None) -> Iterator[str]:
        yield from self._ledger()
        yield from self._unknown()
        if untold is not None:
            yield from self._untold(untold)
        yield from self._mails()
        yield from self._disabled()

    def _ledger(self) -> Iterator[str]:
        issued = Counter(line.conference_id for line in self.told if line.what == ISSUED)
        for conference_id, times in issued.items():
            if times > 1:
                yield f"{conference_id} was issued {times} times."
        for line in set(self.told):
            if line.conference_id is None:
                continue
            if self.ledger.get(line.conference_id) != self.owner_of[line.who]:
                yield f"{line.conference_id}, {line.what} to {line.who}, is not theirs."

    def _untold(self, untold: int) -> Iterator[str]:
        issued = {line.conference_id for line in self.told if line.what == ISSUED}
        unheard = [
            entry
            for entry in self.entries
            if entry.conference_id not in issued and entry.issued_at not in self.in_doubt
        ]
        if len(unheard) > untold:
            yield f"{len(unheard)} IDs in the ledger were told to nobody, and {untold} may be."

    def _unknown(self) -> Iterator[str]:
        """A call of unknown outcome changed all or nothing."""
        issued, retired = defaultdict[Any, set[str]](set), defaultdict[Any, set[str]](set)
        for entry in self.entries:
            issued[entry.issued_at].add(entry.owner)
            retired[entry.retired_at].add(entry.owner)
        for at, line in self.in_doubt.items():
            everyone = {self.owner_named[name] for name in line.who.split(",")}
            # Enabling retires nothing, disabling issues nothing, a reset does both.
            for owners in (issued[at], retired[at]):
                if owners and owners != everyone:
                    yield f"Of a call for {line.who} a part is there."
            if len(everyone) > 1 and issued[at] != retired[at]:
                yield f"Of a reset of {line.who} a part is there."

    def _mails(self) -> Iterator[str]:
        """Each issued ID is in one mail to its owner."""
        mailed = defaultdict[int, list[str]](list)
        for mail in self.mails:
            if {Event.ENABLED, Event.CONFERENCE_ID_RESET} & set(mail.events):
                mailed[int(mail.facts.conference_id or 0)].append(mail.owner)
        for conference_id, owner in self.ledger.items():
            if mailed[conference_id] != [owner]:
                yield f"{conference_id} has {len(mailed[conference_id])} mails, or not its owner's."

    def _disabled(self) -> Iterator[str]:
        mailed = Counter(mail.owner for mail in self.mails if Event.DISABLED in mail.events)
        for who, times in Counter(t.who for t in self.told if t.what == DISABLED).items():
            if mailed[self.owner_of[who]] < times:
                yield f"{who} was disabled {times} times, and told of it less often."
