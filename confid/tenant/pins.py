"""PINs: drawn, kept as digests, and compared.

A digest is keyed with the tenant's own key, which is in its store. A tenant
that was given a second key, kept elsewhere, keys each digest with that too.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError, PinKeyError, Secret
from confid.ids.dice import draw_pin
from confid.store.batches import pages
from confid.tenant.documents import CONFERENCING

if TYPE_CHECKING:
    from collections.abc import Callable

    from confid.ids.dice import Dice
    from confid.store.base import Transaction
    from confid.tenant.people import Person
    from confid.tenant.setup import SetupKeeper

SHORTEST_KEY = 16
"""Bytes; a shorter key could be guessed."""


class PinKey:
    """The key of PIN digests that is kept outside the store; a function is asked for it each time.

    No repr shows it. Its use raises `InvalidArgumentError` for anything but
    bytes, 16 at least, or a function that returns them.
    """

    __slots__ = ("_source",)

    def __init__(self, source: bytes | Callable[[], bytes]) -> None:
        self._source = source

    def __repr__(self) -> str:
        return "<a PIN key>"

    def _key(self) -> bytes:
        key = _Hidden(self._source() if callable(self._source) else self._source)
        if not isinstance(key.value, bytes) or len(key.value) < SHORTEST_KEY:
            raise InvalidArgumentError(
                f"pin_key takes at least {SHORTEST_KEY} bytes, or a function that returns them, "
                f"not a {type(key.value).__name__} that is something else or shorter.",
                target="pin_key",
            )
        return key.value

    def wrapped(self, digest: str) -> str:
        """A digest under the tenant's own key, keyed with this one too."""
        return hmac.digest(self._key(), bytes.fromhex(digest), "sha256").hex()

    def check_value(self, tenant_id: object) -> str:
        """A digest of the key, which the tenant keeps to recognise a wrong key."""
        return hmac.digest(self._key(), f"confid PIN key of {tenant_id}".encode(), "sha256").hex()


class _Hidden:
    """Keeps a key out of a traceback's local variables."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class Pins:
    """The PINs of a tenant, within one transaction. `key` is the one kept outside the store."""

    def __init__(
        self, transaction: Transaction, setup: SetupKeeper, *, dice: Dice, key: PinKey | None
    ) -> None:
        self._transaction = transaction
        self._setup = setup
        self._dice = dice
        self._given = key
        self._checked: PinKey | None = None

    def new(self) -> Secret:
        """A PIN of the length that the tenant's settings say. Raises as `digest` does."""
        self._key()
        return Secret(draw_pin(self._setup.current.settings.pin_length, self._dice))

    def digest(self, owner: str, pin: Secret) -> str:
        """The digest that is kept of a PIN: under the tenant's keys, bound to the owner.

        Raises `PinKeyError` when the tenant has a key outside its store, and
        it was not given.
        """
        key = self._key()
        digest = hashlib.blake2b(
            f"{owner}:{pin.reveal()}".encode(),
            key=self._setup.current.facts.pin_key,
            digest_size=32,
        ).hexdigest()
        return key.wrapped(digest) if key else digest

    def is_right(self, person: Person, pin: Secret) -> bool:
        """Whether this is the person's PIN; the same time for every answer. Raises as `digest`."""
        kept = (person.conferencing and person.conferencing.pin_digest) or ""
        return hmac.compare_digest(kept, self.digest(person.user.owner, pin))

    def attach(self, key: PinKey) -> None:
        """Make this the tenant's key, and key the existing digests with it in this transaction.

        If the tenant has a key, this one must be the same. Raises `PinKeyError` if it isn't.
        """
        self._given = key
        if self._key() is not None:
            return
        for bodies in pages(self._transaction, CONFERENCING):
            changed = {
                owner: {**body, "pin_digest": key.wrapped(body["pin_digest"])}
                for owner, body in bodies.items()
                if body.get("pin_digest")
            }
            self._transaction.put(CONFERENCING.name, changed)
        self._setup.put_own(pin_check=key.check_value(self._setup.current.facts.tenant_id))

    @property
    def have_outer_key(self) -> bool:
        """Whether the tenant has a key that is kept outside its store."""
        return self._check is not None

    @property
    def _check(self) -> str | None:
        check: str | None = (self._setup.body or {}).get("pin_check")
        return check

    def _key(self) -> PinKey | None:
        """The key outside the store, checked; None for a tenant without one."""
        check = self._check
        if check is None or self._checked is not None:
            return self._checked
        if self._given is None:
            raise PinKeyError(
                "This tenant's PINs are keyed with a key that is kept outside its store, and this "
                "session was opened without it. Connect with pin_key=."
            )
        if not hmac.compare_digest(
            check, self._given.check_value(self._setup.current.facts.tenant_id)
        ):
            raise PinKeyError("pin_key is not the key that this tenant's PINs are keyed with.")
        self._checked = self._given
        return self._checked
