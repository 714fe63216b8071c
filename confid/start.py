"""Where a program starts: `connect`, `demo`, and the cmdlets of a session."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from confid import cmdlets, meetings
from confid.engine.opening import open_session
from confid.errors import demand
from confid.errors.tracebacks import ends_at_caller
from confid.host import SilentHost, default_host
from confid.store.memory import MemoryStore
from confid.store.urls import hidden
from confid.tenant.pins import PinKey
from confid.tenant.records import MICROSOFT, DirectoryUser, LicenseState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from confid.engine.session import Session
    from confid.host import Host
    from confid.store.base import Store
    from confid.tenant.unit_of_work import UnitOfWork

DOMAIN = "contoso.com"

PEOPLE = (
    # UPN's local part, display name, department, usage location, licensed
    ("ken.myer", "Ken Myer", "Finance", "US", True),
    ("pilar.ackerman", "Pilar Ackerman", "Finance", "ES", True),
    ("li.lei", "李雷", "Engineering", "CN", True),
    ("zoe.zurich", "Zoë Zürich", "Engineering", "CH", True),
    ("aisha.rahman", "عائشة رحمن", "Sales", "AE", True),
    ("oleg.petrov", "Олег Петров", "Sales", "BG", False),
)


@ends_at_caller
def connect(
    store: str | os.PathLike[str] | Store = "memory:",
    *,
    create: bool = True,
    clock: Callable[[], datetime] | None = None,
    host: Host | None = None,
    witness: str | os.PathLike[str] | Store | None = None,
    actor: str | None = None,
    pin_key: bytes | Callable[[], bytes] | None = None,
) -> Session:
    """Open the tenant in a store, or create it; the session is then the current one.

    `store` is a store, a path to a SQLite file, or a URL. `clock` gives the
    time (aware). `actor` is written beside what is issued or retired (the
    operating system's user name). `host` shows lines and asks: one of
    `confid.host`, such as `LoggingHost()` for a service, or an object with
    the methods of `confid.host.Host`; by default the notebook or the console.

    `witness` is another such place, kept elsewhere, that has to accept every
    ID from now on: the first time it is made and attached, which copies the
    ledger into it; from then on the tenant issues nothing without it. One
    that is away for the moment only stops the issuing.

    `pin_key` is a key of 16 bytes or more, or a function that returns it,
    kept outside the store: from the first time it is given the digests of
    PINs are keyed with it too. Without it everything else works, but nobody
    can be enabled and no PIN be reset or entered.

    Raises `StoreError` for a place that can't be used, and with
    `create=False` for one that holds no tenant; `WitnessError` for a witness
    that belongs elsewhere or can't be attached; `PinKeyError` for a wrong key.
    """
    key = None if pin_key is None else PinKey(pin_key)
    place, second = hidden(store), hidden(witness)
    del pin_key, store, witness  # so that no traceback shows them
    return open_session(
        place, create=create, clock=clock, host=host, actor=actor, witness=second, pin_key=key
    )


@ends_at_caller
def demo(*, seed: int | None = None, clock: Callable[[], datetime] | None = None) -> Session:
    """A new tenant in memory: six people, five of them enabled, a bridge and a meeting.

    The session is the current one; `seed` makes every ID and PIN in it come
    out the same each time, and `clock` gives the time (aware).
    """
    demand("seed", seed, int | None, "a whole number")
    dice = random.Random(seed).randbytes if seed is not None else os.urandom  # noqa: S311 - a seed is for rehearsals
    session = open_session(MemoryStore(), clock=clock, dice=dice, host=SilentHost())
    with session.unit(write=True) as tenant:
        users = list(_users(tenant))
        tenant.put_users(users)
    licensed = [user for user in users if user.is_licensed]
    cmdlets.enable_cs_online_dial_in_conferencing_user(licensed, notify=False, session=session)
    start = session.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    meetings.schedule(
        "ken.myer@contoso.com",
        subject="Quarterly figures",
        start=start,
        end=start + timedelta(hours=1),
        attendees=["pilar.ackerman@contoso.com"],
        body="Please read the draft before we meet.",
        session=session,
    )
    session.host = default_host()
    return session


def _users(tenant: UnitOfWork) -> Iterable[DirectoryUser]:
    for name, display_name, department, country, licensed in PEOPLE:
        upn = f"{name}@{DOMAIN}"
        yield DirectoryUser(
            owner=tenant.new_owner(),
            identity=tenant.new_identity(),
            user_principal_name=upn,
            display_name=display_name,
            sip_address=f"sip:{upn}",
            mail=upn,
            usage_location=country,
            department=department,
            assigned_plan=("MCOMEETADV",) if licensed else (),
            license_state=LicenseState.LICENSED if licensed else LicenseState.UNLICENSED,
            provider=MICROSOFT if licensed else None,
        )
