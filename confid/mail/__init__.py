"""Notifications: the outbox, and its delivery through a transport.

A change puts the user's message in the outbox, in the same transaction.
`deliver` sends the pending messages when the caller wants it. Each name is
imported when it is first used, so `import confid.mail` is light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.mail.delivery import deliver as deliver
    from confid.mail.languages.en_us import SENTENCES as SENTENCES
    from confid.mail.outbox_queue import cancel as cancel
    from confid.mail.outbox_queue import outbox as outbox
    from confid.mail.outbox_queue import requeue as requeue
    from confid.mail.previews import PreviewedMail as PreviewedMail
    from confid.mail.previews import preview as preview
    from confid.mail.report import DeliveryReport as DeliveryReport
    from confid.mail.report import Failure as Failure
    from confid.mail.report import Report as Report
    from confid.mail.report import Retry as Retry
    from confid.mail.smtp import SmtpTransport as SmtpTransport
    from confid.mail.templates import TemplateError as TemplateError
    from confid.mail.transports import MaildirTransport as MaildirTransport
    from confid.mail.transports import MemoryTransport as MemoryTransport
    from confid.mail.transports import PermanentRefusal as PermanentRefusal
    from confid.mail.transports import Transport as Transport
    from confid.mail.transports import TransportUnavailable as TransportUnavailable
    from confid.mail.web_links import links as links
    from confid.mail.web_links import set_links as set_links
    from confid.tenant.web_links import Links as Links
else:
    __getattr__, __dir__ = names_on_demand(__name__)
