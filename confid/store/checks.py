"""What every store refuses of documents, for the authors of stores."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from confid.errors import StoreError
from confid.store.base import Kind, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confid.store.base import Body


def encoder() -> Callable[[Body], str]:
    """What writes a body as JSON."""
    # A body within itself ends in a RecursionError, as one does that is too deep.
    slow = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
    writing = (None, slow.default, json.encoder.encode_basestring, None, ": ", ", ")
    try:
        # `encode` makes this for each text, which takes as long as a small body.
        parts = json.encoder.c_make_encoder(*writing, False, False, False)  # type: ignore[attr-defined]  # undocumented
    except (AttributeError, TypeError):  # another Python has none, or makes it otherwise
        return slow.encode
    return lambda body: "".join(parts(body, 0))


_AS_JSON = encoder()
_INDEXED = frozenset((str, type(None)))
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of a NUL; not an escaped backslash that `u0000` happens to follow."""


def unknown_kind(name: str) -> StoreError:
    """The error for a kind that the store was not opened with."""
    return StoreError(f"This store was not opened with the kind {name!r}.")


def unknown_field(kind: str, field: str) -> StoreError:
    """The error for a field that isn't one of the kind's."""
    return StoreError(f"The kind {kind!r} has no index field {field!r}.")


def known_kind(kinds: Mapping[str, Kind], name: str, field: str | None = None) -> Kind:
    """The kind of that name. Raises `StoreError` when it, or its field, doesn't exist."""
    kind = kinds.get(name)
    if kind is None:
        raise unknown_kind(name)
    if field is not None and field not in kind.fields:
        raise unknown_field(name, field)
    return kind


def to_json(documents: Mapping[str, Body]) -> dict[str, str]:
    """The bodies as JSON text, by key. Refuses what no store can keep or give back."""
    if not all(documents):
        raise StoreError("A document's key can't be empty.", category="InvalidData")
    try:
        texts = {key: _AS_JSON(body) for key, body in documents.items()}
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"A document must be JSON: {error}.", category="InvalidData") from error
    check_text(*texts, *texts.values())
    for text in texts.values():
        if "\\u0000" in text and _NUL_IN_JSON.search(text):
            check_text("\0")
    return texts


def index_of(kind: Kind, body: Body) -> dict[str, str | None]:
    """The values of the kind's index fields in a body. One that isn't text is refused."""
    if not kind.fields:
        return {}
    index = body.get("index") or {}
    if not isinstance(index, dict):
        raise StoreError("A document's index maps fields to text or None.", category="InvalidData")
    values = index
    if tuple(index) != kind.fields:
        values = dict(zip(kind.fields, map(index.get, kind.fields), strict=True))
    if _INDEXED.issuperset(map(type, values.values())):
        return values
    for field, value in values.items():
        if value is not None and not isinstance(value, str):
            raise StoreError(
                f"The index field {kind.name}.{field} takes text or None.", category="InvalidData"
            )
    return values
