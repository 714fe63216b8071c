"""What a rehearsal is made on: a tenant, which is not touched, or a folder of exports."""

from __future__ import annotations

import contextvars
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from confid.engine.opening import open_session
from confid.engine.recording import Recorder
from confid.engine.session import Session, current_session, session_on
from confid.errors import Secret
from confid.host import SilentHost
from confid.ids.dice import NotingDice
from confid.roster import import_tenant
from confid.store.base import SEAL, TENANT
from confid.store.blocks import block
from confid.store.memory import MemoryStore
from confid.store.overlay import OverlayStore
from confid.store.seal import FACTS, Reason, break_seal, read_seal
from confid.store.urls import as_store
from confid.tenant.pins import PinKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confid.store.base import Store


@attrs.frozen(kw_only=True)
class Opened:
    """A session on an overlay, which is not the current one yet."""

    session: Session
    recorder: Recorder
    overlay: OverlayStore
    dice: NotingDice
    is_sealed: bool


@attrs.frozen(kw_only=True)
class Source:
    """Where a rehearsal's tenant is, and how it is opened for the change itself.

    `session` is the open one that was given. `options` are those of a new one.
    """

    base: Store
    session: Session | None = None
    options: dict[str, Any] = attrs.field(factory=dict, repr=False)
    is_folder: bool = False
    remarks: tuple[str, ...] = ()
    """What the import of a folder had to say."""

    def on_overlay(self) -> Opened:
        """A session on an overlay of the tenant.

        Raises `StoreError` for a place without a tenant, `SealedError` for one that has moved.
        """
        dice = NotingDice()
        overlay = OverlayStore(self.base)
        options = {name: self.options.get(name) for name in ("clock", "actor", "host")}
        session = _aside(overlay, create=False, dice=dice, **options)
        try:
            is_sealed = _prepare(session, overlay)
        except BaseException:
            session.close()
            raise
        if self.session is not None:
            session.preferences = attrs.evolve(self.session.preferences)
        recorder = session.recorder = Recorder()
        return Opened(
            session=session, recorder=recorder, overlay=overlay, dice=dice, is_sealed=is_sealed
        )

    @block
    def to_change(self) -> Iterator[Session]:
        """A session on the tenant itself."""
        if (session := self.session or session_on(self.base)) is not None:
            yield current_session(session)
            return
        opened = _aside(self.base, create=False, **self.options)
        try:
            yield opened
        finally:
            opened.close()


def _aside(store: Store, **options: Any) -> Session:
    """A session that no call means as long as none is given it: it is current nowhere."""
    return contextvars.copy_context().run(open_session, store, **options)


def source_of(source: str | os.PathLike[str] | Store | Secret | Session, **options: Any) -> Source:
    """The source that a caller of `rehearse` names."""
    if isinstance(source, Session):
        here = current_session(source)
        own = {"clock": here.now, "actor": here.actor, "host": here.host}
        given = {name: value for name, value in options.items() if value is not None}
        return Source(base=here.store, session=here, options=own | given)
    path = _folder(source)
    if path is None:
        return Source(base=as_store(source), options=options)
    clock = {"clock": options.get("clock")}
    base, remarks = _imported(path, clock)
    return Source(base=base, options=options, is_folder=True, remarks=remarks)


def _folder(source: object) -> Path | None:
    """The path of a folder of exports, or of a zip file; None for everything else."""
    try:
        if isinstance(source, Secret):
            path = Path(source.reveal())
        elif isinstance(source, os.PathLike):
            path = Path(source)
        else:
            return None
        return path if path.is_dir() or path.suffix.lower() == ".zip" else None
    except (OSError, TypeError, ValueError):
        return None


def _imported(path: Path, clock: dict[str, Any]) -> tuple[Store, tuple[str, ...]]:
    """A tenant in memory with what a folder of exports holds, and what there is to say of it."""
    store = MemoryStore()
    session = _aside(store, host=SilentHost(), **clock)
    report = import_tenant(path, session=session)
    session.close()
    left_out = (f"{name} was left out: {why}" for name, why in report.left_out.items())
    return store, (*left_out, *report.remarks)


def _prepare(session: Session, overlay: OverlayStore) -> bool:
    """Open a sealed backup in the overlay, and give the PINs a key of their own.

    The witness isn't asked: the base's ledger and the overlay's own claims decide. Returns
    whether it is a backup.
    """
    key = PinKey(os.urandom(32))
    with overlay.exclusive() as transaction:
        kept = transaction.get(TENANT.name, [FACTS, SEAL])
        facts = dict(kept[FACTS])
        seal = read_seal(kept.get(SEAL))
        if seal is not None and seal.reason is not Reason.BACKUP:
            raise seal.error()
        break_seal(transaction)
        facts.pop("witness", None)
        facts["pin_check"] = key.check_value(facts["tenant_id"])
        transaction.put(TENANT.name, {FACTS: facts})
    session.give_pin_key(key)
    return seal is not None
