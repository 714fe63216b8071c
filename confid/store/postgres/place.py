"""Where a PostgreSQL tenant lives: what a DSN says to confid, and what of it may be shown."""

from __future__ import annotations

import re
import threading
from hashlib import blake2b
from urllib.parse import parse_qsl, quote

import attrs

from confid.errors import Secret, StoreError, demand

DEFAULT_SCHEMA = "confid"
DEFAULT_POOL = 10
DEFAULT_TIMEOUT = 30.0

_SCHEMA = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}")
_URL = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_PLAIN = re.compile(r"[\w./:,\-]+")
_OWN = ("schema", "timeout", "pool_size")


@attrs.frozen(kw_only=True)
class Place:
    """A schema of a database. `conninfo` is for libpq, and for nobody's eyes."""

    conninfo: Secret
    schema: str
    timeout: float
    pool_size: int
    where: str = "PostgreSQL"
    """The server and database, when they are known and can be shown."""

    def __str__(self) -> str:
        return f"The schema {self.schema!r} of {self.where}"

    @property
    def quoted(self) -> str:
        """The schema's name as SQL has it."""
        return f'"{self.schema}"'

    def lock_id(self, what: str) -> int:
        """The number of an advisory lock on something in this schema."""
        digest = blake2b(f"confid/{self.schema}/{what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    def seen_as(self, host: str, database: str, *, hosts: int) -> Place:
        """The same place with its server and database named, where they are plain names.

        Of several `hosts` only the one that has answered is: another may be no host at all.
        """
        # A slip in a URL can make a password part of either: what looks odd isn't shown.
        if not (_PLAIN.fullmatch(host) and _PLAIN.fullmatch(database)):
            return self
        others = f" or another of its {hosts} hosts" if hosts > 1 else ""
        return attrs.evolve(self, where=f"the database {database} on {host}{others}")


def place_of(
    dsn: Secret,
    *,
    schema: str | None = None,
    timeout: float | None = None,
    pool_size: int | None = None,
) -> Place:
    """The place that a DSN names: a URL, whose query may hold confid's options, or `key=value`s.

    Raises `StoreError` for options that can't be; it never shows what was given.
    """
    demand("dsn", dsn.reveal(), str, "a URL or a DSN as text")
    demand("schema", schema, str | None, "a name as text")
    demand("timeout", timeout, float | int | str | None, "a number of seconds")
    demand("pool_size", pool_size, int | str | None, "a number of connections")
    conninfo, given = _split(dsn)
    options = {"schema": schema, "timeout": timeout, "pool_size": pool_size}
    try:
        given |= {name: Secret(str(value)) for name, value in options.items() if value is not None}
    except ValueError:  # an integer of thousands of digits
        raise _malformed() from None
    place = None if conninfo is None else _checked(conninfo, given)
    if place is None:
        raise _malformed()
    return place


def _checked(conninfo: Secret, given: dict[str, Secret]) -> Place | None:
    options = {name: value.reveal() for name, value in given.items()}
    try:
        place = Place(
            conninfo=conninfo,
            schema=options.get("schema", DEFAULT_SCHEMA),
            timeout=float(options.get("timeout", DEFAULT_TIMEOUT)),
            pool_size=int(options.get("pool_size", DEFAULT_POOL)),
        )
    except (ValueError, OverflowError):
        return None
    sound = 0 < place.timeout <= threading.TIMEOUT_MAX and place.pool_size >= 1
    return place if sound and _SCHEMA.fullmatch(place.schema) else None


def _split(dsn: Secret) -> tuple[Secret | None, dict[str, Secret]]:
    """A DSN without confid's own options, None where it can't be read; and these."""
    if not _URL.match(dsn.reveal()):
        return dsn, {}
    base, _, query = dsn.reveal().partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        return None, {}
    own = {name: Secret(value) for name, value in pairs if name in _OWN}
    rest = [f"{name}={quote(value, safe='')}" for name, value in pairs if name not in _OWN]
    return Secret(base + ("?" + "&".join(rest) if rest else "")), own


def _malformed() -> StoreError:
    return StoreError(
        "A PostgreSQL URL is postgresql://user@host/database?schema=contoso, with what else libpq "
        "takes, and timeout=seconds (above 0) and pool_size=connections (1 or more) if you like. "
        "A schema's name is of letters, digits, _ and -, begins with a letter, and not with pg_.",
        category="InvalidArgument",
    )


def malformed_dsn() -> StoreError:
    """The error for a DSN that libpq doesn't understand; what it says may show a password."""
    return StoreError(
        "libpq doesn't understand the connection string: an option that it doesn't know, or a "
        "character of a user or password that has to be written as %XX in a URL.",
        category="InvalidArgument",
    )
