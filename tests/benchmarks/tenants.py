"""Tenants of any size to measure with: every person enabled, nobody told."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confid.engine.opening import open_session
from confid.host import SilentHost
from confid.tenant.documents import CONFERENCING, SETTINGS, Conferencing
from confid.tenant.records import DirectoryUser, LicenseState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confid.engine.session import Session
    from confid.store.base import Store
    from confid.tenant.unit_of_work import UnitOfWork

CHUNK = 5000


def identities(count: int) -> list[str]:
    """The UPNs of the first so many people."""
    return [f"person.{i}@contoso.com" for i in range(count)]


@contextmanager
def opened(store: Path | Store) -> Iterator[Session]:
    """A session on a store, closed afterwards."""
    session = open_session(store, host=SilentHost())
    try:
        yield session
    finally:
        session.close()


def fill(session: Session, count: int, *, enabled: bool = True) -> None:
    """Put so many people in an empty tenant."""
    with session.unit(write=True) as tenant:
        names = identities(count)
        for start in range(0, count, CHUNK):
            users = [_user(tenant, name) for name in names[start : start + CHUNK]]
            tenant.put_users(users)
            if enabled:
                _enable(tenant, users)


def _user(tenant: UnitOfWork, name: str) -> DirectoryUser:
    return DirectoryUser(
        owner=tenant.new_owner(),
        identity=str(tenant.new_uuid()),
        user_principal_name=name,
        display_name=name.partition("@")[0].replace(".", " ").title(),
        sip_address=f"sip:{name}",
        mail=name,
        usage_location="US",
        department="Sales",
        assigned_plan=("MCOMEETADV",),
        license_state=LicenseState.LICENSED,
        provider="Microsoft",
    )


def _enable(tenant: UnitOfWork, users: list[DirectoryUser]) -> None:
    settings = Conferencing(
        enabled=True,
        bridge_id=tenant.setup.default_bridge.identity,
        service_number=tenant.setup.default_bridge.default_number,
        pin_digest="0" * 64,
        revision=1,
    )
    body = SETTINGS.body(settings)
    tenant.transaction.put(CONFERENCING.name, {user.owner: body for user in users})
    tenant.ledger.issue([user.owner for user in users])


def sqlite_tenant(path: Path, count: int) -> Path:
    """A SQLite tenant of so many enabled people."""
    with opened(path) as session:
        fill(session, count)
    return path


def copied(tenant: Path, name: str) -> Path:
    """A copy of a tenant that nobody has open; closing it has emptied its WAL."""
    target = tenant.with_name(name)
    shutil.copy(tenant, target)
    return target
