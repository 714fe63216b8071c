"""How complete the package's types are: `python -m tests.type_checks` fails below 99 %."""

from __future__ import annotations

import sys

from tests.type_checks.test_types import COMPLETE, PACKAGE, pyright

said = pyright(
    "--pythonpath", sys.executable, "--verifytypes", "confid", "--ignoreexternal",
    cwd=PACKAGE.parent,
)  # fmt: skip
score = said["typeCompleteness"]["completenessScore"]
print(f"{score:.1%} of the types of confid are known")  # noqa: T201 - its answer
sys.exit(score < COMPLETE)
