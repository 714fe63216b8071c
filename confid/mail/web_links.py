"""Look at the links in messages, and set them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from confid.engine.own_function import own_function
from confid.engine.parameters import UNSET
from confid.engine.session import current_session
from confid.errors import InvalidArgumentError, shown
from confid.store.base import TENANT
from confid.tenant.codec import codec
from confid.tenant.text import is_one_line
from confid.tenant.web_links import LINKS, Links, links_of

if TYPE_CHECKING:
    from confid.engine.parameters import Unset
    from confid.engine.session import Session


@own_function("confid.mail.links")
def links(*, session: Session | None = None) -> Links:
    """The links in the tenant's messages."""
    with current_session(session).unit(write=False) as tenant:
        return links_of(tenant)


@own_function("confid.mail.set_links", writes=True)
def set_links(
    *,
    find_local_number: str | Unset | None = UNSET,
    update_meetings: str | Unset | None = UNSET,
    reset_pin: str | Unset | None = UNSET,
    session: Session | None = None,
) -> Links:
    """Set links in the messages that leave from now on; None removes one. Returns all links.

    Raises `InvalidArgumentError` for a value that is no address of a web page.
    """
    given = {
        "find_local_number": find_local_number,
        "update_meetings": update_meetings,
        "reset_pin": reset_pin,
    }
    changes = {
        name: value if value is None else _checked(name, value)
        for name, value in given.items()
        if not isinstance(value, type(UNSET))
    }
    with current_session(session).unit(write=True) as tenant:
        tenant.transaction.get(TENANT.name, [LINKS], lock=True)
        changed = attrs.evolve(links_of(tenant), **changes)
        tenant.transaction.put(TENANT.name, {LINKS: codec(Links).body(changed)})
    return changed


def _checked(name: str, url: object) -> str:
    if isinstance(url, str):
        url = url.strip()
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        is_page = parts.scheme in ("http", "https") and bool(parts.hostname)
        if is_page and is_one_line(url) and not any(character.isspace() for character in url):
            return url
    raise InvalidArgumentError(
        f"{name}: {shown(url)} is no address of a web page, https://….", target=url
    )
