"""What every store promises, as tests: `confid.store.base`, sentence by sentence.

A store passes it in three lines:

    class TestMyStore(StoreContract):
        def make_store(self, tmp_path):
            return MyStore(tmp_path / "tenant")
"""

from __future__ import annotations

from confid.testing.contract.answers import AnswersContract
from confid.testing.contract.concurrency import ConcurrencyContract
from confid.testing.contract.documents import DocumentsContract
from confid.testing.contract.ledger import LedgerContract
from confid.testing.contract.places import PlacesContract
from confid.testing.contract.transactions import TransactionsContract


class StoreContract(
    DocumentsContract,
    LedgerContract,
    AnswersContract,
    TransactionsContract,
    ConcurrencyContract,
    PlacesContract,
):
    """Subclass it, say how a store is made, and pytest runs the contract."""
