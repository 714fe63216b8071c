"""A call on trial: what it changes is kept in memory, looked at, and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from confid.ids.dice import NotingDice
from confid.ids.issuer import FreeIds
from confid.store.base import TENANT
from confid.store.blocks import block
from confid.store.overlay import overlaid
from confid.store.seal import FACTS
from confid.tenant.documents import KINDS, MIGRATION, OUTBOX
from confid.tenant.migrations import MIGRATIONS
from confid.tenant.outbox import MESSAGES, MessageState
from confid.tenant.properties import PERSON, shown, written
from confid.tenant.property_changes import changes
from confid.tenant.setup import LastSetup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from confid.engine.session import Session
    from confid.store.base import Transaction
    from confid.tenant.outbox import OutboxEntry
    from confid.tenant.properties import Shown, Subject
    from confid.tenant.property_changes import PropertyChange
    from confid.tenant.unit_of_work import UnitOfWork


@attrs.frozen(kw_only=True)
class Changed:
    """Somebody or something before and after, with the properties that differ.

    `name` is that of a thing, or the user principal name of a person.
    """

    name: str
    subject: Subject
    seen: Shown
    promised: Shown
    rows: list[PropertyChange]


class ChangedMail(NamedTuple):
    """A message whose state changed: None is that of one that wasn't or isn't there."""

    owner: str
    was: str | None
    will_be: str | None
    becomes: str | None
    """The address that it goes to, or else its state."""


def changed_mails(
    before: Mapping[str, OutboxEntry], after: Mapping[str, OutboxEntry]
) -> Iterator[ChangedMail]:
    """The messages that changed their states, in the order of their keys."""
    for key, entry in sorted({**before, **after}.items()):
        was = before[key].state if key in before else None
        will_be = entry.state if key in after else None
        if was != will_be:
            becomes = entry.to if will_be == MessageState.PENDING else will_be
            yield ChangedMail(entry.owner, was, will_be, becomes)


@attrs.define(kw_only=True)
class Effect:
    """What a call on trial has changed for one of its targets, or why it failed."""

    target: str
    error: str | None = None
    changed: list[Changed] = attrs.Factory(list)
    mails: list[ChangedMail] = attrs.Factory(list)
    migrations: list[tuple[str, str | None, str]] = attrs.Factory(list)
    """Whose, and the states before and after."""


@attrs.frozen(kw_only=True)
class Trial:
    """Calls on trial so far."""

    before: UnitOfWork
    after: UnitOfWork
    transaction: Any
    dice: NotingDice

    def effects(self, targets: Sequence[str] = ()) -> list[Effect]:
        """What was changed, by its target; what is no target's own is the last one's.

        Without targets each person is one, and then the tenant.
        """
        own = self.transaction.changes()
        subjects = written(own)
        messages = own.documents.get(OUTBOX.name, ())
        mails = [
            *changed_mails(
                MESSAGES.get(self.before.transaction, messages),
                MESSAGES.get(self.after.transaction, messages),
            )
        ]
        queued = own.documents.get(MIGRATION.name, set())
        keys = {key for kind, key in subjects if kind == PERSON} | queued
        keys |= {mail.owner for mail in mails}
        names = _names(self.before, keys) | _names(self.after, keys)
        targets = targets or [*sorted(set(names.values())), "the tenant"]
        effects = {target: Effect(target=target) for target in targets}

        def of(owner: str) -> Effect:
            return effects.get(names.get(owner, ""), effects[targets[-1]])

        seen, promised = shown(self.before, subjects), shown(self.after, subjects)
        rows = changes(seen, promised, drawn={*map(str, own.drawn), *self.dice.keys}).by_subject
        for subject, its in ((subject, [*found.values()]) for subject, found in rows.items()):
            kind, key = subject
            effect = of(key) if kind == PERSON else effects[targets[-1]]
            effect.changed.append(
                Changed(
                    name=names[key] if kind == PERSON else its[0].display_name,
                    subject=subject,
                    seen=seen[subject],
                    promised=promised[subject],
                    rows=its,
                )
            )
        for mail in mails:
            of(mail.owner).mails.append(mail)
        before = MIGRATIONS.get(self.before.transaction, queued)
        for owner, migration in MIGRATIONS.get(self.after.transaction, queued).items():
            state = before[owner].state if owner in before else None
            if state != migration.state:
                of(owner).migrations.append((names.get(owner, ""), state, migration.state))
        return list(effects.values())


def _names(unit: UnitOfWork, owners: Collection[str]) -> dict[str, str]:
    return {owner: user.user_principal_name for owner, user in unit.users(owners).items()}


@block
def trial(session: Session) -> Iterator[Trial]:
    """A block in which the calls of this context change nothing that lasts.

    The store is only read, and the witness isn't asked. IDs and keys come from the system's dice,
    not from the session's.
    """
    dice = NotingDice()
    instead: dict[str, Any] = {
        "dice": dice,
        "free_ids": FreeIds(),
        "last_setup": LastSetup(),
        "witness": None,
    }
    with session.begin(write=False) as base, overlaid(base, KINDS) as transaction:
        if session.tenant_on(base).ledger.has_witness_at_hand:
            _forget_witness(transaction)  # A session without it can issue nothing.
        with session.joined(transaction, instead=instead):
            yield Trial(
                before=session.tenant_on(base, instead | {"last_setup": LastSetup()}),
                after=session.tenant_on(transaction, instead),
                transaction=transaction,
                dice=dice,
            )


def _forget_witness(transaction: Transaction) -> None:
    for key, body in transaction.get(TENANT.name, [FACTS]).items():
        if "witness" in body:
            kept = {name: value for name, value in body.items() if name != "witness"}
            transaction.put(TENANT.name, {key: kept})
