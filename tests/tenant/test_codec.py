"""Records as documents and back: the same record, only JSON, and no default written."""

from __future__ import annotations

import enum
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.ids.conference_id import ConferenceId
from confid.store.base import FIRST_ID, LAST_ID
from confid.tenant.codec import codec

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)


class Colour(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


@attrs.frozen(kw_only=True)
class Part:
    """A record in a record."""

    at: datetime
    number: int = 0


@attrs.frozen(kw_only=True)
class Whole:
    """A record with a field of every type that documents have."""

    text: str
    identity: UUID
    conference_id: ConferenceId | None
    perhaps: str | None = None
    other: UUID | None = None
    flag: bool = True
    colour: Colour = Colour.RED
    texts: tuple[str, ...] = ()
    colours: tuple[Colour, ...] = ()
    part: Part | None = None
    parts: tuple[Part, ...] = ()


TEXTS = st.text(max_size=5)
IDS = st.integers(FIRST_ID, LAST_ID).map(ConferenceId)
PARTS = st.builds(
    Part,
    at=st.datetimes(timezones=st.just(UTC)),
    number=st.integers(-(2**63), 2**63 - 1),
)
WHOLES = st.builds(
    Whole,
    text=TEXTS,
    identity=st.uuids(),
    conference_id=st.none() | IDS,
    perhaps=st.none() | TEXTS,
    other=st.none() | st.uuids(),
    flag=st.booleans(),
    colour=st.sampled_from(Colour),
    texts=st.lists(TEXTS, max_size=3).map(tuple),
    colours=st.lists(st.sampled_from(Colour), max_size=3).map(tuple),
    part=st.none() | PARTS,
    parts=st.lists(PARTS, max_size=3).map(tuple),
)
WHOLE = codec(Whole)


@given(WHOLES)
def test_a_document_is_json_and_comes_back_as_the_record(whole: Whole) -> None:
    """Every value with its type, and what is the default stands in no document."""
    body = WHOLE.body(whole)
    again = WHOLE.read(json.loads(json.dumps(body)))
    assert again == whole
    for field in attrs.fields(Whole):
        assert type(getattr(again, field.name)) is type(getattr(whole, field.name))
        is_default = field.default == getattr(whole, field.name)
        assert (field.name in body) is not is_default
    assert (again.part is None) or again.part.at.tzinfo is UTC


@given(WHOLES, st.data())
def test_a_damaged_document_is_unreadable_at_most(whole: Whole, data: st.DataObject) -> None:
    """It raises what the audit takes for damage, and nothing else."""
    body: dict[str, Any] = WHOLE.body(whole)
    damaged = data.draw(st.sampled_from(sorted(body)))
    body[damaged] = data.draw(st.none() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2))
    with suppress(*UNREADABLE):
        WHOLE.read(body)


@pytest.mark.parametrize("missing", ["text", "identity", "conference_id"])
def test_a_document_has_what_has_no_default(missing: str) -> None:
    """It can't be read without."""
    body = WHOLE.body(Whole(text="", identity=UUID(int=1), conference_id=None))
    del body[missing]
    with pytest.raises(UNREADABLE):
        WHOLE.read(body)
