"""Stores: where a tenant lives. One interface, and a factory from a URL or a path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from confid.errors import StoreError
from confid.store.base import (
    FIRST_ID,
    IMPORTED,
    ISSUED,
    LAST_ID,
    Body,
    Claim,
    Kind,
    LedgerEntry,
    Store,
    Transaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.store.memory import MemoryStore
    from confid.store.sqlite import SQLiteStore

__all__ = [
    "FIRST_ID",
    "IMPORTED",
    "ISSUED",
    "LAST_ID",
    "Body",
    "Claim",
    "Kind",
    "LedgerEntry",
    "MemoryStore",
    "SQLiteStore",
    "Store",
    "Transaction",
    "from_url",
]


def __getattr__(name: str) -> object:
    # Drivers are imported only when their store is asked for.
    if name == "MemoryStore":
        from confid.store.memory import MemoryStore  # noqa: PLC0415 - see above

        return MemoryStore
    if name == "SQLiteStore":
        from confid.store.sqlite import SQLiteStore  # noqa: PLC0415 - see above

        return SQLiteStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _memory(_: str) -> Store:
    from confid.store.memory import MemoryStore  # noqa: PLC0415 - see above

    return MemoryStore()


def _sqlite(url: str) -> Store:
    from confid.store.sqlite import SQLiteStore  # noqa: PLC0415 - see above

    parts = urlsplit(url)
    options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    unknown = options.keys() - {"timeout"}
    if parts.netloc or not parts.path or unknown:
        raise StoreError(
            "A SQLite URL is sqlite:///relative.db or sqlite:////absolute.db, "
            "with ?timeout=seconds if you like.",
            category="InvalidArgument",
        )
    timeout = float(options["timeout"][0]) if options else 30.0
    return SQLiteStore(unquote(parts.path[1:]), timeout=timeout)


SCHEMES: dict[str, Callable[[str], Store]] = {"memory": _memory, "sqlite": _sqlite}


def from_url(store: str | os.PathLike[str]) -> Store:
    """The store that a URL (`memory:`, `sqlite:///tenant.db`) or a path to a file names.

    Raises `StoreError` for a scheme that no store has; the URL itself, which
    may hold a password, never shows in it.
    """
    text = os.fspath(store)
    scheme, separator, _ = text.partition(":")
    # One letter before a colon is a Windows drive, not a scheme.
    if not separator or len(scheme) == 1 or not scheme.replace("+", "").isalnum():
        from confid.store.sqlite import SQLiteStore  # noqa: PLC0415 - see above

        return SQLiteStore(text)
    try:
        factory = SCHEMES[scheme.lower()]
    except KeyError:
        raise StoreError(
            f"No store has the scheme {scheme!r}; there are {', '.join(sorted(SCHEMES))}. "
            "A path to a file has none.",
            category="InvalidArgument",
        ) from None
    return factory(text)
