"""What the public documentation's examples share: the tenant they run on, and their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

import confid
from confid import cmdlets
from tests.tenants import get_bridge, new_policy, register

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confid.engine.session import Session
    from confid.tenant.policies import Family

get_user: Any = cmdlets.get_cs_online_user
get_info: Any = cmdlets.get_cs_online_dial_in_conferencing_user_info
get_state: Any = cmdlets.get_cs_online_dial_in_conferencing_user_state
set_default_number: Any = cmdlets.set_cs_online_dial_in_conferencing_user_default_number
get_dial_in: Any = cmdlets.get_cs_online_dialin_conferencing_policy
get_configuration: Any = cmdlets.get_cs_online_dialin_conferencing_tenant_configuration

KEN, PILAR, OLEG = "ken.myer@contoso.com", "pilar.ackerman@contoso.com", "oleg.petrov@contoso.com"
FIRST, OWN, FREE, SPARE = "14255550100", "14255550177", "18005550199", "14255550188"
OTHERS = "14255550166"
BRIDGE, SECOND = "Conference Bridge", "O365 Bridge"
EMEA, STAFF = "EMEA Users", "staff@contoso.com"


@attrs.frozen
class Example:
    """A documented call in our words, the same in Python, and whether what came out is right.

    An ID in it is cut short; three dots stand for more.
    """

    line: str
    call: Callable[[], Any]
    holds: Callable[[Any], object]


def documented(examples: Sequence[Example]) -> pytest.MarkDecorator:
    """Each example a test case of its own, by the line that it stands for."""
    return pytest.mark.parametrize("example", examples, ids=[each.line for each in examples])


def contoso() -> Session:
    """The demo tenant, with two dedicated numbers, a second bridge, a policy and a group more."""
    session = confid.demo(seed=1)
    for number in (OWN, FREE):
        register(number)
    confid.add_bridge(SECOND, numbers=[f"+{OTHERS}"])
    new_policy(EMEA)
    with session.unit(write=True) as unit:
        (pilar,) = unit.find_users([PILAR])
        assert not isinstance(pilar, confid.ConfidError)
        unit.put_users([attrs.evolve(pilar, groups=(STAFF,))])
    return session


def names(results: Any) -> list[str]:
    """The display names of what came out."""
    return [record.display_name for record in results]


def bridge_id(name: str = BRIDGE) -> Any:
    """The ID of a bridge."""
    return get_bridge(name=name).identity


def tenant_id() -> Any:
    """The ID of the tenant."""
    return get_bridge(name=BRIDGE).tenant_id


def is_current(conference_id: object) -> bool:
    """Whether callers can use an ID now."""
    known = confid.whois(str(conference_id))
    return known is not None and known.is_current


def events() -> list[str]:
    """What the mails that are owed tell of, the last one's last."""
    return [event.value for entry in confid.mail.outbox() for event in entry.events]


def effective(family: Family, who: str) -> str:
    """The name of the policy that counts for a user."""
    from confid.engine.session import current_session  # noqa: PLC0415 - the one look behind the curtain

    with current_session().unit(write=False) as unit:
        (user,) = unit.find_users([who])
        assert not isinstance(user, confid.ConfidError)
        return unit.policies.names(family, [user])[user.owner]
