"""Hypothesis strategies for what confid takes and gives.

Hypothesis knows the one of `ConferenceId` without an import: `st.from_type(ConferenceId)`.
"""

from __future__ import annotations

from hypothesis import strategies as st

from confid.ids.conference_id import ConferenceId
from confid.store.base import FIRST_ID, LAST_ID

LICENCES = ("", "MCOMEETADV", "MCOMEETADV;ENTERPRISEPACK", "ENTERPRISEPACK")
COUNTRIES = ("US", "GB", "DE", "JP", "")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=20,
)


def conference_ids() -> st.SearchStrategy[ConferenceId]:
    """Any conference ID, whether or not a tenant has issued it."""
    return st.integers(FIRST_ID, LAST_ID).map(ConferenceId)


def phone_numbers() -> st.SearchStrategy[str]:
    """Numbers in E.164 that nobody has: North America and the United Kingdom keep some for fiction.

    Some of them are toll-free.
    """
    american = st.builds(
        "+1{}55501{:02}".format, st.sampled_from(("206", "212", "425", "800")), st.integers(0, 99)
    )
    british = st.builds("+44207946{:04}".format, st.integers(0, 999))
    return american | british


def rosters(*, max_size: int = 20) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rosters as `confid.import_users` takes them: nobody twice, with and without a licence."""
    row = st.fixed_dictionaries(
        {
            "UserPrincipalName": st.from_regex(r"[a-z][a-z0-9]{0,9}@contoso\.com", fullmatch=True),
            "DisplayName": WORDS.filter(lambda text: text == text.strip()),
            "Licenses": st.sampled_from(LICENCES),
        },
        optional={
            "UsageLocation": st.sampled_from(COUNTRIES),
            "Department": st.sampled_from(("Finance", "Sales", "")),
        },
    )
    return st.lists(
        row, max_size=max_size, unique_by=lambda person: person["UserPrincipalName"]
    ).map(_in_columns)


def _in_columns(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with the same columns in each, as a file has them."""
    columns = {column: "" for row in rows for column in row}
    return [{**columns, **row} for row in rows]
