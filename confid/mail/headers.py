"""Mail headers that no name or address can forge.

This module writes them in their final form. The standard library's folding
can drop the quotes of a long display name (seen in Python 3.11.7):
`"x@y.example, Ken …" <ken@…>` then reads as two recipients, and a program
that sends by the headers mails a PIN to the first.
"""

from __future__ import annotations

import re
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any

import attrs

from confid.tenant.mail_address import checked

_SPACE = re.compile(r"\s+")
_NOT_TEXT = re.compile(
    # Control characters, line and paragraph separators, lone surrogates, noncharacters; and the
    # marks that turn the direction of writing: a name could show an address backwards with them.
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\u202a-\u202e\u2066-\u2069]"
)
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""A display name that needs no quotes: RFC 5322's atoms with single spaces."""

_UNFOLDED = re.compile(r"\r|\n(?![ \t])|\n\s*\Z")
_LONGEST_QUOTED = 60
"""Longer names are encoded, because a quoted string can't be folded safely."""


class VerbatimPolicy(EmailPolicy):
    """Keeps a header as it was set, folded lines included, and refuses one that makes two."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Take a value in its final form. Raises `ValueError` for a line break in it."""
        if _UNFOLDED.search(str(value)):
            raise ValueError(f"A value of the header {name} has a line break in it.")
        return name, value


class CachedRegistry(HeaderRegistry):
    """Makes the class of each header once. The library makes one for every header that is read."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        if name not in self._classes:
            self._classes[name] = super().__getitem__(name)
        return self._classes[name]


POLICY = VerbatimPolicy(refold_source="none", header_factory=CachedRegistry())
"""For messages with ASCII addresses. Lines end with `\\n`; SMTP and Maildir replace that."""

POLICY_UTF8 = POLICY.clone(utf8=True)
"""For messages with an internationalized address, which need SMTPUTF8 (RFC 6531)."""


@attrs.frozen(kw_only=True)
class Mailbox:
    """An e-mail address, ready for a header. `domain` is ASCII."""

    address: str
    domain: str
    display_name: str = ""

    def __str__(self) -> str:
        return (
            f"{_phrase(self.display_name)} <{self.address}>" if self.display_name else self.address
        )

    @property
    def needs_utf8(self) -> bool:
        """Whether only SMTPUTF8 can carry it, because its local part is not ASCII."""
        return not self.address.isascii()


def mailbox(address: str, display_name: str | None, *, parameter: str) -> Mailbox:
    """A header's mailbox. Raises `InvalidArgumentError` when `address` is no e-mail address."""
    spec, domain = _address(address, parameter)
    return Mailbox(address=spec, domain=domain, display_name=one_line(display_name or ""))


@lru_cache(maxsize=4096)
def _address(address: str, parameter: str) -> tuple[str, str]:
    normal = checked(one_line(address), parameter=parameter)
    from email_validator import validate_email  # noqa: PLC0415 - costs 40 ms; only mail needs it

    found = validate_email(normal, check_deliverability=False, globally_deliverable=False)
    # Every server takes the ASCII form of an international domain; a local part has no such form.
    return found.ascii_email or found.normalized, found.ascii_domain


def one_line(text: str) -> str:
    """Text as one line without control characters, for a header or a line of a message."""
    return _SPACE.sub(" ", _NOT_TEXT.sub(" ", text)).strip()


def encoded(text: str, *, header: str) -> str:
    """A one-line text as a header's value: unchanged in plain ASCII, otherwise in encoded words."""
    if text.isascii() and "=?" not in text and len(header) + len(text) < 76:  # noqa: PLR2004 - RFC 5322's line
        return text
    return _words(text, first_line=len(header) + 2)


def _phrase(name: str) -> str:
    if not name.isascii() or "=?" in name or len(name) > _LONGEST_QUOTED:
        return _words(name, first_line=len("From: "))
    if _PLAIN.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(text: str, *, first_line: int) -> str:
    # Source: RFC 2047. Header folds between words of at most 75 characters.
    header = Header(text, charset="utf-8", maxlinelen=75, continuation_ws=" ")
    return header.encode(maxlinelen=75 - first_line)
