"""Faults in real processes: killed, interrupted, blocked by each other.

`python -m tests.faults.wound_back --help`, and so `killed_writers`, `mixed_load` and `promoted`.
"""
