"""What must work wherever confid is installed, without an extra: `python tests/smoke.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import confid
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as reset
from confid.mail import MemoryTransport, deliver


def main() -> None:
    """A demo, a tenant in a file with a witness, a move, a call; raises where something fails."""
    with confid.demo(seed=1) as session:
        ken = reset("ken.myer@contoso.com", reset_conference_id=True)
        call = confid.attendant.dial("+14255550100")
        call.enter_conference_id(f"{ken.conference_id}#")
        demand(call.organizer is not None, "the attendant admits the new ID")
        demand(deliver(MemoryTransport()).sent == 1, "one mail is delivered")
        demand(not confid.check(session).problems, "the demo is sound")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row = {"UserPrincipalName": "ken@contoso.com", "Licenses": "MCOMEETADV"}
        with confid.connect(folder / "a.db", witness=folder / "w.db") as session:
            confid.import_users([row])
            session.cmdlets.enable_cs_online_dial_in_conferencing_user("ken@contoso.com")
        confid.move_tenant(folder / "a.db", folder / "b.db")
        with confid.connect(folder / "b.db", witness=folder / "w.db") as session:
            reset("ken@contoso.com", reset_conference_id=True)
            demand(not confid.check(session).problems, "the moved tenant is sound")
    sys.stdout.write(f"confid works from {Path(confid.__file__).parent}\n")


def demand(holds: bool, what: str) -> None:
    """End the run when something does not hold."""
    if not holds:
        raise SystemExit(f"It does not hold that {what}.")


if __name__ == "__main__":
    main()
