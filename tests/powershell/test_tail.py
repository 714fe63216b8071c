"""What stands behind a `|` chooses, sorts and selects as the engine does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from rows import params, people

from confid.errors import ConfidError
from confid.powershell import pipe

COLLATED = {
    "Sort-Object DisplayName -CaseSensitive": "ICU puts small letters before capitals",
    "where Level -gt 1 | select -exp DisplayName | Sort-Object": "ICU puts `Å` among the A's",
}
"""Rows whose order hangs on ICU's collation, by what stands behind the bar, and why."""


def shown(value: Any) -> Any:
    """Write a value as the answers have it."""
    if isinstance(value, dict):
        return [[name, shown(inner)] for name, inner in value.items()]
    if isinstance(value, list):
        return {"type": "list", "value": [shown(item) for item in value]}
    if isinstance(value, datetime):
        zone = "Z" if value.tzinfo else ""
        return {"type": "datetime", "value": f"{value:%Y-%m-%dT%H:%M:%S}.0000000{zone}"}
    kind = None if value is None else "string" if isinstance(value, str) else type(value).__name__
    return {"type": kind, "value": value}


@pytest.mark.parametrize(("case", "answer"), params("tail"))
def test_comes_out_as_from_the_engine(case: Any, answer: Any) -> None:
    """Each row of tail.json over the people: the objects in order, or the error."""
    error = None
    found: list[Any] = []
    try:
        found = [shown(item) for item in pipe(people(), case["tail"])]
    except ConfidError as failed:
        error = {"category": failed.category, "id": failed.error_id}
        if parameter := getattr(failed, "parameter", None):
            error["parameter"] = parameter
    assert error == answer["error"]
    if case["tail"] in COLLATED:
        assert found != answer["objects"]
        found.sort(key=repr)
        answer = {"objects": sorted(answer["objects"], key=repr)}
    assert found == answer["objects"]
