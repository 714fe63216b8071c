"""Issues every conference ID there is: no repeat, then exhaustion.

`python -m tests.faults.whole_space [--store sqlite|postgres|URL] [--space 9000000]`

People are enabled once and then reset, all of them in a call, until nothing is
left. By the cmdlet are the first IDs, the last two calls or so, and those that
find nothing; between them a call does what a reset does to the ledger, retire
and issue, and leaves out records, documents and mails. Whatever a call
returned is held against all that came before, and the ledger against all of
it; `confid.check()` has the last word.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING

import attrs

import confid
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.engine.opening import open_session
from confid.errors import ConferenceIdsExhaustedError
from confid.host import RecordingHost
from confid.ids.dice import Space
from confid.store import FIRST_ID, LAST_ID

from .told import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confid.engine.session import Session
    from confid.tenant.unit_of_work import UnitOfWork

CALLS = 200
"""The number of calls for the whole space; each issues a 200th of it."""

BY_CMDLET = 2
"""The number of last calls that the cmdlet makes."""


@attrs.define(kw_only=True)
class Outcome:
    """The result of a run, with its problems."""

    issued: int = 0
    warned: bool = False
    refusals: int = 0
    seconds: dict[str, float] = attrs.field(factory=dict)
    problems: list[str] = attrs.field(factory=list)


class _Told:
    """The IDs that calls returned, one byte each."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._seen = bytearray(len(space))
        self.left = len(space)
        self.problems: list[str] = []

    def take(self, ids: Iterable[int]) -> None:
        for conference_id in ids:
            place = conference_id - self._space.first
            if not 0 <= place < len(self._space):
                self.problems.append(f"{conference_id} is outside the space.")
            elif self._seen[place]:
                self.problems.append(f"{conference_id} was issued twice.")
            else:
                self._seen[place] = 1
                self.left -= 1


class _Run:
    def __init__(self, session: Session, space: Space, calls: int) -> None:
        self.session = session
        self.space = space
        self.told = _Told(space)
        self.outcome = Outcome()
        count = max(1, len(space) // calls)
        self.names = [f"person{number:05}@contoso.com" for number in range(count)]

    def whole(self) -> Outcome:
        for part in (self.enable, self.issue, self.use_up, self.find_none, self.audit):
            with self._timed(part.__name__):
                part()
        outcome = self.outcome
        outcome.issued = len(self.space) - self.told.left
        outcome.problems += self.told.problems
        return outcome

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.outcome.seconds[name] = time.perf_counter() - start

    def enable(self) -> None:
        """The people, each with a first ID."""
        rows = [{"UserPrincipalName": name, "Licenses": "MCOMEETADV"} for name in self.names]
        confid.import_users(rows, session=self.session)
        users = enable_cs_online_dial_in_conferencing_user(
            self.names, notify=False, session=self.session
        )
        self.told.take(user.conference_id or 0 for user in users)

    def issue(self) -> None:
        """Issue nearly all of the space, through the ledger alone."""
        with self.session.unit(write=False) as tenant:
            owners = [person.user.owner for person in tenant.all_people()]

        def work(tenant: UnitOfWork) -> list[int]:
            tenant.transaction.retire(owners, at=tenant.now, by=tenant.actor)
            return list(tenant.ledger.issue(owners).values())

        while self.told.left > BY_CMDLET * len(owners) and not self.told.problems:
            self.told.take(self.session.call(work, write=True))

    def use_up(self) -> None:
        """Issue the rest; the last call is for as many people as there are IDs left."""
        while self.told.left and not self.told.problems:
            self.told.take(self._reset(self.names[: self.told.left]))
        assert isinstance(self.session.host, RecordingHost)
        self.outcome.warned = any("More than 90 %" in line for line in self.session.host.lines)
        if not self.outcome.warned:
            self.outcome.problems.append("Nobody was warned that the space is nearly full.")

    def find_none(self) -> None:
        """One person, then all, ask again: they get the error and keep their IDs."""
        before = self._living()
        for names in (self.names[:1], self.names):
            try:
                self.told.take(self._reset(names))
            except ConferenceIdsExhaustedError:
                self.outcome.refusals += 1
            else:
                self.outcome.problems.append("An ID was issued where none was left.")
        if self._living() != before:
            self.outcome.problems.append("A refused reset has changed somebody's ID.")

    def audit(self) -> None:
        """The ledger has every ID of the space once, and the audit finds nothing."""
        whole = range(self.space.first, self.space.last + 1)
        with self.session.unit(write=False) as tenant:
            ledger = tenant.transaction.issued_ids()
            if any(a != b for a, b in zip_longest(ledger, whole)):
                self.outcome.problems.append("The ledger is not the space, ID for ID.")
        report = confid.check(self.session)
        self.outcome.problems += report.problems
        if (report.issued, report.living) != (len(self.space), len(self.names)):
            self.outcome.problems.append(f"Not what was told: {report}")

    def _reset(self, names: Sequence[str]) -> list[int]:
        users = set_cs_online_dial_in_conferencing_user(
            names, reset_conference_id=True, notify=False, session=self.session
        )
        return [int(user.conference_id or 0) for user in users]

    def _living(self) -> dict[str, int | None]:
        with self.session.unit(write=False) as tenant:
            return {p.user.owner: p.conference_id for p in tenant.all_people(enabled=True)}


def whole_space(store: str, space: Space, *, calls: int = CALLS) -> Outcome:
    """Issue every ID of a space on an empty store, in about this many calls."""
    with open_session(store, space=space, host=RecordingHost()) as session:
        return _Run(session, space, calls).whole()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the options of the command line; return 0 if nothing was wrong."""
    everything = LAST_ID - FIRST_ID + 1
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--space", type=int, default=everything, help="of so many IDs")
    parser.add_argument("--store", default="sqlite", help="sqlite, postgres, or a path or URL")
    options = parser.parse_args(arguments)
    with place(options.store) as store:
        outcome = whole_space(store, Space(FIRST_ID, FIRST_ID + options.space - 1))
    for part, seconds in outcome.seconds.items():
        sys.stdout.write(f"{part}: {seconds:.1f} s\n")
    for problem in outcome.problems[:100]:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(
        f"{outcome.issued} IDs issued, {'warned' if outcome.warned else 'not warned'}, "
        f"{outcome.refusals} calls refused, {len(outcome.problems)} problems\n"
    )
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
