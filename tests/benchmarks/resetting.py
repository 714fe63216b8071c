"""One of many resetting processes: `python -m tests.benchmarks.resetting STORE USERS`.

Prints `ready` once it has reset somebody; then, for each line of its input, a
number of seconds, resets random people for so long and prints how many it
reset in a second, and how many seconds of a processor one took it.
"""

from __future__ import annotations

import random
import sys
from time import perf_counter, process_time

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.host import SilentHost

from .tenants import identities


def main(store: str, users: int) -> None:
    """Reset as often as it is asked to, until the input ends."""
    names, dice = identities(users), random.Random()

    def reset() -> None:
        set_cs_online_dial_in_conferencing_user(dice.choice(names), reset_conference_id=True)

    with confid.connect(store, create=False, host=SilentHost()):
        reset()
        _say("ready")
        for line in sys.stdin:
            done, start, busy = 0, perf_counter(), process_time()
            while (taken := perf_counter() - start) < float(line):
                reset()
                done += 1
            _say(f"{done / taken} {(process_time() - busy) / done}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
