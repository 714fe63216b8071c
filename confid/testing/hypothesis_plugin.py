"""The hypothesis plugin: hypothesis knows `ConferenceId` without an import of confid.testing.

`import hypothesis` calls `register`, perhaps while `confid.testing.strategies` is importing
hypothesis, so the strategy is asked for when a test draws from it, and not before.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from confid.ids.conference_id import ConferenceId


def register() -> None:
    """Tell hypothesis the strategy of `ConferenceId`; its entry point calls this."""
    st.register_type_strategy(ConferenceId, _conference_ids)


def _conference_ids(_: type) -> st.SearchStrategy[Any]:
    from confid.testing.strategies import conference_ids  # noqa: PLC0415 - imported when it is asked for

    return conference_ids()
