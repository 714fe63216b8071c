"""Helpers that the tests share: tenants with people, a clock, the contents of a store."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from confid import cmdlets, start  # noqa: F401 - start gives every session its cmdlets
from confid.engine.opening import open_session
from confid.host import RecordingHost
from confid.ids.dice import Space
from confid.tenant.documents import KINDS, OUTBOX
from confid.tenant.outbox import MESSAGES, OutboxEntry, decrypt_pins
from confid.tenant.records import MICROSOFT, DirectoryUser, LicenseState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.engine.session import Session
    from confid.tenant.documents import BridgeSettings
    from confid.tenant.unit_of_work import UnitOfWork

# The cmdlets under short names. They are Any: many tests make calls that a type checker refuses.
enable: Any = cmdlets.enable_cs_online_dial_in_conferencing_user
disable: Any = cmdlets.disable_cs_online_dial_in_conferencing_user
get: Any = cmdlets.get_cs_online_dial_in_conferencing_user
set_user: Any = cmdlets.set_cs_online_dial_in_conferencing_user
get_bridge: Any = cmdlets.get_cs_online_dial_in_conferencing_bridge
get_settings: Any = cmdlets.get_cs_online_dial_in_conferencing_tenant_settings
set_settings: Any = cmdlets.set_cs_online_dial_in_conferencing_tenant_settings
remove_settings: Any = cmdlets.remove_cs_online_dial_in_conferencing_tenant_settings
set_bridge: Any = cmdlets.set_cs_online_dial_in_conferencing_bridge
get_number: Any = cmdlets.get_cs_online_dial_in_conferencing_service_number
register: Any = cmdlets.register_cs_online_dial_in_conferencing_service_number
set_number: Any = cmdlets.set_cs_online_dial_in_conferencing_service_number
unregister: Any = cmdlets.unregister_cs_online_dial_in_conferencing_service_number
get_languages: Any = cmdlets.get_cs_online_dial_in_conferencing_languages_supported
get_policy: Any = cmdlets.get_cs_teams_audio_conferencing_policy
grant_policy: Any = cmdlets.grant_cs_teams_audio_conferencing_policy
new_policy: Any = cmdlets.new_cs_teams_audio_conferencing_policy
remove_policy: Any = cmdlets.remove_cs_teams_audio_conferencing_policy
set_policy: Any = cmdlets.set_cs_teams_audio_conferencing_policy
get_dial_out: Any = cmdlets.get_cs_online_dial_out_policy
grant_dial_out: Any = cmdlets.grant_cs_dialout_policy
start_migration: Any = cmdlets.start_cs_ex_meeting_migration
get_migration: Any = cmdlets.get_cs_meeting_migration_status

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A session's clock, set by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def forward(self, **by: float) -> None:
        """Move the clock forward."""
        self.now += timedelta(**by)


def upn(name: str) -> str:
    """The user principal name of a person in these tenants."""
    return name if "@" in name else f"{name}@contoso.com"


def person(unit: UnitOfWork, name: str, **facts: Any) -> DirectoryUser:
    """A licensed user with every form of identity; `facts` replace fields."""
    user = DirectoryUser(
        owner=unit.new_owner(),
        identity=str(unit.new_uuid()),
        user_principal_name=upn(name),
        display_name=name.title(),
        sip_address=f"sip:{upn(name)}",
        mail=upn(name),
        usage_location="US",
        distinguished_name=f"CN={name},OU=Users,DC=contoso,DC=com",
        on_premises_sam_account_name=name,
        on_premises_domain_name="CONTOSO",
        assigned_plan=("MCOMEETADV",),
        license_state=LicenseState.LICENSED,
        provider=MICROSOFT,
    )
    return attrs.evolve(user, **facts)


def add(session: Session, name: str, **facts: Any) -> DirectoryUser:
    """Put a person in the directory, not enabled."""
    with session.unit(write=True) as unit:
        user = person(unit, name, **facts)
        unit.put_users([user])
    return user


def add_bridge(session: Session, name: str, *numbers: str) -> BridgeSettings:
    """Another bridge with these numbers."""
    with session.unit(write=True) as unit:
        return unit.bridges.add_bridge(name, numbers=numbers)


def tenant(
    *names: str,
    store: Any = "memory:",
    enabled: bool = True,
    ids: int | None = None,
    **options: Any,
) -> Session:
    """A session on a tenant with these people, enabled without mails; `ids` bounds the ID space."""
    options.setdefault("host", RecordingHost())
    space = None if ids is None else Space(1_000_000, 1_000_000 + ids - 1)
    session = open_session(store, space=space, **options)
    with session.unit(write=True) as unit:
        unit.put_users([person(unit, name) for name in names])
    if enabled and names:
        enable([upn(name) for name in names], notify=False, session=session)
    return session


class UndoneError(Exception):
    """Ends an `undone` block."""


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """A transaction that is rolled back at the end of the block."""
    with suppress(UndoneError), session.transaction():
        yield
        raise UndoneError


def lines(session: Session) -> list[str]:
    """The lines that the recording host of a session got."""
    assert isinstance(session.host, RecordingHost)
    return session.host.lines


def contents(session: Session) -> dict[str, Any]:
    """Everything in a store: the documents of each kind and the entries of the ledger."""
    with session.unit(write=False) as unit:
        held: dict[str, Any] = {kind.name: dict(unit.transaction.scan(kind.name)) for kind in KINDS}
        held["ledger"] = list(unit.transaction.entries())
    return held


def outbox(session: Session) -> list[OutboxEntry]:
    """The outbox in the order of its keys, with decrypted PINs."""
    with session.unit(write=False) as unit:
        entries = [MESSAGES.read(body) for _, body in unit.transaction.scan(OUTBOX.name)]
        pins = decrypt_pins(unit.transaction, entries)
    return [e.with_pin(pins[e.key].reveal()) if e.key in pins else e for e in entries]
