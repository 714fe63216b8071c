"""Faults in real processes: killed, interrupted, blocked by each other.

`python -m tests.faults.wound_back --help`, and so `interrupted`, `killed_writers`, `mixed_load`
and `promoted`.
"""
