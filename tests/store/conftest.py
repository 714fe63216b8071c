"""What several tests of stores need around them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def no_sweep() -> Iterator[None]:
    """No finalizer of another test's garbage runs in between, which would be interrupted too."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
