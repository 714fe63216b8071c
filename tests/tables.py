"""A table of many small rows as one test, which tries them all and names each that fails."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


PARAM = type(pytest.param())


def each_row(
    names: str | tuple[str, ...], rows: Iterable[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Use it as `pytest.mark.parametrize`, where a row takes less time than a test of its own."""
    columns, alone = ((names,), True) if isinstance(names, str) else (names, False)
    table = list(rows)
    assert table

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def tried(**fixtures: Any) -> None:
            failures: list[BaseException] = []
            for row in table:
                values = row.values if isinstance(row, PARAM) else (row,) if alone else row
                try:
                    test(**dict(zip(columns, values, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - the other rows are tried too
                    error.add_note(f"Row {values!r:.300}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(table)} rows fail", failures)

        signature = inspect.signature(test)
        fixtures = [p for name, p in signature.parameters.items() if name not in columns]
        tried.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return tried

    return decorate
