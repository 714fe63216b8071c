"""Notifications: what the outbox holds, and handing it over to a transport.

A change that owes a user a message puts it in the outbox, in the same
transaction; `deliver` sends what is pending, whenever the caller wants. Each
name is imported when it is first used: `import confid.mail` alone is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confid.mail.box import outbox, requeue
    from confid.mail.delivery import deliver
    from confid.mail.pages import Links, links, set_links
    from confid.mail.report import Failure, Report, Retry
    from confid.mail.smtp import SmtpTransport
    from confid.mail.templates import TemplateError
    from confid.mail.transports import (
        MaildirTransport,
        MemoryTransport,
        PermanentRefusal,
        Transport,
        TransportUnavailable,
    )

__all__ = [
    "Failure",
    "Links",
    "MaildirTransport",
    "MemoryTransport",
    "PermanentRefusal",
    "Report",
    "Retry",
    "SmtpTransport",
    "TemplateError",
    "Transport",
    "TransportUnavailable",
    "deliver",
    "links",
    "outbox",
    "requeue",
    "set_links",
]

_HOMES = {
    # Not a module "outbox": once imported, it would stand where the function of that name is.
    "box": ("outbox", "requeue"),
    "delivery": ("deliver",),
    "pages": ("Links", "links", "set_links"),
    "report": ("Failure", "Report", "Retry"),
    "smtp": ("SmtpTransport",),
    "templates": ("TemplateError",),
    "transports": (
        "MaildirTransport",
        "MemoryTransport",
        "PermanentRefusal",
        "Transport",
        "TransportUnavailable",
    ),
}

_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if (module := _HOME.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
