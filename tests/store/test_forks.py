"""A transaction is its process's own: every use of one in a forked child refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import confid

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't fork")

PREAMBLE = """
import multiprocessing, os, sys, warnings
import confid
from confid.cmdlets import *
from confid.errors import StoreError
from confid.store import MemoryStore, OverlayStore, SQLiteStore
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own word on forks and threads
store = MemoryStore() if sys.argv[1] == "memory" else SQLiteStore(sys.argv[1])
if sys.argv[2:]:
    confid.connect(store).close()
    store = OverlayStore(store)
KEN, ANN = "ken@contoso.com", "ann@contoso.com"
session = confid.connect(store)
confid.import_users(
    [{"UserPrincipalName": name, "Licenses": "MCOMEETADV"} for name in (KEN, ANN)]
)
enable_cs_online_dial_in_conferencing_user([KEN, ANN])

def reset(name):
    return set_cs_online_dial_in_conferencing_user(name, reset_conference_id=True)

def refused(*uses):
    for use in uses:
        try:
            use()
        except StoreError:
            continue
        print("not refused:", use)
        return False
    return True

def audit(issued):
    report = confid.check()
    print(report.problems, report.issued == issued)
"""

IN_A_BLOCK = """
block = session.transaction()
block.__enter__()
told = reset(KEN).conference_id

def use(*, left=False):
    return refused(
        lambda: reset(ANN),
        lambda: reset(KEN),
        lambda: get_cs_online_dial_in_conferencing_user(KEN),
        lambda: get_cs_online_dial_in_conferencing_user(),
        lambda: session.transaction().__enter__(),
        *([] if left else [lambda: block.__exit__(None, None, None)]),
        lambda: reset(ANN),
    )

"""

ON_THE_STORE = """
from confid.store import Claim
from datetime import UTC, datetime
block = store.transaction(write=True)
tx = block.__enter__()
NOW = datetime(2026, 1, 2, tzinfo=UTC)

def use(*, left=False):
    return refused(
        tx.count,
        tx.has_issued,
        lambda: tx.get("user", ["x"]),
        lambda: list(tx.entries()),
        lambda: tx.current(["x"]),
        lambda: tx.claim([(1_000_000, "x")], Claim(at=NOW)),
        lambda: tx.retire(["x"], at=NOW),
        lambda: tx.put("tenant", {"x": {}}),
        lambda: tx.delete("tenant", ["seal"]),
        lambda: tx.savepoint().__enter__(),
        lambda: store.transaction(write=False).__enter__(),
        *([] if left else [lambda: block.__exit__(None, None, None)]),
        tx.count,
    )

"""

FORKS = {
    "os.fork": """
child = os.fork()
if child == 0:
    os._exit(0 if use() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    "os.fork, and Python ends": """
child = os.fork()
if child == 0:
    sys.exit(0 if use() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    "an error leaves the child's block": """
child = os.fork()
if child == 0:
    error = ValueError()
    block.__exit__(ValueError, error, None)
    sys.exit(0 if use(left=True) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    "multiprocessing": """
child = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(0 if use() else 1))
child.start()
child.join()
print(child.exitcode)
""",
}

END_OF_A_BLOCK = """
reset(ANN)
block.__exit__(None, None, None)
audit(4)
print(get_cs_online_dial_in_conferencing_user(KEN).conference_id == told)
"""

END_ON_THE_STORE = """
tx.claim([(1_000_000, "x"), (1_000_001, "y")], Claim(at=NOW))
tx.retire(["x", "y"], at=NOW)
block.__exit__(None, None, None)
audit(4)
print(True)
"""


SCRIPTS = {
    **{fork: (IN_A_BLOCK, way, END_OF_A_BLOCK) for fork, way in FORKS.items()},
    "on the store": (ON_THE_STORE, FORKS["os.fork"], END_ON_THE_STORE),
}
"""In a block, and in a transaction of the store, whatever it is asked."""

ALL = """
import json, sys
for script, sys.argv[1:] in json.load(sys.stdin):
    exec(script, {})
    sys.stdout.flush()
"""
"""One process runs them one after the other, each on a tenant of its own."""

FINE = "0\n() True\nTrue\n"


@pytest.mark.parametrize("place", ["memory", "sqlite", "overlay"])
def test_a_block_is_refused_in_a_child(tmp_path: Path, place: str) -> None:
    """Its end too; and the parent's goes on as if there had been no child."""
    scripts: list[tuple[str, list[str]]] = []
    for name, parts in SCRIPTS.items():
        code = "\n".join([PREAMBLE, *parts, "session.close()", f"print({name!r})"])
        where = place if place == "memory" else str(tmp_path / f"{len(scripts)}.db")
        scripts.append((code, [where, *([place] if place == "overlay" else [])]))
    done = subprocess.run(
        [sys.executable, "-c", ALL],
        check=True,
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(confid.__file__).parents[1],
    )
    assert done.stdout == "".join(f"{FINE}{name}\n" for name in SCRIPTS)
