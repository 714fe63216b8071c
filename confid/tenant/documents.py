"""What a tenant keeps: the kinds of documents, and the one converter between them and records."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from confid.ids.conference_id import ConferenceId
from confid.store.base import TENANT, Kind

if TYPE_CHECKING:
    import cattrs

USER = Kind(
    "user",
    unique=("object_id", "upn"),
    indexes=("sip", "logon", "dn", "display_name"),
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
    """A person's dial-in settings as they are kept; the conference ID stands in the ledger.

    `revision` counts the changes: it orders the person's notifications.
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
    """A bridge as it is kept; its numbers name it, not it them."""

    identity: UUID
    name: str
    default_number: str | None = None
    is_default: bool = False
    is_shared: bool = False
    region: str | None = None


@cache
def converter() -> cattrs.Converter:
    """The one converter between records and JSON documents; made at first use."""
    import cattrs  # noqa: PLC0415 - costs as much as the rest of `import confid`

    made = cattrs.Converter(omit_if_default=True, detailed_validation=False)
    made.register_unstructure_hook(datetime, datetime.isoformat)
    made.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    made.register_unstructure_hook(UUID, str)
    # A tenant's and its bridges' stand in thousands of documents, and UUID() is slow.
    uuid = lru_cache(maxsize=256)(UUID)
    made.register_structure_hook(UUID, lambda text, _: uuid(text))
    # Documents are confid's own: texts are texts, so these need no look at each value.
    made.register_structure_hook_func(lambda kind: kind == str | None, lambda text, _: text)
    made.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda texts, _: tuple(texts)
    )
    made.register_unstructure_hook(ConferenceId, int)
    made.register_structure_hook(ConferenceId, lambda number, _: ConferenceId(number))
    return made
