"""Records as JSON documents and back, by functions that are written for each class.

A value that is the class's default stands in no document. Documents are confid's own, so values of
most types are taken as they are.
"""

from __future__ import annotations

import enum
from datetime import datetime
from functools import cache, lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_origin
from uuid import UUID

import attrs

from confid.ids.conference_id import ConferenceId

if TYPE_CHECKING:
    from collections.abc import Callable

Record = TypeVar("Record")

# The tenant's UUID and those of its bridges are in thousands of documents, and UUID() is slow.
_TO_JSON = {UUID: str, datetime: datetime.isoformat, ConferenceId: int}
_FROM_JSON: dict[Any, Any] = {
    str: str,
    int: int,
    bool: bool,
    ConferenceId: ConferenceId,
    UUID: lru_cache(maxsize=256)(UUID),
    datetime: datetime.fromisoformat,
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
    attrs.resolve_types(record)
    source = _Source()
    required, optional, arguments = [], [], []
    for field in attrs.fields(record):
        name, value = field.name, f"record.{field.name}"
        as_json = source.to_json(field.type, value)
        if field.default is attrs.NOTHING:
            required.append(f"{name!r}: {as_json}")
            arguments.append(f"{name}={source.from_json(field.type, f'body[{name!r}]')}")
            continue
        default = source.name(field.default)
        optional += [
            f"    if {value} is not {default} and {value} != {default}:",
            f"        body[{name!r}] = {as_json}",
        ]
        given = source.from_json(field.type, "v")
        arguments.append(f"{name}=v if (v := get({name!r}, {default})) is {default} else {given}")
    lines = [
        "def body_of(record):",
        f"    body = {{{', '.join(required)}}}",
        *optional,
        "    return body",
        "def record_of(body):",
        "    get = body.get",
        f"    return {source.name(record)}({', '.join(arguments)})",
    ]
    exec(compile("\n".join(lines), f"<documents of {record.__name__}>", "exec"), source.names)  # noqa: S102 - made above, of the class alone
    return Codec(body=source.names["body_of"], read=source.names["record_of"])


class _Source:
    """The expressions of a class's functions, and the objects that they name."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def name(self, thing: object) -> str:
        """A name for this object in the source."""
        name = f"_{len(self.names)}"
        self.names[name] = thing
        return name

    def to_json(self, kind: Any, value: str) -> str:
        """The expression for a value of this type as JSON."""
        if inner := _of_optional(kind):
            made = self.to_json(inner, value)
            return value if made == value else f"None if {value} is None else {made}"
        if get_origin(kind) is tuple:
            made = self.to_json(get_args(kind)[0], "item")
            return f"[{made} for item in {value}]"
        if isinstance(kind, enum.EnumType):
            return f"{value}.value"
        if attrs.has(kind):
            return f"{self.name(codec(kind).body)}({value})"
        return f"{self.name(_TO_JSON[kind])}({value})" if kind in _TO_JSON else value

    def from_json(self, kind: Any, value: str) -> str:
        """The expression for JSON as a value of this type."""
        if inner := _of_optional(kind):
            if inner is str:
                return value
            return f"None if (v := {value}) is None else {self.from_json(inner, 'v')}"
        if get_origin(kind) is tuple:
            item = get_args(kind)[0]
            made = value if item is str else f"[{self.from_json(item, 'item')} for item in {value}]"
            return f"tuple({made})"
        if isinstance(kind, enum.EnumType):
            return f"{self.name({m.value: m for m in list[enum.Enum](kind)})}[{value}]"
        read = codec(kind).read if attrs.has(kind) else _FROM_JSON[kind]
        return f"{self.name(read)}({value})"


def _of_optional(kind: Any) -> Any:
    """The type beside None in a union; None for any other type."""
    inner = [one for one in get_args(kind) if one is not NoneType]
    return inner[0] if len(inner) < len(get_args(kind)) else None
