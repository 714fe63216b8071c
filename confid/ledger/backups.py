"""`confid.restore()`: a backup, knowingly, in the place of the tenant that it was taken from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confid.engine.opening import new_session
from confid.engine.own_function import own_function
from confid.errors import StoreError
from confid.host import ConsoleHost, warn
from confid.ids.witness import WITNESS, Witness
from confid.store.base import TENANT
from confid.store.seal import FACTS, Reason, break_seal, seal_of
from confid.store.urls import as_store, hidden
from confid.tenant.documents import KINDS

if TYPE_CHECKING:
    from confid.host import Host
    from confid.store.base import Store, Transaction
    from confid.store.seal import Seal

FORGOTTEN = (
    "This copy has forgotten the conference IDs issued since it was made, and can issue them "
    "again: of 1,000 forgotten ones and 1,000 new ones 0.11 are expected to be the same. "
    "confid.ledger.merge() brings them back from a later confid.ledger.export()."
)
WITNESSED = (
    "This copy has forgotten the conference IDs issued since it was made; its witness has not. "
    "Connect with witness=."
)
FORGETFUL_WITNESS = (
    "This copy of a witness has forgotten the conference IDs accepted since it was made. Each "
    "tenant's own ledger still has them: connect every one of them with "
    "confid.restore(store, witness=…) once, which copies its ledger here."
)


@own_function("confid.restore", writes=True, on_stores=True)
def restore(
    store: str | os.PathLike[str] | Store,
    *,
    witness: str | os.PathLike[str] | Store | None = None,
    host: Host | None = None,
) -> None:
    """Open a sealed store, and say what that can cost.

    `store` is a backup of a tenant or of a witness, or the source of a move
    that is to be given up; a store, a path or a URL, closed afterwards. Be
    sure that what it was taken from is gone: two living copies issue the same
    IDs. `witness` gives a tenant another witness in the place of one that is
    lost, ledger copied, whether or not the store was sealed. The warning goes
    to `host`, the console by default.

    Raises `SealedError` for a tenant that has moved, or has not arrived yet;
    `WitnessError` for a witness that can't be attached.
    """
    host = host or ConsoleHost()
    place, second = hidden(store), hidden(witness)
    del store, witness  # so that no traceback shows them
    with as_store(place) as opened:
        opened.open(KINDS, create=False)
        with opened.exclusive() as transaction:
            documents = transaction.get(TENANT.name, [FACTS, WITNESS])
            if not documents:
                raise StoreError("The store holds no tenant.", category="ObjectNotFound")
            seal = seal_of(transaction)
            if seal is not None:
                _break(transaction, seal)
            if second is not None:
                _replace_witness(transaction, opened, as_store(second))
                documents = transaction.get(TENANT.name, [FACTS])
        was_copy = seal.reason is Reason.BACKUP if seal else second is None
        if was_copy:
            warn(host, _warning(documents), set())


def _break(transaction: Transaction, seal: Seal) -> None:
    if seal.reason in (Reason.MOVED, Reason.INCOMPLETE):
        raise seal.error()
    break_seal(transaction)


def _replace_witness(transaction: Transaction, opened: Store, store: Store) -> None:
    bodies = transaction.get(TENANT.name, [FACTS])
    for body in bodies.values():
        body.pop("witness", None)
    transaction.put(TENANT.name, bodies)
    tenant = new_session(opened).tenant_on(transaction)
    tenant.demand_tenant()
    with store:
        witness = Witness(store, tenant.facts.tenant_id, expected=None, dice=os.urandom)
        witness.open()
        tenant.ledger.attach(witness)


def _warning(documents: dict[str, dict[str, object]]) -> str:
    if WITNESS in documents:
        return FORGETFUL_WITNESS
    return WITNESSED if documents[FACTS].get("witness") else FORGOTTEN
