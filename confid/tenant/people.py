"""A person as the tenant's documents have them, and what is to become of one.

`Tenant.apply` carries out changes, any number at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from confid.ids.conference_id import ConferenceId
    from confid.tenant.documents import Conferencing
    from confid.tenant.notices import Notice
    from confid.tenant.records import DirectoryUser

CHUNK = 1000
"""People handled at once: bounds the memory of a large call, and its statements."""


@attrs.frozen(kw_only=True)
class Person:
    """A directory user with what belongs to them: dial-in settings, if ever any, and ID."""

    user: DirectoryUser
    conferencing: Conferencing | None = None
    conference_id: ConferenceId | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether they are enabled for audio conferencing."""
        return self.conferencing is not None and self.conferencing.enabled

    def __str__(self) -> str:
        return self.user.user_principal_name


@attrs.frozen(kw_only=True)
class Change:
    """What is to become of one person.

    `after` are the settings to keep. `retire` ends the living ID, `issue`
    draws a new one; a reset is both. `pin` is a new PIN in clear, for the
    message and the returned record. `user` is written when it differs.
    `migrate` queues a migration of their meetings, which enabling, disabling,
    a reset and another bridge do anyway.
    """

    person: Person
    after: Conferencing
    retire: bool = False
    issue: bool = False
    pin: str | None = attrs.field(default=None, repr=False)
    notice: Notice | None = None
    user: DirectoryUser | None = None
    migrate: bool = False

    def asks_for_migration(self) -> bool:
        """Whether invitations sent before it are out of date. Source: behaviour, migration."""
        before, after = self.person.conferencing, self.after
        return (
            self.migrate
            or self.retire
            or self.issue
            or self.person.is_enabled != after.enabled
            or (before is not None and before.bridge_id != after.bridge_id)
        )
