"""What an import would do: it is made on trial, and the host is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confid.engine.session import Session
    from confid.tenant.unit_of_work import UnitOfWork

T = TypeVar("T")


def call(session: Session, work: Callable[[UnitOfWork], T], *, what_if: bool) -> T:
    """What `work` makes of a unit of work; `what_if` only tries it, and keeps what it would do."""
    if not what_if:
        return session.call(work, write=True)
    from confid.engine.trial import trial  # noqa: PLC0415 - few calls are tried
    from confid.engine.what_if import keep  # noqa: PLC0415 - few calls are tried

    with trial(session) as on_trial:
        done = session.call(work, write=True)
        keep(session, on_trial.effects())
    return done


def tell(session: Session, outcomes: Mapping[str, str]) -> None:
    """Tell the host what would become of people."""
    for who, what in outcomes.items():
        session.host.write_line(f"What if: {who}: {what}.")
