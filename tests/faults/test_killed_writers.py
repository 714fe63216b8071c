"""The script with small counts; the large ones are run by hand (docs/explanation/guarantee.md)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.host import SilentHost

from .killed_writers import killed_writers, main
from .told import DISABLED, ISSUED, READ, UNKNOWN, Line, audit, fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_killed_writer_leaves_what_it_was_told_and_nothing_half_done(store: str) -> None:
    """After each kill the audit finds nothing, and the next call works."""
    outcome = killed_writers(store, 2, random.Random(7))
    assert outcome.problems == []
    assert outcome.kills == 2
    assert outcome.silent < 2


def test_the_script_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    """It returns 0 if it found nothing wrong."""
    assert main(["--count", "1"]) == 0
    assert "1 writers killed" in capsys.readouterr().out


class TestAudit:
    """The audit finds each kind of problem."""

    def found(self, folder: Path, change: Callable[[list[Line]], list[Line]]) -> list[str]:
        """Its problems if two people's lines differ from what happened."""
        path = str(folder / "tenant.db")
        told = change(fill(path, 2))
        with confid.connect(path, host=SilentHost()) as session:
            return audit(session, told, untold=0)

    def test_a_sound_tenant_has_no_problems(self, tmp_path: Path) -> None:
        """The lines match the tenant."""
        assert self.found(tmp_path, lambda told: told) == []

    def test_an_id_told_twice(self, tmp_path: Path) -> None:
        """An ID that the same person got twice."""
        (problem,) = self.found(tmp_path, lambda told: [*told, told[0]])
        assert "issued 2 times" in problem

    def test_an_id_that_nobody_was_told(self, tmp_path: Path) -> None:
        """No process was killed, so no ID may be unreported."""
        (problem,) = self.found(tmp_path, lambda told: told[1:])
        assert "told to nobody" in problem

    @pytest.mark.parametrize("what", [ISSUED, READ])
    def test_an_id_that_is_not_in_the_ledger(self, tmp_path: Path, what: str) -> None:
        """An ID that was reported and isn't in the ledger."""
        (problem,) = self.found(tmp_path, lambda told: [*told, Line(what, told[0].who, 1)])
        assert "is not theirs" in problem

    def test_an_id_of_two_owners(self, tmp_path: Path) -> None:
        """An ID that was reported for another owner."""
        other = self.found(
            tmp_path, lambda told: [*told, Line(READ, told[0].who, told[1].conference_id)]
        )
        assert len(other) == 1
        assert "is not theirs" in other[0]

    def test_a_lost_disable(self, tmp_path: Path) -> None:
        """A change without its mail."""
        (problem,) = self.found(tmp_path, lambda told: [*told, Line(DISABLED, told[0].who, None)])
        assert "told of it less often" in problem

    @pytest.mark.parametrize(("half", "found"), [(True, 1), (False, 0)])
    def test_a_part_of_a_call_of_unknown_outcome(
        self, tmp_path: Path, half: bool, found: int
    ) -> None:
        """A call for two people of which one ID, or none, is in the ledger."""
        path, moment = str(tmp_path / "tenant.db"), datetime.now(UTC)
        told = fill(path, 2)
        names = "person000@contoso.com", "person001@contoso.com"
        told.append(Line(UNKNOWN, ",".join(names), None, moment))
        with confid.connect(path, clock=lambda: moment, host=SilentHost()) as session:
            if half:
                set_cs_online_dial_in_conferencing_user(names[0], reset_conference_id=True)
            problems = set(audit(session, told, untold=0))
        assert [problem.endswith("a part is there.") for problem in problems] == [True] * found

    def test_a_lost_mail(self, tmp_path: Path) -> None:
        """An ID that no mail tells."""
        path = str(tmp_path / "tenant.db")
        told = fill(path, 2)
        with confid.connect(path, host=SilentHost()) as session:
            with session.unit(write=True) as tenant:
                (first, _) = [key for key, _ in tenant.transaction.scan("outbox")]
                tenant.transaction.delete("outbox", [first])
            (problem,) = audit(session, told, untold=0)
        assert "has 0 mails" in problem
