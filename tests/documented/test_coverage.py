"""Every cmdlet has a documented example; and what the documentation says doesn't work, doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from confid.errors import (
    ConfidError,
    InvalidOperationError,
    LicenseError,
    StaticConferenceIdError,
)
from tests.documented import test_bridges, test_migration, test_policies, test_users
from tests.documented.examples import KEN, OLEG
from tests.tenants import enable, get, remove_policy, set_settings, set_user
from tests.test_reference import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = [
    *test_bridges.EXAMPLES,
    *test_migration.EXAMPLES,
    *test_users.EXAMPLES,
    *test_policies.EXAMPLES,
]


@pytest.mark.parametrize("name", NAMES)
def test_every_cmdlet_has_a_documented_example(name: str) -> None:
    """At least one, in which it is called by its name."""
    assert any(name in example.line.split() for example in EXAMPLES)


@pytest.mark.parametrize(
    ("cmdlet", "call", "error"),
    [
        (
            "Enable-CsOnlineDialInConferencingUser",
            lambda: enable(KEN, conference_id=1234567),
            StaticConferenceIdError,
        ),
        (
            "Set-CsOnlineDialInConferencingUser",
            lambda: set_user(KEN, conference_id=1234567),
            StaticConferenceIdError,
        ),
        (
            "Set-CsOnlineDialInConferencingTenantSettings",
            lambda: set_settings(use_unique_conference_ids=False),
            StaticConferenceIdError,
        ),
        (
            "Remove-CsTeamsAudioConferencingPolicy",
            lambda: remove_policy("Global"),
            InvalidOperationError,
        ),
        ("Enable-CsOnlineDialInConferencingUser", lambda: enable(OLEG), LicenseError),
    ],
)
def test_what_the_documentation_says_does_not_work_is_refused(
    cmdlet: str, call: Callable[[], Any], error: type[ConfidError]
) -> None:
    """An ID of one's own, static IDs, the policy that stays, a user without a licence."""
    before = get(KEN)
    with pytest.raises(error) as caught:
        call()
    assert caught.value.fully_qualified_error_id.endswith(f",{cmdlet}")
    assert get(KEN) == before
