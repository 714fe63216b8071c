"""The ledger for people: look IDs up, count what is left, export it and merge an export."""

from confid.ledger.exports import export, merge
from confid.ledger.lookup import entries, entry, remaining, whois

__all__ = ["entries", "entry", "export", "merge", "remaining", "whois"]
