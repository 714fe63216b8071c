"""How fast confid is: `python -m tests.benchmarks` prints a table and writes JSON.

Each figure is a ratio to a floor measured in the same run, in turns: the
plainest program that does the same reads and writes. A ratio says more on a
noisy machine than seconds do.
"""
