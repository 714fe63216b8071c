"""One tenant in one transaction."""
