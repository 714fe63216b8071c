"""The real engine's answers as test cases, and their values as Python values.

The rows stand in `tests/data/powershell/`; its README says what each file holds.
A test module takes `params("json")` for `pytest.mark.parametrize` and turns the
values of a case into Python with `value(…)`.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark.structures import ParameterSet  # what pytest.param returns

DATA = Path(__file__).parent.parent / "data" / "powershell"

Json = Any
"""What json.loads gives."""


class StateType(Enum):
    """The enumeration of that name in the cases, with the engine's numbers."""

    Pending = 0
    InProgress = 1
    Failed = 2
    Succeeded = 3


class EntryExitAnnouncementsType(Enum):
    """The enumeration of that name in the cases, with the engine's numbers."""

    UseNames = 0
    ToneOnly = 1


ENUMS: dict[str, type[Enum]] = {
    "StateType": StateType,
    "EntryExitAnnouncementsType": EntryExitAnnouncementsType,
}


class Record:
    """An object with a type name: what a record of confid looks like from outside."""

    __powershell_type__: ClassVar[str] = "Record"

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties

    def __repr__(self) -> str:
        return f"Record({self._properties})"

    def __powershell__(self) -> dict[str, Any]:
        return dict(self._properties)


@cache
def record_type(name: str) -> type[Record]:
    """Return the class of the records with that PowerShell type name; always the same one."""
    return type(name.rpartition(".")[2], (Record,), {"__powershell_type__": name})


def value(case: Json) -> Any:
    """Turn a value of a case into the Python value that stands for it.

    In: JSON, with `{"$type": …}` where JSON has no such type. Out: None, bool, int,
    float, str, Decimal, datetime, UUID, Enum, list, a dict for an `object`, a Record
    for a `typed`. A JSON object without `$type` is a dict. KeyError on an unknown type.
    """
    if isinstance(case, list):
        return [value(item) for item in case]
    if not isinstance(case, dict):
        return case
    if "$type" not in case:
        return {name: value(item) for name, item in case.items()}
    return _TYPES[case["$type"]](case)


def _properties(case: Json) -> dict[str, Any]:
    return {name: value(item) for name, item in case["properties"]}


_TYPES: dict[str, Callable[[Json], Any]] = {
    "datetime": lambda case: datetime.fromisoformat(case["value"]),
    "guid": lambda case: UUID(case["value"]),
    "int64": lambda case: int(case["value"]),
    "double": lambda case: float(case["value"]),
    "decimal": lambda case: Decimal(str(case["value"])),
    "enum": lambda case: ENUMS[case["name"]][case["value"]],
    "switch": lambda case: bool(case["value"]),
    "list": lambda case: [value(item) for item in case["value"]],
    "object": _properties,
    "typed": lambda case: record_type(case["name"])(_properties(case)),
}


@cache
def load(name: str) -> Json:
    """Load what a file of rows holds, by its name without `.json`. Don't change it."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def people() -> list[Any]:
    """Return the people of people.json as Python values, new ones on each call."""
    return [value(person) for person in load("people")]


def label(case: Json, *, limit: int = 70) -> str:
    """Write a case as a readable test id: its values, shortened."""
    text = json.dumps(_plain(case), ensure_ascii=False)
    text = "".join(c for c in text if c not in '"{}[]\\').replace("::", ":")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _plain(case: Json) -> Json:
    if isinstance(case, list):
        return [_plain(item) for item in case]
    if not isinstance(case, dict):
        return case
    if "$type" in case and "properties" in case:
        return {name: _plain(item) for name, item in case["properties"]}
    return _plain(case["value"]) if "$type" in case else {k: _plain(v) for k, v in case.items()}


def params(name: str) -> list[ParameterSet]:
    """Return each row of a file as `pytest.param(case, answer, id=…)`."""
    content = load(name)
    rows = content["rows"] if isinstance(content, dict) else content
    return [
        pytest.param(row["case"], row["answer"], id=f"{number:03}-{label(row['case'])}")
        for number, row in enumerate(rows)
    ]
