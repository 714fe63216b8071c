"""Every documented example has a tenant of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.documented.examples import contoso

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _contoso() -> Iterator[None]:
    with contoso():
        yield
