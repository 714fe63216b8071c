"""How complete the package's types are: `python -m tests.type_checks` fails below 99 %."""

from __future__ import annotations

import sys

from tests.type_checks.test_types import COMPLETE, PACKAGE, pyright

said = pyright("--verifytypes", "confid", "--ignoreexternal", cwd=PACKAGE.parent)
score, symbols = (said["typeCompleteness"][key] for key in ("completenessScore", "symbols"))
unknown = [each["name"] for each in symbols if each["isExported"] and not each["isTypeKnown"]]
print(f"{score:.1%} of the types of confid are known; unknown:", *unknown)  # noqa: T201 - its answer
sys.exit(score < COMPLETE)
