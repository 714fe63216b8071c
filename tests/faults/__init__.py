"""Faults as they happen: real processes, killed. `python -m tests.faults.wound_back --help`."""
