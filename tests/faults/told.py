"""What writers have told, and the audit that holds a tenant to it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user
from confid.conference_id import Space
from confid.host import SilentHost
from confid.records import MASKED_PIN, OUTBOX, Event, OutboxEntry, converter
from confid.session import open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.records import ConferencingUser
    from confid.session import Session

ROOT = Path(__file__).parents[2]

SPACE = Space(1_000_000, 1_199_999)
"""A small one: the dice propose hundreds of IDs again that the ledger has to refuse."""

ISSUED, DISABLED, READ, REFUSED = "issued", "disabled", "read", "refused"


@attrs.frozen
class Line:
    """A line of a writer: `what` was done to `who`, and the ID that the call returned."""

    what: str
    who: str
    conference_id: int | None


def is_new(user: ConferencingUser) -> bool:
    """Whether enabling has given this ID; who was enabled already has no new PIN either."""
    return user.leader_pin not in (None, MASKED_PIN)


def issued_to(user: ConferencingUser) -> Line:
    """The line of an ID that a call has issued."""
    return Line(ISSUED, user.identity, int(user.conference_id or 0))


def lines(output: str) -> list[Line]:
    """The lines of a writer's output."""
    told = []
    for text in output.splitlines():
        if text == "ready":
            continue
        what, who, said = text.split()
        told.append(Line(what, who, None if said == "-" else int(said)))
    return told


def start(store: str, *, seconds: float, threads: int, seed: int) -> subprocess.Popen[str]:
    """A writer, a process of its own."""
    arguments = [store, str(seconds), str(threads), str(seed)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.writer", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@contextmanager
def place(store: str) -> Iterator[str]:
    """Where to run: `sqlite`, a new file; `postgres`, a new server; else a URL or path as it is."""
    if store == "sqlite":
        with TemporaryDirectory(prefix="confid-faults-") as folder:
            yield f"{folder}/tenant.db"
    elif store == "postgres":
        from servers import running  # noqa: PLC0415 - only where a server is asked for

        # Every process has a pool of its own; a ledger of millions wants room.
        room = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=8GB")
        with running("fsync=on", *room) as server:
            yield server.dsn
    else:
        yield store


def fill(store: str, people: int) -> list[Line]:
    """Make the tenant, with so many people enabled; what it tells of them."""
    names = [f"person{number:03}@contoso.com" for number in range(people)]
    with open_session(store, space=SPACE, host=SilentHost()) as session:
        confid.import_users(
            [{"UserPrincipalName": n, "Mail": n, "Licenses": "MCOMEETADV"} for n in names],
            session=session,
        )
        users = enable_cs_online_dial_in_conferencing_user(names, session=session)
        return [issued_to(user) for user in users]


def audit(session: Session, told: list[Line], *, untold: int) -> list[str]:
    """What is wrong: ledger against users against outbox, and all of it against what was told.

    Of the IDs in the ledger, at most `untold` may be known to nobody: those
    of calls that were killed between their commit and their answer.
    """
    return [*confid.check(session).problems, *_Audit(session, told).problems(untold)]


class _Audit:
    def __init__(self, session: Session, told: list[Line]) -> None:
        self.told = told
        with session.unit(write=False) as tenant:
            people = list(tenant.all_people())
            self.ledger = {line.conference_id: line.owner for line in tenant.transaction.entries()}
            self.mails = [
                converter().structure(body, OutboxEntry)
                for _, body in tenant.transaction.scan(OUTBOX.name)
            ]
        self.owner_of = {someone.user.identity: someone.user.owner for someone in people}

    def problems(self, untold: int) -> Iterator[str]:
        yield from self._ledger(untold)
        yield from self._mails()
        yield from self._disabled()

    def _ledger(self, untold: int) -> Iterator[str]:
        issued = Counter(line.conference_id for line in self.told if line.what == ISSUED)
        for conference_id, times in issued.items():
            if times > 1:
                yield f"{conference_id} was issued {times} times."
        for line in set(self.told):
            if line.conference_id is None:
                continue
            if self.ledger.get(line.conference_id) != self.owner_of[line.who]:
                yield f"{line.conference_id}, {line.what} to {line.who}, is not theirs."
        unknown = len(self.ledger.keys() - issued.keys())
        if unknown > untold:
            yield f"{unknown} IDs in the ledger were told to nobody, and {untold} may be."

    def _mails(self) -> Iterator[str]:
        """Each ID is told by one mail, to its owner, when it is issued."""
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
