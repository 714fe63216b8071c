"""Why a moment of a store can't be had, or not any more."""

from __future__ import annotations

from confid.errors import StoreError


def passed(store: object) -> StoreError:
    """The error for a moment of a store that has changed since."""
    return StoreError(
        f"{store} has changed since it was looked at, so what was done on top of it no longer "
        "fits. Begin again.",
        category="OperationStopped",
    )


def let_go(place: object) -> StoreError:
    """The error for a moment that is no longer held."""
    return StoreError(
        f"{place}: the moment that it was looked at is no longer held: it was closed, or the "
        "connection was lost. Begin again.",
        category="OperationStopped",
    )


def opened_once_first(store: object) -> StoreError:
    """The error for a moment of a store that an earlier confid has made."""
    return StoreError(
        f"{store} was made by an earlier confid, and can't be read as it is. Open it once with "
        "confid.connect(), which brings it up to date.",
        category="InvalidOperation",
    )
