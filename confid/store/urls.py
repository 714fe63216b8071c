"""The store that a URL or a path names, confid's own and those of other packages."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, overload
from urllib.parse import parse_qs, unquote, urlsplit

from confid.errors import Secret, StoreError
from confid.errors.tracebacks import ends_at_caller
from confid.store.base import Store

if TYPE_CHECKING:
    from collections.abc import Callable


# Drivers are imported only when their store is asked for, so inside the functions.


def _memory(url: str) -> Store:
    from confid.store.memory import MemoryStore  # noqa: PLC0415 - a driver

    if url.strip(":/").lower() != "memory":
        raise StoreError("A memory store has no name: memory:", category="InvalidArgument")
    return MemoryStore()


def _sqlite(url: str) -> Store:
    from confid.store.sqlite.store import SQLiteStore  # noqa: PLC0415 - a driver

    try:
        parts = urlsplit(url)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        timeout = float(options.pop("timeout", ["30"])[0])
        well_formed = (
            not (options or parts.netloc or parts.fragment)
            and parts.path.startswith("/")
            and len(parts.path) > 1
            and 0 <= timeout <= threading.TIMEOUT_MAX
        )
    except ValueError:
        well_formed = False
    if not well_formed:
        raise StoreError(
            "A SQLite URL is sqlite:///relative.db or sqlite:////absolute.db, "
            "with ?timeout=seconds if you like; a ? or # in a name is %3F or %23.",
            category="InvalidArgument",
        )
    return SQLiteStore(unquote(parts.path[1:]), timeout=timeout)


def _postgres(url: str) -> Store:
    from confid.store.postgres.store import PostgresStore  # noqa: PLC0415 - a driver

    dsn = Secret(url)
    del url  # which a traceback could show
    if "://" not in dsn.reveal():
        raise StoreError(
            "A PostgreSQL URL begins with postgresql://, a user or a host.",
            category="InvalidArgument",
        )
    return PostgresStore(dsn)


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")

_DSN = re.compile(r"(?:^|\s)(?:host|hostaddr|port|dbname|user|password|passfile|service)\s*=")
"""A word of libpq's `key=value` form. A file of such a name is given as a path object."""

GROUP = "confid.stores"
"""The entry points under which other packages bring stores: a scheme, and what makes a store
of a URL."""

SCHEMES: dict[str, Callable[[str], Store]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "postgres": _postgres,
}


@overload
def hidden(place: None) -> None: ...


@overload
def hidden(
    place: str | os.PathLike[str] | Store | Secret,
) -> os.PathLike[str] | Store | Secret: ...


def hidden(
    place: str | os.PathLike[str] | Store | Secret | None,
) -> os.PathLike[str] | Store | Secret | None:
    """A place as no traceback shows it: a URL may hold a password."""
    return Secret(place) if isinstance(place, str) else place


@ends_at_caller
def from_url(store: str | os.PathLike[str] | Secret) -> Store:
    """The store that a URL (`memory:`, `sqlite:///tenant.db`, `postgresql://…`) or a path names.

    Another package's store has the scheme of its entry point in the group
    `confid.stores`; confid's own come first. Raises `StoreError` for a scheme
    that no store has, and for a text that was meant for another store; what
    was given, which may hold a password, never shows in it.
    """
    if isinstance(store, os.PathLike) and isinstance(path := os.fspath(store), str):
        return _file(path)
    if not isinstance(store, str | Secret):
        raise StoreError(
            "A store is given as a path, a URL or an object of a store's class.",
            category="InvalidArgument",
        )
    place = store if isinstance(store, Secret) else Secret(store)
    del store  # which a traceback could show
    if meant := _meant_otherwise(place.reveal()):
        raise StoreError(meant, category="InvalidArgument")
    scheme = _scheme(place.reveal())
    return (_factory(scheme.lower()) if scheme else _file)(place.reveal())


def _file(path: str) -> Store:
    from confid.store.sqlite.store import SQLiteStore  # noqa: PLC0415 - a driver

    return SQLiteStore(path)


def _factory(scheme: str) -> Callable[[str], Store]:
    if scheme in SCHEMES:
        return SCHEMES[scheme]
    from importlib.metadata import entry_points  # noqa: PLC0415 - confid's own schemes need none

    others = {point.name: point for point in entry_points(group=GROUP)}
    if scheme not in others:
        known = ", ".join(sorted({*SCHEMES, *others}))
        raise StoreError(
            f"No store has the scheme {scheme!r}; there are {known}. A path to a file has none.",
            category="InvalidArgument",
        )
    factory: Callable[[str], Store] = others[scheme].load()
    return factory


def _meant_otherwise(text: str) -> str:
    """What to say of a text that is no place, though it looks like one of a store."""
    if _DSN.search(text) and "://" not in text:
        return (
            "This looks like a PostgreSQL DSN of key=value words. Give a URL, as "
            "postgresql://user@host/database, or a PostgresStore made of the DSN."
        )
    if text.strip().lower() in SCHEMES:
        return (
            f"{text.strip()!r} is a kind of store, not a place. Give a URL, as memory:, "
            "sqlite:///tenant.db or postgresql://user@host/database; or a path object for a file "
            "of this name."
        )
    return ""


def _scheme(text: str) -> str:
    before, colon, after = text.partition(":")
    if text == ":memory:":
        return "memory"
    # One letter before a colon is a Windows drive, not a scheme. What looks like a URL is one,
    # whatever its scheme: taken for a path, it would show its password in an error.
    is_url = _SCHEME.fullmatch(before) and after.startswith("//")
    if len(before) > 1 and colon and (is_url or before.replace("+", "").isalnum()):
        return before
    return ""


def as_store(store: str | os.PathLike[str] | Store | Secret) -> Store:
    """The store that a store, a path or a URL names."""
    place = hidden(store)
    del store  # so that no traceback shows it
    return place if isinstance(place, Store) else from_url(place)
