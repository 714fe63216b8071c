"""The logger `confid`: silent unless the program listens, and free where nothing logs.

`logging` isn't imported for it: where no other part of the program has imported it, nobody can
listen. No record ever has a PIN, a password or a key.
"""

from __future__ import annotations

import sys

NAME = "confid"
DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40


def log(level: int, text: str, *facts: object) -> None:
    """Log a line; `facts` fill the places of `text`, as `logging` has it."""
    logging = sys.modules.get("logging")
    if logging is None:
        return
    logger = logging.getLogger(NAME)
    if not logger.handlers:
        # Else a program without handlers would find warnings on standard error.
        logger.addHandler(logging.NullHandler())
    logger.log(level, text, *facts)
