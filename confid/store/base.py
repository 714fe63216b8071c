"""The store interface: all that the author of a store implements.

A store keeps one tenant, and gives transactions. A transaction reads and
writes *documents* (JSON objects, each of a declared kind, found by key or by
an index field) and the *ledger* (one entry for every conference ID ever
issued). A store knows nothing of users, bridges or mail.

To write a store, subclass `Store` and `Transaction`, and have
`confid.testing.StoreContract` test them: it is this page as tests. The
functions at the end of this module and of `confid.store.checks` check what
every store refuses.
"""

from __future__ import annotations

import abc
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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
"""How `get` locks what it reads: not at all, alone (True), or shared with other readers."""

FIRST_ID = 1_000_000
LAST_ID = 9_999_999

ISSUED = "issued"
IMPORTED = "imported"

UNREADABLE = datetime.min.replace(tzinfo=UTC)
"""In the place of a moment that a stranger has damaged: the entry can still be read."""

SEAL, BACKUP = "seal", "backup"
"""The key of the document that seals a store, and its `reason` in a backup."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def utc(moment: datetime) -> datetime:
    """The moment in UTC. A naive one is a `StoreError`: nobody knows when it is."""
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise StoreError("A datetime without a time zone can't be stored.", category="InvalidData")
    return moment.astimezone(UTC)


@attrs.frozen
class Kind:
    """A kind of document, with the fields of `body["index"]` that can be searched.

    Two documents may have the same value in a field of `indexes`, not in a
    field of `unique`. None is no value: it is never found and never collides.
    Names become parts of SQL, so they are lower-case letters, digits and
    underscores.
    """

    name: str
    indexes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    fields: tuple[str, ...] = attrs.field(
        init=False,
        repr=False,
        eq=False,
        default=attrs.Factory(lambda kind: kind.indexes + kind.unique, takes_self=True),
    )
    """All fields that `find` takes."""

    def __attrs_post_init__(self) -> None:
        for name in (self.name, *self.fields):
            if not _NAME.fullmatch(name):
                raise StoreError(
                    f"{name!r} is no name of a kind or an index field.", category="InvalidArgument"
                )


TENANT = Kind("tenant")
"""Documents about the store as a whole. Every store is opened with this kind."""


@attrs.frozen(kw_only=True)
class LedgerEntry:
    """One entry of the ledger. Times are aware and in UTC; `…_by` is any text or None.

    `owner` is confid's key of a person; `serial` counts the owner's entries
    from 1; `origin` is `ISSUED` or `IMPORTED`.
    """

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
    """What `claim` writes beside each ID. `retired` enters it as retired at once."""

    at: datetime = attrs.field(converter=utc)
    by: str | None = None
    origin: str = attrs.field(default=ISSUED, validator=attrs.validators.in_((ISSUED, IMPORTED)))
    retired: bool = False


class Get(NamedTuple):
    """`Transaction.get` as a question of `Transaction.read`."""

    kind: str
    keys: Sequence[str]
    lock: Lock = False


class Find(NamedTuple):
    """`Transaction.find` as a question of `Transaction.read`."""

    kind: str
    field: str
    values: Sequence[str]


class Current(NamedTuple):
    """`Transaction.current` as a question of `Transaction.read`."""

    owners: Sequence[str]


class Living(NamedTuple):
    """`Transaction.living` as a question of `Transaction.read`."""

    owners: Sequence[str]


Question = Get | Find | Current | Living


class Transaction(abc.ABC):
    """What one transaction can do. One thread uses it, and it ends with its block.

    For every method:

    - A method that raises has done nothing. An empty iterable does nothing.
    - It raises `StoreError` after the transaction has ended, in a forked
      child, for a kind that the store was not opened with, for a field that
      the kind doesn't have, and for text with a NUL or a lone surrogate
      (`check_text`). A stream raises it too when it is read on after the end.
    - A method that writes raises `StoreError` in a reading transaction.
    """

    @abc.abstractmethod
    def get(self, kind: str, keys: Iterable[str], *, lock: Lock = False) -> dict[str, Body]:
        """The documents with these keys, by key. An absent document is left out.

        `lock` counts in a writing transaction only. No other transaction can
        lock or write these documents before this one ends; an absent document
        is locked too. Locks are taken in key order. With `"shared"` others may
        share the lock, and none may write.
        """

    @abc.abstractmethod
    def find(self, kind: str, field: str, values: Iterable[str]) -> dict[str, Body]:
        """The documents whose index field has one of the values, by key."""

    @abc.abstractmethod
    def scan(
        self, kind: str, *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Body]]:
        """The documents of a kind in the order of their keys (by code point), as a stream.

        It starts behind the key `after`, which need not exist. Documents may
        be written and deleted meanwhile; the stream may show these changes or
        not, but shows no key twice.
        """

    def read(self, *questions: Question) -> list[dict[str, Any]]:
        """The answers to several questions, asked in this order, as the verbs of their names.

        A store on a server may answer all of them there and back once.
        """
        return [self._answer(question) for question in questions]

    def foresee(self, *questions: Question) -> None:  # noqa: B027 - to do nothing is right
        """Say what will be asked soon: a store on a server may ask it along with the next question.

        The answers may be of that moment. A question that locks is none to foresee.
        """

    def _answer(self, question: Question) -> dict[str, Any]:
        if isinstance(question, Get):
            return self.get(question.kind, question.keys, lock=question.lock)
        if isinstance(question, Find):
            return self.find(*question)
        return self.living(*question) if isinstance(question, Living) else self.current(*question)

    @abc.abstractmethod
    def put(self, kind: str, documents: Mapping[str, Body]) -> None:
        """Add documents, and replace those that are there.

        Raises `DuplicateKeyError` when two documents would have the same
        value in a unique field afterwards; two documents may swap their
        values in one call. Raises `StoreError` for an empty key, and for a
        body that isn't JSON (`to_json`).
        """

    @abc.abstractmethod
    def delete(self, kind: str, keys: Iterable[str]) -> None:
        """Remove documents. An absent one does nothing."""

    @abc.abstractmethod
    def claim(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        """Enter (conference ID, owner) proposals in the ledger; return the IDs that were accepted.

        For store authors, and for confid's own tenant: nothing else proposes
        an ID. An ID that is in the ledger already, living or retired and
        whoever its owner is, is refused, and its entry stays as it is. The
        entry's serial is one more than the owner's last.

        Raises `DuplicateKeyError` when an owner has a living ID and would get
        another, unless the claim is retired; `StoreError` for an ID outside
        1000000 to 9999999, and for an ID or an owner that is proposed twice
        (`check_proposals`).
        """

    @abc.abstractmethod
    def retire(
        self, owners: Iterable[str], *, at: datetime, by: str | None = None
    ) -> dict[str, int]:
        """Retire the living IDs of these owners; return owner to ID.

        An owner without a living ID is left out. An ID is retired once: the
        time and `by` of an earlier retirement stay.
        """

    def exchange(self, proposals: Sequence[tuple[int, str]], claim: Claim) -> set[int]:
        """`retire` the owners' living IDs, then `claim`; return the IDs that were accepted.

        An owner whose proposal is refused is left without a living ID.
        """
        check_proposals(proposals)
        with self.savepoint():
            self.retire([owner for _, owner in proposals], at=claim.at, by=claim.by)
            return self.claim(proposals, claim)

    @abc.abstractmethod
    def current(self, owners: Iterable[str]) -> dict[str, int]:
        """The living IDs, by owner. An owner without one is left out."""

    def living(self, owners: Iterable[str]) -> dict[str, tuple[int, int]]:
        """The living IDs as `current`, each with the serial of its entry."""
        current = self.current(owners)
        entries = self.lookup(current.values())
        return {owner: (i, entries[i].serial) for owner, i in current.items()}

    @abc.abstractmethod
    def lookup(self, conference_ids: Iterable[int]) -> dict[int, LedgerEntry]:
        """The entries of these IDs, by ID. An ID that was never issued is left out."""

    @abc.abstractmethod
    def history(self, owner: str) -> list[LedgerEntry]:
        """All entries of an owner in the order of their serials."""

    @abc.abstractmethod
    def entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """All entries whose ID is above `after`, in the order of their IDs, as a stream."""

    @abc.abstractmethod
    def issued_ids(self) -> Iterator[int]:
        """All IDs in the ledger in their order, as a stream: faster than `entries`."""

    @abc.abstractmethod
    def count(self) -> int:
        """How many IDs the ledger holds."""

    @abc.abstractmethod
    def has_issued(self) -> bool:
        """Whether there is an entry whose origin is `ISSUED`."""

    def damage(self) -> Iterator[str]:
        """What the file or the server finds wrong with its own data: a sentence each, for an audit.

        A store that can't tell keeps this one.
        """
        return iter(())

    @abc.abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """A block whose changes are undone when an exception leaves it. Blocks can be nested."""


class Moment(abc.ABC):
    """A store as it is at one moment, for reading: what `Store.moment` gives."""

    @abc.abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """A reading transaction on this moment; one at a time.

        Raises `StoreError` when the moment can't be seen any more.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of what holds the moment; twice is fine."""


class Store(abc.ABC):
    """Where one tenant is kept. Making the object touches nothing; `open` does."""

    @abc.abstractmethod
    def open(self, kinds: Iterable[Kind], *, create: bool = True) -> None:
        """Get ready to keep documents of these kinds: first of all, and again after `close`.

        Makes the place when it isn't there, unless `create` is False.
        Upgrades an older schema in one transaction. A new kind, or a new
        field of one, is added, and the documents are indexed by it.

        Raises `StoreError` for a place that can't be used: it is missing,
        was made by a newer confid, or is something else.
        """

    @abc.abstractmethod
    def transaction(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A block: committed at its end, rolled back when an exception leaves it.

        A reading transaction sees one consistent state. An interrupt
        (KeyboardInterrupt) at any moment leaves the store as a commit or a
        rollback would; `confid.store.blocks` helps with it.

        Raises `CommitOutcomeUnknownError` when COMMIT was sent and no answer
        came, `StoreError` for everything else that goes wrong. In a forked
        child its end raises `StoreError` and commits nothing.
        """

    def exclusive(self) -> AbstractContextManager[Transaction]:
        """A writing transaction during which no other one writes.

        It waits until all writing transactions have ended, and those that
        come later wait for it. A store with one writer at a time keeps this
        method; any other has one of its own.
        """
        return self.transaction(write=True)

    def holder(
        self,
        conference_id: int,
        *,
        owned: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> tuple[str, list[Body | None]] | None:
        """The owner of a living ID, with documents; None when it is no living ID.

        The documents are the owner's of the kinds `owned`, then those named
        in `beside` by kind and key; an absent one is None. All are of one
        moment. The attendant asks this for every caller, so a store may have
        a faster way than this one.
        """
        with self.transaction(write=False) as transaction:
            entry = transaction.lookup([conference_id]).get(conference_id)
            if entry is None or entry.retired_at is not None:
                return None
            named = [*((kind, entry.owner) for kind in owned), *beside]
            return entry.owner, [transaction.get(kind, [key]).get(key) for kind, key in named]

    def moment(self, kinds: Iterable[Kind]) -> Moment | None:  # noqa: ARG002 - for the stores that have one
        """The store as it is now, to be read for as long as the moment is kept.

        `OverlayStore` asks for it. The store need not be open, stays as it
        was, and nothing is written or made. None, as here, when it has no
        such thing: the overlay then looks for itself whether the store has
        changed.

        Raises `StoreError`: `ObjectNotFound` for a place that isn't there, and
        for documents that aren't indexed by these kinds.
        """
        return None

    @abc.abstractmethod
    def close(self) -> None:
        """Close files and connections; twice is fine, and `open` opens the store again.

        A closed store gives no transactions (`StoreError`).
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


def check_text(*texts: str) -> None:
    """Refuse text that not every store can keep: NUL, and lone surrogates."""
    text = "".join(texts)
    if "\0" in text:
        raise StoreError("A NUL character can't be stored.", category="InvalidData")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise StoreError(
                "A lone surrogate can't be stored: it is no character.", category="InvalidData"
            ) from None


def check_proposals(proposals: Sequence[tuple[int, str]]) -> None:
    """Refuse an ID outside the range, and an ID or an owner that appears twice.

    Twice, because `claim` answers with IDs alone: two owners would both think
    that the ID is theirs.
    """
    if not proposals:
        return
    by_id = dict(proposals)
    owners = by_id.values()
    check_text(*owners)
    for conference_id in (min(by_id), max(by_id)):
        if not FIRST_ID <= conference_id <= LAST_ID:
            raise StoreError(f"{conference_id} is no conference ID.", category="InvalidData")
    if min(len(by_id), len(set(owners))) < len(proposals):
        raise StoreError(
            "An ID and an owner are proposed once in a call.", category="InvalidArgument"
        )
