"""`Store.holder` in one statement, for SQL stores."""

# ruff: noqa: S608 - every name in a statement has been checked

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from confid.store.base import FIRST_ID, LAST_ID, check_text
from confid.store.checks import known_kind
from confid.store.sql import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confid.store.base import Body, Kind


@functools.cache
def _holder_statement(owned: int, beside: int, *, mark: str, schema: str, equals: str) -> str:
    body = f"(SELECT body FROM {schema}documents WHERE kind {equals} {mark} AND key {equals} "
    columns = ["owner", *[f"{body}l.owner)"] * owned, *[f"{body}{mark})"] * beside]
    return (
        f"SELECT {', '.join(columns)} FROM {schema}ledger AS l "
        f"WHERE conference_id {equals} {mark} AND retired_at IS NULL"
    )


def holder_query(
    kinds: Mapping[str, Kind],
    conference_id: int,
    owned: Sequence[str],
    beside: Sequence[tuple[str, str]],
    *,
    mark: str,
    schema: str = "",
    equals: str = "=",
) -> tuple[str, tuple[object, ...]]:
    """`Store.holder` as one statement, with what is bound to it."""
    named = [text for document in beside for text in document]
    for name in (*owned, *named[::2]):
        known_kind(kinds, name)
    check_text(*named)
    # No ledger holds 0, and not every driver takes an integer of any size.
    number = int(conference_id) if FIRST_ID <= conference_id <= LAST_ID else 0
    statement = _holder_statement(len(owned), len(beside), mark=mark, schema=schema, equals=equals)
    return statement, (*owned, *named, number)


def holder_answer(rows: Iterable[Any], place: object) -> tuple[str, list[Body | None]] | None:
    """What `Store.holder` returns, from the rows of its statement."""
    for owner, *texts in rows:
        return owner, [None if text is None else from_json(text, place) for text in texts]
    return None
