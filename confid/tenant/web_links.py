"""The tenant's web pages that messages link to: for numbers, meetings and PINs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from confid.store.base import TENANT
from confid.tenant.codec import codec

if TYPE_CHECKING:
    from confid.tenant.unit_of_work import UnitOfWork

LINKS = "mail_links"
"""The key of their document."""


@attrs.frozen(kw_only=True)
class Links:
    """Addresses of pages. Messages leave out a link that is None."""

    find_local_number: str | None = None
    update_meetings: str | None = None
    reset_pin: str | None = None


NO_LINKS = Links()


def links_of(tenant: UnitOfWork) -> Links:
    """The links in a transaction."""
    body = tenant.transaction.get(TENANT.name, [LINKS]).get(LINKS, {})
    return codec(Links).read(body)
