"""Faults as they happen: real processes, killed or in each other's way.

`python -m tests.faults.wound_back --help`, and so `killed_writers`, `mixed_load` and `promoted`.
"""

import sys
from pathlib import Path

# What the tests beside this package share; pytest finds it by itself.
sys.path.append(str(Path(__file__).parents[1]))
