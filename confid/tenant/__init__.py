"""One tenant in one transaction: its records and documents, and the unit of work."""
