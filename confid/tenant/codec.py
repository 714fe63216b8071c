"""Records as JSON documents and back, by the functions that cattrs writes for each class.

A value that is the class's default isn't in the document. Documents are confid's own, so texts,
numbers and truth values are taken as they are.
"""

from __future__ import annotations

import enum
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from uuid import UUID

import attrs

from confid.ids.conference_id import ConferenceId

if TYPE_CHECKING:
    from collections.abc import Callable

    import cattrs

Record = TypeVar("Record")

_AS_THEY_ARE = (str, int, bool, str | None)

# The tenant's UUID and those of its bridges are in thousands of documents, and UUID() is slow.
_uuid = lru_cache(maxsize=256)(UUID)
_CONVERSIONS: dict[Any, Callable[[Any], Any]] = {
    ConferenceId: ConferenceId,
    UUID: _uuid,
    datetime: datetime.fromisoformat,
    tuple[str, ...]: tuple,
    str | None: lambda text: text,
}


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
    fields = attrs.fields(attrs.resolve_types(record))
    conversions = [(f.name, _conversion(f.type)) for f in fields if f.type not in _AS_THEY_ARE]

    def read(body: dict[str, Any]) -> Any:
        # Most values are the record's as they are, so that a copy is half of the work.
        values = {**body}
        values.pop("index", None)
        try:
            for name, convert in conversions:
                if name in values:
                    values[name] = convert(values[name])
            return record(**values)
        except (TypeError, LookupError, ValueError):
            # Another version's field, which cattrs leaves out; or damage, of which it tells.
            return structure(body, record)

    return Codec(body=converter.get_unstructure_hook(record), read=read)


def _conversion(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of that type from a document's."""
    if isinstance(kind, enum.EnumType):
        return {member.value: member for member in cast("Any", kind)}.__getitem__
    if kind in _CONVERSIONS:
        return _CONVERSIONS[kind]
    hook = _converter().get_structure_hook(kind)
    return lambda value: hook(value, kind)


@cache
def _converter() -> cattrs.Converter:
    import cattrs  # noqa: PLC0415 - costs as much as the rest of `import confid`

    made = cattrs.Converter(omit_if_default=True, detailed_validation=False)
    # A record is a mapping too, and its document has the attributes.
    made.register_unstructure_hook_factory(_is_record, made.gen_unstructure_attrs_fromdict)
    made.register_structure_hook_factory(_is_record, made.gen_structure_attrs_fromdict)
    made.register_unstructure_hook(datetime, datetime.isoformat)
    made.register_unstructure_hook(UUID, str)
    made.register_unstructure_hook(ConferenceId, int)
    made.register_structure_hook_func(
        _CONVERSIONS.__contains__, lambda value, kind: _CONVERSIONS[kind](value)
    )
    return made


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and attrs.has(kind)
