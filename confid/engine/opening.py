"""Opening a session: the tenant in a store, made if it isn't there."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Any

from confid.engine.clock import utc_now
from confid.engine.session import Session, make_current
from confid.errors import InvalidArgumentError, Secret, shown
from confid.host import Host, default_host
from confid.ids.dice import Space
from confid.store.urls import as_store
from confid.tenant.documents import KINDS
from confid.tenant.text import actor_name

if TYPE_CHECKING:
    from confid.engine.clock import Clock
    from confid.ids.dice import Dice
    from confid.store.base import Store
    from confid.tenant.pins import PinKey


def open_session(
    store: str | os.PathLike[str] | Store | Secret,
    *,
    create: bool = True,
    space: Space | None = None,
    witness: str | os.PathLike[str] | Store | Secret | None = None,
    pin_key: PinKey | None = None,
    **options: Any,
) -> Session:
    """`connect`, with the dice and the space of IDs open to `confid.testing` and `confid.demo`."""
    opened = as_store(store)
    session = new_session(opened, **options)
    opened.open(KINDS, create=create)
    try:
        _prepare(session, create=create, space=space or Space())
        if witness is not None:
            session.attach(as_store(witness))
        if pin_key is not None:
            session.give_pin_key(pin_key)
    except BaseException:
        session.close()
        raise
    make_current(session)
    return session


def new_session(
    store: Store,
    *,
    clock: Clock | None = None,
    host: Host | None = None,
    actor: str | None = None,
    dice: Dice = os.urandom,
) -> Session:
    """A session that isn't the current one, on a store that needn't be open yet.

    Raises `InvalidArgumentError` for a clock, host or actor of a wrong kind.
    """
    for option, value, right, kind in (
        ("clock", clock, clock is None or callable(clock), "a function without arguments"),
        ("host", host, host is None or isinstance(host, Host), "an object like confid.host.Host"),
    ):
        if not right:
            raise InvalidArgumentError(f"{option}={shown(value)}: give {kind}.", target=option)
    session = object.__new__(Session)
    name: str | None = actor_name(actor) if actor else _user_name()
    session._set_up(store, clock or utc_now, host or default_host(), name, dice)
    return session


def _prepare(session: Session, *, create: bool, space: Space) -> None:
    with session.unit(write=False) as tenant:
        if tenant.exists:
            return
        if not create:
            tenant.demand_tenant()
    with session.exclusive_unit() as tenant:
        # Another process may have been faster.
        if not tenant.exists:
            tenant.create(space)


def _user_name() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None
