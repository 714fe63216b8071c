"""A tenant with people, in memory and in a SQLite file, for the tests of mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import pytest

from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user as enable,
)
from confid.cmdlets import (
    set_cs_online_dial_in_conferencing_user as set_user,
)
from confid.host import SilentHost
from confid.start import connect
from confid.tenant.documents import OUTBOX
from confid.tenant.records import DirectoryUser, LicenseState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.engine.session import Session
    from confid.store.base import Body


@attrs.define
class Clock:
    """A clock that stands until it is moved."""

    time: datetime = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.time

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by


@attrs.define
class Office:
    """A session and what the tests do with it."""

    session: Session
    clock: Clock

    def hire(self, *names: str, mail: str | None = "{}@contoso.com") -> list[str]:
        """Add people with a licence; their UPNs."""
        upns = [f"{name}@contoso.com" for name in names]
        with self.session.unit(write=True) as tenant:
            tenant.put_users(
                DirectoryUser(
                    owner=tenant.new_owner(),
                    identity=str(tenant.new_uuid()),
                    user_principal_name=upn,
                    display_name=name.title(),
                    mail=mail and mail.format(name),
                    license_state=LicenseState.LICENSED,
                )
                for name, upn in zip(names, upns, strict=True)
            )
        return upns

    def enable(self, *names: str) -> list[str]:
        """Add people and enable them; their UPNs, with a message for each in the outbox."""
        upns = self.hire(*names)
        enable(upns, session=self.session)
        return upns

    def reset(self, upn: str) -> None:
        """Reset a user's conference ID, which puts a message in the outbox."""
        set_user(upn, reset_conference_id=True, session=self.session)

    def documents(self) -> dict[str, Body]:
        """The outbox as the store has it."""
        with self.session.unit(write=False) as tenant:
            return dict(tenant.transaction.scan(OUTBOX.name))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An empty tenant: in memory, in a file, in a PostgreSQL server."""
    where: str | Path = "memory:"
    if request.param == "sqlite":
        where = tmp_path / "tenant.db"
    elif request.param == "postgres":
        new_schema: Callable[[], str] = request.getfixturevalue("new_schema")
        where = new_schema()
    clock = Clock()
    with connect(where, clock=clock, host=SilentHost()) as session:
        yield Office(session, clock)


in_memory = pytest.mark.parametrize("office", ["memory"], indirect=True)
"""For a test that every store would pass alike: its office is in memory alone."""
