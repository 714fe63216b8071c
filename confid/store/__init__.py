"""Stores: where a tenant lives. One interface, and a factory from a URL or a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.store.base import FIRST_ID as FIRST_ID
    from confid.store.base import IMPORTED as IMPORTED
    from confid.store.base import ISSUED as ISSUED
    from confid.store.base import LAST_ID as LAST_ID
    from confid.store.base import Body as Body
    from confid.store.base import Claim as Claim
    from confid.store.base import Current as Current
    from confid.store.base import Find as Find
    from confid.store.base import Get as Get
    from confid.store.base import Kind as Kind
    from confid.store.base import LedgerEntry as LedgerEntry
    from confid.store.base import Living as Living
    from confid.store.base import Moment as Moment
    from confid.store.base import Store as Store
    from confid.store.base import Transaction as Transaction
    from confid.store.entries import as_row as as_row
    from confid.store.entries import enter as enter
    from confid.store.entries import from_row as from_row
    from confid.store.memory import MemoryStore as MemoryStore
    from confid.store.overlay import OverlayStore as OverlayStore
    from confid.store.postgres.store import PostgresStore as PostgresStore
    from confid.store.read_only import ReadOnlyStore as ReadOnlyStore
    from confid.store.sqlite.store import SQLiteStore as SQLiteStore
    from confid.store.urls import from_url as from_url
else:
    __getattr__, __dir__ = names_on_demand(__name__)
