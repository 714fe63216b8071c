"""What works with tenants on a read-only disk: `read_only UID PATH…`.

Reads, audits and resets each, as that user, and resets in an overlay; a line
for each path says whether it was done, or the error's category and whether it
names the file.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import (
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.errors import StoreError
from confid.host import SilentHost
from confid.store import OverlayStore, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable


def _reset() -> None:
    (someone, *_) = get_cs_online_dial_in_conferencing_user()
    set_cs_online_dial_in_conferencing_user(someone.identity, reset_conference_id=True)


def tried(path: str, call: Callable[[], object], *, overlay: bool = False) -> str:
    """The result of a call."""
    store = SQLiteStore(path)
    try:
        with confid.connect(OverlayStore(store) if overlay else store, host=SilentHost()):
            call()
    except StoreError as error:
        return f"{error.category} {path in str(error)}"
    return "done"


def main(uid: int, paths: list[str]) -> None:
    """Try each call and record its result."""
    calls = (get_cs_online_dial_in_conferencing_user, confid.check, _reset)
    # What is imported late has to be here before somebody else can't read it any more.
    with confid.demo():
        for call in calls:
            call()
    for overlay in (False, True):
        tried("missing/tenant.db", confid.check, overlay=overlay)
    if uid != os.getuid():
        os.setuid(uid)
    for path in paths:
        said = [*(tried(path, call) for call in calls), tried(path, _reset, overlay=True)]
        sys.stdout.write(", ".join(said) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
