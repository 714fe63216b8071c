"""What a tenant keeps: the kinds of documents, and how each becomes a record and back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID  # noqa: TC003 - the codec reads the annotations

import attrs

from confid.store.base import TENANT, Kind
from confid.tenant.codec import codec
from confid.tenant.records import Meeting, ServiceNumber, TenantSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confid.store.base import Body, Lock, Transaction
    from confid.tenant.codec import Codec

Record = TypeVar("Record")
Index = dict[str, str | None]

USER = Kind(
    "user",
    unique=("object_id", "upn"),
    indexes=("sip", "logon", "dn", "alias", "display_name"),
)
CONFERENCING = Kind("conferencing")
BRIDGE = Kind("bridge")
SERVICE_NUMBER = Kind("service_number")
MEETING = Kind("meeting", indexes=("owner", "conference_id"))
OUTBOX = Kind("outbox", indexes=("state", "owner", "lane"))
PIN_PAD = Kind("pin_pad")
MIGRATION = Kind("migration", indexes=("state",))
RUNNING_MEETING = Kind("running_meeting")
WRONG_ENTRIES = Kind("wrong_entries")
AUDIO_POLICY = Kind("audio_policy")
GRANT = Kind("grant", indexes=("audio_conferencing", "dial_out"))

KINDS = (
    USER,
    CONFERENCING,
    BRIDGE,
    SERVICE_NUMBER,
    TENANT,
    MEETING,
    OUTBOX,
    PIN_PAD,
    MIGRATION,
    RUNNING_MEETING,
    WRONG_ENTRIES,
    AUDIO_POLICY,
    GRANT,
)


@attrs.frozen(kw_only=True)
class Conferencing:
    """A person's dial-in settings as they are kept; the conference ID is in the ledger.

    `revision` counts the changes that issued no conference ID. The others are counted by the
    serial of the ID in the ledger; both together order the person's notifications.
    """

    enabled: bool
    bridge_id: UUID
    service_number: str | None = None
    toll_free_service_number: str | None = None
    allow_toll_free_dial_in: bool = True
    allow_pstn_only_meetings: bool = False
    pin_digest: str | None = attrs.field(default=None, repr=False)
    revision: int = 0


@attrs.frozen(kw_only=True)
class BridgeSettings:
    """A bridge as it is kept; each of its numbers names it."""

    identity: UUID
    name: str
    default_number: str | None = None
    is_default: bool = False
    is_shared: bool = False
    region: str | None = None


@attrs.frozen(kw_only=True, slots=False)  # beside slots, a cached property slows each attribute
class DocumentType(Generic[Record]):
    """How records of a kind are kept: their keys and index values."""

    kind: Kind
    record: type[Record]
    key: Callable[[Record], str] | None = None
    index: Callable[[Record], Index] | None = None

    @cached_property
    def _codec(self) -> Codec[Record]:
        return codec(self.record)

    def body(self, record: Record) -> Body:
        """The document of a record."""
        body = self._codec.body(record)
        if self.index is not None:
            body["index"] = self.index(record)
        return body

    def bodies(self, records: Iterable[Record]) -> dict[str, Body]:
        """The documents of records, by the records' own keys."""
        assert self.key is not None  # noqa: S101 - records with a key of their own
        return {self.key(record): self.body(record) for record in records}

    def read(self, body: Body) -> Record:
        """The record of a document."""
        return self._codec.read(body)

    def put(self, transaction: Transaction, records: Iterable[Record]) -> None:
        """Keep records."""
        transaction.put(self.kind.name, self.bodies(records))

    def get(
        self, transaction: Transaction, keys: Iterable[str], *, lock: Lock = False
    ) -> dict[str, Record]:
        """Records by their keys, as `Transaction.get` gives documents."""
        found = transaction.get(self.kind.name, keys, lock=lock)
        return {key: self.read(body) for key, body in found.items()}

    def find(
        self, transaction: Transaction, field: str, values: Iterable[str]
    ) -> dict[str, Record]:
        """Records by a value of an index field, as `Transaction.find` gives documents."""
        found = transaction.find(self.kind.name, field, values)
        return {key: self.read(body) for key, body in found.items()}


def _meeting_index(meeting: Meeting) -> Index:
    shown = meeting.conference_id
    return {"owner": meeting.owner, "conference_id": None if shown is None else str(shown)}


SETTINGS_KEY = "settings"
"""The key of the tenant's dial-in settings."""

SETTINGS = DocumentType(kind=CONFERENCING, record=Conferencing)
BRIDGES = DocumentType(kind=BRIDGE, record=BridgeSettings, key=lambda bridge: str(bridge.identity))
NUMBERS = DocumentType(kind=SERVICE_NUMBER, record=ServiceNumber, key=lambda number: number.number)
TENANT_SETTINGS = DocumentType(kind=TENANT, record=TenantSettings, key=lambda _: SETTINGS_KEY)
MEETINGS = DocumentType(
    kind=MEETING,
    record=Meeting,
    key=lambda meeting: str(meeting.meeting_id),
    index=_meeting_index,
)
