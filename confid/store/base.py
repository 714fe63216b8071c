"""The store interface: documents, the ledger, savepoints. Everything a store author implements.

A store keeps one tenant. It hands out transactions; a transaction reads and
writes *documents* (plain JSON objects of a declared kind) and the *ledger*
(one row for every conference ID ever issued). A store knows nothing of users,
bridges or mail. `confid.testing.StoreContract` is this page as tests.
"""

from __future__ import annotations

import abc
import json
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs

from confid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

Body = dict[str, Any]
"""A document: a JSON object. `body["index"]` maps the kind's index fields to text or None.

An index field that isn't there, or no `"index"` at all, is None.
"""

Lock = bool | Literal["shared"]
"""How `get` locks what it reads: not at all, for itself alone, or beside others who share."""

FIRST_ID = 1_000_000
LAST_ID = 9_999_999

ISSUED = "issued"
IMPORTED = "imported"

UNREADABLE = datetime.min.replace(tzinfo=UTC)
"""In the place of a moment that a stranger has damaged: the entry can still be read."""

SEAL, BACKUP = "seal", "backup"
"""The key of the document that seals a store, and its `reason` in a backup."""

_AS_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of a NUL, and not a backslash that happens to stand before `u0000`."""


def utc(moment: datetime) -> datetime:
    """The moment in UTC. A naive one is a `StoreError`: nobody knows when it is."""
    if moment.utcoffset() is None:
        raise StoreError("A datetime without a time zone can't be stored.", category="InvalidData")
    return moment.astimezone(UTC)


@attrs.frozen
class Kind:
    """A kind of document, with the fields of `body["index"]` that can be searched.

    `indexes` may repeat between documents; a value of `unique` may not. None
    is no value: it is never found and never collides. Names are lower-case
    letters, digits and underscores, as they become parts of SQL.
    """

    name: str
    indexes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        for name in (self.name, *self.fields):
            if not _NAME.fullmatch(name):
                raise StoreError(
                    f"{name!r} is no name of a kind or an index field.", category="InvalidArgument"
                )

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that `find` takes."""
        return self.indexes + self.unique


TENANT = Kind("tenant")
"""Documents about the store as a whole; every store is opened with this kind."""


@attrs.frozen(kw_only=True)
class LedgerEntry:
    """One row of the ledger. Datetimes are aware, in UTC; `by` is a free text or None."""

    conference_id: int
    owner: str
    serial: int
    origin: str
    issued_at: datetime
    issued_by: str | None
    retired_at: datetime | None = None
    retired_by: str | None = None


@attrs.frozen(kw_only=True)
class Claim:
    """What `claim` writes beside each ID: origin, when and by whom, and whether as retired."""

    at: datetime = attrs.field(converter=utc)
    by: str | None = None
    origin: str = attrs.field(default=ISSUED, validator=attrs.validators.in_((ISSUED, IMPORTED)))
    retired: bool = False


class Transaction(abc.ABC):
    """What one transaction can do. It is used by one thread and dies with its block.

    After its end every method raises `StoreError`, and so does a stream that
    is read on. A kind must be one of those that the store was opened with, a
    field one of the kind's: else `StoreError`. So is text with a NUL or a
    lone surrogate, given to whichever method (`check_text`). An empty
    iterable is fine everywhere and does nothing. A method that raises has
    done nothing.
    """

    @abc.abstractmethod
    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:
        """The documents with these keys. An absent key is absent from the answer.

        With `lock` in a write transaction nobody else can lock or write these
        documents before the transaction ends, and of two who lock an absent
        one the later waits too; locks are taken in key order. `"shared"` lets
        others share the lock, and nobody write.
        """

    @abc.abstractmethod
    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        """The documents whose index field has one of the values, as `get` gives them."""

    @abc.abstractmethod
    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        """The documents of a kind in the order of their keys (by code point), streaming.

        `after` starts behind that key, whether or not it exists. Documents
        may be written and deleted while the scan goes on; whether it still
        shows those changes is left open, but it shows no key twice.
        """

    @abc.abstractmethod
    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        """Write documents whole: new ones are added, those there are replaced.

        Raises `DuplicateKeyError` when a unique field's value stands in
        another document. What counts is how the documents stand afterwards:
        two of them may swap their values in one call. Raises `StoreError`
        for an empty key, and for a body that isn't plain JSON (`to_json`).
        """

    @abc.abstractmethod
    def delete(self, kind: str, keys: Iterable[str]) -> None:
        """Remove documents. An absent key is fine."""

    @abc.abstractmethod
    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        """Enter (conference ID, owner) proposals in the ledger; the IDs that were accepted.

        For store authors and confid's own tenant only: nothing else proposes
        an ID. An ID that stands in the ledger, under whatever owner, living
        or retired, is refused and its row stays as it is. The entry's serial
        is one more than the owner's last. An owner who has a living ID and
        proposes a free one is a `DuplicateKeyError` unless the claim is
        retired. An ID outside 1000000 to 9999999, and an ID or an owner that
        appears twice in a call, is a `StoreError` (`check_proposals`).
        """

    @abc.abstractmethod
    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        """Retire the living IDs of these owners; owner to ID. Who has none is absent.

        A retired ID stays retired, and by whom and when stays as it was.
        """

    @abc.abstractmethod
    def current(self, owners: Iterable[str]) -> dict[str, int]:
        """The living IDs of these owners; who has none is absent."""

    @abc.abstractmethod
    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        """The ledger's entries for these IDs; an ID never issued is absent."""

    @abc.abstractmethod
    def history(self, owner: str) -> list[LedgerEntry]:
        """Every entry of an owner in the order of its serial, the oldest first."""

    @abc.abstractmethod
    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """The whole ledger in the order of its IDs, streaming, from behind `after`."""

    @abc.abstractmethod
    def issued_ids(self) -> Iterator[int]:
        """Every ID in the ledger, in order: `entries` without the rest, as fast as can be."""

    @abc.abstractmethod
    def count(self) -> int:
        """How many IDs the ledger holds."""

    @abc.abstractmethod
    def has_issued(self) -> bool:
        """Whether any entry's origin is `"issued"`."""

    def damage(self) -> Iterator[str]:
        """What the place itself finds wrong with what it keeps, for an audit: a sentence each.

        This one is right for a store that can't tell.
        """
        return iter(())

    @abc.abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """A block that is undone alone when an exception leaves it. May be nested."""


class Store(abc.ABC):
    """Where one tenant lives. Making one touches nothing; `open` does."""

    @abc.abstractmethod
    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Get ready to keep documents of these kinds; before anything else, and after `close`.

        Creates what isn't there, unless `create` is False; upgrades an older
        schema in one transaction. A kind, or a field of one, that the place
        doesn't know yet is added, and documents that are there are indexed.
        Raises `StoreError` for a place that can't be used: missing, newer
        than this confid, or something else's.
        """

    @abc.abstractmethod
    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A transaction: committed when the block ends, rolled back when an exception leaves it.

        A reading one sees one consistent state and can't write. Raises
        `CommitOutcomeUnknownError` when COMMIT was sent and no answer came,
        `StoreError` for everything else that went wrong on the way.
        """

    def exclusive(self) -> AbstractContextManager[Transaction]:
        """A writing transaction that is alone from its beginning to its end.

        It begins when every other writing transaction has ended, and none
        begins before it has. This one is right for a store that has one
        writer at a time; every other store says how it keeps writers out.
        """
        return self.transaction(write=True)

    def holder(
        self,
        conference_id: int,
        *,
        owned: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, list[Body | None]] | None:
        """Whose living ID that is, as the attendant asks for every caller; None if it is nobody's.

        With the owner come their documents of the kinds `owned` and then the
        documents `beside`, each a kind and a key, None where one is absent:
        all of one moment. This one is right for every store; one that can
        ask a file or a server for all of it at once is faster.
        """
        with self.transaction(write=False) as transaction:
            entry = transaction.lookup([conference_id]).get(conference_id)
            if entry is None or entry.retired_at is not None:
                return None
            named = [*((kind, entry.owner) for kind in owned), *beside]
            return entry.owner, [transaction.get(kind, [key]).get(key) for kind, key in named]

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of files and connections. Closing twice is fine.

        A closed store gives no transactions (`StoreError`); it can be opened again.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


# For store authors: what every store refuses, said once.


def refuse_fork(pid: int, what: object) -> None:
    """Raise `StoreError` in another process than the one, `pid`, that opened `what`."""
    if pid != os.getpid():
        raise StoreError(
            f"{what} was opened before this process was forked; connect anew in the child."
        )


def unknown_kind(name: str) -> StoreError:
    """What a store answers that was not opened with the kind."""
    return StoreError(f"This store was not opened with the kind {name!r}.")


def known_kind(kinds: Mapping[str, Kind], name: str, field: str | None = None) -> Kind:
    """The kind of that name, which has that field; `StoreError` where there is none."""
    kind = kinds.get(name)
    if kind is None:
        raise unknown_kind(name)
    if field is not None and field not in kind.fields:
        raise StoreError(f"The kind {name!r} has no index field {field!r}.")
    return kind


def check_text(*texts: str) -> None:
    """Refuse text that not every store can keep: NUL, and lone surrogates."""
    for text in texts:
        if "\0" in text:
            raise StoreError("A NUL character can't be stored.", category="InvalidData")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise StoreError(
                    "A lone surrogate can't be stored: it is no character.", category="InvalidData"
                ) from None


def to_json(documents: Mapping[str, Body]) -> dict[str, str]:
    """The bodies as JSON text, by key. Refuses what no store can keep or give back."""
    texts: dict[str, str] = {}
    for key, body in documents.items():
        if not key:
            raise StoreError("A document's key can't be empty.", category="InvalidData")
        try:
            text = _AS_JSON(body)
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"A document must be JSON: {error}.", category="InvalidData"
            ) from error
        check_text(key, text)
        if "\\u0000" in text and _NUL_IN_JSON.search(text):
            check_text("\0")
        texts[key] = text
    return texts


def index_of(kind: Kind, body: Body) -> dict[str, str | None]:
    """The values of the kind's index fields in a body. One that isn't text is refused."""
    if not kind.fields:
        return {}
    index = body.get("index") or {}
    if not isinstance(index, dict):
        raise StoreError("A document's index maps fields to text or None.", category="InvalidData")
    values = {field: index.get(field) for field in kind.fields}
    for field, value in values.items():
        if value is not None and not isinstance(value, str):
            raise StoreError(
                f"The index field {kind.name}.{field} takes text or None.", category="InvalidData"
            )
    return values


def check_proposals(proposals: Sequence[tuple[int, str]]) -> None:
    """Refuse an ID outside the range, and an ID or an owner that appears twice.

    Twice, because `claim` answers with IDs alone: two owners would both think
    that the ID is theirs.
    """
    if not proposals:
        return
    ids, owners = zip(*proposals, strict=True)
    check_text("".join(owners))
    for conference_id in (min(ids), max(ids)):
        if not FIRST_ID <= conference_id <= LAST_ID:
            raise StoreError(f"{conference_id} is no conference ID.", category="InvalidData")
    if min(len(set(ids)), len(set(owners))) < len(proposals):
        raise StoreError(
            "An ID and an owner are proposed once in a call.", category="InvalidArgument"
        )
