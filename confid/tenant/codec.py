"""Records as JSON documents and back, by the functions that cattrs writes for each class.

A value that is the class's default isn't in the document. Documents are confid's own, so texts,
numbers and truth values are taken as they are.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import attrs

from confid.ids.conference_id import ConferenceId

if TYPE_CHECKING:
    from collections.abc import Callable

    import cattrs

Record = TypeVar("Record")

# The tenant's UUID and those of its bridges are in thousands of documents, and UUID() is slow.
_uuid = lru_cache(maxsize=256)(UUID)


@attrs.frozen(kw_only=True)
class Codec(Generic[Record]):
    """Makes the document of a record, and a record of a document."""

    body: Callable[[Record], dict[str, Any]]
    read: Callable[[dict[str, Any]], Record]


def codec(record: type[Record]) -> Codec[Record]:
    """The codec of a class, made at first use."""
    return _codec(record)  # type: ignore[arg-type]  # a class is hashable


@cache
def _codec(record: Any) -> Codec[Any]:
    converter = _converter()
    structure = converter.get_structure_hook(record)
    return Codec(
        body=converter.get_unstructure_hook(record), read=lambda body: structure(body, record)
    )


@cache
def _converter() -> cattrs.Converter:
    import cattrs  # noqa: PLC0415 - costs as much as the rest of `import confid`

    made = cattrs.Converter(omit_if_default=True, detailed_validation=False)
    # A record is a mapping too, and its document has the attributes.
    made.register_unstructure_hook_factory(_is_record, made.gen_unstructure_attrs_fromdict)
    made.register_structure_hook_factory(_is_record, made.gen_structure_attrs_fromdict)
    made.register_unstructure_hook(datetime, datetime.isoformat)
    made.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    made.register_unstructure_hook(UUID, str)
    made.register_structure_hook(UUID, lambda text, _: _uuid(text))
    made.register_structure_hook_func(lambda kind: kind == str | None, lambda text, _: text)
    made.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda texts, _: tuple(texts)
    )
    made.register_unstructure_hook(ConferenceId, int)
    made.register_structure_hook(ConferenceId, lambda number, _: ConferenceId(number))
    return made


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and attrs.has(kind)
