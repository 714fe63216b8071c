"""Resets one person's conference ID over and over: `resetter STORE WITNESS PERSON COUNT`.

Prints each ID once its reset has returned, and nothing else; killed at any
moment it has printed only what was committed.
"""

from __future__ import annotations

import sys

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user
from confid.host import SilentHost


def main(store: str, witness: str, person: str, count: int) -> None:
    """Reset `count` times."""
    with confid.connect(store, witness=witness, create=False, host=SilentHost()):
        for _ in range(count):
            user = set_cs_online_dial_in_conferencing_user(person, reset_conference_id=True)
            sys.stdout.write(f"{user.conference_id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
