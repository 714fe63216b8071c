"""Provision dial-in conferencing for those who joined, and take it from those who left.

Reads a roster and brings a tenant up to date: people with a licence are enabled,
people who lost it are disabled, and the mails leave. Safe to run every night.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
)
from confid.mail import MaildirTransport, deliver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from confid import DirectoryUser


def provision(roster: str | Path | Iterable[Mapping[str, str]]) -> tuple[int, int]:
    """Bring the current tenant up to date with a roster; how many were enabled, and disabled."""
    people = confid.import_users(roster)
    enabled_before = {user.identity for user in get_cs_online_dial_in_conferencing_user()}
    joined = [
        person for person in people if may_dial_in(person) and person.identity not in enabled_before
    ]
    left = [
        person for person in people if not may_dial_in(person) and person.identity in enabled_before
    ]
    enable_cs_online_dial_in_conferencing_user(joined)
    disable_cs_online_dial_in_conferencing_user(left)
    return len(joined), len(left)


def may_dial_in(person: DirectoryUser) -> bool:
    """Whether somebody has a licence, and no other provider."""
    return person.is_licensed and not person.has_other_provider


def main(roster: str, tenant: str) -> None:
    """Do it on a tenant in a file, and write the mails to a Maildir."""
    with confid.connect(tenant):
        joined, left = provision(roster)
        report = deliver(MaildirTransport("mails"))
        print(f"{joined} enabled, {left} disabled, {report.sent} mails.")


if __name__ == "__main__":
    main(*sys.argv[1:])
