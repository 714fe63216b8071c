"""Adding a bridge, which no cmdlet can: the real service makes bridges itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError
from confid.session import current_session

if TYPE_CHECKING:
    from confid.records import Bridge
    from confid.session import Session
    from confid.tenant import Tenant


def add_bridge(
    name: str,
    *,
    numbers: str | Iterable[str],
    region: str | None = None,
    session: Session | None = None,
) -> Bridge:
    """Add a dial-in bridge with numbers of its own, and return it.

    `numbers` are E.164 in any usual form, new to the tenant or of no bridge
    yet, toll or toll-free by the numbering plan; the first toll one is the
    bridge's default number. They are dedicated numbers. It isn't the tenant's
    default bridge: `Set-CsOnlineDialInConferencingBridge -SetDefault` makes it
    that. `region` is a word for people.

    Raises `InvalidArgumentError` for a name that is taken, a number that is
    none, comes twice or stands on a bridge, and numbers without a toll one.
    Source: behaviour, numbers and bridges.
    """
    if not isinstance(name, str) or not isinstance(region, (str, type(None))):
        raise InvalidArgumentError(
            f"name={name!r:.40}, region={region!r:.40}: both are texts.", target=name
        )
    # Read once, before a transaction is open: an iterable can be a slow one.
    read = _texts(numbers)

    def work(tenant: Tenant) -> Bridge:
        bridge = tenant.add_bridge(name, numbers=read, region=region)
        return tenant.setup.bridge_record(bridge)

    return current_session(session).call(work, write=True)


def _texts(numbers: object) -> list[str]:
    if isinstance(numbers, str):
        return [numbers]
    if isinstance(numbers, Iterable):
        return list(numbers)
    raise InvalidArgumentError(
        f"numbers={numbers!r:.40}: give a list of numbers, as ['+14255550100'].", target="numbers"
    )
