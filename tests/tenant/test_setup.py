"""The set-up in a transaction: read once, and read again when it is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.tenant.records import TenantSettings
from tests.tenants import tenant

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_lock_shows_the_set_up_of_now(new_schema: Callable[[], str]) -> None:
    """Another session may have changed it since this transaction read it first."""
    place = new_schema()
    with tenant(store=place) as one, tenant(store=place) as other:
        for length, shared in ((7, False), (8, True)):
            with one.unit(write=True) as unit:
                before = unit.settings
                with other.unit(write=True) as theirs:
                    theirs.put_settings(attrs.evolve(before, pin_length=length))
                assert unit.settings == before
                unit.lock_setup(shared=shared)
                assert unit.settings == attrs.evolve(before, pin_length=length)
        assert before != TenantSettings()
