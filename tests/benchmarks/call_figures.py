"""Figures of single calls in memory; for information, but for the overhead."""

from __future__ import annotations

import inspect
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, cast

from confid import attendant
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.command.line import invoke
from confid.store import MemoryStore
from confid.tenant.bridges import FIRST_NUMBER
from confid.tenant.notices import MailOptions

from .measure import Figure, difference, in_turns, plain, timed
from .tenants import fill, identities, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session
    from confid.tenant.changes import Change
    from confid.tenant.people import Person
    from confid.tenant.unit_of_work import UnitOfWork

    from .scale import Scale

PEOPLE = 1000

ROW = 20
"""A script calls one cmdlet many times in a row, and so was the engine's figure taken."""


def figures(scale: Scale) -> Iterator[Figure]:
    """Calls on the memory store."""
    with opened(MemoryStore()) as session:
        fill(session, min(PEOPLE, scale.users))
        yield from _calls(session, scale)


def _calls(session: Session, scale: Scale) -> Iterator[Figure]:
    names = identities(min(PEOPLE, scale.users))
    turn = cycle(names)  # one for all: nobody comes to a person whom another has just touched
    call, rule = in_turns(
        scale.singles,
        lambda: set_cs_online_dial_in_conferencing_user(
            next(turn), reset_conference_id=True, session=session
        ),
        lambda: _rule(session, next(turn)),
        row=ROW,
    )
    yield difference("a call's overhead, in memory", call, rule, target=15, row=ROW)
    what_if, line = in_turns(
        scale.singles,
        lambda: set_cs_online_dial_in_conferencing_user(
            next(turn), reset_conference_id=True, what_if=True, session=session
        ),
        lambda: invoke(
            f"Set-CsOnlineDialInConferencingUser {next(turn)} -ResetConf -WhatIf",
            session=session,
        ),
    )
    yield plain("a reset under WhatIf, in memory", what_if)
    yield difference("the same as a line, beyond the call", line, what_if)
    yield plain("enabling one, in memory", list(_enabling(session, names, scale)))
    yield plain("dial and key in an ID, in memory", _calling(session, scale))


class _Bare:
    """What a cmdlet's body asks of a running command, and nothing around it."""

    def __init__(self, tenant: UnitOfWork) -> None:
        self.tenant = tenant

    def change(self, identity: str, plan: Callable[[Person], Change | None]) -> object:
        """Change one person as `plan` says; the record."""
        (person,) = self.tenant.people([self.tenant.user(identity)], lock=True)
        change = plan(person)
        assert change is not None
        (after,) = self.tenant.apply([change])
        return self.tenant.conferencing_user(after)


_BODY = inspect.unwrap(cast("Callable[..., Any]", set_cs_online_dial_in_conferencing_user))


def _rule(session: Session, identity: str) -> object:
    """A reset as its body has it: no registry, no binding, no ShouldProcess, no results."""
    with session.unit(write=True) as tenant:
        return _BODY(_Bare(tenant), identity, reset_conference_id=True, mail=MailOptions())


def _enabling(session: Session, names: list[str], scale: Scale) -> Iterator[float]:
    turn = cycle(names)
    for _ in range(scale.singles):
        name = next(turn)
        disable_cs_online_dial_in_conferencing_user(name, session=session)
        yield timed(partial(enable_cs_online_dial_in_conferencing_user, name, session=session))


def _calling(session: Session, scale: Scale) -> list[float]:
    with session.unit(write=False) as tenant:
        ids = [str(person.conference_id) for person in tenant.all_people(enabled=True)]
    turn = cycle(ids)

    def call() -> None:
        asked = attendant.dial(FIRST_NUMBER, session=session).enter_conference_id(next(turn))
        assert asked is attendant.CallState.ASKING_ORGANIZER

    (seconds,) = in_turns(scale.singles, call)
    return seconds
