"""Look-ups in the ledger: the owner of an ID, the entries of a user, the IDs that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.engine.own_function import own_function
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError
from confid.ids.conference_id import ConferenceId
from confid.meetings import calendar
from confid.store.entries import readable
from confid.tenant.records import LedgerRecord, Whois
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid.engine.session import Session
    from confid.store.base import LedgerEntry
    from confid.tenant.records import DirectoryUser
    from confid.tenant.unit_of_work import UnitOfWork


@own_function("confid.whois")
def whois(conference_id: object, *, session: Session | None = None) -> Whois | None:
    """The owner of an ID, since when and until when; None for an ID that was never issued.

    Takes an ID as people write it (`"354 269 9#"`), and lists the future
    meetings that still show it. Raises `InvalidArgumentError` for anything else.
    """
    number = _number(conference_id)
    with current_session(session).unit(write=False) as tenant:
        record = _record_of(tenant, number)
        if record is None:
            return None
        return Whois(
            conference_id=number,
            is_current=record.is_current,
            user_principal_name=record.user_principal_name,
            display_name=record.display_name,
            since=record.issued_at,
            until=record.retired_at,
            meetings=tuple(calendar.showing(tenant, number)),
        )


@own_function("confid.ledger.entry")
def entry(conference_id: object, *, session: Session | None = None) -> LedgerRecord | None:
    """The ledger's entry for an ID; None for an ID that was never issued."""
    number = _number(conference_id)
    with current_session(session).unit(write=False) as tenant:
        return _record_of(tenant, number)


@own_function("confid.ledger.entries")
def entries(owner: object = None, *, session: Session | None = None) -> Results[LedgerRecord]:
    """A user's entries in the order of issue, or the whole ledger in the order of its IDs."""
    with current_session(session).unit(write=False) as tenant:
        if owner is not None:
            user = tenant.user(owner)
            found = tenant.transaction.history(user.owner)
            return Results(_records(map(readable, found), {user.owner: user}))
        found = list(map(readable, tenant.transaction.entries()))
        users = tenant.users({line.owner for line in found})
        return Results(_records(found, users))


@own_function("confid.ledger.remaining")
def remaining(*, session: Session | None = None) -> int:
    """How many IDs can still be issued. Raises `WitnessError` when the witness can't be asked."""
    with current_session(session).unit(write=False) as tenant:
        return tenant.ledger.remaining


def _number(conference_id: object) -> ConferenceId:
    try:
        return ConferenceId(conference_id)
    except ValueError as error:
        raise InvalidArgumentError(str(error), target=conference_id) from None


def _record_of(tenant: UnitOfWork, number: ConferenceId) -> LedgerRecord | None:
    found = list(map(readable, tenant.transaction.lookup([number]).values()))
    users = tenant.users(line.owner for line in found)
    return next(iter(_records(found, users)), None)


def _records(
    lines: Iterable[LedgerEntry], users: dict[str, DirectoryUser]
) -> Iterable[LedgerRecord]:
    for line in lines:
        user = users.get(line.owner)
        yield LedgerRecord(
            conference_id=ConferenceId(line.conference_id),
            user_principal_name=user.user_principal_name if user else None,
            display_name=user.display_name if user else None,
            identity=user.identity if user else None,
            origin=line.origin,
            issued_at=line.issued_at,
            issued_by=line.issued_by,
            retired_at=line.retired_at,
            retired_by=line.retired_by,
            serial=line.serial,
            owner=line.owner,
        )
