"""What an import would do: its work is rolled back, and the host is told."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confid.engine.session import Session
    from confid.tenant.unit_of_work import UnitOfWork

T = TypeVar("T")


def call(session: Session, work: Callable[[UnitOfWork], T], *, what_if: bool) -> T:
    """What `work` makes of a unit of work; `what_if` rolls it back."""
    if not what_if:
        return session.call(work, write=True)
    done: list[T] = []
    with suppress(_RolledBack), session.unit(write=True) as tenant:
        done.append(work(tenant))
        raise _RolledBack
    return done[0]


def tell(session: Session, outcomes: Mapping[str, str]) -> None:
    """Tell the host what would become of people."""
    for who, what in outcomes.items():
        session.host.write_line(f"What if: {who}: {what}.")


class _RolledBack(Exception):  # noqa: N818 - nothing went wrong
    """Ends a transaction that is to leave nothing."""
