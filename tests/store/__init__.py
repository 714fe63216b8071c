"""The stores, each held to the contract."""
