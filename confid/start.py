"""`confid.demo()`: a tenant in memory with some people, so that the first cell works."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from confid import meetings
from confid.cmdlets.users import enable_cs_online_dial_in_conferencing_user
from confid.records import MICROSOFT, DirectoryUser, LicenseState
from confid.session import Session, open_session
from confid.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.tenant import Tenant

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


def demo(*, seed: int | None = None) -> Session:
    """A new tenant in memory: six people, five of them enabled, a bridge and a meeting.

    The session is the current one; `seed` makes every ID and PIN in it come
    out the same each time.
    """
    dice = random.Random(seed).randbytes if seed is not None else os.urandom  # noqa: S311 - a seed is for rehearsals
    session = open_session(MemoryStore(), dice=dice)
    with session.unit(write=True) as tenant:
        users = list(_users(tenant))
        tenant.put_users(users)
    licensed = [user for user in users if user.is_licensed]
    enable_cs_online_dial_in_conferencing_user(licensed, notify=False, session=session)
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
    return session


def _users(tenant: Tenant) -> Iterable[DirectoryUser]:
    for name, display_name, department, country, licensed in PEOPLE:
        upn = f"{name}@{DOMAIN}"
        yield DirectoryUser(
            owner=tenant.new_owner(),
            identity=str(tenant.new_uuid()),
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
