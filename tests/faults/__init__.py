"""Faults as they happen: real processes, killed or in each other's way.

`python -m tests.faults.wound_back --help`, and so `killed_writers`, `mixed_load` and `promoted`.
"""
