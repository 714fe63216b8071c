"""The ledger for people: what was issued, what is left, and making good what a restore forgot."""

from confid.ledger.exports import export, merge
from confid.ledger.lookup import entries, entry, remaining, whois

__all__ = ["entries", "entry", "export", "merge", "remaining", "whois"]
