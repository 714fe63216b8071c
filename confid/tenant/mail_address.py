"""E-mail addresses, checked by email-validator without a look-up in the DNS."""

from __future__ import annotations

from functools import lru_cache

from confid.errors import InvalidArgumentError, demand, shown
from confid.tenant.text import is_one_line

RESERVED = (".local", ".localhost", ".test", ".invalid", ".home.arpa", "@localhost")
"""Ends of domains that never are on the internet (RFC 6761, RFC 6762, RFC 8375)."""


def checked(address: str, *, parameter: str) -> str:
    """The address in its normal form. Raises `InvalidArgumentError` that names `parameter`."""
    demand(parameter, address, str, "an e-mail address as text")
    return _normalized(address, parameter)


@lru_cache(maxsize=4096)
def _normalized(address: str, parameter: str) -> str:
    from email_validator import (  # noqa: PLC0415 - costs 40 ms, and most calls check no address
        EmailNotValidError,
        validate_email,
    )

    address = address.strip()
    # Mail on premises goes to reserved domains such as corp.local. The library refuses those,
    # so they are checked as what they could be below another domain.
    below = ".example.com" if address.lower().endswith(RESERVED) else ""
    try:
        return validate_email(
            address + below, check_deliverability=False, globally_deliverable=False
        ).normalized.removesuffix(below)
    except EmailNotValidError as error:
        raise InvalidArgumentError(
            f"{parameter}: {shown(address)} is no e-mail address. {error}", target=address
        ) from None


def checked_display_name(name: str, *, parameter: str) -> str:
    """A display name for a mail header: one line, no control characters, never two headers."""
    demand(parameter, name, str, "a text of one line")
    if not is_one_line(name):
        raise InvalidArgumentError(
            f"{parameter}: a display name is one line without control characters, "
            f"and {shown(name)} is not.",
            target=name,
        )
    return name
