"""Reset the conference IDs of a department: from a roster to the caller.

Imports a roster into a tenant file, enables who is licensed, resets the IDs of
one department, writes the mails to a Maildir, and dials the bridge to show
that the old ID is refused and the new one admitted. `--rehearse` does all that
without touching the tenant, and shows what would change.

A second run is safe, and resets again: the IDs of the first run stop working.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import confid
from confid.attendant import CallState, dial
from confid.cmdlets import (
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)
from confid.mail import MaildirTransport, deliver
from confid.powershell import format_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confid import ConferencingUser, DirectoryUser
    from confid.rehearsal import Rehearsal

HERE = Path(__file__).parent


def main() -> None:
    """Do it all, and say what was done."""
    arguments = parse_arguments()
    if arguments.rehearse:
        with rehearsal_on(arguments.store) as rehearsal:
            import_and_reset(arguments)
        print(rehearsal)
        print("That was a rehearsal: the tenant is as it was, and nobody got a mail.")
        return
    with confid.connect(arguments.store):
        import_and_reset(arguments)
        report = deliver(MaildirTransport(arguments.mails))
        print(f"{report.sent} mails written to {arguments.mails}.")
        print(confid.check())


def rehearsal_on(store: str) -> Rehearsal:
    """A rehearsal on the tenant in a store, or on a new one where there is none yet."""
    try:
        return confid.rehearse(store)
    except confid.StoreError as error:
        if error.category != "ObjectNotFound":
            raise
    print(f"There is no tenant in {store} yet; a new one is rehearsed on.")
    return confid.rehearse(confid.connect())


def import_and_reset(arguments: argparse.Namespace) -> None:
    """Import the roster, enable who is licensed, and reset the department."""
    users = confid.import_users(arguments.roster)
    print(f"{len(users)} people imported from {arguments.roster}.")
    enable_licensed(list(users))
    reset_and_dial([user for user in users if user.department == arguments.department])


def enable_licensed(users: list[DirectoryUser]) -> None:
    """Enable everybody who has a licence and Microsoft as provider."""
    ready = [user for user in users if user.is_licensed and not user.has_other_provider]
    enabled = enable_cs_online_dial_in_conferencing_user(ready)
    print(f"{len(enabled)} of them are enabled for audio conferencing.")


def reset_and_dial(department: list[DirectoryUser]) -> None:
    """Reset the IDs of those who are enabled; show before and after, and call the bridge."""
    holders = {user.identity for user in get_cs_online_dial_in_conferencing_user()}
    people = [user for user in department if user.identity in holders]
    if not people:
        print("Nobody of that department is enabled; there is nothing to reset.")
        return
    if again := [user for user in people if len(confid.ledger.entries(user)) > 1]:
        print(
            f"{len(again)} of these {len(people)} have been reset before. They are reset AGAIN: "
            "the IDs that they have now stop working."
        )
    before = get_cs_online_dial_in_conferencing_user(people)
    show("Before:", before)
    after = set_cs_online_dial_in_conferencing_user(people, reset_conference_id=True)
    show("After:", after)
    say_who_gets_in("old", before[0])
    say_who_gets_in("new", after[0])


def say_who_gets_in(which: str, user: ConferencingUser) -> None:
    """Call the user's number with an ID of theirs and say what the attendant does."""
    call = dial(user.default_toll_number)
    call.enter_conference_id(f"{user.conference_id}#")
    verb = "refused" if call.state is CallState.ASKING_CONFERENCE_ID else "admitted"
    call.hang_up()
    print(f"A caller with the {which} ID {user.conference_id} is {verb}.")


def show(title: str, users: Iterable[ConferencingUser]) -> None:
    """Print users as PowerShell's Format-Table does."""
    print(title)
    print(format_table(users, "DisplayName", "ConferenceId", "ServiceNumber", "SipAddress"))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "roster",
        nargs="?",
        type=Path,
        default=HERE / "contoso.csv",
        help="the roster, as Get-CsOnlineUser | Export-Csv writes it (default: contoso.csv)",
    )
    parser.add_argument(
        "--store",
        default="tenant.db",
        help="a path, or a URL such as memory: or sqlite:///tenant.db (default: tenant.db)",
    )
    parser.add_argument("--department", default="Finance", help="whose IDs to reset")
    parser.add_argument(
        "--rehearse", action="store_true", help="show what would change, and change nothing"
    )
    parser.add_argument("--mails", type=Path, default=Path("mails"), help="the Maildir to write to")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except confid.ConfidError as error:
        sys.exit(f"error: {error}")
