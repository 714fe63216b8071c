"""The ledger for people: what was issued, what is left, and making good what a restore forgot."""

from confid.ledger.export import export
from confid.ledger.merge import merge
from confid.ledger.reading import entries, entry, remaining, whois

__all__ = ["entries", "entry", "export", "merge", "remaining", "whois"]
