"""Figures of fresh interpreters: what `import confid` costs."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from .measure import Figure, in_turns, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .scale import Scale

FIRST_RESET = """
import confid
from confid.cmdlets import *
session = confid.demo(seed=1)
set_cs_online_dial_in_conferencing_user("ken.myer@contoso.com", reset_conference_id=True)
"""


def figures(scale: Scale) -> Iterator[Figure]:
    """Each is the wall time of an interpreter minus that of one that does nothing."""
    programs = ("pass", "import attrs", "import confid", FIRST_RESET)
    bare, attrs, confid, reset = in_turns(
        scale.starts, *(partial(_interpreter, program) for program in programs)
    )
    floor = _beyond(attrs, bare)
    yield ratio("import confid, to import attrs", _beyond(confid, bare), floor, target=2.5)
    yield ratio("import to first reset, confid.demo()", _beyond(reset, bare), floor)


def _interpreter(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)


def _beyond(seconds: Sequence[float], bare: Sequence[float]) -> list[float]:
    """What a program took beyond an empty one; no less than 0.1 ms, which noise can make it."""
    return [max(taken - least, 1e-4) for taken, least in zip(seconds, bare, strict=True)]
