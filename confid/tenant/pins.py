"""PINs: drawn, kept as digests, and compared. Source: behaviour, PIN."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from confid.ids.dice import draw_pin

if TYPE_CHECKING:
    from confid.ids.dice import Dice
    from confid.tenant.people import Person
    from confid.tenant.setup import SetupKeeper


class Pins:
    """The PINs of a tenant, within one transaction."""

    def __init__(self, setup: SetupKeeper, *, dice: Dice) -> None:
        self._setup = setup
        self._dice = dice

    def new(self) -> str:
        """A PIN of the length that the tenant's settings say."""
        return draw_pin(self._setup.current.settings.pin_length, self._dice)

    def digest(self, owner: str, pin: str) -> str:
        """What is kept of a PIN: a digest under the tenant's key, bound to its owner."""
        message, key = f"{owner}:{pin}".encode(), self._setup.current.facts.pin_key
        return hashlib.blake2b(message, key=key, digest_size=32).hexdigest()

    def is_right(self, person: Person, pin: str) -> bool:
        """Whether this is the person's PIN; the same time for every answer."""
        kept = (person.conferencing and person.conferencing.pin_digest) or ""
        return hmac.compare_digest(kept, self.digest(person.user.owner, pin))
