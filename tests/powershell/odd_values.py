"""Values for the tests of views, CSV and JSON: Hypothesis strategies and examples."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from typing import Any

from hypothesis import strategies as st


class ConferenceNumber(int):
    """A whole number with a type of its own, as conference IDs have."""

    def __str__(self) -> str:
        return int.__repr__(self)

    def __repr__(self) -> str:
        return f"ConferenceNumber({int(self)})"


class Announcements(StrEnum):
    """An enumeration whose values are PowerShell's names."""

    USE_NAMES = "UseNames"
    TONE_ONLY = "ToneOnly"


class Level(IntEnum):
    """An enumeration of whole numbers."""

    Low = 1
    High = 7


class Plain(Enum):
    """An enumeration whose values are neither text nor numbers."""

    First = ()
    Second = (1,)


class Rights(Flag):
    """An enumeration whose members can be combined."""

    Read = 1
    Write = 2


scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers().map(ConferenceNumber),
    st.floats(),
    st.decimals(),
    st.sampled_from([Decimal("1E+5000"), Decimal("1E-5000"), Decimal("sNaN")]),
    st.text(),
    st.text(st.sampled_from("a ,;\"'\r\n\t…李😀é\u0301\u00ad\u00a0\u200d\x1b[1m")),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.dates(),
    st.timedeltas(),
    st.uuids(),
    st.sampled_from([*Announcements, *Level, *Plain, *Rights, Rights.Read | Rights.Write]),
    st.binary(max_size=5),
    st.complex_numbers(),
)

names = st.text(min_size=1, max_size=12)

values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(names, inner, max_size=4),
    ),
    max_leaves=8,
)

objects = st.dictionaries(names, values, min_size=1, max_size=6)
