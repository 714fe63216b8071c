"""Scalars of numpy and pandas as the Python values that they stand for."""

from __future__ import annotations

from typing import Any


def python_scalar(value: Any) -> Any:
    """A scalar of numpy or pandas as Python's; None for what frames have in place of nothing.

    Any other value comes back as it is.
    """
    cls = type(value)
    module = cls.__module__.partition(".")[0]
    if module == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 0):
        # Of nanoseconds, item() would give a number.
        value = value.astype("M8[us]").item() if value.dtype.kind == "M" else value.item()
    elif module == "pandas":
        if cls.__name__ in ("NAType", "NaTType"):
            return None
        if cls.__name__ == "Timestamp":
            return value.to_pydatetime(warn=False)
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN
