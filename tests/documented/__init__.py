"""The calls that the public documentation shows, as Python calls."""
